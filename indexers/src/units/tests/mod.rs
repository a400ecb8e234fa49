//! What readers of the code want to see, and what must hold of any source.

mod c;
mod cargo;
mod go;
mod go_facts;
mod go_mod;
mod go_tool;
mod laws;
mod reach;
mod rust;

use std::collections::BTreeMap;

use skiptrace_engine::fingerprint::Fingerprint;
use skiptrace_engine::unit::{Unit, UnitKind};

use super::{Language, cut};

fn listing(language: Language, source: &str) -> String {
    let line = |unit: &Unit| {
        let (kind, lines) = (unit.kind.name(), unit.lines);
        format!("{kind:9} {:2}-{:<2} {}", lines.start, lines.end, unit.name).trim_end().to_owned()
    };
    cut(Some(language), source.as_bytes()).iter().map(line).collect::<Vec<_>>().join("\n")
}

type Named = BTreeMap<(UnitKind, Box<str>), Option<Fingerprint>>;

fn fingerprints(language: Language, source: &str) -> Named {
    let units = cut(Some(language), source.as_bytes());
    units.into_iter().map(|unit| ((unit.kind, unit.name), unit.fingerprint)).collect()
}

/// Returns the names of the units that differ between two sources.
fn changed(language: Language, before: &str, after: &str) -> Vec<String> {
    let (before, after) = (fingerprints(language, before), fingerprints(language, after));
    let mut names: Vec<_> = before
        .keys()
        .chain(after.keys())
        .filter(|key| before.get(key) != after.get(key))
        .map(|(kind, name)| if name.is_empty() { kind.name().to_owned() } else { name.to_string() })
        .collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn a_language_is_told_by_the_name_of_the_file() {
    let of = |path: &str| Language::of(&path.parse().unwrap());
    assert_eq!(of("src/lib.rs"), Some(Language::Rust));
    assert_eq!(of("a.b/x.c"), Some(Language::C));
    assert_eq!(of("include/x.h"), Some(Language::Cpp));
    assert_eq!(of("x.hpp"), Some(Language::Cpp));
    assert_eq!(of("x_test.go"), Some(Language::Go));
    assert_eq!((of("go.mod"), of("a/go.work")), (Some(Language::GoMod), Some(Language::GoMod)));
    assert_eq!((of("a/go.sum"), of("go.work.sum")), (Some(Language::GoSum), Some(Language::GoSum)));
    assert_eq!(
        (of("a/Cargo.toml"), of("Cargo.lock")),
        (Some(Language::CargoToml), Some(Language::CargoLock))
    );
    assert_eq!((of("cargo.toml"), of("Cargo.lock.orig")), (None, None));
    assert_eq!(of("vendor/modules.txt"), Some(Language::GoVendor));
    assert_eq!(of("a/vendor/modules.txt"), Some(Language::GoVendor));
    assert_eq!((of("a/modules.txt"), of("my-vendor/modules.txt"), of("modules.txt")), (None, None, None));
    assert_eq!((of("a.rs/Makefile"), of("data.json"), of("rs")), (None, None, None));
}

#[test]
fn what_cannot_be_cut_is_one_unit() {
    let whole = |language, source: &[u8]| {
        let units = cut(language, source);
        assert_eq!(
            (units.len(), units[0].kind),
            (1, UnitKind::File),
            "{:?}",
            String::from_utf8_lossy(source)
        );
        assert_eq!(units[0].fingerprint, Some(Fingerprint::of(source)));
    };
    whole(None, b"fn a() {}");
    whole(Some(Language::Rust), b"");
    whole(Some(Language::Rust), b"// only a comment\n");
    whole(Some(Language::Rust), b"fn a() {} // \xff");
    whole(Some(Language::Rust), b"fn a() { \"never ends }");
    whole(Some(Language::Rust), b"fn a() {} /* never ends");
    whole(Some(Language::Rust), "))) ((( } ] @@@ ".repeat(20).as_bytes());
    whole(
        Some(Language::Rust),
        format!("fn a() {{ {}{} }}", "(".repeat(50_000), ")".repeat(50_000)).as_bytes(),
    );
    whole(Some(Language::Rust), &b"fn a() {}\n".repeat(900_000));
    // Line ends that are taken away before anybody looks for comments.
    whole(Some(Language::C), b"int a; /\\\n* comment */ int b;");
    whole(Some(Language::C), b"int a; /* comment *\\\n/ int b;");
    whole(Some(Language::C), b"int a; // comment \x3f\x3f/\nint b;");
    whole(Some(Language::C), b"int a; // comment \\ \nint b;");
    whole(Some(Language::C), b"int ab\\\ncd;");
}

#[test]
fn a_file_that_is_not_cut_mentions_its_words() {
    use skiptrace_engine::fingerprint::Identifier;
    let units = cut(Some(Language::Rust), b"fn named() { \"");
    assert!(units[0].identifiers.contains(&Identifier::of("named")));
    assert!(units[0].identifiers.is_sorted_by(|a, b| a < b));
    assert!(cut(None, b"some data").iter().all(|unit| unit.identifiers.is_empty()));
}
