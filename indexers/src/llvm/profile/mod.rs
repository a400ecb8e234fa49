//! Raw profiles: what a process that was compiled with coverage leaves behind.
//!
//! ```text
//! header      magic (word size, byte order), version with variant bits, sizes of what follows
//! binary ids  the build id of the binary or library
//! data        a record per function, byte by byte the binary's own section; absent with -profile-correlate=binary
//! counters    eight bytes each, or one
//! bitmap, uniform counters, names, virtual tables, their names
//! values      a block for each record with value sites, or none at all
//! ```
//!
//! A file holds as many of these as were appended: a forked child's, a shared library's. [`RawProfiles`] walks over
//! bytes; [`read_profiles`] and [`read_file`] read no more than headers and counters, and say which functions ran.

mod cursor;
mod data;
mod error;
mod header;
mod hits;
mod identify;
mod raw;
mod read;
mod sections;
mod source;
#[cfg(test)]
pub(in crate::llvm) mod tests;
mod values;

pub use data::{DataRecord, DataRecords};
pub use error::{Mismatch, ProfileError};
pub use header::{ByteOrder, Header, Shape, Variants, WordSize};
pub use hits::Scratch;
pub use identify::Layouts;
pub use raw::{RawProfile, RawProfiles};
pub use read::{Hits, Reading, read_file, read_profiles};
pub use sections::Sections;
pub use source::Source;
