//! What each section of a report says: one file for each.

mod about;
mod audits;
mod coverage;
mod fallbacks;
mod indexes;
mod jobs;
mod misses;
mod overview;
mod staleness;
mod tests;
mod trend;
mod unknown;

use skiptrace_engine::history::Totals;
use skiptrace_engine::report::Bin;

use super::facts::Facts;
use super::page::{Cell, Page, Stretch};
use super::words;

/// Makes the page of a report.
pub(super) fn page(facts: &Facts) -> Page {
    let mut sections = vec![overview::section(facts)];
    if facts.report.sums.all.runs > 0 {
        sections.extend([
            trend::section(facts),
            misses::section(facts),
            audits::section(facts),
            fallbacks::section(facts),
            staleness::section(facts),
            jobs::section(facts),
            tests::section(facts),
        ]);
    }
    sections.push(coverage::section(facts));
    if facts.report.sums.all.runs > 0 {
        sections.extend([indexes::section(facts), unknown::section(facts)]);
    }
    Page {
        title: "Test selection report",
        about: about::about(facts),
        sections,
        written: about::written(facts),
    }
}

/// Returns the stretches of a chart over time.
fn stretches(bins: &[Bin]) -> Vec<Stretch> {
    bins.iter().map(|bin| Stretch { period: bin.period, is_gap: bin.sums.is_none() }).collect()
}

/// Returns what somebody found out about misses: a number, or that nobody looked.
fn misses_of(totals: &Totals) -> Cell {
    Cell::Number(match totals.evaluated {
        0 => "nobody looked".to_owned(),
        n if n == totals.runs => words::number(totals.misses),
        n => format!(
            "{} in {} of {}",
            words::number(totals.misses),
            words::number(n),
            words::number(totals.runs)
        ),
    })
}
