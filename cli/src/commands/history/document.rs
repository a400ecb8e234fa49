//! Runs as JSON documents have them.

use std::collections::BTreeMap;

use serde::Serialize;
use skiptrace_engine::history::{Run, TestName, TestResult, microseconds};

/// A run.
#[derive(Serialize)]
pub(super) struct RunDocument {
    run: String,
    at_ms: u64,
    command: Box<str>,
    job: String,
    branch: Option<Box<str>>,
    commit: Option<String>,
    index_commit: Option<String>,
    index_distance: Option<u64>,
    index_bytes: Option<u64>,
    known: u64,
    selected: u64,
    skipped: u64,
    failed: u64,
    saved_us: u64,
    took_us: u64,
    misses: Option<u64>,
    skippable: Option<u64>,
    checked: Option<u64>,
    fallbacks: BTreeMap<Box<str>, u64>,
    overheads_us: BTreeMap<Box<str>, u64>,
}

/// A test of a run.
#[derive(Serialize)]
pub(super) struct TestDocument {
    suite: Box<str>,
    test: Box<str>,
    outcome: Option<&'static str>,
    duration_us: u64,
    decision: &'static str,
    reason: Option<Box<str>>,
    missed: bool,
    note: Option<Box<str>>,
}

impl RunDocument {
    pub(super) fn of(run: &Run) -> RunDocument {
        let overheads = run.overheads.iter().map(|(what, took)| (what.clone(), microseconds(*took)));
        RunDocument {
            run: run.id.to_string(),
            at_ms: run.at().0,
            command: run.command.clone(),
            job: run.job.to_string(),
            branch: run.branch.clone(),
            commit: run.commit.as_ref().map(ToString::to_string),
            index_commit: run.index.commit.as_ref().map(ToString::to_string),
            index_distance: run.index.distance,
            index_bytes: run.index.bytes,
            known: run.counts.known,
            selected: run.counts.selected,
            skipped: run.counts.skipped,
            failed: run.counts.failed,
            saved_us: microseconds(run.saved),
            took_us: microseconds(run.took),
            misses: run.misses,
            skippable: run.audit.map(|audit| audit.skippable),
            checked: run.audit.map(|audit| audit.checked),
            fallbacks: run.fallbacks.clone(),
            overheads_us: overheads.collect(),
        }
    }
}

impl TestDocument {
    pub(super) fn of(test: &TestName, result: &TestResult) -> TestDocument {
        TestDocument {
            suite: test.suite.clone(),
            test: test.name.clone(),
            outcome: result.outcome.map(|outcome| outcome.name()),
            duration_us: microseconds(result.duration),
            decision: result.decision.code(),
            reason: result.reason.clone(),
            missed: result.is_missed,
            note: result.note.clone(),
        }
    }
}
