//! `skiptrace history show`.

use serde::Serialize;
use skiptrace_engine::history::{History, Run, RunFilter, RunId, RunRecord, TestName, TestResult, TestRun};

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::ui::human;
use crate::ui::table::{Column, Table};

use super::document::{RunDocument, TestDocument};
use super::list::time;
use super::{FilterFlags, open_existing};

/// Show one run and its tests, or one test in all runs
///
/// Of the tests, those are listed that failed, were flaky or missed; with --tests, all.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The run: its id, or the beginning of it or of what is after its dash
    #[arg(value_name = "RUN", required_unless_present = "test", conflicts_with_all = ["job", "branch", "limit"])]
    run: Option<String>,

    /// List every test of the run
    #[arg(long)]
    tests: bool,

    /// Show what became of this test instead, newest first
    #[arg(long, value_name = "NAME", conflicts_with_all = ["run", "tests"])]
    test: Option<String>,

    /// The suite of that test
    #[arg(long, value_name = "NAME", requires = "test")]
    suite: Option<String>,

    #[command(flatten)]
    flags: FilterFlags,

    /// At most so many results of that test
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

/// The document `skiptrace/history-show@1`.
#[derive(Serialize)]
struct Document {
    #[serde(flatten)]
    run: RunDocument,
    tests: Vec<TestDocument>,
}

/// The document `skiptrace/history-test@1`.
#[derive(Serialize)]
struct TestDocuments {
    results: Vec<ResultDocument>,
}

#[derive(Serialize)]
struct ResultDocument {
    #[serde(flatten)]
    test: TestDocument,
    of: RunDocument,
}

pub(super) fn run(args: &ShowArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let Some(history) = open_existing(session)? else { return Ok(ExitStatus::Success) };
    if let Some(name) = &args.test {
        let filter = RunFilter { limit: Some(args.limit), ..args.flags.filter(None, session)? };
        let results = history.results(args.suite.as_deref(), name, &filter)?;
        if results.is_empty() {
            return Err(CommandError::user(format_args!(
                "there is no result of a test `{name}` in the history"
            ))
            .hint("tests have the names that `skiptrace history show RUN --tests` lists"));
        }
        show_test(&results, session)?;
        return Ok(ExitStatus::Success);
    }
    let text = args.run.as_deref().unwrap_or_default();
    let record = history.run(find(&history, text)?)?;
    let record =
        record.ok_or_else(|| CommandError::user(format_args!("there is no run `{text}` any more")))?;
    if session.printer.wants_json() {
        let tests = record.tests.iter().map(|(test, result)| TestDocument::of(test, result)).collect();
        session.printer.json("history-show@1", &Document { run: RunDocument::of(&record.run), tests })?;
    } else {
        show_run(&record, args.tests, session)?;
    }
    Ok(ExitStatus::Success)
}

fn find(history: &dyn History, text: &str) -> Result<RunId, CommandError> {
    match history.like(text, 2)?[..] {
        [id] => Ok(id),
        [] => Err(CommandError::user(format_args!("there is no run `{text}` in the history"))
            .hint("`skiptrace history list` shows the newest")),
        [newest, ..] => {
            Err(CommandError::user(format_args!("there are several runs that begin with `{text}`"))
                .hint(format_args!("the newest of them is `{newest}`")))
        }
    }
}

fn show_run(
    RunRecord { run, tests }: &RunRecord,
    all: bool,
    session: &Session<'_>,
) -> Result<(), CommandError> {
    let mut table = Table::new([Column::text(""), Column::text("")]);
    for (name, value) in facts(run) {
        table.row([name.to_owned(), value]);
    }
    session.printer.table(&table)?;
    let is_listed = |result: &TestResult| {
        use skiptrace_engine::record::Outcome::{Failed, Flaky, TimedOut};
        all || result.is_missed || matches!(result.outcome, Some(Failed | Flaky | TimedOut))
    };
    let listed: Vec<_> = tests.iter().filter(|(_, result)| is_listed(result)).collect();
    if !listed.is_empty() {
        let mut table = Table::new([
            Column::text("TEST"),
            Column::text("OUTCOME"),
            Column::number("TIME"),
            Column::text("DECISION"),
            Column::text("REASON"),
        ]);
        for (test, result) in listed {
            table.row([test.qualified()].into_iter().chain(cells(result)));
        }
        session.printer.answer("")?;
        session.printer.table(&table)?;
        for (test, result) in tests {
            if let Some(note) = &result.note {
                session.printer.answer(format_args!("\n{}: {note}", test.qualified()))?;
            }
        }
    }
    Ok(())
}

