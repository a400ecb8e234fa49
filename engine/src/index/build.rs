//! From observations to an index.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use thiserror::Error;

use crate::fingerprint::Fingerprint;
use crate::id::{JobName, ObjectId, RecordingId, SetId, TestId};
use crate::kind::{Granularity, IndexKind};
use crate::observation::{Executed, Observation, Parts, TextRange, normalize_ranges, subtract_ranges};
use crate::path::RepoPath;
use crate::record::{Health, Outcome, Role, TestKey, TestRecord};
use crate::recording::Recording;
use crate::test_set::TestSet;
use crate::unit::{LineSpan, SourceFile, UnitKind};

use super::intern::SetInterner;
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
        let Observation { test: key, role, outcome, health, duration, executed, opened } = observation;
        let executed = self.by_file(executed);
        let test =
            self.test_number(TestDraft { key, outcome, health, duration, role, recordings: vec![recording] });
        let opened: BTreeSet<usize> = opened.iter().map(|path| self.file_number(path)).collect();
        for file in opened {
            self.files[file].opened.push(test);
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
        for file in grouped_by_key(self.files, self.kind.granularity) {
            let file = file.into_draft(self.kind.granularity, &places, &mut assembly.sets);
            assembly.push(file);
        }
        assembly.into_index(self.kind, recordings, self.expected, tests, rules)
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

/// From the order in which things came to the numbers they have in the index.
struct Places<'a> {
    test_ids: &'a [u32],
    recording_ids: &'a [u32],
    by_recording: Vec<SetId>,
    by_suite: HashMap<(u32, &'a str), SetId>,
    /// The tests that ran in several recordings, with these.
    several: Vec<(TestId, BTreeSet<u32>)>,
}

impl<'a> Places<'a> {
    fn new(
        tests: &'a [TestRecord],
        test_ids: &'a [u32],
        recording_ids: &'a [u32],
        several: Vec<(TestId, BTreeSet<u32>)>,
        sets: &mut SetInterner,
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
        let mut intern = |tests| sets.intern(tests);
        Places {
            test_ids,
            recording_ids,
            by_recording: by_recording.into_iter().map(&mut intern).collect(),
            by_suite: by_suite.into_iter().map(|(suite, tests)| (suite, intern(tests))).collect(),
            several,
        }
    }

    fn recording(&self, recording: RecordingId) -> u32 {
        self.recording_ids[recording.index()]
    }

    fn tests(&self, tests: &[u32], sets: &mut SetInterner) -> SetId {
        let mut ids: Vec<u32> = tests.iter().map(|test| self.test_ids[*test as usize]).collect();
        ids.sort_unstable();
        ids.dedup();
        sets.intern(TestSet::from_sorted(ids).expect("they are sorted"))
    }

    /// Returns the tests that ran in no other than `recordings`.
    fn tests_of(&self, recordings: impl IntoIterator<Item = RecordingId>, sets: &mut SetInterner) -> SetId {
        let numbers: BTreeSet<u32> =
            recordings.into_iter().map(|recording| self.recording(recording)).collect();
        let tests = numbers.iter().map(|number| self.by_recording[*number as usize]);
        let all = tests.fold(SetId::EMPTY, |all, tests| sets.union(all, tests));
        let elsewhere = self.several.iter().filter(|(_, ran_in)| !ran_in.is_subset(&numbers));
        let elsewhere = sets.intern(elsewhere.map(|(id, _)| *id).collect());
        sets.difference(all, elsewhere)
    }

    fn tests_of_suites(&self, suites: &[(RecordingId, Box<str>)], sets: &mut SetInterner) -> SetId {
        let tests = |(recording, suite): &(RecordingId, Box<str>)| {
            self.by_suite.get(&(self.recording(*recording), &**suite)).copied()
        };
        suites.iter().filter_map(tests).fold(SetId::EMPTY, |all, tests| sets.union(all, tests))
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
    fn into_draft(
        self,
        granularity: Granularity,
        places: &Places<'_>,
        sets: &mut SetInterner,
    ) -> FileDraft<'static> {
        let seen_by: BTreeSet<RecordingId> =
            self.files.iter().flat_map(|file| file.seen_by.clone()).collect();
        let mut compiled = SetId::EMPTY;
        let mut opened = SetId::EMPTY;
        for file in &self.files {
            let (of_file, by_file) =
                (places.tests_of_suites(&file.compiled_into, sets), places.tests(&file.opened, sets));
            compiled = sets.union(compiled, of_file);
            opened = sets.union(opened, by_file);
        }
        let blob = match self.files.as_slice() {
            [file] if granularity != Granularity::Package => file.blob.clone(),
            _ => None,
        };
        // The recordings of one builder are made together, so any of them may stand for the listing.
        let recording = seen_by.iter().next_back().map_or(0, |last| places.recording(*last));
        let units = match granularity {
            Granularity::Function => {
                self.files.into_iter().flat_map(|file| file.into_units(places, sets)).collect()
            }
            Granularity::File => vec![whole_unit(UnitKind::File, self.files, places, sets)],
            Granularity::Package => vec![whole_unit(UnitKind::Package, self.files, places, sets)],
        };
        FileDraft {
            path: self.path,
            blob,
            recording: RecordingId(recording),
            seen: places.tests_of(seen_by, sets),
            compiled,
            opened,
            units,
        }
    }
}

/// Makes one unit of all that `files` hold.
fn whole_unit(
    kind: UnitKind,
    files: Vec<FileState>,
    places: &Places<'_>,
    sets: &mut SetInterner,
) -> UnitDraft<'static> {
    let fingerprint = files
        .iter()
        .map(|file| Some((file.path.as_str(), file.fingerprint()?)))
        .collect::<Option<Vec<_>>>()
        .map(Fingerprint::combine);
    let end = files.iter().filter_map(FileState::last_line).max().unwrap_or(1);
    let mut unit = UnitDraft {
        kind,
        name: Cow::default(),
        fingerprint,
        listed: Some(LineSpan { start: 1, end }),
        identifiers: Cow::default(),
        seen: places.tests_of(files.iter().flat_map(|file| file.seen_by.iter().copied()), sets),
        own: SetId::EMPTY,
        shared: SetId::EMPTY,
    };
    for file in files {
        for draft in file.into_units(places, sets) {
            unit.own = sets.union(unit.own, draft.own);
            unit.shared = sets.union(unit.shared, draft.shared);
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

    fn into_units(self, places: &Places<'_>, sets: &mut SetInterner) -> Vec<UnitDraft<'static>> {
        let seen = places.tests_of(self.seen_by.iter().copied(), sets);
        // Units of one file often share a set, and then the lists that it comes from are equal.
        let mut known: HashMap<&[u32], SetId> = HashMap::new();
        let mut own = Vec::with_capacity(self.units.len());
        for (its_own, its_shared) in self.own.iter().zip(&self.shared) {
            own.push(
                [its_own, its_shared]
                    .map(|tests| *known.entry(tests).or_insert_with(|| places.tests(tests, sets))),
            );
        }
        let mut drafts: Vec<UnitDraft<'_>> = self
            .units
            .into_iter()
            .zip(own)
            .map(|(unit, [own, shared])| UnitDraft {
                kind: unit.kind,
                name: Cow::Owned(unit.name.into()),
                fingerprint: unit.fingerprint,
                listed: Some(unit.lines),
                identifiers: Cow::Owned(unit.identifiers),
                seen,
                own,
                shared,
            })
            .collect();
        if !self.stray.is_empty() || !self.stray_shared.is_empty() {
            drafts.push(UnitDraft {
                kind: UnitKind::Remainder,
                name: Cow::default(),
                fingerprint: None,
                listed: None,
                identifiers: Cow::default(),
                seen: SetId::EMPTY,
                own: places.tests(&self.stray, sets),
                shared: places.tests(&self.stray_shared, sets),
            });
        }
        drafts
    }
}

#[cfg(test)]
mod tests;
