//! `skiptrace index pull`.

use std::path::PathBuf;

use serde::Serialize;
use skiptrace_engine::catalog::manifest::Completeness;

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::ui::human;
use crate::ui::progress::Unit;

use super::target::{self, KindFlag, Target};

/// Fetch a commit's index from the store
///
/// With --output, its shards are merged into one file. Without, they are copied as they are into the local store,
/// or the one that --to names, manifest included.
#[derive(Debug, clap::Args)]
pub struct PullArgs {
    /// The revision
    #[arg(value_name = "REV", default_value = "HEAD")]
    revision: String,

    #[command(flatten)]
    kind: KindFlag,

    /// Write the index to this file
    #[arg(long, short, value_name = "FILE", conflicts_with = "to")]
    output: Option<PathBuf>,

    /// Copy into this store instead of the local one
    #[arg(long, value_name = "URL")]
    to: Option<String>,
}

/// The document `skiptrace/index-pull@1`.
#[derive(Serialize)]
struct Document {
    commit: String,
    from: String,
    to: String,
    objects: usize,
    bytes: u64,
}

pub(super) fn run(args: &PullArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let kind = args.kind.settings(session)?.index_kind.value;
    let commit = session.commit(&args.revision)?;
    let (catalog, from) = target::catalog_with_name(session)?;
    let entry = catalog.entry(kind, &commit)?;
    if let Completeness::Incomplete(missing) = catalog.completeness(&entry)? {
        let missing: Vec<String> = missing.iter().map(|(job, shard)| format!("`{job}` {shard}")).collect();
        session.printer.warning(format_args!(
            "the index of `{}` is incomplete: {} missing",
            commit.short(),
            missing.join(", ")
        ));
    }

    let document = if let Some(path) = &args.output {
        let index = Target::Commit(commit.clone()).load(session, kind)?;
        let bytes = target::write(session, path, &index)?;
        Document { commit: commit.to_string(), from, to: path.display().to_string(), objects: 1, bytes }
    } else {
        let destination = session.local_catalog(args.to.as_deref())?;
        let to = destination.store().to_string();
        if to == from {
            return Err(CommandError::user(format_args!("the index is in `{to}` already"))
                .hint("name where it comes from with --store, or where it goes with --output or --to"));
        }
        let n_objects = catalog.part_keys(&entry)?.len() + usize::from(entry.has_manifest);
        let progress = session.printer.progress("pulling", n_objects as u64, Unit::Items);
        let (objects, bytes) = catalog.copy_to(&destination, &entry, |_| progress.inc(1))?;
        Document { commit: commit.to_string(), from, to, objects, bytes }
    };
    session.printer.status(format_args!(
        "pulled the {kind} index of `{}` ({}) from `{}` to `{}`",
        &document.commit[..12],
        human::size(document.bytes),
        document.from,
        document.to,
    ));
    if session.printer.wants_json() {
        session.printer.json("index-pull@1", &document)?;
    }
    Ok(ExitStatus::Success)
}
