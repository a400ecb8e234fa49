//! What a run tells.

use crate::history::Run;
use crate::time::Timestamp;

use super::{Batch, Level, Metric, Notice, Tags, Value, list};

/// Returns the numbers of a run, and a notice of what it missed.
pub fn of_run(run: &Run, at: Timestamp) -> Batch {
    let mut batch = Batch::new(at, run.command.clone());
    batch.since = run.at().min(at);
    let tags = || {
        let tags = Tags::of("job", run.job.as_str()).and("command", run.command.clone());
        match &run.branch {
            Some(branch) => tags.and("branch", branch.clone()),
            None => tags,
        }
    };
    batch.add(&list::RUN_RUNS, tags(), 1_u64);
    let counts = run.counts;
    let sorts = [
        ("known", counts.known),
        ("selected", counts.selected),
        ("skipped", counts.skipped),
        ("failed", counts.failed),
    ];
    for (sort, n) in sorts {
        batch.add(&list::RUN_TESTS, tags().and("sort", sort), n);
    }
    for (of, time) in [("saved", run.saved), ("took", run.took)] {
        batch.add(&list::RUN_SECONDS, tags().and("of", of), time);
    }
    for (of, time) in &run.overheads {
        batch.add(&list::RUN_OVERHEAD_SECONDS, tags().and("of", of.clone()), *time);
    }
    for (cause, n) in &run.fallbacks {
        batch.add(&list::RUN_FALLBACKS, tags().and("cause", cause.clone()), *n);
    }
    // What nobody looked at is no zero.
    let known: [(&'static Metric, Option<u64>); 3] = [
        (&list::RUN_MISSES, run.misses),
        (&list::RUN_INDEX_DISTANCE, run.index.distance),
        (&list::RUN_INDEX_BYTES, run.index.bytes),
    ];
    for (metric, value) in known {
        if let Some(value) = value {
            batch.add(metric, tags(), Value::Whole(value));
        }
    }
    if let Some(misses @ 1..) = run.misses {
        let mut tags = tags();
        if let Some(commit) = &run.commit {
            tags = tags.and("commit", commit.to_string());
        }
        batch.notices.push(Notice {
            title: format!("skiptrace: {misses} missed in job {}", run.job),
            text: format!("Of run {}, {misses} of the tests that failed would have been skipped.", run.id),
            level: Level::Error,
            tags,
        });
    }
    batch
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use crate::history::RunId;
    use crate::history::testing::any_run;

    use super::super::text;
    use super::*;

    #[test]
    fn a_run_becomes_numbers() {
        let mut run = Run::new(RunId::new(Timestamp(1_000), 7), "run", "unit".parse().unwrap());
        run.counts.known = 10;
        run.counts.selected = 3;
        run.counts.skipped = 7;
        run.saved = Duration::from_millis(1500);
        run.overheads.insert("select".into(), Duration::from_millis(40));
        let batch = of_run(&run, Timestamp(5_000));
        assert_eq!((batch.since, batch.at, &*batch.command), (Timestamp(1_000), Timestamp(5_000), "run"));
        insta::assert_snapshot!(text::render(&batch), @r#"
        # HELP skiptrace_run_runs Runs
        # TYPE skiptrace_run_runs gauge
        skiptrace_run_runs{job="unit",command="run"} 1
        # HELP skiptrace_run_tests Tests of a run, by what became of them
        # TYPE skiptrace_run_tests gauge
        skiptrace_run_tests{job="unit",command="run",sort="known"} 10
        skiptrace_run_tests{job="unit",command="run",sort="selected"} 3
        skiptrace_run_tests{job="unit",command="run",sort="skipped"} 7
        skiptrace_run_tests{job="unit",command="run",sort="failed"} 0
        # HELP skiptrace_run_seconds Time that tests took, or would have taken
        # TYPE skiptrace_run_seconds gauge
        skiptrace_run_seconds{job="unit",command="run",of="saved"} 1.5
        skiptrace_run_seconds{job="unit",command="run",of="took"} 0
        # HELP skiptrace_run_overhead_seconds Time that skiptrace itself took
        # TYPE skiptrace_run_overhead_seconds gauge
        skiptrace_run_overhead_seconds{job="unit",command="run",of="select"} 0.04
        # EOF
        "#);
        run.branch = Some("main".into());
        run.misses = Some(2);
        run.index.distance = Some(0);
        run.fallbacks.insert("no-index".into(), 1);
        let batch = of_run(&run, Timestamp(5_000));
        assert_eq!(batch.notices[0].title, "skiptrace: 2 missed in job unit");
        insta::assert_snapshot!(text::render(&batch), @r#"
        # HELP skiptrace_run_runs Runs
        # TYPE skiptrace_run_runs gauge
        skiptrace_run_runs{job="unit",command="run",branch="main"} 1
        # HELP skiptrace_run_tests Tests of a run, by what became of them
        # TYPE skiptrace_run_tests gauge
        skiptrace_run_tests{job="unit",command="run",branch="main",sort="known"} 10
        skiptrace_run_tests{job="unit",command="run",branch="main",sort="selected"} 3
        skiptrace_run_tests{job="unit",command="run",branch="main",sort="skipped"} 7
        skiptrace_run_tests{job="unit",command="run",branch="main",sort="failed"} 0
        # HELP skiptrace_run_seconds Time that tests took, or would have taken
        # TYPE skiptrace_run_seconds gauge
        skiptrace_run_seconds{job="unit",command="run",branch="main",of="saved"} 1.5
        skiptrace_run_seconds{job="unit",command="run",branch="main",of="took"} 0
        # HELP skiptrace_run_overhead_seconds Time that skiptrace itself took
        # TYPE skiptrace_run_overhead_seconds gauge
        skiptrace_run_overhead_seconds{job="unit",command="run",branch="main",of="select"} 0.04
        # HELP skiptrace_run_fallbacks Causes for which everything had to run
        # TYPE skiptrace_run_fallbacks gauge
        skiptrace_run_fallbacks{job="unit",command="run",branch="main",cause="no-index"} 1
        # HELP skiptrace_run_misses Tests that failed and would have been skipped
        # TYPE skiptrace_run_misses gauge
        skiptrace_run_misses{job="unit",command="run",branch="main"} 2
        # HELP skiptrace_run_index_distance Commits between the index and what ran
        # TYPE skiptrace_run_index_distance gauge
        skiptrace_run_index_distance{job="unit",command="run",branch="main"} 0
        # EOF
        "#);
    }

    proptest! {
        /// Only what was measured is told, each number once, whatever the run.
        #[test]
        fn nothing_is_told_of_what_nobody_looked_at(run in any_run()) {
            let batch = of_run(&run, run.at());
            let has = |metric: &Metric| batch.samples().iter().any(|sample| sample.metric == metric);
            prop_assert_eq!(has(&list::RUN_MISSES), run.misses.is_some());
            prop_assert_eq!(has(&list::RUN_INDEX_DISTANCE), run.index.distance.is_some());
            prop_assert_eq!(has(&list::RUN_INDEX_BYTES), run.index.bytes.is_some());
            prop_assert_eq!(has(&list::RUN_FALLBACKS), !run.fallbacks.is_empty());
            prop_assert_eq!(batch.notices.len(), usize::from(run.misses.unwrap_or(0) > 0));
            for sample in batch.samples() {
                prop_assert!(sample.value.real().is_finite());
                for (name, _) in sample.tags.iter() {
                    prop_assert!(name == "job" || sample.metric.tags.contains(&name), "{}", name);
                }
            }
        }
    }
}
