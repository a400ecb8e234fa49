//! Selections of small indexes, seen.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::fingerprint::{Fingerprint, Identifier};
use crate::index::Index;
use crate::index::build::IndexBuilder;
use crate::kind::IndexKind;
use crate::observation::{Executed, Observation, Parts};
use crate::reach::{Among, Arrival, Edit, Ordered, Reach, Weighed};
use crate::record::{Health, Outcome, Problem};
use crate::recording::{EnvironmentKey, Origin, Shard};
use crate::time::Timestamp;
use crate::tree;
use crate::unit::{LineSpan, Unit, UnitKind};

mod files;
mod names;
mod unexecuted;

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

/// A file of units written `kind name=head/body mentions…`: `f` is a function, `i` an item, which has no body.
fn source(file: &str, units: &[&str]) -> SourceFile {
    let unit = |(line, text): (u32, &&str)| {
        let mut words = text.split(' ');
        let is_function = words.next() == Some("f");
        let (name, version) = words.next().unwrap().split_once('=').unwrap();
        let (head, body) = version.split_once('/').unwrap_or((version, ""));
        Unit {
            kind: if is_function { UnitKind::Function } else { UnitKind::Item },
            name: name.into(),
            lines: LineSpan { start: line, end: line },
            fingerprint: Some(Fingerprint::of_function(head.as_bytes(), body.as_bytes())),
            identifiers: {
                let mut identifiers: Vec<Identifier> = words.map(Identifier::of).collect();
                identifiers.sort_unstable();
                identifiers
            },
        }
    };
    SourceFile { path: path(file), blob: None, units: (1..).zip(units).map(unit).collect() }
}

/// Names are what they are called; `any…` cannot be trusted, `use…` brings methods into its file, `own…` is known in
/// its file alone. Whoever embeds takes up files below `pages/`.
struct Toy;

impl Language for Toy {
    fn arrival(&self, file: &SourceFile) -> Arrival {
        match file.path.as_str() {
            "build.toy" => Arrival::Everything,
            text if text.starts_with("pages/") => {
                let is_page = |path: &RepoPath| path.as_str().starts_with("pages/");
                Arrival::Whoever(vec![Among::Files(Box::new(is_page))])
            }
            _ => Arrival::Whoever(vec![Among::Mentioning(Identifier::of("lists_folders"))]),
        }
    }

    fn brings_in(&self, _: &RepoPath, name: &str) -> Option<(Vec<RepoPath>, Identifier)> {
        let name = name.strip_prefix("any_mod_")?;
        Some((vec![path(&format!("{name}.toy"))], Identifier::of(name)))
    }

    fn is_apart(&self, _: &RepoPath, unit: &Unit) -> bool {
        unit.name.starts_with("apart")
    }

    fn marks_of_caller(&self) -> Vec<Vec<Identifier>> {
        vec![vec![Identifier::of("who_calls")]]
    }

    fn marks_of_macro(&self) -> Vec<Identifier> {
        vec![Identifier::of("LINE")]
    }

    fn macro_name(&self, _: &RepoPath, _: UnitKind, name: &str) -> Option<Identifier> {
        name.starts_with("macro_").then(|| Identifier::of(name))
    }

    fn marks_of_everywhere(&self) -> Vec<Identifier> {
        vec![Identifier::of("sees_all")]
    }

    fn mark_of_evaluation(&self) -> Identifier {
        Identifier::of("evaluates")
    }

    fn mark_of_glob(&self) -> Identifier {
        Identifier::of("takes_all")
    }

    fn marks_of_inclusion(&self) -> Vec<Identifier> {
        vec![Identifier::of("includes")]
    }

    fn mark_of_holder(&self, _: &RepoPath, name: &str) -> Option<Identifier> {
        Some(Identifier::of(&format!("holder_{name}")))
    }

    fn opens_module(&self, _: &RepoPath, name: &str) -> bool {
        name.ends_with("mod_below")
    }

    fn is_code(&self, file: &RepoPath) -> bool {
        file.as_str().ends_with(".toy")
    }

    fn ordered(&self, _: &RepoPath, _: UnitKind, name: &str) -> Option<Ordered> {
        let acts = name.starts_with("acts_");
        let is_variable = acts || name.starts_with("var_");
        (is_variable || name.starts_with("ord_")).then(|| Ordered {
            names: vec![Identifier::of(name)],
            is_variable,
            is_member: name.starts_with("ord_member"),
            acts,
        })
    }

    fn weighed(&self, _: &RepoPath) -> Option<Weighed> {
        Some(Weighed { by: vec![Identifier::of("Weight")], only: Some(Identifier::of("hidden")) })
    }

