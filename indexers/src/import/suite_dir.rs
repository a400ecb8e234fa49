//! Tests as folders: `metadata.json` says which test a folder is of, and its coverage is beside it or below.
//!
//! ```text
//! DIR/
//!   anything/at/any/depth/
//!     metadata.json       {"job": …, "suite": …, "test": …, "outcome": "passed", "duration_ms": 12}
//!     coverage/           files of coverage, here or beside the metadata
//! ```
//!
//! Only `test` is needed; `"binaries": ["agent"]` names Go programs that the test must have run. Folders of profiles without metadata are tests that have the folder's name; tracefiles and
//! exports without metadata are tests that have the file's.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use skiptrace_engine::id::JobName;
use skiptrace_engine::record::{Outcome, Problem};

use super::ImportError;
use crate::go::covdata::FileName;
use crate::trace::Trouble;
use metadata::Metadata;

mod metadata;

const METADATA: &str = "metadata.json";
/// How many entries are looked at.
const MOST_ENTRIES: usize = 20_000_000;

/// Which files are coverage, and what they are without metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `*.profraw`, `*.profdata`, `*.proftext`: those of a folder are of one test.
    Profiles,
    /// `*.info`, `*.lcov`: each one is a test.
    Lcov,
    /// `*.json`: each one is a test.
    Json,
    /// `covmeta.*`, `covcounters.*`, `*.out`, `coverage.txt`: those of a folder are of one test. So is a folder around
    /// a folder `coverage`, and a folder at the top in which no test is found at all.
    Go,
}

/// What was found below a folder.
#[derive(Debug, Default)]
pub struct Found {
    /// The tests, in the order of their places.
    pub tests: Vec<FoundTest>,
    /// What is no test, though it looks like one.
    pub left_out: Vec<LeftOut>,
}

/// A test, and where its coverage is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTest {
    /// Its job, when its metadata name one.
    pub job: Option<JobName>,
    /// Its suite.
    pub suite: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// How it ended.
    pub outcome: TestOutcome,
    /// The binaries that its metadata say it runs.
    pub binaries: Vec<Box<str>>,
    /// How long it took.
    pub duration: Option<Duration>,
    /// The files of its coverage, sorted.
    pub files: Vec<PathBuf>,
    /// Its folder, or its file where it is that of a test by itself.
    pub folder: PathBuf,
    /// Where it was found, for people.
    pub place: String,
    /// Whether it has its name only from its folder.
    pub is_named_by_folder: bool,
    /// What keeps its coverage from being whole.
    pub troubles: Vec<Trouble>,
}

/// How a test ended, as far as anybody says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestOutcome {
    /// So.
    Known(Outcome),
    /// Nobody says.
    Absent,
    /// In words that nobody understands.
    Strange(Box<str>),
}

/// Something that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// What.
    pub place: String,
    /// Why.
    pub reason: String,
}

/// Finds the tests below a folder.
pub fn find(root: &Path, style: Style) -> Result<Found, ImportError> {
    let mut search = Search { root, style, n_entries: 0, found: Found::default() };
    search.visit(root)?;
    if style == Style::Go {
        search.add_empty()?;
    }
    search.found.tests.sort_by(|a, b| a.place.cmp(&b.place));
    Ok(search.found)
}

/// Returns the test that a folder is of, whatever is in it.
pub fn find_one(folder: &Path, style: Style) -> Result<Result<FoundTest, LeftOut>, ImportError> {
    let mut search = Search { root: folder, style, n_entries: 0, found: Found::default() };
    let has_metadata = search.list(folder)?.has_metadata;
    search.add_folder(folder, has_metadata)?;
    let Found { mut tests, mut left_out } = search.found;
    Ok(tests.pop().ok_or_else(|| left_out.pop().expect("a folder is a test or left out")))
}

impl Style {
    /// Returns whether the coverage in a folder is that of one test.
    fn is_by_folder(self) -> bool {
        matches!(self, Style::Profiles | Style::Go)
    }

