//! Source files from debug information.

use std::process::Command;

use skiptrace_indexers::llvm::dwarf::{DwarfError, source_files, source_files_in};

use crate::oracle::clean;
use crate::tools::{Toolchain, Workshop, have};

fn names(workshop: &Workshop, program: &str) -> Vec<String> {
    let folder = workshop.path("");
    let folder = folder.canonicalize().unwrap();
    let files = source_files(&workshop.path(program)).unwrap();
    let own = files.iter().map(|file| clean(file));
    own.filter_map(|file| Some(file.strip_prefix(folder.to_str()?)?.trim_start_matches('/').to_owned()))
        .collect()
}

#[test]
fn the_files_of_a_program_are_named() {
    for tools in Toolchain::all() {
        for flags in [&["-g", "-gdwarf-4"][..], &["-gline-tables-only", "-gdwarf-5"], &["-g", "-gz=zlib"]] {
            let workshop = Workshop::new();
            let args = [flags, &["first.c", "./second.c", "-o", "program"]].concat();
            workshop.run(&mut tools.tool("clang"), &args);
            let named = names(&workshop, "program");
            for file in ["first.c", "lines.inc", "second.c", "shared.h"] {
                assert!(named.iter().any(|name| name == file), "{file} of {named:?} with {flags:?}");
            }
        }
    }
}

#[test]
fn the_files_of_a_rust_program_are_named() {
    if !have(&["rustc"]) {
        return;
    }
    let workshop = Workshop::new();
    let common = ["--edition=2024", "-Awarnings", "-Cdebuginfo=1"];
    let library = [&common[..], &["--crate-type=rlib", "--crate-name=library", "library.rs"]].concat();
    workshop.run(&mut Command::new("rustc"), &library);
    let program = [&common[..], &["--extern", "library=liblibrary.rlib", "program.rs"]].concat();
    workshop.run(&mut Command::new("rustc"), &program);
    let named = names(&workshop, "program");
    assert!(
        ["library.rs", "program.rs"].iter().all(|file| named.iter().any(|name| name == file)),
        "{named:?}"
    );
}

#[test]
fn what_names_no_files_says_why() {
    let Some(tools) = Toolchain::get(22) else { return };
    let workshop = Workshop::new();
    workshop.run(&mut tools.tool("clang"), &["-g", "-c", "second.c", "-o", "second.o"]);
    assert!(matches!(source_files(&workshop.path("second.o")), Err(DwarfError::NotLinked)));
    workshop.run(&mut tools.tool("clang"), &["-s", "first.c", "second.c", "-o", "program"]);
    assert!(matches!(source_files(&workshop.path("program")), Err(DwarfError::Absent)));
    assert!(matches!(source_files_in(b"#!/bin/sh"), Err(DwarfError::Binary(_))));
}

#[test]
fn damaged_debug_information_is_read_or_refused() {
    let Some(tools) = Toolchain::get(22) else { return };
    let workshop = Workshop::new();
    workshop.run(&mut tools.tool("clang"), &["-g", "-shared", "-nostdlib", "second.c", "-o", "program"]);
    let bytes = std::fs::read(workshop.path("program")).unwrap();
    let mut flipped = bytes.clone();
    for at in (0..bytes.len()).step_by(3) {
        let _ = source_files_in(&bytes[..at]);
        for mask in [0x01, 0xFF] {
            flipped[at] ^= mask;
            let _ = source_files_in(&flipped);
            flipped[at] ^= mask;
        }
    }
    assert!(source_files_in(&flipped).is_ok());
}
