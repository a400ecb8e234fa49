//! Traces for whoever debugs, silent unless asked for. Messages for people never go through here.

use tracing_subscriber::EnvFilter;

use crate::environment::Environment;
use crate::error::{CommandError, ErrorKind};

/// Names what is traced, in the syntax of `tracing_subscriber::EnvFilter`.
pub(crate) const LOG: &str = "SKIPTRACE_LOG";

/// Starts tracing to standard error: what `SKIPTRACE_LOG` names, or more with every `-v`.
#[expect(clippy::disallowed_methods, reason = "traces are no part of the conversation")]
pub(crate) fn start(environment: &Environment, verbose: u8, has_color: bool) -> Result<(), CommandError> {
    let directives = match (environment.text(LOG), verbose) {
        (Some(directives), _) => directives,
        (None, 0) => return Ok(()),
        (None, 1) => "skiptrace=info,skiptrace_engine=info,skiptrace_backends=info,skiptrace_indexers=info",
        (None, 2) => {
            "skiptrace=debug,skiptrace_engine=debug,skiptrace_backends=debug,skiptrace_indexers=debug"
        }
        (None, _) => "trace",
    };
    let filter = EnvFilter::try_new(directives).map_err(|error| {
        CommandError::new(ErrorKind::Config, format_args!("invalid filter in `{LOG}`: `{directives}`"))
            .caused_by(error)
            .hint(format_args!("write it like `{LOG}=debug` or `{LOG}=skiptrace_backends=trace`"))
    })?;
    // A second run in one process keeps the first one's.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(has_color)
        .with_writer(std::io::stderr)
        .try_init();
    Ok(())
}
