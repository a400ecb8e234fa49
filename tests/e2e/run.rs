//! `skiptrace run`: the loop at a desk, with the real runners.

#![expect(unused_must_use, reason = "most outputs are looked at by `check` alone")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use skiptrace_tests::tools::require;
use skiptrace_tests::{CargoProject, GoProject, Output, Sandbox};

use crate::PROGRAM;

/// Runs tests in the work folder.
fn run(sandbox: &Sandbox, runner: &str) -> Output {
    run_in(sandbox, &sandbox.work(), runner)
}

fn run_in(sandbox: &Sandbox, folder: &Path, runner: &str) -> Output {
    let mut command = sandbox.skiptrace_command();
    command.args(["run", "--"]).args(runner.split_whitespace()).current_dir(folder);
    sandbox.output(&mut command)
}

/// Asserts how a run ended, and how many tests ran and were skipped.
#[track_caller]
fn check(output: Output, code: i32, ran: &str) -> Output {
    let output = output.code(code);
    let said = output.stderr();
    let is_it = |line: &str| match line.split_once(" with a proof") {
        Some((start, _)) => start == ran,
        None => line == ran,
    };
    assert!(said.lines().any(is_it), "not `{ran}`:\n{}", output.snapshot());
    output
}

fn edit(sandbox: &Sandbox, path: &str, from: &str, to: &str) {
    let text = sandbox.read(path);
    assert!(text.contains(from), "`{path}` has no `{from}`");
    sandbox.write(path, &text.replacen(from, to, 1));
}

const MANIFEST: &str =
    "[package]\nname = \"desk\"\nedition = \"2021\"\n[profile.dev]\ndebug = 0\nincremental = false\n";
const LIB: &str = "\
pub fn one() -> u32 {
    1
}

pub fn two() -> u32 {
    2
}

#[cfg(test)]
mod tests {
    #[test]
    fn first() {
        assert_eq!(crate::one(), 1);
    }

    #[test]
    fn second() {
        assert_eq!(crate::two(), 2);
    }

    #[test]
    #[ignore]
    fn never() {
        panic!();
    }
}
";
const FILES: [(&str, &str); 3] = [("Cargo.toml", MANIFEST), ("src/lib.rs", LIB), (".gitignore", "target/\n")];

/// The runners of cargo that are there, each with how it ends where tests fail.
fn cargo_runners() -> Vec<(&'static str, i32)> {
    let mut runners = vec![("cargo test --lib", 101)];
    if require("cargo-nextest").is_some() {
        runners.push(("cargo nextest run", 100));
    }
    runners
}

#[test]
fn the_loop_with_cargo() {
    for (runner, failure) in cargo_runners() {
        let project = CargoProject::empty(PROGRAM);
        project.commit(&FILES);
        let sandbox = &project.sandbox;
        check(run(sandbox, runner), 0, "ran 2 tests");
        let again = check(run(sandbox, runner), 0, "ran 0 tests; skipped 2");
        assert!(again.stderr().starts_with("0 of 2 tests must run"), "{}", again.snapshot());

        // A body, a new test, and one that fails.
        edit(sandbox, "src/lib.rs", "    1\n", "    3 - 2\n");
        check(run(sandbox, runner), 0, "ran 1 test; skipped 1");
        edit(
            sandbox,
            "src/lib.rs",
            "    #[test]\n    #[ignore]",
            "    #[test]\n    fn third() {}\n\n    #[test]\n    #[ignore]",
        );
        let third = run(sandbox, runner).success();
        assert!(third.stdout().contains("third") || third.stderr().contains("third"), "{}", third.snapshot());
        edit(sandbox, "src/lib.rs", "    2\n", "    3\n");
        for _ in 0..2 {
            // What failed runs again, changed or not.
            let failed = run(sandbox, runner).code(failure);
            assert!(failed.stderr().contains(", 1 failed; skipped "), "{}", failed.snapshot());
        }
        edit(sandbox, "src/lib.rs", "    3\n", "    2\n");
        run(sandbox, runner).success();
        let again = run(sandbox, runner).success();
        assert!(again.stderr().contains("skipped 3 with a proof"), "{}", again.snapshot());

        // What does not compile is said by the compiler, and takes nothing away.
        edit(sandbox, "src/lib.rs", "    3 - 2\n", "    3 - \n");
        let broken = run(sandbox, runner).code(101);
        assert!(broken.stderr().contains("src/lib.rs:3:1"), "{}", broken.snapshot());
        edit(sandbox, "src/lib.rs", "    3 - \n", "    3 - 2\n");
        let again = run(sandbox, runner).success();
        assert!(again.stderr().contains("skipped 3 with a proof"), "{}", again.snapshot());
        assert_eq!(project.status(), " M src/lib.rs");
    }
}

