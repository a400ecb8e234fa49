//! The answer as a document.

use std::collections::BTreeMap;

use serde::Serialize;
use skiptrace_engine::evaluation::{Counts, Ended, Finding, Judged as Test, Side, Standing};

use super::event::Event;
use super::report::{JobReport, Report};

/// The document `skiptrace/evaluate@1`.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    jobs: Vec<JobDocument<'a>>,
    total: CountsDocument,
}

#[derive(Serialize)]
struct JobDocument<'a> {
    job: &'a str,
    files: usize,
    searches: usize,
    index: Option<IndexDocument<'a>>,
    /// What kept an index or results from being used.
    events: &'a [Event],
    /// Why nothing could be skipped, where that is so.
    everything: Vec<CauseDocument<'a>>,
    changed_paths: usize,
    /// Null where not all results could be read: nothing is said of any test then.
    counts: Option<CountsDocument>,
    misses: Vec<TestDocument<'a>>,
    unclear: Vec<TestDocument<'a>>,
    caught: Vec<TestDocument<'a>>,
    excused: Vec<TestDocument<'a>>,
    /// Would have been skipped and ended otherwise than in the recording, misses included.
    changed: Vec<TestDocument<'a>>,
    unknown: Vec<TestDocument<'a>>,
    ambiguous: Vec<TestDocument<'a>>,
    common: Vec<NameDocument<'a>>,
    removed: Vec<NameDocument<'a>>,
    added: Vec<NameDocument<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct IndexDocument<'a> {
    commit: Option<&'a str>,
    found: &'a str,
}

#[derive(Serialize)]
struct CauseDocument<'a> {
    code: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct NameDocument<'a> {
    suite: &'a str,
    /// Empty where a suite failed as a whole.
    name: &'a str,
}

#[derive(Serialize)]
struct TestDocument<'a> {
    #[serde(flatten)]
    name: NameDocument<'a>,
    ended: Option<&'static str>,
    /// How it ended in the recording.
    was: Option<&'static str>,
    duration_us: u64,
    /// Why its failure counts for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    excuse: Option<&'static str>,
}

#[derive(Serialize)]
struct CountsDocument {
    actual: usize,
    predicted: usize,
    common: usize,
    added: usize,
    removed: usize,
    failing: usize,
    misses: usize,
    unclear: usize,
    caught: usize,
    excused: BTreeMap<&'static str, usize>,
    changed: usize,
    unknown: usize,
    ambiguous: usize,
    skipped_by_runner: usize,
    parts: usize,
    actual_time_us: u64,
    saved_time_us: u64,
    saved_share: f64,
    saved_time_share: f64,
    /// The share of failures that say anything which would have been seen; null where there is none.
    recall: Option<f64>,
}

impl<'a> Document<'a> {
    pub(super) fn of(report: &'a Report) -> Document<'a> {
        Document {
            jobs: report.jobs.iter().map(JobDocument::of).collect(),
            total: CountsDocument::of(&report.total()),
        }
    }
}

impl<'a> JobDocument<'a> {
    fn of(job: &'a JobReport) -> JobDocument<'a> {
        let tests = &job.evaluation.tests;
        let all = |keep: &dyn Fn(&Test) -> bool| {
            tests.iter().filter(|test| keep(test)).map(TestDocument::of).collect::<Vec<_>>()
        };
        let names = |side: Side| {
            tests.iter().filter(|test| test.side() == side).map(NameDocument::of).collect::<Vec<_>>()
        };
        let found = |finding: Finding| all(&|test| test.finding == Some(finding));
        let cause = |(code, message): &'a (&'static str, String)| CauseDocument { code, message };
        JobDocument {
            job: job.job.as_str(),
            files: job.files,
            searches: job.searches,
            index: job
                .index
                .as_ref()
                .map(|index| IndexDocument { commit: index.commit.as_deref(), found: &index.found }),
            events: &job.events,
            everything: job.everything.iter().map(cause).collect(),
            changed_paths: job.changed_paths,
            counts: job.counts.as_ref().map(CountsDocument::of),
            misses: found(Finding::Missed),
            unclear: found(Finding::Unclear),
            caught: found(Finding::Caught),
            excused: all(&|test| matches!(test.finding, Some(Finding::Excused(_)))),
            changed: all(&|test| test.has_changed),
            unknown: all(&|test| test.standing == Standing::Unknown),
            ambiguous: all(&|test| test.standing == Standing::Ambiguous),
            common: names(Side::Common),
            removed: names(Side::Removed),
            added: names(Side::Added),
            notes: &job.notes,
        }
    }
}

impl<'a> NameDocument<'a> {
    fn of(test: &'a Test) -> NameDocument<'a> {
        NameDocument { suite: &test.suite, name: &test.name }
    }
}

impl<'a> TestDocument<'a> {
    fn of(test: &'a Test) -> TestDocument<'a> {
        TestDocument {
            name: NameDocument::of(test),
            ended: test.ended.map(Ended::name),
            was: test.was.map(|was| was.name()),
            duration_us: u64::try_from(test.duration.as_micros()).unwrap_or(u64::MAX),
            excuse: match test.finding {
                Some(Finding::Excused(excuse)) => Some(excuse.code()),
                _ => None,
            },
        }
    }
}

impl CountsDocument {
    fn of(counts: &Counts) -> CountsDocument {
        let us = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        CountsDocument {
            actual: counts.actual,
            predicted: counts.predicted,
            common: counts.common,
            added: counts.added,
            removed: counts.removed,
            failing: counts.failing,
            misses: counts.misses,
            unclear: counts.unclear,
            caught: counts.caught,
            excused: counts.excuses().map(|(excuse, n)| (excuse.code(), n)).collect(),
            changed: counts.changed,
            unknown: counts.unknown,
            ambiguous: counts.ambiguous,
            skipped_by_runner: counts.skipped,
            parts: counts.parts,
            actual_time_us: us(counts.actual_time),
            saved_time_us: us(counts.saved_time),
            saved_share: counts.saved_share(),
            saved_time_share: counts.saved_time_share(),
            recall: counts.recall(),
        }
    }
}
