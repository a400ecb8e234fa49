//! All that tests may do, and harnesses.

use insta::assert_snapshot;

use super::*;

#[test]
fn tests_that_misbehave() {
    let project = CargoProject::of_fixture(PROGRAM, "behaviour");
    // Those that end their process end it for all, so that nothing is known of any.
    let ends = "aborts|exits_well|kills_itself|never_ends".split('|');
    let doomed = project.record(&["--timeout", "10s"], "cargo test -p tool -- --skip clears_");
    assert_eq!(doomed.check_law(), 0);
    let said = doomed.output.code(1).stderr();
    let why = "what the tests of `tool::behaviour` do when they share a process is not known: their process does not say";
    assert!(said.contains(why), "{said}");
    let skip: String = ends.map(|name| format!(" --skip {name}")).collect();
    let cargo = project.record(&["--timeout", "10s"], &format!("cargo test -p tool -- --skip clears_{skip}"));
    assert_snapshot!(cargo.tests(), @"
    tool::behaviour builds_and_runs_the_tool: passed
    tool::behaviour changes_folder: passed
    tool::behaviour does_not_panic: failed
    tool::behaviour fails: failed
    tool::behaviour forks: passed
    tool::behaviour grüßt_世界: passed
    tool::behaviour has_grandchildren: passed
    tool::behaviour kills_the_tool: passed
    tool::behaviour leaves_a_thread: passed
    tool::behaviour leaves_the_tool: passed
    tool::behaviour needs_temporary_files: passed
    tool::behaviour panics_as_it_should: passed
    tool::behaviour panics_between: passed
    tool::behaviour passes: passed
    tool::behaviour returns_an_error: failed
    tool::behaviour runs_other_tests: passed
    tool::behaviour runs_the_tool: passed
    tool::behaviour runs_the_tool_elsewhere: passed
    tool::behaviour stops_reading: passed
    ");
    assert_eq!(cargo.check_exact(&[]), 16);
    assert_eq!(project.status(), "");
    if require("cargo-nextest").is_none() {
        return;
    }
    // To nextest, a test that exits well has passed: so it did here, and so it would again.
    let nextest = project.record(&[], "cargo nextest run -p tool -- --skip clears_");
    assert_snapshot!(nextest.tests(), @"
    tool::behaviour aborts: failed
    tool::behaviour builds_and_runs_the_tool: passed
    tool::behaviour changes_folder: passed
    tool::behaviour does_not_panic: failed
    tool::behaviour exits_well: passed
    tool::behaviour fails: failed
    tool::behaviour forks: passed
    tool::behaviour grüßt_世界: passed
    tool::behaviour has_grandchildren: passed
    tool::behaviour kills_itself: failed
    tool::behaviour kills_the_tool: passed
    tool::behaviour leaves_a_thread: passed
    tool::behaviour leaves_the_tool: passed
    tool::behaviour needs_temporary_files: passed
    tool::behaviour never_ends: failed
    tool::behaviour panics_as_it_should: passed
    tool::behaviour panics_between: passed
    tool::behaviour passes: passed
    tool::behaviour returns_an_error: failed
    tool::behaviour runs_other_tests: passed
    tool::behaviour runs_the_tool: passed
    tool::behaviour runs_the_tool_elsewhere: passed
    tool::behaviour stops_reading: passed
    ");
    assert_eq!(nextest.check_exact(&[]), 17);
    assert_eq!(project.status(), "");
    for recorded in [cargo, nextest] {
        let said = recorded.output.code(1).stderr();
        assert!(said.contains("failed: tool::behaviour fails") || said.contains("FAIL"), "{said}");
        assert!(said.contains("panicked at") && said.contains("boom"), "{said}");
    }
}

#[test]
fn processes_that_lose_their_variables() {
    let project = CargoProject::of_fixture(PROGRAM, "behaviour");
    let cargo = project.record(&[], "cargo test -p tool -- --exact clears_variables");
    assert_snapshot!(cargo.tests(), @"tool::behaviour clears_variables: passed, missing binary, opaque");
    assert_eq!(cargo.check_law(), 0);
    assert_eq!(project.status(), "");
    if require("cargo-nextest").is_none() {
        return;
    }
    let nextest = project.record(&[], "cargo nextest run -p tool -- --exact clears_variables");
    assert_snapshot!(nextest.tests(), @"tool::behaviour clears_variables: passed, missing binary, opaque");
    assert_eq!(nextest.check_law(), 0);
    assert_eq!(project.status(), "");
}

#[test]
fn profiles_among_temporary_files() {
    let project = CargoProject::of_fixture(PROGRAM, "behaviour");
    let cargo = project.record(&[], "cargo test -p tool clears_variables_elsewhere");
    assert_snapshot!(cargo.tests(), @"tool::behaviour clears_variables_elsewhere: passed, opaque");
    // The profile was found, and yet nobody can know that it was the only one.
    assert_eq!(cargo.check_law(), 0);
    if require("cargo-nextest").is_none() {
        return;
    }
    let nextest = project.record(&[], "cargo nextest run -p tool clears_variables_elsewhere");
    assert_snapshot!(nextest.tests(), @"tool::behaviour clears_variables_elsewhere: passed, opaque");
    assert_eq!(nextest.check_law(), 0);
}

#[test]
fn harnesses_of_all_kinds() {
    let project = CargoProject::of_fixture(PROGRAM, "behaviour");
    let cargo = project.record(&["--ignored"], "cargo test -p harness");
    assert_snapshot!(cargo.tests(), @"
    harness tests::harness_three: passed
    harness::compiles compiles: passed
    harness::doc harness/src/lib.rs: passed
    harness::idle harness::idle: passed
    harness::lists deep::täst: passed
    harness::lists twice: passed
    harness::plain harness::plain: passed
    ");
    assert_eq!(cargo.check_law(), 5);
    // What a test of compilations depends on is text, executed or not.
    let (compiles, _) = cargo.test("compiles");
    assert!(cargo.files(compiles).contains("harness/src/lib.rs"), "{:?}", cargo.files(compiles));
    assert!(!cargo.truth["compiles"].contains("three"));
    // Those that are given what compiles, and do not name it, are like any others.
    let (lists, _) = cargo.test("twice");
    assert!(!cargo.files(lists).contains("trybuild/src/lib.rs"), "{:?}", cargo.files(lists));
    assert_eq!(project.status(), "");
    if require("cargo-nextest").is_none() {
        return;
    }
    let nextest = project.record(&[], "cargo nextest run -p harness -E not(binary(/idle|plain/))");
    assert_snapshot!(nextest.tests(), @"
    harness tests::harness_three: passed
    harness::compiles compiles: passed
    harness::lists deep::täst: passed
    harness::lists twice: passed
    ");
    assert_eq!(nextest.check_law(), 4);
    assert_eq!(project.status(), "");
}
