//! Runs by the time in which they began.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::history::Run;

use super::{Period, Sums};

/// No more sorts of what skiptrace did are told apart.
const SORTS: usize = 4;

/// What runs came to in a part of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bin {
    /// Its days.
    pub period: Period,
    /// The sum; `None` where nothing ran, which is not the same as nothing skipped.
    pub sums: Option<Sums>,
    /// How large the indexes were that the runs went by; `None` where no run tells.
    pub index_bytes: Option<Spread>,
}

/// The middle of some numbers, and the largest of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// The one in the middle; of two, the smaller.
    pub median: u64,
    /// The largest.
    pub largest: u64,
}

/// What skiptrace itself took, by what it did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overheads {
    /// What it did, that which took most first. What is beyond the first few is one, without a name.
    pub sorts: Vec<Box<str>>,
    /// How long each of them took, in each bin.
    pub bins: Vec<Vec<Duration>>,
}

impl Spread {
    /// Returns the spread of numbers; `None` where there are none.
    fn of(mut numbers: Vec<u64>) -> Option<Spread> {
        numbers.sort_unstable();
        let largest = *numbers.last()?;
        Some(Spread { median: numbers[(numbers.len() - 1) / 2], largest })
    }
}

impl Overheads {
    /// Sums up what skiptrace took in each part of a period.
    pub(super) fn of(runs: &[Run], period: Period) -> Overheads {
        let mut sums: BTreeMap<&str, Duration> = BTreeMap::new();
        for (sort, took) in runs.iter().flat_map(|run| &run.overheads) {
            let sum = sums.entry(sort).or_default();
            *sum = sum.saturating_add(*took);
        }
        let mut named: Vec<(&str, Duration)> = sums.into_iter().collect();
        named.sort_by(|(a, a_took), (b, b_took)| (b_took, a).cmp(&(a_took, b)));
        let has_rest = named.len() > SORTS;
        named.truncate(SORTS);
        let names: Vec<&str> = named.into_iter().map(|(name, _)| name).collect();
        let mut sorts: Vec<Box<str>> = names.iter().map(|name| (*name).into()).collect();
        sorts.extend(has_rest.then(|| "".into()));
        let in_bin = |runs: Vec<&Run>| {
            let mut took = vec![Duration::ZERO; sorts.len()];
            for (sort, more) in runs.into_iter().flat_map(|run| &run.overheads) {
                let at = names.iter().position(|name| *name == &**sort).unwrap_or(names.len());
                took[at] = took[at].saturating_add(*more);
            }
            took
        };
        let bins = binned(runs, period).into_iter().map(|(_, runs)| in_bin(runs)).collect();
        Overheads { sorts, bins }
    }
}

/// Sums runs up by parts of a period, in which they all are.
pub(super) fn bins(runs: &[Run], period: Period) -> Vec<Bin> {
    let bin = |(period, runs): (Period, Vec<&Run>)| Bin {
        period,
        sums: runs.iter().map(|run| Sums::of(run)).reduce(Sums::and),
        index_bytes: Spread::of(runs.iter().filter_map(|run| run.index.bytes).collect()),
    };
    binned(runs, period).into_iter().map(bin).collect()
}

/// Every run is in the period, for [`Period::of`] saw them all.
fn binned(runs: &[Run], period: Period) -> Vec<(Period, Vec<&Run>)> {
    let mut bins: Vec<(Period, Vec<&Run>)> =
        period.stretches().into_iter().map(|stretch| (stretch, Vec::new())).collect();
    for run in runs {
        let at = bins.partition_point(|(stretch, _)| stretch.last < run.id.day());
        bins[at].1.push(run);
    }
    bins
}
