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
    assert_eq!(check(&recorded, &silent, &coarse), 47);
    outcomes(&recorded);
    inits(&recorded);
    files(&recorded);
    variables(&recorded);
    groups(&recorded);
    assert_eq!(project.status(), "");
    // Where some end the process of all, nothing is known of the others. Without them it is.
    assert!(!recorded.proves("TestLivesPasses"));
    let alive = project.record(&[], "go test -run LivesPasses|LivesAgain|LivesFails ./lives");
    assert_eq!(check(&alive, &[], &[]), 2);
    assert!(alive.proves("TestLivesPasses") && alive.proves("TestLivesAgainExits"));
}

/// How tests end, and what is said of those that can never be skipped.
fn outcomes(recorded: &Recorded) {
    assert_snapshot!(recorded.tests(), @"
    example.org/zoo/bare TestBare: passed
    example.org/zoo/boot TestBootPrimes: passed
    example.org/zoo/boot TestBootRegisters: passed
    example.org/zoo/command TestCommandGreets: passed
    example.org/zoo/command TestCommandMain: passed
    example.org/zoo/examples ExampleReverse: passed
    example.org/zoo/examples FuzzReverse: passed
    example.org/zoo/fast TestFastAdd: passed
    example.org/zoo/files TestFilesAbsent: passed
    example.org/zoo/files TestFilesElsewhere: passed
    example.org/zoo/files TestFilesListed: passed
    example.org/zoo/files TestFilesOfOthers: passed
    example.org/zoo/files TestFilesRead: passed
    example.org/zoo/files TestFilesTemporary: passed
    example.org/zoo/files TestFilesVariable: passed
    example.org/zoo/late TestLateNothing: passed
    example.org/zoo/late TestLateOpen: passed
    example.org/zoo/limits TestLimitsHold: passed
    example.org/zoo/lines TestLinesBefore: passed
    example.org/zoo/lines TestLinesGenerated: passed
    example.org/zoo/lives TestLivesAgainExits: passed, opaque
    example.org/zoo/lives TestLivesAgainIsKilled: passed, killed process, opaque
    example.org/zoo/lives TestLivesAgainReturns: passed, missing binary, opaque
    example.org/zoo/lives TestLivesExits: failed, opaque
    example.org/zoo/lives TestLivesExitsWell: failed, missing binary, opaque
    example.org/zoo/lives TestLivesExitsWellUnheard: failed, missing binary, opaque
    example.org/zoo/lives TestLivesFails: failed
    example.org/zoo/lives TestLivesGoexit: failed, missing binary, opaque
    example.org/zoo/lives TestLivesHelper: skipped
    example.org/zoo/lives TestLivesIsKilled: failed, killed process, missing binary, opaque
    example.org/zoo/lives TestLivesLogs: failed, opaque
    example.org/zoo/lives TestLivesPanics: failed, missing binary, opaque
    example.org/zoo/lives TestLivesPanicsElsewhere: failed, missing binary, opaque
    example.org/zoo/lives TestLivesPasses: passed, opaque
    example.org/zoo/lives TestLivesSkips: skipped
    example.org/zoo/mains TestMainsNothing: passed
    example.org/zoo/mains TestMainsOpen: passed
    example.org/zoo/order TestOrderFirst: passed
    example.org/zoo/order TestOrderSecond: passed
    example.org/zoo/order TestOrderThird: passed
    example.org/zoo/parallel TestParallelCleanup: passed
    example.org/zoo/parallel TestParallelOne: passed
    example.org/zoo/parallel TestParallelSubtests: passed
    example.org/zoo/parallel TestParallelTwo: passed
    example.org/zoo/programs TestProgramsBare: passed, missing binary
    example.org/zoo/programs TestProgramsCovered: passed
    example.org/zoo/programs TestProgramsFails: passed
    example.org/zoo/programs TestProgramsForeign: passed
    example.org/zoo/programs TestProgramsInParts: passed, missing binary
    example.org/zoo/programs TestProgramsKilled: passed, killed process
    example.org/zoo/programs TestProgramsPlain: passed
    example.org/zoo/programs TestProgramsRun: passed
    example.org/zoo/report TestReportPrimes: passed
    example.org/zoo/report TestReportReaches: passed
    example.org/zoo/shapes TestShapesClosures: passed
    example.org/zoo/shapes TestShapesDeferred: passed
    example.org/zoo/shapes TestShapesGeneric: passed
    example.org/zoo/shapes TestShapesInGoroutines: passed
    example.org/zoo/shapes TestShapesNothing: passed
    example.org/zoo/shapes TestShapesPromoted: passed
    example.org/zoo/shapes TestShapesThroughInterfaces: passed
    example.org/zoo/tagged TestTagged: passed
    example.org/zoo/tagged TestTaggedShort: passed
    example.org/zoo/wobbly TestWobblyFlickers: passed
    example.org/zoo/wobbly TestWobblyNeverSettles: passed
    example.org/zoo/wobbly TestWobblySettles: passed
    ");
    let said = recorded.output.stderr();
    // Some lines name the hash of a program.
    let lines = said.lines().filter(|line| !line.contains("`covmeta.") && !line.starts_with("recorded"));
    let warnings = lines.skip_while(|line| !line.starts_with("warning")).collect::<Vec<_>>().join("\n");
    assert_snapshot!(warnings, @"
    warning: 1 of `example.org/zoo/order` fail alone and pass after other tests of the package (`TestOrderSecond`), so all 3 are recorded as one group
    running the tests of 14 suites once more, in one process each
    warning: 7 tests passed but can never be skipped on this evidence
      a process of `lives.test` ended without its counters (a panic, `syscall.Exit`, or a test binary that a test started): `example.org/zoo/lives TestLivesAgainReturns`
      a process of `lives.test` was killed before it wrote its counters: `example.org/zoo/lives TestLivesAgainIsKilled`
      a process of `tool` ended without its counters (a panic, `syscall.Exit`, or a test binary that a test started): `example.org/zoo/programs TestProgramsBare`
      a process of `tool` was killed before it wrote its counters: `example.org/zoo/programs TestProgramsKilled`
      it ran `example.org/zoo/programs/cmd/tool`, which was built with `-cover` without counting in all of the repository's packages, such as `example.org/zoo/programs/helper`: `example.org/zoo/programs TestProgramsInParts`
      what the tests of `example.org/zoo/lives` do when they share a process is not known: their process does not say what became of `TestLivesPanicsElsewhere` (`TestLivesFails` or one of 8 others, which fail alone, may have ended it): `example.org/zoo/lives TestLivesPasses`, `example.org/zoo/lives TestLivesAgainExits`, `example.org/zoo/lives TestLivesAgainReturns`, `example.org/zoo/lives TestLivesAgainIsKilled`
    ");
}

/// Returns the names of what a test depends on.
fn footprint(recorded: &Recorded, test: &str) -> BTreeSet<String> {
    let (id, _) = recorded.test(test);
    recorded.executed(id, &UnitKind::ALL)
}

/// What runs before tests belongs to all tests of the binary.
fn inits(recorded: &Recorded) {
    for test in ["TestBootPrimes", "TestBootRegisters", "TestReportReaches", "TestReportPrimes"] {
        let names = footprint(recorded, test);
        for name in ["init", "sieve", "register"] {
            assert!(names.contains(name), "`{test}` misses `{name}`: {names:?}");
        }
    }
    assert!(footprint(recorded, "TestMainsNothing").contains("Open"));
    assert!(!footprint(recorded, "TestMainsNothing").contains("Idle"));
}

/// Returns the files that a test opened.
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
        let (compiled, files) = (recorded.compiled(id), recorded.files(id));
        assert!(compiled.contains(path) || files.contains(path), "{test}: {path}: {compiled:?} {files:?}");
    }
}

/// Returns the tests that ask for a variable.
fn consulting(recorded: &Recorded, name: &str) -> BTreeSet<String> {
    let of_name =
        recorded.index.variables().iter().filter(|variable| variable.consulted.name.as_str() == name);
    let tests = of_name.flat_map(|variable| recorded.index.set(variable.tests).iter());
    tests.map(|id| recorded.index.tests()[id.index()].key.name.to_string()).collect()
}

/// Variables that tests ask for, before they begin, as they run, and in other processes.
fn variables(recorded: &Recorded) {
    assert_eq!(consulting(recorded, "ZOO_FLAVOUR"), ["TestFilesVariable".to_owned()].into());
    let of_boot = ["TestBootPrimes", "TestBootRegisters", "TestReportPrimes", "TestReportReaches"];
    for name in ["ZOO_MODE", "ZOO_PLACE"] {
        assert_eq!(consulting(recorded, name), of_boot.map(str::to_owned).into(), "{name}");
    }
    // Nobody hears what a program asks for.
    assert!(consulting(recorded, "ZOO_HELP").contains("TestProgramsRun"));
    assert!(!consulting(recorded, "ZOO_HELP").contains("TestBare"));
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
