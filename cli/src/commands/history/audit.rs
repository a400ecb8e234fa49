//! `skiptrace history audit`.

use serde::Serialize;
use skiptrace_engine::history::{Bound, By, Confidence, History, Totals};

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::ui::human;
use crate::ui::table::{Column, Table};

use super::{FilterFlags, open_existing};

/// Show how often proofs were put to the test, and how wrong they can be at most
///
/// Tests that need not have run ran all the same: all of them with `--observe` and where everything ran and was
/// evaluated, some of them with `--audit`. Those that failed were missed. How many of all tests that are skipped would
/// fail, at most, follows from how many were looked at; with none missed in 3,000, it is one in a thousand.
///
/// The bound is exact where tests fail independently of each other. One mistake may be behind several misses, so look at
/// them and not at the number alone.
#[derive(Debug, clap::Args)]
pub struct AuditArgs {
    /// Only runs of so long ago at most
    #[arg(long, value_name = "SPAN", default_value = "90d")]
    since: String,

    #[command(flatten)]
    flags: FilterFlags,

    /// How sure the bound is to be, in percent
    #[arg(long, value_name = "PERCENT", default_value = "95")]
    confidence: Confidence,
}

/// The document `skiptrace/history-audit@1`.
#[derive(Serialize)]
struct Document {
    confidence: f64,
    jobs: Vec<JobDocument>,
    total: TotalDocument,
}

#[derive(Serialize)]
struct JobDocument {
    job: Box<str>,
    #[serde(flatten)]
    total: TotalDocument,
}

#[derive(Serialize)]
struct TotalDocument {
    runs: u64,
    /// Tests that need not have run.
    skippable: u64,
    /// How many of them ran all the same.
    checked: u64,
    /// How many of those failed.
    missed: u64,
    /// The share of skipped tests that would fail, at most; null where none was looked at.
    at_most: Option<f64>,
}

pub(super) fn run(args: &AuditArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let filter = args.flags.filter(Some(&args.since), session)?;
    let jobs = match open_existing(session)? {
        Some(history) => history.trend(By::Job, &filter)?,
        None => Vec::new(),
    };
    let total = jobs.iter().fold(Totals::default(), |sum, job| sum.and(job.totals));
    let document = |totals: &Totals| TotalDocument {
        runs: totals.runs,
        skippable: totals.skippable,
        checked: totals.checked,
        missed: totals.refuted,
        at_most: totals.bound(args.confidence).map(|bound| bound.at_most),
    };
    if session.printer.wants_json() {
        let of_job = |job: &skiptrace_engine::history::Trend| JobDocument {
            job: job.key.clone(),
            total: document(&job.totals),
        };
        let jobs = jobs.iter().map(of_job).collect();
        let document = Document { confidence: args.confidence.share(), jobs, total: document(&total) };
        session.printer.json("history-audit@1", &document)?;
        return Ok(ExitStatus::Success);
    }
    if total.checked == 0 {
        session.printer.status("no test that need not have run did so, in the runs that are known");
        session.printer.hint("`skiptrace select --audit 1%` has one in a hundred run all the same");
        return Ok(ExitStatus::Success);
    }
    let mut table = Table::new([
        Column::text("JOB"),
        Column::number("RUNS"),
        Column::number("NEED NOT RUN"),
        Column::number("RAN"),
        Column::number("MISSED"),
        Column::text("WOULD FAIL, AT MOST"),
    ]);
    let everything = ("all".into(), total);
    let rows = jobs.into_iter().map(|job| (job.key, job.totals));
    let is_alone = rows.len() == 1;
    for (job, totals) in rows.chain([everything].into_iter().filter(|_| !is_alone)) {
        table.row([
            job.to_string(),
            totals.runs.to_string(),
            totals.skippable.to_string(),
            totals.checked.to_string(),
            totals.refuted.to_string(),
            totals.bound(args.confidence).map_or_else(|| "nobody looked".to_owned(), said),
        ]);
    }
    session.printer.table(&table)?;
    Ok(ExitStatus::Success)
}

/// Returns a bound in words.
fn said(bound: Bound) -> String {
    format!("{} of what is skipped ({} sure)", human::share(bound.at_most), bound.confidence)
}
