//! The answer for the summary of a job, or for a pull request.

use std::fmt::Write;

use skiptrace_engine::evaluation::{Counts, Ended, Excuse, Finding, Judged as Test, Side, Standing};

use super::report::{JobReport, Report, name, percent};
use super::text::unclear;
use crate::ui::human;

/// Renders a report, with at most `limit` tests of each sort.
pub(super) fn render(report: &Report, limit: usize) -> String {
    let mut text = String::new();
    let total = report.total();
    let verdict = match (total.misses, total.unclear) {
        (0, 0) if report.jobs.iter().any(|job| job.counts.is_none()) => {
            "not all results could be read".to_owned()
        }
        (0, 0) if report.jobs.iter().any(|job| !job.events.is_empty()) => {
            "there was no index to go by".to_owned()
        }
        (0, 0) => "no test that failed would have been skipped".to_owned(),
        (0, unclear) => format!("{} may have been skipped", human::count(unclear as u64, "failed test")),
        (misses, _) => format!("**{} would have been skipped**", human::count(misses as u64, "failed test")),
    };
    write(&mut text, format_args!("### Test selection: {verdict}\n"));
    write(&mut text, "| job | ran | would have run | skipped | misses | caught | not counted | time saved |");
    write(&mut text, "|---|--:|--:|--:|--:|--:|--:|--:|");
    for job in &report.jobs {
        let name = code(job.job.as_str()).replace('|', "\\|");
        match &job.counts {
            Some(counts) => row(&mut text, &name, counts),
            None => write(&mut text, format_args!("| {name} | ? | ? | ? | ? | ? | ? | ? |")),
        }
    }
    if report.jobs.len() > 1 {
        row(&mut text, "**all**", &total);
    }
    for job in &report.jobs {
        of_job(&mut text, job, limit);
    }
    text
}

fn write(text: &mut String, line: impl std::fmt::Display) {
    writeln!(text, "{line}").expect("a string takes all writes");
}

fn row(text: &mut String, job: &str, counts: &Counts) {
    let excused: usize = counts.excused.iter().sum();
    let ms = |time: std::time::Duration| human::duration(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    write(
        text,
        format_args!(
            "| {job} | {} | {} | {} | {} | {} | {excused} | {} of {} ({}) |",
            counts.actual,
            counts.predicted,
            counts.removed,
            counts.misses,
            counts.caught,
            ms(counts.saved_time),
            ms(counts.actual_time),
            percent(counts.saved_time_share()),
        ),
    );
}

fn of_job(text: &mut String, job: &JobReport, limit: usize) {
    let title = code(job.job.as_str());
    for event in &job.events {
        write(text, format_args!("\n{title}: `{}`: {}", event.kind.name(), plain(&event.message)));
    }
    if job.events.is_empty() {
        for (_, why) in &job.everything {
            write(text, format_args!("\n{title}: everything would have run: {}", plain(why)));
        }
    }
    if let Some(index) = &job.index {
        let changed = human::count(job.changed_paths as u64, "file");
        write(text, format_args!("\n{title}: index of {}, {changed} may differ", plain(&index.found)));
    }
    let recorded = |test: &Test| {
        format!("{}, {} when it was recorded", ended(test), test.was.map_or("unknown", |was| was.name()))
    };
    open(text, "Misses", job.found(Finding::Missed), limit, recorded);
    open(text, "Failed, and may have been skipped", job.found(Finding::Unclear), limit, |test| {
        format!("{}, {}", ended(test), unclear(test))
    });
    folded(text, "Failures that say nothing of the selection", job.excused().collect(), limit, |test| {
        match test.finding {
            Some(Finding::Excused(excuse)) => format!("{}; it {}", ended(test), Excuse::phrase(excuse)),
            _ => ended(test),
        }
    });
    folded(text, "Ended otherwise than recorded", job.changed().collect(), limit, recorded);
    folded(text, "Would have been skipped", job.on(Side::Removed), limit, ended);
    folded(text, "Would have run, and did not", job.on(Side::Added), limit, |_| String::new());
    if job.index.is_some() {
        folded(
            text,
            "In no index, so they would have run",
            job.standing(Standing::Unknown).collect(),
            limit,
            ended,
        );
    }
    folded(
        text,
        "Of which the index knows several",
        job.standing(Standing::Ambiguous).collect(),
        limit,
        ended,
    );
}

/// Writes tests where everybody sees them.
fn open<'a>(
    text: &mut String,
    title: &str,
    tests: impl Iterator<Item = &'a Test>,
    limit: usize,
    say: impl Fn(&'a Test) -> String,
) {
    let tests: Vec<&Test> = tests.collect();
    if !tests.is_empty() {
        write(text, format_args!("\n**{title}** ({})\n", tests.len()));
        items(text, &tests, limit, say);
    }
}

/// Writes tests for who wants to see them.
fn folded<'a>(
    text: &mut String,
    title: &str,
    tests: Vec<&'a Test>,
    limit: usize,
    say: impl Fn(&'a Test) -> String,
) {
    if !tests.is_empty() {
        write(text, format_args!("\n<details><summary>{title} ({})</summary>\n", tests.len()));
        items(text, &tests, limit, say);
        write(text, "\n</details>");
    }
}

fn items<'a>(text: &mut String, tests: &[&'a Test], limit: usize, say: impl Fn(&'a Test) -> String) {
    for test in tests.iter().take(limit) {
        let said = say(test);
        let between = if said.is_empty() { "" } else { ": " };
        write(text, format_args!("- {}{between}{said}", code(&name(test))));
    }
    if let Some(more @ 1..) = tests.len().checked_sub(limit) {
        write(text, format_args!("- … and {more} more"));
    }
}

fn ended(test: &Test) -> String {
    test.ended.map_or("did not run", Ended::name).to_owned()
}

/// Returns a text as code: whatever is in it means nothing.
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{blank}{text}{blank}{ticks}")
}

/// Returns a sentence in which nothing but code in backticks means anything.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => plain.push_str("&lt;"),
            '&' => plain.push_str("&amp;"),
            '\n' | '\r' => plain.push(' '),
            c => plain.push(c),
        }
    }
    plain
}
