//! Reading runs and results.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, Rows, params_from_iter};
use skiptrace_engine::history::{
    Audit, Counts, Day, Decision, IndexUsed, Run, RunFilter, RunId, RunRecord, TestName, TestResult, TestRun,
};
use skiptrace_engine::record::Outcome;

use super::failure::Failure;

/// The columns of a run, in the order in which [`parse`] takes them.
const RUN: &str = "run.number, run.id, (SELECT text FROM text WHERE number = run.command),
    (SELECT text FROM text WHERE number = run.job), (SELECT text FROM text WHERE number = run.branch),
    run.commit_id, run.index_commit, run.index_distance, run.index_bytes, run.known, run.selected, run.skipped,
    run.failed, run.saved_us, run.took_us, run.misses, run.skippable, run.checked";
const RUN_COLUMNS: usize = 18;
const RESULT: &str =
    "(SELECT text FROM text WHERE number = test.suite), test.name, result.decision, result.outcome,
    result.missed, result.duration_us, (SELECT text FROM text WHERE number = result.reason),
    (SELECT text FROM text WHERE number = result.note)";

/// The condition of a filter, and what stands for its question marks.
pub(super) fn condition(filter: &RunFilter) -> (String, Vec<Value>) {
    let (mut condition, mut values) = ("WHERE true".to_owned(), Vec::new());
    if let Some(since) = filter.since {
        condition.push_str(" AND run.id >= ?");
        values.push(RunId::first_at(since).to_string().into());
    }
    if let Some(job) = &filter.job {
        condition.push_str(" AND run.job = (SELECT number FROM text WHERE text = ?)");
        values.push(job.as_str().to_owned().into());
    }
    if let Some(branch) = &filter.branch {
        condition.push_str(" AND run.branch = (SELECT number FROM text WHERE text = ?)");
        values.push(branch.to_string().into());
    }
    (condition, values)
}

fn limit(filter: &RunFilter) -> Value {
    Value::Integer(filter.limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1))
}

pub(super) fn missing(connection: &Connection, ids: &[RunId]) -> Result<Vec<RunId>, Failure> {
    let mut exists = connection.prepare_cached("SELECT 1 FROM run WHERE id = ?")?;
    let mut missing = Vec::new();
    for id in ids {
        if !exists.exists([id.to_string()])? {
            missing.push(*id);
        }
    }
    Ok(missing)
}

pub(super) fn count(connection: &Connection) -> Result<u64, Failure> {
    Ok(connection.query_row("SELECT count(*) FROM run", [], |row| row.get(0))?)
}

pub(super) fn runs(connection: &Connection, filter: &RunFilter) -> Result<Vec<Run>, Failure> {
    let (condition, mut values) = condition(filter);
    values.push(limit(filter));
    let query = format!("SELECT {RUN} FROM run {condition} ORDER BY run.id DESC LIMIT ?");
    let mut query = connection.prepare_cached(&query)?;
    let mut rows = query.query(params_from_iter(values))?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        runs.push(parse(connection, row)?.1);
    }
    Ok(runs)
}

pub(super) fn like(connection: &Connection, text: &str, limit: usize) -> Result<Vec<RunId>, Failure> {
    // Ids have no characters that a pattern gives a meaning to; `instr` knows no patterns at all.
    let mut query = connection.prepare_cached(
        "SELECT id FROM run WHERE instr(id, ?1) = 1 OR instr(substr(id, instr(id, '-') + 1), ?1) = 1
         ORDER BY id DESC LIMIT ?2",
    )?;
    let limit = i64::try_from(limit).unwrap_or(-1);
    let mut rows = query.query(rusqlite::params![text, limit])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        ids.push(parsed(&row.get::<_, String>(0)?)?);
    }
    Ok(ids)
}

