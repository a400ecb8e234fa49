//! Some of what need not run, taken by chance: it runs all the same, to see whether the proofs hold.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{Decided, Reason, Selection};
use crate::record::{TestKey, TestRecord};

/// Which tests are taken: each with the same chance, and the same ones wherever the seed is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Another seed takes other tests.
    pub seed: u64,
    /// How many of a million tests are taken.
    pub per_million: u32,
}

impl Sample {
    /// Returns whether a test is taken.
    pub fn takes(&self, test: &TestKey) -> bool {
        let TestKey { job, suite, name } = test;
        let text = format!("{}\0{suite}\0{name}", job.as_str());
        // The upper half of a product of 64 bits by a number: as even as the hash, and never all for less than a million.
        let drawn = (u128::from(xxh3_64_with_seed(text.as_bytes(), self.seed)) * 1_000_000) >> 64;
        drawn < u128::from(self.per_million)
    }
}

impl Selection {
    /// Has tests that need not run do so all the same, to see whether they fail. Returns how many.
    pub fn audit(&mut self, sample: &Sample) -> usize {
        let number = self.reasons.len() as u32;
        let is_taken = |test: &&mut Decided| test.is_skipped() && sample.takes(&test.record.key);
        let mut taken = 0;
        for test in self.tests.iter_mut().filter(is_taken) {
            test.why.push(number);
            taken += 1;
        }
        if taken > 0 {
            self.reasons.push(Reason::Audited);
        }
        taken
    }

    /// Returns the tests that need not run, those among them that do so only to see whether they fail.
    pub fn could_skip(&self) -> impl Iterator<Item = &TestRecord> {
        let is_one = |test: &&Decided| self.reasons_of(test).all(|reason| *reason == Reason::Audited);
        self.tests.iter().filter(is_one).map(|test| &test.record)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(name: &str) -> TestKey {
        TestKey::new("unit".parse().unwrap(), "s", name)
    }

    #[test]
    fn about_as_many_are_taken_as_was_said() {
        for per_million in [0, 10_000, 250_000, 999_999, 1_000_000] {
            let sample = Sample { seed: 7, per_million };
            let taken = (0..10_000).filter(|n| sample.takes(&key(&n.to_string()))).count() as i64;
            let expected = i64::from(per_million) / 100;
            assert!((taken - expected).abs() <= 150, "{per_million}: {taken}");
            assert!(per_million > 0 || taken == 0);
            assert!(per_million < 1_000_000 || taken == 10_000);
        }
    }

    proptest! {
        #[test]
        fn a_larger_sample_has_the_smaller_one(seed: u64, less in 0..=1_000_000u32, more in 0..=1_000_000u32, name: String) {
            let (less, more) = (less.min(more), less.max(more));
            let takes = |per_million| Sample { seed, per_million }.takes(&key(&name));
            prop_assert!(!takes(less) || takes(more));
        }
    }
}
