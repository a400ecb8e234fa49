//! What the names of Rust's units say, read.

use std::collections::BTreeSet;

use super::super::{is_word, std_names};
use super::EVALUABLE;

/// Returns whether a part of a path is a module. Types whose names look like one are told by brackets.
pub(super) fn is_module(part: &str) -> bool {
    let is_like_one = |name: &str| is_identifier(name) && !name.starts_with(char::is_uppercase);
    part.strip_prefix("mod ").is_some_and(is_identifier) || is_like_one(part)
}

pub(super) fn is_identifier(text: &str) -> bool {
    is_word(text.strip_prefix("r#").unwrap_or(text))
}

/// Returns whether a name looks like one of a type.
pub(super) fn is_like_type(own: &str) -> bool {
    is_identifier(own) && own.starts_with(char::is_uppercase) && own.contains(char::is_lowercase)
}

/// Returns the name of the type that stands before all parameters: `Point` of `&'a shapes::Point<T>`. A tuple, a slice, a
/// pointer to a function has none, and neither has a parameter of an `impl`.
pub(in super::super::super) fn constructor(of: &str) -> Option<&str> {
    let mut rest = of;
    loop {
        let next = rest.trim_start_matches(['&', ' ']);
        let next = ["mut ", "dyn "].iter().find_map(|word| next.strip_prefix(word)).unwrap_or(next);
        let next = match next.strip_prefix('\'') {
            Some(lifetime) => lifetime.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
            None => next,
        };
        if next == rest {
            break;
        }
        rest = next;
    }
    if rest.starts_with("any ") {
        return None;
    }
    let path = rest.split(['<', ' ', '(', '+']).next()?;
    let name = path.rsplit("::").next()?;
    let is_path = path.split("::").all(|part| part.is_empty() || is_identifier(part));
    let is_keyword = matches!(name, "fn" | "unsafe" | "extern" | "impl" | "for");
    (is_path && is_identifier(name) && !is_keyword).then(|| name.strip_prefix("r#").unwrap_or(name))
}

/// Returns the names of types in a type that only who knows it can name: not those of the language and its library, and
/// no parameters.
pub(super) fn named_types(of: &str) -> BTreeSet<&str> {
    match constructor(of) {
        Some(name) if !std_names::is_type(name) => BTreeSet::from([name]),
        _ => types_in(of),
    }
}

pub(super) fn parameters_of_trait(of_trait: &str) -> BTreeSet<&str> {
    match of_trait.find(['<', '(']) {
        Some(open) => types_in(&of_trait[open..]),
        None => BTreeSet::new(),
    }
}

fn types_in(text: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(is_of_word).map(|start| at + start) {
        let end = text[start..].find(|c| !is_of_word(c)).map_or(text.len(), |len| start + len);
        let (before, word, after) = (&text[..start], &text[start..end], &text[end..]);
        at = end;
        let is_type = word.starts_with(char::is_uppercase) || !is_keyword(word);
        let is_name = is_type
            && !word.starts_with(|c: char| c.is_ascii_digit())
            && !std_names::is_type(word)
            && !before.ends_with('\'')
            && !before.ends_with("any ")
            // A module on the way to it.
            && !after.starts_with("::");
        if is_name {
            found.insert(word);
        }
    }
    found
}

pub(super) fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "any"
            | "as"
            | "const"
            | "crate"
            | "dyn"
            | "extern"
            | "fn"
            | "for"
            | "impl"
            | "mut"
            | "self"
            | "static"
            | "super"
            | "unsafe"
            | "r"
            | "_"
    )
}

/// Splits what a unit is called into the path around it and its own name.
pub(super) fn split(name: &str) -> (&str, &str) {
    let mut at = 0;
    loop {
        let own = &name[at..];
        let is_whole = ["use ", "pub use ", "impl ", "extern ", "macro_rules! ", "#![", EVALUABLE]
            .iter()
            .any(|begin| own.starts_with(begin));
        if is_whole {
            break;
        }
        match find_top(own, "::") {
            Some(next) => at += next + 2,
            None => break,
        }
    }
    (name[..at].strip_suffix("::").unwrap_or(""), &name[at..])
}

/// Returns the last part of a path, with all its parameters.
pub(super) fn last_segment(path: &str) -> Option<&str> {
    let mut rest = path;
    while let Some(at) = find_top(rest, "::") {
        rest = &rest[at + 2..];
    }
    (!rest.is_empty()).then_some(rest)
}

/// Returns type and trait of `<Type as Trait>`.
pub(super) fn as_trait(segment: &str) -> Option<(&str, &str)> {
    split_top(segment.strip_prefix('<')?.strip_suffix('>')?, " as ")
}

pub(super) fn split_top<'s>(text: &'s str, by: &str) -> Option<(&'s str, &'s str)> {
    let at = find_top(text, by)?;
    Some((&text[..at], &text[at + by.len()..]))
}

/// Finds something outside of all brackets.
fn find_top(text: &str, what: &str) -> Option<usize> {
    let (mut depth, mut last) = (0_usize, ' ');
    for (at, c) in text.char_indices() {
        if depth == 0 && text[at..].starts_with(what) {
            return Some(at);
        }
        match c {
            '<' | '(' | '[' | '{' => depth += 1,
            '>' if last == '-' || last == '=' => {}
            '>' | ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        last = c;
    }
    None
}
