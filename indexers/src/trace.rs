//! What runs of tests leave when their profiles are gone: numbers of places in source text.

use std::collections::HashMap;

use skiptrace_engine::observation::TextRange;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::{Health, Problem};

/// The stretches of source text that binaries can execute, each once, whatever number of instantiations, copies and
/// binaries it is in.
#[derive(Debug, Default)]
pub struct Places {
    files: Vec<RepoPath>,
    file_numbers: HashMap<RepoPath, u32>,
    places: Vec<(u32, TextRange)>,
    numbers: HashMap<(u32, TextRange), u32>,
}

/// What one run of a test executed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    /// The numbers of its places, sorted, without repetition.
    pub places: Vec<u32>,
    /// The binaries that reported, as numbers that the collector gave them; sorted.
    pub binaries: Vec<u32>,
    /// What is wrong with it.
    pub troubles: Vec<Trouble>,
    /// Whether that is wrong with the very process that was started, not only with others that it started.
    pub is_headless: bool,
}

/// Something that keeps a run from proving anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trouble {
    /// What kind of thing.
    pub problem: Problem,
    /// What exactly, for people.
    pub detail: String,
}

impl Places {
    /// Returns the number of a place.
    pub fn number(&mut self, file: &RepoPath, range: TextRange) -> u32 {
        let file = self.file_number(file);
        let next = self.places.len() as u32;
        let number = *self.numbers.entry((file, range)).or_insert(next);
        if number == next {
            self.places.push((file, range));
        }
        number
    }

    fn file_number(&mut self, file: &RepoPath) -> u32 {
        if let Some(number) = self.file_numbers.get(file) {
            return *number;
        }
        let number = self.files.len() as u32;
        self.files.push(file.clone());
        self.file_numbers.insert(file.clone(), number);
        number
    }

    /// Returns how many places there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Returns whether there is no place.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Returns the files, in the order of their numbers.
    pub fn files(&self) -> &[RepoPath] {
        &self.files
    }

    /// Returns the places in the order of their numbers: the file's number, and where in it.
    pub fn all(&self) -> &[(u32, TextRange)] {
        &self.places
    }
}

impl Trace {
    /// Returns whether it can be trusted.
    pub fn health(&self) -> Health {
        self.troubles.iter().map(|trouble| trouble.problem).collect()
    }

    /// Adds what other processes of the same run executed.
    pub fn add(&mut self, part: Trace) {
        self.places.extend(part.places);
        self.places.sort_unstable();
        self.places.dedup();
        self.binaries.extend(part.binaries);
        self.binaries.sort_unstable();
        self.binaries.dedup();
        self.is_headless |= part.is_headless;
        for trouble in part.troubles {
            self.trouble(trouble.problem, trouble.detail);
        }
    }

    /// Adds something that is wrong.
    pub fn trouble(&mut self, problem: Problem, detail: impl Into<String>) {
        let trouble = Trouble { problem, detail: detail.into() };
        if !self.troubles.contains(&trouble) {
            self.troubles.push(trouble);
        }
    }
}
