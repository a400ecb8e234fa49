//! Proofs that were put to the test.

use skiptrace_engine::history::Confidence;

use super::super::facts::Facts;
use super::super::page::{Cell, Column, Part, Prose, Section, Table};
use super::super::words::number;
use crate::ui::human;

pub(super) fn section(facts: &Facts) -> Section {
    let mut section = Section::new("audits", "Proofs put to the test");
    let totals = &facts.report.sums.all;
    let Some(bound) = totals.bound(Confidence::USUAL) else {
        section.text(
            "No test that need not have run was run all the same, so nothing bounds how many of them would have failed.",
        );
        return section;
    };
    section.text(
        Prose::from(format!("With {} confidence, ", bound.confidence))
            .strong(format!("at most {}", human::share(bound.at_most)))
            .plain(" of the tests that are skipped would have failed."),
    );
    let columns = [
        Column::Text("Job"),
        Column::Number("Need not have run"),
        Column::Number("Ran all the same"),
        Column::Number("Failed"),
        Column::Number("At most"),
    ];
    let checked: Vec<_> = facts.report.jobs.iter().filter(|job| job.sums.all.checked > 0).collect();
    let table = Table::new("Checks by job", &columns).rows(&checked, facts.limit, |job| {
        let totals = &job.sums.all;
        let bound = totals.bound(Confidence::USUAL);
        vec![
            Cell::name(&job.job),
            Cell::number(totals.skippable),
            Cell::number(totals.checked),
            Cell::number(totals.refuted),
            Cell::Number(bound.map_or_else(|| "–".to_owned(), |bound| human::share(bound.at_most))),
        ]
    });
    section.parts.push(Part::Table(table));
    section.text(format!(
        "The bound is that of Clopper and Pearson for {} of {}. It holds for checks that are independent of each other; \
         those of one run are less so, because one mistake may be behind several failures.",
        number(bound.refuted),
        number(bound.checked)
    ));
    section
}
