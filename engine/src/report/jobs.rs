//! Runs by job, and by what was done.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::history::Run;
use crate::id::JobName;

use super::Sums;

/// What the runs of a job came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSums {
    /// The job.
    pub job: JobName,
    /// The sum.
    pub sums: Sums,
    /// In how many of its runs tests were known, and none had to run: such a job need not have started.
    pub whole: u64,
    /// How long the tests of those runs would have taken.
    pub whole_saved: Duration,
}

/// What the runs of a command came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandSums {
    /// Its name, such as `evaluate`; empty where nobody said.
    pub command: Box<str>,
    /// The sum.
    pub sums: Sums,
}

/// Sums runs up by job, those with the most time of tests first.
pub(super) fn jobs(runs: &[Run]) -> Vec<JobSums> {
    let mut jobs: BTreeMap<&JobName, JobSums> = BTreeMap::new();
    for run in runs {
        let job = jobs.entry(&run.job).or_insert_with(|| JobSums {
            job: run.job.clone(),
            sums: Sums::default(),
            whole: 0,
            whole_saved: Duration::ZERO,
        });
        job.sums = job.sums.and(Sums::of(run));
        if is_whole(run) {
            job.whole += 1;
            job.whole_saved = job.whole_saved.saturating_add(run.saved);
        }
    }
    let mut jobs: Vec<JobSums> = jobs.into_values().collect();
    jobs.sort_by_key(|job| Reverse(job.sums.all.saved.saturating_add(job.sums.all.took)));
    jobs
}

/// Sums runs up by what was done, in the order of the names.
pub(super) fn commands(runs: &[Run]) -> Vec<CommandSums> {
    let mut commands: BTreeMap<&str, Sums> = BTreeMap::new();
    for run in runs {
        let sums = commands.entry(&run.command).or_default();
        *sums = sums.and(Sums::of(run));
    }
    let named = |(command, sums): (&str, Sums)| CommandSums { command: command.into(), sums };
    commands.into_iter().map(named).collect()
}

/// Returns whether a run knew tests, and none of them had to run.
fn is_whole(run: &Run) -> bool {
    run.counts.selected == 0 && run.counts.skipped > 0
}
