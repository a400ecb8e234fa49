//! Files that appear whole or not at all; what the folder store and the cache share.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;
use skiptrace_engine::store::{StoreError, StoreErrorKind};

/// How old a temporary file must be for its writer to be surely gone.
pub(crate) const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// Turns an I/O error on `path` into a store error that names the path.
pub(crate) fn failed(action: &'static str, path: &Path, error: io::Error) -> StoreError {
    let kind = match error.kind() {
        ErrorKind::NotFound => StoreErrorKind::NotFound,
        ErrorKind::PermissionDenied => StoreErrorKind::Forbidden,
        ErrorKind::ReadOnlyFilesystem => StoreErrorKind::ReadOnly,
        _ => StoreErrorKind::Other,
    };
    StoreError::new(kind, action, path.display()).caused_by(error)
}

/// Opens a plain file for reading; anything else counts as not found.
///
/// Without `NONBLOCK` a named pipe in the folder would hold up the reader for good.
pub(crate) fn open_plain(path: &Path) -> io::Result<(File, fs::Metadata)> {
    let file =
        OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err(ErrorKind::NotFound.into()) }
}

/// A temporary file with a name that no other writer has; removed when dropped.
#[derive(Debug)]
pub(crate) struct TempFile {
    path: PathBuf,
}

/// Whether a file must outlive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durable {
    Yes,
    No,
}

impl TempFile {
    /// Writes `parts`, one after the other, to a new file in `folder`, which must exist.
    pub(crate) fn write(folder: &Path, parts: &[&[u8]], durable: Durable) -> io::Result<TempFile> {
        let (mut file, temp) = loop {
            let path = folder.join(format!("{}-{:016x}", std::process::id(), random()));
            match File::create_new(&path) {
                Ok(file) => break (file, TempFile { path }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        };
        for part in parts {
            file.write_all(part)?;
        }
        if durable == Durable::Yes {
            file.sync_all()?;
        }
        Ok(temp)
    }

    /// Returns where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        // Already renamed away, or left to the next sweep.
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes the files in `folder` that are older than [`STALE`].
pub(crate) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let age = modified.ok().and_then(|modified| SystemTime::now().duration_since(modified).ok());
        if age.is_some_and(|age| age > STALE) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Returns a number that differs from call to call and from process to process.
pub(crate) fn random() -> u64 {
    // Every `RandomState` has other keys than the one before it, and the first ones come from the system.
    RandomState::new().hash_one(0)
}
