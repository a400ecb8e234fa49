//! The predecessor's form of an index: `{"job": {"key": ["test", …]}}`, as JSON.
//!
//! A key is a folder or a file. A key with `*`, `?` or `[` in it is a pattern ([`Glob`]), but for one in which each
//! of these stands between brackets: that is the path without the brackets. In an index of functions a key may
//! also be `file#function`, or `file#` for what is outside all functions; `%` and `#` in the file, or in a key
//! that is only a file or a pattern, are `%25` and `%23`. The test `*` stands for every test of the job. There is no more in it: no outcomes, no fingerprints, no commit.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use thiserror::Error;

use crate::glob::Glob;
use crate::id::{JobName, SetId, TestId};
use crate::index::build::IndexBuilder;
use crate::index::{FileRecord, Index, JobTests, RulePattern, UnitRecord};
use crate::kind::{Granularity, IndexKind};
use crate::observation::{Executed, Observation, Parts};
use crate::path::RepoPath;
use crate::record::{Health, Outcome, Role, TestKey};
use crate::recording::Recording;
use crate::test_set::TestSet;
use crate::unit::{LineSpan, SourceFile, Unit, UnitKind};

/// What stands for every test of a job.
const ALL_TESTS: &str = "*";

/// Documents in the predecessor's form, united: job → key → tests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JsonIndex {
    jobs: BTreeMap<JobName, BTreeMap<Box<str>, BTreeSet<Box<str>>>>,
}

/// Which keys count as known to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KnownKeys {
    /// Those of every job of the documents: one coverage run saw them all.
    #[default]
    Document,
    /// Those of the job itself.
    Job,
}

/// Why a document cannot be taken over.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JsonError {
    /// It is not JSON, or of another shape.
    #[error("not an index of the form {{job: {{key: [test, …]}}}}: {0}")]
    Shape(String),
    /// A key is neither a path nor a pattern.
    #[error("key `{key}` of job `{job}`: {reason}")]
    Key {
        /// The job.
        job: JobName,
        /// The key.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Two tests would have the same name in JSON, where there are no suites.
    #[error("job `{job}` has two tests that would both be `{name}`")]
    SameName {
        /// The job.
        job: JobName,
        /// The name.
        name: String,
    },
}

impl JsonIndex {
    /// Adds a document. A job, key or test that is there twice is united.
    pub fn add(&mut self, document: &[u8]) -> Result<(), JsonError> {
        let mut deserializer = serde_json::Deserializer::from_slice(document);
        JobsSeed(self).deserialize(&mut deserializer).and_then(|()| deserializer.end()).map_err(shape)
    }

    /// Writes the document: sorted, two blanks deep, as the predecessor does.
    pub fn to_json(&self) -> Vec<u8> {
        let jobs: BTreeMap<&str, _> = self.jobs.iter().map(|(job, keys)| (job.as_str(), keys)).collect();
        let mut bytes = serde_json::to_vec_pretty(&jobs).expect("all of it can be written as JSON");
        bytes.push(b'\n');
        bytes
    }

    /// Returns the jobs.
    pub fn jobs(&self) -> impl Iterator<Item = &JobName> {
        self.jobs.keys()
    }

