//! LLVM source-based coverage, read without any LLVM tool.
//!
//! A binary is decoded once ([`binary`]): its functions, where they stand in source text, and where their counters
//! lie in the profiles that its processes write ([`layout`]). Of a profile only the header and the counters are
//! read ([`profile`]).

pub mod binary;
pub mod collect;
pub mod indexed;
pub mod layout;
pub mod profile;
