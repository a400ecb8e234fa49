//! Recording what `go test` runs.
//!
//! ```text
//! plan       the user's command and one `go list` → packages, modules, what each test binary is made of
//! build      `go test -exec`: the go tool builds every test binary and hands it to us instead of running it
//! observer   the driver's eyes: where counters go, watching, reading
//! unproved   whether packages without a wanted test still compile
//! lives      whether every process of a test left the counters it should have left
//! fresh      whether programs that tests start were built from the present sources
//! subtests   those of tests, each alone
//! groups     tests that pass only after others
//! shared     what tests do only where they share a process
//! before     variables that are asked for before tests begin
//! test_files what tests depend on in test files, which have no counters
//! uncounted  what else they depend on that has none: C, lines of `go.mod`
//! programs   what the programs were compiled from that tests start
//! outcome    all of that, put together
//! ```

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use skiptrace_engine::record::Outcome as TestOutcome;
use thiserror::Error;

use super::observer_events::tell;
use super::opens::OpenWatch;
use super::outcome::{Missing, Outcome, Sorted, watch_opens};
use super::progress::{Event, Listener};
use super::stray::Before;
use crate::build::go::flags::FlagError;
use crate::build::go::list::ListError as PackagesError;
use crate::build::go::tool::ToolError;
use crate::go::collect::Collector;
use crate::run::case::Case;
use crate::run::driver::{self, Ran};
use crate::run::go::command::CommandError;
use crate::run::go::kept::{Kept, KeptError};
use crate::run::go::{cases, list};
use crate::run::native::Listing;
use crate::run::process::RunError;
use crate::run::wanted::Wanted;
use crate::run::watch::Watch;
use crate::trace::Trace;

mod before;
mod build;
mod environment;
#[cfg(target_os = "linux")]
mod fresh;
mod groups;
#[cfg(target_os = "linux")]
mod lives;
mod observer;
mod outcome;
mod plan;
mod programs;
mod shared;
mod subtests;
mod test_files;
mod uncounted;
mod unproved;

pub use environment::{Question, conditions};
use observer::GoObserver;
use plan::Plan;

/// How long a test binary may take to list its tests.
const LISTING: Duration = Duration::from_secs(120);
/// How much a test binary may print while it lists them.
const LIST_BYTES: usize = 64 << 20;

/// What is to be recorded, and how.
pub struct Request<'a> {
    /// The command that the user runs tests with: `go test …`, `gotestsum …`.
    pub words: Vec<String>,
    /// The folder it is run in.
    pub cwd: PathBuf,
    /// The variables around it.
    pub variables: BTreeMap<OsString, OsString>,
    /// The repository.
    pub repository: PathBuf,
    /// This program, which stands between the go tool and test binaries.
    pub program: PathBuf,
    /// How tests are run.
    pub driver: driver::Options,
    /// Whether subtests are recorded alone, besides their tests.
    pub subtests: bool,
    /// Which tests are wanted.
    pub wanted: Wanted,
    /// Who watches for interruption.
    pub watch: &'a Watch,
    /// Who is told what happens.
    pub listener: &'a Listener<'a>,
}

