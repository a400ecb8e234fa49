//! The hashes that name binaries and packages.

use std::fmt;
use std::str::FromStr;

use md5::{Digest, Md5};

/// The hash of a binary's packages, which names its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetaHash(pub [u8; 16]);

impl fmt::Display for MetaHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for MetaHash {
    type Err = ();

    fn from_str(text: &str) -> Result<MetaHash, ()> {
        let digits = text.as_bytes();
        // As Go writes it: `from_str_radix` would be content with capitals and signs too.
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() != 32 || !digits.iter().all(is_digit) {
            return Err(());
        }
        u128::from_str_radix(text, 16).map(|number| MetaHash(number.to_be_bytes())).map_err(|_| ())
    }
}

/// How a toolchain hashes. That is no part of the format, and has changed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Fnv,
    Md5,
}

impl Algorithm {
    pub(super) const ALL: [Algorithm; 2] = [Algorithm::Fnv, Algorithm::Md5];

    /// Returns the hash of what `feed` hands over, piece by piece.
    pub(super) fn hash(self, feed: impl FnOnce(&mut dyn FnMut(&[u8]))) -> [u8; 16] {
        match self {
            Algorithm::Fnv => {
                let mut state = FNV_BASIS;
                feed(&mut |bytes| {
                    for byte in bytes {
                        state = (state ^ u128::from(*byte)).wrapping_mul(FNV_PRIME);
                    }
                });
                state.to_be_bytes()
            }
            Algorithm::Md5 => {
                let mut state = Md5::new();
                feed(&mut |bytes| state.update(bytes));
                state.finalize().into()
            }
        }
    }
}

// FNV-1a of 128 bits.
const FNV_BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const FNV_PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
