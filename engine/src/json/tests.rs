use std::collections::HashMap;

use proptest::prelude::*;

use crate::codec::{decode, encode};
use crate::index::query::{Answer, Cause, ChangedKey, SharedPolicy, impacted};
use crate::record::Problem;
use crate::recording::{EnvironmentKey, Origin, Shard};
use crate::time::Timestamp;
use crate::variable::{Consulted, VariableName, Variables};

use super::*;

fn job(name: &str) -> JobName {
    name.parse().unwrap()
}

fn recording(job: &JobName) -> Recording {
    Recording {
        job: job.clone(),
        shard: Shard::WHOLE,
        recorded_at: Timestamp::UNKNOWN,
        commit: "0".repeat(40).parse().unwrap(),
        tree: None,
        branch: None,
        environment: EnvironmentKey::default(),
        tool: "test".to_owned(),
        origin: Origin::Imported,
        asked_for: None,
    }
}

fn parse(document: &str) -> JsonIndex {
    let mut json = JsonIndex::default();
    json.add(document.as_bytes()).unwrap();
    json
}

fn index_of(document: &str, kind: IndexKind) -> Index {
    parse(document).to_index(kind, KnownKeys::Document, recording).unwrap()
}

/// Returns the tests that run by name, or the cause for which all do.
fn ask(index: &Index, job_name: &str, changes: &[ChangedKey]) -> Result<Vec<String>, String> {
    match impacted(index, &job(job_name), changes, SharedPolicy::Run, &Variables::Unknown) {
        Answer::Everything(cause) => Err(cause.code().to_owned()),
        Answer::Subset(subset) => {
            Ok(subset.run.iter().map(|id| index.tests()[id.index()].key.name.to_string()).collect())
        }
    }
}

fn key(text: &str) -> ChangedKey {
    ChangedKey::Key(RepoPath::new(text).unwrap())
}

fn file(text: &str) -> ChangedKey {
    ChangedKey::File(RepoPath::new(text).unwrap())
}

fn unit(text: &str, name: &str) -> ChangedKey {
    ChangedKey::Unit { file: RepoPath::new(text).unwrap(), name: name.into() }
}

/// The predecessor, as its source has it.
mod predecessor {
    use std::collections::{BTreeMap, BTreeSet};

    use crate::glob::Glob;

    pub(super) type Document = BTreeMap<String, BTreeMap<String, Vec<String>>>;

    fn names(key: &str, changed: &str) -> bool {
        if key.contains(['*', '?', '[']) { Glob::new(key).matches(changed) } else { key == changed }
    }

    pub(super) fn indexed(document: &Document, job: &str) -> BTreeSet<String> {
        let tests = document.get(job).into_iter().flat_map(|keys| keys.values()).flatten();
        tests.filter(|test| *test != "*").cloned().collect()
    }

    /// Whether a change meets a list with `*` in it.
    pub(super) fn runs_all(document: &Document, job: &str, changed: &str) -> bool {
        let keys = document.get(job).into_iter().flatten();
        keys.filter(|(key, _)| names(key, changed)).any(|(_, tests)| tests.iter().any(|test| test == "*"))
    }

    pub(super) fn impacted(document: &Document, job: &str, changes: &[&str]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (key, tests) in document.get(job).into_iter().flatten() {
            if changes.iter().any(|changed| names(key, changed)) {
                found.extend(tests.iter().cloned());
            }
        }
        if found.remove("*") {
            found.extend(indexed(document, job));
        }
        found
    }

    /// Whether any job has a key for what changed, which the predecessor did not ask.
    pub(super) fn knows(document: &Document, changed: &str) -> bool {
        document.values().any(|keys| keys.keys().any(|key| names(key, changed)))
    }
}

const KEYS: [&str; 9] =
    ["pkg/a", "pkg/b", "", "go.mod", "pkg/*", "*.yml", "pkg/[bc]", "app/[[]id]", "pkg/a/[!x]?"];
const CHANGES: [&str; 9] =
    ["pkg/a", "pkg/b", "pkg/c", "", "go.mod", "ci.yml", "app/[id]", "pkg/a/y1", "nowhere"];
