//! Runs, summed up.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Bound, By, Confidence, Run};

/// What runs have in common, and their sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trend {
    /// The day, branch or job; empty for runs whose branch nobody knows.
    pub key: Box<str>,
    /// The sum.
    pub totals: Totals,
}

/// The sum of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// How many there are.
    pub runs: u64,
    /// In how many of them somebody looked for misses.
    pub evaluated: u64,
    /// In how many of them everything had to run for want of knowledge.
    pub fell_back: u64,
    /// Tests that are known.
    pub known: u64,
    /// Tests that had to run.
    pub selected: u64,
    /// Tests that did not have to.
    pub skipped: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Tests that failed and would have been skipped.
    pub misses: u64,
    /// Tests that need not have run, where some of them were run all the same.
    pub skippable: u64,
    /// Tests that were run all the same, to see.
    pub checked: u64,
    /// How many of those failed.
    pub refuted: u64,
    /// How long those would have taken that did not run.
    pub saved: Duration,
    /// How long those took that ran.
    pub took: Duration,
    /// What skiptrace itself took.
    pub overhead: Duration,
}

impl Totals {
    /// Returns the sum of one run.
    pub fn of(run: &Run) -> Totals {
        Totals {
            runs: 1,
            evaluated: run.misses.is_some().into(),
            fell_back: run.fell_back().into(),
            known: run.counts.known,
            selected: run.counts.selected,
            skipped: run.counts.skipped,
            failed: run.counts.failed,
            misses: run.misses.unwrap_or(0),
            skippable: run.audit.map_or(0, |audit| audit.skippable),
            checked: run.audit.map_or(0, |audit| audit.checked),
            refuted: run.audit.and(run.misses).unwrap_or(0),
            saved: run.saved,
            took: run.took,
            overhead: run.overhead(),
        }
    }

    /// Returns the sum of both; sums end where numbers do.
    #[must_use]
    pub fn and(self, other: Totals) -> Totals {
        Totals {
            runs: self.runs.saturating_add(other.runs),
            evaluated: self.evaluated.saturating_add(other.evaluated),
            fell_back: self.fell_back.saturating_add(other.fell_back),
            known: self.known.saturating_add(other.known),
            selected: self.selected.saturating_add(other.selected),
            skipped: self.skipped.saturating_add(other.skipped),
            failed: self.failed.saturating_add(other.failed),
            misses: self.misses.saturating_add(other.misses),
            skippable: self.skippable.saturating_add(other.skippable),
            checked: self.checked.saturating_add(other.checked),
            refuted: self.refuted.saturating_add(other.refuted),
            saved: self.saved.saturating_add(other.saved),
            took: self.took.saturating_add(other.took),
            overhead: self.overhead.saturating_add(other.overhead),
        }
    }

    /// Returns the share of the tests that did not have to run; `None` where there were none.
    pub fn skipped_share(&self) -> Option<f64> {
        let all = self.selected.saturating_add(self.skipped);
        (all > 0).then(|| self.skipped as f64 / all as f64)
    }

    /// Returns how many of the tests that are skipped would have failed, at most; `None` where no proof was put to the test.
    pub fn bound(&self, confidence: Confidence) -> Option<Bound> {
        Bound::of(self.checked, self.refuted, confidence)
    }

    /// Returns the share of the tests' time that was saved, what skiptrace took included; negative where it took more
    /// than it saved.
    pub fn saved_share(&self) -> Option<f64> {
        let all = self.saved.as_secs_f64() + self.took.as_secs_f64();
        (all > 0.0).then(|| (self.saved.as_secs_f64() - self.overhead.as_secs_f64()) / all)
    }
}

/// Sums runs up by what they have in common.
pub fn trend<'a>(by: By, runs: impl IntoIterator<Item = &'a Run>) -> Vec<Trend> {
    let mut groups: BTreeMap<Box<str>, Totals> = BTreeMap::new();
    for run in runs {
        let key = match by {
            By::Day => run.id.day().to_string().into(),
            By::Branch => run.branch.clone().unwrap_or_default(),
            By::Job => run.job.as_str().into(),
        };
        let totals = groups.entry(key).or_default();
        *totals = totals.and(Totals::of(run));
    }
    groups.into_iter().map(|(key, totals)| Trend { key, totals }).collect()
}

#[cfg(test)]
mod tests {
    use crate::time::Timestamp;

    use super::super::RunId;
    use super::*;

    fn run(at: u64, branch: Option<&str>, selected: u64, skipped: u64) -> Run {
        let mut run = Run::new(RunId::new(Timestamp(at), at), "run", "unit".parse().unwrap());
        run.branch = branch.map(Into::into);
        run.counts.selected = selected;
        run.counts.skipped = skipped;
        run
    }

    #[test]
    fn runs_are_summed_up_by_what_they_have_in_common() {
        let day = 86_400_000;
        let runs = [run(0, Some("main"), 1, 9), run(1, None, 10, 0), run(day, Some("main"), 2, 8)];
        let check = |by, expected: &[(&str, u64, Option<f64>)]| {
            let found = trend(by, &runs);
            let found: Vec<_> =
                found.iter().map(|t| (&*t.key, t.totals.runs, t.totals.skipped_share())).collect();
            assert_eq!(found, expected);
        };
        check(By::Day, &[("1970-01-01", 2, Some(0.45)), ("1970-01-02", 1, Some(0.8))]);
        check(By::Branch, &[("", 1, Some(0.0)), ("main", 2, Some(0.85))]);
        check(By::Job, &[("unit", 3, Some(17.0 / 30.0))]);
    }

    #[test]
    fn shares_of_nothing_are_none_and_overheads_count() {
        let none = Totals::default();
        assert_eq!((none.skipped_share(), none.saved_share()), (None, None));
        let mut slow = run(0, None, 1, 1);
        slow.saved = Duration::from_secs(30);
        slow.took = Duration::from_secs(10);
        slow.overheads.insert("select".into(), Duration::from_secs(50));
        assert_eq!(Totals::of(&slow).saved_share(), Some(-0.5));
    }

    #[test]
    fn sums_end_where_numbers_do() {
        let mut large = run(0, None, u64::MAX, u64::MAX);
        large.saved = Duration::MAX;
        let totals = Totals::of(&large).and(Totals::of(&large));
        assert_eq!((totals.selected, totals.saved), (u64::MAX, Duration::MAX));
    }
}
