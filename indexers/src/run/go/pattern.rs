//! The patterns of `-run` and `-skip`.
//!
//! A pattern is cut at `|` into alternatives and each of them at `/` into elements, wherever these stand outside of
//! brackets and parentheses; the elements are regular expressions for the levels of a test's name. What is written
//! here are patterns that match given names and nothing else.

use std::collections::{BTreeMap, BTreeSet};

/// How long a pattern may be. Systems limit what one argument may hold, Linux to 128 KiB.
pub const LIMIT: usize = 100_000;

/// A pattern as the user gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    alternatives: Vec<Vec<String>>,
}

impl Pattern {
    /// Takes a pattern apart, as package `testing` does.
    pub fn parse(text: &str) -> Pattern {
        let bytes = text.as_bytes();
        let mut alternatives = Vec::new();
        let mut elements = Vec::new();
        let (mut start, mut at) = (0, 0);
        // Neither a `)` too many nor what stands in a class of characters is understood better there than here.
        let (mut brackets, mut parentheses) = (0_i64, 0_i64);
        while at < bytes.len() {
            match bytes[at] {
                b'[' => brackets += 1,
                b']' => brackets = (brackets - 1).max(0),
                b'(' if brackets == 0 => parentheses += 1,
                b')' if brackets == 0 => parentheses -= 1,
                b'\\' => at += 1,
                separator @ (b'/' | b'|') if brackets == 0 && parentheses == 0 => {
                    elements.push(text[start..at].to_owned());
                    start = at + 1;
                    if separator == b'|' {
                        alternatives.push(std::mem::take(&mut elements));
                    }
                }
                _ => {}
            }
            at += 1;
        }
        elements.push(text[start..].to_owned());
        alternatives.push(elements);
        Pattern { alternatives }
    }

    /// Returns the alternatives, each with its elements: at least one, with at least one.
    pub fn alternatives(&self) -> &[Vec<String>] {
        &self.alternatives
    }

    /// Returns whether it says something of subtests.
    pub fn names_subtests(&self) -> bool {
        self.alternatives.iter().any(|elements| elements.len() > 1)
    }

    /// Returns a regular expression for the names of top-level tests that the pattern lets run.
    pub fn top_level(&self) -> String {
        let firsts: Vec<String> =
            self.alternatives.iter().map(|elements| format!("(?:{})", rewritten(&elements[0]))).collect();
        firsts.join("|")
    }
}

/// Returns the patterns, each no longer than [`LIMIT`], that together run exactly these tests.
pub fn exact<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Vec<String> {
    exact_within(names, LIMIT)
}

/// Returns the patterns that together run exactly these tests, each no longer than `limit` unless a single name is.
///
/// A name without a slash stands for the test with all of its subtests. A subtest runs with what its ancestors do
/// besides, and a subtest called `a` cannot be told from its siblings called `a/b`: package `testing` has no way to
/// say either.
pub fn exact_within<S: AsRef<str>>(names: impl IntoIterator<Item = S>, limit: usize) -> Vec<String> {
    let names: BTreeSet<String> = names.into_iter().map(|name| name.as_ref().to_owned()).collect();
    let covered = |name: &str| name.match_indices('/').any(|(at, _)| names.contains(&name[..at]));
    let mut families: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in names.iter().filter(|name| !covered(name)) {
        let (parent, own) = name.rsplit_once('/').unwrap_or(("", name));
        families.entry(parent).or_default().push(own);
    }
    let mut patterns = Vec::new();
    let mut current = String::new();
    for (parent, owns) in families {
        let head: String = match parent {
            "" => String::new(),
            parent => parent.split('/').map(|element| format!("^{}$/", quoted(element))).collect(),
        };
        let mut members: Vec<String> = owns.into_iter().map(quoted).collect();
        // One regular expression for all of a family: package `testing` compiles each alternative anew for each test.
        while !members.is_empty() {
            let taken = fitting(&members, head.len(), limit);
            let rest = members.split_off(taken);
            let alternative = match members.as_slice() {
                [own] => format!("{head}^{own}$"),
                owns => format!("{head}^({})$", owns.join("|")),
            };
            members = rest;
            if !current.is_empty() && current.len() + 1 + alternative.len() > limit {
                patterns.push(std::mem::take(&mut current));
            }
            if !current.is_empty() {
                current.push('|');
            }
            current.push_str(&alternative);
        }
    }
    if !current.is_empty() {
        patterns.push(current);
    }
    patterns
}

/// Returns how many of `members` fit into one alternative that begins with `head` bytes; at least one.
fn fitting(members: &[String], head: usize, limit: usize) -> usize {
    let mut len = head.saturating_add("^()$".len());
    let fits = |member: &&String| {
        len = len.saturating_add(member.len() + 1);
        len <= limit.saturating_add(1)
    };
    members.iter().take_while(fits).count().max(1)
}

/// Returns a regular expression for a text.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}

/// Returns the name that a subtest gets which the test calls `name`, before it is told from others of that name.
///
/// Blanks become `_`, what cannot be printed is written as Go would in source code.
pub fn rewritten(name: &str) -> String {
    let mut rewritten = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            c if is_space(c) => rewritten.push('_'),
            '\x07' => rewritten.push_str(r"\a"),
            '\x08' => rewritten.push_str(r"\b"),
            c if is_printed(c) => rewritten.push(c),
            c if u32::from(c) < 0x20 || c == '\x7f' => {
                rewritten.push_str(&format!(r"\x{:02x}", u32::from(c)))
            }
            c if u32::from(c) < 0x1_0000 => rewritten.push_str(&format!(r"\u{:04x}", u32::from(c))),
            c => rewritten.push_str(&format!(r"\U{:08x}", u32::from(c))),
        }
    }
    rewritten
}

fn is_space(c: char) -> bool {
    matches!(
        c,
        '\t' | '\n' | '\x0b' | '\x0c' | '\r' | ' ' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

/// Returns whether Go prints a character: the standard library has the same list, and shows it in how it escapes
/// what follows another character.
fn is_printed(c: char) -> bool {
    matches!(c, '"' | '\'' | '\\')
        || !format!("a{c}").escape_debug().skip(1).eq(c.escape_unicode())
            && !matches!(c, '\0' | '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests;
