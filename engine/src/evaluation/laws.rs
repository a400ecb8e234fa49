//! What holds of every evaluation.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::glob::Glob;
use crate::record::Outcome;
use crate::selection::{Decided, Selection};

use super::testing::{decided, selection};
use super::{
    Compared, Counts, Ended, Excuse, Finding, Repeats, Results, Side, Standing, Tally, TestResult, ToldName,
    evaluate,
};

const SUITES: [&str; 4] = ["", "a", "m/a", "b"];
const NAMES: [&str; 5] = ["", "t", "t/s", "u", "a.t"];

fn outcomes() -> impl Strategy<Value = Outcome> {
    proptest::sample::select(&Outcome::ALL[..])
}

/// Tests that are known. A proof takes a run that passed.
fn selections() -> impl Strategy<Value = Selection> {
    let test = (0..SUITES.len(), 1..NAMES.len(), any::<bool>(), outcomes());
    vec(test, 0..12).prop_map(|tests| {
        let make = |(suite, name, skipped, was): (usize, usize, bool, Outcome)| {
            decided(SUITES[suite], NAMES[name], skipped && was == Outcome::Passed, was)
        };
        let mut tests: Vec<Decided> = tests.into_iter().map(make).collect();
        tests.sort_by(|a, b| a.record.key.cmp(&b.record.key));
        tests.dedup_by(|a, b| a.record.key == b.record.key);
        selection(tests)
    })
}

fn tallies() -> impl Strategy<Value = Tally> {
    let ends = (0..3_u32, 0..3_u32, 0..2_u32, 0..2_u32, 0..100_u64);
    let excuses = (prop_oneof![3 => Just(0), 1 => 0..3_u32], proptest::bool::weighted(0.1));
    (ends, excuses).prop_map(|((passed, failed, errored, skipped, ms), (forgiven, is_quarantined))| {
        let (forgiven, duration) = (forgiven.min(failed), Duration::from_millis(ms));
        Tally { passed, failed, errored, skipped, forgiven, is_quarantined, duration, ..Tally::NONE }
    })
}

fn results() -> impl Strategy<Value = Vec<TestResult>> {
    let name = (0..SUITES.len(), 0..SUITES.len(), 0..NAMES.len(), 0..SUITES.len(), 0..2_u64);
    let result =
        (name, tallies(), 0..3_usize).prop_map(|((suite, group, name, program, place), tally, repeats)| {
            let name = ToldName {
                suite: SUITES[suite].into(),
                group: SUITES[group].into(),
                name: NAMES[name].into(),
                program: SUITES[program].into(),
                by_value: place == 1,
                place,
            };
            TestResult {
                name,
                tally,
                repeats: [Repeats::Attempts, Repeats::Retries, Repeats::LastCounts][repeats],
            }
        });
    vec(result, 0..16)
}

fn of(told: Vec<TestResult>) -> Results {
    let mut results = Results::default();
    told.into_iter().for_each(|result| results.add(result));
    results
}

