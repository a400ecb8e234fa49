//! Tests, summed up over runs, and the first of them by what people ask for.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::id::JobName;
use crate::record::Outcome;

use super::{Decision, RunRecord, TestName, TestResult};

/// What became of one test of a job in several runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestTotals {
    /// The job.
    pub job: JobName,
    /// The test.
    pub test: TestName,
    /// The sum.
    pub sums: TestSums,
}

/// The sum of a test's results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TestSums {
    /// How many results there are.
    pub results: u64,
    /// In how many of them it had to run.
    pub selected: u64,
    /// In how many of them it ran.
    pub ran: u64,
    /// How often it was flaky.
    pub flaky: u64,
    /// How often it failed or did not end in time.
    pub failed: u64,
    /// How often it failed and would have been skipped.
    pub missed: u64,
    /// How long it took in all, where it ran.
    pub took: Duration,
}

/// The first tests by each order, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranking {
    /// How many tests have results.
    pub tests: u64,
    /// How many results they have.
    pub results: u64,
    /// Those that take longest when they run, of those that ran.
    pub slowest: Ranked,
    /// Those that had to run most often, of those that had to.
    pub most_selected: Ranked,
    /// Those that failed most often, flaky ones after the others, of those that did either.
    pub most_failed: Ranked,
}

/// The first tests by one order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranked {
    /// The first of them, in order.
    pub first: Vec<TestTotals>,
    /// How many there are.
    pub of: u64,
}

impl TestSums {
    /// Returns the sum of one result.
    pub fn of(decision: Decision, outcome: Option<Outcome>, is_missed: bool, took: Duration) -> TestSums {
        let ran = outcome.is_some_and(|outcome| outcome != Outcome::Skipped);
        TestSums {
            results: 1,
            selected: (decision == Decision::Run).into(),
            ran: ran.into(),
            flaky: (outcome == Some(Outcome::Flaky)).into(),
            failed: matches!(outcome, Some(Outcome::Failed | Outcome::TimedOut)).into(),
            missed: is_missed.into(),
            took: if ran { took } else { Duration::ZERO },
        }
    }

    /// Adds others; sums end where numbers do.
    pub fn add(&mut self, other: TestSums) {
        self.results = self.results.saturating_add(other.results);
        self.selected = self.selected.saturating_add(other.selected);
        self.ran = self.ran.saturating_add(other.ran);
        self.flaky = self.flaky.saturating_add(other.flaky);
        self.failed = self.failed.saturating_add(other.failed);
        self.missed = self.missed.saturating_add(other.missed);
        self.took = self.took.saturating_add(other.took);
    }

    /// Returns how long it takes when it runs; `None` where it never did.
    pub fn mean(&self) -> Option<Duration> {
        let mean = self.took.as_nanos().checked_div(self.ran.into())?;
        // No sum is longer than a duration can be, and no mean longer than its sum.
        Some(Duration::new((mean / 1_000_000_000) as u64, (mean % 1_000_000_000) as u32))
    }
}

impl Ranking {
    /// Returns the first `limit` tests by each order; equals stand in the order of their names.
    pub fn of(tests: &[TestTotals], limit: usize) -> Ranking {
        Ranking {
            tests: tests.len() as u64,
            results: tests.iter().fold(0, |sum, test| sum.saturating_add(test.sums.results)),
            slowest: first(tests, limit, |sums| {
                (sums.ran > 0).then(|| [sums.mean().unwrap_or_default().as_nanos(), sums.took.as_nanos()])
            }),
            most_selected: first(tests, limit, |sums| {
                (sums.selected > 0).then(|| [sums.selected.into(), sums.took.as_nanos()])
            }),
            most_failed: first(tests, limit, |sums| {
                (sums.failed > 0 || sums.flaky > 0).then(|| [sums.failed.into(), sums.flaky.into()])
            }),
        }
    }
}

