//! Summing runs up. Results are not looked at: what is summed up are columns of runs.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{Connection, Row, params_from_iter};
use skiptrace_engine::history::{By, Day, RunFilter, Totals, Trend};

use super::failure::Failure;
use super::read::condition;

/// What is summed up, in the order in which [`parse`] takes it.
#[rustfmt::skip]
const SUMS: [&str; 12] = [
    "fell_back", "known", "selected", "skipped", "failed", "misses", "skippable", "checked", "refuted", "saved_us",
    "took_us", "overhead_us",
];

pub(super) fn trend(connection: &Connection, by: By, filter: &RunFilter) -> Result<Vec<Trend>, Failure> {
    let column = match by {
        By::Day => "day",
        By::Branch => "branch",
        By::Job => "job",
    };
    let (condition, values) = condition(filter);
    // In halves, for the sum of large numbers may be too large for a column.
    let halves = |sum: &str| format!("sum({sum} >> 32), sum({sum} & 4294967295)");
    let sums = SUMS.map(halves).join(", ");
    let mut query = connection.prepare_cached(&format!(
        "SELECT {column}, count(*), count(misses), {sums} FROM run {condition} GROUP BY {column}"
    ))?;
    let mut text = connection.prepare_cached("SELECT text FROM text WHERE number = ?")?;
    let mut rows = query.query(params_from_iter(values))?;
    let mut groups: BTreeMap<Box<str>, Totals> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let key: Box<str> = match (by, row.get::<_, Option<u32>>(0)?) {
            (_, None) => "".into(),
            (By::Day, Some(number)) => Day::from_number(number).unwrap_or_default().to_string().into(),
            (_, Some(number)) => text.query_row([number], |row| row.get(0))?,
        };
        // A branch without a name and one that nobody knows are the same.
        let totals = groups.entry(key).or_default();
        *totals = totals.and(parse(row)?);
    }
    Ok(groups.into_iter().map(|(key, totals)| Trend { key, totals }).collect())
}

fn parse(row: &Row<'_>) -> Result<Totals, Failure> {
    let sum = |name: &str| {
        let at = 3 + 2 * SUMS.iter().position(|sum| *sum == name).expect("it is one of them");
        let half = |at: usize| Ok::<_, Failure>(row.get::<_, Option<u64>>(at)?.unwrap_or(0));
        Ok::<_, Failure>(half(at)?.saturating_mul(1 << 32).saturating_add(half(at + 1)?))
    };
    Ok(Totals {
        runs: row.get(1)?,
        evaluated: row.get(2)?,
        fell_back: sum("fell_back")?,
        known: sum("known")?,
        selected: sum("selected")?,
        skipped: sum("skipped")?,
        failed: sum("failed")?,
        misses: sum("misses")?,
        skippable: sum("skippable")?,
        checked: sum("checked")?,
        refuted: sum("refuted")?,
        saved: Duration::from_micros(sum("saved_us")?),
        took: Duration::from_micros(sum("took_us")?),
        overhead: Duration::from_micros(sum("overhead_us")?),
    })
}
