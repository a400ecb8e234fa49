//! What became of tests, as files of results tell it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Excuse;

/// A test as a file of results names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ToldName {
    /// The binary, package, class or file that it is said to live in; empty where nothing is said.
    pub suite: Box<str>,
    /// What stands around it under another name; empty where that says nothing more.
    pub group: Box<str>,
    /// Its name there; empty where a suite failed as a whole.
    pub name: Box<str>,
    /// The program that may have been run, where only the name of the file tells.
    pub program: Box<str>,
    /// Whether instances of a test may be called by their values, of which an index knows the numbers: CMake does so.
    pub by_value: bool,
    /// Tells apart what has the same names and need not be the same test.
    pub place: u64,
}

/// What became of one test, or of one attempt at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestResult {
    /// The test.
    pub name: ToldName,
    /// How its attempts ended.
    pub tally: Tally,
    /// What it means that the same file has it once more.
    pub repeats: Repeats,
}

/// What several results of one test in one file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeats {
    /// Attempts, each as it is told.
    #[default]
    Attempts,
    /// Attempts, as long as each came after one that failed. After one that passed, it is another test of the name.
    Retries,
    /// Attempts of which all but the last failed, whatever is told of them: there was another because they did.
    LastCounts,
}

/// How often a test was tried, and how that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Attempts that passed.
    pub passed: u32,
    /// Attempts that failed.
    pub failed: u32,
    /// Attempts that ended in an error: of what prepares the test, or of the process.
    pub errored: u32,
    /// How often the runner left it out.
    pub skipped: u32,
    /// Whether these are several tests of one name, so that one that passes says nothing of one that fails.
    pub are_several: bool,
    /// Of the attempts that failed or ended in an error, those that failed as the test is known to, now and then.
    pub forgiven: u32,
    /// Whether nobody minds its failures, as whoever ran it says.
    pub is_quarantined: bool,
    /// How long it all took.
    pub duration: Duration,
}

/// How a test ended, all attempts together. Ordered from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ended {
    /// It passed, always.
    Passed,
    /// It did not run.
    Skipped,
    /// It failed and passed.
    Flaky,
    /// It never passed, and never got as far as to fail.
    Errored,
    /// It never passed.
    Failed,
}

impl Ended {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Ended::Passed => "passed",
            Ended::Skipped => "skipped",
            Ended::Flaky => "flaky",
            Ended::Errored => "errored",
            Ended::Failed => "failed",
        }
    }

    /// Returns whether it never passed.
    pub fn is_bad(self) -> bool {
        matches!(self, Ended::Errored | Ended::Failed)
    }

    /// Returns whether it ran.
    pub fn has_run(self) -> bool {
        self != Ended::Skipped
    }

    /// Returns the worse of two ends. That a part of a test was left out says nothing where another ran.
    #[must_use]
    pub fn and(self, other: Ended) -> Ended {
        match (self, other) {
            (Ended::Skipped, other) | (other, Ended::Skipped) => other,
            (one, other) => one.max(other),
        }
    }
}

impl Tally {
    /// One attempt that passed.
    pub const PASSED: Tally = Tally { passed: 1, ..Tally::NONE };
    /// One attempt that failed.
    pub const FAILED: Tally = Tally { failed: 1, ..Tally::NONE };
    /// One attempt that ended in an error.
    pub const ERRORED: Tally = Tally { errored: 1, ..Tally::NONE };
    /// Left out once.
    pub const SKIPPED: Tally = Tally { skipped: 1, ..Tally::NONE };
    /// No attempt at all.
    pub const NONE: Tally = Tally {
        passed: 0,
        failed: 0,
        errored: 0,
        skipped: 0,
        are_several: false,
        forgiven: 0,
        is_quarantined: false,
        duration: Duration::ZERO,
    };

    /// Returns the same attempts, having taken so long.
    #[must_use]
    pub fn lasting(self, duration: Duration) -> Tally {
        Tally { duration, ..self }
    }

    /// Returns the attempts of both.
    #[must_use]
    pub fn and(self, other: Tally) -> Tally {
        Tally {
            passed: self.passed.saturating_add(other.passed),
            failed: self.failed.saturating_add(other.failed),
            errored: self.errored.saturating_add(other.errored),
            skipped: self.skipped.saturating_add(other.skipped),
            are_several: self.are_several || other.are_several,
            forgiven: self.forgiven.saturating_add(other.forgiven),
            is_quarantined: self.is_quarantined || other.is_quarantined,
            duration: self.duration.saturating_add(other.duration),
        }
    }

    /// Returns why its failures say nothing, where the results themselves tell. One that nobody forgave counts.
    pub(super) fn excuse(self) -> Option<Excuse> {
        let failures = self.failed.saturating_add(self.errored);
        match failures {
            0 => None,
            _ if self.is_quarantined => Some(Excuse::Quarantined),
            _ => (self.forgiven >= failures).then_some(Excuse::KnownFlaky),
        }
    }

