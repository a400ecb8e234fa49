use std::fs;
use std::process::Command;

use super::*;
use crate::run::case::Step;
use crate::run::native::testing::{Bench, skipped, spawn};
use crate::run::verdict::Judgement;

const PROJECT: &str = r#"
cmake_minimum_required(VERSION 3.20)
project(p CXX)
enable_testing()
include(GoogleTest)
find_package(GTest REQUIRED)
add_executable(unit unit.cpp)
target_link_libraries(unit GTest::gtest_main)
add_executable(late EXCLUDE_FROM_ALL unit.cpp)
add_executable(tool tool.cpp)

add_test(NAME whole COMMAND unit)
gtest_discover_tests(unit TEST_PREFIX found.)
gtest_discover_tests(late)
add_test(NAME unbuilt COMMAND late)

add_test(NAME plain COMMAND tool)
add_test(NAME arguments COMMAND tool exit 3)
add_test(NAME "in ${CMAKE_CURRENT_BINARY_DIR}/x of ${CMAKE_CURRENT_SOURCE_DIR}" COMMAND tool exit 0)
add_test(NAME fails COMMAND tool exit 3)
set_tests_properties(fails PROPERTIES WILL_FAIL TRUE)
add_test(NAME crashes COMMAND tool crash)
set_tests_properties(crashes PROPERTIES WILL_FAIL TRUE)
add_test(NAME skips COMMAND tool exit 77)
set_tests_properties(skips PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 2.5)
add_test(NAME "skips by words" COMMAND tool say "[ SKIPPED ]")
set_tests_properties("skips by words" PROPERTIES SKIP_REGULAR_EXPRESSION "^\\[ SKIPPED \\]")
add_test(NAME says COMMAND tool say "all good" 5)
set_tests_properties(says PROPERTIES PASS_REGULAR_EXPRESSION "all (good|well)")
add_test(NAME "says bad" COMMAND tool say "an Error")
set_tests_properties("says bad" PROPERTIES FAIL_REGULAR_EXPRESSION "[Ee]rror")
add_test(NAME off COMMAND tool)
set_tests_properties(off PROPERTIES DISABLED TRUE)
add_test(NAME serial COMMAND tool)
set_tests_properties(serial PROPERTIES RUN_SERIAL TRUE RESOURCE_LOCK "db;net" LABELS "a;b")
add_test(NAME missing COMMAND tool)
set_tests_properties(missing PROPERTIES REQUIRED_FILES not-there)

add_test(NAME environment COMMAND sh -c "test \"$A\" = 1x && test \"$B\" = 'y;z' && test -z \"\${HOME+x}\" && test -f here")
set_tests_properties(environment PROPERTIES ENVIRONMENT "A=1;B=y\;z"
    ENVIRONMENT_MODIFICATION "A=string_append:x;HOME=unset:" WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/sub)
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/sub/here "")

add_test(NAME up COMMAND sh -c "test ! -e db && echo ready > db")
add_test(NAME fill COMMAND sh -c "echo full >> db")
add_test(NAME uses COMMAND grep full db)
add_test(NAME down COMMAND sh -c "rm db")
set_tests_properties(up PROPERTIES FIXTURES_SETUP Db)
set_tests_properties(fill PROPERTIES FIXTURES_SETUP Filled FIXTURES_REQUIRED Db)
set_tests_properties(uses PROPERTIES FIXTURES_REQUIRED Filled)
set_tests_properties(down PROPERTIES FIXTURES_CLEANUP Db)
add_test(NAME first COMMAND sh -c "echo 1 > made")
add_test(NAME second COMMAND sh -c "grep 1 made && rm made")
set_tests_properties(second PROPERTIES DEPENDS first)
"#;

const TOOL: &str = r#"
#include <cstdio>
#include <cstdlib>
#include <cstring>
int main(int argc, char** argv) {
  if (argc > 2 && !std::strcmp(argv[1], "exit")) return std::atoi(argv[2]);
  if (argc > 1 && !std::strcmp(argv[1], "crash")) std::abort();
  if (argc > 2 && !std::strcmp(argv[1], "say")) std::puts(argv[2]);
  return argc > 3 ? std::atoi(argv[3]) : 0;
}
"#;

const UNIT: &str = r#"
#include <gtest/gtest.h>
TEST(Unit, Passes) {}
TEST(Unit, Fails) { FAIL(); }
TEST(Unit, Skips) { GTEST_SKIP(); }
TEST(Unit, DISABLED_Off) {}
class P : public testing::TestWithParam<const char*> {};
TEST_P(P, Works) {}
INSTANTIATE_TEST_SUITE_P(Inst, P, testing::Values("a"));
"#;

