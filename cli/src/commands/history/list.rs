//! `skiptrace history list`.

use serde::Serialize;
use skiptrace_engine::history::{History, Run, RunFilter};

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::ui::human;
use crate::ui::table::{Column, Table};

use super::document::RunDocument;
use super::{FilterFlags, open_existing};

/// List runs, newest first
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    flags: FilterFlags,

    /// Only runs of so long ago at most, such as `30d`
    #[arg(long, value_name = "SPAN")]
    since: Option<String>,

    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

/// The document `skiptrace/history-list@1`.
#[derive(Serialize)]
struct Document {
    runs: Vec<RunDocument>,
}

pub(super) fn run(args: &ListArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let filter = RunFilter { limit: Some(args.limit), ..args.flags.filter(args.since.as_deref(), session)? };
    let runs = match open_existing(session)? {
        Some(history) => history.runs(&filter)?,
        None => Vec::new(),
    };
    if session.printer.wants_json() {
        let runs = runs.iter().map(RunDocument::of).collect();
        session.printer.json("history-list@1", &Document { runs })?;
    } else if !runs.is_empty() {
        print(&runs, session)?;
    }
    Ok(ExitStatus::Success)
}

fn print(runs: &[Run], session: &Session<'_>) -> Result<(), CommandError> {
    let now = session.environment.now();
    let mut table = Table::new([
        Column::text("RUN"),
        Column::text("BEGAN"),
        Column::text("JOB"),
        Column::text("BRANCH"),
        Column::text("COMMIT"),
        Column::number("SELECTED"),
        Column::number("SKIPPED"),
        Column::number("FAILED"),
        Column::number("SAVED"),
        Column::number("MISSES"),
    ]);
    for run in runs {
        table.row([
            run.id.to_string(),
            human::ago(run.at(), now),
            run.job.to_string(),
            run.branch.as_deref().unwrap_or_default().to_owned(),
            run.commit.as_ref().map_or("", |commit| commit.short()).to_owned(),
            run.counts.selected.to_string(),
            run.counts.skipped.to_string(),
            run.counts.failed.to_string(),
            time(run.saved),
            run.misses.map_or_else(|| "?".to_owned(), |misses| misses.to_string()),
        ]);
    }
    session.printer.table(&table)?;
    Ok(())
}

/// Returns a duration as people read it.
pub(super) fn time(duration: std::time::Duration) -> String {
    human::duration(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
