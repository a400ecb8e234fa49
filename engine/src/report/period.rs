//! A time, cut into stretches of which there are not too many.

use crate::history::{Day, Run};
use crate::time::Timestamp;

/// No more stretches than these fit into a picture.
const MOST: u32 = 100;
const DAYS_OF_MONTH: u32 = 31;

/// Days in a row, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// The first one.
    pub first: Day,
    /// The last one, not before the first.
    pub last: Day,
}

/// How long the stretches of a period are, the first and the last aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// A day.
    Day,
    /// A week, which begins on Monday.
    Week,
    /// So many months of the calendar.
    Months(u32),
}

impl Period {
    /// Returns the days from the first run to the moment of the report; where no run is, from `since`.
    pub(super) fn of(runs: &[Run], since: Option<Timestamp>, now: Timestamp) -> Period {
        let days = || runs.iter().map(|run| run.id.day());
        let today = Day::of(now);
        let first = days().min().or(since.map(Day::of)).unwrap_or(today).min(today);
        // A clock that was ahead may have dated runs after today.
        let last = days().max().map_or(today, |last| last.max(today));
        Period { first, last }
    }

    /// Returns how many days it has.
    pub fn days(self) -> u32 {
        self.last.number() - self.first.number() + 1
    }

    /// Returns how long its stretches are.
    pub fn width(self) -> Width {
        match self.days() {
            days if days <= MOST => Width::Day,
            days if days <= (MOST - 1) * 7 => Width::Week,
            days => {
                let months =
                    [1, 3, 6].into_iter().find(|months| days <= (MOST - 2) * (DAYS_OF_MONTH - 3) * months);
                Width::Months(months.unwrap_or_else(|| 12 * days.div_ceil((MOST - 2) * 365)))
            }
        }
    }

    /// Returns its stretches in order: each day is in one of them.
    pub fn stretches(self) -> Vec<Period> {
        let width = self.width();
        let mut stretches = Vec::new();
        let mut first = self.first;
        loop {
            let next = width.next(first).filter(|next| *next <= self.last);
            let last = next.map_or(self.last, |next| next.earlier(1));
            stretches.push(Period { first, last });
            let Some(next) = next else { return stretches };
            first = next;
        }
    }
}

impl Width {
    /// Returns the day on which the next stretch begins; `None` where the calendar ends.
    fn next(self, day: Day) -> Option<Day> {
        match self {
            Width::Day => Day::from_number(day.number() + 1),
            // The first of January 1970 was a Thursday.
            Width::Week => Day::from_number(day.number() + 7 - (day.number() + 3) % 7),
            Width::Months(n) => {
                let (year, month, _) = day.date();
                let next = ((year * 12 + month - 1) / n + 1) * n;
                Day::from_date(next / 12, next % 12 + 1, 1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn period(first: &str, last: &str) -> Period {
        Period { first: first.parse().unwrap(), last: last.parse().unwrap() }
    }

    #[test]
    fn stretches_keep_to_the_calendar() {
        let check = |first, last, width, n, second: &str| {
            let period = period(first, last);
            let stretches = period.stretches();
            assert_eq!((period.width(), stretches.len()), (width, n));
            assert_eq!(stretches[1].first.to_string(), second);
        };
        check("2026-01-01", "2026-01-30", Width::Day, 30, "2026-01-02");
        check("2025-12-31", "2026-12-30", Width::Week, 53, "2026-01-05");
        check("2024-01-31", "2026-12-30", Width::Months(1), 36, "2024-02-01");
        check("2000-05-05", "2026-12-30", Width::Months(6), 54, "2000-07-01");
        check("1970-01-01", "9999-12-31", Width::Months(984), 98, "2050-01-01");
    }

    proptest! {
        #[test]
        fn each_day_is_in_one_stretch_and_they_are_few(a in 0..=2_932_896_u32, days in 0..40_000_u32, all in any::<bool>()) {
            let day = |number: u32| Day::from_number(number.min(2_932_896)).unwrap();
            let period = Period { first: day(a), last: if all { day(u32::MAX) } else { day(a + days) } };
            let stretches = period.stretches();
            prop_assert!(stretches.len() <= MOST as usize, "{} of {:?}", stretches.len(), period.width());
            prop_assert_eq!(stretches[0].first, period.first);
            prop_assert_eq!(stretches[stretches.len() - 1].last, period.last);
            for pair in stretches.windows(2) {
                prop_assert_eq!(pair[0].last.number() + 1, pair[1].first.number());
            }
            prop_assert_eq!(stretches.iter().map(|stretch| stretch.days()).sum::<u32>(), period.days());
        }
    }
}
