//! What the report is about, and who wrote it.

use skiptrace_engine::report::Width;

use super::super::facts::Facts;
use super::super::page::Prose;
use super::super::words;
use crate::ui::human;

pub(super) fn about(facts: &Facts) -> Prose {
    let period = facts.report.period;
    let days = match period.days() {
        1 => String::new(),
        n => format!(" ({})", words::count(n.into(), "day")),
    };
    let mut about = Prose::default().plain(format!("{}{days}", words::days(period)));
    about = match &facts.filter.job {
        Some(job) => about.plain(", job ").name(job),
        None => about.plain(", all jobs"),
    };
    about = match &facts.filter.branch {
        Some(branch) => about.plain(", branch ").name(branch),
        None => about.plain(", all branches"),
    };
    match period.width() {
        Width::Day => about.plain(". Days are those of UTC."),
        Width::Week => about.plain(". Days are those of UTC; charts are by week."),
        Width::Months(1) => about.plain(". Days are those of UTC; charts are by month."),
        Width::Months(n) => about.plain(format!(". Days are those of UTC; charts are by {n} months.")),
    }
}

pub(super) fn written(facts: &Facts) -> Prose {
    let version = env!("CARGO_PKG_VERSION");
    Prose::from(format!("Written by skiptrace {version} on {}.", human::date(facts.now)))
}