    /// Returns how they ended. Nothing that is said twice is better than either.
    pub fn ended(self) -> Ended {
        match (self.passed > 0, self.failed > 0, self.errored > 0) {
            (true, false, false) => Ended::Passed,
            (true, _, _) if !self.are_several => Ended::Flaky,
            (true, false, true) => Ended::Errored,
            (true, true, _) => Ended::Failed,
            (false, true, _) => Ended::Failed,
            (false, false, true) => Ended::Errored,
            (false, false, false) => Ended::Skipped,
        }
    }
}

/// What became of the tests of one job.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Results {
    told: BTreeMap<ToldName, Tally>,
}

impl Results {
    /// Adds a result of the file that these results are of.
    pub fn add(&mut self, result: TestResult) {
        let tally = self.told.entry(result.name).or_default();
        match result.repeats {
            Repeats::Attempts => {}
            Repeats::Retries => tally.are_several |= tally.passed > 0,
            Repeats::LastCounts => {
                tally.failed = tally.failed.saturating_add(std::mem::take(&mut tally.passed));
            }
        }
        *tally = tally.and(result.tally);
    }

    /// Adds what another file of the job tells: a test that is in both was tried again.
    pub fn merge(&mut self, other: Results) {
        for (name, tally) in other.told {
            let known = self.told.entry(name).or_default();
            *known = known.and(tally);
        }
    }

    /// Returns each test and its attempts, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&ToldName, Tally)> {
        self.told.iter().map(|(name, tally)| (name, *tally))
    }

    /// Returns how many tests there are.
    pub fn len(&self) -> usize {
        self.told.len()
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(tallies: &[Tally], repeats: Repeats) -> Ended {
        let mut results = Results::default();
        for tally in tallies {
            results.add(TestResult { name: ToldName::default(), tally: *tally, repeats });
        }
        results.iter().next().expect("there is one").1.ended()
    }

    #[test]
    fn attempts_count_as_told() {
        let check = |tallies: &[Tally]| ended(tallies, Repeats::Attempts);
        assert_eq!(check(&[Tally::PASSED, Tally::PASSED]), Ended::Passed);
        assert_eq!(check(&[Tally::FAILED, Tally::PASSED]), Ended::Flaky);
        assert_eq!(check(&[Tally::PASSED, Tally::ERRORED]), Ended::Flaky);
        assert_eq!(check(&[Tally::FAILED, Tally::ERRORED]), Ended::Failed);
        assert_eq!(check(&[Tally::SKIPPED, Tally::PASSED]), Ended::Passed);
        assert_eq!(check(&[Tally::SKIPPED, Tally::ERRORED]), Ended::Errored);
        assert_eq!(check(&[Tally::SKIPPED]), Ended::Skipped);
    }

    /// Nobody tries again what has passed.
    #[test]
    fn after_one_that_passed_comes_another_test() {
        let check = |tallies: &[Tally]| ended(tallies, Repeats::Retries);
        assert_eq!(check(&[Tally::FAILED, Tally::PASSED]), Ended::Flaky);
        assert_eq!(check(&[Tally::PASSED, Tally::FAILED]), Ended::Failed);
        assert_eq!(check(&[Tally::FAILED, Tally::PASSED, Tally::PASSED]), Ended::Failed);
        assert_eq!(check(&[Tally::PASSED, Tally::ERRORED, Tally::PASSED]), Ended::Errored);
        assert_eq!(check(&[Tally::PASSED, Tally::PASSED]), Ended::Passed);
    }

    /// A runner that shows failed attempts as if they had passed shows them all the same.
    #[test]
    fn where_the_last_counts_those_before_it_failed() {
        let check = |tallies: &[Tally]| ended(tallies, Repeats::LastCounts);
        assert_eq!(check(&[Tally::PASSED, Tally::PASSED, Tally::FAILED]), Ended::Failed);
        assert_eq!(check(&[Tally::PASSED, Tally::PASSED]), Ended::Flaky);
        assert_eq!(check(&[Tally::FAILED, Tally::ERRORED]), Ended::Failed);
        assert_eq!(check(&[Tally::FAILED, Tally::PASSED]), Ended::Flaky);
        assert_eq!(check(&[Tally::PASSED]), Ended::Passed);
    }

    #[test]
    fn every_failure_has_to_be_forgiven() {
        let forgiven = Tally { forgiven: 1, ..Tally::FAILED };
        assert_eq!(forgiven.excuse(), Some(Excuse::KnownFlaky));
        assert_eq!(forgiven.and(forgiven).and(Tally::SKIPPED).excuse(), Some(Excuse::KnownFlaky));
        assert_eq!(forgiven.and(Tally::ERRORED).excuse(), None);
        assert_eq!(Tally::PASSED.excuse(), None);
        let quarantined = Tally { is_quarantined: true, ..Tally::PASSED };
        assert_eq!(
            (quarantined.excuse(), quarantined.and(Tally::FAILED).excuse()),
            (None, Some(Excuse::Quarantined))
        );
    }

    #[test]
    fn parts_that_were_left_out_say_nothing() {
        assert_eq!(Ended::Passed.and(Ended::Skipped), Ended::Passed);
        assert_eq!(Ended::Skipped.and(Ended::Skipped), Ended::Skipped);
        assert_eq!(Ended::Flaky.and(Ended::Failed), Ended::Failed);
    }
}
