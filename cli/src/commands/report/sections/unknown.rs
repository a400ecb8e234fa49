//! What the report does not know.

use super::super::facts::Facts;
use super::super::page::{Part, Prose, Section};
use super::super::words::{count, days, number};

pub(super) fn section(facts: &Facts) -> Section {
    let mut section = Section::new("unknown", "What this report does not know");
    let (unknowns, totals) = (&facts.report.unknowns, &facts.report.sums.all);
    let of_runs = |n: u64| format!("{} of {}", number(n), count(totals.runs, "run"));
    let mut list: Vec<Prose> = Vec::new();
    let mut say = |n: u64, text: String| {
        if n > 0 {
            list.push(Prose::from(text));
        }
    };
    say(
        unknowns.unevaluated,
        format!("Whether tests were missed in {}: nobody looked.", of_runs(unknowns.unevaluated)),
    );
    let explained = facts.misses.len() as u64;
    if explained < totals.misses && explained < facts.limit as u64 {
        let unexplained = totals.misses - explained;
        say(
            unexplained,
            format!("Which tests {} were: their results were not kept.", count(unexplained, "miss")),
        );
    }
    say(
        u64::from(totals.checked == 0),
        "How many of the tests that are skipped would have failed: none was run all the same.".to_owned(),
    );
    say(unknowns.branch, format!("On which branch {} were.", of_runs(unknowns.branch)));
    say(unknowns.commit, format!("Of which commit {} were.", of_runs(unknowns.commit)));
    say(
        unknowns.distance,
        format!("How far away the index was in {} that had one.", of_runs(unknowns.distance)),
    );
    say(
        unknowns.untimed,
        format!("How long tests took in {} that chose some of them.", of_runs(unknowns.untimed)),
    );
    say(
        unknowns.unchosen,
        format!("What choosing would have saved in {}, which chose nothing.", of_runs(unknowns.unchosen)),
    );
    if let Some(gap) = unknowns.longest_gap {
        let empty = count(unknowns.empty_days.into(), "day");
        say(
            1,
            format!(
                "What would have happened on {empty} without a run; the longest stretch is {}.",
                days(gap)
            ),
        );
    }
    if unknowns.days_before > 0 {
        let before = count(unknowns.days_before.into(), "day");
        say(1, format!("What happened on the {before} before the first run that were asked for as well."));
    }
    if let Some(day) =
        facts.forgotten.filter(|day| facts.filter.since.is_none_or(|since| day.start() > since))
    {
        say(
            1,
            format!(
                "What happened before {day}: those runs were forgotten (`history.keep-days`, `history.keep-runs`)."
            ),
        );
    }
    say(unknowns.ahead, format!("When {} really began: a clock was ahead.", of_runs(unknowns.ahead)));
    if facts.filter.branch.is_some() {
        say(
            1,
            "How many runs of the branch are left out because nobody said that they are of it.".to_owned(),
        );
    }
    say(1, "What jobs take besides their tests: to be set up, to build.".to_owned());
    list.push(
        Prose::from("What ran on other machines and is not in this history yet: ")
            .name("skiptrace history pull")
            .plain(" fetches it."),
    );
    section.parts.push(Part::List(list));
    section
}
