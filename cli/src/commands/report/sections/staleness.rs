//! What it costs that an index is old.

use super::super::facts::Facts;
use super::super::page::{Cell, Column, Part, Section, Table};
use super::super::words::time;
use super::misses_of;

pub(super) fn section(facts: &Facts) -> Section {
    let mut section = Section::new("staleness", "How old the index was");
    section.text(
        "How many commits the index was away from what ran, and what that came to. The further away, the more changed \
         since, and the less is proved. Runs that chose nothing, as recordings do, are left out.",
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
        Table::new("Savings by distance", &columns).rows(&facts.report.staleness, usize::MAX, |near| {
            let sums = &near.sums;
            vec![
                Cell::words(near.distance.name()),
                Cell::number(sums.all.runs),
                Cell::Share(sums.skipped_share()),
                Cell::Share(sums.saved_share()),
                Cell::Number(time(sums.all.saved)),
                if sums.all.runs == 0 { Cell::Number("–".to_owned()) } else { misses_of(&sums.all) },
            ]
        });
    section.parts.push(Part::Table(table));
    section
}