    /// Returns how much of a file's name is that of a test; `None` for files that are no coverage.
    ///
    /// What follows an ending, such as `.gz`, is part of it: such a file cannot be read, and must not be overlooked.
    fn stem(self, name: &str) -> Option<&str> {
        let endings: &[&str] = match self {
            Style::Profiles => &[".profraw", ".profdata", ".proftext"],
            Style::Lcov => &[".info", ".lcov"],
            Style::Json => &[".json"],
            Style::Go => &[".out"],
        };
        if name == METADATA {
            return None;
        }
        if self == Style::Go && (FileName::parse(name).is_some() || name.starts_with("coverage.txt")) {
            return Some(name);
        }
        let ends = |at: &usize| matches!(name.as_bytes().get(*at), None | Some(b'.'));
        let at = endings.iter().filter_map(|ending| {
            let at = name.rfind(ending)?;
            ends(&(at + ending.len())).then_some(at)
        });
        at.min().map(|at| &name[..at])
    }
}

struct Search<'a> {
    root: &'a Path,
    style: Style,
    n_entries: usize,
    found: Found,
}

/// What is in a folder, sorted.
#[derive(Default)]
struct Listing {
    has_metadata: bool,
    coverage: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    links: Vec<PathBuf>,
}

impl Search<'_> {
    fn visit(&mut self, top: &Path) -> Result<(), ImportError> {
        // Folders, and whether the files of coverage in them are some test's already.
        let mut folders = vec![(top.to_owned(), false)];
        while let Some((folder, is_taken)) = folders.pop() {
            let listing = self.list(&folder)?;
            let mut is_test = listing.has_metadata;
            if !is_test && !is_taken && self.style.is_by_folder() {
                let own = folder.join("coverage");
                let in_own = match listing.folders.contains(&own) {
                    true => {
                        let own = self.list(&own)?;
                        !own.has_metadata && (!own.coverage.is_empty() || self.style == Style::Go)
                    }
                    false => false,
                };
                is_test = !listing.coverage.is_empty() || in_own;
            }
            if is_test {
                self.add_folder(&folder, listing.has_metadata)?;
            } else if !is_taken {
                for file in &listing.coverage {
                    self.add_file(file);
                }
                let links = listing.links.iter().map(|link| LeftOut {
                    place: self.place(link),
                    reason: "it is a link to a folder, which is not followed".to_owned(),
                });
                let links: Vec<LeftOut> = links.collect();
                self.found.left_out.extend(links);
            }
            folders.extend(listing.folders.into_iter().rev().map(|below| (below, is_test || is_taken)));
        }
        Ok(())
    }

    /// Adds the folders at the top that have no test in them: whoever made them meant one.
    fn add_empty(&mut self) -> Result<(), ImportError> {
        if self.found.tests.iter().any(|test| test.folder == self.root) {
            return Ok(());
        }
        for folder in self.list(self.root)?.folders {
            let place = self.place(&folder);
            let is_inside = |other: &str| Path::new(other).starts_with(&place);
            let is_hidden = folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            let is_known = self.found.tests.iter().any(|test| is_inside(&test.place))
                || self.found.left_out.iter().any(|left_out| is_inside(&left_out.place));
            if !is_hidden && !is_known {
                self.add_folder(&folder, false)?;
            }
        }
        Ok(())
    }

    fn add_folder(&mut self, folder: &Path, has_metadata: bool) -> Result<(), ImportError> {
        let place = self.place(folder);
        let metadata = match has_metadata.then(|| Metadata::read(&folder.join(METADATA))) {
            Some(Ok(metadata)) => metadata,
            Some(Err(reason)) => {
                // Under whatever name, it would be another test's coverage. Left out, the test always runs.
                self.found.left_out.push(LeftOut { place: join(&place, METADATA), reason });
                return Ok(());
            }
            None => Metadata::default(),
        };
        let is_named_by_folder = metadata.test.is_none();
        let (suite, name) = match metadata.test {
            Some(name) => (metadata.suite.unwrap_or_default(), name),
            None => {
                let own = folder.strip_prefix(self.root).ok().filter(|path| !path.as_os_str().is_empty());
                let own = own.unwrap_or_else(|| Path::new(self.root.file_name().unwrap_or_default()));
                let Some((parent, name)) = own.to_str().map(parent_and_name) else {
                    self.found.left_out.push(no_text(place));
                    return Ok(());
                };
                (metadata.suite.unwrap_or_else(|| parent.into()), name.into())
            }
        };
        let mut troubles = Vec::new();
        let mut files = Vec::new();
        let top = folder;
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let listing = self.list(&folder)?;
            files.extend(listing.coverage);
            folders.extend(listing.folders);
            let trouble = |link: &PathBuf| Trouble {
                problem: Problem::Opaque,
                detail: format!("`{}` is a link to a folder, which is not followed", self.place(link)),
            };
            troubles.extend(listing.links.iter().map(trouble));
        }
        files.sort();
        self.found.tests.push(FoundTest {
            job: metadata.job,
            suite,
            name,
            outcome: metadata.outcome,
            binaries: metadata.binaries,
            duration: metadata.duration,
            files,
            folder: top.to_owned(),
            place,
            is_named_by_folder,
            troubles,
        });
        Ok(())
    }

    /// Adds a file of coverage that is a test by itself.
    fn add_file(&mut self, file: &Path) {
        let place = self.place(file);
        let own = file.strip_prefix(self.root).unwrap_or(file);
        let Some((parent, name)) = own.to_str().map(parent_and_name) else {
            self.found.left_out.push(no_text(place));
            return;
        };
        let name = self.style.stem(name).unwrap_or(name);
        if name.is_empty() {
            let reason = "it has no name but its ending".to_owned();
            self.found.left_out.push(LeftOut { place, reason });
            return;
        }
        self.found.tests.push(FoundTest {
            job: None,
            suite: parent.into(),
            name: name.into(),
            outcome: TestOutcome::Absent,
            binaries: Vec::new(),
            duration: None,
            files: vec![file.to_owned()],
            folder: file.to_owned(),
            place,
            is_named_by_folder: false,
            troubles: Vec::new(),
        });
    }

    fn list(&mut self, folder: &Path) -> Result<Listing, ImportError> {
        let failed = |source| ImportError::Read { path: folder.to_owned(), source };
        let mut listing = Listing::default();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            self.n_entries += 1;
            if self.n_entries > MOST_ENTRIES {
                let (what, path) = ("files", self.root.to_owned());
                return Err(ImportError::TooMany { what, most: MOST_ENTRIES, path });
            }
            let kind = entry.file_type().map_err(failed)?;
            let path = entry.path();
            let name = entry.file_name();
            // What is no text may end like coverage all the same.
            let name = name.to_string_lossy();
            if kind.is_dir() {
                listing.folders.push(path);
            } else if kind.is_symlink() && path.is_dir() {
                listing.links.push(path);
            } else if name == METADATA {
                listing.has_metadata = true;
            } else if self.style.stem(&name).is_some() {
                listing.coverage.push(path);
            }
        }
        listing.coverage.sort();
        listing.folders.sort();
        listing.links.sort();
        Ok(listing)
    }

    fn place(&self, path: &Path) -> String {
        let own = path.strip_prefix(self.root).ok().filter(|path| !path.as_os_str().is_empty());
        own.unwrap_or(path).display().to_string()
    }
}

fn parent_and_name(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn join(folder: &str, name: &str) -> String {
    format!("{folder}/{name}")
}

fn no_text(place: String) -> LeftOut {
    LeftOut { place, reason: "its name is no text, and so names no test".to_owned() }
}

#[cfg(test)]
mod tests;
