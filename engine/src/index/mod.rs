//! The index: which tests depend on which units, for one commit.
//!
//! An [`Index`] is the whole of it in memory: what [`build`] makes of observations, what [`merge`] makes of
//! several, what [`json`](crate::json) reads and writes. The codec turns it into bytes; questions are asked of
//! either through [`evidence::Evidence`] ([`query`]).
//!
//! An index is always in *normal form*, which makes equal knowledge equal bytes:
//! - tests are sorted by key, files by path, recordings and rules by their order; none repeats;
//! - the units of a file are sorted, and those of one kind, name and fingerprint are one;
//! - a unit that the newest listing of its file does not have is there only while it says something of a test;
//! - a variable is there once with each value that a test found it to have;
//! - each set of tests is there once, numbered in the order in which files and units, rules and variables first
//!   name it.

pub mod build;
pub mod carry;
pub mod depends;
pub mod evidence;
pub(crate) mod intern;
#[cfg(test)]
pub(crate) mod laws;
pub mod merge;
pub mod query;
pub mod rule;
pub(crate) mod units;
pub mod variable;

use std::collections::BTreeSet;
use std::ops::Range;

use crate::fingerprint::{Fingerprint, Identifier};
use crate::id::{CommitId, DenseId, FileId, JobName, ObjectId, RecordingId, SetId, TestId, UnitId};
use crate::kind::IndexKind;
use crate::path::RepoPath;
use crate::record::{Role, TestKey, TestRecord};
use crate::recording::{Recording, Shard};
use crate::test_set::TestSet;
use crate::unit::{LineSpan, SourceFile, Unit, UnitKind};

pub use evidence::Evidence;
pub use rule::{Rule, RulePattern};
pub use variable::VariableRecord;

/// An index in memory, in normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    pub(crate) kind: IndexKind,
    pub(crate) recordings: Vec<Recording>,
    pub(crate) expected: BTreeSet<ExpectedShard>,
    pub(crate) tests: Vec<TestRecord>,
    pub(crate) files: Vec<FileRecord>,
    pub(crate) units: Vec<UnitRecord>,
    pub(crate) mentions: Mentions,
    pub(crate) sets: Vec<TestSet>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) variables: Vec<VariableRecord>,
}

/// A shard that an index says will come, or has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExpectedShard {
    /// The job.
    pub job: JobName,
    /// Which part of it.
    pub shard: Shard,
}

/// A file of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// Where it is. In an index of packages, the folder.
    pub path: RepoPath,
    /// The git blob with the listed content, when one has it.
    pub blob: Option<ObjectId>,
    /// The recording whose listing of the file this is.
    pub recording: RecordingId,
    /// The tests whose recording knew the file, so that not executing it says something.
    pub seen: SetId,
    /// The tests whose binary was compiled from the file.
    pub compiled: SetId,
    /// The tests whose processes opened or listed the file.
    pub opened: SetId,
    /// Its units.
    pub units: Range<u32>,
}

impl FileRecord {
    /// Returns whether the file, which has these units, is known by its blob alone.
    fn is_by_blob(&self, units: &[UnitRecord]) -> bool {
        let is_whole = |unit: &UnitRecord| {
            unit.kind == UnitKind::File
                && unit.fingerprint.is_none()
                && unit.name.is_empty()
                && unit.listed.is_some()
        };
        self.blob.is_some() && matches!(units, [unit] if is_whole(unit))
    }
}

/// A unit of an index, in one version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitRecord {
    /// What it is.
    pub kind: UnitKind,
    /// Its qualified name inside the file.
    pub name: Box<str>,
    /// The hash of its tokens.
    pub fingerprint: Option<Fingerprint>,
    /// Where it stands in the listed version of the file; `None` when that version does not have it.
    pub listed: Option<LineSpan>,
    /// The tests whose recording listed this version, so that not executing it says something.
    ///
    /// To a test of the file that has not seen it the unit is new, whatever other recordings say.
    pub seen: SetId,
    /// The tests that executed it, in the diffed kinds beyond what their baseline did.
    pub own: SetId,
    /// The tests that executed it only as their baseline did. Empty unless the kind is diffed.
    pub shared: SetId,
}

