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
    assert_snapshot!(shown(&explain(&project, &["tests::second"]).success()), @"
    exit code: 0
    --- stdout ---
    desk tests::second need not run
      it passed when it was recorded (2026-01-02 03:04:05 UTC), as the index of `$COMMIT`, the same commit has it
      it depends on 8 units in 4 files, all of which are what they were
      1 file may differ from what the index has; nothing of that concerns it
    ");
    assert_snapshot!(shown(&explain(&project, &["tests::first"]).success()), @"
    exit code: 0
    --- stdout ---
    desk tests::first must run
      executed: executed `src/lib.rs#one`, which changed
    desk::other tests::first must run
      executed: executed `src/lib.rs#one`, which changed
    ");
    assert_snapshot!(shown(&explain(&project, &["desk::other", "tests::first"]).success()), @"
    exit code: 0
    --- stdout ---
    desk::other tests::first must run
      executed: executed `src/lib.rs#one`, which changed
    ");
    assert_snapshot!(shown(&explain(&project, &["tests::secnod"]).code(2)), @"
    exit code: 2
    --- stderr ---
    error: `tests::secnod` is no test that the index knows, and no file
    hint: did you mean `tests::second`?
    ");
    assert_snapshot!(shown(&explain(&project, &["nothing::like::it"]).code(2)), @"
    exit code: 2
    --- stderr ---
    error: `nothing::like::it` is no test that the index knows, and no file
    hint: a test that no index knows always runs; `skiptrace index show` lists those it knows
    ");
    assert_snapshot!(shown(&explain(&project, &["--json", "tests::first"]).success()), @r#"
    exit code: 0
    --- stdout ---
    {"schema":"skiptrace/explain-test@1","suite":"desk","name":"tests::first","must_run":true,"reasons":[{"code":"executed","hazard":null,"message":"executed `src/lib.rs#one`, which changed"}],"proof":null,"outcome":"passed","duration_ms":$MS}
    {"schema":"skiptrace/explain-test@1","suite":"desk::other","name":"tests::first","must_run":true,"reasons":[{"code":"executed","hazard":null,"message":"executed `src/lib.rs#one`, which changed"}],"proof":null,"outcome":"passed","duration_ms":$MS}
    "#);

    // Files: whole, by line, a line in no unit, past the end, without tests, unknown, gone.
    assert_snapshot!(shown(&explain(&project, &["src/lib.rs:2"]).success()), @"
    exit code: 0
    --- stdout ---
    compiled from the file: 3 tests
      desk tests::first
      desk tests::second
      desk::other tests::first
    executed `one`, lines 1-3: 2 tests
      desk tests::first
      desk::other tests::first
    ");
    assert_snapshot!(shown(&explain(&project, &["src/lib.rs:4"]).success()), @"
    exit code: 0
    --- stdout ---
    line 4 of `src/lib.rs` is in nothing that a test executed
    compiled from the file: 3 tests
      desk tests::first
      desk tests::second
      desk::other tests::first
    ");
    assert_snapshot!(shown(&explain(&project, &["src/lib.rs:400"]).success()), @"
    exit code: 0
    --- stdout ---
    line 400 of `src/lib.rs` is in nothing that a test executed
    compiled from the file: 3 tests
      desk tests::first
      desk tests::second
      desk::other tests::first
    ");
    assert_snapshot!(shown(&explain(&project, &["--json", "src/lib.rs:8"]).success()), @r#"
    exit code: 0
    --- stdout ---
    {"schema":"skiptrace/explain-path@1","path":"src/lib.rs","line":8,"known":true,"uses":[{"how":"compiled from","what":"the file","lines":null,"tests":["desk tests::first","desk tests::second","desk::other tests::first"]},{"how":"executed","what":"`two`","lines":[7,9],"tests":["desk tests::second"]}]}
    "#);
    assert_snapshot!(shown(&explain(&project, &["notes.txt"]).success()), @"
    exit code: 0
    --- stdout ---
    opened the file: 3 tests
      desk tests::first
      desk tests::second
      desk::other tests::first
    ");
    project.sandbox.write("new.txt", "new\n");
    assert_snapshot!(shown(&explain(&project, &["new.txt"]).success()), @"
    exit code: 0
    --- stdout ---
    the index does not know `new.txt`: unless a rule says otherwise, its change runs everything
    ");
    std::fs::remove_file(project.sandbox.work().join("tests/other.rs")).unwrap();
    assert_snapshot!(shown(&explain(&project, &["tests/other.rs"]).success()), @"
    exit code: 0
    --- stdout ---
    compiled from the file: 1 test
      desk::other tests::first
    executed `tests::first`, lines 2-5: 1 test
      desk::other tests::first
    ");
    assert_snapshot!(shown(&explain(&project, &["no/such/file.rs"]).code(2)), @"
    exit code: 2
    --- stderr ---
    error: `no/such/file.rs` is no test that the index knows, and no file
    hint: a test that no index knows always runs; `skiptrace index show` lists those it knows
    ");
    assert_snapshot!(shown(&explain(&project, &["/somewhere/else.rs"]).code(2)), @"
    exit code: 2
    --- stderr ---
    error: `/somewhere/else.rs` is no test that the index knows, and no file
    hint: a test that no index knows always runs; `skiptrace index show` lists those it knows
    ");
}

#[test]
fn without_an_index_everything_must_run() {
    let project = CargoProject::empty(PROGRAM);
    project.commit(&[("Cargo.toml", MANIFEST), ("src/lib.rs", LIB)]);
    assert_snapshot!(shown(&explain(&project, &["tests::first"]).success()), @"
    exit code: 0
    --- stdout ---
    tests::first must run, as everything must: there is no index to go by: the store has no index of job `default`
    ");
    assert_snapshot!(shown(&explain(&project, &["src/lib.rs"]).success()), @"
    exit code: 0
    --- stdout ---
    the index does not know `src/lib.rs`: unless a rule says otherwise, its change runs everything
    --- stderr ---
    warning: there is no index to go by: the store has no index of job `default`
    ");
}

#[test]
fn indexes_of_files_are_explained() {
    let project = CargoProject::empty(PROGRAM);
    project.commit(&[("Cargo.toml", MANIFEST), ("src/lib.rs", LIB), (".gitignore", "target/\n")]);
    let recorded = ["record", "--kind", "file", "--jobs", "1", "--", "cargo", "test", "--lib"];
    let _ = project.sandbox.skiptrace(recorded).success();
    assert_snapshot!(shown(&explain(&project, &["--kind", "file", "src/lib.rs:2"]).success()), @"
    exit code: 0
    --- stdout ---
    compiled from the file: 2 tests
      desk tests::first
      desk tests::second
    executed file, lines 1-21: 2 tests
      desk tests::first
      desk tests::second
    ");
    assert_snapshot!(shown(&explain(&project, &["--kind", "file", "tests::first"]).success()), @"
    exit code: 0
    --- stdout ---
    desk tests::first need not run
      it passed when it was recorded (2026-01-02 03:04:05 UTC), as the index of `$COMMIT`, the same commit has it
      it depends on 3 units in 3 files, all of which are what they were
      no file differs from what the index has
    ");
}
