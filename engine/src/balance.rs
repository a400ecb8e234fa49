//! Tests as several nodes share them: each gets about as much to do.
//!
//! The longest test goes to the node that has the least to do, then the next longest. So no node gets more
//! than four thirds of what the best possible division would give it (Graham 1969), which for tests that
//! differ little is much less. Who shares what is a function of the tests and their durations alone, so that
//! nodes which know the same come to the same plan without asking each other.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::recording::Shard;

/// Who runs what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan<K> {
    parts: Vec<Part<K>>,
}

/// What one node runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<K> {
    /// The tests, in order.
    pub tests: Vec<K>,
    /// How long they are expected to take one after the other.
    pub expected: Duration,
}

impl<K: Ord> Plan<K> {
    /// Shares tests out among `n_nodes`, of which there is at least one. A test whose duration is not known
    /// is taken to be as long as the one in the middle of those that are. Of a test that is given twice the
    /// longer duration counts.
    pub fn new(tests: impl IntoIterator<Item = (K, Option<Duration>)>, n_nodes: u32) -> Plan<K> {
        let mut durations: BTreeMap<K, Option<Duration>> = BTreeMap::new();
        for (test, duration) in tests {
            let known = durations.entry(test).or_default();
            *known = (*known).max(duration);
        }
        let usual = median(durations.values().flatten().copied().collect());
        let mut tests: Vec<(K, Duration)> =
            durations.into_iter().map(|(test, duration)| (test, duration.unwrap_or(usual))).collect();
        // Sorting keeps the order of names among those that take as long.
        tests.sort_by_key(|(_, duration)| std::cmp::Reverse(*duration));
        let n_nodes = usize::try_from(n_nodes.max(1)).unwrap_or(usize::MAX);
        let mut parts: Vec<Part<K>> =
            (0..n_nodes).map(|_| Part { tests: Vec::new(), expected: Duration::ZERO }).collect();
        // The least to do, and among equals the fewest tests, so that tests that take no time are shared out
        // too.
        let mut waiting: std::collections::BinaryHeap<std::cmp::Reverse<(Duration, usize, usize)>> =
            (0..n_nodes).map(|node| std::cmp::Reverse((Duration::ZERO, 0, node))).collect();
        for (test, duration) in tests {
            let Some(std::cmp::Reverse((load, n_tests, node))) = waiting.pop() else { break };
            let load = load.saturating_add(duration);
            parts[node].tests.push(test);
            parts[node].expected = load;
            waiting.push(std::cmp::Reverse((load, n_tests + 1, node)));
        }
        for part in &mut parts {
            part.tests.sort_unstable();
        }
        Plan { parts }
    }

    /// Returns what each node runs.
    pub fn parts(&self) -> &[Part<K>] {
        &self.parts
    }

    /// Returns what a node runs; `None` where the plan is for fewer nodes.
    pub fn part(&self, shard: Shard) -> Option<&Part<K>> {
        self.parts.get(usize::try_from(shard.number()).ok()?.checked_sub(1)?)
    }

    /// Returns whether a node runs the tests that nobody knows, which are in nobody's part: the first does.
    /// It is told what to leave out, all others are told what to run.
    pub fn runs_strangers(shard: Shard) -> bool {
        shard.number() == 1
    }
}

