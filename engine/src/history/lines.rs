//! Runs as lines of JSON, for which no program of ours is needed.
//!
//! ```text
//! {"schema":"skiptrace/history-run@1","line":"run","run":"20260102T030405678Z-0123456789ab","job":"unit",…}
//! {"line":"test","run":"20260102T030405678Z-0123456789ab","suite":"api","test":"login","outcome":"passed",…}
//! ```
//!
//! The line of a run comes first, those of its tests follow; several runs may stand one after the other. What a reader
//! does not know is passed over, unless the version in `schema` is newer than the reader's: then it is refused.

use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::io::{self, BufRead, Read};

use thiserror::Error;
use xxhash_rust::xxh3::Xxh3;

use crate::time::Timestamp;

use super::{RunId, RunRecord};
use form::{Head, RunLine, TestLine};

mod form;

const SCHEMA: &str = "skiptrace/history-run@";
/// The newest version that is understood, and the one that is written.
const VERSION: u32 = 1;
/// No line is longer: a name of a test is no longer than a page, and so is a run.
const MAX_LINE: u64 = 1024 * 1024;
/// No run is larger: some millions of tests.
const MAX_RUN: u64 = 1024 * 1024 * 1024;

/// Why bytes are no runs.
#[derive(Debug, Error)]
pub enum FormatError {
    /// A line says something else than it should.
    #[error("line {line}: {reason}")]
    Line {
        /// Which one, counted from one.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// It was written by a newer version.
    #[error("line {line} has version {found} of its form, and this skiptrace reads up to {supported}")]
    TooNew {
        /// Which one.
        line: u64,
        /// Its version.
        found: u32,
        /// The newest that is understood.
        supported: u32,
    },
    /// There is no run in it, or there are several where one was expected.
    #[error("expected one run, found {0}")]
    NotOne(usize),
    /// It is another run than its name says.
    #[error("it is the run `{0}`")]
    OtherRun(RunId),
    /// The bytes cannot be read.
    #[error("it cannot be read or unpacked: {0}")]
    Read(io::Error),
}

impl From<io::Error> for FormatError {
    fn from(error: io::Error) -> FormatError {
        FormatError::Read(error)
    }
}

/// Returns a run as lines.
pub fn encode(record: &RunRecord) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512 + 160 * record.tests.len());
    let mut line = |value: Vec<u8>| {
        bytes.extend_from_slice(&value);
        bytes.push(b'\n');
    };
    let of = "numbers and texts can be written";
    line(serde_json::to_vec(&RunLine::of(&record.run)).expect(of));
    let id = record.run.id.to_string();
    for (test, result) in &record.tests {
        line(serde_json::to_vec(&TestLine::of(&id, test, result)).expect(of));
    }
    bytes
}

/// Reads one run.
pub fn decode(lines: impl BufRead) -> Result<RunRecord, FormatError> {
    let runs = Runs::new(lines).collect::<Result<Vec<_>, _>>()?;
    <[RunRecord; 1]>::try_from(runs).map(|[run]| run).map_err(|runs| FormatError::NotOne(runs.len()))
}

/// Reads runs that stand one after the other, and ends at the first error.
#[derive(Debug)]
pub struct Runs<R> {
    lines: R,
    number: u64,
    /// How many bytes the lines of a run may have, and how many are left of them.
    largest: u64,
    left: u64,
    /// The run whose tests are being read.
    open: Option<Open>,
    has_ended: bool,
}

/// A run of which more lines may come.
struct Open {
    record: RunRecord,
    /// What the lines are known by, where the run has no id of its own.
    unnamed: Option<Box<Xxh3>>,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.record.run.id.fmt(f)
    }
}

impl<R: BufRead> Runs<R> {
    /// Reads from `lines`, as far as is asked for.
    pub fn new(lines: R) -> Runs<R> {
        Runs { lines, number: 0, largest: MAX_RUN, left: MAX_RUN, open: None, has_ended: false }
    }

    #[cfg(test)]
    pub(super) fn with_largest(self, bytes: u64) -> Runs<R> {
        Runs { largest: bytes, left: bytes, ..self }
    }

