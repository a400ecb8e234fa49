//! Rust programs of several crates.

use std::process::Command;

use skiptrace_indexers::llvm::binary::{Binary, BinaryWithRegions};
use skiptrace_indexers::llvm::mapping::Rule;

use crate::compare;
use crate::oracle::counts_by_function;
use crate::profile::Profile;
use crate::tools::{Toolchain, Workshop, have};

/// Builds the library and the program and compares.
fn check(flags: &[&str]) {
    if let Some((tools, workshop)) = build(flags) {
        eprintln!("comparing rustc with {flags:?}");
        compare(tools, &workshop, "program", &["program"]);
    }
}

fn build(flags: &[&str]) -> Option<(Toolchain, Workshop)> {
    // The coverage map is of the LLVM in `rustc`, which only tools of at least its version read.
    let tools = Toolchain::get(22)?;
    if !have(&["rustc"]) {
        return None;
    }
    let workshop = Workshop::new();
    let common = [&["-Cinstrument-coverage", "--edition=2024", "-Awarnings"], flags].concat();
    let library = [&common[..], &["--crate-type=rlib", "--crate-name=library", "library.rs"]].concat();
    workshop.run(&mut Command::new("rustc"), &library);
    let program = [&common[..], &["--extern", "library=liblibrary.rlib", "program.rs"]].concat();
    workshop.run(&mut Command::new("rustc"), &program);
    Some((tools, workshop))
}

#[test]
fn debug_builds() {
    check(&["-Cdebuginfo=2"]);
    check(&["-Ccodegen-units=1", "-Clink-dead-code"]);
}

#[test]
fn release_builds() {
    check(&["-Copt-level=3", "-Ccodegen-units=16"]);
    check(&["-Copt-level=s", "-Ccodegen-units=1", "-Cstrip=debuginfo"]);
    check(&["-Copt-level=3", "-Ccodegen-units=16", "-Cstrip=symbols"]);
}

#[test]
fn link_time_optimization() {
    check(&["-Copt-level=3", "-Clto=fat"]);
    check(&["-Copt-level=3", "-Clto=thin", "-Ccodegen-units=16"]);
}

#[test]
fn other_ways_to_count() {
    check(&["-Cllvm-args=-runtime-counter-relocation"]);
    check(&["-Cllvm-args=-profile-correlate=binary"]);
}

#[test]
fn code_before_a_panic_possibly_ran() {
    let Some((_, workshop)) = build(&["-Cdebuginfo=0"]) else { return };
    let mut opened = BinaryWithRegions::open(&workshop.path("program")).unwrap();
    let detailed = opened.remove(0);
    let profile = Profile::read(&workshop.profiles("program", &["13"])[0]);
    let counts = counts_by_function(&detailed.binary, &[profile]);
    let source = std::fs::read_to_string(workshop.path("program.rs")).unwrap();
    let left_at = source.lines().position(|line| line.ends_with("// left in the middle")).unwrap() + 1;
    let count = |rule| {
        let mut most = None;
        for (function, counters) in &counts {
            for regions in detailed.regions(*function).unwrap() {
                let times = regions.counts(counters, rule).unwrap();
                for (region, count) in regions.regions.iter().zip(times) {
                    let file = &detailed.binary.files[regions.files[region.file as usize] as usize];
                    if file.ends_with("program.rs") && region.range.start.line as usize == left_at {
                        most = most.max(Some(count.times));
                    }
                }
            }
        }
        most
    };
    // What `llvm-cov` says is wrong here: the line ran once.
    assert_eq!(count(Rule::Exact), Some(0));
    assert_eq!(count(Rule::Possible), Some(1));
}

#[test]
fn libraries_have_functions_but_no_counters() {
    let Some((_, workshop)) = build(&["-Copt-level=1"]) else { return };
    let library = Binary::open(&workshop.path("liblibrary.rlib")).unwrap();
    assert!(library.iter().all(|binary| binary.layout.slots.is_empty()));
    let mut lines: Vec<u32> = Vec::new();
    for binary in &library {
        for function in &binary.functions {
            let place = function.places[0];
            assert!(binary.files[place.file as usize].ends_with("library.rs"));
            lines.push(place.range.start.line);
        }
    }
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines, [4, 9, 13, 28, 34, 49]);
}
