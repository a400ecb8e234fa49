//! Objects for other machines and systems.

use std::process::Command;

use skiptrace_indexers::llvm::binary::{Binary, BinaryError, BinaryWithRegions};

use crate::oracle::{self, Counted, clean, parse_export};
use crate::tools::{Toolchain, Workshop, have, run};

const TARGETS: [&str; 9] = [
    "x86_64-linux-gnu",
    "i686-linux-gnu",
    "x86_64-linux-gnux32",
    "powerpc64-linux-gnu",
    "aarch64-apple-darwin",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-msvc",
    "i686-pc-windows-msvc",
    "x86_64-w64-mingw32",
];

/// A file that needs no headers of the system.
const SOURCE: &str = "second.c";

fn object(tools: Toolchain, workshop: &Workshop, target: &str) -> String {
    let (target_flag, name) = (format!("--target={target}"), format!("{target}.o"));
    let flags =
        ["-ffreestanding", "-fprofile-instr-generate", "-fcoverage-mapping", "-c", SOURCE, "-o", &name];
    workshop.run(&mut tools.tool("clang"), &[&[&*target_flag], &flags[..]].concat());
    name
}

/// The functions of an object or of a part of it, none of which ever ran.
fn never_ran(tools: Toolchain, workshop: &Workshop, object: &str, more: &[&str]) -> Vec<Counted> {
    let mut command = tools.tool("llvm-cov");
    command.arg("export").arg("-empty-profile").arg(workshop.path(object)).args(more);
    parse_export(&run(&mut command).stdout)
}

#[test]
fn objects_of_all_formats() {
    for tools in Toolchain::all() {
        for target in TARGETS {
            let workshop = Workshop::new();
            let object = object(tools, &workshop, target);
            let opened = BinaryWithRegions::open(&workshop.path(&object)).unwrap();
            assert_eq!(opened.len(), 1);
            let what = format!("{target} of clang {}", tools.version);
            assert!(opened[0].binary.layout.slots.is_empty());
            assert!(opened[0].binary.functions.len() >= 4, "{what}");
            let ours = oracle::ours(&opened[0], &[]);
            // Older tools need a profile to read a map.
            if let Some(newest) = Toolchain::get(22) {
                assert_eq!(ours, never_ran(newest, &workshop, &object, &[]), "{what}");
            }
        }
    }
}

#[test]
fn archives_have_a_binary_per_member() {
    for tools in Toolchain::all() {
        let workshop = Workshop::new();
        let mut members = Vec::new();
        for target in ["i686-linux-gnu", "powerpc64-linux-gnu", "x86_64-linux-gnu"] {
            members.push(object(tools, &workshop, target));
        }
        std::fs::write(workshop.path("not_an_object"), "odd").unwrap();
        let args = ["rcs", "all.a", &members[0], "not_an_object", &members[1], &members[2]];
        workshop.run(&mut tools.tool("llvm-ar"), &args);
        let of_members: Vec<Binary> =
            members.iter().flat_map(|member| Binary::open(&workshop.path(member)).unwrap()).collect();
        assert_eq!(of_members.len(), 3);
        assert_eq!(Binary::open(&workshop.path("all.a")).unwrap(), of_members);
        let thin = ["rcsT", "thin.a", &members[0]];
        if tools.version < 22 {
            continue;
        }
        workshop.run(&mut tools.tool("llvm-ar"), &thin);
        let error = Binary::open(&workshop.path("thin.a")).unwrap_err();
        assert!(matches!(error, BinaryError::Unsupported(_)), "{error}");
    }
}

#[test]
fn universal_binaries_have_a_binary_per_architecture() {
    let Some(tools) = Toolchain::get(22) else { return };
    if !have(&["llvm-lipo-22"]) {
        return;
    }
    let workshop = Workshop::new();
    let slices =
        ["aarch64-apple-darwin", "x86_64-apple-darwin"].map(|target| object(tools, &workshop, target));
    workshop
        .run(&mut tools.tool("llvm-lipo"), &["-create", &slices[0], &slices[1], "-output", "universal.o"]);
    let universal = BinaryWithRegions::open(&workshop.path("universal.o")).unwrap();
    assert_eq!(universal.len(), 2);
    for (part, arch) in universal.iter().zip(["x86_64", "arm64"]) {
        let theirs = never_ran(tools, &workshop, "universal.o", &["-arch", arch]);
        assert_eq!(oracle::ours(part, &[]), theirs);
        assert!(!theirs.is_empty());
    }
}

