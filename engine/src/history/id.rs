//! Names of runs.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::key::Key;
use crate::time::Timestamp;

use super::Day;

/// How many bits of chance an id has: with the millisecond, enough for all runs of a fleet to differ.
const CHANCE: u64 = (1 << 48) - 1;
const FOLDER: &str = "skiptrace/v1/history";
const SUFFIX: &str = ".jsonl.zst";
const MS_OF_DAY: u64 = 86_400_000;

/// The name of a run: when it began, and a number by chance. Ids sort by time, as values and as texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId {
    at: u64,
    chance: u64,
}

/// Why a text is no [`RunId`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not the id of a run (such as `20260102T030405678Z-0123456789ab`)")]
pub struct RunIdError(String);

impl RunId {
    /// Makes the id of a run that began at a moment. Of `chance`, 48 bits count.
    pub fn new(at: Timestamp, chance: u64) -> RunId {
        let last = Day::of(Timestamp(u64::MAX)).start().0 + MS_OF_DAY - 1;
        RunId { at: at.0.min(last), chance: chance & CHANCE }
    }

    /// Returns when the run began.
    pub fn at(self) -> Timestamp {
        Timestamp(self.at)
    }

    /// Returns the day on which it began.
    pub fn day(self) -> Day {
        Day::of(self.at())
    }

    /// Returns the smallest id from a moment on.
    pub fn first_at(at: Timestamp) -> RunId {
        RunId::new(at, 0)
    }

    /// Returns the id after this one.
    #[must_use]
    pub fn next(self) -> RunId {
        match self.chance {
            CHANCE => RunId::new(Timestamp(self.at.saturating_add(1)), 0),
            chance => RunId { chance: chance + 1, ..self },
        }
    }

    /// Returns the key of the run's object in a store: `skiptrace/v1/history/<day>/<id>.jsonl.zst`.
    pub fn key(self) -> Key {
        fixed(format!("{FOLDER}/{}/{self}{SUFFIX}", self.day()))
    }

    /// Returns whose object a key is; `None` for all that we would not have written.
    pub fn of_key(key: &Key) -> Option<RunId> {
        let rest = key.as_str().strip_prefix(FOLDER)?.strip_prefix('/')?;
        let id: RunId = rest.split_once('/')?.1.strip_suffix(SUFFIX)?.parse().ok()?;
        (id.key() == *key).then_some(id)
    }

    /// Returns the folder of all runs' objects.
    pub fn folder() -> Key {
        fixed(FOLDER.to_owned())
    }

    /// Returns a key that sorts before the objects of a day and after those of the days before.
    pub fn before_day(day: Day) -> Key {
        fixed(format!("{FOLDER}/{day}"))
    }
}

fn fixed(text: String) -> Key {
    Key::new(text).expect("days and ids are plain segments")
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.day().date();
        let ms = self.at % MS_OF_DAY;
        let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        write!(f, "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}{:03}Z-", ms % 1000)?;
        write!(f, "{:012x}", self.chance)
    }
}

impl FromStr for RunId {
    type Err = RunIdError;

    fn from_str(text: &str) -> Result<RunId, RunIdError> {
        let parsed = parse(text).filter(|id| id.to_string() == text);
        parsed.ok_or_else(|| RunIdError(text.to_owned()))
    }
}

/// Reads what may also be spelled otherwise than ours are.
fn parse(text: &str) -> Option<RunId> {
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    let number = |from: usize, to: usize| text[from..to].parse::<u32>().ok();
    let day = Day::from_date(number(0, 4)?, number(4, 6)?, number(6, 8)?)?;
    let (hour, minute, second, ms) = (number(9, 11)?, number(11, 13)?, number(13, 15)?, number(15, 18)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let of_day = u64::from((hour * 60 + minute) * 60 + second) * 1000 + u64::from(ms);
    let chance = u64::from_str_radix(&text[20..], 16).ok()?;
    Some(RunId::new(Timestamp(day.start().0 + of_day), chance))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_are_as_documented() {
        let id = RunId::new(Timestamp(1_767_323_045_678), 0xabc);
        assert_eq!(
            id.key().as_str(),
            "skiptrace/v1/history/2026-01-02/20260102T030405678Z-000000000abc.jsonl.zst"
        );
    }

    #[test]
    fn nothing_has_two_ids() {
        for text in [
            "",
            "20260102T030405678Z-000000000ABC",
            "20260102T030405678Z-00000000abc",
            "20260102T240405678Z-000000000abc",
            "20260102T036005678Z-000000000abc",
            "20260132T030405678Z-000000000abc",
            "20260102 030405678Z-000000000abc",
            "2026010éT030405678Z-000000000ab",
            "+0260102T030405678Z-000000000abc",
        ] {
            assert!(text.parse::<RunId>().is_err(), "{text}");
        }
        let id = RunId::new(Timestamp(1_767_323_045_678), 0xabc);
        let other_day = format!("skiptrace/v1/history/2026-01-03/{id}.jsonl.zst");
        assert_eq!(RunId::of_key(&Key::new(other_day).unwrap()), None);
    }

    proptest! {
        #[test]
        fn an_id_is_its_text_and_its_key(at in any::<u64>(), other in 0..4_000_000_000_000u64, chance in any::<u64>()) {
            let (a, b) = (RunId::new(Timestamp(at), chance), RunId::new(Timestamp(other), chance));
            prop_assert_eq!(a.to_string().parse(), Ok(a));
            prop_assert_eq!(RunId::of_key(&a.key()), Some(a));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
            prop_assert_eq!(a.cmp(&b), a.key().cmp(&b.key()));
            prop_assert!(b.next() > b && b.next().at().0 - b.at().0 <= 1);
            prop_assert!(RunId::before_day(a.day()) < a.key());
            prop_assert!(a.key().is_below(&RunId::folder()));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}|[0-9TZ-]{32}") {
            let _ = text.parse::<RunId>();
        }
    }
}
