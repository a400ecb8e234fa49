//! The port to where indexes are kept.
//!
//! A store maps [`Key`]s to immutable values. Nothing is ever replaced by a different content, so a value
//! once read may be kept for good, and two writers of one key cannot harm each other.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use crate::key::Key;
use crate::time::Timestamp;

mod error;

pub use error::{StoreError, StoreErrorKind};

/// Where indexes are kept: a folder, a bucket, memory.
///
/// `Display` names the store the way a user would write it down, without secrets.
/// No key may be a folder of another (`a` beside `a/b`); the layout never makes such a pair.
pub trait Store: fmt::Display + fmt::Debug + Send + Sync {
    /// Returns the whole value at `key`, or an error of kind [`StoreErrorKind::NotFound`].
    fn get(&self, key: &Key) -> Result<Vec<u8>, StoreError>;

    /// Returns a part of the value at `key`.
    ///
    /// A bounded range that is not wholly inside the value is an error of kind
    /// [`StoreErrorKind::OutOfRange`]; a suffix longer than the value is the whole value.
    fn get_range(&self, key: &Key, range: ByteRange) -> Result<Slice, StoreError>;

    /// Returns several parts of one value, in the order asked for.
    ///
    /// A remote store overrides this to fetch them side by side.
    fn get_ranges(&self, key: &Key, ranges: &[Range<u64>]) -> Result<Vec<Vec<u8>>, StoreError> {
        ranges.iter().map(|range| Ok(self.get_range(key, ByteRange::Bounded(range.clone()))?.bytes)).collect()
    }

    /// Writes `value` at a `key` that has none yet.
    ///
    /// Atomic and durable: when this returns, a reader on any machine sees the whole value; before, none of it,
    /// whatever happens to the writer in between. A key that already holds exactly `value` is
    /// [`Put::Identical`]; one that holds anything else is an error of kind
    /// [`StoreErrorKind::AlreadyExists`], and stays as it was. Of racing writers exactly one creates.
    fn put(&self, key: &Key, value: &[u8]) -> Result<Put, StoreError>;

    /// Returns the keys that `request` asks for, sorted by their bytes.
    fn list(&self, request: &ListRequest) -> Result<Vec<Entry>, StoreError>;

    /// Removes the value at `key`. A key that holds none is fine.
    fn delete(&self, key: &Key) -> Result<(), StoreError>;

    /// Returns the plain file that holds exactly the value at `key`, for readers that map it into memory.
    fn local_path(&self, _key: &Key) -> Option<PathBuf> {
        None
    }

    /// Returns whether a call costs no more than looking into a folder of this machine, so that many small
    /// questions are cheaper than a large one.
    fn is_local(&self) -> bool {
        false
    }
}

/// Which part of a value to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByteRange {
    /// These bytes, all of which must exist.
    Bounded(Range<u64>),
    /// The last so many bytes, or all where there are fewer.
    Suffix(u64),
}

/// A part of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// The bytes asked for.
    pub bytes: Vec<u8>,
    /// The size of the whole value.
    pub total: u64,
}

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The value is new.
    Created,
    /// The key held the same bytes before.
    Identical,
}

/// Which keys to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListRequest {
    /// Only keys below this folder; every key when `None`.
    pub folder: Option<Key>,
    /// Only keys whose bytes sort after these. It need not be a key that exists.
    pub start_after: Option<Key>,
    /// At most so many.
    pub limit: Option<usize>,
}

impl ListRequest {
    /// Asks for every key below `folder`.
    pub fn below(folder: Key) -> Self {
        ListRequest { folder: Some(folder), ..ListRequest::default() }
    }

    /// Asks for at most `limit` keys.
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        ListRequest { limit: Some(limit), ..self }
    }

    /// Asks only for keys that sort after `key`.
    #[must_use]
    pub fn start_after(self, key: Key) -> Self {
        ListRequest { start_after: Some(key), ..self }
    }

    /// Returns whether `key` is one of those asked for, the limit aside.
    pub fn admits(&self, key: &Key) -> bool {
        self.folder.as_ref().is_none_or(|folder| key.is_below(folder))
            && self.start_after.as_ref().is_none_or(|after| key > after)
    }
}

/// A line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// How many bytes the store keeps for it.
    pub size: u64,
    /// When it was written, where the store knows.
    pub modified: Option<Timestamp>,
}
