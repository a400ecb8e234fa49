//! What people read.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use skiptrace_engine::record::Outcome;
use skiptrace_tests::{Output, Repo, Sandbox};

use super::{Known, index, known};
use crate::sandbox;

/// Selects by the index that [`index`] wrote.
fn select(sandbox: &Sandbox, args: &[&str]) -> Output {
    let fixed = ["select", "--index", "../recorded.idx"];
    sandbox.skiptrace(fixed.iter().chain(args))
}

/// A repository with three files and five tests.
fn five_tests(sandbox: &Sandbox) -> Repo<'_> {
    let repo = sandbox.repo();
    repo.commit("first", &[("a.rs", "a"), ("b.rs", "b"), ("c.rs", "c"), ("README.md", "words")]);
    let tests = [
        known("unit", "adds", "a.rs"),
        known("unit", "adds_twice", "a.rs"),
        known("unit", "subtracts", "b.rs"),
        Known { outcome: Outcome::Failed, ..known("it", "fails", "c.rs") },
        known("it", "smoke_of_all", "c.rs"),
    ];
    index(sandbox, &repo, &tests);
    repo
}

#[test]
fn the_summary_says_what_and_why() {
    let sandbox = sandbox();
    sandbox.write("skiptrace.toml", "[[rule]]\nname = \"smoke\"\nnever-skip = [\"smoke_*\"]\n");
    let _repo = five_tests(&sandbox);
    sandbox.write("a.rs", "another");
    assert_snapshot!(select(&sandbox, &[]).success().snapshot());
}

#[test]
fn nothing_to_run_is_said() {
    let sandbox = sandbox();
    let repo = sandbox.repo();
    repo.commit("first", &[("a.rs", "a"), ("b.rs", "b")]);
    index(&sandbox, &repo, &[known("unit", "adds", "a.rs"), known("unit", "more", "a.rs")]);
    assert_snapshot!(select(&sandbox, &[]).success().snapshot());
}

#[test]
fn without_an_index_everything_runs_and_the_first_line_says_why() {
    let sandbox = sandbox();
    sandbox.repo().commit("first", &[("a.rs", "a")]);
    let output = sandbox.skiptrace(["select"]).success();
    assert_snapshot!(output.snapshot());
    assert!(output.stderr().starts_with("warning: everything must run: "));
    // The runner is told nothing.
    for format in ["nextest", "cargo-test", "go", "gtest", "pytest", "plain", "junit-names"] {
        let output = sandbox.skiptrace(["select", "--format", format]).success();
        assert_eq!(output.stdout(), "", "{format}");
    }
    // Who wants to notice does.
    for flag in ["--fail-on-fallback", "--strict"] {
        let _ = sandbox.skiptrace(["select", flag]).code(3);
    }
    // A list of what to run cannot say `everything`.
    let run = ["select", "--format", "plain", "--form", "run"];
    assert_snapshot!(sandbox.skiptrace(run).code(3).snapshot());
    // No node leaves to another what neither of them knows.
    let output = sandbox.skiptrace(["select", "--format", "nextest", "--shard", "2/3"]).success();
    assert_eq!(output.stdout(), "");
    assert!(output.stderr().contains("each runs everything"), "{}", output.stderr());
}

#[test]
fn a_change_that_nobody_knows_runs_everything() {
    let sandbox = sandbox();
    let _repo = five_tests(&sandbox);
    sandbox.write("unheard.of", "new");
    let output = select(&sandbox, &["--fail-on-fallback"]).code(3);
    assert_snapshot!(output.snapshot());
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_text_runs_everything_whatever_rules_say() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = sandbox();
    let repo = five_tests(&sandbox);
    sandbox.write("skiptrace.toml", "[[rule]]\npaths = [\"*\"]\nignore = true\n");
    let everything = || {
        let output = select(&sandbox, &["--json"]).success();
        let document: serde_json::Value = serde_json::from_str(&output.stdout()).unwrap();
        document["everything"].as_array().unwrap().iter().map(|cause| cause["message"].to_string()).collect()
    };
    let calm: Vec<String> = everything();
    assert!(calm.is_empty(), "{calm:?}");
    std::fs::write(repo.path().join(std::ffi::OsStr::from_bytes(b"odd-\xff.md")), "new").unwrap();
    let causes: Vec<String> = everything();
    assert_eq!(causes.len(), 1, "{causes:?}");
    assert!(causes[0].contains("odd-\u{fffd}.md") && causes[0].contains("not UTF-8"), "{causes:?}");
}

