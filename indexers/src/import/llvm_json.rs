//! What `llvm-cov export` (and `cargo llvm-cov --json`) writes.
//!
//! Only functions are looked at: one that ran counts as a whole, since the counts of regions inside of functions are
//! not to be trusted where the compiler is `rustc`. An export can be large, and is reduced while it is read.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, SeqAccess, Visitor};
use skiptrace_engine::observation::{Position, TextRange};
use skiptrace_engine::record::Problem;
use thiserror::Error;

use super::CoveredFile;
use crate::trace::Trouble;

/// What the exports say they are.
const TYPE: &str = "llvm.coverage.json.export";

/// What is wrong with an export.
#[derive(Debug, Error)]
pub enum ExportError {
    /// It is no JSON, or another one.
    #[error("it is no export of llvm-cov: {0}")]
    Json(#[from] serde_json::Error),
    /// It is something else.
    #[error("it is `{0}`, not `{TYPE}`")]
    Foreign(String),
    /// Functions were left out.
    #[error("there are no functions in it; export without -skip-functions and -summary-only")]
    NoFunctions,
}

/// Reads an export.
pub(super) fn read_file(path: &Path) -> Result<Vec<CoveredFile>, Trouble> {
    let file = File::open(path)
        .map_err(|error| Trouble { problem: Problem::Opaque, detail: format!("cannot be read: {error}") })?;
    read(BufReader::new(file)).map_err(|error| Trouble {
        problem: match &error {
            ExportError::Json(error) if error.is_eof() => Problem::TruncatedProfile,
            _ => Problem::Opaque,
        },
        detail: error.to_string(),
    })
}

/// Reads an export: the source files it names, and what ran in them.
pub fn read(input: impl Read) -> Result<Vec<CoveredFile>, ExportError> {
    let export: Export = serde_json::from_reader(input)?;
    if export.kind != TYPE {
        return Err(ExportError::Foreign(export.kind.chars().take(80).collect()));
    }
    let mut files: Vec<CoveredFile> = Vec::new();
    for part in export.data {
        let Some(Functions(covered)) = part.functions else { return Err(ExportError::NoFunctions) };
        files.extend(covered);
        let known = part.files.into_iter().flatten();
        files.extend(known.map(|file| CoveredFile { path: file.filename, executed: Vec::new() }));
    }
    Ok(files)
}

#[derive(Deserialize)]
struct Export {
    #[serde(rename = "type")]
    kind: String,
    data: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    functions: Option<Functions>,
    files: Option<Vec<KnownFile>>,
}

#[derive(Deserialize)]
struct KnownFile {
    filename: Box<str>,
}

#[derive(Deserialize)]
struct Function {
    count: Count,
    filenames: Vec<Box<str>>,
    regions: Vec<Region>,
}

/// The source files that functions stand in, and what ran in each.
struct Functions(Vec<CoveredFile>);

/// A stretch of a function: line, column, line, column, count, file, expanded file, kind.
struct Region {
    range: TextRange,
    count: Count,
    file: usize,
    kind: u64,
}

/// How often something ran; some tools write large counts as fractions.
#[derive(Clone, Copy)]
struct Count(bool);

/// Code, as opposed to text that was skipped or stands between.
const CODE: u64 = 0;

impl Function {
    /// Returns whether anything says that it ran.
    fn has_run(&self) -> bool {
        self.count.0 || self.regions.iter().any(|region| region.kind == CODE && region.count.0)
    }

    /// Returns the extent of the function in each of its files; those without one have no regions.
    fn extents(&self) -> Result<Vec<Option<TextRange>>, usize> {
        let mut extents: Vec<Option<TextRange>> = vec![None; self.filenames.len()];
        for region in &self.regions {
            let extent = extents.get_mut(region.file).ok_or(region.file)?;
            *extent = Some(match *extent {
                None => region.range,
                Some(extent) => TextRange {
                    start: extent.start.min(region.range.start),
                    end: extent.end.max(region.range.end),
                },
            });
        }
        Ok(extents)
    }
}

impl<'de> Deserialize<'de> for Functions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Functions, D::Error> {
        struct Reduce;
        impl<'de> Visitor<'de> for Reduce {
            type Value = Functions;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of functions")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Functions, A::Error> {
                let mut files: Vec<CoveredFile> = Vec::new();
                let mut numbers: HashMap<Box<str>, usize> = HashMap::new();
                while let Some(function) = list.next_element::<Function>()? {
                    let has_run = function.has_run();
                    let extents = function.extents().map_err(|file| {
                        A::Error::custom(format!("a region is of file {file}, which is not listed"))
                    })?;
                    if has_run && extents.iter().all(Option::is_none) {
                        return Err(A::Error::custom("a function ran and has no regions"));
                    }
                    for (path, extent) in function.filenames.into_iter().zip(extents) {
                        let number = *numbers.entry(path).or_insert_with_key(|path| {
                            files.push(CoveredFile { path: path.clone(), executed: Vec::new() });
                            files.len() - 1
                        });
                        files[number].executed.extend(extent.filter(|_| has_run));
                    }
                }
                for file in &mut files {
                    file.executed.sort_unstable();
                    file.executed.dedup();
                }
                Ok(Functions(files))
            }
        }
        deserializer.deserialize_seq(Reduce)
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Region, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Region;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a region of eight numbers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Region, A::Error> {
                fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(
                    list: &mut A,
                    at: usize,
                ) -> Result<T, A::Error> {
                    list.next_element()?
                        .ok_or_else(|| A::Error::invalid_length(at, &"a region of eight numbers"))
                }
                let position = |line: u32, column: u32| Position { line: line.max(1), column: column.max(1) };
                let start = position(next(&mut list, 0)?, next(&mut list, 1)?);
                let end = position(next(&mut list, 2)?, next(&mut list, 3)?);
                let count = next(&mut list, 4)?;
                let file = next(&mut list, 5)?;
                let _expanded: u64 = next(&mut list, 6)?;
                let kind = next(&mut list, 7)?;
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Region { range: TextRange { start, end }, count, file, kind })
            }
        }
        deserializer.deserialize_seq(Fields)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Count, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a count")
            }

            fn visit_u64<E>(self, count: u64) -> Result<Count, E> {
                Ok(Count(count != 0))
            }

            fn visit_i64<E>(self, count: i64) -> Result<Count, E> {
                Ok(Count(count != 0))
            }

            fn visit_f64<E>(self, count: f64) -> Result<Count, E> {
                Ok(Count(count != 0.0))
            }
        }
        deserializer.deserialize_any(Number)
    }
}

#[cfg(test)]
mod tests;
