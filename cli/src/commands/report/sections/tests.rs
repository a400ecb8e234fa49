//! The slowest tests, those that run most often, those that fail.

use skiptrace_engine::history::{Ranked, TestTotals};

use super::super::facts::Facts;
use super::super::page::{Cell, Column, Part, Section, Table};
use super::super::words::{count, time};

pub(super) fn section(facts: &Facts) -> Section {
    let ranking = &facts.ranking;
    let mut section = Section::new("tests", "Tests");
    if ranking.tests == 0 {
        section.text("No run has kept what became of single tests.");
        return section;
    }
    section.text(format!(
        "From {} of {}. Of tests that were skipped, results may not have been kept.",
        count(ranking.results, "result"),
        count(ranking.tests, "test")
    ));
    for (caption, ranked) in [
        ("The slowest, by their mean when they run", &ranking.slowest),
        ("The most often selected", &ranking.most_selected),
        ("The most often failed", &ranking.most_failed),
    ] {
        if !ranked.first.is_empty() {
            section.parts.push(Part::Table(of_tests(caption, ranked)));
        }
    }
    section
}

fn of_tests(caption: &str, ranked: &Ranked) -> Table {
    let columns = [
        Column::Text("Test"),
        Column::Text("Job"),
        Column::Number("Results"),
        Column::Number("Had to run"),
        Column::Number("Ran"),
        Column::Number("Mean"),
        Column::Number("In all"),
        Column::Number("Failed"),
        Column::Number("Flaky"),
        Column::Number("Missed"),
    ];
    let row = |TestTotals { job, test, sums }: &TestTotals| {
        vec![
            Cell::name(test.qualified()),
            Cell::name(job),
            Cell::number(sums.results),
            Cell::number(sums.selected),
            Cell::number(sums.ran),
            Cell::Number(sums.mean().map_or_else(|| "–".to_owned(), time)),
            Cell::Number(time(sums.took)),
            Cell::number(sums.failed),
            Cell::number(sums.flaky),
            Cell::number(sums.missed),
        ]
    };
    Table::new(caption, &columns).rows(&ranked.first, usize::MAX, row).of(ranked.of)
}
