//! Which files are not what they were.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use skiptrace_engine::path::RepoPath;

use super::raw::Pair;

/// A path as git has it: bytes, `/`-separated, that need not be text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct GitPath(pub(super) Vec<u8>);

/// So that bytes can be looked for among paths.
impl Borrow<[u8]> for GitPath {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

/// The files that are not what they were: their content or what git takes them for, compared as git stores them.
///
/// A renamed file is one that was removed and one that was added.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// What became of each path.
    pub paths: BTreeMap<RepoPath, Change>,
    /// Changed paths that are no text, as they can be shown. No index has them, so nobody knows whom they concern.
    pub unnamed: BTreeSet<String>,
}

/// What became of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It was not there.
    Added,
    /// It is gone.
    Removed,
    /// Its content is another, or its executable bit, or a file has become a link.
    Modified,
    /// It is a repository of its own, such as a submodule, or nothing that git could store. Nobody looks inside.
    Opaque,
}

impl Changes {
    /// Returns whether everything is what it was.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.unnamed.is_empty()
    }

    /// Returns how many paths are not what they were.
    pub fn len(&self) -> usize {
        self.paths.len() + self.unnamed.len()
    }

    /// Adds what changed since something else as well. Of a path that is told of twice, the worse counts.
    pub fn extend(&mut self, other: Changes) {
        for (path, change) in other.paths {
            let known = self.paths.entry(path).or_insert(change);
            *known = change.max(*known);
        }
        self.unnamed.extend(other.unnamed);
    }

    /// Adds what became of a path, if anything did.
    pub(super) fn add_pair(&mut self, pair: &Pair) {
        if let Some(change) = pair.change() {
            self.add(&pair.path, change);
        }
    }

    pub(super) fn add(&mut self, path: &GitPath, change: Change) {
        match path.repo_path() {
            Some(path) => {
                // Of a file with conflicts git may say several things.
                let known = self.paths.entry(path).or_insert(change);
                *known = change.max(*known);
            }
            None => drop(self.unnamed.insert(path.shown())),
        }
    }
}

impl GitPath {
    /// Returns the path if it is text.
    pub(super) fn repo_path(&self) -> Option<RepoPath> {
        RepoPath::new(std::str::from_utf8(&self.0).ok()?).ok().filter(|path| !path.as_str().is_empty())
    }

    /// Returns the path for people.
    pub(super) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    /// Returns the path for the operating system, relative to the top of the work tree.
    pub(super) fn os(&self) -> PathBuf {
        super::path(&self.0)
    }
}

impl From<&RepoPath> for GitPath {
    fn from(path: &RepoPath) -> GitPath {
        GitPath(path.as_str().as_bytes().to_vec())
    }
}
