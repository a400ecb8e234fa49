//! `skiptrace history pull`.

use std::sync::Arc;

use serde::Serialize;
use skiptrace_engine::history::{Day, FormatError, History, RunId, RunRecord, object};
use skiptrace_engine::store::{Entry, ListRequest, Store, StoreError};

use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::ui::human;
use crate::ui::progress::Unit;

use super::{open, retention};

/// For how many days after its end runs of a day may still come in: machines that were offline, clocks that are wrong.
const GRACE: u64 = 2;
/// How many runs, and how many bytes of them, are fetched and then written at once. What was written stays when a pull
/// is interrupted.
const BATCH: usize = 128;
const BATCH_BYTES: u64 = 4 * 1024 * 1024;
/// How many requests there are at a time.
const SIDE_BY_SIDE: usize = 16;

/// Fetch the runs of other machines from the store
///
/// Only days are looked at of which runs may have come in since the last time, and only runs are fetched that are not
/// in the history. It may be interrupted and repeated. Days before `history.keep-days` and runs that were forgotten are
/// left out.
#[derive(Debug, clap::Args)]
pub struct PullArgs {
    /// Look at every day again, and fetch forgotten runs as well
    #[arg(long)]
    all: bool,
}

/// The document `skiptrace/history-pull@1`.
#[derive(Serialize)]
struct Document {
    from: String,
    listed: usize,
    runs: u64,
    results: u64,
    bytes: u64,
    unreadable: usize,
    complete_before: String,
}

pub(super) fn run(args: &PullArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let settings = session.settings()?;
    let store = session.store()?;
    let history = open(&settings)?;
    let now = session.environment.now();
    let retention = retention(&settings, now);

    let name = store.to_string();
    let known = history.fetched_until(&name)?.unwrap_or_default();
    let first =
        if args.all { Day::default() } else { known.max(retention.since.map(Day::of).unwrap_or_default()) };
    let request = ListRequest::below(RunId::folder()).start_after(RunId::before_day(first));
    let listed = store.list(&request)?;
    let wanted = wanted(&listed, &history, args.all)?;

    let mut document = Document {
        from: name.clone(),
        listed: listed.len(),
        runs: 0,
        results: 0,
        bytes: 0,
        unreadable: 0,
        complete_before: String::new(),
    };
    let mut complete = Day::of(now).earlier(GRACE);
    let progress = session.printer.progress("fetching", wanted.len() as u64, Unit::Items);
    for batch in batches(&wanted) {
        let mut runs = Vec::with_capacity(batch.len());
        for (id, fetched) in fetch(&store, batch) {
            match fetched {
                Ok(Ok(run)) => runs.push(run),
                // Somebody cleaned the store up since it was listed.
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error.into()),
                Ok(Err(error)) => {
                    document.unreadable += 1;
                    // One that is damaged stays so. A newer program will be able to read what is new.
                    if matches!(error, FormatError::TooNew { .. }) {
                        complete = complete.min(id.day());
                    }
                    session.printer.warning(format_args!("`{}` is left out: {error}", id.key()));
                }
            }
        }
        let added = history.add(&runs)?;
        document.runs += added.runs;
        document.results += added.results;
        document.bytes += batch.iter().map(|(_, bytes)| bytes).sum::<u64>();
        progress.inc(batch.len() as u64);
    }
    drop(progress);
    history.set_fetched_until(&name, complete)?;
    document.complete_before = complete.to_string();
    if !args.all {
        history.prune(&retention)?;
    }
    session.printer.status(format_args!(
        "fetched {} with {} ({}) from `{name}`",
        human::count(document.runs, "run"),
        human::count(document.results, "result"),
        human::size(document.bytes),
    ));
    if session.printer.wants_json() {
        session.printer.json("history-pull@1", &document)?;
    }
    Ok(ExitStatus::Success)
}

/// Returns the runs of a listing that are to be fetched, and how large they are.
fn wanted(listed: &[Entry], history: &dyn History, all: bool) -> Result<Vec<(RunId, u64)>, CommandError> {
    let horizon = if all { None } else { history.horizon()? };
    let listed = listed.iter().filter_map(|entry| Some((RunId::of_key(&entry.key)?, entry.size)));
    let listed: Vec<_> = listed.filter(|(id, _)| horizon.is_none_or(|horizon| *id >= horizon)).collect();
    let ids: Vec<RunId> = listed.iter().map(|(id, _)| *id).collect();
    // Both are in the order of the listing.
    let mut missing = history.missing(&ids)?.into_iter().peekable();
    Ok(listed.into_iter().filter(|(id, _)| missing.next_if_eq(id).is_some()).collect())
}

fn batches(wanted: &[(RunId, u64)]) -> impl Iterator<Item = &[(RunId, u64)]> {
    let mut rest = wanted;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |(_, size): &&(RunId, u64)| {
            bytes += size;
            bytes <= BATCH_BYTES
        };
        let n = rest.iter().take(BATCH).take_while(fits).count().max(1).min(rest.len());
        let (batch, later) = rest.split_at(n);
        rest = later;
        (n > 0).then_some(batch)
    })
}

type Fetched = (RunId, Result<Result<RunRecord, FormatError>, StoreError>);

/// Fetches runs, several at a time.
fn fetch(store: &Arc<dyn Store>, batch: &[(RunId, u64)]) -> Vec<Fetched> {
    let one = |id: RunId| (id, store.get(&id.key()).map(|bytes| object::unpack(&bytes, id)));
    let share = batch.len().div_ceil(SIDE_BY_SIDE).max(1);
    std::thread::scope(|scope| {
        let threads: Vec<_> = batch
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(|(id, _)| one(*id)).collect::<Vec<_>>()))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no reader panics")).collect()
    })
}
