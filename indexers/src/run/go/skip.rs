//! The pattern of `-skip`, which is one for all tests of a package.

use std::collections::{BTreeMap, BTreeSet};

use crate::select::alternatives::{alternatives, inert};

/// Returns the pattern that leaves out exactly these tests, and how many of them run nevertheless because it
/// would be longer than `limit`; `None` where it would leave out nothing.
///
/// A test is left out with all of its subtests. A subtest called `a` goes with its siblings called `a/b`:
/// package `testing` cannot tell them apart. So whoever gives a subtest has to know of none that must run.
pub fn pattern<S: AsRef<str>>(tests: impl IntoIterator<Item = S>, limit: usize) -> (Option<String>, usize) {
    let names: BTreeSet<String> = tests.into_iter().map(|name| name.as_ref().to_owned()).collect();
    let covered = |name: &str| name.match_indices('/').any(|(at, _)| names.contains(&name[..at]));
    // Of top-level tests there are most, so they come first.
    let mut families: BTreeMap<(usize, &str), Vec<&str>> = BTreeMap::new();
    for name in names.iter().filter(|name| !name.is_empty() && !covered(name)) {
        let (parent, own) = name.rsplit_once('/').unwrap_or(("", name));
        let depth = name.matches('/').count();
        families.entry((depth, parent)).or_default().push(own);
    }
    let mut whole = String::new();
    let mut kept = 0;
    for ((depth, parent), mut owns) in families {
        let head: String = match depth {
            0 => String::new(),
            _ => parent.split('/').map(|element| format!("^{}$/", quoted(element))).collect(),
        };
        // Half of a family is left out where all of it does not fit.
        while !owns.is_empty() {
            let family = format!("{head}^({})$", alternatives(owns.iter().copied(), &inert));
            if whole.len() + 1 + family.len() <= limit {
                if !whole.is_empty() {
                    whole.push('|');
                }
                whole.push_str(&family);
                break;
            }
            let rest = owns.len() / 2;
            kept += owns.len() - rest;
            owns.truncate(rest);
        }
    }
    ((!whole.is_empty()).then_some(whole), kept)
}

/// Returns whether test binaries that this release of Go built understand `-skip`: from 1.20 on.
pub fn understands(release: &str) -> bool {
    let Some(version) = release.strip_prefix("go") else {
        // What is not released yet calls itself `devel`.
        return release.starts_with("devel");
    };
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= (1, 20),
        _ => false,
    }
}

fn quoted(element: &str) -> String {
    element.chars().map(inert).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;
    use crate::run::go::pattern::Pattern;

    /// Returns whether package `testing` leaves a test out, which it does when all elements of an alternative
    /// match as many elements of its name.
    pub(crate) fn leaves_out(pattern: &str, name: &str) -> bool {
        let elements: Vec<&str> = name.split('/').collect();
        Pattern::parse(pattern).alternatives().iter().any(|alternative| {
            alternative.len() <= elements.len()
                && alternative
                    .iter()
                    .zip(&elements)
                    .all(|(regex, element)| Regex::new(regex).unwrap().is_match(element))
        })
    }

    #[test]
    fn releases_that_know_the_flag() {
        for (release, expected) in [
            ("go1.26.8", true),
            ("go1.20", true),
            ("go1.21rc2 X:boringcrypto", true),
            ("devel go1.27-abc", true),
            ("go2.0", true),
            ("go1.19.13", false),
            ("go1", false),
            ("", false),
        ] {
            assert_eq!(understands(release), expected, "{release}");
        }
    }

    #[test]
    fn what_does_not_fit_runs() {
        let names: Vec<String> =
            (0..5000).map(|n| format!("TestSomethingWithALongName{}", n * 7919)).collect();
        let (pattern_, kept) = pattern(&names, 4000);
        let pattern_ = pattern_.unwrap();
        assert!(pattern_.len() <= 4000 && kept > 0 && kept < 5000, "{kept}");
        let regex = Regex::new(&pattern_).unwrap();
        assert_eq!(names.iter().filter(|name| regex.is_match(name)).count(), 5000 - kept);
        let (_, kept) = pattern(&names, crate::run::go::pattern::LIMIT);
        assert_eq!(kept, 0);
        assert_eq!(pattern([""; 0], 100), (None, 0));
    }

    proptest! {
        #[test]
        fn exactly_the_named_are_left_out(
            names in prop::collection::btree_set("[TA.|#()$é]{1,3}(/[a|.()\\[#é]{0,2}){0,2}", 0..15),
            others in prop::collection::btree_set("[TA.|#()$é]{1,3}(/[a|.()\\[#é]{0,2}){0,2}", 0..15),
        ) {
            let (pattern, kept) = pattern(&names, 10_000);
            prop_assert_eq!(kept, 0);
            for name in names.iter().chain(&others) {
                let named = names.contains(name)
                    || name.match_indices('/').any(|(at, _)| names.contains(&name[..at]));
                let left_out = pattern.as_ref().is_some_and(|pattern| leaves_out(pattern, name));
                prop_assert_eq!(left_out, named, "{:?} {:?}", name, pattern);
            }
        }
    }
}
