//! Reading a value through a memory map, without copying it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memmap2::Mmap;
use skiptrace_engine::key::Key;
use skiptrace_engine::read_at::{ReadAt, StoredObject};
use skiptrace_engine::store::{Store, StoreError};

use crate::disk;

/// A file in memory, read page by page as it is touched. Being bytes, it is a [`ReadAt`].
pub struct MappedFile {
    path: PathBuf,
    map: Mmap,
}

impl MappedFile {
    /// Maps the plain file at `path`, which nobody may shorten while it is mapped.
    ///
    /// The files of a [`FolderStore`](crate::folder::FolderStore) qualify: they are never written to again, and
    /// a deleted one lives on until its last reader is gone.
    pub fn open(path: &Path) -> Result<MappedFile, StoreError> {
        match map(path) {
            Ok(map) => Ok(MappedFile { path: path.to_owned(), map }),
            Err(error) => Err(disk::failed("open", path, error)),
        }
    }
}

#[expect(unsafe_code, reason = "mapping a file is unsafe because another process may shorten it")]
fn map(path: &Path) -> io::Result<Mmap> {
    let (file, _) = disk::open_plain(path)?;
    // SAFETY: values in a store are immutable: they come into being whole and are only ever unlinked, which
    // leaves the mapped pages alone. A foreign program that shortens one gets this process a SIGBUS, and one
    // that overwrites it changes bytes that every reader checks against their checksum.
    unsafe { Mmap::map(&file) }
}

/// Opens the value at `key` for reading by ranges: mapped where it is a local file, else through the store.
///
/// A value that is not there may show only at the first read.
pub fn open_object(store: &Arc<dyn Store>, key: &Key) -> Result<Box<dyn ReadAt>, StoreError> {
    if let Some(path) = store.local_path(key) {
        match MappedFile::open(&path) {
            Ok(file) => return Ok(Box::new(file)),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Box::new(StoredObject::new(Arc::clone(store), key.clone())))
}

impl AsRef<[u8]> for MappedFile {
    fn as_ref(&self) -> &[u8] {
        &self.map
    }
}

impl fmt::Debug for MappedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MappedFile").field("path", &self.path).field("len", &self.map.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use skiptrace_engine::store::StoreErrorKind;

    use super::*;
    use crate::folder::FolderStore;
    use crate::memory::MemoryStore;

    #[test]
    fn reads_alike_whether_mapped_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let stores: [Arc<dyn Store>; 2] =
            [Arc::new(FolderStore::new(folder.path())), Arc::new(MemoryStore::new())];
        for store in stores {
            for (name, value) in [("a/empty", &b""[..]), ("a/some", b"0123456789")] {
                let key = Key::new(name).unwrap();
                store.put(&key, value).unwrap();
                let object = open_object(&store, &key).unwrap();
                let (tail, total) = object.read_tail(4).unwrap();
                assert_eq!((&*tail, total), (&value[value.len().saturating_sub(4)..], value.len() as u64));
                assert_eq!(object.read_ranges(std::slice::from_ref(&(0..0))).unwrap(), [&b""[..]]);
                assert!(object.read_ranges(std::slice::from_ref(&(5..11))).is_err());
            }
        }
    }

    #[test]
    fn what_is_absent_is_not_found() {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(FolderStore::new(folder.path()));
        let object = open_object(&store, &Key::new("a/b").unwrap()).unwrap();
        assert!(object.read_tail(1).is_err());
        let error = MappedFile::open(&folder.path().join("nothing")).unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::NotFound);
    }
}
