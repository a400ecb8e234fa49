//! An index to bytes. A function of the index alone: equal indexes are equal bytes.

use std::ops::Range;

use rayon::slice::ParallelSliceMut;

use crate::fingerprint::Identifier;
use crate::id::{JobName, SetId, UnitId};
use crate::index::{Evidence, FileRecord, Index};
use crate::test_set::{TestSet, UnitSet};

use super::container::ContainerWriter;
use super::directory::{Directory, IdentifierBlockEntry, UnitBlockEntry};
use super::files::FILES_PER_BLOCK;
use super::identifiers::{IdentifierBlock, MAX_MENTIONS};
use super::meta::Counts;
use super::tests::TESTS_PER_BLOCK;
use super::units::SetPlace;
use super::{CodecError, Section, files, meta, rules, sets, tests, units, unkept, variables, version_of};

/// About how many bytes a block of sets takes before it is compressed.
const SET_BLOCK_TARGET: usize = 8 * 1024;

/// Writes an index.
pub fn encode(index: &Index) -> Result<Vec<u8>, CodecError> {
    let n_mentions = index.mentions().identifiers.len();
    if n_mentions as u64 > MAX_MENTIONS {
        return Err(CodecError::TooLarge { section: Section::Identifiers, bytes: n_mentions * 4 });
    }
    let jobs: Vec<JobName> = index.jobs().into_iter().map(|job| job.job).collect();
    let unit_blocks = cut_files(index);
    let placement = Placement::new(index, &unit_blocks);
    let set_blocks = cut_sets(index, &placement.pool);
    let identifier_blocks = identifier_blocks(index);
    let counts = Counts {
        tests: index.tests().len() as u32,
        files: index.files().len() as u32,
        units: index.units().len() as u32,
        pool_sets: placement.pool.len() as u32,
    };
    let directory = Directory {
        provable: index.provable(),
        baselines: index.baselines(),
        test_heads: index.tests().chunks(TESTS_PER_BLOCK).map(|block| block[0].key.clone()).collect(),
        file_heads: index.files().chunks(FILES_PER_BLOCK).map(|block| block[0].path.clone()).collect(),
        unit_blocks: unit_blocks
            .iter()
            .zip(&placement.local)
            .map(|(files, local)| UnitBlockEntry {
                n_files: files.len() as u32,
                n_units: n_units(&index.files()[files.clone()]),
                n_local_sets: local.len() as u32,
            })
            .collect(),
        set_blocks: set_blocks.iter().map(|block| block.n_sets).collect(),
        identifier_blocks: identifier_blocks
            .iter()
            .map(|block| IdentifierBlockEntry { first: block.first, n_identifiers: block.n_identifiers })
            .collect(),
        ..Directory::default()
    };

    let pool_number = |set: SetId| match placement.places[set.index()] {
        SetPlace::Pool(number) => number,
        SetPlace::Local(_) => unreachable!("what files, rules and variables name is in the pool"),
    };
    let mut container = ContainerWriter::new();
    let test_blocks: Vec<_> = index.tests().chunks(TESTS_PER_BLOCK).collect();
    container.section(Section::Tests, &test_blocks, |block| tests::encode_block(block, &jobs))?;
    let file_blocks: Vec<_> = index.files().chunks(FILES_PER_BLOCK).collect();
    container.section(Section::Files, &file_blocks, |block| files::encode_block(block, pool_number))?;
    let unit_blocks: Vec<_> = unit_blocks.iter().zip(&placement.local).collect();
    container.section(Section::Units, &unit_blocks, |(files, local)| {
        let files: Vec<_> = index.files()[(*files).clone()].iter().map(|file| index.units_of(file)).collect();
        let local: Vec<&TestSet> = local.iter().map(|set| index.set(*set)).collect();
        units::encode_block(&files, |set| placement.places[set.index()], &local)
    })?;
    container.section(Section::Sets, &set_blocks, |block| &block.bytes)?;
    container.section(Section::Identifiers, &identifier_blocks, IdentifierBlock::bytes)?;
    container.section(Section::Rules, &[()], |()| rules::encode(index.rules(), &jobs, pool_number))?;
    container.section(Section::Meta, &[()], |()| meta::encode(index, counts))?;
    container.section(Section::Directory, &[()], |()| directory.encode(&jobs))?;
    if !index.variables().is_empty() {
        container
            .section(Section::Variables, &[()], |()| variables::encode(index.variables(), pool_number))?;
    }
    if unkept::is_worth_it(index) {
        let unkept = index.unkept()?;
        container.section(Section::Unkept, &[()], |()| unkept::encode(&unkept))?;
    }
    container.finish(version_of(index))
}

