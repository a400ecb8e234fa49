//! The harness of the end-to-end tests.
//!
//! [`sandbox`] is a folder in which nothing of the machine shows, and runs the program there; [`repo`] scripts a
//! git repository inside; [`redact`] takes out of the output what differs from run to run; [`tools`] finds the
//! compilers and runners that some tests need.

pub mod redact;
pub mod repo;
pub mod sandbox;
pub mod tools;

pub use repo::Repo;
pub use sandbox::{Output, Sandbox};
