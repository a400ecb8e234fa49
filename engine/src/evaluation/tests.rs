//! One failure after the other, and what it says.

use std::fmt::Write;

use crate::glob::Glob;
use crate::record::Outcome;

use super::testing::{decided, selection};
use super::{Compared, Evaluation, Repeats, Results, Tally, TestResult, ToldName, evaluate};

fn results(told: &[(&str, &str, Tally)]) -> Results {
    let mut results = Results::default();
    for (suite, name, tally) in told {
        let name = ToldName { suite: (*suite).into(), name: (*name).into(), ..ToldName::default() };
        results.add(TestResult { name, tally: *tally, repeats: Repeats::Attempts });
    }
    results
}

fn judged(told: &[(&str, &str, Tally)], base: Option<&[(&str, &str, Tally)]>) -> Evaluation {
    let selection = selection(vec![
        decided("bin/a", "Twin.x", true, Outcome::Passed),
        decided("bin/b", "Twin.x", true, Outcome::Passed),
        decided("bin/a", "Half.x", true, Outcome::Passed),
        decided("bin/b", "Half.x", false, Outcome::Passed),
        decided("s", "broken", false, Outcome::Failed),
        decided("s", "fickle", false, Outcome::Flaky),
        decided("s", "ignored", false, Outcome::Skipped),
        decided("s", "runs", false, Outcome::Passed),
        decided("s", "skips", true, Outcome::Passed),
        decided("s", "tame", true, Outcome::Passed),
    ]);
    let (results, base) = (results(told), base.map(results));
    let quarantined = [Glob::new("s tame")];
    evaluate(&Compared {
        selection: &selection,
        results: &results,
        base: base.as_ref(),
        quarantined: &quarantined,
    })
}

/// Says what is found of each test that has a result.
fn found(evaluation: &Evaluation) -> String {
    let mut text = String::new();
    for test in evaluation.tests.iter().filter(|test| test.ended.is_some()) {
        let ended = test.ended.expect("it has one").name();
        write!(text, "{} {} {ended}: {:?}", test.suite, test.name, test.side()).expect("it is text");
        if let Some(finding) = test.finding {
            write!(text, ", {finding:?}").expect("it is text");
        }
        text.push_str(if test.has_changed { ", changed\n" } else { "\n" });
    }
    text
}

#[test]
fn each_failure_says_something_or_why_not() {
    let flaky = Tally::FAILED.and(Tally::PASSED);
    let evaluation = judged(
        &[
            ("s", "broken", Tally::FAILED),
            ("s", "fickle", Tally::FAILED),
            ("s", "runs", Tally::ERRORED),
            ("s", "skips", Tally::FAILED),
            ("s", "tame", Tally::FAILED),
            ("s", "stranger", Tally::FAILED),
        ],
        None,
    );
    insta::assert_snapshot!(found(&evaluation), @"
    s broken failed: Common, Excused(FailedBefore)
    s fickle failed: Common, Excused(FlakyBefore)
    s runs errored: Common, Caught
    s skips failed: Removed, Missed, changed
    s stranger failed: Common, Excused(Unknown)
    s tame failed: Removed, Excused(Quarantined)
    ");
    let evaluation =
        judged(&[("s", "skips", flaky), ("s", "runs", flaky), ("s", "tame", Tally::PASSED)], None);
    insta::assert_snapshot!(found(&evaluation), @"
    s runs flaky: Common, Excused(Flaky)
    s skips flaky: Removed, Excused(Flaky)
    s tame passed: Removed
    ");
}

#[test]
fn who_failed_before_says_nothing() {
    let evaluation = judged(
        &[("s", "skips", Tally::FAILED), ("s", "runs", Tally::FAILED), ("s", "stranger", Tally::FAILED)],
        Some(&[
            ("s", "skips", Tally::FAILED),
            ("s", "runs", Tally::PASSED),
            ("s", "stranger", Tally::ERRORED),
        ]),
    );
    insta::assert_snapshot!(found(&evaluation), @"
    s runs failed: Common, Caught
    s skips failed: Removed, Excused(FailedBefore)
    s stranger failed: Common, Excused(FailedBefore)
    ");
}

#[test]
fn what_may_be_either_is_never_guessed() {
    let evaluation = judged(
        &[("", "Twin.x", Tally::FAILED), ("", "Half.x", Tally::FAILED), ("s", "", Tally::FAILED)],
        None,
    );
    insta::assert_snapshot!(found(&evaluation), @"
     Half.x failed: Common, Unclear
     Twin.x failed: Removed, Missed, changed
    s  failed: Common, Unclear
    ");
    let counts = evaluation.counts();
    assert_eq!((counts.ambiguous, counts.misses, counts.unclear), (3, 1, 2));
}

#[test]
fn what_a_runner_leaves_out_runs_for_nobody() {
    let evaluation = judged(&[("s", "runs", Tally::SKIPPED), ("s", "skips", Tally::SKIPPED)], None);
    insta::assert_snapshot!(found(&evaluation), @"
    s runs skipped: Neither
    s skips skipped: Neither, changed
    ");
    let counts = evaluation.counts();
    // Those that were recorded and must run, and did not; but not the one that never does.
    assert_eq!((counts.actual, counts.added, counts.skipped), (0, 3, 2));
}

#[test]
fn subtests_are_told_of_twice() {
    let check = |own: Option<Tally>, part: Tally| {
        let mut told = vec![("s", "skips/part", part)];
        told.extend(own.map(|own| ("s", "skips", own)));
        let evaluation = judged(&told, None);
        assert_eq!(evaluation.parts, 1);
        found(&evaluation)
    };
    let flaky = Tally::FAILED.and(Tally::PASSED);
    // A subtest whose name differs from run to run fails only once, and so does its owner.
    insta::assert_snapshot!(check(Some(flaky), Tally::FAILED), @"s skips flaky: Removed, Excused(Flaky)");
    insta::assert_snapshot!(check(Some(Tally::PASSED), Tally::FAILED), @"s skips failed: Removed, Missed, changed");
    insta::assert_snapshot!(check(Some(Tally::PASSED), Tally::SKIPPED), @"s skips passed: Removed");
    insta::assert_snapshot!(check(None, Tally::FAILED), @"s skips failed: Removed, Missed, changed");
}

/// What the results themselves forgive is no miss; what fails beside it all the same is.
#[test]
fn failures_that_results_forgive() {
    let forgiven = Tally { forgiven: 1, ..Tally::FAILED };
    let quarantined = Tally { is_quarantined: true, ..Tally::FAILED };
    let check = |told: &[(&str, &str, Tally)]| found(&judged(told, None));
    assert_eq!(
        check(&[("s", "skips", forgiven), ("new", "one", quarantined)]),
        "new one failed: Common, Excused(Quarantined)\ns skips failed: Removed, Excused(KnownFlaky)\n"
    );
    assert_eq!(
        check(&[("s", "skips", forgiven.and(Tally::FAILED))]),
        "s skips failed: Removed, Missed, changed\n"
    );
    // Of its parts one is forgiven, and one is not.
    assert_eq!(
        check(&[("s", "skips/a", forgiven), ("s", "skips/b", Tally::FAILED)]),
        "s skips failed: Removed, Missed, changed\n"
    );
    assert_eq!(
        check(&[("s", "skips", Tally::PASSED), ("s", "skips/a", forgiven), ("s", "skips/b", Tally::PASSED)]),
        "s skips failed: Removed, Excused(KnownFlaky)\n"
    );
}
