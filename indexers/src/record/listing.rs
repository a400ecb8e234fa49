//! The files of the work tree that no test is known to depend on, its folders, and paths that lead nowhere.
//!
//! Where it was watched what tests open, a file that none opened and none was compiled from concerns nobody, and the
//! index can say so: it lists every file of the tree, those without any use by their blobs. How the index holds them is
//! told in [`tree`](skiptrace_engine::tree).
//!
//! That a file was read is only seen while tests run. So what something else may read on behalf of all of them, above
//! all the build, counts as read by all tests: whatever is opened while no test runs, what is in folders that nobody
//! watched, symbolic links, and files of which the build does not tell whether it reads them ([`BuildReads`]).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use skiptrace_engine::fingerprint::Fingerprint;
use skiptrace_engine::id::ObjectId;
use skiptrace_engine::index::Index;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::tree::{FOLDER, listed, lookups};
use skiptrace_engine::unit::{LineSpan, SourceFile, Unit, UnitKind};

use super::sources::{Files, Tree, cut_all};

/// The files of a work tree: those that git tracks, and those that it does not ignore.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Plain files that are there.
    pub files: BTreeSet<RepoPath>,
    /// Symbolic links and other repositories, with what git has of them.
    pub links: BTreeMap<RepoPath, Option<ObjectId>>,
    /// What git tracks and is not there.
    pub removed: BTreeSet<RepoPath>,
}

/// What is known of who read which files, where that was watched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watched {
    /// Files that were opened while no test ran.
    pub elsewhere: BTreeSet<RepoPath>,
    /// Folders in which nothing was watched.
    pub blind: BTreeSet<RepoPath>,
    /// What the build tells of the files that it reads.
    pub build: BuildReads,
    /// What is known of paths that were looked for; `None`: nothing.
    pub lookups: Option<Lookups>,
}

/// What is known of paths that tests looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lookups {
    /// Paths that tests have among what they opened, and at which nothing is.
    pub absent: BTreeSet<RepoPath>,
    /// The tests that may have looked for others, by suite and name.
    pub unheard: BTreeSet<(Box<str>, Box<str>)>,
}

/// What a build tells of the files that it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BuildReads {
    /// Nothing: it may read any file.
    #[default]
    Untold,
    /// All of its sources, which are the files with these extensions. Of any other file but those that are for people
    /// alone ([`is_for_people`]) nobody knows.
    Sources(&'static [&'static str]),
    /// All.
    Told,
}

impl BuildReads {
    /// Returns whether a build may read a file that it does not tell of.
    pub fn may_read(self, path: &RepoPath) -> bool {
        match self {
            BuildReads::Told => false,
            BuildReads::Untold => true,
            BuildReads::Sources(extensions) => {
                let extension = name(path).rsplit_once('.').map(|(_, extension)| extension);
                !extension.is_some_and(|extension| extensions.contains(&extension)) && !is_for_people(path)
            }
        }
    }
}

/// Folders of what services and editors read.
const OF_SERVICES: &[&str] = &[".github", ".gitlab", ".circleci", ".buildkite", ".vscode", ".idea"];
/// How files begin that are for people.
const FOR_PEOPLE: &[&str] = &[
    "LICENSE",
    "LICENCE",
    "COPYING",
    "CHANGELOG",
    "CHANGES",
    "CONTRIBUTING",
    "CODE_OF_CONDUCT",
    "SECURITY",
    "AUTHORS",
    "CODEOWNERS",
    "README",
];
/// Files of editors, formatters, linters and git.
const OF_EDITORS: &[&str] = &[
    ".gitignore",
    ".gitattributes",
    ".git-blame-ignore-revs",
    ".mailmap",
    ".editorconfig",
    ".clang-format",
    ".clang-tidy",
    ".clangd",
    "rustfmt.toml",
    ".rustfmt.toml",
    "clippy.toml",
    ".clippy.toml",
    ".golangci.yml",
    ".golangci.yaml",
    ".pre-commit-config.yaml",
    ".gitlab-ci.yml",
    ".travis.yml",
    ".cirrus.yml",
    "appveyor.yml",
    ".codecov.yml",
    "codecov.yml",
];

/// Returns whether a file is for people, or for programs that have no part in building and testing: texts, pictures,
/// what services and editors are told. A build that reads one of them says so, as it does of its sources.
pub fn is_for_people(path: &RepoPath) -> bool {
    let name = name(path);
    let folders = path.as_str().split('/').next();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    folders.is_some_and(|first| OF_SERVICES.contains(&first) && first != name)
        || FOR_PEOPLE.iter().any(|start| name.starts_with(start))
        || OF_EDITORS.contains(&name)
        || matches!(
            extension,
            Some("md" | "markdown" | "rst" | "adoc" | "png" | "jpg" | "jpeg" | "gif" | "svg")
        )
}

