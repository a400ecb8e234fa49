//! Work folders in which cases are tried, one after the other.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use skiptrace_tests::Sandbox;

/// A work tree that is put back to its first commit for each case, so that compilers find most things done already.
pub(super) struct Bench<'a> {
    sandbox: &'a Sandbox,
    /// The work tree.
    pub(super) folder: PathBuf,
    /// What is made there and kept from case to case; outside of the work tree.
    pub(super) kept: PathBuf,
    pristine: PathBuf,
}

impl<'a> Bench<'a> {
    /// Makes a work tree of the repository in the sandbox's work folder.
    pub(super) fn new(sandbox: &'a Sandbox, name: &str) -> Bench<'a> {
        let top = sandbox.path().join(name);
        let bench = Bench {
            sandbox,
            folder: top.join("project"),
            kept: top.join("kept"),
            pristine: sandbox.work().join(".git"),
        };
        for folder in [&bench.folder, &bench.kept] {
            fs::create_dir_all(folder).expect("the sandbox is ours");
        }
        bench.reset();
        bench
    }

    /// Puts everything back as it was committed; files that are as they were are not touched.
    pub(super) fn reset(&self) {
        let git = self.folder.join(".git");
        if git.exists() {
            fs::remove_dir_all(&git).expect("the sandbox is ours");
        }
        let succeed = |command: &mut Command| {
            let output = command.output().expect("it is installed");
            assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        };
        succeed(self.command("cp").arg("-a").arg(&self.pristine).arg(&git));
        for args in [
            &["status", "--short"][..],
            &["reset", "--quiet", "--hard"],
            &["clean", "-ffdxq", "-e", "/build"],
        ] {
            succeed(self.command("git").args(args));
        }
    }

    /// Makes a command that runs in the work tree.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = self.sandbox.command(program);
        command.current_dir(&self.folder).envs(author());
        command
    }

    /// Makes a command that runs a program that was built, in the work tree.
    pub(super) fn command_at(&self, program: &Path) -> Command {
        let mut command = self.sandbox.command(program);
        command.current_dir(&self.folder);
        command
    }

    /// Makes a command that selects for what runs the tests.
    pub(super) fn select(&self, args: &[String], runner: &[&str], env: &BTreeMap<String, String>) -> Command {
        let mut command = self.sandbox.skiptrace_command();
        command.current_dir(&self.folder).args(["select", "--json"]).args(args);
        // Where cargo has to list the tests, what it builds is what is run afterwards.
        command.env("CARGO_TARGET_DIR", &self.kept).envs(env);
        if !runner.is_empty() {
            command.arg("--").args(runner);
        }
        command
    }

    /// Returns the work tree's path as text.
    pub(super) fn text(&self) -> &str {
        self.folder.to_str().expect("sandboxes are text")
    }
}

/// Who commits.
pub(super) fn author() -> [(&'static str, &'static str); 6] {
    [
        ("GIT_AUTHOR_NAME", "Ada"),
        ("GIT_AUTHOR_EMAIL", "ada@example.com"),
        ("GIT_COMMITTER_NAME", "Ada"),
        ("GIT_COMMITTER_EMAIL", "ada@example.com"),
        ("GIT_AUTHOR_DATE", "1767300000 +0000"),
        ("GIT_COMMITTER_DATE", "1767300000 +0000"),
    ]
}

/// Copies a folder with its links and modes.
pub(super) fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status();
    assert!(status.expect("cp is installed").success(), "cannot copy {}", from.display());
}
