//! What is different now, in the terms of an index.

use std::fmt;

use crate::path::RepoPath;
use crate::reach::Edit;
use crate::unit::UnitKind;

/// One thing that is different now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Change {
    /// The file.
    pub file: RepoPath,
    /// The unit of it; `None` is the file as a whole.
    pub unit: Option<(UnitKind, Box<str>)>,
    /// What became of it.
    pub edit: Edit,
}

impl Change {
    /// Returns a change of a whole file.
    pub fn of_file(file: &RepoPath, edit: Edit) -> Change {
        Change { file: file.clone(), unit: None, edit }
    }

    /// Returns a change of a unit.
    pub fn of_unit(file: &RepoPath, kind: UnitKind, name: &str, edit: Edit) -> Change {
        Change { file: file.clone(), unit: Some((kind, name.into())), edit }
    }

    /// Returns what happened, as a word.
    pub fn verb(&self) -> &'static str {
        match self.edit {
            Edit::Added => "added",
            Edit::Removed => "removed",
            Edit::Head | Edit::Body => "changed",
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.unit {
            None => write!(f, "{}", self.file),
            Some((UnitKind::Function | UnitKind::Item, name)) => write!(f, "{}#{name}", self.file),
            Some((kind, _)) => write!(f, "{} ({})", self.file, kind.name()),
        }
    }
}
