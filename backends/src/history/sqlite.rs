//! A history in a database of one file, which several processes may use at once.
//!
//! Writers wait for each other, readers for nobody (write-ahead log). A run is there whole or not at all.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use skiptrace_engine::history::{
    Added, By, Day, History, HistoryError, Pruned, Ranking, Retention, Run, RunFilter, RunId, RunRecord,
    TestRun, Trend,
};

mod failure;
mod open;
mod prune;
mod ranking;
mod read;
mod sums;
mod write;

use failure::Failure;

/// How long a writer waits for others.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs in a database file.
pub struct SqliteHistory {
    path: PathBuf,
    patience: Duration,
    connection: Mutex<Connection>,
}

impl SqliteHistory {
    /// Opens the history in the file at `path`, and makes it where there is none.
    pub fn open(path: &Path) -> Result<SqliteHistory, HistoryError> {
        SqliteHistory::open_waiting(path, PATIENCE)
    }

    /// Opens the history in the file at `path`, where there is one.
    pub fn open_existing(path: &Path) -> Result<Option<SqliteHistory>, HistoryError> {
        if path.exists() { SqliteHistory::open(path).map(Some) } else { Ok(None) }
    }

    pub(super) fn open_waiting(path: &Path, patience: Duration) -> Result<SqliteHistory, HistoryError> {
        let connection =
            open::open(path, patience).map_err(|failure| failure.named("open", path, patience))?;
        Ok(SqliteHistory { path: path.to_owned(), patience, connection: Mutex::new(connection) })
    }

    /// Returns the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    // Whoever panicked while it was held, the transaction was rolled back.
    pub(super) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what was there at one moment.
    fn reading<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T, HistoryError> {
        let mut connection = self.connection();
        let read = || read(&*connection.transaction()?);
        read().map_err(|failure| failure.named("read", &self.path, self.patience))
    }

    /// Writes all of it or nothing, when nobody else writes.
    fn writing<T>(&self, write: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T, HistoryError> {
        let mut connection = self.connection();
        let write = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = write(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        write().map_err(|failure: Failure| failure.named("write to", &self.path, self.patience))
    }
}

impl History for SqliteHistory {
    fn add(&self, runs: &[RunRecord]) -> Result<Added, HistoryError> {
        self.writing(|connection| write::add(connection, runs))
    }

    fn missing(&self, ids: &[RunId]) -> Result<Vec<RunId>, HistoryError> {
        self.reading(|connection| read::missing(connection, ids))
    }

    fn runs(&self, filter: &RunFilter) -> Result<Vec<Run>, HistoryError> {
        self.reading(|connection| read::runs(connection, filter))
    }

    fn like(&self, text: &str, limit: usize) -> Result<Vec<RunId>, HistoryError> {
        self.reading(|connection| read::like(connection, text, limit))
    }

    fn run(&self, id: RunId) -> Result<Option<RunRecord>, HistoryError> {
        self.reading(|connection| read::run(connection, id))
    }

    fn results(
        &self,
        suite: Option<&str>,
        name: &str,
        filter: &RunFilter,
    ) -> Result<Vec<TestRun>, HistoryError> {
        self.reading(|connection| read::results(connection, suite, name, filter))
    }

    fn trend(&self, by: By, filter: &RunFilter) -> Result<Vec<Trend>, HistoryError> {
        self.reading(|connection| sums::trend(connection, by, filter))
    }

    fn ranking(&self, filter: &RunFilter, limit: usize) -> Result<Ranking, HistoryError> {
        self.reading(|connection| ranking::ranking(connection, filter, limit))
    }

    fn misses(&self, filter: &RunFilter) -> Result<Vec<TestRun>, HistoryError> {
        self.reading(|connection| read::misses(connection, filter))
    }

    /// Forgets in steps, so that other writers get their turn. What an interrupted one leaves goes with the next.
    fn prune(&self, retention: &Retention) -> Result<Pruned, HistoryError> {
        let cut = self.writing(|connection| prune::set_horizon(connection, retention))?;
        let mut runs = 0;
        if let Some(cut) = cut {
            loop {
                let forgotten = self.writing(|connection| prune::forget_some(connection, cut))?;
                runs += forgotten;
                if forgotten == 0 {
                    break;
                }
            }
        }
        if runs > 0 {
            self.writing(prune::forget_names)?;
            // Gives pages back to the system; what cannot be given back now will be used again.
            let _ = prune::shrink(&self.connection());
        }
        Ok(Pruned { runs, left: self.reading(read::count)? })
    }

    fn horizon(&self) -> Result<Option<RunId>, HistoryError> {
        self.reading(prune::horizon)
    }

    fn fetched_until(&self, store: &str) -> Result<Option<Day>, HistoryError> {
        self.reading(|connection| read::fetched_until(connection, store))
    }

    fn set_fetched_until(&self, store: &str, day: Day) -> Result<(), HistoryError> {
        self.writing(|connection| write::set_fetched_until(connection, store, day))
    }
}

impl fmt::Display for SqliteHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

impl fmt::Debug for SqliteHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqliteHistory").field(&self.path).finish()
    }
}
