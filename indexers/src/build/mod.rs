//! What binaries were compiled from, and how.
//!
//! Compilers say what they read: [`dep_info`] reads rustc's dep-info and the depfiles of C and C++ compilers,
//! [`ninja_deps`] the log in which ninja keeps them. Of Rust's crates, our own compiler [`wrapper`] leaves notes of
//! how each was compiled ([`invocation`]); [`crates`] follows them from crate to crate, and to what build scripts
//! declare ([`script`]), and says what a binary was [`compiled`] from. [`paths`] says where the files named there are
//! at home, and [`cargo_config`] what the user's cargo configuration has put between cargo, compilers and tests.
//! [`environment`] names the conditions that a recording holds for; [`lockfile`] is the graph that cargo resolved, and
//! [`stale`] says whether cargo is going to resolve it anew.
//! Of Go, the go command knows all of this: [`go`].

pub mod cargo_config;
pub mod compiled;
pub mod crates;
pub mod dep_info;
pub mod environment;
pub mod go;
pub mod invocation;
pub mod lockfile;
pub mod ninja_deps;
pub mod paths;
pub mod script;
pub mod stale;
pub mod toolchain;
pub mod wrapper;

#[cfg(test)]
pub(crate) mod testing;