/// Programs that cannot run here, linked without a runtime: every function has counters of its own.
#[test]
fn linked_programs_of_other_machines() {
    let Some(tools) = Toolchain::get(22) else { return };
    if !have(&["ld.lld-22", "ld64.lld-22"]) {
        return;
    }
    for target in ["x86_64-linux-gnu", "i686-linux-gnu", "powerpc64-linux-gnu", "x86_64-linux-gnux32"] {
        for flags in [&[][..], &["-mllvm", "-enable-single-byte-coverage"]] {
            let workshop = Workshop::new();
            let target_flag = format!("--target={target}");
            std::fs::write(workshop.path("runtime.c"), "int __llvm_profile_runtime; int shared_extern;")
                .unwrap();
            workshop.run(&mut tools.tool("clang"), &[&target_flag, "-c", "runtime.c", "-o", "runtime.o"]);
            let compile = ["-ffreestanding", "-fprofile-instr-generate", "-fcoverage-mapping", "-c", SOURCE];
            let output = ["-o", "second.o"];
            workshop
                .run(&mut tools.tool("clang"), &[&[&*target_flag][..], &compile, flags, &output].concat());
            let link = ["second.o", "runtime.o", "-e", "second", "-o", "program"];
            workshop.run(&mut tools.tool("ld.lld"), &link);
            check_layout(&workshop, target);
        }
    }
    let workshop = Workshop::new();
    let object = object(tools, &workshop, "aarch64-apple-darwin");
    let link = ["-arch", "arm64", "-platform_version", "macos", "13.0", "13.0", "-dylib", "-undefined"];
    let output = ["dynamic_lookup", &*object, "-o", "program"];
    workshop.run(&mut tools.tool("ld64.lld"), &[&link[..], &output].concat());
    check_layout(&workshop, "aarch64-apple-darwin");
}

fn check_layout(workshop: &Workshop, target: &str) {
    let opened = Binary::open(&workshop.path("program")).unwrap();
    let layout = &opened[0].layout;
    let mut functions: Vec<u32> = layout.slots.iter().map(|slot| slot.function.unwrap()).collect();
    functions.sort_unstable();
    functions.dedup();
    assert_eq!(functions.len(), layout.slots.len(), "{target}");
    assert_eq!(layout.n_data as usize, layout.slots.len());
    assert!(functions.len() >= 4, "{target}");
    // Together they are all counters, each once.
    let mut counters: Vec<u32> =
        layout.slots.iter().flat_map(|slot| slot.first..slot.first + slot.n_counters).collect();
    counters.sort_unstable();
    assert_eq!(counters, (0..layout.n_counters as u32).collect::<Vec<u32>>(), "{target}");
    assert!(layout.data_hash.is_some());
}

#[test]
fn files_without_a_map_say_what_is_missing() {
    let Some(tools) = Toolchain::get(22) else { return };
    let workshop = Workshop::new();
    let clang = || tools.tool("clang");
    workshop.run(&mut clang(), &["-c", "second.c", "-o", "plain.o"]);
    assert!(matches!(Binary::open(&workshop.path("plain.o")), Err(BinaryError::NotInstrumented)));
    workshop.run(&mut clang(), &["-fprofile-instr-generate", "-c", "second.c", "-o", "counts.o"]);
    assert!(matches!(Binary::open(&workshop.path("counts.o")), Err(BinaryError::MapStripped)));
    let flags = ["-fprofile-instr-generate", "-fcoverage-mapping"];
    workshop.run(&mut clang(), &[&flags[..], &["first.c", "second.c", "-o", "program"]].concat());
    assert!(Binary::open(&workshop.path("program")).is_ok());
    workshop.run(&mut tools.tool("llvm-strip"), &["--strip-all", "program", "-o", "stripped"]);
    assert!(matches!(Binary::open(&workshop.path("stripped")), Err(BinaryError::MapStripped)));
    let keep = ["--strip-all", "--keep-section=__llvm_covmap", "--keep-section=__llvm_covfun"];
    workshop.run(&mut tools.tool("llvm-strip"), &[&keep[..], &["program", "-o", "kept"]].concat());
    let (whole, kept) = (Binary::open(&workshop.path("program")), Binary::open(&workshop.path("kept")));
    assert_eq!(whole.unwrap(), kept.unwrap());
    let remove = ["--remove-section=__llvm_prf_data", "program", "unjoined"];
    workshop.run(&mut tools.tool("llvm-objcopy"), &remove);
    assert!(matches!(Binary::open(&workshop.path("unjoined")), Err(BinaryError::DataMissing)));
    workshop.run(&mut tools.tool("llvm-objcopy"), &["--remove-section=__llvm_covfun", "program", "half"]);
    assert!(matches!(Binary::open(&workshop.path("half")), Err(BinaryError::MapStripped)));
    workshop.run(&mut tools.tool("llvm-objcopy"), &["--remove-section=__llvm_covmap", "program", "half"]);
    assert!(matches!(Binary::open(&workshop.path("half")), Err(BinaryError::Malformed { .. })));
    workshop.run(&mut tools.tool("llvm-objcopy"), &["--only-keep-debug", "program", "split"]);
    let error = Binary::open(&workshop.path("split")).unwrap_err();
    assert!(matches!(error, BinaryError::Malformed { .. }), "{error}");
    assert!(matches!(Binary::open(&workshop.path("second.c")), Err(BinaryError::NotAnObject(_))));
    assert!(matches!(Binary::open(&workshop.path("nothing")), Err(BinaryError::Read { .. })));
    assert!(matches!(Binary::open(&workshop.path("")), Err(BinaryError::Read { .. })));
    assert!(matches!(Binary::parse(b""), Err(BinaryError::NotAnObject(_))));
}

