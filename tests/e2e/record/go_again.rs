//! Go tests that run more than once in a recording, and packages that leave no counters.

use insta::assert_snapshot;
use skiptrace_engine::codec::encode;
use skiptrace_tests::go_project::GoProject;

use crate::PROGRAM;

const MODULE: &str = "module example.org/again\n\ngo 1.23\n";

/// Makes a file at home, where nobody clears up after a test, and fails if it is there.
const LEAVE: &str = r#"
func leave(t *testing.T, name string) {
	path := os.Getenv("HOME") + "/" + name
	if _, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o644); err != nil {
		t.Fatal(err)
	}
}
"#;

/// The second test needs the first one, so that all of them run once more, together.
const TOGETHER: &str = r#"package together

import (
	"os"
	"testing"
)

var ready bool

func TestMakesReady(t *testing.T) { ready = true }

func TestIsReady(t *testing.T) {
	if !ready {
		t.Fatal("nobody made it ready")
	}
}

func TestLeaves(t *testing.T) { leave(t, "together") }
"#;

/// The test starts a program that was built without counters, so that it runs once more, with them.
const STARTS: &str = r#"package starts

import (
	"os"
	"os/exec"
	"testing"
)

func TestStarts(t *testing.T) {
	leave(t, "starts")
	if output, err := exec.Command("go", "run", "./program").CombinedOutput(); err != nil {
		t.Fatal(string(output))
	}
}
"#;

/// It takes another way when it runs once more.
const SHORTER: &str = r#"package shorter

import (
	"os"
	"os/exec"
	"testing"

	"example.org/again/ways"
)

func TestShorter(t *testing.T) {
	path := os.Getenv("HOME") + "/shorter"
	if _, err := os.Stat(path); err != nil {
		ways.Long()
		os.WriteFile(path, nil, 0o644)
	}
	if output, err := exec.Command("go", "run", "example.org/again/starts/program").CombinedOutput(); err != nil {
		t.Fatal(string(output))
	}
}
"#;

const ALONE: &str = r#"package alone_test

import "testing"

func TestAlone(t *testing.T) {}
"#;

/// What a test does the second time counts as what it does the first time.
#[test]
fn a_test_that_fails_when_it_runs_again_is_flaky() {
    let Some(project) = GoProject::empty(PROGRAM) else { return };
    project.commit(&[
        ("go.mod", MODULE),
        ("together/together_test.go", &format!("{TOGETHER}{LEAVE}")),
        ("starts/starts_test.go", &format!("{STARTS}{LEAVE}")),
        ("starts/program/main.go", "package main\n\nfunc main() {}\n"),
        ("shorter/shorter_test.go", SHORTER),
        ("ways/ways.go", "package ways\n\nfunc Long() {}\n\nfunc Short() {}\n"),
    ]);
    let recorded = project.record(&[], "go test ./...");
    assert_snapshot!(recorded.tests(), @"
    example.org/again/shorter TestShorter: passed
    example.org/again/starts TestStarts: flaky, missing binary
    example.org/again/together TestIsReady: passed
    example.org/again/together TestLeaves: flaky
    example.org/again/together TestMakesReady: passed
    ");
    let (shorter, _) = recorded.test("TestShorter");
    let executed = recorded.executed(shorter, &[skiptrace_engine::unit::UnitKind::Function]);
    assert!(executed.contains("Long") && !executed.contains("Short"), "{executed:?}");
}

/// A test binary of nothing but test files leaves no counters, and none are missing.
#[test]
fn a_package_of_test_files_alone_can_prove() {
    let Some(project) = GoProject::empty(PROGRAM) else { return };
    project.commit(&[
        ("go.mod", MODULE),
        ("alone/alone_test.go", ALONE),
        ("values/values.go", "package values\n\nconst One = 1\n"),
        (
            "values/values_test.go",
            "package values\n\nimport \"testing\"\n\nfunc TestOne(t *testing.T) { t.Log(One) }\n",
        ),
    ]);
    let recorded = project.record(&[], "go test ./...");
    assert_snapshot!(recorded.tests(), @"
    example.org/again/alone TestAlone: passed
    example.org/again/values TestOne: passed
    ");
    assert!(recorded.proves("TestAlone") && recorded.proves("TestOne"));
    let (alone, _) = recorded.test("TestAlone");
    let files = recorded.files(alone);
    assert!(files.contains("alone/alone_test.go") && !files.contains("values/values.go"), "{files:?}");
}

/// What is used again by whoever comes second.
const KEPT: &str = r#"package kept

var kept = map[string]string{}

func Title(of string) string {
	if title, is := kept[of]; is {
		return again(title)
	}
	kept[of] = first(of)
	return kept[of]
}

func first(of string) string { return "Sir " + of }

func again(title string) string { return title }

func Lone() int { return 1 }
"#;

const KEPT_TEST: &str = r#"package kept

import "testing"

func TestA(t *testing.T) { t.Log(Title("Ada")) }

func TestB(t *testing.T) { t.Log(Title("Ada")) }

func TestLone(t *testing.T) { t.Log(Lone()) }

func TestSpoilt(t *testing.T) {
	if len(kept) > 0 {
		t.Fatal("somebody was here")
	}
}
"#;

/// Tests are recorded alone, and what they do only behind others belongs to all of them.
#[test]
fn what_tests_do_only_together_belongs_to_all_of_them() {
    let Some(project) = GoProject::empty(PROGRAM) else { return };
    project.commit(&[
        ("go.mod", MODULE),
        ("kept/kept.go", KEPT),
        ("kept/kept_test.go", KEPT_TEST),
        ("other/other.go", "package other\n\nfunc One() int { return 1 }\n"),
        (
            "other/other_test.go",
            "package other\n\nimport \"testing\"\n\nfunc TestOne(t *testing.T) { t.Log(One()) }\n",
        ),
    ]);
    let functions = |recorded: &skiptrace_tests::Recorded, name: &str| {
        let (test, _) = recorded.test(name);
        let executed = recorded.executed(test, &[skiptrace_engine::unit::UnitKind::Function]);
        let of_kept = |name: &&String| ["again", "first", "Lone"].contains(&name.as_str());
        executed.iter().filter(of_kept).cloned().collect::<Vec<_>>().join(" ")
    };
    let all = |recorded: &skiptrace_tests::Recorded| {
        ["TestA", "TestB", "TestLone"].map(|name| functions(recorded, name)).join(", ")
    };
    let recorded = project.record(&[], "go test ./...");
    assert_snapshot!(recorded.tests(), @"
    example.org/again/kept TestA: passed
    example.org/again/kept TestB: passed
    example.org/again/kept TestLone: passed
    example.org/again/kept TestSpoilt: flaky
    example.org/again/other TestOne: passed
    ");
    assert_eq!(all(&recorded), "again first, again first, Lone again");
    assert!(!recorded.proves("TestSpoilt") && recorded.proves("TestA"));

    // One runs again, alone; what belonged to all of them still does.
    project.edit("kept/kept_test.go", "t.Log(Lone())", "t.Log(Lone(), 2)");
    project.commit(&[]);
    let file = project.sandbox.path().join("base.idx");
    std::fs::write(&file, encode(&recorded.index).unwrap()).unwrap();
    let updated = project.record(&["--update", file.to_str().unwrap()], "go test ./...");
    assert_eq!(all(&updated), all(&recorded));
}
