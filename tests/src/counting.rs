//! A store that counts what it is asked.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use skiptrace_engine::key::Key;
use skiptrace_engine::store::{ByteRange, Entry, ListRequest, Put, Slice, Store, StoreError};

/// A store that counts what it is asked.
#[derive(Debug)]
pub struct Counting {
    store: Arc<dyn Store>,
    lists: AtomicUsize,
    listed: AtomicUsize,
    gets: AtomicUsize,
}

impl Counting {
    /// Counts what `store` is asked.
    pub fn new(store: Arc<dyn Store>) -> Counting {
        Counting { store, lists: AtomicUsize::new(0), listed: AtomicUsize::new(0), gets: AtomicUsize::new(0) }
    }

    /// Returns how many listings, listed keys and reads there were since the last time.
    pub fn take(&self) -> (usize, usize, usize) {
        let take = |count: &AtomicUsize| count.swap(0, Ordering::Relaxed);
        (take(&self.lists), take(&self.listed), take(&self.gets))
    }
}

impl fmt::Display for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

#[deny(clippy::missing_trait_methods)]
impl Store for Counting {
    fn get(&self, key: &Key) -> Result<Vec<u8>, StoreError> {
        self.gets.fetch_add(1, Ordering::Relaxed);
        self.store.get(key)
    }

    fn get_range(&self, key: &Key, range: ByteRange) -> Result<Slice, StoreError> {
        self.gets.fetch_add(1, Ordering::Relaxed);
        self.store.get_range(key, range)
    }

    fn get_ranges(&self, key: &Key, ranges: &[Range<u64>]) -> Result<Vec<Vec<u8>>, StoreError> {
        self.gets.fetch_add(1, Ordering::Relaxed);
        self.store.get_ranges(key, ranges)
    }

    fn put(&self, key: &Key, value: &[u8]) -> Result<Put, StoreError> {
        self.store.put(key, value)
    }

    fn list(&self, request: &ListRequest) -> Result<Vec<Entry>, StoreError> {
        let entries = self.store.list(request)?;
        self.lists.fetch_add(1, Ordering::Relaxed);
        self.listed.fetch_add(entries.len(), Ordering::Relaxed);
        Ok(entries)
    }

    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        self.store.delete(key)
    }

    fn local_path(&self, key: &Key) -> Option<PathBuf> {
        self.store.local_path(key)
    }

    fn is_local(&self) -> bool {
        self.store.is_local()
    }
}
