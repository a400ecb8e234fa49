//! Ranges: what they mean by the rules of the port, and how HTTP asks for them.

use std::ops::Range;

use skiptrace_engine::store::{ByteRange, StoreErrorKind};

/// Returns the bytes that `range` means in a value of `total` bytes.
pub(crate) fn resolve(range: &ByteRange, total: u64) -> Result<Range<u64>, StoreErrorKind> {
    match range {
        ByteRange::Bounded(range) if range.start <= range.end && range.end <= total => Ok(range.clone()),
        ByteRange::Bounded(_) => Err(StoreErrorKind::OutOfRange { size: total }),
        ByteRange::Suffix(len) => Ok(total.saturating_sub(*len)..total),
    }
}

/// Returns `range` of `value`.
pub(crate) fn slice<'a>(value: &'a [u8], range: &ByteRange) -> Result<&'a [u8], StoreErrorKind> {
    let outside = StoreErrorKind::OutOfRange { size: value.len() as u64 };
    let range = resolve(range, value.len() as u64)?;
    let start = usize::try_from(range.start).map_err(|_| outside.clone())?;
    let end = usize::try_from(range.end).map_err(|_| outside.clone())?;
    value.get(start..end).ok_or(outside)
}

/// Returns the `Range` header that asks for `range`; `None` asks for everything.
///
/// HTTP cannot ask for nothing, so an empty range asks for the last byte: the answer tells the size, which
/// shows whether the range is inside.
pub(crate) fn range_header(range: &ByteRange) -> Option<String> {
    /// No value is larger, and what is larger some servers cannot count.
    const LARGEST: u64 = 50 << 40;
    match range {
        ByteRange::Suffix(len) if *len >= LARGEST => None,
        ByteRange::Suffix(len) => Some(format!("bytes=-{}", (*len).max(1))),
        ByteRange::Bounded(range) if range.start >= range.end => Some("bytes=-1".to_owned()),
        ByteRange::Bounded(range) => {
            let start = range.start.min(LARGEST);
            Some(format!("bytes={start}-{}", range.end.min(LARGEST + 1) - 1))
        }
    }
}