    /// Makes an index of it. `recording` says for each job what else an index wants to know.
    ///
    /// The documents tell no outcomes; their makers index what passed, and so every test counts as passed.
    pub fn to_index(
        &self,
        kind: IndexKind,
        known: KnownKeys,
        recording: impl Fn(&JobName) -> Recording,
    ) -> Result<Index, JsonError> {
        let mut builder = IndexBuilder::new(kind);
        let recordings: BTreeMap<&JobName, _> =
            self.jobs.keys().map(|job| (job, builder.add_recording(recording(job)))).collect();
        let keys = self.parse_keys(kind)?;

        // 1. Which jobs know which keys.
        let mut files: BTreeMap<&RepoPath, (BTreeSet<NamedUnit<'_>>, BTreeSet<&JobName>)> = BTreeMap::new();
        for key in &keys {
            if let Key::Unit(path, unit) = &key.key {
                let (units, jobs) = files.entry(path).or_default();
                units.insert(named_unit(unit.as_deref()));
                match known {
                    KnownKeys::Document => jobs.extend(self.jobs.keys()),
                    KnownKeys::Job => drop(jobs.insert(key.job)),
                }
            }
        }
        for (path, (units, jobs)) in &files {
            for job in jobs {
                let recording = recordings[job];
                builder.add_key(recording, path);
                if kind.granularity == Granularity::Function {
                    builder.add_file(recording, source_file(path, units));
                }
            }
        }

        // 2. Which tests name which keys.
        let mut tests: BTreeMap<TestKey, Vec<Executed>> = BTreeMap::new();
        for ParsedKey { job, key, names } in &keys {
            let own: Vec<TestKey> = names
                .iter()
                .filter(|name| &***name != ALL_TESTS)
                .map(|name| TestKey::new((*job).clone(), "", name.clone()))
                .collect();
            let all = own.len() < names.len();
            let pattern = match key {
                Key::Pattern(glob) => Some(RulePattern::Glob(glob.clone())),
                Key::Unit(path, _) if all => Some(RulePattern::Path(path.clone())),
                Key::Unit(..) => None,
            };
            if let Some(pattern) = pattern {
                let knowing = match known {
                    KnownKeys::Document => recordings.values().copied().collect(),
                    KnownKeys::Job => vec![recordings[job]],
                };
                let tests = if matches!(key, Key::Pattern(_)) { own.clone() } else { Vec::new() };
                builder.add_rule(recordings[job], pattern, all, tests, knowing);
            }
            for test in own {
                let executed = tests.entry(test).or_default();
                if let Key::Unit(path, unit) = key {
                    let parts = if kind.granularity == Granularity::Function {
                        let named = named_unit(unit.as_deref());
                        let place = files[path].0.iter().position(|unit| *unit == named);
                        Parts::Units(vec![place.expect("every key's unit is one of its file") as u32])
                    } else {
                        Parts::Whole
                    };
                    executed.push(Executed { path: path.clone(), parts });
                }
            }
        }
        for (test, executed) in tests {
            let recording = recordings[&test.job];
            let observation = Observation {
                test,
                role: Role::Test,
                outcome: Outcome::Passed,
                health: Health::OK,
                duration: Duration::ZERO,
                executed,
                opened: Vec::new(),
                consulted: Vec::new(),
            };
            builder.observe(recording, observation).expect("each test was given the recording of its job");
        }
        Ok(builder.finish())
    }

    /// Takes what this form can hold out of an index, so that whoever reads it skips no test that the index would
    /// not.
    ///
    /// A test whose record proves nothing is left out: readers run what they do not find. Who was compiled from a
    /// file, or opened it, is there as if it had executed it. A test that does not know a key which its job knows
    /// is there under it. A key that the index knows and no test reaches is there once, without tests. The tests
    /// that share code with their baseline are left out, as in the predecessor. What environment a test ran in, and
    /// which variables it consulted, has no place here: whoever reads this has to see to it that they are the same.
    pub fn from_index(index: &Index) -> Result<JsonIndex, JsonError> {
        let mut json = JsonIndex::default();
        let provable = index.provable();
        let mut names: BTreeMap<TestId, Box<str>> = BTreeMap::new();
        let mut taken: BTreeSet<(&JobName, Box<str>)> = BTreeSet::new();
        for id in provable.iter() {
            let key = &index.tests()[id.index()].key;
            let name: Box<str> = key.qualified_name().into();
            if !taken.insert((&key.job, name.clone())) {
                return Err(JsonError::SameName { job: key.job.clone(), name: name.into() });
            }
            names.insert(id, name);
        }
        let jobs = index.jobs();
        for job in &jobs {
            json.jobs.entry(job.job.clone()).or_default();
        }
        // A path that a rule names is there for the rule's sake already.
        let ruled: BTreeSet<&RepoPath> = index
            .rules()
            .iter()
            .filter_map(|rule| match &rule.pattern {
                RulePattern::Path(path) => Some(path),
                RulePattern::Glob(_) => None,
            })
            .collect();
        let mut add = |job: &JobName, key: &str, test: Option<&str>| {
            let tests = json.jobs.entry(job.clone()).or_default().entry(key.into()).or_default();
            tests.extend(test.map(Box::from));
        };
        let granularity = index.kind().granularity;
        for file in index.files() {
            for (key, Reached { tests, seen }) in reached_by_key(index, file) {
                let mut named = false;
                for job in &jobs {
                    let all = TestSet::range(job.tests.start..job.tests.end);
                    let mut own = tests.intersection(&all);
                    let unseen = all.difference(&seen);
                    if unseen != all {
                        own.union_with(&unseen);
                    } else if !own.is_empty() {
                        // Something reaches what the job knows nothing of, so anything may.
                        add(&job.job, &key, Some(ALL_TESTS));
                        named = true;
                    }
                    for test in own.intersection(&provable).iter() {
                        add(&job.job, &key, Some(&names[&test]));
                        named = true;
                    }
                }
                if !named && !ruled.contains(&file.path) {
                    let sees =
                        |job: &&JobTests| seen.iter().next().is_some_and(|test| job.tests.contains(&test));
                    if let Some(job) = jobs.iter().find(sees).or(jobs.first()) {
                        add(&job.job, &key, None);
                    }
                }
            }
        }
        for rule in index.rules() {
            let key = match &rule.pattern {
                RulePattern::Path(path) => path_key(path, granularity),
                RulePattern::Glob(glob) => escape(glob.as_str(), granularity),
            };
            add(&rule.job, &key, rule.all.then_some(ALL_TESTS));
            for test in index.set(rule.tests).intersection(&provable).iter() {
                add(&rule.job, &key, Some(&names[&test]));
            }
        }
        Ok(json)
    }

    fn parse_keys(&self, kind: IndexKind) -> Result<Vec<ParsedKey<'_>>, JsonError> {
        let mut parsed = Vec::new();
        for (job, keys) in &self.jobs {
            for (key, names) in keys {
                let error =
                    |reason: String| JsonError::Key { job: job.clone(), key: key.to_string(), reason };
                if names.iter().any(|name| name.is_empty()) {
                    return Err(error("it has a test without a name".to_owned()));
                }
                parsed.push(ParsedKey { job, key: parse_key(key, kind).map_err(error)?, names });
            }
        }
        Ok(parsed)
    }
}

