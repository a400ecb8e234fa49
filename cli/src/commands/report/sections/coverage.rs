//! What the nearest indexes can prove, and what most tests depend on.

use skiptrace_engine::report::{Coverage, Hub, Unproven};

use super::super::facts::{Facts, IndexFacts, JobIndex};
use super::super::page::{Cell, Column, Part, Prose, Section, Table};
use super::super::words::{count, number, percent, time};
use crate::ui::human;

pub(super) fn section(facts: &Facts) -> Section {
    let mut section = Section::new("coverage", "What the indexes can prove");
    for JobIndex { job, told } in &facts.indexes {
        section.parts.push(Part::Heading(Prose::from("Job ").name(job)));
        match told {
            Ok(index) => of_index(&mut section, index, facts),
            Err(why) => section.text(Prose::from(format!("No index: {why}."))),
        }
    }
    if facts.more_jobs > 0 {
        section.text(
            Prose::from(format!(
                "The indexes of {} were not looked at; ",
                count(facts.more_jobs as u64, "more job")
            ))
            .name("--job")
            .plain(" names one."),
        );
    }
    section
}

fn of_index(section: &mut Section, index: &IndexFacts, facts: &Facts) {
    let coverage = &index.coverage;
    let share = |part: f64, all: f64| percent((all > 0.0).then_some(part / all));
    let recorded = index.recorded_at.map_or_else(String::new, |at| format!(", recorded {}", human::date(at)));
    section.text(
        Prose::from(format!(
            "The index of {}{recorded}, {}. It can prove of ",
            index.found,
            human::size(index.bytes)
        ))
        .strong(format!("{} of {}", number(coverage.provable), count(coverage.tests, "test")))
        .plain(format!(
            " ({}, {} of their time) that they need not run; the others always run.",
            share(coverage.provable as f64, coverage.tests as f64),
            share(coverage.provable_time.as_secs_f64(), coverage.time.as_secs_f64())
        )),
    );
    if coverage.provable < coverage.tests {
        section.parts.push(Part::Table(why(coverage)));
        section.parts.push(Part::Table(unproven(coverage, facts.limit)));
    }
    if coverage.hub_files.is_empty() {
        return;
    }
    section.text(format!(
        "{} of {} were executed by half of the tests or more: a change of one runs them all.",
        number(coverage.wide_units),
        count(coverage.units, "unit")
    ));
    section.parts.push(Part::Table(
        hubs("Files that most tests depend on", &coverage.hub_files, coverage).of(coverage.files),
    ));
    if !coverage.hub_units.is_empty() {
        section.parts.push(Part::Table(
            hubs("Units that most tests executed", &coverage.hub_units, coverage).of(coverage.units),
        ));
    }
}

fn why(coverage: &Coverage) -> Table {
    let problems = coverage.problems.iter().map(|(problem, n)| (problem.name(), *n));
    let outcomes = coverage.outcomes.iter().map(|(outcome, n)| (outcome.name(), *n));
    let reasons: Vec<(&str, u64)> = problems.chain(outcomes).collect();
    let columns = [Column::Text("Why"), Column::Number("Tests"), Column::Number("Of all tests")];
    Table::new("Why tests always run; one may have several reasons", &columns).rows(
        &reasons,
        usize::MAX,
        |(why, n)| {
            vec![
                Cell::words(*why),
                Cell::number(*n),
                Cell::Share((coverage.tests > 0).then(|| *n as f64 / coverage.tests as f64)),
            ]
        },
    )
}

fn unproven(coverage: &Coverage, limit: usize) -> Table {
    let columns =
        [Column::Text("Test"), Column::Text("Outcome"), Column::Text("Coverage"), Column::Number("Time")];
    let row = |test: &Unproven| {
        let problems: Vec<&str> = test.health.problems().map(|problem| problem.name()).collect();
        vec![
            Cell::name(test.test.qualified()),
            Cell::words(test.outcome.name()),
            Cell::words(if problems.is_empty() { "whole".to_owned() } else { problems.join(", ") }),
            Cell::Number(time(test.duration)),
        ]
    };
    let table =
        Table::new("Tests that always run, the longest first", &columns).rows(&coverage.unproven, limit, row);
    table.of(coverage.tests - coverage.provable)
}

fn hubs(caption: &str, hubs: &[Hub], coverage: &Coverage) -> Table {
    let columns = [
        Column::Text("Where"),
        Column::Text("What"),
        Column::Number("Tests"),
        Column::Number("Of all tests"),
    ];
    Table::new(caption, &columns).rows(hubs, usize::MAX, |hub| {
        let lines = hub.lines.map(|lines| format!(":{}", lines.start)).unwrap_or_default();
        vec![
            Cell::name(format!("{}{lines}", hub.path)),
            if hub.unit.is_empty() { Cell::words("all of it") } else { Cell::name(&hub.unit) },
            Cell::number(hub.tests),
            Cell::Share((coverage.tests > 0).then(|| hub.tests as f64 / coverage.tests as f64)),
        ]
    })
}
