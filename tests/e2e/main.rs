//! End-to-end tests: one file per command, for the wiring; what a part does is tested beside the part.

use skiptrace_tests::Sandbox;

mod build;
mod build_go;
mod completions;
mod config;
mod errors;
mod evaluate;
mod evolution;
mod explain;
mod hazards;
mod help;
mod history;
mod index;
mod man;
mod metrics;
#[cfg(unix)]
mod recipes;
mod record;
mod replay;
mod report;
mod rules;
mod run;
mod select;
mod stores;
mod trial;

/// A sandbox for the program under test.
fn sandbox() -> Sandbox {
    Sandbox::new(PROGRAM)
}

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_skiptrace-under-test");
