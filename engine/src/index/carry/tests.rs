use std::time::Duration;

use super::*;
use crate::fingerprint::Identifier;
use crate::index::build::IndexBuilder;
use crate::kind::IndexKind;
use crate::observation::Observation;
use crate::record::{Health, Outcome, Problem};
use crate::recording::{EnvironmentKey, Origin, Recording, Shard};
use crate::selection::testing::selected;
use crate::time::Timestamp;
use crate::unit::{LineSpan, Unit};
use crate::variable::{VariableName, Variables};

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

/// A file of units written `kind name=version mentions…`: `f` is a function, `i` an item.
fn source(file: &str, units: &[&str]) -> SourceFile {
    let unit = |(line, text): (u32, &&str)| {
        let mut words = text.split(' ');
        let kind = if words.next() == Some("f") { UnitKind::Function } else { UnitKind::Item };
        let (name, version) = words.next().unwrap().split_once('=').unwrap();
        Unit {
            kind,
            name: name.into(),
            lines: LineSpan { start: line, end: line },
            fingerprint: Some(Fingerprint::of(format!("{name}={version}").as_bytes())),
            identifiers: words.map(Identifier::of).collect(),
        }
    };
    SourceFile { path: path(file), blob: None, units: (1..).zip(units).map(unit).collect() }
}

fn test(name: &str, outcome: Outcome, executed: &[(&str, &[u32])]) -> Observation {
    let executed = executed
        .iter()
        .map(|(file, units)| Executed { path: path(file), parts: Parts::Units(units.to_vec()) });
    Observation {
        test: TestKey::new("job".parse().unwrap(), "suite", name),
        role: Role::Test,
        outcome,
        health: if name == "opaque" { Health::OK.with(Problem::Opaque) } else { Health::OK },
        duration: Duration::from_secs(1),
        executed: executed.collect(),
        opened: Vec::new(),
        consulted: match name {
            "a" => vec![consulted("ZONE", Some("utc")), consulted("HOME", None)],
            "b" => vec![consulted("ZONE", Some("utc"))],
            _ => Vec::new(),
        },
    }
}

fn consulted(name: &str, value: Option<&str>) -> Consulted {
    Consulted::new(VariableName::new(name).unwrap(), value.map(str::as_bytes))
}

const A: &[&str] = &["f one=1", "f two=1 one LIMIT", "i LIMIT=1", "f three=1"];
const B: &[&str] = &["f far=1"];

/// `a` executes one, `b` two, `c` three and far; `stray` something of the first file that is in no unit.
fn index() -> Index {
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
    let recording = builder.add_recording(Recording {
        job: "job".parse().unwrap(),
        shard: Shard::WHOLE,
        recorded_at: Timestamp(1),
        commit: "0".repeat(40).parse().unwrap(),
        tree: None,
        branch: None,
        environment: EnvironmentKey::default(),
        tool: "test".to_owned(),
        origin: Origin::Recorded,
        asked_for: None,
    });
    builder.add_file(recording, source("a.rs", A));
    builder.add_file(recording, source("b.rs", B));
    builder.add_compilation(recording, "suite", &[path("a.rs"), path("b.rs")]);
    for observation in [
        test("a", Outcome::Passed, &[("a.rs", &[0])]),
        test("b", Outcome::Passed, &[("a.rs", &[1])]),
        test("c", Outcome::Passed, &[("a.rs", &[3]), ("b.rs", &[0])]),
        test("stray", Outcome::Passed, &[("a.rs", &[STRAY])]),
        test("failed", Outcome::Failed, &[("b.rs", &[0])]),
        test("opaque", Outcome::Passed, &[("b.rs", &[0])]),
    ] {
        builder.observe(recording, observation).unwrap();
    }
    builder.finish()
}

fn carried(files: &[SourceFile]) -> Carried {
    carried_where(files, &Variables::known([("ZONE", "utc")]))
}

fn carried_where(files: &[SourceFile], variables: &Variables) -> Carried {
    let now = files.iter().map(|file| (file.path.clone(), file.clone())).collect();
    let job = "job".parse().unwrap();
    let selection = selected(&index(), &job, &now, variables);
    carry(&index(), &job, &|test| selection.skips(test), &now)
}

