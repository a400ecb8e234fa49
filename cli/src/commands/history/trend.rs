//! `skiptrace history trend`.

use serde::Serialize;
use skiptrace_engine::history::{By, History, Trend, microseconds};

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::ui::table::{Column, Table};

use super::list::time;
use super::{FilterFlags, open_existing};

/// Show what was skipped, saved and missed, by day, branch or job
#[derive(Debug, clap::Args)]
pub struct TrendArgs {
    /// What runs are summed up by
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = Group::Day)]
    by: Group,

    /// Only runs of so long ago at most
    #[arg(long, value_name = "SPAN", default_value = "30d")]
    since: String,

    #[command(flatten)]
    flags: FilterFlags,
}

/// The value of `--by`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Group {
    /// The day they began on, in UTC
    Day,
    /// The branch
    Branch,
    /// The job
    Job,
}

/// The document `skiptrace/history-trend@1`.
#[derive(Serialize)]
struct Document {
    by: &'static str,
    trends: Vec<TrendDocument>,
}

#[derive(Serialize)]
struct TrendDocument {
    key: Box<str>,
    runs: u64,
    evaluated: u64,
    fell_back: u64,
    known: u64,
    selected: u64,
    skipped: u64,
    failed: u64,
    misses: u64,
    skippable: u64,
    checked: u64,
    refuted: u64,
    saved_us: u64,
    took_us: u64,
    overhead_us: u64,
    skipped_share: Option<f64>,
    saved_share: Option<f64>,
}

pub(super) fn run(args: &TrendArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let (by, name) = match args.by {
        Group::Day => (By::Day, "day"),
        Group::Branch => (By::Branch, "branch"),
        Group::Job => (By::Job, "job"),
    };
    let filter = args.flags.filter(Some(&args.since), session)?;
    let trends = match open_existing(session)? {
        Some(history) => history.trend(by, &filter)?,
        None => Vec::new(),
    };
    if session.printer.wants_json() {
        let trends = trends.iter().map(document).collect();
        session.printer.json("history-trend@1", &Document { by: name, trends })?;
    } else if !trends.is_empty() {
        print(by, &trends, session)?;
    }
    Ok(ExitStatus::Success)
}

fn document(Trend { key, totals }: &Trend) -> TrendDocument {
    TrendDocument {
        key: key.clone(),
        runs: totals.runs,
        evaluated: totals.evaluated,
        fell_back: totals.fell_back,
        known: totals.known,
        selected: totals.selected,
        skipped: totals.skipped,
        failed: totals.failed,
        misses: totals.misses,
        skippable: totals.skippable,
        checked: totals.checked,
        refuted: totals.refuted,
        saved_us: microseconds(totals.saved),
        took_us: microseconds(totals.took),
        overhead_us: microseconds(totals.overhead),
        skipped_share: totals.skipped_share(),
        saved_share: totals.saved_share(),
    }
}

fn print(by: By, trends: &[Trend], session: &Session<'_>) -> Result<(), CommandError> {
    let heading = match by {
        By::Day => "DAY",
        By::Branch => "BRANCH",
        By::Job => "JOB",
    };
    let mut table = Table::new([
        Column::text(heading),
        Column::number("RUNS"),
        Column::number("SELECTED"),
        Column::number("SKIPPED"),
        Column::number("OF TESTS"),
        Column::number("SAVED"),
        Column::number("OF TIME"),
        Column::number("OVERHEAD"),
        Column::number("FAILED"),
        Column::number("FELL BACK"),
        Column::text("MISSES"),
    ]);
    for Trend { key, totals } in trends {
        table.row([
            key.to_string(),
            totals.runs.to_string(),
            totals.selected.to_string(),
            totals.skipped.to_string(),
            percent(totals.skipped_share()),
            time(totals.saved),
            percent(totals.saved_share()),
            time(totals.overhead),
            totals.failed.to_string(),
            totals.fell_back.to_string(),
            match totals.evaluated {
                0 => "nobody looked".to_owned(),
                n if n == totals.runs => totals.misses.to_string(),
                n => format!("{} in {n} of {} runs", totals.misses, totals.runs),
            },
        ]);
    }
    session.printer.table(&table)?;
    Ok(())
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0))
}
