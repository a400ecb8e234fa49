//! LLVM source-based coverage, read without any LLVM tool.
//!
//! A binary is decoded once ([`binary`]): its functions, where they stand in source text, and where their counters
//! lie in the profiles that its processes write ([`layout`]). Of a profile only the header and the counters are
//! read ([`profile`]). Below them, [`object`] finds the sections and [`mapping`] decodes the coverage map; [`dwarf`]
//! names source files where no depfile does.

pub mod binary;
pub mod collect;
pub mod continuous;
pub mod dwarf;
pub mod indexed;
pub mod layout;
pub mod mapping;
pub mod object;
pub mod profile;
