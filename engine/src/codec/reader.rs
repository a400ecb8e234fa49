//! An index read piece by piece: what a question needs, and no more.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use crate::fingerprint::Identifier;
use crate::id::{FileId, JobName, SetId, TestId, UnitId};
use crate::index::evidence::{Evidence, FileView, Mentioned, Unkept};
use crate::index::{ExpectedShard, FileRecord, JobTests, Rule, VariableRecord, newest};
use crate::kind::IndexKind;
use crate::path::RepoPath;
use crate::read_at::ReadAt;
use crate::record::{TestKey, TestRecord};
use crate::recording::Recording;
use crate::test_set::{TestSet, UnitSet};

use super::container::Container;
use super::directory::Directory;
use super::files::FILES_PER_BLOCK;
use super::identifiers::Posting;
use super::meta::Meta;
use super::tests::TESTS_PER_BLOCK;
use super::units::UnitBlock;
use super::{
    CodecError, Section, SectionSize, files, identifiers, meta, rules, sets, tests, units, unkept, variables,
};

/// An index whose blocks are read as they are needed, each once.
#[derive(Debug)]
pub struct IndexReader<R> {
    container: Container<R>,
    meta: Meta,
    directory: Directory,
    test_blocks: Blocks<Vec<TestRecord>>,
    file_blocks: Blocks<Vec<FileRecord>>,
    unit_blocks: Blocks<UnitBlock>,
    set_blocks: Blocks<Vec<Arc<TestSet>>>,
    identifier_blocks: Blocks<Vec<Posting>>,
    rules: Mutex<Option<Vec<Rule>>>,
    variables: Mutex<Option<Vec<VariableRecord>>>,
}

/// The blocks of one section that have been read, by their numbers.
type Blocks<T> = Mutex<HashMap<usize, Arc<T>>>;
/// Those that were asked for.
pub(super) type Loaded<T> = BTreeMap<usize, Arc<T>>;

impl<R: ReadAt> IndexReader<R> {
    /// Reads the end of an index: what it is of, and which block holds what.
    pub fn open(source: R) -> Result<Self, CodecError> {
        let container = Container::open(source)?;
        let meta = meta::decode(&only_frame(&container, Section::Meta)?)?;
        let directory = Directory::decode(&only_frame(&container, Section::Directory)?, &meta)?;
        for (section, n_blocks) in [
            (Section::Tests, directory.test_heads.len()),
            (Section::Files, directory.file_heads.len()),
            (Section::Units, directory.unit_blocks.len()),
            (Section::Sets, directory.set_blocks.len()),
            (Section::Identifiers, directory.identifier_blocks.len()),
            (Section::Rules, 1),
        ] {
            if container.n_frames(section) != n_blocks {
                return Err(CodecError::corrupt(
                    section,
                    "it has another number of blocks than the directory says",
                ));
            }
        }
        Ok(IndexReader {
            container,
            meta,
            directory,
            test_blocks: Blocks::default(),
            file_blocks: Blocks::default(),
            unit_blocks: Blocks::default(),
            set_blocks: Blocks::default(),
            identifier_blocks: Blocks::default(),
            rules: Mutex::default(),
            variables: Mutex::default(),
        })
    }

    /// Returns the newest recording, whose commit the index is for.
    pub fn newest_recording(&self) -> Option<&Recording> {
        newest(&self.meta.recordings)
    }

    /// Returns how many tests there are.
    pub fn n_tests(&self) -> u32 {
        self.meta.counts.tests
    }

    /// Returns how many files there are.
    pub fn n_files(&self) -> u32 {
        self.meta.counts.files
    }

    /// Returns how many units there are.
    pub fn n_units(&self) -> u32 {
        self.meta.counts.units
    }

    /// Returns how many distinct sets there are, the empty one included.
    pub fn n_sets(&self) -> u32 {
        self.directory.n_sets()
    }

    /// Returns the size of the whole in bytes.
    pub fn size(&self) -> u64 {
        self.container.size()
    }

    /// Returns what each section takes.
    pub fn section_sizes(&self) -> Vec<SectionSize> {
        self.container.sizes()
    }

    /// Checks that the file begins as one should; opening does not look there.
    pub fn check_header(&self) -> Result<(), CodecError> {
        self.container.check_header()
    }

