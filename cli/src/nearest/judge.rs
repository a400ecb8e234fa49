//! Whether an index is one to decide by.

use std::collections::BTreeSet;

use skiptrace_engine::catalog::layout::Part;
use skiptrace_engine::catalog::manifest::{Completeness, completeness};
use skiptrace_engine::catalog::{Catalog, CatalogError, CommitEntry};
use skiptrace_engine::codec::CodecError;
use skiptrace_engine::id::JobName;
use skiptrace_engine::index::Evidence;
use skiptrace_engine::read_at::ReadError;
use skiptrace_engine::recording::Shard;
use skiptrace_engine::store::{StoreError, StoreErrorKind};

use crate::error::CommandError;

/// So many missing parts are named.
const NAMED: usize = 3;

/// Whether an index is one to decide by.
pub(super) enum Verdict {
    /// It is.
    Useful,
    /// There is none.
    Nothing,
    /// It is not, for that reason.
    Useless(String),
}

/// Looks whether all of an index is there, and `job` is in it. A damaged one is of no use; a store that cannot be
/// asked is an error.
pub(super) fn judge(catalog: &Catalog, entry: &CommitEntry, job: &JobName) -> Result<Verdict, CommandError> {
    if entry.is_nothing() {
        return Ok(match entry.has_manifest {
            true => Verdict::Useless("nothing of it has come yet".to_owned()),
            false => Verdict::Nothing,
        });
    }
    match look(catalog, entry, job) {
        Ok(None) => Ok(Verdict::Useful),
        Ok(Some(why)) => Ok(Verdict::Useless(why)),
        Err(error) if is_of_store(&error) => Err(error.into()),
        Err(error) => Ok(Verdict::Useless(error.to_string())),
    }
}

/// Returns why an index is of no use, if it is not.
fn look(catalog: &Catalog, entry: &CommitEntry, job: &JobName) -> Result<Option<String>, CatalogError> {
    let mut present: BTreeSet<(JobName, Shard)> = entry.shards.keys().cloned().collect();
    if entry.all.is_some() {
        let all = catalog.open_part(entry, &Part::All)?;
        present.extend(all.recordings().iter().map(|recording| (recording.job.clone(), recording.shard)));
    }
    if !present.iter().any(|(present, _)| present == job) {
        return Ok(Some(format!("it has nothing of job `{job}`")));
    }
    let manifest = if entry.has_manifest { catalog.manifest(entry.kind, &entry.commit)? } else { None };
    let Completeness::Incomplete(missing) = completeness(&present, manifest.as_ref()) else {
        return Ok(None);
    };
    let named: Vec<String> =
        missing.iter().take(NAMED).map(|(job, shard)| format!("{shard} of `{job}`")).collect();
    let more = if missing.len() > NAMED { " and more" } else { "" };
    Ok(Some(format!("{}{more} is missing", named.join(", "))))
}

/// Returns whether the store failed, rather than what is in it. What vanished meanwhile was forgotten.
fn is_of_store(error: &CatalogError) -> bool {
    let fails = |error: &StoreError| {
        !matches!(
            error.kind,
            StoreErrorKind::Damaged | StoreErrorKind::NotFound | StoreErrorKind::OutOfRange { .. }
        )
    };
    match error {
        CatalogError::Store(error) => fails(error),
        CatalogError::Codec { source, .. } => match &**source {
            CodecError::Read(ReadError::Store(error)) => fails(error),
            _ => false,
        },
        _ => false,
    }
}
