//! Every metric there is, a promise to whoever draws them.

/// A family of numbers.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name, in words with dots between; every sink puts `skiptrace` before it.
    pub name: &'static str,
    /// What is counted.
    pub help: &'static str,
    /// In what.
    pub unit: Unit,
    /// Whether numbers of several runs add up.
    pub kind: Kind,
    /// The tags that its numbers have beside `job`.
    pub tags: &'static [&'static str],
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Evaluations or runs.
    Runs,
    /// Tests.
    Tests,
    /// Things that went wrong.
    Errors,
    /// Time.
    Seconds,
    /// Commits.
    Commits,
    /// Bytes.
    Bytes,
}

/// What numbers of several runs are together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Their sum.
    Count,
    /// Whatever the last one is.
    Gauge,
}

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident = $metric:literal, $unit:ident, $kind:ident, $tags:expr, $help:literal;)*) => {
        $(
            $(#[$doc])*
            pub static $name: Metric =
                Metric { name: $metric, help: $help, unit: Unit::$unit, kind: Kind::$kind, tags: &$tags };
        )*

        /// All of them, in order.
        pub static ALL: &[&Metric] = &[$(&$name),*];
    };
}

metrics! {
    /// That a job was evaluated, or could not be.
    EVALUATION_RUNS = "evaluation.runs", Runs, Count, ["result"], "Evaluations, by what came of them";
    /// What ran and what would have.
    EVALUATION_TESTS = "evaluation.tests", Tests, Count, ["side"], "Tests on each side of the comparison";
    /// What failures say.
    EVALUATION_FAILURES = "evaluation.failures", Tests, Count, ["finding"], "Failures, by what they say of the selection";
    /// How long it took.
    EVALUATION_SECONDS = "evaluation.seconds", Seconds, Count, ["of"], "Time that tests took";
    /// What kept it from being done well.
    EVALUATION_ERRORS = "evaluation.errors", Errors, Count, ["type"], "What kept an index or results from being used";
    /// That there was a run.
    RUN_RUNS = "run.runs", Runs, Count, ["command", "branch"], "Runs";
    /// What was chosen, and what failed.
    RUN_TESTS = "run.tests", Tests, Count, ["command", "branch", "sort"], "Tests of a run, by what became of them";
    /// What was missed, where somebody looked.
    RUN_MISSES = "run.misses", Tests, Count, ["command", "branch"], "Tests that failed and would have been skipped";
    /// How long tests took, or would have.
    RUN_SECONDS = "run.seconds", Seconds, Count, ["command", "branch", "of"], "Time that tests took, or would have taken";
    /// What skiptrace itself took.
    RUN_OVERHEAD_SECONDS = "run.overhead_seconds", Seconds, Count, ["command", "branch", "of"], "Time that skiptrace itself took";
    /// Why everything ran.
    RUN_FALLBACKS = "run.fallbacks", Errors, Count, ["command", "branch", "cause"], "Causes for which everything had to run";
    /// How far the index was away.
    RUN_INDEX_DISTANCE = "run.index_distance", Commits, Gauge, ["command", "branch"], "Commits between the index and what ran";
    /// How large it was.
    RUN_INDEX_BYTES = "run.index_bytes", Bytes, Gauge, ["command", "branch"], "Size of the index";
}

impl Unit {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Runs => "run",
            Unit::Tests => "test",
            Unit::Errors => "error",
            Unit::Seconds => "second",
            Unit::Commits => "commit",
            Unit::Bytes => "byte",
        }
    }
}

impl Kind {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Count => "count",
            Kind::Gauge => "gauge",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What every sink can have as it is, but for the dots.
    #[test]
    fn names_are_plain_and_differ() {
        let names: BTreeSet<&str> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len());
        for metric in ALL {
            let words = metric.tags.iter().copied().chain(metric.name.split('.'));
            for word in words {
                let is_plain = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                assert!(is_plain, "`{word}` of `{}`", metric.name);
            }
            assert!(!metric.tags.contains(&"job") && !metric.help.ends_with('.'), "{}", metric.name);
        }
    }
}
