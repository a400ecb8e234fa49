//! End-to-end tests: one file per command, for the wiring; what a part does is tested beside the part.

use skiptrace_tests::Sandbox;

mod build;
mod completions;
mod config;
mod errors;
mod help;
mod index;
mod man;
mod stores;

/// A sandbox for the program under test.
fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_skiptrace-under-test"))
}