/// Returns the tests that are carried over when the first file is as said.
fn check(a: &[&str]) -> Vec<String> {
    names(&carried(&[source("a.rs", a), source("b.rs", B)]))
}

fn names(carried: &Carried) -> Vec<String> {
    carried.tests.iter().map(|test| test.record.key.name.to_string()).collect()
}

#[test]
fn where_nothing_changed_every_proof_holds() {
    assert_eq!(check(A), ["a", "b", "c", "stray"]);
    let again: Vec<String> = carried(&[source("a.rs", A), source("b.rs", B)])
        .again
        .iter()
        .map(|key| key.name.to_string())
        .collect();
    assert_eq!(again, ["failed", "opaque"]);
}

#[test]
fn a_changed_function_concerns_whoever_ran_it_or_what_names_it() {
    assert_eq!(check(&["f one=2", "f two=1 one LIMIT", "i LIMIT=1", "f three=1"]), ["c"]);
    assert_eq!(check(&["f one=1", "f two=1 one LIMIT", "i LIMIT=1", "f three=2"]), ["a", "b"]);
}

#[test]
fn what_is_new_gone_or_no_function_concerns_all_that_was_compiled_with_it() {
    let nobody: [&str; 0] = [];
    assert_eq!(check(&["f one=1", "f two=1 one LIMIT", "i LIMIT=2", "f three=1"]), nobody);
    assert_eq!(check(&["f one=1", "f two=1 one LIMIT", "i LIMIT=1", "f three=1", "f new=1"]), nobody);
    assert_eq!(check(&["f one=1", "f two=1 one LIMIT", "i LIMIT=1"]), nobody);
    assert_eq!(names(&carried(&[source("a.rs", A)])), nobody);
}

#[test]
fn footprints_are_told_in_terms_of_the_present_files() {
    let moved = ["f three=1", "i LIMIT=1", "f two=1 one LIMIT", "f one=1"];
    let carried = carried(&[source("a.rs", &moved), source("b.rs", B)]);
    let units = |name: &str| {
        let test = carried.tests.iter().find(|test| &*test.record.key.name == name).unwrap();
        test.executed.iter().map(|e| (e.path.as_str(), e.parts.clone())).collect::<Vec<_>>()
    };
    assert_eq!(units("a"), [("a.rs", Parts::Units(vec![3]))]);
    assert_eq!(units("c"), [("a.rs", Parts::Units(vec![0])), ("b.rs", Parts::Units(vec![0]))]);
    assert_eq!(units("stray"), [("a.rs", Parts::Units(vec![STRAY]))]);
    assert_eq!(Vec::from_iter(&carried.compiled[&Box::<str>::from("suite")]), [&path("a.rs"), &path("b.rs")]);
}

#[test]
fn who_consulted_a_variable_is_recorded_again_when_it_is_another() {
    let check =
        |variables: &Variables| names(&carried_where(&[source("a.rs", A), source("b.rs", B)], variables));
    assert_eq!(check(&Variables::known([("ZONE", "utc"), ("OTHER", "1")])), ["a", "b", "c", "stray"]);
    assert_eq!(check(&Variables::known([("ZONE", "utc"), ("HOME", "")])), ["b", "c", "stray"]);
    assert_eq!(check(&Variables::known([("ZONE", "cet")])), ["c", "stray"]);
    assert_eq!(check(&Variables::known([("HOME", "utc")])), ["c", "stray"]);
    assert_eq!(check(&Variables::Unknown), ["c", "stray"], "nobody knows is not the same as none is set");

    let carried = carried(&[source("a.rs", A), source("b.rs", B)]);
    assert_eq!(carried.tests[0].consulted, [consulted("HOME", None), consulted("ZONE", Some("utc"))]);
    assert_eq!(carried.tests[2].consulted, []);
}

