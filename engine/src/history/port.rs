//! The port to where runs are kept.

use std::fmt;

use crate::id::JobName;
use crate::time::Timestamp;

use super::{Day, HistoryError, Ranking, Run, RunId, RunRecord, TestName, TestResult, Trend};

/// Where runs are kept. Several may use one at the same time, from several processes.
pub trait History: fmt::Display + fmt::Debug + Send + Sync {
    /// Adds runs, all of them or none. One that is there already stays as it is.
    fn add(&self, runs: &[RunRecord]) -> Result<Added, HistoryError>;

    /// Returns which of these are not there, in the order asked for.
    fn missing(&self, ids: &[RunId]) -> Result<Vec<RunId>, HistoryError>;

    /// Returns the runs that `filter` admits, newest first.
    fn runs(&self, filter: &RunFilter) -> Result<Vec<Run>, HistoryError>;

    /// Returns the ids that begin with `text`, or do so after their dash, newest first and no more than `limit`.
    fn like(&self, text: &str, limit: usize) -> Result<Vec<RunId>, HistoryError>;

    /// Returns a run with its tests.
    fn run(&self, id: RunId) -> Result<Option<RunRecord>, HistoryError>;

    /// Returns what became of a test in the runs that `filter` admits, newest first. Without a suite, tests of that
    /// name in any suite are meant.
    fn results(
        &self,
        suite: Option<&str>,
        name: &str,
        filter: &RunFilter,
    ) -> Result<Vec<TestRun>, HistoryError>;

    /// Returns the runs that `filter` admits, its limit aside, summed up and sorted by what they have in common.
    fn trend(&self, by: By, filter: &RunFilter) -> Result<Vec<Trend>, HistoryError>;

    /// Returns the tests that have results in the runs that `filter` admits, its limit aside, summed up: the first
    /// `limit` by each order.
    fn ranking(&self, filter: &RunFilter, limit: usize) -> Result<Ranking, HistoryError>;

    /// Returns the results that were missed, of the runs that `filter` admits and that count misses, newest first and
    /// no more than its limit.
    fn misses(&self, filter: &RunFilter) -> Result<Vec<TestRun>, HistoryError>;

    /// Forgets the oldest runs, until what is left is within the bounds.
    fn prune(&self, retention: &Retention) -> Result<Pruned, HistoryError>;

    /// Returns the first id that was not forgotten; runs before it need not be fetched again.
    fn horizon(&self) -> Result<Option<RunId>, HistoryError>;

    /// Returns the first day of a store, by its name, of which there may be runs that were not fetched.
    fn fetched_until(&self, store: &str) -> Result<Option<Day>, HistoryError>;

    /// Remembers that all runs of a store before `day` were fetched. It never goes back.
    fn set_fetched_until(&self, store: &str, day: Day) -> Result<(), HistoryError>;
}

/// What adding did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Added {
    /// How many runs are new.
    pub runs: u64,
    /// How many results they have.
    pub results: u64,
}

/// Which runs are meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunFilter {
    /// Only runs that began at this moment or later.
    pub since: Option<Timestamp>,
    /// Only runs of this job.
    pub job: Option<JobName>,
    /// Only runs of this branch.
    pub branch: Option<Box<str>>,
    /// At most so many, the newest.
    pub limit: Option<usize>,
}

/// A test in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestRun {
    /// The run.
    pub run: Run,
    /// The test.
    pub test: TestName,
    /// What became of it.
    pub result: TestResult,
}

/// What runs are summed up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The day they began on.
    Day,
    /// The branch.
    Branch,
    /// The job.
    Job,
}

/// How much is kept: what both bounds admit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// No runs that began before this moment.
    pub since: Option<Timestamp>,
    /// No more than so many, the newest.
    pub runs: Option<u64>,
}

/// What pruning did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// How many runs were forgotten.
    pub runs: u64,
    /// How many are left.
    pub left: u64,
}

impl RunFilter {
    /// Returns whether a run is meant, the limit aside.
    pub fn admits(&self, run: &Run) -> bool {
        self.since.is_none_or(|since| run.at() >= since)
            && self.job.as_ref().is_none_or(|job| run.job == *job)
            && self.branch.as_ref().is_none_or(|branch| run.branch.as_ref() == Some(branch))
    }
}
