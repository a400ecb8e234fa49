//! A selection held against the truth.

use std::time::Duration;

use serde::Serialize;
use skiptrace_engine::record::Outcome;

use super::selected::Selected;
use super::truth::{TestName, Truth};

/// How much a selection leaves out, of the tests that there are.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Skipped {
    /// How many tests there are.
    pub(crate) tests: usize,
    /// How many of them were left out.
    pub(crate) skipped: usize,
    /// How long all of them take.
    pub(crate) time: Duration,
    /// How long those take that were left out.
    pub(crate) skipped_time: Duration,
}

/// A test that was left out, though it ends otherwise than in the recording that was to prove it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Miss {
    /// Its suite.
    pub(crate) suite: String,
    /// Its name there.
    pub(crate) name: String,
    /// How it ended in the recording.
    #[serde(serialize_with = "by_name")]
    pub(crate) was: Outcome,
    /// How it ends now; `absent` when it no longer runs at all.
    pub(crate) now: &'static str,
}

impl Skipped {
    /// Counts. Tests that are new were not left out; tests that are gone are not counted.
    pub(crate) fn count(selected: &Selected, truth: &Truth) -> Skipped {
        let mut counted = Skipped { tests: truth.tests.len(), time: truth.time(), ..Skipped::default() };
        for test in &selected.skip {
            if let Some(ran) = truth.tests.get(test) {
                counted.skipped += 1;
                counted.skipped_time += ran.duration;
            }
        }
        counted
    }

    /// Returns the share of tests that were left out.
    pub(crate) fn share(&self) -> f64 {
        if self.tests == 0 { 0.0 } else { self.skipped as f64 / self.tests as f64 }
    }

    /// Returns the share of the time that was left out.
    pub(crate) fn share_of_time(&self) -> f64 {
        let time = self.time.as_secs_f64();
        if time == 0.0 { self.share() } else { self.skipped_time.as_secs_f64() / time }
    }
}

/// Returns the tests that were left out, though they end otherwise now. Tests that are gone are none of them, unless
/// they should have run.
pub(crate) fn misses(selected: &Selected, base: &Truth, truth: &Truth) -> Vec<Miss> {
    let check = |test: &TestName| {
        let was = base.tests.get(test)?.outcome;
        let now = match truth.tests.get(test) {
            Some(ran) if same(was, ran.outcome) => return None,
            Some(ran) => ran.outcome.name(),
            None if truth.lacks(test) => "absent",
            None => return None,
        };
        Some(Miss { suite: test.suite.clone(), name: test.name.clone(), was, now })
    };
    selected.skip.iter().filter_map(check).collect()
}

/// Returns whether a test ends as it did. One that passes alone and fails with the others is recorded as flaky, and had
/// better run.
pub(crate) fn same(was: Outcome, now: Outcome) -> bool {
    was == now || now == Outcome::Passed && was == Outcome::Flaky
}

fn by_name<S: serde::Serializer>(outcome: &Outcome, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(outcome.name())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::replay::truth::Ran;

    fn name(name: &str) -> TestName {
        TestName { suite: "suite".to_owned(), name: name.to_owned() }
    }

    fn truth(tests: &[(&str, Outcome, u64)]) -> Truth {
        let ran = |&(test, outcome, ms): &(&str, Outcome, u64)| {
            (name(test), Ran { outcome, duration: Duration::from_millis(ms) })
        };
        Truth { tests: tests.iter().map(ran).collect(), absent: BTreeSet::new() }
    }

    fn skipping(tests: &[&str]) -> Selected {
        Selected { skip: tests.iter().map(|test| name(test)).collect(), ..Selected::default() }
    }

    #[test]
    fn a_skipped_test_that_ends_otherwise_is_a_miss() {
        use Outcome::{Failed, Flaky, Passed, TimedOut};
        let base = truth(&[("a", Passed, 1), ("b", Passed, 1), ("c", Passed, 1), ("d", Passed, 1)]);
        let now = truth(&[("a", Failed, 1), ("b", Flaky, 1), ("c", TimedOut, 1), ("e", Failed, 1)]);
        let missed = |skip: &[&str]| -> Vec<String> {
            misses(&skipping(skip), &base, &now).into_iter().map(|miss| miss.name).collect()
        };
        assert_eq!(missed(&["a", "b", "c", "d"]), ["a", "b", "c"]);
        assert_eq!(missed(&["d", "e"]), [""; 0], "neither new tests nor those that are gone");
    }

    #[test]
    fn a_skipped_test_that_should_run_and_does_not_is_a_miss() {
        let base = truth(&[("a", Outcome::Passed, 1)]);
        for absent in ["a", ""] {
            let now = Truth { absent: [name(absent)].into(), ..Truth::default() };
            let missed = misses(&skipping(&["a"]), &base, &now);
            assert_eq!(missed.iter().map(|miss| miss.now).collect::<Vec<_>>(), ["absent"]);
        }
        let now = Truth { absent: [name("b")].into(), ..Truth::default() };
        assert_eq!(misses(&skipping(&["a"]), &base, &now), []);
    }

    #[test]
    fn shares_are_of_the_tests_that_there_are() {
        let now = truth(&[("a", Outcome::Passed, 30), ("b", Outcome::Passed, 10)]);
        let counted = Skipped::count(&skipping(&["a", "gone"]), &now);
        assert_eq!((counted.skipped, counted.tests), (1, 2));
        assert_eq!((counted.share(), counted.share_of_time()), (0.5, 0.75));
        let none = Skipped::count(&skipping(&["a"]), &truth(&[]));
        assert_eq!((none.share(), none.share_of_time()), (0.0, 0.0));
        let instant = Skipped::count(&skipping(&["a"]), &truth(&[("a", Outcome::Passed, 0)]));
        assert_eq!(instant.share_of_time(), 1.0);
    }
}
