//! Selections of small indexes, seen.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::fingerprint::{Fingerprint, Identifier};
use crate::index::Index;
use crate::index::build::IndexBuilder;
use crate::kind::IndexKind;
use crate::observation::{Executed, Observation, Parts};
use crate::reach::{Among, Arrival, Edit, Ordered, Reach};
use crate::record::{Health, Outcome, Problem};
use crate::recording::{EnvironmentKey, Origin, Shard};
use crate::time::Timestamp;
use crate::tree;
use crate::unit::{LineSpan, Unit, UnitKind};

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
    fn arrival(&self, file: &RepoPath) -> Arrival {
        match file.as_str() {
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

    fn is_apart(&self, _: &RepoPath, _: UnitKind, name: &str) -> bool {
        name.starts_with("apart")
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
fn who_mentions_whom_decides_what_is_initialised_first() {
    let files: [(&str, &[&str]); 3] = [
        (
            "p/a.toy",
            &[
                "i acts_first=1 ord_spare var_table ord_member",
                "i acts_second=1",
                "f ord_spare=1/1 quiet",
                "f ord_deep=1/1 quiet",
                "f ord_free=1/1 quiet",
                "f ord_member=1/1 quiet",
                "f idle=1/1",
            ],
        ),
        ("p/b.toy", &["i var_table=1 ord_deep", "f ord_waits=1/1 acts_second", "f far=1/1"]),
        ("q/c.toy", &["i var_other=1 ord_alone", "f ord_alone=1/1", "i var_more=1"]),
    ];
    let index = index_of(&files);
    let mut told = String::new();
    for (file, then, now) in [
        ("p/a.toy", "f ord_spare=1/1 quiet", "f ord_spare=1/2 quiet loud"),
        ("p/a.toy", "f ord_spare=1/1 quiet", "f ord_spare=1/2 quiet acts_second"),
        ("p/a.toy", "f ord_spare=1/1 quiet", "f ord_spare=2/2 quiet acts_second"),
        ("p/a.toy", "f ord_spare=1/1 quiet", "f ord_spare=1/2 quiet ord_free"),
        ("p/a.toy", "f ord_deep=1/1 quiet", "f ord_deep=1/2 ord_waits"),
        ("p/a.toy", "f ord_member=1/1 quiet", "f ord_member=1/2 acts_second"),
        ("p/a.toy", "f ord_free=1/1 quiet", "f ord_free=1/2 acts_second"),
        ("p/a.toy", "f idle=1/1", "f ord_new=1/1 acts_second"),
        ("p/b.toy", "f ord_waits=1/1 acts_second", "f ord_waits=1/2"),
        ("p/b.toy", "i var_table=1 ord_deep", "i var_table=2 ord_deep ord_waits"),
        ("p/b.toy", "i var_table=1 ord_deep", "i var_table=2 ord_deep ord_free"),
        ("q/c.toy", "f ord_alone=1/1", "f ord_alone=1/2 var_more"),
    ] {
        let units = files.iter().find(|(path, _)| *path == file).unwrap().1;
        assert!(units.contains(&then), "{then}");
        let units: Vec<&str> = units.iter().map(|unit| if *unit == then { now } else { unit }).collect();
        let present = Present::from([(path(file), changed(Some(source(file, &units))))]);
        let said = said(&ask(&index, &present, Policy::Balanced, &PathRules::default()));
        let everybody = said.matches("compiled").count() == 8;
        let said = if everybody { "everybody".to_owned() } else { said.replace('\n', ", ") };
        told.push_str(&format!("{then} => {now}: {said}\n"));
    }
    insta::assert_snapshot!(told, @"
    f ord_spare=1/1 quiet => f ord_spare=1/2 quiet loud: ord_spare: executed
    f ord_spare=1/1 quiet => f ord_spare=1/2 quiet acts_second: everybody
    f ord_spare=1/1 quiet => f ord_spare=2/2 quiet acts_second: everybody
    f ord_spare=1/1 quiet => f ord_spare=1/2 quiet ord_free: ord_spare: executed
    f ord_deep=1/1 quiet => f ord_deep=1/2 ord_waits: everybody
    f ord_member=1/1 quiet => f ord_member=1/2 acts_second: everybody
    f ord_free=1/1 quiet => f ord_free=1/2 acts_second: ord_free: executed
    f idle=1/1 => f ord_new=1/1 acts_second: idle: executed
    f ord_waits=1/1 acts_second => f ord_waits=1/2: ord_waits: executed
    i var_table=1 ord_deep => i var_table=2 ord_deep ord_waits: everybody
    i var_table=1 ord_deep => i var_table=2 ord_deep ord_free: 
    f ord_alone=1/1 => f ord_alone=1/2 var_more: ord_alone: executed
    ");
}

#[test]
fn what_calls_somebody_who_sees_where_may_have_moved() {
    let index = index(|builder, number| {
        builder.add_file(number, source("c.toy", &["f seeing=1/1 who_calls"]));
        builder.add_file(number, source("d.toy", &["f calling=1/1 seeing"]));
        builder
            .observe(
                number,
                Observation {
                    test: TestKey::new("job".parse().unwrap(), "suite", "calling"),
                    role: Role::Test,
                    outcome: Outcome::Passed,
                    health: Health::OK,
                    duration: Duration::from_secs(1),
                    executed: vec![Executed { path: path("d.toy"), parts: Parts::Units(vec![0]) }],
                    opened: Vec::new(),
                    consulted: Vec::new(),
                },
            )
            .unwrap();
    });
    insta::assert_snapshot!(check_path(&index, "d.toy", Some(&["f calling=1/1 seeing"])), @"calling: moved");
    // A macro of another file hands on the place of its use, be it through another macro.
    let index = self::index(|builder, number| {
        builder.add_file(number, source("m.toy", &["i macro_line=1 LINE", "i macro_plain=1"]));
        builder.add_file(number, source("n.toy", &["i macro_here=1 macro_line"]));
        let units =
            ["f uses=1/1 macro_here", "f idle=1/1 macro_plain", "i PLACE=1 macro_line", "f names=1/1 PLACE"];
        builder.add_file(number, source("d.toy", &units));
        for (unit, name) in [(0, "using"), (1, "idling"), (3, "naming")] {
            builder
                .observe(
                    number,
                    Observation {
                        test: TestKey::new("job".parse().unwrap(), "suite", name),
                        role: Role::Test,
                        outcome: Outcome::Passed,
                        health: Health::OK,
                        duration: Duration::from_secs(1),
                        executed: vec![Executed { path: path("d.toy"), parts: Parts::Units(vec![unit]) }],
                        opened: Vec::new(),
                        consulted: Vec::new(),
                    },
                )
                .unwrap();
        }
    });
    let units =
        ["f uses=1/1 macro_here", "f idle=1/1 macro_plain", "i PLACE=1 macro_line", "f names=1/1 PLACE"];
    insta::assert_snapshot!(check_path(&index, "d.toy", Some(&units)), @r"
    naming: named
    using: moved
    ");
    // Who sees all places is concerned by whatever it executes.
    let index = self::index(|builder, number| {
        builder.add_file(number, source("c.toy", &["f hook=1/1 sees_all"]));
        builder.add_file(number, source("d.toy", &["f panics=1/1"]));
        let both = ["c.toy", "d.toy"].map(|file| Executed { path: path(file), parts: Parts::Units(vec![0]) });
        builder
            .observe(
                number,
                Observation {
                    test: TestKey::new("job".parse().unwrap(), "suite", "hooked"),
                    role: Role::Test,
                    outcome: Outcome::Passed,
                    health: Health::OK,
                    duration: Duration::from_secs(1),
                    executed: both.to_vec(),
                    opened: Vec::new(),
                    consulted: Vec::new(),
                },
            )
            .unwrap();
    });
    insta::assert_snapshot!(check_path(&index, "d.toy", Some(&["f panics=1/1"])), @"hooked: moved");
    assert_eq!(check_path(&index, "a.toy", Some(A)), "");
    let index = self::index(|builder, number| {
        builder.add_file(number, source("c.toy", &["f seeing=1/1 who_calls"]));
    });
    assert_eq!(check_path(&index, "c.toy", Some(&["f seeing=1/1 who_calls"])), "");
}

#[test]
fn names_are_followed_through_items() {
    insta::assert_snapshot!(check(&with("f one=1/1", "f one=2/1")), @r"
    one: executed
    two: named
    ");
    // The macro that names it cannot be trusted, so whoever was compiled with it is concerned.
    insta::assert_snapshot!(check(&with("i LIMIT=1", "i LIMIT=2")), @r"
    far: named
    reads: named
    four: named
    one: named
    three: named
    two: named
    ");
    insta::assert_snapshot!(check(&with("i Shape=1 LIMIT", "i Shape=2")), @"three: named");
    insta::assert_snapshot!(check(&with("i Shape=1 LIMIT", "")), @"three: named");
    insta::assert_snapshot!(check(&[A, &["f Shape=1/1"]].concat()), @"three: named");
}

#[test]
fn what_only_a_file_can_mean_stays_there() {
    insta::assert_snapshot!(check(&with("i own_it=1", "i own_it=2")), @"four: named");
    insta::assert_snapshot!(check(&with("i use_it=1", "i use_it=2")), @r"
    four: same-file
    one: same-file
    three: same-file
    two: same-file
    ");
}

#[test]
fn what_the_compiler_asked_for_concerns_who_was_compiled_with_it() {
    // `limit` is evaluated for LIMIT, by way of `const_more`, and in `evaluating`; `caller` runs it, if at all.
    let then = [
        "f const_limit=1/1",
        "f const_more=1/1 const_limit",
        "i LIMIT=1 const_more",
        "f one=1/1 LIMIT",
        "f two=1/1 const_limit evaluates",
        "f three=1/1 const_limit",
        "f four=1/1 const_more",
    ];
    let index = index_of(&[("a.toy", &then)]);
    let now: Vec<&str> = then
        .iter()
        .map(|unit| if unit.contains("const_limit=") { "f const_limit=1/2" } else { unit })
        .collect();
    let present = Present::from([(path("a.toy"), changed(Some(source("a.toy", &now))))]);
    insta::assert_snapshot!(said(&ask(&index, &present, Policy::Balanced, &PathRules::default())), @"
    const_limit: executed
    one: named
    two: named
    ");
}

#[test]
fn what_is_in_scope_of_a_file_is_so_where_its_module_is_taken_over() {
    let then =
        ["i use_it=1", "i use_public=1", "i use_inside=1", "i mod_below=1", "f one=1/1", "f inner_one=1/1"];
    let index = index_of(&[
        ("src/a.toy", &then),
        ("src/a/below.toy", &["i glob=1 takes_all", "f two=1/1"]),
        ("src/a/plain.toy", &["f three=1/1"]),
        ("other/far.toy", &["i glob=1 takes_all", "f four=1/1"]),
    ]);
    let said_of = |import: &str| {
        let edited = format!("i {import}=2");
        let was = format!("i {import}=1");
        let now = then.map(|unit| if unit == was { &*edited } else { unit });
        let present = Present::from([(path("src/a.toy"), changed(Some(source("src/a.toy", &now))))]);
        said(&ask(&index, &present, Policy::Balanced, &PathRules::default()))
    };
    insta::assert_snapshot!(said_of("use_it"), @"
    inner_one: same-file
    one: same-file
    two: same-file
    ");
    // All of that module is in its file.
    insta::assert_snapshot!(said_of("use_inside"), @"inner_one: same-file");
    insta::assert_snapshot!(said_of("use_public"), @"
    four: same-file
    inner_one: same-file
    one: same-file
    two: same-file
    ");
}

#[test]
fn what_only_a_module_can_mean_stays_where_all_of_it_is() {
    let said_of = |then: &[&str], edited: &str, more: &str| {
        let index = index_of(&[("src/a.toy", then), ("b.toy", &["f far=1/1 private inner_private", more])]);
        let now: Vec<String> =
            then.iter().map(|unit| unit.replace(&format!("{edited}=1"), &format!("{edited}=2"))).collect();
        let now: Vec<&str> = now.iter().map(String::as_str).collect();
        let present = Present::from([(path("src/a.toy"), changed(Some(source("src/a.toy", &now))))]);
        said(&ask(&index, &present, Policy::Balanced, &PathRules::default()))
    };
    let then = ["i private=1", "i inner_private=1", "f one=1/1 private", "f two=1/1 inner_private"];
    assert_eq!(said_of(&then, "i private", "i x=1"), "one: named");
    assert_eq!(said_of(&then, "inner_private", "i x=1"), "two: named");
    // Another file may be part of the module.
    assert_eq!(said_of(&then, "i private", "i x=1 includes"), "far: named\none: named");
    let with_more = [&then[..], &["i mod_below=1"]].concat();
    assert_eq!(said_of(&with_more, "i private", "i x=1"), "far: named\none: named");
    assert_eq!(said_of(&with_more, "inner_private", "i x=1"), "two: named");
    let with_more = [&then[..], &["i inner_mod_below=1"]].concat();
    assert_eq!(said_of(&with_more, "inner_private", "i x=1"), "far: named\ntwo: named");
}

#[test]
fn a_type_is_followed_to_who_makes_it_and_not_to_what_holds_it() {
    let then = [
        "i Made=1",
        "f one=1/1 Made",
        "i Holder=1 Made holder_Holder",
        "f two=1/1 Holder",
        "i Maker=1 Made",
        "f three=1/1 Maker",
        "i useful=1 Made",
        "f four=1/1 useful",
        "f five=1/1 Holder Size",
    ];
    let index = index_of(&[("a.toy", &then)]);
    let now = then.map(|unit| if unit == "i Made=1" { "i Made=2" } else { unit });
    let present = Present::from([(path("a.toy"), changed(Some(source("a.toy", &now))))]);
    insta::assert_snapshot!(said(&ask(&index, &present, Policy::Balanced, &PathRules::default())), @"
    five: named
    four: named
    one: named
    three: named
    ");
}

#[test]
fn what_takes_two_names_concerns_who_has_both() {
    let then = [
        "i both=1",
        "i perhaps=1",
        "f one=1/1 both",
        "f two=1/1 Shape",
        "f three=1/1 both Shape",
        "i Item=1 both",
        "f four=1/1 Item Shape",
        "f five=1/1 perhaps",
    ];
    let said_of = |edited: &str, more: (&str, &[&str])| {
        let index = index_of(&[("src/a.toy", &then), more]);
        let was = format!("i {edited}=1");
        let is = format!("i {edited}=2");
        let now = then.map(|unit| if unit == was { &*is } else { unit });
        let present = Present::from([(path("src/a.toy"), changed(Some(source("src/a.toy", &now))))]);
        said(&ask(&index, &present, Policy::Balanced, &PathRules::default()))
    };
    let nothing: (&str, &[&str]) = ("b.toy", &["i x=1"]);
    assert_eq!(said_of("both", nothing), "four: named\nthree: named");
    // A mark counts where it is looked for.
    assert_eq!(said_of("perhaps", nothing), "");
    assert_eq!(said_of("perhaps", ("b.toy", &["i x=1 mark"])), "");
    assert_eq!(said_of("perhaps", ("src/b.toy", &["i x=1 mark"])), "five: named");
}

#[test]
fn where_names_cannot_be_trusted_all_that_was_compiled_counts() {
    let b = ["f far=1/1 own_it", "i any_macro=2 LIMIT"];
    let present = Present::from([(path("b.toy"), changed(Some(source("b.toy", &b))))]);
    let said_now = said(&ask(&all(), &present, Policy::Balanced, &PathRules::default()));
    assert_eq!(said_now.lines().count(), 6, "{said_now}");
    let present =
        Present::from([(path("a.toy"), changed(Some(source("a.toy", &with("f one=1/1", "f one=2/1")))))]);
    insta::assert_snapshot!(said(&ask(&all(), &present, Policy::Strict, &PathRules::default())), @r"
    four: compiled
    one: executed compiled
    three: compiled
    two: compiled
    ");
}

/// Says what runs when a path is there now, or is gone, in an index to which something was added.
fn check_path(index: &Index, text: &str, now: Option<&[&str]>) -> String {
    let present = Present::from([(path(text), changed(now.map(|units| source(text, units))))]);
    said(&ask(index, &present, Policy::Balanced, &PathRules::default()))
}

#[test]
fn what_was_read_concerns_its_readers_and_what_was_not_nobody() {
    let index = all();
    insta::assert_snapshot!(check_path(&index, "read.txt", Some(&["i x=1"])), @"reads: opened");
    assert_eq!(check_path(&index, "unread.txt", Some(&["i x=1"])), "");
    // That it is gone, anybody may have asked.
    insta::assert_snapshot!(check_path(&index, "unread.txt", None), @"everything: nobody knows which tests depend on `unread.txt`, which changed");
    // Lookups were heard but for those of one test.
    let index = super::tests::index(|builder, number| {
        let lookups = SourceFile { path: tree::lookups(), blob: None, units: Vec::new() };
        builder.add_file(number, lookups);
    });
    assert_eq!(check_path(&index, "unread.txt", None), "");
    insta::assert_snapshot!(check_path(&index, "absent.txt", Some(&["i x=1"])), @"reads: opened");
    assert_eq!(check_path(&index, "elsewhere.txt", Some(&["i x=1"])), "");
}

#[test]
fn folders_and_absences_are_compared_by_what_is_there() {
    let unchanged = |source: Option<SourceFile>| Now { source, has_changed: false };
    let folder = |names: &[u8]| SourceFile {
        path: path("folder"),
        blob: None,
        units: vec![Unit {
            kind: UnitKind::File,
            name: tree::FOLDER.into(),
            lines: LineSpan { start: 1, end: 1 },
            fingerprint: Some(Fingerprint::of(names)),
            identifiers: Vec::new(),
        }],
    };
    let check = |text: &str, source: Option<SourceFile>| {
        let present = Present::from([(path(text), unchanged(source))]);
        said(&ask(&all(), &present, Policy::Balanced, &PathRules::default()))
    };
    let nothing = SourceFile { path: path("absent.txt"), blob: None, units: Vec::new() };
    assert_eq!(check("folder", Some(folder(b"names"))), "");
    insta::assert_snapshot!(check("folder", Some(folder(b"more names"))), @"reads: opened");
    assert_eq!(check("absent.txt", Some(nothing)), "");
    assert_eq!(check("absent.txt", None), "");
}

#[test]
fn a_new_file_concerns_whom_it_can_reach() {
    let index = all();
    assert_eq!(check_path(&index, "new.toy", Some(&["f nobody=1/1", "f apart_Shape=1/1"])), "");
    insta::assert_snapshot!(check_path(&index, "new.toy", Some(&["f Shape=1/1"])), @"three: named");
    insta::assert_snapshot!(check_path(&index, "build.toy", Some(&["f x=1/1"])), @"everything: nobody knows which tests depend on `build.toy`, which changed");
    // What cannot be trusted concerns the tests of the files beside it.
    assert_eq!(check_path(&index, "new.toy", Some(&["i any=1"])).lines().count(), 6);
    // A declaration that brings it in says no more than that, unless the file was there.
    let new = || changed(Some(source("new.toy", &["f nobody=1/1"])));
    let declared = |name: &'static str| changed(Some(source("a.toy", &[A, &[name]].concat())));
    let both = |name| {
        let present = Present::from([(path("new.toy"), new()), (path("a.toy"), declared(name))]);
        said(&ask(&index, &present, Policy::Balanced, &PathRules::default()))
    };
    assert_eq!(both("i any_mod_new=1"), "");
    assert_eq!(both("i any_mod_b=1").lines().count(), 4, "it may bring in what was there");
}

#[test]
fn who_does_not_know_the_tree_knows_no_new_file() {
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
    let number = builder.add_recording(recording());
    builder.add_file(number, source("a.toy", A));
    let observation = Observation {
        test: TestKey::new("job".parse().unwrap(), "suite", "one"),
        role: Role::Test,
        outcome: Outcome::Passed,
        health: Health::OK,
        duration: Duration::from_secs(1),
        executed: vec![Executed { path: path("a.toy"), parts: Parts::Units(vec![0]) }],
        opened: Vec::new(),
        consulted: Vec::new(),
    };
    builder.observe(number, observation).unwrap();
    let index = builder.finish();
    insta::assert_snapshot!(check_path(&index, "new.toy", Some(&["f nobody=1/1"])), @"everything: nobody knows which tests depend on `new.toy`, which changed");
}

#[test]
fn rules_answer_in_order_and_evidence_wins_over_ignoring() {
    let rule = |pattern: &str, then: Then| PathRule {
        name: pattern.into(),
        patterns: vec![PathPattern::new(pattern).unwrap()],
        then,
        pack: None,
    };
    let rules = PathRules::new(vec![
        rule("*.txt", Then::Ignore),
        rule("all.*", Then::RunAll),
        rule("some.*", Then::Run(vec![Glob::new("t*")])),
        rule("schema.*", Then::DependsOn(vec![PathPattern::new("read.txt").unwrap()])),
    ]);
    let check = |text: &str, now: Option<&[&str]>| {
        let present = Present::from([(path(text), changed(now.map(|units| source(text, units))))]);
        let selection = ask(&all(), &present, Policy::Balanced, &rules);
        let ignored = if selection.ignored.is_empty() { "" } else { " (ignored)" };
        said(&selection) + ignored
    };
    let new: Option<&[&str]> = Some(&["i x=1"]);
    assert_eq!(check("new.txt", new), " (ignored)");
    assert_eq!(check("unread.txt", None), "");
    insta::assert_snapshot!(check("read.txt", new), @"reads: opened");
    insta::assert_snapshot!(check("all.sql", new), @"everything: `all.sql` changed, and the rule `all.*` runs everything then");
    insta::assert_snapshot!(check("some.sql", new), @r"
    three: rule
    two: rule
    ");
    insta::assert_snapshot!(check("schema.sql", new), @"reads: rule");
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
