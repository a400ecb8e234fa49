//! Opening the file, and bringing it up to date.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};

use super::failure::Failure;

/// What leads from each version to the next, the first one from nothing. What was once released stays as it is.
const STEPS: &[&str] = &[include_str!("../migrations/1.sql"), include_str!("../migrations/2.sql")];
/// What a file of ours says in its head: `SKTH`.
const APPLICATION: i64 = 0x534b_5448;

/// Opens the file at `path` and makes it where there is none.
pub(super) fn open(path: &Path, patience: Duration) -> Result<Connection, Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Failure::Io)?;
    }
    let connection = Connection::open(path)?;
    connection.busy_timeout(patience)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Nothing of a file is touched before it is known to be ours.
    let version = version_at_once(&connection, STEPS)?;
    if version == 0 {
        // Only a file in which nothing was written yet takes this up.
        connection.pragma_update(None, "auto_vacuum", "incremental")?;
    }
    write_ahead(&connection, patience)?;
    connection.pragma_update(None, "synchronous", "normal")?;
    // Nobody waits for the disk at the end of each command: what is in the log is in the database.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    migrate(connection, STEPS)
}

/// Switches the write-ahead log on, for which SQLite does not wait when another process is about to do the same.
fn write_ahead(connection: &Connection, patience: Duration) -> Result<(), Failure> {
    let start = Instant::now();
    loop {
        let switched = connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()));
        match switched.map_err(Failure::from) {
            Err(failure) if failure.is_busy() && start.elapsed() < patience => {
                thread::sleep(Duration::from_millis(10));
            }
            switched => return switched,
        }
    }
}

/// Returns the version of a file; zero where there is nothing in it.
fn version(connection: &Connection, steps: &[&str]) -> Result<usize, Failure> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    if (application, version) == (0, 0) {
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        return if tables == 0 { Ok(0) } else { Err(Failure::Foreign) };
    }
    let supported = steps.len();
    match usize::try_from(version) {
        _ if application != APPLICATION => Err(Failure::Foreign),
        Ok(known) if (1..=supported).contains(&known) => Ok(known),
        Ok(0) | Err(_) => Err(Failure::Damaged(format!("it says that its version is {version}"))),
        Ok(_) => Err(Failure::TooNew { found: version, supported: supported as i64 }),
    }
}

/// Returns the version as it was at one moment: another process may be making the file just now.
fn version_at_once(connection: &Connection, steps: &[&str]) -> Result<usize, Failure> {
    version(&*connection.unchecked_transaction()?, steps)
}

/// Takes all steps that are left, or none. Of several processes one does it, and the others find it done.
fn migrate(mut connection: Connection, steps: &[&str]) -> Result<Connection, Failure> {
    if version_at_once(&connection, steps)? < steps.len() {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let from = version(&transaction, steps)?;
        for step in &steps[from..] {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", steps.len() as i64)?;
        transaction.commit()?;
    }
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use skiptrace_engine::history::{By, History, RunFilter};

    use super::super::SqliteHistory;
    use super::*;

    const OLD: &[&str] = &["CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1), (2)"];
    const NEW: &[&str] =
        &[OLD[0], "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 7", "UPDATE a SET y = x"];

    fn sum(connection: &Connection) -> i64 {
        connection.query_row("SELECT sum(x * 10 + y) FROM a", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn an_older_file_is_brought_up_to_date_with_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("h.sqlite");
        drop(migrate(Connection::open(&path).unwrap(), OLD).unwrap());
        let connection = migrate(Connection::open(&path).unwrap(), NEW).unwrap();
        assert_eq!((sum(&connection), version(&connection, NEW).unwrap()), (33, 3));
        // Once more is nothing new; the older program does not touch it.
        assert_eq!(sum(&migrate(connection, NEW).unwrap()), 33);
        let refused = migrate(Connection::open(&path).unwrap(), OLD).unwrap_err();
        assert!(matches!(refused, Failure::TooNew { found: 3, supported: 1 }), "{refused:?}");
    }

    #[test]
    fn runs_of_a_file_of_the_first_version_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("h.sqlite");
        let old = migrate(Connection::open(&path).unwrap(), &STEPS[..1]).unwrap();
        old.execute_batch(
            "INSERT INTO text VALUES (1, 'run'), (2, 'unit'), (3, 'api'), (4, 'executed');
             INSERT INTO run VALUES (1, '20260102T030405678Z-0123456789ab', 1767323045678, 20455, 1, 2, NULL, NULL, NULL,
                 NULL, NULL, 9, 4, 5, 1, 50, 40, 0, 0, 7);
             INSERT INTO test VALUES (1, 2, 3, 'login');
             INSERT INTO result VALUES (1, 1, 0, 0, 0, 40, 4);",
        )
        .unwrap();
        drop(old);
        let history = SqliteHistory::open(&path).unwrap();
        let run = history.run("20260102T030405678Z-0123456789ab".parse().unwrap()).unwrap().unwrap();
        assert_eq!((run.run.misses, run.run.audit, run.run.counts.skipped), (Some(0), None, 5));
        let notes: Vec<_> = run.tests.values().map(|result| (&result.reason, &result.note)).collect();
        assert_eq!(notes, [(&Some("executed".into()), &None)]);
        let totals = history.trend(By::Job, &RunFilter::default()).unwrap()[0].totals;
        assert_eq!((totals.skipped, totals.checked), (5, 0));
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("h.sqlite");
        drop(migrate(Connection::open(&path).unwrap(), OLD).unwrap());
        let bad = [NEW[0], NEW[1], "UPDATE nothing SET y = 1"];
        assert!(migrate(Connection::open(&path).unwrap(), &bad).is_err());
        assert_eq!(sum(&migrate(Connection::open(&path).unwrap(), NEW).unwrap()), 33);
    }
}