    /// Returns, for each identifier, the units that mention it.
    fn units_mentioning(&self, wanted: &[Identifier]) -> Result<Vec<UnitSet>, CodecError> {
        let blocks = &self.directory.identifier_blocks;
        let block_of = |identifier: &Identifier| {
            blocks.partition_point(|block| block.first <= identifier.0).checked_sub(1)
        };
        let needed: BTreeSet<usize> = wanted.iter().filter_map(block_of).collect();
        let loaded = self.identifier_blocks(&needed)?;
        let find = |identifier: &Identifier| {
            let block = &loaded[&block_of(identifier)?];
            let at = block.binary_search_by_key(identifier, |posting| posting.0).ok()?;
            Some(block[at].1.clone())
        };
        Ok(wanted.iter().map(|identifier| find(identifier).unwrap_or_default()).collect())
    }

    /// Returns the file that each unit is of, and the unit's place in it.
    fn places_of_units(&self, units: &[UnitId]) -> Result<Vec<(FileId, usize)>, CodecError> {
        let n_blocks = self.directory.unit_blocks.len();
        let firsts: Vec<u32> = (0..n_blocks).map(|block| self.directory.unit_block_start(block).1).collect();
        let block_of = |unit: &UnitId| firsts.partition_point(|first| *first <= unit.0).saturating_sub(1);
        let loaded = self.unit_blocks(&units.iter().map(block_of).collect())?;
        // Where the units of each file of a block end.
        let ends: BTreeMap<usize, Vec<usize>> = loaded
            .iter()
            .map(|(block, units)| {
                let mut end = 0;
                let ends = units.files.iter().map(|units| {
                    end += units.len();
                    end
                });
                (*block, ends.collect())
            })
            .collect();
        let place = |unit: &UnitId| {
            let block = block_of(unit);
            let (first_file, first_unit) = self.directory.unit_block_start(block);
            let ends = &ends[&block];
            let left = (unit.0 - first_unit) as usize;
            let file = ends.partition_point(|end| *end <= left);
            let start = file.checked_sub(1).map_or(0, |before| ends[before]);
            match file < ends.len() {
                true => Ok((FileId(first_file + file as u32), left - start)),
                false => {
                    Err(CodecError::corrupt(Section::Identifiers, format!("there is no unit {}", unit.0)))
                }
            }
        };
        units.iter().map(place).collect()
    }

    /// Returns some files with their units, by number.
    pub fn files(&self, wanted: &[FileId]) -> Result<Vec<FileView>, CodecError> {
        let file_block = |file: &FileId| file.index() / FILES_PER_BLOCK;
        let files = self.file_blocks(&wanted.iter().map(file_block).collect())?;
        let units = self
            .unit_blocks(&wanted.iter().map(|file| self.directory.unit_block_of_file(file.0).0).collect())?;
        let view = |file: &FileId| {
            let (block, place) = self.directory.unit_block_of_file(file.0);
            FileView {
                file: files[&file_block(file)][file.index() % FILES_PER_BLOCK].clone(),
                units: units[&block].files[place].clone(),
            }
        };
        Ok(wanted.iter().map(view).collect())
    }

    /// Returns what the block of files says that git does not keep; `None` in an index without it.
    pub(super) fn listed_unkept(&self) -> Result<Option<Vec<Unkept>>, CodecError> {
        if self.container.n_frames(Section::Unkept) == 0 {
            return Ok(None);
        }
        unkept::decode(&only_frame(&self.container, Section::Unkept)?).map(Some)
    }

    pub(super) fn n_blocks(&self, section: Section) -> usize {
        self.container.n_frames(section)
    }

    pub(super) fn test_blocks(
        &self,
        needed: &BTreeSet<usize>,
    ) -> Result<Loaded<Vec<TestRecord>>, CodecError> {
        self.blocks(Section::Tests, &self.test_blocks, needed, |block, bytes| {
            let n_tests = block_len(block, TESTS_PER_BLOCK, self.meta.counts.tests);
            let tests = tests::decode_block(bytes, n_tests, &self.meta)?;
            let jobs = &self.meta.jobs;
            let misplaced = |(at, test): (usize, &TestRecord)| {
                let id = TestId((block * TESTS_PER_BLOCK + at) as u32);
                let job = jobs.binary_search_by(|job| job.job.cmp(&test.key.job));
                !job.is_ok_and(|job| jobs[job].tests.contains(&id))
            };
            if tests.first().map(|test| &test.key) != self.directory.test_heads.get(block)
                || tests.iter().enumerate().any(misplaced)
            {
                return Err(CodecError::corrupt(Section::Tests, "a block is not the one the directory says"));
            }
            Ok(tests)
        })
    }

