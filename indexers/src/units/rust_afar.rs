//! Rust that acts where nobody names it.
//!
//! What a function does, it does to whoever executes it, and who calls it names it. Some do more: an `impl` in a body
//! holds everywhere, a symbol is found by the linker, a constructor runs before `main`. Such functions have no body
//! that changes alone, or a name that says so.

use std::collections::HashSet;

use super::lex::{Token, TokenKind};
use super::names::Namer;

/// Attributes that give something a place, a symbol or a time of its own.
const ACTING: [&str; 18] = [
    "alloc_error_handler",
    "cfg_attr",
    "ctor",
    "distributed_slice",
    "dtor",
    "export_name",
    "global_allocator",
    "init",
    "link",
    "link_name",
    "link_section",
    "linkage",
    "no_mangle",
    "panic_handler",
    "proc_macro",
    "proc_macro_attribute",
    "proc_macro_derive",
    "used",
];

/// Attributes inside of bodies that concern nothing outside.
const INSIDE: [&str; 30] = [
    "allow",
    "arg",
    "automatically_derived",
    "cfg",
    "clippy",
    "cold",
    "command",
    "coverage",
    "default",
    "deny",
    "deprecated",
    "derive",
    "doc",
    "error",
    "expect",
    "forbid",
    "from",
    "ignore",
    "inline",
    "must_use",
    "non_exhaustive",
    "repr",
    "rustfmt",
    "serde",
    "should_panic",
    "source",
    "test",
    "tokio",
    "track_caller",
    "warn",
];

/// Returns whether the attributes and the head of what is declared from `start` to `end` have it act from afar.
pub(super) fn declaration(namer: &Namer<'_>, start: usize, end: usize) -> bool {
    let scan = Scan { source: namer.source(), tokens: namer.tokens(start, end) };
    let attributes = (0..scan.tokens.len()).filter(|at| scan.opens_attribute(*at));
    attributes.into_iter().any(|at| {
        let words = scan.attribute(at);
        words.iter().any(|word| ACTING.iter().any(|acting| acting.as_bytes() == *word))
    })
}

/// Returns whether a body from `start` to `end` says something to those who do not execute it.
pub(super) fn body(namer: &Namer<'_>, start: usize, end: usize) -> bool {
    let scan = Scan { source: namer.source(), tokens: namer.tokens(start, end) };
    !scan.is_one_block() || (0..scan.tokens.len()).any(|at| scan.acts(at))
}

/// Returns whether something from `start` to `end`, wherever it is put, says something to those who do not execute it.
pub(super) fn anything(namer: &Namer<'_>, start: usize, end: usize) -> bool {
    let scan = Scan { source: namer.source(), tokens: namer.tokens(start, end) };
    (0..scan.tokens.len()).any(|at| scan.acts(at))
}

struct Scan<'a> {
    source: &'a [u8],
    tokens: &'a [Token],
}

impl<'a> Scan<'a> {
    fn text(&self, at: usize) -> &'a [u8] {
        self.tokens.get(at).map_or(b"", |token| token.text(self.source))
    }

    /// Returns whether the tokens are a pair of braces and what is in them. What the grammar could not read in between
    /// can do no harm then.
    fn is_one_block(&self) -> bool {
        let mut open: Vec<u8> = Vec::new();
        for at in 0..self.tokens.len() {
            let closes = match self.text(at) {
                [bracket @ (b'(' | b'[' | b'{')] => {
                    open.push(*bracket);
                    continue;
                }
                b")" => b'(',
                b"]" => b'[',
                b"}" => b'{',
                _ => continue,
            };
            let is_last = at + 1 == self.tokens.len();
            if open.pop() != Some(closes) || open.is_empty() != is_last {
                return false;
            }
        }
        open.is_empty() && self.text(0) == b"{"
    }

    fn acts(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        match token.kind {
            TokenKind::Word => match token.text(self.source) {
                b"impl" => self.is_impl_of_others(at),
                b"mod" => true,
                // A crate that is linked brings what runs before `main`. A function's convention is nothing.
                b"extern" => self.text(at + 1) == b"crate",
                b"global_asm" | b"submit" => self.text(at + 1) == b"!",
                // What such a macro writes is an `impl`.
                word => word.starts_with(b"impl_") && self.text(at + 1) == b"!",
            },
            TokenKind::Punctuation => {
                self.opens_attribute(at)
                    && self
                        .attribute(at)
                        .first()
                        .is_none_or(|first| INSIDE.iter().all(|inside| inside.as_bytes() != *first))
            }
            // An example is a test of its own.
            TokenKind::Doc { example, given } => example || given,
            _ => false,
        }
    }

    fn opens_attribute(&self, at: usize) -> bool {
        self.text(at) == b"#"
            && (self.text(at + 1) == b"[" || self.text(at + 1) == b"!" && self.text(at + 2) == b"[")
    }

    /// Returns the words of the attribute that opens at `at`.
    fn attribute(&self, at: usize) -> Vec<&'a [u8]> {
        let mut depth = 0_usize;
        let mut words = Vec::new();
        for token in &self.tokens[at..] {
            match token.text(self.source) {
                b"(" | b"[" | b"{" => depth += 1,
                b")" | b"]" | b"}" => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        break;
                    }
                }
                text if token.kind == TokenKind::Word => words.push(text),
                _ => {}
            }
        }
        words
    }

    /// Returns whether an `impl` is one of a type that others can name. One of a type that the same body declares
    /// concerns values that only those have who executed it; before a type it is no item.
    fn is_impl_of_others(&self, at: usize) -> bool {
        let before = at.checked_sub(1).map_or(&b""[..], |before| self.text(before));
        if matches!(before, b":" | b"->" | b"(" | b"," | b"<" | b"&" | b"=" | b"mut" | b"+")
            || at > 0 && self.tokens[at - 1].kind == TokenKind::Lifetime
        {
            return false;
        }
        let mut own = HashSet::new();
        for place in 0..self.tokens.len() {
            if matches!(self.text(place), b"struct" | b"enum" | b"union") {
                own.insert(self.text(place + 1));
            }
        }
        let mut depth = 0_usize;
        // The first word behind the parameters, or behind `for`, if there is one.
        let mut of: Option<&[u8]> = None;
        let mut takes_next = true;
        for place in at + 1..self.tokens.len() {
            match self.text(place) {
                b"<" => depth += 1,
                b">" => depth = depth.saturating_sub(1),
                b">>" => depth = depth.saturating_sub(2),
                b"{" | b"where" | b";" if depth == 0 => break,
                b"for" if depth == 0 => (of, takes_next) = (None, true),
                b"::" if depth == 0 => return true,
                text if depth == 0 && takes_next && self.tokens[place].kind == TokenKind::Word => {
                    (of, takes_next) = (Some(text), false);
                }
                _ => {}
            }
        }
        of.is_none_or(|of| !own.contains(of))
    }
}
