//! Paths inside the repository.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A path relative to the repository's root, `/`-separated; the empty path is the root itself.
///
/// Never an operating system's path: those are turned into this at the edges, once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Box<str>);

/// Why a text is not a [`RepoPath`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{path}` is not a path inside the repository: {reason}")]
pub struct RepoPathError {
    path: String,
    reason: &'static str,
}

impl RepoPath {
    /// Returns the repository's root.
    pub fn root() -> RepoPath {
        RepoPath("".into())
    }

    /// Parses a path.
    pub fn new(text: impl Into<Box<str>>) -> Result<RepoPath, RepoPathError> {
        let path = text.into();
        // One look is enough at the very many that are as they should be.
        let is_fine = |segment: &str| !matches!(segment, "" | "." | "..");
        if path.is_empty() || path.split('/').all(is_fine) && !path.contains('\0') {
            return Ok(RepoPath(path));
        }
        let reason = if path.starts_with('/') {
            "it is absolute"
        } else if path.split('/').any(str::is_empty) {
            "it has an empty segment"
        } else if path.contains('\0') {
            "it has a NUL"
        } else {
            "it has a `.` or `..` segment"
        };
        Err(RepoPathError { path: path.into(), reason })
    }

    /// Returns the path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether this is somewhere below a folder.
    pub fn is_in(&self, folder: &RepoPath) -> bool {
        let rest = self.as_str().strip_prefix(folder.as_str());
        folder.as_str().is_empty() || rest.is_some_and(|rest| rest.starts_with('/'))
    }

    /// Returns the folder this path is in; the root is in none.
    pub fn parent(&self) -> Option<RepoPath> {
        if self.0.is_empty() {
            return None;
        }
        Some(RepoPath(self.0.rsplit_once('/').map_or("", |(folder, _)| folder).into()))
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}

impl FromStr for RepoPath {
    type Err = RepoPathError;

    fn from_str(text: &str) -> Result<RepoPath, RepoPathError> {
        RepoPath::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_end_at_the_root() {
        let path = RepoPath::new("pkg/api/main.go").unwrap();
        let folders: Vec<_> =
            std::iter::successors(path.parent(), RepoPath::parent).map(|p| p.as_str().to_owned()).collect();
        assert_eq!(folders, ["pkg/api", "pkg", ""]);
    }

    #[test]
    fn refuses_what_is_not_inside() {
        for text in ["/etc", "a//b", "a/", "./a", "a/../b", "a\0"] {
            assert!(RepoPath::new(text).is_err(), "{text:?}");
        }
        assert!(RepoPath::new("with space/ünï.rs").is_ok());
    }
}