/// One file whose examples run, and one with an example that is only compiled, which depends on all of the crate.
const DOCUMENTED: [(&str, &str); 4] = [
    ("Cargo.toml", MANIFEST),
    (".gitignore", "target/\nCargo.lock\n"),
    (
        "src/lib.rs",
        "pub mod far;\n\n/// ```\n/// assert_eq!(desk::one(), 1);\n/// ```\npub fn one() -> u32 {\n    1\n}\n\n\
         pub fn idle() -> u32 {\n    7\n}\n",
    ),
    (
        "src/far.rs",
        "/// ```no_run\n/// desk::far::two();\n/// ```\n///\n/// ```\n/// assert_eq!(desk::far::two(), 2);\n/// ```\n\
         pub fn two() -> u32 {\n    2\n}\n",
    ),
];

#[test]
fn documentation_runs_by_files() {
    let project = CargoProject::empty(PROGRAM);
    project.commit(&DOCUMENTED);
    let sandbox = &project.sandbox;
    let ran = |output: &Output| -> Vec<String> {
        let named = |line: &str| Some(line.strip_prefix("test ")?.strip_suffix(" ... ok")?.to_owned());
        output.stdout().lines().filter_map(named).collect()
    };
    let first = check(run(sandbox, "cargo test"), 0, "ran 2 tests");
    assert_eq!(ran(&first), ["src/far.rs", "src/lib.rs"], "{}", first.snapshot());
    // A lockfile that git ignores is what it was, whoever opened it.
    check(run(sandbox, "cargo test"), 0, "ran 0 tests; skipped 2");
    edit(sandbox, "src/far.rs", "    2\n", "    4 - 2\n");
    let again = check(run(sandbox, "cargo test"), 0, "ran 1 test; skipped 1");
    assert_eq!(ran(&again), ["src/far.rs"], "{}", again.snapshot());
    // None of the examples of the one executes it, and of those of the other not all run.
    edit(sandbox, "src/lib.rs", "    7\n", "    8\n");
    let again = check(run(sandbox, "cargo test"), 0, "ran 1 test; skipped 1");
    assert_eq!(ran(&again), ["src/far.rs"], "{}", again.snapshot());
    edit(sandbox, "src/lib.rs", "desk::one(), 1", "desk::one(), 2");
    let failed = run(sandbox, "cargo test").code(101);
    assert!(failed.stderr().contains(", 1 failed"), "{}", failed.snapshot());
}

