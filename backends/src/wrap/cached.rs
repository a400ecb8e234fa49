//! A local folder in front of a store that is far away.
//!
//! ```text
//! <dir>/.tmp/                        files being written
//! <dir>/<hash of store and key>/     one value
//!         whole                      all of it
//!         <start>-<end>              a part of it
//! ```
//!
//! Values never change, so nothing in the cache is ever out of date, and any number of processes may share
//! the folder without locks: files appear whole, and one that vanishes is a miss. Every file carries a
//! checksum; a damaged one is removed, and is a miss. Listings and absences are not kept.
//!
//! *Invariant.* No trouble with the cache ever fails an operation: it is then as if there were none.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use skiptrace_engine::key::Key;
use skiptrace_engine::store::{ByteRange, Entry, ListRequest, Put, Slice, Store, StoreError, StoreErrorKind};

use crate::disk;

mod piece;
mod sweep;
mod value;

use value::CachedValue;

/// A store whose values, and parts of values, are kept in a local folder once they were read.
///
/// A value that somebody else deletes from the inner store can still be read here.
pub struct Cached {
    inner: Arc<dyn Store>,
    dir: PathBuf,
    max_bytes: u64,
    // Bytes written since the last sweep.
    unswept: AtomicU64,
}

impl Cached {
    /// Puts a cache in the folder `dir` in front of `inner`. Nothing is read or written yet.
    ///
    /// The folder is made when needed, and may be shared with the caches of other stores: they are told apart
    /// by how they display, so two stores with different values must display differently. What the cache holds
    /// is kept below `max_bytes`, by removing what was not used for longest; other processes that share the
    /// folder may exceed that for a while. Values larger than half of it are not cached.
    pub fn new(inner: Arc<dyn Store>, dir: PathBuf, max_bytes: u64) -> Self {
        // Many processes write too little to ever reach the threshold. Beginning anywhere below it, each
        // sweeps with a probability according to what it writes.
        let unswept = AtomicU64::new(disk::random() % threshold(max_bytes).max(1));
        Cached { inner, dir, max_bytes, unswept }
    }

    fn value(&self, key: &Key) -> CachedValue {
        CachedValue::new(&self.dir, &self.inner, key)
    }

    /// Keeps `bytes`, which are at `range` of a value of `total` bytes, where that is known.
    fn keep(&self, value: &CachedValue, range: Range<u64>, total: Option<u64>, bytes: &[u8]) {
        if bytes.len() as u64 > self.max_bytes / 2 {
            return;
        }
        // A full disk, a folder that cannot be written to: then it is not kept.
        let Ok(written) = value.write(range, total, bytes) else { return };
        let unswept = self.unswept.fetch_add(written, Ordering::Relaxed).saturating_add(written);
        // Of several threads that get here, one takes the count.
        if unswept > threshold(self.max_bytes)
            && self.unswept.swap(0, Ordering::Relaxed) > threshold(self.max_bytes)
        {
            let full = self.max_bytes - threshold(self.max_bytes);
            sweep::sweep(&self.dir, full, self.max_bytes / 10 * 8);
        }
    }
}

/// After how many bytes written to sweep.
fn threshold(max_bytes: u64) -> u64 {
    max_bytes / 10
}

#[deny(clippy::missing_trait_methods)]
impl Store for Cached {
    fn get(&self, key: &Key) -> Result<Vec<u8>, StoreError> {
        let value = self.value(key);
        if let Some(slice) = value.look().range(&ByteRange::Suffix(u64::MAX)) {
            return Ok(slice.bytes);
        }
        let bytes = self.inner.get(key)?;
        let total = bytes.len() as u64;
        self.keep(&value, 0..total, Some(total), &bytes);
        Ok(bytes)
    }

    fn get_range(&self, key: &Key, range: ByteRange) -> Result<Slice, StoreError> {
        let value = self.value(key);
        if let Some(slice) = value.look().range(&range) {
            return Ok(slice);
        }
        let slice = self.inner.get_range(key, range.clone())?;
        let len = slice.bytes.len() as u64;
        let start = match range {
            ByteRange::Bounded(range) => Some(range.start),
            ByteRange::Suffix(_) => slice.total.checked_sub(len),
        };
        if let Some(start) = start {
            self.keep(&value, start..start + len, Some(slice.total), &slice.bytes);
        }
        Ok(slice)
    }

    fn get_ranges(&self, key: &Key, ranges: &[Range<u64>]) -> Result<Vec<Vec<u8>>, StoreError> {
        let value = self.value(key);
        let held = value.look();
        let mut parts: Vec<Option<Vec<u8>>> = ranges.iter().map(|range| held.bounded(range)).collect();
        let missing: Vec<Range<u64>> = ranges
            .iter()
            .zip(&parts)
            .filter(|(_, part)| part.is_none())
            .map(|(range, _)| range.clone())
            .collect();
        if !missing.is_empty() {
            let total = held.total();
            let mut fetched = self.inner.get_ranges(key, &missing)?.into_iter();
            for (part, range) in parts.iter_mut().zip(ranges).filter(|(part, _)| part.is_none()) {
                *part = fetched.next();
                if let Some(bytes) = part {
                    self.keep(&value, range.clone(), total, bytes);
                }
            }
        }
        parts.into_iter().collect::<Option<_>>().ok_or_else(|| {
            StoreError::new(StoreErrorKind::Damaged, "read", format_args!("{self}/{key}"))
                .caused_by("it returned fewer parts than were asked for")
        })
    }

    fn put(&self, key: &Key, value: &[u8]) -> Result<Put, StoreError> {
        let put = self.inner.put(key, value)?;
        let total = value.len() as u64;
        self.keep(&self.value(key), 0..total, Some(total), value);
        Ok(put)
    }

    fn list(&self, request: &ListRequest) -> Result<Vec<Entry>, StoreError> {
        self.inner.list(request)
    }

    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        let deleted = self.inner.delete(key);
        self.value(key).drop_all();
        deleted
    }

    fn local_path(&self, key: &Key) -> Option<PathBuf> {
        // Never a file of the cache: it has a header, and may be swept away.
        self.inner.local_path(key)
    }

    fn is_local(&self) -> bool {
        self.inner.is_local()
    }
}

impl fmt::Display for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl fmt::Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached")
            .field("inner", &self.inner)
            .field("dir", &self.dir)
            .field("max_bytes", &self.max_bytes)
            .finish()
    }
}
