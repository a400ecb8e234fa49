//! The answers: to people, to programs, to pipelines.

use insta::assert_snapshot;

use super::{GOOD, edited, results, with};

pub(crate) const EVALUATE: [&str; 5] =
    ["evaluate", "--index", "../recorded.idx", "--results", "../results.xml"];

#[test]
fn a_run_without_misses() {
    let sandbox = edited();
    results(&sandbox, &GOOD);
    assert_snapshot!(sandbox.skiptrace(EVALUATE).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    [default]
    --- actual: 7 tests ran (1 file of results)
    +++ predicted: 4 tests would have run (index of `../recorded.idx`, 1 file may differ)
      pkg b::breaks [FAILED]
      pkg a::first
      pkg a::second
      pkg b::wavers
    - pkg b::first
    - pkg b::second
    - pkg b::third
    not counted (1), whose failure says nothing of the selection:
      pkg b::breaks: failed; it failed already at the indexed commit
    summary: actual=7 predicted=4 common=4 -> +0 / -3, misses=0
    failures: 1, of which 0 would have run, 0 missed, 0 unclear, 1 not counted
    saved: 1.5 s of 3.5 s (42 % of the tests, 42 % of the time)
    --- stderr ---
    read 7 results of `../results.xml` (JUnit XML)
    ");
    let _ = sandbox.skiptrace(EVALUATE.iter().chain(&["--strict"])).success();
}

/// Whoever failed and would have been skipped is found, and nobody else is called a miss.
#[test]
fn a_miss_is_found_and_other_failures_are_none() {
    let sandbox = edited();
    results(
        &sandbox,
        &with(&[
            ("a::first", "<failure/>"),
            ("b::first", "<failure message=\"x\"/><rerunFailure/>"),
            ("b::second", "<flakyFailure time=\"0.25\"/>"),
            ("b::third", "<failure/>"),
            ("b::wavers", "<failure/>"),
            ("new::stranger", "<error/>"),
        ]),
    );
    let arguments = [&EVALUATE[..], &["--quarantined", "pkg b::third"]].concat();
    assert_snapshot!(sandbox.skiptrace(&arguments).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    [default]
    --- actual: 8 tests ran (1 file of results)
    +++ predicted: 5 tests would have run (index of `../recorded.idx`, 1 file may differ)
      pkg a::first [FAILED]
      pkg b::breaks [FAILED]
      pkg b::wavers [FAILED]
      pkg new::stranger [FAILED]
      pkg a::second
    - pkg b::first [FAILED]
    - pkg b::second [FLAKY]
    - pkg b::third [FAILED]
    misses (1), which failed and would have been skipped:
      pkg b::first: failed, passed when it was recorded
    not counted (5), whose failure says nothing of the selection:
      pkg b::breaks: failed; it failed already at the indexed commit
      pkg b::third: failed; it is quarantined
      pkg b::wavers: failed; it was flaky at the indexed commit
      pkg new::stranger: errored; it is in no index, so it would have run
      pkg b::second: flaky; it also passed in this run
    unknown (1), which are in no index, and so would have run:
      pkg new::stranger: errored
    summary: actual=8 predicted=5 common=5 -> +0 / -3, misses=1
    failures: 7, of which 1 would have run, 1 missed, 0 unclear, 5 not counted
    saved: 1.7 s of 4.2 s (37 % of the tests, 41 % of the time)
    --- stderr ---
    read 8 results of `../results.xml` (JUnit XML)
    warning: 1 miss: tests that failed would have been skipped
    hint: `pkg b::first`: it depends on none of what had changed: `a.rs`
    ");
    let _ = sandbox.skiptrace([&arguments[..], &["--strict"]].concat()).code(1);
    let told = |format: &str| sandbox.skiptrace([&arguments[..], &["--quiet", "--format", format]].concat());
    assert_snapshot!(told("markdown").success().stdout(), @"
    ### Test selection: **1 failed test would have been skipped**

    | job | ran | would have run | skipped | misses | caught | not counted | time saved |
    |---|--:|--:|--:|--:|--:|--:|--:|
    | `default` | 8 | 5 | 3 | 1 | 1 | 5 | 1.7 s of 4.2 s (41 %) |

    `default`: index of `../recorded.idx`, 1 file may differ

    **Misses** (1)

    - `pkg b::first`: failed, passed when it was recorded

    <details><summary>Failures that say nothing of the selection (5)</summary>

    - `pkg b::breaks`: failed; it failed already at the indexed commit
    - `pkg b::second`: flaky; it also passed in this run
    - `pkg b::third`: failed; it is quarantined
    - `pkg b::wavers`: failed; it was flaky at the indexed commit
    - `pkg new::stranger`: errored; it is in no index, so it would have run

    </details>

    <details><summary>Would have been skipped (3)</summary>

    - `pkg b::first`: failed
    - `pkg b::second`: flaky
    - `pkg b::third`: failed

    </details>

    <details><summary>In no index, so they would have run (1)</summary>

    - `pkg new::stranger`: errored

    </details>
    ");
    assert_snapshot!(told("metrics").success().stdout(), @r#"
    # HELP skiptrace_evaluation_runs Evaluations, by what came of them
    # TYPE skiptrace_evaluation_runs gauge
    skiptrace_evaluation_runs{job="default",result="missed"} 1
    # HELP skiptrace_evaluation_tests Tests on each side of the comparison
    # TYPE skiptrace_evaluation_tests gauge
    skiptrace_evaluation_tests{job="default",side="actual"} 8
    skiptrace_evaluation_tests{job="default",side="predicted"} 5
    skiptrace_evaluation_tests{job="default",side="common"} 5
    skiptrace_evaluation_tests{job="default",side="added"} 0
    skiptrace_evaluation_tests{job="default",side="removed"} 3
    skiptrace_evaluation_tests{job="default",side="unknown"} 1
    skiptrace_evaluation_tests{job="default",side="ambiguous"} 0
    # HELP skiptrace_evaluation_failures Failures, by what they say of the selection
    # TYPE skiptrace_evaluation_failures gauge
    skiptrace_evaluation_failures{job="default",finding="missed"} 1
    skiptrace_evaluation_failures{job="default",finding="unclear"} 0
    skiptrace_evaluation_failures{job="default",finding="caught"} 1
    skiptrace_evaluation_failures{job="default",finding="flaky"} 1
    skiptrace_evaluation_failures{job="default",finding="quarantined"} 1
    skiptrace_evaluation_failures{job="default",finding="failed-before"} 1
    skiptrace_evaluation_failures{job="default",finding="flaky-before"} 1
    skiptrace_evaluation_failures{job="default",finding="unknown-to-the-index"} 1
    # HELP skiptrace_evaluation_seconds Time that tests took
    # TYPE skiptrace_evaluation_seconds gauge
    skiptrace_evaluation_seconds{job="default",of="actual"} 4.25
    skiptrace_evaluation_seconds{job="default",of="saved"} 1.75
    # EOF
    "#);
    let json: serde_json::Value = serde_json::from_str(&told("json").success().stdout()).expect("it is JSON");
    assert_eq!(json["schema"], "skiptrace/evaluate@1");
    assert_snapshot!(serde_json::to_string_pretty(&json["jobs"][0]["misses"]).unwrap(), @r#"
    [
      {
        "duration_us": 500000,
        "ended": "failed",
        "name": "b::first",
        "suite": "pkg",
        "was": "passed"
      }
    ]
    "#);
    assert_snapshot!(serde_json::to_string_pretty(&json["total"]).unwrap(), @r#"
    {
      "actual": 8,
      "actual_time_us": 4250000,
      "added": 0,
      "ambiguous": 0,
      "caught": 1,
      "changed": 1,
      "common": 5,
      "excused": {
        "failed-before": 1,
        "flaky": 1,
        "flaky-before": 1,
        "quarantined": 1,
        "unknown-to-the-index": 1
      },
      "failing": 7,
      "misses": 1,
      "parts": 0,
      "predicted": 5,
      "recall": 0.5,
      "removed": 3,
      "saved_share": 0.375,
      "saved_time_share": 0.4117647058823529,
      "saved_time_us": 1750000,
      "skipped_by_runner": 0,
      "unclear": 0,
      "unknown": 1
    }
    "#);
    // The flag of every command says the same.
    let same = sandbox.skiptrace([&arguments[..], &["--json", "--quiet"]].concat()).success();
    assert_eq!(same.stdout(), told("json").success().stdout());
    // A file of patterns is one pattern after the other.
    sandbox.write("../quarantine", "# known\n\n*::first\nb::third\n");
    let arguments = [&EVALUATE[..], &["--strict", "--quarantined", "../quarantine"]].concat();
    let _ = sandbox.skiptrace(arguments).success();
}

/// An attempt may be in a file of its own.
#[test]
fn files_of_a_job_are_attempts() {
    let sandbox = edited();
    results(&sandbox, &with(&[("b::first", "<failure/>")]));
    let _ = sandbox.skiptrace(EVALUATE.iter().chain(&["--strict"])).code(1);
    sandbox.write(
        "../again.json",
        "{\"type\":\"suite\",\"event\":\"started\",\"nextest\":{\"crate\":\"pkg\",\"test_binary\":\"pkg\",\"kind\":\"lib\"}}\n\
         {\"type\":\"test\",\"event\":\"ok\",\"name\":\"pkg::pkg$b::first\"}\n\
         {\"type\":\"suite\",\"event\":\"ok\",\"nextest\":{\"crate\":\"pkg\",\"test_binary\":\"pkg\",\"kind\":\"lib\"}}\n",
    );
    let again = sandbox.skiptrace(EVALUATE.iter().chain(&["../again.json", "--strict"])).success();
    assert!(again.stdout().contains("- pkg b::first [FLAKY]"), "{}", again.snapshot());
}

#[test]
fn who_failed_at_the_indexed_commit_is_no_miss() {
    let sandbox = edited();
    results(&sandbox, &with(&[("b::first", "<failure/>")]));
    std::fs::rename(sandbox.path().join("results.xml"), sandbox.path().join("base.xml")).unwrap();
    results(&sandbox, &with(&[("b::first", "<failure/>"), ("b::second", "<failure/>")]));
    let with_base = [&EVALUATE[..], &["--strict", "--base-results", "../base.xml"]].concat();
    let output = sandbox.skiptrace(with_base).code(1);
    assert_snapshot!(output.stdout(), @"
    [default]
    --- actual: 7 tests ran (1 file of results)
    +++ predicted: 4 tests would have run (index of `../recorded.idx`, 1 file may differ)
      pkg b::breaks [FAILED]
      pkg a::first
      pkg a::second
      pkg b::wavers
    - pkg b::first [FAILED]
    - pkg b::second [FAILED]
    - pkg b::third
    misses (1), which failed and would have been skipped:
      pkg b::second: failed, passed when it was recorded
    not counted (2), whose failure says nothing of the selection:
      pkg b::breaks: failed; it failed already at the indexed commit
      pkg b::first: failed; it failed already at the indexed commit
    summary: actual=7 predicted=4 common=4 -> +0 / -3, misses=1
    failures: 3, of which 0 would have run, 1 missed, 0 unclear, 2 not counted
    saved: 1.5 s of 3.5 s (42 % of the tests, 42 % of the time)
    ");
}

/// A result that an index has and that a runner left out is told as well, without being a miss.
#[test]
fn who_ends_otherwise_is_told() {
    let sandbox = edited();
    results(&sandbox, &with(&[("b::first", "<skipped/>"), ("a::first", "<skipped/>")]));
    let output = sandbox.skiptrace(EVALUATE.iter().chain(&["--strict"])).success();
    assert_snapshot!(output.stdout(), @"
    [default]
    --- actual: 5 tests ran (1 file of results)
    +++ predicted: 3 tests would have run (index of `../recorded.idx`, 1 file may differ)
      pkg b::breaks [FAILED]
      pkg a::second
      pkg b::wavers
    - pkg b::second
    - pkg b::third
    not counted (1), whose failure says nothing of the selection:
      pkg b::breaks: failed; it failed already at the indexed commit
    changed (1), which would have been skipped, and end otherwise than recorded:
      pkg b::first: skipped, passed when it was recorded
    summary: actual=5 predicted=3 common=3 -> +0 / -2, misses=0
    failures: 1, of which 0 would have run, 0 missed, 0 unclear, 1 not counted
    saved: 1 s of 2.5 s (40 % of the tests, 40 % of the time)
    ");
}

#[test]
fn several_jobs_and_their_total() {
    let sandbox = edited();
    results(&sandbox, &with(&[("b::first", "<failure/>")]));
    let jobs = ["evaluate", "--index", "../recorded.idx", "--limit", "2", "--results"];
    let files = ["../results.xml", "other=../results.xml"];
    let output = sandbox.skiptrace(jobs.iter().chain(&files)).success();
    assert_snapshot!(output.snapshot(), @"
    exit code: 0
    --- stdout ---
    [default]
    --- actual: 7 tests ran (1 file of results)
    +++ predicted: 4 tests would have run (index of `../recorded.idx`, 1 file may differ)
      pkg b::breaks [FAILED]
      pkg a::first
      … and 2 more
    - pkg b::first [FAILED]
    - pkg b::second
    - … and 1 more
    misses (1), which failed and would have been skipped:
      pkg b::first: failed, passed when it was recorded
    not counted (1), whose failure says nothing of the selection:
      pkg b::breaks: failed; it failed already at the indexed commit
    summary: actual=7 predicted=4 common=4 -> +0 / -3, misses=1
    failures: 2, of which 0 would have run, 1 missed, 0 unclear, 1 not counted
    saved: 1.5 s of 3.5 s (42 % of the tests, 42 % of the time)
    [other]
    no index: index_not_found: the index has no job `other` (it has `default`)
    --- actual: 7 tests ran (1 file of results)
    +++ predicted: 7 tests would have run (index of `../recorded.idx`, 0 files may differ)
      pkg b::breaks [FAILED]
      pkg b::first [FAILED]
      … and 5 more
    not counted (2), whose failure says nothing of the selection:
      pkg b::breaks: failed; it is in no index, so it would have run
      pkg b::first: failed; it is in no index, so it would have run
    unknown (7), which are in no index, and so would have run:
      pkg b::breaks: failed
      pkg b::first: failed
      … and 5 more
    summary: actual=7 predicted=7 common=7 -> +0 / -0, misses=0
    failures: 2, of which 0 would have run, 0 missed, 0 unclear, 2 not counted
    saved: 0 ms of 3.5 s (0 % of the tests, 0 % of the time)
    [total]
    summary: actual=14 predicted=11 common=11 -> +0 / -3, misses=1
    failures: 4, of which 0 would have run, 1 missed, 0 unclear, 3 not counted
    saved: 1.5 s of 7 s (21 % of the tests, 21 % of the time)
    --- stderr ---
    read 7 results of `../results.xml` (JUnit XML)
    read 7 results of `../results.xml` (JUnit XML)
    warning: job `other`: index_not_found: the index has no job `other` (it has `default`)
    warning: 1 miss: tests that failed would have been skipped
    hint: `pkg b::first`: it depends on none of what had changed: `a.rs`
    ");
    let output = sandbox.skiptrace(jobs.iter().chain(&files).chain(&["--format", "markdown"])).success();
    assert_snapshot!(output.stdout(), @"
    ### Test selection: **1 failed test would have been skipped**

    | job | ran | would have run | skipped | misses | caught | not counted | time saved |
    |---|--:|--:|--:|--:|--:|--:|--:|
    | `default` | 7 | 4 | 3 | 1 | 0 | 1 | 1.5 s of 3.5 s (42 %) |
    | `other` | 7 | 7 | 0 | 0 | 0 | 2 | 0 ms of 3.5 s (0 %) |
    | **all** | 14 | 11 | 3 | 1 | 0 | 3 | 1.5 s of 7 s (21 %) |

    `default`: index of `../recorded.idx`, 1 file may differ

    **Misses** (1)

    - `pkg b::first`: failed, passed when it was recorded

    <details><summary>Failures that say nothing of the selection (1)</summary>

    - `pkg b::breaks`: failed; it failed already at the indexed commit

    </details>

    <details><summary>Would have been skipped (3)</summary>

    - `pkg b::first`: failed
    - `pkg b::second`: passed
    - … and 1 more

    </details>

    `other`: `index_not_found`: the index has no job `other` (it has `default`)

    `other`: index of `../recorded.idx`, 0 files may differ

    <details><summary>Failures that say nothing of the selection (2)</summary>

    - `pkg b::breaks`: failed; it is in no index, so it would have run
    - `pkg b::first`: failed; it is in no index, so it would have run

    </details>

    <details><summary>In no index, so they would have run (7)</summary>

    - `pkg a::first`: passed
    - `pkg a::second`: passed
    - … and 5 more

    </details>
    ");
}
