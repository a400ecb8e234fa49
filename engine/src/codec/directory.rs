//! Which block holds what, and the two sets that every question needs.

use crate::id::JobName;
use crate::path::RepoPath;
use crate::record::TestKey;
use crate::test_set::TestSet;

use super::files::FILES_PER_BLOCK;
use super::meta::Meta;
use super::sets::{read_set, write_set};
use super::tests::{TESTS_PER_BLOCK, read_key, write_key};
use super::units::UnitBlockShape;
use super::wire::{Cursor, Writer};
use super::{CodecError, Section};

/// The parsed directory section.
#[derive(Debug, Default)]
pub(super) struct Directory {
    pub(super) provable: TestSet,
    pub(super) baselines: TestSet,
    /// The first test of each block of tests.
    pub(super) test_heads: Vec<TestKey>,
    /// The first path of each block of files.
    pub(super) file_heads: Vec<RepoPath>,
    pub(super) unit_blocks: Vec<UnitBlockEntry>,
    /// How many sets each block of sets has.
    pub(super) set_blocks: Vec<u32>,
    pub(super) identifier_blocks: Vec<IdentifierBlockEntry>,
    /// Where each block of units begins, and where the last ends: files, units, own sets.
    pub(super) unit_starts: Vec<[u32; 3]>,
    /// Where each block of sets begins, and where the last ends.
    pub(super) set_starts: Vec<u32>,
}

/// What is in a block of units.
#[derive(Debug, Clone, Copy)]
pub(super) struct UnitBlockEntry {
    pub(super) n_files: u32,
    pub(super) n_units: u32,
    pub(super) n_local_sets: u32,
}

/// What is in a block of identifiers.
#[derive(Debug, Clone, Copy)]
pub(super) struct IdentifierBlockEntry {
    pub(super) first: u32,
    pub(super) n_identifiers: u32,
}

impl Directory {
    pub(super) fn encode(&self, jobs: &[JobName]) -> Vec<u8> {
        let mut writer = Writer::default();
        write_set(&mut writer, &self.provable);
        write_set(&mut writer, &self.baselines);
        writer.count(self.test_heads.len());
        let mut previous = None;
        for head in &self.test_heads {
            let job = jobs.binary_search(&head.job).expect("every test's job is one of the index");
            write_key(&mut writer, job, previous, head);
            previous = Some(head);
        }
        writer.count(self.file_heads.len());
        let mut previous = "";
        for head in &self.file_heads {
            writer.front_coded(previous, head.as_str());
            previous = head.as_str();
        }
        writer.count(self.unit_blocks.len());
        for block in &self.unit_blocks {
            writer.varint(block.n_files.into());
            writer.varint(block.n_units.into());
            writer.varint(block.n_local_sets.into());
        }
        writer.count(self.set_blocks.len());
        for n_sets in &self.set_blocks {
            writer.varint((*n_sets).into());
        }
        writer.count(self.identifier_blocks.len());
        let mut previous = 0;
        for block in &self.identifier_blocks {
            writer.varint((block.first - previous).into());
            writer.varint(block.n_identifiers.into());
            previous = block.first;
        }
        writer.bytes
    }

