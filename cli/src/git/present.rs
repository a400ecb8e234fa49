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
use super::survey::{self, Survey, Surveying, Touched};
use super::{GitError, Repository};

/// The files that tests would see now: those of the work tree, or of a revision that is looked at instead.
#[derive(Debug)]
pub struct Present<'a> {
    repository: &'a Repository,
    state: State,
}

#[derive(Debug)]
enum State {
    WorkTree {
        /// Git's look through it, until somebody has read what it found.
        surveying: Mutex<Option<Box<Surveying>>>,
        survey: OnceLock<Survey>,
    },
    Revision {
        tree: ObjectId,
        contents: Mutex<Option<Contents>>,
    },
}

impl Repository {
    /// Returns what tests would see: the work tree, or the files of the revision `at`. Where there is no work tree,
    /// it is the newest commit.
    ///
    /// Git begins to look through the work tree at once, beside whatever else is done until somebody wants to know.
    pub fn present(&self, at: Option<&str>) -> Result<Present<'_>, GitError> {
        let state = match at {
            None if self.has_work_tree => {
                let surveying = Mutex::new(Some(Box::new(self.survey()?)));
                State::WorkTree { surveying, survey: OnceLock::new() }
            }
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

    /// Hashes the files of which only that tells whether they changed.
    pub(super) fn settle(
        &self,
        unsure: BTreeMap<GitPath, Side>,
        changes: &mut Changes,
    ) -> Result<(), GitError> {
        let modes = unsure.iter().map(|(path, was)| (path.clone(), was.mode)).collect();
        let now = self.hash(&modes)?;
        for (path, was) in unsure {
            if was.blob.is_none() || now.get(&path) != was.blob.as_ref() {
                changes.add(&path, Change::Modified);
            }
        }
        Ok(())
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
            State::WorkTree { .. } => self.compare_work_tree(commit, self.survey()?),
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
        self.repository.settle(unsure, &mut changes)?;
        Ok(changes)
    }

    /// Returns all files, with their blobs where git knows them without reading the files.
    pub fn listing(&self) -> Result<Listing, GitError> {
        let mut files = BTreeMap::new();
        self.each(|path, listed| drop(files.insert(GitPath(path.to_vec()), listed)))?;
        Ok(Listing { files })
    }

    /// Hands out all files whose names are text, with their blobs where git knows them without reading the files.
    pub fn each_named(&self, mut each: impl FnMut(RepoPath, Listed)) -> Result<(), GitError> {
        self.each(|path, listed| {
            let path = std::str::from_utf8(path).ok().and_then(|path| RepoPath::new(path).ok());
            if let Some(path) = path {
                each(path, listed);
            }
        })
    }

    fn each(&self, mut each: impl FnMut(&[u8], Listed)) -> Result<(), GitError> {
        match &self.state {
            State::Revision { tree, .. } => {
                self.each_of(tree.as_str(), |path, side| each(&path.0, Listed::from(side)))
            }
            State::WorkTree { .. } => {
                self.survey()?.each(self.repository, each);
                Ok(())
            }
        }
    }

    /// Returns what looking through the work tree found.
    fn survey(&self) -> Result<&Survey, GitError> {
        let State::WorkTree { surveying, survey } = &self.state else {
            unreachable!("nobody looks through the work tree for a revision");
        };
        if let Some(survey) = survey.get() {
            return Ok(survey);
        }
        let begun = surveying.lock().unwrap_or_else(PoisonError::into_inner).take();
        let begun = begun.map_or_else(|| self.repository.survey(), |begun| Ok(*begun))?;
        let found = begun.finish(self.repository)?;
        Ok(survey.get_or_init(|| found))
    }

    /// Hands out the files of a revision.
    fn each_of(&self, revision: &str, mut each: impl FnMut(GitPath, Side)) -> Result<(), GitError> {
        let mut git = self.repository.start(&["ls-tree", "-r", "-z", "--full-tree", revision])?;
        while let Some(entry) = git.next(0)? {
            // `100644 blob <id><tab>path`
            let (about, path) = split_at(&entry, b'\t').ok_or_else(|| git.unexpected(&entry))?;
            let fields: Vec<&str> = about.split(' ').collect();
            let side = match fields[..] {
                [mode, _, id] => Side::parse(mode, id),
                _ => None,
            };
            each(GitPath(path.to_vec()), side.ok_or_else(|| git.unexpected(&entry))?);
        }
        Ok(())
    }

    fn compare_trees(&self, commit: &CommitId, tree: &ObjectId) -> Result<Changes, GitError> {
        let mut changes = Changes::default();
        for pair in self.pairs(commit, tree.as_str())? {
            changes.add_pair(&pair);
        }
        Ok(changes)
    }

    /// Returns what two revisions do not have the same.
    fn pairs(&self, from: &CommitId, to: &str) -> Result<Vec<Pair>, GitError> {
        let args =
            ["diff-tree", "-r", "--raw", "-z", "--no-abbrev", "--no-renames", "--ignore-submodules=none"];
        raw_pairs(self.repository.start(&[&args[..], &[from.as_str(), to, "--"]].concat())?)
    }

    /// Compares the work tree with a commit: what the commit that is checked out has otherwise, git reads in its own
    /// store, and what is otherwise on disk than there was found by looking through the work tree.
    fn compare_work_tree(&self, commit: &CommitId, survey: &Survey) -> Result<Changes, GitError> {
        let mut since: BTreeMap<GitPath, Pair> = BTreeMap::new();
        if survey.head.as_ref() != Some(commit) {
            let head = match &survey.head {
                Some(head) => head.as_str().to_owned(),
                None => self.repository.line(&["hash-object", "-t", "tree", "--stdin"])?,
            };
            since = self.pairs(commit, &head)?.into_iter().map(|pair| (pair.path.clone(), pair)).collect();
        }
        let loose = survey.untracked.iter().chain(survey.overlooked.keys());
        let paths: BTreeSet<&GitPath> = since.keys().chain(survey.touched.keys()).chain(loose).collect();
        let heads = self.heads_of_unmerged(survey)?;
        let mut changes = Changes::default();
        let mut unsure = BTreeMap::new();
        for path in paths {
            let (pair, touched) = (since.get(path), survey.touched.get(path));
            let overlooked = survey.overlooked.get(path);
            let old = match (pair, touched) {
                (Some(pair), _) => pair.old.as_ref(),
                (None, Some(Touched { now: survey::Now::Unmerged, .. })) => heads.get(path),
                (None, Some(touched)) => touched.head.as_ref(),
                (None, None) => overlooked,
            };
            let is_loose = overlooked.is_some() || survey.untracked.contains(path);
            // What git was not to look at may be anything.
            let now = match touched {
                _ if is_loose => match path.mode_at(self.repository) {
                    Some(FileMode::Repository) | None => {
                        changes.add(path, Change::Opaque);
                        continue;
                    }
                    Some(mode) => Some(Side { mode, blob: None }),
                },
                Some(touched) => touched.on_disk(path, self.repository),
                None => pair.and_then(|pair| pair.new.clone()),
            };
            let pair = Pair { path: path.clone(), old: old.cloned(), new: now };
            match pair.old.clone().filter(|_| pair.is_unsure()) {
                Some(old) => drop(unsure.insert(pair.path, old)),
                None => changes.add_pair(&pair),
            }
        }
        self.repository.settle(unsure, &mut changes)?;
        Ok(changes)
    }

    /// Returns what the commit that is checked out has of files with conflicts: of the versions that git was told of
    /// none need be that one.
    fn heads_of_unmerged(&self, survey: &Survey) -> Result<BTreeMap<GitPath, Side>, GitError> {
        let is_unmerged = |path: &GitPath| {
            survey.touched.get(path).is_some_and(|touched| touched.now == survey::Now::Unmerged)
        };
        let mut heads = BTreeMap::new();
        if let Some(head) = &survey.head
            && survey.touched.keys().any(is_unmerged)
        {
            self.each_of(head.as_str(), |path, side| {
                if is_unmerged(&path) {
                    heads.insert(path, side);
                }
            })?;
        }
        Ok(heads)
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
            State::WorkTree { .. } => std::fs::read(self.repository.root.join(path.as_str())).ok(),
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
