//! Rust's implementations, and what is in those of traits.

use std::borrow::Cow;
use std::collections::BTreeSet;

use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::reach::{Edit, Reach};

use super::super::super::rust_traits;
use super::super::{identifiers, names, reached, std_names};
use super::name::{constructor, is_of_word, named_types, parameters_of_trait, split_top};
use super::{either, if_plain};

/// What an `impl` of a trait holds. The language and other crates call it without naming it, so it concerns whoever
/// named the type. If nobody can, for the type is `&T`, `Vec<u8>` or any, then the trait is of this crate, and who calls
/// it names it; or a type of this crate is a parameter of the trait.
pub(super) fn of_implementation(
    file: &RepoPath,
    of: &str,
    of_trait: &str,
    own: &str,
    member: Vec<Identifier>,
    edit: Edit,
) -> Reach {
    let mut concerned = named_types(of);
    if concerned.is_empty() {
        concerned = parameters_of_trait(of_trait);
    }
    let types = identifiers(concerned.iter().copied());
    let name = constructor(of_trait).unwrap_or_default();
    if types.is_empty() {
        return reached(member);
    }
    if std_names::is_trait(name) {
        return match comes_with_trait(of, of_trait, edit).filter(|_| !std_names::is_optional_in(name, own)) {
            Some(methods) => unless_blanket(name, methods, &concerned),
            None if std_names::is_common_in_rust(own) => reached(types),
            None => reached(types.into_iter().chain(member).collect()),
        };
    }
    // A type of another crate may have traits of this one only, and a trait of another crate is called there.
    let any = reached(types.into_iter().chain(member.iter().copied()).collect());
    if !rust_traits::is_own(of_trait) {
        return any;
    }
    // One of the crate's own is called by who names what it holds, unless one of the same name is another crate's.
    let within = folder_of_crate(file);
    let mark = |mark: Cow<'static, str>| Identifier::of(&mark);
    let if_own = Reach::If {
        mentioned: mark(rust_traits::declared(name)),
        within: RepoPath::root(),
        then: Box::new(reached(member)),
        otherwise: Box::new(any.clone()),
    };
    Reach::If {
        mentioned: mark(rust_traits::imported(name)),
        within,
        then: Box::new(any),
        otherwise: Box::new(if_own),
    }
}

/// Returns the names by which the members of a trait are called, if that a type has the trait says nothing to anybody
/// who calls none of them: without it nobody's code was compiled that has the language call them.
///
/// Not so where a number has it or is a parameter: a literal may become another type then.
fn comes_with_trait(of: &str, of_trait: &str, edit: Edit) -> Option<Vec<Identifier>> {
    let is_there_once = matches!(edit, Edit::Added | Edit::Removed);
    let methods = std_names::methods_of(constructor(of_trait)?).filter(|_| is_there_once)?;
    let mut words = [of, of_trait].into_iter().flat_map(|said| said.split(|c| !is_of_word(c)));
    let has_number = words.any(std_names::is_number);
    (!has_number).then(|| methods.iter().flat_map(|method| either(method)).collect())
}

/// Returns whom both the methods of a trait and types concern. An `impl` for any type that has a trait may bring in more
/// methods with it.
fn unless_blanket(of_trait: &str, methods: Vec<Identifier>, concerned: &BTreeSet<&str>) -> Reach {
    let types = identifiers(concerned.iter().copied());
    let both = Reach::Both { first: types.clone(), also: methods.clone() };
    let otherwise = match concerned.first() {
        Some(of) if concerned.len() == 1 && std_names::takes_values(of_trait) => {
            if_plain(of, Reach::MadeAndNamed { made: types.clone(), also: methods }, both)
        }
        _ => both,
    };
    std_names::implied_by(of_trait).into_iter().fold(otherwise, |otherwise, implied| Reach::If {
        mentioned: Identifier::of(&rust_traits::blanket(implied)),
        within: RepoPath::root(),
        then: Box::new(reached(types.clone())),
        otherwise: Box::new(otherwise),
    })
}

/// Returns the folder that all of a crate's files are in, by the name that it has most times.
pub(super) fn folder_of_crate(file: &RepoPath) -> RepoPath {
    let mut folder = file.parent().unwrap_or_else(RepoPath::root);
    let parts: Vec<&str> = file.as_str().split('/').collect();
    if let Some(at) = parts.iter().rposition(|part| *part == "src") {
        folder = RepoPath::new(parts[..=at].join("/")).unwrap_or(folder);
    }
    folder
}

/// The head of an `impl`. That it is there changes what methods mean that it does not hold itself, and what a type can
/// be used for.
pub(super) fn implementation(said: &str, edit: Edit) -> Reach {
    let Some((of_trait, of)) = split_top(said, " for ") else {
        let Some(of) = constructor(said) else { return Reach::Compiled };
        // All that is in it is units of their own, which its head is part of.
        return if edit == Edit::Head { names([of]) } else { Reach::Nobody };
    };
    let is_negative = of_trait.starts_with('!');
    let of_trait = of_trait.strip_prefix('!').unwrap_or(of_trait);
    let is_std_trait = constructor(of_trait).is_some_and(std_names::is_trait);
    let concerned = named_types(of);
    let first = of.split("::").next().unwrap_or(of);
    let may_be_foreign = of.contains("::") && !matches!(first, "crate" | "self" | "super");
    match (concerned.is_empty(), is_std_trait) {
        // The trait is of this crate, and nobody names the type. Who calls one of its methods names no more than that.
        (true, false) => Reach::Compiled,
        (false, false) if may_be_foreign => Reach::Compiled,
        (false, _) => match comes_with_trait(of, of_trait, edit).filter(|_| is_std_trait && !is_negative) {
            Some(methods) => unless_blanket(constructor(of_trait).unwrap_or_default(), methods, &concerned),
            None => names(concerned),
        },
        // `impl From<Own> for String`.
        (true, true) => match parameters_of_trait(of_trait) {
            none if none.is_empty() => Reach::Compiled,
            parameters => names(parameters),
        },
    }
}
