//! Profiles of real programs, under everything that changes their form.

use std::fs;

use object::{Object, ObjectSection};

use crate::llvm::layout::{CounterWidth, Layout, Slot};
use crate::llvm::profile::*;

use super::tools::{COMPILERS, Compiler, Workshop, check_against_llvm, functions_of, name_hash};

const C: &str = r#"
#include <stdlib.h>
#include <string.h>
__attribute__((noinline)) int doubled(int x) { return x > 2 ? x * 2 : 3; }
__attribute__((noinline)) static int hidden(int x) { int s = 0; for (int i = 0; i < x; i++) s += i; return s; }
__attribute__((noinline)) int never(int x) { return x > 7 ? 1 : 2; }
__attribute__((noinline)) int both(int a, int b, int c) { if ((a && b) || c) return 1; return 0; }
int main(int argc, char **argv) {
  int (*f)(int) = argc > 1 ? doubled : hidden;
  char from[64] = {1}, to[64];
  memcpy(to, from, argc * 3);
  if (argc > 5) return never(argc);
  return (f(argc + 4) + both(argc, argc - 1, 0) + to[0]) == 0;
}
"#;

const RUST: &str = r#"
#[inline(never)] fn doubled(x: usize) -> usize { if x > 2 { x * 2 } else { 3 } }
#[inline(never)] fn hidden(x: usize) -> usize { (0..x).map(|i| i + 1).sum() }
#[inline(never)] fn never(x: usize) -> usize { if x > 7 { 1 } else { 2 } }
fn generic<T: PartialOrd + Default>(x: T) -> bool { x > T::default() && x != T::default() }
fn main() {
    let n = std::env::args().count();
    if n > 5 { std::process::exit(never(n) as i32) }
    let f = if n > 1 { doubled } else { hidden };
    if generic(f(n + 4)) && generic(1.5) { println!("ran"); }
}
"#;

fn source(compiler: Compiler) -> &'static str {
    match compiler {
        Compiler::Clang(_) => C,
        Compiler::Rustc => RUST,
    }
}

/// Compiles with flags, runs twice with different arguments, and compares everything with what LLVM says.
fn check(compiler: Compiler, flags: &[&str], pattern: &str) -> Option<(u32, Vec<u8>)> {
    if !compiler.is_here() {
        return None;
    }
    let workshop = Workshop::new(compiler);
    let program = workshop.compile("program", source(compiler), flags);
    let mut ran = Vec::new();
    let mut last = Vec::new();
    for args in [&[][..], &["1"]] {
        assert!(workshop.run(&program, args, pattern).success());
        let profiles = workshop.profiles();
        assert_eq!(profiles.len(), 1, "{profiles:?}");
        ran.push(check_against_llvm(&workshop, &profiles[0]));
        last = fs::read(&profiles[0]).unwrap();
    }
    assert_ne!(ran[0], ran[1], "different arguments run different functions");
    if let Compiler::Clang(_) = compiler {
        assert!(ran[1].contains(&name_hash("doubled")) && !ran[0].contains(&name_hash("doubled")));
        assert!(ran[0].contains(&name_hash("main")) && !ran[0].contains(&name_hash("never")));
    }
    let version = RawProfiles::new(&last).next().unwrap().unwrap().header().shape.version;
    Some((version, last))
}

#[test]
fn counts_are_those_that_llvm_reads() {
    for compiler in COMPILERS {
        if let Some((version, _)) = check(compiler, &[], "%p.profraw") {
            let expected = match compiler {
                Compiler::Clang(14 | 16) => 8,
                _ => 10,
            };
            assert_eq!(version, expected, "{compiler:?}");
        }
    }
}

#[test]
fn continuous_and_merged_profiles_are_read() {
    for compiler in COMPILERS {
        check(compiler, compiler.relocation(), "%p%c.profraw");
        check(compiler, compiler.relocation(), "%m%c.profraw");
        check(compiler, &[], "%m.profraw");
    }
}

#[test]
fn the_data_section_is_the_binarys_own() {
    for compiler in COMPILERS.into_iter().filter(|compiler| compiler.is_here()) {
        let workshop = Workshop::new(compiler);
        let program = workshop.compile("program", source(compiler), &[]);
        assert!(workshop.run(&program, &[], "%p.profraw").success());
        let bytes = fs::read(&workshop.profiles()[0]).unwrap();
        let profile = RawProfiles::new(&bytes).next().unwrap().unwrap();
        let program = fs::read(program).unwrap();
        let object = object::File::parse(&*program).unwrap();
        let section = object.section_by_name("__llvm_prf_data").unwrap().data().unwrap();
        assert_eq!(profile.data, section, "{compiler:?}");
        assert_eq!(profile.build_ids, [Box::from(object.build_id().unwrap().unwrap())]);
    }
}

