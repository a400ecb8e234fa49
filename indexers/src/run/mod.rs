//! Running tests one by one.
//!
//! A [`case`] is a test as a process. [`native`] lists the tests of C and C++ programs, [`libtest`] those of Rust's,
//! [`cargo_test`] has cargo build and say how it would run them. The [`driver`] runs many side by side, each
//! [`process`] in a folder of its own ([`scratch`]) and under the eyes of a [`watch`]; a [`verdict`] says what its
//! end means. [`nextest`] runs tests itself, with a [`shim`] before each. Several tests run in one
//! process where they are [`together`]. What Go needs of all this is in [`go`].

pub mod cargo;
pub mod cargo_list;
pub mod cargo_test;
pub mod case;
pub(crate) mod cmake_regex;
pub mod doctests;
pub mod driver;
pub mod go;
pub mod libtest;
pub mod native;
pub mod nextest;
pub mod process;
pub mod scratch;
pub mod shim;
pub mod together;
#[cfg(target_os = "linux")]
pub mod traced;
pub mod verdict;
pub mod wanted;
pub mod watch;
