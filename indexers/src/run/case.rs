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
    /// What runs before it, in this order, as part of it: what it executes counts as the test's.
    pub before: Vec<Step>,
    /// What runs after it, in this order, whether it passed or not.
    pub after: Vec<Step>,
}

/// A process that a test needs before or after its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What to run.
    pub command: CommandLine,
    /// What the end of the process says of the step.
    pub verdict: Verdict,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// Whether the test must not run where this step did not pass.
    pub required: bool,
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

/// What the end of a test's process says. [`Verdict::judge`] reads it.
///
/// Words are found wherever they stand in the output, and any run of blanks in either counts as one, because
/// frameworks align their summaries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Zero is passed, everything else failed.
    ExitCode,
    /// As a framework says it: by exit code, and by words in the output that tell a skipped test.
    Output {
        /// Exit codes that mean skipped: alone where `skipped` is empty, else together with one of its words.
        skip_codes: Vec<i32>,
        /// Words on standard output that mean that the test was skipped, where the exit code does not say failed.
        skipped: Vec<String>,
        /// Words on standard output of which one must be there, or nothing ran, whatever the exit code. Where
        /// there are none, the exit code alone tells.
        ran: Vec<String>,
    },
    /// The process is expected to fail.
    Fails,
    /// As the properties of a CTest test say it.
    Rules(Box<Rules>),
}

/// What CTest's properties say of the end of a test. Patterns are in CMake's syntax, and are searched for in
/// everything that was printed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// Whether what would be a pass is a failure, and the other way round.
    pub will_fail: bool,
    /// The exit code that means skipped.
    pub skip_code: Option<i32>,
    /// One of these must be found, and then the exit code says nothing more.
    pub passes: Vec<String>,
    /// None of these may be found.
    pub fails: Vec<String>,
    /// Any of these means skipped.
    pub skips: Vec<String>,
    /// Words as in [`Verdict::Output`]: without one of them nothing ran.
    pub ran: Vec<String>,
    /// Words on standard output that say that nothing ran, although it counts as a pass.
    pub idle: Vec<String>,
}

/// What a test holds while it runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lock {
    /// The whole machine: it runs alone.
    Everything,
    /// A thing with a name.
    Named(Box<str>),
}

#[cfg(all(test, unix))]
impl Case {
    /// Returns a test that is a script of the shell.
    pub(crate) fn shell(suite: &str, name: &str, script: &str) -> Case {
        let env = BTreeMap::new();
        let command = CommandLine { program: "/bin/sh".into(), args: Vec::new(), cwd: "/".into(), env };
        let args = ["-c", script].map(OsString::from).to_vec();
        super::native::Binary { suite: suite.into(), command }.case(name, args, Verdict::ExitCode)
    }
}
