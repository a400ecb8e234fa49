//! Names of values in a store.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The name of a value in a store: segments joined by `/`, ordered by its bytes.
///
/// Made so that every store can hold it as it is: no segment is empty, starts with a dot or is longer than
/// 255 bytes, nothing is a control character or a backslash, and the whole has at most 900 bytes
/// (S3 allows 1,024, of which a prefix may take some).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

/// Why a text is not a [`Key`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("invalid store key `{key}`: {reason}")]
pub struct KeyError {
    key: String,
    reason: &'static str,
}

impl Key {
    /// How long a segment may be.
    pub const MAX_SEGMENT: usize = 255;
    /// How long a key may be.
    pub const MAX: usize = 900;

    /// Parses a key.
    pub fn new(text: impl Into<String>) -> Result<Key, KeyError> {
        let key = text.into();
        let problem = if key.len() > Key::MAX {
            Some("longer than 900 bytes")
        } else {
            key.split('/').find_map(segment_problem)
        };
        match problem {
            Some(reason) => Err(KeyError { key, reason }),
            None => Ok(Key(key)),
        }
    }

    /// Returns the key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the segments.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// Returns `self/rest`.
    pub fn join(&self, rest: &str) -> Result<Key, KeyError> {
        Key::new(format!("{}/{rest}", self.0))
    }

    /// Returns whether this key lies in `folder`, at any depth.
    pub fn is_below(&self, folder: &Key) -> bool {
        self.below(folder).is_some()
    }

    /// Returns what is left of this key below `folder`.
    pub fn below(&self, folder: &Key) -> Option<&str> {
        self.0.strip_prefix(folder.as_str())?.strip_prefix('/')
    }
}

fn segment_problem(segment: &str) -> Option<&'static str> {
    if segment.is_empty() {
        Some("it has an empty segment")
    } else if segment.starts_with('.') {
        Some("a segment starts with a dot")
    } else if segment.len() > Key::MAX_SEGMENT {
        Some("a segment is longer than 255 bytes")
    } else if segment.chars().any(|c| c.is_control() || c == '\\') {
        Some("it has a control character or a backslash")
    } else {
        None
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Key, KeyError> {
        Key::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_every_store_can_hold() {
        for text in ["a", "a/b", "skiptrace/v1/function/0af3/unit%2Flinux/1-of-2.idx", "naïve/~x"] {
            assert_eq!(Key::new(text).expect(text).as_str(), text);
        }
    }

    #[test]
    fn refuses_the_rest_and_says_why() {
        let long = "x".repeat(256);
        let longer = vec!["y".repeat(200); 5].join("/");
        for (text, why) in [
            ("", "empty segment"),
            ("/a", "empty segment"),
            ("a/", "empty segment"),
            ("a//b", "empty segment"),
            ("a/../b", "dot"),
            (".tmp/a", "dot"),
            ("a\nb", "control"),
            ("a\\b", "backslash"),
            (long.as_str(), "255"),
            (longer.as_str(), "900"),
        ] {
            let error = Key::new(text).expect_err(text).to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn below_is_by_segment() {
        let folder = Key::new("a/b").unwrap();
        assert_eq!(Key::new("a/b/c/d").unwrap().below(&folder), Some("c/d"));
        assert!(!Key::new("a/bc").unwrap().is_below(&folder));
        assert!(!folder.is_below(&folder));
    }
}
