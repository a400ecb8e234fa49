//! A report: what choosing tests brought over a time, what it missed, and what nobody knows of that.
//!
//! ```text
//! runs ──▶ Report: Sums ═ bins of the period ═ jobs ═ commands ═ distances of indexes   (each sums up the same runs)
//! index ──▶ Coverage: tests that prove nothing, code that most tests depend on
//! ```
//!
//! In reading order: [`Period`] cuts a time into bins; [`Bin`] is what runs came to in one; [`JobSums`],
//! [`StalenessSums`] and [`Fallback`] group the runs in other ways; [`Unknowns`] tells what is not in them; [`Coverage`] is about an index.
//! What tests came to is the history's own [`Ranking`](crate::history::Ranking).

mod bins;
mod coverage;
mod fallbacks;
mod jobs;
#[cfg(test)]
mod laws;
mod period;
mod staleness;
mod sums;
mod unknowns;

use crate::history::Run;
use crate::time::Timestamp;

pub use bins::{Bin, Overheads, Spread};
pub use coverage::{Coverage, Hub, Unproven};
pub use fallbacks::Fallback;
pub use jobs::{CommandSums, JobSums};
pub use period::{Period, Width};
pub use staleness::{Distance, StalenessSums};
pub use sums::Sums;
pub use unknowns::Unknowns;

/// What runs of a period came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The days it is about.
    pub period: Period,
    /// The sum of all runs.
    pub sums: Sums,
    /// The same by day, or by longer stretches where there are too many days.
    pub bins: Vec<Bin>,
    /// The same by job, those with the most time of tests first.
    pub jobs: Vec<JobSums>,
    /// The same by what was done.
    pub commands: Vec<CommandSums>,
    /// The same by how far away the index was; runs that chose nothing are left out.
    pub staleness: Vec<StalenessSums>,
    /// For which causes everything ran, the most frequent first.
    pub fallbacks: Vec<Fallback>,
    /// What skiptrace itself took.
    pub overheads: Overheads,
    /// What the runs do not tell.
    pub unknowns: Unknowns,
}

impl Report {
    /// Sums up runs that began at `since` or later; `now` is the moment of the report.
    pub fn of(runs: &[Run], since: Option<Timestamp>, now: Timestamp) -> Report {
        let period = Period::of(runs, since, now);
        Report {
            period,
            sums: runs.iter().map(Sums::of).fold(Sums::default(), Sums::and),
            bins: bins::bins(runs, period),
            jobs: jobs::jobs(runs),
            commands: jobs::commands(runs),
            staleness: staleness::staleness(runs),
            fallbacks: fallbacks::fallbacks(runs),
            overheads: Overheads::of(runs, period),
            unknowns: Unknowns::of(runs, period, since, now),
        }
    }
}
