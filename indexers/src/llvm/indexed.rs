//! Profiles that a user merged: LLVM's indexed form (`.profdata`) and its text form.
//!
//! They come from the user's hand and are read once, so speed is no concern; that nothing is lost is. The crate
//! `llvm_profparser` reads them, but of functions with one name and several structures (every C program has a
//! `main`) it keeps the first. So the table of an indexed profile is walked here as well (`table`), which also
//! sees to it that the crate is never given lengths that lie, and the crate is the second opinion.

mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::catch_unwind;

use llvm_profparser::instrumentation_profile::parse_bytes;
use llvm_profparser::instrumentation_profile::types::{InstrumentationProfile, NamedInstrProfRecord};
use thiserror::Error;

/// A function of an indexed or text profile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexedFunction {
    /// The hash of its mangled name.
    pub name_hash: u64,
    /// The hash of its structure.
    pub structure_hash: u64,
    /// How often each of its counters counted.
    pub counters: Box<[u64]>,
}

impl IndexedFunction {
    /// Returns whether it ran.
    pub fn is_hit(&self) -> bool {
        self.counters.iter().any(|count| *count != 0)
    }
}

/// Why a merged profile cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum IndexedError {
    /// It is neither an indexed profile nor text.
    #[error("it is neither an indexed profile nor a text profile of LLVM (raw profiles are read elsewhere)")]
    Foreign,
    /// There is nothing in it.
    #[error("the profile has no functions")]
    Empty,
    /// Another version of the format.
    #[error("indexed profile version {version} is unknown; merge with a version of llvm-profdata that is")]
    UnknownVersion {
        /// The version.
        version: u64,
    },
    /// Its bytes contradict each other, or end early.
    #[error("the profile is damaged: {what}")]
    Damaged {
        /// In which way.
        what: &'static str,
    },
    /// The crate cannot read it.
    #[error("the profile cannot be read: {message}")]
    Unreadable {
        /// What the crate says.
        message: String,
    },
    /// It holds what would be read wrong.
    #[error("{what}; hand over the raw profiles, or an indexed one")]
    Unsupported {
        /// What that is.
        what: &'static str,
    },
}

/// Reads an indexed or text profile: each function with its counters, those of equal name and structure added up.
///
/// Nothing is ever left out silently: what cannot be read as a whole is an error.
pub fn read_merged(bytes: &[u8]) -> Result<Vec<IndexedFunction>, IndexedError> {
    let functions = if bytes.starts_with(&table::MAGIC) {
        let functions = merge(table::read(bytes)?);
        agree(&functions, &parse(bytes)?)?;
        functions
    } else if bytes.is_ascii() {
        read_text(bytes)?
    } else {
        return Err(IndexedError::Foreign);
    };
    if functions.is_empty() { Err(IndexedError::Empty) } else { Ok(functions) }
}

/// Checks that whatever the crate sees as executed is.
fn agree(functions: &[IndexedFunction], profile: &InstrumentationProfile) -> Result<(), IndexedError> {
    let hits = functions.iter().filter(|function| function.is_hit());
    let hits: BTreeSet<_> = hits.map(|function| (function.name_hash, function.structure_hash)).collect();
    let ran = |record: &&NamedInstrProfRecord| record.counts().iter().any(|count| *count != 0);
    let is_known = |record: &NamedInstrProfRecord| {
        record.name_hash.zip(record.hash).is_some_and(|hashes| hits.contains(&hashes))
    };
    if profile.records().iter().filter(ran).all(is_known) {
        Ok(())
    } else {
        Err(IndexedError::Damaged { what: "two ways to read it see different functions" })
    }
}

fn parse(bytes: &[u8]) -> Result<InstrumentationProfile, IndexedError> {
    // Lengths are checked; what else the crate stumbles over, it tells by a panic.
    match catch_unwind(|| parse_bytes(bytes)) {
        Ok(Ok(profile)) => Ok(profile),
        Ok(Err(error)) => Err(IndexedError::Unreadable { message: error.to_string() }),
        Err(_) => Err(IndexedError::Unreadable { message: "its reader failed".to_owned() }),
    }
}

fn read_text(bytes: &[u8]) -> Result<Vec<IndexedFunction>, IndexedError> {
    let lines = || bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let says = |line: &&[u8]| !line.is_empty() && !line.starts_with(b"#") && !line.starts_with(b":");
    if lines().any(|line| line.starts_with(b"$")) {
        return Err(IndexedError::Unsupported { what: "text profiles with decision bitmaps are not read" });
    }
    if !lines().any(|line| says(&line)) {
        return Err(IndexedError::Empty);
    }
    // To the crate, a number that is too large is zero.
    let is_too_large = |line: &[u8]| {
        line.iter().all(u8::is_ascii_digit)
            && std::str::from_utf8(line).is_ok_and(|line| line.parse::<u64>().is_err())
    };
    if lines().filter(says).any(is_too_large) {
        return Err(IndexedError::Damaged { what: "a number is too large" });
    }
    let profile = parse(bytes)?;
    // Each line must have become part of a function: a reader that lost its way may end early, and content.
    let n_lines: usize = profile.records().iter().map(n_text_lines).sum();
    if n_lines != lines().filter(says).count() {
        return Err(IndexedError::Damaged { what: "some lines belong to no function" });
    }
    let functions = profile.records().iter().map(|record| {
        let hashes = record.name_hash.zip(record.hash);
        let (name_hash, structure_hash) =
            hashes.ok_or(IndexedError::Damaged { what: "a function has no name" })?;
        Ok(IndexedFunction { name_hash, structure_hash, counters: record.counts().into() })
    });
    Ok(merge(functions.collect::<Result<_, _>>()?))
}

/// Returns how many lines a function has: name, structure, number of counters, counters, values.
fn n_text_lines(record: &NamedInstrProfRecord) -> usize {
    let values = record.record.data.as_ref().map_or(0, |data| {
        let kinds =
            [&data.indirect_callsites, &data.mem_op_sizes].into_iter().filter(|sites| !sites.is_empty());
        1 + kinds.map(|sites| 2 + sites.iter().map(|values| 1 + values.len()).sum::<usize>()).sum::<usize>()
    });
    3 + record.counts().len() + values
}

/// Adds up the counters of functions that are the same; sorts.
fn merge(functions: Vec<IndexedFunction>) -> Vec<IndexedFunction> {
    // What differs in the number of counters is not the same, whatever its hashes say.
    let mut merged: BTreeMap<(u64, u64, usize), Box<[u64]>> = BTreeMap::new();
    for function in functions {
        let key = (function.name_hash, function.structure_hash, function.counters.len());
        let Some(sum) = merged.get_mut(&key) else {
            merged.insert(key, function.counters);
            continue;
        };
        sum.iter_mut().zip(&function.counters).for_each(|(sum, count)| *sum = sum.saturating_add(*count));
    }
    let functions = merged.into_iter();
    functions
        .map(|((name_hash, structure_hash, _), counters)| IndexedFunction {
            name_hash,
            structure_hash,
            counters,
        })
        .collect()
}
