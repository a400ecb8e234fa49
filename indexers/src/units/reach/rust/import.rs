//! Rust's imports.

use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::reach::{Edit, Reach};

use super::super::std_names;
use super::name::is_identifier;

/// What an import brings in.
///
/// Who uses it names it, but for a trait, whose methods are found in all that stands below it. Modules in other files may
/// bring in all of the names of this one, so names are followed everywhere, unless what they mean is the same
/// everywhere.
pub(super) fn imported(module: &str, tree: &str, is_public: bool, edit: Edit) -> Reach {
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
        (true, _) => Reach::Scope { names: identifiers, module: inside(module), is_public },
        _ if identifiers.is_empty() => Reach::Nobody,
        (false, true) => Reach::NamesInFile(identifiers),
        (false, false) if is_public => Reach::Names(identifiers),
        (false, false) => Reach::NamesInModule { names: identifiers, module: inside(module) },
    }
}

/// Returns what the names of units begin with that are in a module of a file.
fn inside(module: &str) -> Box<str> {
    if module.is_empty() { "".into() } else { format!("{module}::").into() }
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