#[test]
fn a_lockfile_that_cargo_is_going_to_change_runs_everything() {
    const LOCKFILE: &str = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\ndependencies = [\"log\"]\n\n\
        [[package]]\nname = \"log\"\nversion = \"0.4.1\"\n\
        source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
    let manifest = |version: &str| {
        format!("[package]\nname = \"a\"\nversion = \"0.1.0\"\n[dependencies]\nlog = \"{version}\"\n")
    };
    let sandbox = sandbox();
    let repo = sandbox.repo();
    repo.commit(
        "first",
        &[("a.rs", "a"), ("b.rs", "b"), ("Cargo.toml", &manifest("0.4.0")), ("Cargo.lock", LOCKFILE)],
    );
    index(&sandbox, &repo, &[known("unit", "a", "a.rs"), known("unit", "b", "Cargo.toml")]);
    let said = || select(&sandbox, &[]).success().stderr();
    sandbox.write("Cargo.toml", &manifest("0.4.1"));
    assert!(!said().contains("everything must run"), "{}", said());
    sandbox.write("Cargo.toml", &manifest("0.4.2"));
    let lacking = "`Cargo.toml` asks for `log`, which `Cargo.lock` does not have as it is asked for";
    assert!(said().contains("everything must run") && said().contains(lacking), "{}", said());
    sandbox.write("Cargo.toml", "<<<<<<< ours");
    assert!(said().contains("`Cargo.toml` is not understood"), "{}", said());
    sandbox.write("Cargo.toml", &manifest("0.4.1"));
    sandbox.write("Cargo.lock", "<<<<<<< ours");
    assert!(said().contains("`Cargo.lock` is not understood"), "{}", said());
}

#[test]
fn lists_are_of_what_to_skip_unless_all_tests_are_known() {
    let sandbox = sandbox();
    let _repo = five_tests(&sandbox);
    sandbox.write("a.rs", "another");
    let lines = |args: &[&str]| select(&sandbox, &[args, &["--quiet"]].concat()).success().snapshot();
    assert_snapshot!(lines(&["--format", "plain"]), @"
    exit code: 0
    --- stdout ---
    it	smoke_of_all
    unit	subtracts
    ");
    assert_snapshot!(lines(&["--format", "junit-names"]), @"
    exit code: 0
    --- stdout ---
    it.smoke_of_all
    unit.subtracts
    ");
    assert_snapshot!(lines(&["--format", "plain", "--form", "run"]), @"
    exit code: 0
    --- stdout ---
    it	fails
    unit	adds
    unit	adds_twice
    --- stderr ---
    warning: tests that no index has must run too, and are not in the list
    ");
    sandbox.write("../all.txt", "unit\tadds\nunit\tsubtracts\nunit\tis_new\n");
    let all = ["--format", "plain", "--form", "run", "--tests", "../all.txt"];
    assert_snapshot!(lines(&all), @"
    exit code: 0
    --- stdout ---
    it	fails
    unit	adds
    unit	adds_twice
    unit	is_new
    ");
}

#[test]
fn nodes_share_out_what_must_run() {
    let sandbox = sandbox();
    let repo = sandbox.repo();
    repo.commit("first", &[("a.rs", "a"), ("b.rs", "b")]);
    let mut tests: Vec<Known> =
        (0..20).map(|n| Known { seconds: 1 + n % 7, ..known("unit", &format!("t{n:02}"), "a.rs") }).collect();
    tests.push(known("unit", "not_touched", "b.rs"));
    index(&sandbox, &repo, &tests);
    sandbox.write("a.rs", "another");
    let whole: BTreeSet<String> =
        select(&sandbox, &["-q"]).success().stdout().lines().map(str::to_owned).collect();
    assert_eq!(whole.len(), 20);
    let mut shared = BTreeSet::new();
    let mut plans = BTreeSet::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let output = select(&sandbox, &["--shard", shard]).success();
        for line in output.stdout().lines() {
            assert!(shared.insert(line.to_owned()), "{line} runs twice");
        }
        let stderr = output.stderr();
        let plan = stderr.split("(plan ").nth(1).and_then(|rest| rest.split(')').next());
        plans.insert(plan.unwrap().to_owned());
        // A runner of the first node is told what to skip, the others what to run.
        let arguments =
            select(&sandbox, &["--format", "pytest", "--shard", shard, "--output-dir", "out"]).success();
        let list = sandbox.read("out/skiptrace_selection.json");
        let is_first = shard == "1/3";
        assert_eq!(list.starts_with("{\"skip\""), is_first, "{list} {}", arguments.stderr());
        assert_eq!(list.contains("not_touched"), is_first, "{list}");
        std::fs::remove_dir_all(sandbox.work().join("out")).unwrap();
    }
    assert_eq!(shared, whole);
    assert_eq!(plans.len(), 1, "{plans:?}");
    // A node that comes to another plan than the others leaves nothing to them.
    let plan = plans.first().unwrap();
    let n_lines = |plan: &str| {
        let output = select(&sandbox, &["--shard", "2/3", "--plan", plan]).success();
        assert_eq!(output.stderr().contains("so it leaves no test to another node"), plan == "other");
        output.stdout().lines().count()
    };
    assert!(n_lines(plan) < 20);
    assert_eq!(n_lines("other"), 20);
    assert_snapshot!(select(&sandbox, &["--shard", "1/3"]).success().stderr());
}

#[test]
fn a_commit_message_has_everything_run() {
    let sandbox = sandbox();
    let repo = five_tests(&sandbox);
    let causes = |args: &[&str]| {
        let text = select(&sandbox, &[args, &["--json"]].concat()).success().stdout();
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let causes = document["everything"].as_array().unwrap().clone();
        causes.iter().map(|cause| cause["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(causes(&[]), [""; 0]);
    repo.commit("a fix\n\nTo be sure:\n[skiptrace run-all]\n", &[]);
    assert_snapshot!(select(&sandbox, &[]).success().snapshot());
    assert_eq!(causes(&["--config", "select.escape="]), [""; 0]);
    assert_eq!(causes(&["--config", "select.escape=To be"]), ["the commit message says `To be`"]);
    // Only that of the commit that is asked about.
    repo.commit("another", &[]);
    assert_eq!(causes(&[]), [""; 0]);
    assert_eq!(causes(&["--at", "HEAD~1"]).len(), 1);
    // A CI service checks out a merge that nobody wrote.
    repo.branch("fix");
    repo.commit("[skiptrace run-all] a fix", &[]);
    repo.checkout("main");
    repo.commit("meanwhile", &[]);
    repo.git(["merge", "--quiet", "--no-ff", "--message", "Merge fix into main", "fix"]);
    assert_eq!(causes(&[]), ["the commit message says `[skiptrace run-all]`"]);
}

#[test]
fn a_shallow_clone_says_that_a_message_is_missing() {
    let sandbox = sandbox();
    let repo = five_tests(&sandbox);
    repo.branch("fix");
    repo.commit("[skiptrace run-all] a fix", &[]);
    repo.checkout("main");
    repo.git(["merge", "--quiet", "--no-ff", "--message", "Merge fix into main", "fix"]);
    let url = format!("file://{}", sandbox.work().display());
    for (depth, has_all) in [("1", false), ("2", true)] {
        let folder = format!("../clone{depth}");
        repo.git(["clone", "--quiet", "--depth", depth, &url, &folder]);
        let args = ["-C", &folder, "select", "--index", "../recorded.idx"];
        let stderr = sandbox.skiptrace(args).success().stderr();
        assert_eq!(stderr.contains("the commit message says"), has_all, "{stderr}");
        assert_eq!(stderr.contains("does not have the commit that is merged"), !has_all, "{stderr}");
    }
}

#[test]
fn the_document_has_it_all() {
    let mut sandbox = sandbox();
    let folder = sandbox.work().display().to_string();
    sandbox.redactor.replace(folder, "$WORK");
    let _repo = five_tests(&sandbox);
    sandbox.write("a.rs", "another");
    let args = ["--format", "pytest", "--json", "--shard", "1/2", "--output-dir", "../told"];
    let text = select(&sandbox, &args).success().stdout();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_snapshot!(serde_json::to_string_pretty(&document).unwrap());
}

#[test]
fn wrong_arguments_are_named() {
    let sandbox = sandbox();
    let _repo = five_tests(&sandbox);
    let check = |args: &[&str]| select(&sandbox, args).code(2).stderr();
    assert_snapshot!(check(&["--", "make", "test"]), @"
    error: do not know the runner `make test` (known runners: `cargo nextest run`, `cargo test`, `go test`, `gotestsum`, `ctest`, `pytest`, or the paths of test programs)
    hint: leave it out, and say for whom the answer is: `--format plain`
    ");
    assert_snapshot!(check(&["--format", "go", "--", "cargo", "test"]), @"
    error: the format is `go`, and yet the runner is one for `cargo-test`
    hint: leave `--format` out: the answer is for the runner then
    ");
    assert_snapshot!(check(&["--env"]), @"
    error: nobody said which runner the variables are for
    hint: say it: `--format pytest`, or `-- RUNNER …`
    ");
    sandbox.write("../bad.txt", "unit\tadds\nnonsense\n");
    assert_snapshot!(check(&["--format", "plain", "--tests", "../bad.txt"]), @"
    1 of 5 tests must run (0 files may differ; index of `../recorded.idx`)
    reason  tests
    failed      1  failed when it was recorded
    error: line 2 of `../bad.txt` names no test
    hint: a line is a suite, a tab, and a name; `skiptrace select --format plain` writes such lines
    ");
}
