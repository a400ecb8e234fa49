//! The port through which an index is read: some bytes of it at a time.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use thiserror::Error;

use crate::key::Key;
use crate::store::{ByteRange, Store, StoreError};

/// Bytes that can be read at any place: a mapped file, an object in a bucket, memory.
pub trait ReadAt: fmt::Debug + Send + Sync {
    /// Returns the last `len` bytes (all, where there are fewer) and the size of the whole.
    ///
    /// Readers begin here, since an index is found from its end.
    fn read_tail(&self, len: u64) -> Result<(Cow<'_, [u8]>, u64), ReadError>;

    /// Returns the bytes of each range, in the order asked for. A range outside the whole is an error.
    fn read_ranges(&self, ranges: &[Range<u64>]) -> Result<Vec<Cow<'_, [u8]>>, ReadError>;
}

/// Why bytes could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The range is not inside the whole.
    #[error("bytes {}..{} are outside the {size} that there are", range.start, range.end)]
    OutOfRange {
        /// What was asked for.
        range: Range<u64>,
        /// The size of the whole.
        size: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Anything else.
    #[error("reading failed")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Returns `range` of `bytes`; what every reader over memory needs.
pub fn slice_range(bytes: &[u8], range: Range<u64>) -> Result<&[u8], ReadError> {
    let outside = || ReadError::OutOfRange { range: range.clone(), size: bytes.len() as u64 };
    let start = usize::try_from(range.start).map_err(|_| outside())?;
    let end = usize::try_from(range.end).map_err(|_| outside())?;
    bytes.get(start..end).ok_or_else(outside)
}

impl<T: AsRef<[u8]> + fmt::Debug + Send + Sync> ReadAt for T {
    fn read_tail(&self, len: u64) -> Result<(Cow<'_, [u8]>, u64), ReadError> {
        let bytes = self.as_ref();
        let start = bytes.len().saturating_sub(usize::try_from(len).unwrap_or(usize::MAX));
        Ok((Cow::Borrowed(&bytes[start..]), bytes.len() as u64))
    }

    fn read_ranges(&self, ranges: &[Range<u64>]) -> Result<Vec<Cow<'_, [u8]>>, ReadError> {
        ranges.iter().map(|range| Ok(Cow::Borrowed(slice_range(self.as_ref(), range.clone())?))).collect()
    }
}

impl ReadAt for Box<dyn ReadAt> {
    fn read_tail(&self, len: u64) -> Result<(Cow<'_, [u8]>, u64), ReadError> {
        (**self).read_tail(len)
    }

    fn read_ranges(&self, ranges: &[Range<u64>]) -> Result<Vec<Cow<'_, [u8]>>, ReadError> {
        (**self).read_ranges(ranges)
    }
}

/// A value in a store, read by ranges.
#[derive(Debug)]
pub struct StoredObject {
    store: Arc<dyn Store>,
    key: Key,
}

impl StoredObject {
    /// Makes a reader of the value at `key`. Nothing is read yet.
    pub fn new(store: Arc<dyn Store>, key: Key) -> Self {
        StoredObject { store, key }
    }
}

impl ReadAt for StoredObject {
    fn read_tail(&self, len: u64) -> Result<(Cow<'_, [u8]>, u64), ReadError> {
        let slice = self.store.get_range(&self.key, ByteRange::Suffix(len))?;
        Ok((Cow::Owned(slice.bytes), slice.total))
    }

    fn read_ranges(&self, ranges: &[Range<u64>]) -> Result<Vec<Cow<'_, [u8]>>, ReadError> {
        let parts = self.store.get_ranges(&self.key, ranges)?;
        Ok(parts.into_iter().map(Cow::Owned).collect())
    }
}