fn project(bench: &Bench) -> Option<Build> {
    for tool in ["cmake", "ctest", "g++"] {
        if !Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success()) {
            skipped(tool);
            return None;
        }
    }
    if !Path::new("/usr/include/gtest/gtest.h").exists() {
        skipped("gtest/gtest.h");
        return None;
    }
    let source = bench.path("source");
    fs::create_dir(&source).unwrap();
    for (file, text) in [("CMakeLists.txt", PROJECT), ("tool.cpp", TOOL), ("unit.cpp", UNIT)] {
        fs::write(source.join(file), text).unwrap();
    }
    let folder = source.join("build");
    for args in [&["-S", ".", "-B", "build"][..], &["--build", "build"]] {
        let output = Command::new("cmake").args(args).current_dir(&source).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    Some(Build {
        folder,
        source: None,
        ctest: "ctest".into(),
        config: None,
        inherited: std::env::vars_os().collect(),
        filters: Vec::new(),
        whole_binaries: WholeBinaries::Expand,
    })
}

/// Runs a case with all that belongs to it, as a driver would.
fn run(case: &Case) -> Judgement {
    let step = |step: &Step| {
        let output = spawn(&step.command);
        let judgement = step.verdict.judge(output.status.code(), &output.stdout, &output.stderr);
        !step.required || judgement == Judgement::Passed
    };
    let is_ready = case.before.iter().all(step);
    let output = spawn(&case.command);
    let judgement = case.verdict.judge(output.status.code(), &output.stdout, &output.stderr);
    case.after.iter().for_each(|after| assert!(step(after)));
    assert!(is_ready, "{}", case.name);
    judgement
}