impl UnitRecord {
    /// Returns whether this stands for what tests executed of the file that is in none of its units, or that
    /// nobody could place there. It may be any of them.
    pub fn is_unplaced(&self) -> bool {
        self.kind == UnitKind::Remainder && self.fingerprint.is_none() && self.listed.is_none()
    }
}

/// Which identifiers each unit mentions, unit after unit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mentions {
    /// Where the identifiers of each unit end.
    pub(crate) ends: Vec<u32>,
    pub(crate) identifiers: Vec<Identifier>,
}

impl Mentions {
    /// Adds the next unit's identifiers, which come sorted and without repetition.
    pub(crate) fn push(&mut self, identifiers: &[Identifier]) {
        self.identifiers.extend_from_slice(identifiers);
        self.ends.push(u32::try_from(self.identifiers.len()).expect("fewer than 2^32 mentions in one index"));
    }

    /// Returns the identifiers that `unit` mentions, sorted.
    pub fn of(&self, unit: UnitId) -> &[Identifier] {
        let start = if unit.0 == 0 { 0 } else { self.ends[unit.index() - 1] };
        &self.identifiers[start as usize..self.ends[unit.index()] as usize]
    }

    /// Returns the number of units.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
}

impl Index {
    /// Makes an index that knows nothing.
    pub fn empty(kind: IndexKind) -> Index {
        Index {
            kind,
            recordings: Vec::new(),
            expected: BTreeSet::new(),
            tests: Vec::new(),
            files: Vec::new(),
            units: Vec::new(),
            mentions: Mentions::default(),
            sets: vec![TestSet::new()],
            rules: Vec::new(),
            variables: Vec::new(),
        }
    }

    /// Returns the kind.
    pub fn kind(&self) -> IndexKind {
        self.kind
    }

    /// Returns the commit the index is for: that of its newest recording.
    pub fn commit(&self) -> Option<&CommitId> {
        newest(&self.recordings).map(|recording| &recording.commit)
    }

    /// Returns the recordings, sorted.
    pub fn recordings(&self) -> &[Recording] {
        &self.recordings
    }

    /// Returns the shards that were said to come.
    pub fn expected(&self) -> &BTreeSet<ExpectedShard> {
        &self.expected
    }

    /// Returns the tests, sorted by key.
    pub fn tests(&self) -> &[TestRecord] {
        &self.tests
    }

    /// Returns the files, sorted by path.
    pub fn files(&self) -> &[FileRecord] {
        &self.files
    }

    /// Returns a file as its newest listing has it.
    pub fn source_file(&self, file: &FileRecord) -> SourceFile {
        let unit = |(number, unit): (u32, &UnitRecord)| {
            Some(Unit {
                kind: unit.kind,
                name: unit.name.clone(),
                lines: unit.listed?,
                fingerprint: unit.fingerprint,
                identifiers: self.mentions.of(UnitId(number)).to_vec(),
            })
        };
        let units = file.units.clone().zip(self.units_of(file)).filter_map(unit).collect();
        SourceFile { path: file.path.clone(), blob: file.blob.clone(), units }
    }

    /// Returns the units of `file`, sorted.
    pub fn units_of(&self, file: &FileRecord) -> &[UnitRecord] {
        &self.units[file.units.start as usize..file.units.end as usize]
    }

    /// Returns whether a file is known by its blob alone: what is in it was not looked at.
    pub fn is_by_blob(&self, file: &FileRecord) -> bool {
        file.is_by_blob(self.units_of(file))
    }

    /// Returns the units of all files, file by file.
    pub fn units(&self) -> &[UnitRecord] {
        &self.units
    }

    /// Returns which identifiers each unit mentions.
    pub fn mentions(&self) -> &Mentions {
        &self.mentions
    }

