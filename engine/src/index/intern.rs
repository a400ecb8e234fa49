//! Sets of tests, each kept once.

use std::collections::HashMap;
use std::hash::BuildHasher;

use crate::id::SetId;
use crate::test_set::TestSet;

/// Gives every distinct set a number, in the order in which they are first seen.
///
/// While an index is put together sets are told by these numbers alone, so that one that a million units name is
/// looked at once. The index gets numbers of its own in the end ([`super::units::Assembly`]).
#[derive(Debug)]
pub(crate) struct SetInterner {
    sets: Vec<TestSet>,
    /// The last set with each hash.
    by_hash: HashMap<u64, SetId>,
    /// For each set the one before it that has the same hash.
    same_hash: Vec<Option<SetId>>,
    unions: HashMap<(SetId, SetId), SetId>,
}

impl SetInterner {
    /// Makes an interner that knows the empty set, as zero.
    pub(crate) fn new() -> Self {
        let mut interner = SetInterner {
            sets: Vec::new(),
            by_hash: HashMap::new(),
            same_hash: Vec::new(),
            unions: HashMap::new(),
        };
        interner.intern(TestSet::new());
        interner
    }

    /// Returns the number of `set`.
    pub(crate) fn intern(&mut self, set: TestSet) -> SetId {
        let hash = self.by_hash.hasher().hash_one(&set);
        let first = self.by_hash.get(&hash).copied();
        let mut same_hash = std::iter::successors(first, |id| self.same_hash[id.index()]);
        if let Some(known) = same_hash.find(|id| self.sets[id.index()] == set) {
            return known;
        }
        let id = SetId(self.sets.len() as u32);
        self.sets.push(set);
        self.same_hash.push(first);
        self.by_hash.insert(hash, id);
        id
    }

    /// Returns the number of the set that has the members of both.
    pub(crate) fn union(&mut self, a: SetId, b: SetId) -> SetId {
        if a == b || b == SetId::EMPTY {
            return a;
        }
        if a == SetId::EMPTY {
            return b;
        }
        if let Some(known) = self.unions.get(&(a, b)) {
            return *known;
        }
        let mut union = self.sets[a.index()].clone();
        union.union_with(&self.sets[b.index()]);
        let id = self.intern(union);
        self.unions.insert((a, b), id);
        id
    }

    /// Returns the number of the set that has the members of `a` that `b` has not.
    pub(crate) fn difference(&mut self, a: SetId, b: SetId) -> SetId {
        if a == SetId::EMPTY || b == SetId::EMPTY {
            return a;
        }
        self.intern(self.sets[a.index()].difference(&self.sets[b.index()]))
    }

    /// Returns the sets by their numbers.
    pub(crate) fn into_sets(self) -> Vec<TestSet> {
        self.sets
    }
}