    fn reach(&self, _: &RepoPath, kind: UnitKind, name: &str, edit: Edit) -> Reach {
        let names = vec![Identifier::of(name)];
        match (kind, edit) {
            (UnitKind::Function, Edit::Body) if name.starts_with("const") => Reach::Values(names),
            (UnitKind::Function, Edit::Body) => Reach::Nobody,
            _ if name.starts_with("any") => Reach::Compiled,
            _ if name.starts_with("use") => {
                let module = if name.ends_with("inside") { "inner" } else { "" }.into();
                Reach::Scope { names, module, is_public: name.ends_with("public") }
            }
            _ if name.starts_with("own") => Reach::NamesInFile(names),
            _ if name.contains("private") => {
                let module = if name.starts_with("inner") { "inner" } else { "" }.into();
                Reach::NamesInModule { names, module }
            }
            _ if name == "Made" => Reach::Made { names, layout: vec![Identifier::of("Size")] },
            _ if name.starts_with("both") => {
                Reach::Both { first: names, also: vec![Identifier::of("Shape")] }
            }
            _ if name == "asked" => Reach::IfAsked {
                method: Identifier::of("asked"),
                then: Box::new(Reach::Names(names)),
                otherwise: Box::new(Reach::Nobody),
            },
            _ if name.starts_with("perhaps") => Reach::If {
                mentioned: Identifier::of("mark"),
                within: path("src"),
                then: Box::new(Reach::Names(names)),
                otherwise: Box::new(Reach::Nobody),
            },
            _ => Reach::Names(names),
        }
    }
}

const A: &[&str] = &[
    "f one=1/1",
    "f two=1/1 one LIMIT",
    "i LIMIT=1",
    "i Shape=1 LIMIT",
    "f three=1/1 Shape",
    "i use_it=1",
    "i own_it=1",
    "f four=1/1 own_it",
];
const B: &[&str] = &["f far=1/1 own_it", "i any_macro=1 LIMIT"];

fn recording() -> Recording {
    Recording {
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
    }
}

/// Each test is called after the function that it executes; `reads` opens a file, lists a folder, and looks for a file
/// that is not there.
fn index(extra: impl FnOnce(&mut IndexBuilder, crate::id::RecordingId)) -> Index {
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
    let number = builder.add_recording(recording());
    builder.add_file(number, source("a.toy", A));
    builder.add_file(number, source("b.toy", B));
    let file = |text: &str, name: &str, blob: Option<char>| SourceFile {
        path: path(text),
        blob: blob.map(|blob| blob.to_string().repeat(40).parse().unwrap()),
        units: vec![Unit {
            kind: UnitKind::File,
            name: name.into(),
            lines: LineSpan { start: 1, end: 1 },
            fingerprint: blob.is_none().then(|| Fingerprint::of(b"names")),
            identifiers: Vec::new(),
        }],
    };
    builder.add_file(number, file("read.txt", "", Some('a')));
    builder.add_file(number, file("unread.txt", "", Some('a')));
    builder.add_file(number, file("folder", tree::FOLDER, None));
    for nothing in [path("absent.txt"), tree::listed()] {
        builder.add_file(number, SourceFile { path: nothing, blob: None, units: Vec::new() });
    }
    extra(&mut builder, number);
    builder.add_compilation(number, "suite", &[path("a.toy"), path("b.toy")]);
    builder.add_compilation(number, "other", &[path("b.toy")]);
    let units = |file: &str, number: u32| Executed { path: path(file), parts: Parts::Units(vec![number]) };
    for (suite, name, executed) in [
        ("suite", "one", units("a.toy", 0)),
        ("suite", "two", units("a.toy", 1)),
        ("suite", "three", units("a.toy", 4)),
        ("suite", "four", units("a.toy", 7)),
        ("other", "far", units("b.toy", 0)),
        ("other", "reads", units("b.toy", 0)),
    ] {
        let opened = if name == "reads" { vec!["read.txt", "folder", "absent.txt"] } else { Vec::new() };
        let observation = Observation {
            test: TestKey::new("job".parse().unwrap(), suite, name),
            role: Role::Test,
            outcome: Outcome::Passed,
            health: Health::OK,
            duration: Duration::from_secs(1),
            executed: vec![executed],
            opened: opened.into_iter().map(path).collect(),
            consulted: Vec::new(),
        };
        builder.observe(number, observation).unwrap();
    }
    builder.finish()
}

fn all() -> Index {
    index(|_, _| {})
}

