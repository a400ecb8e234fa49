//! Tests that pass only after others.
//!
//! Each test runs in a process of its own, and some then fail that pass where the whole package runs in one: they
//! need what another test left. Such a test proves something with all the others of its package only. So all of them
//! depend on whatever one of them does, and are selected together or not at all.

use std::collections::{BTreeMap, BTreeSet};

use skiptrace_engine::record::Outcome as TestOutcome;

use super::observer::GoObserver;
use super::plan::Plan;
use super::{Request, outcome};
use crate::record::fold::RecordedTest;
use crate::record::opens::Interval;
use crate::record::outcome::Run;
use crate::record::progress::Event;
use crate::run::case::Case;
use crate::run::driver::{self, Ran};
use crate::run::go::cases;
use crate::run::go::kept::Kept;
use crate::trace::Trace;

/// What tests executed that ran in one process, and when.
pub(super) type Together = (Trace, Interval);

/// What became of the tests that ran in one process.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ended {
    /// Those that passed.
    pub(super) passed: BTreeSet<String>,
    /// Those that failed.
    pub(super) failed: BTreeSet<String>,
    /// Those that were skipped.
    pub(super) skipped: BTreeSet<String>,
}

impl Ended {
    /// Reads what the process printed.
    pub(super) fn told_by(output: &[u8]) -> Ended {
        let names = |word: &str| {
            let mark = format!("\x16--- {word}: ");
            let name = |at: usize| {
                let rest = &output[at + mark.len()..];
                let end = rest.iter().position(|byte| matches!(byte, b' ' | b'\n'))?;
                std::str::from_utf8(&rest[..end]).ok().map(str::to_owned)
            };
            memchr::memmem::find_iter(output, mark.as_bytes()).filter_map(name).collect()
        };
        Ended { passed: names("PASS"), failed: names("FAIL"), skipped: names("SKIP") }
    }

    /// Whether it says what became of a test.
    pub(super) fn has(&self, name: &str) -> bool {
        [&self.passed, &self.failed, &self.skipped].iter().any(|names| names.contains(name))
    }
}

/// Lets subtests that fail alone, of tests that pass, count with their tests: they depend on what these do.
pub(super) fn settle_subtests(request: &Request<'_>, runs: &mut [Run]) {
    let parents: BTreeMap<_, _> = runs
        .iter()
        .filter(|run| run.outcome == TestOutcome::Passed && !run.name.contains('/'))
        .map(|run| ((run.suite.clone(), run.name.clone()), run.traces.clone()))
        .collect();
    let mut healed = Vec::new();
    for run in runs.iter_mut().filter(|run| has_failed(run)) {
        let Some((parent, _)) = run.name.split_once('/') else { continue };
        if let Some(traces) = parents.get(&(run.suite.clone(), parent.into())) {
            run.outcome = TestOutcome::Passed;
            run.traces.clone_from(traces);
            healed.push(run.name.to_string());
        }
    }
    if !healed.is_empty() {
        (request.listener)(Event::Warning(format!(
            "{} subtests fail alone and pass with their tests, which they are recorded with: `{}`",
            healed.len(),
            healed.join("`, `"),
        )));
    }
}

pub(super) fn has_failed(run: &Run) -> bool {
    matches!(run.outcome, TestOutcome::Failed | TestOutcome::TimedOut)
}

/// Runs the tests together of each suite in which one failed alone, and unites those that then pass. Returns the suites
/// whose tests are one group.
pub(super) fn find(
    request: &Request<'_>,
    plan: &Plan,
    observer: &GoObserver<'_>,
    kept: &[(Box<str>, Kept)],
    runs: &mut [Run],
) -> BTreeSet<Box<str>> {
    let mut groups = BTreeSet::new();
    let suites: BTreeSet<Box<str>> =
        runs.iter().filter(|run| has_failed(run)).map(|run| run.suite.clone()).collect();
    let mut together = Vec::new();
    for (suite, kept) in kept.iter().filter(|(suite, _)| suites.contains(suite)) {
        let names: Vec<&str> = runs.iter().filter(|run| run.suite == *suite).map(|run| &*run.name).collect();
        if names.len() > 1 {
            together.push(cases::together(kept, suite, &names));
        }
    }
    if together.is_empty() || request.watch.is_interrupted() {
        return groups;
    }
    let options = driver::Options { runs: 1, retries: 0, ..request.driver.clone() };
    let ran = driver::drive(&together, &options, &plan.scratch, request.watch, observer, &|_| {});
    let mut traces: BTreeMap<Box<str>, (Together, Ended)> = BTreeMap::new();
    for (case, ran) in together.iter().zip(ran) {
        let Ran::Runs(mut all) = ran else { continue };
        let Some(run) = all.pop() else { continue };
        let ended = observer.ended_together(&case.suite);
        traces.insert(case.suite.clone(), ((run.trace, run.interval), ended));
    }
    for (suite, (trace, ended)) in traces {
        let mut of_suite: Vec<&mut Run> = runs.iter_mut().filter(|run| run.suite == suite).collect();
        distrust_relapsed(&mut of_suite, &ended);
        let healing: BTreeSet<Box<str>> = of_suite
            .iter()
            .filter(|run| has_failed(run) && ended.passed.contains(&*run.name))
            .map(|run| run.name.clone())
            .collect();
        let flaky = pass_alone(request, plan, observer, kept, &suite, &healing);
        let mut healed = Vec::new();
        for run in of_suite.iter_mut().filter(|run| healing.contains(&run.name)) {
            if flaky.contains(&run.name) {
                run.outcome = TestOutcome::Flaky;
            } else {
                run.outcome = TestOutcome::Passed;
                healed.push(run.name.to_string());
            }
        }
        if healed.is_empty() {
            continue;
        }
        outcome::unite(&mut of_suite, trace);
        (request.listener)(Event::Warning(format!(
            "{} of `{suite}` fail alone and pass after other tests of the package (`{}`), so all {} are recorded as one \
             group",
            healed.len(),
            healed.join("`, `"),
            of_suite.len(),
        )));
        groups.insert(suite);
    }
    groups
}

