//! What stands in for Go's test binaries alone, for tests of what it keeps and runs.

use std::process::ExitCode;

fn main() -> std::io::Result<ExitCode> {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    let cwd = std::env::current_dir()?;
    let code = skiptrace_indexers::run::go::shim::run(&args, &std::env::vars_os().collect(), &cwd)?;
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}
