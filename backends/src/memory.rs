//! A store in memory, for tests and for trying things out.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use skiptrace_engine::key::Key;
use skiptrace_engine::store::{ByteRange, Entry, ListRequest, Put, Slice, Store, StoreError, StoreErrorKind};
use skiptrace_engine::time::Timestamp;

use crate::clock;
use crate::slice::slice;

/// Values in memory, gone with the store. Keeps every promise of [`Store`] but durability.
#[derive(Default)]
pub struct MemoryStore {
    values: Mutex<BTreeMap<Key, Value>>,
}

struct Value {
    bytes: Vec<u8>,
    modified: Timestamp,
}

impl MemoryStore {
    /// Makes an empty store.
    pub fn new() -> Self {
        MemoryStore::default()
    }

    // No code of ours panics while it holds the lock, and no change is made in two steps.
    fn values(&self) -> MutexGuard<'_, BTreeMap<Key, Value>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn error(&self, kind: StoreErrorKind, action: &'static str, key: &Key) -> StoreError {
        StoreError::new(kind, action, format_args!("{self}{key}"))
    }

    fn with<T>(
        &self,
        key: &Key,
        read: impl FnOnce(&[u8]) -> Result<T, StoreErrorKind>,
    ) -> Result<T, StoreError> {
        match self.values().get(key) {
            Some(value) => read(&value.bytes),
            None => Err(StoreErrorKind::NotFound),
        }
        .map_err(|kind| self.error(kind, "read", key))
    }
}

#[deny(clippy::missing_trait_methods)]
impl Store for MemoryStore {
    fn get(&self, key: &Key) -> Result<Vec<u8>, StoreError> {
        self.with(key, |bytes| Ok(bytes.to_vec()))
    }

    fn get_range(&self, key: &Key, range: ByteRange) -> Result<Slice, StoreError> {
        self.with(key, |bytes| Ok(Slice { bytes: slice(bytes, &range)?.to_vec(), total: bytes.len() as u64 }))
    }

    fn get_ranges(&self, key: &Key, ranges: &[std::ops::Range<u64>]) -> Result<Vec<Vec<u8>>, StoreError> {
        self.with(key, |bytes| {
            ranges
                .iter()
                .map(|range| Ok(slice(bytes, &ByteRange::Bounded(range.clone()))?.to_vec()))
                .collect()
        })
    }

    fn put(&self, key: &Key, value: &[u8]) -> Result<Put, StoreError> {
        let mut values = self.values();
        match values.get(key) {
            None => {
                values.insert(key.clone(), Value { bytes: value.to_vec(), modified: clock::now() });
                Ok(Put::Created)
            }
            Some(held) if held.bytes == value => Ok(Put::Identical),
            Some(_) => Err(self.error(StoreErrorKind::AlreadyExists, "write", key)),
        }
    }

    fn list(&self, request: &ListRequest) -> Result<Vec<Entry>, StoreError> {
        let values = self.values();
        let from = match (&request.start_after, &request.folder) {
            (Some(after), Some(folder)) if after < folder => Bound::Excluded(folder),
            (Some(after), _) => Bound::Excluded(after),
            (None, Some(folder)) => Bound::Excluded(folder),
            (None, None) => Bound::Unbounded,
        };
        Ok(values
            .range::<Key, _>((from, Bound::Unbounded))
            // Keys below a folder are not all neighbours of it (`a-b` sorts between `a` and `a/b`), but they
            // all begin with it.
            .take_while(|(key, _)| {
                request.folder.as_ref().is_none_or(|folder| key.as_str().starts_with(folder.as_str()))
            })
            .filter(|(key, _)| request.admits(key))
            .take(request.limit.unwrap_or(usize::MAX))
            .map(|(key, value)| Entry {
                key: key.clone(),
                size: value.bytes.len() as u64,
                modified: Some(value.modified),
            })
            .collect())
    }

    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        self.values().remove(key);
        Ok(())
    }

    fn local_path(&self, _key: &Key) -> Option<PathBuf> {
        None
    }

    fn is_local(&self) -> bool {
        false
    }
}

impl fmt::Display for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory:")
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("values", &self.values().len()).finish()
    }
}
