//! Tests that failed and would have been skipped.

use skiptrace_engine::history::{TestName, TestRun};

use super::super::facts::Facts;
use super::super::page::{Cell, Chart, Column, Drawn, Part, Prose, Section, Series, Shape, Table, Unit};
use super::super::words::{self, count, number};
use super::stretches;

/// No explanation is longer.
const EXPLAINED: usize = 600;

pub(super) fn section(facts: &Facts) -> Section {
    let (report, totals) = (&facts.report, &facts.report.sums.all);
    let mut section = Section::new("misses", "Misses");
    let evaluated = format!("{} of {}", number(totals.evaluated), count(totals.runs, "run"));
    let values = |value: &dyn Fn(&skiptrace_engine::history::Totals) -> u64| {
        report.bins.iter().map(|bin| Some(value(&bin.sums.as_ref()?.all) as f64)).collect()
    };
    section.text(match (totals.evaluated, totals.misses) {
        (0, _) => Prose::from("Nobody looked for misses in any run, so nothing is known of them: ")
            .name("skiptrace evaluate")
            .plain(" and ")
            .name("skiptrace run --observe")
            .plain(" do."),
        (_, 0) => Prose::from(format!("No test that failed would have been skipped, in {evaluated}.")),
        (_, misses) => Prose::default()
            .strong(count(misses, "failed test"))
            .plain(format!(" would have been skipped, in {evaluated} in which somebody looked.")),
    });
    section.parts.push(Part::Chart(Chart {
        id: "evaluated",
        title: "Runs in which somebody looked",
        description: format!(
            "Somebody looked for misses in {evaluated}, and found {}.",
            number(totals.misses)
        ),
        shape: Shape::Stack,
        unit: Unit::Count,
        stretches: stretches(&report.bins),
        series: vec![
            Series {
                name: "runs, evaluated".to_owned(),
                color: 0,
                drawn: Drawn::AsShape,
                values: values(&|totals| totals.evaluated),
            },
            Series {
                name: "runs, nobody looked".to_owned(),
                color: 4,
                drawn: Drawn::AsShape,
                values: values(&|totals| totals.runs - totals.evaluated),
            },
            Series {
                name: "misses".to_owned(),
                color: Chart::BAD,
                drawn: Drawn::AsDots,
                values: values(&|totals| totals.misses),
            },
        ],
    }));
    if !facts.misses.is_empty() {
        section.parts.push(Part::Table(table(facts)));
        section.text(
            Prose::from("To look at one: ")
                .name("skiptrace history show RUN")
                .plain(", and, with its commit checked out, ")
                .name("skiptrace explain TEST")
                .plain("."),
        );
    }
    section
}

fn table(facts: &Facts) -> Table {
    let columns = [
        Column::Text("Test"),
        Column::Long("Explanation"),
        Column::Text("Job"),
        Column::Text("Branch"),
        Column::Text("Commit"),
        Column::Text("Run"),
    ];
    let row = |TestRun { run, test, result }: &TestRun| {
        let explanation = match (&result.note, &result.reason) {
            (Some(note), _) => Prose::from(words::cut(note, EXPLAINED)),
            (None, Some(reason)) => Prose::of_name(reason),
            (None, None) => Prose::from("none was kept"),
        };
        vec![
            Cell::name(TestName::qualified(test)),
            Cell::Words(explanation),
            Cell::name(&run.job),
            run.branch.as_ref().map_or_else(|| Cell::words("unknown"), Cell::name),
            run.commit.as_ref().map_or_else(|| Cell::words("unknown"), |commit| Cell::name(commit.short())),
            Cell::name(run.id),
        ]
    };
    let all = facts.report.sums.all.misses;
    Table::new("The newest misses", &columns).rows(&facts.misses, facts.limit, row).of(all)
}
