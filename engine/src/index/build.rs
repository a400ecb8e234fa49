//! From observations to an index.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use thiserror::Error;

use crate::id::{JobName, RecordingId, TestId};
use crate::kind::IndexKind;
use crate::observation::{Executed, Observation, Parts, TextRange, normalize_ranges, subtract_ranges};
use crate::path::RepoPath;
use crate::record::{Health, Outcome, Role, TestKey, TestRecord};
use crate::recording::Recording;
use crate::unit::SourceFile;
use crate::variable::Consulted;

use super::intern::SetInterner;
use super::rule::{RuleDraft, RulePattern, normalize_rules};
use super::units::{Assembly, FileDraft, UnitDraft};
use super::variable::{VariableRecord, normalize_variables};
use super::{ExpectedShard, Index};

mod file;
mod footprint;
mod places;

use file::{FileState, grouped_by_key};
use footprint::Layout;
use places::Places;

/// Folds observations into an index, in any order but for baselines, which come first.
#[derive(Debug)]
pub struct IndexBuilder {
    kind: IndexKind,
    recordings: Vec<Recording>,
    expected: BTreeSet<ExpectedShard>,
    tests: Vec<TestDraft>,
    test_numbers: HashMap<TestKey, u32>,
    files: Vec<FileState>,
    file_numbers: HashMap<RepoPath, usize>,
    rules: Vec<BuilderRule>,
    /// The tests that consulted each variable with each value.
    variables: BTreeMap<Consulted, Vec<u32>>,
    baselines: Vec<Baseline>,
}

/// What a builder cannot take.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BuildError {
    /// A test's job is not the one that its recording is of.
    #[error("test `{test}` is of another job than its recording, which is of `{recording}`")]
    WrongJob {
        /// The test.
        test: TestKey,
        /// The recording's job.
        recording: String,
    },
    /// A baseline came after tests, which it should have been subtracted from.
    #[error("baseline `{0}` came after tests were observed; baselines come first")]
    LateBaseline(TestKey),
    /// A baseline was given for a kind that subtracts none.
    #[error("an index of kind `{0}` subtracts no baseline (the diffed kinds do)")]
    NotDiffed(IndexKind),
}

/// The tests that a baseline is subtracted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaselineScope {
    /// Those of its own job.
    Job,
    /// Those of every job.
    AllJobs,
}

#[derive(Debug)]
struct TestDraft {
    key: TestKey,
    outcome: Outcome,
    health: Health,
    duration: Duration,
    role: Role,
    /// Those that it ran in; mostly one.
    recordings: Vec<RecordingId>,
}

#[derive(Debug)]
struct BuilderRule {
    recording: RecordingId,
    pattern: RulePattern,
    all: bool,
    tests: Vec<TestKey>,
    seen_by: Vec<RecordingId>,
}

#[derive(Debug)]
struct Baseline {
    job: Option<JobName>,
    /// By the files' numbers.
    executed: HashMap<usize, Parts>,
}

impl IndexBuilder {
    /// Starts an index.
    pub fn new(kind: IndexKind) -> IndexBuilder {
        IndexBuilder {
            kind,
            recordings: Vec::new(),
            expected: BTreeSet::new(),
            tests: Vec::new(),
            test_numbers: HashMap::new(),
            files: Vec::new(),
            file_numbers: HashMap::new(),
            rules: Vec::new(),
            variables: BTreeMap::new(),
            baselines: Vec::new(),
        }
    }

    /// Adds a recording, whose observations follow. Its job is expected in as many shards as its own says.
    pub fn add_recording(&mut self, recording: Recording) -> RecordingId {
        self.expected.extend(
            recording.shard.siblings().map(|shard| ExpectedShard { job: recording.job.clone(), shard }),
        );
        self.recordings.push(recording);
        RecordingId(self.recordings.len() as u32 - 1)
    }

    /// Adds a shard that will come from elsewhere.
    pub fn expect(&mut self, shard: ExpectedShard) {
        self.expected.insert(shard);
    }

