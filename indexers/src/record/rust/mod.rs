//! Recording what cargo runs.
//!
//! ```text
//! plan       the user's command, settings and configuration → variables for cargo, folders, packages that count
//! own        `cargo test`: build → how each binary would run → its tests → each in a process of its own
//! nextest    `cargo nextest run`: nextest runs the tests, a shim before each, profiles read behind it
//! doctests   the examples in documentation: one test for each file, run by rustdoc
//! documented which example a program was that rustdoc ran, and what those of a file depend on
//! outcome    tests with traces, what their suites were compiled from, the conditions
//! ```

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::build::cargo_config::CargoConfigError;
use crate::results::ResultsError;
use crate::run::cargo::CargoCommand;
use crate::run::cargo_test::CargoError;
use crate::run::driver;
use crate::run::native::{LeftOut, ListError};
use crate::run::wanted::Wanted;
use crate::run::watch::Watch;

use super::outcome::Outcome;
use super::progress::Listener;

pub mod conditions;
mod doctests;
mod documented;
mod environment;
mod inputs;
mod nextest;
mod outcome;
mod own;
mod plan;

/// What is to be recorded, and how.
#[derive(Clone)]
pub struct Request<'a> {
    /// The command that the user runs tests with.
    pub command: CargoCommand,
    /// The folder it is run in.
    pub cwd: PathBuf,
    /// The variables around it.
    pub variables: BTreeMap<OsString, OsString>,
    /// The repository.
    pub repository: PathBuf,
    /// This program, which stands between cargo, compilers and tests.
    pub program: PathBuf,
    /// Whose code counts.
    pub instrument: Instrument,
    /// How tests are run.
    pub driver: driver::Options,
    /// What becomes of ignored tests.
    pub left_out: LeftOut,
    /// Which tests are wanted.
    pub wanted: Wanted,
    /// Who watches for interruption.
    pub watch: &'a Watch,
    /// Who is told what happens.
    pub listener: &'a Listener<'a>,
}

/// Whose code counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Instrument {
    /// That of the repository's packages.
    #[default]
    Workspace,
    /// That of their dependencies as well.
    All,
}

/// Why nothing could be recorded.
#[derive(Debug, Error)]
pub enum RecordError {
    /// Cargo failed.
    #[error(transparent)]
    Cargo(#[from] CargoError),
    /// Cargo does not know the project.
    #[error("cannot learn from cargo what is in the workspace")]
    Metadata(#[source] Box<cargo_metadata::Error>),
    /// The compiler does not say what it is.
    #[error("cannot ask the compiler which version it is")]
    Compiler(#[source] io::Error),
    /// The user's configuration of cargo is broken.
    #[error(transparent)]
    Config(#[from] CargoConfigError),
    /// A program cannot be asked for its tests.
    #[error(transparent)]
    List(#[from] ListError),
    /// Nextest's results cannot be read.
    #[error("cannot take what nextest says of its tests")]
    Results(#[source] Box<ResultsError>),
    /// Nextest ended without results.
    #[error("nextest ended ({status}) before it had results")]
    NoResults {
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// A file or folder of ours cannot be made or read.
    #[error("cannot {what} `{}`", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it cannot be.
        source: io::Error,
    },
}

impl RecordError {
    fn io(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> RecordError {
        let path = path.into();
        move |source| RecordError::Io { what, path, source }
    }
}

/// Builds and runs the tests, and returns what each executed.
pub fn record(request: &Request<'_>) -> Result<Outcome, RecordError> {
    let plan = plan::Plan::make(request)?;
    // The plan's variable names the folder, and would lose against the option.
    let request = &mut request.clone();
    request.command.remove_option("--target-dir");
    match request.command.runner {
        crate::run::cargo::CargoRunner::Test => own::record(request, &plan),
        crate::run::cargo::CargoRunner::Nextest => nextest::record(request, &plan),
    }
}