/// Says of tests that passed alone, and failed with the others, that they are not to be relied on: whoever failed once in
/// a recording never simply passed in it.
pub(super) fn distrust_relapsed(of_suite: &mut [&mut Run], ended: &Ended) {
    for run in of_suite.iter_mut() {
        if run.outcome == TestOutcome::Passed && ended.failed.contains(&*run.name) {
            run.outcome = TestOutcome::Flaky;
        }
    }
}

/// Returns those of some tests that pass alone after all: they need no other, and are not to be relied on.
fn pass_alone(
    request: &Request<'_>,
    plan: &Plan,
    observer: &GoObserver<'_>,
    kept: &[(Box<str>, Kept)],
    suite: &str,
    names: &BTreeSet<Box<str>>,
) -> BTreeSet<Box<str>> {
    let Some((_, kept)) = kept.iter().find(|(of, _)| **of == *suite) else { return BTreeSet::new() };
    let alone: Vec<Case> = names.iter().map(|name| cases::case(kept, suite, name)).collect();
    let options = driver::Options { runs: 1, retries: 0, ..request.driver.clone() };
    let ran = driver::drive(&alone, &options, &plan.scratch, request.watch, observer, &|_| {});
    let passed = |ran: &Ran<Trace>| match ran {
        Ran::Runs(runs) => runs.iter().all(|run| run.outcome == TestOutcome::Passed),
        // Nobody knows.
        Ran::Interrupted | Ran::Broken(_) => true,
    };
    names.iter().zip(&ran).filter(|(_, ran)| passed(ran)).map(|(name, _)| name.clone()).collect()
}

/// Gives every test of a group what one of them has beside its coverage.
pub(super) fn level(tests: &mut [RecordedTest], groups: &BTreeSet<Box<str>>) {
    for suite in groups {
        let mut of_suite: Vec<&mut RecordedTest> =
            tests.iter_mut().filter(|test| test.suite == *suite).collect();
        let mut opened = BTreeSet::new();
        let mut consulted = BTreeSet::new();
        let mut troubles = BTreeSet::new();
        for test in &of_suite {
            opened.extend(test.opened.iter().cloned());
            consulted.extend(test.consulted.iter().cloned());
            troubles.extend(test.runs.iter().flat_map(|run| run.troubles.iter().cloned()));
        }
        for test in &mut of_suite {
            test.opened = opened.iter().cloned().collect();
            test.consulted = consulted.iter().cloned().collect();
            for run in &mut test.runs {
                run.troubles = troubles.iter().cloned().collect();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_failed_with_the_others_is_flaky() {
        let output = b"=== RUN   TestA\n\x16--- FAIL: TestA (0.00s)\n    \x16--- PASS: TestA/b (0.00s)\n\x16--- PASS: TestB (0.01s)\n--- FAIL: TestC\n";
        let ended = Ended::told_by(output);
        assert!(ended.failed == BTreeSet::from(["TestA".to_owned()]) && ended.passed.contains("TestB"));
        let mut runs = ["TestA", "TestB"].map(|name| Run {
            suite: "p".into(),
            name: name.into(),
            outcome: TestOutcome::Passed,
            duration: std::time::Duration::ZERO,
            traces: Vec::new(),
        });
        distrust_relapsed(&mut runs.each_mut().into_iter().collect::<Vec<_>>(), &ended);
        assert_eq!(runs.map(|run| run.outcome), [TestOutcome::Flaky, TestOutcome::Passed]);
    }
}
