//! From the sections of an image to a binary.

use std::collections::HashMap;

use skiptrace_engine::fingerprint::Fingerprint;

use crate::llvm::layout::{CounterWidth, Layout, Slot};
use crate::llvm::mapping::cursor::Cursor;
use crate::llvm::mapping::filenames::Filenames;
use crate::llvm::mapping::hull::HullFinder;
use crate::llvm::mapping::records::{FunctionRecord, FunctionRecords};
use crate::llvm::object::{Image, Linkage, Section};

use super::records::{CounterPointer, DataRecords, Machine};
use super::regions::EncodedRegions;
use super::{Binary, BinaryError, BinaryWithRegions, MappedFunction};

/// What the map and the data section know a function by: the hashes of its name and of its structure.
type FunctionKey = (u64, u64);

pub(super) fn decode(image: &Image<'_>) -> Result<Binary, BinaryError> {
    Ok(Decoder::new(image)?.run(image, |_, _, _| {})?.0)
}

pub(super) fn decode_with_regions(image: &Image<'_>) -> Result<BinaryWithRegions, BinaryError> {
    let mut regions = EncodedRegions::default();
    let (binary, filenames) =
        Decoder::new(image)?.run(image, |place, record, section| regions.add(place, record, section))?;
    Ok(BinaryWithRegions { binary, regions: regions.with_lists(filenames) })
}

struct Decoder<'data> {
    filenames: Filenames,
    functions: Vec<MappedFunction>,
    /// Of each function that has been met, its place and one of its encodings.
    met: HashMap<FunctionKey, (u32, FunctionRecord<'data>)>,
}

impl<'data> Decoder<'data> {
    fn new(image: &Image<'data>) -> Result<Self, BinaryError> {
        let filenames = Filenames::parse(&image.filenames, image.endian)?;
        Ok(Decoder { filenames, functions: Vec::new(), met: HashMap::new() })
    }

    /// Decodes everything; `each` is told of each encoding that adds something to a function.
    fn run(
        mut self,
        image: &Image<'data>,
        mut each: impl FnMut(u32, &FunctionRecord<'data>, &'static str),
    ) -> Result<(Binary, Filenames), BinaryError> {
        let mut finder = HullFinder::default();
        for section in &image.functions {
            let mut records = FunctionRecords::new(section, image.endian);
            while let Some(record) = records.next()? {
                if let Some(place) = self.add(&record, section, &mut finder)? {
                    each(place, &record, section.name);
                }
            }
        }
        let layout = self.layout(image)?;
        let files = std::mem::take(&mut self.filenames.files);
        Ok((Binary { layout, files, functions: self.functions }, self.filenames))
    }

    /// Adds a function, or to a function, and returns its place; `None` if nothing was new.
    ///
    /// Several records of one name and structure are copies of one function, or functions of the same name and
    /// structure in files of the same name. What ran could be any of them, so all places are its places.
    fn add(
        &mut self,
        record: &FunctionRecord<'data>,
        section: &Section<'data>,
        finder: &mut HullFinder,
    ) -> Result<Option<u32>, BinaryError> {
        let key = (record.name_hash, record.structure_hash);
        let known = self.met.get(&key);
        if let Some((_, known)) = known
            && known.list == record.list
            && known.encoded == record.encoded
        {
            return Ok(None);
        }
        let cursor = Cursor::new(section.name, record.at, record.encoded);
        let list = self
            .filenames
            .list(record.list)
            .ok_or_else(|| cursor.damaged("a function is of a compilation that the map does not list"))?;
        let places = finder.places(cursor, list)?;
        if let Some((place, _)) = known {
            let place = *place;
            let known = &mut self.functions[place as usize].places;
            let n_own = known.len().min(1);
            known.extend(places);
            known[n_own..].sort_unstable();
            known.dedup();
            return Ok(Some(place));
        }
        let place = u32::try_from(self.functions.len()).map_err(|_| BinaryError::Malformed {
            section: section.name,
            at: record.at,
            reason: "there are more functions than can be",
        })?;
        self.met.insert(key, (place, record.clone()));
        self.functions.push(MappedFunction {
            name_hash: record.name_hash,
            structure_hash: record.structure_hash,
            places,
        });
        Ok(Some(place))
    }

    fn layout(&self, image: &Image<'_>) -> Result<Layout, BinaryError> {
        let mut layout = Layout {
            build_id: image.build_id.into(),
            data_hash: None,
            data_bytes: 0,
            n_data: 0,
            n_counters: 0,
            counter_width: CounterWidth::Eight,
            slots: Vec::new(),
        };
        if image.linkage == Linkage::Relocatable {
            return Ok(layout);
        }
        let (data, pointer) = match (&*image.data, &*image.correlation) {
            ([], []) if image.counters.is_empty() => return Ok(layout),
            // There the runtime puts a byte of its own before the counters, and profiles begin after it.
            _ if image.is_linked_for_windows() => {
                return Err(BinaryError::Unsupported("where a Windows program has its counters"));
            }
            ([], []) => return Err(BinaryError::DataMissing),
            ([data], []) => (data, CounterPointer::Relative),
            ([], [data]) => (data, CounterPointer::Absolute),
            ([_, ..], [_, ..]) => return Err(BinaryError::MixedCorrelation),
            _ => return Err(several("__llvm_prf_data")),
        };
        let [counters] = &*image.counters else { return Err(several("__llvm_prf_cnts")) };
        let machine = Machine { endian: image.endian, pointer_width: image.pointer_width };
        let DataRecords { width, records } =
            DataRecords::parse(machine, data, counters, pointer, || image.raw_version())?;
        layout.n_data = records.len() as u64;
        layout.counter_width = width;
        layout.n_counters = match width {
            CounterWidth::Eight => counters.size.div_ceil(8),
            CounterWidth::One => counters.size,
        };
        if pointer == CounterPointer::Relative {
            layout.data_hash = Some(Fingerprint::of(data.bytes));
            layout.data_bytes = data.size;
        }
        let slot = |record: &super::records::DataRecord| Slot {
            first: record.first,
            n_counters: record.n_counters,
            function: self.met.get(&(record.name_hash, record.structure_hash)).map(|(place, _)| *place),
        };
        layout.slots = records.iter().map(slot).collect();
        Ok(layout)
    }
}

fn several(section: &'static str) -> BinaryError {
    BinaryError::Records { section, reason: "a linked file has one such section, not none or several" }
}
