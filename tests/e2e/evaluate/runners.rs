//! What real runners tell, of tests that were really recorded.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use skiptrace_tests::tools::require;
use skiptrace_tests::{CargoProject, GoProject, Output, Sandbox};

use crate::PROGRAM;

/// Runs a command of a pipeline to its end, whatever that is, with its output going into a file.
#[track_caller]
fn run(sandbox: &Sandbox, command: &mut Command, output: &str) {
    let file = File::create(sandbox.path().join(output)).expect("the sandbox is ours");
    let status = command.stdout(file).stderr(Stdio::null()).status().expect("it is installed");
    assert!(status.code().is_some(), "{command:?}");
}

#[track_caller]
fn evaluate(sandbox: &Sandbox, file: &str, more: &[&str]) -> Output {
    let mut command = sandbox.skiptrace_command();
    command.args(["evaluate", "--index", "../recorded.idx", "--results", file, "--quiet"]).args(more);
    sandbox.output(&mut command)
}

const MANIFEST: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[profile.dev]\ndebug = 0\n[lib]\ndoctest = false\n";
/// A test of each sort. Two look at files that are in no repository, so no recording can know when they change: one
/// fails for good, the other at its first attempt.
const LIB: &str = "\
pub fn price(n: u32) -> u32 {
    n * 3
}

pub fn name() -> &'static str {
    \"shop\"
}

#[cfg(test)]
mod tests {
    #[test]
    fn prices() {
        assert_eq!(crate::price(2), 6);
    }

