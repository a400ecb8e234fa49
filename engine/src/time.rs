//! Moments and spans, as plain numbers: the engine never asks a clock.

use std::fmt;

/// A moment, in milliseconds since 1970 (UTC). Zero means that nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The moment nobody knows.
    pub const UNKNOWN: Timestamp = Timestamp(0);

    /// Returns how long ago `earlier` was, in milliseconds; zero when it was not.
    pub fn since(self, earlier: Timestamp) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}
