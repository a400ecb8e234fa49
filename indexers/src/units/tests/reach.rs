//! Whom edits concern, seen: what became of the units of a file, and who hears of it.

mod c;
mod go;
mod rust;

use std::collections::{BTreeMap, BTreeSet};

use skiptrace_engine::fingerprint::{Fingerprint, Identifier};
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::reach::{Edit, Language as _, Reach};
use skiptrace_engine::unit::{Unit, UnitKind};

use super::super::reach::Languages;
use super::super::{Language, cut};

type Units = BTreeMap<(UnitKind, Box<str>), Fingerprint>;

fn units(path: &RepoPath, source: &str) -> Units {
    let known = |unit: Unit| Some(((unit.kind, unit.name), unit.fingerprint?));
    cut(Language::of(path), source.as_bytes()).into_iter().filter_map(known).collect()
}

/// Returns what became of each unit, a line each, with whom it concerns.
fn edits(path: &str, old: &str, new: &str) -> String {
    let path: RepoPath = path.parse().unwrap();
    let (before, after) = (units(&path, old), units(&path, new));
    let mut lines = Vec::new();
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let edit = match (before.get(key), after.get(key)) {
            (None, _) => Edit::Added,
            (_, None) => Edit::Removed,
            (Some(then), Some(now)) if then == now => continue,
            (Some(then), Some(now)) if key.0 == UnitKind::Function && then.has_same_head(*now) => Edit::Body,
            _ => Edit::Head,
        };
        let reach = Languages::default().reach(&path, key.0, &key.1, edit);
        let name = if key.1.is_empty() { key.0.name() } else { &key.1 };
        let said = format!("{edit:?} {name}: {}", shown(&reach, &[old, new]));
        lines.push(said);
    }
    lines.join("\n")
}

/// What edits concern that need not be in a source.
#[rustfmt::skip]
const STANDARD: &[&str] = &[
    "Into", "ToString", "TryFrom", "TryInto", "eq", "fmt", "from", "into", "ne", "to_string", "write", "writeln",
];

/// Shows names by looking for them in the sources.
fn shown(reach: &Reach, sources: &[&str]) -> String {
    let words = sources.iter().flat_map(|source| source.split(|c: char| !c.is_alphanumeric() && c != '_'));
    let words: BTreeSet<&str> = words.chain(STANDARD.iter().copied()).collect();
    let both = |word: &str| {
        let (bare, member) = (Identifier::of(word), Identifier::of_member(word));
        [(bare, word.to_owned()), (member, format!(".{word}"))]
    };
    let known: BTreeMap<Identifier, String> = words.iter().copied().flat_map(both).collect();
    let list = |names: &[Identifier]| {
        let names: BTreeSet<&str> =
            names.iter().map(|name| known.get(name).map_or("?", String::as_str)).collect();
        // A name that may as well stand behind a dot is shown once, with the dot.
        let is_alone = |name: &&&str| name.starts_with('.') || !names.contains(&*format!(".{name}"));
        let shown = |name: &&str| match name.strip_prefix('.') {
            Some(bare) if !names.contains(bare) => format!("only {name}"),
            _ => (*name).to_owned(),
        };
        names.iter().filter(is_alone).map(shown).collect::<Vec<_>>().join(" ")
    };
    match reach {
        Reach::Nobody => "nobody".to_owned(),
        Reach::Names(names) => format!("who names {}", list(names)),
        Reach::NamesInFile(names) => format!("who names {} here", list(names)),
        Reach::NamesInModule { names, module } => {
            let inside = if module.is_empty() { "this module" } else { module };
            format!("who names {} in {inside} or below", list(names))
        }
        Reach::Made { names, .. } => format!("who has a {}", list(names)),
        Reach::MadeAndNamed { made, also } => format!("who has a {} and names {}", list(made), list(also)),
        Reach::Both { first, also } => format!("who names {} and {}", list(first), list(also)),
        Reach::If { mentioned, within, then, otherwise } => {
            let mark = words
                .iter()
                .flat_map(|word| {
                    ["trait", "use", "any", "functions by", "anything by", "made", "plain"]
                        .map(|mark| format!("{mark} {word}"))
                })
                .find(|mark| Identifier::of(mark) == *mentioned);
            let within = if *within == RepoPath::root() { String::new() } else { format!(" in {within}") };
            let [then, otherwise] = [then, otherwise].map(|reach| shown(reach, sources));
            format!("if `{}`{within}: {then}; if not: {otherwise}", mark.unwrap_or_default())
        }
        Reach::IfAsked { method, then, otherwise } => {
            let [then, otherwise] = [then, otherwise].map(|reach| shown(reach, sources));
            format!("if somebody may ask for {}: {then}; if not: {otherwise}", list(&[*method]))
        }
        Reach::Scope { names, module, is_public } => {
            let glob = if *is_public { ", a glob" } else { "" };
            let inside = if module.is_empty() { String::new() } else { format!(" in {module}") };
            format!("who runs this file{inside}{glob} or names {}", list(names)).trim_end().to_owned()
        }
        Reach::Values(names) => format!("whom the compiler gave {}", list(names)),
        Reach::Compiled => "who was compiled from it".to_owned(),
    }
}

/// Returns what adding `code` to a file concerns, which is what removing it does.
fn addition(path: &str, around: &str, code: &str) -> String {
    let with = around.replace("…", code);
    let without = around.replace("…", "");
    let (added, removed) = (edits(path, &without, &with), edits(path, &with, &without));
    assert_eq!(added.replace("Added", "Removed"), removed, "{code}");
    added.replace("Added ", "")
}

#[test]
fn macros_are_known_by_what_they_are_called() {
    let name = |path: &str, unit: &str| {
        Languages::default().macro_name(&path.parse().unwrap(), UnitKind::Item, unit)
    };
    for (path, unit) in [("a.h", "#define SPOT"), ("a.cpp", "#define SPOT#2"), ("a.rs", "macro_rules! SPOT")]
    {
        assert_eq!(name(path, unit), Some(Identifier::of("SPOT")), "{unit}");
    }
    for (path, unit) in
        [("a.h", "SPOT"), ("a.rs", "#define SPOT"), ("a.go", "SPOT"), ("a.txt", "#define SPOT")]
    {
        assert_eq!(name(path, unit), None, "{unit}");
    }
}
