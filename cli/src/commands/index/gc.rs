//! `skiptrace index gc`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;
use skiptrace_engine::catalog::gc::{Candidate, GcPolicy, Keep, plan};
use skiptrace_engine::catalog::layout::BranchMark;
use skiptrace_engine::catalog::{Catalog, CommitEntry};
use skiptrace_engine::id::CommitId;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::time::Timestamp;

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::settings::{Flag, Settings};
use crate::ui::human;
use crate::ui::progress::Unit;
use crate::ui::table::{Column, Table};

use super::target::KindFlag;

/// Forget indexes that are not needed any more
///
/// Of each branch the newest are kept, and whatever is young; the settings `gc.keep` and `gc.younger-than` say how
/// many and how young. With one of the flags, that one alone counts. The newest complete index of a branch is
/// always kept.
#[derive(Debug, clap::Args)]
pub struct GcArgs {
    #[command(flatten)]
    kind: KindFlag,

    /// Keep so many of the newest of each branch
    #[arg(long, value_name = "N")]
    keep: Option<u64>,

    /// Keep what is younger, such as `30d`
    #[arg(long, value_name = "SPAN")]
    younger_than: Option<String>,

    /// Only forget indexes of this branch alone
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,

    /// Only say what would be forgotten
    #[arg(long, short = 'n')]
    dry_run: bool,
}

/// The document `skiptrace/index-gc@1`.
#[derive(Serialize)]
struct Document {
    store: String,
    dry_run: bool,
    commits: Vec<CommitDocument>,
}

#[derive(Serialize)]
struct CommitDocument {
    commit: String,
    branches: Vec<String>,
    recorded_at_ms: u64,
    bytes: u64,
    complete: bool,
    kept: Option<&'static str>,
}

pub(super) fn run(args: &GcArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let flags = [
        Flag::given("index.kind", "--kind", args.kind.kind),
        Flag::given("gc.keep", "--keep", args.keep),
        Flag::given("gc.younger-than", "--younger-than", args.younger_than.as_ref()),
    ];
    let settings = session.settings_with(flags.into_iter().flatten())?;
    let catalog = session.catalog()?;
    let found = find(&catalog, settings.index_kind.value)?;
    let candidates: Vec<Candidate> = found.iter().map(|found| found.candidate.clone()).collect();
    let mut plan = plan(&candidates, policy(args, &settings), session.environment.now());
    if let Some(branch) = &args.branch {
        let only = BTreeSet::from([branch.clone()]);
        for (keep, candidate) in plan.iter_mut().zip(&candidates) {
            if candidate.branches != only {
                keep.get_or_insert(Keep::Newest);
            }
        }
    }

    let forgotten = plan.iter().filter(|keep| keep.is_none()).count();
    let progress = session.printer.progress("forgetting", forgotten as u64, Unit::Items);
    let mut document =
        Document { store: catalog.store().to_string(), dry_run: args.dry_run, commits: Vec::new() };
    for (found, keep) in found.iter().zip(&plan) {
        if keep.is_none() && !args.dry_run {
            catalog.remove(&found.entry, &found.marks)?;
            progress.inc(1);
        }
        document.commits.push(CommitDocument {
            commit: found.entry.commit.to_string(),
            branches: found.candidate.branches.iter().cloned().collect(),
            recorded_at_ms: found.candidate.at.0,
            bytes: found.entry.size(),
            complete: found.candidate.complete,
            kept: keep.map(name),
        });
    }
    drop(progress);
    report(session, &document)?;
    Ok(ExitStatus::Success)
}

fn policy(args: &GcArgs, settings: &Settings) -> GcPolicy {
    let by_flags = args.keep.is_some() || args.younger_than.is_some();
    let counts = |given: bool| given || !by_flags;
    GcPolicy {
        keep: counts(args.keep.is_some())
            .then(|| usize::try_from(settings.gc_keep.value).unwrap_or(usize::MAX)),
        younger_than: counts(args.younger_than.is_some())
            .then(|| Duration::from_millis(settings.gc_younger_than.value.0)),
    }
}

/// An indexed commit with all that is kept for it.
struct Found {
    entry: CommitEntry,
    marks: Vec<BranchMark>,
    candidate: Candidate,
}

fn find(catalog: &Catalog, kind: IndexKind) -> Result<Vec<Found>, CommandError> {
    let mut marks: BTreeMap<CommitId, Vec<BranchMark>> = BTreeMap::new();
    for mark in catalog.marks(kind)? {
        marks.entry(mark.commit.clone()).or_default().push(mark);
    }
    let mut found = Vec::new();
    for entry in catalog.entries(kind)? {
        let marks = marks.remove(&entry.commit).unwrap_or_default();
        let recorded = marks.iter().map(|mark| mark.recorded_at).max();
        let candidate = Candidate {
            commit: entry.commit.clone(),
            branches: marks.iter().map(|mark| mark.branch.clone()).collect(),
            at: recorded.or(entry.modified).unwrap_or(Timestamp::UNKNOWN),
            // What cannot be read is no complete index; it is forgotten in its time like any other.
            complete: !entry.is_nothing()
                && catalog.completeness(&entry).is_ok_and(|completeness| completeness.is_complete()),
        };
        found.push(Found { entry, marks, candidate });
    }
    Ok(found)
}

fn name(keep: Keep) -> &'static str {
    match keep {
        Keep::Newest => "newest",
        Keep::Young => "young",
        Keep::LastComplete => "last complete",
    }
}

fn report(session: &Session<'_>, document: &Document) -> Result<(), CommandError> {
    let forgotten: Vec<&CommitDocument> =
        document.commits.iter().filter(|commit| commit.kept.is_none()).collect();
    if session.printer.wants_json() {
        session.printer.json("index-gc@1", document)?;
    } else {
        let now = session.environment.now();
        let mut table = Table::new([
            Column::text(if document.dry_run { "WOULD FORGET" } else { "FORGOTTEN" }),
            Column::text("BRANCH"),
            Column::text("RECORDED"),
            Column::number("SIZE"),
        ]);
        for commit in &forgotten {
            table.row([
                commit.commit[..12].to_owned(),
                commit.branches.join(", "),
                human::ago(Timestamp(commit.recorded_at_ms), now),
                human::size(commit.bytes),
            ]);
        }
        if !forgotten.is_empty() {
            session.printer.table(&table)?;
        }
    }
    session.printer.status(format_args!(
        "{} {} of {} ({}) in `{}`",
        if document.dry_run { "would forget" } else { "forgot" },
        forgotten.len(),
        human::count(document.commits.len() as u64, "commit"),
        human::size(forgotten.iter().map(|commit| commit.bytes).sum()),
        document.store,
    ));
    Ok(())
}
