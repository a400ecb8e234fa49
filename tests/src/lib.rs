//! The harness of the end-to-end tests.
//!
//! [`sandbox`] is a folder in which nothing of the machine shows, and runs the program there; [`repo`] scripts a
//! git repository inside, [`cargo_project`] packages of Rust that can be recorded, [`go_project`] modules of Go; [`redact`] takes out of the output what differs from run to run; [`tools`] finds the
//! compilers and runners that some tests need.

pub mod cargo_project;
pub mod counting;
pub mod evolution;
pub mod go_project;
pub mod redact;
pub mod repo;
pub mod sandbox;
pub mod tools;

pub use cargo_project::{CargoProject, Recorded};
pub use go_project::GoProject;
pub use repo::Repo;
pub use sandbox::{Output, Sandbox};
