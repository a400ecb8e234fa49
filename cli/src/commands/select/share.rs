//! One node's share of what must run.

use std::collections::BTreeSet;
use std::time::Duration;

use skiptrace_engine::balance::Plan;
use skiptrace_engine::fingerprint::Fingerprint;
use skiptrace_engine::record::TestKey;
use skiptrace_engine::recording::Shard;
use skiptrace_engine::selection::Selection;

/// One node's share of what must run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Share {
    /// Which node's.
    pub(super) shard: Shard,
    /// The tests, of those that the index knows.
    pub(super) tests: BTreeSet<TestKey>,
    /// How long they are expected to take.
    pub(super) expected: Duration,
    /// Whether the tests that nobody knows are among them.
    pub(super) has_strangers: bool,
    /// What the plan is recognised by: nodes that have the same share everything out, and nothing twice.
    pub(super) plan: String,
}

impl Share {
    /// Shares out what must run. `None` where everything is one node's, or where no test is known, so that none can be
    /// left to another node.
    pub(super) fn of(selection: &Selection, shard: Shard) -> Option<Share> {
        if shard == Shard::WHOLE || selection.tests.is_empty() {
            return None;
        }
        let timed = selection.run().map(|test| {
            let duration = Some(test.record.duration).filter(|duration| !duration.is_zero());
            (&test.record.key, duration)
        });
        let plan = Plan::new(timed, shard.of());
        let mut text = String::new();
        for part in plan.parts() {
            for key in &part.tests {
                text.push_str(&format!("{:?}\n", (key.job.as_str(), &*key.suite, &*key.name)));
            }
            text.push('\n');
        }
        let part = plan.part(shard)?;
        let hash = Fingerprint::of(text.as_bytes()).to_string();
        Some(Share {
            shard,
            tests: part.tests.iter().map(|key| (*key).clone()).collect(),
            expected: part.expected,
            has_strangers: Plan::<&TestKey>::runs_strangers(shard),
            plan: hash[..12].to_owned(),
        })
    }
}
