//! Blocks of identifiers with the units that mention them.

use crate::fingerprint::Identifier;
use crate::test_set::UnitSet;

use super::sets::{read_set, write_set};
use super::wire::{Cursor, Writer};
use super::{CodecError, Section};

/// About how many bytes a block takes before it is compressed.
pub(super) const BLOCK_TARGET: usize = 16 * 1024;

/// How often, in all, units may mention identifiers. A set of units takes few bytes however large it is, so without
/// a bound a small file could unpack to any size.
pub(super) const MAX_MENTIONS: u64 = 1 << 28;

/// Which units mention an identifier.
pub(super) type Posting = (Identifier, UnitSet);

/// A block on its way out.
#[derive(Default)]
pub(super) struct IdentifierBlock {
    writer: Writer,
    pub(super) first: u32,
    last: u32,
    pub(super) n_identifiers: u32,
}

impl IdentifierBlock {
    pub(super) fn push(&mut self, (identifier, units): &Posting) {
        if self.n_identifiers == 0 {
            self.first = identifier.0;
            self.last = identifier.0;
        }
        self.writer.varint((identifier.0 - self.last).into());
        write_set(&mut self.writer, units);
        self.last = identifier.0;
        self.n_identifiers += 1;
    }

    pub(super) fn is_full(&self) -> bool {
        self.writer.bytes.len() >= BLOCK_TARGET
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.writer.bytes
    }
}

pub(super) fn decode_block(
    bytes: &[u8],
    first: u32,
    n_identifiers: u32,
    n_units: u32,
) -> Result<Vec<Posting>, CodecError> {
    let mut cursor = Cursor::new(Section::Identifiers, bytes);
    let mut postings: Vec<Posting> = Vec::new();
    let mut last = first;
    for at in 0..n_identifiers {
        let step = cursor.u32()?;
        if (step == 0) != (at == 0) {
            return Err(cursor.corrupt("identifiers are not sorted"));
        }
        last = last.checked_add(step).ok_or_else(|| cursor.corrupt("an identifier is too large"))?;
        let units: UnitSet = read_set(&mut cursor, n_units)?;
        if units.is_empty() {
            return Err(cursor.corrupt("an identifier is mentioned nowhere"));
        }
        postings.push((Identifier(last), units));
    }
    cursor.end()?;
    Ok(postings)
}
