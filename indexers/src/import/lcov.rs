//! LCOV tracefiles, as `geninfo`, `llvm-cov export -format=lcov`, and many others write them.
//!
//! ```text
//! SF:<file>
//! FN:<line>[,<end>],<name>      FNDA:<count>,<name>        until lcov 2.1
//! FNL:<number>,<line>[,<end>]   FNA:<number>,<count>,<name>  since
//! DA:<line>,<count>[,<checksum>]
//! end_of_record
//! ```
//!
//! A function that ran counts as a whole as far as the file says where it ends: some compilers' counts of lines
//! inside of functions are not to be trusted.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use skiptrace_engine::observation::TextRange;
use skiptrace_engine::record::Problem;
use thiserror::Error;

use super::CoveredFile;
use crate::trace::Trouble;

/// No line is longer.
const LONGEST_LINE: u64 = 1 << 20;

/// Records that say nothing of what ran that others do not.
const IGNORED: &[&str] =
    &["TN", "VER", "FNF", "FNH", "LF", "LH", "BRDA", "BRF", "BRH", "MCDC", "MCF", "MCH", "KF", "KH"];

/// What is wrong with a tracefile.
#[derive(Debug, Error)]
pub enum LcovError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
    /// A line is not as it should be.
    #[error("line {line}: {what}")]
    Line {
        /// Which, from one.
        line: u64,
        /// In which way.
        what: String,
    },
    /// It ends in the middle.
    #[error("it ends after line {line}, inside of the record of `{path}`; it was not written to its end")]
    Truncated {
        /// The last line.
        line: u64,
        /// The source file of the record.
        path: Box<str>,
    },
    /// There is nothing in it.
    #[error("there is no record in it; its test left no coverage, or it was not written to its end")]
    Empty,
}

/// Reads a tracefile.
pub(super) fn read_file(path: &Path) -> Result<Vec<CoveredFile>, Trouble> {
    let files = File::open(path).map_err(LcovError::from).and_then(|file| read(BufReader::new(file)));
    files.map_err(|error| Trouble {
        problem: match error {
            LcovError::Truncated { .. } | LcovError::Empty => Problem::TruncatedProfile,
            LcovError::Read(_) | LcovError::Line { .. } => Problem::Opaque,
        },
        detail: error.to_string(),
    })
}

/// Reads a tracefile: each record's source file, and what ran in it.
pub fn read(mut input: impl BufRead) -> Result<Vec<CoveredFile>, LcovError> {
    let mut files = Vec::new();
    let mut record: Option<Record> = None;
    let mut bytes = Vec::new();
    let mut number = 0;
    loop {
        bytes.clear();
        let size = input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes)?;
        if size == 0 {
            break;
        }
        number += 1;
        let open = record.as_ref().map(|record| record.path.clone());
        let is_cut = !bytes.ends_with(b"\n") && (size as u64) < LONGEST_LINE;
        let wrong = |what: String| match &open {
            // The last line may be as strange as it is because the rest of it is missing.
            Some(path) if is_cut => LcovError::Truncated { line: number, path: path.clone() },
            _ => LcovError::Line { line: number, what },
        };
        if size as u64 == LONGEST_LINE && !bytes.ends_with(b"\n") {
            return Err(wrong("it is longer than any line should be".to_owned()));
        }
        let line = std::str::from_utf8(&bytes).map_err(|_| wrong("it is no UTF-8".to_owned()))?.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line == "end_of_record" {
            let record = record.take().ok_or_else(|| wrong("no record begins before it".to_owned()))?;
            files.push(record.finish().map_err(wrong)?);
            continue;
        }
        let (word, rest) =
            line.split_once(':').ok_or_else(|| wrong(format!("`{}` is no record", shortened(line))))?;
        if word == "SF" {
            if let Some(record) = &record {
                return Err(wrong(format!("the record of `{}` has no end", shortened(&record.path))));
            }
            record = Some(Record { path: rest.into(), ..Record::default() });
        } else if !IGNORED.contains(&word) {
            let record = record.as_mut().ok_or_else(|| wrong(format!("`{word}` comes before any `SF`")))?;
            record.add(word, rest).map_err(wrong)?;
        }
    }
    if let Some(record) = record {
        return Err(LcovError::Truncated { line: number, path: record.path });
    }
    if files.is_empty() { Err(LcovError::Empty) } else { Ok(files) }
}

