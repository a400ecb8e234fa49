//! What it costs that an index is old.

use super::super::facts::Facts;
use super::super::page::{Cell, Column, Part, Section, Table};
use super::super::words::time;
use super::misses_of;

pub(super) fn section(facts: &Facts) -> Section {
    let mut section = Section::new("staleness", "How old the index was");
    section.text(
        "How many commits the index was away from what ran, and what that came to. The further away, the more changed \
         since, and the less is proved.",
    );
    let columns = [
        Column::Text("Commits back"),
        Column::Number("Runs"),
        Column::Number("Tests skipped"),
        Column::Number("Time saved"),
        Column::Number("Saved"),
        Column::Number("Misses"),
    ];
    let table =
        Table::new("Savings by distance", &columns).rows(&facts.report.staleness, usize::MAX, |sums| {
            let totals = &sums.totals;
            vec![
                Cell::words(sums.distance.name()),
                Cell::number(totals.runs),
                Cell::Share(totals.skipped_share()),
                Cell::Share(totals.saved_share()),
                Cell::Number(time(totals.saved)),
                if totals.runs == 0 { Cell::Number("–".to_owned()) } else { misses_of(totals) },
            ]
        });
    section.parts.push(Part::Table(table));
    section
}
