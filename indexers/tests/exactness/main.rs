//! Our reading of binaries against that of LLVM's own tools, on real compilers' output.

mod clang;
mod dwarf;
mod foreign;
mod oracle;
mod profile;
mod rust;
mod tools;
mod total;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use skiptrace_indexers::llvm::binary::{Binary, BinaryWithRegions, Place};
use skiptrace_indexers::llvm::layout::{Layout, Slot};
use skiptrace_indexers::llvm::profile::{Layouts, RawProfiles, Scratch, read_file};

use crate::oracle::Hull;
use crate::profile::Profile;
use crate::tools::{Toolchain, Workshop};

/// Runs a program with several arguments and compares what is said of each of `objects`, the program itself and
/// its libraries.
fn compare(tools: Toolchain, workshop: &Workshop, program: &str, objects: &[&str]) {
    let detailed: Vec<BinaryWithRegions> = objects
        .iter()
        .map(|object| {
            let mut opened = BinaryWithRegions::open(&workshop.path(object)).unwrap();
            assert_eq!(opened.len(), 1);
            assert_eq!(opened[0].binary.indistinct(), [0; 0]);
            opened.remove(0)
        })
        .collect();
    let runs: [&[&str]; 6] = [&[], &["3"], &["-4", "60"], &["13", "2"], &["42"], &["1", "99", "5", "0"]];
    for args in runs {
        let written = workshop.profiles(program, args);
        for (object, detailed) in objects.iter().zip(&detailed) {
            let what = format!("{object} of LLVM {} with {args:?}", tools.version);
            let of_object: Vec<(PathBuf, Profile)> = written
                .iter()
                .map(|path| (path.clone(), Profile::read(path)))
                .filter(|(_, profile)| profile.is_of(&detailed.binary.layout))
                .collect();
            assert!(!of_object.is_empty(), "{what} has no profile");
            for (path, profile) in &of_object {
                production_reader_agrees(path, profile, &detailed.binary.layout, &what);
            }
            let (paths, profiles): (Vec<PathBuf>, Vec<Profile>) = of_object.into_iter().unzip();
            let is_correlated = detailed.binary.layout.data_hash.is_none();
            let theirs = oracle::theirs(tools, &workshop.path(object), &paths, is_correlated);
            let ours = oracle::ours(detailed, &profiles);
            // A library may not be called.
            let anything_ran = theirs.iter().any(|function| function.count > 0);
            assert!(anything_ran || *object != program, "{what}: nothing ran");
            for function in &ours {
                assert!(theirs.contains(function), "{what}: extra {function:?}");
            }
            for function in &theirs {
                assert!(ours.contains(function), "{what}: missing {function:?}");
            }
            assert_eq!(ours.len(), theirs.len(), "{what}");
            places_hold_what_ran(&detailed.binary, &profiles, &theirs, &what);
        }
    }
}

/// Compares where profiles have their counters and which functions ran with what the reader of profiles says.
fn production_reader_agrees(path: &Path, profile: &Profile, layout: &Layout, what: &str) {
    let bytes = fs::read(path).unwrap();
    let raw = RawProfiles::new(&bytes).next().unwrap().unwrap();
    assert_eq!(raw.matches(layout), Ok(()), "{what}");
    if layout.data_hash.is_some() {
        let without_function = |slot: &Slot| Slot { function: None, ..*slot };
        let slots: Vec<Slot> = layout.slots.iter().map(without_function).collect();
        assert_eq!(raw.records().unwrap().slots(raw.header()).unwrap(), slots, "{what}");
    }
    let layouts: Layouts = [layout.clone().into()].into_iter().collect();
    let mut hits = Vec::new();
    let reading = read_file(path, &layouts, &mut Scratch::default(), |of| hits.extend_from_slice(of.slots));
    assert!(reading.errors.is_empty(), "{what}: {:?}", reading.errors);
    let ran =
        |slot: &Slot| profile.counts(layout, slot.first, slot.n_counters).iter().any(|count| *count != 0);
    let expected: Vec<u32> =
        (0..).zip(&layout.slots).filter(|(_, slot)| ran(slot)).map(|(place, _)| place).collect();
    assert_eq!(hits, expected, "{what}");
}

/// Compares the places of functions whose first counter counted with what `llvm-cov` says has run.
fn places_hold_what_ran(binary: &Binary, profiles: &[Profile], theirs: &[oracle::Counted], what: &str) {
    let mut n_structures: HashMap<u64, u32> = HashMap::new();
    for function in &binary.functions {
        *n_structures.entry(function.name_hash).or_default() += 1;
    }
    let (mut ours, mut shadowed) = (Vec::new(), Vec::new());
    for (function, counts) in oracle::counts_by_function(binary, profiles) {
        let function = &binary.functions[function as usize];
        if counts.iter().all(|count| *count == 0) {
            continue;
        }
        assert_ne!(counts[0], 0, "{what}: a function ran without being entered");
        let hull = |place: &Place| {
            let range = place.range;
            let hull = [range.start.line, range.start.column, range.end.line, range.end.column];
            (oracle::clean(&binary.files[place.file as usize]), hull.map(u64::from))
        };
        let mut hull: Vec<Hull> = function.places.iter().map(hull).collect();
        hull[1..].sort();
        // `llvm-cov` takes one structure of each name, which need not be the one that ran: after link-time
        // optimization of Rust crates it can be the record of a crate that did not use the function.
        if n_structures[&function.name_hash] == 1 {
            ours.push(hull);
        } else {
            shadowed.push(hull);
        }
    }
    let ran = theirs.iter().filter(|function| function.count > 0);
    let mut theirs: Vec<Vec<Hull>> = ran.map(|function| function.hulls()).collect();
    ours.sort();
    ours.dedup();
    theirs.sort();
    theirs.dedup();
    theirs.retain(|hull| ours.contains(hull) || !shadowed.contains(hull));
    assert_eq!(ours, theirs, "{what}: other functions ran");
}
