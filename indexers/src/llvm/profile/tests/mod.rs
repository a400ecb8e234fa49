//! Profiles as a model writes them, and as compilers do.

mod compilers;
mod ends;
mod laws;
mod model;
pub(in crate::llvm) mod tools;
