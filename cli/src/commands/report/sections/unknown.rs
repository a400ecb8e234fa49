//! What the report does not know.

use super::super::facts::Facts;
use super::super::page::{Part, Prose, Section};
use super::super::words::{count, days, number};

pub(super) fn section(facts: &Facts) -> Section {
    let mut section = Section::new("unknown", "What this report does not know");
    let (unknowns, totals) = (&facts.report.unknowns, &facts.report.sums.all);
    let of_runs = |n: u64| format!("{} of {}", number(n), count(totals.runs, "run"));
    let mut list: Vec<Prose> = Vec::new();
    let mut say = |is_so: bool, text: String| list.extend(is_so.then(|| Prose::from(text)));
    say(
        unknowns.unevaluated > 0,
        format!("Whether tests were missed in {}: nobody looked.", of_runs(unknowns.unevaluated)),
    );
    let explained = facts.misses.len() as u64;
    say(
        explained < totals.misses && facts.misses.len() < facts.limit,
        format!(
            "Which tests were missed, {} of {} times: their results were not kept.",
            number(totals.misses.saturating_sub(explained)),
            number(totals.misses)
        ),
    );
    say(
        totals.checked == 0,
        "How many of the tests that are skipped would have failed: none was run all the same.".to_owned(),
    );
    say(unknowns.branch > 0, format!("On which branch {} were.", of_runs(unknowns.branch)));
    say(unknowns.commit > 0, format!("Of which commit {} were.", of_runs(unknowns.commit)));
    say(
        unknowns.distance > 0,
        format!("How far away the index was in {} that had one.", of_runs(unknowns.distance)),
    );
    say(
        unknowns.untimed > 0,
        format!("How long tests took in {} that chose some of them.", of_runs(unknowns.untimed)),
    );
    say(
        unknowns.unchosen > 0,
        format!("What choosing would have saved in {}, which chose nothing.", of_runs(unknowns.unchosen)),
    );
    if let Some(gap) = unknowns.longest_gap {
        let empty = count(unknowns.empty_days.into(), "day");
        say(
            true,
            format!(
                "What would have happened on {empty} without a run; the longest stretch is {}.",
                days(gap)
            ),
        );
    }
    if unknowns.days_before > 0 {
        let before = count(unknowns.days_before.into(), "day");
        say(true, format!("What happened on the {before} before the first run that were asked for as well."));
    }
    if let Some(day) =
        facts.forgotten.filter(|day| facts.filter.since.is_none_or(|since| day.start() > since))
    {
        say(
            true,
            format!(
                "What happened before {day}: those runs were forgotten (`history.keep-days`, `history.keep-runs`)."
            ),
        );
    }
    say(unknowns.ahead > 0, format!("When {} really began: a clock was ahead.", of_runs(unknowns.ahead)));
    say(
        facts.filter.branch.is_some(),
        "How many runs of the branch are left out because nobody said that they are of it.".to_owned(),
    );
    list.push(Prose::from("What jobs take besides their tests: to be set up, to build."));
    list.push(
        Prose::from("What ran on other machines and is not in this history yet: ")
            .name("skiptrace history pull")
            .plain(" fetches it."),
    );
    section.parts.push(Part::List(list));
    section
}
