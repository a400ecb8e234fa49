//! Rust.

use super::{addition, edits};

fn added(codes: &[&str]) -> String {
    let around = "struct First;\n…";
    codes.iter().map(|code| addition("a.rs", around, code)).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_new_or_gone() {
    insta::assert_snapshot!(added(&[
        "fn free() {}",
        "pub async fn later() -> u8 { 1 }",
        "#[test] fn works() { struct Fake; impl Drop for Fake { fn drop(&mut self) {} } }",
        "const LIMIT: u8 = 1;",
        "static mut COUNT: u8 = 1;",
        "const fn folded() {}",
        "struct Point { x: Base }",
        "enum Kind { A }",
        "type Alias = Point;",
        "trait Shape { fn area(&self); fn len(&self) {} fn twice(&self) {} }",
        "macro_rules! twice { () => {} }",
        "thread_local! { static A: u8 = 1; pub static B: u8 = f(); }",
        "lazy_static::lazy_static! { static ref C: u8 = 1; }",
        "proptest! { #[test] fn holds(a in 0..1) { fn inner() {} } }",
        "bitflags! { struct Flags: u8 { const A = 1; } }",
        "mod tests { fn helper() {} }",
        "mod elsewhere;",
        "extern crate other;",
        "extern \"C\" { fn abs(); }",
        "mod inner { #![allow(a)] }",
        "mod Upper { fn new() {} }",
        "fn r#type() {}",
    ]), @"
    free: who names free
    later: who names later
    works: who names works
    LIMIT: who names LIMIT
    COUNT: who names COUNT
    const folded: who names folded
    Point: who names Point
    Kind: who names Kind
    Alias: who names Alias
    Shape::len: if `made Shape`: who names Shape and .len; if not: if `trait Shape`: who names Shape and .len; if not: if `plain Shape`: who has a Shape and names .len; if not: who names Shape and .len
    Shape::twice: if `made Shape`: who names .twice and Shape; if not: if `trait Shape`: who names .twice and Shape; if not: if `plain Shape`: who has a Shape and names .twice; if not: who names .twice and Shape
    Shape: who names Shape
    macro_rules! twice: who names twice
    thread_local! A, B: who names A B
    lazy_static::lazy_static! C: who names C
    proptest! holds: who names holds
    bitflags!: who was compiled from it
    tests::helper: who names helper
    mod tests: who names tests
    mod elsewhere;: who was compiled from it
    extern crate other: who was compiled from it
    extern: who was compiled from it
    inner::#![allow]: nobody
    mod inner: who names inner
    mod Upper::new: who names new
    mod Upper: who names Upper
    r#type: who names type
    ");
}

#[test]
fn members() {
    insta::assert_snapshot!(added(&[
        "impl Point { pub fn moved(&self) {} }",
        "impl<T> shapes::Point<T> { pub fn new() {} const fn get() {} const ORIGIN: u8 = 1; }",
        "impl dyn Shape + Send { fn get(&self) {} }",
        "impl Writer { fn write_fmt(&self) {} }",
        "mod a { impl Point { accessors! { x } } }",
    ]), @"
    Point::moved: if `made Point`: who names .moved and Point; if not: if `trait Point`: who names .moved and Point; if not: if `plain Point`: who has a Point and names .moved; if not: who names .moved and Point
    impl Point: nobody
    shapes::Point<T>::const get: if `made Point`: who names Point and .get; if not: if `trait Point`: who names Point and .get; if not: if `plain Point`: who has a Point and names .get; if not: who names Point and .get
    shapes::Point<T>::new: if `made Point`: who names Point and .new; if not: if `trait Point`: who names Point and .new; if not: if `plain Point`: who has a Point and names .new; if not: who names Point and .new
    impl shapes::Point<T>: nobody
    shapes::Point<T>::ORIGIN: if `made Point`: who names .ORIGIN and Point; if not: if `trait Point`: who names .ORIGIN and Point; if not: if `plain Point`: who has a Point and names .ORIGIN; if not: who names .ORIGIN and Point
    dyn Shape + Send::get: if `made Shape`: who names Shape and .get; if not: if `trait Shape`: who names Shape and .get; if not: if `plain Shape`: who has a Shape and names .get; if not: who names Shape and .get
    impl dyn Shape + Send: nobody
    Writer::write_fmt: if `made Writer`: who names Writer and .write_fmt write writeln; if not: if `trait Writer`: who names Writer and .write_fmt write writeln; if not: if `plain Writer`: who has a Writer and names .write_fmt write writeln; if not: who names Writer and .write_fmt write writeln
    impl Writer: nobody
    a::Point::accessors! x: if `use accessors`: who was compiled from it; if not: if `anything by accessors`: who was compiled from it; if not: if `functions by accessors`: who names .x; if not: who was compiled from it
    a::impl Point: nobody
    mod a: who names a
    ");
}

#[test]
fn implementations() {
    insta::assert_snapshot!(added(&[
        "impl fmt::Display for Point { fn fmt(&self) {} }",
        "impl<T: Copy> From<(T, T)> for Point<T> { fn from(a: (T, T)) {} }",
        "impl Drop for Point { fn drop(&mut self) {} }",
        "impl Iterator for Point { fn size_hint(&self) {} }",
        "impl Shape for Point { fn len(&self) {} fn area(&self) {} }",
        "impl<'a> Shape for &'a mut Point {}",
        "impl<'a, T> Shape for &'a T { fn area(&self) {} }",
        "impl<T: Copy> Shape for T {}",
        "impl Shape for T {}",
        "impl<T> Shape for Vec<T> { fn area(&self) {} }",
        "impl Shape for Vec<Point> { fn area(&self) {} }",
        "impl<const N: usize> Shape for [u8; N] { fn area(&self) {} }",
        "impl<A, B> Shape for (A, B) { fn area(&self) {} }",
        "impl<F> Shape for F where F: Fn(u8) -> u8 { fn area(&self) {} }",
        "impl Shape for fn(Point) -> u8 { fn area(&self) {} }",
        "impl Shape for String {}",
        "impl From<Point> for String { fn from(p: Point) {} }",
        "impl PartialEq<Point> for f64 { fn eq(&self, other: &Point) {} }",
        "impl Shape for Box<dyn Shape> { fn area(&self) {} }",
        "impl Shape for serde_json::Value { fn area(&self) {} }",
        "impl fmt::Display for shapes::Point {}",
        "impl !Send for Point {}",
        "impl<T> Shape for <T as Other>::Out { fn area(&self) {} }",
    ]), @"
    <Point as fmt::Display>::fmt: if `any ToString`: who names Point; if not: if `any Display`: who names Point; if not: if `made Point`: who names Point and .fmt .to_string; if not: if `trait Point`: who names Point and .fmt .to_string; if not: if `plain Point`: who has a Point and names .fmt .to_string; if not: who names Point and .fmt .to_string
    impl fmt::Display for Point: if `any ToString`: who names Point; if not: if `any Display`: who names Point; if not: if `made Point`: who names Point and .fmt .to_string; if not: if `trait Point`: who names Point and .fmt .to_string; if not: if `plain Point`: who has a Point and names .fmt .to_string; if not: who names Point and .fmt .to_string
    <Point<T> as From<(T, T)>>::from: if `any TryInto`: who names Point; if not: if `any TryFrom`: who names Point; if not: if `any Into`: who names Point; if not: if `any From`: who names Point; if not: who names Point and .from .into
    impl From<(T, T)> for Point<T>: if `any TryInto`: who names Point; if not: if `any TryFrom`: who names Point; if not: if `any Into`: who names Point; if not: if `any From`: who names Point; if not: who names Point and .from .into
    <Point as Drop>::drop: who names Point
    impl Drop for Point: who names Point
    <Point as Iterator>::size_hint: who names Point
    impl Iterator for Point: who names Point
    <Point as Shape>::area: who names .area Point
    <Point as Shape>::len: who names .len Point
    impl Shape for Point: who names Point
    impl Shape for & 'a mut Point: who names Point
    <& 'a any T as Shape>::area: who names .area
    impl Shape for & 'a any T: who was compiled from it
    impl Shape for any T: who was compiled from it
    impl Shape for T: who names T
    <Vec<any T> as Shape>::area: who names .area
    impl Shape for Vec<any T>: who was compiled from it
    <Vec<Point> as Shape>::area: who names .area Point
    impl Shape for Vec<Point>: who names Point
    <[u8;any N] as Shape>::area: who names .area
    impl Shape for [u8;any N]: who was compiled from it
    <(any A, any B) as Shape>::area: who names .area
    impl Shape for (any A, any B): who was compiled from it
    <any F as Shape>::area: who names .area
    impl Shape for any F: who was compiled from it
    <fn(Point) -> u8 as Shape>::area: who names .area Point
    impl Shape for fn(Point) -> u8: who names Point
    impl Shape for String: who was compiled from it
    <String as From<Point>>::from: if `any TryInto`: who names Point; if not: if `any TryFrom`: who names Point; if not: if `any Into`: who names Point; if not: if `any From`: who names Point; if not: who names Point and .from .into
    impl From<Point> for String: who names Point
    <f64 as PartialEq<Point>>::eq: who names Point
    impl PartialEq<Point> for f64: who names Point
    <Box<dyn Shape> as Shape>::area: who names .area Shape
    impl Shape for Box<dyn Shape>: who names Shape
    <serde_json::Value as Shape>::area: who names .area Value
    impl Shape for serde_json::Value: who was compiled from it
    impl fmt::Display for shapes::Point: if `any ToString`: who names Point; if not: if `any Display`: who names Point; if not: if `made Point`: who names Point and .fmt .to_string; if not: if `trait Point`: who names Point and .fmt .to_string; if not: if `plain Point`: who has a Point and names .fmt .to_string; if not: who names Point and .fmt .to_string
    impl !Send for Point: who names Point
    <<any T as Other>::Out as Shape>::area: who names .area Other Out
    impl Shape for <any T as Other>::Out: who was compiled from it
    ");
}

#[test]
fn imports() {
    insta::assert_snapshot!(added(&[
        "use std::collections::HashMap;",
        "use std::{fmt, io::{self, Write as _}, sync::Arc};",
        "use std::fmt::Result;",
        "use crate::shapes::{Point, area, MAX_SIZE};",
        "use crate::shapes::Point as P;",
        "use super::*;",
        "pub use shapes::Point;",
        "pub(crate) use shapes::area;",
        "pub use shapes::*;",
        "pub use shapes::Shape as _;",
        "mod tests { use super::{self, *}; }",
        "use {a::B, ::c::D};",
        "use a::{};",
    ]), @"
    use std::collections::HashMap: who names HashMap here
    use std::fmt: who names fmt here
    use std::io::Write as _: who runs this file or names
    use std::io::self: who names io here
    use std::sync::Arc: who names Arc here
    use std::fmt::Result: who names Result in this module or below
    use crate::shapes::MAX_SIZE: who names MAX_SIZE in this module or below
    use crate::shapes::Point: who runs this file or names Point
    use crate::shapes::area: who names area in this module or below
    use crate::shapes::Point as P: who runs this file or names P
    use super::*: who runs this file or names
    pub use shapes::Point: who runs this file, a glob or names Point
    pub use shapes::area: who names area
    pub use shapes::*: who was compiled from it
    pub use shapes::Shape as _: who was compiled from it
    mod tests: who names tests
    tests::use super::*: who runs this file in tests:: or names
    tests::use super::self: who names super in tests:: or below
    use ::c::D: who runs this file or names D
    use a::B: who runs this file or names B
    use a::{}: nobody
    ");
}

#[test]
fn an_import_more_is_none_of_the_others() {
    let (old, new) = ("use a::{B, C};", "use a::{B, d::{D, E}, C};");
    insta::assert_snapshot!(edits("a.rs", old, new), @"
    Added use a::d::D: who runs this file or names D
    Added use a::d::E: who runs this file or names E
    ");
    assert_eq!(edits("a.rs", "use a::{B, C};", "use a::{C, B,};"), "");
}

#[test]
fn what_acts_from_afar_has_no_body() {
    insta::assert_snapshot!(added(&[
        "fn hides() { impl Display for Outer { fn fmt(&self) {} } }",
        "fn hides() { impl From<Local> for Outer { } struct Local; }",
        "fn hides() { mod inner { } }",
        "fn hides() { extern crate a; }",
        "fn hides() { inventory::submit!(1); }",
        "fn hides() { #[no_mangle] static A: u8 = 1; }",
        "fn hides() { #[macro_export] macro_rules! a { () => {} } }",
        "#[no_mangle] extern \"C\" fn called() {}",
        "#[cfg_attr(unix, export_name = \"a\")] fn called() {}",
        "#[link_section = \".init_array\"] static CALLED: fn() = f;",
        // These do not.
        "fn keeps(a: impl Fn()) -> impl Fn() { fn inner(a: &impl Fn()) {} extern \"C\" fn back() {} static A: u8 = 1; }",
        "fn keeps() { #[derive(Clone)] struct Local<T>(T); impl<T> Local<T> { } impl<'a, T: Copy> From<&'a T> for Local<T> { } }",
    ]), @"
    extern hides: who was compiled from it
    extern hides: who was compiled from it
    extern hides: who was compiled from it
    extern hides: who was compiled from it
    extern hides: who was compiled from it
    extern hides: who was compiled from it
    extern hides: who was compiled from it
    extern called: who was compiled from it
    extern called: who was compiled from it
    extern CALLED: who was compiled from it
    keeps: who names keeps
    keeps: who names keeps
    ");
}

#[test]
fn what_an_attribute_makes_of_it_nobody_knows() {
    let said = |attribute: &str, declared: &str| {
        let said = added(&[&format!("{attribute} {declared}")]);
        match said.contains("who was compiled from it") {
            true => "anything",
            false => "itself",
        }
    };
    for attribute in [
        "",
        "#[test]",
        "#[tokio::test(flavor = \"multi_thread\")]",
        "#[gpui::test]",
        "/// Says so.\n#[inline]",
        "#[derive(Debug, ::serde::ser::Serialize, thiserror::Error, new)]",
        "#[serde(rename_all = \"x\")]",
        "#[cfg_attr(all(test, unix), derive(Clone), serde(rename_all = \"x\", default))]",
        "#[::core::prelude::v1::test]",
    ] {
        for declared in
            ["fn a() {}", "struct A;", "enum A {}", "impl Own for Type {}", "trait A {}", "mod a {}"]
        {
            assert_eq!(said(attribute, declared), "itself", "{attribute} {declared}");
        }
    }
    for attribute in [
        "#[given(\"a step\")]",
        "#[own::listed]",
        "/// Says so.\n#[inline] #[typetag::serde]",
        "#[derive(Debug, own::Listed)]",
        "#[derive(listed)]",
        "#[cfg_attr(test, derive(Listed))]",
        "#[cfg_attr(test, inline, listed(test))]",
        "#[cfg_attr(test, cfg_attr(unix, listed))]",
        "#[divan::bench]",
        "#[]",
    ] {
        for declared in
            ["fn a() {}", "struct A;", "enum A {}", "impl Own for Type {}", "trait A {}", "static A: u8 = 1;"]
        {
            assert_eq!(said(attribute, declared), "anything", "{attribute} {declared}");
        }
    }
    // What it stands at has a body as before.
    assert_eq!(
        edits("a.rs", "#[listed] fn a() { b() }", "#[listed] fn a() { c() }"),
        "Body extern a: nobody"
    );
}

#[test]
fn half_of_a_function() {
    let source = "impl Point {\n    /// Moves.\n    #[inline]\n    pub fn moved(&self, by: u8) -> u8 { fn inner() {} by + 1 }\n}\n\
                  fn hides() { impl Display for Outer { fn fmt(&self) {} } }\n#[no_mangle] fn called() { a() }\n\
                  async fn later() -> impl Fn() { b() }\nconst fn folded() { c() }\n";
    let edit = |old: &str, new: &str| {
        assert_eq!(source.matches(old).count(), 1, "{old}");
        edits("a.rs", source, &source.replace(old, new))
    };
    assert_eq!(edit("by + 1", "by + 2"), "Body Point::moved: nobody");
    assert_eq!(edit("fn inner() {}", "fn inner() { 1 }"), "Body Point::moved: nobody");
    let who_calls = "Head Point::moved: if `made Point`: who names .moved and Point; if not: if `trait Point`: \
        who names .moved and Point; if not: if `plain Point`: who has a Point and names .moved; if not: \
        who names .moved and Point";
    assert_eq!(edit("by: u8", "by: u16"), who_calls);
    assert_eq!(edit("#[inline]", "#[cold]"), who_calls);
    assert_eq!(edit("/// Moves.", "/// Moves it."), "");
    assert_eq!(
        edit("/// Moves.", "/// ```\n/// moves();\n/// ```"),
        "Added (examples): who was compiled from it"
    );
    assert_eq!(edit("fmt(&self) {}", "fmt(&self) { 1 }"), "Head extern hides: who was compiled from it");
    assert_eq!(edit("a()", "aa()"), "Body extern called: nobody");
    assert_eq!(edit("fn called()", "fn called(a: u8)"), "Head extern called: who was compiled from it");
    assert_eq!(edit("b()", "bb()"), "Body later: nobody");
    assert_eq!(edit("c()", "cc()"), "Body const folded: whom the compiler gave folded");
    assert_eq!(edit("fn folded()", "fn folded(a: u8)"), "Head const folded: who names folded");
    assert_eq!(edit("impl Point {", "#[cfg(unix)] impl Point {").lines().count(), 2);
    let here = "fn here() { line!() }";
    assert_eq!(edits("a.rs", here, "fn here() { line!() + 1 }"), "Body here: nobody");
    // Another place is another value in it, as if a number were another.
    assert_eq!(edits("a.rs", here, &format!("\n{here}")), "Body here: nobody");
    let tracked = "#[track_caller] fn f() { g() }";
    assert_eq!(edits("a.rs", tracked, &format!("\n{tracked}")), "Head f: who names f");
}

#[test]
fn what_is_there_and_means_something_else() {
    insta::assert_snapshot!(
        [
            edits("a.rs", "const A: u8 = 1;", "const A: u8 = 2;"),
            edits("a.rs", "struct A { a: u8 }", "struct A { a: u16 }"),
            edits("a.rs", "use super::*;", "#[cfg(test)] use super::*;"),
            edits("a.rs", "impl A {}", "#[cfg(test)] impl A {}"),
            edits("a.rs", "trait A { fn a(); }", "trait A { fn b(); }"),
            edits("a.rs", "macro_rules! a { () => { 1 } }", "macro_rules! a { () => { 2 } }"),
            edits("a.rs", "a! { 1 }", "a! { 2 }"),
            edits("a.rs", "fn a() {}\n;", "fn a() {}\n;;"),
            edits("a.rs", "fn a() {}", "fn a() { \""),
            edits("a.rs", "fn a() { let x = ; }", "fn a() { let x = ;; }"),
        ]
        .join("\n"), @"
    Head A: who names A
    Head A: who names A
    Head use super::*: who was compiled from it
    Head impl A: who names A
    Head A: who names A
    Head macro_rules! a: who names a
    Head a!: who was compiled from it
    Head a: who names a
    Removed a: who names a
    Added file: who was compiled from it
    Body a: nobody
    ");
}

#[test]
fn what_is_inside_mentions_what_is_around_it() {
    use super::super::super::{Language, cut};
    use skiptrace_engine::fingerprint::Identifier;
    let source = "impl Shape<Arg> for Point { fn area(&self) -> Self { Self } }\nmod inner { fn plain() {} }\n\
                  use outer::{middle::Leaf};\n#[derive(Serialize)] struct Told;\n";
    let units = cut(Some(Language::Rust), source.as_bytes());
    let mentions = |unit: &str, name: &str| {
        let unit = units.iter().find(|known| *known.name == *unit).unwrap();
        unit.identifiers.contains(&Identifier::of(name))
    };
    for name in ["area", "Shape", "Arg", "Point"] {
        assert!(mentions("<Point as Shape<Arg>>::area", name), "{name}");
    }
    assert!(!mentions("inner::plain", "inner"));
    for name in ["outer", "middle", "Leaf"] {
        assert!(mentions("use outer::middle::Leaf", name), "{name}");
    }
    assert!(mentions("Told", "Serialize"));
}
