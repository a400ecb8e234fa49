//! Which words of Rust can mean a member of a value, and which can mean nothing else.
//!
//! What stands behind a dot, or before the value of a field, is a field or a method: `list.len()` calls no function that is called `len` in a module, so
//! that nobody who says no more than that is concerned by one. Macros take their arguments apart and put them together
//! in any way, so what is given to one may mean either.

use super::lex::{Token, TokenKind};
use super::names::Namer;
use super::rust_compile_time::QUIET;

/// What a word can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Anything but a member of the value before a dot.
    Bare,
    /// Such a member.
    Member,
    /// Any of both.
    Either,
}

/// Attributes that leave what they stand at as it is, or add what names it as it is written.
#[rustfmt::skip]
const PLAIN: [&str; 37] = [
    "allow", "automatically_derived", "bench", "cfg", "clippy", "cold", "coverage", "debugger_visualizer",
    "deny", "deprecated", "diagnostic", "doc", "expect", "export_name", "feature", "forbid",
    "global_allocator", "ignore", "inline", "link", "link_name", "link_section", "macro_export", "macro_use",
    "must_use", "no_mangle", "non_exhaustive", "path", "repr", "rustfmt", "should_panic", "target_feature",
    "test", "track_caller", "unsafe", "used", "warn",
];
/// Traits that the language itself derives.
const DERIVED: [&str; 9] =
    ["Clone", "Copy", "Debug", "Default", "Eq", "Hash", "Ord", "PartialEq", "PartialOrd"];

/// Returns whether an attribute may make something else of what stands from `start` up to `end`.
pub(super) fn is_rewritten(namer: &Namer<'_>, start: usize, end: usize) -> bool {
    let tokens = namer.tokens(start, end);
    let owned: Vec<usize> = (0..tokens.len()).collect();
    Words::new(namer.source(), tokens, &owned).are_rewritten()
}

/// Some tokens of a source, in order.
pub(super) struct Words<'a> {
    source: &'a [u8],
    tokens: &'a [Token],
    owned: &'a [usize],
}

impl<'a> Words<'a> {
    pub(super) fn new(source: &'a [u8], tokens: &'a [Token], owned: &'a [usize]) -> Words<'a> {
        Words { source, tokens, owned }
    }

    /// Returns for each token what it can mean, if it is a word.
    pub(super) fn forms(&self) -> Vec<Form> {
        if self.are_rewritten() {
            return vec![Form::Either; self.owned.len()];
        }
        let mut forms = Vec::with_capacity(self.owned.len());
        // How many brackets are open since the arguments of a macro began.
        let mut in_macro = 0_usize;
        let (mut is_in_braces, mut is_in_bounds) = (false, false);
        for at in 0..self.owned.len() {
            let text = self.text(at);
            match text {
                b"{" => (is_in_braces, is_in_bounds) = (true, false),
                b";" => is_in_bounds = false,
                b"where" => is_in_bounds = true,
                _ => {}
            }
            let opens = matches!(text, b"(" | b"[" | b"{");
            match text {
                b")" | b"]" | b"}" => in_macro = in_macro.saturating_sub(1),
                _ if opens && (in_macro > 0 || self.begins_arguments(at)) => in_macro += 1,
                _ => {}
            }
            let is_behind_dot = at.checked_sub(1).is_some_and(|before| self.text(before) == b".");
            let is_member = is_behind_dot || is_in_braces && !is_in_bounds && self.is_field(at);
            forms.push(match (in_macro > 0, is_member) {
                (true, _) => Form::Either,
                (false, true) => Form::Member,
                (false, false) => Form::Bare,
            });
        }
        forms
    }

    fn text(&self, at: usize) -> &'a [u8] {
        self.owned.get(at).map_or(&[], |token| self.tokens[*token].text(self.source))
    }

    fn is_word(&self, at: usize) -> bool {
        self.owned.get(at).is_some_and(|token| self.tokens[*token].kind == TokenKind::Word)
    }

    /// Returns whether a word is the name of a field, where one is declared or given a value: `len: u8`.
    fn is_field(&self, at: usize) -> bool {
        let before = at.checked_sub(1).map_or(&b""[..], |before| self.text(before));
        let name = self.text(at).strip_prefix(b"r#").unwrap_or(self.text(at));
        self.is_word(at)
            && self.text(at + 1) == b":"
            && matches!(before, b"{" | b"," | b"pub" | b"]" | b")")
            && name.first().is_some_and(|first| first.is_ascii_lowercase() || *first == b'_')
    }

