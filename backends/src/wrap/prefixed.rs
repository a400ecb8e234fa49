//! A store in a folder of another one.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use skiptrace_engine::key::{Key, KeyError};
use skiptrace_engine::store::{ByteRange, Entry, ListRequest, Put, Slice, Store, StoreError, StoreErrorKind};

/// All that a store holds below one folder, with keys that do not mention it.
#[derive(Debug)]
pub struct Prefixed {
    inner: Arc<dyn Store>,
    prefix: Key,
}

impl Prefixed {
    /// Makes a store of what `inner` holds below `prefix`.
    pub fn new(inner: Arc<dyn Store>, prefix: Key) -> Self {
        Prefixed { inner, prefix }
    }

    fn full(&self, action: &'static str, key: &Key) -> Result<Key, StoreError> {
        self.prefix.join(key.as_str()).map_err(|error| self.failed(action, key, error))
    }

    fn failed(&self, action: &'static str, key: &Key, error: KeyError) -> StoreError {
        StoreError::new(StoreErrorKind::Other, action, format_args!("{self}/{key}")).caused_by(error)
    }
}

#[deny(clippy::missing_trait_methods)]
impl Store for Prefixed {
    fn get(&self, key: &Key) -> Result<Vec<u8>, StoreError> {
        self.inner.get(&self.full("read", key)?)
    }

    fn get_range(&self, key: &Key, range: ByteRange) -> Result<Slice, StoreError> {
        self.inner.get_range(&self.full("read", key)?, range)
    }

    fn get_ranges(&self, key: &Key, ranges: &[Range<u64>]) -> Result<Vec<Vec<u8>>, StoreError> {
        self.inner.get_ranges(&self.full("read", key)?, ranges)
    }

    fn put(&self, key: &Key, value: &[u8]) -> Result<Put, StoreError> {
        self.inner.put(&self.full("write", key)?, value)
    }

    fn list(&self, request: &ListRequest) -> Result<Vec<Entry>, StoreError> {
        let folder = match &request.folder {
            Some(folder) => self.full("list", folder)?,
            None => self.prefix.clone(),
        };
        let start_after = request.start_after.as_ref().map(|after| self.full("list", after)).transpose()?;
        let inner = ListRequest { folder: Some(folder), start_after, limit: request.limit };
        // All begin with the prefix, so what is left of them is sorted as well.
        self.inner
            .list(&inner)?
            .into_iter()
            .filter_map(|entry| {
                let key = Key::new(entry.key.below(&self.prefix)?);
                Some(match key {
                    Ok(key) => Ok(Entry { key, ..entry }),
                    Err(error) => Err(self.failed("list", &entry.key, error)),
                })
            })
            .collect()
    }

    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        self.inner.delete(&self.full("delete", key)?)
    }

    fn local_path(&self, key: &Key) -> Option<PathBuf> {
        self.inner.local_path(&self.prefix.join(key.as_str()).ok()?)
    }

    fn is_local(&self) -> bool {
        self.inner.is_local()
    }
}

impl fmt::Display for Prefixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.inner, self.prefix)
    }
}
