//! Rust: whom an edit of an item concerns.

mod implementation;
mod import;
mod name;

use std::borrow::Cow;

use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::reach::{Edit, Reach, Weighed};

use super::super::assemble::EXAMPLES;
use super::super::rust_compile_time::HIDDEN;
use super::super::{rust_macros, rust_traits, rust_types};
use super::{identifiers, is_word, names, reached, std_names, without_number};
use implementation::{folder_of_crate, implementation, of_implementation};
use import::imported;
pub(in super::super) use name::constructor;
use name::{as_trait, is_identifier, is_like_type, is_module, last_segment, split, split_top};

/// What the name of a function begins with that the compiler can execute.
const EVALUABLE: &str = "const ";

/// What is named by who looks at types that nobody can name, with a value or without (`fn() -> T` is one of a function that
/// nobody calls): how large they are, what they are called, and which they are.
const WEIGHING: [&str; 8] = [
    "TypeId",
    "align_of",
    "align_of_val",
    "needs_drop",
    "size_of",
    "size_of_val",
    "type_name",
    "type_name_of_val",
];

/// Returns whom an edit of what an item of a file says to others concerns.
pub(super) fn reach(file: &RepoPath, name: &str, edit: Edit) -> Reach {
    // Something was left out.
    if name.contains('…') {
        return Reach::Compiled;
    }
    let name = without_number(name);
    if name == EXAMPLES {
        // They are tests that depend on themselves. Of the first ones nobody knows to whom they belong.
        return if edit == Edit::Added { Reach::Compiled } else { Reach::Nobody };
    }
    let (path, own) = split(name);
    match (own, edit) {
        // What is said of code on the way changes nothing of what becomes of it.
        ("#![allow]" | "#![expect]" | "#![warn]", _) => return Reach::Nobody,
        // It is an example, or it is none; where there was none, nobody has it.
        ("#![doc]", Edit::Head | Edit::Removed) => return Reach::Nobody,
        _ => {}
    }
    let own = own.strip_prefix(EVALUABLE).unwrap_or(own);
    if let Some(tree) = own.strip_prefix("use ") {
        return imported(path, tree, false, edit);
    }
    if let Some(tree) = own.strip_prefix("pub use ") {
        return imported(path, tree, true, edit);
    }
    if let Some(said) = own.strip_prefix("impl ") {
        return implementation(said, edit);
    }
    if let Some(module) = own.strip_prefix("mod ") {
        // What is in it is units of their own, with its attributes in their fingerprints; it takes the place of
        // whatever its name meant. One in another file may bring in a file that was there, and of which nobody knew.
        return if is_word(module) { names([module]) } else { Reach::Compiled };
    }
    // Who uses a macro names it, and where it declares something, that use is an item of its own.
    if let Some(defined) = own.strip_prefix("macro_rules! ") {
        return if is_identifier(defined) { names([defined]) } else { Reach::Compiled };
    }
    if let Some((of, given)) = own.split_once("! ") {
        let is_member = last_segment(path).is_some_and(|of| !is_module(of));
        return used(file, of, &given.split(", ").collect::<Vec<_>>(), is_member, edit);
    }
    if !is_identifier(own) || own == "extern" {
        return Reach::Compiled;
    }
    member(file, path, own, edit)
}

/// Returns whom an edit of what a function does concerns that did not execute it: whoever has the compiler do it.
pub(super) fn reach_of_body(name: &str) -> Reach {
    // Whoever asks for its value names it, whatever it is a member of.
    let (path, own) = split(without_number(name));
    let is_member = last_segment(path).is_some_and(|of| !is_module(of));
    own.strip_prefix(EVALUABLE).map_or(Reach::Nobody, |own| match (is_identifier(own), is_member) {
        (true, true) => Reach::Values(either(own)),
        (true, false) => Reach::Values(identifiers([own])),
        (false, _) => Reach::Compiled,
    })
}

/// Returns what shows of what the compiler makes of code: a future is as large as what it awaits, and so is any other
/// value of which a function's body says the type.
pub(super) fn weighed() -> Weighed {
    Weighed { by: WEIGHING.into_iter().flat_map(either).collect(), only: Some(Identifier::of(HIDDEN)) }
}

/// Returns the mark of a type or the head of an `impl` that says nothing of the types in it to who has no value of one.
pub(super) fn mark_of_holder(name: &str) -> Option<Identifier> {
    let own = split(without_number(name)).1;
    let mark = match own.strip_prefix("impl ") {
        Some(said) => {
            rust_types::plain_impl(constructor(split_top(said, " for ").map_or(said, |(_, of)| of))?)
        }
        None if is_like_type(own) => rust_types::plain(own),
        None => return None,
    };
    Some(Identifier::of(&mark))
}

/// Returns whether a unit is a module in another file, or may declare one.
pub(super) fn opens_module(name: &str) -> bool {
    let own = split(without_number(name)).1;
    let used = own.split_once('!').map(|(used, _)| used).filter(|used| !used.is_empty());
    own.starts_with("mod ") && own.ends_with(';')
        || own == "(unreadable)"
        || used.is_some_and(|used| used != "macro_rules" && rust_macros::keyword_of(used).is_none())
}

/// Returns the files of which `mod name;` brings in one.
pub(super) fn brings_in(file: &RepoPath, name: &str) -> Option<(Vec<RepoPath>, Identifier)> {
    let module = name.strip_prefix("mod ")?.strip_suffix(';')?;
    let module = Some(module.strip_prefix("r#").unwrap_or(module)).filter(|module| is_word(module))?;
    let path = file.as_str();
    let (folder, own) = path.rsplit_once('/').map_or(("", path), |(folder, own)| (folder, own));
    let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    // The root of a crate may have any name, so both places count.
    let below = format!("{folder}{}/", own.strip_suffix(".rs").unwrap_or(own));
    let files = [folder, below]
        .iter()
        .flat_map(|place| [format!("{place}{module}.rs"), format!("{place}{module}/mod.rs")])
        .filter_map(|path| RepoPath::new(path).ok())
        .collect();
    Some((files, Identifier::of(module)))
}