    /// Adds a file that `recording` would have seen executed, had a test executed it.
    ///
    /// Its units must come before observations of it, or what was executed is known by file only. So it is where
    /// recordings list other units than each other.
    pub fn add_file(&mut self, recording: RecordingId, file: SourceFile) {
        let at = self.file_number(&file.path);
        let state = &mut self.files[at];
        let first = state.seen_by.is_empty();
        state.seen_by.insert(recording);
        if !first && state.blob != file.blob {
            state.blob = None;
        }
        if !state.units.is_empty() && !file.units.is_empty() && state.units != file.units {
            state.dispute();
        }
        if state.units.is_empty() {
            let n_units = file.units.len();
            state.layout = Layout::new(&file.units);
            if first {
                state.blob = file.blob;
            }
            state.units = file.units;
            state.own.resize_with(n_units, Vec::new);
            state.shared.resize_with(n_units, Vec::new);
        }
    }

    /// Adds a key of the index as it is kept there: in an index of packages a folder, else a file.
    ///
    /// For evidence that comes by key and without sources; nothing can prove that such a key is unchanged.
    pub fn add_key(&mut self, recording: RecordingId, path: &RepoPath) {
        let at = self.file_number(path);
        self.files[at].is_key = true;
        self.files[at].seen_by.insert(recording);
    }

    /// Adds a file that any test of `recording` may have read.
    pub fn add_read_by_all(&mut self, recording: RecordingId, path: &RepoPath) {
        let at = self.file_number(path);
        self.files[at].read_by.insert(recording);
    }

    /// Adds which files the tests of one suite were compiled from.
    pub fn add_compilation(&mut self, recording: RecordingId, suite: &str, paths: &[RepoPath]) {
        for path in paths {
            let at = self.file_number(path);
            self.files[at].compiled_into.push((recording, suite.into()));
        }
    }

    /// Adds a rule: what a change of any path that `pattern` matches selects in the recording's job.
    ///
    /// `tests` that are never observed are left out. `seen_by` names the recordings that knew of the rule.
    pub fn add_rule(
        &mut self,
        recording: RecordingId,
        pattern: RulePattern,
        all: bool,
        tests: Vec<TestKey>,
        seen_by: Vec<RecordingId>,
    ) {
        self.rules.push(BuilderRule { recording, pattern, all, tests, seen_by });
    }

    /// Adds a baseline run: what it executed is subtracted from every later observation in `scope`.
    ///
    /// It is a test of the index like any other, whose own footprint is whole.
    pub fn add_baseline(
        &mut self,
        recording: RecordingId,
        scope: BaselineScope,
        mut observation: Observation,
    ) -> Result<(), BuildError> {
        if !self.kind.diffed {
            return Err(BuildError::NotDiffed(self.kind));
        }
        if self.tests.iter().any(|test| test.role == Role::Test) {
            return Err(BuildError::LateBaseline(observation.test));
        }
        let job = (scope == BaselineScope::Job).then(|| observation.test.job.clone());
        let executed = self.by_file(observation.executed.clone()).into_iter().collect();
        observation.role = Role::Baseline;
        self.observe(recording, observation)?;
        self.baselines.push(Baseline { job, executed });
        Ok(())
    }

    /// Adds a run of a test. Of several runs of one test the footprints are united; where one passed and
    /// another failed, the test is flaky.
    pub fn observe(&mut self, recording: RecordingId, observation: Observation) -> Result<(), BuildError> {
        let job = &self.recordings[recording.index()].job;
        if *job != observation.test.job {
            return Err(BuildError::WrongJob { test: observation.test, recording: job.to_string() });
        }
        let diffed = self.kind.diffed && observation.role == Role::Test;
        let Observation { test: key, role, outcome, health, duration, executed, opened, consulted } =
            observation;
        let executed = self.by_file(executed);
        let test =
            self.test_number(TestDraft { key, outcome, health, duration, role, recordings: vec![recording] });
        let opened: BTreeSet<usize> = opened.iter().map(|path| self.file_number(path)).collect();
        for file in opened {
            self.files[file].opened.push(test);
        }
        for variable in consulted {
            self.variables.entry(variable).or_default().push(test);
        }
        let job = &self.tests[test as usize].key.job;
        let meant = |baseline: &&Baseline| diffed && baseline.job.as_ref().is_none_or(|of| of == job);
        let baselines: Vec<&Baseline> = self.baselines.iter().filter(meant).collect();
        for (file, parts) in executed {
            let subtract = baselines.iter().filter_map(|baseline| baseline.executed.get(&file));
            self.files[file].execute(test, &parts, &subtract.collect::<Vec<_>>());
        }
        Ok(())
    }

