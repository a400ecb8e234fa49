//! Proofs that are put to the test: `--observe`, `--audit`, and what is written down of it.

#![expect(unused_must_use, reason = "most outputs are looked at by `success` alone")]

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use skiptrace_tests::{CargoProject, Output, Sandbox};

use crate::PROGRAM;
use crate::select::{Known, index, known};

/// A repository with a hundred tests that need not run, and one that must.
fn hundred() -> Sandbox {
    let mut sandbox = crate::sandbox();
    sandbox.var("SKIPTRACE_INDEX_KIND", "file");
    let repo = sandbox.repo();
    repo.commit("first", &[("a.rs", "fn a() {}\n"), ("b.rs", "fn b() {}\n")]);
    let many = (0..100).map(|n| known("pkg", &format!("b::t{n}"), "b.rs"));
    let tests: Vec<Known> = many.chain([known("pkg", "a::must", "a.rs")]).collect();
    let recorded = index(&sandbox, &repo, &tests);
    sandbox.skiptrace(["index", "push", recorded.to_str().unwrap()]).success();
    repo.commit("second", &[("a.rs", "fn a() { 1; }\n")]);
    sandbox
}

/// A command that is given a moment later than the one before, so that it is known which run is the newest.
fn later(sandbox: &Sandbox) -> Command {
    static MINUTE: AtomicU32 = AtomicU32::new(0);
    let minute = MINUTE.fetch_add(1, Ordering::Relaxed);
    let mut command = sandbox.skiptrace_command();
    command.env("SKIPTRACE_NOW", format!("2026-01-02T{:02}:{:02}:05Z", 4 + minute / 60, minute % 60));
    command.current_dir(sandbox.work());
    command
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_str(&output.stdout()).unwrap_or_else(|error| panic!("{error}: {}", output.snapshot()))
}

fn newest(sandbox: &Sandbox) -> serde_json::Value {
    let runs = json(&sandbox.skiptrace(["history", "list", "--json"]).success());
    runs["runs"][0].clone()
}

