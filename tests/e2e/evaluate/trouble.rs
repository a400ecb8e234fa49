//! What is missing, damaged, or something else.

use insta::assert_snapshot;

use super::{GOOD, edited, results, with};

const RESULTS: [&str; 3] = ["evaluate", "--results", "../results.xml"];

/// Without an index there is a report, and it says so.
#[test]
fn there_is_no_index() {
    let sandbox = edited();
    results(&sandbox, &with(&[("b::first", "<failure/>")]));
    assert_snapshot!(sandbox.skiptrace(RESULTS).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    [default]
    no index: index_not_found: there is no index to go by: the store has no index of job `default`
    --- actual: 7 tests ran (1 file of results)
    +++ predicted: 7 tests would have run (no index, so everything)
      pkg b::breaks [FAILED]
      pkg b::first [FAILED]
      pkg a::first
      pkg a::second
      pkg b::second
      pkg b::third
      pkg b::wavers
    not counted (2), whose failure says nothing of the selection:
      pkg b::breaks: failed; it is in no index, so it would have run
      pkg b::first: failed; it is in no index, so it would have run
    summary: actual=7 predicted=7 common=7 -> +0 / -0, misses=0
    failures: 2, of which 0 would have run, 0 missed, 0 unclear, 2 not counted
    saved: 0 ms of 3.5 s (0 % of the tests, 0 % of the time)
    --- stderr ---
    read 7 results of `../results.xml` (JUnit XML)
    warning: job `default`: index_not_found: there is no index to go by: the store has no index of job `default`
    ");
    let strict = |more: &[&str]| sandbox.skiptrace([&RESULTS[..], more, &["--strict"]].concat());
    let _ = strict(&[]).code(6);
    let missing = strict(&["--index", "../gone.idx"]).code(6);
    assert!(
        missing.stderr().contains("index_not_found: there is no file `../gone.idx`"),
        "{}",
        missing.snapshot()
    );
    let other = strict(&["--index", "../recorded.idx", "--job", "other"]).code(6);
    assert!(other.stderr().contains("index_not_found"), "{}", other.snapshot());
    let markdown = sandbox.skiptrace(RESULTS.iter().chain(&["--format", "markdown"])).success();
    assert_snapshot!(markdown.stdout(), @"
    ### Test selection: there was no index to go by

    | job | ran | would have run | skipped | misses | caught | not counted | time saved |
    |---|--:|--:|--:|--:|--:|--:|--:|
    | `default` | 7 | 7 | 0 | 0 | 0 | 2 | 0 ms of 3.5 s (0 %) |

    `default`: `index_not_found`: there is no index to go by: the store has no index of job `default`

    <details><summary>Failures that say nothing of the selection (2)</summary>

    - `pkg b::breaks`: failed; it is in no index, so it would have run
    - `pkg b::first`: failed; it is in no index, so it would have run

    </details>
    ");
    let json = sandbox.skiptrace(RESULTS.iter().chain(&["--format", "json"])).success().stdout();
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json["jobs"][0]["events"][0]["type"], "index_not_found");
    assert_eq!(json["jobs"][0]["index"], serde_json::Value::Null);
    let metrics = sandbox.skiptrace(RESULTS.iter().chain(&["--format", "metrics"])).success().stdout();
    assert!(metrics.contains("evaluation_errors{job=\"default\",type=\"index_not_found\"} 1"), "{metrics}");
}

#[test]
fn the_index_is_damaged() {
    let sandbox = edited();
    results(&sandbox, &GOOD);
    let file = sandbox.path().join("recorded.idx");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&file, bytes).unwrap();
    let arguments = [&RESULTS[..], &["--index", "../recorded.idx"]].concat();
    let output = sandbox.skiptrace(&arguments).success();
    assert!(output.stdout().contains("no index: index_corrupt: "), "{}", output.snapshot());
    let _ = sandbox.skiptrace([&arguments[..], &["--strict"]].concat()).code(9);
}

#[test]
fn the_store_does_not_answer() {
    let sandbox = edited();
    results(&sandbox, &GOOD);
    // Nobody listens there.
    let store = "s3://bucket?endpoint=http://127.0.0.1:9&path_style=true&timeout=1&attempts=1&region=x";
    let mut command = sandbox.skiptrace_command();
    command.args(RESULTS).args(["--strict", "--store", store]);
    command.env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x");
    let output = sandbox.output(&mut command).code(7);
    assert!(output.stdout().contains("no index: store_unreachable: "), "{}", output.snapshot());
}

/// Outside of a repository nobody knows what has changed since.
#[test]
fn there_is_no_repository() {
    let sandbox = edited();
    results(&sandbox, &GOOD);
    std::fs::remove_dir_all(sandbox.work().join(".git")).unwrap();
    let arguments = [&RESULTS[..], &["--index", "../recorded.idx"]].concat();
    let output = sandbox.skiptrace(&arguments).success();
    assert!(output.stdout().contains("no index: unexpected: "), "{}", output.snapshot());
    let _ = sandbox.skiptrace([&arguments[..], &["--strict"]].concat()).code(3);
}

