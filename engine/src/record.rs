//! What is known of a test: who it is, how its recorded run went, and how far that can be trusted.

use std::fmt;
use std::time::Duration;

use crate::id::{JobName, RecordingId};

/// The stable name of a test: what its runner can run alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TestKey {
    /// The job it belongs to.
    pub job: JobName,
    /// The binary, package or file it lives in; empty where tests have no suite.
    pub suite: Box<str>,
    /// Its name there.
    pub name: Box<str>,
}

impl TestKey {
    /// Makes a key.
    pub fn new(job: JobName, suite: impl Into<Box<str>>, name: impl Into<Box<str>>) -> TestKey {
        TestKey { job, suite: suite.into(), name: name.into() }
    }

    /// Returns suite and name as one text.
    pub fn qualified_name(&self) -> String {
        if self.suite.is_empty() { self.name.to_string() } else { format!("{}::{}", self.suite, self.name) }
    }
}

impl fmt::Display for TestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.job, self.qualified_name())
    }
}

/// How a run of a test ended. Ordered from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It did not run: ignored, disabled.
    Skipped,
    /// It failed and passed without a change between.
    Flaky,
    /// It did not end in time.
    TimedOut,
    /// It failed.
    Failed,
}

impl Outcome {
    /// All outcomes, in order.
    pub const ALL: [Outcome; 5] =
        [Outcome::Passed, Outcome::Skipped, Outcome::Flaky, Outcome::TimedOut, Outcome::Failed];

    /// Returns the outcome's name.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Skipped => "skipped",
            Outcome::Flaky => "flaky",
            Outcome::TimedOut => "timed out",
            Outcome::Failed => "failed",
        }
    }
}

/// What is wrong with the coverage of a run, so that it proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Problem {
    /// A profile ended early.
    TruncatedProfile,
    /// A process was killed before it wrote its profile.
    ProcessKilled,
    /// A binary that should have reported coverage did not.
    MissingBinary,
    /// A profile belongs to no known binary.
    ForeignProfile,
    /// No instrumented code ran at all.
    NothingExecuted,
    /// Its footprint differs from run to run.
    UnstableFootprint,
    /// Its result depends on tests that ran before it.
    OrderDependent,
    /// The indexer says so for a reason of its own.
    Opaque,
}

impl Problem {
    /// All problems, in order.
    pub const ALL: [Problem; 8] = [
        Problem::TruncatedProfile,
        Problem::ProcessKilled,
        Problem::MissingBinary,
        Problem::ForeignProfile,
        Problem::NothingExecuted,
        Problem::UnstableFootprint,
        Problem::OrderDependent,
        Problem::Opaque,
    ];

    /// Returns the problem as a phrase.
    pub fn name(self) -> &'static str {
        match self {
            Problem::TruncatedProfile => "truncated profile",
            Problem::ProcessKilled => "killed process",
            Problem::MissingBinary => "missing binary",
            Problem::ForeignProfile => "foreign profile",
            Problem::NothingExecuted => "nothing executed",
            Problem::UnstableFootprint => "unstable footprint",
            Problem::OrderDependent => "order dependent",
            Problem::Opaque => "opaque",
        }
    }
}

/// Whether a run's coverage can be trusted: the problems it has, none being good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Health(u16);

impl Health {
    /// Nothing is wrong.
    pub const OK: Health = Health(0);

    /// Returns whether nothing is wrong.
    pub fn is_ok(self) -> bool {
        self.0 == 0
    }

    /// Adds a problem.
    #[must_use]
    pub fn with(self, problem: Problem) -> Health {
        Health(self.0 | 1 << problem as u16)
    }

    /// Returns the problems of either.
    #[must_use]
    pub fn and(self, other: Health) -> Health {
        Health(self.0 | other.0)
    }

    /// Returns the problems, in order.
    pub fn problems(self) -> impl Iterator<Item = Problem> {
        Problem::ALL.into_iter().filter(move |problem| self.0 & 1 << *problem as u16 != 0)
    }

    /// Returns the problems as a bit each, in the order of [`Problem::ALL`].
    pub fn bits(self) -> u16 {
        self.0
    }

    /// Reads [`Health::bits`]; `None` when there are problems this version does not know.
    pub fn from_bits(bits: u16) -> Option<Health> {
        (u32::from(bits) < 1 << Problem::ALL.len()).then_some(Health(bits))
    }
}

impl FromIterator<Problem> for Health {
    fn from_iter<I: IntoIterator<Item = Problem>>(problems: I) -> Health {
        problems.into_iter().fold(Health::OK, Health::with)
    }
}

/// What a recorded run was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// To test.
    Test,
    /// To tell what every test of the job executes anyway, so that the *diffed* kinds can subtract it.
    Baseline,
}

/// What one index knows of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestRecord {
    /// Who it is.
    pub key: TestKey,
    /// How its run ended.
    pub outcome: Outcome,
    /// What is wrong with its coverage.
    pub health: Health,
    /// How long it took.
    pub duration: Duration,
    /// What the run was for.
    pub role: Role,
    /// The recording it is from.
    pub recording: RecordingId,
}

impl TestRecord {
    /// Returns whether this run can prove that the test need not run: it passed, and its coverage is whole.
    pub fn can_prove(&self) -> bool {
        self.outcome == Outcome::Passed && self.health.is_ok()
    }

    /// Returns whether this run tells anything: its coverage is whole, or it did not pass.
    ///
    /// A run that passed but whose coverage was lost tells less than an older one whose coverage is whole. A
    /// run that failed tells something either way, so a crash that takes the coverage with it is not forgotten.
    pub fn counts(&self) -> bool {
        self.health.is_ok() || self.outcome != Outcome::Passed
    }
}