#[test]
fn without_a_build_id_the_data_section_tells_the_binary() {
    for compiler in COMPILERS {
        let flags: &[&str] = match compiler {
            Compiler::Clang(_) => &["-Wl,--build-id=none"],
            Compiler::Rustc => &["-Clink-arg=-Wl,--build-id=none"],
        };
        if let Some((_, bytes)) = check(compiler, flags, "%p.profraw") {
            assert_eq!(RawProfiles::new(&bytes).next().unwrap().unwrap().build_ids, []);
        }
    }
}

#[test]
fn single_byte_counters_are_read() {
    for compiler in [Compiler::Clang(19), Compiler::Clang(22)] {
        if let Some((_, bytes)) = check(compiler, &["-mllvm", "-enable-single-byte-coverage"], "%p.profraw") {
            let profile = RawProfiles::new(&bytes).next().unwrap().unwrap();
            assert_eq!(profile.counter_width(), CounterWidth::One);
        }
    }
}

#[test]
fn bitmaps_of_decisions_are_passed_over() {
    for compiler in [Compiler::Clang(19), Compiler::Clang(22)] {
        if let Some((_, bytes)) = check(compiler, &["-fcoverage-mcdc"], "%p.profraw") {
            assert!(RawProfiles::new(&bytes).next().unwrap().unwrap().header().bitmap_bytes > 0);
        }
    }
}

#[test]
fn value_data_is_passed_over_and_the_next_profile_found() {
    for compiler in [14, 16, 19, 22].map(Compiler::Clang) {
        let flags = ["-mllvm", "-enable-value-profiling"];
        let Some((_, bytes)) = check(compiler, &flags, "%p.profraw") else { continue };
        let profile = RawProfiles::new(&bytes).next().unwrap().unwrap();
        assert!(profile.sections.end < bytes.len() as u64, "{compiler:?}: there is value data");
        // Appended, as a forked child appends its profile.
        let twice = functions_of(&[&bytes[..], &bytes].concat()).unwrap();
        for (key, counts) in functions_of(&bytes).unwrap() {
            assert_eq!(twice[&key], counts.iter().map(|count| count * 2).collect::<Vec<_>>());
        }
        let second =
            RawProfiles::new(&[&bytes[..], &bytes[..bytes.len() - 1]].concat()).nth(2).unwrap().err();
        assert!(matches!(second, Some(ProfileError::Truncated { .. })), "{second:?}");
    }
}

#[test]
fn profiles_without_data_are_read_with_what_the_binary_has() {
    for compiler in [Compiler::Clang(19), Compiler::Clang(22), Compiler::Rustc] {
        if !compiler.is_here() {
            continue;
        }
        let flags: &[&str] = match compiler {
            Compiler::Clang(_) => &["-mllvm", "-profile-correlate=binary"],
            Compiler::Rustc => &["-Cllvm-args=-profile-correlate=binary"],
        };
        let workshop = Workshop::new(compiler);
        let program = workshop.compile("program", source(compiler), flags);
        assert!(workshop.run(&program, &["1"], "%p.profraw").success());
        let path = &workshop.profiles()[0];
        let program_bytes = fs::read(&program).unwrap();
        let object = object::File::parse(&*program_bytes).unwrap();
        let bytes = fs::read(path).unwrap();
        let profile = RawProfiles::new(&bytes).next().unwrap().unwrap();
        assert!(profile.data.is_empty() && profile.data_hash().is_none());

        let data = object.section_by_name("__llvm_covdata").unwrap().data().unwrap();
        let counters_at = object.section_by_name("__llvm_prf_cnts").unwrap().address();
        let records: Vec<_> = DataRecords::new(profile.header().shape, data).unwrap().collect();
        let layout = Layout {
            build_id: object.build_id().unwrap().unwrap().into(),
            data_hash: None,
            data_bytes: 0,
            n_data: records.len() as u64,
            n_counters: profile.header().n_counters,
            counter_width: CounterWidth::Eight,
            slots: records
                .iter()
                .map(|record| Slot {
                    first: ((record.counters - counters_at) / 8) as u32,
                    n_counters: record.n_counters,
                    function: None,
                })
                .collect(),
        };
        assert_eq!(profile.matches(&layout), Ok(()));
        let mut ran = Vec::new();
        let reading = read_file(path, &[&layout].into_iter().collect(), &mut Scratch::default(), |hits| {
            ran.extend(hits.slots.iter().map(|slot| records[*slot as usize].name_hash));
        });
        assert!(reading.errors.is_empty(), "{:?}", reading.errors);
        if let Compiler::Clang(_) = compiler {
            let mut expected = ["main", "doubled", "both"].map(name_hash);
            expected.sort_unstable();
            ran.sort_unstable();
            assert_eq!(ran, expected);
        } else {
            assert_eq!(ran.len(), 4, "main, doubled, and two of generic");
        }
    }
}