#[test]
fn results_as_cargo_shows_them() {
    let project = CargoProject::empty(PROGRAM);
    project.commit(&FILES);
    edit(&project.sandbox, "src/lib.rs", "    2\n", "    3\n");
    let output = sandbox_jobs(&project.sandbox, &["--jobs", "1"], "cargo test --lib").code(101);
    let shown: String =
        output.stdout().lines().filter(|line| !line.starts_with("thread '")).map(timeless).collect();
    assert_snapshot!(shown, @"

    running 2 tests
         Running desk
    test tests::first ... ok
    test tests::second ... FAILED

    failures:

    ---- desk tests::second stdout ----
    assertion `left == right` failed
      left: 3
     right: 2
    note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

    failures:
        desk tests::second

    test result: FAILED. 1 passed; 1 failed; 1 ignored; finished in $TIME
    ");
}

fn sandbox_jobs(sandbox: &Sandbox, options: &[&str], runner: &str) -> Output {
    let mut command = sandbox.skiptrace_command();
    command.arg("run").args(options).arg("--").args(runner.split_whitespace());
    sandbox.output(&mut command)
}

/// Returns a line with times replaced.
fn timeless(line: &str) -> String {
    let is_time = |c: char| c.is_ascii_digit() || c == '.';
    let mut words: Vec<String> = Vec::new();
    for word in line.split(' ') {
        let bare = word.trim_matches(|c| matches!(c, '(' | ')'));
        let seconds = bare.strip_suffix('s').is_some_and(|n| n.contains('.') && n.chars().all(is_time));
        words.push(if seconds { word.replace(bare, "$TIME") } else { word.to_owned() });
    }
    words.join(" ") + "\n"
}

#[test]
fn packages_that_are_named_keep_the_others() {
    for (runner, failure) in [("cargo test", 101), ("cargo nextest run", 100)] {
        if runner.contains("nextest") && require("cargo-nextest").is_none() {
            continue;
        }
        let project = CargoProject::empty(PROGRAM);
        let manifest = |name: &str, rest: &str| {
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{rest}")
        };
        let of_a = manifest("a", "[dependencies]\nshared = { path = \"../shared\" }\n");
        let of_b =
            manifest("b", "[dependencies]\nshared = { path = \"../shared\", features = [\"loud\"] }\n");
        let of_shared = manifest("shared", "[features]\nloud = []\n");
        let lib = |name: &str| {
            format!(
                "#[test]\nfn {name}_counts() {{\n    assert_eq!(shared::one(), 1);\n}}\n\n\
                 #[test]\nfn {name}_is_loud() {{\n    assert!(shared::is_loud());\n}}\n"
            )
        };
        project.commit(&[
            ("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\", \"shared\"]\nresolver = \"2\"\n[profile.dev]\ndebug = 0\nincremental = false\n"),
            ("a/Cargo.toml", &of_a),
            ("a/src/lib.rs", &lib("a")),
            ("b/Cargo.toml", &of_b),
            ("b/src/lib.rs", &lib("b")),
            ("shared/Cargo.toml", &of_shared),
            ("shared/src/lib.rs", "pub fn one() -> u32 {\n    1\n}\n\npub fn is_loud() -> bool {\n    cfg!(feature = \"loud\")\n}\n"),
            (".gitignore", "target/\n"),
        ]);
        let sandbox = &project.sandbox;
        check(run(sandbox, runner), 0, "ran 4 tests");
        // The package built with the others has a feature that it does not have alone.
        let alone = check(run(sandbox, &format!("{runner} -p a")), failure, "ran 2 tests, 1 failed");
        assert!(alone.stderr().contains("`features of shared`"), "{}", alone.snapshot());
        // What is known of all is still known.
        check(run(sandbox, runner), 0, "ran 0 tests; skipped 4");
        check(run(sandbox, &format!("{runner} -p b")), 0, "ran 0 tests; skipped 4");
        edit(sandbox, "shared/src/lib.rs", "    1\n", "    2 - 1\n");
        let of_b = check(run(sandbox, &format!("{runner} -p b")), 0, "ran 1 test; skipped 2");
        assert!(!of_b.stdout().contains("a_counts"), "{}", of_b.snapshot());
        check(run(sandbox, runner), 0, "ran 1 test; skipped 3");
        check(run(sandbox, runner), 0, "ran 0 tests; skipped 4");
    }
}

#[test]
fn filters_keep_what_is_outside_of_them() {
    let project = CargoProject::empty(PROGRAM);
    project.commit(&FILES);
    let sandbox = &project.sandbox;
    check(run(sandbox, "cargo test --lib"), 0, "ran 2 tests");
    edit(sandbox, "src/lib.rs", "    1\n", "    3 - 2\n");
    edit(sandbox, "src/lib.rs", "    2\n", "    4 - 2\n");
    check(run(sandbox, "cargo test --lib first"), 0, "ran 1 test");
    check(run(sandbox, "cargo test --lib"), 0, "ran 1 test; skipped 1");
    check(run(sandbox, "cargo test --lib"), 0, "ran 0 tests; skipped 2");
}

#[test]
fn before_the_first_commit_and_away_from_branches() {
    for (runner, _) in cargo_runners() {
        let project = CargoProject::empty(PROGRAM);
        let sandbox = &project.sandbox;
        for (path, text) in FILES {
            sandbox.write(path, text);
        }
        check(run(sandbox, runner), 0, "ran 2 tests");
        check(run(sandbox, runner), 0, "ran 0 tests; skipped 2");
        edit(sandbox, "src/lib.rs", "    1\n", "    3 - 2\n");
        check(run(sandbox, runner), 0, "ran 1 test; skipped 1");
        // The first commit changes no file, and neither does it that no branch is checked out.
        project.commit(&[]);
        check(run(sandbox, runner), 0, "ran 0 tests; skipped 2");
        sandbox.repo().git(["checkout", "--quiet", "--detach"]);
        check(run(sandbox, runner), 0, "ran 0 tests; skipped 2");
        // A file put back as the commit has it is not what ran last.
        edit(sandbox, "src/lib.rs", "    3 - 2\n", "    4 - 3\n");
        check(run(sandbox, runner), 0, "ran 1 test; skipped 1");
        sandbox.repo().git(["checkout", "--quiet", "src/lib.rs"]);
        check(run(sandbox, runner), 0, "ran 1 test; skipped 1");
        // Another work tree has the same folder of git's, and files of its own.
        sandbox.repo().git(["worktree", "add", "--quiet", "--detach", "../other"]);
        let other = sandbox.path().join("other");
        check(run_in(sandbox, &other, runner), 0, "ran 0 tests; skipped 2");
        let text = sandbox.read("src/lib.rs").replace("    2\n", "    5 - 3\n");
        std::fs::write(other.join("src/lib.rs"), text).unwrap();
        check(run_in(sandbox, &other, runner), 0, "ran 1 test; skipped 1");
        check(run(sandbox, runner), 0, "ran 0 tests; skipped 2");
    }
}

#[test]
fn outside_of_a_repository_everything_runs() {
    let project = CargoProject::empty(PROGRAM);
    let sandbox = &project.sandbox;
    std::fs::remove_dir_all(sandbox.work().join(".git")).unwrap();
    for (path, text) in FILES {
        sandbox.write(path, text);
    }
    let output = run(sandbox, "cargo test --lib").success();
    assert!(
        output.stderr().contains("everything runs, and nothing is remembered: there is no repository here")
    );
    assert!(output.stdout().contains("test tests::first ... ok"), "{}", output.snapshot());
    edit(sandbox, "src/lib.rs", "    2\n", "    3\n");
    let output = run(sandbox, "cargo test --lib").code(101);
    assert!(output.stdout().contains("test tests::second ... FAILED"), "{}", output.snapshot());
}

#[test]
fn what_tests_are_told_is_a_condition() {
    let project = CargoProject::empty(PROGRAM);
    let manifest = format!("{MANIFEST}[[test]]\nname = \"own\"\nharness = false\n");
    let own = "fn main() {\n    assert_eq!(desk::one(), 1);\n    \
               assert!(std::env::args().all(|word| word != \"--other-mode\"));\n}\n";
    project.commit(&[("Cargo.toml", &manifest), FILES[1], ("tests/own.rs", own), FILES[2]]);
    let sandbox = &project.sandbox;
    check(run(sandbox, "cargo test --test own"), 0, "ran 1 test");
    check(run(sandbox, "cargo test --test own"), 0, "ran 0 tests; skipped 1");
    check(run(sandbox, "cargo test --test own -- --other-mode"), 101, "ran 1 test, 1 failed");
    check(run(sandbox, "cargo test --test own"), 0, "ran 0 tests; skipped 1");
}

#[test]
fn a_flaky_test_always_runs() {
    let flaky = LIB.replace(
        "        assert_eq!(crate::two(), 2);\n",
        "        let path = \"target/tried\";\n        let before = std::path::Path::new(path).exists();\n        \
         std::fs::write(path, \"\").unwrap();\n        assert!(before && crate::two() == 2);\n",
    );
    for (runner, _) in cargo_runners() {
        let project = CargoProject::empty(PROGRAM);
        project.commit(&[FILES[0], ("src/lib.rs", &flaky), FILES[2]]);
        let sandbox = &project.sandbox;
        let first = sandbox_jobs(sandbox, &["--retries", "1"], runner);
        check(first, 0, "ran 2 tests");
        check(run(sandbox, runner), 0, "ran 1 test; skipped 1");
        check(run(sandbox, runner), 0, "ran 0 tests; skipped 2");
    }
}

#[cfg(unix)]
#[test]
fn an_interruption_loses_nothing() {
    for (runner, _) in cargo_runners() {
        let project = CargoProject::empty(PROGRAM);
        let slow = LIB.replace(
            "        assert_eq!(crate::two(), 2);\n",
            "        assert_eq!(crate::two(), 2);\n        \
             if std::path::Path::new(\"target/slow\").exists() {\n            \
             std::fs::write(\"target/begun\", \"\").unwrap();\n            \
             std::thread::sleep(std::time::Duration::from_secs(120));\n        }\n",
        );
        project.commit(&[FILES[0], ("src/lib.rs", &slow), FILES[2]]);
        let sandbox = &project.sandbox;
        check(run(sandbox, runner), 0, "ran 2 tests");
        edit(sandbox, "src/lib.rs", "    1\n", "    3 - 2\n");
        edit(sandbox, "src/lib.rs", "    2\n", "    4 - 2\n");
        sandbox.write("target/slow", "");
        let mut command = sandbox.skiptrace_command();
        // One after the other, in the order of their names.
        command.args(["run", "--jobs", "1", "--"]).args(runner.split_whitespace());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for(&sandbox.work().join("target/begun"));
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{said}");
        std::fs::remove_file(sandbox.work().join("target/slow")).unwrap();
        // What had ended is known; what had not is not. What tests do in one process, where they share one, was not seen.
        let after = run(sandbox, runner).success();
        let expected = if runner.contains("nextest") { "ran 1 test; skipped 1" } else { "ran 2 tests" };
        assert!(after.stderr().contains(expected), "{said}\n{}", after.snapshot());
        check(run(sandbox, runner), 0, "ran 0 tests; skipped 2");
    }
}

#[cfg(unix)]
fn wait_for(path: &Path) {
    let started = Instant::now();
    while !path.exists() {
        assert!(started.elapsed() < Duration::from_secs(300), "`{}` does not come", path.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

const GO: [(&str, &str); 5] = [
    ("go.mod", "module example.org/desk\n\ngo 1.21\n"),
    ("one/one.go", "package one\n\n// One is one.\nfunc One() int {\n\treturn 1\n}\n"),
    (
        "one/one_test.go",
        "package one\n\nimport \"testing\"\n\nfunc TestOne(t *testing.T) {\n\tif One() != 1 {\n\t\tt.Error(\"it is not one\")\n\t}\n}\n\nfunc TestAlone(t *testing.T) {}\n",
    ),
    ("two/two.go", "package two\n\n// Two is two.\nfunc Two() int {\n\treturn 2\n}\n"),
    (
        "two/two_test.go",
        "package two\n\nimport \"testing\"\n\nfunc TestTwo(t *testing.T) {\n\tif Two() != 2 {\n\t\tt.Errorf(\"%d is not two\", Two())\n\t}\n}\n",
    ),
];

#[cfg(unix)]
#[test]
fn the_loop_with_go() {
    let Some(project) = GoProject::empty(PROGRAM) else { return };
    project.commit(&GO);
    let sandbox = &project.sandbox;
    let all = "go test ./...";
    check(run(sandbox, all), 0, "ran 3 tests");
    let again = check(run(sandbox, all), 0, "ran 0 tests; skipped 3");
    assert!(again.stderr().starts_with("0 of 3 tests must run"), "{}", again.snapshot());
    edit(sandbox, "one/one.go", "return 1", "return 3 - 2");
    let output = check(run(sandbox, all), 0, "ran 1 test; skipped 2");
    assert!(output.stdout().starts_with("ok  \texample.org/desk/one\t"), "{}", output.snapshot());
    let added = sandbox.read("two/two_test.go") + "\nfunc TestMore(t *testing.T) {}\n";
    sandbox.write("two/two_test.go", &added);
    run(sandbox, all).success();
    check(run(sandbox, all), 0, "ran 0 tests; skipped 4");

    // One that fails, and is put right.
    edit(sandbox, "two/two.go", "return 2", "return 3");
    for _ in 0..2 {
        let failed = check(run(sandbox, all), 1, "ran 1 test, 1 failed; skipped 3");
        let shown: String = failed.stdout().lines().map(timeless).collect();
        assert!(shown.starts_with("--- FAIL: TestTwo ($TIME)\n    two_test.go:7: 3 is not two\nFAIL\nFAIL\texample.org/desk/two\t"), "{}", failed.snapshot());
    }
    // Filters keep what is outside of them.
    edit(sandbox, "one/one.go", "return 3 - 2", "return 4 - 3");
    check(run(sandbox, "go test -run TestOne ./..."), 0, "ran 1 test; skipped 2");
    edit(sandbox, "two/two.go", "return 3", "return 2");
    check(run(sandbox, all), 0, "ran 1 test; skipped 3");
    check(run(sandbox, all), 0, "ran 0 tests; skipped 4");

    // What does not compile is said by the compiler, and takes nothing away.
    edit(sandbox, "one/one.go", "return 4 - 3", "return 4 -");
    let broken = run(sandbox, all).code(1);
    assert!(broken.snapshot().contains("one.go:"), "{}", broken.snapshot());
    edit(sandbox, "one/one.go", "return 4 -", "return 4 - 3");
    check(run(sandbox, all), 0, "ran 0 tests; skipped 4");
    // It is the wrong type, which only the compiler finds.
    edit(sandbox, "one/one.go", "return 4 - 3", "return \"4\"");
    let broken = run(sandbox, all).code(1);
    assert!(broken.snapshot().contains("one.go:5"), "{}", broken.snapshot());
    edit(sandbox, "one/one.go", "return \"4\"", "return 4 - 3");
    let after = run(sandbox, all).success();
    assert!(after.stderr().contains("skipped "), "{}", after.snapshot());
    check(run(sandbox, all), 0, "ran 0 tests; skipped 4");
}

/// Edits that no test executes, each of which `go test` fails for.
const UNBUILDABLE: [(&str, &str, &str, &str); 4] = [
    ("a type that is wrong", "one/spare.go", "return 1 // spare", "return \"1\""),
    ("what vet finds", "one/spare.go", "\"%d\", 1", "\"%d\", \"x\""),
    ("a program without tests", "tool/main.go", "println(1)", "println(1"),
    ("what a program without tests is made of", "tool/deep/deep.go", "return 1", "return nothing"),
];

#[cfg(unix)]
#[test]
fn what_nobody_executes_has_to_build_with_go() {
    let Some(project) = GoProject::empty(PROGRAM) else { return };
    project.commit(&GO);
    project.commit(&[
        (
            "one/spare.go",
            "package one\n\nimport \"fmt\"\n\nfunc spare() int {\n\tfmt.Printf(\"%d\", 1)\n\treturn 1 // spare\n}\n",
        ),
        ("tool/deep/deep.go", "package deep\n\nfunc Deep() int {\n\treturn 1\n}\n"),
        (
            "tool/main.go",
            "package main\n\nimport \"example.org/desk/tool/deep\"\n\nfunc main() {\n\tprintln(1)\n\tdeep.Deep()\n}\n",
        ),
    ]);
    let sandbox = &project.sandbox;
    let all = "go test ./...";
    check(run(sandbox, all), 0, "ran 3 tests");
    for (what, path, from, to) in UNBUILDABLE {
        edit(sandbox, path, from, to);
        let plain = sandbox.output(sandbox.command("go").args(["test", "./..."]).current_dir(sandbox.work()));
        assert!(!plain.has_succeeded(), "{what}: {}", plain.snapshot());
        // Not only the first time.
        for _ in 0..2 {
            let broken = run(sandbox, all).code(1).snapshot();
            let file = path.rsplit('/').next().unwrap();
            assert!(broken.contains(&format!("{file}:")), "{what}: {broken}");
        }
        edit(sandbox, path, to, from);
        check(run(sandbox, all), 0, "ran 0 tests; skipped 3");
    }
    // The first run of all is no other.
    let (_, path, from, to) = UNBUILDABLE[3];
    edit(sandbox, path, from, to);
    sandbox.skiptrace(["run", "--all", "--", "go", "test", "./..."]).code(1);
    run(sandbox, all).code(1);
    check(run(sandbox, "go test ./one ./two"), 0, "ran 0 tests; skipped 3");
    run(sandbox, all).code(1);
}

const CMAKE: &str = "cmake_minimum_required(VERSION 3.16)\nproject(desk CXX)\nenable_testing()\n\
    add_executable(unit_tests unit.cpp core.cpp)\ntarget_link_libraries(unit_tests gtest gtest_main pthread)\n\
    add_test(NAME unit COMMAND unit_tests)\n";
const CORE: &str = "int one() {\n  return 1;\n}\n\nint two() {\n  return 2;\n}\n";
const UNIT: &str = "#include <gtest/gtest.h>\nint one();\nint two();\n\
    TEST(Core, One) {\n  EXPECT_EQ(one(), 1);\n}\nTEST(Core, Two) {\n  EXPECT_EQ(two(), 2);\n}\n\
    TEST(Core, DISABLED_Never) {\n  FAIL();\n}\n";

#[cfg(target_os = "linux")]
#[test]
fn the_loop_with_programs_and_ctest() {
    let tools = ["cmake", "ninja", "clang++-22"].map(require);
    if tools.iter().any(Option::is_none) || !Path::new("/usr/include/gtest/gtest.h").exists() {
        return;
    }
    for (runner, failure) in [("build/unit_tests", 1), ("ctest --test-dir build --output-on-failure", 8)] {
        let sandbox = Sandbox::new(PROGRAM);
        sandbox.repo().commit(
            "a",
            &[("CMakeLists.txt", CMAKE), ("core.cpp", CORE), ("unit.cpp", UNIT), (".gitignore", "build/\n")],
        );
        let cmake = |args: &[&str]| {
            let output = sandbox.command("cmake").args(args).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        };
        let flags = "-DCMAKE_CXX_FLAGS=-fprofile-instr-generate -fcoverage-mapping -mllvm -runtime-counter-relocation";
        cmake(&["-G", "Ninja", "-B", "build", "-DCMAKE_CXX_COMPILER=clang++-22", flags]);
        let build = || cmake(&["--build", "build"]);
        build();
        check(run(&sandbox, runner), 0, "ran 2 tests");
        check(run(&sandbox, runner), 0, "ran 0 tests; skipped 2");
        edit(&sandbox, "core.cpp", "return 1;", "return 3 - 2;");
        build();
        check(run(&sandbox, runner), 0, "ran 1 test; skipped 1");
        edit(&sandbox, "core.cpp", "return 2;", "return 3;");
        build();
        for _ in 0..2 {
            let failed = check(run(&sandbox, runner), failure, "ran 1 test, 1 failed; skipped 1");
            assert!(failed.stdout().contains("Expected equality"), "{}", failed.snapshot());
        }
        edit(&sandbox, "core.cpp", "return 3;", "return 2;");
        build();
        check(run(&sandbox, runner), 0, "ran 1 test; skipped 1");
        check(run(&sandbox, runner), 0, "ran 0 tests; skipped 2");

        // Filters keep what is outside of them.
        edit(&sandbox, "core.cpp", "return 3 - 2;", "return 4 - 3;");
        edit(&sandbox, "core.cpp", "return 2;", "return 4 - 2;");
        build();
        let filtered = match runner.starts_with("ctest") {
            true => "ctest --test-dir build -R One".to_owned(),
            false => format!("{runner} --gtest_filter=*.One"),
        };
        let of_filter = run(&sandbox, &filtered).success();
        if !runner.starts_with("ctest") {
            check(of_filter, 0, "ran 1 test");
            check(run(&sandbox, runner), 0, "ran 1 test; skipped 1");
        } else {
            check(run(&sandbox, runner), 0, "ran 2 tests");
        }
        check(run(&sandbox, runner), 0, "ran 0 tests; skipped 2");
    }
}
