//! What the use of a macro at the top of a module declares.
//!
//! A macro can declare anything, so a use of one concerns everybody who was compiled from its file. But most macros that
//! are used again and again declare tests: a function each, whose name they are given first. Of those a definition says so
//! by a mark, wherever it is, and a use is named by what it gives first.

use std::borrow::Cow;

use tree_sitter::Node;

use super::lex::{Token, TokenKind};
use super::names::Namer;
use super::parse::children;
use super::rust_afar;
use super::rust_members::is_rewritten;

/// Returns the mark of the definition of a macro: whether all that it declares are functions named by what it is given
/// first.
pub(super) fn mark_of_definition(node: Node<'_>, name: &str, namer: &Namer<'_>) -> Cow<'static, str> {
    let rules: Vec<Node<'_>> =
        children(node).into_iter().filter(|child| child.kind() == "macro_rule").collect();
    match !rules.is_empty() && rules.into_iter().all(|rule| declares_functions(rule, namer)) {
        true => functions(name),
        false => anything(name),
    }
}

/// Returns the mark of a macro that declares nothing but functions named by what it is given first.
pub(in super::super) fn functions(name: &str) -> Cow<'static, str> {
    format!("functions by {name}").into()
}

/// Returns the mark of any other macro.
pub(in super::super) fn anything(name: &str) -> Cow<'static, str> {
    format!("anything by {name}").into()
}

/// Returns the name of the use of a macro, with what it may declare where that shows.
pub(super) fn invocation(node: Node<'_>, namer: &Namer<'_>) -> String {
    let name = node.child_by_field_name("macro");
    let name = name.map(|name| namer.text(name.start_byte(), name.end_byte())).unwrap_or_default();
    let tokens = namer.tokens(node.start_byte(), node.end_byte());
    let names = match keyword_of(&name) {
        Some(keyword) => behind(tokens, namer, keyword),
        None if rust_afar::anything(namer, node.start_byte(), node.end_byte()) => Vec::new(),
        None => given_first(tokens, namer),
    };
    match names.is_empty() {
        true => format!("{name}!"),
        false => format!("{name}! {}", names.join(", ")),
    }
}

/// Returns what stands before the names that a macro declares, if it is one of a few that everybody knows.
pub(in super::super) fn keyword_of(name: &str) -> Option<&'static str> {
    match name.rsplit("::").next()? {
        "thread_local" => Some("static"),
        "lazy_static" => Some("ref"),
        "proptest" => Some("fn"),
        _ => None,
    }
}

/// Returns the words behind a keyword in the brackets of a use.
fn behind(tokens: &[Token], namer: &Namer<'_>, keyword: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let mut names: Vec<String> = Vec::new();
    let mut last: &[u8] = b"";
    for token in tokens {
        let text = token.text(namer.source());
        match text {
            b"(" | b"[" | b"{" => depth += 1,
            b")" | b"]" | b"}" => depth = depth.saturating_sub(1),
            _ if depth == 1 && token.kind == TokenKind::Word && last == keyword.as_bytes() => {
                names.push(String::from_utf8_lossy(text).into_owned());
            }
            _ => {}
        }
        last = text;
    }
    names
}

/// Returns the name that a use gives first, up to a comma, if there is nothing else: `one`, or `name: one`.
fn given_first(tokens: &[Token], namer: &Namer<'_>) -> Vec<String> {
    let is_open = |token: &Token| matches!(token.text(namer.source()), b"(" | b"[" | b"{");
    let Some(open) = tokens.iter().position(is_open) else { return Vec::new() };
    let first = first_argument(&tokens[open + 1..], namer);
    let words = || first.iter().filter(|token| token.kind == TokenKind::Word);
    let is_alone = first.len() == 1 || first.len() == 3 && first[1].is(namer.source(), ":");
    let given = words().next_back().filter(|_| is_alone && words().count() == first.len().div_ceil(2));
    given.map(|name| String::from_utf8_lossy(name.text(namer.source())).into_owned()).into_iter().collect()
}

fn first_argument<'t>(tokens: &'t [Token], namer: &Namer<'_>) -> &'t [Token] {
    let ends =
        |token: &Token| matches!(token.text(namer.source()), b"," | b";" | b"=>" | b")" | b"]" | b"}" | b"{");
    &tokens[..tokens.iter().position(ends).unwrap_or(tokens.len())]
}

/// Returns whether all that a rule of a macro makes are functions called what it is given first.
fn declares_functions(rule: Node<'_>, namer: &Namer<'_>) -> bool {
    let side = |name: &str| {
        let side = rule.child_by_field_name(name)?;
        Some((side.start_byte(), side.end_byte()))
    };
    let (Some(taken), Some(made)) = (side("left"), side("right")) else { return false };
    let taken = inner(namer.tokens(taken.0, taken.1));
    let first: Vec<&[u8]> =
        first_argument(taken, namer).iter().map(|token| token.text(namer.source())).collect();
    let given = match first[..] {
        [b"$", name, b":", b"ident"] | [_, b":", b"$", name, b":", b"ident"] => name,
        _ => return false,
    };
    Made { tokens: inner(namer.tokens(made.0, made.1)), namer }.are_functions_called(given)
}

/// Returns what is between the brackets of a tree of tokens.
fn inner(tokens: &[Token]) -> &[Token] {
    tokens.get(1..tokens.len().saturating_sub(1)).unwrap_or_default()
}