fn name(path: &RepoPath) -> &str {
    path.as_str().rsplit('/').next().unwrap_or_default()
}

/// What an index is told of the tree besides the files that tests depend on.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// More files, folders and paths to list.
    pub(super) files: Vec<SourceFile>,
    /// Files that any test may have read.
    pub(super) read_by_all: Vec<RepoPath>,
}

impl Listing {
    /// Returns whether there is something in a folder of that path.
    pub fn is_folder(&self, path: &RepoPath) -> bool {
        self.files_below(path).next().is_some() || self.links_below(path).next().is_some()
    }

    /// Returns whether there is something at that path.
    pub fn has(&self, path: &RepoPath) -> bool {
        self.files.contains(path) || self.links.contains_key(path) || self.is_folder(path)
    }

    /// Returns a folder as the index lists it: one unit, which is the same as long as the names in it are, and what they
    /// are of. `None` where there is no such folder.
    pub fn folder(&self, path: &RepoPath) -> Option<SourceFile> {
        let names = self.names(path);
        if names.is_empty() {
            return None;
        }
        let text: Vec<String> = names.iter().map(|(name, kind)| format!("{kind} {name}\0")).collect();
        let unit = Unit {
            kind: UnitKind::File,
            name: FOLDER.into(),
            lines: LineSpan { start: 1, end: 1 },
            fingerprint: Some(Fingerprint::of(text.concat().as_bytes())),
            identifiers: Vec::new(),
        };
        Some(SourceFile { path: path.clone(), blob: None, units: vec![unit] })
    }

