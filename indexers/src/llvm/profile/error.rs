//! What can be wrong with a profile.

use std::io;

use skiptrace_engine::record::Problem;
use thiserror::Error;

use crate::llvm::layout::CounterWidth;

/// Why a profile, or the rest of a file of profiles, says nothing.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// It could not be read.
    #[error("reading the profile failed")]
    Read(#[from] io::Error),
    /// A process began and never wrote its profile.
    #[error("the profile is empty: its process ended before it could write it")]
    Empty,
    /// The file ends early.
    #[error("the profile ends inside of {what}")]
    Truncated {
        /// Where.
        what: &'static str,
    },
    /// It does not begin as a raw profile does.
    #[error("it is no raw profile of LLVM")]
    ForeignMagic,
    /// Another version, or a variant that nobody knows yet.
    #[error("raw profile version {version} (variant bits `{variants:08x}`) is unknown")]
    UnknownVersion {
        /// The version.
        version: u32,
        /// The upper half of the version word.
        variants: u32,
    },
    /// Its numbers contradict each other.
    #[error("the profile is damaged: {what}")]
    Damaged {
        /// In which way.
        what: &'static str,
    },
    /// It names its binary, but nobody knows that one.
    #[error("the profile is of a binary with build id `{build_id}`, which was not read")]
    UnknownBinary {
        /// In hexadecimal.
        build_id: Box<str>,
    },
    /// It names no binary, and no known binary has such functions.
    #[error("the profile has no build id, and no binary that was read has its functions")]
    Unidentified,
    /// It names a binary that it does not fit.
    #[error("the profile does not fit the binary that it names")]
    Mismatch(#[from] Mismatch),
}

impl ProfileError {
    /// Returns what it means for the run that left the profile.
    pub fn problem(&self) -> Problem {
        match self {
            ProfileError::Read(_) => Problem::Opaque,
            ProfileError::Empty => Problem::ProcessKilled,
            ProfileError::Truncated { .. } | ProfileError::Damaged { .. } => Problem::TruncatedProfile,
            ProfileError::ForeignMagic
            | ProfileError::UnknownVersion { .. }
            | ProfileError::UnknownBinary { .. }
            | ProfileError::Unidentified
            | ProfileError::Mismatch(_) => Problem::ForeignProfile,
        }
    }
}

/// In what a profile differs from the binary that it should be of.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Mismatch {
    /// Another build id.
    #[error("the build ids differ")]
    BuildId,
    /// Another data section.
    #[error("the data sections differ")]
    DataHash,
    /// Another size of the data section.
    #[error("the data section has {profile} bytes in the profile, {binary} in the binary")]
    DataBytes {
        /// The profile's.
        profile: u64,
        /// The binary's.
        binary: u64,
    },
    /// Another number of functions.
    #[error("there are {profile} functions in the profile, {binary} in the binary")]
    Functions {
        /// The profile's.
        profile: u64,
        /// The binary's.
        binary: u64,
    },
    /// Another number of counters.
    #[error("there are {profile} counters in the profile, {binary} in the binary")]
    Counters {
        /// The profile's.
        profile: u64,
        /// The binary's.
        binary: u64,
    },
    /// Another width of counters.
    #[error("counters are {profile:?} bytes wide in the profile, {binary:?} in the binary")]
    Width {
        /// The profile's.
        profile: CounterWidth,
        /// The binary's.
        binary: CounterWidth,
    },
    /// A function of the binary has counters where there are none, or has none.
    #[error("function {slot} of the binary has no counters among those of the profile")]
    Slot {
        /// Its place in the layout.
        slot: usize,
    },
}
