//! The other names of the program: what cargo takes for a compiler wrapper and for a runner of tests, and
//! what the go tool starts in place of test binaries.
//!
//! Recording links these names to the program. They are looked at before anything else, because each test and each
//! crate starts one.

use std::ffi::OsString;
use std::path::Path;

use skiptrace_indexers::build::wrapper;
use skiptrace_indexers::run::{go, shim};

use crate::environment::Environment;
use crate::exit::ExitStatus;
use crate::ui::printer::Printer;

/// Acts under another name, if the program was started under one; returns only where it does not become a process.
pub(crate) fn act(argv: &[OsString], environment: &Environment, printer: &Printer) -> Option<ExitStatus> {
    let (program, args) = argv.split_first()?;
    let name = Path::new(program).file_name()?;
    let run = if name == wrapper::NAME {
        wrapper::run
    } else if name == shim::NAME {
        shim::run
    } else if name == go::shim::NAME {
        go::shim::run
    } else {
        return None;
    };
    Some(match run(args, &environment.vars, &environment.cwd) {
        Ok(0) => ExitStatus::Success,
        Ok(_) => ExitStatus::Failure,
        Err(error) => {
            printer.say(format_args!("error: {}: {error}", name.display()));
            ExitStatus::Internal
        }
    })
}
