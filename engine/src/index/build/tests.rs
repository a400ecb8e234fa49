use crate::glob::Glob;
use crate::id::DenseId;
use crate::index::merge::merge;
use crate::index::query::{Answer, ChangedKey, Reason, SharedPolicy, impacted};
use crate::observation::Position;
use crate::record::Problem;
use crate::recording::{EnvironmentKey, Origin, Shard};
use crate::test_set::TestSet;
use crate::time::Timestamp;
use crate::unit::Unit;

use crate::fingerprint::Fingerprint;
use crate::unit::{LineSpan, UnitKind};
use crate::variable::{VariableName, Variables};

use super::*;

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn job(name: &str) -> JobName {
    name.parse().unwrap()
}

fn recording(job_name: &str, number: u32) -> Recording {
    Recording {
        job: job(job_name),
        shard: Shard::new(number, 2).unwrap(),
        recorded_at: Timestamp(1),
        commit: "0".repeat(40).parse().unwrap(),
        tree: None,
        branch: None,
        environment: EnvironmentKey::default(),
        tool: "test".to_owned(),
        origin: Origin::Recorded,
        asked_for: None,
    }
}

/// A file with functions from one line to another; a name in capitals makes an item.
fn source(file: &str, units: &[(&str, u32, u32)]) -> SourceFile {
    let unit = |(name, start, end): &(&str, u32, u32)| Unit {
        kind: if name.chars().all(char::is_uppercase) { UnitKind::Item } else { UnitKind::Function },
        name: (*name).into(),
        lines: LineSpan { start: *start, end: *end },
        fingerprint: Some(Fingerprint::of(name.as_bytes())),
        identifiers: Vec::new(),
    };
    SourceFile { path: path(file), blob: None, units: units.iter().map(unit).collect() }
}

/// A run of `job/name` that passed.
fn run(test: &str, executed: &[(&str, Parts)]) -> Observation {
    let (job_name, name) = test.split_once('/').unwrap();
    Observation {
        test: TestKey::new(job(job_name), "suite", name),
        role: Role::Test,
        outcome: Outcome::Passed,
        health: Health::OK,
        duration: Duration::from_secs(1),
        executed: executed
            .iter()
            .map(|(file, parts)| Executed { path: path(file), parts: parts.clone() })
            .collect(),
        opened: Vec::new(),
        consulted: Vec::new(),
    }
}

fn lines(ranges: &[(u32, u32)]) -> Parts {
    Parts::Ranges(ranges.iter().map(|(first, last)| TextRange::lines(*first, *last)).collect())
}

fn columns(line: u32, from: u32, to: u32) -> Parts {
    let at = |column| Position { line, column };
    Parts::Ranges(vec![TextRange { start: at(from), end: at(to) }])
}

/// Writes an index down: for each file its units, each with its own tests and those that share it.
fn show(index: &Index) -> String {
    let names = |set| -> String {
        let tests = index.set(set).iter().map(|id| &*index.tests()[id.index()].key.name);
        tests.collect::<Vec<_>>().join(" ")
    };
    let mut text = String::new();
    for file in index.files() {
        text += &format!("{}: seen [{}]", file.path, names(file.seen));
        for (what, set) in [("compiled", file.compiled), ("opened", file.opened)] {
            if !index.set(set).is_empty() {
                text += &format!(" {what} [{}]", names(set));
            }
        }
        for unit in index.units_of(file) {
            let what = if unit.is_unplaced() { "unplaced" } else { unit.kind.name() };
            text += &format!("\n  {what} `{}` [{}]", unit.name, names(unit.own));
            if !index.set(unit.shared).is_empty() {
                text += &format!(" shared [{}]", names(unit.shared));
            }
        }
        text.push('\n');
    }
    text
}

/// Returns the tests of a job that a change selects, or the cause for which all are.
fn ask(index: &Index, job_name: &str, change: ChangedKey, policy: SharedPolicy) -> String {
    match impacted(index, &job(job_name), &[change], policy, &Variables::Unknown) {
        Answer::Everything(cause) => cause.code().to_owned(),
        Answer::Subset(subset) => {
            let names = subset.run.iter().map(|id| &*index.tests()[id.index()].key.name);
            names.collect::<Vec<_>>().join(" ")
        }
    }
}

fn unit(file: &str, name: &str) -> ChangedKey {
    ChangedKey::Unit { file: path(file), name: name.into() }
}

