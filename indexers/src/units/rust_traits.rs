//! Which traits of Rust are a program's own: what they hold is called by nobody who does not name it.
//!
//! The language and other crates call what an `impl` of their own traits holds without any name in the program: `Display`
//! through a macro, `serde::Visitor` from wherever something is read. A trait of the program is called by the program.

use std::borrow::Cow;
use std::collections::BTreeSet;

use tree_sitter::Node;

use super::lex::{Token, TokenKind};
use super::names::Namer;
use super::parse::children;

/// Returns the mark of an `impl` with parameters that names a trait: whether a type has what is in it may hang on whether it
/// has that trait.
pub(in super::super) fn blanket(of_trait: &str) -> Cow<'static, str> {
    format!("any {of_trait}").into()
}

/// Returns the marks of an `impl` with parameters, whose head is from `start` up to `end`.
pub(super) fn marks_of_blanket(namer: &Namer<'_>, start: usize, end: usize) -> Vec<Cow<'static, str>> {
    let words = namer.tokens(start, end).iter().filter(|token| token.kind == TokenKind::Word);
    let text = |token: &Token| String::from_utf8_lossy(token.text(namer.source())).into_owned();
    words.map(text).filter(|word| word.starts_with(char::is_uppercase)).map(|word| blanket(&word)).collect()
}

/// Returns the mark of what declares a trait.
pub(in super::super) fn declared(name: &str) -> Cow<'static, str> {
    format!("trait {}", name.trim_start_matches("r#")).into()
}

/// Returns the mark of what imports something of a name from another crate.
pub(in super::super) fn imported(name: &str) -> Cow<'static, str> {
    format!("use {}", name.trim_start_matches("r#")).into()
}

/// Returns the names that an import brings in from another crate, or from one that may be; `path` is all of it.
pub(super) fn from_elsewhere(path: &str) -> Vec<&str> {
    let root = path.split("::").next().unwrap_or(path);
    match path.contains('{') {
        _ if is_here(root) => Vec::new(),
        // Each of its words may be one.
        true => path.split(|c: char| !c.is_alphanumeric() && c != '_').collect(),
        false => {
            let (path, alias) = path.split_once(" as ").unwrap_or((path, ""));
            let last = path.rsplit("::").next().unwrap_or(path);
            vec![if alias.is_empty() { last } else { alias }]
        }
    }
}

fn is_here(root: &str) -> bool {
    matches!(root, "crate" | "self" | "super")
}

/// The names that stand for traits of the program itself in one module, as far as that shows.
#[derive(Default)]
pub(super) struct OwnTraits(BTreeSet<String>);

impl OwnTraits {
    /// Finds those that are declared in a module or imported from the same crate.
    pub(super) fn of(module: Node<'_>, namer: &Namer<'_>) -> OwnTraits {
        let mut own = BTreeSet::new();
        for child in children(module) {
            let text = |node: Node<'_>| namer.whole(node.start_byte(), node.end_byte());
            match child.kind() {
                "trait_item" => own.extend(child.child_by_field_name("name").map(text)),
                "use_declaration" => {
                    own.extend(
                        child.child_by_field_name("argument").into_iter().flat_map(|tree| names(&text(tree))),
                    );
                }
                _ => {}
            }
        }
        OwnTraits(own)
    }

    /// Returns a trait as it is written where an `impl` says it: with the module before it where it is one of these.
    pub(super) fn tell(&self, of_trait: String) -> String {
        let name = of_trait.split(['<', '(']).next().unwrap_or_default();
        if self.0.contains(name) { format!("self::{of_trait}") } else { of_trait }
    }
}

/// Returns whether a trait is written as one of the program itself.
pub(in super::super) fn is_own(of_trait: &str) -> bool {
    of_trait.split("::").next().is_some_and(is_here)
}

/// Returns the names that a tree of imports brings in from the same crate.
fn names(tree: &str) -> Vec<String> {
    if !tree.split("::").next().is_some_and(is_here) {
        return Vec::new();
    }
    // Each name at the end of a path; those on the way, and those that get another name, stand before `::` or `as`.
    let ends = tree.split(['{', '}', ',']).map(str::trim);
    let last = |end: &str| match end.split_once(" as ") {
        Some((_, alias)) => Some(alias.to_owned()),
        None => end.rsplit("::").next().map(str::to_owned),
    };
    ends.filter(|end| !end.ends_with("::") && !end.is_empty()).filter_map(last).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Language, cut};

    #[test]
    fn own_traits_are_told_where_they_are_implemented() {
        let source = "use crate::{a::{Walk, Run as Go}, b::*}; use serde::Visit; trait Own<T> {}\n\
            impl Walk for A {} impl Go for A {} impl Run for A {} impl Visit for A {} impl Own<u8> for A {}\n\
            impl fmt::Walk for A {} impl super::Walk for A {}\n\
            mod m { impl Walk for A {} }";
        let units = cut(Some(Language::Rust), source.as_bytes());
        let names: Vec<&str> =
            units.iter().map(|unit| &*unit.name).filter(|name| name.contains("impl ")).collect();
        assert_eq!(
            names,
            [
                "impl self::Walk for A",
                "impl self::Go for A",
                "impl Run for A",
                "impl Visit for A",
                "impl self::Own<u8> for A",
                "impl fmt::Walk for A",
                "impl super::Walk for A",
                "m::impl Walk for A",
            ]
        );
    }

    #[test]
    fn imports_from_other_crates_are_told() {
        assert_eq!(from_elsewhere("serde::de::Visitor"), ["Visitor"]);
        assert_eq!(from_elsewhere("::serde::de::Visitor as V"), ["V"]);
        assert_eq!(from_elsewhere("crate::de::Visitor"), [""; 0]);
        assert_eq!(from_elsewhere("super::{Visitor}"), [""; 0]);
        assert!(from_elsewhere("a::{b, Visitor as V}").contains(&"V"));
    }
}
