//! Was a selection right? What ran, held against what would have run.
//!
//! ```text
//! selection ─┐
//! results  ──┼─▶ universe: who is meant ─▶ judge: each test ─▶ Evaluation: actual, predicted, misses
//! quarantine ┘
//! ```
//!
//! All tests take part: those of the results, those of the index, and those of the results that no index knows, which
//! a selection would have run. A *miss* is a test that failed and would have been skipped. A failure that no selection
//! could have told of is none, and the reason is kept with it. Whatever is not clear is said, and never counts as good.

mod counts;
mod culprits;
mod judge;
#[cfg(test)]
mod laws;
mod result;
mod spelling;
mod suspects;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod universe;

use std::time::Duration;

use crate::glob::Glob;
use crate::record::Outcome;
use crate::selection::Selection;

pub use counts::Counts;
pub use culprits::culprits;
pub use judge::evaluate;
pub use result::{Ended, Repeats, Results, Tally, TestResult, ToldName};
pub use suspects::suspects;
pub use universe::{Match, Universe};

/// What is held against each other, of one job.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    /// What would have run.
    pub selection: &'a Selection,
    /// What ran.
    pub results: &'a Results,
    /// What ran at the commit of the index, where that is known better than from the index.
    pub base: Option<&'a Results>,
    /// Tests whose failures nobody minds, by suite and name together or by name.
    pub quarantined: &'a [Glob],
}

/// What came of it: every test, sorted by suite and name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evaluation {
    /// The tests.
    pub tests: Vec<Judged>,
    /// How many results are of parts of tests, such as subtests, and count as theirs.
    pub parts: usize,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The suite: the index's word for it, else that of the results.
    pub suite: Box<str>,
    /// Its name there; empty where a suite failed as a whole.
    pub name: Box<str>,
    /// Whether the index has it.
    pub standing: Standing,
    /// How it ended in the recording.
    pub was: Option<Outcome>,
    /// How it ended now; `None` where no result tells.
    pub ended: Option<Ended>,
    /// How long that took.
    pub duration: Duration,
    /// Whether it would have run.
    pub would_run: bool,
    /// What its failure says, if it failed at all.
    pub finding: Option<Finding>,
    /// Whether it would have been skipped though it ends otherwise than in the recording, reliably.
    pub has_changed: bool,
}

/// Whether an index knows a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It does.
    Known,
    /// It does not, so the test would have run.
    Unknown,
    /// It knows several that may be meant.
    Ambiguous,
}

/// What ran and what would have, of one test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// It ran and would have.
    Common,
    /// It ran and would have been skipped.
    Removed,
    /// It did not run and would have.
    Added,
    /// Neither: skipped by its runner, or not there.
    Neither,
}

/// What a failure says of the selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// The test would have been skipped: the selection is wrong.
    Missed,
    /// It may have been skipped; the results do not tell tests apart that the index does.
    Unclear,
    /// It would have run: the selection is right.
    Caught,
    /// Nothing, for this reason.
    Excused(Excuse),
}

/// Why a failure says nothing of the selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Excuse {
    /// The test passed as well, in the same run.
    Flaky,
    /// Nobody minds its failures.
    Quarantined,
    /// It is known to fail now and then in the way in which it did, as the results say.
    KnownFlaky,
    /// It failed already at the commit of the index.
    FailedBefore,
    /// It was flaky at the commit of the index.
    FlakyBefore,
    /// No index knows it, so it would have run in any case.
    Unknown,
}

impl Excuse {
    /// All reasons, in order.
    pub const ALL: [Excuse; 6] = [
        Excuse::Flaky,
        Excuse::Quarantined,
        Excuse::KnownFlaky,
        Excuse::FailedBefore,
        Excuse::FlakyBefore,
        Excuse::Unknown,
    ];

    /// Returns a name for counting by.
    pub fn code(self) -> &'static str {
        match self {
            Excuse::Flaky => "flaky",
            Excuse::Quarantined => "quarantined",
            Excuse::KnownFlaky => "known-flaky",
            Excuse::FailedBefore => "failed-before",
            Excuse::FlakyBefore => "flaky-before",
            Excuse::Unknown => "unknown-to-the-index",
        }
    }

    /// Returns the reason as people say it, after "it".
    pub fn phrase(self) -> &'static str {
        match self {
            Excuse::Flaky => "also passed in this run",
            Excuse::Quarantined => "is quarantined",
            Excuse::KnownFlaky => "is known to fail so now and then",
            Excuse::FailedBefore => "failed already at the indexed commit",
            Excuse::FlakyBefore => "was flaky at the indexed commit",
            Excuse::Unknown => "is in no index, so it would have run",
        }
    }
}

impl Judged {
    /// Returns whether it ran.
    pub fn has_run(&self) -> bool {
        self.ended.is_some_and(Ended::has_run)
    }

    /// Returns what ran and what would have.
    pub fn side(&self) -> Side {
        match (self.has_run(), self.would_run) {
            (true, true) => Side::Common,
            (true, false) => Side::Removed,
            (false, true) => Side::Added,
            (false, false) => Side::Neither,
        }
    }

    /// Returns whether it is a miss.
    pub fn is_missed(&self) -> bool {
        self.finding == Some(Finding::Missed)
    }
}

impl Evaluation {
    /// Counts.
    pub fn counts(&self) -> Counts {
        Counts::of(self)
    }
}
