//! What may differ from what an index saw, as it is now.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use skiptrace_engine::id::{CommitId, JobName, SetId};
use skiptrace_engine::index::Evidence;
use skiptrace_engine::index::evidence::{FileView, Unkept, Was};
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::selection::{Now, Present};
use skiptrace_engine::tree;
use skiptrace_engine::unit::SourceFile;
use skiptrace_indexers::build::lockfile::Lockfile;
use skiptrace_indexers::record::gains::Builder;
use skiptrace_indexers::record::listing::Listing;
use skiptrace_indexers::record::sources::{Tree, cut_all};
use skiptrace_indexers::units::cargo::Manifest;
use skiptrace_indexers::units::cut;

use super::conditions::builders;
use super::ignored::new_sources;
use crate::error::CommandError;
use crate::git::{self, Changes, FileMode, GitError, Recorded};
use crate::session::Session;

/// What may differ.
#[derive(Debug, Default)]
pub(super) struct Differing {
    /// The files, as they are now.
    pub(super) present: Present,
    /// Paths of which nobody can tell what became of them.
    pub(super) opaque: BTreeSet<RepoPath>,
    /// Why cargo is going to change the lockfile before it builds, if it is: then nobody knows what it will build.
    pub(super) stale: Option<String>,
    /// What the user should know.
    pub(super) notes: Vec<String>,
}

/// Returns whether a path at which no file was is as it was. Then it says nothing of any test, and need not be asked
/// about: a large index has thousands of them.
fn is_as_it_was(unkept: &Unkept, listing: &Listing, has: &dyn Fn(&RepoPath) -> bool) -> bool {
    let folder = || listing.folder(&unkept.path);
    let is_no_file = !listing.files.contains(&unkept.path);
    is_no_file
        && match unkept.was {
            Was::Absent { is_known } => is_known && folder().is_none() && !has(&unkept.path),
            Was::Folder(was) => was.is_some_and(|was| {
                folder().is_some_and(|now| now.units.iter().all(|unit| unit.fingerprint == Some(was)))
            }),
            Was::File => false,
        }
}

