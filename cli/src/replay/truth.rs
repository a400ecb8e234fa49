//! How every test of a commit really ended.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use skiptrace_engine::codec::decode;
use skiptrace_engine::record::Outcome;

use crate::error::{CommandError, IoContext};

/// A test by the names that runners know it by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct TestName {
    /// Its suite.
    pub(crate) suite: String,
    /// Its name there.
    pub(crate) name: String,
}

/// How every test of a commit really ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Truth {
    /// The tests that ran.
    pub(crate) tests: BTreeMap<TestName, Ran>,
    /// Those that should have run and did not, such as when their suite did not build; a name may be empty, which
    /// stands for all of the suite.
    pub(crate) absent: BTreeSet<TestName>,
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ran {
    /// Its outcome.
    pub(crate) outcome: Outcome,
    /// How long it took.
    pub(crate) duration: Duration,
}

/// What is read of the document `skiptrace/record@1`.
#[derive(Deserialize)]
struct Recorded {
    missing: Vec<Missing>,
}

#[derive(Deserialize)]
struct Missing {
    test: String,
}

impl Truth {
    /// Reads it from an index, and from what the recording said.
    pub(crate) fn read(index: &Path, said: &[u8]) -> Result<Truth, CommandError> {
        let bytes = std::fs::read(index).on("read", index)?;
        let index = decode(&*bytes).map_err(|error| CommandError::of_index(index.display(), error))?;
        let tests = index.tests().iter().map(|test| {
            let name = TestName { suite: test.key.suite.to_string(), name: test.key.name.to_string() };
            (name, Ran { outcome: test.outcome, duration: test.duration })
        });
        let tests: BTreeMap<TestName, Ran> = tests.collect();
        let absent = match serde_json::from_slice::<Recorded>(said) {
            // A suite has no spaces in its name; a test's name may have some.
            Ok(recorded) => recorded
                .missing
                .iter()
                .map(|missing| {
                    let (suite, name) = missing.test.split_once(' ').unwrap_or((&missing.test, ""));
                    TestName { suite: suite.to_owned(), name: name.to_owned() }
                })
                .collect(),
            Err(_) => BTreeSet::new(),
        };
        Ok(Truth { tests, absent })
    }

    /// Returns how long all tests took together.
    pub(crate) fn time(&self) -> Duration {
        self.tests.values().map(|ran| ran.duration).sum()
    }

    /// Returns whether a test should have run and did not.
    pub(crate) fn lacks(&self, test: &TestName) -> bool {
        let whole = TestName { suite: test.suite.clone(), name: String::new() };
        !self.tests.contains_key(test) && (self.absent.contains(test) || self.absent.contains(&whole))
    }
}

impl fmt::Display for TestName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.suite, self.name)
    }
}
