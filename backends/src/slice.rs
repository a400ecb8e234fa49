//! Cutting a range out of a whole value, by the rules of the port.

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
