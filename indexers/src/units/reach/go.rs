//! Go: whom an edit of a declaration concerns.

use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::reach::{Ordered, Reach, Weighed};
use skiptrace_engine::unit::{SourceFile, Unit, UnitKind};

use super::super::go::{ACTS, LINKED};
use super::super::{Language, cut};
use super::{identifiers, is_word, names, std_names, without_number};

/// What is named by who counts how often memory is asked for. Whether a value needs any hangs on all functions that may
/// be given its address.
const COUNTING: [&str; 5] = ["AllocedBytesPerOp", "AllocsPerOp", "AllocsPerRun", "MemAllocs", "ReadMemStats"];

/// Returns whom an edit of what a declaration says to others concerns.
pub(super) fn reach(name: &str) -> Reach {
    let name = without_number(name);
    // It is called by another name, which is in a comment.
    if name.starts_with(LINKED) {
        return Reach::Compiled;
    }
    match name.split_once(' ') {
        Some(("import", what)) => import(what),
        // Who uses one names it. What checks something for the compiler alone is called `_`.
        Some(("const" | "type", declared)) => list(declared),
        // One that runs code does so in whoever links the package.
        Some(("var", declared)) if declared.ends_with(ACTS) => Reach::Compiled,
        Some(("var", declared)) => list(declared),
        // The package's name, and the conditions under which the file is built.
        Some(("package", _)) => Reach::Compiled,
        Some(_) => Reach::Compiled,
        None => function(name),
    }
}

fn list(declared: &str) -> Reach {
    match declared.split(", ").all(is_word) {
        true => names(declared.split(", ")),
        false => Reach::Compiled,
    }
}

/// Returns what shows of what the compiler makes of code.
pub(super) fn weighed() -> Weighed {
    Weighed { by: identifiers(COUNTING), only: None }
}

/// Returns what a declaration is mentioned by, if variables may wait for it or for what it mentions.
pub(super) fn ordered(name: &str) -> Option<Ordered> {
    let name = without_number(name);
    let of = |declared: &str, is_variable, acts| {
        let names = identifiers(declared.split(", "));
        Some(Ordered { names, is_variable, is_member: false, acts })
    };
    match name.split_once(' ') {
        Some(("var", declared)) => {
            let quiet = declared.strip_suffix(ACTS);
            of(quiet.unwrap_or(declared), true, quiet.is_some())
        }
        Some(("const", declared)) => of(declared, false, false),
        Some(_) => None,
        None => match name.rsplit_once('.') {
            Some((_, simple)) => of(simple, false, false).map(|own| Ordered { is_member: true, ..own }),
            None => of(name, false, false),
        },
    }
}

/// A method takes the place of a promoted one, makes its type one of an interface, or stops to: all of that concerns
/// values of the type, and whoever has one executed something that names the type or what embeds it. Whoever calls the
/// method, or an interface of the repository that has it, names it. Other modules need not, nor whatever looks at the
/// methods of a type as it runs: where there is any of that which may ask for it, whoever has a value is concerned. It
/// never may for a method that is not exported.
fn function(name: &str) -> Reach {
    let (receiver, simple) = match name.rsplit_once('.') {
        Some((receiver, simple)) => (Some(receiver), simple),
        None => (None, name),
    };
    if !is_word(simple) {
        return Reach::Compiled;
    }
    let Some(receiver) = receiver else {
        // These are started by nobody who names them.
        return match simple {
            "init" | "TestMain" | "main" => Reach::Compiled,
            _ => names([simple]),
        };
    };
    let of = receiver.strip_prefix("(*").and_then(|of| of.strip_suffix(')')).unwrap_or(receiver);
    if !is_word(of) {
        return Reach::Compiled;
    }
    let (is_common, is_exported) =
        (std_names::is_common_in_go(simple), simple.starts_with(char::is_uppercase));
    let called = match is_common {
        // Others are called the same, but nobody calls this one without a value of the type.
        true => Reach::Both { first: identifiers([of]), also: identifiers([simple]) },
        false => names([simple]),
    };
    match is_exported {
        true => Reach::IfAsked {
            method: Identifier::of(simple),
            then: Box::new(if is_common { names([of]) } else { names([of, simple]) }),
            otherwise: Box::new(called),
        },
        false => called,
    }
}

/// Returns whether all that a new file does, the units of it do, each by itself: it could as well stand at the end of another
/// file of the package. The go tool takes it up under all conditions, and it has no C.
pub(super) fn speaks_for_itself(file: &SourceFile) -> bool {
    let is_c = |name: &str| name.ends_with(" \"C\"") || name.ends_with(" `C`");
    let is_known = |unit: &Unit| {
        matches!(unit.kind, UnitKind::Function | UnitKind::Item) && !is_c(without_number(&unit.name))
    };
    file.units.iter().all(is_known) && file.units.iter().any(is_plain_clause)
}

/// Returns whether a unit is the clause that says which package a file belongs to, and has nothing besides: no conditions
/// of the build, no settings.
pub(super) fn is_plain_clause(unit: &Unit) -> bool {
    let is_clause = unit.name.strip_prefix("package ").is_some_and(is_word);
    let alone = || cut(Some(Language::Go), format!("{}\n", unit.name).as_bytes());
    is_clause && alone().iter().any(|alone| alone.fingerprint == unit.fingerprint)
}

/// An import names something for its file, and links a package, which runs what it does at its start. Of the standard
/// library nobody sees that, but for packages that tell others of themselves.
fn import(what: &str) -> Reach {
    let (alias, quoted) = match what.rsplit_once(' ') {
        Some((alias, quoted)) => (Some(alias), quoted),
        None => (None, what),
    };
    let path = quoted.trim_matches(['"', '`']);
    if !std_names::is_quiet_go_package(path) {
        return Reach::Compiled;
    }
    let mut parts = path.rsplit('/');
    let last = parts.next().unwrap_or(path);
    let is_version =
        last.strip_prefix('v').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    let own = if is_version { parts.next().unwrap_or(last) } else { last };
    match alias {
        Some("." | "_") => Reach::Compiled,
        Some(alias) => Reach::NamesInFile(vec![Identifier::of(alias)]),
        None => Reach::NamesInFile(vec![Identifier::of(own)]),
    }
}
