//! A store that can only be read.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use skiptrace_engine::key::Key;
use skiptrace_engine::store::{ByteRange, Entry, ListRequest, Put, Slice, Store, StoreError, StoreErrorKind};

/// Another store, of which nothing can be changed.
#[derive(Debug)]
pub struct ReadOnly {
    inner: Arc<dyn Store>,
}

impl ReadOnly {
    /// Makes a store that reads from `inner`, and refuses to write to it or to delete from it.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        ReadOnly { inner }
    }

    fn refused(&self, action: &'static str, key: &Key) -> StoreError {
        StoreError::new(StoreErrorKind::ReadOnly, action, format_args!("{self}/{key}"))
    }
}

#[deny(clippy::missing_trait_methods)]
impl Store for ReadOnly {
    fn get(&self, key: &Key) -> Result<Vec<u8>, StoreError> {
        self.inner.get(key)
    }

    fn get_range(&self, key: &Key, range: ByteRange) -> Result<Slice, StoreError> {
        self.inner.get_range(key, range)
    }

    fn get_ranges(&self, key: &Key, ranges: &[Range<u64>]) -> Result<Vec<Vec<u8>>, StoreError> {
        self.inner.get_ranges(key, ranges)
    }

    fn put(&self, key: &Key, _value: &[u8]) -> Result<Put, StoreError> {
        Err(self.refused("write", key))
    }

    fn list(&self, request: &ListRequest) -> Result<Vec<Entry>, StoreError> {
        self.inner.list(request)
    }

    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        Err(self.refused("delete", key))
    }

    fn local_path(&self, key: &Key) -> Option<PathBuf> {
        self.inner.local_path(key)
    }

    fn is_local(&self) -> bool {
        self.inner.is_local()
    }
}

impl fmt::Display for ReadOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
