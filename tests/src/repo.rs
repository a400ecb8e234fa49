//! Scripted git repositories.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use crate::sandbox::Sandbox;

/// The moment of the first commit, in seconds since 1970; each later one is a minute younger.
const FIRST_COMMIT: u64 = 1_767_225_600;

/// A repository whose commits have the same ids on every machine.
#[derive(Debug)]
pub struct Repo<'a> {
    sandbox: &'a Sandbox,
    path: PathBuf,
    n_commits: Cell<u64>,
}

impl<'a> Repo<'a> {
    /// Makes an empty repository.
    pub fn init(sandbox: &'a Sandbox, path: PathBuf) -> Repo<'a> {
        std::fs::create_dir_all(&path).expect("folders can be made");
        let repo = Repo { sandbox, path, n_commits: Cell::new(0) };
        repo.git(["init", "--quiet"]);
        repo
    }

    /// Returns the top of the work tree.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes files, commits everything there is, and returns the id.
    pub fn commit(&self, message: &str, files: &[(&str, &str)]) -> String {
        for (path, text) in files {
            self.sandbox.write(self.path.join(path), text);
        }
        self.git(["add", "--all"]);
        self.git(["commit", "--quiet", "--allow-empty", "--message", message]);
        self.n_commits.set(self.n_commits.get() + 1);
        self.git(["rev-parse", "HEAD"])
    }

    /// Makes a branch where HEAD is, and switches to it.
    pub fn branch(&self, name: &str) {
        self.git(["checkout", "--quiet", "-b", name]);
    }

    /// Switches to a branch, or, detached, to a commit.
    pub fn checkout(&self, revision: &str) {
        self.git(["checkout", "--quiet", revision]);
    }

    /// Runs git and returns what it prints, without the last line's end.
    #[track_caller]
    pub fn git<const N: usize>(&self, args: [&str; N]) -> String {
        let date = format!("{} +0000", FIRST_COMMIT + 60 * self.n_commits.get());
        let output = self
            .sandbox
            .command("git")
            .args(args)
            .current_dir(&self.path)
            .envs([("GIT_AUTHOR_NAME", "Ada"), ("GIT_AUTHOR_EMAIL", "ada@example.com")])
            .envs([("GIT_COMMITTER_NAME", "Ada"), ("GIT_COMMITTER_EMAIL", "ada@example.com")])
            .envs([("GIT_AUTHOR_DATE", &date), ("GIT_COMMITTER_DATE", &date)])
            .output()
            .expect("git is installed");
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_the_same_everywhere() {
        let ids = || {
            let sandbox = Sandbox::new("skiptrace");
            let repo = sandbox.repo();
            let first = repo.commit("one", &[("src/a.rs", "fn a() {}\n")]);
            repo.branch("fix");
            let second = repo.commit("two", &[("src/a.rs", "fn a() { b() }\n")]);
            assert_eq!(repo.git(["symbolic-ref", "--short", "HEAD"]), "fix");
            repo.checkout("main");
            assert_eq!(repo.git(["rev-parse", "HEAD"]), first);
            assert_ne!(first, second);
            (first, second)
        };
        assert_eq!(ids(), ids());
    }
}
