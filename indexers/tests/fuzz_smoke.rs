//! Every fuzzed target over its seeds and over changes of them, the same ones each time, on a stable compiler.

#[path = "../../tests/fuzz/src/indexers/mod.rs"]
#[allow(dead_code, unreachable_pub)]
mod fuzz;

use crate::fuzz::{mutate, seeds, targets};

/// Runs a target over its seeds and changes of them.
#[track_caller]
fn run(name: &str, n_mutations: u64) {
    let (_, target) = targets::ALL.into_iter().find(|(other, _)| *other == name).expect("a target's name");
    mutate::smoke(name, target, &seeds::of(name), n_mutations);
}

#[test]
fn profile() {
    run("profile", 5000);
}

#[test]
fn merged() {
    run("merged", 3000);
}

#[test]
fn binary() {
    run("binary", 1000);
}

#[test]
fn coverage_map() {
    run("coverage_map", 5000);
}

#[test]
fn dep_info() {
    run("dep_info", 5000);
}

#[test]
fn ninja_deps() {
    run("ninja_deps", 5000);
}

#[test]
fn units() {
    run("units", 300);
}

#[test]
fn results() {
    run("results", 20_000);
}

#[test]
fn test_events() {
    run("test_events", 20_000);
}

#[test]
fn lists() {
    run("lists", 60);
}

#[test]
fn invocation() {
    run("invocation", 5000);
}

#[test]
fn cargo() {
    run("cargo", 2000);
}

#[test]
fn covmeta() {
    run("covmeta", 5000);
}

#[test]
fn covcounters() {
    run("covcounters", 5000);
}

#[test]
fn cover_profile() {
    run("cover_profile", 5000);
}

/// The samples by hand say what they are meant to say; a target would be as content with an error.
#[test]
fn samples_are_sound() {
    use skiptrace_indexers::go::covdata::{CounterFile, MetaFile};
    use skiptrace_indexers::go::profile::Profile;
    use skiptrace_indexers::llvm::binary::Binary;
    use skiptrace_indexers::llvm::indexed::read_merged;
    use skiptrace_indexers::llvm::profile::RawProfiles;

    for version in [5, 7, 8, 9, 10, 11] {
        let bytes = fuzz::profiles::raw(version, b"id");
        let profiles: Vec<_> = RawProfiles::new(&bytes).collect::<Result<_, _>>().unwrap();
        let slots = profiles[0].records().unwrap().slots(profiles[0].header()).unwrap();
        assert_eq!(slots.len(), 3, "version {version}");
    }
    assert_eq!(read_merged(fuzz::profiles::TEXT.as_bytes()).unwrap().len(), 2);
    for version in [3, 8, 9, 10, 12] {
        assert_eq!(read_merged(&fuzz::profiles::indexed(version)).unwrap().len(), 2, "version {version}");
    }
    for seed in fuzz::seeds::of("covmeta") {
        assert_eq!(MetaFile::parse(&seed).unwrap().packages[0].decode().unwrap().units.len(), 5);
    }
    for seed in fuzz::seeds::of("covcounters") {
        CounterFile::parse(&seed).unwrap().read(&mut Vec::new(), |_| Ok(())).unwrap();
    }
    assert_eq!(Profile::parse(&fuzz::seeds::of("cover_profile")[0]).unwrap().blocks.len(), 2);
    let binaries = Binary::parse(&fuzz::elf::write(&fuzz::elf::sample())).unwrap();
    assert_eq!((binaries[0].functions.len(), binaries[0].layout.slots.len()), (2, 2));
    assert_eq!(binaries[0].files, ["/w/main.c".into(), "/w/a.h".into()]);
}
