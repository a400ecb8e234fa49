//! Running tests one by one.
//!
//! A [`case`] is a test as a process; the [`driver`] runs many of them side by side, each [`process`] in a folder of
//! its own ([`scratch`]) and under the eyes of a [`watch`], and a [`judge`] says what its end means.

pub mod cargo;
pub mod case;
pub mod driver;
pub mod judge;
pub mod nextest;
pub mod process;
pub mod scratch;
pub mod shim;
pub mod watch;
