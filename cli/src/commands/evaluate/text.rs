//! The answer as git shows differences.

use std::fmt::Write;

use skiptrace_engine::evaluation::{Counts, Ended, Excuse, Finding, Judged as Test, Side, Standing};

use super::report::{JobReport, Report, name, percent};
use crate::ui::human;
use crate::ui::style::{Styled, Styles};

/// Renders a report, with at most `limit` tests of each sort.
pub(super) fn render(report: &Report, limit: usize, styles: Styles) -> String {
    let mut page = Page { text: String::new(), limit, styles };
    for job in &report.jobs {
        page.job(job);
    }
    if report.jobs.len() > 1 {
        page.line(Styled(styles.heading, "[total]"));
        page.summary(&report.total());
    }
    page.text
}

struct Page {
    text: String,
    limit: usize,
    styles: Styles,
}

impl Page {
    fn line(&mut self, line: impl std::fmt::Display) {
        writeln!(self.text, "{line}").expect("a string takes all writes");
    }

    fn job(&mut self, job: &JobReport) {
        let styles = self.styles;
        self.line(Styled(styles.heading, format_args!("[{}]", job.job)));
        for event in &job.events {
            self.line(format_args!(
                "{}: {}: {}",
                Styled(styles.error, event.kind.missing()),
                event.kind.name(),
                event.message
            ));
        }
        let Some(counts) = &job.counts else {
            return self.line("nothing is said of its tests: not all results could be read");
        };
        for (_, why) in job.everything.iter().filter(|_| job.events.is_empty()) {
            self.line(format_args!("everything would have run: {why}"));
        }
        let sources = job.sources();
        let ran = human::count(counts.actual as u64, "test");
        self.line(Styled(styles.removed, format_args!("--- actual: {ran} ran ({sources})")));
        let index = match &job.index {
            Some(index) => format!(
                "index of {}, {} may differ",
                index.found,
                human::count(job.changed_paths as u64, "file")
            ),
            None => "no index, so everything".to_owned(),
        };
        let would = human::count(counts.predicted as u64, "test");
        self.line(Styled(styles.added, format_args!("+++ predicted: {would} would have run ({index})")));
        self.side(job, Side::Common);
        self.side(job, Side::Removed);
        self.side(job, Side::Added);
        self.list("misses", "which failed and would have been skipped", job.found(Finding::Missed), |test| {
            let was = test.was.map_or("unknown", |was| was.name());
            format!("{}, {was} when it was recorded", ended(test))
        });
        self.list("unclear", "which failed and may have been skipped", job.found(Finding::Unclear), |test| {
            format!("{}, {}", ended(test), unclear(test))
        });
        self.list("not counted", "whose failure says nothing of the selection", job.excused(), |test| {
            let why = match test.finding {
                Some(Finding::Excused(excuse)) => Excuse::phrase(excuse),
                _ => unreachable!("they are excused"),
            };
            format!("{}; it {why}", ended(test))
        });
        self.list(
            "changed",
            "which would have been skipped, and end otherwise than recorded",
            job.changed(),
            |test| {
                let was = test.was.map_or("unknown", |was| was.name());
                format!("{}, {was} when it was recorded", ended(test))
            },
        );
        // Without an index none is known, which is said already.
        if job.index.is_some() {
            self.list(
                "unknown",
                "which are in no index, and so would have run",
                job.standing(Standing::Unknown),
                ended,
            );
        }
        self.list(
            "ambiguous",
            "of whose names the index knows several tests",
            job.standing(Standing::Ambiguous),
            ended,
        );
        self.summary(counts);
    }

    /// Writes the tests of a side, those that failed first.
    fn side(&mut self, job: &JobReport, side: Side) {
        let (sign, style) = match side {
            Side::Removed => ("-", self.styles.removed),
            Side::Added => ("+", self.styles.added),
            _ => (" ", Default::default()),
        };
        let tests = job.on(side);
        for test in tests.iter().take(self.limit) {
            let mark = match test.ended {
                Some(Ended::Failed | Ended::Errored) => "[FAILED]",
                Some(Ended::Flaky) => "[FLAKY]",
                _ => "",
            };
            let line = Styled(style, format!("{sign} {}", name(test)));
            if mark.is_empty() {
                self.line(line);
            } else {
                self.line(format_args!("{line} {}", Styled(self.styles.error, mark)));
            }
        }
        if let Some(more @ 1..) = tests.len().checked_sub(self.limit) {
            self.line(Styled(self.styles.dim, format_args!("{sign} … and {more} more")));
        }
    }

    /// Writes tests with what is to be said of each; nothing at all where there is none.
    fn list<'a>(
        &mut self,
        title: &str,
        which: &str,
        tests: impl Iterator<Item = &'a Test>,
        say: impl Fn(&'a Test) -> String,
    ) {
        let mut tests: Vec<&Test> = tests.collect();
        if tests.is_empty() {
            return;
        }
        tests.sort_by_key(|test| std::cmp::Reverse(test.ended));
        self.line(format_args!("{title} ({}), {which}:", tests.len()));
        for test in tests.iter().take(self.limit) {
            self.line(format_args!("  {}: {}", name(test), say(test)));
        }
        if let Some(more @ 1..) = tests.len().checked_sub(self.limit) {
            self.line(Styled(self.styles.dim, format_args!("  … and {more} more")));
        }
    }

    fn summary(&mut self, counts: &Counts) {
        let Counts { actual, predicted, common, added, removed, misses, .. } = *counts;
        let ms =
            |time: std::time::Duration| human::duration(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        let missed = format!("misses={misses}");
        let missed =
            if misses > 0 { Styled(self.styles.error, missed) } else { Styled(Default::default(), missed) };
        self.line(format_args!(
            "summary: actual={actual} predicted={predicted} common={common} -> +{added} / -{removed}, {missed}"
        ));
        let failing = counts.failing;
        let excused: usize = counts.excused.iter().sum();
        self.line(format_args!(
            "failures: {failing}, of which {} would have run, {misses} missed, {} unclear, {excused} not counted",
            counts.caught, counts.unclear
        ));
        self.line(format_args!(
            "saved: {} of {} ({} of the tests, {} of the time)",
            ms(counts.saved_time),
            ms(counts.actual_time),
            percent(counts.saved_share()),
            percent(counts.saved_time_share()),
        ));
    }
}

/// Says why it is not clear whether a test would have been skipped.
pub(super) fn unclear(test: &Test) -> &'static str {
    match test.name.is_empty() {
        true => "and some of the suite's tests would have been skipped",
        false => "and the index knows several tests of this name",
    }
}

fn ended(test: &Test) -> String {
    test.ended.map_or("did not run", Ended::name).to_owned()
}