pub(super) fn run(connection: &Connection, id: RunId) -> Result<Option<RunRecord>, Failure> {
    let mut query = connection.prepare_cached(&format!("SELECT {RUN} FROM run WHERE run.id = ?"))?;
    let mut rows = query.query([id.to_string()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (number, run) = parse(connection, row)?;
    let mut query = connection.prepare_cached(&format!(
        "SELECT {RESULT} FROM result JOIN test ON test.number = result.test WHERE result.run = ?"
    ))?;
    let mut rows = query.query([number])?;
    let mut tests = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (test, result) = parse_result(row, 0)?;
        tests.insert(test, result);
    }
    Ok(Some(RunRecord { run, tests }))
}

pub(super) fn results(
    connection: &Connection,
    suite: Option<&str>,
    name: &str,
    filter: &RunFilter,
) -> Result<Vec<TestRun>, Failure> {
    let (mut condition, mut values) = condition(filter);
    condition.push_str(" AND test.name = ?");
    values.push(name.to_owned().into());
    if let Some(suite) = suite {
        condition.push_str(" AND test.suite = (SELECT number FROM text WHERE text = ?)");
        values.push(suite.to_owned().into());
    }
    values.push(limit(filter));
    let mut query = connection.prepare_cached(&format!(
        "SELECT {RUN}, {RESULT} FROM test JOIN result ON result.test = test.number JOIN run ON run.number = result.run
         {condition} ORDER BY run.id DESC, (SELECT text FROM text WHERE number = test.suite) LIMIT ?"
    ))?;
    test_runs(connection, query.query(params_from_iter(values))?)
}

/// Only runs that count misses are looked into, and these are few.
pub(super) fn misses(connection: &Connection, filter: &RunFilter) -> Result<Vec<TestRun>, Failure> {
    let (condition, mut values) = condition(filter);
    values.push(limit(filter));
    let mut query = connection.prepare_cached(&format!(
        "SELECT {RUN}, {RESULT} FROM run CROSS JOIN result ON result.run = run.number
         JOIN test ON test.number = result.test {condition} AND run.misses > 0 AND result.missed
         ORDER BY run.id DESC, (SELECT text FROM text WHERE number = test.suite), test.name LIMIT ?"
    ))?;
    test_runs(connection, query.query(params_from_iter(values))?)
}

/// Reads results that stand after their runs.
fn test_runs(connection: &Connection, mut rows: Rows<'_>) -> Result<Vec<TestRun>, Failure> {
    let mut results = Vec::new();
    while let Some(row) = rows.next()? {
        let (test, result) = parse_result(row, RUN_COLUMNS)?;
        results.push(TestRun { run: parse(connection, row)?.1, test, result });
    }
    Ok(results)
}

pub(super) fn fetched_until(connection: &Connection, store: &str) -> Result<Option<Day>, Failure> {
    let number: Option<u32> = connection
        .query_row("SELECT day FROM fetched WHERE store = ?", [store], |row| row.get(0))
        .optional()?;
    Ok(number.and_then(Day::from_number))
}

/// Reads a text that can be parsed.
pub(super) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|error: T::Err| Failure::Damaged(error.to_string()))
}

fn parse(connection: &Connection, row: &Row<'_>) -> Result<(i64, Run), Failure> {
    let number: i64 = row.get(0)?;
    let text = |at: usize| row.get::<_, Option<Box<str>>>(at);
    let commit = |at: usize| text(at)?.map(|commit| parsed(&commit)).transpose();
    let time = |at: usize| Ok::<_, Failure>(Duration::from_micros(row.get(at)?));
    let run = Run {
        id: parsed(&row.get::<_, String>(1)?)?,
        command: row.get(2)?,
        job: parsed(&row.get::<_, String>(3)?)?,
        branch: text(4)?,
        commit: commit(5)?,
        index: IndexUsed { commit: commit(6)?, distance: row.get(7)?, bytes: row.get(8)? },
        counts: Counts {
            known: row.get(9)?,
            selected: row.get(10)?,
            skipped: row.get(11)?,
            failed: row.get(12)?,
        },
        saved: time(13)?,
        took: time(14)?,
        misses: row.get(15)?,
        audit: match (row.get(16)?, row.get(17)?) {
            (Some(skippable), Some(checked)) => Some(Audit { skippable, checked }),
            _ => None,
        },
        fallbacks: named(
            connection,
            "SELECT text, n FROM fallback JOIN text ON number = cause WHERE run = ?",
            number,
        )?,
        overheads: named(
            connection,
            "SELECT text, us FROM overhead JOIN text ON number = what WHERE run = ?",
            number,
        )?
        .into_iter()
        .map(|(what, us)| (what, Duration::from_micros(us)))
        .collect(),
    };
    Ok((number, run))
}

fn named(connection: &Connection, query: &str, run: i64) -> Result<BTreeMap<Box<str>, u64>, Failure> {
    let mut query = connection.prepare_cached(query)?;
    let rows = query.query_map([run], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn parse_result(row: &Row<'_>, first: usize) -> Result<(TestName, TestResult), Failure> {
    let result = TestResult {
        decision: decision(row.get(first + 2)?)?,
        outcome: row.get::<_, Option<u8>>(first + 3)?.map(outcome).transpose()?,
        is_missed: row.get(first + 4)?,
        duration: Duration::from_micros(row.get(first + 5)?),
        reason: row.get(first + 6)?,
        note: row.get(first + 7)?,
    };
    Ok((TestName { suite: row.get(first)?, name: row.get(first + 1)? }, result))
}

pub(super) fn decision(number: u8) -> Result<Decision, Failure> {
    of_number(&Decision::ALL, number)
        .ok_or_else(|| Failure::Damaged(format!("there is no decision {number}")))
}

pub(super) fn outcome(number: u8) -> Result<Outcome, Failure> {
    of_number(&Outcome::ALL, number).ok_or_else(|| Failure::Damaged(format!("there is no outcome {number}")))
}

fn of_number<T: Copy>(all: &[T], number: u8) -> Option<T> {
    all.get(usize::from(number)).copied()
}
