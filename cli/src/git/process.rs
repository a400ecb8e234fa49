//! A git process whose output is read while it runs.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::thread::JoinHandle;

use super::GitError;
use crate::environment::Environment;

/// As much of what git says about a failure is kept.
const KEPT: usize = 16 * 1024;

/// What each git is told before its own arguments.
const SETTINGS: &[&str] = &[
    // A program of the user's that says which files changed may be wrong, and nobody would notice.
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.quotePath=false",
    // In which order somebody wants to see files, from a file that may not be there.
    "-c",
    "diff.orderFile=/dev/null",
];

/// What each git finds around it: English, no locks, no questions, and no network. A clone without all objects
/// would fetch those that are missing one by one; newer versions are told not to, older ones have no way to.
const VARIABLES: &[(&str, &str)] = &[
    ("LC_ALL", "C"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_ALLOW_PROTOCOL", "none"),
];

/// A git that is running. It is stopped when nobody wants more of it.
#[derive(Debug)]
pub(super) struct Running {
    args: String,
    child: Child,
    output: BufReader<ChildStdout>,
    complaints: Option<JoinHandle<Vec<u8>>>,
    complained: Vec<u8>,
}

/// Makes the command line of a git in `folder`.
pub(super) fn command(environment: &Environment, folder: &Path, args: &[&str]) -> Command {
    tracing::debug!(?args, "git");
    let mut command = Command::new("git");
    command
        .args(SETTINGS)
        .args(args)
        .current_dir(folder)
        .env_clear()
        .envs(&environment.vars)
        .envs(VARIABLES.iter().copied())
        .stdin(Stdio::null());
    command
}

/// Says why git could not be started in `folder`.
pub(super) fn not_started(folder: &Path, error: io::Error) -> GitError {
    match error.kind() {
        // A missing folder is reported just like a missing program.
        io::ErrorKind::NotFound if folder.is_dir() => GitError::Missing,
        _ => GitError::Spawn { folder: folder.to_owned(), source: error },
    }
}

/// Runs git to its end.
pub(super) fn run(environment: &Environment, folder: &Path, args: &[&str]) -> Result<Output, GitError> {
    command(environment, folder, args).output().map_err(|error| not_started(folder, error))
}

impl Running {
    /// Starts git in `folder`.
    pub(super) fn start(
        environment: &Environment,
        folder: &Path,
        args: &[&str],
    ) -> Result<Running, GitError> {
        let mut child = command(environment, folder, args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| not_started(folder, error))?;
        let output = BufReader::with_capacity(1 << 16, child.stdout.take().expect("it was asked for"));
        let mut stderr = child.stderr.take().expect("it was asked for");
        // Git waits for whoever reads its complaints, and may have one for each file.
        let complaints = std::thread::spawn(move || {
            let mut kept = Vec::new();
            let _ = stderr.by_ref().take(KEPT as u64).read_to_end(&mut kept);
            let _ = io::copy(&mut stderr, &mut io::sink());
            kept
        });
        let (args, complained) = (args.join(" "), Vec::new());
        Ok(Running { args, child, output, complaints: Some(complaints), complained })
    }

    /// Returns the next piece of the output, without the byte `end` after it; `None` when there is no more and git
    /// ended well.
    pub(super) fn next(&mut self, end: u8) -> Result<Option<Vec<u8>>, GitError> {
        let mut piece = Vec::new();
        match self.output.read_until(end, &mut piece) {
            Ok(0) => self.finish().map(|()| None),
            Ok(_) if piece.last() == Some(&end) => {
                piece.pop();
                Ok(Some(piece))
            }
            // It was cut off in the middle: git has died, which it can say itself.
            Ok(_) => {
                self.finish()?;
                Err(self.unexpected(&piece))
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Returns all of the rest of the output, once git ended well.
    pub(super) fn rest(&mut self) -> Result<Vec<u8>, GitError> {
        let mut rest = Vec::new();
        self.output.read_to_end(&mut rest).map_err(|error| self.failed(error))?;
        self.finish().map(|()| rest)
    }

    /// Returns what git said on standard error though it ended well, line by line. Before its end, that is nothing.
    /// Where it said more than is kept, the last line is one that git never says.
    pub(super) fn complaints(&self) -> impl Iterator<Item = &[u8]> {
        let is_cut = self.complained.len() >= KEPT;
        self.complained.split(|byte| *byte == b'\n').chain(is_cut.then_some(&b"and more"[..]))
    }

    /// Makes the error for output that git never prints.
    pub(super) fn unexpected(&self, output: &[u8]) -> GitError {
        GitError::Unexpected { args: self.args.clone(), output: String::from_utf8_lossy(output).into_owned() }
    }

    fn failed(&self, error: io::Error) -> GitError {
        GitError::Failed { args: self.args.clone(), code: None, stderr: error.to_string() }
    }

    fn finish(&mut self) -> Result<(), GitError> {
        let status = self.child.wait().map_err(|error| self.failed(error))?;
        let stderr = self.complaints.take().and_then(|reader| reader.join().ok()).unwrap_or_default();
        if status.success() {
            self.complained = stderr;
            return Ok(());
        }
        Err(GitError::of(&[&self.args], &Output { status, stdout: Vec::new(), stderr }))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Only one that nobody read to its end still has a reader of its complaints.
        if let Some(complaints) = self.complaints.take() {
            let _ = self.child.kill();
            let _ = self.child.wait();
            let _ = complaints.join();
        }
    }
}
