//! Writing runs.

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use skiptrace_engine::history::{Added, Day, Run, RunRecord, microseconds};

use super::failure::Failure;

pub(super) fn add(connection: &Connection, runs: &[RunRecord]) -> Result<Added, Failure> {
    let mut names = Names { connection, texts: HashMap::new(), tests: HashMap::new() };
    let mut added = Added::default();
    for record in runs {
        if add_run(&mut names, record)? {
            added.runs += 1;
            added.results += record.tests.len() as u64;
        }
    }
    Ok(added)
}

/// Adds a run, unless it is there.
fn add_run<'a>(names: &mut Names<'a>, RunRecord { run, tests }: &'a RunRecord) -> Result<bool, Failure> {
    let job = names.text(run.job.as_str())?;
    let mut insert = names.connection.prepare_cached(
        "INSERT INTO run (id, at_ms, day, command, job, branch, commit_id, index_commit, index_distance, index_bytes,
            known, selected, skipped, failed, saved_us, took_us, misses, fell_back, overhead_us,
            skippable, checked, refuted)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
    )?;
    let rows = insert.execute(params![
        run.id.to_string(),
        kept(run.at().0),
        run.id.day().number(),
        names.text(&run.command)?,
        job,
        run.branch.as_deref().map(|branch| names.text(branch)).transpose()?,
        run.commit.as_ref().map(|commit| commit.as_str()),
        run.index.commit.as_ref().map(|commit| commit.as_str()),
        run.index.distance.map(kept),
        run.index.bytes.map(kept),
        kept(run.counts.known),
        kept(run.counts.selected),
        kept(run.counts.skipped),
        kept(run.counts.failed),
        time(run.saved),
        time(run.took),
        run.misses.map(kept),
        run.fell_back(),
        time(run.overhead()),
        run.audit.map(|audit| kept(audit.skippable)),
        run.audit.map(|audit| kept(audit.checked)),
        run.audit.and(run.misses).map(kept),
    ])?;
    if rows == 0 {
        return Ok(false);
    }
    let number = names.connection.last_insert_rowid();
    let mut insert = names.connection.prepare_cached("INSERT INTO fallback VALUES (?, ?, ?)")?;
    for (cause, n) in &run.fallbacks {
        insert.execute(params![number, names.text(cause)?, kept(*n)])?;
    }
    let mut insert = names.connection.prepare_cached("INSERT INTO overhead VALUES (?, ?, ?)")?;
    for (what, took) in &run.overheads {
        insert.execute(params![number, names.text(what)?, time(*took)])?;
    }
    let mut insert = names.connection.prepare_cached("INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
    for (test, result) in tests {
        insert.execute(params![
            number,
            names.test(job, &test.suite, &test.name)?,
            result.decision as u8,
            result.outcome.map(|outcome| outcome as u8),
            result.is_missed,
            time(result.duration),
            result.reason.as_deref().map(|reason| names.text(reason)).transpose()?,
            result.note.as_deref().map(|note| names.text(note)).transpose()?,
        ])?;
    }
    Ok(true)
}

/// Returns a number as it can be kept.
fn kept(number: u64) -> i64 {
    number.min(Run::MAX).cast_signed()
}

fn time(duration: Duration) -> i64 {
    microseconds(duration).cast_signed()
}

/// The numbers of texts and tests. What one transaction found out is not for the next: others may forget names.
struct Names<'a> {
    connection: &'a Connection,
    texts: HashMap<&'a str, i64>,
    tests: HashMap<(i64, i64, &'a str), i64>,
}

impl<'a> Names<'a> {
    fn text(&mut self, text: &'a str) -> Result<i64, Failure> {
        if let Some(number) = self.texts.get(text) {
            return Ok(*number);
        }
        let found = self
            .connection
            .prepare_cached("SELECT number FROM text WHERE text = ?")?
            .query_row([text], |row| row.get(0))
            .optional()?;
        let number = match found {
            Some(number) => number,
            None => self.connection.prepare_cached("INSERT INTO text (text) VALUES (?)")?.insert([text])?,
        };
        self.texts.insert(text, number);
        Ok(number)
    }

    fn test(&mut self, job: i64, suite: &'a str, name: &'a str) -> Result<i64, Failure> {
        let suite = self.text(suite)?;
        if let Some(number) = self.tests.get(&(job, suite, name)) {
            return Ok(*number);
        }
        let found = self
            .connection
            .prepare_cached("SELECT number FROM test WHERE name = ? AND job = ? AND suite = ?")?
            .query_row(params![name, job, suite], |row| row.get(0))
            .optional()?;
        let number = match found {
            Some(number) => number,
            None => self
                .connection
                .prepare_cached("INSERT INTO test (job, suite, name) VALUES (?, ?, ?)")?
                .insert(params![job, suite, name])?,
        };
        self.tests.insert((job, suite, name), number);
        Ok(number)
    }
}

pub(super) fn set_fetched_until(connection: &Connection, store: &str, day: Day) -> Result<(), Failure> {
    connection.execute(
        "INSERT INTO fetched VALUES (?, ?) ON CONFLICT (store) DO UPDATE SET day = max(day, excluded.day)",
        params![store, day.number()],
    )?;
    Ok(())
}
