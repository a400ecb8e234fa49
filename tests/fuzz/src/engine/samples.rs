//! Indexes to begin with.

use std::collections::BTreeMap;
use std::time::Duration;

use skiptrace_engine::fingerprint::{Fingerprint, Identifier};
use skiptrace_engine::glob::Glob;
use skiptrace_engine::id::JobName;
use skiptrace_engine::index::build::{BaselineScope, IndexBuilder};
use skiptrace_engine::index::{Index, RulePattern};
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::observation::{Executed, Observation, Parts};
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::{Health, Outcome, Problem, Role, TestKey};
use skiptrace_engine::recording::{EnvironmentKey, Origin, Recording, Shard};
use skiptrace_engine::time::Timestamp;
use skiptrace_engine::unit::{LineSpan, SourceFile, Unit, UnitKind};
use skiptrace_engine::variable::{Consulted, VariableName, Variables};

pub fn path(text: &str) -> RepoPath {
    RepoPath::new(text).expect("a path inside the repository")
}

pub fn job(name: &str) -> JobName {
    name.parse().expect("a job's name")
}

pub fn recording(job_name: &str, shard: &str, time: u64) -> Recording {
    Recording {
        job: job(job_name),
        shard: shard.parse().expect("a shard"),
        recorded_at: Timestamp(time),
        commit: format!("{time:040x}").parse().expect("a commit"),
        tree: time.is_multiple_of(2).then(|| format!("{:040x}", time + 1).parse().expect("a tree")),
        branch: (time % 2 == 1).then(|| "main".to_owned()),
        environment: EnvironmentKey { parts: BTreeMap::from([("os".to_owned(), "linux".to_owned())]) },
        tool: "0.1.0".to_owned(),
        origin: if time.is_multiple_of(3) { Origin::Imported } else { Origin::Recorded },
        asked_for: None,
    }
}

pub fn unit(kind: UnitKind, name: &str, start: u32, end: u32) -> Unit {
    Unit {
        kind,
        name: name.into(),
        lines: LineSpan { start, end },
        fingerprint: Some(Fingerprint::of(format!("{name} at {start}").as_bytes())),
        identifiers: vec![Identifier::of(name), Identifier::of("print")],
    }
}

pub fn passed(key: TestKey, executed: Vec<Executed>) -> Observation {
    Observation {
        test: key,
        role: Role::Test,
        outcome: Outcome::Passed,
        health: Health::OK,
        duration: Duration::from_micros(1500),
        executed,
        opened: Vec::new(),
        consulted: Vec::new(),
    }
}

pub fn executed(file: &str, parts: Parts) -> Executed {
    Executed { path: path(file), parts }
}

pub fn consulted(name: &str, value: Option<&str>) -> Consulted {
    let name = VariableName::new(name).expect("a variable's name");
    Consulted::new(name, value.map(str::as_bytes))
}

/// An environment in which some variables are what tests of the samples found, and others are not.
pub fn variables() -> Variables {
    Variables::known([("HOME", "/home/ada"), ("ZONE", "cet"), ("EMPTY", "")])
}

/// The smallest index with something in every section that has to be there: two tests, one file, two functions, a
/// rule.
pub fn tiny() -> Index {
    tiny_where(Vec::new())
}

/// The same, but that its tests consulted two variables.
pub fn tiny_with_variables() -> Index {
    tiny_where(vec![consulted("HOME", Some("/home/ada")), consulted("HOSTNAME", None)])
}

fn tiny_where(consulted: Vec<Consulted>) -> Index {
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
    let unit_job = builder.add_recording(recording("unit", "1/1", 7));
    let units = vec![unit(UnitKind::Function, "add", 1, 3), unit(UnitKind::Function, "subtract", 5, 7)];
    builder.add_file(unit_job, SourceFile { path: path("src/calc.rs"), blob: None, units });
    let key = |name: &str| TestKey::new(job("unit"), "calc", name);
    for (name, part) in [("adds", 0), ("subtracts", 1)] {
        let parts = Parts::Units(vec![part]);
        let mut observation = passed(key(name), vec![executed("src/calc.rs", parts)]);
        observation.consulted.clone_from(&consulted);
        builder.observe(unit_job, observation).expect("a test of the recording's job");
    }
    let pattern = RulePattern::Glob(Glob::new("*.lock"));
    builder.add_rule(unit_job, pattern, true, Vec::new(), vec![unit_job]);
    builder.finish()
}

