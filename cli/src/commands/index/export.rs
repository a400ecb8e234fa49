//! `skiptrace index export`.

use std::path::PathBuf;

use skiptrace_engine::json::JsonIndex;

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;

use super::target::{self, KindFlag, Target};

/// Export an index in the form `{job: {key: [test, …]}}`
///
/// What `skiptrace index import` reads: sorted, and without outcomes, durations and fingerprints, for which the
/// form has no place. A test in a suite is `suite::name`.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// A file, or a revision whose index is in the store
    #[arg(value_name = "INDEX", default_value = "HEAD")]
    index: String,

    #[command(flatten)]
    kind: KindFlag,

    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &ExportArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let kind = args.kind.settings(session)?.index_kind.value;
    let index = Target::parse(&args.index, session)?.load(session, kind)?;
    let json = JsonIndex::from_index(&index)
        .map_err(|error| CommandError::user(format_args!("cannot export `{}`", args.index)).caused_by(error))?
        .to_json();
    match &args.output {
        Some(path) => {
            target::write_bytes(session, path, &json)?;
            session.printer.status(format_args!("wrote `{}`", path.display()));
        }
        None => session.printer.bytes(&json)?,
    }
    Ok(ExitStatus::Success)
}