/// What was read of one source file.
#[derive(Debug, Default)]
struct Record {
    path: Box<str>,
    /// Where the functions of each name are: static functions may share one.
    by_name: HashMap<Box<str>, Vec<Extent>>,
    by_number: HashMap<u64, Extent>,
    /// What ran.
    names: Vec<Box<str>>,
    numbers: Vec<u64>,
    lines: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Extent {
    first: u32,
    last: u32,
}

impl Record {
    fn add(&mut self, word: &str, rest: &str) -> Result<(), String> {
        match word {
            "FN" => {
                let (first, rest) = field(rest)?;
                // A name may hold commas. It never is a number alone before one.
                let last =
                    rest.split_once(',').and_then(|(last, name)| Some((line_number(last).ok()?, name)));
                let (last, name) = last.map_or((None, rest), |(last, name)| (Some(last), name));
                let extent = Extent::new(line_number(first)?, last);
                self.by_name.entry(name.into()).or_default().push(extent);
            }
            "FNDA" => {
                let (times, name) = field(rest)?;
                if has_run(times)? {
                    self.names.push(name.into());
                }
            }
            "FNL" => {
                let (number, rest) = field(rest)?;
                let (first, last) =
                    rest.split_once(',').map_or((rest, None), |(first, last)| (first, Some(last)));
                let extent = Extent::new(line_number(first)?, last.map(line_number).transpose()?);
                self.by_number.insert(index(number)?, extent);
            }
            "FNA" => {
                let (number, rest) = field(rest)?;
                let times = rest.split_once(',').map_or(rest, |(times, _)| times);
                let number = index(number)?;
                if has_run(times)? {
                    self.numbers.push(number);
                }
            }
            "DA" => {
                let (line, rest) = field(rest)?;
                let times = rest.split_once(',').map_or(rest, |(times, _)| times);
                let line = line_number(line)?;
                if has_run(times)? {
                    self.lines.push(line);
                }
            }
            other => {
                return Err(format!(
                    "`{}` is unknown, and may say what ran; convert with a known version of lcov",
                    shortened(other)
                ));
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<CoveredFile, String> {
        if self.path.is_empty() {
            return Err("the record names no source file".to_owned());
        }
        let mut executed = Vec::new();
        for name in &self.names {
            let extents = self.by_name.get(name);
            let extents = extents
                .ok_or_else(|| format!("function `{}` ran and has no place (`FN`)", shortened(name)))?;
            executed.extend(extents.iter().map(Extent::range));
        }
        for number in &self.numbers {
            let extent = self.by_number.get(number);
            executed.push(
                extent.ok_or_else(|| format!("function {number} ran and has no place (`FNL`)"))?.range(),
            );
        }
        self.lines.sort_unstable();
        self.lines.dedup();
        let runs = self.lines.chunk_by(|line, next| line.checked_add(1) == Some(*next));
        executed.extend(runs.map(|run| TextRange::lines(run[0], run[run.len() - 1])));
        executed.sort_unstable();
        executed.dedup();
        Ok(CoveredFile { path: self.path, executed })
    }
}

impl Extent {
    fn new(first: u32, last: Option<u32>) -> Extent {
        Extent { first, last: last.unwrap_or(first).max(first) }
    }

    fn range(&self) -> TextRange {
        TextRange::lines(self.first, self.last)
    }
}

/// Splits off the first of several fields.
fn field(text: &str) -> Result<(&str, &str), String> {
    text.split_once(',').ok_or_else(|| format!("there is no comma in `{}`", shortened(text)))
}

/// Some tools count lines from zero where they know none.
fn line_number(text: &str) -> Result<u32, String> {
    let number: u32 = text.trim().parse().map_err(|_| format!("`{}` is no line number", shortened(text)))?;
    Ok(number.max(1))
}

fn index(text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| format!("`{}` is no number", shortened(text)))
}

/// A count below zero is an overflow or a tool's mistake: something ran.
fn has_run(text: &str) -> Result<bool, String> {
    let text = text.trim();
    if let Ok(count) = text.parse::<i128>() {
        return Ok(count != 0);
    }
    match text.parse::<f64>() {
        Ok(count) if !count.is_nan() => Ok(count != 0.0),
        _ => Err(format!("`{}` is no count", shortened(text))),
    }
}

/// Lines may be long.
fn shortened(text: &str) -> String {
    if text.chars().count() <= 80 {
        return text.to_owned();
    }
    text.chars().take(80).chain(['…']).collect()
}

#[cfg(test)]
mod tests;
