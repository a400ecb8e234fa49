//! Whom a change concerns besides those who executed what changed.
//!
//! Coverage tells who ran a function, and so whom a change of its body concerns. All else acts from afar: a const, a
//! type, a signature, a method that takes another's place. Whoever is concerned by such a change has executed
//! something that mentions a name, most times; each language says which names those are, and where names cannot be
//! trusted.

use crate::fingerprint::Identifier;
use crate::path::RepoPath;
use crate::unit::UnitKind;

/// What became of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edit {
    /// It was not there.
    Added,
    /// It is not there any more.
    Removed,
    /// What others see of it is another: its signature, its attributes, or all of it where it is no function.
    Head,
    /// Only what it does when it is executed is another.
    Body,
}

/// Whom an edit of a unit concerns besides those who executed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Nobody.
    Nobody,
    /// Whoever executed something that mentions one of these names, or that mentions what an item is called that
    /// mentions one of them, and so on.
    Names(Vec<Identifier>),
    /// As [`Reach::Names`], but only things in the same file can mean these names.
    NamesInFile(Vec<Identifier>),
    /// Whoever executed anything in the same file, besides [`Reach::Names`] of these.
    File(Vec<Identifier>),
    /// Names cannot be trusted: every test that was compiled from the file.
    Compiled,
}

/// What a language knows of names.
pub trait Language: Sync {
    /// Returns whom an edit of a unit concerns besides those who executed it.
    fn reach(&self, file: &RepoPath, kind: UnitKind, name: &str, edit: Edit) -> Reach;
}
