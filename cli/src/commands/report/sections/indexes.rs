//! How large indexes were, and what skiptrace itself took.

use skiptrace_engine::report::Spread;

use super::super::facts::Facts;
use super::super::page::{Chart, Drawn, Part, Section, Series, Shape, Unit};
use super::super::words::{percent, time};
use super::stretches;

pub(super) fn section(facts: &Facts) -> Section {
    let report = &facts.report;
    let mut section = Section::new("indexes", "Index size and overhead");
    let sizes = |value: &dyn Fn(Spread) -> u64| {
        report.bins.iter().map(|bin| Some(value(bin.index_bytes?) as f64)).collect::<Vec<_>>()
    };
    if report.bins.iter().any(|bin| bin.index_bytes.is_some()) {
        section.parts.push(Part::Chart(Chart {
            id: "sizes",
            title: "Size of the indexes that runs went by",
            description: "The one in the middle and the largest, of all jobs together.".to_owned(),
            shape: Shape::Lines,
            unit: Unit::Bytes,
            stretches: stretches(&report.bins),
            series: vec![
                Series {
                    name: "median".to_owned(),
                    color: 0,
                    drawn: Drawn::AsShape,
                    values: sizes(&|spread| spread.median),
                },
                Series {
                    name: "largest".to_owned(),
                    color: 3,
                    drawn: Drawn::AsShape,
                    values: sizes(&|spread| spread.largest),
                },
            ],
        }));
    } else {
        section.text("No run tells how large its index was.");
    }
    let totals = &report.sums.all;
    if report.overheads.sorts.is_empty() {
        section.text("No run tells what skiptrace itself took.");
        return section;
    }
    let spent = (totals.saved + totals.took).as_secs_f64();
    let share = (spent > 0.0).then(|| totals.overhead.as_secs_f64() / spent);
    let of_sort = |(at, sort): (usize, &str)| {
        let per_run = |(bin, took): (&skiptrace_engine::report::Bin, &Vec<std::time::Duration>)| {
            Some(took[at].as_secs_f64() / bin.sums?.all.runs as f64)
        };
        let name = if sort.is_empty() { "other".to_owned() } else { sort.to_string() };
        Series {
            name,
            color: at,
            drawn: Drawn::AsShape,
            values: report.bins.iter().zip(&report.overheads.bins).map(per_run).collect(),
        }
    };
    section.parts.push(Part::Chart(Chart {
        id: "overheads",
        title: "What skiptrace itself took, per run",
        description: format!(
            "In all it took {}, {} of the time that all tests take together.",
            time(totals.overhead),
            percent(share)
        ),
        shape: Shape::Stack,
        unit: Unit::Seconds,
        stretches: stretches(&report.bins),
        series: report.overheads.sorts.iter().map(|sort| &**sort).enumerate().map(of_sort).collect(),
    }));
    section
}