fn file(name: &str) -> ChangedKey {
    ChangedKey::File(path(name))
}

/// Which units of a file a test reaches, and whether it ran something that is in none.
#[test]
fn parts_reach_units() {
    let layout: &[(&str, u32, u32)] =
        &[("outer", 1, 20), ("inner", 5, 8), ("next", 21, 25), ("same", 25, 25), ("far", 40, 50)];
    #[track_caller]
    fn check(layout: &[(&str, u32, u32)], parts: Parts, expected: &str) {
        let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
        let unit = builder.add_recording(recording("unit", 1));
        builder.add_file(unit, source("a.rs", layout));
        builder.observe(unit, run("unit/t", &[("a.rs", parts)])).unwrap();
        let index = builder.finish();
        let reached = index.units().iter().filter(|unit| !index.set(unit.own).is_empty());
        let names: Vec<&str> =
            reached.map(|unit| if unit.is_unplaced() { "-" } else { &*unit.name }).collect();
        assert_eq!(names.join(" "), expected);
    }
    check(layout, lines(&[(2, 3)]), "outer");
    check(layout, lines(&[(6, 6)]), "inner outer");
    check(layout, lines(&[(8, 21)]), "inner next outer");
    check(layout, lines(&[(25, 25)]), "next same");
    check(layout, lines(&[(26, 39)]), "-");
    check(layout, lines(&[(26, 39), (45, 45)]), "far -");
    check(layout, lines(&[(39, 40)]), "far");
    check(layout, lines(&[(51, 60)]), "-");
    check(layout, lines(&[(1, u32::MAX)]), "far inner next outer same");
    check(layout, lines(&[]), "");
    check(layout, columns(30, 2, 9), "-");
    check(layout, columns(22, 9, 2), "next");
    check(layout, columns(22, 4, 4), "next");
    check(layout, Parts::Units(vec![4, 0, 0]), "far outer");
    check(layout, Parts::Units(vec![5]), "-");
    check(layout, Parts::Units(vec![]), "");
    check(layout, Parts::Whole, "far inner next outer same");
    check(&[], Parts::Whole, "-");
    // Several reports of one file are united; in different terms they are the whole of it.
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
    let unit = builder.add_recording(recording("unit", 1));
    builder.add_file(unit, source("a.rs", layout));
    let both = [("a.rs", lines(&[(2, 3)])), ("a.rs", lines(&[(40, 41)]))];
    builder.observe(unit, run("unit/ranges", &both)).unwrap();
    let mixed = [("a.rs", lines(&[(2, 3)])), ("a.rs", Parts::Units(vec![4]))];
    builder.observe(unit, run("unit/mixed", &mixed)).unwrap();
    insta::assert_snapshot!(show(&builder.finish()), @"
    a.rs: seen [mixed ranges]
      function `far` [mixed ranges]
      function `inner` [mixed]
      function `next` [mixed]
      function `outer` [mixed ranges]
      function `same` [mixed]
    ");
}

/// What nobody could place may be anywhere in the file, and no listing ever makes it unchanged.
#[test]
fn what_is_in_no_unit_is_reached_by_every_change_of_the_file() {
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
    let recording = builder.add_recording(recording("unit", 1));
    builder.observe(recording, run("unit/early", &[("a.rs", lines(&[(2, 2)]))])).unwrap();
    builder.add_file(recording, source("a.rs", &[("f", 1, 9), ("g", 10, 19)]));
    builder.observe(recording, run("unit/f", &[("a.rs", lines(&[(2, 2)]))])).unwrap();
    builder.observe(recording, run("unit/stray", &[("a.rs", lines(&[(99, 99)]))])).unwrap();
    let mut reads = run("unit/reads", &[]);
    reads.opened = vec![path("a.rs")];
    builder.observe(recording, reads).unwrap();
    let index = builder.finish();
    let ask = |change| ask(&index, "unit", change, SharedPolicy::Run);
    assert_eq!(ask(unit("a.rs", "f")), "early f reads stray");
    assert_eq!(ask(unit("a.rs", "g")), "early reads stray");
    assert_eq!(ask(file("a.rs")), "early f reads stray");
    assert!(index.units().iter().filter(|unit| unit.is_unplaced()).all(|unit| unit.fingerprint.is_none()));
}

#[test]
fn keys_are_files_or_folders() {
    let build = |kind| {
        let mut builder = IndexBuilder::new(kind);
        let recording = builder.add_recording(recording("unit", 1));
        for file in ["main.rs", "src/a.rs", "src/b.rs", "src/sub/c.rs"] {
            builder.add_file(recording, source(file, &[("f", 1, 9), ("g", 10, 19)]));
        }
        builder.add_compilation(recording, "suite", &[path("src/b.rs"), path("main.rs")]);
        builder.observe(recording, run("unit/a", &[("src/a.rs", Parts::Units(vec![0]))])).unwrap();
        builder.observe(recording, run("unit/c", &[("src/sub/c.rs", lines(&[(12, 12)]))])).unwrap();
        let mut opens = run("unit/opens", &[]);
        opens.opened = vec![path("src/b.rs"), path("data.json")];
        builder.observe(recording, opens).unwrap();
        builder.finish()
    };
    insta::assert_snapshot!(show(&build(IndexKind::FILE)), @"
    data.json: seen [] opened [opens]
      file `` []
    main.rs: seen [a c opens] compiled [a c opens]
      file `` []
    src/a.rs: seen [a c opens]
      file `` [a]
    src/b.rs: seen [a c opens] compiled [a c opens] opened [opens]
      file `` []
    src/sub/c.rs: seen [a c opens]
      file `` [c]
    ");
    insta::assert_snapshot!(show(&build(IndexKind::PACKAGE)), @"
    .: seen [a c opens] compiled [a c opens] opened [opens]
      package `` []
    src: seen [a c opens] compiled [a c opens] opened [opens]
      package `` [a]
    src/sub: seen [a c opens]
      package `` [c]
    ");
    let packages = build(IndexKind::PACKAGE);
    assert_eq!(ask(&packages, "unit", file("src/sub/new.rs"), SharedPolicy::Run), "c");
    assert_eq!(ask(&packages, "unit", unit("src/sub/c.rs", "f"), SharedPolicy::Run), "c");
    assert_eq!(ask(&packages, "unit", file("other/new.rs"), SharedPolicy::Run), "unknown-key");
    let files = build(IndexKind::FILE);
    assert_eq!(ask(&files, "unit", unit("src/a.rs", "new"), SharedPolicy::Run), "a");
    assert_eq!(ask(&files, "unit", file("src/new.rs"), SharedPolicy::Run), "unknown-key");
    // Nobody listed it, so nobody can say that it was not read.
    assert_eq!(ask(&files, "unit", file("data.json"), SharedPolicy::Run), "unknown-key");
}

/// Ranges of two files of one folder say nothing of each other.
#[test]
fn a_baseline_is_subtracted_file_by_file() {
    let mut builder = IndexBuilder::new(IndexKind::PACKAGE.diffed());
    let recording = builder.add_recording(recording("e2e", 1));
    for file in ["pkg/a.go", "pkg/b.go", "log/l.go"] {
        builder.add_file(recording, source(file, &[("f", 1, 99)]));
    }
    let start = [("pkg/a.go", lines(&[(1, 50)])), ("log/l.go", lines(&[(1, 10)]))];
    builder.add_baseline(recording, BaselineScope::Job, run("e2e/baseline", &start)).unwrap();
    builder.observe(recording, run("e2e/same", &[("pkg/a.go", lines(&[(10, 20)]))])).unwrap();
    builder.observe(recording, run("e2e/other file", &[("pkg/b.go", lines(&[(10, 20)]))])).unwrap();
    builder.observe(recording, run("e2e/more", &[("log/l.go", lines(&[(1, 11)]))])).unwrap();
    insta::assert_snapshot!(show(&builder.finish()), @"
    log: seen [baseline more other file same]
      package `` [baseline more]
    pkg: seen [baseline more other file same]
      package `` [baseline other file] shared [same]
    ");
}

#[test]
fn what_a_baseline_ran_is_a_class_of_its_own() {
    #[track_caller]
    fn check(baseline: Parts, test: Parts, own: &str, shared: &str) {
        let mut builder = IndexBuilder::new(IndexKind::FUNCTION.diffed());
        let recording = builder.add_recording(recording("e2e", 1));
        builder.add_file(recording, source("a.rs", &[("f", 1, 9), ("g", 10, 19)]));
        builder.add_baseline(recording, BaselineScope::Job, run("e2e/base", &[("a.rs", baseline)])).unwrap();
        builder.observe(recording, run("e2e/t", &[("a.rs", test)])).unwrap();
        let index = builder.finish();
        let (t, _) = index.test(&TestKey::new(job("e2e"), "suite", "t")).unwrap();
        let with = |set: fn(&crate::index::UnitRecord) -> crate::id::SetId| {
            let units = index.units().iter().filter(|unit| index.set(set(unit)).contains(t));
            let names = units.map(|unit| if unit.is_unplaced() { "-" } else { &*unit.name });
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!((with(|unit| unit.own).as_str(), with(|unit| unit.shared).as_str()), (own, shared));
    }
    check(lines(&[(1, 9)]), lines(&[(1, 9)]), "", "f");
    check(lines(&[(1, 5)]), lines(&[(1, 9)]), "f", "");
    check(lines(&[(1, 9)]), lines(&[(1, 12)]), "g", "f");
    check(lines(&[(1, 19)]), lines(&[(2, 3), (15, 15)]), "", "f g");
    check(lines(&[(30, 40)]), lines(&[(30, 35)]), "", "-");
    check(lines(&[(30, 40)]), lines(&[(30, 41)]), "-", "");
    check(Parts::Units(vec![0]), Parts::Units(vec![0, 1]), "g", "f");
    // Told in different terms, nothing is taken away; a baseline of the whole file takes all.
    check(Parts::Units(vec![0]), lines(&[(1, 9)]), "f", "");
    check(lines(&[(1, 19)]), Parts::Whole, "f g", "");
    check(Parts::Whole, lines(&[(1, 12)]), "", "f g");
    check(Parts::Whole, Parts::Whole, "", "f g");
    // From an empty range nothing can be taken away.
    check(lines(&[(1, 9)]), columns(5, 3, 3), "f", "");
}

#[test]
fn a_policy_says_what_shared_code_selects() {
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION.diffed());
    let e2e = builder.add_recording(recording("e2e", 1));
    let unit_job = builder.add_recording(recording("unit", 1));
    for recording in [e2e, unit_job] {
        builder.add_file(recording, source("a.rs", &[("start", 1, 9), ("g", 10, 19)]));
    }
    let start = || ("a.rs", Parts::Units(vec![0]));
    builder.add_baseline(e2e, BaselineScope::AllJobs, run("e2e/base", &[start()])).unwrap();
    for name in ["x", "y"] {
        builder.observe(e2e, run(&format!("e2e/{name}"), &[start()])).unwrap();
        builder.observe(unit_job, run(&format!("unit/{name}"), &[start()])).unwrap();
    }
    builder.observe(e2e, run("e2e/g", &[start(), ("a.rs", Parts::Units(vec![1]))])).unwrap();
    let index = builder.finish();
    let select = |job, policy| ask(&index, job, unit("a.rs", "start"), policy);
    assert_eq!(select("e2e", SharedPolicy::Run), "base g x y");
    assert_eq!(select("e2e", SharedPolicy::Baseline), "base");
    assert_eq!(select("unit", SharedPolicy::Run), "x y");
    assert_eq!(
        select("unit", SharedPolicy::Baseline),
        "x y",
        "a job without a baseline run has no other choice"
    );
    assert_eq!(ask(&index, "e2e", unit("a.rs", "g"), SharedPolicy::Baseline), "g");

    let answer =
        impacted(&index, &job("e2e"), &[unit("a.rs", "start")], SharedPolicy::Baseline, &Variables::Unknown);
    let Answer::Subset(subset) = answer else { panic!("{answer:?}") };
    assert_eq!((subset.shared[0].sharing.len(), subset.shared[0].left_out.len()), (3, 3));
    assert!(subset.reasons.iter().any(|(reason, _)| matches!(reason, Reason::Shared(_))));
    let answer =
        impacted(&index, &job("e2e"), &[unit("a.rs", "start")], SharedPolicy::Run, &Variables::Unknown);
    let Answer::Subset(subset) = answer else { panic!("{answer:?}") };
    assert_eq!((subset.shared[0].sharing.len(), subset.shared[0].left_out.len()), (3, 0));
}

#[test]
fn a_baseline_is_of_its_job_or_of_all() {
    let shared_in_unit = |scope| {
        let mut builder = IndexBuilder::new(IndexKind::FUNCTION.diffed());
        let e2e = builder.add_recording(recording("e2e", 1));
        let unit = builder.add_recording(recording("unit", 1));
        builder.add_file(e2e, source("a.rs", &[("f", 1, 9)]));
        builder.add_baseline(e2e, scope, run("e2e/base", &[("a.rs", lines(&[(1, 9)]))])).unwrap();
        builder.observe(unit, run("unit/t", &[("a.rs", lines(&[(1, 9)]))])).unwrap();
        builder.observe(e2e, run("e2e/t", &[("a.rs", lines(&[(1, 9)]))])).unwrap();
        let index = builder.finish();
        index.set(index.units()[0].shared).len()
    };
    assert_eq!(shared_in_unit(BaselineScope::Job), 1);
    assert_eq!(shared_in_unit(BaselineScope::AllJobs), 2);
}

#[test]
fn what_a_builder_cannot_take_it_says() {
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
    let unit = builder.add_recording(recording("unit", 1));
    let mut messages = vec![
        builder.observe(unit, run("e2e/t", &[])).unwrap_err(),
        builder.add_baseline(unit, BaselineScope::Job, run("unit/base", &[])).unwrap_err(),
    ];
    let mut builder = IndexBuilder::new(IndexKind::PACKAGE.diffed());
    let unit = builder.add_recording(recording("unit", 1));
    builder.add_baseline(unit, BaselineScope::Job, run("unit/base", &[])).unwrap();
    builder.add_baseline(unit, BaselineScope::Job, run("unit/another", &[])).unwrap();
    builder.observe(unit, run("unit/t", &[])).unwrap();
    messages.extend([
        builder.add_baseline(unit, BaselineScope::Job, run("unit/late", &[])).unwrap_err(),
        builder.add_baseline(unit, BaselineScope::Job, run("e2e/base", &[])).unwrap_err(),
    ]);
    let messages: Vec<String> = messages.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(messages.join("\n"), @"
    test `e2e: suite::t` is of another job than its recording, which is of `unit`
    an index of kind `function` subtracts no baseline (the diffed kinds do)
    baseline `unit: suite::late` came after tests were observed; baselines come first
    baseline `e2e: suite::base` came after tests were observed; baselines come first
    ");
    let index = builder.finish();
    assert_eq!((index.tests().len(), index.baselines().len()), (3, 2), "nothing is left of what was refused");
}

#[test]
fn runs_of_one_test_are_united() {
    use Outcome::{Failed, Flaky, Passed, Skipped, TimedOut};
    #[track_caller]
    fn check(outcomes: &[Outcome], expected: Outcome) {
        for order in [outcomes.to_vec(), outcomes.iter().rev().copied().collect()] {
            let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
            let recording = builder.add_recording(recording("unit", 1));
            builder.add_file(recording, source("a.rs", &[("f", 1, 9), ("g", 10, 19), ("h", 20, 29)]));
            for (at, outcome) in order.into_iter().enumerate() {
                let mut run = run("unit/t", &[("a.rs", Parts::Units(vec![at as u32]))]);
                run.outcome = outcome;
                run.health = if at == 1 { Health::OK.with(Problem::Opaque) } else { Health::OK };
                run.duration = Duration::from_secs(at as u64);
                builder.observe(recording, run).unwrap();
            }
            let index = builder.finish();
            let [test] = index.tests() else { panic!("one test") };
            assert_eq!(test.outcome, expected);
            assert_eq!(test.duration, Duration::from_secs(outcomes.len() as u64 - 1));
            assert_eq!(test.health.is_ok(), outcomes.len() < 2, "a problem of one run is one of the test");
            let reached = index.units().iter().filter(|unit| !index.set(unit.own).is_empty()).count();
            assert_eq!(reached, outcomes.len());
        }
    }
    check(&[Passed], Passed);
    check(&[Passed, Passed], Passed);
    check(&[Passed, Failed], Flaky);
    check(&[Passed, TimedOut], Flaky);
    check(&[Passed, Passed, Failed], Flaky);
    check(&[Failed, TimedOut], Failed);
    check(&[Passed, Skipped], Skipped);
    check(&[Flaky, Passed], Flaky);
}

#[test]
fn only_whole_passes_prove_anything() {
    for (outcome, health, proves) in [
        (Outcome::Passed, Health::OK, true),
        (Outcome::Passed, Health::OK.with(Problem::NothingExecuted), false),
        (Outcome::Flaky, Health::OK, false),
        (Outcome::Skipped, Health::OK, false),
        (Outcome::TimedOut, Health::OK, false),
        (Outcome::Failed, Health::OK, false),
    ] {
        let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
        let recording = builder.add_recording(recording("unit", 1));
        builder.add_file(recording, source("a.rs", &[("f", 1, 9)]));
        builder.observe(recording, Observation { outcome, health, ..run("unit/t", &[]) }).unwrap();
        let selected = ask(&builder.finish(), "unit", unit("a.rs", "f"), SharedPolicy::Run);
        assert_eq!(selected.is_empty(), proves, "{outcome:?} {health:?}");
    }
}

#[test]
fn who_compiled_or_opened_a_file_depends_on_it() {
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
    let recording = builder.add_recording(recording("unit", 1));
    builder.add_file(recording, source("a.rs", &[("f", 1, 9), ("LIMIT", 10, 10)]));
    builder.add_file(recording, source("data.json", &[]));
    builder.add_compilation(recording, "suite", &[path("a.rs")]);
    builder.add_compilation(recording, "no such suite", &[path("data.json")]);
    for (name, suite, opened) in
        [("compiled", "suite", "data.json"), ("opens", "other", "a.rs"), ("none", "other", "b")]
    {
        let mut observation = run(&format!("unit/{name}"), &[]);
        observation.test.suite = suite.into();
        observation.opened = vec![path(opened)];
        builder.observe(recording, observation).unwrap();
    }
    let index = builder.finish();
    let ask = |change| ask(&index, "unit", change, SharedPolicy::Run);
    assert_eq!(ask(unit("a.rs", "f")), "opens");
    assert_eq!(ask(unit("a.rs", "LIMIT")), "opens compiled");
    assert_eq!(ask(file("a.rs")), "opens compiled");
    assert_eq!(ask(file("data.json")), "compiled");
    assert_eq!(ask(unit("a.rs", "new")), "unknown-key", "a unit that no recording has seen");
    assert_eq!(ask(unit("data.json", "f")), "unknown-key", "a unit that nobody listed there");
}

#[test]
fn who_consulted_a_variable_depends_on_it() {
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
    let recording = builder.add_recording(recording("unit", 1));
    builder.add_file(recording, source("a.rs", &[("f", 1, 9)]));
    let consulted =
        |name: &str, value: Option<&[u8]>| Consulted::new(VariableName::new(name).unwrap(), value);
    for (name, variables) in [
        ("none", vec![]),
        ("set", vec![consulted("ZONE", Some(b"utc"))]),
        ("unset", vec![consulted("HOME", None)]),
        ("both", vec![consulted("ZONE", Some(b"utc")), consulted("HOME", None)]),
        // It ran twice, and found different things.
        ("torn", vec![consulted("ZONE", Some(b"utc"))]),
        ("torn", vec![consulted("ZONE", Some(b"cet"))]),
    ] {
        let run = Observation { consulted: variables, ..run(&format!("unit/{name}"), &[]) };
        builder.observe(recording, run).unwrap();
    }
    let index = builder.finish();
    let ask = |variables: &Variables| {
        let answer = impacted(&index, &job("unit"), &[unit("a.rs", "f")], SharedPolicy::Run, variables);
        let Answer::Subset(subset) = answer else { panic!("{answer:?}") };
        let tests = |set: &TestSet| -> String {
            let names = set.iter().map(|id| &*index.tests()[id.index()].key.name);
            names.collect::<Vec<_>>().join(" ")
        };
        let reasons = subset.reasons.iter().map(|(reason, set)| match reason {
            Reason::Variable(name) => format!("{name}: {}\n", tests(set)),
            Reason::UnknownVariable(name) => format!("{name}, unknown: {}\n", tests(set)),
            other => format!("{other:?}: {}\n", tests(set)),
        });
        reasons.collect::<String>() + "skipped: " + &tests(&subset.skip)
    };
    insta::assert_snapshot!(ask(&Variables::known([("ZONE", "utc"), ("OTHER", "1")])), @r"
    ZONE: torn
    skipped: both none set unset
    ");
    insta::assert_snapshot!(ask(&Variables::known([("ZONE", "cet")])), @r"
    ZONE: both set torn
    skipped: none unset
    ");
    insta::assert_snapshot!(ask(&Variables::known([("ZONE", "utc"), ("HOME", "")])), @r"
    HOME: both unset
    ZONE: torn
    skipped: none set
    ");
    insta::assert_snapshot!(ask(&Variables::known([("ZONE", "")])), @r"
    ZONE: both set torn
    skipped: none unset
    ");
    insta::assert_snapshot!(ask(&Variables::Unknown), @r"
    HOME, unknown: both unset
    ZONE, unknown: both set torn
    skipped: none
    ");
}

#[test]
fn rules_select_for_their_job_and_make_paths_known() {
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
    let e2e = builder.add_recording(recording("e2e", 1));
    let unit_1 = builder.add_recording(recording("unit", 1));
    let unit_2 = builder.add_recording(recording("unit", 2));
    let glob = |text| RulePattern::Glob(Glob::new(text));
    let tests = |names: &[&str]| names.iter().map(|name| run(name, &[]).test).collect::<Vec<_>>();
    builder.add_rule(e2e, glob("docs/*"), false, tests(&["e2e/a", "e2e/never ran"]), vec![e2e, unit_1]);
    builder.add_rule(e2e, glob("*.lock"), true, vec![], vec![e2e]);
    builder.add_rule(
        unit_1,
        RulePattern::Path(path("Makefile")),
        false,
        tests(&["unit/a"]),
        vec![unit_1, unit_2],
    );
    builder.add_rule(unit_2, RulePattern::Path(path("Makefile")), false, tests(&["unit/b"]), vec![]);
    for (recording, name) in
        [(e2e, "e2e/a"), (e2e, "e2e/b"), (unit_1, "unit/a"), (unit_2, "unit/b"), (unit_1, "unit/c")]
    {
        builder.observe(recording, run(name, &[])).unwrap();
    }
    let index = builder.finish();
    let ask = |job, change| ask(&index, job, file(change), SharedPolicy::Run);
    assert_eq!(ask("e2e", "docs/a/b.md"), "a");
    assert_eq!(ask("unit", "docs/a/b.md"), "b", "the second shard does not know the rule");
    assert_eq!(ask("e2e", "x/Cargo.lock"), "run-all-rule");
    assert_eq!(ask("unit", "x/Cargo.lock"), "unknown-key");
    assert_eq!(ask("unit", "Makefile"), "a b", "two rules for one path are one");
    assert_eq!(ask("e2e", "Makefile"), "unknown-key");
    assert_eq!(index.rules().len(), 3);
}

#[test]
fn jobs_without_tests_are_known_and_empty() {
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
    let unit_job = builder.add_recording(recording("unit", 1));
    builder.add_recording(recording("lint", 2));
    builder.add_file(unit_job, source("a.rs", &[("f", 1, 9)]));
    builder.observe(unit_job, run("unit/t", &[])).unwrap();
    builder.expect(ExpectedShard { job: job("bench"), shard: Shard::WHOLE });
    let index = builder.finish();
    let jobs: Vec<_> = index.jobs().into_iter().map(|known| (known.job.to_string(), known.tests)).collect();
    assert_eq!(jobs, [("lint".into(), TestId(0)..TestId(0)), ("unit".into(), TestId(0)..TestId(1))]);
    assert_eq!(ask(&index, "lint", file("a.rs"), SharedPolicy::Run), "empty-job");
    assert_eq!(ask(&index, "bench", file("a.rs"), SharedPolicy::Run), "unknown-job");
    let expected: Vec<String> =
        index.expected().iter().map(|shard| format!("{} {}", shard.job, shard.shard)).collect();
    assert_eq!(expected, ["bench 1/1", "lint 1/2", "lint 2/2", "unit 1/2", "unit 2/2"]);
}

/// A test is recorded again where a file has another version: each test keeps the version that it ran.
#[test]
fn versions_of_a_unit_are_kept_apart() {
    let build = |time: u64, version: &str, name: &str| {
        let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
        let recording =
            builder.add_recording(Recording { recorded_at: Timestamp(time), ..recording("unit", 1) });
        let mut file = source("a.rs", &[("f", 1, 9), ("g", 10, 19)]);
        file.units[0].fingerprint = Some(Fingerprint::of(version.as_bytes()));
        builder.add_file(recording, file);
        builder.observe(recording, run(name, &[("a.rs", Parts::Units(vec![0]))])).unwrap();
        builder.finish()
    };
    let merged = merge(&[&build(1, "old", "unit/x"), &build(2, "new", "unit/y")]).unwrap();
    let versions: Vec<_> = merged.units().iter().filter(|unit| &*unit.name == "f").collect();
    assert_eq!(versions.len(), 2);
    for unit in versions {
        assert_eq!(merged.set(unit.own).len(), 1);
        assert_eq!(merged.set(unit.seen), merged.set(unit.own));
        let new = unit.fingerprint == Some(Fingerprint::of(b"new"));
        assert_eq!(unit.listed.is_some(), new, "only the newest listing says where things are");
    }
    assert_eq!(ask(&merged, "unit", unit("a.rs", "f"), SharedPolicy::Run), "x y");
    assert_eq!(ask(&merged, "unit", unit("a.rs", "g"), SharedPolicy::Run), "");
}

/// Recordings of one builder should list a file alike. Where they do not, no test is taken for another's.
#[test]
fn where_listings_differ_nothing_has_a_place() {
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
    let unit_1 = builder.add_recording(recording("unit", 1));
    let unit_2 = builder.add_recording(recording("unit", 2));
    builder.add_file(unit_1, source("a.rs", &[("f", 1, 9), ("g", 10, 19)]));
    builder.add_file(unit_1, source("b.rs", &[("f", 1, 9), ("g", 10, 19)]));
    builder.observe(unit_1, run("unit/x", &[("a.rs", Parts::Units(vec![0]))])).unwrap();
    builder.add_file(unit_2, source("a.rs", &[("g", 1, 9), ("f", 10, 19)]));
    builder.add_file(unit_2, source("b.rs", &[("f", 1, 9), ("g", 10, 19)]));
    builder.observe(unit_2, run("unit/y", &[("a.rs", Parts::Units(vec![0]))])).unwrap();
    builder.observe(unit_2, run("unit/z", &[("b.rs", Parts::Units(vec![0]))])).unwrap();
    let index = builder.finish();
    for (name, expected) in [("f", "x y"), ("g", "x y"), ("new", "unknown-key")] {
        assert_eq!(ask(&index, "unit", unit("a.rs", name), SharedPolicy::Run), expected, "{name}");
    }
    let (_, disputed) = index.file(&path("a.rs")).unwrap();
    assert!(index.units_of(disputed).iter().all(|unit| unit.fingerprint.is_none()));
    assert_eq!(ask(&index, "unit", unit("b.rs", "f"), SharedPolicy::Run), "z");
    assert_eq!(ask(&index, "unit", unit("b.rs", "g"), SharedPolicy::Run), "");
}

/// A test that ran in two recordings has seen what both know, and depends on what it did in either.
#[test]
fn a_test_of_two_recordings_needs_a_proof_from_both() {
    let build = |order: [usize; 2]| {
        let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
        let recordings = [1, 2].map(|number| builder.add_recording(recording("unit", number)));
        for (file, known_to) in [("one.rs", 0..1), ("two.rs", 1..2), ("both.rs", 0..2)] {
            for recording in &recordings[known_to] {
                builder.add_file(*recording, source(file, &[("f", 1, 9)]));
            }
        }
        builder.add_compilation(recordings[1], "suite", &[path("both.rs")]);
        for at in order {
            builder.observe(recordings[at], run("unit/twice", &[])).unwrap();
        }
        builder.observe(recordings[0], run("unit/once", &[])).unwrap();
        builder.finish()
    };
    let index = build([0, 1]);
    assert_eq!(build([1, 0]), index);
    let ask = |change| ask(&index, "unit", change, SharedPolicy::Run);
    assert_eq!(ask(unit("one.rs", "f")), "twice");
    assert_eq!(ask(unit("two.rs", "f")), "unknown-key");
    assert_eq!(ask(unit("both.rs", "f")), "");
    assert_eq!(ask(file("both.rs")), "twice");
}

#[test]
fn the_order_of_observations_does_not_matter() {
    let names = ["b", "a", "c"];
    let build = |order: &[usize]| {
        let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
        let recordings =
            [recording("unit", 2), recording("unit", 1)].map(|recording| builder.add_recording(recording));
        for recording in recordings {
            builder.add_file(recording, source("a.rs", &[("f", 1, 9), ("g", 10, 19)]));
        }
        for at in order {
            let parts = Parts::Units(vec![*at as u32 % 2]);
            let observation = run(&format!("unit/{}", names[*at]), &[("a.rs", parts)]);
            builder.observe(recordings[*at % 2], observation).unwrap();
        }
        builder.finish()
    };
    let index = build(&[0, 1, 2]);
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        assert_eq!(build(&order), index);
    }
    assert!(index.tests().is_sorted_by_key(|test| &test.key));
    assert!(index.provable().iter().map(DenseId::number).eq(0..3));
}