/// A small index in which everything that the format can say is said.
pub fn rich(kind: IndexKind) -> Index {
    let mut builder = IndexBuilder::new(kind);
    let unit_1 = builder.add_recording(recording("unit", "1/2", 7));
    let unit_2 = builder.add_recording(recording("unit", "2/2", 8));
    let e2e = builder.add_recording(recording("e2e", "1/1", 9));
    for number in 0..6u32 {
        let units = vec![
            unit(UnitKind::Function, &format!("first_{number}"), 1, 9),
            Unit { fingerprint: None, ..unit(UnitKind::Function, "second", 10, 19) },
            unit(UnitKind::Item, "LIMIT", 20, 20),
            unit(UnitKind::Remainder, "", 21, 40),
        ];
        let blob = (number % 2 == 0).then(|| format!("{number:040x}").parse().expect("a blob"));
        let file = SourceFile { path: path(&format!("src/{}/file_{number}.rs", number % 2)), blob, units };
        for recording in [unit_1, unit_2, e2e].into_iter().take(1 + number as usize % 3) {
            builder.add_file(recording, file.clone());
        }
    }
    builder.add_file(e2e, SourceFile { path: path("data/input.json"), blob: None, units: Vec::new() });
    builder.add_compilation(unit_1, "suite", &[path("src/0/file_0.rs"), path("src/1/file_1.rs")]);

    let file = |number: u32| format!("src/{}/file_{number}.rs", number % 2);
    if kind.diffed {
        let parts = vec![executed(&file(2), Parts::Units(vec![0, 2]))];
        let observation = passed(TestKey::new(job("e2e"), "", "starts"), parts);
        builder.add_baseline(e2e, BaselineScope::Job, observation).expect("the kind is diffed");
    }
    for number in 0..12u32 {
        let (recording, name) = [(unit_1, "unit"), (unit_2, "unit"), (e2e, "e2e")][number as usize % 3];
        let suite = if number % 2 == 0 { "suite" } else { "" };
        let mut observation = passed(
            TestKey::new(job(name), suite, format!("test_{number:02}")),
            vec![
                executed(&file(number % 6), Parts::Units(vec![number % 4, 1])),
                executed(&file(2), Parts::Units(vec![0])),
            ],
        );
        match number {
            3 => observation.outcome = Outcome::Failed,
            4 => observation.health = Health::OK.with(Problem::TruncatedProfile),
            5 => observation.executed.push(executed("gen/unplaced.rs", Parts::Whole)),
            6..=8 => observation.opened.push(path("data/input.json")),
            9 => observation.consulted.push(consulted("HOME", Some("/home/ada"))),
            10 => observation.consulted.extend([consulted("HOME", None), consulted("EMPTY", Some(""))]),
            11 => observation.consulted.extend([consulted("ZONE", Some("utc")), consulted("", None)]),
            _ => {}
        }
        observation.duration = Duration::from_millis(u64::from(number) * 300);
        builder.observe(recording, observation).expect("each is a test of its recording's job");
    }
    let some = vec![TestKey::new(job("unit"), "suite", "test_00")];
    let all = vec![unit_1, unit_2, e2e];
    builder.add_rule(unit_1, RulePattern::Glob(Glob::new("docs/*")), false, some, all.clone());
    builder.add_rule(unit_1, RulePattern::Path(path("Cargo.lock")), true, Vec::new(), all.clone());
    builder.add_rule(e2e, RulePattern::Glob(Glob::new("[cC]argo.*")), true, Vec::new(), all);
    builder.finish()
}

/// An index whose sections have several blocks each.
pub fn large() -> Index {
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
    let unit_job = builder.add_recording(recording("unit", "1/1", 7));
    let file = |number: u32| format!("src/module_{:02}/file_{number:03}.rs", number % 20);
    for number in 0..300u32 {
        let units = (0..4).map(|at| {
            let name = format!("function_{number}_{at}");
            Unit {
                fingerprint: (at > 0).then(|| Fingerprint::of(name.as_bytes())),
                identifiers: (0..4).map(|mention| Identifier::of(&format!("{name}_{mention}"))).collect(),
                ..unit(UnitKind::Function, &name, at * 10 + 1, at * 10 + 8)
            }
        });
        let source = SourceFile { path: path(&file(number)), blob: None, units: units.collect() };
        builder.add_file(unit_job, source);
    }
    for number in 0..1300u32 {
        let key = TestKey::new(job("unit"), format!("suite_{}", number % 7), format!("test_{number:04}"));
        let parts =
            |at: u32| executed(&file((number * 7 + at * 11) % 300), Parts::Units(vec![(number + at) % 4]));
        let mut observation = passed(key, (0..12).map(parts).collect());
        // Sets that files name and units do not, a different one for each file.
        observation.opened = (0..16).map(|at| path(&file((number * 13 + at * at * 17) % 300))).collect();
        observation.consulted.push(consulted("HOME", Some("/home/ada")));
        let zone = (number % 9 == 0).then(|| consulted("ZONE", (number % 2 == 0).then_some("utc")));
        observation.consulted.extend(zone);
        builder.observe(unit_job, observation).expect("a test of the recording's job");
    }
    builder.finish()
}

/// All samples but the large one, with names for them.
pub fn all() -> Vec<(String, Index)> {
    let mut samples =
        vec![("tiny".to_owned(), tiny()), ("tiny-with-variables".to_owned(), tiny_with_variables())];
    for kind in IndexKind::ALL {
        samples.push((format!("empty-{kind}"), Index::empty(kind)));
        samples.push((format!("rich-{kind}"), rich(kind)));
    }
    samples
}

/// A shard's name, for the seeds of keys.
pub fn shard(text: &str) -> Shard {
    text.parse().expect("a shard")
}

/// An index with so many tests that its sets take every form: lists, ranges, and bitmaps of all three kinds.
pub fn many_tests() -> Index {
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
    let unit_job = builder.add_recording(recording("unit", "1/1", 8));
    let names = ["all", "every_third", "most", "one", "random"];
    let units = (1u32..).zip(names).map(|(at, name)| unit(UnitKind::Function, name, at, at));
    let source = SourceFile { path: path("a.rs"), blob: None, units: units.collect() };
    builder.add_file(unit_job, source);
    let mut random = super::mutate::Random(1);
    for number in 0..70_000u32 {
        let mut parts = vec![0];
        parts.extend(number.is_multiple_of(3).then_some(1));
        parts.extend((!number.is_multiple_of(1000)).then_some(2));
        parts.extend((number == 69_999).then_some(3));
        parts.extend((random.below(20) == 0).then_some(4));
        let key = TestKey::new(job("unit"), "", format!("test_{number:05}"));
        let executed = vec![executed("a.rs", Parts::Units(parts))];
        builder.observe(unit_job, passed(key, executed)).expect("a test of the recording's job");
    }
    builder.finish()
}
