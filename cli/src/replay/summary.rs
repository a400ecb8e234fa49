//! All commits together.

use std::collections::BTreeMap;

use serde::Serialize;

use super::step::{Aged, Step};

/// What selecting by recordings of one age came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Summary {
    /// How many commits older the recordings were.
    pub(crate) age: usize,
    /// How many commits were looked at.
    pub(crate) commits: usize,
    /// How many tests were left out wrongly, of all commits.
    pub(crate) misses: usize,
    /// How many seemed to be, until they were run again.
    pub(crate) flaky: usize,
    /// The share of tests that were left out.
    pub(crate) skipped: Spread,
    /// The share of their time.
    pub(crate) skipped_time: Spread,
    /// At how many commits everything ran, by the cause.
    pub(crate) everything: BTreeMap<String, usize>,
}

/// How values are spread.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) p10: f64,
    pub(crate) p25: f64,
    pub(crate) median: f64,
    pub(crate) p75: f64,
    pub(crate) p90: f64,
    pub(crate) mean: f64,
}

impl Summary {
    /// Sums up, for each age of which there is something.
    pub(crate) fn of(steps: &[Step]) -> Vec<Summary> {
        let mut ages: BTreeMap<usize, Vec<&Aged>> = BTreeMap::new();
        for aged in steps.iter().flat_map(|step| &step.aged) {
            ages.entry(aged.age).or_default().push(aged);
        }
        let sum = |(age, all): (usize, Vec<&Aged>)| {
            let mut everything = BTreeMap::new();
            for cause in all.iter().filter_map(|aged| aged.selected.everything.first()) {
                *everything.entry(cause.code.clone()).or_default() += 1;
            }
            Summary {
                age,
                commits: all.len(),
                misses: all.iter().map(|aged| aged.misses.len()).sum(),
                flaky: all.iter().map(|aged| aged.flaky.len()).sum(),
                skipped: Spread::of(all.iter().map(|aged| aged.skipped.share())),
                skipped_time: Spread::of(all.iter().map(|aged| aged.skipped.share_of_time())),
                everything,
            }
        };
        ages.into_iter().map(sum).collect()
    }
}

impl Spread {
    /// Measures. Of no values at all, everything is zero.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Spread {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = share * (values.len().saturating_sub(1)) as f64;
            let value = |place: f64| values.get(place as usize).copied().unwrap_or(0.0);
            let (low, high) = (value(place.floor()), value(place.ceil()));
            low + (high - low) * (place - place.floor())
        };
        let mean = if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 };
        Spread { p10: at(0.1), p25: at(0.25), median: at(0.5), p75: at(0.75), p90: at(0.9), mean }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads() {
        let spread = Spread::of([0.4, 0.0, 0.2, 0.1, 0.3]);
        assert_eq!((spread.median, spread.p25, spread.p75), (0.2, 0.1, 0.3));
        assert!((spread.p10 - 0.04).abs() < 1e-9 && (spread.mean - 0.2).abs() < 1e-9, "{spread:?}");
        assert_eq!(Spread::of([0.0, 1.0]).median, 0.5);
        assert_eq!(Spread::of([0.7]).p90, 0.7);
        assert_eq!(Spread::of([]).median, 0.0);
    }
}
