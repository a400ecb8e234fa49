//! Sets of tests that are wanted one by one, and read all at once: a remote index is asked once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::codec::CodecError;
use crate::id::SetId;
use crate::index::Evidence;
use crate::selection::reason::Reason;
use crate::test_set::TestSet;

/// Reasons, and the sets of tests that each is one for.
#[derive(Debug, Default)]
pub(super) struct Wanted(Vec<(Reason, Sets)>);

/// Sets of tests that are still to be read.
#[derive(Debug)]
enum Sets {
    /// The tests that are in some set of each.
    Each(Vec<Vec<SetId>>),
    /// The tests of the first that are in none of the others.
    Without(SetId, Vec<SetId>),
    /// All tests of the job that are in none of them.
    AllWithout(Vec<SetId>),
}

impl Wanted {
    /// Adds the tests of all of the sets.
    pub(super) fn add(&mut self, reason: Reason, sets: Vec<SetId>) {
        self.add_each(reason, [sets]);
    }

    /// Adds the tests that are in some set of each.
    pub(super) fn add_each(&mut self, reason: Reason, each: impl IntoIterator<Item = Vec<SetId>>) {
        let each: Vec<Vec<SetId>> = each.into_iter().collect();
        // Where one of them is nobody, nothing has to be read.
        if each.iter().all(|sets| sets.iter().any(|set| *set != SetId::EMPTY)) {
            self.0.push((reason, Sets::Each(each)));
        }
    }

    /// Adds the tests of a set that are in none of the others.
    pub(super) fn add_without(&mut self, reason: Reason, base: SetId, others: Vec<SetId>) {
        if base != SetId::EMPTY {
            self.0.push((reason, Sets::Without(base, others)));
        }
    }

    /// Adds all tests of the job that are in none of the sets.
    pub(super) fn add_all_without(&mut self, reason: Reason, sets: Vec<SetId>) {
        self.0.push((reason, Sets::AllWithout(sets)));
    }

    /// Reads them; `all` are the tests of the job.
    pub(super) fn read(
        self,
        part: &dyn Evidence,
        all: &TestSet,
    ) -> Result<BTreeMap<Reason, TestSet>, CodecError> {
        let mut ids: Vec<SetId> = self.0.iter().flat_map(|(_, sets)| sets.ids()).collect();
        ids.sort_unstable();
        ids.dedup();
        let read: BTreeMap<SetId, Arc<TestSet>> = ids.iter().copied().zip(part.sets(&ids)?).collect();
        let mut reasons: BTreeMap<Reason, TestSet> = BTreeMap::new();
        for (reason, sets) in self.0 {
            let without = |mut tests: TestSet, others: &[SetId]| {
                others.iter().for_each(|id| tests.subtract(&read[id]));
                tests
            };
            let union = |ids: &[SetId]| {
                let mut tests = TestSet::new();
                ids.iter().for_each(|id| tests.union_with(&read[id]));
                tests
            };
            let tests = match &sets {
                Sets::Each(each) => {
                    let meet = |mut tests: TestSet, more: TestSet| {
                        tests.intersect_with(&more);
                        tests
                    };
                    each.iter().map(|ids| union(ids)).reduce(meet).unwrap_or_default()
                }
                Sets::Without(base, others) => without((*read[base]).clone(), others),
                Sets::AllWithout(others) => without(all.clone(), others),
            };
            if !tests.is_empty() {
                reasons.entry(reason).or_default().union_with(&tests);
            }
        }
        Ok(reasons)
    }
}

impl Sets {
    fn ids(&self) -> Vec<SetId> {
        match self {
            Sets::AllWithout(sets) => sets.clone(),
            Sets::Each(each) => each.concat(),
            Sets::Without(base, others) => [*base].into_iter().chain(others.iter().copied()).collect(),
        }
    }
}
