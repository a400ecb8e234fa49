//! Days, as calendars have them: the engine never asks a clock, and needs no more of dates than this.

use std::fmt;
use std::str::FromStr;

use crate::time::Timestamp;

const MS_OF_DAY: u64 = 86_400_000;
/// The last day of the year 9999, the last one with ten characters.
const LAST: u32 = 2_932_896;

/// A day in UTC, from 1970-01-01 to 9999-12-31, written like `2026-01-02`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Day(u32);

impl Day {
    /// Returns the day of a moment; the last one there is for those after it.
    pub fn of(moment: Timestamp) -> Day {
        Day(u32::try_from(moment.0 / MS_OF_DAY).unwrap_or(LAST).min(LAST))
    }

    /// Returns when the day begins.
    pub fn start(self) -> Timestamp {
        Timestamp(u64::from(self.0) * MS_OF_DAY)
    }

    /// Returns how many days after 1970-01-01 it is.
    pub fn number(self) -> u32 {
        self.0
    }

    /// Returns the day of a number; `None` after the last one.
    pub fn from_number(number: u32) -> Option<Day> {
        (number <= LAST).then_some(Day(number))
    }

    /// Returns the day so many days before; the first one where there is none.
    #[must_use]
    pub fn earlier(self, days: u64) -> Day {
        Day(self.0.saturating_sub(u32::try_from(days).unwrap_or(u32::MAX)))
    }

    /// Returns the day of a date, where the calendar has it.
    pub fn from_date(year: u32, month: u32, day: u32) -> Option<Day> {
        if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        // Years begin in March here, so that the day that not every year has comes last.
        let (year_of, month_of) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let days =
            365 * year_of + year_of / 4 - year_of / 100 + year_of / 400 + (153 * month_of + 2) / 5 + day;
        let found = Day(days - 1 - DAYS_BEFORE_1970);
        (found.date() == (year, month, day)).then_some(found)
    }

    /// Returns year, month and day of the month.
    pub fn date(self) -> (u32, u32, u32) {
        let days = self.0 + DAYS_BEFORE_1970;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_of = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month_of + 2) / 5 + 1;
        let month = if month_of < 10 { month_of + 3 } else { month_of - 9 };
        (year_of_era + 400 * era + u32::from(month <= 2), month, day)
    }
}

/// From the first of March of the year zero.
const DAYS_BEFORE_1970: u32 = 719_468;

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = ();

    fn from_str(text: &str) -> Result<Day, ()> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let mut parts = text.split('-').map(|part| digits(part).then_some(part));
        let (Some(Some(year)), Some(Some(month)), Some(Some(day)), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(());
        };
        if (year.len(), month.len(), day.len()) != (4, 2, 2) {
            return Err(());
        }
        let number = |text: &str| text.parse().map_err(drop);
        Day::from_date(number(year)?, number(month)?, number(day)?).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (number, text) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_454, "2026-01-01"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
            (LAST, "9999-12-31"),
        ] {
            assert_eq!(Day(number).to_string(), text);
            assert_eq!(text.parse(), Ok(Day(number)));
        }
        for text in [
            "",
            "2026-02-29",
            "2026-13-01",
            "2026-1-1",
            "2026-00-10",
            "1969-12-31",
            "2026-01-01-",
            "+026-01-01",
        ] {
            assert_eq!(text.parse::<Day>(), Err(()), "{text}");
        }
        assert_eq!(Day::of(Timestamp(u64::MAX)), Day(LAST));
    }

    proptest! {
        #[test]
        fn a_day_is_its_text_and_texts_sort_as_days(a in 0..=LAST, b in 0..=LAST) {
            let (a, b) = (Day(a), Day(b));
            prop_assert_eq!(a.to_string().parse(), Ok(a));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
            prop_assert_eq!(Day::of(a.start()), a);
            prop_assert_eq!(Day::of(Timestamp(a.start().0 + MS_OF_DAY - 1)), a);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9-]{0,12}|\\PC{0,12}") {
            let _ = text.parse::<Day>();
        }
    }
}
