//! The `skiptrace` program.

use std::process::ExitCode;

use skiptrace::environment::Environment;

fn main() -> ExitCode {
    skiptrace::run(std::env::args_os(), Environment::of_process()).into()
}
