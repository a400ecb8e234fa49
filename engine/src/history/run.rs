//! A run: which tests had to run, which did not, and what came of it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::id::{CommitId, JobName};
use crate::record::Outcome;
use crate::time::Timestamp;

use super::{Audit, RunId};

/// One run of one job. Durations are kept in whole microseconds, numbers up to [`Run::MAX`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its name, which tells when it began.
    pub id: RunId,
    /// What was done: the command's name, such as `run` or `evaluate`.
    pub command: Box<str>,
    /// The job.
    pub job: JobName,
    /// The commit that was tested.
    pub commit: Option<CommitId>,
    /// The branch it is on.
    pub branch: Option<Box<str>>,
    /// The index that was gone by; nothing of it is known where there was none.
    pub index: IndexUsed,
    /// How many tests there were of each sort.
    pub counts: Counts,
    /// How long the tests would have taken that did not, or would not, run.
    pub saved: Duration,
    /// How long those took that had to; of who only chose, what they took when they were recorded.
    pub took: Duration,
    /// How many tests failed that would have been skipped; `None` where nobody looked.
    pub misses: Option<u64>,
    /// How many proofs were put to the test; `None` where nobody looked.
    pub audit: Option<Audit>,
    /// For which causes everything had to run, and how often.
    pub fallbacks: BTreeMap<Box<str>, u64>,
    /// What skiptrace itself took, by what it did.
    pub overheads: BTreeMap<Box<str>, Duration>,
}

/// The index that a run went by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IndexUsed {
    /// The commit it is of.
    pub commit: Option<CommitId>,
    /// How many commits it is away.
    pub distance: Option<u64>,
    /// How large it is.
    pub bytes: Option<u64>,
}

/// How many tests there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Tests that are known.
    pub known: u64,
    /// Tests that had to run.
    pub selected: u64,
    /// Tests that did not, or would not, have to.
    pub skipped: u64,
    /// Tests that failed.
    pub failed: u64,
}

/// A run with what became of each of its tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// The run.
    pub run: Run,
    /// Its tests. There may be fewer than it counts: nobody has to keep those that were skipped.
    pub tests: BTreeMap<TestName, TestResult>,
}

/// A test of a job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TestName {
    /// The binary, package or file it lives in; empty where tests have no suite.
    pub suite: Box<str>,
    /// Its name there.
    pub name: Box<str>,
}

/// What became of a test in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestResult {
    /// How it ended; `None` where it did not run.
    pub outcome: Option<Outcome>,
    /// How long that took.
    pub duration: Duration,
    /// What was decided.
    pub decision: Decision,
    /// The code of the reason for it.
    pub reason: Option<Box<str>>,
    /// Whether it failed and would have been skipped, with no excuse.
    pub is_missed: bool,
    /// What there is to say of that.
    pub note: Option<Box<str>>,
}

/// What was decided about a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// It had to run.
    Run,
    /// It would have been skipped, and ran all the same.
    WouldSkip,
    /// It was skipped.
    Skip,
}

impl Run {
    /// The largest number that is kept: what every reader of JSON can hold, and sums of which a database can.
    pub const MAX: u64 = (1 << 53) - 1;

    /// Makes a run of which nothing is known yet.
    pub fn new(id: RunId, command: impl Into<Box<str>>, job: JobName) -> Run {
        Run {
            id,
            command: command.into(),
            job,
            commit: None,
            branch: None,
            index: IndexUsed::default(),
            counts: Counts::default(),
            saved: Duration::ZERO,
            took: Duration::ZERO,
            misses: None,
            audit: None,
            fallbacks: BTreeMap::new(),
            overheads: BTreeMap::new(),
        }
    }

    /// Returns when it began.
    pub fn at(&self) -> Timestamp {
        self.id.at()
    }

    /// Returns what skiptrace took in all, as far as that can be kept.
    pub fn overhead(&self) -> Duration {
        let sum = self.overheads.values().fold(Duration::ZERO, |sum, part| sum.saturating_add(*part));
        sum.min(Duration::from_micros(Run::MAX))
    }

    /// Returns whether everything had to run for want of knowledge.
    pub fn fell_back(&self) -> bool {
        !self.fallbacks.is_empty()
    }
}

impl TestName {
    /// Makes a name.
    pub fn new(suite: impl Into<Box<str>>, name: impl Into<Box<str>>) -> TestName {
        TestName { suite: suite.into(), name: name.into() }
    }

    /// Returns suite and name as one text.
    pub fn qualified(&self) -> String {
        if self.suite.is_empty() { self.name.to_string() } else { format!("{}::{}", self.suite, self.name) }
    }
}

impl Decision {
    /// All of them, in order.
    pub const ALL: [Decision; 3] = [Decision::Run, Decision::WouldSkip, Decision::Skip];

    /// Returns a name for files and tables.
    pub fn code(self) -> &'static str {
        match self {
            Decision::Run => "run",
            Decision::WouldSkip => "would-skip",
            Decision::Skip => "skip",
        }
    }
}

/// Returns a duration as it is kept.
pub fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).min(Run::MAX)
}