/// Returns whether a unit of a new file means nothing to whoever does not say where it is. That is so of all that is at
/// the top of a module and is neither an implementation, nor a macro, nor acts from afar: imports of it are changes of
/// other files, and so are globs, but those that bring in the module itself.
pub(super) fn is_apart(name: &str) -> bool {
    let name = without_number(name);
    let (path, own) = split(name);
    let is_in_modules = path.is_empty()
        || path.split("::").all(|part| {
            let part = part.strip_prefix("mod ").unwrap_or(part);
            is_identifier(part) && part.starts_with(|c: char| c.is_lowercase() || c == '_')
        });
    let own = own.strip_prefix(EVALUABLE).unwrap_or(own);
    let is_import = own.starts_with("use ") || own.starts_with("pub use ");
    is_in_modules && (is_import || is_identifier(own) && own != "extern") && !name.contains('…')
}

/// A function, a const or a type, at the top of a module, of a type, or of a trait.
fn member(file: &RepoPath, path: &str, own: &str, edit: Edit) -> Reach {
    // `write!` calls what is called so, whatever it is.
    let also = if own == "write_fmt" { &["write", "writeln"][..] } else { &[] };
    let Some(of) = last_segment(path).filter(|of| !is_module(of)) else {
        // What is no member of anything is not called behind a dot.
        let named = names([own].into_iter().chain(also.iter().copied()));
        return match edit == Edit::Head && is_like_type(own) {
            true => if_plain(own, Reach::Made { names: identifiers([own]), layout: layout() }, named),
            false => named,
        };
    };
    let mut member = either(own);
    member.extend(identifiers(also.iter().copied()));
    if let Some((of, of_trait)) = as_trait(of) {
        return of_implementation(file, of, of_trait, own, member, edit);
    }
    // Who means a member of a type names the type or has a value of it, and names the member.
    match constructor(of).filter(|of| of.starts_with(char::is_uppercase) && !std_names::is_type(of)) {
        Some(of) => {
            let narrow = Reach::MadeAndNamed { made: identifiers([of]), also: member.clone() };
            if_plain(of, narrow, both(member, identifiers([of]), std_names::is_common_in_rust(own)))
        }
        None => reached(member),
    }
}

/// The use of a macro, which was given some names first. What it declares nobody knows, but for a few macros that
/// everybody knows, and those that declare functions of these names and nothing else, as all say that are called so.
///
/// Of such a function the compiler may say that it stands where the macro is defined, so who executed that may have
/// executed it. What others see of it is the same whatever else the macro is given.
fn used(file: &RepoPath, of: &str, given: &[&str], is_member: bool, edit: Edit) -> Reach {
    if !given.iter().all(|name| is_identifier(name)) {
        return Reach::Compiled;
    }
    let (path, name) = of.rsplit_once("::").unwrap_or(("", of));
    let named = match is_member {
        true => reached(given.iter().flat_map(|name| either(name)).collect()),
        false => names(given.iter().copied()),
    };
    if rust_macros::keyword_of(name).is_some() {
        return named;
    }
    if !matches!(path, "" | "crate" | "self" | "super" | "$crate") {
        return Reach::Compiled;
    }
    let executed = if edit == Edit::Head { names([name]) } else { named };
    let unless = |mark: Cow<'static, str>, within: RepoPath, otherwise: Reach| Reach::If {
        mentioned: Identifier::of(&mark),
        within,
        then: Box::new(Reach::Compiled),
        otherwise: Box::new(otherwise),
    };
    let if_known = Reach::If {
        mentioned: Identifier::of(&rust_macros::functions(name)),
        within: RepoPath::root(),
        then: Box::new(executed),
        otherwise: Box::new(Reach::Compiled),
    };
    let alone = unless(rust_macros::anything(name), RepoPath::root(), if_known);
    unless(rust_traits::imported(name), folder_of_crate(file), alone)
}

/// Returns one reach if all types of a name are plain ones, and another if not.
fn if_plain(of: &str, narrow: Reach, wide: Reach) -> Reach {
    let choose = |mark: Cow<'static, str>, then: Reach, otherwise: Reach| Reach::If {
        mentioned: Identifier::of(&mark),
        within: RepoPath::root(),
        then: Box::new(then),
        otherwise: Box::new(otherwise),
    };
    let is_plain = choose(rust_types::plain(of), narrow, wide.clone());
    let no_trait = choose(rust_traits::declared(of), wide.clone(), is_plain);
    choose(rust_types::made(of), wide, no_trait)
}

/// Returns the names by which the memory of values is looked at.
fn layout() -> Vec<Identifier> {
    rust_types::LAYOUT.iter().flat_map(|name| either(name)).collect()
}

/// Returns the name of a member, behind a dot or in a path.
fn either(own: &str) -> Vec<Identifier> {
    let own = own.strip_prefix("r#").unwrap_or(own);
    vec![Identifier::of(own), Identifier::of_member(own)]
}

/// Returns whom both the name of a member and those of types concern.
fn both(member: Vec<Identifier>, types: Vec<Identifier>, is_common: bool) -> Reach {
    match is_common {
        true => Reach::Both { first: types, also: member },
        false => Reach::Both { first: member, also: types },
    }
}
