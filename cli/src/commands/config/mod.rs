//! `skiptrace config`, one file for each of its commands.

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;

mod path;
mod show;

/// Look at the configuration
#[derive(Debug, clap::Subcommand)]
pub enum ConfigCommand {
    Show(show::ShowArgs),
    Path(path::PathArgs),
}

/// Runs a command.
pub(crate) fn run(command: &ConfigCommand, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    match command {
        ConfigCommand::Show(args) => show::run(args, session),
        ConfigCommand::Path(args) => path::run(args, session),
    }
}
