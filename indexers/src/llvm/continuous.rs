//! Whether a binary keeps its counters in the profile itself from the start (`%c`), or writes them when it ends.
//!
//! On ELF this needs code that finds its counters through a bias (`-mllvm -runtime-counter-relocation`). A compiler
//! that was told so defines `__llvm_profile_counter_bias` next to the default of the runtime; otherwise both names
//! have one address. The same from clang 14 to 22. On Mach-O the counters are mapped over the section, and no flag is
//! needed. What has no symbols left may be either and is taken for what loses more.
//!
//! `%c` is only good when all code of a binary was compiled so, which symbols do not tell: whoever decides looks at
//! the flags of the build as well. And never without `%m`: two libraries of one process would share one file.

use std::path::Path;

use object::{BinaryFormat, File, Object, ObjectSection, ObjectSymbol};

use super::binary::{BinaryError, map};
use super::object::images;

/// What is to be known of a file that a process maps, before its counters are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrumented {
    /// Whether its counters survive any end of a process.
    pub continuous: Continuous,
    /// Its build id as profiles repeat it; empty where there is none.
    pub build_id: Box<[u8]>,
    /// Whether it has counters whose map was stripped.
    pub map_stripped: bool,
}

/// Whether counters survive the sudden end of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continuous {
    /// They are kept in the file as they count, given a name with `%c`.
    Yes,
    /// They are written at the end, if the process comes to it.
    No,
    /// It has no symbols to tell by: taken for a no.
    Unknown,
}

/// Looks at a file: `None` where nothing in it counts.
pub fn look(path: &Path) -> Result<Option<Instrumented>, BinaryError> {
    look_in(&map(path)?)
}

/// Looks at a file that is in memory.
pub fn look_in(bytes: &[u8]) -> Result<Option<Instrumented>, BinaryError> {
    let (build_id, map_stripped) = match images(bytes) {
        Ok(images) => match images.first() {
            Some(image) => (image.build_id.into(), false),
            None => return Ok(None),
        },
        Err(BinaryError::NotInstrumented) => return Ok(None),
        Err(BinaryError::MapStripped) => (Box::default(), true),
        Err(error) => return Err(error),
    };
    let continuous = File::parse(bytes).map_or(Continuous::Unknown, |file| of(&file));
    Ok(Some(Instrumented { continuous, build_id, map_stripped }))
}

/// Returns whether the binary bears the marks of LeakSanitizer, which cannot do its work in a process that is traced.
pub fn has_leak_sanitizer(path: &Path) -> bool {
    let Ok(bytes) = map(path) else { return false };
    let Ok(file) = File::parse(&*bytes) else { return false };
    let is_mark =
        |name: &[u8]| name.starts_with(b"__lsan_") || name == b"__asan_init" || name == b"___asan_init";
    file.symbols().chain(file.dynamic_symbols()).any(|symbol| symbol.name_bytes().is_ok_and(is_mark))
}

/// Returns what the compilers of a binary called themselves, as its section `.comment` has it.
pub fn compilers(path: &Path) -> Vec<String> {
    let Ok(bytes) = map(path) else { return Vec::new() };
    let Ok(file) = File::parse(&*bytes) else { return Vec::new() };
    let comment =
        file.section_by_name(".comment").and_then(|section| section.data().ok()).unwrap_or_default();
    let texts = comment.split(|byte| *byte == 0).filter(|text| !text.is_empty());
    let mut names: Vec<String> = texts.map(|text| String::from_utf8_lossy(text).into_owned()).collect();
    names.sort();
    names.dedup();
    names
}

fn of(file: &File<'_>) -> Continuous {
    if file.format() == BinaryFormat::MachO {
        return Continuous::Yes;
    }
    if file.format() != BinaryFormat::Elf {
        return Continuous::Unknown;
    }
    let (mut own, mut default) = (None, None);
    for symbol in file.symbols().filter(|symbol| symbol.is_definition()) {
        match symbol.name_bytes() {
            Ok(b"__llvm_profile_counter_bias") => own = Some(symbol.address()),
            Ok(b"__llvm_profile_counter_bias_default") => default = Some(symbol.address()),
            _ => {}
        }
    }
    match (own, default) {
        (Some(own), Some(default)) if own != default => Continuous::Yes,
        (Some(_), Some(_)) => Continuous::No,
        _ => Continuous::Unknown,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn what_is_no_binary_counts_nothing() {
        assert!(look_in(b"#!/bin/sh\n").is_err());
        assert!(look_in(b"").is_err());
        assert_eq!(look(&std::env::current_exe().unwrap()).unwrap(), None);
    }

    #[test]
    fn every_clang_says_it_by_the_same_symbols() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("a.c");
        std::fs::write(&source, "int f(void) { return 1; }\nint main(void) { return f() - 1; }\n").unwrap();
        let mut n_seen = 0;
        for version in ["14", "16", "19", "22"] {
            let clang = format!("clang-{version}");
            for (relocation, expected) in [(false, Continuous::No), (true, Continuous::Yes)] {
                for shared in [false, true] {
                    let out = folder.path().join(format!("{clang}-{relocation}-{shared}"));
                    let mut command = Command::new(&clang);
                    command.args(["-fprofile-instr-generate", "-fcoverage-mapping", "-o"]).arg(&out);
                    command.args(
                        relocation.then_some(["-mllvm", "-runtime-counter-relocation"]).iter().flatten(),
                    );
                    command.args(shared.then_some(["-shared", "-fPIC"]).iter().flatten()).arg(&source);
                    match command.status() {
                        Ok(status) => assert!(status.success(), "{clang}"),
                        Err(_) => continue,
                    }
                    n_seen += 1;
                    assert_eq!(look(&out).unwrap().unwrap().continuous, expected, "{}", out.display());
                    assert!(Command::new("strip").arg(&out).status().unwrap().success());
                    let stripped = look(&out).unwrap().unwrap();
                    assert_eq!(stripped.continuous, Continuous::Unknown, "{}", out.display());
                }
            }
        }
        if n_seen == 0 {
            assert_ne!(std::env::var("SKIPTRACE_REQUIRE_TOOLS").as_deref(), Ok("1"), "there is no clang");
            eprintln!("skipped: there is no clang");
        }
    }
}