const TESTS: [&str; 5] = ["*", "TestA", "TestB", "TestB/sub", "tëst"];

fn any_document() -> impl Strategy<Value = predecessor::Document> {
    let name = |names: &'static [&'static str]| prop::sample::select(names).prop_map(str::to_owned);
    let tests = prop::collection::vec(name(&TESTS), 0..3);
    let keys = prop::collection::btree_map(name(&KEYS), tests, 0..5);
    prop::collection::btree_map(name(&["e2e", "lint", "unit"]), keys, 0..4)
}

fn take_over(document: &predecessor::Document, kind: IndexKind, known: KnownKeys) -> Index {
    parse(&serde_json::to_string(document).unwrap()).to_index(kind, known, recording).unwrap()
}

fn any_kind_of_keys() -> impl Strategy<Value = IndexKind> {
    prop::sample::select(vec![IndexKind::FILE, IndexKind::PACKAGE, IndexKind::PACKAGE.diffed()])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn answers_are_the_predecessors_or_everything(
        document in any_document(),
        changes in prop::collection::vec(prop::sample::select(&CHANGES[..]), 0..4),
        kind in any_kind_of_keys(),
    ) {
        let index = take_over(&document, kind, KnownKeys::Document);
        let keys: Vec<ChangedKey> = changes.iter().map(|change| key(change)).collect();
        let empty = document.keys().all(|job| predecessor::indexed(&document, job).is_empty());
        for name in ["e2e", "lint", "unit", "unknown"] {
            let indexed = predecessor::indexed(&document, name);
            let expected = predecessor::impacted(&document, name, &changes);
            let answer = impacted(&index, &job(name), &keys, SharedPolicy::Run, &Variables::Unknown);
            // What decides first: a key that nobody knows, or one that all tests are listed under.
            let decides = changes.iter().find(|change| {
                !predecessor::knows(&document, change) || predecessor::runs_all(&document, name, change)
            });
            match answer {
                Answer::Subset(subset) => {
                    let names = |set: &TestSet| -> BTreeSet<String> {
                        set.iter().map(|id| index.tests()[id.index()].key.name.to_string()).collect()
                    };
                    prop_assert_eq!(decides, None);
                    prop_assert_eq!(names(&subset.skip), &indexed - &expected);
                    prop_assert_eq!(names(&subset.run), expected);
                }
                Answer::Everything(Cause::EmptyIndex) => prop_assert!(empty),
                Answer::Everything(Cause::UnknownJob { .. }) => prop_assert!(!document.contains_key(name)),
                Answer::Everything(Cause::EmptyJob(_)) => prop_assert!(indexed.is_empty() && document.contains_key(name)),
                Answer::Everything(Cause::UnknownKey(change)) => {
                    prop_assert_eq!(decides.copied(), Some(change.path().as_str()));
                    prop_assert!(!predecessor::knows(&document, change.path().as_str()));
                }
                Answer::Everything(Cause::RunAllRule(change, _)) => {
                    prop_assert_eq!(decides.copied(), Some(change.path().as_str()));
                    prop_assert!(predecessor::runs_all(&document, name, change.path().as_str()));
                }
                Answer::Everything(cause @ Cause::Unreadable(_)) => prop_assert!(false, "{}", cause),
            }
        }
    }

    /// Also where less counts as known, where files are asked for, and in an index of functions.
    #[test]
    fn nothing_is_skipped_that_the_predecessor_runs(
        document in any_document(),
        files in prop::collection::vec(prop::sample::select(vec!["pkg/a/x.go", "pkg/b/y1", "go.mod", "pkg/a", "app/[id]/x", "ci.yml"]), 0..3),
        kind in prop::sample::select(IndexKind::ALL.to_vec()),
        by_job: bool,
    ) {
        let known = if by_job { KnownKeys::Job } else { KnownKeys::Document };
        let index = take_over(&document, kind, known);
        // The predecessor was asked for the files and their folders.
        let mut changes = files.clone();
        if kind.granularity == Granularity::Package {
            changes.extend(files.iter().map(|file| file.rsplit_once('/').map_or("", |(folder, _)| folder)));
        }
        let keys: Vec<ChangedKey> = files.iter().map(|text| file(text)).collect();
        for name in ["e2e", "lint", "unit"] {
            if let Answer::Subset(subset) = impacted(&index, &job(name), &keys, SharedPolicy::Run, &Variables::Unknown) {
                let runs = predecessor::impacted(&document, name, &changes);
                for id in subset.skip.iter() {
                    let test = &*index.tests()[id.index()].key.name;
                    prop_assert!(!runs.contains(test), "{} of {} was skipped", test, name);
                }
            }
        }
    }

    #[test]
    fn documents_come_back(document in any_document(), kind in any_kind_of_keys()) {
        let document = canonical(document);
        let text = serde_json::to_string(&document).unwrap();
        let index = index_of(&text, kind);
        prop_assert_eq!(JsonIndex::from_index(&index).unwrap(), parse(&text));
        prop_assert_eq!(&index_of(std::str::from_utf8(&parse(&text).to_json()).unwrap(), kind), &index);
        prop_assert_eq!(decode(encode(&index).unwrap().as_slice()).unwrap(), index);
    }

    #[test]
    fn functions_come_back(
        entries in prop::collection::btree_set(
            ("[ab%#/*]{1,3}".prop_filter("a path", |text| RepoPath::new(text.as_str()).is_ok()), "[fg#*]{1,2}", 0..3u8),
            1..6,
        ),
    ) {
        let mut json = JsonIndex::default();
        for (path, function, test) in &entries {
            let keys = json.jobs.entry(job("unit")).or_default();
            let key = unit_key(&RepoPath::new(path.as_str()).unwrap(), function);
            keys.entry(key.into()).or_default().insert(format!("t{test}").into());
        }
        let index = json.to_index(IndexKind::FUNCTION, KnownKeys::Document, recording).unwrap();
        prop_assert_eq!(&JsonIndex::from_index(&index).unwrap(), &json);
        for (path, function, _) in &entries {
            let expected: BTreeSet<String> = entries.iter().filter(|other| (&other.0, &other.1) == (path, function)).map(|other| format!("t{}", other.2)).collect();
            let found = ask(&index, "unit", &[unit(path, function)]).unwrap();
            prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
        }
    }
}

