//! Kinds of index.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// How finely an index tells code apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Granularity {
    /// The files of one folder are one thing.
    Package,
    /// Each file is one thing.
    File,
    /// Each function and each file-scope item is one thing.
    Function,
}

/// The kind of an index: its granularity, and whether a baseline run was subtracted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndexKind {
    /// How finely it tells code apart.
    pub granularity: Granularity,
    /// Whether what a baseline run executed is kept as a class of its own.
    pub diffed: bool,
}

/// Why a text is not an [`IndexKind`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "unknown index kind `{0}` (known kinds: function, file, package, diffed-function, diffed-file, diffed-package)"
)]
pub struct IndexKindError(String);

impl IndexKind {
    /// Every file-scope item and function by itself: the default.
    pub const FUNCTION: IndexKind = IndexKind { granularity: Granularity::Function, diffed: false };
    /// Every file by itself.
    pub const FILE: IndexKind = IndexKind { granularity: Granularity::File, diffed: false };
    /// Every folder by itself.
    pub const PACKAGE: IndexKind = IndexKind { granularity: Granularity::Package, diffed: false };

    /// All kinds.
    pub const ALL: [IndexKind; 6] = [
        IndexKind::FUNCTION,
        IndexKind::FILE,
        IndexKind::PACKAGE,
        IndexKind::FUNCTION.diffed(),
        IndexKind::FILE.diffed(),
        IndexKind::PACKAGE.diffed(),
    ];

    /// Returns the kind of the same granularity with a baseline subtracted.
    #[must_use]
    pub const fn diffed(self) -> IndexKind {
        IndexKind { granularity: self.granularity, diffed: true }
    }

    /// Returns the kind's name, as it stands in keys and on the command line.
    pub fn name(self) -> &'static str {
        match (self.granularity, self.diffed) {
            (Granularity::Package, false) => "package",
            (Granularity::File, false) => "file",
            (Granularity::Function, false) => "function",
            (Granularity::Package, true) => "diffed-package",
            (Granularity::File, true) => "diffed-file",
            (Granularity::Function, true) => "diffed-function",
        }
    }
}

impl fmt::Display for IndexKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for IndexKind {
    type Err = IndexKindError;

    /// Parses a kind's name; `_` may stand for `-`.
    fn from_str(text: &str) -> Result<IndexKind, IndexKindError> {
        let name = text.replace('_', "-");
        IndexKind::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| IndexKindError(text.to_owned()))
    }
}
