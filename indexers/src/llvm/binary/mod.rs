//! A binary with its coverage map, decoded once.

mod decode;
mod error;
mod records;
mod regions;

use std::fs::{self, File};
use std::io;
use std::path::Path;

use memmap2::Mmap;
use skiptrace_engine::observation::TextRange;

use self::regions::EncodedRegions;
use super::layout::Layout;
use super::mapping::FunctionRegions;
use super::object::images;

pub use self::error::BinaryError;

/// A binary, shared library or object file that was compiled with coverage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    /// Where its counters lie. Of object files and static archives it has no slots: their counters have no places
    /// until a linker gives them some.
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
    /// The hash of its structure; zero for a function that was never emitted, and for a few that were, which have
    /// a slot.
    pub structure_hash: u64,
    /// Where it stands: its own extent first, then the stretches of other files (or of macros) that are
    /// expanded in it. Where several functions have the same two hashes, the places of all that the map has; see
    /// [`Binary::indistinct`].
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

/// A binary whose functions can be looked into.
#[derive(Debug)]
pub struct BinaryWithRegions {
    /// The binary.
    pub binary: Binary,
    regions: EncodedRegions,
}

impl Binary {
    /// Reads the binaries of a file: one for most, one per architecture for a universal binary, one per member for
    /// a static archive. Nobody may write to the file meanwhile.
    pub fn open(path: &Path) -> Result<Vec<Binary>, BinaryError> {
        Binary::parse(&map(path)?)
    }

    /// Reads the binaries of a file that is in memory.
    pub fn parse(bytes: &[u8]) -> Result<Vec<Binary>, BinaryError> {
        images(bytes)?.iter().map(decode::decode).collect()
    }

    /// Returns the functions that share their name and structure with others of which the map may know nothing.
    ///
    /// Clang names a function that only its file sees after the path of the file as it was given. Where files of
    /// the same name were compiled in different folders, linkers take the records of such functions for copies of
    /// one and keep one; counters of all remain. Which place they count for is not known: what ran one of these
    /// ran something unknown. Compiling with absolute paths avoids it. Rust has copies of functions as a rule, all
    /// of the same place.
    pub fn indistinct(&self) -> Vec<u32> {
        let mut n_slots = vec![0u32; self.functions.len()];
        for function in self.layout.slots.iter().filter_map(|slot| slot.function) {
            if let Some(n_slots) = n_slots.get_mut(function as usize) {
                *n_slots += 1;
            }
        }
        let is_rust = |function: &MappedFunction| {
            let own = function.places.first().and_then(|place| self.files.get(place.file as usize));
            own.is_some_and(|file| file.ends_with(".rs"))
        };
        let functions = self.functions.iter().enumerate().zip(n_slots);
        let indistinct = functions.filter(|((_, function), n_slots)| *n_slots > 1 && !is_rust(function));
        indistinct.map(|((place, _), _)| place as u32).collect()
    }
}

impl BinaryWithRegions {
    /// Reads a file like [`Binary::open`], and keeps what is known of the insides of functions.
    pub fn open(path: &Path) -> Result<Vec<BinaryWithRegions>, BinaryError> {
        BinaryWithRegions::parse(&map(path)?)
    }

    /// Reads a file like [`Binary::parse`], and keeps what is known of the insides of functions.
    pub fn parse(bytes: &[u8]) -> Result<Vec<BinaryWithRegions>, BinaryError> {
        images(bytes)?.iter().map(decode::decode_with_regions).collect()
    }

    /// Decodes the regions of a function, a place in [`Binary::functions`].
    ///
    /// Most have one list. A function has more where several have the same two hashes; which of them ran is not
    /// known. There are none of a function that is not there.
    pub fn regions(&self, function: u32) -> Result<Vec<FunctionRegions>, BinaryError> {
        self.regions.decode(function)
    }
}

#[expect(unsafe_code, reason = "mapping a file is unsafe because another process may shorten it")]
pub(in crate::llvm) fn map(path: &Path) -> Result<Mmap, BinaryError> {
    let failed = |source| BinaryError::Read { path: path.to_owned(), source };
    // Opening a pipe would wait for somebody to write to it.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file")));
    }
    let file = File::open(path).map_err(failed)?;
    // SAFETY: the bytes are only read while this function's caller decodes them, and callers are told that nobody
    // may write to the file then. Linkers make new files rather than write to old ones; whoever shortens one
    // nevertheless gets this process a SIGBUS, and no more.
    unsafe { Mmap::map(&file) }.map_err(failed)
}
