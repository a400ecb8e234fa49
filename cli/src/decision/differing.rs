//! What may differ from what an index saw, as it is now.

use std::collections::{BTreeMap, BTreeSet};

use skiptrace_engine::id::{CommitId, JobName, SetId};
use skiptrace_engine::index::Evidence;
use skiptrace_engine::index::evidence::FileView;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::selection::{Cause, Now, Present};
use skiptrace_indexers::build::stale::Stale;
use skiptrace_indexers::record::sources::{Tree, cut_all};

use super::unkept::Unkept;
use crate::error::CommandError;
use crate::git::{self, Changes, GitError, Recorded, Repository};

/// What may differ from what some recording of a job saw.
#[derive(Debug, Default)]
pub(super) struct Differing {
    /// The files, as they are now.
    pub(super) present: Present,
    /// Paths of which nobody can tell what became of them.
    pub(super) opaque: BTreeSet<RepoPath>,
    /// Why nothing can be skipped whatever the index says, where that is so.
    pub(super) everything: Vec<Cause>,
    /// What the user should know.
    pub(super) notes: Vec<String>,
}

impl Differing {
    /// Compares with all recordings of the job in all parts. Paths that only other jobs' recordings know may be among it:
    /// whether any of this job's tests is concerned is asked of each path later on.
    pub(super) fn of(
        parts: &[&dyn Evidence],
        job: &JobName,
        at: Option<&str>,
        now: &git::Present<'_>,
        repository: &Repository,
    ) -> Result<Differing, CommandError> {
        let mut differing = Differing::default();
        // The index is read first, for git is still looking through the work tree.
        let unkept = Unkept::of(parts, job, now, at.is_none().then(|| repository.root()))?;
        let changes = changes(parts, job, now, &mut differing.notes)?;
        differing.everything.extend(unnamed(&changes));
        // Whether it is certain that each of them changed.
        let mut paths: BTreeMap<RepoPath, bool> = BTreeMap::new();
        for (path, change) in changes.paths {
            match change {
                git::Change::Opaque => drop(differing.opaque.insert(path)),
                _ => drop(paths.insert(path, true)),
            }
        }
        paths.extend(unkept.new_sources().iter().map(|path| (path.clone(), true)));
        for path in unkept.paths() {
            paths.entry(path.clone()).or_insert(false);
        }
        let by_content = paths.keys().filter(|path| unkept.is_by_content(path)).cloned().collect();
        let mut files = cut_all(now, by_content);
        for (path, has_changed) in paths {
            let source = files.remove(&path).or_else(|| unkept.source(&path));
            differing.present.insert(path, Now { source, has_changed });
        }
        let manifests = manifests_of_tests(parts, &differing.present)?;
        if let Some(stale) = Stale::find(&manifests, &|path| now.read(path)) {
            let why = format!("nobody knows what cargo is going to build: {stale}");
            differing.everything.push(Cause::UnknownChanges(why));
        }
        Ok(differing)
    }
}

/// Returns what changed since the commits of a job's recordings.
fn changes(
    parts: &[&dyn Evidence],
    job: &JobName,
    now: &git::Present<'_>,
    notes: &mut Vec<String>,
) -> Result<Changes, CommandError> {
    let recordings = parts.iter().flat_map(|part| part.recordings());
    let commits: BTreeSet<&CommitId> =
        recordings.filter(|recording| recording.job == *job).map(|recording| &recording.commit).collect();
    let mut changes = Changes::default();
    for commit in commits {
        match now.changed_since(commit) {
            Ok(since) => changes.extend(since),
            // A shallow clone does not have it, but the index says what each file was.
            Err(GitError::UnknownRevision { .. }) => {
                changes.extend(changed_from_index(parts, now)?);
                // Before the first commit there is none to have.
                if commit.as_str().bytes().any(|digit| digit != b'0') {
                    notes.push(format!(
                        "git does not have `{}` here, so all files are compared with the index",
                        commit.short()
                    ));
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(changes)
}

/// Returns what is not as the index lists it. A path that two parts have in two versions is compared with both.
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

/// Says that files changed whose names are no text. Tests may depend on them, and no index can say so: recordings have
/// no names for them either.
fn unnamed(changes: &Changes) -> Option<Cause> {
    let first = changes.unnamed.first()?;
    let more = match changes.unnamed.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(Cause::UnknownChanges(format!("the name of `{first}`{more} is not UTF-8, so no index can have it")))
}

/// Returns the manifests among what may differ that tests were built by, those that are gone included.
fn manifests_of_tests(
    parts: &[&dyn Evidence],
    present: &Present,
) -> Result<BTreeSet<RepoPath>, CommandError> {
    let is_manifest = |path: &&RepoPath| path.as_str().rsplit('/').next() == Some("Cargo.toml");
    let manifests: Vec<RepoPath> = present.keys().filter(is_manifest).cloned().collect();
    let is_used = |view: &FileView| view.units.iter().any(|unit| unit.own != SetId::EMPTY);
    let mut of_tests = BTreeSet::new();
    for part in parts {
        let views = part.find_files(&manifests)?.into_iter().flatten();
        of_tests.extend(views.filter(is_used).map(|view| view.file.path));
    }
    Ok(of_tests)
}