/// Why nothing could be recorded.
#[derive(Debug, Error)]
pub enum GoRecordError {
    /// It is no command that runs tests.
    #[error("the command does not run Go tests; say `go test PACKAGES`")]
    NoTests,
    /// There is no module.
    #[error("there is no `go.mod` in `{}` or above it; run this inside of a module", .0.display())]
    NoModule(PathBuf),
    /// The command cannot be recorded.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// A flag is not understood.
    #[error(transparent)]
    Flag(#[from] FlagError),
    /// The go tool gave no answer.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The packages are not known.
    #[error(transparent)]
    Packages(#[from] PackagesError),
    /// The go tool cannot be run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Nothing could be built.
    #[error("the go tool built no test binary:\n{said}")]
    Build {
        /// What it said.
        said: String,
    },
    /// What it built is not there.
    #[error(transparent)]
    Kept(#[from] KeptError),
    /// A path is no text, or has quotes, so that no flag can name it.
    #[error("`go test -exec` cannot be told of `{}`; move it, or set TMPDIR to a folder with a plain name", .0.display())]
    Path(PathBuf),
    /// A folder of ours cannot be made.
    #[error("cannot make a folder for what tests leave")]
    Scratch(#[source] io::Error),
}

/// Builds and runs the tests, and returns what each executed.
pub fn record(request: &Request<'_>) -> Result<Outcome, GoRecordError> {
    (request.listener)(Event::Building);
    let plan = Plan::make(request)?;
    for note in &plan.command.notes {
        (request.listener)(Event::Warning(note.clone()));
    }
    // 1. The test binaries, without those of which nothing is wanted.
    let strays = Before::look(&request.repository, Vec::new());
    let without = plan.unwanted(request);
    let built = build::build(request, &plan, &without)?;
    let mut missing = built.missing;
    missing.extend(unproved::check(request, &plan, &without)?);
    missing.retain(|missing| !plan.binaries.broken.contains_key(&missing.suite));
    let broken = plan.binaries.broken.iter();
    missing.extend(broken.map(|(suite, why)| Missing::suite(suite.clone(), why.clone())));
    // 2. Their tests.
    let mut cases = Vec::new();
    for (suite, kept) in &built.kept {
        match list_cases(request, &plan, suite, kept) {
            Ok(listed) => cases.extend(listed),
            Err(error) => missing.push(Missing::suite(suite.clone(), error.to_string())),
        }
    }
    cases.retain(|case| request.wanted.has(&case.suite, &case.name));
    let n_tests = cases.iter().filter(|case| !case.skipped).count();
    (request.listener)(Event::Running { tests: n_tests, suites: built.kept.len() });

    // 3. Their runs.
    let collector = Collector::new(Box::new(plan.homes(&request.repository)));
    let counted = plan.counted();
    let hindrance = hindrance();
    // Who starts processes is asked only where nobody can watch them.
    let starting = hindrance.as_ref().map(|_| plan.starting(&request.repository)).unwrap_or_default();
    if let Some(hindrance) = &hindrance {
        (request.listener)(Event::Warning(format!(
            "processes of tests cannot be watched ({hindrance}), so tests that may start some can never be skipped"
        )));
    }
    let mut observer = GoObserver::new(&collector, &counted, &starting, plan.goflags(), hindrance);
    observer.wants_subtests = request.subtests;
    #[cfg(target_os = "linux")]
    {
        let fresh = plan.fresh(&request.repository);
        // Not while tests run: who goes through the folders then would count as one of them.
        fresh.look();
        observer.fresh = Some(fresh);
    }
    let baselines = baselines(request, &plan, &built.kept, &observer);
    for (suite, kept) in &built.kept {
        let left_nothing = baselines.get(suite).is_some_and(|trace| trace.binaries.is_empty());
        if left_nothing && plan.counts_nothing(&request.repository, suite) {
            observer.set_bare(suite, &kept.binary);
        }
    }
    let observer = observer;
    let on_event = |event: driver::Event<'_, _>| tell(request.listener, event);
    let watch = watch_opens(&request.repository, &[], request.listener);
    let ran = driver::drive(&cases, &request.driver, &plan.scratch, request.watch, &observer, &on_event);
    let (of_subtests, ran_subtests) = match request.subtests {
        true => subtests::run(request, &plan, &observer, &built.kept),
        false => (Vec::new(), Vec::new()),
    };
    let ran = ran.into_iter().chain(ran_subtests);
    let mut sorted = Sorted::of(cases.iter().chain(&of_subtests).zip(ran));
    for run in &mut sorted.runs {
        if run.outcome == TestOutcome::Passed && observer.has_relapsed(&run.suite, &run.name) {
            run.outcome = TestOutcome::Flaky;
        }
    }
    groups::settle_subtests(request, &mut sorted.runs);
    let groups = groups::find(request, &plan, &observer, &built.kept, &mut sorted.runs);

    // 4. What they came to.
    let opens = watch.map(OpenWatch::finish).unwrap_or_default();
    // What they open then, the test binaries say themselves.
    let shared = shared::find(request, &plan, &observer, &built.kept, (&cases, &groups), &mut sorted.runs);
    let read = observer.into_read();
    sorted.missing.extend(missing);
    let strays = strays.sweep();
    let heard = outcome::Heard { strays: &strays, opens: &opens, read, baselines, groups, shared };
    outcome::gather(request, &plan, sorted, collector, heard)
}

/// Returns the tests of a binary as cases.
fn list_cases(
    request: &Request<'_>,
    plan: &Plan,
    suite: &str,
    kept: &Kept,
) -> Result<Vec<Case>, list::ListError> {
    let scratch = plan.scratch.path().join("listing");
    let _ = std::fs::create_dir_all(&scratch);
    let listing = Listing { scratch, timeout: LISTING, max_output: LIST_BYTES };
    let listed = list::list(kept, &listing)?;
    let has_own_limit = request.driver.timeout.is_some();
    let names = listed.names.iter().filter(|name| !listed.left_out.contains(*name));
    Ok(names
        .map(|name| {
            let case = cases::case(kept, suite, name);
            let timeout = if has_own_limit { request.driver.timeout } else { case.timeout };
            Case { timeout, ..case }
        })
        .collect())
}

/// Runs each binary without a test: what it executes then belongs to every test of it.
fn baselines(
    request: &Request<'_>,
    plan: &Plan,
    kept: &[(Box<str>, Kept)],
    observer: &GoObserver<'_>,
) -> HashMap<Box<str>, Trace> {
    let nothing: Vec<Case> = kept.iter().map(|(suite, kept)| cases::nothing(kept, suite)).collect();
    let options = driver::Options { runs: 1, retries: 0, ..request.driver.clone() };
    let ran = driver::drive(&nothing, &options, &plan.scratch, request.watch, observer, &|_| {});
    let mut baselines = HashMap::new();
    for (case, ran) in nothing.iter().zip(ran) {
        let Ran::Runs(mut all) = ran else { continue };
        if let Some(run) = all.pop().filter(|run| run.outcome == TestOutcome::Passed) {
            let mut trace = run.trace;
            observer.learn_countless(&mut trace);
            baselines.insert(case.suite.clone(), trace);
        }
    }
    baselines
}

#[cfg(target_os = "linux")]
fn hindrance() -> Option<String> {
    crate::run::traced::hindrance()
}

#[cfg(not(target_os = "linux"))]
fn hindrance() -> Option<String> {
    Some("only Linux lets processes be watched".to_owned())
}
