//! `skiptrace history import`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use skiptrace_backends::history::SqliteHistory;
use skiptrace_engine::history::{Added, History, RunRecord, object};
use skiptrace_engine::store::Store;

use crate::error::{CommandError, IoContext};
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::ui::human;

use super::open;
use super::record::publish;

/// How many results are written at once, at most, unless a single run has more; others get their turn in between.
const BATCH: usize = 20_000;

/// Import runs from files
///
/// A file holds lines of JSON as `docs/history.md` describes them, or these compressed with zstd, as the store has
/// them. A run that is in the history already is passed over, so an import may be repeated.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// The files; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Also write the runs to the store, from where others fetch them
    #[arg(long)]
    publish: bool,
}

/// The document `skiptrace/history-import@1`.
#[derive(Serialize)]
struct Document {
    runs: u64,
    known: u64,
    results: u64,
    published: u64,
}

/// An import that is going on.
struct Import {
    history: SqliteHistory,
    store: Option<Arc<dyn Store>>,
    batch: Vec<RunRecord>,
    seen: u64,
    added: Added,
}

pub(super) fn run(args: &ImportArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let mut import = Import {
        history: open(&session.settings()?)?,
        store: if args.publish { Some(session.store()?) } else { None },
        batch: Vec::new(),
        seen: 0,
        added: Added::default(),
    };
    for file in &args.files {
        import.file(file, session)?;
    }
    let Import { history, store, seen, added, .. } = import;
    let known = seen - added.runs;
    let published = if store.is_some() { seen } else { 0 };
    session.printer.status(format_args!(
        "imported {} with {} into `{history}`{}",
        human::count(added.runs, "run"),
        human::count(added.results, "result"),
        if known == 0 { String::new() } else { format!("; {} known already", human::count(known, "run")) },
    ));
    if let Some(store) = store {
        session.printer.status(format_args!("wrote {} to `{store}`", human::count(published, "run")));
    }
    if session.printer.wants_json() {
        let document = Document { runs: added.runs, known, results: added.results, published };
        session.printer.json("history-import@1", &document)?;
    }
    Ok(ExitStatus::Success)
}

impl Import {
    fn file(&mut self, file: &Path, session: &Session<'_>) -> Result<(), CommandError> {
        let wrong = |error| {
            CommandError::user(format_args!("cannot import `{}`", file.display()))
                .caused_by(error)
                .hint("what stands before that is in the history; the same file can be imported again")
        };
        let bytes: Box<dyn BufRead> = if file.as_os_str() == "-" {
            Box::new(BufReader::new(std::io::stdin()))
        } else {
            let full = session.environment.cwd.join(file);
            Box::new(BufReader::new(File::open(full).on("read", file)?))
        };
        let mut results = 0;
        for record in object::read(bytes).map_err(wrong)? {
            let record = record.map_err(wrong);
            if record.is_err() {
                self.write()?;
            }
            let record = record?;
            results += record.tests.len();
            self.batch.push(record);
            if results >= BATCH || self.batch.len() >= BATCH / 100 {
                self.write()?;
                results = 0;
            }
        }
        self.write()
    }

    /// The store comes first: a run that is in the history seems to need no more.
    fn write(&mut self) -> Result<(), CommandError> {
        if let Some(store) = &self.store {
            for record in &self.batch {
                publish(record, &**store)?;
            }
        }
        let Added { runs, results } = self.history.add(&self.batch)?;
        self.added.runs += runs;
        self.added.results += results;
        self.seen += self.batch.len() as u64;
        self.batch.clear();
        Ok(())
    }
}