    pub(super) fn file_blocks(
        &self,
        needed: &BTreeSet<usize>,
    ) -> Result<Loaded<Vec<FileRecord>>, CodecError> {
        self.blocks(Section::Files, &self.file_blocks, needed, |block, bytes| {
            let n_files = block_len(block, FILES_PER_BLOCK, self.meta.counts.files);
            let files = files::decode_block(bytes, n_files, &self.meta)?;
            if files.first().map(|file| &file.path) != self.directory.file_heads.get(block) {
                return Err(CodecError::corrupt(Section::Files, "a block is not the one the directory says"));
            }
            Ok(files)
        })
    }

    pub(super) fn unit_blocks(&self, needed: &BTreeSet<usize>) -> Result<Loaded<UnitBlock>, CodecError> {
        self.blocks(Section::Units, &self.unit_blocks, needed, |block, bytes| {
            units::decode_block(bytes, self.directory.shape(block, &self.meta))
        })
    }

    pub(super) fn set_blocks(
        &self,
        needed: &BTreeSet<usize>,
    ) -> Result<Loaded<Vec<Arc<TestSet>>>, CodecError> {
        self.blocks(Section::Sets, &self.set_blocks, needed, |block, bytes| {
            let sets = sets::decode_block(bytes, self.directory.set_blocks[block], self.meta.counts.tests)?;
            Ok(sets.into_iter().map(Arc::new).collect())
        })
    }

    pub(super) fn identifier_blocks(
        &self,
        needed: &BTreeSet<usize>,
    ) -> Result<Loaded<Vec<Posting>>, CodecError> {
        self.blocks(Section::Identifiers, &self.identifier_blocks, needed, |block, bytes| {
            let entry = self.directory.identifier_blocks[block];
            identifiers::decode_block(bytes, entry.first, entry.n_identifiers, self.meta.counts.units)
        })
    }

