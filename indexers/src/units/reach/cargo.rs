//! Cargo: what it builds by.

use skiptrace_engine::path::RepoPath;
use skiptrace_engine::reach::Reach;

/// Returns whether a file is one of cargo's.
pub(super) fn is_about(file: &RepoPath) -> bool {
    matches!(file.as_str().rsplit('/').next(), Some("Cargo.toml" | "Cargo.lock"))
}

/// Returns whom an edit concerns: nobody but those who depend on the unit.
///
/// Tests have the units that they were built by among what they depend on, so that a change of one of these is theirs
/// already. A unit that is new is no change of none of them: who else depends on a package, and which tables there
/// are, is in units that are always there.
pub(super) fn reach() -> Reach {
    Reach::Nobody
}
