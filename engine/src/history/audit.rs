//! Proofs put to the test: tests that need not have run were run all the same, some of them or all, to see whether they fail.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Of the tests of a run that need not have run: how many there were, and how many were run all the same.
///
/// How many of these failed are the misses of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Audit {
    /// Tests that need not have run.
    pub skippable: u64,
    /// Those among them that did, and whose result says something: no failure that is excused.
    pub checked: u64,
}

/// How sure one wants to be, more than not at all and less than wholly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confidence(f64);

/// What a number of checks says of all that were not made.
///
/// It is the upper bound of Clopper and Pearson: exact, and so never too small, for checks that are independent of each
/// other. Those of one run are less so, because one mistake may be behind several failures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// How many checks were made.
    pub checked: u64,
    /// How many of them found a test to fail.
    pub refuted: u64,
    /// How sure one is of the bound.
    pub confidence: Confidence,
    /// The share of skipped tests that would have failed, at most.
    pub at_most: f64,
}

/// Why a text is no confidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected a percentage between 0 and 100, such as `95` or `99.9%`")]
pub struct ConfidenceError;

impl Confidence {
    /// What is usual.
    pub const USUAL: Confidence = Confidence(0.95);

    /// Makes a confidence of a share between 0 and 1.
    pub fn new(share: f64) -> Result<Confidence, ConfidenceError> {
        if share > 0.0 && share < 1.0 { Ok(Confidence(share)) } else { Err(ConfidenceError) }
    }

    /// Returns it as a share.
    pub fn share(self) -> f64 {
        self.0
    }
}

impl FromStr for Confidence {
    type Err = ConfidenceError;

    fn from_str(text: &str) -> Result<Confidence, ConfidenceError> {
        let text = text.trim();
        let number = text.strip_suffix('%').unwrap_or(text).trim_end();
        let percent: f64 = number.parse().map_err(|_| ConfidenceError)?;
        Confidence::new(percent / 100.0)
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A share that was a percentage once is shown as that again.
        write!(f, "{} %", (self.0 * 1e8).round() / 1e6)
    }
}

impl Bound {
    /// Returns what `refuted` failures in `checked` checks say; `None` where there were none.
    pub fn of(checked: u64, refuted: u64, confidence: Confidence) -> Option<Bound> {
        let at_most = match refuted {
            _ if checked == 0 => return None,
            // Zero of n: the chance of that is (1 - p)^n.
            0 => -((1.0 - confidence.0).ln() / checked as f64).exp_m1(),
            _ if refuted >= checked => 1.0,
            _ => upper(checked as f64, refuted, 1.0 - confidence.0),
        };
        Some(Bound { checked, refuted, confidence, at_most })
    }
}

/// Finds the chance with which so few failures would come about only with the probability `rest`, from above.
fn upper(checked: f64, refuted: u64, rest: f64) -> f64 {
    let (mut low, mut high) = (refuted as f64 / checked, 1.0);
    // Each step halves what is left: no number lies between the two in the end.
    for _ in 0..100 {
        let middle = low + (high - low) / 2.0;
        if chance_of_at_most(refuted, checked, middle) > rest { low = middle } else { high = middle }
    }
    high
}

/// Returns the probability of no more than `most` failures in `n` independent checks that each fail with `chance`.
fn chance_of_at_most(most: u64, n: f64, chance: f64) -> f64 {
    let odds = chance.ln() - (-chance).ln_1p();
    // In logarithms, for the first terms may be too small for a number; the largest is taken out of the sum.
    let mut term = n * (-chance).ln_1p();
    let (mut largest, mut sum) = (term, 1.0);
    for failures in 1..=most {
        let failures = failures as f64;
        term += ((n - failures + 1.0) / failures).ln() + odds;
        if term > largest {
            sum = sum * (largest - term).exp() + 1.0;
            largest = term;
        } else {
            sum += (term - largest).exp();
        }
    }
    (largest + sum.ln()).exp().min(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bound(checked: u64, refuted: u64) -> f64 {
        Bound::of(checked, refuted, Confidence::USUAL).unwrap().at_most
    }

    #[test]
    fn bounds_are_those_of_the_tables() {
        // Clopper and Pearson's one-sided bounds, as statistics programs have them.
        for (checked, refuted, expected) in [
            (1, 0, 0.95),
            (10, 0, 0.258_866),
            (100, 0, 0.029_513),
            (3000, 0, 0.000_998_08),
            (10, 1, 0.394_163),
            (100, 1, 0.046_560),
            (100, 10, 0.163_717),
            (20, 19, 0.997_439),
            (5, 5, 1.0),
        ] {
            let found = bound(checked, refuted);
            assert!((found - expected).abs() < 2e-6, "{refuted} of {checked}: {found}");
        }
        assert_eq!(Bound::of(0, 0, Confidence::USUAL), None);
    }

    #[test]
    fn confidences_are_read_and_shown() {
        for (text, shown) in [("95", "95 %"), ("99.9%", "99.9 %"), (" 80 % ", "80 %"), ("0.5", "0.5 %")] {
            assert_eq!(text.parse::<Confidence>().unwrap().to_string(), shown);
        }
        for text in ["", "0", "100", "-1", "NaN", "inf", "95 %%", "ninety"] {
            assert_eq!(text.parse::<Confidence>(), Err(ConfidenceError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_bound_is_above_what_was_seen_and_falls_with_more_checks(
            checked in 1..5_000_000u64, share in 0.0..1.0f64, more in 1..1000u64,
        ) {
            let refuted = ((checked.min(2000) as f64) * share) as u64;
            let found = bound(checked, refuted);
            prop_assert!(found > 0.0 && found <= 1.0);
            prop_assert!(found >= refuted as f64 / checked as f64);
            prop_assert!(bound(checked + more, refuted) <= found + 1e-12);
            prop_assert!(refuted == checked || bound(checked, refuted + 1) >= found - 1e-12);
            let surer = Bound::of(checked, refuted, Confidence::new(0.99).unwrap()).unwrap();
            prop_assert!(surer.at_most >= found - 1e-12);
        }
    }
}
