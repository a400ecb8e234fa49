//! `skiptrace index merge`.

use std::path::PathBuf;

use serde::Serialize;

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::ui::human;

use super::target::{self, KindFlag, Target};

/// Merge indexes into one
///
/// Of each test the newest record counts whose coverage is whole, or that did not pass. The order of the indexes
/// does not matter, nor whether one is there twice.
///
/// With --output, the merged index is written to a file. Without, the one INDEX is a revision: the shards that
/// the store has for it are merged into one object beside them, so that readers open one instead of many.
#[derive(Debug, clap::Args)]
pub struct MergeArgs {
    /// Files, or revisions whose indexes are in the store
    #[arg(value_name = "INDEX", required = true)]
    indexes: Vec<String>,

    #[command(flatten)]
    kind: KindFlag,

    /// Write the merged index to this file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The document `skiptrace/index-merge@1`.
#[derive(Serialize)]
struct Document {
    tests: Option<usize>,
    bytes: u64,
    file: Option<String>,
    key: Option<String>,
}

pub(super) fn run(args: &MergeArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let kind = args.kind.settings(session)?.index_kind.value;
    let targets =
        args.indexes.iter().map(|index| Target::parse(index, session)).collect::<Result<Vec<_>, _>>()?;
    let document = match (&args.output, &targets[..]) {
        (Some(path), _) => {
            let index = target::load_merged(session, &targets, kind)?;
            let bytes = target::write(session, path, &index)?;
            session.printer.status(format_args!(
                "merged {} with {} into `{}` ({})",
                human::count(targets.len() as u64, "index"),
                human::count(index.tests().len() as u64, "test"),
                path.display(),
                human::size(bytes),
            ));
            let file = Some(path.display().to_string());
            Document { tests: Some(index.tests().len()), bytes, file, key: None }
        }
        (None, [Target::Commit(commit)]) => {
            let (catalog, name) = target::catalog_with_name(session)?;
            let pushed = catalog.consolidate(kind, commit)?;
            session.printer.status(format_args!(
                "merged the shards of `{}` into `{}` in `{name}` ({})",
                commit.short(),
                pushed.key,
                human::size(pushed.bytes),
            ));
            Document { tests: None, bytes: pushed.bytes, file: None, key: Some(pushed.key.to_string()) }
        }
        (None, _) => {
            return Err(CommandError::user("there is no place for the merged index")
                .hint("name a file with --output, or a single revision to merge its shards in the store"));
        }
    };
    if session.printer.wants_json() {
        session.printer.json("index-merge@1", &document)?;
    }
    Ok(ExitStatus::Success)
}