proptest! {
    #[test]
    fn every_test_is_on_one_side(selection in selections(), told in results(), base in results()) {
        let (results, base) = (of(told), of(base));
        let quarantined = [Glob::new("b u")];
        let compared =
            Compared { selection: &selection, results: &results, base: Some(&base), quarantined: &quarantined };
        let evaluation = evaluate(&compared);
        let counts = evaluation.counts();
        prop_assert_eq!(counts.common + counts.removed, counts.actual);
        prop_assert_eq!(counts.common + counts.added, counts.predicted);
        prop_assert!(counts.misses <= counts.changed && counts.misses <= counts.removed);
        prop_assert!(counts.saved_time <= counts.actual_time);
        let excused: usize = counts.excused.iter().sum();
        prop_assert_eq!(counts.misses + counts.unclear + counts.caught + excused, counts.failing);
        prop_assert_eq!(Counts::default() + counts, counts);
        prop_assert!(counts.recall().is_none_or(|recall| (0.0..=1.0).contains(&recall)));
        for test in &evaluation.tests {
            let is_failing = test.ended.is_some_and(|ended| ended >= Ended::Flaky);
            prop_assert_eq!(test.finding.is_some(), is_failing);
            if test.is_missed() {
                prop_assert_eq!(test.side(), Side::Removed);
                prop_assert!(test.ended.is_some_and(Ended::is_bad));
                prop_assert!(!(&*test.suite == "b" && &*test.name == "u"));
            }
            if test.ended == Some(Ended::Flaky) {
                prop_assert_eq!(test.finding, Some(Finding::Excused(Excuse::Flaky)));
            }
            // Who would be skipped and fails for good is a miss, or there is an excuse that says why not.
            if test.side() == Side::Removed && test.ended.is_some_and(Ended::is_bad) {
                prop_assert!(matches!(test.finding, Some(Finding::Missed | Finding::Excused(_))));
                prop_assert!(test.finding != Some(Finding::Excused(Excuse::Unknown)));
            }
            if test.standing == Standing::Unknown {
                prop_assert!(!test.is_missed());
                prop_assert_eq!(test.would_run, test.has_run());
            }
        }
    }

    /// Nothing that is told is lost: it is of a test that is known, a part of one, or a stranger.
    #[test]
    fn every_result_is_counted(selection in selections(), told in results()) {
        let results = of(told);
        let compared = Compared { selection: &selection, results: &results, base: None, quarantined: &[] };
        let evaluation = evaluate(&compared);
        let counts = evaluation.counts();
        let known = evaluation.tests.iter().filter(|test| test.standing == Standing::Known);
        prop_assert_eq!(known.clone().count(), selection.tests.len());
        let with_result = known.filter(|test| test.ended.is_some()).count();
        prop_assert!(with_result + counts.parts + counts.unknown + counts.ambiguous <= results.len() + with_result);
        prop_assert!(results.is_empty() || with_result + counts.unknown + counts.ambiguous > 0);
    }

    /// Whoever skips nothing misses nothing.
    #[test]
    fn running_everything_misses_nothing(selection in selections(), told in results()) {
        let mut selection = selection;
        selection.tests.iter_mut().for_each(|test| test.why = vec![0]);
        let results = of(told);
        let counts =
            evaluate(&Compared { selection: &selection, results: &results, base: None, quarantined: &[] }).counts();
        prop_assert_eq!((counts.misses, counts.unclear, counts.removed, counts.changed), (0, 0, 0, 0));
    }

    /// What results forgive is nobody's fault, all of it or what there is; and forgiving more finds no more misses.
    #[test]
    fn whoever_forgives_everything_misses_nothing(selection in selections(), told in results()) {
        let counts = |told: Vec<TestResult>| {
            let results = of(told);
            evaluate(&Compared { selection: &selection, results: &results, base: None, quarantined: &[] }).counts()
        };
        let with = |change: fn(&mut Tally)| {
            let mut told = told.clone();
            told.iter_mut().for_each(|result| {
                // Of those that were shown as passed, nobody could have forgiven anything.
                result.repeats = Repeats::Attempts;
                change(&mut result.tally);
            });
            counts(told)
        };
        let some = with(|_| {});
        let none = with(|tally| (tally.forgiven, tally.is_quarantined) = (0, false));
        let all = with(|tally| tally.forgiven = tally.failed + tally.errored);
        prop_assert_eq!((all.misses, all.unclear), (0, 0));
        prop_assert!(all.misses <= some.misses && some.misses <= none.misses);
        prop_assert_eq!((some.actual, some.removed, some.failing), (none.actual, none.removed, none.failing));
    }

    /// In which order files of attempts come makes no difference.
    #[test]
    fn files_commute(one in results(), two in results()) {
        let (one, two) = (of(one), of(two));
        let mut forth = one.clone();
        forth.merge(two.clone());
        let mut back = two;
        back.merge(one);
        prop_assert_eq!(forth, back);
    }
}
