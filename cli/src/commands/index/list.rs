//! `skiptrace index list`.

use std::collections::BTreeMap;

use serde::Serialize;
use skiptrace_engine::catalog::manifest::Completeness;
use skiptrace_engine::catalog::{Catalog, CatalogError, CommitEntry};
use skiptrace_engine::id::CommitId;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::store::ListRequest;
use skiptrace_engine::time::Timestamp;

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::ui::human;
use crate::ui::progress::Unit;
use crate::ui::table::{Column, Table};

use super::target::KindFlag;

/// List the commits that the store has an index of
///
/// With --branch, the newest of that branch come first, and only as many are looked for as --limit says.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    kind: KindFlag,

    /// Only commits of this branch, newest first
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,

    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// Print every key of the store with its size instead, as a static mirror's `listing.txt` wants them
    #[arg(long, conflicts_with_all = ["branch", "kind"])]
    keys: bool,
}

/// The document `skiptrace/index-list@1`.
#[derive(Serialize)]
struct Document {
    store: String,
    kind: &'static str,
    commits: Vec<CommitDocument>,
}

#[derive(Serialize)]
struct CommitDocument {
    commit: String,
    branches: Vec<String>,
    recorded_at_ms: Option<u64>,
    jobs: usize,
    shards: usize,
    consolidated: bool,
    bytes: u64,
    state: &'static str,
    missing: Vec<String>,
}

pub(super) fn run(args: &ListArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let kind = args.kind.settings(session)?.index_kind.value;
    let catalog = session.catalog()?;
    if args.keys {
        return list_keys(session, &catalog, args.limit);
    }
    let (entries, marks) = entries(args, &catalog, kind)?;
    let progress = session.printer.progress("looking", entries.len() as u64, Unit::Items);
    let mut commits = Vec::new();
    for entry in &entries {
        commits.push(describe(entry, state(&catalog, entry)?, marks.get(&entry.commit)));
        progress.inc(1);
    }
    drop(progress);
    let document = Document { store: catalog.store().to_string(), kind: kind.name(), commits };
    if session.printer.wants_json() {
        session.printer.json("index-list@1", &document)?;
        return Ok(ExitStatus::Success);
    }
    if document.commits.is_empty() {
        session.printer.status(format_args!("there is no {kind} index in `{}`", document.store));
        return Ok(ExitStatus::Success);
    }
    print(session, &document)?;
    Ok(ExitStatus::Success)
}

/// The branches of a commit, and when its newest recording was made.
type Marks = BTreeMap<CommitId, (Vec<String>, Timestamp)>;

fn entries(
    args: &ListArgs,
    catalog: &Catalog,
    kind: IndexKind,
) -> Result<(Vec<CommitEntry>, Marks), CommandError> {
    let found = match &args.branch {
        Some(branch) => catalog.branch_commits(kind, branch, args.limit)?,
        None => catalog.marks(kind)?,
    };
    let mut marks = Marks::new();
    for mark in &found {
        let (branches, at) = marks.entry(mark.commit.clone()).or_default();
        branches.push(mark.branch.clone());
        *at = mark.recorded_at.max(*at);
    }
    let one = |commit: &CommitId| catalog.entry(kind, commit);
    let mut entries = match (&args.branch, args.limit) {
        (Some(_), _) => found.iter().map(|mark| one(&mark.commit)).collect::<Result<Vec<_>, _>>()?,
        (None, Some(_)) => catalog.commits(kind, args.limit)?.iter().map(one).collect::<Result<_, _>>()?,
        (None, None) => catalog.entries(kind)?,
    };
    if args.branch.is_none() {
        let at = |entry: &CommitEntry| marks.get(&entry.commit).map(|(_, at)| *at).or(entry.modified);
        entries.sort_by_key(|entry| std::cmp::Reverse(at(entry)));
    }
    // A mark outlives its index when forgetting was interrupted.
    entries.retain(|entry| !entry.is_nothing() || entry.has_manifest);
    Ok((entries, marks))
}

