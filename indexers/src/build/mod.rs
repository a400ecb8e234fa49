//! What binaries were compiled from, and how.
//!
//! Compilers say what they read: [`dep_info`] reads rustc's dep-info and the depfiles of C and C++ compilers,
//! [`ninja_deps`] the log in which ninja keeps them; our own compiler wrapper leaves notes of how each crate was
//! compiled ([`invocation`]). [`paths`] says where the files named there are at home, and [`cargo_config`] what the
//! user's cargo configuration has put between cargo, compilers and tests. [`environment`] names the conditions that
//! a recording holds for.

pub mod cargo;
pub mod cargo_config;
pub mod crates;
pub mod dep_info;
pub mod environment;
pub mod invocation;
pub mod ninja_deps;
pub mod paths;
pub mod rustc_wrapper;
pub mod wrapper;

#[cfg(test)]
mod testing;
