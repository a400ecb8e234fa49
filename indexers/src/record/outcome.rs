//! What a recording came to, whoever ran the tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::{Outcome as TestOutcome, Problem};
use skiptrace_engine::recording::EnvironmentKey;

use super::fold::{RecordedTest, Shared};
use super::listing::{BuildReads, Watched};
use super::opens::{Interval, OpenWatch, Opens};
use super::progress::{Event, Listener};
use super::stray::Stray;
use crate::run::case::Case;
use crate::run::driver::Ran;
use crate::trace::{Places, Trace};

/// What a recording came to.
#[derive(Debug)]
pub struct Outcome {
    /// The tests that ran.
    pub tests: Vec<RecordedTest>,
    /// The places that their traces name.
    pub places: Places,
    /// What belongs to all tests of a suite, because some of them do it where they share a process; `None` where each
    /// has its own.
    pub shared: Option<Shared>,
    /// The repository's files that each suite was compiled from.
    pub compiled: BTreeMap<Box<str>, BTreeSet<RepoPath>>,
    /// Folders of which each suite may have been compiled from any file.
    pub folders: BTreeMap<Box<str>, BTreeSet<RepoPath>>,
    /// Files that were written since the recording began, but before anything was built from them.
    pub settled: BTreeSet<RepoPath>,
    /// What is known of who read which files; `None` where that was not watched.
    pub watched: Option<Watched>,
    /// The conditions.
    pub environment: EnvironmentKey,
    /// The methods that code from elsewhere, which the tests were built with, may ask any value for, in order; `None` where
    /// nobody looked, or where it may be any method.
    pub asked_for: Option<Vec<Identifier>>,
    /// The tests that should have run and did not.
    pub missing: Vec<Missing>,
    /// How many tests their runner leaves out.
    pub skipped: usize,
    /// How the runner itself ended, where there was one.
    pub exit: Option<i32>,
}

/// A test that should have run and did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Its suite.
    pub suite: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Why.
    pub why: String,
}

impl Missing {
    const ALL: &str = "(all tests)";
    const BUILD: &str = "(its build)";

    /// All of a suite is missing.
    pub(super) fn suite(suite: impl Into<Box<str>>, why: impl Into<String>) -> Missing {
        Missing { suite: suite.into(), name: Missing::ALL.into(), why: why.into() }
    }

    /// Something without tests cannot be built, which its runner takes for a failure.
    pub(super) fn build(package: impl Into<Box<str>>, why: impl Into<String>) -> Missing {
        Missing { suite: package.into(), name: Missing::BUILD.into(), why: why.into() }
    }

    /// Returns whether this is all of a suite, so that nothing is known of it any more.
    pub fn is_suite(&self) -> bool {
        &*self.name == Missing::ALL
    }

    /// Returns whether this is no test, but something that cannot be built.
    pub fn is_build(&self) -> bool {
        &*self.name == Missing::BUILD
    }
}

/// One test as it ran, whoever ran it.
pub(super) struct Run {
    pub(super) suite: Box<str>,
    pub(super) name: Box<str>,
    pub(super) outcome: TestOutcome,
    pub(super) duration: Duration,
    pub(super) traces: Vec<(Trace, (SystemTime, SystemTime))>,
}

/// What the driver ran, sorted by what came of it.
pub(super) struct Sorted<'c> {
    pub(super) runs: Vec<Run>,
    /// The cases of `runs`, in the same order.
    pub(super) cases: Vec<&'c Case>,
    pub(super) missing: Vec<Missing>,
    pub(super) skipped: usize,
}

impl<'c> Sorted<'c> {
    pub(super) fn of(ran: impl Iterator<Item = (&'c Case, Ran<Trace>)>) -> Sorted<'c> {
        let mut sorted = Sorted { runs: Vec::new(), cases: Vec::new(), missing: Vec::new(), skipped: 0 };
        for (case, ran) in ran {
            let why = match ran {
                _ if case.skipped => {
                    sorted.skipped += 1;
                    continue;
                }
                Ran::Runs(all) => {
                    sorted.runs.push(Run {
                        suite: case.suite.clone(),
                        name: case.name.clone(),
                        outcome: outcome_of(all.iter().map(|run| run.outcome)),
                        duration: all.iter().map(|run| run.duration).max().unwrap_or_default(),
                        traces: all.into_iter().map(|run| (run.trace, run.interval)).collect(),
                    });
                    sorted.cases.push(case);
                    continue;
                }
                Ran::Interrupted => "the recording was interrupted".to_owned(),
                Ran::Broken(error) => error.to_string(),
            };
            sorted.missing.push(Missing { suite: case.suite.clone(), name: case.name.clone(), why });
        }
        sorted
    }
}

/// Distrusts every test that ran while a profile was written that nobody can be told to own.
pub(super) fn blame(strays: &[Stray], runs: &mut [Run], repository: &Path) {
    for stray in strays {
        let path = stray.path.strip_prefix(repository).unwrap_or(&stray.path).display().to_string();
        for run in runs.iter_mut() {
            for (trace, interval) in &mut run.traces {
                if stray.is_within(*interval) {
                    trace.trouble(
                        Problem::MissingBinary,
                        format!("a process wrote its profile to `{path}`, perhaps one of this test"),
                    );
                }
            }
        }
    }
}

/// Starts to watch what tests open in a repository; says so if that cannot be.
pub(super) fn watch_opens(
    repository: &Path,
    without: &[PathBuf],
    listener: &Listener<'_>,
) -> Option<OpenWatch> {
    match OpenWatch::start(repository, without) {
        Ok(watch) => Some(watch),
        Err(error) => {
            listener(Event::Warning(format!(
                "which files tests open cannot be watched ({error}); a test that reads the repository's own sources \
                 is not known to"
            )));
            None
        }
    }
}

/// What is wrong with a test of which it is not known what it opened.
pub(super) const TOO_MANY: &str = "so many files were opened as it ran that not all are known";

/// Returns what was seen of files that something else than tests read, where anybody was told. Tests are what `runs` are
/// of, and what ran in the intervals `others`.
pub(super) fn watched(
    opens: &Opens,
    runs: &[Run],
    others: &[Interval],
    repository: &Path,
    build: BuildReads,
) -> Option<Watched> {
    let intervals = runs.iter().flat_map(|run| run.traces.iter().map(|(_, interval)| *interval));
    opens.is_watched().then(|| Watched {
        elsewhere: opens.outside(repository, intervals.chain(others.iter().copied())),
        blind: opens.blind(repository),
        build,
        lookups: None,
    })
}

/// Returns the files and folders that each test may have opened, and distrusts those of which that is not known.
pub(super) fn opened(opens: &Opens, runs: &mut [Run], repository: &Path) -> Vec<Vec<RepoPath>> {
    let of_run = |run: &mut Run| {
        let mut files = BTreeSet::new();
        for (trace, interval) in &mut run.traces {
            files.extend(opens.during(repository, *interval));
            if opens.lost_during(*interval) {
                trace.trouble(Problem::Opaque, TOO_MANY);
            }
        }
        files.into_iter().collect()
    };
    runs.iter_mut().map(of_run).collect()
}

/// Returns the outcome of several runs of one test.
pub(super) fn outcome_of(outcomes: impl Iterator<Item = TestOutcome>) -> TestOutcome {
    let outcomes: Vec<TestOutcome> = outcomes.collect();
    let worst = outcomes.iter().copied().max().unwrap_or(TestOutcome::Skipped);
    let passed = outcomes.contains(&TestOutcome::Passed);
    if passed && worst > TestOutcome::Flaky { TestOutcome::Flaky } else { worst }
}
