//! What was skipped and saved over time.

use skiptrace_engine::history::Totals;

use super::super::facts::Facts;
use super::super::page::{Cell, Chart, Column, Drawn, Part, Section, Series, Shape, Table, Unit};
use super::super::words::{percent, time};
use super::{misses_of, stretches};

pub(super) fn section(facts: &Facts) -> Section {
    let report = &facts.report;
    let mut section = Section::new("trend", "Skipped and saved over time");
    let series = |name: &str, color, value: &dyn Fn(&Totals) -> Option<f64>| Series {
        name: name.to_owned(),
        color,
        drawn: Drawn::AsShape,
        values: report.bins.iter().map(|bin| value(bin.totals.as_ref()?)).collect(),
    };
    section.parts.push(Part::Chart(Chart {
        id: "shares",
        title: "Share skipped, share saved",
        description: format!(
            "Over all of the time {} of tests were skipped and {} of their time was saved.",
            percent(report.totals.skipped_share()),
            percent(report.totals.saved_share())
        ),
        shape: Shape::Lines,
        unit: Unit::Share,
        stretches: stretches(&report.bins),
        series: vec![
            series("tests skipped", 0, &Totals::skipped_share),
            series("time saved", 1, &Totals::saved_share),
        ],
    }));
    section.parts.push(Part::Chart(Chart {
        id: "times",
        title: "Time of tests",
        description: format!(
            "In all, tests ran for {}, and {} were saved.",
            time(report.totals.took),
            time(report.totals.saved)
        ),
        shape: Shape::Stack,
        unit: Unit::Seconds,
        stretches: stretches(&report.bins),
        series: vec![
            series("ran", 4, &|totals| Some(totals.took.as_secs_f64())),
            series("saved", 1, &|totals| Some(totals.saved.as_secs_f64())),
        ],
    }));
    section.text(
        "The share of time has what skiptrace itself took subtracted, so it may be negative. A stretch in which \
         nothing ran is marked, and has no value.",
    );
    let columns = [
        Column::Text("Done by"),
        Column::Number("Runs"),
        Column::Number("Tests skipped"),
        Column::Number("Time saved"),
        Column::Number("Saved"),
        Column::Number("Misses"),
    ];
    let table = Table::new("By what was done", &columns).rows(&report.commands, facts.limit, |sums| {
        let totals = &sums.totals;
        vec![
            if sums.command.is_empty() { Cell::words("nobody said") } else { Cell::name(&sums.command) },
            Cell::number(totals.runs),
            Cell::Share(totals.skipped_share()),
            Cell::Share(totals.saved_share()),
            Cell::Number(time(totals.saved)),
            misses_of(totals),
        ]
    });
    section.parts.push(Part::Table(table));
    section.text(
        "Where everything runs to be evaluated, nothing was skipped: what is said to be saved there would have been.",
    );
    section
}
