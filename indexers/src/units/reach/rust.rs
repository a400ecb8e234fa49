//! Rust: whom an edit of an item concerns.

use std::collections::BTreeSet;

use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::reach::{Edit, Reach};

use super::super::assemble::EXAMPLES;
use super::{is_word, names, std_names, without_number};

/// What the name of a function begins with that the compiler can execute.
const EVALUABLE: &str = "const ";

/// Returns whom an edit of what an item says to others concerns.
pub(super) fn reach(name: &str, edit: Edit) -> Reach {
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
    // What a macro declares nobody knows, but for those whose name tells.
    if let Some((_, declared)) = own.split_once("! ") {
        let declared: Vec<&str> = declared.split(", ").collect();
        return if declared.iter().all(|name| is_identifier(name)) {
            names(declared)
        } else {
            Reach::Compiled
        };
    }
    if !is_identifier(own) || own == "extern" {
        return Reach::Compiled;
    }
    member(path, own)
}

/// Returns whom an edit of what a function does concerns that did not execute it: whoever has the compiler do it.
pub(super) fn reach_of_body(name: &str) -> Reach {
    // Whoever asks for its value names it, whatever it is a member of.
    split(without_number(name)).1.strip_prefix(EVALUABLE).map_or(Reach::Nobody, |own| {
        match is_identifier(own) {
            true => Reach::Values(vec![Identifier::of(own.strip_prefix("r#").unwrap_or(own))]),
            false => Reach::Compiled,
        }
    })
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

fn is_identifier(text: &str) -> bool {
    is_word(text.strip_prefix("r#").unwrap_or(text))
}

/// A function, a const or a type, at the top of a module, of a type, or of a trait.
fn member(path: &str, own: &str) -> Reach {
    let of = last_segment(path);
    // `write!` calls what is called so, whatever it is.
    let also = if own == "write_fmt" { &["write", "writeln"][..] } else { &[] };
    if let Some((of, of_trait)) = of.and_then(as_trait) {
        return of_implementation(of, of_trait, own, also);
    }
    // Who means a member of a type names the type or has a value of it, and names the member. Either would do, so it is
    // the one that says more. Modules are no types; those that look like one are told by their path.
    let of = of.filter(|_| also.is_empty()).and_then(constructor);
    let of = of.filter(|of| of.starts_with(char::is_uppercase) && !std_names::is_type(of));
    match of {
        Some(of) if std_names::is_common_in_rust(own) => names([of]),
        _ => names([own].into_iter().chain(also.iter().copied())),
    }
}

/// What an `impl` of a trait holds. The language and other crates call it without naming it, so it concerns whoever
/// named the type. If nobody can, for the type is `&T`, `Vec<u8>` or any, then the trait is of this crate, and who calls
/// it names it; or a type of this crate is a parameter of the trait.
fn of_implementation(of: &str, of_trait: &str, own: &str, also: &[&str]) -> Reach {
    let mut concerned = named_types(of);
    if concerned.is_empty() {
        concerned = parameters_of_trait(of_trait);
    }
    // A type of another crate may have traits of this one only.
    let is_own_trait = !constructor(of_trait).is_some_and(std_names::is_trait);
    let mut all: Vec<&str> = concerned.iter().copied().collect();
    if all.is_empty() || is_own_trait || !std_names::is_common_in_rust(own) {
        all.push(own);
    }
    all.extend(also);
    names(all)
}

/// The head of an `impl`. That it is there changes what methods mean that it does not hold itself, and what a type can
/// be used for.
fn implementation(said: &str, edit: Edit) -> Reach {
    let Some((of_trait, of)) = split_top(said, " for ") else {
        let Some(of) = constructor(said) else { return Reach::Compiled };
        // All that is in it is units of their own, which its head is part of.
        return if edit == Edit::Head { names([of]) } else { Reach::Nobody };
    };
    let of_trait = of_trait.strip_prefix('!').unwrap_or(of_trait);
    let is_std_trait = constructor(of_trait).is_some_and(std_names::is_trait);
    let concerned = named_types(of);
    let first = of.split("::").next().unwrap_or(of);
    let may_be_foreign = of.contains("::") && !matches!(first, "crate" | "self" | "super");
    match (concerned.is_empty(), is_std_trait) {
        // The trait is of this crate, and nobody names the type. Who calls one of its methods names no more than that.
        (true, false) => Reach::Compiled,
        (false, false) if may_be_foreign => Reach::Compiled,
        (false, _) => names(concerned),
        // `impl From<Own> for String`.
        (true, true) => match parameters_of_trait(of_trait) {
            none if none.is_empty() => Reach::Compiled,
            parameters => names(parameters),
        },
    }
}

/// What an import brings in.
///
/// Who uses it names it, but for a trait, whose methods are found in all that stands below it. Modules in other files may
/// bring in all of the names of this one, so names are followed everywhere, unless what they mean is the same
/// everywhere.
fn imported(module: &str, tree: &str, is_public: bool, edit: Edit) -> Reach {
    let mut leaves = Vec::new();
    if !leaves_of(tree, "", &mut leaves) {
        return Reach::Compiled;
    }
    let (mut all, mut in_file_only, mut finds_methods) = (Vec::new(), true, false);
    for leaf in &leaves {
        let (path, alias) = match leaf.split_once(" as ") {
            Some((path, alias)) => (path, Some(alias)),
            None => (leaf.as_str(), None),
        };
        let path = path.strip_suffix("::self").unwrap_or(path);
        let path = path.strip_prefix("::").unwrap_or(path);
        let last = path.rsplit("::").next().unwrap_or(path);
        let root = path.split("::").next().unwrap_or(path);
        if last == "*" {
            // Something in it means another thing, or who else imports from here sees it: nobody knows the names.
            if is_public || edit == Edit::Head {
                return Reach::Compiled;
            }
            (in_file_only, finds_methods) = (false, true);
            continue;
        }
        let name = alias.unwrap_or(last);
        if !is_identifier(last) || !is_identifier(name) {
            return Reach::Compiled;
        }
        // A trait without a name is there for its methods, also for those who import from here.
        if name == "_" {
            if is_public {
                return Reach::Compiled;
            }
            (in_file_only, finds_methods) = (false, true);
            continue;
        }
        all.push(name);
        let is_of_std = matches!(root, "std" | "core" | "alloc") && path.contains("::");
        let is_lower = last.trim_start_matches("r#").starts_with(|c: char| c.is_lowercase() || c == '_');
        let is_value = last.contains('_') && !last.contains(char::is_lowercase);
        let is_no_trait = is_lower || is_value || is_of_std && std_names::is_type(last);
        // Also where it comes from this crate, which may hand on one of another.
        finds_methods |= !is_no_trait;
        in_file_only &= is_of_std && is_no_trait && !is_public && !std_names::is_in_prelude(name);
    }
    let mut identifiers: Vec<Identifier> =
        all.iter().map(|name| Identifier::of(name.strip_prefix("r#").unwrap_or(name))).collect();
    identifiers.sort_unstable();
    identifiers.dedup();
    match (finds_methods, in_file_only) {
        (true, _) => {
            let module = if module.is_empty() { String::new() } else { format!("{module}::") };
            Reach::Scope { names: identifiers, module: module.into(), is_public }
        }
        _ if identifiers.is_empty() => Reach::Nobody,
        (false, true) => Reach::NamesInFile(identifiers),
        (false, false) => Reach::Names(identifiers),
    }
}

/// Adds each path that a tree of imports brings in, `as` what; returns whether it could be read.
fn leaves_of(tree: &str, prefix: &str, leaves: &mut Vec<String>) -> bool {
    let tree = tree.trim();
    match tree.find('{') {
        None => {
            if !tree.is_empty() {
                leaves.push(format!("{prefix}{tree}"));
            }
            !tree.contains('}')
        }
        Some(open) => {
            let Some(list) = tree[open + 1..].strip_suffix('}') else { return false };
            let prefix = format!("{prefix}{}", &tree[..open]);
            let mut depth = 0_usize;
            let mut from = 0;
            let mut parts = Vec::new();
            for (at, c) in list.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' => match depth.checked_sub(1) {
                        Some(less) => depth = less,
                        None => return false,
                    },
                    ',' if depth == 0 => {
                        parts.push(&list[from..at]);
                        from = at + 1;
                    }
                    _ => {}
                }
            }
            parts.push(&list[from..]);
            depth == 0 && parts.into_iter().all(|part| leaves_of(part, &prefix, leaves))
        }
    }
}

/// Returns the name of the type that stands before all parameters: `Point` of `&'a shapes::Point<T>`. A tuple, a slice, a
/// pointer to a function has none, and neither has a parameter of an `impl`.
pub(in super::super) fn constructor(of: &str) -> Option<&str> {
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
fn named_types(of: &str) -> BTreeSet<&str> {
    match constructor(of) {
        Some(name) if !std_names::is_type(name) => BTreeSet::from([name]),
        _ => types_in(of),
    }
}

fn parameters_of_trait(of_trait: &str) -> BTreeSet<&str> {
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

fn is_of_word(c: char) -> bool {
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
fn split(name: &str) -> (&str, &str) {
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
fn last_segment(path: &str) -> Option<&str> {
    let mut rest = path;
    while let Some(at) = find_top(rest, "::") {
        rest = &rest[at + 2..];
    }
    (!rest.is_empty()).then_some(rest)
}

/// Returns type and trait of `<Type as Trait>`.
fn as_trait(segment: &str) -> Option<(&str, &str)> {
    split_top(segment.strip_prefix('<')?.strip_suffix('>')?, " as ")
}

fn split_top<'s>(text: &'s str, by: &str) -> Option<(&'s str, &'s str)> {
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
