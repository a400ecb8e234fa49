//! The port through which questions are asked of an index, whole in memory or read piece by piece.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::codec::CodecError;
use crate::fingerprint::{Fingerprint, Identifier};
use crate::id::{SetId, TestId, UnitId};
use crate::kind::{Granularity, IndexKind};
use crate::path::RepoPath;
use crate::record::{TestKey, TestRecord};
use crate::recording::Recording;
use crate::test_set::TestSet;
use crate::tree::{BYTES, FOLDER};
use crate::unit::{SourceFile, Unit, UnitKind};

use super::{ExpectedShard, FileRecord, Index, JobTests, Rule, UnitRecord, VariableRecord};

/// What an index can be asked for.
///
/// Lookups come in batches, so that a remote index is asked for all that a step needs at once.
pub trait Evidence: Send + Sync {
    /// Returns the kind.
    fn kind(&self) -> IndexKind;
    /// Returns the recordings, sorted.
    fn recordings(&self) -> &[Recording];
    /// Returns the shards that were said to come, sorted.
    fn expected(&self) -> Vec<ExpectedShard>;
    /// Returns the jobs and where their tests are, sorted by name.
    fn jobs(&self) -> Vec<JobTests>;
    /// Returns the tests whose record can prove that they need not run.
    fn provable(&self) -> TestSet;
    /// Returns the tests that are baseline runs.
    fn baselines(&self) -> TestSet;
    /// Returns the rules, sorted.
    fn rules(&self) -> Result<Vec<Rule>, CodecError>;
    /// Returns the variables that tests consulted, sorted by name and value.
    fn variables(&self) -> Result<Vec<VariableRecord>, CodecError>;
    /// Returns, for each path, the file kept there.
    fn find_files(&self, paths: &[RepoPath]) -> Result<Vec<Option<FileView>>, CodecError>;
    /// Returns the sets that `ids` stand for, in their order.
    fn sets(&self, ids: &[SetId]) -> Result<Vec<Arc<TestSet>>, CodecError>;
    /// Returns the records of `tests`, in order.
    fn tests(&self, tests: &TestSet) -> Result<Vec<TestRecord>, CodecError>;
    /// Returns, for each key, the test with that key.
    fn find_tests(&self, keys: &[&TestKey]) -> Result<Vec<Option<TestId>>, CodecError>;
    /// Returns, for each name, the files with units that mention it, and the places of those units.
    fn mentioning(&self, names: &[Identifier]) -> Result<Vec<Mentioned>, CodecError>;
    /// As [`Evidence::mentioning`], of nothing but some files: what is said of others is not read.
    fn mentioning_in(&self, files: &[&RepoPath], names: &[Identifier]) -> Result<Vec<Mentioned>, CodecError>;
    /// Returns the files without a blob, sorted by path.
    fn unkept(&self) -> Result<Vec<Unkept>, CodecError>;
    /// Returns the files that are wanted. It has to look at all of them.
    fn files_where(&self, is_wanted: &dyn Fn(&FileRecord) -> bool) -> Result<Vec<FileView>, CodecError>;
}

/// The files in which a name is mentioned, and the places of the units that do.
pub type Mentioned = Vec<(Arc<FileView>, Vec<usize>)>;

/// A file without a blob. Git keeps nothing of it, so only comparing it tells whether it is what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unkept {
    /// Where it is.
    pub path: RepoPath,
    /// What was there.
    pub was: Was,
}

/// What was at a path, as far as it is said without units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Was {
    /// A file, or what is not said so shortly: its units have to be asked.
    File,
    /// Nothing.
    Absent {
        /// Whether the recording of any test knew that. To no test anything changed, then, while it is so.
        is_known: bool,
    },
    /// A folder, with what its one unit is recognised by: while that is so, nothing changed to any test.
    Folder(Option<Fingerprint>),
}

impl Unkept {
    /// Returns what is said of a file of an index.
    pub(crate) fn of(file: &FileRecord, units: &[UnitRecord], kind: IndexKind) -> Unkept {
        // In an index of packages changes are told by folders, so nothing is said of single paths.
        let is_told = kind.granularity != Granularity::Package;
        let was = match units {
            [] => Was::Absent { is_known: is_told && file.seen != SetId::EMPTY },
            [unit] if &*unit.name == FOLDER => {
                Was::Folder(unit.fingerprint.filter(|_| is_told && unit.kind == UnitKind::File))
            }
            _ => Was::File,
        };
        Unkept { path: file.path.clone(), was }
    }
}

/// A file of an index with its units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileView {
    /// The file.
    pub file: FileRecord,
    /// Its units.
    pub units: Vec<UnitRecord>,
}

impl FileView {
    /// Returns whether the file is known by its blob alone: what is in it was not looked at.
    pub(crate) fn is_by_blob(&self) -> bool {
        self.file.is_by_blob(&self.units)
    }

