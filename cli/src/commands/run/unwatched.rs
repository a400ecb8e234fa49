//! The runner as the user typed it, where nothing can be recorded.

use std::fmt::Display;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::commands::record::listen_for_interrupts;
use crate::error::{CommandError, ErrorKind};
use crate::exit::ExitStatus;
use crate::session::Session;

/// Runs everything, remembers nothing, and says why.
pub(super) fn run(
    words: &[String],
    why: impl Display,
    session: &Session<'_>,
) -> Result<ExitStatus, CommandError> {
    session.printer.warning(format_args!("everything runs, and nothing is remembered: {why}"));
    let interrupted = Arc::new(AtomicBool::new(false));
    listen_for_interrupts(&interrupted)?;
    let cannot = |error: std::io::Error| {
        CommandError::new(ErrorKind::Runner, format_args!("cannot run `{}`", words.join(" ")))
            .caused_by(error)
    };
    let (program, args) = words.split_first().expect("a runner has words");
    // The terminal interrupts it as well, and it is given the time that it needs then.
    let status =
        Command::new(program).args(args).current_dir(&session.environment.cwd).status().map_err(cannot)?;
    Ok(match status.code() {
        _ if interrupted.load(Ordering::Acquire) => ExitStatus::Interrupted,
        Some(0) => ExitStatus::Success,
        Some(code) => ExitStatus::OfRunner(u8::try_from(code).unwrap_or(1)),
        None => ExitStatus::OfRunner(of_signal(status)),
    })
}

/// Returns what shells say of a process that a signal ended.
#[cfg(unix)]
fn of_signal(status: std::process::ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;
    status.signal().and_then(|signal| u8::try_from(128 + signal).ok()).unwrap_or(1)
}

#[cfg(not(unix))]
fn of_signal(_: std::process::ExitStatus) -> u8 {
    1
}