/// What a macro makes.
struct Made<'a> {
    tokens: &'a [Token],
    namer: &'a Namer<'a>,
}

impl Made<'_> {
    fn text(&self, at: usize) -> &[u8] {
        self.tokens.get(at).map_or(b"", |token| token.text(self.namer.source()))
    }

    /// Returns whether it is nothing but functions, all of which have the name that stands for `given`.
    fn are_functions_called(&self, given: &[u8]) -> bool {
        let mut at = 0;
        while at < self.tokens.len() {
            let start = at;
            // Attributes, and who sees it.
            while matches!(self.text(at), b"#" | b"pub" | b"async" | b"unsafe") {
                at += 1;
                if matches!(self.text(at), b"[" | b"(") {
                    at = self.end_of_brackets(at);
                }
            }
            let is_called = [&b"fn"[..], b"$", given, b"("]
                .iter()
                .enumerate()
                .all(|(offset, wanted)| self.text(at + offset) == *wanted);
            if !is_called {
                return false;
            }
            let Some(body) = (at..self.tokens.len()).find(|at| self.text(*at) == b"{") else { return false };
            // What others see of it is the same whatever the macro is given.
            if (at + 2..body).any(|at| self.text(at) == b"$") {
                return false;
            }
            let end = self.end_of_brackets(body);
            if !self.is_harmless(start, body, end) {
                return false;
            }
            at = end;
        }
        !self.tokens.is_empty()
    }

    /// Returns whether a function says nothing to anybody who neither executes nor names it; its head is from `start` up
    /// to `body`, which ends before `end`.
    fn is_harmless(&self, start: usize, body: usize, end: usize) -> bool {
        let place = |at: usize| self.tokens.get(at).map_or(usize::MAX, |token| token.start);
        let past = self.tokens[end - 1].end;
        !rust_afar::declaration(self.namer, place(start), place(body))
            && !is_rewritten(self.namer, place(start), place(body))
            && !rust_afar::body(self.namer, place(body), past)
    }

    /// Returns the place behind the bracket that closes the one at a place.
    fn end_of_brackets(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for at in open..self.tokens.len() {
            match self.text(at) {
                b"(" | b"[" | b"{" => depth += 1,
                b")" | b"]" | b"}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return at + 1;
            }
        }
        self.tokens.len()
    }
}

#[cfg(test)]
mod tests {
    use skiptrace_engine::fingerprint::Identifier;

    use super::*;
    use crate::units::{Language, cut};

    fn declares_functions(rules: &str) -> bool {
        let units = cut(Some(Language::Rust), format!("macro_rules! m {{ {rules} }}").as_bytes());
        let has = |mark: &str| {
            units.iter().any(|unit| unit.identifiers.binary_search(&Identifier::of(mark)).is_ok())
        };
        assert_ne!(has(&functions("m")), has(&anything("m")), "{rules}");
        has(&functions("m"))
    }

    #[test]
    fn macros_that_declare_tests_are_told() {
        for rules in [
            "($name:ident, $f:expr) => { #[test] fn $name() { $f(stringify!($name)); } };",
            "{ name: $name:ident, src: $s:expr $(,)? } => { #[test] #[ignore] pub(crate) fn $name() -> R { a(&$s) } }",
            "($n:ident) => { fn $n() {} }; ($n:ident, $x:expr) => { #[test] fn $n() {} #[cfg(a)] fn $n() {} }",
        ] {
            assert!(declares_functions(rules), "{rules}");
        }
        for rules in [
            "",
            "($name:ident) => {}",
            "($name:ident) => { fn other() {} }",
            "($f:expr, $name:ident) => { fn $name() {} }",
            "($name:ident) => { impl $name {} }",
            "($name:ident) => { fn $name() {} impl A for B {} }",
            "($name:ident) => { fn $name() { impl A for B {} } }",
            "($name:ident) => { #[no_mangle] fn $name() {} }",
            "($name:ident) => { #[rewrite] fn $name() {} }",
            "($name:ident) => { const fn $name() {} }",
            "($(#[$m:meta])* $name:ident) => { $(#[$m])* fn $name() {} }",
            "($($name:ident),*) => { $(fn $name() {})* }",
            "($name:ident) => { fn $name() {} }; ($name:ident, x) => { struct $name; }",
            "($name:ident) => { fn $name() {} more!{} }",
            "($name:ident, $r:ty) => { fn $name() -> $r { todo!() } }",
            "($name:ident, $r:ty) => { fn $name(a: $r) {} }",
        ] {
            assert!(!declares_functions(rules), "{rules}");
        }
    }

    #[test]
    fn uses_are_named_by_what_they_give_first() {
        let check = |source: &str, name: &str| {
            let units = cut(Some(Language::Rust), source.as_bytes());
            assert_eq!(&*units[0].name, name, "{source}");
        };
        check("m!(one, |a| { b });", "m! one");
        check("m! { name: one, src: \"x\" }", "m! one");
        check("a::m!(one);", "a::m! one");
        check("m!(one + two, x);", "m!");
        check("m!(#[ignore] one, x);", "m!");
        check("m!(\"one\");", "m!");
        check("m!();", "m!");
        check("m!(one, { impl A for B {} });", "m!");
        check("thread_local! { static A: u8 = 1; static B: u8 = 2; }", "thread_local! A, B");
    }
}
