//! Runs for tests.

use proptest::prelude::*;
use std::time::Duration;

use crate::record::Outcome;
use crate::time::Timestamp;

use super::{Audit, Counts, Decision, IndexUsed, Run, RunId, RunRecord, TestName, TestResult};

fn any_time() -> impl Strategy<Value = Duration> {
    prop_oneof![4 => 0..5_000_000u64, 1 => 0..=Run::MAX].prop_map(Duration::from_micros)
}

fn any_number() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..1000u64, 1 => 0..=Run::MAX]
}

fn any_text() -> impl Strategy<Value = Box<str>> {
    prop_oneof![3 => "[a-z]{1,8}", 1 => "\\PC{0,6}", 1 => any::<String>()].prop_map(Into::into)
}

fn any_result() -> impl Strategy<Value = TestResult> {
    let outcome = proptest::option::of(proptest::sample::select(&Outcome::ALL[..]));
    let decision = proptest::sample::select(&Decision::ALL[..]);
    let text = || proptest::option::of(any_text());
    (outcome, any_time(), decision, text(), any::<bool>(), text()).prop_map(
        |(outcome, duration, decision, reason, is_missed, note)| TestResult {
            outcome,
            duration,
            decision,
            reason,
            is_missed,
            note,
        },
    )
}

/// Returns runs, most of them in a few days of 2026, of few jobs and branches.
pub fn any_run() -> impl Strategy<Value = Run> {
    let at = prop_oneof![9 => 1_767_225_600_000..1_767_657_600_000u64, 1 => any::<u64>()];
    let commit = || proptest::option::of("[0-9a-f]{40}".prop_map(|id| id.parse().expect("forty digits")));
    let maps = (
        proptest::collection::btree_map(any_text(), any_number(), 0..3),
        proptest::collection::btree_map(any_text(), any_time(), 0..3),
    );
    let names = (
        any_text(),
        proptest::sample::select(vec!["unit", "e2e", "unit linux/amd64"]),
        commit(),
        proptest::option::of(prop_oneof![Just("main".into()), Just("dev".into()), any_text()]),
    );
    let index = (commit(), proptest::option::of(any_number()), proptest::option::of(any_number()));
    let counts = (any_number(), any_number(), any_number(), any_number());
    let audit = (any_number(), any_number()).prop_map(|(skippable, checked)| Audit { skippable, checked });
    let looked = (proptest::option::of(any_number()), proptest::option::of(audit));
    let rest = (any_time(), any_time(), looked);
    ((at, any::<u64>()), names, index, counts, rest, maps).prop_map(
        |((at, chance), (command, job, commit, branch), index, counts, (saved, took, looked), maps)| Run {
            id: RunId::new(Timestamp(at), chance),
            command,
            job: job.parse().expect("a name"),
            commit,
            branch,
            index: IndexUsed { commit: index.0, distance: index.1, bytes: index.2 },
            counts: Counts { known: counts.0, selected: counts.1, skipped: counts.2, failed: counts.3 },
            saved,
            took,
            misses: looked.0,
            audit: looked.1,
            fallbacks: maps.0,
            overheads: maps.1,
        },
    )
}

/// Returns runs with tests.
pub fn any_record() -> impl Strategy<Value = RunRecord> {
    let test = (any_text(), any_text()).prop_map(|(suite, name)| TestName { suite, name });
    (any_run(), proptest::collection::btree_map(test, any_result(), 0..6))
        .prop_map(|(run, tests)| RunRecord { run, tests })
}
