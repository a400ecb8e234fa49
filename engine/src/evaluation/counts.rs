//! How many.

use std::iter::Sum;
use std::ops::Add;
use std::time::Duration;

use super::{Ended, Evaluation, Excuse, Finding, Side, Standing};

/// How many tests there are of each sort, in one job or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Tests that ran.
    pub actual: usize,
    /// Tests that would have run.
    pub predicted: usize,
    /// Tests that ran and would have.
    pub common: usize,
    /// Tests that would have run and did not.
    pub added: usize,
    /// Tests that ran and would have been skipped.
    pub removed: usize,
    /// Tests that failed or were flaky.
    pub failing: usize,
    /// Tests that failed and would have been skipped.
    pub misses: usize,
    /// Tests that failed, and nobody knows whether they would have been skipped.
    pub unclear: usize,
    /// Tests that failed and would have run.
    pub caught: usize,
    /// Failures that say nothing, in the order of [`Excuse::ALL`].
    pub excused: [usize; Excuse::ALL.len()],
    /// Tests that would have been skipped though they end otherwise than in the recording; all misses are among them.
    pub changed: usize,
    /// Tests of the results that no index knows.
    pub unknown: usize,
    /// Tests of the results of which the index knows several.
    pub ambiguous: usize,
    /// Tests that their runner left out.
    pub skipped: usize,
    /// Results of parts of tests, which count as theirs.
    pub parts: usize,
    /// How long those took that ran.
    pub actual_time: Duration,
    /// How long those took that would have been skipped.
    pub saved_time: Duration,
}

impl Counts {
    pub(super) fn of(evaluation: &Evaluation) -> Counts {
        let mut counts = Counts { parts: evaluation.parts, ..Counts::default() };
        for test in &evaluation.tests {
            match test.side() {
                Side::Common => counts.common += 1,
                Side::Removed => {
                    counts.removed += 1;
                    counts.saved_time = counts.saved_time.saturating_add(test.duration);
                }
                Side::Added => counts.added += 1,
                Side::Neither => {}
            }
            counts.actual += usize::from(test.has_run());
            counts.predicted += usize::from(test.would_run);
            if test.has_run() {
                counts.actual_time = counts.actual_time.saturating_add(test.duration);
            }
            counts.changed += usize::from(test.has_changed);
            counts.skipped += usize::from(test.ended == Some(Ended::Skipped));
            match test.standing {
                Standing::Known => {}
                Standing::Unknown => counts.unknown += 1,
                Standing::Ambiguous => counts.ambiguous += 1,
            }
            counts.failing += usize::from(test.finding.is_some());
            match test.finding {
                None => {}
                Some(Finding::Missed) => counts.misses += 1,
                Some(Finding::Unclear) => counts.unclear += 1,
                Some(Finding::Caught) => counts.caught += 1,
                Some(Finding::Excused(excuse)) => counts.excused[excuse as usize] += 1,
            }
        }
        counts
    }

    /// Returns how many failures say nothing, for each reason that there is one for.
    pub fn excuses(&self) -> impl Iterator<Item = (Excuse, usize)> {
        Excuse::ALL.into_iter().zip(self.excused).filter(|(_, n)| *n > 0)
    }

    /// Returns the share of the failures that say anything which would have been seen; `None` where there is none.
    pub fn recall(&self) -> Option<f64> {
        let failures = self.caught + self.misses + self.unclear;
        (failures > 0).then(|| self.caught as f64 / failures as f64)
    }

    /// Returns the share of what ran that would have been skipped.
    pub fn saved_share(&self) -> f64 {
        if self.actual == 0 { 0.0 } else { self.removed as f64 / self.actual as f64 }
    }

    /// Returns the share of the time.
    pub fn saved_time_share(&self) -> f64 {
        let time = self.actual_time.as_secs_f64();
        if time == 0.0 { self.saved_share() } else { self.saved_time.as_secs_f64() / time }
    }
}

impl Add for Counts {
    type Output = Counts;

    fn add(self, other: Counts) -> Counts {
        Counts {
            actual: self.actual + other.actual,
            predicted: self.predicted + other.predicted,
            common: self.common + other.common,
            added: self.added + other.added,
            removed: self.removed + other.removed,
            failing: self.failing + other.failing,
            misses: self.misses + other.misses,
            unclear: self.unclear + other.unclear,
            caught: self.caught + other.caught,
            excused: std::array::from_fn(|at| self.excused[at] + other.excused[at]),
            changed: self.changed + other.changed,
            unknown: self.unknown + other.unknown,
            ambiguous: self.ambiguous + other.ambiguous,
            skipped: self.skipped + other.skipped,
            parts: self.parts + other.parts,
            actual_time: self.actual_time.saturating_add(other.actual_time),
            saved_time: self.saved_time.saturating_add(other.saved_time),
        }
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Counts>>(counts: I) -> Counts {
        counts.fold(Counts::default(), Add::add)
    }
}
