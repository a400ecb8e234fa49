//! `skiptrace index push`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Serialize;
use skiptrace_engine::catalog::manifest::Manifest;
use skiptrace_engine::id::{CommitId, JobName};
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::store::Put;

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::ui::human;
use crate::ui::progress::Unit;

use super::target::{self, KindFlag};

/// Keep indexes in the store
///
/// Each goes where its commit, job and shard say. What is there already stays: pushing the same again is fine,
/// and pushing something else in its place is an error.
///
/// With --expect, the commit's manifest is written: its index is complete only when all those jobs are there, each
/// in so many shards.
#[derive(Debug, clap::Args)]
pub struct PushArgs {
    /// The index files
    #[arg(value_name = "FILE", required_unless_present = "expect")]
    files: Vec<PathBuf>,

    /// A job that the commit will have, and in how many shards; may be repeated
    #[arg(long, value_name = "JOB=SHARDS")]
    expect: Vec<Expectation>,

    /// The commit that --expect is about, when no file says so
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    commit: String,

    #[command(flatten)]
    kind: KindFlag,
}

/// The value of `--expect`.
#[derive(Debug, Clone)]
struct Expectation {
    job: JobName,
    shards: u32,
}

impl FromStr for Expectation {
    type Err = String;

    fn from_str(text: &str) -> Result<Expectation, String> {
        let (job, shards) = text.rsplit_once('=').unwrap_or((text, "1"));
        let job = job.parse().map_err(|error| format!("{error}"))?;
        let shards = shards.parse().ok().filter(|shards| (1..=100_000).contains(shards));
        Ok(Expectation { job, shards: shards.ok_or("expected `JOB=SHARDS`, such as `unit=4`")? })
    }
}

/// The document `skiptrace/index-push@1`.
#[derive(Serialize)]
struct Document {
    store: String,
    pushed: Vec<PushedDocument>,
    manifest: Option<String>,
}

#[derive(Serialize)]
struct PushedDocument {
    file: String,
    key: String,
    bytes: u64,
    created: bool,
}

pub(super) fn run(args: &PushArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let settings = args.kind.settings(session)?;
    // Everything is read before anything is written.
    let mut indexes = Vec::new();
    for file in &args.files {
        indexes.push((file, target::load_file(session, file)?));
    }
    let (catalog, name) = target::catalog_with_name(session)?;
    let mut document = Document { store: name, pushed: Vec::new(), manifest: None };

    if !args.expect.is_empty() {
        let mut commits: BTreeSet<(IndexKind, CommitId)> =
            indexes.iter().filter_map(|(_, index)| Some((index.kind(), index.commit()?.clone()))).collect();
        if commits.is_empty() {
            commits.insert((settings.index_kind.value, session.commit(&args.commit)?));
        }
        let jobs = args.expect.iter().map(|expected| (expected.job.clone(), expected.shards)).collect();
        let manifest = Manifest { jobs };
        for (kind, commit) in &commits {
            catalog.put_manifest(*kind, commit, &manifest)?;
            session.printer.status(format_args!(
                "the {kind} index of `{}` will be complete with {}",
                commit.short(),
                human::count(manifest.jobs.len() as u64, "job"),
            ));
        }
        document.manifest = Some(String::from_utf8_lossy(&manifest.to_json()).trim_end().to_owned());
    }

    let progress = session.printer.progress("pushing", indexes.len() as u64, Unit::Items);
    for (file, index) in &indexes {
        let pushed = catalog.push(index)?;
        progress.inc(1);
        let created = pushed.put == Put::Created;
        session.printer.status(format_args!(
            "{} `{}` ({}) in `{}`",
            if created { "kept" } else { "already had" },
            pushed.key,
            human::size(pushed.bytes),
            document.store,
        ));
        for branch in &pushed.unmarked {
            session.printer.warning(format_args!(
                "the name of branch `{branch}` is too long to mark its newest commits, so finding them takes longer"
            ));
        }
        document.pushed.push(PushedDocument {
            file: file.display().to_string(),
            key: pushed.key.to_string(),
            bytes: pushed.bytes,
            created,
        });
    }
    if session.printer.wants_json() {
        session.printer.json("index-push@1", &document)?;
    }
    Ok(ExitStatus::Success)
}
