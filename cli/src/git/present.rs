//! The files that tests would see now, and how they differ from what somebody saw earlier.
//!
//! There are two ways to find that out, and both say the same. Where git has the earlier commit, it compares:
//! [`Present::changed_since`]. Where it has not, as in a shallow clone, a [`Listing`] of what is here is compared
//! with one that was kept: [`Present::changed_from`]. Neither fetches anything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock, PoisonError};

use skiptrace_engine::id::{CommitId, ObjectId};
use skiptrace_engine::path::RepoPath;
use skiptrace_indexers::record::sources::Tree;

use super::changes::{Change, Changes, GitPath};
use super::commit_tree::Contents;
use super::hash::mode_at;
use super::listing::{Listed, Listing, Recorded};
use super::mode::FileMode;
use super::process::Running;
use super::raw::{Pair, Side, raw_pairs};
use super::{GitError, Repository};

/// The files that tests would see now: those of the work tree, or of a revision that is looked at instead.
#[derive(Debug)]
pub struct Present<'a> {
    repository: &'a Repository,
    state: State,
}

#[derive(Debug)]
enum State {
    WorkTree(OnceLock<Files>),
    Revision { tree: ObjectId, contents: Mutex<Option<Contents>> },
}

/// The files of a work tree, found by one walk through it.
#[derive(Debug)]
struct Files {
    /// Those that git was told of, as git has them; of one with conflicts several versions.
    tracked: Vec<(GitPath, Side)>,
    loose: Loose,
}

/// What comparing with git's own list of files does not tell of a work tree.
#[derive(Debug, Default)]
struct Loose {
    /// Files that git was not told of, and does not ignore.
    untracked: BTreeSet<GitPath>,
    /// Files that git was told not to look at, but are there, with what git has of them.
    overlooked: BTreeMap<GitPath, Side>,
}

impl Repository {
    /// Returns what tests would see: the work tree, or the files of the revision `at`. Where there is no work tree,
    /// it is the newest commit.
    pub fn present(&self, at: Option<&str>) -> Result<Present<'_>, GitError> {
        let state = match at {
            None if self.has_work_tree => State::WorkTree(OnceLock::new()),
            at => {
                let tree = self.commit(at.unwrap_or("HEAD"))?.tree;
                State::Revision { tree, contents: Mutex::default() }
            }
        };
        Ok(Present { repository: self, state })
    }

    fn start(&self, args: &[&str]) -> Result<Running, GitError> {
        Running::start(&self.environment, &self.root, args)
    }
}

