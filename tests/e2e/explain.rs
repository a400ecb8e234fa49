//! `skiptrace explain`, for a project of Rust that was recorded.

use insta::assert_snapshot;
use skiptrace_tests::{CargoProject, Output};

use crate::PROGRAM;

const MANIFEST: &str =
    "[package]\nname = \"desk\"\nedition = \"2021\"\n[profile.dev]\ndebug = 0\nincremental = false\n";
const LIB: &str = "\
pub fn one() -> u32 {
    1
}

pub const LIMIT: u32 = 2;

pub fn two() -> u32 {
    LIMIT
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
}
";
/// A test of the same name as one of the library.
const OTHER: &str =
    "mod tests {\n    #[test]\n    fn first() {\n        assert_eq!(desk::one(), 1);\n    }\n}\n";

/// A project that was recorded, with a change since.
fn recorded() -> CargoProject {
    let project = CargoProject::empty(PROGRAM);
    project.commit(&[
        ("Cargo.toml", MANIFEST),
        ("src/lib.rs", LIB),
        ("tests/other.rs", OTHER),
        ("notes.txt", "nothing\n"),
        (".gitignore", "target/\n"),
    ]);
    let recorded =
        project.sandbox.skiptrace(["record", "--jobs", "1", "--", "cargo", "test", "--lib", "--tests"]);
    let _ = recorded.success();
    project
}

fn explain(project: &CargoProject, args: &[&str]) -> Output {
    project.sandbox.skiptrace(["explain"].iter().chain(args))
}

/// Returns what was said, without what differs from run to run.
fn shown(output: &Output) -> String {
    let text = output.snapshot();
    let lines = text.lines().map(|line| match line.split_once("\"duration_ms\":") {
        Some((start, rest)) => {
            let end = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
            format!("{start}\"duration_ms\":$MS{end}")
        }
        None => line.to_owned(),
    });
    // Ids of commits are shortened where people read them.
    let lines = lines.map(|line| {
        let mut parts: Vec<String> = line.split('`').map(str::to_owned).collect();
        for part in &mut parts {
            if part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                *part = "$COMMIT".to_owned();
            }
        }
        parts.join("`") + "\n"
    });
    lines.collect()
}

#[test]
fn tests_and_files_are_explained() {
    let project = recorded();
    let text = LIB.replace("    1\n", "    3 - 2\n");
    project.sandbox.write("src/lib.rs", &text);

    // Tests: one that must run, one that need not, two of one name, one that nobody knows.
    assert_snapshot!(shown(&explain(&project, &["tests::second"]).success()), @"");
    assert_snapshot!(shown(&explain(&project, &["tests::first"]).success()), @"");
    assert_snapshot!(shown(&explain(&project, &["desk::other", "tests::first"]).success()), @"");
    assert_snapshot!(shown(&explain(&project, &["tests::secnod"]).code(2)), @"");
    assert_snapshot!(shown(&explain(&project, &["nothing::like::it"]).code(2)), @"");
    assert_snapshot!(shown(&explain(&project, &["--json", "tests::first"]).success()), @"");

    // Files: whole, by line, a line in no unit, past the end, without tests, unknown, gone.
    assert_snapshot!(shown(&explain(&project, &["src/lib.rs:2"]).success()), @"");
    assert_snapshot!(shown(&explain(&project, &["src/lib.rs:4"]).success()), @"");
    assert_snapshot!(shown(&explain(&project, &["src/lib.rs:400"]).success()), @"");
    assert_snapshot!(shown(&explain(&project, &["--json", "src/lib.rs:8"]).success()), @"");
    assert_snapshot!(shown(&explain(&project, &["notes.txt"]).success()), @"");
    project.sandbox.write("new.txt", "new\n");
    assert_snapshot!(shown(&explain(&project, &["new.txt"]).success()), @"");
    std::fs::remove_file(project.sandbox.work().join("tests/other.rs")).unwrap();
    assert_snapshot!(shown(&explain(&project, &["tests/other.rs"]).success()), @"");
    assert_snapshot!(shown(&explain(&project, &["no/such/file.rs"]).code(2)), @"");
    assert_snapshot!(shown(&explain(&project, &["/somewhere/else.rs"]).code(2)), @"");
}

#[test]
fn without_an_index_everything_must_run() {
    let project = CargoProject::empty(PROGRAM);
    project.commit(&[("Cargo.toml", MANIFEST), ("src/lib.rs", LIB)]);
    assert_snapshot!(shown(&explain(&project, &["tests::first"]).success()), @"");
    assert_snapshot!(shown(&explain(&project, &["src/lib.rs"]).success()), @"");
}

#[test]
fn indexes_of_files_are_explained() {
    let project = CargoProject::empty(PROGRAM);
    project.commit(&[("Cargo.toml", MANIFEST), ("src/lib.rs", LIB), (".gitignore", "target/\n")]);
    let recorded = ["record", "--kind", "file", "--jobs", "1", "--", "cargo", "test", "--lib"];
    let _ = project.sandbox.skiptrace(recorded).success();
    assert_snapshot!(shown(&explain(&project, &["--kind", "file", "src/lib.rs:2"]).success()), @"");
    assert_snapshot!(shown(&explain(&project, &["--kind", "file", "tests::first"]).success()), @"");
}
