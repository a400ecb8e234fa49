//! One regular expression for many names.
//!
//! What names have in common at their beginning is written once. That is shorter, and quicker to compile,
//! than one alternative for each; thousands of test names differ only at their ends.

use std::collections::BTreeMap;

/// How deep groups may be nested; engines have limits, and what is deeper is written out.
const MAX_DEPTH: usize = 40;

/// Returns a pattern for exactly these names, to stand between `^(?:` and `)$`. `quote` writes a character so
/// that it stands for itself. No name at all gives the pattern of the empty name.
pub fn alternatives<'a>(names: impl IntoIterator<Item = &'a str>, quote: &dyn Fn(char) -> String) -> String {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    names.dedup();
    let mut written = String::new();
    write(&names, quote, 0, &mut written);
    written
}

/// Writes a pattern for sorted names, each there once.
fn write(names: &[&str], quote: &dyn Fn(char) -> String, depth: usize, written: &mut String) {
    if depth >= MAX_DEPTH {
        let quoted: Vec<String> = names.iter().map(|name| name.chars().map(quote).collect()).collect();
        written.push_str(&quoted.join("|"));
        return;
    }
    let mut groups: BTreeMap<Option<char>, Vec<&str>> = BTreeMap::new();
    for name in names {
        groups.entry(name.chars().next()).or_default().push(name);
    }
    for (place, group) in groups.values().enumerate() {
        if place > 0 {
            written.push('|');
        }
        let common = common(group);
        written.extend(common.chars().map(quote));
        if let [_] = group.as_slice() {
            continue;
        }
        let rests: Vec<&str> = group.iter().map(|name| &name[common.len()..]).collect();
        written.push_str("(?:");
        write(&rests, quote, depth + 1, written);
        written.push(')');
    }
}

/// Returns what sorted names have in common at their beginning.
fn common<'a>(names: &[&'a str]) -> &'a str {
    let (Some(first), Some(last)) = (names.first(), names.last()) else { return "" };
    let same = first.char_indices().zip(last.chars()).find(|((_, a), b)| a != b);
    let len = same.map_or(first.len().min(last.len()), |((at, _), _)| at);
    &first[..len]
}

/// Writes a character as Go's and Rust's regular expressions, shells and nextest's filtersets all leave it
/// alone.
pub fn inert(c: char) -> String {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | ':' => c.to_string(),
        c => format!(r"\x{{{:x}}}", u32::from(c)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    fn regex(names: &[String]) -> Regex {
        let pattern = alternatives(names.iter().map(String::as_str), &inert);
        Regex::new(&format!("^(?:{pattern})$")).unwrap()
    }

    #[test]
    fn what_names_begin_with_is_written_once() {
        let check = |names: &[&str]| alternatives(names.iter().copied(), &inert);
        assert_eq!(check(&["TestA"]), "TestA");
        assert_eq!(check(&["TestA", "TestAB", "TestAC", "X"]), "TestA(?:|B|C)|X");
        assert_eq!(check(&["", "a b"]), r"|a\x{20}b");
        assert_eq!(check(&["é", "è"]), r"\x{e8}|\x{e9}");
    }

    #[test]
    fn names_that_begin_with_each_other_are_not_nested_without_end() {
        let names: Vec<String> = (1..2000).map(|n| "a".repeat(n)).collect();
        let regex = Regex::new(&format!(
            "^(?:{})$",
            alternatives(names.iter().take(300).map(String::as_str), &inert)
        ))
        .unwrap();
        assert!(regex.is_match(&"a".repeat(300)) && !regex.is_match(&"a".repeat(301)));
        // Nor does it take long.
        assert!(alternatives(names.iter().map(String::as_str), &inert).len() > 2000);
    }

    proptest! {
        #[test]
        fn exactly_the_names_match(
            names in prop::collection::vec("[ab.|()*\\\\/ \n\\$é\u{1f600}-]{0,5}", 1..40),
            others in prop::collection::vec("[ab.|()*\\\\/ \n\\$é\u{1f600}-]{0,5}", 0..40),
        ) {
            let regex = regex(&names);
            for name in &names {
                prop_assert!(regex.is_match(name), "{:?} {}", name, regex);
            }
            for other in &others {
                prop_assert_eq!(regex.is_match(other), names.contains(other), "{:?} {}", other, regex);
            }
        }
    }
}