/// The names of the tests that must run.
fn must(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    let answer = json(&sandbox.skiptrace(["select", "--json"].iter().chain(args)).success());
    let run = answer["run"].as_array().unwrap().iter();
    run.map(|test| test["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_sample_is_the_same_for_the_same_seed_and_another_for_another() {
    let sandbox = hundred();
    assert_eq!(must(&sandbox, &[]), ["a::must"]);
    let first = must(&sandbox, &["--audit", "20%", "--seed", "1"]);
    assert!((5..45).contains(&first.len()), "{}", first.len());
    assert_eq!(must(&sandbox, &["--audit", "20%", "--seed", "1"]), first);
    assert_ne!(must(&sandbox, &["--audit", "20%", "--seed", "2"]), first);
    // Without a seed it is that of the commit, on each node.
    let answer = json(&sandbox.skiptrace(["select", "--json", "--audit", "20%"]).success());
    assert_eq!(
        json(&sandbox.skiptrace(["select", "--json", "--audit", "20%"]).success())["run"],
        answer["run"]
    );
    let taken = answer["must_run"].as_u64().unwrap() - 1;
    assert_eq!(
        (answer["audit"]["tests"].as_u64(), answer["reasons"]["audited"].as_u64()),
        (Some(taken), Some(taken))
    );
    assert_eq!(must(&sandbox, &["--audit", "100%"]).len(), 101);
    assert_eq!(must(&sandbox, &["--audit", "0%"]), ["a::must"]);
    let said = sandbox.skiptrace(["select", "--format", "plain", "--audit", "30%", "--seed", "3"]).success();
    assert!(
        said.stderr().contains("of 100 tests that need not run do so all the same (seed 3)"),
        "{}",
        said.snapshot()
    );
    let why = json(&sandbox.skiptrace(["select", "--json", "--audit", "100%"]).success());
    let message = why["run"][1]["reasons"][0]["message"].as_str();
    assert_eq!(message, Some("need not run, and was taken by chance to see whether it fails"));
    for (value, status) in [("101%", 2), ("many", 2)] {
        sandbox.skiptrace(["select", "--audit", value]).code(status);
    }
}

#[test]
fn who_observes_leaves_nothing_out_and_writes_down_what_could_be() {
    let mut sandbox = hundred();
    let observed =
        sandbox.skiptrace(["select", "--observe", "--format", "plain", "--fail-on-fallback"]).success();
    assert_eq!(observed.stdout(), "");
    let expected = "observing: nothing is left out; 100 tests need not have run (1 min 40 s)";
    assert!(observed.stderr().contains(expected), "{}", observed.snapshot());
    let run = newest(&sandbox);
    assert_eq!(
        (run["command"].as_str(), run["selected"].as_u64(), run["skipped"].as_u64()),
        (Some("select"), Some(1), Some(100))
    );
    assert_eq!((run["index_distance"].as_u64(), run["saved_us"].as_u64()), (Some(1), Some(100_000_000)));
    assert!(run["misses"].is_null() && run["index_bytes"].as_u64() > Some(0) && run["branch"] == "main");

    let shown =
        sandbox.skiptrace(["history", "show", run["run"].as_str().unwrap(), "--tests", "--json"]).success();
    let tests = json(&shown)["tests"].as_array().unwrap().clone();
    let decided = |decision: &str| tests.iter().filter(|test| test["decision"] == decision).count();
    assert_eq!((decided("would-skip"), decided("run"), decided("skip")), (100, 1, 0));

    let answer = json(&sandbox.skiptrace(["select", "--observe", "--json", "--format", "gtest"]).success());
    assert_eq!((answer["observed"].as_bool(), answer["skipped"].as_u64()), (Some(true), Some(100)));
    assert_eq!(answer["arguments"].as_array().map(Vec::len), Some(0), "{answer}");
    // As a setting, so that no pipeline has to be changed twice; who asks for a sample gets it.
    sandbox.var("SKIPTRACE_SELECT_OBSERVE", "true");
    assert_eq!(sandbox.skiptrace(["select", "--format", "plain"]).success().stdout(), "");
    assert_eq!(must(&sandbox, &["--audit", "100%"]).len(), 101);
}

#[test]
fn what_people_look_at_is_no_run_and_nothing_is_written_where_that_is_switched_off() {
    let mut sandbox = hundred();
    sandbox.skiptrace(["select"]).success();
    let list = |sandbox: &Sandbox| sandbox.skiptrace(["history", "list"]).success().stdout();
    assert_eq!(list(&sandbox), "");
    // Of several nodes one writes it down.
    for shard in ["2/3", "1/3", "3/3"] {
        sandbox.skiptrace(["select", "--format", "plain", "--form", "run", "--shard", shard]);
    }
    assert_eq!(list(&sandbox).lines().count(), 2);
    sandbox.var("SKIPTRACE_HISTORY_ENABLED", "false");
    sandbox.skiptrace(["select", "--format", "plain"]).success();
    assert_eq!(list(&sandbox).lines().count(), 2);
}

#[test]
fn a_history_that_cannot_be_written_changes_no_answer() {
    let mut sandbox = hundred();
    let answer = sandbox.skiptrace(["select", "--format", "plain"]).success().stdout();
    sandbox.write("../broken.sqlite", "this is no database, and was none at any time");
    sandbox.var("SKIPTRACE_HISTORY_PATH", sandbox.path().join("broken.sqlite").display().to_string());
    let again = sandbox.skiptrace(["select", "--format", "plain"]).success();
    assert_eq!(again.stdout(), answer);
    assert!(again.stderr().contains("warning: the run is not in the history"), "{}", again.snapshot());
}

/// Results of all tests as nextest writes them, some of them failed.
fn results(sandbox: &Sandbox, failed: &[&str]) {
    let names = (0..100).map(|n| format!("b::t{n}")).chain(["a::must".to_owned()]);
    let case = |name: String| {
        let inside = if failed.contains(&name.as_str()) { "<failure/>" } else { "" };
        format!("<testcase classname=\"pkg\" name=\"{name}\" time=\"0.5\">{inside}</testcase>\n")
    };
    let cases: String = names.map(case).collect();
    let text = format!(
        "<testsuites name=\"nextest-run\"><testsuite name=\"pkg\">\n{cases}</testsuite></testsuites>\n"
    );
    sandbox.write("../results.xml", &text);
}

#[test]
fn evaluations_add_up_to_a_bound_and_misses_are_explained() {
    let sandbox = hundred();
    let evaluate = || {
        sandbox.output(later(&sandbox).args(["evaluate", "--results", "../results.xml"])).success();
    };
    results(&sandbox, &["a::must"]);
    for _ in 0..3 {
        evaluate();
    }
    let audit =
        |args: &[&str]| json(&sandbox.skiptrace(["history", "audit", "--json"].iter().chain(args)).success());
    let total = &audit(&[])["total"];
    assert_eq!((total["checked"].as_u64(), total["missed"].as_u64()), (Some(300), Some(0)));
    let bound = total["at_most"].as_f64().unwrap();
    assert!((bound - 0.009_936).abs() < 1e-5, "{bound}");
    insta::assert_snapshot!(sandbox.skiptrace(["history", "audit"]).success().stdout());

    results(&sandbox, &["a::must", "b::t7"]);
    evaluate();
    let total = &audit(&["--confidence", "99"])["total"];
    assert_eq!((total["checked"].as_u64(), total["missed"].as_u64()), (Some(400), Some(1)));
    assert!(total["at_most"].as_f64() > Some(bound));
    let run = newest(&sandbox);
    assert_eq!(
        (run["command"].as_str(), run["misses"].as_u64(), run["failed"].as_u64()),
        (Some("evaluate"), Some(1), Some(2))
    );
    let shown = sandbox.skiptrace(["history", "show", run["run"].as_str().unwrap()]).success().stdout();
    let note = "pkg::b::t7: it depends on none of what had changed: `a.rs`";
    assert!(shown.contains(note) && shown.contains("would-skip: MISSED"), "{shown}");
    sandbox.skiptrace(["history", "audit", "--confidence", "100"]).code(2);
}

#[test]
fn what_should_have_selected_a_test_is_named_where_an_index_knows_it() {
    let sandbox = hundred();
    let mut other = known("pkg", "b::t7", "b.rs");
    other.files.push("a.rs".to_owned());
    // What ran was recorded as well, and says what the test depends on.
    let recorded = index(&sandbox, &sandbox.repo(), &[other, known("pkg", "a::must", "a.rs")]);
    sandbox.skiptrace(["index", "push", recorded.to_str().unwrap()]).success();
    results(&sandbox, &["b::t7"]);
    let args = ["evaluate", "--results", "../results.xml", "--base", "HEAD~1"];
    let said = sandbox.output(later(&sandbox).args(args)).success();
    let note = "`pkg b::t7`: it depends on `a.rs`, and the index did not know";
    assert!(said.stderr().contains(note), "{}", said.snapshot());
}

#[test]
fn without_checks_there_is_no_bound() {
    let sandbox = hundred();
    sandbox.skiptrace(["select", "--format", "plain"]).success();
    let said = sandbox.skiptrace(["history", "audit"]).success();
    assert!(said.stdout().is_empty() && said.stderr().contains("--audit 1%"), "{}", said.snapshot());
}

const MANIFEST: &str =
    "[package]\nname = \"desk\"\nedition = \"2021\"\n[profile.dev]\ndebug = 0\nincremental = false\n";
/// What `first` tests hangs on a file that is not of the repository, and that nobody watches.
const LIB: &str = "\
pub fn one() -> u32 {
    let outside = concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/../outside\");
    let tries = std::fs::read_to_string(outside).unwrap_or_default();
    match tries.trim() {
        \"\" => 1,
        \"once\" => {
            std::fs::write(outside, \"\").unwrap();
            2
        }
        _ => 2,
    }
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
}
";

/// Runs the tests, and returns what was said and what was written down.
fn run(sandbox: &Sandbox, flags: &[&str], code: i32) -> (Output, serde_json::Value) {
    let mut command = later(sandbox);
    command.arg("run").args(flags).args(["--", "cargo", "test", "--lib"]);
    let output = sandbox.output(&mut command).code(code);
    let run = newest(sandbox);
    (output, run)
}

#[test]
fn a_run_that_observes_finds_what_would_have_been_missed() {
    let project = CargoProject::empty(PROGRAM);
    project.commit(&[("Cargo.toml", MANIFEST), ("src/lib.rs", LIB), (".gitignore", "target/\n")]);
    let sandbox = &project.sandbox;
    let (_, first) = run(sandbox, &[], 0);
    assert_eq!(
        (first["known"].as_u64(), first["fallbacks"]["no-index"].as_u64()),
        (Some(0), Some(1)),
        "{first}"
    );
    sandbox.write("src/lib.rs", &LIB.replace("    2\n}\n\n#", "    1 + 1\n}\n\n#"));

    // All is well: both ran, and one of them need not have.
    let (observed, record) = run(sandbox, &["--observe"], 0);
    assert!(observed.stderr().contains("ran 2 tests"), "{}", observed.snapshot());
    let numbers = |record: &serde_json::Value| {
        ["selected", "skipped", "checked", "misses", "failed"].map(|name| record[name].as_u64())
    };
    assert_eq!(numbers(&record), [Some(1), Some(1), Some(1), Some(0), Some(0)]);

    // One that fails once and passes when it is tried again is not missed, and fails the run all the same.
    sandbox.write("../outside", "once");
    sandbox.write("src/lib.rs", &LIB.replace("    2\n}\n\n#", "    2 + 0\n}\n\n#"));
    let (flaky, record) = run(sandbox, &["--observe"], 101);
    assert!(
        flaky.stderr().contains("trying that once more") && !flaky.stderr().contains("missed:"),
        "{}",
        flaky.snapshot()
    );
    assert_eq!(numbers(&record)[..4], [Some(1), Some(1), Some(0), Some(0)]);
    // It failed when it was recorded, so it ran again, and what it does now is known.
    run(sandbox, &[], 0);

    // One that fails for good is.
    sandbox.write("../outside", "always");
    sandbox.write("src/lib.rs", &LIB.replace("    2\n}\n\n#", "    3 - 1\n}\n\n#"));
    let (missed, record) = run(sandbox, &["--audit", "100%"], 101);
    let said = missed.stderr();
    assert!(
        said.contains("missed: `desk tests::first` fails, and need not have run"),
        "{}",
        missed.snapshot()
    );
    assert!(said.contains("auditing: 1 of 1 test that need not run"), "{}", missed.snapshot());
    assert_eq!(numbers(&record)[2..], [Some(1), Some(1), Some(1)]);
}
