//! Rust programs of several crates.

use std::process::Command;

use crate::compare;
use crate::tools::{Toolchain, Workshop, have};

/// Builds the library and the program and compares.
fn check(flags: &[&str]) {
    // The coverage map is of the LLVM in `rustc`, which only tools of at least its version read.
    let Some(tools) = Toolchain::get(22) else { return };
    if !have(&["rustc"]) {
        return;
    }
    let workshop = Workshop::new();
    let common = [&["-Cinstrument-coverage", "--edition=2024", "-Awarnings"], flags].concat();
    let library = [&common[..], &["--crate-type=rlib", "--crate-name=library", "library.rs"]].concat();
    workshop.run(&mut Command::new("rustc"), &library);
    let program = [&common[..], &["--extern", "library=liblibrary.rlib", "program.rs"]].concat();
    workshop.run(&mut Command::new("rustc"), &program);
    eprintln!("comparing rustc with {flags:?}");
    compare(tools, &workshop, "program", &["program"]);
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