    /// Returns whether a file of which every unit is what it was is known to have the very bytes that this one had.
    pub(crate) fn has_bytes_of(&self, now: Option<&SourceFile>) -> bool {
        let (of_bytes, cut): (Vec<&UnitRecord>, Vec<&UnitRecord>) =
            self.units.iter().partition(|unit| &*unit.name == BYTES);
        // A file that is not cut is recognised by its bytes.
        let is_whole = !cut.is_empty() && cut.iter().all(|unit| unit.kind == UnitKind::File);
        let then = match of_bytes[..] {
            [unit] if unit.seen == self.file.seen => unit.fingerprint,
            // Of several versions nobody could say here which one somebody read.
            _ => None,
        };
        let is_of_bytes = |unit: &&Unit| &*unit.name == BYTES;
        let now_bytes = now.and_then(|file| file.units.iter().find(is_of_bytes)?.fingerprint);
        is_whole || self.has_blob_of(now) || then.is_some() && then == now_bytes
    }

    /// Returns whether a file has the very bytes that this one had.
    pub(crate) fn has_blob_of(&self, now: Option<&SourceFile>) -> bool {
        self.file.blob.is_some() && now.is_some_and(|now| now.blob == self.file.blob)
    }
}

impl Evidence for Index {
    fn kind(&self) -> IndexKind {
        self.kind
    }

    fn recordings(&self) -> &[Recording] {
        &self.recordings
    }

    fn expected(&self) -> Vec<ExpectedShard> {
        self.expected.iter().cloned().collect()
    }

    fn jobs(&self) -> Vec<JobTests> {
        Index::jobs(self)
    }

    fn provable(&self) -> TestSet {
        Index::provable(self)
    }

    fn baselines(&self) -> TestSet {
        Index::baselines(self)
    }

    fn rules(&self) -> Result<Vec<Rule>, CodecError> {
        Ok(self.rules.clone())
    }

    fn variables(&self) -> Result<Vec<VariableRecord>, CodecError> {
        Ok(self.variables.clone())
    }

    fn find_files(&self, paths: &[RepoPath]) -> Result<Vec<Option<FileView>>, CodecError> {
        let view = |path: &RepoPath| {
            let (_, file) = self.file(path)?;
            Some(FileView { file: file.clone(), units: self.units_of(file).to_vec() })
        };
        Ok(paths.iter().map(view).collect())
    }

    fn sets(&self, ids: &[SetId]) -> Result<Vec<Arc<TestSet>>, CodecError> {
        Ok(ids.iter().map(|id| Arc::new(self.set(*id).clone())).collect())
    }

    fn tests(&self, tests: &TestSet) -> Result<Vec<TestRecord>, CodecError> {
        Ok(tests.iter().map(|id| self.tests[id.index()].clone()).collect())
    }

    fn find_tests(&self, keys: &[&TestKey]) -> Result<Vec<Option<TestId>>, CodecError> {
        Ok(keys.iter().map(|key| Some(self.test(key)?.0)).collect())
    }

    fn mentioning(&self, names: &[Identifier]) -> Result<Vec<Mentioned>, CodecError> {
        Ok(self.mentioned(self.files(), names))
    }

    fn mentioning_in(&self, files: &[&RepoPath], names: &[Identifier]) -> Result<Vec<Mentioned>, CodecError> {
        let files: BTreeSet<&RepoPath> = files.iter().copied().collect();
        Ok(self.mentioned(files.into_iter().filter_map(|path| Some(self.file(path)?.1)), names))
    }

    fn unkept(&self) -> Result<Vec<Unkept>, CodecError> {
        let without_blob = self.files().iter().filter(|file| file.blob.is_none());
        Ok(without_blob.map(|file| Unkept::of(file, self.units_of(file), self.kind)).collect())
    }

    fn files_where(&self, is_wanted: &dyn Fn(&FileRecord) -> bool) -> Result<Vec<FileView>, CodecError> {
        let wanted = self.files().iter().filter(|file| is_wanted(file));
        Ok(wanted.map(|file| FileView { file: file.clone(), units: self.units_of(file).to_vec() }).collect())
    }
}

impl Index {
    fn mentioned<'f>(
        &self,
        files: impl IntoIterator<Item = &'f FileRecord>,
        names: &[Identifier],
    ) -> Vec<Mentioned> {
        let mut found: Vec<Mentioned> = vec![Vec::new(); names.len()];
        for file in files {
            for (at, name) in names.iter().enumerate() {
                let mentions = |unit: &u32| self.mentions().of(UnitId(*unit)).binary_search(name).is_ok();
                let places: Vec<usize> = file
                    .units
                    .clone()
                    .filter(mentions)
                    .map(|unit| (unit - file.units.start) as usize)
                    .collect();
                if !places.is_empty() {
                    let view = FileView { file: file.clone(), units: self.units_of(file).to_vec() };
                    found[at].push((Arc::new(view), places));
                }
            }
        }
        found
    }
}