/// Returns the tests that are carried over from an index in which `a` read `read.rs`, and nobody `data.txt` or
/// `docs.md`, that are there with other contents now. All may have read `schema.sql`.
fn carried_over_blobs(changed: &[&str]) -> Vec<String> {
    let files = ["data.txt", "docs.md", "read.rs", "schema.sql"];
    let listed = |file: &str, blob: char| {
        let blob = Some(blob.to_string().repeat(40).parse().unwrap());
        let whole = Unit {
            kind: UnitKind::File,
            name: "".into(),
            lines: LineSpan { start: 1, end: 1 },
            fingerprint: None,
            identifiers: Vec::new(),
        };
        match file {
            "read.rs" => SourceFile { blob, ..source(file, &["f one=1"]) },
            _ => SourceFile { path: path(file), blob, units: vec![whole] },
        }
    };
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
    let recording = builder.add_recording(index().recordings()[0].clone());
    for file in files {
        builder.add_file(recording, listed(file, 'a'));
    }
    builder.add_read_by_all(recording, &path("schema.sql"));
    for nothing in [path("absent"), crate::tree::listed(), crate::tree::lookups()] {
        builder.add_file(recording, SourceFile { path: nothing, blob: None, units: Vec::new() });
    }
    for (name, opened) in [("a", "read.rs"), ("b", "absent"), ("c", "gone.tmp")] {
        let observation = test(name, Outcome::Passed, &[]);
        let opened = vec![path(opened)];
        builder.observe(recording, Observation { opened, consulted: Vec::new(), ..observation }).unwrap();
    }
    let index = builder.finish();
    let mut now: BTreeMap<RepoPath, SourceFile> = files
        .iter()
        .map(|file| (path(file), listed(file, if changed.contains(file) { 'b' } else { 'a' })))
        .collect();
    now.insert(path("absent"), SourceFile { path: path("absent"), blob: None, units: Vec::new() });
    if changed.contains(&"absent") {
        now.insert(path("absent"), source("absent", &["f one=1"]));
    }
    let job = "job".parse().unwrap();
    let selection = selected(&index, &job, &now, &Variables::Unknown);
    let carried = carry(&index, &job, &|test| selection.skips(test), &now);
    let of_blobs = carried.tests.iter().flat_map(|test| &test.opened);
    assert!(of_blobs.into_iter().all(|path| ["read.rs", "absent"].contains(&path.as_str())));
    names(&carried)
}

#[test]
fn what_nobody_read_concerns_nobody_and_what_all_may_have_read_concerns_all() {
    let nobody: [&str; 0] = [];
    // Of what was opened and is not known, nobody knows whether it is the same.
    assert_eq!(carried_over_blobs(&[]), ["a", "b"]);
    assert_eq!(carried_over_blobs(&["data.txt", "docs.md"]), ["a", "b"]);
    assert_eq!(carried_over_blobs(&["schema.sql"]), nobody);
    // Its units are the same, its comments need not be.
    assert_eq!(carried_over_blobs(&["read.rs"]), ["b"]);
    assert_eq!(carried_over_blobs(&["absent"]), ["a"]);
}

#[test]
fn what_all_tests_of_a_suite_have_in_common_is_told() {
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
    let recording = builder.add_recording(index().recordings()[0].clone());
    builder.add_file(recording, source("a.rs", A));
    for (suite, name, units) in [
        ("suite", "a", &[0_u32, 1, 3][..]),
        ("suite", "b", &[0, 3]),
        ("suite", "opaque", &[0, 2, 3]),
        ("lone", "a", &[1]),
        ("again", "a", &[0]),
    ] {
        let mut observation = test(name, Outcome::Passed, &[("a.rs", units)]);
        observation.test = TestKey::new("job".parse().unwrap(), suite, name);
        builder.observe(recording, observation).unwrap();
    }
    let index = builder.finish();
    // `three` is another now.
    let mut units = A.to_vec();
    units[3] = "f three=2";
    let now: BTreeMap<_, _> = [(path("a.rs"), source("a.rs", &units))].into();
    let is_kept = |key: &TestKey| &*key.name == "b" || &*key.suite == "lone";
    let carried = carry(&index, &"job".parse().unwrap(), &is_kept, &now);
    let told: Vec<_> =
        carried.common.iter().map(|(suite, common)| (&**suite, common[0].parts.clone())).collect();
    assert_eq!(told, [("suite", Parts::Units(vec![0]))]);
}
