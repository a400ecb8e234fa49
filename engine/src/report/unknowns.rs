//! What runs do not tell.

use std::collections::BTreeSet;

use crate::history::{Day, Run};
use crate::time::Timestamp;

use super::sums::has_chosen;
use super::{Period, Sums};

/// What the runs of a report do not tell, in numbers of runs unless it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unknowns {
    /// Nobody looked for misses.
    pub unevaluated: u64,
    /// The branch is not known.
    pub branch: u64,
    /// The commit is not known.
    pub commit: u64,
    /// How far away the index was is not known, though they chose by one.
    pub distance: u64,
    /// They chose nothing: everything ran to be recorded, or no test was known.
    pub unchosen: u64,
    /// They chose, and do not tell how long the tests took that ran.
    pub untimed: u64,
    /// They began after the moment of the report: some clock was wrong.
    pub ahead: u64,
    /// On so many days of the period nothing ran.
    pub empty_days: u32,
    /// The longest stretch of such days.
    pub longest_gap: Option<Period>,
    /// So many days that were asked for lie before the first run.
    pub days_before: u32,
}

impl Unknowns {
    /// Finds out what runs do not tell.
    pub(super) fn of(runs: &[Run], period: Period, since: Option<Timestamp>, now: Timestamp) -> Unknowns {
        let count =
            |is_unknown: &dyn Fn(&Run) -> bool| runs.iter().filter(|run| is_unknown(run)).count() as u64;
        let days: BTreeSet<Day> = runs.iter().map(|run| run.id.day()).collect();
        let asked = since.map_or(period.first, Day::of);
        Unknowns {
            unevaluated: count(&|run| run.misses.is_none()),
            branch: count(&|run| run.branch.as_deref().unwrap_or_default().is_empty()),
            commit: count(&|run| run.commit.is_none()),
            distance: count(&|run| run.index.distance.is_none() && has_chosen(run) && !run.fell_back()),
            unchosen: count(&|run| !has_chosen(run)),
            untimed: count(&|run| has_chosen(run) && Sums::of(run).timed.runs == 0),
            ahead: count(&|run| run.at() > now),
            empty_days: period.days() - days.len() as u32,
            longest_gap: longest_gap(&days, period),
            days_before: period.first.number().saturating_sub(asked.number()),
        }
    }
}

/// Returns the longest stretch of days of a period that are not among `days`; of equals the first.
fn longest_gap(days: &BTreeSet<Day>, period: Period) -> Option<Period> {
    let (mut longest, mut next) = (None::<Period>, Some(period.first));
    for day in days.iter().copied().map(Some).chain([None]) {
        let last = day.map_or(Some(period.last), |day| Day::from_number(day.number().checked_sub(1)?));
        if let (Some(first), Some(last)) = (next, last)
            && first <= last
        {
            let gap = Period { first, last };
            longest = longest.filter(|longest| longest.days() >= gap.days()).or(Some(gap));
        }
        next = day.and_then(|day| Day::from_number(day.number() + 1));
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_gap_may_be_anywhere() {
        let day = |number| Day::from_number(number).unwrap();
        let check = |days: &[u32], expected: Option<(u32, u32)>| {
            let period = Period { first: day(0), last: day(9) };
            let days = days.iter().map(|number| day(*number)).collect();
            let found = longest_gap(&days, period).map(|gap| (gap.first.number(), gap.last.number()));
            assert_eq!(found, expected, "{days:?}");
        };
        check(&[], Some((0, 9)));
        check(&[0, 9], Some((1, 8)));
        check(&[4], Some((5, 9)));
        check(&[5], Some((0, 4)));
        check(&[2, 5, 8], Some((0, 1)));
        check(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], None);
    }
}
