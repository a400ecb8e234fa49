//! Rust that acts where nobody names it.
//!
//! What a function does, it does to whoever executes it, and who calls it names it. Some do more: an `impl` in a body
//! holds everywhere, a symbol is found by the linker, a constructor runs before `main`. So may whatever has an attribute
//! or a derive that is not known: it may be a macro that lists what it stands at. Such functions have no body that
//! changes alone, or a name that says so.

use std::collections::HashSet;
use std::ops::Range;

use super::lex::{Token, TokenKind};
use super::names::Namer;
use super::rust_attributes::{is_quiet, is_quiet_derive};

/// Attributes that give something a place, a symbol or a time of its own.
const ACTING: [&str; 17] = [
    "alloc_error_handler",
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

/// Returns whether the attributes and the head of what is declared from `start` to `end` have it act from afar.
pub(super) fn declaration(namer: &Namer<'_>, start: usize, end: usize) -> bool {
    let scan = Scan { source: namer.source(), tokens: namer.tokens(start, end) };
    let mut attributes = (0..scan.tokens.len()).filter(|at| scan.opens_attribute(*at));
    attributes.any(|at| scan.is_acting(scan.attribute(at))) || scan.has_unknown_attribute()
}

/// Returns whether an attribute or a derive before what is declared from `start` to `end` may do more than to write
/// something for it.
pub(super) fn has_unknown_attribute(namer: &Namer<'_>, start: usize, end: usize) -> bool {
    Scan { source: namer.source(), tokens: namer.tokens(start, end) }.has_unknown_attribute()
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
            TokenKind::Punctuation if self.opens_attribute(at) => {
                let said = self.attribute(at);
                self.is_acting(said.clone()) || !self.is_quiet(said)
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

    /// Returns whether one of the attributes that everything begins with may do more than to write something for that.
    fn has_unknown_attribute(&self) -> bool {
        let mut at = 0;
        while at < self.tokens.len() {
            match self.tokens[at].kind {
                TokenKind::Doc { .. } => at += 1,
                _ if self.opens_attribute(at) => {
                    let said = self.attribute(at);
                    if !self.is_quiet(said.clone()) {
                        return true;
                    }
                    at = said.end + 1;
                }
                _ => return false,
            }
        }
        false
    }

    /// Returns what stands between the brackets of the attribute that opens at `at`.
    fn attribute(&self, at: usize) -> Range<usize> {
        let start = if self.text(at + 1) == b"!" { at + 3 } else { at + 2 };
        start..self.close_of(start).max(start)
    }

    /// Returns where the brackets close inside of which `start` stands.
    fn close_of(&self, start: usize) -> usize {
        let mut depth = 0_usize;
        let closes = |at: &usize| match self.text(*at) {
            b"(" | b"[" | b"{" => {
                depth += 1;
                false
            }
            b")" | b"]" | b"}" if depth == 0 => true,
            b")" | b"]" | b"}" => {
                depth -= 1;
                false
            }
            _ => false,
        };
        (start..self.tokens.len()).find(closes).unwrap_or(self.tokens.len())
    }

    fn words(&self, said: impl Iterator<Item = usize>) -> impl Iterator<Item = &'a [u8]> {
        said.filter(|at| self.tokens[*at].kind == TokenKind::Word).map(|at| self.text(at))
    }

    /// Returns whether an attribute gives something a place, a symbol or a time of its own.
    fn is_acting(&self, said: Range<usize>) -> bool {
        self.words(said).any(|word| ACTING.iter().any(|acting| acting.as_bytes() == word))
    }

    /// Returns whether what an attribute says does no more than to write something for what it stands at.
    fn is_quiet(&self, said: Range<usize>) -> bool {
        let is_of_path = |at: &usize| self.tokens[*at].kind == TokenKind::Word || self.text(*at) == b"::";
        let end = said.clone().find(|at| !is_of_path(at)).unwrap_or(said.end);
        let path: Vec<&[u8]> = self.words(said.start..end).collect();
        match path[..] {
            // Before the derives are the modules that they are in.
            [b"derive"] => {
                let is_last = |at: &usize| self.text(at + 1) != b"::";
                self.words((end..said.end).filter(is_last)).all(is_quiet_derive)
            }
            // A condition, and more attributes.
            [b"cfg_attr"] => self.parts(end + 1..said.end).skip(1).all(|part| self.is_quiet(part)),
            _ => is_quiet(&path),
        }
    }

    /// Returns what commas separate, up to where the brackets close.
    fn parts(&self, said: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let close = self.close_of(said.start).min(said.end);
        let mut next = said.start;
        std::iter::from_fn(move || {
            if next >= close {
                return None;
            }
            let (start, mut at) = (next, next);
            while at < close && self.text(at) != b"," {
                at = if matches!(self.text(at), b"(" | b"[" | b"{") {
                    self.close_of(at + 1) + 1
                } else {
                    at + 1
                };
            }
            next = at + 1;
            Some(start..at.min(close))
        })
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
