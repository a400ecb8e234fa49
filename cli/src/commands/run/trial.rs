//! What came of proofs that were put to the test: who failed and need not have run.

use std::collections::BTreeSet;

use skiptrace_engine::evaluation::{
    Compared, Evaluation, Repeats, Results, Tally, TestResult, ToldName, evaluate,
};
use skiptrace_engine::record::Outcome as TestOutcome;
use skiptrace_engine::recording::Shard;
use skiptrace_engine::selection::Selection;
use skiptrace_indexers::record::fold::RecordedTest;
use skiptrace_indexers::run::wanted::Wanted;

use super::super::record::Around;
use super::super::record::runner::Runner;
use crate::journal::Misses;
use crate::session::Session;

/// What became of the tests that ran, as files of results would tell it.
fn results(tests: &[RecordedTest]) -> Results {
    let mut results = Results::default();
    for test in tests {
        let name = ToldName { suite: test.suite.clone(), name: test.name.clone(), ..ToldName::default() };
        let tally = match test.outcome {
            TestOutcome::Passed => Tally::PASSED,
            TestOutcome::Skipped => Tally::SKIPPED,
            TestOutcome::Flaky => Tally::PASSED.and(Tally::FAILED),
            TestOutcome::TimedOut | TestOutcome::Failed => Tally::FAILED,
        };
        results.add(TestResult { name, tally: tally.lasting(test.duration), repeats: Repeats::Attempts });
    }
    results
}

/// Holds what ran against what need not have. A test that failed and need not have run is tried once more: whoever passes
/// then was not missed.
pub(super) fn judge(
    selection: &Selection,
    tests: &[RecordedTest],
    around: &Around<'_>,
    runner: &Runner,
) -> Evaluation {
    let mut results = results(tests);
    let first = compare(selection, &results);
    let missed: BTreeSet<(&str, &str)> = missed(&first);
    if missed.is_empty() || around.watch.is_interrupted() {
        return first;
    }
    around.session.printer.status("a test failed that need not have run; trying that once more");
    let others = tests.iter().filter(|test| !missed.contains(&(&*test.suite, &*test.name)));
    let mut without: BTreeSet<(String, String)> =
        others.map(|test| (test.suite.to_string(), test.name.to_string())).collect();
    let known = selection.tests.iter().map(|test| &test.record.key);
    let known = known.filter(|key| !missed.contains(&(&*key.suite, &*key.name)));
    without.extend(known.map(|key| (key.suite.to_string(), key.name.to_string())));
    let silent = Around { listener: &|_| {}, ..*around };
    let Ok(again) = silent.record(runner, &Wanted::new(Shard::WHOLE, without)) else { return first };
    results.merge(self::results(&again.tests));
    compare(selection, &results)
}

fn compare(selection: &Selection, results: &Results) -> Evaluation {
    evaluate(&Compared { selection, results, base: None, quarantined: &[] })
}

fn missed(evaluation: &Evaluation) -> BTreeSet<(&str, &str)> {
    let missed = evaluation.tests.iter().filter(|test| test.is_missed());
    missed.map(|test| (&*test.suite, &*test.name)).collect()
}

/// Says aloud what was missed.
pub(super) fn tell(evaluation: &Evaluation, misses: &Misses, session: &Session<'_>) {
    let printer = session.printer;
    let missed = missed(evaluation);
    for (suite, name) in &missed {
        printer.warning(format_args!("missed: `{suite} {name}` fails, and need not have run"));
    }
    if !missed.is_empty() {
        misses.tell(session);
        printer.hint(
            "please report it: a test that is skipped and would fail is the worst that can happen here",
        );
    }
}