    /// Returns whether a bracket opens the arguments of a macro that is not known to take them as they are.
    fn begins_arguments(&self, at: usize) -> bool {
        let (Some(mark), Some(name)) = (at.checked_sub(1), at.checked_sub(2)) else { return false };
        let is_quiet = |name: &[u8]| name == b"vec" || QUIET.iter().any(|quiet| quiet.as_bytes() == name);
        self.text(mark) == b"!" && self.is_word(name) && !is_quiet(self.text(name))
    }

    /// Returns whether an attribute may make something else of what it stands at.
    fn are_rewritten(&self) -> bool {
        (0..self.owned.len()).filter(|at| self.text(*at) == b"#").any(|at| {
            let open = if self.text(at + 1) == b"!" { at + 2 } else { at + 1 };
            let is_plain = |name: &[u8]| PLAIN.iter().any(|plain| plain.as_bytes() == name);
            match self.text(open + 1) {
                _ if self.text(open) != b"[" => false,
                b"derive" => !self.derives_only_what_is_known(open + 2),
                name => !is_plain(name),
            }
        })
    }

    /// Returns whether a list in brackets, which opens at a token, names only traits that the language derives.
    fn derives_only_what_is_known(&self, open: usize) -> bool {
        let list = (open + 1..self.owned.len()).take_while(|at| !matches!(self.text(*at), b")" | b"]"));
        let is_known = |name: &[u8]| DERIVED.iter().any(|known| known.as_bytes() == name);
        let modules: [&[u8]; 5] = [b"std", b"core", b"clone", b"fmt", b"cmp"];
        list.filter(|at| self.is_word(*at))
            .all(|at| is_known(self.text(at)) || modules.contains(&self.text(at)))
    }
}

#[cfg(test)]
mod tests {
    use skiptrace_engine::fingerprint::Identifier;

    use crate::units::{Language, cut};

    /// Returns how a source mentions `len`.
    fn check(source: &str) -> &'static str {
        let units = cut(Some(Language::Rust), source.as_bytes());
        let has = |name: Identifier| units.iter().any(|unit| unit.identifiers.binary_search(&name).is_ok());
        match (has(Identifier::of("len")), has(Identifier::of_member("len"))) {
            (true, true) => "either",
            (true, false) => "bare",
            (false, true) => "member",
            (false, false) => "not at all",
        }
    }

    #[test]
    fn what_stands_behind_a_dot_is_a_member() {
        for source in [
            "fn a() { b.len() }",
            "fn a() { b . /* */ r#len }",
            "fn a() { b.c?.len::<u8>() }",
            "fn a() { 1.len() }",
            "fn a() { assert!(b.len() == 1); vec![b.len]; println!(\"{}\", b.len()) }",
            "struct S { a: u8, pub(crate) len: u8 }",
            "fn a() { S { a: 1, len: 2 } }",
            "fn a() { let S { len: a } = b; }",
            "#[test] #[cfg(x)] #[derive(Debug, std::fmt::Debug)] fn a() { b.len() }",
        ] {
            assert_eq!(check(source), "member", "{source}");
        }
        for source in [
            "fn a() { len() }",
            "fn a() { b::len(c) }",
            "fn a() { 0..len }",
            "fn a() { 0..=len }",
            "fn a() { S { len } }",
            "fn a() { let a: len = b; }",
            "fn a() { len::<u8>() }",
            "fn a() { fn b<A, C>() where A: D, len: E {} }",
            "fn a() { assert!(len() == 1); }",
            "fn a() { format!(\"{len}\") }",
            "use a::len;",
        ] {
            assert_eq!(check(source), "bare", "{source}");
        }
    }

    #[test]
    fn what_a_macro_is_given_may_be_either() {
        for source in [
            "fn a() { call!(b, len) }",
            "fn a() { call!(b.len()) }",
            "fn a() { x::call! { [(b).len()] } }",
            "call!(len);",
            "macro_rules! m { ($x:expr) => { $x.len() } }",
            "#[rewrite] fn a() { b.len() }",
            "#[derive(Debug, Rewrite)] struct A { len: u8 }",
            "#[cfg_attr(x, rewrite)] fn a() { len() }",
            "#[rewrite] impl A { fn a() { len() } }",
            "#[rewrite] mod a { mod b { impl A { fn a() { b.len() } } } }",
            "fn a() { #[derive(Get)] struct A { len: u8 } }",
        ] {
            assert_eq!(check(source), "either", "{source}");
        }
        assert_eq!(check("fn a() { call!(b); c.len() }"), "member");
    }
}
