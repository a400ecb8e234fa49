//! Merged profiles of every installed LLVM, against the raw profiles that were merged.

use std::fs;
use std::process::Command;

use crate::llvm::profile::tests::tools::{COMPILERS, Compiler, Functions, Workshop, functions_of};

use super::*;

/// Two programs with a function each that has the other's name but not its structure.
fn sources(compiler: Compiler) -> [&'static str; 2] {
    match compiler {
        Compiler::Clang(_) => [
            "int twice(int x) { return x > 2 ? x * 2 : 3; } int unused(void) { return 1; }
             int main(int argc, char **argv) { return twice(argc) == 77; }",
            "int twice(int x) { return x > 2 ? x * 2 : 3; }
             int main(int argc, char **argv) { if (argc > 3) return 1; while (argc-- > 0) twice(argc); return 0; }",
        ],
        Compiler::Rustc => [
            "fn twice(x: usize) -> usize { if x > 2 { x * 2 } else { 3 } } fn main() { twice(7); }",
            "fn twice(x: usize) -> usize { x } fn main() { for x in 0..3 { twice(x); } }",
        ],
    }
}

/// Merges the profiles of both programs; returns them indexed, as text, and what the raw ones said.
fn merged(compiler: Compiler, flags: &[&str]) -> Option<(Vec<u8>, Vec<u8>, Functions)> {
    if !compiler.is_here() {
        return None;
    }
    let workshop = Workshop::new(compiler);
    let mut expected = Functions::new();
    for (place, source) in sources(compiler).into_iter().enumerate() {
        let program = workshop.compile("program", source, flags);
        assert!(workshop.run(&program, &[], "%p.profraw").success());
        let raw = workshop.profiles().remove(0);
        for (key, counts) in functions_of(&fs::read(&raw).unwrap()).unwrap() {
            let sum = expected.entry(key).or_insert_with(|| vec![0; counts.len()]);
            sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        fs::rename(raw, workshop.path(&format!("{place}.profraw"))).unwrap();
    }
    let merge = |form: &str, name: &str| {
        let output = workshop.path(name);
        let mut command = Command::new(compiler.profdata());
        command.args(["merge", form, "-o"]).arg(&output);
        command.args([workshop.path("0.profraw"), workshop.path("1.profraw")]);
        assert!(command.output().unwrap().status.success());
        fs::read(output).unwrap()
    };
    Some((merge("--instr", "out.profdata"), merge("--text", "out.txt"), expected))
}

fn as_map(functions: Vec<IndexedFunction>) -> Functions {
    let functions = functions.into_iter();
    functions
        .map(|function| ((function.name_hash, function.structure_hash), function.counters.into()))
        .collect()
}

#[test]
fn merged_profiles_say_what_the_raw_ones_did() {
    for compiler in COMPILERS {
        let Some((indexed, text, expected)) = merged(compiler, &[]) else { continue };
        assert!(
            expected.values().any(|counts| counts.iter().all(|count| *count == 0))
                || compiler == Compiler::Rustc
        );
        assert_eq!(as_map(read_merged(&indexed).unwrap()), expected, "{compiler:?}");
        assert_eq!(as_map(read_merged(&text).unwrap()), expected, "{compiler:?}");
    }
}

#[test]
fn what_the_crate_would_lose_is_kept() {
    for compiler in COMPILERS {
        let Some((indexed, _, expected)) = merged(compiler, &[]) else { continue };
        let crate_alone = parse(&indexed).unwrap().records().len();
        let mains = expected.len() - crate_alone;
        match compiler {
            Compiler::Clang(_) => assert_eq!(mains, 1, "if this is none, the crate has learnt it"),
            Compiler::Rustc => assert!(mains >= 1),
        }
    }
}

#[test]
fn bitmaps_byte_counters_and_values_are_read_or_refused() {
    for compiler in [Compiler::Clang(19), Compiler::Clang(22)] {
        let Some((indexed, text, expected)) = merged(compiler, &["-fcoverage-mcdc"]) else { continue };
        assert_eq!(as_map(read_merged(&indexed).unwrap()), expected);
        assert!(matches!(read_merged(&text), Err(IndexedError::Unsupported { .. })) || !text.contains(&b'$'));
    }
    for flag in ["-enable-single-byte-coverage", "-enable-value-profiling"] {
        let Some((indexed, _, expected)) = merged(Compiler::Clang(22), &["-mllvm", flag]) else { continue };
        let hits = |functions: Functions| {
            let hits = functions.into_iter().filter(|(_, counts)| counts.iter().any(|count| *count > 0));
            hits.map(|(key, _)| key).collect::<Vec<_>>()
        };
        assert_eq!(hits(as_map(read_merged(&indexed).unwrap())), hits(expected), "{flag}");
    }
}

#[test]
fn damage_is_an_error_or_changes_no_function() {
    let Some((indexed, text, expected)) = merged(Compiler::Clang(22), &[]) else { return };
    for len in 0..indexed.len() {
        if let Ok(functions) = read_merged(&indexed[..len]) {
            assert_eq!(as_map(functions), expected, "cut at {len}");
        }
    }
    for len in 0..text.len() {
        if let Ok(functions) = read_merged(&text[..len]) {
            // Text tells no end: what is whole of it is a profile.
            assert!(!functions.is_empty());
        }
    }
    for place in 0..indexed.len() {
        for flip in [1, 0x80, 0xff] {
            let mut damaged = indexed.clone();
            damaged[place] ^= flip;
            let _any = read_merged(&damaged);
        }
    }
}

#[test]
fn what_is_no_merged_profile_is_told() {
    let says = |bytes: &[u8]| read_merged(bytes).unwrap_err().to_string();
    let mut future = table::MAGIC.to_vec();
    future.extend([99, 0, 0, 0, 0, 0, 0, 0]);
    let said = [
        says(b""),
        says(b"# a comment\n:fe\n"),
        says(b"\x81rforpl\xff raw"),
        says(&table::MAGIC),
        says(&future),
        says(b"main\n1\n1\n99999999999999999999\n"),
        says(b"main\n1\n1\n5\n$1\n0x1\n"),
    ];
    insta::assert_snapshot!(said.join("\n"), @"
    the profile has no functions
    the profile has no functions
    it is neither an indexed profile nor a text profile of LLVM (raw profiles are read elsewhere)
    the profile is damaged: the table of functions ends early
    indexed profile version 99 is unknown; merge with a version of llvm-profdata that is
    the profile is damaged: a number is too large
    text profiles with decision bitmaps are not read; hand over the raw profiles, or an indexed one
    ");
    assert!(matches!(read_merged(b"main\n1\n2\n5\n"), Err(IndexedError::Unreadable { .. })));
}

#[test]
fn buckets_over_each_other_do_not_make_a_small_file_large() {
    let words = |words: &[u64]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let counters = [1; 500];
    let record = [words(&[7, 500]), words(&counters), 8u32.to_le_bytes().to_vec(), vec![0; 4]].concat();
    let entry = [words(&[1, 4, record.len() as u64]), b"main".to_vec(), record].concat();
    let bucket = [1u16.to_le_bytes().to_vec(), entry].concat();
    let profile = |n_buckets: u64| {
        let table_at = 40 + bucket.len() as u64;
        let mut bytes = [table::MAGIC.to_vec(), words(&[3, 0, 0, table_at]), bucket.clone()].concat();
        bytes.extend(words(&[n_buckets, n_buckets]));
        bytes.extend((0..n_buckets).flat_map(|_| 40u64.to_le_bytes()));
        bytes
    };
    assert_eq!(read_merged(&profile(1)).unwrap().len(), 1);
    let error = read_merged(&profile(50)).unwrap_err();
    assert_eq!(error, IndexedError::Damaged { what: "functions share their bytes" });
}