/// Returns the tests with the highest ranks, the highest first. Those without a rank are not meant.
fn first(tests: &[TestTotals], limit: usize, rank: impl Fn(&TestSums) -> Option<[u128; 2]>) -> Ranked {
    let mut meant: Vec<_> =
        tests.iter().filter_map(|test| Some((Reverse(rank(&test.sums)?), test))).collect();
    let order = |(a_rank, a): &(_, &TestTotals), (b_rank, b): &(_, &TestTotals)| {
        Ord::cmp(&(a_rank, &a.job, &a.test), &(b_rank, &b.job, &b.test))
    };
    let of = meant.len() as u64;
    // Only the first are sorted, for there may be very many.
    if (1..meant.len()).contains(&limit) {
        meant.select_nth_unstable_by(limit, order);
    }
    meant.truncate(limit);
    meant.sort_by(order);
    Ranked { first: meant.into_iter().map(|(_, test)| test.clone()).collect(), of }
}

/// Sums tests up over runs, and ranks them.
pub fn ranking<'a>(records: impl IntoIterator<Item = &'a RunRecord>, limit: usize) -> Ranking {
    let mut sums: BTreeMap<(&JobName, &TestName), TestSums> = BTreeMap::new();
    for RunRecord { run, tests } in records {
        for (test, result) in tests {
            let TestResult { decision, outcome, is_missed, duration, .. } = result;
            let of_result = TestSums::of(*decision, *outcome, *is_missed, *duration);
            sums.entry((&run.job, test)).or_default().add(of_result);
        }
    }
    let totals = |((job, test), sums): ((&JobName, &TestName), TestSums)| TestTotals {
        job: job.clone(),
        test: test.clone(),
        sums,
    };
    Ranking::of(&sums.into_iter().map(totals).collect::<Vec<_>>(), limit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::any_record;
    use super::*;

    fn totals(name: &str, selected: u64, ran: u64, failed: u64, took_ms: u64) -> TestTotals {
        let sums = TestSums {
            results: 10,
            selected,
            ran,
            failed,
            took: Duration::from_millis(took_ms),
            ..TestSums::default()
        };
        TestTotals { job: "unit".parse().unwrap(), test: TestName::new("", name), sums }
    }

    #[test]
    fn each_order_has_its_first() {
        let tests = [
            totals("a", 1, 2, 0, 100),
            totals("b", 3, 10, 2, 400),
            totals("c", 1, 1, 0, 90),
            totals("d", 0, 0, 0, 0),
        ];
        let ranking = Ranking::of(&tests, 2);
        let names =
            |ranked: &Ranked| ranked.first.iter().map(|test| test.test.name.to_string()).collect::<String>();
        assert_eq!((ranking.tests, ranking.results), (4, 40));
        assert_eq!(names(&ranking.slowest), "ca");
        assert_eq!(names(&ranking.most_selected), "ba");
        assert_eq!(names(&ranking.most_failed), "b");
        assert_eq!(names(&Ranking::of(&tests, 9).slowest), "cab");
        assert_eq!(Ranking::of(&tests, 0).slowest, Ranked { first: Vec::new(), of: 3 });
    }

    #[test]
    fn a_mean_is_of_those_that_ran() {
        assert_eq!(totals("a", 0, 4, 0, 10).sums.mean(), Some(Duration::from_micros(2500)));
        assert_eq!(totals("a", 0, 0, 0, 0).sums.mean(), None);
        let longest = TestSums { ran: 1, took: Duration::MAX, ..TestSums::default() };
        assert_eq!(longest.mean(), Some(Duration::MAX));
    }

    proptest! {
        #[test]
        fn a_limit_only_cuts(records in proptest::collection::vec(any_record(), 0..6), limit in 0..8_usize) {
            let (all, some) = (ranking(&records, usize::MAX), ranking(&records, limit));
            prop_assert_eq!((all.tests, all.results), (some.tests, some.results));
            for (all, some) in [
                (&all.slowest, &some.slowest),
                (&all.most_selected, &some.most_selected),
                (&all.most_failed, &some.most_failed),
            ] {
                prop_assert_eq!(&all.first[..limit.min(all.first.len())], &some.first[..]);
                prop_assert_eq!((all.of, all.of), (some.of, all.first.len() as u64));
            }
            let results: usize = records.iter().map(|record| record.tests.len()).sum();
            prop_assert_eq!(all.results, results as u64);
        }
    }
}