    pub(super) fn decode(bytes: &[u8], meta: &Meta) -> Result<Directory, CodecError> {
        let mut cursor = Cursor::new(Section::Directory, bytes);
        let counts = &meta.counts;
        let jobs: Vec<JobName> = meta.jobs.iter().map(|job| job.job.clone()).collect();
        let mut directory = Directory {
            provable: read_set(&mut cursor, counts.tests)?,
            baselines: read_set(&mut cursor, counts.tests)?,
            ..Directory::default()
        };
        for _ in 0..cursor.count()? {
            let head = read_key(&mut cursor, &jobs, directory.test_heads.last())?;
            directory.test_heads.push(head);
        }
        for _ in 0..cursor.count()? {
            let previous = directory.file_heads.last();
            let text = cursor.front_coded(previous.map_or("", |path| path.as_str()))?;
            let head = RepoPath::new(text).map_err(|error| CodecError::corrupt(Section::Directory, error))?;
            if previous.is_some_and(|previous| *previous >= head) {
                return Err(cursor.corrupt("files are not sorted"));
            }
            directory.file_heads.push(head);
        }
        let mut starts = [0u32, 0, counts.pool_sets];
        directory.unit_starts.push(starts);
        for _ in 0..cursor.count()? {
            let [n_files, n_units, n_local_sets] = [cursor.u32()?, cursor.u32()?, cursor.u32()?];
            for (start, n) in starts.iter_mut().zip([n_files, n_units, n_local_sets]) {
                *start =
                    start.checked_add(n).ok_or_else(|| cursor.corrupt("there are too many of something"))?;
            }
            directory.unit_starts.push(starts);
            directory.unit_blocks.push(UnitBlockEntry { n_files, n_units, n_local_sets });
        }
        let mut set_start = 0u32;
        directory.set_starts.push(0);
        for _ in 0..cursor.count()? {
            let n_sets = cursor.u32()?;
            set_start =
                set_start.checked_add(n_sets).ok_or_else(|| cursor.corrupt("there are too many sets"))?;
            directory.set_starts.push(set_start);
            directory.set_blocks.push(n_sets);
        }
        let mut first = 0u32;
        for at in 0..cursor.count()? {
            let (step, n_identifiers) = (cursor.u32()?, cursor.u32()?);
            if step == 0 && at > 0 {
                return Err(cursor.corrupt("identifiers are not sorted"));
            }
            first = first.checked_add(step).ok_or_else(|| cursor.corrupt("an identifier is too large"))?;
            directory.identifier_blocks.push(IdentifierBlockEntry { first, n_identifiers });
        }
        cursor.end()?;
        let adds_up = directory.test_heads.len() == (counts.tests as usize).div_ceil(TESTS_PER_BLOCK)
            && directory.file_heads.len() == (counts.files as usize).div_ceil(FILES_PER_BLOCK)
            && starts[..2] == [counts.files, counts.units]
            && set_start == counts.pool_sets;
        if adds_up {
            Ok(directory)
        } else {
            Err(CodecError::corrupt(Section::Directory, "its counts do not add up"))
        }
    }

    /// Returns the block of units that holds those of a file, and the file's place in it.
    pub(super) fn unit_block_of_file(&self, file: u32) -> (usize, usize) {
        let block = self.unit_starts.partition_point(|starts| starts[0] <= file) - 1;
        (block, (file - self.unit_starts[block][0]) as usize)
    }

    /// Returns where a set is: in a block of sets, or with a block of units; and its place there.
    pub(super) fn place_of_set(&self, set: u32, n_pool_sets: u32) -> (Section, usize, usize) {
        if set < n_pool_sets {
            let block = self.set_starts.partition_point(|start| *start <= set) - 1;
            (Section::Sets, block, (set - self.set_starts[block]) as usize)
        } else {
            let block = self.unit_starts.partition_point(|starts| starts[2] <= set) - 1;
            (Section::Units, block, (set - self.unit_starts[block][2]) as usize)
        }
    }

    /// Returns the numbers of the first file and the first unit of a block of units.
    pub(super) fn unit_block_start(&self, block: usize) -> (u32, u32) {
        (self.unit_starts[block][0], self.unit_starts[block][1])
    }

    /// Returns how many sets there are, those with the units included.
    pub(super) fn n_sets(&self) -> u32 {
        self.unit_starts.last().map_or(0, |starts| starts[2])
    }

    pub(super) fn shape(&self, block: usize, meta: &Meta) -> UnitBlockShape {
        let UnitBlockEntry { n_files, n_units, n_local_sets } = self.unit_blocks[block];
        UnitBlockShape {
            n_files,
            n_units,
            n_local_sets,
            first_local_set: self.unit_starts[block][2],
            n_pool_sets: meta.counts.pool_sets,
            n_tests: meta.counts.tests,
        }
    }
}
