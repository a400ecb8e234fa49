//! Several tests in one process, as their runner runs them by itself.

use std::collections::BTreeSet;

use super::case::Case;

/// The name of the case that runs several tests in one process.
pub const TOGETHER: &str = "(together)";

/// Several tests in one process.
#[derive(Debug)]
pub struct Together {
    /// What is run.
    pub case: Case,
    /// Reads what the process printed; `None` where it did not come to its end.
    pub told: fn(&str) -> Option<Told<'_>>,
}

/// What a process that ran several tests says of them at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<'a> {
    /// How many ran.
    pub n_ran: usize,
    /// How many failed.
    pub n_failed: usize,
    /// Those of which it says the names.
    pub failed: BTreeSet<&'a str>,
}

/// Returns the number before a word.
pub(super) fn number_before(text: &str, word: &str) -> Option<usize> {
    let (before, _) = text.split_once(word)?;
    before.trim_end().rsplit(|char: char| !char.is_ascii_digit()).next()?.parse().ok()
}
