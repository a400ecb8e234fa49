//! Functions that count nothing, though they are compiled.
//!
//! A compiler leaves out of its coverage what it is told to leave out, and what is nothing but assembler. No counter
//! tells who executed such a function, so it belongs to whoever was compiled from its file. What is in no map for other
//! reasons, such as a template that nobody uses or code for another system, cannot be told from that, so this is done
//! only for suites in which anybody says such a thing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::observation::{Executed, Parts};
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::unit::{Unit, UnitKind};

use super::Sources;
use crate::trace::Places;
use crate::units::Language;

/// Words that say so, where they are all in one unit.
const MARKS: [&[&str]; 6] = [
    &["coverage", "off"],
    &["coverage_attribute"],
    &["naked"],
    &["__naked__"],
    &["no_profile_instrument_function"],
    &["__no_profile_instrument_function__"],
];

/// Returns, for each suite, the functions of the files that it was compiled from of which no binary has a place.
pub(super) fn uncounted(
    compiled: &BTreeMap<Box<str>, BTreeSet<RepoPath>>,
    places: &Places,
    units_of_places: &[Vec<u32>],
    sources: &Sources,
) -> BTreeMap<Box<str>, Vec<Executed>> {
    let marks: Vec<Vec<Identifier>> =
        MARKS.iter().map(|words| words.iter().map(|word| Identifier::of(word)).collect()).collect();
    let is_marked =
        |unit: &Unit| marks.iter().any(|words| words.iter().all(|word| unit.identifiers.contains(word)));
    let sources = |path: &RepoPath| sources.get(path).filter(|_| may_leave_out(path));
    let files: BTreeSet<&RepoPath> = compiled.values().flatten().collect();
    let marked: BTreeSet<&RepoPath> = files
        .into_iter()
        .filter(|path| sources(path).is_some_and(|file| file.units.iter().any(is_marked)))
        .collect();
    if marked.is_empty() {
        return BTreeMap::new();
    }
    let mut counted: HashMap<&RepoPath, HashSet<u32>> = HashMap::new();
    for ((file, _), units) in places.all().iter().zip(units_of_places) {
        counted.entry(&places.files()[*file as usize]).or_default().extend(units);
    }
    let of_file = |path: &RepoPath| {
        let is_counted = |at: &u32| counted.get(path).is_some_and(|counted| counted.contains(at));
        let functions = (0..).zip(&sources(path)?.units).filter(|(_, unit)| unit.kind == UnitKind::Function);
        let units: Vec<u32> = functions.map(|(at, _)| at).filter(|at| !is_counted(at)).collect();
        (!units.is_empty()).then(|| Executed { path: path.clone(), parts: Parts::Units(units) })
    };
    compiled
        .iter()
        .filter(|(_, files)| files.iter().any(|path| marked.contains(path)))
        .map(|(suite, files)| (suite.clone(), files.iter().filter_map(of_file).collect()))
        .collect()
}

/// Returns whether a file is of a language whose compilers leave functions out.
fn may_leave_out(path: &RepoPath) -> bool {
    matches!(Language::of(path), Some(Language::Rust | Language::C | Language::Cpp))
}
