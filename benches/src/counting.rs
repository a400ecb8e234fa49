//! A reader that counts what is read through it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use skiptrace_engine::read_at::{ReadAt, ReadError};

/// Bytes that count how many of them are read, and in how many goes.
#[derive(Debug)]
pub struct CountingReader<R> {
    inner: R,
    bytes: AtomicU64,
    batches: AtomicU64,
    ranges: AtomicU64,
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// How many bytes.
    pub bytes: u64,
    /// How many times something was asked for; each is a round trip to a remote store.
    pub batches: u64,
    /// How many ranges were asked for in all.
    pub ranges: u64,
}

impl<R> CountingReader<R> {
    /// Starts counting at zero.
    pub fn new(inner: R) -> Self {
        CountingReader { inner, bytes: 0.into(), batches: 0.into(), ranges: 0.into() }
    }

    /// Returns what was read so far.
    pub fn counts(&self) -> Counts {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts { bytes: load(&self.bytes), batches: load(&self.batches), ranges: load(&self.ranges) }
    }

    fn count(&self, bytes: u64, ranges: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.ranges.fetch_add(ranges as u64, Ordering::Relaxed);
    }
}

// For the reference alone: a reader owns its source, and the counts are wanted afterwards.
impl<R: ReadAt> ReadAt for &CountingReader<R> {
    fn read_tail(&self, len: u64) -> Result<(Cow<'_, [u8]>, u64), ReadError> {
        let (tail, size) = self.inner.read_tail(len)?;
        self.count(tail.len() as u64, 1);
        Ok((tail, size))
    }

    fn read_ranges(&self, ranges: &[Range<u64>]) -> Result<Vec<Cow<'_, [u8]>>, ReadError> {
        self.count(ranges.iter().map(|range| range.end - range.start).sum(), ranges.len());
        self.inner.read_ranges(ranges)
    }
}
