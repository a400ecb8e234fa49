use std::process::Command;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::build::testing::{Sandbox, tool};

fn texts(paths: &[Box<[u8]>]) -> Vec<String> {
    paths.iter().map(|path| String::from_utf8_lossy(path).into_owned()).collect()
}

fn write_rustc(info: &DepInfo) -> Vec<u8> {
    let escape = |text: &str| text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
    let join = |paths: &[Box<[u8]>]| {
        paths
            .iter()
            .map(|path| String::from_utf8_lossy(path).replace(' ', "\\ "))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let mut out = String::new();
    for rule in &info.rules {
        let space = if rule.prerequisites.is_empty() { "" } else { " " };
        out += &format!("{}:{space}{}\n\n", join(&rule.targets), join(&rule.prerequisites));
    }
    for (name, value) in &info.variables {
        out += &match value {
            Some(value) => format!("# env-dep:{}={}\n", escape(name), escape(value)),
            None => format!("# env-dep:{}\n", escape(name)),
        };
    }
    out.into()
}

fn write_make(info: &DepInfo) -> Vec<u8> {
    let mut out = Vec::new();
    for rule in &info.rules {
        for (idx, target) in rule.targets.iter().enumerate() {
            out.extend(quote_make(target, true));
            out.extend(if idx + 1 == rule.targets.len() { &b""[..] } else { b" " });
        }
        out.push(b':');
        for path in &rule.prerequisites {
            out.extend(b" \\\n  ");
            out.extend(quote_make(path, false));
        }
        out.push(b'\n');
    }
    out
}

fn quote_make(path: &[u8], target: bool) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::new();
    let mut n_slashes = 0;
    for &byte in path {
        match byte {
            b' ' | b'\t' => out.resize(out.len() + n_slashes + 1, b'\\'),
            b'#' => out.push(b'\\'),
            b':' if target => out.push(b'\\'),
            b'$' => out.push(b'$'),
            _ => {}
        }
        n_slashes = if byte == b'\\' { n_slashes + 1 } else { 0 };
        out.push(byte);
    }
    out
}

/// Names that both quotings can write: what ends in a backslash or a colon has no spelling of its own.
fn name() -> impl Strategy<Value = Box<[u8]>> {
    "[a-z#$:\\\\ \t./é]{0,8}[a-z]".prop_map(|text| text.into_bytes().into())
}

fn rules(name: impl Strategy<Value = Box<[u8]>> + Clone) -> impl Strategy<Value = Vec<Rule>> {
    let rule = (vec(name.clone(), 1..3), vec(name, 1..4))
        .prop_map(|(targets, prerequisites)| Rule { targets, prerequisites });
    vec(rule, 1..4)
}

proptest! {
    #[test]
    fn rustc_is_read_as_it_is_written(
        // rustc escapes no backslash, so that one before a space cannot be told from the escape of the space,
        // and a comment sign at the start of a line makes it a comment.
        rules in rules("[a-z/][a-z#$: ./é]{0,8}[a-z]".prop_map(|text| text.into_bytes().into()).boxed()),
        variables in proptest::collection::btree_map("[A-Z_\\\\\n]{1,5}", proptest::option::of("[a-z=\\\\\n\r ]{0,9}"), 0..4),
    ) {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.map(Into::into))).collect();
        let info = DepInfo { rules, variables };
        prop_assert_eq!(DepInfo::parse_rustc(&write_rustc(&info)), Ok(info));
    }

    #[test]
    fn make_is_read_as_it_is_written(rules in rules(name().boxed())) {
        let info = DepInfo { rules, variables: BTreeMap::new() };
        prop_assert_eq!(DepInfo::parse_make(&write_make(&info)), Ok(info));
    }

    #[test]
    fn anything_is_read_or_refused(bytes in vec(prop_oneof![Just(b'\\'), Just(b' '), Just(b':'), Just(b'\n'), Just(b'\r'), Just(b'#'), Just(b'$'), any::<u8>()], 0..60)) {
        for info in [DepInfo::parse_rustc(&bytes), DepInfo::parse_make(&bytes)].into_iter().flatten() {
            prop_assert!(!info.sources().is_empty());
        }
    }

    #[test]
    fn a_cut_file_is_refused_or_ends_with_a_line(cut in 0usize..400) {
        let whole = b"/t/deps/a.d: src/lib.rs src/b.rs\n\nsrc/lib.rs:\nsrc/b.rs:\n\n# env-dep:A=1\n";
        let cut = cut % whole.len();
        if DepInfo::parse_rustc(&whole[..cut]).is_ok() {
            prop_assert_eq!(whole[cut - 1], b'\n');
        }
    }
}

