//! Which types of Rust get their values from nowhere but functions that name them.
//!
//! A value is made by a literal, and who writes one names the type, an alias of it, or the `impl` around. So whoever has a
//! value of a type has executed something that names it, and what a type is made of says nothing to anybody else, not even
//! to who has a value of a type that could hold one: an empty list, a `None`. That is so unless code that nobody wrote makes
//! values, such as what derives write: `Default` of whatever holds one, or anything of another crate's. Lengths of arrays
//! and discriminants are no values, so that a type which has one holds what it names without a value of it.

use std::borrow::Cow;

use tree_sitter::Node;

use super::names::Namer;
use super::parse::children;
use super::rust_members::is_rewritten;

/// Names by which the memory of values is looked at, whatever they are.
#[rustfmt::skip]
pub(in super::super) const LAYOUT: [&str; 13] = [
    "Layout", "MaybeUninit", "align_of", "align_of_val", "capacity", "needs_drop", "offset_of", "size_of",
    "size_of_val", "transmute", "transmute_copy", "uninit", "zeroed",
];

/// Returns the mark of a type whose values all come from functions that name it.
pub(in super::super) fn plain(name: &str) -> Cow<'static, str> {
    format!("plain {}", name.trim_start_matches("r#")).into()
}

/// Returns the mark of any other type.
pub(in super::super) fn made(name: &str) -> Cow<'static, str> {
    format!("made {}", name.trim_start_matches("r#")).into()
}

/// Returns the mark of the head of an `impl` that says nothing of the types in it to who has no value of one; `of` is
/// what has it.
pub(in super::super) fn plain_impl(of: &str) -> Cow<'static, str> {
    format!("plain impl {of}").into()
}

/// Returns the mark of a struct or an enum.
pub(super) fn mark(node: Node<'_>, start: usize, name: &str, namer: &Namer<'_>) -> Cow<'static, str> {
    let is_plain = !is_rewritten(namer, start, node.end_byte())
        && !has_numbers(namer, start, node.end_byte())
        && !names_any(namer, start, node.end_byte(), &["Default", "repr"]);
    if is_plain { plain(name) } else { made(name) }
}

/// Returns the mark of the head of an `impl`, if it has one. A type that it associates may be made by whoever names the
/// `impl` and the association: `<Guard as Checks>::Fault::Empty`.
pub(super) fn mark_of_head(
    node: Node<'_>,
    start: usize,
    of: &str,
    namer: &Namer<'_>,
) -> Option<Cow<'static, str>> {
    let body = node.child_by_field_name("body");
    let head_end = body.map_or(node.end_byte(), |body| body.start_byte());
    let is_plain = associated(node).is_empty()
        && !is_rewritten(namer, start, head_end)
        && !has_numbers(namer, start, head_end);
    is_plain.then(|| plain_impl(of))
}

/// Returns where the types stand that an `impl` associates.
pub(super) fn associated(node: Node<'_>) -> Vec<(usize, usize)> {
    let body = node.child_by_field_name("body");
    let inside = body.into_iter().flat_map(children);
    inside
        .filter(|child| child.kind() == "type_item")
        .map(|child| (child.start_byte(), child.end_byte()))
        .collect()
}

/// Returns whether something has a number that is decided elsewhere: the length of an array, a discriminant, a block that
/// is a parameter, a default of one.
fn has_numbers(namer: &Namer<'_>, start: usize, end: usize) -> bool {
    let tokens = namer.tokens(start, end);
    let text = |at: usize| tokens.get(at).map_or(&b""[..], |token| token.text(namer.source()));
    let mut depth = 0_usize;
    (0..tokens.len()).any(|at| {
        match text(at) {
            b"(" | b"[" | b"{" => depth += 1,
            b")" | b"]" | b"}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let before = at.checked_sub(1).map_or(&b""[..], text);
        match text(at) {
            b";" => depth > 0,
            b"{" => matches!(before, b"<" | b","),
            b"=" => true,
            _ => false,
        }
    })
}

fn names_any(namer: &Namer<'_>, start: usize, end: usize, names: &[&str]) -> bool {
    let tokens = namer.tokens(start, end);
    tokens.iter().any(|token| names.iter().any(|name| token.is(namer.source(), name)))
}

#[cfg(test)]
mod tests {
    use skiptrace_engine::fingerprint::Identifier;

    use super::*;
    use crate::units::{Language, cut};

    fn has(source: &str, mark: &str) -> bool {
        let units = cut(Some(Language::Rust), source.as_bytes());
        units.iter().any(|unit| unit.identifiers.binary_search(&Identifier::of(mark)).is_ok())
    }

    #[test]
    fn values_of_plain_types_are_made_by_who_names_them() {
        for source in [
            "struct A;",
            "struct A(u8, B);",
            "pub struct A<T> where T: Copy { b: Option<B>, c: &'static [u8] }",
            "/// Says so.\n#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)] enum A { B, C { d: E }, F(G) }",
            "#[allow(x)] #[cfg(test)] #[must_use] enum A { #[cfg(b)] B }",
        ] {
            assert!(has(source, &plain("A")) && !has(source, &made("A")), "{source}");
        }
        for source in [
            "#[derive(Default)] struct A;",
            "#[derive(Debug, Deserialize)] struct A;",
            "#[cfg_attr(x, derive(Deserialize))] struct A;",
            "#[repr(C)] struct A;",
            "#[rewrite] struct A;",
            "struct A { b: [u8; B::C as usize] }",
            "struct A { b: B<{ C::D as usize }> }",
            "enum A { B = C::D as isize }",
            "struct A<T = B>(T);",
            "type A = B;",
            "union A { b: u8 }",
            "#[rewrite] mod m { struct A; }",
        ] {
            assert!(has(source, &made("A")) && !has(source, &plain("A")), "{source}");
        }
    }

    #[test]
    fn heads_that_name_types_only_are_told() {
        for source in ["impl B<C> for A<D> where E: F {}", "impl A {}"] {
            assert!(has(source, &plain_impl("A")), "{source}");
        }
        for source in [
            "impl B for A { type C = D<E>; }",
            "impl B<{ C::D as usize }> for A {}",
            "impl B<[u8; C::D as usize]> for A {}",
            "#[rewrite] impl B for A {}",
        ] {
            assert!(!has(source, &plain_impl("A")), "{source}");
        }
        // What an associated type is made of is made in there as well.
        let source = "impl B for A { type C = Made; fn f() -> Self::C { Self::C {} } }";
        let units = cut(Some(Language::Rust), source.as_bytes());
        let function = units.iter().find(|unit| unit.name.ends_with("::f")).unwrap();
        assert!(function.identifiers.contains(&Identifier::of("Made")));
    }
}
