//! What can be wrong with a binary.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a file gives no binaries.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BinaryError {
    /// The file cannot be read.
    #[error("cannot read `{}`", .path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is neither ELF, Mach-O, COFF, nor a static archive, or it is damaged as one.
    #[error("not a program, library or object file that can be read: {0}")]
    NotAnObject(String),
    /// Nothing in it was compiled with coverage.
    #[error(
        "it has no coverage sections; compile with `-Cinstrument-coverage` (Rust) or \
         `-fprofile-instr-generate -fcoverage-mapping` (Clang)"
    )]
    NotInstrumented,
    /// It counts, but does not say what.
    #[error(
        "it has counters but no coverage map, so that nobody can say what ran; read it before `llvm-strip` \
         removes it (or strip with `--keep-section=__llvm_covmap --keep-section=__llvm_covfun`), and compile with \
         `-fcoverage-mapping` rather than `-fprofile-generate`"
    )]
    MapStripped,
    /// It has counters, but nothing says which function has which.
    #[error(
        "it has counters but no section `__llvm_prf_data` or `__llvm_covdata` that says whose they are; compile \
         without `-debug-info-correlate` and `-profile-correlate=debug-info`"
    )]
    DataMissing,
    /// Records that profiles repeat beside records that they do not.
    #[error(
        "it has both `__llvm_prf_data` and `__llvm_covdata`; compile all of it with the same \
         `-profile-correlate`"
    )]
    MixedCorrelation,
    /// A kind of file whose profiles are laid out in a way that is not understood.
    #[error("{0} cannot be read")]
    Unsupported(&'static str),
    /// The coverage map is of a version that is not understood.
    #[error("its coverage map has version {0}, only 4 to 7 can be read; compile with LLVM 11 to 22")]
    MapVersion(u64),
    /// The data section fits no known shape of its records, or more than one.
    #[error("section `{section}` does not tell where the counters are: {reason}")]
    Records {
        /// Which section.
        section: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// A section says what cannot be.
    #[error("section `{section}` is damaged near byte {at}: {reason}")]
    Malformed {
        /// Which section.
        section: &'static str,
        /// Where in it.
        at: usize,
        /// What is wrong.
        reason: &'static str,
    },
}