/// Returns every file that may differ from what some recording of a job saw, as it is at the revision `at`, or else in
/// the work tree.
pub(super) fn differing(
    parts: &[&dyn Evidence],
    job: &JobName,
    at: Option<&str>,
    session: &Session<'_>,
) -> Result<Differing, CommandError> {
    let Some(repository) = session.repository()? else {
        return Err(CommandError::user("there is no repository here"));
    };
    let now = repository.present(at)?;
    let commits: BTreeSet<&CommitId> = parts
        .iter()
        .flat_map(|part| part.recordings())
        .filter(|recording| recording.job == *job)
        .map(|recording| &recording.commit)
        .collect();
    let mut differing = Differing::default();
    let mut changes = Changes::default();
    for commit in commits {
        match now.changed_since(commit) {
            Ok(since) => changes.extend(since),
            // A shallow clone does not have it, but the index says what each file was.
            Err(GitError::UnknownRevision { .. }) => {
                changes.extend(changed_from_index(parts, &now)?);
                // Before the first commit there is none to have.
                if commit.as_str().bytes().any(|digit| digit != b'0') {
                    differing.notes.push(format!(
                        "git does not have `{}` here, so all files are compared with the index",
                        commit.short()
                    ));
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    let mut paths: BTreeMap<RepoPath, bool> = BTreeMap::new();
    for (path, change) in changes.paths {
        match change {
            git::Change::Opaque => drop(differing.opaque.insert(path)),
            _ => drop(paths.insert(path, true)),
        }
    }
    differing.opaque.extend(changes.unnamed.iter().filter_map(|text| RepoPath::new(text.as_str()).ok()));
    // What git does not keep, such as what it ignores, may have changed whatever git says.
    let of_tree = [tree::lookups(), tree::listed()];
    let mut unkept: Vec<Unkept> = Vec::new();
    for part in parts {
        unkept.extend(part.unkept()?.into_iter().filter(|unkept| !of_tree.contains(&unkept.path)));
    }
    let is_special = |unkept: &Unkept| unkept.was != Was::File;
    let takes_all = at.is_none() && builders(parts).contains(&Builder::Go);
    let mut listing =
        if takes_all || unkept.iter().any(is_special) { listing(&now)? } else { Listing::default() };
    if takes_all {
        let known = unkept.iter().map(|unkept| unkept.path.clone()).collect();
        let ignored = new_sources(repository.root(), &listing, &known);
        paths.extend(ignored.iter().map(|path| (path.clone(), true)));
        listing.files.extend(ignored);
    }
    // What git ignores is there all the same.
    let has = |path: &RepoPath| at.is_none() && is_there(repository.root(), path);
    let mut special: BTreeMap<RepoPath, Was> = BTreeMap::new();
    for unkept in unkept {
        if is_special(&unkept) {
            special.insert(unkept.path.clone(), unkept.was);
        }
        if !is_as_it_was(&unkept, &listing, &has) {
            paths.entry(unkept.path).or_insert(false);
        }
    }
    let ordinary: Vec<RepoPath> = paths
        .keys()
        .filter(|path| !special.contains_key(*path) || listing.files.contains(*path))
        .cloned()
        .collect();
    let mut files = cut_all(&now, ordinary);
    for (path, has_changed) in paths {
        let nothing = || SourceFile { path: path.clone(), blob: None, units: Vec::new() };
        let source = match (files.remove(&path), special.get(&path)) {
            (Some(file), _) => Some(file),
            (None, Some(Was::Folder(_))) => listing.folder(&path),
            (None, Some(Was::Absent { .. })) if has(&path) => {
                Some(SourceFile { units: cut(None, b"something"), ..nothing() })
            }
            (None, Some(Was::Absent { .. })) => listing.folder(&path).or_else(|| Some(nothing())),
            (None, Some(Was::File) | None) => None,
        };
        differing.present.insert(path, Now { source, has_changed });
    }
    differing.stale = stale_lockfile(parts, &differing.present, &now)?;
    Ok(differing)
}

fn changed_from_index(parts: &[&dyn Evidence], now: &git::Present<'_>) -> Result<Changes, CommandError> {
    let mut changes = Changes::default();
    for part in parts {
        let with_blob: BTreeMap<RepoPath, Recorded> = part
            .files_where(&|file| file.blob.is_some())?
            .into_iter()
            .filter_map(|FileView { file, .. }| {
                let blob = file.blob?;
                Some((file.path, Recorded { mode: None, blob }))
            })
            .collect();
        changes.extend(now.changed_from(&with_blob)?);
    }
    Ok(changes)
}

/// Returns all names that there are.
fn listing(now: &git::Present<'_>) -> Result<Listing, CommandError> {
    let mut listing = Listing::default();
    for (path, listed) in now.listing()?.iter() {
        match listed.mode {
            FileMode::Plain | FileMode::Executable => drop(listing.files.insert(path)),
            FileMode::Link | FileMode::Repository => drop(listing.links.insert(path, listed.blob.clone())),
        }
    }
    Ok(listing)
}

/// Says why cargo is going to change the lockfile, if it is: a manifest that changed, and that tests depend on, asks for
/// what the lockfile does not have.
fn stale_lockfile(
    parts: &[&dyn Evidence],
    present: &Present,
    now: &git::Present<'_>,
) -> Result<Option<String>, CommandError> {
    let is_manifest = |path: &RepoPath| path.as_str().rsplit('/').next() == Some("Cargo.toml");
    let manifests: Vec<RepoPath> = present
        .iter()
        .filter(|(path, now)| is_manifest(path) && now.source.is_some())
        .map(|(path, _)| path.clone())
        .collect();
    let mut of_tests: BTreeSet<RepoPath> = BTreeSet::new();
    for part in parts {
        let views = part.find_files(&manifests)?.into_iter().flatten();
        let is_used = |view: &FileView| view.units.iter().any(|unit| unit.own != SetId::EMPTY);
        of_tests.extend(views.filter(is_used).map(|view| view.file.path));
    }
    Ok(of_tests.iter().find_map(|path| lacking(path, now)))
}

/// Says what a manifest asks for that its lockfile does not have. Without a lockfile nothing is proved by it either.
fn lacking(path: &RepoPath, now: &git::Present<'_>) -> Option<String> {
    let manifest = Manifest::read(&now.read(path)?)?;
    let beside = |folder: &RepoPath, name: &str| {
        let folder = if folder.as_str().is_empty() { String::new() } else { format!("{folder}/") };
        RepoPath::new(format!("{folder}{name}")).ok()
    };
    let (lockfile, workspace) =
        std::iter::successors(path.parent(), RepoPath::parent).find_map(|folder| {
            let lockfile = Lockfile::parse(&now.read(&beside(&folder, "Cargo.lock")?)?).ok()?;
            let workspace = Manifest::read(&now.read(&beside(&folder, "Cargo.toml")?)?);
            Some((lockfile, workspace))
        })?;
    let lacking = lockfile.lacks(&manifest, workspace.as_ref())?;
    Some(format!("`{path}` asks for `{lacking}`, which `Cargo.lock` does not have as it is asked for"))
}

/// Returns whether there is a file at a path, or anywhere below it; folders without files are nothing to git.
fn is_there(root: &Path, path: &RepoPath) -> bool {
    let mut todo = vec![root.join(path.as_str())];
    while let Some(path) = todo.pop() {
        match path.symlink_metadata() {
            Ok(about) if about.is_dir() => {
                todo.extend(
                    std::fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()),
                );
            }
            Ok(_) => return true,
            Err(_) => {}
        }
    }
    false
}
