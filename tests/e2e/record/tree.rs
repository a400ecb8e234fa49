//! What an index says of the files that no test was compiled from, of folders, and of paths that lead nowhere.

use std::collections::BTreeSet;

use skiptrace_engine::tree::{FOLDER, lookups};
use skiptrace_tests::go_project::GoProject;
use skiptrace_tests::{CargoProject, Recorded};

use crate::PROGRAM;

/// Returns the tests that opened, listed or looked for something; nothing where the index does not say.
fn opened<'a>(recorded: &'a Recorded, path: &str) -> Option<BTreeSet<&'a str>> {
    let (_, file) = recorded.index.file(&path.parse().unwrap())?;
    assert_eq!(
        recorded.index.set(file.seen).len(),
        recorded.index.tests().len(),
        "{path} is not known to all"
    );
    let names = recorded.index.set(file.opened).iter();
    Some(names.map(|test| &*recorded.index.tests()[test.index()].key.name).collect())
}

fn is_folder(recorded: &Recorded, path: &str) -> bool {
    let (_, file) = recorded.index.file(&path.parse().unwrap()).unwrap();
    let units = recorded.index.units_of(file);
    units.len() == 1 && &*units[0].name == FOLDER && units[0].fingerprint.is_some()
}

const GO_TESTS: &str = r#"package p

import (
	"os"
	"os/exec"
	"testing"
)

func TestLists(t *testing.T) {
	if entries, err := os.ReadDir("testdata/many"); err != nil || len(entries) != 2 {
		t.Fatal(entries, err)
	}
}

func TestLooks(t *testing.T) {
	if _, err := os.Stat("testdata/override/deep.json"); err == nil {
		t.Fatal("there is one")
	}
}

func TestReads(t *testing.T) {
	if _, err := os.ReadFile("../data.txt"); err != nil {
		t.Fatal(err)
	}
}

func TestStarts(t *testing.T) {
	if err := exec.Command("true").Run(); err != nil {
		t.Fatal(err)
	}
}

func TestNothing(t *testing.T) {
	One()
}
"#;

#[cfg(target_os = "linux")]
#[test]
fn go_tells_what_was_listed_and_looked_for() {
    let Some(project) = GoProject::empty(PROGRAM) else { return };
    project.commit(&[
        ("go.mod", "module example.org/p\n\ngo 1.20\n"),
        ("p/p.go", "package p\n\nfunc One() int {\n\treturn 1\n}\n"),
        ("p/p_test.go", GO_TESTS),
        ("p/testdata/many/1", "1"),
        ("p/testdata/many/2", "2"),
        ("data.txt", "data"),
        ("schema.sql", "never read"),
        (".gitignore", "ignored\n"),
    ]);
    project.sandbox.write("ignored", "x");
    std::os::unix::fs::symlink("data.txt", project.sandbox.work().join("link")).unwrap();
    project.commit(&[]);
    let recorded = project.record(&["--jobs", "1"], "go test ./...");
    let names = |names: &[&'static str]| Some(names.iter().copied().collect::<BTreeSet<_>>());
    let all = ["TestLists", "TestLooks", "TestReads", "TestStarts", "TestNothing"];
    let said = recorded.output.snapshot();
    assert_eq!(opened(&recorded, "schema.sql"), names(&[]), "{said}");
    // Whoever runs at the same moment, or next, may count as well.
    assert!(opened(&recorded, "data.txt").unwrap().contains("TestReads"), "{said}");
    assert_eq!(opened(&recorded, "link"), names(&all), "{said}");
    assert_eq!(opened(&recorded, "ignored"), None);
    assert!(opened(&recorded, "p/testdata/many").unwrap().contains("TestLists"), "{said}");
    assert!(is_folder(&recorded, "p/testdata/many"));
    assert_eq!(opened(&recorded, "p/testdata/override"), names(&["TestLooks"]), "{said}");
    assert_eq!(opened(&recorded, lookups().as_str()), names(&["TestStarts"]), "{said}");
    let paths: Vec<&str> = recorded.index.files().iter().map(|file| file.path.as_str()).collect();
    assert!(said.contains("recorded 5 tests over 6 files"), "{paths:?}: {said}");
}

#[cfg(target_os = "linux")]
#[test]
fn rust_tells_what_was_listed_and_nothing_of_what_was_looked_for() {
    let project = CargoProject::empty(PROGRAM);
    let tests = "#[test]\nfn lists() {\n    assert_eq!(std::fs::read_dir(\"data/many\").unwrap().count(), 2);\n    small::one();\n}\n\n\
                 #[test]\nfn does_nothing() {\n    std::thread::sleep(std::time::Duration::from_millis(100));\n    small::one();\n}\n";
    project.commit(&[
        ("Cargo.toml", "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
        ("src/lib.rs", "pub fn one() -> u8 {\n    1\n}\n"),
        ("src/windows.rs", "pub fn two() -> u8 {\n    2\n}\n"),
        ("tests/it.rs", tests),
        ("data/many/1", "1"),
        ("data/many/2", "2"),
        ("README.md", "read me\n"),
        (".gitignore", "target\nCargo.lock\n"),
    ]);
    let recorded = project.record(&["--jobs", "1"], "cargo test");
    let said = recorded.output.snapshot();
    for path in ["README.md", "src/windows.rs"] {
        assert_eq!(opened(&recorded, path), Some(BTreeSet::new()), "{path}: {said}");
    }
    // A build script might read it, and need not say so.
    assert_eq!(opened(&recorded, "data/many/1").unwrap().len(), 2, "{said}");
    assert!(opened(&recorded, "data/many").unwrap().contains("lists"), "{said}");
    assert!(is_folder(&recorded, "data/many"));
    assert_eq!(recorded.index.file(&lookups()), None);
}