    /// Returns blocks of one section, reading together those that have not been read before.
    fn blocks<T: Send + Sync>(
        &self,
        section: Section,
        known: &Blocks<T>,
        needed: &BTreeSet<usize>,
        decode: impl Fn(usize, &[u8]) -> Result<T, CodecError> + Sync,
    ) -> Result<Loaded<T>, CodecError> {
        let mut found = BTreeMap::new();
        let mut missing = Vec::new();
        {
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            for block in needed {
                match known.get(block) {
                    Some(value) => drop(found.insert(*block, value.clone())),
                    None => missing.push(*block),
                }
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        let values = self.container.read(section, &missing, decode)?;
        for (block, value) in missing.into_iter().zip(values) {
            let value = Arc::new(value);
            known.lock().unwrap_or_else(PoisonError::into_inner).insert(block, value.clone());
            found.insert(block, value);
        }
        Ok(found)
    }
}

/// Returns how many items a block has of those that come `per_block` to a block.
fn block_len(block: usize, per_block: usize, total: u32) -> usize {
    (total as usize - block * per_block).min(per_block)
}

fn only_frame<R: ReadAt>(container: &Container<R>, section: Section) -> Result<Vec<u8>, CodecError> {
    if container.n_frames(section) != 1 {
        return Err(CodecError::corrupt(section, "it is not one block"));
    }
    Ok(container.read(section, &[0], |_, bytes| Ok(bytes.to_vec()))?.remove(0))
}

/// Finds, for each wanted key, the block whose first key is the last not after it.
fn blocks_by_head<K: Ord + Hash>(heads: &[K], wanted: &[&K]) -> Vec<Option<usize>> {
    wanted.iter().map(|key| heads.partition_point(|head| head <= *key).checked_sub(1)).collect()
}

impl<R: ReadAt> Evidence for IndexReader<R> {
    fn kind(&self) -> IndexKind {
        self.meta.kind
    }

    fn recordings(&self) -> &[Recording] {
        &self.meta.recordings
    }

    fn expected(&self) -> Vec<ExpectedShard> {
        self.meta.expected.clone()
    }

    fn jobs(&self) -> Vec<JobTests> {
        self.meta.jobs.clone()
    }

    fn provable(&self) -> TestSet {
        self.directory.provable.clone()
    }

    fn baselines(&self) -> TestSet {
        self.directory.baselines.clone()
    }

    fn rules(&self) -> Result<Vec<Rule>, CodecError> {
        let mut known = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rules) = &*known {
            return Ok(rules.clone());
        }
        let rules = rules::decode(&only_frame(&self.container, Section::Rules)?, &self.meta)?;
        Ok(known.insert(rules).clone())
    }

    fn variables(&self) -> Result<Vec<VariableRecord>, CodecError> {
        // It is there only when a test consulted a variable.
        if self.container.n_frames(Section::Variables) == 0 {
            return Ok(Vec::new());
        }
        let mut known = self.variables.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(variables) = &*known {
            return Ok(variables.clone());
        }
        let variables = variables::decode(&only_frame(&self.container, Section::Variables)?, &self.meta)?;
        Ok(known.insert(variables).clone())
    }

    fn unkept(&self) -> Result<Vec<Unkept>, CodecError> {
        match self.listed_unkept()? {
            Some(unkept) => Ok(unkept),
            None => {
                let views = self.files_where(&|file| file.blob.is_none())?;
                Ok(views.iter().map(|view| Unkept::of(&view.file, &view.units, self.meta.kind)).collect())
            }
        }
    }

    fn find_files(&self, paths: &[RepoPath]) -> Result<Vec<Option<FileView>>, CodecError> {
        let ids = self.file_ids(&paths.iter().collect::<Vec<_>>())?;
        let mut views = self.files(&ids.iter().flatten().copied().collect::<Vec<_>>())?.into_iter();
        Ok(ids.into_iter().map(|id| id.and_then(|_| views.next())).collect())
    }

    fn sets(&self, ids: &[SetId]) -> Result<Vec<Arc<TestSet>>, CodecError> {
        let n_sets = self.directory.n_sets();
        if let Some(id) = ids.iter().find(|id| id.0 >= n_sets) {
            return Err(CodecError::corrupt(Section::Sets, format!("there is no set {}", id.0)));
        }
        let places: Vec<_> =
            ids.iter().map(|id| self.directory.place_of_set(id.0, self.meta.counts.pool_sets)).collect();
        let blocks_in =
            |section| places.iter().filter(|place| place.0 == section).map(|place| place.1).collect();
        let pool = self.set_blocks(&blocks_in(Section::Sets))?;
        let local = self.unit_blocks(&blocks_in(Section::Units))?;
        let set = |(section, block, at): &(Section, usize, usize)| match section {
            Section::Units => Arc::new(local[block].local_sets[*at].clone()),
            _ => pool[block][*at].clone(),
        };
        Ok(places.iter().map(set).collect())
    }

    fn tests(&self, wanted: &TestSet) -> Result<Vec<TestRecord>, CodecError> {
        let wanted: Vec<usize> =
            wanted.iter().take_while(|id| id.0 < self.meta.counts.tests).map(TestId::index).collect();
        let blocks = self.test_blocks(&wanted.iter().map(|at| at / TESTS_PER_BLOCK).collect())?;
        let mut records = Vec::with_capacity(wanted.len());
        for of_block in wanted.chunk_by(|a, b| a / TESTS_PER_BLOCK == b / TESTS_PER_BLOCK) {
            let block = &blocks[&(of_block[0] / TESTS_PER_BLOCK)];
            records.extend(of_block.iter().map(|at| block[at % TESTS_PER_BLOCK].clone()));
        }
        Ok(records)
    }

    fn find_tests(&self, keys: &[&TestKey]) -> Result<Vec<Option<TestId>>, CodecError> {
        let blocks = blocks_by_head(&self.directory.test_heads, keys);
        let loaded = self.test_blocks(&blocks.iter().flatten().copied().collect())?;
        let find = |(key, block): (&&TestKey, &Option<usize>)| {
            let block = (*block)?;
            let at = loaded[&block].binary_search_by(|test| test.key.cmp(key)).ok()?;
            Some(TestId((block * TESTS_PER_BLOCK + at) as u32))
        };
        Ok(keys.iter().zip(&blocks).map(find).collect())
    }

    fn mentioning(&self, names: &[Identifier]) -> Result<Vec<Mentioned>, CodecError> {
        self.mentioned(&self.units_mentioning(names)?)
    }

    fn mentioning_in(&self, files: &[&RepoPath], names: &[Identifier]) -> Result<Vec<Mentioned>, CodecError> {
        let files: Vec<FileId> = self.file_ids(files)?.into_iter().flatten().collect();
        let of_files = self.units_of(&files)?;
        let mut units = self.units_mentioning(names)?;
        units.iter_mut().for_each(|units| units.intersect_with(&of_files));
        self.mentioned(&units)
    }

    fn files_where(&self, is_wanted: &dyn Fn(&FileRecord) -> bool) -> Result<Vec<FileView>, CodecError> {
        let blocks: BTreeSet<usize> = (0..self.n_blocks(Section::Files)).collect();
        let loaded = self.file_blocks(&blocks)?;
        let mut wanted = Vec::new();
        for (block, files) in loaded {
            let of_block = files.iter().enumerate().filter(|(_, file)| is_wanted(file));
            wanted.extend(of_block.map(|(at, _)| FileId((block * FILES_PER_BLOCK + at) as u32)));
        }
        IndexReader::files(self, &wanted)
    }
}

impl<R: ReadAt> IndexReader<R> {
    /// Returns the numbers of files, by path.
    fn file_ids(&self, paths: &[&RepoPath]) -> Result<Vec<Option<FileId>>, CodecError> {
        let blocks = blocks_by_head(&self.directory.file_heads, paths);
        let loaded = self.file_blocks(&blocks.iter().flatten().copied().collect())?;
        let id = |(path, block): (&&RepoPath, &Option<usize>)| {
            let block = (*block)?;
            let at = loaded[&block].binary_search_by(|file| file.path.cmp(path)).ok()?;
            Some(FileId((block * FILES_PER_BLOCK + at) as u32))
        };
        Ok(paths.iter().zip(&blocks).map(id).collect())
    }

