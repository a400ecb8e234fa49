//! `skiptrace history prune`.

use serde::Serialize;
use skiptrace_engine::history::History;

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::settings::Flag;
use crate::ui::human;

use super::{open_existing, retention};

/// Forget the oldest runs
///
/// What is older than `history.keep-days` and what is beyond the newest `history.keep-runs` is forgotten. Runs in the
/// store stay, and are not fetched again unless `skiptrace history pull --all` asks for them.
#[derive(Debug, clap::Args)]
pub struct PruneArgs {
    /// Keep so many days
    #[arg(long, value_name = "N")]
    keep_days: Option<u64>,

    /// Keep no more than so many runs
    #[arg(long, value_name = "N")]
    keep_runs: Option<u64>,
}

/// The document `skiptrace/history-prune@1`.
#[derive(Serialize)]
struct Document {
    runs: u64,
    left: u64,
}

pub(super) fn run(args: &PruneArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let flags = [
        Flag::given("history.keep-days", "--keep-days", args.keep_days),
        Flag::given("history.keep-runs", "--keep-runs", args.keep_runs),
    ];
    let settings = session.settings_with(flags.into_iter().flatten())?;
    let Some(history) = open_existing(session)? else { return Ok(ExitStatus::Success) };
    let pruned = history.prune(&retention(&settings, session.environment.now()))?;
    session.printer.status(format_args!(
        "forgot {}, {} left in `{history}`",
        human::count(pruned.runs, "run"),
        pruned.left,
    ));
    if session.printer.wants_json() {
        session.printer.json("history-prune@1", &Document { runs: pruned.runs, left: pruned.left })?;
    }
    Ok(ExitStatus::Success)
}
