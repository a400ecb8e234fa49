//! What was skipped and saved over time.

use std::time::Duration;

use skiptrace_engine::report::Sums;

use super::super::facts::Facts;
use super::super::page::{Cell, Chart, Column, Drawn, Part, Section, Series, Shape, Table, Unit};
use super::super::words::{percent, time};
use super::{misses_of, stretches};

pub(super) fn section(facts: &Facts) -> Section {
    let report = &facts.report;
    let mut section = Section::new("trend", "Skipped and saved over time");
    let series = |name: &str, color, value: &dyn Fn(&Sums) -> Option<f64>| Series {
        name: name.to_owned(),
        color,
        drawn: Drawn::AsShape,
        values: report.bins.iter().map(|bin| value(bin.sums.as_ref()?)).collect(),
    };
    section.parts.push(Part::Chart(Chart {
        id: "shares",
        title: "Share skipped, share saved",
        description: format!(
            "Over all of the time {} of tests were skipped and {} of their time was saved.",
            percent(report.sums.skipped_share()),
            percent(report.sums.saved_share())
        ),
        shape: Shape::Lines,
        unit: Unit::Share,
        stretches: stretches(&report.bins),
        series: vec![
            series("tests skipped", 0, &Sums::skipped_share),
            series("time saved", 1, &Sums::saved_share),
        ],
    }));
    section.parts.push(Part::Chart(Chart {
        id: "times",
        title: "Time of tests",
        description: format!(
            "In all, tests ran for {}, and {} were saved.",
            time(report.sums.timed.took),
            time(report.sums.timed.saved)
        ),
        shape: Shape::Stack,
        unit: Unit::Seconds,
        stretches: stretches(&report.bins),
        series: vec![
            series("ran", 4, &|sums| timed(sums, sums.timed.took)),
            series("saved", 1, &|sums| timed(sums, sums.timed.saved)),
        ],
    }));
    section.text(
        "The share of time has what skiptrace itself took subtracted, so it may be negative. It is of runs that chose \
         among their tests and tell how long those took that ran: recordings run everything. `skiptrace select` does not \
         see what becomes of the tests, and tells how long they took when they were recorded.",
    );
    let columns = [
        Column::Text("Done by"),
        Column::Number("Runs"),
        Column::Number("Tests skipped"),
        Column::Number("Time saved"),
        Column::Number("Saved"),
        Column::Number("Misses"),
    ];
    let table = Table::new("By what was done", &columns).rows(&report.commands, facts.limit, |command| {
        let (sums, totals) = (&command.sums, &command.sums.all);
        vec![
            if command.command.is_empty() {
                Cell::words("nobody said")
            } else {
                Cell::name(&command.command)
            },
            Cell::number(totals.runs),
            Cell::Share(sums.skipped_share()),
            Cell::Share(sums.saved_share()),
            Cell::Number(time(totals.saved)),
            misses_of(totals),
        ]
    });
    section.parts.push(Part::Table(table));
    section.text(
        "Where everything runs, to be evaluated or observed, nothing was skipped: what is said to be saved there would have been.",
    );
    section
}

/// Where no run tells how long its tests took, nobody knows.
fn timed(sums: &Sums, time: Duration) -> Option<f64> {
    (sums.timed.runs > 0).then_some(time.as_secs_f64())
}