    /// Returns the index of all that was added.
    pub fn finish(self) -> Index {
        let (recordings, recording_ids) = sorted_with_places(self.recordings);
        let (keys, test_ids) = sorted_with_places(self.tests.iter().map(|test| test.key.clone()).collect());
        let mut tests: Vec<Option<TestRecord>> = vec![None; keys.len()];
        let mut several = Vec::new();
        for (test, id) in self.tests.into_iter().zip(&test_ids) {
            let TestDraft { key, outcome, health, duration, role, recordings } = test;
            let ids = recordings.iter().map(|recording| recording_ids[recording.index()]);
            let ids: BTreeSet<u32> = ids.collect();
            let recording = RecordingId(*ids.last().expect("a test ran in some recording"));
            if ids.len() > 1 {
                several.push((TestId(*id), ids));
            }
            tests[*id as usize] = Some(TestRecord { key, outcome, health, duration, role, recording });
        }
        let tests: Vec<TestRecord> = tests.into_iter().flatten().collect();
        let mut assembly = Assembly::new();
        let sets = &mut assembly.sets;
        let places = Places::new(&tests, &test_ids, &recording_ids, several, sets);
        let rules = self.rules.into_iter().map(|rule| {
            let found = rule.tests.iter().filter_map(|key| keys.binary_search(key).ok());
            RuleDraft {
                job: recordings[places.recording(rule.recording) as usize].job.clone(),
                pattern: rule.pattern,
                all: rule.all,
                tests: sets.intern(found.map(|at| TestId(at as u32)).collect()),
                seen: places.tests_of(rule.seen_by.iter().copied(), sets),
            }
        });
        let rules = rules.collect();
        let rules = normalize_rules(rules, sets);
        let variables = self.variables.into_iter().map(|(consulted, tests)| {
            let tests = places.tests(&tests, sets);
            VariableRecord { consulted, tests }
        });
        let variables = variables.collect();
        let variables = normalize_variables(variables, sets);
        for file in grouped_by_key(self.files, self.kind.granularity) {
            let file = file.into_draft(self.kind.granularity, &places, &mut assembly.sets);
            assembly.push(file);
        }
        assembly.into_index(self.kind, recordings, self.expected, tests, rules, variables)
    }

    /// Groups what was executed by file, in order. Files stay apart here even in an index of packages: ranges of
    /// two files must not meet.
    fn by_file(&mut self, executed: Vec<Executed>) -> Vec<(usize, Parts)> {
        let number = |Executed { path, parts }| (self.file_number(&path), parts);
        let mut by_file: Vec<(usize, Parts)> = executed.into_iter().map(number).collect();
        by_file.sort_by_key(|(file, _)| *file);
        by_file.dedup_by(|later, first| {
            let same = later.0 == first.0;
            if same {
                first.1 = footprint::unite(&first.1, &later.1);
            }
            same
        });
        by_file
    }

    fn file_number(&mut self, path: &RepoPath) -> usize {
        if let Some(at) = self.file_numbers.get(path) {
            return *at;
        }
        let at = self.files.len();
        self.file_numbers.insert(path.clone(), at);
        self.files.push(FileState::new(path.clone()));
        at
    }

    fn test_number(&mut self, draft: TestDraft) -> u32 {
        if let Some(number) = self.test_numbers.get(&draft.key) {
            let test = &mut self.tests[*number as usize];
            test.outcome = one_outcome(test.outcome, draft.outcome);
            test.health = test.health.and(draft.health);
            test.duration = test.duration.max(draft.duration);
            for recording in draft.recordings {
                if !test.recordings.contains(&recording) {
                    test.recordings.push(recording);
                }
            }
            return *number;
        }
        let number = self.tests.len() as u32;
        self.test_numbers.insert(draft.key.clone(), number);
        self.tests.push(draft);
        number
    }
}

/// Returns the outcome of two runs of one test, with nothing changed between them.
fn one_outcome(first: Outcome, second: Outcome) -> Outcome {
    match (first.min(second), first.max(second)) {
        (Outcome::Passed, Outcome::Failed | Outcome::TimedOut) => Outcome::Flaky,
        (_, worse) => worse,
    }
}

/// Sorts `items` without repetition, and returns for each place in the original its place in the sorted.
fn sorted_with_places<T: Ord + Clone>(items: Vec<T>) -> (Vec<T>, Vec<u32>) {
    let mut sorted = items.clone();
    sorted.sort();
    sorted.dedup();
    let place = |item: &T| sorted.binary_search(item).expect("every item is among the sorted") as u32;
    let places = items.iter().map(place).collect();
    (sorted, places)
}

#[cfg(test)]
mod tests;
