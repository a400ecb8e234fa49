//! What can go wrong with git.

use std::io;
use std::path::PathBuf;
use std::process::Output;

use thiserror::Error;

/// A question that git did not answer.
#[derive(Debug, Error)]
pub enum GitError {
    /// There is no git.
    #[error("cannot find `git`")]
    Missing,
    /// Git is there, but could not be started.
    #[error("cannot run `git` in `{}`", folder.display())]
    Spawn {
        /// Where it was to run.
        folder: PathBuf,
        /// Why it did not.
        source: io::Error,
    },
    /// There is no repository.
    #[error("not inside a git repository")]
    NotARepository,
    /// The repository belongs to somebody else, which git refuses to trust.
    #[error("git does not trust the repository at `{folder}`: it belongs to another user")]
    DubiousOwnership {
        /// The repository's folder, as git names it.
        folder: String,
    },
    /// Nothing is called that.
    #[error("unknown revision `{revision}`")]
    UnknownRevision {
        /// What was asked for.
        revision: String,
        /// Whether the history is cut off, so that it may exist elsewhere.
        is_shallow: bool,
    },
    /// Git failed in another way.
    #[error("`git {args}` failed: {stderr}")]
    Failed {
        /// Its arguments.
        args: String,
        /// Its exit code, where it was not killed.
        code: Option<i32>,
        /// What it said.
        stderr: String,
    },
    /// Git answered something else than it does.
    #[error("`git {args}` printed something unexpected: {output:?}")]
    Unexpected {
        /// Its arguments.
        args: String,
        /// What it printed.
        output: String,
    },
}

impl GitError {
    /// Reads what a failed git says.
    pub(super) fn of(args: &[&str], output: &Output) -> GitError {
        let stderr = String::from_utf8_lossy(&output.stderr);
        if stderr.contains("not a git repository") {
            GitError::NotARepository
        } else if let Some((_, rest)) = stderr.split_once("dubious ownership in repository at '") {
            let folder = rest.split('\'').next().unwrap_or_default().to_owned();
            GitError::DubiousOwnership { folder }
        } else {
            let stderr = stderr.trim().trim_start_matches("fatal: ").to_owned();
            GitError::Failed { args: args.join(" "), code: output.status.code(), stderr }
        }
    }

    pub(super) fn unexpected(args: &[&str], output: &str) -> GitError {
        GitError::Unexpected { args: args.join(" "), output: output.to_owned() }
    }

    /// Returns what a user can do about it, as a sentence to print after `hint:`.
    pub fn hint(&self) -> Option<String> {
        match self {
            GitError::Missing => Some("install git, or put it on the PATH".to_owned()),
            GitError::DubiousOwnership { folder } => {
                Some(format!("trust it with `git config --global --add safe.directory '{folder}'`"))
            }
            GitError::UnknownRevision { is_shallow: true, .. } => Some(
                "this clone is shallow; fetch what is missing with `git fetch --unshallow`, or by name"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}
