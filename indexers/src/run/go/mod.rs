//! The tests of Go packages: what the go tool is told, and the processes it would have started.
//!
//! A [`command`] is `go test` as the user types it. The go tool builds, and starts our [`shim`] in place of each test
//! binary; what it [`kept`] is asked for its tests ([`mod@list`]) and becomes one case for each ([`cases`]). A
//! [`pattern`] names tests exactly, a [`subset`] runs some of them only, a [`testlog`] says what a test read, and an
//! [`image`] what a program is that a test starts.

pub mod args;
pub mod cases;
pub mod command;
mod flags;
mod gotestsum;
pub mod image;
pub mod kept;
#[cfg(unix)]
pub mod list;
pub mod pattern;
pub mod recording;
pub mod shim;
pub mod skip;
pub mod subset;
pub mod testlog;
