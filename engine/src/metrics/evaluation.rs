//! What an evaluation tells.

use crate::evaluation::Counts;
use crate::id::JobName;

use super::{Batch, Tags, list};

/// Adds the numbers of one job that was evaluated: all but what came of it, which depends on more than counts.
pub fn of_evaluation(batch: &mut Batch, job: &JobName, counts: &Counts) {
    let tags = || Tags::of("job", job.as_str());
    let Counts { actual, predicted, common, added, removed, unknown, ambiguous, .. } = *counts;
    let sides = [
        ("actual", actual),
        ("predicted", predicted),
        ("common", common),
        ("added", added),
        ("removed", removed),
        ("unknown", unknown),
        ("ambiguous", ambiguous),
    ];
    for (side, n) in sides {
        batch.add(&list::EVALUATION_TESTS, tags().and("side", side), n);
    }
    let findings = [("missed", counts.misses), ("unclear", counts.unclear), ("caught", counts.caught)];
    let excuses = counts.excuses().map(|(excuse, n)| (excuse.code(), n));
    for (finding, n) in findings.into_iter().chain(excuses) {
        batch.add(&list::EVALUATION_FAILURES, tags().and("finding", finding), n);
    }
    for (of, time) in [("actual", counts.actual_time), ("saved", counts.saved_time)] {
        batch.add(&list::EVALUATION_SECONDS, tags().and("of", of), time);
    }
}

/// Returns what came of an evaluation, in a word.
pub fn result(counts: &Counts) -> &'static str {
    match (counts.misses, counts.unclear) {
        (0, 0) => "clean",
        (0, _) => "unclear",
        _ => "missed",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::time::Timestamp;

    use super::super::text;
    use super::*;

    #[test]
    fn counts_become_numbers() {
        let counts = Counts {
            actual: 8,
            predicted: 5,
            common: 5,
            removed: 3,
            misses: 1,
            excused: [0, 2, 0, 0, 0, 0],
            actual_time: Duration::from_millis(4250),
            saved_time: Duration::from_secs(2),
            ..Counts::default()
        };
        let mut batch = Batch::new(Timestamp(1), "evaluate");
        of_evaluation(&mut batch, &"unit".parse().unwrap(), &counts);
        insta::assert_snapshot!(text::render(&batch), @r#"
        # HELP skiptrace_evaluation_tests Tests on each side of the comparison
        # TYPE skiptrace_evaluation_tests gauge
        skiptrace_evaluation_tests{job="unit",side="actual"} 8
        skiptrace_evaluation_tests{job="unit",side="predicted"} 5
        skiptrace_evaluation_tests{job="unit",side="common"} 5
        skiptrace_evaluation_tests{job="unit",side="added"} 0
        skiptrace_evaluation_tests{job="unit",side="removed"} 3
        skiptrace_evaluation_tests{job="unit",side="unknown"} 0
        skiptrace_evaluation_tests{job="unit",side="ambiguous"} 0
        # HELP skiptrace_evaluation_failures Failures, by what they say of the selection
        # TYPE skiptrace_evaluation_failures gauge
        skiptrace_evaluation_failures{job="unit",finding="missed"} 1
        skiptrace_evaluation_failures{job="unit",finding="unclear"} 0
        skiptrace_evaluation_failures{job="unit",finding="caught"} 0
        skiptrace_evaluation_failures{job="unit",finding="quarantined"} 2
        # HELP skiptrace_evaluation_seconds Time that tests took
        # TYPE skiptrace_evaluation_seconds gauge
        skiptrace_evaluation_seconds{job="unit",of="actual"} 4.25
        skiptrace_evaluation_seconds{job="unit",of="saved"} 2
        # EOF
        "#);
    }

    #[test]
    fn a_miss_outweighs_what_is_unclear() {
        let counts = |misses, unclear| Counts { misses, unclear, ..Counts::default() };
        let results =
            [(0, 0), (0, 1), (1, 1), (1, 0)].map(|(misses, unclear)| result(&counts(misses, unclear)));
        assert_eq!(results, ["clean", "unclear", "missed", "missed"]);
    }
}
