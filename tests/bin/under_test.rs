//! The program, built here so that its path is known to these tests.

fn main() -> std::process::ExitCode {
    skiptrace::run(std::env::args_os(), skiptrace::environment::Environment::of_process()).into()
}