impl Present<'_> {
    /// Returns the files that are not as `commit` has them. Git has to have it: else that is
    /// [`GitError::UnknownRevision`], and [`Present::changed_from`] another way.
    ///
    /// Git ignores what it is told to ignore, and so does this. What is not checked out, though git has it, is as
    /// git has it; what git was told not to look at is looked at.
    pub fn changed_since(&self, commit: &CommitId) -> Result<Changes, GitError> {
        let changes = match &self.state {
            State::Revision { tree, .. } => self.compare_trees(commit, tree),
            State::WorkTree(files) => self.compare_work_tree(commit, files),
        };
        match changes {
            // What git says of a commit that it does not have differs from version to version.
            Err(GitError::Failed { .. }) if !self.has(commit)? => Err(GitError::UnknownRevision {
                revision: commit.to_string(),
                is_shallow: self.repository.is_shallow,
            }),
            changes => changes,
        }
    }

    /// Returns the files that are not as they were recorded: all of what `recorded` has and is another now or
    /// gone, and all that is here and not in it.
    pub fn changed_from<'r>(
        &self,
        recorded: impl IntoIterator<Item = (&'r RepoPath, &'r Recorded)>,
    ) -> Result<Changes, GitError> {
        let mut rest = self.listing()?.files;
        let mut changes = Changes::default();
        let mut unsure: BTreeMap<GitPath, Side> = BTreeMap::new();
        for (path, recorded) in recorded {
            let path = GitPath::from(path);
            let Some(now) = rest.remove(&path) else {
                changes.add(&path, Change::Removed);
                continue;
            };
            let mode = recorded.mode.unwrap_or(now.mode);
            match now.blob {
                None if now.is_opaque() => changes.add(&path, Change::Opaque),
                _ if mode != now.mode => changes.add(&path, modified(mode, now.mode)),
                None => drop(unsure.insert(path, Side { mode, blob: Some(recorded.blob.clone()) })),
                Some(blob) if blob != recorded.blob => changes.add(&path, modified(mode, now.mode)),
                Some(_) => {}
            }
        }
        for (path, now) in rest {
            let is_file = now.mode != FileMode::Repository;
            changes.add(&path, if is_file { Change::Added } else { Change::Opaque });
        }
        self.settle(unsure, &mut changes)?;
        Ok(changes)
    }

    /// Returns all files, with their blobs where git knows them without reading the files.
    pub fn listing(&self) -> Result<Listing, GitError> {
        match &self.state {
            State::Revision { tree, .. } => {
                let mut git =
                    self.repository.start(&["ls-tree", "-r", "-z", "--full-tree", tree.as_str()])?;
                let mut files = BTreeMap::new();
                while let Some(entry) = git.next(0)? {
                    // `100644 blob <id><tab>path`
                    let (about, path) = split_at(&entry, b'\t').ok_or_else(|| git.unexpected(&entry))?;
                    let fields: Vec<&str> = about.split(' ').collect();
                    let side = match fields[..] {
                        [mode, _, id] => Side::parse(mode, id),
                        _ => None,
                    };
                    let side = side.ok_or_else(|| git.unexpected(&entry))?;
                    files.insert(GitPath(path.to_vec()), Listed::from(side));
                }
                Ok(Listing { files })
            }
            State::WorkTree(files) => self.list_work_tree(files),
        }
    }

    /// Hands out what git has of the files of the work tree, and returns which of those that it was told not to look
    /// at are something else.
    pub(super) fn tracked(&self, each: impl FnMut(GitPath, Side)) -> Result<Changes, GitError> {
        let mut changes = Changes::default();
        let mut overlooked = self.read_files(each)?.overlooked;
        overlooked.retain(|path, was| {
            let now = path.mode_at(self.repository);
            if now != Some(was.mode) {
                changes.add(path, Change::Modified);
            }
            now == Some(was.mode)
        });
        self.settle(overlooked, &mut changes)?;
        Ok(changes)
    }

    fn compare_trees(&self, commit: &CommitId, tree: &ObjectId) -> Result<Changes, GitError> {
        let args =
            ["diff-tree", "-r", "--raw", "-z", "--no-abbrev", "--no-renames", "--ignore-submodules=none"];
        let args = [&args[..], &[commit.as_str(), tree.as_str(), "--"]].concat();
        let mut changes = Changes::default();
        for pair in raw_pairs(self.repository.start(&args)?)? {
            changes.add(&pair.path, pair.change());
        }
        Ok(changes)
    }

    fn compare_work_tree(&self, commit: &CommitId, files: &OnceLock<Files>) -> Result<Changes, GitError> {
        let args = ["diff-index", "--raw", "-z", "--no-abbrev", "--no-renames", "--ignore-submodules=none"];
        let args = [&args[..], &[commit.as_str(), "--"]].concat();
        // Both go through the whole work tree, side by side.
        let (pairs, files) = std::thread::scope(|scope| {
            let pairs = scope.spawn(|| raw_pairs(self.repository.start(&args)?));
            let files = self.files(files);
            (pairs.join().expect("it does not panic"), files)
        });
        let (pairs, loose): (Vec<Pair>, &Loose) = (pairs?, &files?.loose);
        let mut changes = Changes::default();
        let mut unsure = BTreeMap::new();
        let mut was: BTreeMap<GitPath, Option<Side>> = BTreeMap::new();
        for pair in pairs {
            let is_loose = loose.untracked.contains(&pair.path) || loose.overlooked.contains_key(&pair.path);
            if is_loose && !pair.is_unmerged {
                // What git compared is not what is there.
                was.insert(pair.path, pair.old);
            } else if pair.is_unsure() {
                unsure.extend(pair.old.map(|old| (pair.path, old)));
            } else {
                changes.add(&pair.path, pair.change());
            }
        }
        let overlooked = loose.overlooked.iter().map(|(path, side)| (path, Some(side)));
        for (path, tracked) in loose.untracked.iter().map(|path| (path, None)).chain(overlooked) {
            let old = was.get(path).map_or(tracked, Option::as_ref);
            let now = path.mode_at(self.repository);
            match (old, now) {
                (_, Some(FileMode::Repository) | None) => changes.add(path, Change::Opaque),
                (None, Some(_)) => changes.add(path, Change::Added),
                (Some(old), Some(now)) if old.mode != now => changes.add(path, modified(old.mode, now)),
                (Some(old), Some(_)) => drop(unsure.insert(path.clone(), old.clone())),
            }
        }
        self.settle(unsure, &mut changes)?;
        Ok(changes)
    }

    fn list_work_tree(&self, files: &OnceLock<Files>) -> Result<Listing, GitError> {
        let args = ["diff-files", "--raw", "-z", "--no-abbrev", "--no-renames", "--ignore-submodules=none"];
        let (dirty, found) = std::thread::scope(|scope| {
            let dirty = scope.spawn(|| raw_pairs(self.repository.start(&args)?));
            let found = self.files(files);
            (dirty.join().expect("it does not panic"), found)
        });
        let (dirty, Files { tracked, loose }): (Vec<Pair>, &Files) = (dirty?, found?);
        let mut files: BTreeMap<GitPath, Listed> =
            tracked.iter().map(|(path, side)| (path.clone(), Listed::from(side.clone()))).collect();
        for pair in dirty {
            let now = match pair.new {
                // What git compares is one of several versions; what is there is neither.
                _ if pair.is_unmerged => pair.path.mode_at(self.repository),
                new => new.map(|new| new.mode),
            };
            match now {
                Some(mode) => drop(files.insert(pair.path, Listed { mode, blob: None })),
                None => drop(files.remove(&pair.path)),
            }
        }
        for path in loose.untracked.iter().chain(loose.overlooked.keys()) {
            let listed = match path.mode_at(self.repository) {
                Some(mode) => Listed { mode, blob: None },
                None => Listed::opaque(),
            };
            files.insert(path.clone(), listed);
        }
        Ok(Listing { files })
    }

    fn files<'f>(&self, files: &'f OnceLock<Files>) -> Result<&'f Files, GitError> {
        if let Some(files) = files.get() {
            return Ok(files);
        }
        let mut tracked = Vec::new();
        let loose = self.read_files(|path, side| tracked.push((path, side)))?;
        Ok(files.get_or_init(|| Files { tracked, loose }))
    }

    /// Goes through the files of the work tree: those that git was told of are handed out as git has them.
    fn read_files(&self, mut tracked: impl FnMut(GitPath, Side)) -> Result<Loose, GitError> {
        let args = ["ls-files", "-v", "--stage", "--cached", "--others", "--exclude-standard", "-z"];
        let mut git = self.repository.start(&args)?;
        let mut loose = Loose::default();
        // Of a sparse checkout most is not there, folder by folder.
        let mut absent: Vec<u8> = Vec::new();
        while let Some(entry) = git.next(0)? {
            // `? path`, or `H 100644 <id> 0<tab>path`: `h` for files that git takes for unchanged, `S` for those
            // that are not checked out.
            let unexpected = || git.unexpected(&entry);
            if let Some(path) = entry.strip_prefix(b"? ") {
                let path = path.strip_suffix(b"/").unwrap_or(path);
                loose.untracked.insert(GitPath(path.to_vec()));
                continue;
            }
            let (about, path) = split_at(&entry, b'\t').ok_or_else(unexpected)?;
            let fields: Vec<&str> = about.split(' ').collect();
            let [tag, mode, id, _] = fields[..] else { return Err(unexpected()) };
            let side = Side::parse(mode, id).ok_or_else(unexpected)?;
            let path = GitPath(path.to_vec());
            let is_overlooked = tag == "S" || tag.bytes().all(|byte| byte.is_ascii_lowercase());
            if is_overlooked && side.mode != FileMode::Repository && self.is_there(&path, &mut absent) {
                loose.overlooked.insert(path.clone(), side.clone());
            }
            tracked(path, side);
        }
        Ok(loose)
    }

    /// Returns whether a file is there; `absent` is a folder that is known not to be.
    fn is_there(&self, path: &GitPath, absent: &mut Vec<u8>) -> bool {
        let is_in =
            |folder: &[u8]| path.0.strip_prefix(folder).is_some_and(|rest| rest.first() == Some(&b'/'));
        if !absent.is_empty() && is_in(absent) {
            return false;
        }
        if path.mode_at(self.repository).is_some_and(|mode| mode != FileMode::Repository) {
            return true;
        }
        // The topmost folder of it that is not there spares looking for all others below.
        let slashes = path.0.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        let gone = slashes
            .map(|at| GitPath(path.0[..at].to_vec()))
            .find(|folder| folder.mode_at(self.repository).is_none());
        if let Some(folder) = gone {
            *absent = folder.0;
        }
        false
    }

    /// Hashes the files of which only that tells whether they changed.
    fn settle(&self, unsure: BTreeMap<GitPath, Side>, changes: &mut Changes) -> Result<(), GitError> {
        let modes = unsure.iter().map(|(path, was)| (path.clone(), was.mode)).collect();
        let now = self.repository.hash(&modes)?;
        for (path, was) in unsure {
            if was.blob.is_none() || now.get(&path) != was.blob.as_ref() {
                changes.add(&path, Change::Modified);
            }
        }
        Ok(())
    }

    fn has(&self, commit: &CommitId) -> Result<bool, GitError> {
        let tree = format!("{commit}^{{tree}}");
        match self.repository.line(&["cat-file", "-e", &tree]) {
            Ok(_) => Ok(true),
            Err(GitError::Failed { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The contents of the files, for reading what changed. Links are followed, as tests do.
impl Tree for Present<'_> {
    fn read(&self, path: &RepoPath) -> Option<Vec<u8>> {
        match &self.state {
            State::WorkTree(_) => std::fs::read(self.repository.root.join(path.as_str())).ok(),
            State::Revision { tree, contents } => {
                // A question is a line.
                if path.as_str().contains('\n') {
                    return None;
                }
                let mut contents = contents.lock().unwrap_or_else(PoisonError::into_inner);
                if contents.is_none() {
                    *contents = Contents::start(self.repository, &["--follow-symlinks"]).ok();
                }
                contents.as_mut()?.look(&format!("{tree}:{}", path.as_str()))
            }
        }
    }

    fn blob(&self, _: &RepoPath) -> Option<ObjectId> {
        None
    }

    fn is_unsettled(&self, _: &RepoPath) -> bool {
        false
    }
}

impl GitPath {
    fn mode_at(&self, repository: &Repository) -> Option<FileMode> {
        mode_at(&repository.root, self)
    }
}

/// Says what became of a path that git takes for something else, or has another content of.
pub(super) fn modified(was: FileMode, now: FileMode) -> Change {
    if was == FileMode::Repository || now == FileMode::Repository { Change::Opaque } else { Change::Modified }
}

/// Splits what git says of a path from the path.
fn split_at(entry: &[u8], separator: u8) -> Option<(&str, &[u8])> {
    let at = entry.iter().position(|byte| *byte == separator)?;
    Some((std::str::from_utf8(&entry[..at]).ok()?, &entry[at + 1..]))
}

#[cfg(all(test, unix))]
mod tests;
