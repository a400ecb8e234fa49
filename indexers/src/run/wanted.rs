//! Which tests are wanted.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use skiptrace_engine::fingerprint::Fingerprint;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::recording::Shard;

/// Which tests are wanted: those of a shard, but for some.
///
/// It says what is left out rather than what is in, so that a test that nobody knows is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wanted {
    /// The shard's number and how many there are, if it is not the whole.
    shard: Option<(u32, u32)>,
    /// Suites and names of tests that need not run.
    without: BTreeSet<(String, String)>,
    /// What those were not seen to build with.
    #[serde(skip)]
    unproved: Unproved,
}

/// What says nothing of tests that need not run, and may keep them from being built.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unproved {
    /// What is different from when they ran.
    pub changed: BTreeSet<RepoPath>,
    /// The suites, and packages without tests, that could not be built last time.
    pub unbuilt: BTreeSet<Box<str>>,
}

impl Wanted {
    /// Wants the tests of `shard` but for those `without`.
    pub fn new(shard: Shard, without: BTreeSet<(String, String)>) -> Wanted {
        let shard = (shard != Shard::WHOLE).then(|| (shard.number(), shard.of()));
        Wanted { shard, without, unproved: Unproved::default() }
    }

    /// Says what the tests that are left out were not seen to build with.
    pub fn despite(self, unproved: Unproved) -> Wanted {
        Wanted { unproved, ..self }
    }

    /// Returns what the tests that are left out were not seen to build with.
    pub fn unproved(&self) -> &Unproved {
        &self.unproved
    }

    /// Returns whether every test is wanted.
    pub fn is_everything(&self) -> bool {
        self.shard.is_none() && self.without.is_empty()
    }

    /// Returns whether a test is.
    pub fn has(&self, suite: &str, name: &str) -> bool {
        self.is_in_shard(suite, name) && !self.without.contains(&(suite.to_owned(), name.to_owned()))
    }

    /// Returns whether some test of a suite need not run.
    pub fn leaves_out_of(&self, suite: &str) -> bool {
        let first = (suite.to_owned(), String::new());
        self.without.range(first..).next().is_some_and(|(of, _)| of == suite)
    }

    /// Returns whether a test belongs to the shard: always to the same one, whatever other tests there are.
    pub fn is_in_shard(&self, suite: &str, name: &str) -> bool {
        self.shard.is_none_or(|(number, of)| {
            let hash = Fingerprint::of(format!("{suite}\0{name}").as_bytes()).0;
            hash % u128::from(of.max(1)) == u128::from(number.saturating_sub(1))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_test_is_in_one_shard() {
        let shards: Vec<Wanted> =
            (1..=4).map(|n| Wanted::new(Shard::new(n, 4).unwrap(), BTreeSet::new())).collect();
        let mut counts = [0; 4];
        for n in 0..1000 {
            let name = format!("test {n}");
            let of: Vec<usize> = (0..4).filter(|at| shards[*at].has("suite", &name)).collect();
            assert_eq!(of.len(), 1);
            counts[of[0]] += 1;
        }
        assert!(counts.iter().all(|count| (150..350).contains(count)), "{counts:?}");
    }

    #[test]
    fn what_is_not_named_is_wanted() {
        let wanted = Wanted::new(Shard::WHOLE, [("s".to_owned(), "a".to_owned())].into());
        assert!(!wanted.has("s", "a") && wanted.has("s", "b") && wanted.has("t", "a"));
        assert!(wanted.leaves_out_of("s") && !wanted.leaves_out_of("r") && !wanted.leaves_out_of("t"));
        assert!(!wanted.is_everything() && Wanted::default().is_everything());
    }
}