fn n_units(files: &[FileRecord]) -> u32 {
    files.iter().map(|file| file.units.end - file.units.start).sum()
}

/// Divides the files into those whose units make a block together.
fn cut_files(index: &Index) -> Vec<Range<usize>> {
    let mut blocks: Vec<Range<usize>> = Vec::new();
    let mut size = 0;
    for (at, file) in index.files().iter().enumerate() {
        let own_size = 2 + index.units_of(file).iter().map(units::estimate).sum::<usize>();
        match blocks.last_mut() {
            Some(block) if size + own_size <= units::BLOCK_TARGET => {
                block.end = at + 1;
                size += own_size;
            }
            _ => {
                blocks.push(at..at + 1);
                size = own_size;
            }
        }
    }
    blocks
}

/// Which sets go where.
///
/// A set that only the units of one block name is kept with them, so that reading the block is enough.
struct Placement {
    /// By the sets' numbers in memory.
    places: Vec<SetPlace>,
    /// The shared sets, in the order in which files, units, rules and variables first name them.
    pool: Vec<SetId>,
    /// For each block of units, the sets that only it names.
    local: Vec<Vec<SetId>>,
}

impl Placement {
    fn new(index: &Index, blocks: &[Range<usize>]) -> Placement {
        #[derive(Clone, Copy, PartialEq)]
        enum Named {
            Nowhere,
            By(usize),
            Widely,
        }
        let mut named = vec![Named::Nowhere; index.n_sets()];
        named[SetId::EMPTY.index()] = Named::Widely;
        for (block, files) in blocks.iter().enumerate() {
            for file in &index.files()[files.clone()] {
                for set in [file.seen, file.compiled, file.opened] {
                    named[set.index()] = Named::Widely;
                }
                for set in index.units_of(file).iter().flat_map(|unit| [unit.seen, unit.own, unit.shared]) {
                    let by = &mut named[set.index()];
                    *by = if matches!(*by, Named::Nowhere) || *by == Named::By(block) {
                        Named::By(block)
                    } else {
                        Named::Widely
                    };
                }
            }
        }
        let by_rules = index.rules().iter().flat_map(|rule| [rule.tests, rule.seen]);
        for set in by_rules.chain(index.variables().iter().map(|variable| variable.tests)) {
            named[set.index()] = Named::Widely;
        }
        let mut placement = Placement {
            places: Vec::with_capacity(named.len()),
            pool: Vec::new(),
            local: vec![Vec::new(); blocks.len()],
        };
        // Numbers in memory follow the order of first use, and so do those given here.
        for (set, named) in named.into_iter().enumerate() {
            let set = SetId(set as u32);
            let (list, place): (_, fn(u32) -> SetPlace) = match named {
                Named::By(block) => (&mut placement.local[block], SetPlace::Local),
                Named::Widely | Named::Nowhere => (&mut placement.pool, SetPlace::Pool),
            };
            placement.places.push(place(list.len() as u32));
            list.push(set);
        }
        placement
    }
}

struct SetBlock {
    bytes: Vec<u8>,
    n_sets: u32,
}

/// Divides the shared sets into blocks.
fn cut_sets(index: &Index, pool: &[SetId]) -> Vec<SetBlock> {
    let mut blocks: Vec<SetBlock> = Vec::new();
    for set in pool {
        let bytes = sets::encode_block(&[index.set(*set)]);
        match blocks.last_mut() {
            Some(block) if block.bytes.len() + bytes.len() <= SET_BLOCK_TARGET => {
                block.bytes.extend_from_slice(&bytes);
                block.n_sets += 1;
            }
            _ => blocks.push(SetBlock { bytes, n_sets: 1 }),
        }
    }
    blocks
}

/// Turns what each unit mentions into which units mention each identifier.
fn identifier_blocks(index: &Index) -> Vec<IdentifierBlock> {
    let mut pairs: Vec<(Identifier, u32)> = Vec::new();
    for unit in 0..index.mentions().len() as u32 {
        pairs.extend(index.mentions().of(UnitId(unit)).iter().map(|identifier| (*identifier, unit)));
    }
    pairs.par_sort_unstable();
    let mut blocks: Vec<IdentifierBlock> = Vec::new();
    for group in pairs.chunk_by(|a, b| a.0 == b.0) {
        let units = UnitSet::from_sorted(group.iter().map(|(_, unit)| *unit)).expect("they are sorted");
        if blocks.last().is_none_or(IdentifierBlock::is_full) {
            blocks.push(IdentifierBlock::default());
        }
        blocks.last_mut().expect("one was just made").push(&(group[0].0, units));
    }
    blocks
}
