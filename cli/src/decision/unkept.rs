//! The paths of an index that git keeps nothing of: whatever git says, they may not be what they were.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use skiptrace_engine::id::JobName;
use skiptrace_engine::index::Evidence;
use skiptrace_engine::index::evidence::{self, Was};
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::tree;
use skiptrace_engine::unit::{LineSpan, SourceFile, Unit, UnitKind};
use skiptrace_indexers::record::gains::Builder;
use skiptrace_indexers::record::listing::Listing;

use super::conditions::builders;
use super::ignored::new_sources;
use crate::error::CommandError;
use crate::git::{self, FileMode};

/// The paths of an index that git keeps nothing of: ignored files, folders, and paths at which nothing was.
#[derive(Debug, Default)]
pub(super) struct Unkept<'a> {
    /// Those that may not be what they were.
    paths: BTreeSet<RepoPath>,
    /// Sources that git ignores, and that were not there.
    new_sources: Vec<RepoPath>,
    /// Folders, and paths at which nothing was, whether they are as they were or not.
    special: BTreeMap<RepoPath, Was>,
    /// All names that there are. Of an index that has only files, nobody asks for them.
    listing: Listing,
    /// The top of the work tree, if that is what is asked about: what git ignores is there all the same.
    work_tree: Option<&'a Path>,
}

impl<'a> Unkept<'a> {
    /// Asks all parts of an index, and compares what they say with what there is now, for the tests of a job.
    pub(super) fn of(
        parts: &[&dyn Evidence],
        job: &JobName,
        now: &git::Present<'_>,
        work_tree: Option<&'a Path>,
    ) -> Result<Unkept<'a>, CommandError> {
        let of_tree = [tree::lookups(), tree::listed()];
        let mut all: Vec<evidence::Unkept> = Vec::new();
        for part in parts {
            all.extend(part.unkept()?.into_iter().filter(|unkept| !of_tree.contains(&unkept.path)));
        }
        let mut unkept = Unkept { work_tree, ..Unkept::default() };
        let takes_all = work_tree.filter(|_| builders(parts, job).contains(&Builder::Go));
        if takes_all.is_some() || all.iter().any(|one| one.was != Was::File) {
            unkept.listing = listing(now)?;
        }
        if let Some(root) = takes_all {
            let known = all.iter().map(|unkept| unkept.path.clone()).collect();
            unkept.new_sources = new_sources(root, &unkept.listing, &known);
            unkept.listing.files.extend(unkept.new_sources.iter().cloned());
        }
        for evidence::Unkept { path, was } in all {
            if !unkept.is_as_it_was(&path, was) {
                unkept.paths.insert(path.clone());
            }
            if was != Was::File {
                unkept.special.insert(path, was);
            }
        }
        Ok(unkept)
    }

    /// Returns the paths that may not be what they were.
    pub(super) fn paths(&self) -> impl Iterator<Item = &RepoPath> {
        self.paths.iter()
    }

    /// Returns the sources that git ignores, and that were not there.
    pub(super) fn new_sources(&self) -> &[RepoPath] {
        &self.new_sources
    }

    /// Returns whether what is at a path says what it is by its content.
    pub(super) fn is_by_content(&self, path: &RepoPath) -> bool {
        !self.special.contains_key(path) || self.listing.files.contains(path)
    }

    /// Returns what is at a path whose content does not say it.
    pub(super) fn source(&self, path: &RepoPath) -> Option<SourceFile> {
        match self.special.get(path)? {
            Was::Folder(_) => self.listing.folder(path),
            Was::Absent { .. } if self.has(path) => Some(unknown(path)),
            Was::Absent { .. } => self.listing.folder(path).or_else(|| Some(nothing(path))),
            Was::File => None,
        }
    }

    /// Returns whether a path is as it was. Then it says nothing of any test, and need not be asked about: a large
    /// index has thousands of them at which no file was.
    fn is_as_it_was(&self, path: &RepoPath, was: Was) -> bool {
        let folder = || self.listing.folder(path);
        match was {
            Was::File => false,
            _ if self.listing.files.contains(path) => false,
            Was::Absent { is_known } => is_known && folder().is_none() && !self.has(path),
            Was::Folder(was) => was.is_some_and(|was| {
                folder().is_some_and(|now| now.units.iter().all(|unit| unit.fingerprint == Some(was)))
            }),
        }
    }

    /// Returns whether there is a file at a path, or anywhere below it; folders without files are nothing to git.
    fn has(&self, path: &RepoPath) -> bool {
        let mut todo: Vec<_> = self.work_tree.iter().map(|root| root.join(path.as_str())).collect();
        while let Some(path) = todo.pop() {
            match path.symlink_metadata() {
                Ok(about) if about.is_dir() => {
                    let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
                    todo.extend(entries.map(|entry| entry.path()));
                }
                Ok(_) => return true,
                Err(_) => {}
            }
        }
        false
    }
}

/// Returns all names that there are.
fn listing(now: &git::Present<'_>) -> Result<Listing, CommandError> {
    let mut listing = Listing::default();
    // There are many files, and nearly in order.
    let mut files: Vec<RepoPath> = Vec::new();
    now.each_named(|path, listed| match listed.mode {
        FileMode::Plain | FileMode::Executable => files.push(path),
        FileMode::Link | FileMode::Repository => drop(listing.links.insert(path, listed.blob)),
    })?;
    listing.files = files.into_iter().collect();
    Ok(listing)
}

/// A path at which nothing is.
fn nothing(path: &RepoPath) -> SourceFile {
    SourceFile { path: path.clone(), blob: None, units: Vec::new() }
}

/// A path at which something is that nobody looked into: it equals nothing that was ever recorded.
fn unknown(path: &RepoPath) -> SourceFile {
    let unit = Unit {
        kind: UnitKind::File,
        name: "".into(),
        lines: LineSpan { start: 1, end: 1 },
        fingerprint: None,
        identifiers: Vec::new(),
    };
    SourceFile { units: vec![unit], ..nothing(path) }
}
