//! The files of a work tree, and which of them are as git has them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::SystemTime;

use skiptrace_engine::id::ObjectId;
use skiptrace_engine::path::RepoPath;
use skiptrace_indexers::record::sources::Tree;

use super::changes::{Change, Changes, GitPath};
use super::hash::mode_at;
use super::mode::FileMode;
use super::survey::Survey;
use super::{GitError, Repository, process};

/// The files of a work tree: those that git tracks, and those that it does not ignore.
#[derive(Debug)]
pub struct WorkTree {
    root: PathBuf,
    /// Tracked plain files, with the blobs that git has of them.
    blobs: BTreeMap<RepoPath, ObjectId>,
    /// Files that are not as git has them: changed, new, removed.
    changed: BTreeSet<RepoPath>,
    /// From when on files must not be written to.
    since: SystemTime,
    /// Those that were, and are settled all the same.
    settled: BTreeSet<RepoPath>,
    /// The blobs that git would make of files which are not as it has them, where somebody asked for them.
    hashed: BTreeMap<RepoPath, ObjectId>,
}

impl WorkTree {
    /// Asks git. A file that is written to after `since` is unsettled.
    pub fn of(repository: &Repository, since: SystemTime) -> Result<WorkTree, GitError> {
        let survey = repository.survey()?.finish(repository)?;
        let touched = survey.touched.keys().chain(&survey.untracked);
        let mut changed: BTreeSet<RepoPath> = touched.filter_map(|path| changed_path(&path.0)).collect();
        let overlooked = repository.overlooked(&survey)?;
        changed.extend(overlooked.paths.into_keys());
        changed.extend(overlooked.unnamed.iter().filter_map(|name| changed_path(name.as_bytes())));
        let plain = survey.tracked.iter().map(|entry| (GitPath(entry.path.to_vec()), entry.side()));
        let blobs = plain
            .filter(|(_, side)| matches!(side.mode, FileMode::Plain | FileMode::Executable))
            .filter_map(|(path, side)| Some((path.repo_path()?, side.blob?)))
            .collect();
        let (settled, hashed) = (BTreeSet::new(), BTreeMap::new());
        Ok(WorkTree { root: repository.root().to_owned(), blobs, changed, since, settled, hashed })
    }

    /// Finds out the blobs of files that are not as git has them, so that they can be compared by these later on.
    ///
    /// Only for a recording of no commit: where there is one, what changed since is asked of git, and a file that is
    /// put back as it was there would be taken for unchanged.
    pub fn hash_changed(&mut self, repository: &Repository) -> Result<(), GitError> {
        let mode = |path: &RepoPath| FileMode::of(&self.root.join(path.as_str()).symlink_metadata().ok()?);
        let plain = self.changed.iter().filter(|path| mode(path) == Some(FileMode::Plain));
        let files: BTreeMap<GitPath, FileMode> =
            plain.map(|path| (GitPath::from(path), FileMode::Plain)).collect();
        let hashed = repository.hash(&files)?;
        self.hashed = hashed.into_iter().filter_map(|(path, blob)| Some((path.repo_path()?, blob))).collect();
        Ok(())
    }

    /// Returns whether everything is as git has it.
    pub fn is_clean(&self) -> bool {
        self.changed.is_empty()
    }

    /// Returns the files that are not as git has them.
    pub fn changed(&self) -> &BTreeSet<RepoPath> {
        &self.changed
    }

    /// Has files be settled, whenever they were written.
    pub fn settle(&mut self, paths: BTreeSet<RepoPath>) {
        self.settled.extend(paths);
    }

    /// Returns the files below a folder.
    pub fn below<'a>(&'a self, folder: &'a RepoPath) -> impl Iterator<Item = &'a RepoPath> {
        let is_below = move |path: &&RepoPath| {
            let folder = folder.as_str();
            folder.is_empty() || path.as_str().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        self.blobs
            .keys()
            .chain(self.changed.iter().filter(|path| !self.blobs.contains_key(*path)))
            .filter(is_below)
    }
}

impl Tree for WorkTree {
    fn read(&self, path: &RepoPath) -> Option<Vec<u8>> {
        std::fs::read(self.root.join(path.as_str())).ok()
    }

    fn blob(&self, path: &RepoPath) -> Option<ObjectId> {
        match self.changed.contains(path) {
            true => self.hashed.get(path).cloned(),
            false => self.blobs.get(path).cloned(),
        }
    }

    fn is_unsettled(&self, path: &RepoPath) -> bool {
        let written = std::fs::metadata(self.root.join(path.as_str())).and_then(|about| about.modified());
        written.is_ok_and(|written| written >= self.since) && !self.settled.contains(path)
    }
}

impl Repository {
    /// Returns which of the files that git was told not to look at are not as git has them.
    fn overlooked(&self, survey: &Survey) -> Result<Changes, GitError> {
        let mut changes = Changes::default();
        let (same, other): (BTreeMap<_, _>, BTreeMap<_, _>) = (survey.overlooked.clone().into_iter())
            .partition(|(path, was)| mode_at(self.root(), path) == Some(was.mode));
        other.keys().for_each(|path| changes.add(path, Change::Modified));
        self.settle(same, &mut changes)?;
        Ok(changes)
    }

    /// Runs git and returns the entries that it prints, each ended by a NUL.
    pub(super) fn entries(&self, args: &[&str]) -> Result<Vec<Vec<u8>>, GitError> {
        let output = process::run(&self.environment, &self.root, args)?;
        if !output.status.success() {
            return Err(GitError::of(args, &output));
        }
        let entries = output.stdout.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
        Ok(entries.map(<[u8]>::to_vec).collect())
    }
}

/// A changed path counts even if it is no text: as the nearest text, which no index has, it runs everything.
fn changed_path(bytes: &[u8]) -> Option<RepoPath> {
    RepoPath::new(String::from_utf8_lossy(bytes).trim_end_matches('/')).ok()
}
