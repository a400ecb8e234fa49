//! What Go's test binaries are made of, and under which conditions.
//!
//! [`tool`] runs the go command, [`flags`] reads what it is told on the command line and in `GOFLAGS`, and
//! [`environment`] names the conditions that a recording holds for. One `go list` ([`list`]) says which packages there
//! are, in each of the variants that tests make of them; [`graph`] follows their imports. [`modules`] says which
//! modules a build is about, [`places`] where folders are at home, and [`compiled`] what of the repository is in each
//! test binary: what counts there, and what acts without any counter ([`embed`], [`includes`]). What code from elsewhere may
//! ask values for is read in its sources ([`asked`]).
//!
//! No answer of `go list` is kept for the next time. It depends on the names in all folders of all packages and on the
//! header of each Go file, next to all of `go env`; whatever were forgotten among that would leave a file out, and one
//! listing costs a recording less than the builds that follow it.

pub mod asked;
pub mod compiled;
pub mod embed;
pub mod environment;
pub mod flags;
pub mod graph;
pub mod includes;
pub mod list;
pub mod modules;
pub mod places;
pub mod tool;