/// Returns the duration in the middle, the lower one of two; none of nothing.
fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    let middle = durations.len().saturating_sub(1) / 2;
    durations.get(middle).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(tests: &[(&'static str, Option<u64>)], n_nodes: u32) -> String {
        let tests = tests.iter().map(|(name, seconds)| (*name, seconds.map(Duration::from_secs)));
        let plan = Plan::new(tests, n_nodes);
        let parts = plan.parts().iter();
        parts
            .map(|part| format!("{}:{}", part.expected.as_secs(), part.tests.join(",")))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn the_longest_goes_first() {
        let tests = [("a", Some(1)), ("b", Some(5)), ("c", Some(4)), ("d", Some(3)), ("e", Some(3))];
        assert_eq!(seconds(&tests, 2), "8:b,e 8:a,c,d");
        assert_eq!(seconds(&tests, 1), "16:a,b,c,d,e");
        assert_eq!(seconds(&tests[..1], 3), "1:a 0: 0:");
        assert_eq!(seconds(&[], 2), "0: 0:");
        assert_eq!(seconds(&tests[..1], 0), "1:a");
    }

    #[test]
    fn what_nobody_timed_counts_as_usual() {
        let tests = [("a", Some(1)), ("b", Some(2)), ("c", Some(9)), ("new", None)];
        assert_eq!(seconds(&tests, 2), "9:c 5:a,b,new");
        // And where nobody timed anything, the number is shared out.
        assert_eq!(seconds(&[("a", None), ("b", None), ("c", None), ("d", None)], 2), "0:a,c 0:b,d");
    }

    #[test]
    fn each_node_finds_its_part() {
        let plan = Plan::new((0..10).map(|n| (n, None)), 3);
        let shard = |number, of| Shard::new(number, of).unwrap();
        let n_tests = |shard| plan.part(shard).map(|part| part.tests.len());
        assert_eq!(
            [n_tests(shard(1, 3)), n_tests(shard(3, 3)), n_tests(shard(4, 4))],
            [Some(4), Some(3), None]
        );
        let with: Vec<bool> = (1..=3).map(|number| Plan::<u32>::runs_strangers(shard(number, 3))).collect();
        assert_eq!(with, [true, false, false]);
    }

    /// Returns the load of the busiest node in the best of all divisions.
    fn best(durations: &[u64], loads: &mut Vec<u64>) -> u64 {
        let Some((first, rest)) = durations.split_first() else {
            return loads.iter().copied().max().unwrap();
        };
        let mut least = u64::MAX;
        for node in 0..loads.len() {
            loads[node] += first;
            least = least.min(best(rest, loads));
            loads[node] -= first;
        }
        least
    }

    proptest! {
        #[test]
        fn every_test_is_in_one_part(
            tests in prop::collection::btree_map("[a-d]{1,4}", prop::option::of(0_u64..1000), 0..60),
            n_nodes in 1_u32..9,
        ) {
            let timed = |(name, millis): (&String, &Option<u64>)| (name.clone(), millis.map(Duration::from_millis));
            let plan = Plan::new(tests.iter().map(timed), n_nodes);
            prop_assert_eq!(plan.parts().len(), n_nodes as usize);
            let mut all: Vec<String> = plan.parts().iter().flat_map(|part| part.tests.clone()).collect();
            all.sort();
            prop_assert_eq!(all, tests.keys().cloned().collect::<Vec<_>>());
            // In whatever order the tests are told.
            prop_assert_eq!(&plan, &Plan::new(tests.iter().rev().map(timed), n_nodes));
        }

        #[test]
        fn no_node_has_more_than_four_thirds_of_the_best(
            durations in prop::collection::vec(0_u64..50, 1..8),
            n_nodes in 1_u32..4,
        ) {
            let tests = durations.iter().enumerate().map(|(n, &millis)| (n, Some(Duration::from_millis(millis))));
            let plan = Plan::new(tests, n_nodes);
            let most = plan.parts().iter().map(|part| part.expected.as_millis()).max().unwrap();
            let best = u128::from(best(&durations, &mut vec![0; n_nodes as usize]));
            // 4/3 - 1/(3m), without fractions.
            let m = u128::from(n_nodes);
            prop_assert!(most * 3 * m <= best * (4 * m - 1), "{most} {best}");
            // And any two nodes differ by no more than the longest test.
            let least = plan.parts().iter().map(|part| part.expected.as_millis()).min().unwrap();
            prop_assert!(most - least <= u128::from(*durations.iter().max().unwrap()));
        }
    }
}
