//! C and C++ programs of every installed Clang.

use crate::compare;
use crate::tools::{Toolchain, Workshop, have};

const COVERAGE: [&str; 2] = ["-fprofile-instr-generate", "-fcoverage-mapping"];

/// Builds `first` and `second` into a program and compares.
fn check(tools: Toolchain, language: &str, flags: &[&str]) {
    let workshop = Workshop::new();
    build(tools, &workshop, language, flags);
    eprintln!("comparing {language} of clang {} with {flags:?}", tools.version);
    compare(tools, &workshop, "program", &["program"]);
}

fn build(tools: Toolchain, workshop: &Workshop, language: &str, flags: &[&str]) {
    let sources = [format!("first.{language}"), format!("second.{language}")];
    let args = [&COVERAGE, flags, &[&*sources[0], &*sources[1], "-o", "program"]].concat();
    workshop.run(&mut tools.tool(compiler(language)), &args);
}

fn compiler(language: &str) -> &'static str {
    if language == "c" { "clang" } else { "clang++" }
}

#[test]
fn plain_programs() {
    for tools in Toolchain::all() {
        check(tools, "c", &["-O0"]);
        check(tools, "c", &["-O2", "-Wl,--build-id"]);
        check(tools, "cpp", &["-std=c++17", "-O0", "-Wl,--build-id"]);
        check(tools, "cpp", &["-std=c++17", "-O2"]);
    }
}

#[test]
fn sections_that_the_linker_dropped() {
    for tools in Toolchain::all() {
        let flags = ["-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"];
        check(tools, "c", &flags);
        check(tools, "cpp", &[&["-std=c++17", "-O2"][..], &flags].concat());
    }
}

#[test]
fn fixed_addresses_and_atomic_counters() {
    for tools in Toolchain::all() {
        check(tools, "c", &["-fno-pie", "-no-pie", "-fprofile-update=atomic"]);
    }
}

#[test]
fn link_time_optimization() {
    let Some(tools) = Toolchain::get(22) else { return };
    if !have(&["ld.lld-22"]) {
        return;
    }
    for lto in ["-flto", "-flto=thin"] {
        check(tools, "c", &["-O2", lto, "-fuse-ld=lld"]);
        check(tools, "cpp", &["-std=c++17", "-O2", lto, "-fuse-ld=lld", "-Wl,--gc-sections"]);
    }
}

#[test]
fn modified_condition_decision_coverage() {
    for tools in Toolchain::all().into_iter().filter(|tools| tools.version >= 19) {
        check(tools, "c", &["-fcoverage-mcdc"]);
        check(tools, "cpp", &["-std=c++17", "-O1", "-fcoverage-mcdc"]);
    }
}

#[test]
fn counters_of_one_byte() {
    for tools in Toolchain::all().into_iter().filter(|tools| tools.version >= 19) {
        let flags = ["-mllvm", "-enable-single-byte-coverage"];
        check(tools, "c", &flags);
        check(tools, "cpp", &[&["-std=c++17", "-O2"][..], &flags].concat());
    }
}

#[test]
fn stripped_programs_need_no_symbols() {
    if !have(&["strip"]) {
        return;
    }
    for tools in Toolchain::all() {
        for flags in [&["-O1"][..], &["-mllvm", "-enable-single-byte-coverage"]] {
            if flags.len() > 1 && tools.version < 19 {
                continue;
            }
            let workshop = Workshop::new();
            build(tools, &workshop, "c", flags);
            workshop.run(&mut std::process::Command::new("strip"), &["program"]);
            compare(tools, &workshop, "program", &["program"]);
        }
    }
}

#[test]
fn shared_libraries() {
    for tools in Toolchain::all() {
        let workshop = Workshop::new();
        let clang = || tools.tool("clang++");
        let std = "-std=c++17";
        let library = [&COVERAGE[..], &[std, "-shared", "-fPIC", "second.cpp", "-o", "libsecond.so"]];
        workshop.run(&mut clang(), &library.concat());
        let program = [&COVERAGE[..], &[std, "first.cpp", "-L.", "-lsecond", "-o", "program"]];
        workshop.run(&mut clang(), &program.concat());
        compare(tools, &workshop, "program", &["program", "libsecond.so"]);
    }
}

#[test]
fn programs_of_static_archives() {
    for tools in Toolchain::all() {
        let workshop = Workshop::new();
        for part in ["first", "second"] {
            let (source, object) = (format!("{part}.cpp"), format!("{part}.o"));
            let args = [&COVERAGE[..], &["-std=c++17", "-O1", "-c", &source, "-o", &object]].concat();
            workshop.run(&mut tools.tool("clang++"), &args);
        }
        workshop.run(&mut tools.tool("llvm-ar"), &["rcs", "libsecond.a", "second.o"]);
        let args = [&COVERAGE[..], &["first.o", "-L.", "-lsecond", "-o", "program"]].concat();
        workshop.run(&mut tools.tool("clang++"), &args);
        compare(tools, &workshop, "program", &["program"]);
    }
}

#[test]
fn profiles_without_records() {
    let Some(tools) = Toolchain::get(22) else { return };
    let workshop = Workshop::new();
    build(tools, &workshop, "c", &["-mllvm", "-profile-correlate=binary", "-Wl,--build-id"]);
    let opened = skiptrace_indexers::llvm::binary::Binary::open(&workshop.path("program")).unwrap();
    let layout = &opened[0].layout;
    assert_eq!((layout.data_hash, layout.data_bytes), (None, 0));
    assert_eq!(layout.slots.len() as u64, layout.n_data);
    assert!(layout.slots.iter().all(|slot| slot.function.is_some()));
    compare(tools, &workshop, "program", &["program"]);
}
