//! Blocks of units: those of some files that follow each other, and the sets that only they name.

use crate::fingerprint::Fingerprint;
use crate::id::SetId;
use crate::index::UnitRecord;
use crate::test_set::TestSet;
use crate::unit::{LineSpan, UnitKind};

use super::sets::{read_set, write_set};
use super::wire::{Cursor, Writer};
use super::{CodecError, Section};

/// About how many bytes a block takes before it is compressed, its sets aside; a file is never cut.
pub(super) const BLOCK_TARGET: usize = 8 * 1024;

const LISTED: u8 = 0x08;
const FINGERPRINTED: u8 = 0x10;

/// Returns about how many bytes a unit takes.
pub(super) fn estimate(unit: &UnitRecord) -> usize {
    26 + unit.name.len()
}

/// Where a unit's set is.
#[derive(Debug, Clone, Copy)]
pub(super) enum SetPlace {
    /// In the sets section.
    Pool(u32),
    /// With the units of this block.
    Local(u32),
}

/// Writes a block column by column: how many units each file has, kinds, names, places, sets, fingerprints; then
/// the block's own sets.
pub(super) fn encode_block(
    files: &[&[UnitRecord]],
    place: impl Fn(SetId) -> SetPlace,
    local_sets: &[&TestSet],
) -> Vec<u8> {
    let mut writer = Writer::default();
    for units in files {
        writer.count(units.len());
    }
    let units = || files.iter().flat_map(|units| units.iter());
    for unit in units() {
        let listed = if unit.listed.is_some() { LISTED } else { 0 };
        let fingerprinted = if unit.fingerprint.is_some() { FINGERPRINTED } else { 0 };
        writer.u8(unit.kind as u8 | listed | fingerprinted);
    }
    let mut previous = "";
    for unit in units() {
        writer.front_coded(previous, &unit.name);
        previous = &unit.name;
    }
    let mut line = 0;
    for lines in units().filter_map(|unit| unit.listed) {
        writer.signed(i64::from(lines.start) - line);
        writer.varint((lines.end - lines.start).into());
        line = lines.start.into();
    }
    let sets = |of: fn(&UnitRecord) -> SetId| units().map(of);
    for set in sets(|unit| unit.seen).chain(sets(|unit| unit.own)).chain(sets(|unit| unit.shared)) {
        writer.varint(match place(set) {
            SetPlace::Pool(number) => u64::from(number) << 1,
            SetPlace::Local(number) => u64::from(number) << 1 | 1,
        });
    }
    for fingerprint in units().filter_map(|unit| unit.fingerprint) {
        writer.raw(&fingerprint.0.to_le_bytes());
    }
    for set in local_sets {
        write_set(&mut writer, set);
    }
    writer.bytes
}

/// What a block says of itself in the directory, and what its numbers may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct UnitBlockShape {
    pub(super) n_files: u32,
    pub(super) n_units: u32,
    pub(super) n_local_sets: u32,
    /// The number of the block's first own set.
    pub(super) first_local_set: u32,
    pub(super) n_pool_sets: u32,
    pub(super) n_tests: u32,
}

/// The units of each file of a block, and the block's own sets.
#[derive(Debug)]
pub(super) struct UnitBlock {
    pub(super) files: Vec<Vec<UnitRecord>>,
    pub(super) local_sets: Vec<TestSet>,
}

pub(super) fn decode_block(bytes: &[u8], shape: UnitBlockShape) -> Result<UnitBlock, CodecError> {
    let mut cursor = Cursor::new(Section::Units, bytes);
    let counts = (0..shape.n_files).map(|_| cursor.count()).collect::<Result<Vec<_>, _>>()?;
    let total = counts.iter().try_fold(0usize, |sum, count| sum.checked_add(*count));
    if total != Some(shape.n_units as usize) {
        return Err(cursor.corrupt("a block has another number of units than announced"));
    }
    // A byte for each unit has to follow, which bounds what is allocated.
    let heads = cursor.raw(shape.n_units as usize)?;
    let mut units: Vec<UnitRecord> = Vec::with_capacity(heads.len());
    for head in heads {
        let kind = UnitKind::ALL.get(usize::from(head & 7)).filter(|_| head >> 5 == 0);
        let kind = *kind.ok_or_else(|| cursor.corrupt("a unit is of an unknown kind"))?;
        let name = cursor.front_coded(units.last().map_or("", |unit| &unit.name))?;
        let empty = SetId::EMPTY;
        units.push(UnitRecord {
            kind,
            name,
            fingerprint: None,
            listed: None,
            seen: empty,
            own: empty,
            shared: empty,
        });
    }
    let mut line = 0;
    for (unit, _) in units.iter_mut().zip(heads).filter(|(_, head)| *head & LISTED != 0) {
        line = cursor.signed()?.saturating_add(line);
        let start = u32::try_from(line).map_err(|_| cursor.corrupt("a unit is on no line"))?;
        let end = start.checked_add(cursor.u32()?).ok_or_else(|| cursor.corrupt("a unit is on no line"))?;
        unit.listed = Some(LineSpan { start, end });
    }
    for unit in &mut units {
        unit.seen = read_place(&mut cursor, &shape)?;
    }
    for unit in &mut units {
        unit.own = read_place(&mut cursor, &shape)?;
    }
    for unit in &mut units {
        unit.shared = read_place(&mut cursor, &shape)?;
    }
    for (unit, _) in units.iter_mut().zip(heads).filter(|(_, head)| *head & FINGERPRINTED != 0) {
        unit.fingerprint = Some(Fingerprint(u128::from_le_bytes(cursor.array()?)));
    }
    let local_sets = (0..shape.n_local_sets)
        .map(|_| read_set(&mut cursor, shape.n_tests))
        .collect::<Result<Vec<_>, _>>()?;
    cursor.end()?;

    let mut rest = units.into_iter();
    let files: Vec<Vec<UnitRecord>> =
        counts.iter().map(|count| rest.by_ref().take(*count).collect()).collect();
    let in_order =
        |a: &UnitRecord, b: &UnitRecord| (a.kind, &a.name, a.fingerprint) < (b.kind, &b.name, b.fingerprint);
    if !files.iter().all(|units| units.is_sorted_by(in_order)) {
        return Err(CodecError::corrupt(Section::Units, "units are not sorted"));
    }
    Ok(UnitBlock { files, local_sets })
}

fn read_place(cursor: &mut Cursor<'_>, shape: &UnitBlockShape) -> Result<SetId, CodecError> {
    let number = cursor.u32()?;
    let (local, number) = (number & 1 == 1, number >> 1);
    let (limit, first) =
        if local { (shape.n_local_sets, shape.first_local_set) } else { (shape.n_pool_sets, 0) };
    if number >= limit {
        return Err(cursor.corrupt("a unit names a set that is not there"));
    }
    Ok(SetId(first + number))
}
