//! The answer as numbers and notices.

use skiptrace_engine::evaluation::Finding;
use skiptrace_engine::metrics::{Batch, Level, Notice, Tags, list, of_evaluation, result, text};
use skiptrace_engine::time::Timestamp;

use super::report::{JobReport, Report, name};
use crate::session::Session;
use crate::settings::Settings;
use crate::ui::human;

/// So many tests are named in a notice.
const NAMED: usize = 50;

/// Renders a report in OpenMetrics' text format.
pub(super) fn render(report: &Report, at: Timestamp) -> String {
    let mut batch = Batch::new(at, "evaluate");
    report.jobs.iter().for_each(|job| add(&mut batch, job));
    text::render(&batch)
}

/// Returns all that is told of a report, which took since `begun`.
pub(super) fn batch(
    report: &Report,
    begun: Timestamp,
    at: Option<&str>,
    settings: &Settings,
    session: &Session<'_>,
) -> Batch {
    let mut batch = Batch::new(session.environment.now(), "evaluate");
    batch.since = begun.min(batch.at);
    // Too many values for numbers, and the first thing that people ask of a notice.
    let commit = session.commit(at.unwrap_or("HEAD")).ok().map(|commit| ("commit", commit.to_string()));
    let branch = session.branch(settings).ok().flatten().map(|branch| ("branch", branch));
    for job in &report.jobs {
        add(&mut batch, job);
        let tags = Tags::of("job", job.job.as_str());
        let tags =
            commit.iter().chain(&branch).fold(tags, |tags, (name, value)| tags.and(name, value.as_str()));
        notices(&mut batch, job, &tags);
    }
    batch
}

/// Adds the numbers of a job. Where nothing was compared, there are none to tell.
fn add(batch: &mut Batch, job: &JobReport) {
    let tags = || Tags::of("job", job.job.as_str());
    let result = match &job.counts {
        None => "unread",
        Some(counts) if job.has_nothing_in_common() && counts.misses + counts.unclear == 0 => {
            "nothing-compared"
        }
        Some(counts) => result(counts),
    };
    batch.add(&list::EVALUATION_RUNS, tags().and("result", result), 1_u64);
    // Results without a test are of nothing that ran.
    if let Some(counts) = job.counts.filter(|counts| counts.actual + counts.skipped > 0) {
        of_evaluation(batch, &job.job, &counts);
    }
    for event in &job.events {
        batch.add(&list::EVALUATION_ERRORS, tags().and("type", event.kind.name()), 1_u64);
    }
}

/// Adds what people should hear of a job.
fn notices(batch: &mut Batch, job: &JobReport, tags: &Tags) {
    for event in &job.events {
        batch.notices.push(Notice {
            title: format!("skiptrace: {} in job {}", event.kind.name(), job.job),
            text: event.message.clone(),
            level: Level::Error,
            tags: tags.clone().and("type", event.kind.name()),
        });
    }
    let found = [
        (Finding::Missed, Level::Error, "failed and would have been skipped"),
        (Finding::Unclear, Level::Warning, "failed and may have been skipped"),
    ];
    for (finding, level, which) in found {
        let names: Vec<String> = job.found(finding).map(name).collect();
        if names.is_empty() {
            continue;
        }
        let n = human::count(names.len() as u64, "test");
        let mut text = format!("{n} {which}:\n{}", names[..names.len().min(NAMED)].join("\n"));
        if let Some(more @ 1..) = names.len().checked_sub(NAMED) {
            text.push_str(&format!("\n… and {more} more"));
        }
        batch.notices.push(Notice {
            title: format!("skiptrace: {n} of job {} {which}", job.job),
            text,
            level,
            tags: tags.clone().and("failing_tests", names.len().to_string()),
        });
    }
}
