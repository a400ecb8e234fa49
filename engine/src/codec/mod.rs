//! The index as bytes. `docs/format.md` says the same to those who do not read Rust.
//!
//! A file is a sequence of zstd frames, found from its end: trailer → footer (where every frame is, and its
//! checksum) → meta and directory → the few blocks that a question needs. Blocks of one kind form a section.
//!
//! Readers are total: no input makes them panic, loop, or allocate without bound. What does not add up is
//! [`CodecError::Corrupt`], with the section's name.

mod container;
mod decode;
mod directory;
mod encode;
mod files;
mod identifiers;
mod meta;
mod reader;
mod rules;
mod sets;
mod tests;
mod units;
mod unkept;
mod variables;
mod wire;

use std::fmt;

use thiserror::Error;

use crate::index::Index;
use crate::read_at::ReadError;

pub use container::{SectionSize, section_sizes};
pub use decode::decode;
pub use encode::encode;
pub use reader::IndexReader;

/// The newest version that is written and read.
pub const FORMAT_VERSION: u16 = 2;
/// The oldest version that is read.
pub const OLDEST_FORMAT_VERSION: u16 = 1;

/// Returns the version that a file of `index` has: the oldest that can say all that is in it, so that older programs
/// read what they can, and nothing that they would leave out.
fn version_of(index: &Index) -> u16 {
    if index.variables().is_empty() { 1 } else { 2 }
}

/// A part of an index file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// The eight bytes that a file begins with.
    Header,
    /// The tests, in blocks.
    Tests,
    /// The files, in blocks.
    Files,
    /// The units with the sets only they name, in blocks of whole files.
    Units,
    /// The sets that more than one block names, in blocks.
    Sets,
    /// Which units mention which identifiers, in blocks.
    Identifiers,
    /// The rules.
    Rules,
    /// What the index is of.
    Meta,
    /// Which block holds what.
    Directory,
    /// Which tests consulted which environment variables; there only when any did.
    Variables,
    /// The files of which git keeps nothing; there only in an index of many files.
    Unkept,
    /// Where every frame is.
    Footer,
    /// The fixed bytes that a file ends with.
    Trailer,
}

impl Section {
    /// The sections that are made of frames, in the order of the file.
    pub(crate) const FRAMED: [Section; 10] = [
        Section::Tests,
        Section::Files,
        Section::Units,
        Section::Sets,
        Section::Identifiers,
        Section::Rules,
        Section::Meta,
        Section::Directory,
        Section::Variables,
        Section::Unkept,
    ];

    /// Returns the section's name.
    pub fn name(self) -> &'static str {
        match self {
            Section::Header => "header",
            Section::Tests => "tests",
            Section::Files => "files",
            Section::Units => "units",
            Section::Sets => "sets",
            Section::Identifiers => "identifiers",
            Section::Rules => "rules",
            Section::Meta => "meta",
            Section::Directory => "directory",
            Section::Variables => "variables",
            Section::Unkept => "unkept",
            Section::Footer => "footer",
            Section::Trailer => "trailer",
        }
    }

    /// Returns the number that stands for the section in the footer.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// Returns whether a file may be without the section.
    pub(crate) fn is_optional(self) -> bool {
        matches!(self, Section::Variables | Section::Unkept)
    }

    /// Returns whether a reader that does not know the section must give up.
    pub(crate) fn is_vital(self) -> bool {
        // What it says is said elsewhere as well.
        self != Section::Unkept
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why an index cannot be read, or not written.
#[derive(Debug, Error)]
pub enum CodecError {
    /// It was written by a newer version, in a way that this one does not understand.
    #[error("the index has format version {found}; this version of skiptrace reads up to {supported}")]
    TooNew {
        /// The version that a reader must know.
        found: u16,
        /// The newest version this one knows.
        supported: u16,
    },
    /// It was written by a version so old that it is not read any more.
    #[error("the index has format version {found}; this version of skiptrace reads from {supported}")]
    TooOld {
        /// The version it has.
        found: u16,
        /// The oldest version this one knows.
        supported: u16,
    },
    /// Its bytes are not what was written.
    #[error("the index is corrupt in its {section} section: {what}")]
    Corrupt {
        /// Where.
        section: Section,
        /// What does not add up.
        what: String,
    },
    /// A part of it is larger than the format allows.
    #[error("the index is too large: a block of its {section} section has {bytes} bytes")]
    TooLarge {
        /// Where.
        section: Section,
        /// How large it is.
        bytes: usize,
    },
    /// Its bytes could not be got.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl CodecError {
    pub(crate) fn corrupt(section: Section, what: impl fmt::Display) -> CodecError {
        CodecError::Corrupt { section, what: what.to_string() }
    }
}
