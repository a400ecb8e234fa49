//! What each job came to, and how often it need not have started.

use std::time::Duration;

use super::super::facts::Facts;
use super::super::page::{Cell, Column, Part, Section, Table};
use super::super::words::{count, number, time};
use super::misses_of;

pub(super) fn section(facts: &Facts) -> Section {
    let jobs = &facts.report.jobs;
    let mut section = Section::new("jobs", "Jobs that could be skipped whole");
    let whole: u64 = jobs.iter().map(|job| job.whole).sum();
    let saved = jobs.iter().fold(Duration::ZERO, |sum, job| sum.saturating_add(job.whole_saved));
    section.text(match whole {
        0 => format!("In each of {} that knew its tests, one of them had to run at least.", count(facts.report.sums.all.runs, "run")),
        _ => format!(
            "In {} of {} tests were known and none had to run: such a job need not start at all. Their tests take {}; \
             what setting the job up and building it takes comes on top, and is not known here.",
            number(whole),
            count(facts.report.sums.all.runs, "run"),
            time(saved)
        ),
    });
    let columns = [
        Column::Text("Job"),
        Column::Number("Runs"),
        Column::Number("None had to run"),
        Column::Number("Their time"),
        Column::Number("Tests skipped"),
        Column::Number("Time saved"),
        Column::Number("Saved"),
        Column::Number("Misses"),
    ];
    let table =
        Table::new("By job, those with the most time first", &columns).rows(jobs, facts.limit, |job| {
            let (sums, totals) = (&job.sums, &job.sums.all);
            vec![
                Cell::name(&job.job),
                Cell::number(totals.runs),
                Cell::Share(Some(job.whole as f64 / totals.runs.max(1) as f64)),
                Cell::Number(time(job.whole_saved)),
                Cell::Share(sums.skipped_share()),
                Cell::Share(sums.saved_share()),
                Cell::Number(time(totals.saved)),
                misses_of(totals),
            ]
        });
    section.parts.push(Part::Table(table));
    section
}
