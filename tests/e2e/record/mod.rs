//! `skiptrace record` for projects of Rust, and of Go.
//!
//! The projects write down themselves what each test calls, and that is what recordings are held against: of a test
//! that may be skipped, nothing may be missing. Each is recorded by both runners.

use skiptrace_tests::tools::require;
use skiptrace_tests::{CargoProject, Recorded};

use crate::PROGRAM;

mod behaviour;
mod building;
mod configuration;
mod edits;
#[cfg(unix)]
mod go;
#[cfg(unix)]
mod go_again;
#[cfg(unix)]
mod go_changes;
#[cfg(unix)]
mod go_conditions;
#[cfg(unix)]
mod go_methods;
#[cfg(unix)]
mod go_modules;
#[cfg(unix)]
mod go_options;
mod go_real;
mod options;
mod tree;
mod workspace;

/// A project recorded by `cargo test` and by nextest, where there is one.
struct Both {
    project: CargoProject,
    cargo: Recorded,
    nextest: Option<Recorded>,
}

impl Both {
    /// Records a fixture once by each runner.
    fn of(fixture: &str, options: &[&str], args: &str) -> Both {
        let project = CargoProject::of_fixture(PROGRAM, fixture);
        let cargo = project.record(options, &format!("cargo test {args}"));
        let nextest =
            require("cargo-nextest").map(|_| project.record(&[], &format!("cargo nextest run {args}")));
        Both { project, cargo, nextest }
    }

    fn all(&self) -> impl Iterator<Item = &Recorded> {
        std::iter::once(&self.cargo).chain(&self.nextest)
    }
}
