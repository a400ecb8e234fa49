//! The coverage sections of programs, libraries and object files, whatever their format.
//!
//! [`images`] cuts a file into its images: one for most, one per architecture for a universal Mach-O binary, one
//! per member for a static archive. An [`Image`] names the sections that matter and copies nothing.

mod container;
mod sections;

pub use container::images;
pub use sections::{Image, Linkage, PointerWidth, Section};