/// What is known of a run, in words.
fn facts(run: &Run) -> Vec<(&'static str, String)> {
    let counts = &run.counts;
    let index = match (&run.index.commit, run.index.distance, run.index.bytes) {
        (None, None, None) => None,
        (commit, distance, bytes) => {
            let commit = commit.as_ref().map(|commit| commit.short().to_owned());
            let distance = distance.map(|n| format!("{} back", human::count(n, "commit")));
            let parts = [commit, distance, bytes.map(human::size)];
            Some(parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
        }
    };
    let list = |parts: Vec<String>| (!parts.is_empty()).then(|| parts.join(", "));
    let fallbacks = run.fallbacks.iter().map(|(cause, n)| format!("{cause} ({n})")).collect();
    let overheads = run.overheads.iter().map(|(what, took)| format!("{what} {}", time(*took))).collect();
    let known = [
        ("run", Some(run.id.to_string())),
        ("began", Some(human::date(run.at()))),
        ("command", Some(run.command.to_string()).filter(|command| !command.is_empty())),
        ("job", Some(run.job.to_string())),
        ("branch", run.branch.as_deref().map(str::to_owned)),
        ("commit", run.commit.as_ref().map(ToString::to_string)),
        ("index", index),
        (
            "tests",
            Some(format!(
                "{} known, {} selected, {} skipped, {} failed",
                counts.known, counts.selected, counts.skipped, counts.failed
            )),
        ),
        ("time", Some(format!("{} saved, {} run", time(run.saved), time(run.took)))),
        ("misses", Some(run.misses.map_or_else(|| "nobody looked".to_owned(), |n| n.to_string()))),
        (
            "audit",
            run.audit.map(|audit| {
                format!("{} of {} that need not have run did so", audit.checked, audit.skippable)
            }),
        ),
        ("fell back", list(fallbacks)),
        ("overheads", list(overheads)),
    ];
    known.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// A result as the last four columns of a table.
fn cells(result: &TestResult) -> [String; 4] {
    let decision = if result.is_missed { "would-skip: MISSED" } else { result.decision.code() };
    [
        result.outcome.map_or("-", |outcome| outcome.name()).to_owned(),
        time(result.duration),
        decision.to_owned(),
        result.reason.as_deref().unwrap_or_default().to_owned(),
    ]
}

fn show_test(results: &[TestRun], session: &Session<'_>) -> Result<(), CommandError> {
    if session.printer.wants_json() {
        let document = |result: &TestRun| ResultDocument {
            test: TestDocument::of(&result.test, &result.result),
            of: RunDocument::of(&result.run),
        };
        let results = results.iter().map(document).collect();
        session.printer.json("history-test@1", &TestDocuments { results })?;
        return Ok(());
    }
    let now = session.environment.now();
    let mut table = Table::new([
        Column::text("RUN"),
        Column::text("BEGAN"),
        Column::text("JOB"),
        Column::text("BRANCH"),
        Column::text("TEST"),
        Column::text("OUTCOME"),
        Column::number("TIME"),
        Column::text("DECISION"),
        Column::text("REASON"),
    ]);
    for TestRun { run, test, result } in results {
        let of_run = [
            run.id.to_string(),
            human::ago(run.at(), now),
            run.job.to_string(),
            run.branch.as_deref().unwrap_or_default().to_owned(),
            TestName::qualified(test),
        ];
        table.row(of_run.into_iter().chain(cells(result)));
    }
    session.printer.table(&table)?;
    Ok(())
}
