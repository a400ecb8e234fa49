//! Charts: numbers over time.

use skiptrace_engine::report::Period;

use super::super::words;

/// Numbers of several sorts for stretches of time.
#[derive(Debug)]
pub(in crate::commands::report) struct Chart {
    /// What links to its parts, unlike all others on the page.
    pub(in crate::commands::report) id: &'static str,
    pub(in crate::commands::report) title: &'static str,
    /// What there is to see, for those who do not.
    pub(in crate::commands::report) description: String,
    pub(in crate::commands::report) shape: Shape,
    pub(in crate::commands::report) unit: Unit,
    pub(in crate::commands::report) stretches: Vec<Stretch>,
    pub(in crate::commands::report) series: Vec<Series>,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands::report) struct Stretch {
    pub(in crate::commands::report) period: Period,
    /// Whether nothing ran.
    pub(in crate::commands::report) is_gap: bool,
}

/// Numbers of one sort.
#[derive(Debug)]
pub(in crate::commands::report) struct Series {
    pub(in crate::commands::report) name: String,
    /// Which of the colours it has; the last stands for what is bad.
    pub(in crate::commands::report) color: usize,
    pub(in crate::commands::report) drawn: Drawn,
    /// One for each stretch; `None` where nobody knows.
    pub(in crate::commands::report) values: Vec<Option<f64>>,
}

/// How numbers are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands::report) enum Shape {
    Lines,
    /// Bars, one sort on top of the other.
    Stack,
}

/// How numbers of one sort are shown among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands::report) enum Drawn {
    /// As the chart says.
    AsShape,
    /// As a dot each, unless it is zero: they are of another kind than what is stacked.
    AsDots,
}

/// What numbers are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands::report) enum Unit {
    /// 1 is all.
    Share,
    Seconds,
    Bytes,
    Count,
}

impl Chart {
    /// The color of what is bad.
    pub(in crate::commands::report) const BAD: usize = 5;
}

impl Unit {
    pub(in crate::commands::report) fn show(self, value: f64) -> String {
        match self {
            Unit::Share => words::percent(Some(value)),
            Unit::Seconds => words::seconds(value),
            Unit::Bytes => crate::ui::human::size(value.max(0.0) as u64),
            Unit::Count => words::number(value.max(0.0) as u64),
        }
    }
}