struct ParsedKey<'a> {
    job: &'a JobName,
    key: Key,
    names: &'a BTreeSet<Box<str>>,
}

enum Key {
    Unit(RepoPath, Option<Box<str>>),
    Pattern(Glob),
}

fn parse_key(key: &str, kind: IndexKind) -> Result<Key, String> {
    let path = |text: &str| RepoPath::new(text).map_err(|error| error.to_string());
    let functions = kind.granularity == Granularity::Function;
    if functions && let Some((file, unit)) = key.split_once('#') {
        return Ok(Key::Unit(path(&unescape(file))?, Some(unit.into())));
    }
    let key = if functions { unescape(key) } else { key.to_owned() };
    match Glob::literal(&key) {
        Some(text) => Ok(Key::Unit(path(&text)?, None)),
        None => Ok(Key::Pattern(Glob::new(&key))),
    }
}

/// Returns the key of a file or folder as a whole.
fn path_key(path: &RepoPath, granularity: Granularity) -> String {
    escape(&Glob::escape(path.as_str()), granularity)
}

fn unit_key(path: &RepoPath, unit: &str) -> String {
    format!("{}#{unit}", escape(path.as_str(), Granularity::Function))
}

/// Writes what stands before the `#` of a key, or for all of it, so that it has no `#` itself.
fn escape(text: &str, granularity: Granularity) -> String {
    match granularity {
        Granularity::Function => text.replace('%', "%25").replace('#', "%23"),
        Granularity::File | Granularity::Package => text.to_owned(),
    }
}

fn unescape(text: &str) -> String {
    text.replace("%23", "#").replace("%25", "%")
}

/// What an index says of one key.
#[derive(Default)]
struct Reached {
    tests: TestSet,
    seen: TestSet,
}

