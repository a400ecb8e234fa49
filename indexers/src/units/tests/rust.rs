//! Rust, seen.

use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::unit::UnitKind;

use super::super::{Language, cut, is_seen_by_examples};

pub(super) const EXAMPLE: &str = r##"#!/usr/bin/env run
#![allow(dead_code)]
//! About the file.

use std::collections::{BTreeMap, HashMap};

/// How many.
const LIMIT: usize = 4; static NAME: &str = r#"a "name""#;

/// A point.
#[derive(Debug, Clone)]
pub struct Point<T> { x: T, y: T }

macro_rules! twice { ($e:expr) => { $e + $e }; }

thread_local! {
    static CELL: u8 = const { 1 };
}

pub mod shapes {
    #![allow(unused)]
    use super::*;

    impl<T: Copy> Point<T> {
        const ORIGIN: u8 = 0;
        type Unit = T;
        /// Moves.
        #[inline]
        pub fn moved(&self, by: &'static T) -> Self {
            fn nested() {}
            let closure = |a: u8| a - -1;
            todo!()
        }
        const fn folded() -> u8 { 1 }
        accessors! { x, y }
    }

    impl<T> From<(T, T)> for Point<T>
    where
        T: Copy,
    {
        fn from(pair: (T, T)) -> Self { Point { x: pair.0, y: pair.1 } }
    }

    trait Shape: Sized {
        type Out;
        fn area(&self) -> u8;
        fn double(&self) -> u8 { self.area() * 2 }
    }
}

#[cfg(unix)]
fn host() {}
#[cfg(not(unix))]
fn host() {}
struct host;
extern "C" { fn abs(x: i32) -> i32; }
type Alias = Point<u8>;
mod elsewhere;

#[cfg(test)]
mod tests {
    #[test]
    fn adds() { assert_eq!(1 + 1, 2); }
}
"##;

