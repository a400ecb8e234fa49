//! Sets of tests, each kept once.

use std::collections::HashMap;

use crate::id::SetId;
use crate::test_set::TestSet;

/// Gives every distinct set a number, in the order in which they are first seen.
#[derive(Debug)]
pub(crate) struct SetInterner {
    sets: Vec<TestSet>,
    ids: HashMap<TestSet, SetId>,
}

impl SetInterner {
    /// Makes an interner that knows the empty set, as zero.
    pub(crate) fn new() -> Self {
        SetInterner { sets: vec![TestSet::new()], ids: HashMap::from([(TestSet::new(), SetId::EMPTY)]) }
    }

    /// Returns the number of `set`.
    pub(crate) fn intern(&mut self, set: TestSet) -> SetId {
        let next = SetId(self.sets.len() as u32);
        *self.ids.entry(set).or_insert_with_key(|set| {
            self.sets.push(set.clone());
            next
        })
    }

    /// Returns the sets by their numbers.
    pub(crate) fn into_sets(self) -> Vec<TestSet> {
        self.sets
    }
}
