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
    let of_tests = percent((coverage.tests > 0).then(|| coverage.provable as f64 / coverage.tests as f64));
    // An imported index has no times.
    let of_time = (!coverage.time.is_zero()).then(|| {
        let share = coverage.provable_time.as_secs_f64() / coverage.time.as_secs_f64();
        format!(", {} of their time", percent(Some(share)))
    });
    let recorded = index.recorded_at.map_or_else(String::new, |at| format!(", recorded {}", human::date(at)));
    section.text(
        Prose::from(format!(
            "The index of {}{recorded}, {}. It can prove of ",
            index.found,
            human::size(index.bytes)
        ))
        .strong(format!("{} of {}", number(coverage.provable), count(coverage.tests, "test")))
        .plain(format!(
            " ({of_tests}{}) that they need not run; the others always run.",
            of_time.unwrap_or_default()
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
        "{} of {} were executed by half of the tests or more: a change of one runs as many.",
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use skiptrace_engine::history::{Ranking, RunFilter, TestName};
    use skiptrace_engine::path::RepoPath;
    use skiptrace_engine::record::{Health, Outcome, Problem};
    use skiptrace_engine::report::Report;
    use skiptrace_engine::time::Timestamp;
    use skiptrace_engine::unit::LineSpan;

    use super::super::super::markdown;
    use super::super::super::page::Page;
    use super::*;

    fn index() -> IndexFacts {
        let unproven = |name: &str, outcome, health, seconds| Unproven {
            test: TestName::new("api", name),
            outcome,
            health,
            duration: Duration::from_secs(seconds),
        };
        let hub = |path: &str, unit: &str, lines, tests| Hub {
            path: RepoPath::new(path).unwrap(),
            unit: unit.into(),
            lines,
            tests,
        };
        let coverage = Coverage {
            job: "unit".parse().unwrap(),
            tests: 200,
            provable: 197,
            time: Duration::from_secs(100),
            provable_time: Duration::from_secs(80),
            problems: vec![(Problem::UnstableFootprint, 1), (Problem::Opaque, 1)],
            outcomes: vec![(Outcome::Failed, 1)],
            unproven: vec![
                unproven("starts_a_server", Outcome::Passed, Health::OK.with(Problem::Opaque), 12),
                unproven("breaks", Outcome::Failed, Health::OK, 7),
            ],
            units: 900,
            wide_units: 2,
            hub_units: vec![hub("src/main.rs", "main", Some(LineSpan { start: 3, end: 9 }), 200)],
            files: 40,
            hub_files: vec![hub("src/main.rs", "", None, 200), hub("src/db.rs", "", None, 90)],
        };
        IndexFacts {
            commit: None,
            found: "`0123456789ab`, 3 commits before".to_owned(),
            recorded_at: Some(Timestamp(1_767_323_045_000)),
            bytes: 1_572_864,
            coverage,
        }
    }

    #[test]
    fn what_cannot_be_proved_is_named_and_what_is_left_out_is_counted() {
        let now = Timestamp(1_767_323_045_000);
        let of = |job: &str, told| JobIndex { job: job.parse().unwrap(), told };
        let facts = Facts {
            now,
            filter: RunFilter::default(),
            limit: 2,
            report: Report::of(&[], None, now),
            ranking: Ranking::default(),
            misses: Vec::new(),
            indexes: vec![
                of("unit", Ok(index())),
                of("e2e", Err("the store has no index of job `e2e`".to_owned())),
            ],
            more_jobs: 2,
            forgotten: None,
        };
        let sections = vec![section(&facts)];
        let page = Page { title: "Report", about: "All.".into(), sections, written: "By us.".into() };
        insta::assert_snapshot!(markdown::render(&page), @"
        # Report

        All.

        ## What the indexes can prove

        ### Job `unit`

        The index of `0123456789ab`, 3 commits before, recorded 2026-01-02 03:04:05 UTC, 1.5 MiB. It can prove of **197 of 200 tests** (98.5 %, 80.0 % of their time) that they need not run; the others always run.

        **Why tests always run; one may have several reasons**

        | Why | Tests | Of all tests |
        |---|--:|--:|
        | unstable footprint | 1 | 0.5 % |
        | opaque | 1 | 0.5 % |
        | failed | 1 | 0.5 % |

        **Tests that always run, the longest first**

        | Test | Outcome | Coverage | Time |
        |---|---|---|--:|
        | `api::starts_a_server` | passed | opaque | 12 s |
        | `api::breaks` | failed | whole | 7 s |

        and 1 more

        2 of 900 units were executed by half of the tests or more: a change of one runs as many.

        **Files that most tests depend on**

        | Where | What | Tests | Of all tests |
        |---|---|--:|--:|
        | `src/main.rs` | all of it | 200 | 100.0 % |
        | `src/db.rs` | all of it | 90 | 45.0 % |

        and 38 more

        **Units that most tests executed**

        | Where | What | Tests | Of all tests |
        |---|---|--:|--:|
        | `src/main.rs:3` | `main` | 200 | 100.0 % |

        and 899 more

        ### Job `e2e`

        No index: the store has no index of job `e2e`.

        The indexes of 2 more jobs were not looked at; `--job` names one.

        By us.
        ");
    }
}
