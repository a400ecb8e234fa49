//! What of an older index still holds: for recording again only what a change touched.
//!
//! A test whose inputs are all as they were would execute the same again, so its record and its footprint are taken
//! over into the new recording, in terms of the present listing of its files. The rule is the strict one: where it is
//! not plain that a test cannot be touched, it is recorded again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::fingerprint::{Fingerprint, Identifier};
use crate::id::{JobName, SetId, TestId, UnitId};
use crate::observation::{Executed, Parts};
use crate::path::RepoPath;
use crate::record::{Role, TestKey, TestRecord};
use crate::test_set::TestSet;
use crate::unit::{SourceFile, UnitKind};
use crate::variable::{Consulted, Since, Variables};

use super::{FileRecord, Index, UnitRecord};

/// What is taken over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carried {
    /// The tests that need not run, with their footprints in terms of the present listings.
    pub tests: Vec<CarriedTest>,
    /// What their suites were compiled from.
    pub compiled: BTreeMap<Box<str>, BTreeSet<RepoPath>>,
    /// The tests of the job that have to be recorded again.
    pub again: BTreeSet<TestKey>,
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

/// Returns what of `index` still holds for `job`, now that the files it knows are as in `now`, the environment is as in
/// `variables`, and everything else is as it was. A file that is not there now is gone.
///
/// The index is one of functions, without a baseline.
pub fn carry(
    index: &Index,
    job: &JobName,
    now: &BTreeMap<RepoPath, SourceFile>,
    variables: &Variables,
) -> Carried {
    let of_job: TestSet = index
        .jobs()
        .into_iter()
        .filter(|tests| tests.job == *job)
        .flat_map(|tests| TestSet::range(tests.tests).iter().collect::<Vec<_>>())
        .filter(|id| index.tests()[id.index()].role == Role::Test)
        .collect();
    let mut kept = of_job.intersection(&index.provable());
    kept.subtract(&touched(index, now));
    for variable in index.variables() {
        if variables.since(&variable.consulted) != Since::Same {
            kept.subtract(index.set(variable.tests));
        }
    }

    let mut carried = Carried::default();
    for id in of_job.iter().filter(|id| !kept.contains(*id)) {
        carried.again.insert(index.tests()[id.index()].key.clone());
    }
    let mut executed: HashMap<TestId, Vec<Executed>> = HashMap::new();
    let mut opened: HashMap<TestId, Vec<RepoPath>> = HashMap::new();
    for file in index.files() {
        let places = Places::of(now.get(&file.path));
        let mut units: BTreeMap<TestId, Vec<u32>> = BTreeMap::new();
        for unit in index.units_of(file) {
            let place = places.find(unit).unwrap_or(STRAY);
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
        // Who reads what nothing looked into is found out anew.
        let listers = if index.is_by_blob(file) { SetId::EMPTY } else { file.opened };
        for test in kept.intersection(index.set(listers)).iter() {
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

/// Returns the tests that some difference between the index and the present may touch.
fn touched(index: &Index, now: &BTreeMap<RepoPath, SourceFile>) -> TestSet {
    let mut touched = TestSet::new();
    let mut changed_names: BTreeSet<Identifier> = BTreeSet::new();
    for file in index.files() {
        let present = now.get(&file.path);
        let has_same_blob = file.blob.is_some() && present.is_some_and(|now| now.blob == file.blob);
        if has_same_blob && is_seen_by_all(index, file) {
            continue;
        }
        let places = Places::of(present);
        // Who reads a file sees its comments as well, which no unit but a whole file has.
        if !has_same_blob && !places.are_of_bytes {
            touched.union_with(index.set(file.opened));
        }
        let mut differs = false;
        let mut known: Vec<Option<&UnitRecord>> = vec![None; places.len];
        for unit in index.units_of(file).iter().filter(|unit| !unit.is_unplaced()) {
            match places.find(unit) {
                Some(place) => known[place as usize] = Some(unit),
                None => {
                    differs |= unit.listed.is_some();
                    touch_former(index, file, unit, &places, &mut touched, &mut changed_names);
                }
            }
        }
        for (place, unit) in known.iter().enumerate() {
            match unit {
                // To whoever has not seen it, it is new.
                Some(unit) => touched.union_with(&index.set(file.compiled).difference(index.set(unit.seen))),
                None => {
                    differs = true;
                    let is_new_version = places.is_version_of(place, index.units_of(file));
                    if !is_new_version {
                        touched.union_with(index.set(file.compiled));
                    }
                }
            }
        }
        if differs || places.is_gone {
            touched.union_with(index.set(file.opened));
            for unit in index.units_of(file).iter().filter(|unit| unit.is_unplaced()) {
                touched.union_with(index.set(unit.own));
                touched.union_with(index.set(unit.shared));
            }
        }
    }
    if !changed_names.is_empty() {
        for (at, unit) in index.units().iter().enumerate() {
            if index.mentions().of(UnitId(at as u32)).iter().any(|name| changed_names.contains(name)) {
                touched.union_with(index.set(unit.own));
                touched.union_with(index.set(unit.shared));
            }
        }
    }
    touched
}

/// Returns whether a file is known by its blob, and nobody depends on it whose recording had another version of it.
fn is_seen_by_all(index: &Index, file: &FileRecord) -> bool {
    let has_seen = |unit: &UnitRecord, tests| index.set(tests).difference(index.set(unit.seen)).is_empty();
    let units = index.units_of(file);
    index.is_by_blob(file)
        && units.iter().all(|unit| has_seen(unit, file.opened) && has_seen(unit, file.compiled))
}

/// Touches whom a version of a unit concerned that is no longer there.
fn touch_former(
    index: &Index,
    file: &FileRecord,
    unit: &UnitRecord,
    places: &Places<'_>,
    touched: &mut TestSet,
    changed_names: &mut BTreeSet<Identifier>,
) {
    touched.union_with(index.set(unit.own));
    touched.union_with(index.set(unit.shared));
    // A function whose body alone changed concerns whoever ran it; what of its signature changed concerns whoever
    // names it. One that is gone, and what is no function, may concern all that was compiled with it.
    let simple = (unit.kind == UnitKind::Function && places.has_name(unit)).then(|| simple_name(&unit.name));
    match simple.flatten() {
        Some(name) => {
            changed_names.insert(Identifier::of(name));
        }
        None => touched.union_with(&index.set(file.compiled).intersection(index.set(unit.seen))),
    }
}

/// Returns the name by which code calls a function, out of its qualified name: `Type<T>::name#2`, `name(int)`,
/// `Type.name`, `(*Type).name`.
fn simple_name(qualified: &str) -> Option<&str> {
    let receiver = qualified.strip_prefix('(').and_then(|rest| rest.split_once(")."));
    let method = receiver.map_or(qualified, |(_, method)| method);
    let end = method.find(['(', '#']).unwrap_or(method.len());
    let name = method[..end].rsplit("::").next()?.rsplit('.').next()?.trim();
    let is_word = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_word.then_some(name)
}

/// The units of the present version of a file, by what they are.
struct Places<'a> {
    by_identity: HashMap<(UnitKind, &'a str, Fingerprint), u32>,
    names: BTreeSet<(UnitKind, &'a str)>,
    by_place: Vec<(UnitKind, &'a str)>,
    len: usize,
    is_gone: bool,
    /// Whether all units are recognised by every byte of theirs.
    are_of_bytes: bool,
}

impl<'a> Places<'a> {
    fn of(file: Option<&'a SourceFile>) -> Places<'a> {
        let units = file.map_or(&[][..], |file| &file.units);
        let identity = |(place, unit): (u32, &'a crate::unit::Unit)| {
            Some(((unit.kind, &*unit.name, unit.fingerprint?), place))
        };
        Places {
            by_identity: (0..).zip(units).filter_map(identity).collect(),
            names: units.iter().map(|unit| (unit.kind, &*unit.name)).collect(),
            by_place: units.iter().map(|unit| (unit.kind, &*unit.name)).collect(),
            len: units.len(),
            is_gone: file.is_none(),
            are_of_bytes: units.iter().all(|unit| unit.kind == UnitKind::File),
        }
    }

    /// Returns where the same version of a unit is now.
    fn find(&self, unit: &UnitRecord) -> Option<u32> {
        self.by_identity.get(&(unit.kind, &*unit.name, unit.fingerprint?)).copied()
    }

    /// Returns whether there is a version of a unit now.
    fn has_name(&self, unit: &UnitRecord) -> bool {
        self.names.contains(&(unit.kind, &*unit.name))
    }

    /// Returns whether the function at a place is a version of one that was listed, which has been dealt with there.
    fn is_version_of(&self, place: usize, units: &[UnitRecord]) -> bool {
        let (kind, name) = self.by_place[place];
        kind == UnitKind::Function
            && units.iter().any(|unit| unit.listed.is_some() && unit.kind == kind && *unit.name == *name)
    }
}

#[cfg(test)]
mod tests;
