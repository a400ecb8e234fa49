//! Where a new index goes: a file, or the store.

use std::path::PathBuf;

use skiptrace_engine::catalog::Catalog;
use skiptrace_engine::catalog::layout::Part;
use skiptrace_engine::id::{CommitId, JobName};
use skiptrace_engine::index::Index;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::recording::Shard;
use skiptrace_engine::store::Put;

use super::index::target;
use crate::error::CommandError;
use crate::session::Session;

/// Where a new index goes.
pub(super) enum Place {
    /// To this file.
    File(PathBuf),
    /// To this store, which has a name for people.
    Store {
        catalog: Catalog,
        name: String,
        /// Whether it takes the place of one that is there.
        replace: bool,
    },
}

/// What became of an index.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) bytes: u64,
    /// Its key in the store.
    pub(super) key: Option<String>,
    /// Whether it was not there before.
    pub(super) created: bool,
}

impl Place {
    /// Opens the place: the file, if there is one, else the store of the settings.
    pub(super) fn open(
        output: Option<&PathBuf>,
        replace: bool,
        session: &Session<'_>,
    ) -> Result<Place, CommandError> {
        if let Some(path) = output {
            return Ok(Place::File(path.clone()));
        }
        let (catalog, name) = target::catalog_with_name(session)?;
        Ok(Place::Store { catalog, name, replace })
    }

    /// Puts the index of one job's shard at a commit.
    pub(super) fn put(
        &self,
        index: &Index,
        kind: IndexKind,
        commit: &CommitId,
        (job, shard): (&JobName, Shard),
        session: &Session<'_>,
    ) -> Result<Placed, CommandError> {
        match self {
            Place::File(path) => {
                let bytes = target::write(session, path, index)?;
                Ok(Placed { bytes, key: None, created: true })
            }
            Place::Store { catalog, replace, .. } => {
                if *replace {
                    catalog.remove_part(kind, commit, &Part::Shard(job.clone(), shard))?;
                }
                let pushed = catalog.push(index)?;
                Ok(Placed {
                    bytes: pushed.bytes,
                    key: Some(pushed.key.to_string()),
                    created: pushed.put == Put::Created,
                })
            }
        }
    }

    /// Returns the file, for documents.
    pub(super) fn file(&self) -> Option<String> {
        match self {
            Place::File(path) => Some(path.display().to_string()),
            Place::Store { .. } => None,
        }
    }

    /// Returns the store's name, for documents.
    pub(super) fn store(&self) -> Option<String> {
        match self {
            Place::File(_) => None,
            Place::Store { name, .. } => Some(name.clone()),
        }
    }

    /// Names the place in a sentence.
    pub(super) fn name(&self) -> String {
        match self {
            Place::File(path) => format!("`{}`", path.display()),
            Place::Store { name, .. } => format!("`{name}`"),
        }
    }
}
