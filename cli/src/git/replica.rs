//! A throw-away copy of a repository, in which commits are checked out one after the other.

use std::path::{Path, PathBuf};

use skiptrace_engine::id::CommitId;

use super::process::run;
use super::{GitError, Repository};
use crate::environment::Environment;

/// A repository that borrows the objects of another one, and writes nothing there: no work tree is registered, no
/// reference is made, so nothing is left behind however this ends.
#[derive(Debug)]
pub struct Replica {
    root: PathBuf,
    environment: Environment,
}

/// What differs between machines in how files are written out. A clone has none of it by itself.
const SETTINGS: [&str; 4] = ["core.autocrlf", "core.eol", "core.symlinks", "core.filemode"];

/// Variables that lead git to another repository than the one it is in, as it sets them for hooks.
const ELSEWHERE: [&str; 6] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX"];

impl Replica {
    /// Makes one of `repository` in `folder`, or opens the one that is there already.
    pub fn of(repository: &Repository, folder: &Path) -> Result<Replica, GitError> {
        let mut environment = repository.environment.clone();
        for name in ELSEWHERE {
            environment.vars.remove(std::ffi::OsStr::new(name));
        }
        let replica = Replica { root: folder.to_owned(), environment };
        if folder.join(".git").exists() {
            return Ok(replica);
        }
        let format = repository.line(&["rev-parse", "--show-object-format"])?;
        let objects = repository.line(&["rev-parse", "--path-format=absolute", "--git-path", "objects"])?;
        let shallow = repository.line(&["rev-parse", "--path-format=absolute", "--git-path", "shallow"])?;
        let to = folder.to_string_lossy();
        repository.text(&["init", "--quiet", "--template=", &format!("--object-format={format}"), &to])?;
        let spawned = |source| GitError::Spawn { folder: folder.to_owned(), source };
        let git = folder.join(".git");
        std::fs::create_dir_all(git.join("objects/info")).map_err(spawned)?;
        std::fs::write(git.join("objects/info/alternates"), format!("{objects}\n")).map_err(spawned)?;
        // Where the history of a shallow clone ends.
        if let Ok(ends) = std::fs::read(&shallow) {
            std::fs::write(git.join("shallow"), ends).map_err(spawned)?;
        }
        for name in SETTINGS {
            // It fails where the setting is not set, which is fine.
            if let Ok(value) = repository.line(&["config", "--get", name]) {
                replica.git(&["config", name, &value])?;
            }
        }
        // Hooks of the user's have no business here, and nothing is worth tidying up.
        replica.git(&["config", "core.hooksPath", "/dev/null"])?;
        replica.git(&["config", "gc.auto", "0"])?;
        Ok(replica)
    }

    /// Returns the top of the work tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the surroundings in which git, and what runs it, means this clone.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Makes the files those of a commit, and nothing else: what tests or builds left there is removed.
    pub fn check_out(&self, commit: &CommitId) -> Result<(), GitError> {
        self.git(&["checkout", "--quiet", "--force", "--detach", commit.as_str()])?;
        self.git(&["clean", "--quiet", "-ffdx"])
    }

    /// Has git ignore a path from now on.
    pub fn ignore(&self, pattern: &str) -> std::io::Result<()> {
        let folder = self.root.join(".git/info");
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("exclude"), format!("{pattern}\n"))
    }

    /// Returns whether git tracks a file of the commit that is checked out.
    pub fn tracks(&self, path: &str) -> Result<bool, GitError> {
        let output = run(&self.environment, &self.root, &["ls-files", "--", path])?;
        Ok(!output.stdout.is_empty())
    }

    fn git(&self, args: &[&str]) -> Result<(), GitError> {
        let output = run(&self.environment, &self.root, args)?;
        if output.status.success() { Ok(()) } else { Err(GitError::of(args, &output)) }
    }
}

impl Repository {
    /// Returns the commits of a range along first parents, oldest first, each with the first line of its message.
    pub fn history(&self, range: &str) -> Result<Vec<(CommitId, String)>, GitError> {
        let args = ["log", "--first-parent", "--reverse", "--format=%H %s", "--end-of-options", range, "--"];
        let text = self.text(&args)?;
        text.lines()
            .map(|line| {
                let (id, subject) = line.split_once(' ').unwrap_or((line, ""));
                let id = id.parse().map_err(|_| GitError::unexpected(&args, line))?;
                Ok((id, subject.to_owned()))
            })
            .collect()
    }
}
