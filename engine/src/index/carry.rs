//! What of an older index still holds: for recording again only what a change touched.
//!
//! A test that need not run (the [`selection`](crate::selection) says which) would execute the same again, so its record
//! and its footprint are taken over into the new recording, in terms of the present listing of its files.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::fingerprint::{Fingerprint, Identifier};
use crate::id::{JobName, SetId, TestId};
use crate::observation::{Executed, Parts};
use crate::path::RepoPath;
use crate::record::{Role, TestKey, TestRecord};
use crate::recording::asked_for_by_either;
use crate::test_set::TestSet;
use crate::unit::{SourceFile, UnitKind};
use crate::variable::Consulted;

use super::{Index, UnitRecord};

/// What is taken over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carried {
    /// The tests that need not run, with their footprints in terms of the present listings.
    pub tests: Vec<CarriedTest>,
    /// What their suites were compiled from.
    pub compiled: BTreeMap<Box<str>, BTreeSet<RepoPath>>,
    /// The tests of the job that have to be recorded again.
    pub again: BTreeSet<TestKey>,
    /// What all of several tests of a suite executed, whether they are taken over or not, of suites of which some are; in
    /// terms of the present listings.
    pub common: BTreeMap<Box<str>, Vec<Executed>>,
    /// The methods that code from elsewhere may ask the values of these tests for; `None` where it may be any.
    pub asked_for: Option<Vec<Identifier>>,
}

/// A test that need not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedTest {
    /// What is known of it.
    pub record: TestRecord,
    /// What it executes.
    pub executed: Vec<Executed>,
    /// What its processes open.
    pub opened: Vec<RepoPath>,
    /// The variables that its processes consult, which are still what they were.
    pub consulted: Vec<Consulted>,
}

/// A unit that no file has: what runs there is somewhere in the file.
const STRAY: u32 = u32::MAX;

/// Returns what of `index` still holds for the tests of `job` that are `kept`, now that the files it knows are as in
/// `now`. A file that is not there now is gone.
///
/// The index is one of functions, without a baseline.
pub fn carry(
    index: &Index,
    job: &JobName,
    kept: &dyn Fn(&TestKey) -> bool,
    now: &BTreeMap<RepoPath, SourceFile>,
) -> Carried {
    let of_job: TestSet = index
        .jobs()
        .into_iter()
        .filter(|tests| tests.job == *job)
        .flat_map(|tests| TestSet::range(tests.tests).iter().collect::<Vec<_>>())
        .filter(|id| index.tests()[id.index()].role == Role::Test)
        .collect();
    let is_kept = |id: &TestId| kept(&index.tests()[id.index()].key);
    let kept: TestSet = of_job.intersection(&index.provable()).iter().filter(is_kept).collect();

    let recordings = index.recordings().iter().filter(|recording| recording.job == *job);
    let asked_for = recordings.map(|recording| recording.asked_for.clone()).reduce(asked_for_by_either);
    let mut carried = Carried { asked_for: asked_for.flatten(), ..Carried::default() };
    for id in of_job.iter().filter(|id| !kept.contains(*id)) {
        carried.again.insert(index.tests()[id.index()].key.clone());
    }
    let suites = Suites::of(index, &of_job, &kept);
    let mut executed: HashMap<TestId, Vec<Executed>> = HashMap::new();
    let mut opened: HashMap<TestId, Vec<RepoPath>> = HashMap::new();
    for file in index.files() {
        let places = Places::of(now.get(&file.path));
        let mut units: BTreeMap<TestId, Vec<u32>> = BTreeMap::new();
        let mut common: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for unit in index.units_of(file) {
            let found = places.find(unit);
            let place = found.unwrap_or(STRAY);
            if let Some(place) = found {
                suites
                    .all_in(index.set(unit.own))
                    .for_each(|suite| common.entry(suite).or_default().push(place));
            }
            for test in kept.intersection(index.set(unit.own)).iter() {
                units.entry(test).or_default().push(place);
            }
        }
        for (test, mut units) in units {
            units.sort_unstable();
            units.dedup();
            let parts = Parts::Units(units);
            executed.entry(test).or_default().push(Executed { path: file.path.clone(), parts });
        }
        for (suite, units) in common {
            let executed = Executed { path: file.path.clone(), parts: Parts::Units(units) };
            carried.common.entry(suite.into()).or_default().push(executed);
        }
        // Who may have read a file of which only the blob is known is found out for all tests together.
        let readers = if index.is_by_blob(file) { SetId::EMPTY } else { file.opened };
        for test in kept.intersection(index.set(readers)).iter() {
            opened.entry(test).or_default().push(file.path.clone());
        }
        for test in kept.intersection(index.set(file.compiled)).iter() {
            let suite = &index.tests()[test.index()].key.suite;
            carried.compiled.entry(suite.clone()).or_default().insert(file.path.clone());
        }
    }
    let mut consulted: HashMap<TestId, Vec<Consulted>> = HashMap::new();
    for variable in index.variables() {
        for test in kept.intersection(index.set(variable.tests)).iter() {
            consulted.entry(test).or_default().push(variable.consulted.clone());
        }
    }
    for id in kept.iter() {
        carried.tests.push(CarriedTest {
            record: index.tests()[id.index()].clone(),
            executed: executed.remove(&id).unwrap_or_default(),
            opened: opened.remove(&id).unwrap_or_default(),
            consulted: consulted.remove(&id).unwrap_or_default(),
        });
    }
    carried
}

