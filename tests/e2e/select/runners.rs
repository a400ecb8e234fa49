//! What runners take: they are started as a pipeline would start them, and tests write down that they ran.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use skiptrace_tests::tools::require;
use skiptrace_tests::{CargoProject, GoProject, Sandbox};

use super::{Known, index, known};
use crate::PROGRAM;

/// Runs a line of a pipeline, in which `skiptrace` is the program and `$INDEX` the options that name the index, and
/// returns the tests that ran and what was said.
#[track_caller]
fn pipeline(sandbox: &Sandbox, line: &str) -> (BTreeSet<String>, String) {
    let log = sandbox.path().join("log");
    let _ = fs::remove_file(&log);
    let mut command = sandbox.command("sh");
    let script = format!("set -e\nskiptrace() {{ \"$PROGRAM\" \"$@\"; }}\n{line}\n");
    command.args(["-c", &script]).env("PROGRAM", PROGRAM).env("LOG", &log);
    command.env("INDEX", "--index ../recorded.idx");
    let output = command.output().expect("there is a shell");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{line}: {said}");
    let text = fs::read_to_string(&log).unwrap_or_default();
    (text.lines().map(str::to_owned).collect(), said)
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// What a test of Rust writes down.
const LOG: &str = "
#[cfg(test)]
fn ran(name: &str) {
    use std::io::Write;
    let path = std::env::var_os(\"LOG\").unwrap();
    let mut log = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
    log.write_all(format!(\"{name}\\n\").as_bytes()).unwrap();
}
";

/// A workspace with hundreds of tests: those of `even` depend on `even.rs`, those of `odd` on `odd.rs`, and one of
/// `fresh` is in no index.
fn rust() -> CargoProject {
    let project = CargoProject::empty(PROGRAM);
    let mut lib = format!("{LOG}\npub mod even;\npub mod odd;\n#[cfg(test)] mod tests {{\n");
    let mut tests = Vec::new();
    for n in 0..300 {
        let of = if n % 2 == 0 { "even" } else { "odd" };
        lib.push_str(&format!(
            "#[test] fn {of}_{n}() {{ crate::ran(\"{of}_{n}\"); crate::{of}::call(); }}\n"
        ));
        tests.push(known("many", &format!("tests::{of}_{n}"), &format!("src/{of}.rs")));
    }
    lib.push_str("#[test] fn fresh() { crate::ran(\"fresh\"); }\n}\n");
    project.commit(&[
        (
            "Cargo.toml",
            "[package]\nname = \"many\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\ndoctest = false\n",
        ),
        (".gitignore", "/target\n"),
        ("src/lib.rs", &lib),
        ("src/even.rs", "pub fn call() {}\n"),
        ("src/odd.rs", "pub fn call() {}\n"),
    ]);
    index(&project.sandbox, &project.sandbox.repo(), &tests);
    project
}

fn named(of: &str) -> BTreeSet<String> {
    let wanted = if of == "even" { 0 } else { 1 };
    (0..300).filter(|n| n % 2 == wanted).map(|n| format!("{of}_{n}")).collect()
}

#[test]
fn nextest_takes_it() {
    if require("cargo-nextest").is_none() {
        return;
    }
    let project = rust();
    let sandbox = &project.sandbox;
    let line = "cargo nextest run $(skiptrace select $INDEX --format nextest)";
    // Nothing changed: nobody but the stranger runs, and that nothing is left is no failure.
    let (ran, said) = pipeline(sandbox, line);
    assert_eq!(ran, set(["fresh"]), "{said}");
    assert!(said.contains("0 of 300 tests must run"), "{said}");
    sandbox.write("src/even.rs", "pub fn call() { let _ = 1; }\n");
    let mut expected = named("even");
    expected.insert("fresh".to_owned());
    let (ran, said) = pipeline(sandbox, line);
    assert_eq!(ran, expected, "{said}");
    assert!(said.contains("150 of 300 tests must run"), "{said}");
    // With a runner, which has a filter and a profile of its own.
    sandbox.write(".config/nextest.toml", "[profile.ci]\ndefault-filter = \"test(/_1?0$/)\"\n");
    project.commit(&[]);
    index(sandbox, &sandbox.repo(), &all());
    sandbox.write("src/even.rs", "pub fn call() { let _ = 2; }\n");
    let runner = "cargo nextest run --profile ci";
    let (ran, said) = pipeline(sandbox, &format!("{runner} $(skiptrace select $INDEX -- {runner})"));
    let expected: BTreeSet<String> = named("even").into_iter().filter(|name| name.ends_with('0')).collect();
    assert!(!ran.is_empty() && ran.is_subset(&expected), "{ran:?} {said}");
    // Nodes run everything that must, each test once.
    let mut shared: Vec<String> = Vec::new();
    for shard in 1..=3 {
        let line = format!("cargo nextest run $(skiptrace select $INDEX --format nextest --shard {shard}/3)");
        let (ran, said) = pipeline(sandbox, &line);
        assert_eq!(ran.contains("fresh"), shard == 1, "{said}");
        shared.extend(ran);
    }
    let distinct: BTreeSet<String> = shared.iter().cloned().collect();
    assert_eq!(distinct.len(), shared.len());
    assert_eq!(distinct.len(), 151);
    // Without an index everything runs.
    let (ran, said) = pipeline(sandbox, "cargo nextest run $(skiptrace select --format nextest)");
    assert_eq!(ran.len(), 301, "{said}");
}

/// The tests of [`rust`].
fn all() -> Vec<Known> {
    let of = |n: u32| if n.is_multiple_of(2) { "even" } else { "odd" };
    (0..300).map(|n| known("many", &format!("tests::{}_{n}", of(n)), &format!("src/{}.rs", of(n)))).collect()
}

#[test]
fn cargo_test_takes_it() {
    let project = rust();
    let sandbox = &project.sandbox;
    sandbox.write("src/odd.rs", "pub fn call() { let _ = 1; }\n");
    let (ran, said) = pipeline(sandbox, "cargo test -- $(skiptrace select $INDEX -- cargo test)");
    let mut expected = named("odd");
    expected.insert("fresh".to_owned());
    assert_eq!(ran, expected, "{said}");
    // Unless it is known which tests there are, a name could mean one that nobody knows as well.
    let (ran, said) = pipeline(sandbox, "cargo test -- $(skiptrace select $INDEX --format cargo-test)");
    assert_eq!(ran.len(), 301, "{said}");
    // A filter of the user's own means what it meant.
    let line = "cargo test odd_29 -- $(skiptrace select $INDEX -- cargo test odd_29)";
    let (ran, said) = pipeline(sandbox, line);
    assert!(ran.contains("odd_29") && ran.iter().all(|name| name.starts_with("odd_29")), "{ran:?} {said}");
}

#[test]
fn a_recording_of_nextest_is_taken_by_nextest() {
    if require("cargo-nextest").is_none() {
        return;
    }
    let project = CargoProject::of_fixture(PROGRAM, "small");
    let sandbox = &project.sandbox;
    let _ = sandbox.skiptrace(["record", "--", "cargo", "nextest", "run"]).success();
    sandbox.write(
        "src/plus.rs",
        "pub fn plus(a: u32, b: u32) -> u32 {\n    truth::hit(\"plus\");\n    b + a\n}\n",
    );
    project.forget_truth();
    let line = "cargo nextest run $(skiptrace select -- cargo nextest run)";
    let (_, said) = pipeline(sandbox, line);
    let ran: Vec<String> = project.truth().into_keys().collect();
    assert_eq!(ran, ["adds", "does_both"], "{said}");
    // Other features are other conditions.
    let stderr =
        sandbox.skiptrace(["select", "--", "cargo", "nextest", "run", "--release"]).success().stderr();
    assert!(stderr.contains("condition"), "{stderr}");
}

/// What a test of Go writes down.
const GO_LOG: &str = "
import (
	\"os\"
	\"testing\"
)

func ran(name string) {
	log, err := os.OpenFile(os.Getenv(\"LOG\"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	defer log.Close()
	log.WriteString(name + \"\\n\")
}
";

#[test]
fn go_takes_it() {
    let Some(project) = GoProject::empty(PROGRAM) else { return };
    let sandbox = &project.sandbox;
    let package = |name: &str| {
        let mut text = format!("package {name}\n{GO_LOG}");
        for n in 0..100 {
            text.push_str(&format!("func Test{n}(t *testing.T) {{ ran(\"{name}.Test{n}\") }}\n"));
        }
        text.push_str(&format!("func TestFresh(t *testing.T) {{ ran(\"{name}.TestFresh\") }}\n"));
        text
    };
    project.commit(&[
        ("go.mod", "module example.com/many\n\ngo 1.21\n"),
        ("a/a_test.go", &package("a")),
        ("b/b_test.go", &package("b")),
        ("a/data", "1"),
        ("b/data", "1"),
    ]);
    let mut tests = Vec::new();
    for name in ["a", "b"] {
        let suite = format!("example.com/many/{name}");
        tests.extend((0..100).map(|n| known(&suite, &format!("Test{n}"), &format!("{name}/data"))));
    }
    index(sandbox, &sandbox.repo(), &tests);
    let line = "go test $(skiptrace select $INDEX --format go) ./...";
    let (ran, said) = pipeline(sandbox, line);
    assert_eq!(ran, set(["a.TestFresh", "b.TestFresh"]), "{said}");
    sandbox.write("b/data", "2");
    let (ran, said) = pipeline(sandbox, line);
    assert_eq!(ran.len(), 102, "{ran:?} {said}");
    assert!(ran.contains("b.Test42") && ran.contains("a.TestFresh") && !ran.contains("a.Test42"));
    // The second node runs its half, and nobody whom it does not know.
    let mut n_ran = 0;
    for shard in ["1/2", "2/2"] {
        let line = format!("go test $(skiptrace select $INDEX --shard {shard} -- go test ./...) ./...");
        let (ran, said) = pipeline(sandbox, &line);
        assert_eq!(ran.contains("a.TestFresh"), shard == "1/2", "{ran:?} {said}");
        n_ran += ran.len();
    }
    assert_eq!(n_ran, 102);
    if require("gotestsum").is_some() {
        let line = "gotestsum -- $(skiptrace select $INDEX --format gotestsum) ./...";
        assert_eq!(pipeline(sandbox, line).0.len(), 102);
    }
}

/// Tests that speak GoogleTest, and write down that they ran.
const GTEST: &str = r#"
#include <gtest/gtest.h>
#include <cstdio>
#include <cstdlib>
static void ran(const char* name) {
    FILE* log = fopen(getenv("LOG"), "a");
    fprintf(log, "%s\n", name);
    fclose(log);
}
TEST(Numbers, Adds) { ran("Numbers.Adds"); }
TEST(Numbers, AddsTwice) { ran("Numbers.AddsTwice"); }
TEST(Words, Splits) { ran("Words.Splits"); }
TEST(Words, Fresh) { ran("Words.Fresh"); }
int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
"#;

/// Compiles a program, if that can be done here.
fn compile(sandbox: &Sandbox, source: &str, program: &str) -> bool {
    if require("g++").is_none() {
        return false;
    }
    let mut command: Command = sandbox.command("g++");
    command.args(["-std=c++17", "-O0", "-o", program, source, "-lgtest", "-lpthread"]);
    let output = command.output().expect("it is there");
    if !output.status.success() {
        let required = std::env::var("SKIPTRACE_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
        assert!(!required, "{}", String::from_utf8_lossy(&output.stderr));
        eprintln!("SKIPPED: no GoogleTest");
    }
    output.status.success()
}

fn of_gtest(suite: &str) -> Vec<Known> {
    vec![
        known(suite, "Numbers.Adds", "numbers.txt"),
        known(suite, "Numbers.AddsTwice", "numbers.txt"),
        known(suite, "Words.Splits", "words.txt"),
    ]
}

#[test]
fn googletest_takes_it() {
    let sandbox = crate::sandbox();
    let repo = sandbox.repo();
    sandbox.write("unit.cpp", GTEST);
    if !compile(&sandbox, "unit.cpp", "unit_tests") {
        return;
    }
    repo.commit("first", &[("numbers.txt", "1"), ("words.txt", "a"), (".gitignore", "/unit_tests\n")]);
    index(&sandbox, &repo, &[of_gtest("unit_tests"), of_gtest("other_tests")].concat());
    sandbox.write("words.txt", "b");
    let (ran, said) = pipeline(&sandbox, "./unit_tests $(skiptrace select $INDEX -- ./unit_tests)");
    assert_eq!(ran, set(["Words.Splits", "Words.Fresh"]), "{said}");
    // Several programs have a line each.
    let output = sandbox
        .skiptrace(["select", "--index", "../recorded.idx", "--format", "gtest", "-q"])
        .success()
        .stdout();
    let programs: Vec<&str> = output.lines().filter_map(|line| line.split('\t').next()).collect();
    assert_eq!(programs, ["other_tests", "unit_tests"]);
}

#[test]
fn ctest_takes_it() {
    if require("ctest").is_none() || require("cmake").is_none() {
        return;
    }
    let sandbox = crate::sandbox();
    let repo = sandbox.repo();
    sandbox.write(
        "CMakeLists.txt",
        "cmake_minimum_required(VERSION 3.20)\nproject(many NONE)\nenable_testing()\nforeach(n RANGE 1 40)\n\
         add_test(NAME number_${n} COMMAND sh -c \"echo number_${n} >> $LOG\")\n\
         add_test(NAME \"a word ${n}\" COMMAND sh -c \"echo 'a word ${n}' >> $LOG\")\nendforeach()\n\
         add_test(NAME fresh COMMAND sh -c \"echo fresh >> $LOG\")\n",
    );
    repo.commit("first", &[("numbers.txt", "1"), ("words.txt", "a"), (".gitignore", "/build/\n")]);
    let output = sandbox.command("cmake").args(["-S", ".", "-B", "build"]).output().expect("it is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut tests: Vec<Known> =
        (1..=40).map(|n| known("ctest", &format!("number_{n}"), "numbers.txt")).collect();
    tests.extend((1..=40).map(|n| known("ctest", &format!("a word {n}"), "words.txt")));
    index(&sandbox, &repo, &tests);
    sandbox.write("numbers.txt", "2");
    let line = "eval \"ctest --test-dir build $(skiptrace select $INDEX -- ctest --test-dir build)\"";
    let (ran, said) = pipeline(&sandbox, line);
    let expected: BTreeSet<String> =
        (1..=40).map(|n| format!("number_{n}")).chain(["fresh".to_owned()]).collect();
    assert_eq!(ran, expected, "{said}");
}

#[test]
fn pytest_takes_it() {
    if require("pytest").is_none() {
        return;
    }
    let sandbox = crate::sandbox();
    let repo = sandbox.repo();
    let text = "import os\ndef ran(name):\n    with open(os.environ['LOG'], 'a') as log:\n        log.write(name + '\\n')\n\
                def test_a():\n    ran('a')\ndef test_ab():\n    ran('ab')\ndef test_fresh():\n    ran('fresh')\n";
    repo.commit(
        "first",
        &[
            ("test_it.py", text),
            ("a.txt", "1"),
            ("ab.txt", "1"),
            (".gitignore", "__pycache__\n.pytest_cache\n"),
        ],
    );
    index(
        &sandbox,
        &repo,
        &[known("test_it.py", "test_a", "a.txt"), known("test_it.py", "test_ab", "ab.txt")],
    );
    // Where it is a wrapper that cannot find its interpreter in a bare environment, it is as good as missing.
    if !sandbox.command("pytest").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return;
    }
    sandbox.write("a.txt", "2");
    let line = "eval \"$(skiptrace select $INDEX --format pytest --env)\"\npytest -q $SKIPTRACE_ARGUMENTS";
    let (ran, said) = pipeline(&sandbox, line);
    assert_eq!(ran, set(["a", "fresh"]), "{said}");
}
