//! From observations to an index.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use thiserror::Error;

use crate::fingerprint::Fingerprint;
use crate::id::{JobName, ObjectId, RecordingId, TestId};
use crate::kind::{Granularity, IndexKind};
use crate::observation::{Executed, Observation, Parts, TextRange, normalize_ranges, subtract_ranges};
use crate::path::RepoPath;
use crate::record::{Health, Outcome, Role, TestKey, TestRecord};
use crate::recording::Recording;
use crate::test_set::TestSet;
use crate::unit::{LineSpan, SourceFile, UnitKind};

use super::rule::{RuleDraft, RulePattern, normalize_rules};
use super::units::{Assembly, FileDraft, UnitDraft};
use super::{ExpectedShard, Index};

mod footprint;

use footprint::Layout;

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

/// A file as it gathers evidence; tests are in the order in which they came.
#[derive(Debug)]
struct FileState {
    path: RepoPath,
    /// Whether the path is a key of the index already, rather than that of a file.
    is_key: bool,
    blob: Option<ObjectId>,
    units: Vec<crate::unit::Unit>,
    layout: Layout,
    seen_by: BTreeSet<RecordingId>,
    compiled_into: Vec<(RecordingId, Box<str>)>,
    opened: Vec<u32>,
    own: Vec<Vec<u32>>,
    shared: Vec<Vec<u32>>,
    /// Tests that executed something that is in no unit.
    stray: Vec<u32>,
    /// Tests that did, but only as their baseline did.
    stray_shared: Vec<u32>,
    /// Whether recordings list other units than each other. Then nothing that was executed has a place.
    disputed: bool,
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
    executed: HashMap<RepoPath, Parts>,
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
        let executed = self.by_key(&observation.executed);
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
        let executed = self.by_key(&observation.executed);
        let opened: BTreeSet<RepoPath> = observation.opened.iter().cloned().collect();
        let baselines: Vec<HashMap<RepoPath, Parts>> =
            if diffed { self.baselines_of(&observation) } else { vec![] };
        let test = self.test_number(recording, observation);
        for path in opened {
            let at = self.file_number(&path);
            self.files[at].opened.push(test);
        }
        for (path, parts) in executed {
            let subtract: Vec<&Parts> = baselines.iter().filter_map(|baseline| baseline.get(&path)).collect();
            let at = self.file_number(&path);
            self.files[at].execute(test, &parts, &subtract);
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
        let places = Places::new(&tests, &test_ids, &recording_ids, several);

        let mut assembly = Assembly::new();
        for file in grouped_by_key(self.files, self.kind.granularity) {
            assembly.push(file.into_draft(self.kind.granularity, &places));
        }
        let rules = self.rules.into_iter().map(|rule| {
            let found = rule.tests.iter().filter_map(|key| keys.binary_search(key).ok());
            RuleDraft {
                job: recordings[places.recording(rule.recording) as usize].job.clone(),
                pattern: rule.pattern,
                all: rule.all,
                tests: found.map(|at| TestId(at as u32)).collect(),
                seen: places.tests_of(rule.seen_by.iter().copied()),
            }
        });
        let rules = normalize_rules(rules.collect(), &mut assembly.sets);
        assembly.into_index(self.kind, recordings, self.expected, tests, rules)
    }

    /// Groups what was executed by file. Files stay apart here even in an index of packages: ranges of two
    /// files must not meet.
    fn by_key(&self, executed: &[Executed]) -> HashMap<RepoPath, Parts> {
        let mut by_path: HashMap<RepoPath, Parts> = HashMap::new();
        for Executed { path, parts } in executed {
            match by_path.get_mut(path) {
                Some(known) => *known = footprint::unite(known, parts),
                None => drop(by_path.insert(path.clone(), parts.clone())),
            }
        }
        by_path
    }

