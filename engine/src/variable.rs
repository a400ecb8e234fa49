//! Environment variables that tests consult: their names, and what their values are recognised by.
//!
//! A value may be a secret, so none is ever kept, only a fingerprint. It is the one hash here that is made with
//! cryptography: what the others are made with can be turned back for values of a few bytes. Whoever can guess a
//! value can still check the guess.

use std::collections::BTreeMap;
use std::fmt;

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::fingerprint::Fingerprint;

/// What keeps these fingerprints apart from any other use of the hash.
const SALT: &[u8] = b"skiptrace variable\0";

/// The name of an environment variable: any text, be it one that no variable can have.
///
/// Names are compared as they are. Where case does not tell variables apart, whoever hands them in writes all
/// names, those consulted and those there are, in one case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariableName(Box<str>);

/// Why bytes are not a [`VariableName`]. Of a test that consulted such a variable nothing can be proved.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VariableNameError {
    /// They are not text.
    #[error("invalid variable name `{0}`: it is not UTF-8")]
    NotText(String),
    /// They are too many.
    #[error("invalid variable name: it has {0} bytes (at most {max} are kept)", max = VariableName::MAX_LEN)]
    TooLong(usize),
}

impl VariableName {
    /// How many bytes a name may have.
    pub const MAX_LEN: usize = 4096;

    /// Makes a name of bytes as the system has them.
    pub fn new(name: impl AsRef<[u8]>) -> Result<VariableName, VariableNameError> {
        let bytes = name.as_ref();
        if bytes.len() > VariableName::MAX_LEN {
            return Err(VariableNameError::TooLong(bytes.len()));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(VariableName(text.into())),
            Err(_) => Err(VariableNameError::NotText(String::from_utf8_lossy(bytes).into_owned())),
        }
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VariableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A variable that a test consulted, with what it found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Consulted {
    /// The variable.
    pub name: VariableName,
    /// What its value is recognised by, which depends on the name too; `None` when it was not set.
    pub value: Option<Fingerprint>,
}

impl Consulted {
    /// Notes what a variable was: `None` when it was not set, which is not the same as set to nothing.
    pub fn new(name: VariableName, value: Option<&[u8]>) -> Consulted {
        let value = value.map(|value| fingerprint(&name, value));
        Consulted { name, value }
    }
}

/// Hashes a value, so that equal values of two variables are not seen to be equal.
fn fingerprint(name: &VariableName, value: &[u8]) -> Fingerprint {
    let mut hasher = Sha256::new();
    hasher.update(SALT);
    hasher.update((name.0.len() as u64).to_le_bytes());
    hasher.update(name.0.as_bytes());
    hasher.update(value);
    let hash: [u8; 32] = hasher.finalize().into();
    Fingerprint(u128::from_le_bytes(*hash.first_chunk().expect("half of a hash")))
}

/// The variables that tests would find now, as far as anybody said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Variables {
    /// Nobody said. Then none counts as what it was, and nothing is proved of a test that consulted any.
    #[default]
    Unknown,
    /// These are all that are set, with what their values are recognised by.
    Known(BTreeMap<VariableName, Fingerprint>),
}

/// What became of a variable that a test consulted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Since {
    /// It is what it was.
    Same,
    /// It has another value, is not set any more, or is now.
    Changed,
    /// Nobody said what it is.
    Unknown,
}

impl Variables {
    /// Takes names and values of all variables that are set, as the system has them.
    ///
    /// What has no [`VariableName`] is left out, since none such is ever asked for. Of several of one name the first
    /// counts, as it does for programs.
    pub fn known<N: AsRef<[u8]>, V: AsRef<[u8]>>(variables: impl IntoIterator<Item = (N, V)>) -> Variables {
        let mut known = BTreeMap::new();
        for (name, value) in variables {
            let Ok(name) = VariableName::new(name) else { continue };
            let value = fingerprint(&name, value.as_ref());
            known.entry(name).or_insert(value);
        }
        Variables::Known(known)
    }

    /// Returns what became of a variable since it was consulted.
    pub fn since(&self, consulted: &Consulted) -> Since {
        match self {
            Variables::Unknown => Since::Unknown,
            Variables::Known(known) if known.get(&consulted.name) == consulted.value.as_ref() => Since::Same,
            Variables::Known(_) => Since::Changed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consulted(name: &str, value: Option<&str>) -> Consulted {
        Consulted::new(VariableName::new(name).unwrap(), value.map(str::as_bytes))
    }

    /// Indexes last, and so must what is in them.
    #[test]
    fn fingerprints_are_as_the_document_says() {
        // The first half of SHA-256 over `skiptrace variable`, 0, the name's length in eight bytes, name and value.
        let value = consulted("HOME", Some("/home/ada")).value.unwrap();
        insta::assert_snapshot!(value, @"caccfd21d932c7593a9862072e07cec7");
    }

    #[test]
    fn values_are_told_apart_and_so_are_names() {
        let all = [("A", None), ("A", Some("")), ("A", Some("B")), ("AB", Some("")), ("B", Some("B"))];
        let values: std::collections::BTreeSet<_> =
            all.iter().map(|(name, value)| consulted(name, *value).value).collect();
        assert_eq!(values.len(), all.len());
    }

    #[test]
    fn what_became_of_a_variable() {
        let now = Variables::known([("SET", "1"), ("EMPTY", ""), ("SET", "later")]);
        for (name, value, since) in [
            ("SET", Some("1"), Since::Same),
            ("SET", Some("later"), Since::Changed),
            ("SET", None, Since::Changed),
            ("EMPTY", Some(""), Since::Same),
            ("EMPTY", None, Since::Changed),
            ("UNSET", None, Since::Same),
            ("UNSET", Some(""), Since::Changed),
            ("", None, Since::Same),
        ] {
            assert_eq!(now.since(&consulted(name, value)), since, "{name} {value:?}");
            assert_eq!(Variables::default().since(&consulted(name, value)), Since::Unknown);
        }
    }

    #[test]
    fn names_are_text_of_some_length() {
        let long = "x".repeat(VariableName::MAX_LEN);
        assert_eq!(VariableName::new(&long).unwrap().as_str(), long);
        let error = |name: &[u8]| VariableName::new(name).unwrap_err().to_string();
        insta::assert_snapshot!(error(b"a\xffb"), @"invalid variable name `a\u{fffd}b`: it is not UTF-8");
        insta::assert_snapshot!(error((long + "x").as_bytes()), @"invalid variable name: it has 4097 bytes (at most 4096 are kept)");
        let now = Variables::known([(b"a\xffb".as_slice(), b"1"), (b"c", b"\xff")]);
        assert_eq!(now, Variables::known([(b"c", b"\xff")]));
    }
}
