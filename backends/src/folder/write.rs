//! Writing to a folder, and removing from it, beside others who do the same.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use skiptrace_engine::key::Key;
use skiptrace_engine::store::{Put, StoreError, StoreErrorKind};

use super::FolderStore;
use crate::disk::{self, Durable, TempFile};

/// How often others may remove the folder under our feet before we give up. Each time they did so, they
/// completed a deletion; many in a row mean that something else is wrong.
const ATTEMPTS: u32 = 1000;

const NO_ATOMIC_CREATE: StoreErrorKind = StoreErrorKind::Unsupported(
    "the file system has neither hard links nor a rename that keeps what exists; keep the store on another one",
);

impl FolderStore {
    /// Writes `value` at `key`; see [`Store::put`](skiptrace_engine::store::Store::put).
    pub(super) fn write(&self, key: &Key, value: &[u8]) -> Result<Put, StoreError> {
        self.root_is_a_folder("write")?;
        let path = self.path(key);
        // 1. Most often the answer is there already, and then nothing needs to be written.
        if let Some(put) = self.compare(&path, value)? {
            return Ok(put);
        }
        // 2. The whole value, safe on the disk, where nobody looks.
        let folder = self.root.join(".tmp");
        let temp = self.persist(&folder, || TempFile::write(&folder, &[value], Durable::Yes))?;
        self.swept.call_once(|| disk::sweep(&folder));
        // 3. Its name.
        let parent = path.parent().unwrap_or(&self.root);
        loop {
            match self.persist(parent, || link(temp.path(), &path)) {
                Ok(()) => {
                    self.sync_folders(&path)?;
                    return Ok(Put::Created);
                }
                Err(error) if error.kind == StoreErrorKind::AlreadyExists => {
                    if let Some(put) = self.compare(&path, value)? {
                        return Ok(put);
                    }
                    // Deleted meanwhile.
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Removes the value at `key`, and the folders that this leaves empty.
    pub(super) fn remove(&self, key: &Key) -> Result<(), StoreError> {
        let path = self.path(key);
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return self.root_is_a_folder("delete");
            }
            Err(_) if path.is_dir() => return Ok(()),
            Err(error) => return Err(disk::failed("delete", &path, error)),
        }
        for parent in path.ancestors().skip(1).take_while(|parent| *parent != self.root) {
            if fs::remove_dir(parent).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Does `step` in `folder`, which is made first, again whenever someone removes it in between.
    fn persist<T>(&self, folder: &Path, step: impl Fn() -> io::Result<T>) -> Result<T, StoreError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match fs::create_dir_all(folder).and_then(|()| step()) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            match error.kind() {
                ErrorKind::NotFound if attempt < ATTEMPTS => {}
                // `create_dir_all` reports a file in the way by this name as well.
                ErrorKind::AlreadyExists if fs::metadata(folder).is_ok_and(|found| !found.is_dir()) => {
                    let error = io::Error::other("a file is where this folder should be");
                    return Err(disk::failed("write", folder, error));
                }
                ErrorKind::AlreadyExists => {
                    return Err(StoreError::new(StoreErrorKind::AlreadyExists, "write", folder.display()));
                }
                ErrorKind::Unsupported => {
                    return Err(StoreError::new(NO_ATOMIC_CREATE, "write", folder.display()).caused_by(error));
                }
                _ => return Err(disk::failed("write", folder, error)),
            }
        }
    }

    /// Compares what is at `path` with `value`: `None` when nothing is.
    fn compare(&self, path: &Path, value: &[u8]) -> Result<Option<Put>, StoreError> {
        let same = match disk::open_plain(path) {
            Ok((file, metadata)) => metadata.len() == value.len() as u64 && holds(file, value),
            Err(_) if path.is_dir() => {
                return Err(disk::failed("write", path, io::Error::other("it is a folder of other keys")));
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(disk::failed("write", path, error)),
        };
        if !same {
            return Err(StoreError::new(StoreErrorKind::AlreadyExists, "write", path.display()));
        }
        // The one who wrote it may have been stopped before it made the name durable.
        self.sync_folders(path)?;
        Ok(Some(Put::Identical))
    }

    /// Makes the name `path` durable: every folder from the root down to it, and the root's own name.
    fn sync_folders(&self, path: &Path) -> Result<(), StoreError> {
        let above = self.root.parent().filter(|above| !above.as_os_str().is_empty());
        for folder in
            path.ancestors().skip(1).take_while(|folder| folder.starts_with(&self.root)).chain(above)
        {
            match File::open(folder).and_then(|folder| folder.sync_all()) {
                Ok(()) => {}
                // Removed meanwhile, and our value before it; or a folder above that we may not open, or a
                // file system that cannot flush folders.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::InvalidInput
                    ) => {}
                Err(error) => return Err(disk::failed("write", folder, error)),
            }
        }
        Ok(())
    }
}

fn holds(mut file: File, value: &[u8]) -> bool {
    let mut rest = value;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return rest.is_empty(),
            Ok(n) => match rest.strip_prefix(&buffer[..n]) {
                Some(after) => rest = after,
                None => return false,
            },
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
    }
}

/// Gives the file at `temp` the name `path`, unless there is one of that name.
///
/// Fails with [`ErrorKind::AlreadyExists`] then, and with [`ErrorKind::Unsupported`] where the file system
/// offers no way to do it.
fn link(temp: &Path, path: &Path) -> io::Result<()> {
    let error = match fs::hard_link(temp, path) {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    let no_links = [Errno::PERM, Errno::OPNOTSUPP, Errno::NOSYS, Errno::MLINK, Errno::XDEV];
    if !Errno::from_io_error(&error).is_some_and(|errno| no_links.contains(&errno)) {
        return Err(error);
    }
    match renameat_with(CWD, temp, CWD, path, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Err(ErrorKind::Unsupported.into()),
        Err(errno) => Err(errno.into()),
    }
}
