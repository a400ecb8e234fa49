//! A store in a folder, which may be shared by many processes, or by many machines through a network.
//!
//! A value is written to a file below `<root>/.tmp/`, flushed to the disk, and then linked under its name,
//! which succeeds for one writer only. So a name either leads to a whole value or to nothing, whatever
//! happens to the writer; what a killed one leaves in `.tmp` is removed a day later. Names are the keys
//! as they are, so the folder can be copied, synced and served over HTTP.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Once;

use skiptrace_engine::key::Key;
use skiptrace_engine::store::{ByteRange, Entry, ListRequest, Put, Slice, Store, StoreError, StoreErrorKind};

use crate::disk;
use crate::slice::resolve;

mod list;
mod write;

/// Values as files below a root folder, which need not exist before the first write.
pub struct FolderStore {
    root: PathBuf,
    swept: Once,
}

impl FolderStore {
    /// Makes a store in the folder `root`. Nothing is read or written yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        FolderStore { root: root.into(), swept: Once::new() }
    }

    /// Returns the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    fn open(&self, key: &Key) -> Result<(fs::File, u64), StoreError> {
        match disk::open_plain(&self.path(key)) {
            Ok((file, metadata)) => Ok((file, metadata.len())),
            // Something on the way is a file, so there is nothing at this key; unless it is the root.
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                self.root_is_a_folder("read")?;
                Err(disk::failed("read", &self.path(key), ErrorKind::NotFound.into()))
            }
            Err(error) => Err(disk::failed("read", &self.path(key), error)),
        }
    }

    fn root_is_a_folder(&self, action: &'static str) -> Result<(), StoreError> {
        match fs::metadata(&self.root) {
            Ok(metadata) if !metadata.is_dir() => {
                Err(disk::failed(action, &self.root, io::Error::other("it is a file, not a folder")))
            }
            _ => Ok(()),
        }
    }

    fn read_at(&self, key: &Key, file: &fs::File, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        let len = usize::try_from(range.end - range.start)
            .map_err(|_| StoreError::new(StoreErrorKind::Other, "read", self.path(key).display()))?;
        let mut bytes = vec![0; len];
        file.read_exact_at(&mut bytes, range.start)
            .map_err(|error| disk::failed("read", &self.path(key), error))?;
        Ok(bytes)
    }
}

#[deny(clippy::missing_trait_methods)]
impl Store for FolderStore {
    fn get(&self, key: &Key) -> Result<Vec<u8>, StoreError> {
        let (mut file, size) = self.open(key)?;
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        file.read_to_end(&mut bytes).map_err(|error| disk::failed("read", &self.path(key), error))?;
        Ok(bytes)
    }

    fn get_range(&self, key: &Key, range: ByteRange) -> Result<Slice, StoreError> {
        let (file, total) = self.open(key)?;
        let range =
            resolve(&range, total).map_err(|kind| StoreError::new(kind, "read", self.path(key).display()))?;
        Ok(Slice { bytes: self.read_at(key, &file, range)?, total })
    }

    fn get_ranges(&self, key: &Key, ranges: &[Range<u64>]) -> Result<Vec<Vec<u8>>, StoreError> {
        let (file, total) = self.open(key)?;
        let read = |range: &Range<u64>| {
            let range = resolve(&ByteRange::Bounded(range.clone()), total)
                .map_err(|kind| StoreError::new(kind, "read", self.path(key).display()))?;
            self.read_at(key, &file, range)
        };
        ranges.iter().map(read).collect()
    }

    fn put(&self, key: &Key, value: &[u8]) -> Result<Put, StoreError> {
        self.write(key, value)
    }

    fn list(&self, request: &ListRequest) -> Result<Vec<Entry>, StoreError> {
        self.root_is_a_folder("list")?;
        list::list(&self.root, request)
    }

    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        self.remove(key)
    }

    fn local_path(&self, key: &Key) -> Option<PathBuf> {
        Some(self.path(key)).filter(|path| path.is_file())
    }

    fn is_local(&self) -> bool {
        true
    }
}

impl fmt::Display for FolderStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.display().fmt(f)
    }
}

impl fmt::Debug for FolderStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FolderStore").field(&self.root).finish()
    }
}
