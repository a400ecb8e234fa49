//! Units: the smallest things whose change is noticed.

use crate::fingerprint::{Fingerprint, Identifier};
use crate::id::ObjectId;
use crate::path::RepoPath;

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitKind {
    /// A function with its body.
    Function,
    /// Anything else that stands at file scope: a const, a type, an import, a macro.
    Item,
    /// What is left of a file when its functions and items are taken out.
    Remainder,
    /// A whole file, source or data.
    File,
    /// A whole package: the files of one folder.
    Package,
}

impl UnitKind {
    /// All kinds, in order.
    pub const ALL: [UnitKind; 5] =
        [UnitKind::Function, UnitKind::Item, UnitKind::Remainder, UnitKind::File, UnitKind::Package];

    /// Returns the kind's name.
    pub fn name(self) -> &'static str {
        match self {
            UnitKind::Function => "function",
            UnitKind::Item => "item",
            UnitKind::Remainder => "remainder",
            UnitKind::File => "file",
            UnitKind::Package => "package",
        }
    }
}

/// Lines of a file, counted from one, both ends included. For people; nothing is decided by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineSpan {
    /// The first line.
    pub start: u32,
    /// The last line, not before the first.
    pub end: u32,
}

impl LineSpan {
    /// Where something stands of which nobody knows where.
    pub const UNKNOWN: LineSpan = LineSpan { start: 0, end: 0 };
}

/// A unit of a source file, as an indexer cuts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// What it is.
    pub kind: UnitKind,
    /// Its qualified name inside the file; empty for a remainder or a whole file.
    pub name: Box<str>,
    /// Where it stands.
    pub lines: LineSpan,
    /// The hash of its tokens; `None` when nobody knows, and then it never counts as unchanged.
    pub fingerprint: Option<Fingerprint>,
    /// The names it mentions.
    pub identifiers: Vec<Identifier>,
}

/// A file that some test binary was compiled from, or that some test could read, with its units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it is.
    pub path: RepoPath,
    /// The git blob that holds this content, when the file is as git has it.
    pub blob: Option<ObjectId>,
    /// Its units, in any order.
    pub units: Vec<Unit>,
}