    /// Returns the units of some files.
    fn units_of(&self, files: &[FileId]) -> Result<UnitSet, CodecError> {
        let block_of = |file: &FileId| self.directory.unit_block_of_file(file.0);
        let loaded = self.unit_blocks(&files.iter().map(|file| block_of(file).0).collect())?;
        let mut all = UnitSet::new();
        for (block, place) in files.iter().map(block_of) {
            let of_block = &loaded[&block].files;
            let before: usize = of_block[..place].iter().map(Vec::len).sum();
            let first = self.directory.unit_block_start(block).1 + before as u32;
            all.union_with(&UnitSet::range(UnitId(first)..UnitId(first + of_block[place].len() as u32)));
        }
        Ok(all)
    }

    /// Returns the files and the places in them of units that are mentioned.
    fn mentioned(&self, units: &[UnitSet]) -> Result<Vec<Mentioned>, CodecError> {
        let all = units.iter().flat_map(UnitSet::iter).collect::<BTreeSet<UnitId>>();
        let all: Vec<UnitId> = all.into_iter().collect();
        let places: HashMap<UnitId, (FileId, usize)> =
            all.iter().copied().zip(self.places_of_units(&all)?).collect();
        let files: BTreeSet<FileId> = places.values().map(|(file, _)| *file).collect();
        let files: Vec<FileId> = files.into_iter().collect();
        let views = IndexReader::files(self, &files)?.into_iter().map(Arc::new);
        let views: HashMap<FileId, Arc<FileView>> = files.iter().copied().zip(views).collect();
        let of_name = |units: &UnitSet| {
            let mut by_file: BTreeMap<FileId, Vec<usize>> = BTreeMap::new();
            for (file, place) in units.iter().filter_map(|unit| places.get(&unit)) {
                by_file.entry(*file).or_default().push(*place);
            }
            by_file.into_iter().map(|(file, places)| (views[&file].clone(), places)).collect()
        };
        Ok(units.iter().map(of_name).collect())
    }
}

impl<R> IndexReader<R> {
    /// Returns the names of the jobs.
    pub fn job_names(&self) -> impl Iterator<Item = &JobName> {
        self.meta.jobs.iter().map(|job| &job.job)
    }
}
