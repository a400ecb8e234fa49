//! A binary with its coverage map, decoded once.

use skiptrace_engine::observation::TextRange;

use super::layout::Layout;

/// A binary, shared library or object file that was compiled with coverage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    /// Where its counters lie.
    pub layout: Layout,
    /// The source files that its map names, each joined with its compilation folder, otherwise as the compiler
    /// wrote them.
    pub files: Vec<Box<str>>,
    /// The functions of its map.
    pub functions: Vec<MappedFunction>,
}

/// A function of the coverage map. Several may be of one source function: instantiations, copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedFunction {
    /// What the data section and the map know it by: the hash of its mangled name.
    pub name_hash: u64,
    /// The hash of its structure; zero for a function that was never emitted.
    pub structure_hash: u64,
    /// Where it stands: its own extent first, then the stretches of other files (or of macros) that are
    /// expanded in it.
    pub places: Vec<Place>,
}

/// A stretch of a source file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, as a place in [`Binary::files`].
    pub file: u32,
    /// From where to where.
    pub range: TextRange,
}