#[test]
fn a_project_runs_as_under_ctest() {
    let bench = Bench::new();
    let Some(build) = project(&bench) else { return };
    let found = list(&build, Options::default(), &bench.listing()).unwrap();
    let mut told = String::new();
    for case in &found.cases {
        let judgement = if case.skipped { "left out".to_owned() } else { format!("{:?}", run(case)) };
        told.push_str(&format!("{} | {} | {judgement}", case.suite, case.name));
        for lock in &case.locks {
            told.push_str(&format!(" | {lock:?}"));
        }
        if let Some(timeout) = case.timeout {
            told.push_str(&format!(" | {timeout:?}"));
        }
        told.push('\n');
    }
    for problem in &found.problems {
        told.push_str(&format!("{}: {}\n", problem.test, problem.reason));
    }
    insta::assert_snapshot!(told, @r#"
    ctest | down | Passed | Named("fixture Db") | Named("test up")
    ctest | environment | Passed
    ctest | fill | Passed | Named("fixture Db") | Named("fixture Filled") | Named("test fill") | Named("test up")
    ctest | first | Passed | Named("test first")
    ctest | second | Passed | Named("test first")
    ctest | up | Passed | Named("fixture Db") | Named("test up")
    ctest | uses | Passed | Named("fixture Db") | Named("fixture Filled") | Named("test fill") | Named("test up")
    tool | arguments | Failed
    tool | crashes | Failed
    tool | fails | Passed
    tool | in x of . | Passed
    tool | off | left out
    tool | plain | Passed
    tool | says | Passed
    tool | says bad | Failed
    tool | serial | Passed | Everything | Named("db") | Named("net")
    tool | skips | Skipped | 2.5s
    tool | skips by words | Skipped
    unit | Inst/P.Works/0 | Passed
    unit | Unit.DISABLED_Off | left out
    unit | Unit.Fails | Failed
    unit | Unit.Passes | Passed
    unit | Unit.Skips | Skipped
    whole | Inst/P.Works/0 | Passed
    whole | Unit.DISABLED_Off | left out
    whole | Unit.Fails | Failed
    whole | Unit.Passes | Passed
    whole | Unit.Skips | Skipped
    late_NOT_BUILT: its program is not built: build all targets before listing
    missing: the file `not-there` that it requires is missing
    unbuilt: its program is not built: build all targets before listing
    "#);

    let here = bench.folder.path().to_str().unwrap();
    assert!(!told.contains(here), "{told}");

    // What CTest itself says of the same tests, one after the other: to CTest a fixture is not in use by who uses what was
    // set up on top of it, so that side by side `down` may come before `uses`.
    let output = Command::new("ctest").args(["-j1"]).current_dir(&build.folder).output().unwrap();
    let summary = String::from_utf8_lossy(&output.stdout);
    let by_ctest = |name: &str| {
        let line = summary.lines().find(|line| line.contains(&format!(": {name} ..")));
        line.unwrap_or_else(|| panic!("{name} in {summary}")).to_owned()
    };
    for case in found.cases.iter().filter(|case| &*case.suite == "tool" || &*case.suite == "ctest") {
        if case.skipped || case.name.starts_with("in ") {
            continue;
        }
        let line = by_ctest(&case.name);
        let expected = match run(case) {
            Judgement::Passed => "Passed",
            Judgement::Skipped => "***Skipped",
            Judgement::Failed if &*case.name == "crashes" => "***Exception",
            Judgement::Failed => "***Failed",
            Judgement::NothingRan => panic!("{}", case.name),
        };
        assert!(line.contains(expected), "{line} is not {expected}");
    }

    // The way to the folder makes no difference.
    let link = bench.path("link");
    std::os::unix::fs::symlink(&build.folder, &link).unwrap();
    let linked = Build { folder: link, source: None, ..build.clone() };
    assert_eq!(list(&linked, Options::default(), &bench.listing()).unwrap(), found);

    let kept = Build { whole_binaries: WholeBinaries::Keep, ..build };
    let found = list(&kept, Options::default(), &bench.listing()).unwrap();
    let whole = found.cases.iter().find(|case| &*case.name == "whole").unwrap();
    assert_eq!((&*whole.suite, &whole.verdict), ("unit", &Verdict::ExitCode));
}

#[test]
fn a_folder_that_is_no_build_has_no_tests() {
    let bench = Bench::new();
    let build = Build {
        folder: bench.path("work"),
        source: None,
        ctest: bench.path("no-ctest"),
        config: None,
        inherited: BTreeMap::new(),
        filters: Vec::new(),
        whole_binaries: WholeBinaries::Keep,
    };
    let error = list(&build, Options::default(), &bench.listing()).unwrap_err();
    assert!(matches!(error, ListError::Start { .. }));
}

fn build() -> Build {
    Build {
        folder: "/home/me/p/build".into(),
        source: Some("/home/me/p".into()),
        ctest: "ctest".into(),
        config: None,
        inherited: BTreeMap::new(),
        filters: Vec::new(),
        whole_binaries: WholeBinaries::Keep,
    }
}

fn entry(name: &str) -> Entry {
    Entry { name: name.to_owned(), command: vec!["/bin/true".to_owned()], ..Entry::default() }
}

fn listed(entries: &[Entry]) -> Found {
    found(&build(), entries, Options::default(), &Bench::new().listing()).unwrap()
}

#[test]
fn names_that_clash_are_problems() {
    let other = Entry { command: vec!["/bin/true".to_owned(), "2".to_owned()], ..entry("a") };
    let found = listed(&[entry("a"), entry("b"), other, entry("b")]);
    assert_eq!(found.cases.iter().map(|case| &*case.name).collect::<Vec<_>>(), ["b"]);
    insta::assert_snapshot!(found.problems[0].reason, @"2 tests have this name: give each its own");
}

#[test]
fn a_set_up_that_cannot_run_is_a_problem_of_who_requires_it() {
    let setup = Entry { fixtures_setup: vec!["F".to_owned()], disabled: true, ..entry("setup") };
    let user = Entry { fixtures_required: vec!["F".to_owned()], ..entry("user") };
    let dependent = Entry { depends: vec!["setup".to_owned(), "gone".to_owned()], ..entry("dependent") };
    let found = listed(&[user, setup, dependent]);
    assert_eq!(found.problems.iter().map(|problem| &*problem.test).collect::<Vec<_>>(), ["user"]);
    assert_eq!(found.cases.iter().map(|case| &*case.name).collect::<Vec<_>>(), ["dependent", "setup"]);
}

#[test]
fn filters_that_match_nothing_prove_nothing() {
    let command = ["/bin/echo", "[  PASSED  ] 0 tests."].map(str::to_owned).to_vec();
    let found = listed(&[Entry { command, ..entry("a") }]);
    let output = spawn(&CommandLine { cwd: "/".into(), ..found.cases[0].command.clone() });
    assert_eq!(found.cases[0].verdict.judge(Some(0), &output.stdout, b""), Judgement::NothingRan);
}

#[test]
fn circles_and_long_chains_end() {
    let circle = |name: &str, other: &str| Entry { depends: vec![other.to_owned()], ..entry(name) };
    let found = listed(&[circle("a", "b"), circle("b", "a"), circle("c", "c")]);
    assert_eq!(found.cases.iter().map(|case| case.before.len()).collect::<Vec<_>>(), [1, 1, 0]);

    let chain: Vec<Entry> = (0..2000).map(|n| circle(&n.to_string(), &(n + 1).to_string())).collect();
    let found = listed(&chain);
    assert!(found.problems.iter().all(|problem| problem.reason.contains("have to run before it")));
    assert!(!found.problems.is_empty() && !found.cases.is_empty());
}
