//! Text profiles: what `go test -coverprofile` writes.
//!
//! ```text
//! mode: set
//! example.com/module/package/file.go:3.20,5.2 1 1
//! ```
//!
//! A line has where a unit begins and ends, how many statements it has, and its counter. Running several packages
//! writes a unit once for each test binary that links it.

use std::collections::HashMap;

use skiptrace_engine::observation::Position;
use skiptrace_engine::record::Problem;
use thiserror::Error;

use super::covdata::{Mode, Unit};

/// A text profile, or several one behind the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What the counters count. Of different modes it is the one that says most.
    pub mode: Mode,
    /// The units in the order of their first line, each once.
    pub blocks: Vec<Block>,
}

/// A unit and its counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Import path and base name of the file, or whatever stands in its place.
    pub file: Box<str>,
    /// Where it is.
    pub unit: Unit,
    /// How often it ran; one in mode `set`.
    pub count: u64,
}

/// Why a text is no profile. Lines are counted from one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TextProfileError {
    /// There is nothing in it.
    #[error("the profile is empty, without even a `mode:` line")]
    Empty,
    /// It does not begin as profiles do.
    #[error("line 1 of the profile is not `mode: set`, `mode: count` or `mode: atomic`")]
    NoMode,
    /// A mode that does not exist.
    #[error("line {line} of the profile names mode `{mode}` (known modes: set, count, atomic)")]
    UnknownMode {
        /// The line.
        line: usize,
        /// The mode.
        mode: Box<str>,
    },
    /// A line that is not UTF-8.
    #[error("line {line} of the profile is not UTF-8")]
    Text {
        /// The line.
        line: usize,
    },
    /// A line that is none of a profile.
    #[error("line {line} of the profile is not `file:line.column,line.column statements count`: `{text}`")]
    Line {
        /// The line.
        line: usize,
        /// The start of what is there.
        text: Box<str>,
    },
    /// The last line has no end, so that something may be missing.
    #[error("the profile ends inside of line {line}")]
    Truncated {
        /// The line.
        line: usize,
    },
    /// Two lines say of one unit that it has different numbers of statements.
    #[error(
        "line {line} of the profile gives a unit another number of statements than line {first}; do not join \
         profiles of different sources"
    )]
    Inconsistent {
        /// The line.
        line: usize,
        /// The earlier line.
        first: usize,
    },
}

impl TextProfileError {
    /// Returns what it means for the run that left the profile.
    pub fn problem(&self) -> Problem {
        match self {
            TextProfileError::Empty => Problem::ProcessKilled,
            TextProfileError::NoMode
            | TextProfileError::UnknownMode { .. }
            | TextProfileError::Inconsistent { .. } => Problem::ForeignProfile,
            TextProfileError::Text { .. }
            | TextProfileError::Line { .. }
            | TextProfileError::Truncated { .. } => Problem::TruncatedProfile,
        }
    }
}

impl Profile {
    /// Reads profiles, one behind the other.
    pub fn parse(bytes: &[u8]) -> Result<Profile, TextProfileError> {
        let mut profile: Option<Profile> = None;
        let mut seen: HashMap<(&str, Position, Position), (usize, usize)> = HashMap::new();
        for (number, line) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
            let line = line.strip_suffix(b"\n").ok_or(TextProfileError::Truncated { line: number })?;
            let line = std::str::from_utf8(line).map_err(|_| TextProfileError::Text { line: number })?;
            let line = line.strip_suffix('\r').unwrap_or(line);
            if let Some(mode) = line.strip_prefix("mode: ") {
                let unknown = || TextProfileError::UnknownMode { line: number, mode: start_of(mode) };
                let mode = Mode::from_name(mode).ok_or_else(unknown)?;
                match &mut profile {
                    Some(profile) => profile.mode = profile.mode.max(mode),
                    None => profile = Some(Profile { mode, blocks: Vec::new() }),
                }
                continue;
            }
            let profile = profile.as_mut().ok_or(TextProfileError::NoMode)?;
            let bad_line = || TextProfileError::Line { line: number, text: start_of(line) };
            let (file, unit, count) = parse_line(line).ok_or_else(bad_line)?;
            let next = (profile.blocks.len(), number);
            let (at, first) = *seen.entry((file, unit.start, unit.end)).or_insert(next);
            if at == next.0 {
                profile.blocks.push(Block { file: file.into(), unit, count });
                continue;
            }
            let block = &mut profile.blocks[at];
            if block.unit.n_statements != unit.n_statements {
                return Err(TextProfileError::Inconsistent { line: number, first });
            }
            block.count = match profile.mode {
                Mode::Set => block.count | count,
                Mode::Count | Mode::Atomic => block.count.saturating_add(count),
            };
        }
        profile.ok_or(TextProfileError::Empty)
    }
}

/// Reads a line from its end: a file's name may hold spaces, colons and commas.
fn parse_line(line: &str) -> Option<(&str, Unit, u64)> {
    let (line, count) = line.rsplit_once(' ')?;
    let (line, n_statements) = line.rsplit_once(' ')?;
    let (file, range) = line.rsplit_once(':')?;
    let (start, end) = range.split_once(',')?;
    let unit = Unit { start: position(start)?, end: position(end)?, n_statements: number(n_statements)? };
    (!file.is_empty()).then_some((file, unit, number(count)?))
}

fn position(text: &str) -> Option<Position> {
    let (line, column) = text.split_once('.')?;
    Some(Position { line: number(line)?, column: number(column)? })
}

/// Reads a number as Go prints it: digits alone.
fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn start_of(text: &str) -> Box<str> {
    text.chars().take(80).collect::<String>().into()
}

#[cfg(test)]
mod tests;
