//! The records of a data section, as profiles and binaries have them.

use crate::llvm::layout::Slot;

use super::cursor::Cursor;
use super::error::ProfileError;
use super::header::{Header, Shape, Variants, WordSize};
use super::sections::counter_bytes;

/// What a data section says of one function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DataRecord {
    /// The hash of its mangled name.
    pub name_hash: u64,
    /// The hash of its structure.
    pub structure_hash: u64,
    /// Where its counters are: seen from the record itself, before version 8 an address.
    pub counters: u64,
    /// How many it has.
    pub n_counters: u32,
    /// How many sites it has whose values are profiled, by kind.
    pub n_value_sites: [u16; 3],
    /// How many bytes of the bitmap it has.
    pub n_bitmap_bytes: u32,
}

impl Shape {
    /// Returns how many bytes a data record has, which is always a multiple of eight.
    pub fn data_record_bytes(self) -> u64 {
        match (self.version, self.word_size) {
            (..=8, WordSize::Four) => 40,
            (..=8, WordSize::Eight) => 48,
            (9 | 10, WordSize::Four) => 48,
            (9 | 10, WordSize::Eight) => 64,
            (_, WordSize::Four) => 56,
            (_, WordSize::Eight) => 72,
        }
    }
}

/// Walks over a data section.
#[derive(Debug, Clone)]
pub struct DataRecords<'a> {
    shape: Shape,
    bytes: &'a [u8],
}

impl<'a> DataRecords<'a> {
    /// Begins at the first record; the section must be made of whole records.
    pub fn new(shape: Shape, bytes: &'a [u8]) -> Result<Self, ProfileError> {
        if !(bytes.len() as u64).is_multiple_of(shape.data_record_bytes()) {
            return Err(ProfileError::Damaged { what: "the data section is not made of whole records" });
        }
        Ok(DataRecords { shape, bytes })
    }

    /// Returns where the counters of each function are among the counters of a profile with this header.
    pub fn slots(self, header: &Header) -> Result<Vec<Slot>, ProfileError> {
        let record_bytes = self.shape.data_record_bytes();
        let width = counter_bytes(header.counter_width());
        let is_relative = self.shape.version >= 8 && !header.variants.has(Variants::DEBUG_CORRELATE);
        let outside = || ProfileError::Damaged { what: "a function has counters outside of the counters" };
        let mut slots = Vec::new();
        let mut moved = 0u64;
        for record in self.clone() {
            let offset = record.counters.wrapping_sub(header.counters_delta).wrapping_add(moved);
            let offset = match self.shape.word_size {
                WordSize::Four => offset & u64::from(u32::MAX),
                WordSize::Eight => offset,
            };
            if is_relative {
                moved = moved.wrapping_add(record_bytes);
            }
            let first = offset / width;
            let end = first.checked_add(u64::from(record.n_counters)).ok_or_else(outside)?;
            if !offset.is_multiple_of(width) || end > header.n_counters {
                return Err(outside());
            }
            let first = u32::try_from(first).map_err(|_| outside())?;
            slots.push(Slot { first, n_counters: record.n_counters, function: None });
        }
        Ok(slots)
    }
}

impl Iterator for DataRecords<'_> {
    type Item = DataRecord;

    fn next(&mut self) -> Option<DataRecord> {
        let Shape { version, word_size, order } = self.shape;
        let (record, rest) = self.bytes.split_at_checked(self.shape.data_record_bytes() as usize)?;
        self.bytes = rest;
        let mut cursor = Cursor::new(record, order);
        let name_hash = cursor.u64()?;
        let structure_hash = cursor.u64()?;
        let counters = cursor.word(word_size)?;
        if version >= 11 {
            let _uniform_counters = cursor.word(word_size)?;
        }
        if version >= 9 {
            let _bitmap = cursor.word(word_size)?;
        }
        let _function = cursor.word(word_size)?;
        let _values = cursor.word(word_size)?;
        let n_counters = cursor.u32()?;
        let mut n_value_sites = [0; 3];
        let n_kinds = if version >= 10 { 3 } else { 2 };
        for n_sites in &mut n_value_sites[..n_kinds] {
            *n_sites = cursor.u16()?;
        }
        let n_bitmap_bytes = match version {
            ..=8 => 0,
            9 => cursor.u32()?,
            _ => {
                // The next number is aligned: in version 10 there is nothing before it, in 11 a wave size.
                let _padding = cursor.u16()?;
                cursor.u32()?
            }
        };
        Some(DataRecord { name_hash, structure_hash, counters, n_counters, n_value_sites, n_bitmap_bytes })
    }
}
