//! What git knows, asked by running it.
//!
//! Spawning `git` understands every repository there is. Its output is read as data only: never localized, paths
//! separated by NUL, no locks taken for mere reading.

use std::path::{Path, PathBuf};

use skiptrace_engine::id::{CommitId, ObjectId};
use skiptrace_engine::time::Timestamp;

use crate::environment::Environment;

mod branch;
mod changes;
mod commit_tree;
mod error;
mod hash;
mod history;
mod links;
mod listing;
mod message;
mod mode;
mod present;
mod process;
mod raw;
mod replica;
mod survey;
mod tracked;
mod tree;

pub use branch::Branch;
pub use changes::{Change, Changes};
pub use commit_tree::CommitTree;
pub use error::GitError;
pub use history::Walk;
pub use listing::{Listed, Listing, Recorded};
pub use message::Messages;
pub use mode::FileMode;
pub use present::Present;
pub use replica::Replica;
pub use tree::WorkTree;

/// A repository, and how to ask git about it.
#[derive(Debug, Clone)]
pub struct Repository {
    root: PathBuf,
    private: PathBuf,
    is_shallow: bool,
    has_work_tree: bool,
    environment: Environment,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: CommitId,
    /// What it holds.
    pub tree: ObjectId,
    /// When it was committed.
    pub committed: Timestamp,
}

impl Repository {
    /// Finds the repository around the environment's folder; `None` outside of any.
    pub fn discover(environment: &Environment) -> Result<Option<Repository>, GitError> {
        // The top of the work tree comes last because asking for it fails where there is none: in a bare
        // repository, and inside a `.git`.
        let args = [
            "rev-parse",
            "--is-shallow-repository",
            "--git-common-dir",
            "--absolute-git-dir",
            "--is-inside-work-tree",
            "--show-toplevel",
        ];
        let output = process::run(environment, &environment.cwd, &args)?;
        let text = output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout);
        let lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
        let (shallow, common, root, has_work_tree) = match lines[..] {
            [shallow, common, _, b"true", top] if output.status.success() => (shallow, common, top, true),
            [shallow, common, git_dir, b"false", ..] => (shallow, common, git_dir, false),
            _ => {
                return match GitError::of(&args, &output) {
                    GitError::NotARepository => Ok(None),
                    error => Err(error),
                };
            }
        };
        Ok(Some(Repository {
            root: path(root),
            // The common folder, so that all work trees of a repository share what is kept there.
            private: environment.cwd.join(path(common)).join("skiptrace"),
            is_shallow: shallow == b"true",
            has_work_tree,
            environment: environment.clone(),
        }))
    }

    /// Returns the top of the work tree, or the repository itself where there is none.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder inside git's own for what we keep. All work trees of a repository have the same one.
    pub fn private_folder(&self) -> &Path {
        &self.private
    }

    /// Returns whether the history is cut off somewhere.
    pub fn is_shallow(&self) -> bool {
        self.is_shallow
    }

    /// Returns the id of the commit that `revision` names, a branch, tag, id or expression.
    pub fn resolve(&self, revision: &str) -> Result<CommitId, GitError> {
        let unknown =
            || GitError::UnknownRevision { revision: revision.to_owned(), is_shallow: self.is_shallow };
        // Nothing that git could take for an option names a commit.
        if revision.is_empty() || revision.starts_with('-') {
            return Err(unknown());
        }
        let commit = format!("{revision}^{{commit}}");
        match self.line(&["rev-parse", "--verify", "--quiet", &commit]) {
            Ok(id) => id.parse().map_err(|_| GitError::unexpected(&["rev-parse"], &id)),
            Err(GitError::Failed { .. }) => Err(unknown()),
            Err(error) => Err(error),
        }
    }

    /// Returns the commit that is asked about: the one `at` names, else the one that is checked out, if there is one.
    pub fn head(&self, at: Option<&str>) -> Result<Option<CommitId>, GitError> {
        match (self.resolve(at.unwrap_or("HEAD")), at) {
            // A repository without a commit.
            (Err(GitError::UnknownRevision { .. }), None) => Ok(None),
            (resolved, _) => resolved.map(Some),
        }
    }

    /// Returns the commit that `revision` names.
    pub fn commit(&self, revision: &str) -> Result<Commit, GitError> {
        let id = self.resolve(revision)?;
        let args = ["rev-list", "--max-count=1", "--format=%T %ct", id.as_str()];
        let text = self.text(&args)?;
        // The first line repeats the id.
        let parsed = text.lines().nth(1).and_then(|line| {
            let (tree, seconds) = line.split_once(' ')?;
            Some((tree.parse().ok()?, seconds.parse::<u64>().ok()?))
        });
        let (tree, seconds) = parsed.ok_or_else(|| GitError::unexpected(&args, &text))?;
        Ok(Commit { id, tree, committed: Timestamp(seconds * 1000) })
    }

    /// Returns the branch that is checked out, or, where none is, the one the CI service says this run is for.
    pub fn branch(&self) -> Result<Option<Branch>, GitError> {
        match self.line(&["symbolic-ref", "--quiet", "--short", "HEAD"]) {
            Ok(name) => Ok(Some(Branch { name, variable: None })),
            Err(GitError::Failed { code: Some(1), .. }) => Ok(branch::of_ci(&self.environment)),
            Err(error) => Err(error),
        }
    }

    /// Runs git at the top of the repository and returns what it prints.
    fn text(&self, args: &[&str]) -> Result<String, GitError> {
        let output = process::run(&self.environment, &self.root, args)?;
        if !output.status.success() {
            return Err(GitError::of(args, &output));
        }
        String::from_utf8(output.stdout)
            .map_err(|error| GitError::unexpected(args, &String::from_utf8_lossy(error.as_bytes())))
    }

    /// Runs git and returns the one line that it prints.
    fn line(&self, args: &[&str]) -> Result<String, GitError> {
        let text = self.text(args)?;
        Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
    }
}

/// Returns the path that git prints; paths need not be text.
fn path(bytes: &[u8]) -> PathBuf {
    #[cfg(unix)]
    let path = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes);
    #[cfg(not(unix))]
    let path = &*String::from_utf8_lossy(bytes);
    PathBuf::from(path)
}

#[cfg(test)]
pub(crate) mod tests;
