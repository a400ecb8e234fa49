//! All files of one moment, as far as git knows them.

use std::collections::BTreeMap;

use skiptrace_engine::id::ObjectId;
use skiptrace_engine::path::RepoPath;

use super::changes::GitPath;
use super::mode::FileMode;
use super::raw::Side;

/// All files of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    pub(super) files: BTreeMap<GitPath, Listed>,
}

/// A file of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What git takes it for.
    pub mode: FileMode,
    /// Its content, as git stores it: of a submodule the commit. `None` where git would have to read the file.
    pub blob: Option<ObjectId>,
}

/// A file as it was when somebody recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// What git took it for; `None` when that was not kept, and cannot be compared.
    pub mode: Option<FileMode>,
    /// Its content.
    pub blob: ObjectId,
}

impl Listing {
    /// Returns the files whose paths are text, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (RepoPath, &Listed)> {
        self.files.iter().filter_map(|(path, listed)| Some((path.repo_path()?, listed)))
    }

    /// Returns the paths that are no text, as they can be shown.
    pub fn unnamed(&self) -> impl Iterator<Item = String> {
        self.files.keys().filter(|path| path.repo_path().is_none()).map(GitPath::shown)
    }

    /// Returns the file at `path`.
    pub fn get(&self, path: &RepoPath) -> Option<&Listed> {
        self.files.get(&GitPath::from(path))
    }
}

impl Listed {
    /// Returns what stands for something that nobody looks into.
    pub(super) fn opaque() -> Listed {
        Listed { mode: FileMode::Repository, blob: None }
    }

    /// Returns whether nobody looks inside: a repository in which something changed.
    pub(super) fn is_opaque(&self) -> bool {
        self.mode == FileMode::Repository && self.blob.is_none()
    }
}

impl From<Side> for Listed {
    fn from(Side { mode, blob }: Side) -> Listed {
        Listed { mode, blob }
    }
}
