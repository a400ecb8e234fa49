//! Files as a whole, new ones and folders, and rules about them.

use super::*;

#[test]
fn what_was_read_concerns_its_readers_and_what_was_not_nobody() {
    let index = all();
    insta::assert_snapshot!(check_path(&index, "read.txt", Some(&["i x=1"])), @"reads: opened");
    assert_eq!(check_path(&index, "unread.txt", Some(&["i x=1"])), "");
    // That it is gone, anybody may have asked.
    insta::assert_snapshot!(check_path(&index, "unread.txt", None), @"everything: nobody knows which tests depend on `unread.txt`, which changed");
    // Lookups were heard but for those of one test.
    let index = super::index(|builder, number| {
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
