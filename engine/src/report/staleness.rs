//! What it costs that an index is old.

use crate::history::Run;

use super::Sums;
use super::sums::has_chosen;

/// How many commits an index was away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Distance {
    /// It was of the very commit.
    Same,
    /// One.
    One,
    /// Two to five.
    UpToFive,
    /// Six to twenty.
    UpToTwenty,
    /// More.
    Further,
    /// Nobody knows, or there was no index.
    Unknown,
}

/// What runs came to whose indexes were about as far away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StalenessSums {
    /// How far.
    pub distance: Distance,
    /// The sum.
    pub sums: Sums,
}

impl Distance {
    /// All of them, the nearest first.
    pub const ALL: [Distance; 6] = [
        Distance::Same,
        Distance::One,
        Distance::UpToFive,
        Distance::UpToTwenty,
        Distance::Further,
        Distance::Unknown,
    ];

    /// Returns which one a number of commits is in.
    pub fn of(commits: Option<u64>) -> Distance {
        match commits {
            Some(0) => Distance::Same,
            Some(1) => Distance::One,
            Some(2..=5) => Distance::UpToFive,
            Some(6..=20) => Distance::UpToTwenty,
            Some(_) => Distance::Further,
            None => Distance::Unknown,
        }
    }

    /// Returns a name for tables and documents.
    pub fn name(self) -> &'static str {
        match self {
            Distance::Same => "0",
            Distance::One => "1",
            Distance::UpToFive => "2–5",
            Distance::UpToTwenty => "6–20",
            Distance::Further => "> 20",
            Distance::Unknown => "unknown",
        }
    }
}

/// Sums runs up that chose among tests, by how far away the index was: each distance is there, the nearest first.
pub(super) fn staleness(runs: &[Run]) -> Vec<StalenessSums> {
    let of = |distance: Distance| {
        let near = |run: &&Run| has_chosen(run) && Distance::of(run.index.distance) == distance;
        let sums = runs.iter().filter(near).map(Sums::of).fold(Sums::default(), Sums::and);
        StalenessSums { distance, sums }
    };
    Distance::ALL.map(of).into()
}
