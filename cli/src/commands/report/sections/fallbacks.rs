//! Why everything ran.

use super::super::facts::Facts;
use super::super::page::{Cell, Column, Part, Prose, Section, Table};
use super::super::words::{count, number, percent, time};

pub(super) fn section(facts: &Facts) -> Section {
    let (report, totals) = (&facts.report, &facts.report.sums.all);
    let mut section = Section::new("fallbacks", "When everything ran");
    if report.fallbacks.is_empty() {
        section.text(format!(
            "In none of {} had everything to run for want of knowledge.",
            count(totals.runs, "run")
        ));
        return section;
    }
    section.text(format!(
        "In {} of {} ({}) everything had to run.",
        number(totals.fell_back),
        count(totals.runs, "run"),
        percent(Some(totals.fell_back as f64 / totals.runs.max(1) as f64))
    ));
    let columns = [
        Column::Text("Cause"),
        Column::Long("What it means"),
        Column::Number("Runs"),
        Column::Number("Of all runs"),
        Column::Number("Time of tests"),
        Column::Text("The newest of them"),
    ];
    let table = Table::new("Causes; a run may have several", &columns).rows(
        &report.fallbacks,
        facts.limit,
        |cause| {
            vec![
                Cell::name(&cause.cause),
                Cell::words(meaning(&cause.cause)),
                Cell::number(cause.runs),
                Cell::Share(Some(cause.runs as f64 / totals.runs.max(1) as f64)),
                Cell::Number(time(cause.took)),
                Cell::name(cause.newest),
            ]
        },
    );
    section.parts.push(Part::Table(table));
    section.text(Prose::from("To look at one: ").name("skiptrace history show RUN").plain("."));
    section
}

/// Returns what a cause means and what can be done about it, where that is known.
fn meaning(cause: &str) -> &'static str {
    match cause {
        "no-index" => "the store had no index to go by: is each commit of the main branch recorded?",
        "store-unreachable" => "the store did not answer",
        "unreadable" => "the index could not be read",
        "empty-index" | "empty-job" => "the index has no test of the job",
        "unknown-job" => "the index does not have the job: is its name the same where it is recorded?",
        "unknown-changes" => "what had changed could not be found out",
        "unknown-path" => "a file changed that no recording knows: a rule can say whom it concerns",
        "run-all-rule" => "a rule says that a change of the path runs everything",
        "condition" => "compiler, flags or features are not what they were",
        "observed" => "what could be skipped was only to be seen",
        "asked" => "the commit's message asked for it",
        _ => "",
    }
}
