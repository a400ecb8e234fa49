//! `skiptrace index`, one file for each of its commands.

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;

/// Build, inspect, merge and clean up indexes
#[derive(Debug, clap::Subcommand)]
pub enum IndexCommand {}

/// Runs a command. Until there is one, the group is hidden from the help.
pub(crate) fn run(command: &IndexCommand, _session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    match *command {}
}
