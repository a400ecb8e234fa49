//! Summing tests up.

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::{Connection, params_from_iter};
use skiptrace_engine::history::{Ranking, RunFilter, TestName, TestSums, TestTotals};

use super::failure::Failure;
use super::read::{condition, decision, outcome, parsed};

/// Results are read once, in the order in which they lie, and summed up here. To group them, SQLite would look each up
/// through the index of tests, or sort them all, which takes several times as long; and its sums end with an error
/// where numbers do.
pub(super) fn ranking(connection: &Connection, filter: &RunFilter, limit: usize) -> Result<Ranking, Failure> {
    let (condition, values) = condition(filter);
    let mut query = connection.prepare_cached(&format!(
        "SELECT result.test, result.decision, result.outcome, result.missed, result.duration_us
         FROM run CROSS JOIN result ON result.run = run.number {condition}"
    ))?;
    let mut rows = query.query(params_from_iter(values))?;
    let mut sums: HashMap<i64, TestSums> = HashMap::new();
    while let Some(row) = rows.next()? {
        let outcome = row.get::<_, Option<u8>>(2)?.map(outcome).transpose()?;
        let took = Duration::from_micros(row.get(4)?);
        let of_result = TestSums::of(decision(row.get(1)?)?, outcome, row.get(3)?, took);
        sums.entry(row.get(0)?).or_default().add(of_result);
    }
    Ok(Ranking::of(&named(connection, &sums)?, limit))
}

/// Finds out which tests they are.
fn named(connection: &Connection, sums: &HashMap<i64, TestSums>) -> Result<Vec<TestTotals>, Failure> {
    let mut query = connection.prepare_cached(
        "SELECT number, (SELECT text FROM text WHERE number = job), (SELECT text FROM text WHERE number = suite), name
         FROM test",
    )?;
    let mut rows = query.query([])?;
    let mut totals = Vec::with_capacity(sums.len());
    while let Some(row) = rows.next()? {
        let Some(sums) = sums.get(&row.get::<_, i64>(0)?) else { continue };
        let test = TestName { suite: row.get(2)?, name: row.get(3)? };
        totals.push(TestTotals { job: parsed(&row.get::<_, String>(1)?)?, test, sums: *sums });
    }
    Ok(totals)
}