#[test]
fn records_of_two_versions_do_not_fit() {
    let (Some(old), Some(new)) = (Toolchain::get(14), Toolchain::get(22)) else { return };
    let workshop = Workshop::new();
    let flags = ["-fprofile-instr-generate", "-fcoverage-mapping", "-c"];
    workshop.run(&mut old.tool("clang"), &[&flags[..], &["first.c", "-o", "first.o"]].concat());
    workshop.run(&mut new.tool("clang"), &[&flags[..], &["second.c", "-o", "second.o"]].concat());
    let link = ["-fprofile-instr-generate", "first.o", "second.o", "-o", "program"];
    workshop.run(&mut new.tool("clang"), &link);
    let error = Binary::open(&workshop.path("program")).unwrap_err();
    assert!(matches!(error, BinaryError::Records { .. }), "{error}");
}

#[test]
fn files_are_named_from_their_compilation_folder() {
    let Some(tools) = Toolchain::get(22) else { return };
    let workshop = Workshop::new();
    let mut command = Command::new("clang-22");
    let flags = ["-fprofile-instr-generate", "-fcoverage-mapping", "-c", "./second.c", "-o", "second.o"];
    workshop.run(&mut command, &[&flags[..], &["-fcoverage-compilation-dir=/somewhere"]].concat());
    let opened = Binary::open(&workshop.path("second.o")).unwrap();
    let files: Vec<String> = opened[0].files.iter().map(|file| clean(file)).collect();
    assert_eq!(files, ["/somewhere/second.c", "/somewhere/shared.h", "/somewhere/lines.inc"]);
    assert_eq!(tools.version, 22);
}

#[test]
fn counters_of_windows_programs_are_refused() {
    let Some(tools) = Toolchain::get(22) else { return };
    if !have(&["lld-link-22"]) {
        return;
    }
    let workshop = Workshop::new();
    std::fs::write(workshop.path("runtime.c"), "int __llvm_profile_runtime;").unwrap();
    let target = "--target=x86_64-pc-windows-msvc";
    workshop.run(&mut tools.tool("clang"), &[target, "-c", "runtime.c", "-o", "runtime.obj"]);
    for flags in [&[][..], &["-mllvm", "-profile-correlate=binary"]] {
        let compile = ["-ffreestanding", "-fprofile-instr-generate", "-fcoverage-mapping", "-c", SOURCE];
        let args = [&[target][..], &compile, flags, &["-o", "second.obj"]].concat();
        workshop.run(&mut tools.tool("clang"), &args);
        let link = [
            "/dll",
            "/noentry",
            "/nodefaultlib",
            "/opt:noref",
            "/out:second.dll",
            "second.obj",
            "runtime.obj",
        ];
        workshop.run(&mut tools.tool("lld-link"), &link);
        let error = Binary::open(&workshop.path("second.dll")).unwrap_err();
        assert!(matches!(error, BinaryError::Unsupported(_)), "{error}");
    }
}
