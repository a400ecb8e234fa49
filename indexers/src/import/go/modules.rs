//! Where packages are, going by the `go.mod` files of the repository.

use std::collections::{BTreeMap, BTreeSet};

use skiptrace_engine::path::RepoPath;

use crate::go::home::{Modules as Standard, PackageId, import_path};
use crate::record::sources::Tree;

/// Where a package is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Site {
    /// In one of these folders of the repository, mostly one.
    Folders(Vec<RepoPath>),
    /// Not in the repository.
    Elsewhere,
    /// Nobody can say.
    Unknown,
}

/// Module paths, and where they lead.
#[derive(Debug, Default)]
pub(super) struct ModuleMap {
    /// Modules of the repository: those that a `go.mod` declares, that a `replace` takes from a folder, that are in a
    /// `vendor`. Each has all folders that are said to be it.
    folders: BTreeMap<Box<str>, BTreeSet<RepoPath>>,
    /// Modules that are only required.
    elsewhere: BTreeSet<Box<str>>,
    /// What the user says.
    prefixes: BTreeMap<Box<str>, RepoPath>,
}

impl ModuleMap {
    /// Reads what the repository's files say of modules.
    pub(super) fn read(
        tracked: &BTreeSet<RepoPath>,
        tree: &dyn Tree,
        prefixes: &[(Box<str>, RepoPath)],
    ) -> ModuleMap {
        let mut map = ModuleMap { prefixes: prefixes.iter().cloned().collect(), ..ModuleMap::default() };
        for path in tracked {
            let (folder, name) = path.as_str().rsplit_once('/').unwrap_or(("", path.as_str()));
            let is_about_modules = matches!(name, "go.mod" | "go.work" | "go.sum" | "go.work.sum");
            let is_vendored = name == "modules.txt" && (folder == "vendor" || folder.ends_with("/vendor"));
            let around = if is_vendored { folder.trim_end_matches("vendor") } else { folder };
            if !(is_about_modules || is_vendored) || around.split('/').any(is_ignored) {
                continue;
            }
            let Some(text) = tree.read(path) else { continue };
            let text = String::from_utf8_lossy(&text);
            match name {
                "go.mod" | "go.work" => map.add_directives(folder, &text),
                "modules.txt" => map.add_vendored(folder, &text),
                _ => {
                    let paths = text.lines().filter_map(|line| line.split_whitespace().next());
                    map.elsewhere.extend(paths.map(Into::into));
                }
            }
        }
        map
    }

    /// Says where a package is. The longest path that it is below decides.
    pub(super) fn site(&self, package: &PackageId<'_>) -> Site {
        let full = import_path(package.path);
        // External tests are a package of their own in the same folder.
        let path = full.strip_suffix("_test").filter(|_| package.name.ends_with("_test")).unwrap_or(full);
        let above =
            || std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(above, _)| above));
        for above in above() {
            let rest = path[above.len()..].trim_start_matches('/');
            if let Some(folder) = self.prefixes.get(above) {
                return one_of([folder], rest);
            }
            // A module that nobody named is not the one around it: it may be that one's neighbour in the cache.
            let is_its_own = package.module.is_empty() || package.module == above;
            if let Some(folders) = self.folders.get(above) {
                return if is_its_own { one_of(folders, rest) } else { Site::Unknown };
            }
            if self.elsewhere.contains(above) {
                return if is_its_own { Site::Elsewhere } else { Site::Unknown };
            }
        }
        match Standard::new().folder(&PackageId { module: "", ..*package }) {
            Some(None) if package.module.is_empty() => Site::Elsewhere,
            _ => Site::Unknown,
        }
    }

    fn add_directives(&mut self, folder: &str, text: &str) {
        for words in directives(text) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["module", path, ..] => self.add(path, RepoPath::new(folder).ok()),
                ["require", path, ..] => {
                    self.elsewhere.insert((*path).into());
                }
                ["replace", path, rest @ ..] => {
                    let Some(at) = rest.iter().position(|word| *word == "=>") else { continue };
                    let Some(with) = rest.get(at + 1) else { continue };
                    let is_folder =
                        with.starts_with("./") || with.starts_with("../") || [".", ".."].contains(with);
                    // A folder outside of the repository, or another module, is elsewhere like what is required.
                    match is_folder.then(|| resolve(folder, with)).flatten() {
                        Some(folder) => self.add(path, Some(folder)),
                        None => {
                            self.elsewhere.insert((*path).into());
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn add_vendored(&mut self, vendor: &str, text: &str) {
        for line in text.lines().filter_map(|line| line.strip_prefix("# ")) {
            let Some(path) = line.split_whitespace().next() else { continue };
            self.add(path, RepoPath::new(format!("{vendor}/{path}")).ok());
        }
    }

    fn add(&mut self, path: &str, folder: Option<RepoPath>) {
        let entry = self.folders.entry(path.into()).or_default();
        entry.extend(folder);
    }
}

fn one_of<'f>(folders: impl IntoIterator<Item = &'f RepoPath>, rest: &str) -> Site {
    let join = |folder: &RepoPath| match (folder.as_str(), rest) {
        ("", rest) => RepoPath::new(rest).ok(),
        (_, "") => Some(folder.clone()),
        (folder, rest) => RepoPath::new(format!("{folder}/{rest}")).ok(),
    };
    let folders: Vec<RepoPath> = folders.into_iter().filter_map(join).collect();
    if folders.is_empty() { Site::Unknown } else { Site::Folders(folders) }
}

/// The go command never looks for packages there.
fn is_ignored(name: &str) -> bool {
    matches!(name, "vendor" | "testdata") || name.starts_with(['.', '_'])
}

/// Returns the words of each directive of a `go.mod` or `go.work`, each with the verb of its block.
fn directives(text: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let mut block: Option<String> = None;
    for line in text.lines() {
        let words = words(line);
        let is_end = words.first().is_some_and(|word| word == ")");
        match (&block, words.as_slice()) {
            (_, []) => {}
            (Some(_), _) if is_end => block = None,
            (Some(verb), words) => all.push([std::slice::from_ref(verb), words].concat()),
            (None, [verb, open]) if open == "(" => block = Some(verb.clone()),
            (None, words) => all.push(words.to_vec()),
        }
    }
    all
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            break;
        }
        let end;
        if first == '"' || first == '`' {
            let inner = &rest[1..];
            let len = inner.find(first).unwrap_or(inner.len());
            words.push(inner[..len].to_owned());
            end = (len + 2).min(rest.len());
        } else {
            // A parenthesis is a word of its own also where no space is before it.
            end = match first {
                '(' | ')' => 1,
                _ => rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')')).unwrap_or(rest.len()),
            };
            words.push(rest[..end].to_owned());
        }
        rest = rest[end..].trim_start();
    }
    words
}

/// Returns the folder that a relative path leads to; `None` outside of the repository.
fn resolve(folder: &str, path: &str) -> Option<RepoPath> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    RepoPath::new(parts.join("/")).ok()
}

#[cfg(test)]
mod tests;