    /// Returns the names in a folder with what they are of: `file`, `folder`, `link`.
    fn names(&self, folder: &RepoPath) -> BTreeMap<&str, &'static str> {
        let mut names = BTreeMap::new();
        for (path, kind) in self
            .steps(folder, |start| self.files.range::<RepoPath, _>(start).next())
            .map(|path| (path, "file"))
            .chain(
                self.steps(folder, |start| {
                    self.links.range::<RepoPath, _>(start).next().map(|(path, _)| path)
                })
                .map(|path| (path, "link")),
            )
        {
            let rest = &path.as_str()[prefix(folder).len()..];
            match rest.split_once('/') {
                Some((name, _)) => names.insert(name, "folder"),
                None => names.insert(rest, kind),
            };
        }
        names
    }

    /// Returns for each name in a folder one of the paths that begin with it, `next` being the first at or after some.
    fn steps<'a>(
        &'a self,
        folder: &RepoPath,
        next: impl Fn((Bound<RepoPath>, Bound<RepoPath>)) -> Option<&'a RepoPath>,
    ) -> impl Iterator<Item = &'a RepoPath> {
        let prefix = prefix(folder);
        let mut start = Some(Bound::Excluded(folder.clone()));
        std::iter::from_fn(move || {
            loop {
                let found = next((start.take()?, Bound::Unbounded))?;
                let Some(rest) = found.as_str().strip_prefix(&prefix) else {
                    // What sorts before the slash stands between a folder and what is in it: `a`, `a-b`, `a/b`.
                    if found.as_str() < prefix.as_str() {
                        start = RepoPath::new(format!("{prefix}\u{1}")).ok().map(Bound::Included);
                        continue;
                    }
                    return None;
                };
                // All that is below a folder in it is skipped: `0` comes right after the slash.
                start = Some(match rest.split_once('/') {
                    Some((name, _)) => match RepoPath::new(format!("{prefix}{name}0")) {
                        Ok(path) => Bound::Included(path),
                        Err(_) => Bound::Excluded(found.clone()),
                    },
                    None => Bound::Excluded(found.clone()),
                });
                return Some(found);
            }
        })
    }

    fn files_below<'a>(&'a self, folder: &RepoPath) -> impl Iterator<Item = &'a RepoPath> {
        self.steps(folder, |start| self.files.range::<RepoPath, _>(start).next())
    }

    fn links_below<'a>(&'a self, folder: &RepoPath) -> impl Iterator<Item = &'a RepoPath> {
        self.steps(folder, |start| self.links.range::<RepoPath, _>(start).next().map(|(path, _)| path))
    }

    /// Returns whether names in a folder may have changed since the recording began.
    fn is_unsettled(&self, folder: &RepoPath, tree: &dyn Tree) -> bool {
        // Tests make and remove files all the time; those that git has never heard of do not count.
        tree.is_unsettled(folder)
            && (self.removed.iter().any(|path| path.parent().as_ref() == Some(folder))
                || self
                    .files_below(folder)
                    .any(|path| path.parent().as_ref() == Some(folder) && tree.is_unsettled(path)))
    }

    /// Returns what an index is told besides the files in `named`, which it knows already. Tests opened `opened`, and
    /// the files among them are in `named`; those in `compiled` the build told of.
    pub(super) fn rest(
        &self,
        watched: &Watched,
        tree: &dyn Tree,
        named: &dyn Fn(&RepoPath) -> bool,
        compiled: &dyn Fn(&RepoPath) -> bool,
        opened: &BTreeSet<RepoPath>,
    ) -> Rest {
        let mut rest = Rest::default();
        rest.files.push(nothing(listed()));
        let is_blind = |path: &RepoPath| {
            path.as_str().split('/').any(|name| name == "node_modules")
                || std::iter::successors(path.parent(), RepoPath::parent)
                    .any(|folder| watched.blind.contains(&folder))
        };
        let mut unknown = Vec::new();
        for path in &self.files {
            let is_read =
                || watched.build.may_read(path) || watched.elsewhere.contains(path) || is_blind(path);
            if !compiled(path) && is_read() {
                rest.read_by_all.push(path.clone());
            }
            if !named(path) {
                match tree.blob(path) {
                    Some(blob) => rest.files.push(by_blob(path.clone(), Some(blob))),
                    None => unknown.push(path.clone()),
                }
            }
        }
        // What git does not have is read: there are seldom many.
        rest.files.extend(cut_all(tree, unknown).into_values());
        for (path, blob) in &self.links {
            // Nobody is told who follows a link.
            if !compiled(path) {
                rest.read_by_all.push(path.clone());
            }
            if !named(path) {
                rest.files.push(by_blob(path.clone(), blob.clone()));
            }
        }
        for path in opened.iter().filter(|path| !self.files.contains(path)) {
            if let Some(mut folder) = self.folder(path) {
                if self.is_unsettled(path, tree) {
                    folder.units[0].fingerprint = None;
                }
                rest.files.push(folder);
            }
        }
        if let Some(Lookups { absent, .. }) = &watched.lookups {
            let is_absent = |path: &&RepoPath| !self.has(path) && !named(path);
            rest.files.extend(absent.iter().filter(is_absent).cloned().map(nothing));
            rest.files.push(nothing(lookups()));
        }
        rest
    }

    /// Returns what an index knows of the tree as that is now, for finding out what changed: files are cut where the
    /// index has more of them than their blobs.
    pub fn present(&self, index: &Index, tree: &dyn Tree) -> Files {
        let mut present = Files::new();
        let mut unknown = Vec::new();
        for file in index.files() {
            let path = &file.path;
            let has_units = !index.units_of(file).is_empty();
            let is_listed = !index.set(file.seen).is_empty();
            let found =
                if [lookups(), listed()].contains(path) || (!has_units && is_listed && !self.has(path)) {
                    Some(nothing(path.clone()))
                } else if let Some(blob) = self.links.get(path).filter(|_| index.is_by_blob(file)) {
                    Some(by_blob(path.clone(), blob.clone()))
                } else if self.files.contains(path) {
                    let blob = tree.blob(path).filter(|_| index.is_by_blob(file));
                    blob.map(|blob| by_blob(path.clone(), Some(blob)))
                } else {
                    self.folder(path)
                };
            match found {
                Some(found) => _ = present.insert(path.clone(), found),
                None => unknown.push(path.clone()),
            }
        }
        present.extend(cut_all(tree, unknown));
        present
    }
}

fn prefix(folder: &RepoPath) -> String {
    match folder.as_str() {
        "" => String::new(),
        folder => format!("{folder}/"),
    }
}

/// Returns a file of which nothing but the blob is known.
fn by_blob(path: RepoPath, blob: Option<ObjectId>) -> SourceFile {
    let unit = Unit {
        kind: UnitKind::File,
        name: "".into(),
        lines: LineSpan { start: 1, end: 1 },
        fingerprint: None,
        identifiers: Vec::new(),
    };
    SourceFile { path, blob, units: vec![unit] }
}

/// Returns a path at which nothing is.
fn nothing(path: RepoPath) -> SourceFile {
    SourceFile { path, blob: None, units: Vec::new() }
}

#[cfg(test)]
mod tests;
