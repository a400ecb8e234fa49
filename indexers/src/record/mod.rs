//! From traces of tests to an index.

pub mod fold;
pub mod sources;
