//! `skiptrace history`, one file for each of its commands; [`record`] is for those that make runs.

use std::path::PathBuf;

use skiptrace_backends::history::SqliteHistory;
use skiptrace_engine::history::{Retention, RunFilter};
use skiptrace_engine::id::JobName;
use skiptrace_engine::time::Timestamp;

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::settings::{Settings, Span};

mod audit;
mod document;
mod import;
mod list;
mod prune;
mod pull;
mod record;
mod show;
mod trend;

pub use record::record;

/// Look at what runs chose and what came of it, and how that changes
///
/// The history is a file beside the local store (`history.path`). Runs are also written to the store, so that those
/// of other machines can be fetched with `skiptrace history pull`.
#[derive(Debug, clap::Subcommand)]
pub enum HistoryCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Trend(trend::TrendArgs),
    Audit(audit::AuditArgs),
    Pull(pull::PullArgs),
    Import(import::ImportArgs),
    Prune(prune::PruneArgs),
}

/// Runs a command.
pub(crate) fn run(command: &HistoryCommand, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    match command {
        HistoryCommand::List(args) => list::run(args, session),
        HistoryCommand::Show(args) => show::run(args, session),
        HistoryCommand::Trend(args) => trend::run(args, session),
        HistoryCommand::Audit(args) => audit::run(args, session),
        HistoryCommand::Pull(args) => pull::run(args, session),
        HistoryCommand::Import(args) => import::run(args, session),
        HistoryCommand::Prune(args) => prune::run(args, session),
    }
}

/// The flags that say which runs are meant.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct FilterFlags {
    /// Only runs of this job
    #[arg(long, value_name = "NAME")]
    job: Option<JobName>,

    /// Only runs of this branch
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
}

impl FilterFlags {
    pub(super) fn filter(
        &self,
        since: Option<&str>,
        session: &Session<'_>,
    ) -> Result<RunFilter, CommandError> {
        let since = match since {
            Some(text) => {
                let span: Span = text.parse().map_err(|()| {
                    CommandError::user(format_args!("`--since` expects {}, found `{text}`", Span::EXPECTED))
                })?;
                Some(Timestamp(session.environment.now().since(Timestamp(span.0))))
            }
            None => None,
        };
        let branch = self.branch.as_deref().map(Into::into);
        Ok(RunFilter { since, job: self.job.clone(), branch, limit: None })
    }
}

/// Returns the file of the history.
fn path(settings: &Settings) -> Result<PathBuf, CommandError> {
    settings.history_path.value.clone().ok_or_else(|| {
        CommandError::user("there is no folder for the history")
            .hint("name a file with `--config history.path=FILE`")
    })
}

/// Opens the history to write to it.
fn open(settings: &Settings) -> Result<SqliteHistory, CommandError> {
    Ok(SqliteHistory::open(&path(settings)?)?)
}

/// Opens the history to read it; without one, says so.
pub(super) fn open_existing(session: &Session<'_>) -> Result<Option<SqliteHistory>, CommandError> {
    let path = path(&session.settings()?)?;
    let history = SqliteHistory::open_existing(&path)?;
    if history.is_none() {
        session.printer.status(format_args!("there is no history in `{}` yet", path.display()));
        session.printer.hint("`skiptrace history pull` fetches the runs that are in the store");
    }
    Ok(history)
}

/// Returns how much is kept.
fn retention(settings: &Settings, now: Timestamp) -> Retention {
    let kept = settings.history_keep_days.value.saturating_mul(24 * 60 * 60 * 1000);
    Retention {
        since: Some(Timestamp(now.since(Timestamp(kept)))),
        runs: Some(settings.history_keep_runs.value),
    }
}
