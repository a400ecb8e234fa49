//! Mutants as runs of a history: each put all proofs of a selection to the test.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use skiptrace_engine::history::{
    Audit, Counts, Decision, Run, RunId, RunRecord, TestName, TestResult, lines,
};
use skiptrace_engine::record::Outcome;
use skiptrace_engine::time::Timestamp;

use super::suite::Test;

/// What a mutant came to.
pub struct Trial<'a> {
    /// What was changed, in words.
    pub mutant: String,
    /// How many tests the index has.
    pub known: usize,
    /// Tests that need not run.
    pub skip: &'a BTreeSet<Test>,
    /// Tests that ran, and pass without the mutant.
    pub ran: &'a BTreeSet<Test>,
    /// Tests that fail.
    pub killed: usize,
    /// Those among them that need not run.
    pub missed: &'a [&'a Test],
    /// How long those take that need not run, and the others.
    pub times: (Duration, Duration),
}

/// Adds a mutant to a file of runs, which `skiptrace history import` takes.
pub fn append(file: &Path, trial: &Trial<'_>) -> io::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at = Timestamp(u64::try_from(now.as_millis()).unwrap_or_default());
    let id = RunId::new(at, (u64::from(now.subsec_nanos()) << 16) ^ u64::from(std::process::id()));
    let mut run = Run::new(id, "mutants", "mutants".parse().expect("it is a name"));
    let skipped = trial.skip.len();
    run.counts = Counts {
        known: trial.known as u64,
        selected: trial.known.saturating_sub(skipped) as u64,
        skipped: skipped as u64,
        failed: trial.killed as u64,
    };
    (run.saved, run.took) = trial.times;
    let checked = trial.skip.intersection(trial.ran).count();
    run.audit = Some(Audit { skippable: skipped as u64, checked: checked as u64 });
    run.misses = Some(trial.missed.len() as u64);
    let result = TestResult {
        outcome: Some(Outcome::Failed),
        duration: Duration::ZERO,
        decision: Decision::WouldSkip,
        reason: None,
        is_missed: true,
        note: Some(trial.mutant.clone().into()),
    };
    let missed = trial.missed.iter();
    let tests = missed.map(|(suite, name)| (TestName::new(suite.as_str(), name.as_str()), result.clone()));
    let record = RunRecord { run, tests: tests.collect() };
    OpenOptions::new().create(true).append(true).open(file)?.write_all(&lines::encode(&record))
}
