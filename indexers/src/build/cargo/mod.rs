//! What cargo builds: its packages, the test executables, and what each was compiled from.
//!
//! [`metadata`] and [`messages`] are what cargo says, [`suite`] is the tests in it, [`script`] what build scripts
//! declare, [`compilation`] puts crates and files together, and [`lockfile`] is the graph that was resolved.

use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use thiserror::Error;

pub mod compilation;
pub mod lockfile;
pub mod messages;
pub mod metadata;
pub mod script;
pub mod suite;

/// Why cargo could not be asked.
#[derive(Debug, Error)]
pub enum CargoError {
    /// It could not be started.
    #[error("could not start `{program}`")]
    Start {
        /// The program.
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// It said no; what it says of it went to standard error.
    #[error("`{command}` failed ({status})")]
    Failed {
        /// The command.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// Its metadata is not what is expected.
    #[error("`cargo metadata` answered something unexpected")]
    Metadata(#[source] serde_json::Error),
    /// Its metadata has no dependency graph.
    #[error("`cargo metadata` was asked without dependencies; ask it without `--no-deps`")]
    NoGraph,
    /// Its messages are not what is expected.
    #[error(transparent)]
    Messages(#[from] messages::MessagesError),
    /// Two test executables would have the same name.
    #[error(
        "two test executables are called `{suite}`; build for one target at a time and give packages names of their own"
    )]
    DuplicateSuite {
        /// The name.
        suite: Box<str>,
    },
}

/// Runs a command to its end and returns its standard output; standard error goes where ours goes.
fn output(command: &mut Command, cwd: &Path) -> Result<(Vec<u8>, ExitStatus), CargoError> {
    let done = command.current_dir(cwd).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let done = done.map_err(|source| CargoError::Start {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    })?;
    Ok((done.stdout, done.status))
}

#[cfg(all(test, unix))]
mod tests;
