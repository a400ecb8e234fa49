//! What binaries were compiled from, and how.
//!
//! Reading order: [`dep_info`] and [`ninja_deps`] read what compilers and ninja leave behind, [`paths`] says where
//! the files they name are at home, [`cargo`] puts the crates of a build together, [`environment`] names the
//! conditions that a recording holds for, and [`rustc_wrapper`] instruments the repository's own crates.

pub mod cargo;
pub mod dep_info;
pub mod environment;
pub mod ninja_deps;
pub mod paths;
pub mod rustc_wrapper;

#[cfg(test)]
mod testing;
