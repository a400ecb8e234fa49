//! Sets of dense ids as bytes, in the shortest of three forms, and blocks of them.

use crate::id::DenseId;
use crate::test_set::{IdSet, TestSet};

use super::wire::{Cursor, Writer};
use super::{CodecError, Section};

/// Members one by one: each as its distance to the one before, less one.
const MEMBERS: u8 = 0;
/// Ranges of members: the distance to the end of the one before, then the length, less one.
const RANGES: u8 = 1;
/// The RoaringFormatSpec's portable form.
const ROARING: u8 = 2;

pub(super) fn write_set<T: DenseId>(writer: &mut Writer, set: &IdSet<T>) {
    let mut ranges = Writer::default();
    let mut n_ranges = 0;
    let mut end = 0;
    for range in set.ranges() {
        ranges.varint(range.start - end);
        ranges.varint(range.end - range.start - 1);
        end = range.end;
        n_ranges += 1;
    }
    let mut best = (RANGES, ranges.bytes);
    let mut try_form = |form: u8, bytes: Vec<u8>| {
        if bytes.len() < best.1.len() || (bytes.len() == best.1.len() && form < best.0) {
            best = (form, bytes);
        }
        best.1.len()
    };
    // A list of members takes at least a byte each, and roaring never more than that by much; so a large set
    // need not be tried as a list.
    let mut shortest = usize::MAX;
    if set.len() <= 16_384 {
        let mut members = Writer::default();
        let mut next = 0;
        for member in set.iter() {
            members.varint(u64::from(member.number()) - next);
            next = u64::from(member.number()) + 1;
        }
        shortest = try_form(MEMBERS, members.bytes);
    }
    // Of so few members roaring makes arrays or runs, of at least two bytes for each range, after a head of
    // eight; where that is too much it need not be tried.
    if set.len() > 4096 || shortest > 8 + 2 * n_ranges {
        try_form(ROARING, set.to_roaring_bytes());
    }
    let (form, bytes) = best;
    writer.count(bytes.len() << 2 | usize::from(form));
    writer.raw(&bytes);
}

/// Reads a set whose members are all below `limit`.
pub(super) fn read_set<T: DenseId>(cursor: &mut Cursor<'_>, limit: u32) -> Result<IdSet<T>, CodecError> {
    let head = cursor.varint()?;
    let len = usize::try_from(head >> 2).map_err(|_| cursor.corrupt("a set is too large"))?;
    let bytes = cursor.raw(len)?;
    let set: IdSet<T> = match (head & 3) as u8 {
        MEMBERS => read_members(cursor, bytes, limit)?,
        RANGES => read_ranges(cursor, bytes, limit)?,
        ROARING => IdSet::from_roaring_bytes(bytes).ok_or_else(|| cursor.corrupt("a bitmap is damaged"))?,
        _ => return Err(cursor.corrupt("a set is of an unknown form")),
    };
    match set.max() {
        Some(max) if max.number() >= limit => Err(cursor.corrupt("a set has a member that is not there")),
        _ => Ok(set),
    }
}

fn read_members<T: DenseId>(outer: &Cursor<'_>, bytes: &[u8], limit: u32) -> Result<IdSet<T>, CodecError> {
    let mut cursor = outer.nested(bytes);
    let mut members = Vec::new();
    let mut next: u64 = 0;
    while !cursor.is_at_end() {
        let member = next.saturating_add(cursor.varint()?);
        if member >= u64::from(limit) {
            return Err(outer.corrupt("a set has a member that is not there"));
        }
        members.push(member as u32);
        next = member + 1;
    }
    IdSet::from_sorted(members).ok_or_else(|| outer.corrupt("a set is not sorted"))
}

fn read_ranges<T: DenseId>(outer: &Cursor<'_>, bytes: &[u8], limit: u32) -> Result<IdSet<T>, CodecError> {
    let mut cursor = outer.nested(bytes);
    let mut set = IdSet::new();
    let mut end: u64 = 0;
    while !cursor.is_at_end() {
        let start = end.saturating_add(cursor.varint()?);
        end = start.saturating_add(cursor.varint()?).saturating_add(1);
        if end > u64::from(limit) {
            return Err(outer.corrupt("a set has a member that is not there"));
        }
        set.union_with(&IdSet::range(T::new(start as u32)..T::new(end as u32)));
    }
    Ok(set)
}

pub(super) fn encode_block(sets: &[&TestSet]) -> Vec<u8> {
    let mut writer = Writer::default();
    for set in sets {
        write_set(&mut writer, set);
    }
    writer.bytes
}

pub(super) fn decode_block(bytes: &[u8], n_sets: u32, n_tests: u32) -> Result<Vec<TestSet>, CodecError> {
    let mut cursor = Cursor::new(Section::Sets, bytes);
    let sets = (0..n_sets).map(|_| read_set(&mut cursor, n_tests)).collect::<Result<Vec<_>, _>>()?;
    cursor.end()?;
    Ok(sets)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(members: &[u32], form: u8) {
        let set = TestSet::from_sorted(members.iter().copied()).unwrap();
        let mut writer = Writer::default();
        write_set(&mut writer, &set);
        assert_eq!(writer.bytes[0] & 3, form);
        let mut cursor = Cursor::new(Section::Sets, &writer.bytes);
        assert_eq!(read_set::<crate::id::TestId>(&mut cursor, u32::MAX).unwrap(), set);
        cursor.end().unwrap();
    }

    #[test]
    fn each_set_takes_its_shortest_form() {
        check(&[], MEMBERS);
        check(&[7], MEMBERS);
        check(&(100..90_000).collect::<Vec<_>>(), RANGES);
        // Every third of many: a bitmap takes a bit for each place, a list a byte for each member.
        check(&(0..60_000).step_by(3).collect::<Vec<_>>(), ROARING);
    }

    #[test]
    fn members_beyond_the_limit_are_refused() {
        let mut writer = Writer::default();
        write_set(&mut writer, &TestSet::from_sorted([3, 9]).unwrap());
        let read =
            |limit| read_set::<crate::id::TestId>(&mut Cursor::new(Section::Sets, &writer.bytes), limit);
        assert!(read(10).is_ok());
        assert!(read(9).is_err());
    }

    proptest! {
        #[test]
        fn sets_come_back(members in prop::collection::btree_set(0u32..200_000, 0..300), wide in any::<bool>()) {
            let mut set = TestSet::from_sorted(members.iter().copied()).unwrap();
            if wide {
                set.union_with(&TestSet::range(crate::id::TestId(1000)..crate::id::TestId(150_000)));
            }
            let mut writer = Writer::default();
            write_set(&mut writer, &set);
            let back: TestSet = read_set(&mut Cursor::new(Section::Sets, &writer.bytes), 200_000).unwrap();
            prop_assert_eq!(back, set);
        }

        #[test]
        fn any_bytes_are_a_set_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_set::<crate::id::TestId>(&mut Cursor::new(Section::Sets, &bytes), 1000);
        }
    }
}
