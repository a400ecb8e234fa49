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
use crate::llvm::object::{PointerWidth, Section};

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

/// What a machine's numbers look like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Machine {
    pub(super) endian: Endianness,
    pub(super) pointer_width: PointerWidth,
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
    /// Reads the section; `version` finds the version of the binary's profiles, at some cost.
    pub(super) fn parse(
        machine: Machine,
        data: &Section<'_>,
        counters: &Section<'_>,
        pointer: CounterPointer,
        version: impl FnOnce() -> Option<u64>,
    ) -> Result<DataRecords, BinaryError> {
        let damaged = |reason| BinaryError::Records { section: data.name, reason };
        if data.bytes.len() as u64 != data.size {
            return Err(damaged("the file does not hold all of it"));
        }
        let sizes = match machine.pointer_width {
            PointerWidth::Eight => SHAPES_64,
            PointerWidth::Four => SHAPES_32,
        };
        let mut fitting = Vec::new();
        for (_, record_size, n_counters_at) in sizes {
            for width in [CounterWidth::Eight, CounterWidth::One] {
                let shape = Shape { width, record_size, n_counters_at, pointer };
                if let Some(records) = shape.read(machine, data, counters) {
                    fitting.push((shape, DataRecords { width, records }));
                }
            }
        }
        if fitting.len() > 1
            && let Some(version) = version()
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
    fn read(self, machine: Machine, data: &Section<'_>, counters: &Section<'_>) -> Option<Vec<DataRecord>> {
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
            let pointer = machine.pointer_at(bytes, 16)?;
            let first_address = match self.pointer {
                CounterPointer::Relative => address.wrapping_add(pointer),
                CounterPointer::Absolute => pointer,
            };
            let offset = machine.pointer_width.wrap(first_address.wrapping_sub(counters.address));
            let n_counters = u32_at(bytes, self.n_counters_at, machine.endian)?;
            let end = u64::from(n_counters).checked_mul(width)?.checked_add(offset)?;
            if n_counters == 0 || !offset.is_multiple_of(width) || end > counters.size {
                return None;
            }
            stretches.push((offset, end));
            records.push(DataRecord {
                name_hash: u64_at(bytes, 0, machine.endian)?,
                structure_hash: u64_at(bytes, 8, machine.endian)?,
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

impl Machine {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DATA_AT: u64 = 0x4000;
    const COUNTERS_AT: u64 = 0x3000;

    /// A program with functions of so many counters, compiled in some way.
    #[derive(Debug, Clone)]
    struct Program {
        machine: Machine,
        version: u64,
        width: CounterWidth,
        pointer: CounterPointer,
        functions: Vec<u32>,
    }

    impl Program {
        fn step(&self) -> u64 {
            if self.width == CounterWidth::One { 1 } else { 8 }
        }

        fn records(&self) -> Vec<DataRecord> {
            let mut first = 0;
            let record = |(number, n_counters): (usize, &u32)| {
                let name_hash = (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                let record = DataRecord {
                    name_hash,
                    structure_hash: name_hash.rotate_left(32),
                    first,
                    n_counters: *n_counters,
                };
                first += n_counters;
                record
            };
            self.functions.iter().enumerate().map(record).collect()
        }

        fn data(&self, records: &[DataRecord]) -> Vec<u8> {
            let is_wide = self.machine.pointer_width == PointerWidth::Eight;
            let shapes = if is_wide { SHAPES_64 } else { SHAPES_32 };
            let (_, size, n_counters_at) = *shapes.iter().rfind(|shape| shape.0 <= self.version).unwrap();
            let mut bytes = vec![0; size * records.len()];
            for (number, record) in records.iter().enumerate() {
                let at = number * size;
                let mut put = |at: usize, value: u64, len: usize| match self.machine.endian {
                    Endianness::Little => bytes[at..at + len].copy_from_slice(&value.to_le_bytes()[..len]),
                    Endianness::Big => bytes[at..at + len].copy_from_slice(&value.to_be_bytes()[8 - len..]),
                };
                let mut pointer = COUNTERS_AT + u64::from(record.first) * self.step();
                if self.pointer == CounterPointer::Relative {
                    pointer = pointer.wrapping_sub(DATA_AT + at as u64);
                }
                put(at, record.name_hash, 8);
                put(at + 8, record.structure_hash, 8);
                put(at + 16, pointer, if is_wide { 8 } else { 4 });
                put(at + n_counters_at, u64::from(record.n_counters), 4);
            }
            bytes
        }

        fn parse(&self, records: &[DataRecord], version: Option<u64>) -> Result<DataRecords, BinaryError> {
            let bytes = self.data(records);
            let data = Section {
                name: "__llvm_prf_data",
                address: DATA_AT,
                size: bytes.len() as u64,
                bytes: &bytes,
            };
            let size = u64::from(self.functions.iter().sum::<u32>()) * self.step();
            let fill = if self.width == CounterWidth::One { 0xFF } else { 0 };
            let bytes = vec![fill; size as usize];
            let counters = Section { name: "__llvm_prf_cnts", address: COUNTERS_AT, size, bytes: &bytes };
            DataRecords::parse(self.machine, &data, &counters, self.pointer, || version)
        }
    }

    fn any_program() -> impl Strategy<Value = Program> {
        let functions = prop::collection::vec(1u32..5, 2..14);
        (any::<[bool; 4]>(), 8u64..12, functions).prop_map(|(is, version, functions)| Program {
            machine: Machine {
                endian: if is[0] { Endianness::Little } else { Endianness::Big },
                pointer_width: if is[1] { PointerWidth::Four } else { PointerWidth::Eight },
            },
            version,
            width: if is[2] { CounterWidth::One } else { CounterWidth::Eight },
            pointer: if is[3] { CounterPointer::Relative } else { CounterPointer::Absolute },
            functions,
        })
    }

    proptest! {
        #[test]
        fn records_of_every_version_are_told_from_each_other(program in any_program()) {
            let records = program.records();
            let parsed = program.parse(&records, None).unwrap();
            prop_assert_eq!(parsed, DataRecords { width: program.width, records });
        }

        #[test]
        fn counters_that_overlap_or_lie_outside_fit_nothing(program in any_program(), which in any::<prop::sample::Index>()) {
            let records = program.records();
            let which = which.index(records.len());
            let mut longer = records.clone();
            longer[which].n_counters += 1;
            prop_assert!(program.parse(&longer, None).is_err());
            let mut none = records;
            none[which].n_counters = 0;
            prop_assert!(program.parse(&none, None).is_err());
        }
    }

    #[test]
    fn copies_may_share_their_counters() {
        let machine = Machine { endian: Endianness::Little, pointer_width: PointerWidth::Eight };
        let (width, pointer) = (CounterWidth::Eight, CounterPointer::Relative);
        let program = Program { machine, version: 10, width, pointer, functions: vec![2, 3] };
        let [first, second] = program.records()[..] else { panic!() };
        let records = vec![first, second, second];
        assert_eq!(program.parse(&records, None).unwrap().records, records);
    }
}
