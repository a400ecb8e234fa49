//! The laws that every store keeps, one function each; [`conformance!`](crate::conformance!) makes a test of
//! each of them.
//!
//! A law panics when it is broken. [`READ`] holds for stores that can only be read as well: what there is to
//! read is put there through another one, the [`Subject::writer`].

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use skiptrace_engine::key::Key;
use skiptrace_engine::store::Store;

pub mod read;
pub mod write;

/// A store under test: empty, and nobody else's.
pub struct Subject {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Through which it is filled; the same store where it can be written to.
    pub writer: Arc<dyn Store>,
    /// Whether several racing writers of a key may all be told that they made it.
    pub creates: Creates,
    // The folder or server that must live as long as the store.
    _keep: Option<Box<dyn Any + Send + Sync>>,
}

/// How a store behaves when a key is written by several at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creates {
    /// As the port demands: one creates, and the others are told.
    Once,
    /// Not so; the service itself is known to let several through. Excused from that one law, aloud.
    Racily,
}

impl Subject {
    /// Makes a subject of a store that can be written to.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Subject { writer: Arc::clone(&store), store, creates: Creates::Once, _keep: None }
    }

    /// Fills the store through `writer` instead.
    #[must_use]
    pub fn filled_through(self, writer: Arc<dyn Store>) -> Self {
        Subject { writer, ..self }
    }

    /// Excuses the store from the law about racing writers.
    #[must_use]
    pub fn creating_racily(self) -> Self {
        Subject { creates: Creates::Racily, ..self }
    }

    /// Keeps `guard` until the test is over.
    #[must_use]
    pub fn keeping(self, guard: impl Any + Send + Sync) -> Self {
        Subject { _keep: Some(Box::new(guard)), ..self }
    }

    /// Puts `value` at `key`, which must work.
    pub fn fill(&self, key: &str, value: &[u8]) {
        self.writer.put(&parse(key), value).unwrap_or_else(|error| panic!("{error}: {error:?}"));
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} filled through {:?}", self.store, self.writer)
    }
}

/// Makes a module `$name` with a test for every law, each on a fresh `$make()`, an
/// `Option<`[`Subject`]`>`: `None` skips the test, after `$make` said why.
///
/// `read` stands for the laws of reading, `all` for those of writing as well.
#[macro_export]
macro_rules! conformance {
    ($name:ident, all, $make:expr) => {
        mod $name {
            #[expect(unused_imports, reason = "what `$make` names")]
            use super::*;
            $crate::conformance!(@ read, $make, [
                round_trips odd_keys missing_values ranges empty_ranges ranges_of_missing_values
                several_ranges listing_order listing_by_folder listing_after_a_key listing_with_a_limit
                listing_details
            ]);
            $crate::conformance!(@ write, $make, [
                created_once identical_again different_refused deleting racing_writers_of_different_values
                racing_writers_of_one_value readers_during_writes deleting_beside_writers
            ]);
        }
    };
    ($name:ident, read, $make:expr) => {
        mod $name {
            #[expect(unused_imports, reason = "what `$make` names")]
            use super::*;
            $crate::conformance!(@ read, $make, [
                round_trips odd_keys missing_values ranges empty_ranges ranges_of_missing_values
                several_ranges listing_order listing_by_folder listing_after_a_key listing_with_a_limit
                listing_details
            ]);
        }
    };
    (@ $laws:ident, $make:expr, [$($law:ident)*]) => {
        $(
            #[test]
            fn $law() {
                let make: fn() -> Option<$crate::conformance::Subject> = $make;
                if let Some(subject) = make() {
                    $crate::conformance::$laws::$law(&subject);
                }
            }
        )*
    };
}

/// Returns `len` bytes that depend on `seed`, with no pattern that compression or reading at a wrong place
/// could hide behind.
pub fn bytes(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Parses a key that a law spells out.
pub fn parse(key: &str) -> Key {
    Key::new(key).unwrap_or_else(|error| panic!("{error}"))
}
