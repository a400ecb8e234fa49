//! `skiptrace index verify`.

use serde::Serialize;
use skiptrace_engine::catalog::layout::{self, Meaning, Part};
use skiptrace_engine::catalog::manifest::Completeness;
use skiptrace_engine::catalog::{Catalog, CommitEntry};
use skiptrace_engine::codec::decode;
use skiptrace_engine::index::Index;
use skiptrace_engine::key::Key;
use skiptrace_engine::kind::IndexKind;

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::ui::human;
use crate::ui::progress::Unit;

use super::target::{self, KindFlag, Target};

/// Check that indexes are whole and where they belong
///
/// Every byte is read and every checksum compared; in the store also that each object is the index that its key
/// says, and that nothing that was announced is missing. Ends with 9 when anything is damaged.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// Files, or revisions whose indexes are in the store
    #[arg(value_name = "INDEX", default_value = "HEAD")]
    indexes: Vec<String>,

    /// Check every index of the store
    #[arg(long, conflicts_with = "indexes")]
    all: bool,

    /// Remove damaged objects from the store, so that their shards can be pushed again
    #[arg(long)]
    remove_damaged: bool,

    #[command(flatten)]
    kind: KindFlag,
}

/// The document `skiptrace/index-verify@1`.
#[derive(Serialize)]
struct Document {
    checked: Vec<CheckedDocument>,
}

#[derive(Serialize)]
struct CheckedDocument {
    index: String,
    state: State,
    what: Option<String>,
    tests: Option<usize>,
    removed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Whole,
    Incomplete,
    Damaged,
}

pub(super) fn run(args: &VerifyArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let kind = args.kind.settings(session)?.index_kind.value;
    let mut document = Document { checked: Vec::new() };
    if args.all {
        let catalog = session.catalog()?;
        let entries = catalog.entries(kind)?;
        let progress = session.printer.progress("verifying", entries.len() as u64, Unit::Items);
        for entry in &entries {
            check_commit(&catalog, entry, args, &mut document)?;
            progress.inc(1);
        }
    } else {
        for index in &args.indexes {
            check_target(index, kind, args, session, &mut document)?;
        }
    }
    let damaged = document.checked.iter().filter(|checked| checked.state == State::Damaged).count();
    if session.printer.wants_json() {
        session.printer.json("index-verify@1", &document)?;
    } else {
        for checked in &document.checked {
            let state = match (checked.state, checked.tests) {
                (State::Whole, Some(tests)) => format!("whole, {}", human::count(tests as u64, "test")),
                (State::Whole, None) => "complete".to_owned(),
                (State::Incomplete, _) => "incomplete".to_owned(),
                (State::Damaged, _) if checked.removed => "DAMAGED, and removed".to_owned(),
                (State::Damaged, _) => "DAMAGED".to_owned(),
            };
            let what = checked.what.as_ref().map(|what| format!(": {what}")).unwrap_or_default();
            session.printer.answer(format_args!("{}: {state}{what}", checked.index))?;
        }
    }
    if damaged == 0 {
        return Ok(ExitStatus::Success);
    }
    session.printer.hint(
        "a damaged index selects everything; remove it from the store with --remove-damaged, and record or push it again",
    );
    Ok(ExitStatus::DamagedIndex)
}

fn check_target(
    text: &str,
    kind: IndexKind,
    args: &VerifyArgs,
    session: &Session<'_>,
    document: &mut Document,
) -> Result<(), CommandError> {
    match Target::parse(text, session)? {
        Target::File(path) => {
            let checked = match target::load_file(session, &path) {
                Ok(index) => CheckedDocument::whole(text.to_owned(), &index),
                Err(error) if error.exit_status() == ExitStatus::DamagedIndex => CheckedDocument::damaged(
                    text.to_owned(),
                    error.source.map_or(error.message, |source| source.to_string()),
                ),
                Err(error) => return Err(error),
            };
            document.checked.push(checked);
            Ok(())
        }
        Target::Commit(commit) => {
            let catalog = session.catalog()?;
            let entry = catalog.entry(kind, &commit)?;
            if entry.is_nothing() {
                return Err(skiptrace_engine::catalog::CatalogError::NoIndex { kind, commit }.into());
            }
            check_commit(&catalog, &entry, args, document)
        }
    }
}

fn check_commit(
    catalog: &Catalog,
    entry: &CommitEntry,
    args: &VerifyArgs,
    document: &mut Document,
) -> Result<(), CommandError> {
    let mut damaged = false;
    for key in catalog.part_keys(entry)? {
        // All of it is read, as whoever needs it would.
        let bytes = catalog.store().get(&key)?;
        let mut checked = match decode(bytes.as_slice()) {
            Ok(index) => match misplaced(&key, &index) {
                None => CheckedDocument::whole(key.to_string(), &index),
                Some(what) => CheckedDocument::damaged(key.to_string(), what),
            },
            Err(error) => CheckedDocument::damaged(key.to_string(), error.to_string()),
        };
        if checked.state == State::Damaged {
            damaged = true;
            if args.remove_damaged {
                catalog.store().delete(&key)?;
                checked.removed = true;
            }
        }
        document.checked.push(checked);
    }
    if damaged {
        return Ok(());
    }
    let commit = format!("{}/{}", entry.kind, entry.commit.short());
    let (state, what) = match catalog.completeness(entry) {
        Ok(Completeness::Incomplete(missing)) => {
            let missing: Vec<String> =
                missing.iter().map(|(job, shard)| format!("`{job}` {shard}")).collect();
            (State::Incomplete, Some(format!("no {}", missing.join(", "))))
        }
        Ok(_) => (State::Whole, None),
        Err(error @ skiptrace_engine::catalog::CatalogError::Manifest { .. }) => {
            let error = CommandError::from(error);
            (State::Damaged, Some(error.source.map_or(error.message, |source| source.to_string())))
        }
        Err(error) => return Err(error.into()),
    };
    document.checked.push(CheckedDocument { index: commit, state, what, tests: None, removed: false });
    Ok(())
}

/// Returns in what an index differs from what its key says.
fn misplaced(key: &Key, index: &Index) -> Option<String> {
    let Some(Meaning::Commit(kind, commit, part)) = layout::parse(key) else {
        return Some("its key is none of ours".to_owned());
    };
    if kind != index.kind() {
        return Some(format!("it is of kind {}", index.kind()));
    }
    for recording in index.recordings() {
        if recording.commit != commit {
            return Some(format!("it is of commit `{}`", recording.commit.short()));
        }
        match &part {
            Part::Shard(job, shard) if (job, *shard) != (&recording.job, recording.shard) => {
                return Some(format!("it is of job `{}` {}", recording.job, recording.shard));
            }
            _ => {}
        }
    }
    None
}

impl CheckedDocument {
    fn whole(index: String, content: &Index) -> CheckedDocument {
        CheckedDocument {
            index,
            state: State::Whole,
            what: None,
            tests: Some(content.tests().len()),
            removed: false,
        }
    }

    fn damaged(index: String, what: String) -> CheckedDocument {
        CheckedDocument { index, state: State::Damaged, what: Some(what), tests: None, removed: false }
    }
}