    fn baselines_of(&self, observation: &Observation) -> Vec<HashMap<RepoPath, Parts>> {
        let meant =
            |baseline: &&Baseline| baseline.job.as_ref().is_none_or(|job| *job == observation.test.job);
        self.baselines.iter().filter(meant).map(|baseline| baseline.executed.clone()).collect()
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

    fn test_number(&mut self, recording: RecordingId, observation: Observation) -> u32 {
        let Observation { test: key, role, outcome, health, duration, .. } = observation;
        if let Some(number) = self.test_numbers.get(&key) {
            let test = &mut self.tests[*number as usize];
            test.outcome = one_outcome(test.outcome, outcome);
            test.health = test.health.and(health);
            test.duration = test.duration.max(duration);
            if !test.recordings.contains(&recording) {
                test.recordings.push(recording);
            }
            return *number;
        }
        let number = self.tests.len() as u32;
        self.test_numbers.insert(key.clone(), number);
        let recordings = vec![recording];
        self.tests.push(TestDraft { key, outcome, health, duration, role, recordings });
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

/// From the order in which things came to the numbers they have in the index.
struct Places<'a> {
    test_ids: &'a [u32],
    recording_ids: &'a [u32],
    by_recording: Vec<TestSet>,
    by_suite: HashMap<(u32, &'a str), TestSet>,
    /// The tests that ran in several recordings, with these.
    several: Vec<(TestId, BTreeSet<u32>)>,
}

impl<'a> Places<'a> {
    fn new(
        tests: &'a [TestRecord],
        test_ids: &'a [u32],
        recording_ids: &'a [u32],
        several: Vec<(TestId, BTreeSet<u32>)>,
    ) -> Self {
        let n_recordings = recording_ids.iter().max().map_or(0, |last| *last as usize + 1);
        let mut by_recording = vec![TestSet::new(); n_recordings];
        let mut by_suite: HashMap<(u32, &str), TestSet> = HashMap::new();
        let newest = tests.iter().enumerate().map(|(at, test)| (TestId(at as u32), test.recording.0));
        let all = several.iter().flat_map(|(id, recordings)| recordings.iter().map(|number| (*id, *number)));
        for (id, recording) in newest.chain(all) {
            by_recording[recording as usize].insert(id);
            let suite = &*tests[id.index()].key.suite;
            by_suite.entry((recording, suite)).or_default().insert(id);
        }
        Places { test_ids, recording_ids, by_recording, by_suite, several }
    }

    fn recording(&self, recording: RecordingId) -> u32 {
        self.recording_ids[recording.index()]
    }

    fn tests(&self, tests: &[u32]) -> TestSet {
        let mut ids: Vec<u32> = tests.iter().map(|test| self.test_ids[*test as usize]).collect();
        ids.sort_unstable();
        ids.dedup();
        TestSet::from_sorted(ids).expect("they are sorted")
    }

    /// Returns the tests that ran in no other than `recordings`.
    fn tests_of(&self, recordings: impl IntoIterator<Item = RecordingId>) -> TestSet {
        let mut set = TestSet::new();
        let numbers: BTreeSet<u32> =
            recordings.into_iter().map(|recording| self.recording(recording)).collect();
        for number in &numbers {
            set.union_with(&self.by_recording[*number as usize]);
        }
        for (id, _) in self.several.iter().filter(|(_, ran_in)| !ran_in.is_subset(&numbers)) {
            set.remove(*id);
        }
        set
    }

    fn tests_of_suites(&self, suites: &[(RecordingId, Box<str>)]) -> TestSet {
        let mut set = TestSet::new();
        for (recording, suite) in suites {
            if let Some(tests) = self.by_suite.get(&(self.recording(*recording), &**suite)) {
                set.union_with(tests);
            }
        }
        set
    }
}

/// Returns the files in the order of their keys; in an index of packages, those of one folder together.
fn grouped_by_key(mut files: Vec<FileState>, granularity: Granularity) -> Vec<KeyState> {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut keys: Vec<KeyState> = files
        .into_iter()
        .map(|file| KeyState {
            path: match granularity {
                Granularity::Package if !file.is_key => file.path.parent().unwrap_or_else(RepoPath::root),
                _ => file.path.clone(),
            },
            files: vec![file],
        })
        .collect();
    keys.sort_by(|a, b| a.path.cmp(&b.path));
    keys.dedup_by(|later, first| {
        let same = first.path == later.path;
        if same {
            first.files.append(&mut later.files);
        }
        same
    });
    keys
}

/// One key of the index with the files that it stands for.
struct KeyState {
    path: RepoPath,
    files: Vec<FileState>,
}

impl KeyState {
    fn into_draft(self, granularity: Granularity, places: &Places<'_>) -> FileDraft {
        let seen_by: BTreeSet<RecordingId> =
            self.files.iter().flat_map(|file| file.seen_by.clone()).collect();
        let mut compiled = TestSet::new();
        let mut opened = TestSet::new();
        for file in &self.files {
            compiled.union_with(&places.tests_of_suites(&file.compiled_into));
            opened.union_with(&places.tests(&file.opened));
        }
        let blob = match self.files.as_slice() {
            [file] if granularity != Granularity::Package => file.blob.clone(),
            _ => None,
        };
        // The recordings of one builder are made together, so any of them may stand for the listing.
        let recording = seen_by.iter().next_back().map_or(0, |last| places.recording(*last));
        let units = match granularity {
            Granularity::Function => {
                self.files.into_iter().flat_map(|file| file.into_units(places)).collect()
            }
            Granularity::File => vec![whole_unit(UnitKind::File, self.files, places)],
            Granularity::Package => vec![whole_unit(UnitKind::Package, self.files, places)],
        };
        FileDraft {
            path: self.path,
            blob,
            recording: RecordingId(recording),
            seen: places.tests_of(seen_by),
            compiled,
            opened,
            units,
        }
    }
}

/// Makes one unit of all that `files` hold.
fn whole_unit(kind: UnitKind, files: Vec<FileState>, places: &Places<'_>) -> UnitDraft {
    let fingerprint = files
        .iter()
        .map(|file| Some((file.path.as_str(), file.fingerprint()?)))
        .collect::<Option<Vec<_>>>()
        .map(Fingerprint::combine);
    let end = files.iter().filter_map(FileState::last_line).max().unwrap_or(1);
    let mut unit = UnitDraft {
        kind,
        name: "".into(),
        fingerprint,
        listed: Some(LineSpan { start: 1, end }),
        identifiers: Vec::new(),
        seen: places.tests_of(files.iter().flat_map(|file| file.seen_by.iter().copied())),
        own: TestSet::new(),
        shared: TestSet::new(),
    };
    for file in files {
        for draft in file.into_units(places) {
            unit.own.union_with(&draft.own);
            unit.shared.union_with(&draft.shared);
        }
    }
    unit
}

impl FileState {
    fn new(path: RepoPath) -> FileState {
        FileState {
            path,
            is_key: false,
            blob: None,
            units: Vec::new(),
            layout: Layout::default(),
            seen_by: BTreeSet::new(),
            compiled_into: Vec::new(),
            opened: Vec::new(),
            own: Vec::new(),
            shared: Vec::new(),
            stray: Vec::new(),
            stray_shared: Vec::new(),
            disputed: false,
        }
    }

    /// Notes that recordings do not agree on the units: nothing says which of them a test executed, or whether
    /// any is unchanged.
    fn dispute(&mut self) {
        self.disputed = true;
        self.blob = None;
        for unit in &mut self.units {
            unit.fingerprint = None;
        }
        self.stray.extend(self.own.iter().flatten());
        self.stray_shared.extend(self.shared.iter().flatten());
    }

    /// Notes that `test` executed `parts`, of which `baselines` executed theirs.
    fn execute(&mut self, test: u32, parts: &Parts, baselines: &[&Parts]) {
        let reach = footprint::reach(parts, baselines, &self.layout, self.units.len());
        for unit in &reach.own {
            self.own[*unit].push(test);
        }
        for unit in &reach.shared {
            self.shared[*unit].push(test);
        }
        let placed_wrongly = |places: &[usize]| self.disputed && !places.is_empty();
        if reach.stray || placed_wrongly(&reach.own) {
            self.stray.push(test);
        } else if reach.stray_shared || placed_wrongly(&reach.shared) {
            self.stray_shared.push(test);
        }
    }

    fn last_line(&self) -> Option<u32> {
        self.units.iter().map(|unit| unit.lines.end).max()
    }

    /// Returns the hash of the whole file, when all of its units are known.
    fn fingerprint(&self) -> Option<Fingerprint> {
        if self.units.is_empty() {
            return None;
        }
        // The place among its namesakes tells apart two units of one name.
        let named =
            self.units.iter().enumerate().map(|(at, unit)| {
                Some((format!("{at} {} {}", unit.kind.name(), unit.name), unit.fingerprint?))
            });
        let named = named.collect::<Option<Vec<_>>>()?;
        Some(Fingerprint::combine(named.iter().map(|(name, fingerprint)| (name.as_str(), *fingerprint))))
    }

    fn into_units(self, places: &Places<'_>) -> Vec<UnitDraft> {
        let seen = places.tests_of(self.seen_by.iter().copied());
        let mut drafts: Vec<UnitDraft> = self
            .units
            .into_iter()
            .zip(self.own.iter().zip(&self.shared))
            .map(|(unit, (own, shared))| UnitDraft {
                kind: unit.kind,
                name: unit.name,
                fingerprint: unit.fingerprint,
                listed: Some(unit.lines),
                identifiers: unit.identifiers,
                seen: seen.clone(),
                own: places.tests(own),
                shared: places.tests(shared),
            })
            .collect();
        if !self.stray.is_empty() || !self.stray_shared.is_empty() {
            drafts.push(UnitDraft {
                kind: UnitKind::Remainder,
                name: "".into(),
                fingerprint: None,
                listed: None,
                identifiers: Vec::new(),
                seen: TestSet::new(),
                own: places.tests(&self.stray),
                shared: places.tests(&self.stray_shared),
            });
        }
        drafts
    }
}

#[cfg(test)]
mod tests;