/// Returns an index in which each function is executed by a test of its name.
fn index_of(files: &[(&str, &[&str])]) -> Index {
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
    let number = builder.add_recording(recording());
    let sources: Vec<SourceFile> = files.iter().map(|(file, units)| source(file, units)).collect();
    sources.iter().for_each(|source| builder.add_file(number, source.clone()));
    builder.add_compilation(number, "suite", &files.iter().map(|(file, _)| path(file)).collect::<Vec<_>>());
    for source in &sources {
        let functions = source.units.iter().enumerate().filter(|(_, unit)| unit.kind == UnitKind::Function);
        for (at, unit) in functions {
            let observation = Observation {
                test: TestKey::new("job".parse().unwrap(), "suite", &*unit.name),
                role: Role::Test,
                outcome: Outcome::Passed,
                health: Health::OK,
                duration: Duration::from_secs(1),
                executed: vec![Executed { path: source.path.clone(), parts: Parts::Units(vec![at as u32]) }],
                opened: Vec::new(),
                consulted: Vec::new(),
            };
            builder.observe(number, observation).unwrap();
        }
    }
    builder.finish()
}

/// Asks with settings of a test.
fn ask(index: &Index, present: &Present, policy: Policy, rules: &PathRules) -> Selection {
    let question = Question {
        job: &"job".parse().unwrap(),
        present,
        opaque: &BTreeSet::new(),
        language: &Toy,
        policy,
        variables: &Variables::Unknown,
        conditions: &|_| Vec::new(),
        rules,
        never_skip: &[],
    };
    select(&[index as &dyn Evidence], &question)
}

fn changed(source: Option<SourceFile>) -> Now {
    Now { source, has_changed: true }
}

/// Says which tests run, each with the codes of its reasons, and why everything does.
fn said(selection: &Selection) -> String {
    let mut lines: Vec<String> =
        selection.everything.iter().map(|cause| format!("everything: {cause}")).collect();
    if lines.is_empty() {
        lines.extend(selection.run().map(|test| {
            let codes: Vec<&str> = selection.reasons_of(test).map(Reason::code).collect();
            format!("{}: {}", test.record.key.name, codes.join(" "))
        }));
    }
    lines.join("\n")
}

/// Says what runs when the first file is as said.
fn check(a: &[&str]) -> String {
    let present = Present::from([(path("a.toy"), changed(Some(source("a.toy", a))))]);
    said(&ask(&all(), &present, Policy::Balanced, &PathRules::default()))
}

/// Says what runs when a path is there now, or is gone, in an index to which something was added.
fn check_path(index: &Index, text: &str, now: Option<&[&str]>) -> String {
    let present = Present::from([(path(text), changed(now.map(|units| source(text, units))))]);
    said(&ask(index, &present, Policy::Balanced, &PathRules::default()))
}

/// The first file with one unit another.
fn with(unit: &'static str, other: &'static str) -> Vec<&'static str> {
    assert_eq!(A.iter().filter(|known| **known == unit).count(), 1, "{unit}");
    A.iter()
        .copied()
        .map(|known| if known == unit { other } else { known })
        .filter(|unit| !unit.is_empty())
        .collect()
}

#[test]
fn a_body_concerns_whoever_executed_it() {
    assert_eq!(check(A), "");
    insta::assert_snapshot!(check(&with("f one=1/1", "f one=1/2")), @"one: executed");
}

#[test]
fn a_record_that_proves_nothing_and_a_condition_select_their_tests() {
    let index = index(|builder, number| {
        let observation = Observation {
            test: TestKey::new("job".parse().unwrap(), "suite", "lost"),
            role: Role::Test,
            outcome: Outcome::Passed,
            health: Health::OK.with(Problem::ProcessKilled),
            duration: Duration::from_secs(1),
            executed: Vec::new(),
            opened: Vec::new(),
            consulted: Vec::new(),
        };
        builder.observe(number, observation).unwrap();
    });
    let present = Present::new();
    insta::assert_snapshot!(said(&ask(&index, &present, Policy::Balanced, &PathRules::default())), @"lost: opaque");
    let difference = EnvironmentDifference {
        part: "rustc".to_owned(),
        recorded: Some("1".to_owned()),
        now: Some("2".to_owned()),
    };
    let question = Question {
        job: &"job".parse().unwrap(),
        present: &present,
        opaque: &BTreeSet::new(),
        language: &Toy,
        policy: Policy::Balanced,
        variables: &Variables::Unknown,
        conditions: &|_| vec![difference.clone()],
        rules: &PathRules::default(),
        never_skip: &[Glob::new("suite o*")],
    };
    insta::assert_snapshot!(said(&select(&[&index as &dyn Evidence], &question)), @r"
    far: condition
    reads: condition
    four: condition
    lost: condition opaque
    one: condition never-skip
    three: condition
    two: condition
    ");
    let unknown: JobName = "unknown".parse().unwrap();
    let selection = select(&[&index as &dyn Evidence], &Question { job: &unknown, ..question });
    insta::assert_snapshot!(said(&selection), @"everything: the index has no job `unknown` (it has `job`)");
}
