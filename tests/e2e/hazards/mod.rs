//! The hazard corpus: edits that change what tests do in ways that coverage does not show.
//!
//! Each language has a project below `tests/hazards/<language>/base` and cases beside it, one file each. The project
//! is recorded once. For each case all tests run on both sides with the language's own tools; a case fails if a test
//! whose result or output is another was left out. `docs/hazards.md` says how to write one.
//!
//! ```console
//! $ SKIPTRACE_HAZARD=H04 cargo test -p skiptrace-tests --test e2e hazards::rust      # cases whose name contains it
//! ```

use std::collections::BTreeMap;

mod bench;
mod case;
mod corpus;
mod go;
mod native;
mod results;
mod rust;
mod select;
mod verdict;

use case::Case;

/// How many cases each hazard has at least, in each language.
const CASES: usize = 8;

/// Hazards that a language does not have, and why.
const ABSENT: [(&str, &str, &str); 0] = [];

#[test]
fn rust() {
    corpus::check("rust", &rust::Rust::new());
}

#[test]
#[cfg(unix)]
fn go() {
    if let Some(go) = go::Go::new() {
        corpus::check("go", &go);
    }
}

#[test]
#[cfg(unix)]
#[cfg_attr(not(target_os = "linux"), ignore = "only Linux tells which files are opened")]
fn native() {
    if let Some(native) = native::Native::new() {
        corpus::check("native", &native);
    }
}

/// The corpus is worth what is in it.
#[test]
fn every_hazard_has_its_cases() {
    let mut few = Vec::new();
    for language in ["rust", "go", "native"] {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for case in Case::all(language) {
            *counts.entry(case.hazard).or_default() += 1;
        }
        for hazard in (1..=16).map(|number| format!("H{number}")) {
            if ABSENT.iter().any(|(of, absent, _)| *of == language && *absent == hazard) {
                continue;
            }
            let count = counts.get(&hazard).copied().unwrap_or_default();
            if count < CASES {
                few.push(format!("{language} {hazard}: {count}"));
            }
        }
    }
    assert!(few.is_empty(), "these have fewer than {CASES} cases:\n{}", few.join("\n"));
}
