//! The numbers that matter.

use skiptrace_engine::history::{Confidence, Totals};

use super::super::facts::Facts;
use super::super::page::{Figure, Part, Prose, Section, Tone};
use super::super::words::{count, number, percent, time};
use crate::ui::human;

pub(super) fn section(facts: &Facts) -> Section {
    let mut section = Section::new("overview", "In short");
    let totals = &facts.report.sums.all;
    if totals.runs == 0 {
        empty(&mut section, facts);
        return section;
    }
    let timed = &facts.report.sums.timed;
    let tests = totals.selected.saturating_add(totals.skipped);
    let whole: u64 = facts.report.jobs.iter().map(|job| job.whole).sum();
    let share = |n: u64, of: u64| percent((of > 0).then(|| n as f64 / of as f64));
    section.parts.push(Part::Figures(vec![
        Figure {
            label: "Tests skipped",
            value: percent(totals.skipped_share()),
            note: format!("{} of {}", number(totals.skipped), count(tests, "test")),
            tone: Tone::Plain,
        },
        Figure {
            label: "Time saved",
            value: percent(timed.saved_share()),
            note: format!(
                "{} of {}, less {} that skiptrace took",
                time(timed.saved),
                time(timed.saved.saturating_add(timed.took)),
                time(timed.overhead)
            ),
            tone: Tone::Plain,
        },
        misses(totals),
        bound(totals),
        Figure {
            label: "Everything ran",
            value: share(totals.fell_back, totals.runs),
            note: format!("{} of {}", number(totals.fell_back), count(totals.runs, "run")),
            tone: Tone::Plain,
        },
        Figure {
            label: "Nothing had to run",
            value: share(whole, totals.runs),
            note: format!("{} of {}", number(whole), count(totals.runs, "run")),
            tone: Tone::Plain,
        },
    ]));
    section
}

fn misses(totals: &Totals) -> Figure {
    let (value, note, tone) = match (totals.evaluated, totals.misses) {
        (0, _) => ("?".to_owned(), "nobody looked in any run".to_owned(), Tone::Plain),
        (evaluated, misses) => (
            number(misses),
            format!("looked for in {} of {}", number(evaluated), count(totals.runs, "run")),
            match misses {
                0 if evaluated == totals.runs => Tone::Good,
                0 => Tone::Plain,
                _ => Tone::Bad,
            },
        ),
    };
    Figure { label: "Misses", value, note, tone }
}

fn bound(totals: &Totals) -> Figure {
    let (value, note) = match totals.bound(Confidence::USUAL) {
        None => ("?".to_owned(), "no proof was put to the test".to_owned()),
        Some(bound) => (
            format!("≤ {}", human::share(bound.at_most)),
            format!(
                "of skipped tests would have failed at most; {} confidence, {} checks",
                bound.confidence,
                number(bound.checked)
            ),
        ),
    };
    Figure { label: "Miss rate", value, note, tone: Tone::Plain }
}

/// There is nothing to tell but how there would be.
fn empty(section: &mut Section, facts: &Facts) {
    let mut text = Prose::from("There are no runs");
    if let Some(job) = &facts.filter.job {
        text = text.plain(" of job ").name(job);
    }
    if let Some(branch) = &facts.filter.branch {
        text = text.plain(" of branch ").name(branch);
    }
    section.text(text.plain(" in the history in this time."));
    section.parts.push(Part::List(vec![
        Prose::from("To bring the runs of other machines here: ").name("skiptrace history pull"),
        Prose::from("To add one: ")
            .name("skiptrace run -- …")
            .plain(" at a desk, or ")
            .name("skiptrace evaluate --results …")
            .plain(" in a pipeline in which everything runs"),
        Prose::from("To look further back: ").name("skiptrace report --since 365d"),
    ]));
}