/// Keeps a key without tests only where writing an index puts it: once, in the first job that has tests.
fn canonical(mut document: predecessor::Document) -> predecessor::Document {
    let is_path = |key: &str| Glob::literal(key).is_some();
    let mut empty: BTreeSet<String> = BTreeSet::new();
    for keys in document.values_mut() {
        for (key, tests) in keys.iter() {
            empty.extend((tests.is_empty() && is_path(key)).then(|| key.clone()));
        }
        keys.retain(|key, tests| !tests.is_empty() || !is_path(key));
    }
    empty.retain(|key| !document.values().any(|keys| keys.contains_key(key)));
    let with_tests = document.keys().find(|job| !predecessor::indexed(&document, job).is_empty());
    if let Some(first) = with_tests.or(document.keys().next()).cloned() {
        document.get_mut(&first).unwrap().extend(empty.into_iter().map(|key| (key, Vec::new())));
    }
    document
}

#[test]
fn what_repeats_is_united() {
    let twice = parse(r#"{"unit":{"a":["t","t"],"a":["u"]},"unit":{"a":["v"],"b":[]}}"#);
    assert_eq!(twice, parse(r#"{"unit":{"b":[],"a":["u","v","t"]}}"#));
    insta::assert_snapshot!(String::from_utf8(twice.to_json()).unwrap(), @r#"
    {
      "unit": {
        "a": [
          "t",
          "u",
          "v"
        ],
        "b": []
      }
    }
    "#);

    let mut apart = parse(r#"{"unit":{"a":["t","u"]}}"#);
    apart.add(br#"{"unit":{"a":["v"],"b":[]}}"#).unwrap();
    assert_eq!(apart, twice);
}

#[test]
fn bad_documents_are_refused_with_the_thing_named() {
    let refusal = |document: &[u8]| {
        let mut json = JsonIndex::default();
        let taken = json
            .add(document)
            .and_then(|()| json.to_index(IndexKind::FUNCTION, KnownKeys::Document, recording).map(drop));
        taken.expect_err(&String::from_utf8_lossy(document)).to_string()
    };
    let deep = format!(r#"{{"unit":{{"a":{}"#, "[".repeat(500));
    let documents: [&[u8]; 22] = [
        b"",
        b"null",
        b"[]",
        b"7",
        br#"{"unit":[]}"#,
        br#"{"unit":{"a":{}}}"#,
        br#"{"unit":{"a":"t"}}"#,
        br#"{"unit":{"a":[7]}}"#,
        br#"{"unit":{"a":[1e999999]}}"#,
        br#"{"unit":{"a":[null]}}"#,
        br#"{"unit":{"a":["t"]}"#,
        br#"{"unit":{"a":["t"]}} {}"#,
        b"{\"unit\":{\"a\":[\"\xff\"]}}",
        br#"{"unit":{"a":["\ud800"]}}"#,
        deep.as_bytes(),
        br#"{"":{"a":["t"]}}"#,
        br#"{"a\u0007b":{}}"#,
        br#"{"unit":{"/etc/passwd":["t"]}}"#,
        br#"{"unit":{"a/../b":["t"]}}"#,
        br#"{"unit":{"a//b#f":["t"]}}"#,
        br#"{"unit":{"a\u0000":["t"]}}"#,
        br#"{"unit":{"a":["t",""]}}"#,
    ];
    let messages: Vec<String> = documents.iter().map(|document| refusal(document)).collect();
    insta::assert_snapshot!(messages.join("\n").replace('\u{7}', "<bell>").replace('\0', "<nul>"), @r#"
    not an index of the form {job: {key: [test, …]}}: EOF while parsing a value at line 1 column 0
    not an index of the form {job: {key: [test, …]}}: invalid type: null, expected an object with a job for each name at line 1 column 4
    not an index of the form {job: {key: [test, …]}}: invalid type: sequence, expected an object with a job for each name at line 1 column 0
    not an index of the form {job: {key: [test, …]}}: invalid type: integer `7`, expected an object with a job for each name at line 1 column 1
    not an index of the form {job: {key: [test, …]}}: invalid type: sequence, expected an object with a list of tests for each key at line 1 column 8
    not an index of the form {job: {key: [test, …]}}: invalid type: map, expected a list of tests at line 1 column 13
    not an index of the form {job: {key: [test, …]}}: invalid type: string "t", expected a list of tests at line 1 column 16
    not an index of the form {job: {key: [test, …]}}: invalid type: integer `7`, expected a string at line 1 column 15
    not an index of the form {job: {key: [test, …]}}: number out of range at line 1 column 22
    not an index of the form {job: {key: [test, …]}}: invalid type: null, expected a string at line 1 column 18
    not an index of the form {job: {key: [test, …]}}: EOF while parsing an object at line 1 column 19
    not an index of the form {job: {key: [test, …]}}: trailing characters at line 1 column 22
    not an index of the form {job: {key: [test, …]}}: invalid unicode code point at line 1 column 16
    not an index of the form {job: {key: [test, …]}}: unexpected end of hex escape at line 1 column 22
    not an index of the form {job: {key: [test, …]}}: invalid type: sequence, expected a string at line 1 column 14
    not an index of the form {job: {key: [test, …]}}: invalid job name ``: it is empty at line 1 column 3
    not an index of the form {job: {key: [test, …]}}: invalid job name `a<bell>b`: it has a control character at line 1 column 11
    key `/etc/passwd` of job `unit`: `/etc/passwd` is not a path inside the repository: it is absolute
    key `a/../b` of job `unit`: `a/../b` is not a path inside the repository: it has a `.` or `..` segment
    key `a//b#f` of job `unit`: `a//b` is not a path inside the repository: it has an empty segment
    key `a<nul>` of job `unit`: `a<nul>` is not a path inside the repository: it has a NUL
    key `a` of job `unit`: it has a test without a name
    "#);
}

#[test]
fn keys_of_functions_have_escapes() {
    let document = r#"{"unit":{
        "a%23b%25.rs#f": ["t"],
        "a%23b%25.rs#g#h": ["u"],
        "c.rs": ["v"],
        "d%23.rs": ["w"],
        "e.rs#": ["x"], "e.rs#f": ["y"],
        "gen/%23*": ["z"]
    }}"#;
    let index = index_of(document, IndexKind::FUNCTION);
    let run = |change| ask(&index, "unit", &[change]).map(|tests| tests.join(" "));
    assert_eq!(run(unit("a#b%.rs", "f")).unwrap(), "t");
    assert_eq!(run(unit("a#b%.rs", "g#h")).unwrap(), "u");
    assert_eq!(run(unit("a#b%.rs", "new")).unwrap_err(), "unknown-key");
    assert_eq!(run(file("a#b%.rs")).unwrap(), "t u");
    assert_eq!(run(unit("c.rs", "f")).unwrap(), "v", "a file without functions changes as a whole");
    assert_eq!(run(unit("d#.rs", "f")).unwrap(), "w");
    assert_eq!(run(unit("e.rs", "f")).unwrap(), "y");
    assert_eq!(run(unit("e.rs", "")).unwrap(), "x y", "what is outside functions acts on all of the file");
    assert_eq!(run(file("gen/#1.rs")).unwrap(), "z");
    assert_eq!(JsonIndex::from_index(&index).unwrap(), parse(document));
    // The file as a whole is every function of it.
    let both = index_of(r#"{"unit":{"a.rs":["v"],"a.rs#f":["t"],"a.rs#g":[]}}"#, IndexKind::FUNCTION);
    assert_eq!(ask(&both, "unit", &[unit("a.rs", "g")]).unwrap(), ["v"]);
    assert_eq!(ask(&both, "unit", &[unit("a.rs", "f")]).unwrap(), ["t", "v"]);
}

/// The predecessor was asked for the folders of changed files, and `"pkg/schema": ["*"]` ran all.
#[test]
fn a_changed_file_matches_the_rules_for_its_folder() {
    let index = index_of(
        r#"{"e2e":{"pkg/schema":["*"],"pkg/[x-z]":["TestB"],"pkg/x":["TestA"]}}"#,
        IndexKind::PACKAGE,
    );
    assert_eq!(ask(&index, "e2e", &[file("pkg/schema/core.yaml")]).unwrap_err(), "run-all-rule");
    assert_eq!(ask(&index, "e2e", &[file("pkg/x/x.go")]).unwrap(), ["TestA", "TestB"]);
    let universe = index.tests().iter().map(|test| test.key.clone()).collect();
    let changes = [file("pkg/schema/core.yaml")];
    let partition = crate::index::query::partition(
        &[&index],
        &job("e2e"),
        &changes,
        SharedPolicy::Run,
        &Variables::Unknown,
        &universe,
    );
    assert!(partition.skip.is_empty());
}

/// What is exported skips nothing that the index it came from would not.
#[test]
fn what_is_exported_is_no_less_safe() {
    let mut builder = IndexBuilder::new(IndexKind::FILE);
    let [unit_1, unit_2] = ["1/2", "2/2"].map(|shard| {
        builder.add_recording(Recording { shard: shard.parse().unwrap(), ..recording(&job("unit")) })
    });
    let add = |builder: &mut IndexBuilder, recording, path: &str| {
        builder.add_file(recording, source_file(&RepoPath::new(path).unwrap(), &BTreeSet::new()));
    };
    for path in ["a.rs", "b.rs", "data.json"] {
        add(&mut builder, unit_1, path);
    }
    add(&mut builder, unit_2, "b.rs");
    builder.add_compilation(unit_1, "suite", &[RepoPath::new("b.rs").unwrap()]);
    let path = |text: &str| RepoPath::new(text).unwrap();
    let mut observe = |recording, suite: &str, name: &str, change: &dyn Fn(&mut Observation)| {
        let mut observation = Observation {
            test: TestKey::new(job("unit"), suite, name),
            role: Role::Test,
            outcome: Outcome::Passed,
            health: Health::OK,
            duration: Duration::ZERO,
            executed: Vec::new(),
            opened: Vec::new(),
            consulted: Vec::new(),
        };
        change(&mut observation);
        builder.observe(recording, observation).unwrap();
    };
    let executes = |text: &str| Executed { path: path(text), parts: Parts::Whole };
    observe(unit_1, "", "executes", &|test| test.executed = vec![executes("a.rs")]);
    observe(unit_1, "", "opens", &|test| test.opened = vec![path("data.json")]);
    observe(unit_1, "suite", "is compiled", &|_| ());
    observe(unit_1, "", "fails", &|test| test.outcome = Outcome::Failed);
    observe(unit_1, "", "lost", &|test| test.health = Health::OK.with(Problem::ProcessKilled));
    observe(unit_2, "", "other shard", &|_| ());
    observe(unit_2, "", "executes unlisted", &|test| test.executed = vec![executes("gen.rs")]);
    let index = builder.finish();
    let json = JsonIndex::from_index(&index).unwrap();
    insta::assert_snapshot!(String::from_utf8(json.to_json()).unwrap(), @r#"
    {
      "unit": {
        "a.rs": [
          "executes",
          "executes unlisted",
          "other shard"
        ],
        "b.rs": [
          "suite::is compiled"
        ],
        "data.json": [
          "executes unlisted",
          "opens",
          "other shard"
        ],
        "gen.rs": [
          "*",
          "executes unlisted"
        ]
      }
    }
    "#);
    // Of the tests that are in it, each runs that the index runs.
    let back = json.to_index(IndexKind::FILE, KnownKeys::Document, recording).unwrap();
    for change in ["a.rs", "b.rs", "data.json", "gen.rs"] {
        let Ok(left) = ask(&back, "unit", &[file(change)]) else { continue };
        let left: HashMap<_, _> = left.iter().map(|test| (test.as_str(), ())).collect();
        for test in ask(&index, "unit", &[file(change)]).unwrap() {
            let name = if test == "is compiled" { "suite::is compiled" } else { &test };
            let dropped = ["fails", "lost"].contains(&name);
            assert!(dropped || left.contains_key(name), "{name} for {change}");
        }
    }
}

/// There is no place for them in the predecessor's form.
#[test]
fn variables_are_not_exported() {
    let export = |consulted: Vec<Consulted>| {
        let mut builder = IndexBuilder::new(IndexKind::FILE);
        let unit = builder.add_recording(recording(&job("unit")));
        let observation = Observation {
            test: TestKey::new(job("unit"), "", "t"),
            role: Role::Test,
            outcome: Outcome::Passed,
            health: Health::OK,
            duration: Duration::ZERO,
            executed: vec![Executed { path: RepoPath::new("a.rs").unwrap(), parts: Parts::Whole }],
            opened: Vec::new(),
            consulted,
        };
        builder.observe(unit, observation).unwrap();
        let index = builder.finish();
        (index.variables().len(), JsonIndex::from_index(&index).unwrap())
    };
    let (some, with) = export(vec![Consulted::new(VariableName::new("ZONE").unwrap(), Some(b"utc"))]);
    let (none, without) = export(Vec::new());
    assert_eq!((some, none), (1, 0));
    assert_eq!(with, without);
}

#[test]
fn two_tests_of_one_name_cannot_be_told_apart() {
    let mut builder = IndexBuilder::new(IndexKind::FILE);
    let unit = builder.add_recording(recording(&job("unit")));
    for (suite, name) in [("a", "b::c"), ("a::b", "c")] {
        let observation = Observation {
            test: TestKey::new(job("unit"), suite, name),
            role: Role::Test,
            outcome: Outcome::Passed,
            health: Health::OK,
            duration: Duration::ZERO,
            executed: Vec::new(),
            opened: Vec::new(),
            consulted: Vec::new(),
        };
        builder.observe(unit, observation).unwrap();
    }
    let error = JsonIndex::from_index(&builder.finish()).unwrap_err().to_string();
    insta::assert_snapshot!(error, @"job `unit` has two tests that would both be `a::b::c`");
}
