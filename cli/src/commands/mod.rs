//! The commands, one file each: the arguments with their help, and the function that does it.

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;

pub mod completions;
pub mod config;
pub mod doctor;
pub mod evaluate;
pub mod explain;
pub mod history;
pub mod index;
pub mod man;
mod place;
pub mod record;
pub mod replay;
pub mod report;
pub mod rules;
pub mod run;
pub mod select;

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Run(run::RunArgs),
    Select(select::SelectArgs),
    Explain(explain::ExplainArgs),
    Record(record::RecordArgs),
    Evaluate(evaluate::EvaluateArgs),
    Replay(replay::ReplayArgs),
    Report(report::ReportArgs),
    Doctor(doctor::DoctorArgs),
    #[command(subcommand)]
    Rules(rules::RulesCommand),
    #[command(subcommand)]
    Index(index::IndexCommand),
    #[command(subcommand)]
    History(history::HistoryCommand),
    #[command(subcommand)]
    Config(config::ConfigCommand),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// Runs a command.
pub(crate) fn run(command: &Command, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    match command {
        Command::Run(args) => run::run(args, session),
        Command::Select(args) => select::run(args, session),
        Command::Explain(args) => explain::run(args, session),
        Command::Record(args) => record::run(args, session),
        Command::Evaluate(args) => evaluate::run(args, session),
        Command::Replay(args) => replay::run(args, session),
        Command::Report(args) => report::run(args, session),
        Command::Rules(command) => rules::run(command, session),
        Command::Doctor(args) => doctor::run(args, session),
        Command::Index(command) => index::run(command, session),
        Command::History(command) => history::run(command, session),
        Command::Config(command) => config::run(command, session),
        Command::Completions(args) => completions::run(args, session),
        Command::Man(args) => man::run(args, session),
    }
}