/// Returns a word for the state of a commit's index, and what is missing. What cannot be read is a state too.
fn state(catalog: &Catalog, entry: &CommitEntry) -> Result<(&'static str, Vec<String>), CommandError> {
    Ok(match catalog.completeness(entry) {
        Ok(Completeness::Complete) => ("complete", Vec::new()),
        Ok(Completeness::Undeclared) => ("undeclared", Vec::new()),
        Ok(Completeness::Incomplete(missing)) => {
            ("incomplete", missing.iter().map(|(job, shard)| format!("{job} {shard}")).collect())
        }
        Err(CatalogError::Codec { .. } | CatalogError::Manifest { .. }) => ("damaged", Vec::new()),
        Err(error) => return Err(error.into()),
    })
}

fn describe(
    entry: &CommitEntry,
    (state, missing): (&'static str, Vec<String>),
    marks: Option<&(Vec<String>, Timestamp)>,
) -> CommitDocument {
    let jobs: std::collections::BTreeSet<_> = entry.shards.keys().map(|(job, _)| job).collect();
    CommitDocument {
        commit: entry.commit.to_string(),
        branches: marks.map(|(branches, _)| branches.clone()).unwrap_or_default(),
        recorded_at_ms: marks.map(|(_, at)| *at).or(entry.modified).map(|at| at.0),
        jobs: jobs.len(),
        shards: entry.shards.len(),
        consolidated: entry.all.is_some(),
        bytes: entry.size(),
        state,
        missing,
    }
}

fn print(session: &Session<'_>, document: &Document) -> Result<(), CommandError> {
    let now = session.environment.now();
    let mut table = Table::new([
        Column::text("COMMIT"),
        Column::text("BRANCH"),
        Column::text("RECORDED"),
        Column::number("SHARDS"),
        Column::number("SIZE"),
        Column::text("STATE"),
    ]);
    for commit in &document.commits {
        let shards = match (commit.consolidated, commit.shards) {
            (true, 0) => "all in one".to_owned(),
            (true, shards) => format!("{shards} + all in one"),
            (false, shards) => shards.to_string(),
        };
        let state = match commit.state {
            "undeclared" => "complete, as far as shards tell".to_owned(),
            "incomplete" => format!("incomplete: no {}", commit.missing.join(", ")),
            "damaged" => "damaged: see `skiptrace index verify`".to_owned(),
            state => state.to_owned(),
        };
        table.row([
            commit.commit[..12].to_owned(),
            commit.branches.join(", "),
            commit.recorded_at_ms.map_or_else(String::new, |at| human::ago(Timestamp(at), now)),
            shards,
            human::size(commit.bytes),
            state,
        ]);
    }
    session.printer.table(&table)?;
    Ok(())
}

/// The document `skiptrace/index-keys@1`.
#[derive(Serialize)]
struct KeysDocument {
    keys: Vec<KeyDocument>,
}

#[derive(Serialize)]
struct KeyDocument {
    key: String,
    bytes: u64,
}

fn list_keys(
    session: &Session<'_>,
    catalog: &Catalog,
    limit: Option<usize>,
) -> Result<ExitStatus, CommandError> {
    let entries = catalog.store().list(&ListRequest { limit, ..ListRequest::default() })?;
    let keys: Vec<KeyDocument> = entries
        .into_iter()
        .map(|entry| KeyDocument { key: entry.key.to_string(), bytes: entry.size })
        .collect();
    if session.printer.wants_json() {
        session.printer.json("index-keys@1", &KeysDocument { keys })?;
        return Ok(ExitStatus::Success);
    }
    for KeyDocument { key, bytes } in &keys {
        session.printer.answer(format_args!("{key}\t{bytes}"))?;
    }
    Ok(ExitStatus::Success)
}
