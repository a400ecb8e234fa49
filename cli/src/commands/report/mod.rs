//! `skiptrace report`.
//!
//! ```text
//! history, indexes ──▶ Facts ──▶ Document (JSON)
//!                        └─────▶ sections ──▶ Page ──▶ Markdown, HTML with charts
//! ```

mod document;
mod facts;
mod html;
mod markdown;
mod page;
mod sections;
mod words;

use std::path::{Path, PathBuf};

use crate::commands::history::{FilterFlags, open_existing};
use crate::error::{CommandError, IoContext};
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::ui::human;

use facts::Facts;

/// Report what was skipped, saved and missed over time, and what nobody knows of that
///
/// The report is made of the history: what was skipped and saved by day, misses with their explanations, why everything ran,
/// what an old index costs, which tests are slow or run always, which jobs need not have started. The nearest index of
/// each job tells what cannot be proved and what most tests depend on. A last section says what is not known.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct ReportArgs {
    /// Only runs of so long ago at most
    #[arg(long, value_name = "SPAN", default_value = "30d")]
    since: String,

    #[command(flatten)]
    flags: FilterFlags,

    /// Write the report to this file as one HTML page that loads nothing; `-` is standard output
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Write the report to this file as Markdown; `-` is standard output, which is where it goes unless told otherwise
    #[arg(long, value_name = "FILE")]
    md: Option<PathBuf>,

    /// List at most so many tests, jobs and files in each table
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
}

const EXAMPLES: &str = "\
Examples:
  skiptrace report --html report.html                     # the last 30 days, as a page
  skiptrace report --since 365d --job unit --branch main --html report.html
  skiptrace report >> \"$GITHUB_STEP_SUMMARY\"              # as Markdown, into the summary of a job
  skiptrace report --json                                 # all of it, as a document

`skiptrace history pull` fetches the runs of other machines first.";

pub(crate) fn run(args: &ReportArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let printer = session.printer;
    let is_stdout = |path: &Path| path.as_os_str() == "-";
    let n_answers = [&args.html, &args.md].into_iter().flatten().filter(|path| is_stdout(path)).count()
        + usize::from(printer.wants_json());
    if n_answers > 1 {
        return Err(CommandError::user("standard output can take one form of the report")
            .hint("name a file for the others, such as `--html report.html`"));
    }
    let filter = args.flags.filter(Some(&args.since), session)?;
    let history = open_existing(session)?;
    let facts = Facts::gather(history.as_ref(), filter, args.limit, session)?;
    if printer.wants_json() {
        printer.json("report@1", &document::Document::of(&facts))?;
    }
    let page = sections::page(&facts);
    let write = |path: &Path, text: String| {
        if is_stdout(path) {
            return Ok(printer.bytes(text.as_bytes())?);
        }
        std::fs::write(session.environment.cwd.join(path), &text).on("write", path)?;
        let runs = words::count(facts.report.sums.all.runs, "run");
        printer.status(format_args!(
            "wrote a report of {runs} to `{}` ({})",
            path.display(),
            human::size(text.len() as u64)
        ));
        Ok::<_, CommandError>(())
    };
    if let Some(path) = &args.html {
        write(path, html::render(&page))?;
    }
    match &args.md {
        Some(path) => write(path, markdown::render(&page))?,
        None if args.html.is_none() && !printer.wants_json() => {
            write(Path::new("-"), markdown::render(&page))?
        }
        None => {}
    }
    Ok(ExitStatus::Success)
}