    /// Returns the set that `id` stands for.
    pub fn set(&self, id: SetId) -> &TestSet {
        &self.sets[id.index()]
    }

    /// Returns the number of distinct sets, the empty one included.
    pub fn n_sets(&self) -> usize {
        self.sets.len()
    }

    /// Returns the rules, sorted.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Returns the variables that tests consulted, sorted by name and value.
    pub fn variables(&self) -> &[VariableRecord] {
        &self.variables
    }

    /// Returns the file at `path`.
    pub fn file(&self, path: &RepoPath) -> Option<(FileId, &FileRecord)> {
        let at = self.files.binary_search_by(|file| file.path.cmp(path)).ok()?;
        Some((FileId(at as u32), &self.files[at]))
    }

    /// Returns the test with that key.
    pub fn test(&self, key: &TestKey) -> Option<(TestId, &TestRecord)> {
        let at = self.tests.binary_search_by(|test| test.key.cmp(key)).ok()?;
        Some((TestId(at as u32), &self.tests[at]))
    }

    /// Returns the jobs and where their tests are, sorted by name. A job may have no test.
    pub fn jobs(&self) -> Vec<JobTests> {
        job_tests(&self.recordings, &self.tests)
    }

    /// Returns the tests whose record can prove that they need not run.
    pub fn provable(&self) -> TestSet {
        self.tests_where(TestRecord::can_prove)
    }

    /// Returns the tests that are baseline runs.
    pub fn baselines(&self) -> TestSet {
        self.tests_where(|test| test.role == Role::Baseline)
    }

    /// Drops recordings that nothing is from, but for the newest of each job and shard.
    pub(crate) fn retire_recordings(&mut self) {
        let mut lives = vec![false; self.recordings.len()];
        for test in &self.tests {
            lives[test.recording.index()] = true;
        }
        for file in &self.files {
            lives[file.recording.index()] = true;
        }
        // They are sorted by job, shard and time, so the newest is the one before the next shard's first.
        for (at, recording) in self.recordings.iter().enumerate() {
            let next = self.recordings.get(at + 1);
            lives[at] |= next.is_none_or(|next| (&next.job, next.shard) != (&recording.job, recording.shard));
        }
        let mut next = 0;
        let mut new_ids = Vec::with_capacity(lives.len());
        for lives in &lives {
            new_ids.push(RecordingId(next));
            next += u32::from(*lives);
        }
        for recording in self.tests.iter_mut().map(|test| &mut test.recording) {
            *recording = new_ids[recording.index()];
        }
        for recording in self.files.iter_mut().map(|file| &mut file.recording) {
            *recording = new_ids[recording.index()];
        }
        let mut keep = lives.into_iter();
        self.recordings.retain(|_| keep.next().expect("one for each recording"));
    }

    fn tests_where(&self, holds: impl Fn(&TestRecord) -> bool) -> TestSet {
        let ids = self.tests.iter().enumerate().filter(|(_, test)| holds(test));
        ids.map(|(at, _)| TestId::new(at as u32)).collect()
    }
}

/// Where the tests of one job are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobTests {
    /// The job.
    pub job: JobName,
    /// Its tests.
    pub tests: Range<TestId>,
}

/// Returns the newest recording.
pub(crate) fn newest(recordings: &[Recording]) -> Option<&Recording> {
    recordings.iter().max_by_key(|recording| (recording.recorded_at, *recording))
}

/// Returns where each job's tests are; `tests` is sorted by key.
fn job_tests(recordings: &[Recording], tests: &[TestRecord]) -> Vec<JobTests> {
    let mut names: Vec<&JobName> = recordings.iter().map(|recording| &recording.job).collect();
    names.extend(tests.iter().map(|test| &test.key.job));
    names.sort();
    names.dedup();
    names
        .into_iter()
        .map(|job| {
            let start = tests.partition_point(|test| test.key.job < *job);
            let end = tests.partition_point(|test| test.key.job <= *job);
            JobTests { job: job.clone(), tests: TestId(start as u32)..TestId(end as u32) }
        })
        .collect()
}