    /// Reads up to the end of a run.
    fn advance(&mut self) -> Result<Option<RunRecord>, FormatError> {
        let mut text = Vec::new();
        loop {
            text.clear();
            let length = (&mut self.lines).take(MAX_LINE + 1).read_until(b'\n', &mut text)?;
            if length == 0 {
                self.has_ended = true;
                return Ok(self.open.take().map(Open::close));
            }
            self.number += 1;
            if length as u64 > MAX_LINE {
                return Err(self.wrong(format_args!("it is longer than {MAX_LINE} bytes")));
            }
            let text = text.trim_ascii();
            if text.is_empty() {
                continue;
            }
            let is_first = self.is_first(text)?;
            if is_first {
                self.left = self.largest;
            }
            self.left = self
                .left
                .checked_sub(text.len() as u64)
                .ok_or_else(|| self.wrong(format_args!("the run is larger than {} bytes", self.largest)))?;
            if !is_first {
                self.test_line(text)?;
                continue;
            }
            let next = self.run_line(text)?;
            if let Some(done) = self.open.replace(next) {
                return Ok(Some(done.close()));
            }
        }
    }

    /// Returns whether a line is the first of a run, and of a version that is understood.
    fn is_first(&self, text: &[u8]) -> Result<bool, FormatError> {
        if !contains(text, b"\"schema\"") {
            return Ok(false);
        }
        let head: Head<'_> = serde_json::from_slice(text).map_err(|error| self.wrong(error))?;
        let Some(schema) = head.schema else { return Ok(false) };
        let version = schema.strip_prefix(SCHEMA).and_then(|version| version.parse::<u32>().ok());
        match version {
            Some(found) if found > VERSION => {
                Err(FormatError::TooNew { line: self.number, found, supported: VERSION })
            }
            Some(1..) => Ok(true),
            _ => Err(self.wrong(format_args!("`{schema}` is not `{SCHEMA}{VERSION}`"))),
        }
    }

    fn run_line(&self, text: &[u8]) -> Result<Open, FormatError> {
        let line: RunLine<'_> = serde_json::from_slice(text).map_err(|error| self.wrong(error))?;
        let has_id = line.run.is_some();
        let run = line.into_run().map_err(|reason| self.wrong(reason))?;
        let mut open = Open { record: RunRecord { run, tests: Default::default() }, unnamed: None };
        if !has_id {
            open.unnamed = Some(Box::new(Xxh3::new()));
            open.saw(text);
        }
        Ok(open)
    }

    fn test_line(&mut self, text: &[u8]) -> Result<(), FormatError> {
        let number = self.number;
        let wrong = |reason: String| FormatError::Line { line: number, reason };
        let Some(open) = &mut self.open else {
            return Err(wrong(format!(
                "a run begins with a line that has `\"schema\":\"{SCHEMA}{VERSION}\"`"
            )));
        };
        let line: TestLine<'_> = serde_json::from_slice(text).map_err(|error| wrong(error.to_string()))?;
        let is_of_another = line
            .run
            .as_deref()
            .is_some_and(|run| open.unnamed.is_some() || run.parse() != Ok(open.record.run.id));
        if is_of_another {
            return Err(wrong(format!("it belongs to another run than `{}`", open.record.run.id)));
        }
        open.saw(text);
        let (test, result) = line.into_result().map_err(wrong)?;
        match open.record.tests.entry(test) {
            Entry::Vacant(vacant) => drop(vacant.insert(result)),
            Entry::Occupied(there) => {
                return Err(wrong(format!("the run has the test `{}` already", there.key().qualified())));
            }
        }
        Ok(())
    }

    fn wrong(&self, reason: impl std::fmt::Display) -> FormatError {
        FormatError::Line { line: self.number, reason: reason.to_string() }
    }
}

impl<R: BufRead> Iterator for Runs<R> {
    type Item = Result<RunRecord, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let next = self.advance().transpose();
        self.has_ended |= matches!(next, Some(Err(_)));
        next
    }
}

impl Open {
    fn saw(&mut self, text: &[u8]) {
        if let Some(hash) = &mut self.unnamed {
            hash.update(text);
            hash.update(b"\n");
        }
    }

    /// A run without an id gets one from what it says, so that the same lines are the same run.
    fn close(mut self) -> RunRecord {
        if let Some(hash) = self.unnamed {
            let at: Timestamp = self.record.run.at();
            self.record.run.id = RunId::new(at, hash.digest());
        }
        self.record
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Returns a text that may be borrowed as one that is not.
fn owned(text: Cow<'_, str>) -> Box<str> {
    text.into_owned().into()
}