/// Returns the keys of a file with the tests that a change of each reaches.
fn reached_by_key(index: &Index, file: &FileRecord) -> BTreeMap<String, Reached> {
    let granularity = index.kind().granularity;
    let units = index.units_of(file);
    let union = |sets: &mut dyn Iterator<Item = SetId>| {
        sets.fold(TestSet::new(), |mut union, set| {
            union.union_with(index.set(set));
            union
        })
    };
    let mut keys: BTreeMap<String, Reached> = BTreeMap::new();
    let mut add = |key: String, tests: &TestSet, seen: SetId| {
        let reached = keys.entry(key).or_default();
        reached.tests.union_with(tests);
        reached.seen.union_with(index.set(seen));
    };
    if granularity != Granularity::Function {
        let sets = units.iter().map(|unit| unit.own).chain([file.compiled, file.opened]);
        add(path_key(&file.path, granularity), &union(&mut sets.into_iter()), file.seen);
        return keys;
    }
    // 1. The file as a whole: who opened it, and who executed nobody knows what of it.
    let stands_for_all = |unit: &&UnitRecord| unit.is_unplaced() || unit.kind == UnitKind::File;
    let whole = union(&mut units.iter().filter(stands_for_all).map(|unit| unit.own).chain([file.opened]));
    let is_listed_whole = units.iter().any(|unit| unit.kind == UnitKind::File);
    let has_no_other_key = units.is_empty() && index.set(file.compiled).is_empty();
    if !whole.is_empty() || is_listed_whole || has_no_other_key {
        add(path_key(&file.path, granularity), &whole, file.seen);
    }
    // 2. What is in it. Coverage sees the change of a function; anything else acts on all of the file.
    let compiled = index.set(file.compiled);
    if !compiled.is_empty() {
        add(unit_key(&file.path, ""), compiled, file.seen);
    }
    for unit in units.iter().filter(|unit| !stands_for_all(unit)) {
        let tests = match unit.kind {
            UnitKind::Item => union(&mut units.iter().map(|unit| unit.own).chain([file.compiled])),
            _ => index.set(unit.own).clone(),
        };
        add(unit_key(&file.path, &unit.name), &tests, unit.seen);
    }
    keys
}

/// A unit as a key names it.
type NamedUnit<'a> = (UnitKind, &'a str);

/// Returns the unit that a key means: a function, what is outside of functions, or the file as a whole.
fn named_unit(name: Option<&str>) -> NamedUnit<'_> {
    match name {
        None => (UnitKind::File, ""),
        Some("") => (UnitKind::Remainder, ""),
        Some(name) => (UnitKind::Function, name),
    }
}

/// Makes a file of the functions that a document names in it; where they stand nobody knows.
fn source_file(path: &RepoPath, units: &BTreeSet<NamedUnit<'_>>) -> SourceFile {
    let unit = |(kind, name): &NamedUnit<'_>| Unit {
        kind: *kind,
        name: (*name).into(),
        lines: LineSpan::UNKNOWN,
        fingerprint: None,
        identifiers: Vec::new(),
    };
    SourceFile { path: path.clone(), blob: None, units: units.iter().map(unit).collect() }
}

fn shape(error: serde_json::Error) -> JsonError {
    JsonError::Shape(error.to_string())
}

/// Reads the outer object into an index, uniting what repeats: the plain maps of serde would forget it.
struct JobsSeed<'a>(&'a mut JsonIndex);
/// Reads the keys of one job.
struct KeysSeed<'a>(&'a mut BTreeMap<Box<str>, BTreeSet<Box<str>>>);
/// Reads the tests of one key.
struct TestsSeed<'a>(&'a mut BTreeSet<Box<str>>);

impl<'de> DeserializeSeed<'de> for JobsSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for JobsSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a job for each name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(job) = map.next_key::<String>()? {
            let job: JobName = job.parse().map_err(A::Error::custom)?;
            map.next_value_seed(KeysSeed(self.0.jobs.entry(job).or_default()))?;
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for KeysSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for KeysSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a list of tests for each key")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Box<str>>()? {
            map.next_value_seed(TestsSeed(self.0.entry(key).or_default()))?;
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for TestsSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for TestsSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of tests")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(test) = seq.next_element::<Box<str>>()? {
            self.0.insert(test);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