#[test]
fn a_file_and_its_units() {
    insta::assert_snapshot!(super::listing(Language::Rust, EXAMPLE), @"
    item       2-2  #![allow]
    item       5-5  use std::collections::BTreeMap
    item       5-5  use std::collections::HashMap
    item       7-8  LIMIT
    item       8-8  NAME
    item      10-12 Point
    item      14-14 macro_rules! twice
    item      16-18 thread_local! CELL
    item      20-20 mod shapes
    item      21-21 shapes::#![allow]
    item      22-22 shapes::use super::*
    item      24-24 shapes::impl Point<T>
    item      25-25 shapes::Point<T>::ORIGIN
    function  27-33 shapes::Point<T>::moved
    function  34-34 shapes::Point<T>::const folded
    item      35-35 shapes::Point<T>::accessors! x
    item      38-41 shapes::impl From<(T, T)> for Point<T>
    function  42-42 shapes::<Point<T> as From<(T, T)>>::from
    item      45-45 shapes::Shape
    function  48-48 shapes::Shape::double
    function  52-53 host
    function  54-55 host#2
    item      56-56 host#3
    item      57-57 extern
    item      58-58 Alias
    item      59-59 mod elsewhere;
    item      61-62 mod tests
    function  63-64 tests::adds
    remainder  0-0
    ");
}

/// Returns what changes when `new` takes the place of `old`.
fn edit(old: &str, new: &str) -> Vec<String> {
    assert_eq!(EXAMPLE.matches(old).count(), 1, "{old}");
    super::changed(Language::Rust, EXAMPLE, &EXAMPLE.replace(old, new))
}

#[test]
fn an_edit_changes_the_unit_that_it_is_in() {
    assert_eq!(edit("a - -1", "a - 1"), ["shapes::Point<T>::moved"]);
    assert_eq!(edit("self.area() * 2", "self.area() * 3"), ["shapes::Shape::double"]);
    assert_eq!(edit("= 4;", "= 5;"), ["LIMIT"]);
    assert_eq!(edit("ORIGIN: u8 = 0", "ORIGIN: u8 = 1"), ["shapes::Point<T>::ORIGIN"]);
    assert_eq!(edit("fn area(&self) -> u8;", "fn area(&self) -> u16;"), ["shapes::Shape"]);
    assert_eq!(edit("#[inline]", "#[cold]"), ["shapes::Point<T>::moved"]);
    assert_eq!(edit("accessors! { x, y }", "accessors! { x }"), ["shapes::Point<T>::accessors! x"]);
    assert_eq!(edit("const { 1 }", "const { 2 }"), ["thread_local! CELL"]);
    assert_eq!(edit("#!/usr/bin/env run", "#!/usr/bin/env walk"), ["remainder"]);
}

#[test]
fn what_stands_around_a_unit_is_part_of_it() {
    assert_eq!(edit("#[cfg(test)]", "#[cfg(all(test, unix))]"), ["mod tests", "tests::adds"]);
    assert_eq!(
        edit("        T: Copy,\n", "        T: Clone,\n"),
        ["shapes::<Point<T> as From<(T, T)>>::from", "shapes::impl From<(T, T)> for Point<T>"]
    );
}

#[test]
fn layout_and_comments_change_nothing() {
    for (old, new) in [
        ("a - -1", "a\n- /* why */ -1"),
        ("= 4;", "= /* four */ 4;"),
        ("/// How many.", "/// How many there are."),
        ("//! About the file.", ""),
        ("use std::collections::{BTreeMap", "use std :: collections :: {\n BTreeMap"),
        ("accessors! { x, y }", "accessors! { x,   y }"),
        ("assert_eq!(1 + 1, 2)", "assert_eq!(1+1,\n2)"),
    ] {
        assert_eq!(edit(old, new), [""; 0], "{new}");
    }
    assert_eq!(super::changed(Language::Rust, EXAMPLE, &EXAMPLE.replace('\n', "\r\n")), [""; 0]);
}

#[test]
fn what_looks_like_layout_and_is_not_changes_its_unit() {
    let both = |before: &str, after: &str| super::changed(Language::Rust, before, after);
    assert_eq!(both("fn f() { g(a && b) }", "fn f() { g(a & &b) }"), ["f"]);
    assert_eq!(both("fn f() { stringify!(a+b) }", "fn f() { stringify!(a + b) }"), ["f"]);
    assert_eq!(both("fn f() { own!(a::b) }", "fn f() { own!(a: :b) }"), ["f"]);
    assert_eq!(both(r#"fn f() { "a  b" }"#, r#"fn f() { "a b" }"#), ["f"]);
    assert_eq!(both("fn f() { 'a' }", "fn f() { 'b' }"), ["f"]);
    assert_eq!(both("fn f() { \"\\n   // a\" }", "fn f() { \"\\n // a\" }"), ["f"]);
    assert_eq!(both("fn f() { r#\"// \"a\" \"# }", "fn f() { r#\"// \"b\" \"# }"), ["f"]);
    assert_eq!(both("fn f() { 1e-5 }", "fn f() { 1e - 5 }"), ["f"]);
    assert_eq!(both("fn f() { ab }", "fn f() { a b }"), ["f"]);
}

#[test]
fn examples_in_comments_are_code() {
    let with = |doc: &str| format!("{doc}\nfn f() {{}}");
    let both = |a: &str, b: &str| super::changed(Language::Rust, &with(a), &with(b));
    assert_eq!(both("/// ```\n/// a();\n/// ```", "/// ```\n/// b();\n/// ```"), ["(examples)"]);
    assert_eq!(both("///     a();", "///     b();"), ["(examples)"]);
    assert_eq!(
        both("/**\n * ~~~\n * a();\n * ~~~\n */", "/**\n * ~~~\n * b();\n * ~~~\n */"),
        ["(examples)"]
    );
    assert_eq!(
        both("/// ```\n#[inline]\n/// a();\n/// ```", "/// ```\n#[inline]\n/// b();\n/// ```"),
        ["(examples)"]
    );
    assert_eq!(both("/// Adds a.", "/// Adds b."), [""; 0]);
    assert_eq!(both("//// ```\n//// a();", "// nothing"), [""; 0]);
    let inner = |code: &str| format!("//! ```\n//! {code}\n//! ```\nfn f() {{}}");
    assert_eq!(super::changed(Language::Rust, &inner("a();"), &inner("b();")), ["(examples)"]);
}

#[test]
fn comments_that_macros_are_given_are_code() {
    let both = |a: &str, b: &str| super::changed(Language::Rust, a, b);
    let given = |doc: &str| format!("own! {{\n    {doc}\n    struct A;\n}}\nfn f() {{}}\n");
    assert_eq!(both(&given("/// One."), &given("/// Two.")).len(), 1);
    assert_eq!(both(&given("/** One. */"), &given("/** Two. */")).len(), 1);
    assert_eq!(both(&given("// One."), &given("// Two.")), [""; 0]);
    // What such a macro declares, nobody knows, so the function acts from afar.
    assert_eq!(both("fn f() { own!(/// a\n g) }", "fn f() { own!(/// b\n g) }"), ["extern f"]);
}

#[test]
fn code_that_asks_for_its_position_has_one() {
    let moved = |body: &str| {
        let source = format!("fn f() {{ {body} }}");
        super::changed(Language::Rust, &source, &format!("\n{source}"))
    };
    for body in
        ["line!()", "std::file!()", "column! ()", "dbg!(1)", "Location::caller()", "Backtrace::capture()"]
    {
        assert_eq!(moved(body), ["f"], "{body}");
    }
    assert_eq!(moved("panic!(\"line\"); let line = column; self.caller()"), [""; 0]);
    // A longer comment before it moves the line though the unit begins where it did.
    let commented = |doc: &str| format!("/// {doc}\nfn f() {{ line!() }}");
    assert_eq!(super::changed(Language::Rust, &commented("a"), &commented("a\n/// b")), ["f"]);
    // Through macros of the file, and through macros in those.
    let macros = "fn f() { outer!() }\nmacro_rules! inner { () => { line!() } }\n\
                  macro_rules! outer { () => { inner!() } }\nfn g() {}\n";
    assert_eq!(super::changed(Language::Rust, macros, &format!("\n{macros}")), ["f"]);
}

#[test]
fn a_unit_knows_what_it_mentions() {
    let mentions = |source: &str, name: &str| {
        let units = cut(Some(Language::Rust), source.as_bytes());
        let [unit] = units.as_slice() else { panic!("{units:?}") };
        assert!(unit.identifiers.is_sorted_by(|a, b| a < b));
        unit.identifiers.contains(&Identifier::of(name))
    };
    let source = r##"#[serde(with = "path::helper")] fn f<'life>(a: Type) { r#match.field; m!(inside); println!("{LIMIT:>width$}") }"##;
    for name in ["f", "helper", "Type", "match", "field", "m", "inside", "LIMIT", "width", "serde"] {
        assert!(mentions(source, name), "{name}");
    }
    for name in ["life", "fn", "absent"] {
        assert!(!mentions(source, name), "{name}");
    }
}

#[test]
fn a_broken_item_keeps_the_others() {
    let source = "fn a() { 1 }\nfn b() { let x = ; 2 }\nfn c() { 3 }\n";
    let names: Vec<_> = cut(Some(Language::Rust), source.as_bytes())
        .into_iter()
        .filter(|unit| unit.kind == UnitKind::Function)
        .map(|unit| unit.name)
        .collect();
    assert_eq!(names, ["a".into(), "b".into(), "c".into()] as [Box<str>; 3]);
    assert_eq!(super::changed(Language::Rust, source, &source.replace("= ;", "= = ;")), ["b"]);
}

/// Help texts are made of them.
#[test]
fn doc_comments_count_where_a_macro_may_see_them() {
    let check = |before: &str| {
        let text = |doc: &str| format!("{before}struct A {{\n    /// {doc}\n    field: u8,\n}}\n");
        super::changed(Language::Rust, &text("One."), &text("Two.")).len()
    };
    for seen in [
        "#[derive(Debug, Parser)]\n",
        "#[derive(clap::Args)]\n",
        "#[pyclass]\n",
        "#[cfg_attr(a, derive(Parser))]\n",
    ] {
        assert_eq!(check(seen), 1, "{seen}");
    }
    let quiet = [
        "",
        "#[derive(Debug, Clone)]\n#[serde(default)]\n",
        "#[must_use]\n",
        "#[cfg_attr(a, inline)]\n#[rustfmt::skip]\n",
    ];
    for quiet in quiet {
        assert_eq!(check(quiet), 0, "{quiet}");
    }
}

#[test]
fn a_type_is_hidden_by_what_is_returned() {
    for (source, hides) in [
        ("fn a() -> impl Fn() { || () }", true),
        ("fn a() -> Option<impl Fn()> { Some(|| ()) }", true),
        ("fn a() -> made!() { 1 }", true),
        ("async fn a() {}", true),
        ("fn a() -> u8 { 1 }", false),
        ("fn a(b: impl Fn()) { b() }", false),
        ("fn a<B: Fn() -> u8>(b: B, c: impl Fn() -> u8) -> u8 { b() + c() }", false),
    ] {
        let units = cut(Some(Language::Rust), source.as_bytes());
        let function = units.iter().find(|unit| unit.kind == UnitKind::Function).unwrap();
        assert_eq!(is_seen_by_examples(function), hides, "{source}");
    }
}
