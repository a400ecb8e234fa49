//! `skiptrace index`, one file for each of its commands.

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;

mod build;
mod export;
mod gc;
mod import;
mod list;
mod merge;
mod pull;
mod push;
mod query;
mod show;
pub(crate) mod target;
mod verify;

/// Build, import, inspect, merge, share and clean up indexes
///
/// An index says which tests depend on which code at one commit. Where a command takes INDEX, that is a file
/// (`*.idx`), or a revision whose index is in the store; the shards of a commit count as one index.
#[derive(Debug, clap::Subcommand)]
pub enum IndexCommand {
    Build(Box<build::BuildArgs>),
    Import(import::ImportArgs),
    Export(export::ExportArgs),
    Show(show::ShowArgs),
    Query(query::QueryArgs),
    Merge(merge::MergeArgs),
    Push(push::PushArgs),
    Pull(pull::PullArgs),
    List(list::ListArgs),
    Verify(verify::VerifyArgs),
    Gc(gc::GcArgs),
}

/// Runs a command.
pub(crate) fn run(command: &IndexCommand, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    match command {
        IndexCommand::Build(args) => build::run(args, session),
        IndexCommand::Import(args) => import::run(args, session),
        IndexCommand::Export(args) => export::run(args, session),
        IndexCommand::Show(args) => show::run(args, session),
        IndexCommand::Query(args) => query::run(args, session),
        IndexCommand::Merge(args) => merge::run(args, session),
        IndexCommand::Push(args) => push::run(args, session),
        IndexCommand::Pull(args) => pull::run(args, session),
        IndexCommand::List(args) => list::run(args, session),
        IndexCommand::Verify(args) => verify::run(args, session),
        IndexCommand::Gc(args) => gc::run(args, session),
    }
}
