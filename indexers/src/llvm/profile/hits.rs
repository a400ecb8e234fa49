//! Which functions ran, out of their counters.

use crate::llvm::layout::{CounterWidth, Layout};

use super::error::Mismatch;
use super::header::Header;

/// Memory that is used again from profile to profile.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) head: Vec<u8>,
    pub(super) section: Vec<u8>,
    pub(super) hits: Vec<u32>,
}

/// Collects the slots that have a counter which counted.
///
/// A function ran when any of its counters says so, not only the first: which one is the entry's is the
/// compiler's business.
pub(super) fn collect_hits(counters: &[u8], layout: &Layout, hits: &mut Vec<u32>) -> Result<(), Mismatch> {
    hits.clear();
    match layout.counter_width {
        CounterWidth::Eight => collect(counters, layout, hits, 8, any_non_zero),
        CounterWidth::One => collect(counters, layout, hits, 1, |bytes| bytes.contains(&0)),
    }
}

fn collect(
    counters: &[u8],
    layout: &Layout,
    hits: &mut Vec<u32>,
    width: usize,
    counted: impl Fn(&[u8]) -> bool,
) -> Result<(), Mismatch> {
    for (place, slot) in layout.slots.iter().enumerate() {
        let start = (slot.first as usize).checked_mul(width);
        let len = (slot.n_counters as usize).checked_mul(width).filter(|len| *len > 0);
        let range = start.zip(len).and_then(|(start, len)| Some(start..start.checked_add(len)?));
        let own = range.and_then(|range| counters.get(range)).ok_or(Mismatch::Slot { slot: place })?;
        if counted(own) {
            hits.push(u32::try_from(place).map_err(|_| Mismatch::Slot { slot: place })?);
        }
    }
    Ok(())
}

/// Looks at eight counters at once; most functions have fewer, and most that ran have counted in the first.
fn any_non_zero(bytes: &[u8]) -> bool {
    let mut lines = bytes.chunks_exact(64);
    lines.by_ref().any(|line| words(line).fold(0, |all, word| all | word) != 0)
        || words(lines.remainder()).any(|word| word != 0)
}

/// Byte order does not matter to whether a number is zero.
fn words(bytes: &[u8]) -> impl Iterator<Item = u64> {
    let (words, rest) = bytes.as_chunks();
    debug_assert!(rest.is_empty(), "counters are eight bytes wide");
    words.iter().map(|word| u64::from_ne_bytes(*word))
}

/// Enough for a header and the ids that linkers give.
pub(super) const HEAD_BYTES: u64 = Header::MAX_BYTES + 872;
