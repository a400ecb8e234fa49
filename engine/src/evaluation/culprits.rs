//! What should have selected a test that was missed.

use crate::codec::CodecError;
use crate::id::SetId;
use crate::index::Evidence;
use crate::path::RepoPath;
use crate::record::TestKey;
use crate::selection::Change;

/// Returns those of some changes on which a test depends, says an index that was recorded after them.
///
/// The older index, by which the test would have been skipped, did not know of them what this one knows.
pub fn culprits<'a>(
    fresh: &dyn Evidence,
    test: &TestKey,
    changes: impl IntoIterator<Item = &'a Change>,
) -> Result<Vec<&'a Change>, CodecError> {
    let Some(test) = fresh.find_tests(&[test])?.into_iter().next().flatten() else { return Ok(Vec::new()) };
    let changes: Vec<&Change> = changes.into_iter().collect();
    let paths: Vec<RepoPath> = changes.iter().map(|change| change.file.clone()).collect();
    let mut culprits = Vec::new();
    for (change, view) in changes.into_iter().zip(fresh.find_files(&paths)?) {
        let Some(view) = view else { continue };
        let is_meant =
            |kind, name: &str| change.unit.as_ref().is_none_or(|unit| *unit == (kind, name.into()));
        let units = view.units.iter().filter(|unit| is_meant(unit.kind, &unit.name));
        let sets: Vec<SetId> = units.map(|unit| unit.own).chain([view.file.opened]).collect();
        if fresh.sets(&sets)?.iter().any(|set| set.contains(test)) {
            culprits.push(change);
        }
    }
    Ok(culprits)
}
