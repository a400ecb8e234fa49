//! How runners spell the names of tests.

/// So many owners of a part are tried from either end of its name.
const OWNERS: usize = 8;

/// Returns the tests that `name` may be a part of, the nearest first: `TestA/b/c` is a part of `TestA/b` and of
/// `TestA`, `test_a[1]` one of `test_a`.
pub(super) fn owners(name: &str) -> Vec<&str> {
    let cuts: Vec<usize> = name.match_indices(['/', '[']).map(|(at, _)| at).filter(|at| *at > 0).collect();
    // Names can be made of nothing but such places, and each is a name to look for.
    let far = cuts.len().saturating_sub(OWNERS).min(OWNERS);
    let near = cuts.len().saturating_sub(OWNERS);
    cuts[near..].iter().rev().chain(cuts[..far].iter().rev()).map(|at| &name[..*at]).collect()
}

/// Returns the id of a binary without its kind: nextest's `a::bin/b` is `a::b` to who does not tell kinds apart.
pub(super) fn without_kind(suite: &str) -> Option<String> {
    let (package, rest) = suite.split_once("::")?;
    let (kind, binary) = rest.split_once('/')?;
    matches!(kind, "bin" | "example" | "bench").then(|| format!("{package}::{binary}"))
}

/// Returns what instances of one test have in common, where this is one: `In/P.works/` of GoogleTest's `In/P.works/0`,
/// `Ty.is` of `Ty/0.is`.
pub(super) fn family(name: &str) -> Option<String> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (before, after) = name.rsplit_once('/')?;
    if is_number(after) && before.contains('.') {
        return Some(format!("{before}/"));
    }
    let (number, test) = after.split_once('.')?;
    is_number(number).then(|| format!("{before}.{test}"))
}

/// Returns the families that a name may be of in which instances are called by their values: `In/P.works/"x"`,
/// `Ty.is<int>`.
pub(super) fn families(name: &str) -> Vec<String> {
    let of_type = name.split_once('<').map(|(test, _)| test.to_owned());
    owners(name).into_iter().map(|owner| format!("{owner}/")).chain(of_type).collect()
}

/// Returns suite and name as one name, in every way in which that is done.
pub(super) fn joined(suite: &str, name: &str) -> Vec<String> {
    if suite.is_empty() {
        return Vec::new();
    }
    [".", "::", "#", " ", "/"].iter().map(|between| format!("{suite}{between}{name}")).collect()
}

/// Returns the module that pytest makes of a path.
pub(super) fn pytest_module(path: &str) -> Option<String> {
    Some(path.strip_suffix(".py")?.replace('/', "."))
}

/// Returns the class and the name under which pytest's file of results has a test; `None` for what is none of its.
pub(super) fn pytest_class(suite: &str, name: &str) -> Option<(String, String)> {
    let starts_with_suite = name.strip_prefix(suite).is_some_and(|rest| rest.starts_with("::"));
    let id = match suite {
        "" => name.to_owned(),
        _ if starts_with_suite => name.to_owned(),
        _ => format!("{suite}::{name}"),
    };
    // What is in brackets may look like anything.
    let (plain, parameters) = id.split_at(id.find('[').unwrap_or(id.len()));
    let mut parts = plain.split("::");
    let module = pytest_module(parts.next()?)?;
    let mut parts: Vec<&str> = parts.collect();
    let last = parts.pop()?;
    let class: Vec<String> = std::iter::once(module).chain(parts.into_iter().map(str::to_owned)).collect();
    Some((class.join("."), format!("{last}{parameters}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_owner_comes_first() {
        assert_eq!(owners("TestA/b/c"), ["TestA/b", "TestA"]);
        assert_eq!(owners("test_a[x/y]"), ["test_a[x", "test_a"]);
        assert_eq!(owners("/plain"), [""; 0]);
        let long = format!("T{}", "/x".repeat(1000));
        let owners = owners(&long);
        assert_eq!((owners.len(), owners.last()), (2 * OWNERS, Some(&"T")));
        let few = format!("T{}", "/x".repeat(10));
        assert_eq!(super::owners(&few).len(), 10);
    }

    #[test]
    fn ids_of_pytest() {
        let check = |suite, name| pytest_class(suite, name).map(|(class, name)| format!("{class} | {name}"));
        assert_eq!(check("a/b.py", "K::test[x::y.py]").as_deref(), Some("a.b.K | test[x::y.py]"));
        assert_eq!(check("", "a/b.py::test").as_deref(), Some("a.b | test"));
        assert_eq!(check("a/b.py", "a/b.py::test").as_deref(), Some("a.b | test"));
        assert_eq!(check("shop::it", "buys"), None);
        assert_eq!(
            check("a.py", ""),
            Some(("a".to_owned(), String::new())).map(|(a, b)| format!("{a} | {b}"))
        );
    }
}
