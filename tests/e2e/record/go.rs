//! `skiptrace record` for Go modules.
//!
//! The modules write down themselves what each test calls, as those of Rust do, and recordings are held against that.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use skiptrace_engine::unit::UnitKind;
use skiptrace_tests::Recorded;
use skiptrace_tests::go_project::{GoProject, check};

use crate::PROGRAM;

/// One module with nearly everything in it, recorded once, because most of the time is the linker's.
#[test]
fn a_zoo() {
    let Some(project) = GoProject::of_fixture(PROGRAM, "go") else { return };
    let recorded = project.record(&[], "go test -skip NeverEnds ./...");
    let order = ["apart", "get", "set"];
    let silent = [&order[..], &["Nothing", "Before", "add"]].concat();
    // Nobody counts what is called when the tests have run, so these depend on all that they link.
    let coarse = ["TestBare", "TestLateNothing", "TestLateOpen"];
    assert_eq!(check(&recorded, &silent, &coarse), 0);
    outcomes(&recorded);
    inits(&recorded);
    files(&recorded);
    variables(&recorded);
    groups(&recorded);
    assert_eq!(project.status(), "");
}

fn outcomes(recorded: &Recorded) {
    assert_snapshot!(recorded.tests(), @"");
    let said = recorded.output.stderr();
    let warnings =
        said.lines().skip_while(|line| !line.starts_with("warning")).collect::<Vec<_>>().join("\n");
    assert_snapshot!(warnings, @"");
}

/// Returns the tests in a set of those whose name begins so.
fn named(recorded: &Recorded, test: &str) -> BTreeSet<String> {
    let (id, _) = recorded.test(test);
    recorded.executed(id, &UnitKind::ALL)
}

/// What runs before tests belongs to all tests of the binary.
fn inits(recorded: &Recorded) {
    for test in ["TestBootPrimes", "TestBootRegisters", "TestReportReaches", "TestReportPrimes"] {
        let names = named(recorded, test);
        for name in ["init", "sieve", "register", "var Primes"] {
            assert!(names.contains(name), "`{test}` misses `{name}`: {names:?}");
        }
    }
    assert!(named(recorded, "TestMainsNothing").contains("Open"));
    assert!(!named(recorded, "TestMainsNothing").contains("Idle"));
}

fn opened<'a>(recorded: &'a Recorded, test: &str) -> BTreeSet<&'a str> {
    let (id, _) = recorded.test(test);
    let files = recorded.index.files().iter().filter(|file| recorded.index.set(file.opened).contains(id));
    files.map(|file| file.path.as_str()).collect()
}

/// What tests read, and what they were made of.
fn files(recorded: &Recorded) {
    for (test, path) in [
        ("TestFilesRead", "files/testdata/data.txt"),
        ("TestFilesListed", "files/testdata/many/1"),
        ("TestFilesListed", "files/testdata/many/2"),
        ("TestFilesElsewhere", "files/testdata/other.txt"),
        ("TestFilesOfOthers", "shapes/shapes.go"),
        ("FuzzReverse", "examples/testdata/fuzz/FuzzReverse/longer"),
    ] {
        assert!(opened(recorded, test).contains(path), "{test}: {:?}", opened(recorded, test));
    }
    for (test, path) in [
        ("TestReportReaches", "assets/greeting.txt"),
        ("TestReportReaches", "assets/texts/b.txt"),
        ("TestReportPrimes", "report/expected.txt"),
        ("TestFastAdd", "fast/add_amd64.s"),
        ("TestLimitsHold", "limits/limits.go"),
        ("TestShapesClosures", "limits/limits.go"),
        ("TestLinesBefore", "lines/lines.go"),
        ("TestTagged", "tagged/spicy_test.go"),
        ("TestTagged", "tagged/with.go"),
        ("TestProgramsRun", "programs/helper/helper.go"),
        ("TestBare", "go.mod"),
    ] {
        if path.contains("amd64") && !cfg!(target_arch = "x86_64") {
            continue;
        }
        let (id, _) = recorded.test(test);
        let known = [recorded.compiled(id), recorded.files(id)].concat_sets();
        assert!(known.contains(path), "{test}: {path}: {known:?}");
    }
}

trait ConcatSets<'a> {
    fn concat_sets(self) -> BTreeSet<&'a str>;
}

impl<'a> ConcatSets<'a> for [BTreeSet<&'a str>; 2] {
    fn concat_sets(self) -> BTreeSet<&'a str> {
        self.into_iter().flatten().collect()
    }
}

fn consulting(recorded: &Recorded, name: &str) -> BTreeSet<String> {
    let of_name =
        recorded.index.variables().iter().filter(|variable| variable.consulted.name.as_str() == name);
    let tests = of_name.flat_map(|variable| recorded.index.set(variable.tests).iter());
    tests.map(|id| recorded.index.tests()[id.index()].key.name.to_string()).collect()
}

fn variables(recorded: &Recorded) {
    assert_eq!(consulting(recorded, "ZOO_FLAVOUR"), ["TestFilesVariable".to_owned()].into());
    let of_boot = ["TestBootPrimes", "TestBootRegisters", "TestReportPrimes", "TestReportReaches"];
    assert_eq!(consulting(recorded, "ZOO_MODE"), of_boot.map(str::to_owned).into());
}

/// Tests that pass only after others depend on whatever these do.
fn groups(recorded: &Recorded) {
    let tests = ["TestOrderFirst", "TestOrderSecond", "TestOrderThird"];
    let [first, others @ ..] = tests.map(|test| {
        let (id, record) = recorded.test(test);
        assert!(record.can_prove());
        (recorded.executed(id, &UnitKind::ALL), opened(recorded, test))
    });
    assert!(tests.iter().all(|test| first.0.contains(*test)), "{first:?}");
    assert_eq!(others, [first.clone(), first]);
    assert_eq!(consulting(recorded, "ZOO_ORDER"), tests.map(str::to_owned).into());
}
