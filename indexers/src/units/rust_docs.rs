//! Doc comments of Rust that a program sees.
//!
//! To a macro, a doc comment is an attribute like any other: a derive for command lines makes help texts of them. So they count
//! where something stands that is not known to pass them over.

use super::lex::Token;

/// Derives that pass doc comments over.
const DERIVES: [&str; 13] = [
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "Deserialize",
    "Eq",
    "Error",
    "Hash",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Serialize",
    "serde",
];

/// Attributes that do, or that are the compiler's own.
const ATTRIBUTES: [&str; 49] = [
    "allow",
    "automatically_derived",
    "bench",
    "cfg",
    "cold",
    "coverage",
    "default",
    "deny",
    "deprecated",
    "doc",
    "error",
    "expect",
    "export_name",
    "feature",
    "forbid",
    "from",
    "global_allocator",
    "ignore",
    "inline",
    "link",
    "link_name",
    "link_section",
    "macro_export",
    "macro_use",
    "must_use",
    "no_implicit_prelude",
    "no_main",
    "no_mangle",
    "no_std",
    "non_exhaustive",
    "panic_handler",
    "path",
    "proc_macro",
    "proc_macro_attribute",
    "proc_macro_derive",
    "recursion_limit",
    "repr",
    "rustfmt",
    "serde",
    "should_panic",
    "skip",
    "source",
    "target_feature",
    "test",
    "track_caller",
    "transparent",
    "type_length_limit",
    "used",
    "warn",
];

/// Returns whether something among tokens may look at the doc comments that are among them as well.
pub(super) fn are_seen(source: &[u8], tokens: &[Token], owned: &[usize]) -> bool {
    let text = |place: usize| owned.get(place).map_or(&b""[..], |at| tokens[*at].text(source));
    let mut place = 0;
    while place < owned.len() {
        if text(place) != b"#" {
            place += 1;
            continue;
        }
        place += 1;
        if text(place) == b"!" {
            place += 1;
        }
        if text(place) != b"[" {
            continue;
        }
        let start = place + 1;
        let mut depth = 1_usize;
        place += 1;
        while place < owned.len() && depth > 0 {
            match text(place) {
                b"[" => depth += 1,
                b"]" => depth -= 1,
                _ => {}
            }
            place += 1;
        }
        let words: Vec<&[u8]> =
            (start..place.saturating_sub(1)).map(text).filter(|word| is_word(word)).collect();
        // The path of the attribute ends before what it is given.
        let n_path = (start..place).take_while(|at| is_word(text(*at)) || text(*at) == b"::").count();
        let name = (start..start + n_path).map(text).rfind(|word| is_word(word)).unwrap_or_default();
        let is_quiet = match name {
            b"derive" => words[1..].iter().all(|word| is_in(&DERIVES, word)),
            b"cfg_attr" => !words.contains(&&b"derive"[..]),
            // `#[clippy::…]`, `#[rustfmt::skip]`.
            _ if n_path > 1 && [&b"clippy"[..], b"rustfmt", b"rustc", b"diagnostic"].contains(&words[0]) => {
                true
            }
            name => is_in(&ATTRIBUTES, name),
        };
        if !is_quiet {
            return true;
        }
    }
    false
}

fn is_in(list: &[&str], word: &[u8]) -> bool {
    std::str::from_utf8(word).is_ok_and(|word| list.contains(&word))
}

fn is_word(text: &[u8]) -> bool {
    text.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_')
}