/// The tests of the suites of which some are taken over.
struct Suites<'a> {
    /// The first test of each.
    firsts: TestSet,
    by_first: HashMap<TestId, (&'a str, TestSet)>,
}

impl<'a> Suites<'a> {
    fn of(index: &'a Index, of_job: &TestSet, kept: &TestSet) -> Suites<'a> {
        let suite = |id: TestId| &*index.tests()[id.index()].key.suite;
        let meant: BTreeSet<&str> = kept.iter().map(suite).collect();
        let mut tests: BTreeMap<&str, Vec<TestId>> = BTreeMap::new();
        for id in of_job.iter().filter(|id| meant.contains(suite(*id))) {
            tests.entry(suite(id)).or_default().push(id);
        }
        // What a single one executed, it has in common with nobody.
        tests.retain(|_, tests| tests.len() > 1);
        let by_first: HashMap<TestId, (&str, TestSet)> = tests
            .into_iter()
            .map(|(suite, tests)| (tests[0], (suite, tests.into_iter().collect())))
            .collect();
        Suites { firsts: by_first.keys().copied().collect(), by_first }
    }

    /// Returns the suites all of whose tests are among some.
    fn all_in(&self, tests: &TestSet) -> impl Iterator<Item = &'a str> {
        let firsts: Vec<TestId> = self.firsts.intersection(tests).iter().collect();
        firsts.into_iter().filter_map(|first| {
            let (suite, all) = &self.by_first[&first];
            (all.intersection(tests).len() == all.len()).then_some(*suite)
        })
    }
}

/// The units of the present version of a file, by what they are.
struct Places<'a> {
    by_identity: HashMap<(UnitKind, &'a str, Fingerprint), u32>,
}

impl<'a> Places<'a> {
    fn of(file: Option<&'a SourceFile>) -> Places<'a> {
        let units = file.map_or(&[][..], |file| &file.units);
        let identity = |(place, unit): (u32, &'a crate::unit::Unit)| {
            Some(((unit.kind, &*unit.name, unit.fingerprint?), place))
        };
        Places { by_identity: (0..).zip(units).filter_map(identity).collect() }
    }

    /// Returns where the same version of a unit is now.
    fn find(&self, unit: &UnitRecord) -> Option<u32> {
        self.by_identity.get(&(unit.kind, &*unit.name, unit.fingerprint?)).copied()
    }
}

#[cfg(test)]
mod tests;
