//! The command line of skiptrace: everything about people.
//!
//! Reading order: [`environment`] is what the program finds around it, [`args`] what was typed, [`settings`]
//! what follows from both and the configuration files; [`session`] hands them to [`commands`], one file each.
//! [`ui`] is the only way to print, [`error`] the only way to fail, [`exit`] the only way to end.

pub mod args;
pub mod commands;
mod datadog;
pub mod decision;
pub mod environment;
pub mod error;
pub mod exit;
pub mod git;
mod journal;
mod logging;
mod metrics;
pub mod nearest;
mod panic;
mod replay;
pub mod rules;
pub mod session;
pub mod settings;
mod shim;
mod trial;
pub mod ui;

use std::ffi::OsString;

use crate::args::{Args, FirstLook};
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::ui::printer::Printer;

/// Runs one command line, program name first, and returns how it ended.
pub fn run(argv: impl IntoIterator<Item = OsString>, environment: Environment) -> ExitStatus {
    let argv: Vec<OsString> = argv.into_iter().collect();
    // Errors in the arguments are to be printed the way the arguments ask for.
    let look = FirstLook::at(&argv);
    let printer = Printer::to_process(&environment, look.color, look.options);
    if let Some(status) = shim::act(&argv, &environment, &printer) {
        return status;
    }
    panic::guard(&printer, || {
        let result = Args::parse(argv, &environment, &printer).and_then(|parsed| match parsed {
            Some(args) => {
                logging::start(&environment, args.global.verbose, printer.err_has_color())?;
                commands::run(&args.command, &Session::new(environment, args.global, &printer)?)
            }
            None => Ok(ExitStatus::Success),
        });
        finish(result, &printer)
    })
}

fn finish(result: Result<ExitStatus, CommandError>, printer: &Printer) -> ExitStatus {
    let result = result.and_then(|status| {
        printer.flush()?;
        Ok(status)
    });
    match result {
        Ok(status) => status,
        Err(error) => {
            error.report(printer);
            error.exit_status()
        }
    }
}
