//! What can be wrong with coverage files.

use std::io;

use skiptrace_engine::record::Problem;
use thiserror::Error;

use super::hash::MetaHash;

/// Why a file says nothing, or not all that it should.
#[derive(Debug, Error)]
pub enum CovdataError {
    /// It could not be read.
    #[error("reading the file failed")]
    Read(#[from] io::Error),
    /// Nothing was written.
    #[error("the file is empty: its process ended before it could write it")]
    Empty,
    /// The file ends early.
    #[error("the file ends inside of {what}")]
    Truncated {
        /// Where.
        what: &'static str,
    },
    /// There is more than the file says of itself.
    #[error("{n_bytes} bytes follow the end of {what}")]
    Surplus {
        /// The end of what.
        what: &'static str,
        /// How many bytes.
        n_bytes: u64,
    },
    /// It does not begin as such files do.
    #[error("it is no {what} file of Go")]
    ForeignMagic {
        /// Which kind was expected.
        what: &'static str,
    },
    /// A version that nobody knows yet.
    #[error("{what} version {version} is unknown, only version 1 (Go 1.20 and later) can be read")]
    UnknownVersion {
        /// Of which kind of file.
        what: &'static str,
        /// The version.
        version: u32,
    },
    /// A byte that stands for one of few things, and for none of them.
    #[error("{what} {value} is unknown")]
    UnknownKind {
        /// What it should stand for.
        what: &'static str,
        /// The byte.
        value: u8,
    },
    /// A number is larger than such a number can be.
    #[error("a number is too large in {what}")]
    Number {
        /// Where.
        what: &'static str,
    },
    /// A text is not UTF-8.
    #[error("{what} is not UTF-8")]
    Text {
        /// Which one.
        what: &'static str,
    },
    /// Something refers to a text that does not exist.
    #[error("{what} is text {index} of {n_texts}")]
    TextIndex {
        /// What refers to it.
        what: &'static str,
        /// To which.
        index: u32,
        /// How many there are.
        n_texts: usize,
    },
    /// A part begins before the one in front of it ends, or is not of the length that it says.
    #[error("{what} {index} is not where it can be")]
    Misplaced {
        /// What kind of part.
        what: &'static str,
        /// Which one.
        index: u64,
    },
    /// The content is not what its hash was made of.
    #[error("{what} does not have the hash that it names")]
    Hash {
        /// What.
        what: &'static str,
    },
    /// A file's content and its name are of different binaries.
    #[error("the file's name has hash `{name}`, its content `{content}`")]
    Renamed {
        /// The name's.
        name: MetaHash,
        /// The content's.
        content: MetaHash,
    },
    /// A counter file without segments.
    #[error("the counter file has no segment")]
    NoSegment,
    /// Between or behind segments is something else.
    #[error("segment {index} of the counter file is not followed by its footer")]
    Footer {
        /// Which segment.
        index: u32,
    },
    /// Counters of a package that the binary does not have.
    #[error("it counts in package {index}, but the binary has {n_packages}")]
    PackageIndex {
        /// Which.
        index: u32,
        /// How many there are.
        n_packages: usize,
    },
    /// Counters of a function that the package does not have.
    #[error("it counts in function {index} of `{package}`, which has {n_functions}")]
    FunctionIndex {
        /// The package's path.
        package: Box<str>,
        /// Which.
        index: u32,
        /// How many there are.
        n_functions: usize,
    },
    /// Another number of counters than the function has units.
    #[error("it has {n_counters} counters for function {function} of `{package}`, which has {n_units} units")]
    CounterCount {
        /// The package's path.
        package: Box<str>,
        /// Which function.
        function: u32,
        /// How many counters the file has.
        n_counters: usize,
        /// How many units the binary has.
        n_units: usize,
    },
    /// There is no meta file of that hash.
    #[error("there is no `covmeta.{hash}` beside it; keep the files of a run together")]
    Orphan {
        /// The hash.
        hash: MetaHash,
    },
}

impl CovdataError {
    /// Returns what it means for the run that left the file.
    pub fn problem(&self) -> Problem {
        match self {
            CovdataError::Read(_) => Problem::Opaque,
            CovdataError::Empty => Problem::ProcessKilled,
            CovdataError::Truncated { .. }
            | CovdataError::Surplus { .. }
            | CovdataError::Number { .. }
            | CovdataError::Text { .. }
            | CovdataError::TextIndex { .. }
            | CovdataError::Misplaced { .. }
            | CovdataError::Hash { .. }
            | CovdataError::NoSegment
            | CovdataError::Footer { .. } => Problem::TruncatedProfile,
            CovdataError::ForeignMagic { .. }
            | CovdataError::UnknownVersion { .. }
            | CovdataError::UnknownKind { .. }
            | CovdataError::Renamed { .. }
            | CovdataError::PackageIndex { .. }
            | CovdataError::FunctionIndex { .. }
            | CovdataError::CounterCount { .. }
            | CovdataError::Orphan { .. } => Problem::ForeignProfile,
        }
    }
}
