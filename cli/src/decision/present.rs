//! What may differ from what an index saw, as it is now.

use std::collections::{BTreeMap, BTreeSet};

use skiptrace_engine::id::{CommitId, JobName};
use skiptrace_engine::index::Evidence;
use skiptrace_engine::index::evidence::FileView;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::selection::{Now, Present};
use skiptrace_indexers::record::sources::cut_all;

use crate::error::CommandError;
use crate::git::{self, Changes, GitError, Recorded};
use crate::session::Session;

/// What may differ.
#[derive(Debug, Default)]
pub(super) struct Differing {
    /// The files, as they are now.
    pub(super) present: Present,
    /// Paths of which nobody can tell what became of them.
    pub(super) opaque: BTreeSet<RepoPath>,
    /// What the user should know.
    pub(super) notes: Vec<String>,
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
                differing.notes.push(format!(
                    "git does not have `{}` here, so all files are compared with the index",
                    commit.short()
                ));
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
    for part in parts {
        let without_blob = part.files_where(&|file| file.blob.is_none())?;
        for view in without_blob {
            paths.entry(view.file.path).or_insert(false);
        }
    }
    let mut files = cut_all(&now, paths.keys().cloned().collect());
    for (path, has_changed) in paths {
        let source = files.remove(&path);
        differing.present.insert(path, Now { source, has_changed });
    }
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
