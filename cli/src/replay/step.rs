//! What replaying one commit came to.

use std::time::Duration;

use skiptrace_engine::id::CommitId;

use super::compare::{Miss, Skipped};
use super::selected::Selected;

/// What replaying one commit came to.
#[derive(Debug)]
pub(crate) struct Step {
    /// The commit.
    pub(crate) commit: CommitId,
    /// The first line of its message.
    pub(crate) subject: String,
    /// Whether its tests could be run.
    pub(crate) state: State,
    /// What was selected, by each older recording.
    pub(crate) aged: Vec<Aged>,
}

/// Whether the tests of a commit could be run.
#[derive(Debug)]
pub(crate) enum State {
    /// All of them were.
    Recorded {
        /// How many.
        tests: usize,
        /// How many did not pass.
        failed: usize,
        /// How many should have run and did not.
        absent: usize,
        /// How long they took together.
        time: Duration,
    },
    /// They could not, so nothing is known of this commit: it does not build, or has no tests.
    Passed(String),
}

/// What was selected at a commit by an older recording.
#[derive(Debug)]
pub(crate) struct Aged {
    /// How many commits older it was to be.
    pub(crate) age: usize,
    /// How many steps older it is: more, where the commit of that age could not be recorded.
    pub(crate) distance: usize,
    /// Its commit.
    pub(crate) base: CommitId,
    /// What was selected.
    pub(crate) selected: Selected,
    /// How long that took.
    pub(crate) took: Duration,
    /// How much was left out.
    pub(crate) skipped: Skipped,
    /// What should not have been.
    pub(crate) misses: Vec<Miss>,
    /// What ended otherwise at first, and as before when it was run again.
    pub(crate) flaky: Vec<Miss>,
}