#[test]
fn drives_and_continued_lines() {
    let info =
        DepInfo::parse_make(b"C:\\o\\a.o: C:\\s\\a.c \\\r\n D:/my\\ h.h \\\n  x$$y\\#.h\nD:/my\\ h.h:\n")
            .unwrap();
    assert_eq!(texts(&info.rules[0].targets), ["C:\\o\\a.o"]);
    assert_eq!(texts(&info.rules[0].prerequisites), ["C:\\s\\a.c", "D:/my h.h", "x$y#.h"]);
    assert_eq!((texts(&info.rules[1].targets), info.rules.len()), (vec!["D:/my h.h".to_owned()], 2));
    let info = DepInfo::parse_rustc(
        b"C:\\t\\a.d: src\\main.rs C:\\my\\ f.rs\n# checksum:blake3=00 file_len:2 x.rs\n",
    )
    .unwrap();
    assert_eq!(texts(&info.rules[0].prerequisites), ["src\\main.rs", "C:\\my f.rs"]);
}

#[test]
fn what_may_be_incomplete_is_refused() {
    assert_eq!(DepInfo::parse_rustc(b""), Err(DepInfoError::Empty));
    assert_eq!(DepInfo::parse_make(b"a.o:\n"), Err(DepInfoError::Empty));
    assert_eq!(DepInfo::parse_make(b"a.o: a.c \\\n"), Err(DepInfoError::CutOff));
    assert_eq!(DepInfo::parse_make(b"a.o: a.c"), Err(DepInfoError::CutOff));
    assert_eq!(DepInfo::parse_make(b"a.o: a.c\nb.o\n"), Err(DepInfoError::NoRule { line: 2 }));
    assert_eq!(DepInfo::parse_make(b": a.c\n"), Err(DepInfoError::NoRule { line: 1 }));
    assert_eq!(DepInfo::parse_rustc(b"a: b\n\nwhat\n"), Err(DepInfoError::NoRule { line: 3 }));
    assert_eq!(DepInfo::parse_rustc(b"a: b\n# env-dep:A=\xff\n"), Err(DepInfoError::NotUtf8 { line: 2 }));
}

#[test]
fn compilers_and_odd_names() {
    for compiler in ["gcc", "clang-14", "clang-22"] {
        let Some(program) = tool(compiler) else { continue };
        let sandbox = Sandbox::new();
        let names = ["my head$er#1.h", "tab\tbed.h", "back\\slash.h", "back\\ slash.h", "é:colon.h"];
        let mut source = String::new();
        for name in names {
            sandbox.write(name, "");
            source += &format!("#include \"{name}\"\n");
        }
        sandbox.write("my main.c", &source);
        let done = Command::new(program)
            .current_dir(sandbox.path())
            .args(["-MD", "-MP", "-MF", "out.d", "-c", "my main.c", "-o", "my main.o"])
            .output()
            .unwrap();
        assert!(done.status.success(), "{compiler}: {}", String::from_utf8_lossy(&done.stderr));
        let info = DepInfo::parse_make(&std::fs::read(sandbox.path().join("out.d")).unwrap()).unwrap();
        for name in names.into_iter().chain(["my main.c"]) {
            // clang escapes no tab and turns backslashes around, so that nobody can read those names back.
            if !name.contains(['\t', '\\']) || compiler == "gcc" {
                assert!(info.sources().contains(name.as_bytes()), "{compiler}: {name} in {info:?}");
            }
        }
    }
}
