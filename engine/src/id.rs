//! Names that last, and numbers that are dense inside one index.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A number that counts things of one kind from zero, inside one index.
pub trait DenseId: Copy + Ord {
    /// Makes the id of the `number`th thing.
    fn new(number: u32) -> Self;
    /// Returns which thing it is.
    fn number(self) -> u32;
}

macro_rules! dense_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub u32);

        impl DenseId for $name {
            fn new(number: u32) -> Self {
                $name(number)
            }
            fn number(self) -> u32 {
                self.0
            }
        }

        impl $name {
            /// Returns the id as a place in a slice.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

dense_ids! {
    /// A test of one index; tests are numbered in the order of their keys.
    TestId;
    /// A file of one index; files are numbered in the order of their paths.
    FileId;
    /// A unit of one index; units are numbered file by file.
    UnitId;
    /// A set of tests of one index. Zero is the empty set.
    SetId;
    /// A recording of one index.
    RecordingId;
}

impl SetId {
    /// The empty set.
    pub const EMPTY: SetId = SetId(0);
}

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("invalid {what} `{text}`: {reason}")]
pub struct NameError {
    what: &'static str,
    text: String,
    reason: &'static str,
}

/// A commit: the full object id git knows it by, in lower-case hex (40 digits, or 64 under SHA-256).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(Box<str>);

/// A git object's id other than a commit's: a tree or a blob.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(Box<str>);

fn object_id(what: &'static str, text: &str) -> Result<Box<str>, NameError> {
    let hex = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if hex && matches!(text.len(), 40 | 64) {
        return Ok(text.into());
    }
    let reason = "it is not a full object id, 40 or 64 lower-case hex digits";
    Err(NameError { what, text: text.to_owned(), reason })
}

macro_rules! object_ids {
    ($($name:ident, $what:literal;)*) => {$(
        impl $name {
            /// Returns the id in hex.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the first twelve digits, for people.
            pub fn short(&self) -> &str {
                &self.0[..12]
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                object_id($what, text).map($name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

object_ids! {
    CommitId, "commit";
    ObjectId, "object id";
}

/// One CI job or configuration whose tests are indexed apart. Any non-empty text without control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobName(Box<str>);

impl JobName {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JobName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let reason = if text.is_empty() {
            "it is empty"
        } else if text.chars().any(char::is_control) {
            "it has a control character"
        } else {
            return Ok(JobName(text.into()));
        };
        Err(NameError { what: "job name", text: text.to_owned(), reason })
    }
}

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_full_ids() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(id.parse::<CommitId>().unwrap().short(), "0123456789ab");
        assert!(id.repeat(2)[..64].parse::<CommitId>().is_ok());
        for text in ["", "0123", "HEAD", &id.to_uppercase(), "../../../../../../../../../../../../../x"] {
            assert!(text.parse::<CommitId>().is_err(), "{text}");
        }
    }

    #[test]
    fn job_names_are_free_but_not_empty() {
        assert!("unit linux/amd64 (go 1.26)".parse::<JobName>().is_ok());
        assert!("".parse::<JobName>().is_err());
        assert!("a\0b".parse::<JobName>().is_err());
    }
}
