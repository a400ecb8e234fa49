//! What may differ from what an index saw, as it is now.

use std::collections::BTreeSet;

use skiptrace_engine::id::{CommitId, JobName};
use skiptrace_engine::index::Evidence;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::recording::Recording;
use skiptrace_engine::selection::Present;
use skiptrace_indexers::record::sources::{Tree, cut_all};

use crate::error::CommandError;
use crate::git::{CommitTree, WorkTree};
use crate::session::Session;

/// What is asked about.
#[derive(Debug, Clone)]
pub(super) enum Now {
    /// The files as they are.
    WorkTree,
    /// Those of a commit.
    At(CommitId),
}

/// Returns every file that may differ from what some recording of a job saw, as it is now.
pub(super) fn present(
    parts: &[&dyn Evidence],
    job: &JobName,
    now: &Now,
    session: &Session<'_>,
) -> Result<Present, CommandError> {
    let Some(repository) = session.repository()? else {
        return Err(CommandError::user("there is no repository here, so nobody knows what changed"));
    };
    let recordings: Vec<&Recording> =
        parts.iter().flat_map(|part| part.recordings()).filter(|recording| recording.job == *job).collect();
    let mut changed: BTreeSet<RepoPath> = BTreeSet::new();
    for recording in &recordings {
        changed.extend(repository.changed_since(&recording.commit)?);
    }
    // What a recording saw that git does not have is in no commit, so it may differ whatever git says.
    if recordings.iter().any(|recording| recording.tree.is_none()) {
        for part in parts {
            let views = part.files_where(&|file| file.blob.is_none())?;
            changed.extend(views.into_iter().map(|view| view.file.path));
        }
    }
    match now {
        Now::WorkTree => {
            let tree = WorkTree::of(repository, session.environment.file_time())?;
            changed.extend(tree.changed().iter().cloned());
            Ok(cut(&tree, changed))
        }
        Now::At(commit) => {
            let tree = CommitTree::of(repository, commit)?;
            let cut = cut(&tree, changed);
            tree.finish().map_err(|error| {
                CommandError::new(crate::error::ErrorKind::Git, "cannot read files of the commit")
                    .caused_by(error)
            })?;
            Ok(cut)
        }
    }
}

fn cut(tree: &dyn Tree, paths: BTreeSet<RepoPath>) -> Present {
    let mut files = cut_all(tree, paths.iter().cloned().collect());
    paths
        .into_iter()
        .map(|path| {
            let file = files.remove(&path);
            (path, file)
        })
        .collect()
}
