//! What belongs to all tests of a suite, because some of them do it where they share a process.

use std::collections::BTreeMap;

use skiptrace_engine::observation::Executed;

use super::executed;
use crate::trace::Places;

/// What the tests of suites do that share processes, by suite: the places of what some of them do only there.
pub type Shared = BTreeMap<Box<str>, Vec<u32>>;

/// What each test of a suite depends on besides what it did alone.
#[derive(Debug, Default)]
pub(super) struct Sharing {
    /// The places that belong to all tests of a suite.
    places: Shared,
    /// What all tests of a suite had in common of which some are taken over. What belonged to all of them is in it, and
    /// those that ran again were not seen with the others.
    common: BTreeMap<Box<str>, Vec<Executed>>,
}

impl Sharing {
    /// Finds out what belongs to whom, given what tests had in common of which some are taken over.
    pub(super) fn of(shared: Option<Shared>, common: BTreeMap<Box<str>, Vec<Executed>>) -> Sharing {
        shared.map_or_else(Sharing::default, |places| Sharing { places, common })
    }

    /// Returns the places that belong to all tests of a suite.
    pub(super) fn places(&self, suite: &str) -> &[u32] {
        self.places.get(suite).map_or(&[], Vec::as_slice)
    }

    /// Returns what a test of a suite depends on besides that, if it ran while others did not.
    pub(super) fn common(&self, suite: &str) -> impl Iterator<Item = Executed> + use<'_> {
        self.common.get(suite).into_iter().flatten().cloned()
    }

    /// Returns what a test of a suite depends on besides what it depended on, if it did not run while others did.
    pub(super) fn of_others(&self, suite: &str, places: &Places, units: &[Vec<u32>]) -> Vec<Executed> {
        executed(self.places(suite), places, units)
    }
}