/// What was read before a file ends is not passed off as all there is.
#[test]
fn results_that_end_early() {
    let sandbox = edited();
    results(&sandbox, &GOOD);
    let text = sandbox.read("../results.xml");
    sandbox.write("../results.xml", &text[..text.len() / 2]);
    let arguments = [&RESULTS[..], &["--index", "../recorded.idx"]].concat();
    assert_snapshot!(sandbox.skiptrace(&arguments).code(2).snapshot(), @"
    exit code: 2
    --- stderr ---
    error: cannot read the results `../results.xml`: the file ends early: tag not closed: `>` not found before end of input (at byte 261)
    hint: the run was cut off, or the file is still being written: have the job write it again, or leave it out
    ");
    sandbox.write("../results.xml", "");
    let empty = sandbox.skiptrace(&arguments).code(2);
    assert!(empty.stderr().contains("the file is empty"), "{}", empty.snapshot());
    let gone = sandbox.skiptrace(["evaluate", "--results", "gone.xml"]).code(2);
    assert!(gone.stderr().contains("cannot read `gone.xml`"), "{}", gone.snapshot());
}

#[test]
fn results_without_a_test() {
    let sandbox = edited();
    results(&sandbox, &[]);
    let arguments = [&RESULTS[..], &["--index", "../recorded.idx"]].concat();
    let output = sandbox.skiptrace(&arguments).success();
    assert!(output.stderr().contains("the results of job `default` have no test"), "{}", output.snapshot());
    let _ = sandbox.skiptrace([&arguments[..], &["--strict"]].concat()).code(4);
}

/// Of another job, or of a runner that names tests in another way: that nothing is missed would mean nothing.
#[test]
fn results_of_something_else() {
    let sandbox = edited();
    let text = "<testsuite name='s'><testcase classname='com.example.Other' name='works'/></testsuite>";
    sandbox.write("../results.xml", text);
    let arguments = [&RESULTS[..], &["--index", "../recorded.idx"]].concat();
    let output = sandbox.skiptrace(&arguments).success();
    assert!(
        output.stderr().contains("the index knows none of the tests in the results"),
        "{}",
        output.snapshot()
    );
    let _ = sandbox.skiptrace([&arguments[..], &["--strict"]].concat()).code(4);
}

/// Two programs have a test of one name, and the results do not say whose it is.
#[test]
fn names_that_fit_several_tests() {
    let sandbox = crate::sandbox();
    let repo = sandbox.repo();
    repo.commit("first", &[("a.cc", "int a;\n"), ("b.cc", "int b;\n")]);
    let known = crate::select::known;
    let tests = [known("bin/one", "Math.adds", "a.cc"), known("bin/two", "Math.adds", "b.cc")];
    crate::select::index(&sandbox, &repo, &tests);
    repo.commit("second", &[("a.cc", "int a = 1;\n")]);
    let document = |name: &str| {
        let text = "<testsuites name=\"AllTests\"><testsuite name=\"Math\"><testcase classname=\"Math\" name=\"adds\" \
                    status=\"run\" result=\"completed\"><failure/></testcase></testsuite></testsuites>";
        sandbox.write(format!("../{name}.xml"), text);
        let file = format!("../{name}.xml");
        let arguments = ["evaluate", "--strict", "--index", "../recorded.idx", "--results", &file];
        sandbox.skiptrace(arguments)
    };
    assert_snapshot!(document("test_detail").code(1).snapshot(), @"
    exit code: 1
    --- stdout ---
    [default]
    --- actual: 1 test ran (1 file of results)
    +++ predicted: 1 test would have run (index of `../recorded.idx`, 1 file may differ)
      Math.adds [FAILED]
    unclear (1), which failed and may have been skipped:
      Math.adds: failed, and the index knows several tests of this name
    ambiguous (1), of whose names the index knows several tests:
      Math.adds: failed
    summary: actual=1 predicted=1 common=1 -> +0 / -0, misses=0
    failures: 1, of which 0 would have run, 0 missed, 1 unclear, 0 not counted
    saved: 0 ms of 0 ms (0 % of the tests, 0 % of the time)
    --- stderr ---
    read 1 result of `../test_detail.xml` (JUnit XML)
    warning: 1 test failed and may have been skipped: the results do not tell which of several is meant
    ");
    // The file of the results is named for the program.
    let _ = document("one").success();
    let missed = document("two").code(1);
    assert!(missed.stdout().contains("- bin/two Math.adds [FAILED]"), "{}", missed.snapshot());
}

/// Where the index is of what ran, nothing can have changed, and an older one has to be named.
#[test]
fn the_index_is_of_what_ran() {
    let sandbox = edited();
    results(&sandbox, &with(&[("b::first", "<failure/>")]));
    let _ = sandbox.skiptrace(["index", "push", "../recorded.idx"]).success();
    let kind = |more: &[&'static str]| [&RESULTS[..], &["--kind", "file"], more].concat();
    let nearest = sandbox.skiptrace(kind(&[])).success();
    assert!(nearest.stdout().contains("1 commit before, 1 file may differ"), "{}", nearest.snapshot());
    let repo = sandbox.repo();
    repo.checkout("HEAD~1");
    let same = sandbox.skiptrace(kind(&[])).success();
    assert!(same.stderr().contains("hint: the index is of what ran"), "{}", same.snapshot());
    repo.checkout("main");
    // What another revision ran is held against that revision.
    let at = sandbox.skiptrace(kind(&["--at", "HEAD~1"])).success();
    assert!(at.stdout().contains("\n- pkg a::first\n"), "{}", at.snapshot());
    let base = sandbox.skiptrace(kind(&["--base", "HEAD~1", "--strict"])).code(1);
    assert!(base.stdout().contains("the same commit, 1 file may differ"), "{}", base.snapshot());
}
