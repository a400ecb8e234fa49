//! Forgetting runs.

use rusqlite::{Connection, OptionalExtension, params};
use skiptrace_engine::history::{Retention, RunId};

use super::failure::Failure;
use super::read::parsed;

/// How many runs are forgotten at once.
const STEP: u32 = 200;

/// Finds out before which id runs are forgotten, and remembers it.
pub(super) fn set_horizon(connection: &Connection, retention: &Retention) -> Result<Option<RunId>, Failure> {
    let newest = match retention.runs.and_then(|runs| i64::try_from(runs).ok()) {
        Some(runs) => connection
            .query_row("SELECT id FROM run ORDER BY id DESC LIMIT 1 OFFSET ?", [runs], |row| {
                row.get::<_, String>(0)
            })
            .optional()?
            .map(|beyond| parsed::<RunId>(&beyond))
            .transpose()?
            .map(RunId::next),
        None => None,
    };
    let cut = retention.since.map(RunId::first_at).max(newest);
    if let Some(cut) = cut {
        connection.execute(
            "INSERT INTO horizon VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET id = max(id, excluded.id)",
            [cut.to_string()],
        )?;
    }
    Ok(cut)
}

pub(super) fn horizon(connection: &Connection) -> Result<Option<RunId>, Failure> {
    let id: Option<String> =
        connection.query_row("SELECT id FROM horizon", [], |row| row.get(0)).optional()?;
    id.map(|id| parsed(&id)).transpose()
}

/// Forgets some of the runs before `cut`, and returns how many.
pub(super) fn forget_some(connection: &Connection, cut: RunId) -> Result<u64, Failure> {
    let mut oldest = connection.prepare_cached("SELECT number FROM run WHERE id < ? ORDER BY id LIMIT ?")?;
    let numbers = oldest.query_map(params![cut.to_string(), STEP], |row| row.get(0))?;
    let numbers: Vec<i64> = numbers.collect::<Result<_, _>>()?;
    for number in &numbers {
        for delete in [
            "DELETE FROM result WHERE run = ?",
            "DELETE FROM fallback WHERE run = ?",
            "DELETE FROM overhead WHERE run = ?",
            "DELETE FROM run WHERE number = ?",
        ] {
            connection.prepare_cached(delete)?.execute([number])?;
        }
    }
    Ok(numbers.len() as u64)
}

/// Forgets tests and texts that no run has any more.
pub(super) fn forget_names(connection: &Connection) -> Result<(), Failure> {
    connection.execute_batch(
        "DELETE FROM test WHERE NOT EXISTS (SELECT 1 FROM result WHERE result.test = test.number);
         DELETE FROM text WHERE number NOT IN (
             SELECT command FROM run UNION SELECT job FROM run
             UNION SELECT branch FROM run WHERE branch IS NOT NULL
             UNION SELECT job FROM test UNION SELECT suite FROM test
             UNION SELECT cause FROM fallback UNION SELECT what FROM overhead
             UNION SELECT reason FROM result WHERE reason IS NOT NULL
             UNION SELECT note FROM result WHERE note IS NOT NULL
         );",
    )?;
    Ok(())
}

/// Gives what is free of the file back to the system.
pub(super) fn shrink(connection: &Connection) -> Result<(), Failure> {
    let mut statement = connection.prepare("PRAGMA incremental_vacuum")?;
    let mut rows = statement.query([])?;
    // Each step gives a page back.
    while rows.next()?.is_some() {}
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}