    #[test]
    fn names() {
        assert_eq!(crate::name(), \"shop\");
    }

    #[test]
    fn outside() {
        let path = std::env::var(\"OUTSIDE\").unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), \"as it was\");
    }

    #[test]
    fn flaky() {
        let mark = format!(\"{}.mark\", std::env::var(\"OUTSIDE\").unwrap());
        let is_first = !std::path::Path::new(&mark).exists();
        std::fs::write(mark, \"\").unwrap();
        assert!(!is_first);
    }

    #[test]
    fn broken() {
        panic!();
    }

    #[test]
    #[ignore]
    fn never() {}
}
";
const NEXTEST: &str =
    "[profile.ci]\nretries = 1\nfail-fast = false\n[profile.ci.junit]\npath = \"junit.xml\"\n";

/// The whole way: record, change, run everything, evaluate.
#[test]
fn nextest() {
    if require("cargo-nextest").is_none() {
        return;
    }
    let mut project = CargoProject::empty(PROGRAM);
    let outside = project.sandbox.path().join("outside");
    fs::write(&outside, "as it was").expect("the sandbox is ours");
    project.sandbox.var("OUTSIDE", outside.to_str().expect("sandboxes are text"));
    project.commit(&[
        ("Cargo.toml", MANIFEST),
        ("src/lib.rs", LIB),
        (".config/nextest.toml", NEXTEST),
        (".gitignore", "/target\n"),
    ]);
    let mark = outside.with_extension("mark");
    fs::write(&mark, "").expect("the sandbox is ours");
    let recorded = project.record(&[], "cargo nextest run");
    let sandbox = &project.sandbox;
    let lib = LIB.replace("n * 3", "3 * n").replace(
        "    #[test]\n    #[ignore]",
        "    #[test]\n    fn fresh() {\n        panic!();\n    }\n\n    #[test]\n    #[ignore]",
    );
    project.commit(&[("src/lib.rs", &lib)]);
    let nextest = |more: &[&str], output: &str| {
        let _ = fs::remove_file(&mark);
        let mut command = sandbox.command("cargo");
        command.args(["nextest", "run", "--profile", "ci"]).args(more);
        run(sandbox, command.env("NEXTEST_EXPERIMENTAL_LIBTEST_JSON", "1"), output);
    };
    nextest(&[], "log");
    let results = "target/nextest/ci/junit.xml";
    let output = evaluate(sandbox, results, &["--strict"]);
    assert!(output.has_succeeded(), "{}\n{}", output.snapshot(), recorded.output.snapshot());
    assert_snapshot!(timeless(&output.stdout()), @"
    [default]
    --- actual: 6 tests ran (1 file of results)
    +++ predicted: 3 tests would have run (index of `../recorded.idx`, 1 file may differ)
      shop tests::broken [FAILED]
      shop tests::fresh [FAILED]
      shop tests::prices
    - shop tests::flaky [FLAKY]
    - shop tests::names
    - shop tests::outside
    not counted (3), whose failure says nothing of the selection:
      shop tests::broken: failed; it failed already at the indexed commit
      shop tests::fresh: failed; it is in no index, so it would have run
      shop tests::flaky: flaky; it also passed in this run
    unknown (1), which are in no index, and so would have run:
      shop tests::fresh: failed
    summary: actual=6 predicted=3 common=3 -> +0 / -3, misses=0
    failures: 3, of which 0 would have run, 0 missed, 0 unclear, 3 not counted
    ");
    // What no recording can see changes, and a test that would be skipped fails for good.
    fs::write(&outside, "as it is").expect("the sandbox is ours");
    nextest(&["--message-format", "libtest-json-plus"], "events.json");
    for results in [results, "../events.json"] {
        let output = evaluate(sandbox, results, &["--strict"]).code(1);
        let text = output.stdout();
        assert!(text.contains("- shop tests::outside [FAILED]\n"), "{text}");
        assert!(text.contains("- shop tests::flaky [FLAKY]\n") && text.contains("misses=1\n"), "{text}");
    }
}

/// Takes out how long it took.
fn timeless(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("saved: ")).map(|line| format!("{line}\n")).collect()
}

const GO: &str = "\
package shop

import (
	\"os\"
	\"testing\"
)

func TestPrice(t *testing.T) {
	for _, name := range []string{\"of one\", \"of/two\"} {
		t.Run(name, func(t *testing.T) {
			if Price(1) != 3 {
				t.Fatal()
			}
		})
	}
}

func TestName(t *testing.T) {
	if Name() != \"shop\" {
		t.Fatal()
	}
	t.Run(\"inside\", func(t *testing.T) {
		if os.Getenv(\"FAIL\") != \"\" {
			t.Fatal()
		}
	})
}
";

/// A package that fails before its first test.
const OTHER: &str = "\
package other

import (
	\"os\"
	\"testing\"
)

func TestMain(m *testing.M) {
	if os.Getenv(\"FAIL\") != \"\" {
		os.Exit(3)
	}
	os.Exit(m.Run())
}

func TestOther(t *testing.T) {}
";

#[test]
fn go_test() {
    let Some(project) = GoProject::empty(PROGRAM) else { return };
    let shop =
        "package shop\n\nfunc Price(n int) int { return n * 3 }\n\nfunc Name() string { return \"shop\" }\n";
    project.commit(&[
        ("go.mod", "module example.com/shop\n\ngo 1.21\n"),
        ("shop.go", shop),
        ("shop_test.go", GO),
        ("other/other.go", "package other\n"),
        ("other/other_test.go", OTHER),
    ]);
    let recorded = project.record(&[], "go test ./...");
    let sandbox = &project.sandbox;
    project.commit(&[("shop.go", &shop.replace("n * 3", "3 * n"))]);
    let go_test = |fail: &str, output: &str| {
        let mut command = sandbox.command("go");
        run(sandbox, command.args(["test", "-count=1", "-json", "./..."]).env("FAIL", fail), output);
    };
    go_test("", "good.json");
    let output = evaluate(sandbox, "../good.json", &["--strict"]);
    assert!(output.has_succeeded(), "{}\n{}", output.snapshot(), recorded.output.snapshot());
    assert_snapshot!(timeless(&output.stdout()), @"
    [default]
    --- actual: 3 tests ran (1 file of results)
    +++ predicted: 1 test would have run (index of `../recorded.idx`, 1 file may differ)
      example.com/shop TestPrice
    - example.com/shop TestName
    - example.com/shop/other TestOther
    summary: actual=3 predicted=1 common=1 -> +0 / -2, misses=0
    failures: 0, of which 0 would have run, 0 missed, 0 unclear, 0 not counted
    ");
    go_test("yes", "bad.json");
    let output = evaluate(sandbox, "../bad.json", &[]).success();
    assert_snapshot!(timeless(&output.stdout()), @"
    [default]
    --- actual: 3 tests ran (1 file of results)
    +++ predicted: 2 tests would have run (index of `../recorded.idx`, 1 file may differ)
      example.com/shop/other (all of it) [FAILED]
      example.com/shop TestPrice
    - example.com/shop TestName [FAILED]
    misses (1), which failed and would have been skipped:
      example.com/shop TestName: failed, passed when it was recorded
    unclear (1), which failed and may have been skipped:
      example.com/shop/other (all of it): errored, and some of the suite's tests would have been skipped
    summary: actual=3 predicted=2 common=2 -> +0 / -1, misses=1
    failures: 2, of which 0 would have run, 1 missed, 1 unclear, 0 not counted
    ");
    if require("gotestsum").is_some() {
        let mut command = sandbox.command("gotestsum");
        command.args(["--junitfile", "../junit.xml", "--", "-count=1", "./..."]).env("FAIL", "yes");
        run(sandbox, &mut command, "log");
        let junit = evaluate(sandbox, "../junit.xml", &[]).success();
        let sums = |output: &Output| {
            let text = output.stdout();
            text.lines().filter(|line| line.starts_with("summary: ")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(sums(&junit), sums(&output), "{}", junit.snapshot());
    }
}

const PYTHON: &str = "\
import os
import pytest


class TestShop:
    @pytest.mark.parametrize('n', ['a/b', 'c d'])
    def test_price(self, n):
        assert n != os.environ.get('FAIL')


def test_name():
    pass
";

/// Of an index that somebody else made: of pytest there is no recording yet.
#[test]
fn pytest() {
    if require("pytest").is_none() {
        return;
    }
    let sandbox = crate::sandbox();
    let repo = sandbox.repo();
    repo.commit("first", &[("tests/test_shop.py", PYTHON), ("shop.py", ""), ("other.py", "")]);
    let known = crate::select::known;
    let tests = [
        known("tests/test_shop.py", "TestShop::test_price", "shop.py"),
        known("tests/test_shop.py", "test_name", "other.py"),
    ];
    crate::select::index(&sandbox, &repo, &tests);
    repo.commit("second", &[("other.py", "x = 1\n")]);
    for family in ["xunit1", "xunit2"] {
        for (fail, code) in [("none", 0), ("a/b", 1)] {
            let mut command = sandbox.command("pytest");
            command.args([
                "-p",
                "no:cacheprovider",
                "--junitxml=../junit.xml",
                "-o",
                &format!("junit_family={family}"),
            ]);
            run(&sandbox, command.env("FAIL", fail).env("PYTHONDONTWRITEBYTECODE", "1"), "log");
            let output = evaluate(&sandbox, "../junit.xml", &["--strict"]).code(code);
            let misses = format!("actual=2 predicted=1 common=1 -> +0 / -1, misses={code}");
            assert!(output.stdout().contains(&misses), "{}", output.snapshot());
        }
    }
    assert!(Path::new(&sandbox.path().join("junit.xml")).is_file());
}
