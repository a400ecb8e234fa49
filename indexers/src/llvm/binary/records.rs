//! The data section: which function has which counters.
//!
//! ```text
//! hash of the name u64 · hash of the structure u64 · counters, relative to this record (a pointer wide)
//! [uniform counters, since LLVM 23] · [bitmaps, since LLVM 18] · function · values (a pointer wide each)
//! number of counters u32 · …
//! ```
//!
//! Neither the size of a record nor the width of a counter is written in the section. Both follow from it: only
//! with the right ones do the counters of all records lie inside the section of counters, each on its own, and
//! hold what they start out with.

use object::Endianness;

use crate::llvm::layout::CounterWidth;
use crate::llvm::object::{Image, PointerWidth, Section};

use super::BinaryError;

/// An instrumented function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DataRecord {
    pub(super) name_hash: u64,
    pub(super) structure_hash: u64,
    /// The place of its first counter.
    pub(super) first: u32,
    pub(super) n_counters: u32,
}

/// The data section, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DataRecords {
    pub(super) width: CounterWidth,
    pub(super) records: Vec<DataRecord>,
}

/// How the pointer to its counters is written in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CounterPointer {
    /// Relative to the record, in the section that programs load.
    Relative,
    /// As an address, in the section that only tools read.
    Absolute,
}

/// A hypothesis about the section.
#[derive(Debug, Clone, Copy)]
struct Shape {
    width: CounterWidth,
    record_size: usize,
    /// Where in a record the number of counters is.
    n_counters_at: usize,
    pointer: CounterPointer,
}

/// From which version of profiles on (LLVM 14, 18, 23), the size of a record, and where in it the number of counters
/// is.
const SHAPES_64: [(u64, usize, usize); 3] = [(8, 48, 40), (9, 64, 48), (11, 72, 56)];
const SHAPES_32: [(u64, usize, usize); 3] = [(8, 40, 28), (9, 48, 32), (11, 56, 36)];
/// In the version, set if counters have one byte.
const BYTE_COVERAGE: u64 = 1 << 60;

impl DataRecords {
    pub(super) fn parse(
        image: &Image<'_>,
        data: &Section<'_>,
        counters: &Section<'_>,
        pointer: CounterPointer,
    ) -> Result<DataRecords, BinaryError> {
        let damaged = |reason| BinaryError::Records { section: data.name, reason };
        if data.bytes.len() as u64 != data.size {
            return Err(damaged("the file does not hold all of it"));
        }
        let sizes = match image.pointer_width {
            PointerWidth::Eight => SHAPES_64,
            PointerWidth::Four => SHAPES_32,
        };
        let mut fitting = Vec::new();
        for (_, record_size, n_counters_at) in sizes {
            for width in [CounterWidth::Eight, CounterWidth::One] {
                let shape = Shape { width, record_size, n_counters_at, pointer };
                if let Some(records) = shape.read(image, data, counters) {
                    fitting.push((shape, DataRecords { width, records }));
                }
            }
        }
        if fitting.len() > 1
            && let Some(version) = image.raw_version()
        {
            fitting.retain(|(shape, _)| shape.is_of_version(version, sizes));
        }
        let mut fitting = fitting.into_iter();
        match (fitting.next(), fitting.next()) {
            (Some((_, records)), None) => Ok(records),
            (None, _) => Err(damaged("it fits no known version of profiles, or was linked of several")),
            _ => Err(damaged(
                "it fits more than one version of profiles; keep symbol `__llvm_profile_raw_version` when stripping",
            )),
        }
    }
}

impl Shape {
    fn is_of_version(self, version: u64, sizes: [(u64, usize, usize); 3]) -> bool {
        let is_byte = version & BYTE_COVERAGE != 0;
        // Flags are above; 32 bits are more than versions will ever need.
        let version = version & 0xFFFF_FFFF;
        let size = sizes.into_iter().rfind(|(since, ..)| *since <= version).map(|(_, size, _)| size);
        is_byte == (self.width == CounterWidth::One) && size == Some(self.record_size)
    }

