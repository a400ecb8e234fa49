//! Tests as something that can be run.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// A test, and the process that runs it and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The binary, package or file that it lives in.
    pub suite: Box<str>,
    /// Its name there.
    pub name: Box<str>,
    /// What to run.
    pub command: CommandLine,
    /// What the end of the process says of the test.
    pub verdict: Verdict,
    /// Whether its runner would leave it out: ignored, disabled. It is known, and not run.
    pub skipped: bool,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// What it must not share with another test that runs at the same time.
    pub locks: Vec<Lock>,
}

/// A program with its arguments and surroundings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// The program's file.
    pub program: PathBuf,
    /// The arguments after the program.
    pub args: Vec<OsString>,
    /// The folder it runs in.
    pub cwd: PathBuf,
    /// Variables that are set (or, where `None`, unset) beyond what skiptrace itself was given.
    pub env: BTreeMap<OsString, Option<OsString>>,
}

/// What the end of a test's process says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Zero is passed, everything else failed.
    ExitCode,
    /// As a framework says it: by exit code, and by words in the output that tell a skipped test.
    Output {
        /// Exit codes that mean skipped.
        skip_codes: Vec<i32>,
        /// Words on standard output that mean that the test was skipped.
        skipped: Vec<String>,
        /// Words on standard output without which nothing ran, whatever the exit code.
        ran: Vec<String>,
    },
    /// The process is expected to fail.
    Fails,
}

/// What a test holds while it runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lock {
    /// The whole machine: it runs alone.
    Everything,
    /// A thing with a name.
    Named(Box<str>),
}
