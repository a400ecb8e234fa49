//! What is told while tests are recorded.

use std::time::Duration;

use skiptrace_engine::record::Outcome;

use crate::trace::Trouble;

/// Something that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// The tests are being built.
    Building,
    /// They are listed, and about to run.
    Running {
        /// How many.
        tests: usize,
        /// In how many suites.
        suites: usize,
    },
    /// A test starts.
    Started {
        /// Its suite.
        suite: &'a str,
        /// Its name.
        name: &'a str,
    },
    /// A test has ended.
    Finished {
        /// Its suite.
        suite: &'a str,
        /// Its name.
        name: &'a str,
        /// How.
        outcome: Outcome,
        /// How long it took.
        duration: Duration,
        /// What it printed, if it failed.
        output: Option<&'a str>,
        /// What is wrong with its coverage.
        troubles: &'a [Trouble],
    },
    /// The tests have run, each alone; those of some suites run once more, all in one process.
    Together {
        /// Of how many suites.
        suites: usize,
    },
    /// Something that the user should know.
    Warning(String),
}

/// Whoever wants to know. Events come from several threads.
pub type Listener<'a> = dyn Fn(Event<'_>) + Sync + 'a;
