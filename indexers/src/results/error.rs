//! Why results cannot be read, and what to do about it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A file of results that cannot be read, or not to its end.
#[derive(Debug, Error)]
#[error("cannot read the results `{}`: {why}{}", .file.display(), At(.position))]
pub struct ResultsError {
    /// The file.
    pub file: PathBuf,
    /// Where in it.
    pub position: Option<Position>,
    /// What is wrong.
    #[source]
    pub why: Why,
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// So many bytes from the start, of what was unpacked.
    Byte(u64),
    /// In this line, counted from one.
    Line(u64),
}

/// What is wrong with a file.
#[derive(Debug, Error)]
pub enum Why {
    /// It cannot be read at all.
    #[error("the file cannot be read")]
    Io(#[source] io::Error),
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is something else.
    #[error("the file is in no format of results that is known ({})", super::Format::LIST)]
    Unknown,
    /// It is XML, and not JUnit's.
    #[error("the root element is `{0}`, which is none of JUnit's")]
    ForeignRoot(String),
    /// It ends before it should.
    #[error("the file ends early: {0}")]
    Truncated(String),
    /// It is damaged.
    #[error("the file is damaged: {0}")]
    Malformed(String),
    /// One thing in it is larger than anything that a runner writes.
    #[error("one record is larger than {} MiB", super::input::RECORD >> 20)]
    TooLarge,
    /// Elements are inside of each other more often than in anything that a runner writes.
    #[error("elements are nested too deeply")]
    TooDeep,
}

impl ResultsError {
    /// Returns what can be done.
    pub fn hint(&self) -> &'static str {
        match self.why {
            Why::Io(_) => "check the path, and that the job that writes the file has finished",
            Why::Empty | Why::Truncated(_) => {
                "the run was cut off, or the file is still being written: have the job write it again, or leave it out"
            }
            Why::Unknown | Why::ForeignRoot(_) => {
                "have the runner write JUnit XML, or the output of `go test -json`, of nextest's \
                 `--message-format libtest-json`, or of `--gtest_output=json:`"
            }
            Why::Malformed(_) => {
                "something else was written into the file, such as a second stream: have the runner write to a file of its own"
            }
            Why::TooLarge | Why::TooDeep => {
                "the file is not what a runner of tests writes: check which one it is"
            }
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Position::Byte(byte) => write!(f, "byte {byte}"),
            Position::Line(line) => write!(f, "line {line}"),
        }
    }
}

struct At<'a>(&'a Option<Position>);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(position) => write!(f, " (at {position})"),
            None => Ok(()),
        }
    }
}
