//! Recordings: one run of one job's tests (or a shard of them) at one commit.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::fingerprint::Identifier;
use crate::id::{CommitId, JobName, ObjectId};
use crate::time::Timestamp;

/// A part of a job's tests: the `number`th of `of`, counted from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard {
    number: u32,
    of: u32,
}

/// Why a text is not a [`Shard`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("invalid shard `{0}`: write `2/4` for the second of four")]
pub struct ShardError(String);

impl Shard {
    /// The whole job.
    pub const WHOLE: Shard = Shard { number: 1, of: 1 };
    /// More shards than any job has. A name that says more is damaged, and going through them would take forever.
    pub const MAX: u32 = 100_000;

    /// Makes the `number`th shard of `of`; `None` unless `1 <= number <= of <= Shard::MAX`.
    pub fn new(number: u32, of: u32) -> Option<Shard> {
        (of <= Shard::MAX && (1..=of).contains(&number)).then_some(Shard { number, of })
    }

    /// Returns which one it is, from one.
    pub fn number(self) -> u32 {
        self.number
    }

    /// Returns how many there are.
    pub fn of(self) -> u32 {
        self.of
    }

    /// Returns every shard of a job that is cut as this one is.
    pub fn siblings(self) -> impl Iterator<Item = Shard> {
        (1..=self.of).map(move |number| Shard { number, of: self.of })
    }

    /// Returns the shard as it stands in keys: `2-of-4`.
    pub fn slug(self) -> String {
        format!("{}-of-{}", self.number, self.of)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    /// Parses `2/4` or `2-of-4`.
    fn from_str(text: &str) -> Result<Shard, ShardError> {
        let parts = text.split_once('/').or_else(|| text.split_once("-of-"));
        parts
            .and_then(|(number, of)| Shard::new(plain_number(number)?, plain_number(of)?))
            .ok_or_else(|| ShardError(text.to_owned()))
    }
}

/// Parses a number written in the one usual way, so that no shard has two names.
fn plain_number(text: &str) -> Option<u32> {
    let number: u32 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// The conditions that a recorded run holds for: compiler, target, features, flags, variables, OS.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EnvironmentKey {
    /// The conditions by name.
    pub parts: BTreeMap<String, String>,
}

/// A condition that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvironmentDifference {
    /// The condition's name.
    pub part: String,
    /// Its value then.
    pub recorded: Option<String>,
    /// Its value now.
    pub now: Option<String>,
}

impl EnvironmentKey {
    /// Returns every condition in which `now` differs from this, by name; none means that evidence holds.
    pub fn differences(&self, now: &EnvironmentKey) -> Vec<EnvironmentDifference> {
        let mut names: Vec<_> = self.parts.keys().chain(now.parts.keys()).collect();
        names.sort();
        names.dedup();
        names
            .into_iter()
            .filter(|name| self.parts.get(*name) != now.parts.get(*name))
            .map(|name| EnvironmentDifference {
                part: name.clone(),
                recorded: self.parts.get(name).cloned(),
                now: now.parts.get(name).cloned(),
            })
            .collect()
    }
}

/// Where the evidence of a recording is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Tests were run and watched.
    Recorded,
    /// Somebody else's index was taken over; its word is all there is for outcomes and health.
    Imported,
}

/// One run of one job's tests, or of a shard of them, at one commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Recording {
    /// The job.
    pub job: JobName,
    /// Which part of it.
    pub shard: Shard,
    /// When it was made.
    pub recorded_at: Timestamp,
    /// The commit that was checked out.
    pub commit: CommitId,
    /// The tree that was tested, when it was exactly one that git has.
    pub tree: Option<ObjectId>,
    /// The branch it was made on, when known.
    pub branch: Option<String>,
    /// The conditions it holds for.
    pub environment: EnvironmentKey,
    /// The version of skiptrace that made it.
    pub tool: String,
    /// Where its evidence is from.
    pub origin: Origin,
    /// The methods that code from elsewhere, which the tests were built with, may ask any value for, in order. `None` where
    /// nobody looked, or where it may be any method.
    pub asked_for: Option<Vec<Identifier>>,
}

/// Returns what may be asked for of the tests of two recordings.
pub fn asked_for_by_either(
    a: Option<Vec<Identifier>>,
    b: Option<Vec<Identifier>>,
) -> Option<Vec<Identifier>> {
    let mut methods = [a?, b?].concat();
    methods.sort_unstable();
    methods.dedup();
    Some(methods)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_have_one_spelling() {
        let shard: Shard = "2/4".parse().unwrap();
        assert_eq!((shard.slug(), shard.to_string()), ("2-of-4".into(), "2/4".into()));
        assert_eq!("2-of-4".parse(), Ok(shard));
        assert_eq!(shard.siblings().count(), 4);
        for text in ["0/4", "5/4", "02/4", "+2/4", "2", "", "2-of-", "1/0", "99999999999/1", "1/4000000000"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }

    #[test]
    fn environments_differ_part_by_part() {
        let key = |parts: &[(&str, &str)]| EnvironmentKey {
            parts: parts.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
        };
        let then = key(&[("os", "linux"), ("rustc", "1.95.0")]);
        assert!(then.differences(&then).is_empty());
        let now = key(&[("features", "tls"), ("os", "linux"), ("rustc", "1.96.0")]);
        let names: Vec<_> = then.differences(&now).into_iter().map(|d| d.part).collect();
        assert_eq!(names, ["features", "rustc"]);
    }
}
