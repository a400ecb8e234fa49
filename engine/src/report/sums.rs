//! The sum of runs, and of those among them that tell what choosing saved.

use crate::history::{Run, Totals};

/// The sum of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Of all runs.
    pub all: Totals,
    /// Of those that chose among tests and tell how long those take that must run. Recordings run everything, so they do
    /// not tell which share of the time was saved.
    pub timed: Totals,
}

impl Sums {
    /// Returns the sum of one run.
    pub fn of(run: &Run) -> Sums {
        let all = Totals::of(run);
        let is_timed = has_chosen(run) && (run.counts.selected == 0 || !run.took.is_zero());
        Sums { all, timed: if is_timed { all } else { Totals::default() } }
    }

    /// Returns the sum of both.
    #[must_use]
    pub fn and(self, other: Sums) -> Sums {
        Sums { all: self.all.and(other.all), timed: self.timed.and(other.timed) }
    }

    /// Returns the share of the tests that did not have to run; `None` where there were none.
    pub fn skipped_share(&self) -> Option<f64> {
        self.all.skipped_share()
    }

    /// Returns the share of the tests' time that was saved, what skiptrace took included; `None` where no run tells.
    pub fn saved_share(&self) -> Option<f64> {
        self.timed.saved_share()
    }
}

/// Returns whether a run told tests that had to run from others, or found that all had to.
pub(super) fn has_chosen(run: &Run) -> bool {
    run.counts.selected > 0 || run.counts.skipped > 0
}
