//! What a unit's content is recognised by.

use std::fmt;

use xxhash_rust::xxh3::{Xxh3, xxh3_64, xxh3_128};

/// A 128-bit hash of a unit's tokens. Equal fingerprints mean equal content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u128);

impl Fingerprint {
    /// Hashes bytes as they are.
    pub fn of(bytes: &[u8]) -> Fingerprint {
        Fingerprint(xxh3_128(bytes))
    }

    /// Hashes a function so that a change of its body alone can be told: one half of the hash is of what others see of
    /// it, the other of what it does. Two functions are the same where both halves are.
    pub fn of_function(head: &[u8], body: &[u8]) -> Fingerprint {
        let half = |bytes: &[u8]| u128::from(xxh3_64(bytes));
        Fingerprint(half(head) << 64 | half(body))
    }

    /// Returns whether two functions look the same from outside, whatever they do.
    pub fn has_same_head(self, other: Fingerprint) -> bool {
        self.0 >> 64 == other.0 >> 64
    }

    /// Hashes named parts into one; their order does not matter.
    pub fn combine<'a>(parts: impl IntoIterator<Item = (&'a str, Fingerprint)>) -> Fingerprint {
        let mut parts: Vec<_> = parts.into_iter().collect();
        parts.sort_unstable();
        let mut hasher = Xxh3::new();
        for (name, part) in parts {
            hasher.update(&(name.len() as u64).to_le_bytes());
            hasher.update(name.as_bytes());
            hasher.update(&part.0.to_le_bytes());
        }
        Fingerprint(hasher.digest128())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A name that a unit mentions, as a hash. A collision only makes a change reach more tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier(pub u32);

impl Identifier {
    /// Hashes a name.
    pub fn of(name: &str) -> Identifier {
        Identifier(xxh3_64(name.as_bytes()) as u32)
    }

    /// Hashes a name that stands behind a dot, where nothing can be meant but a member of a value: the same name
    /// elsewhere is another identifier.
    pub fn of_member(name: &str) -> Identifier {
        let mut dotted = String::with_capacity(name.len() + 1);
        dotted.push('.');
        dotted.push_str(name);
        Identifier::of(&dotted)
    }
}