    /// Returns the records if the section is of this shape.
    fn read(self, image: &Image<'_>, data: &Section<'_>, counters: &Section<'_>) -> Option<Vec<DataRecord>> {
        if !data.bytes.len().is_multiple_of(self.record_size) {
            return None;
        }
        let width = match self.width {
            CounterWidth::Eight => 8,
            CounterWidth::One => 1,
        };
        let mut records = Vec::with_capacity(data.bytes.len() / self.record_size);
        let mut stretches = Vec::with_capacity(records.capacity());
        let mut address = data.address;
        for bytes in data.bytes.chunks_exact(self.record_size) {
            let pointer = image.pointer_at(bytes, 16)?;
            let first_address = match self.pointer {
                CounterPointer::Relative => address.wrapping_add(pointer),
                CounterPointer::Absolute => pointer,
            };
            let offset = image.pointer_width.wrap(first_address.wrapping_sub(counters.address));
            let n_counters = u32_at(bytes, self.n_counters_at, image.endian)?;
            let end = u64::from(n_counters).checked_mul(width)?.checked_add(offset)?;
            if n_counters == 0 || !offset.is_multiple_of(width) || end > counters.size {
                return None;
            }
            stretches.push((offset, end));
            records.push(DataRecord {
                name_hash: u64_at(bytes, 0, image.endian)?,
                structure_hash: u64_at(bytes, 8, image.endian)?,
                first: u32::try_from(offset / width).ok()?,
                n_counters,
            });
            address = address.wrapping_add(self.record_size as u64);
        }
        stretches.sort_unstable();
        // Records of one function may share its counters; otherwise each has its own.
        stretches.dedup();
        let is_apart = stretches.windows(2).all(|pair| pair[0].1 <= pair[1].0);
        let is_fresh = stretches.iter().all(|stretch| self.holds_first_values(counters, *stretch));
        (is_apart && is_fresh).then_some(records)
    }

    /// Returns whether counters hold what they hold before anything runs: zeros, or ones in all bits.
    fn holds_first_values(self, counters: &Section<'_>, (start, end): (u64, u64)) -> bool {
        let first_value = match self.width {
            CounterWidth::Eight => 0,
            CounterWidth::One => 0xFF,
        };
        if counters.bytes.is_empty() {
            return first_value == 0;
        }
        let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        range
            .and_then(|(start, end)| counters.bytes.get(start..end))
            .is_some_and(|bytes| bytes.iter().all(|byte| *byte == first_value))
    }
}

impl Image<'_> {
    fn pointer_at(&self, bytes: &[u8], at: usize) -> Option<u64> {
        match self.pointer_width {
            PointerWidth::Eight => u64_at(bytes, at, self.endian),
            // Relative ones may be negative, which wrapping to 32 bits makes right.
            PointerWidth::Four => u32_at(bytes, at, self.endian).map(u64::from),
        }
    }
}

impl PointerWidth {
    fn wrap(self, address: u64) -> u64 {
        match self {
            PointerWidth::Eight => address,
            PointerWidth::Four => address & 0xFFFF_FFFF,
        }
    }
}

fn u64_at(bytes: &[u8], at: usize, endian: Endianness) -> Option<u64> {
    let bytes: [u8; 8] = bytes.get(at..)?.first_chunk().copied()?;
    Some(match endian {
        Endianness::Little => u64::from_le_bytes(bytes),
        Endianness::Big => u64::from_be_bytes(bytes),
    })
}

fn u32_at(bytes: &[u8], at: usize, endian: Endianness) -> Option<u32> {
    let bytes: [u8; 4] = bytes.get(at..)?.first_chunk().copied()?;
    Some(match endian {
        Endianness::Little => u32::from_le_bytes(bytes),
        Endianness::Big => u32::from_be_bytes(bytes),
    })
}
