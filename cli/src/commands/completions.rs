//! `skiptrace completions`.

use clap_complete::Shell;

use crate::args;
use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;

/// Print the completion script of a shell
///
/// For bash, `source <(skiptrace completions bash)` in `~/.bashrc` is enough.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(), "skiptrace", &mut script);
    session.printer.bytes(&script)?;
    Ok(ExitStatus::Success)
}
