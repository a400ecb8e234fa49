//! C and C++ programs of every installed Clang.

use std::fs;

use skiptrace_indexers::llvm::binary::{Binary, BinaryWithRegions};

use crate::compare;
use crate::tools::{Toolchain, Workshop, have, run};

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

/// Two functions of the same name in files of the same name, each compiled in its own folder.
fn build_indistinct(tools: Toolchain, workshop: &Workshop, rename: bool) {
    for (folder, line) in [("left", "\n"), ("right", "\n\n\n")] {
        let source =
            format!("static int f(int x) {{{line}  return x; }}\nint {folder}(int x) {{ return f(x); }}");
        let path = workshop.path(folder);
        fs::create_dir(&path).unwrap();
        fs::write(path.join("same.c"), source).unwrap();
        let mut clang = tools.tool("clang");
        run(clang.args(COVERAGE).args(["-S", "same.c", "-o", "same.s"]).current_dir(&path));
        if rename {
            let assembly = fs::read_to_string(path.join("same.s")).unwrap();
            let renamed = assembly.replace("__covrec_", &format!("__covrec_{folder}_"));
            fs::write(path.join("same.s"), renamed).unwrap();
        }
    }
    fs::write(workshop.path("main.c"), "int left(int); int main(void) { return left(0); }").unwrap();
    let args = [&COVERAGE[..], &["main.c", "left/same.s", "right/same.s", "-o", "program"]].concat();
    workshop.run(&mut tools.tool("clang"), &args);
}

#[test]
fn functions_that_cannot_be_told_apart_are_named() {
    for tools in Toolchain::all() {
        let workshop = Workshop::new();
        build_indistinct(tools, &workshop, false);
        let mut opened = Binary::open(&workshop.path("program")).unwrap();
        let binary = opened.remove(0);
        // The linker took their two records for copies of one, and dropped one.
        let [indistinct] = binary.indistinct()[..] else { panic!("{:?}", binary.indistinct()) };
        assert_eq!(binary.functions[indistinct as usize].places.len(), 1);
    }
}

#[test]
fn functions_that_cannot_be_told_apart_have_the_places_of_both() {
    for tools in Toolchain::all() {
        let workshop = Workshop::new();
        build_indistinct(tools, &workshop, true);
        let mut opened = BinaryWithRegions::open(&workshop.path("program")).unwrap();
        let detailed = opened.remove(0);
        let binary = &detailed.binary;
        let both = binary.functions.iter().position(|function| function.places.len() == 2).unwrap();
        let files = binary.functions[both].places.iter().map(|place| &*binary.files[place.file as usize]);
        let files: Vec<&str> = files.map(|file| &file[workshop.path("").to_str().unwrap().len()..]).collect();
        assert_eq!(files, ["left/same.c", "right/same.c"]);
        let n_slots = binary.layout.slots.iter().filter(|slot| slot.function == Some(both as u32)).count();
        assert_eq!(n_slots, 2);
        assert_eq!(detailed.regions(both as u32).unwrap().len(), 2);
    }
}
