//! Runs tests side by side, each in its own process, and watches each.

use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use skiptrace_engine::record::Outcome;
use thiserror::Error;

use super::case::{Case, CommandLine, Lock, Step, Verdict};
use super::process::{self, Finished, RunError};
use super::scratch::{Cell, Scratch};
use super::verdict::Judgement;
use super::watch::{Stopped, Watch};

/// What watches what a test executes.
pub trait Observer: Sync {
    /// What is left of a run when its files are gone.
    type Trace: Send;

    /// Returns the variables that make the processes of `case` leave their coverage in `folder`.
    fn variables(&self, case: &Case, folder: &Path) -> Vec<(&'static str, PathBuf)>;

    /// Runs a process of a test to its end. Whoever wants to see more of it than its end does it another way.
    fn run(
        &self,
        command: &CommandLine,
        variables: &[(&str, &Path)],
        cell: &Cell,
        timeout: Option<Duration>,
        watch: &Watch,
    ) -> Result<Finished, RunError> {
        process::run(command, variables, cell.output(), timeout, watch)
    }

    /// Reads what the processes of `case` left in `cell`.
    fn reduce(&self, case: &Case, cell: &Cell) -> Self::Trace;
}

/// How tests are run.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many at the same time.
    pub jobs: usize,
    /// How often each, whatever comes of it.
    pub runs: u32,
    /// How often a test that failed is tried again.
    pub retries: u32,
    /// How long a test may take that says nothing of it itself.
    pub timeout: Option<Duration>,
    /// Whether each test is given a folder for temporary files of its own.
    pub private_temporary: bool,
    /// Whether what tests print is wanted of those that pass as well.
    pub keep_output: bool,
}

/// One run of a test.
#[derive(Debug)]
pub struct CaseRun<T> {
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub duration: Duration,
    /// When it started and ended.
    pub interval: (SystemTime, SystemTime),
    /// What it executed.
    pub trace: T,
    /// What it printed, if it failed or that is wanted of all.
    pub output: Option<String>,
}

/// What happens while tests run.
#[derive(Debug)]
pub enum Event<'a, T> {
    /// A test starts.
    Started(&'a Case),
    /// A test has ended, for good.
    Finished(&'a Case, &'a [CaseRun<T>]),
    /// A test could not be run at all.
    Broken(&'a Case, &'a DriveError),
}

/// Why a test could not be run.
#[derive(Debug, Error)]
pub enum DriveError {
    /// Its process could not be started.
    #[error(transparent)]
    Run(#[from] RunError),
    /// There is no room for what it leaves.
    #[error("cannot make a folder for what tests leave")]
    Scratch(#[source] io::Error),
}

/// What came of a test.
#[derive(Debug)]
pub enum Ran<T> {
    /// It ran, once or several times.
    Runs(Vec<CaseRun<T>>),
    /// It did not run: the recording was interrupted before or while it did.
    Interrupted,
    /// It could not be run.
    Broken(DriveError),
}

/// Runs `cases` and returns what came of each, in their order.
pub fn drive<O: Observer>(
    cases: &[Case],
    options: &Options,
    scratch: &Scratch,
    watch: &Watch,
    observer: &O,
    on_event: &(dyn Fn(Event<'_, O::Trace>) + Sync),
) -> Vec<Ran<O::Trace>> {
    let queue = Queue::new(cases);
    let results: Vec<Mutex<Option<Ran<O::Trace>>>> = cases.iter().map(|_| Mutex::new(None)).collect();
    let driver = Driver { options, scratch, watch, observer };
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.clamp(1, cases.len().max(1)) {
            scope.spawn(|| {
                while let Some(at) = queue.take(watch) {
                    let case = &cases[at];
                    on_event(Event::Started(case));
                    let ran = driver.run(case);
                    match &ran {
                        Ran::Runs(runs) => on_event(Event::Finished(case, runs)),
                        Ran::Broken(error) => on_event(Event::Broken(case, error)),
                        Ran::Interrupted => {}
                    }
                    *results[at].lock().unwrap_or_else(PoisonError::into_inner) = Some(ran);
                    queue.give_back(&case.locks);
                }
            });
        }
    });
    let result = |ran: Mutex<Option<_>>| ran.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_iter().map(|ran| result(ran).unwrap_or(Ran::Interrupted)).collect()
}

struct Driver<'a, O> {
    options: &'a Options,
    scratch: &'a Scratch,
    watch: &'a Watch,
    observer: &'a O,
}

impl<O: Observer> Driver<'_, O> {
    fn run(&self, case: &Case) -> Ran<O::Trace> {
        let mut runs = Vec::new();
        let mut retries = 0;
        let mut wanted = self.options.runs.max(1);
        while wanted > 0 {
            let run = match self.run_once(case) {
                Ok(Some(run)) => run,
                Ok(None) => return Ran::Interrupted,
                Err(error) => return Ran::Broken(error),
            };
            wanted -= 1;
            let failed = matches!(run.outcome, Outcome::Failed | Outcome::TimedOut);
            runs.push(run);
            if failed && wanted == 0 && retries < self.options.retries {
                retries += 1;
                wanted = 1;
            }
        }
        Ran::Runs(runs)
    }

    /// Runs a test once, with all that comes before and after it; `None` if the user stopped it.
    fn run_once(&self, case: &Case) -> Result<Option<CaseRun<O::Trace>>, DriveError> {
        let cell = self.scratch.cell().map_err(DriveError::Scratch)?;
        let mut variables = self.observer.variables(case, &cell.profiles());
        if self.options.private_temporary {
            variables.push(("TMPDIR", cell.temporary()));
        }
        let started = SystemTime::now();
        let mut whole = Part::of_nothing();
        for step in &case.before {
            let part = self.step(step, &cell, &variables)?;
            if step.required {
                whole.add(&part);
            }
        }
        // What was needed and did not come about is the test's failure: it cannot be told to have passed.
        if whole.outcome == Outcome::Passed && !self.watch.is_interrupted() {
            let timeout = case.timeout.or(self.options.timeout);
            whole.add(&self.part(&case.command, &case.verdict, timeout, &cell, &variables)?);
        }
        for step in &case.after {
            let part = self.step(step, &cell, &variables)?;
            whole.duration += part.duration;
        }
        if self.watch.is_interrupted() {
            return Ok(None);
        }
        let interval = (started, SystemTime::now());
        let trace = self.observer.reduce(case, &cell);
        let Part { outcome, duration, output } = whole;
        Ok(Some(CaseRun { outcome, duration, interval, trace, output }))
    }

    fn step(&self, step: &Step, cell: &Cell, variables: &[Variable]) -> Result<Part, DriveError> {
        let timeout = step.timeout.or(self.options.timeout);
        self.part(&step.command, &step.verdict, timeout, cell, variables)
    }

    fn part(
        &self,
        command: &CommandLine,
        verdict: &Verdict,
        timeout: Option<Duration>,
        cell: &Cell,
        variables: &[Variable],
    ) -> Result<Part, DriveError> {
        let variables: Vec<(&str, &Path)> =
            variables.iter().map(|(name, value)| (*name, value.as_path())).collect();
        let finished = self.observer.run(command, &variables, cell, timeout, self.watch)?;
        let outcome = match finished.stopped {
            Some(Stopped::TimedOut) => Outcome::TimedOut,
            _ => judge(verdict, &finished),
        };
        let has_failed = matches!(outcome, Outcome::Failed | Outcome::TimedOut);
        let output = (has_failed || self.options.keep_output).then(|| what_it_printed(&finished));
        Ok(Part { outcome, duration: finished.duration, output })
    }
}

/// A variable that the driver sets.
type Variable = (&'static str, PathBuf);

/// What came of one process of a test.
struct Part {
    outcome: Outcome,
    duration: Duration,
    output: Option<String>,
}

impl Part {
    fn of_nothing() -> Part {
        Part { outcome: Outcome::Passed, duration: Duration::ZERO, output: None }
    }

    fn add(&mut self, next: &Part) {
        self.outcome = self.outcome.max(next.outcome);
        self.duration += next.duration;
        if self.output.is_none() {
            self.output.clone_from(&next.output);
        }
    }
}

/// How much of a test's output is looked through for the words of its framework.
const LOOKED_AT: u64 = 16 * 1024 * 1024;

/// Returns how a test ended whose process ended by itself.
fn judge(verdict: &Verdict, finished: &Finished) -> Outcome {
    // Most tests are told by their exit codes, and nothing of their output has to be read.
    let (stdout, stderr) = match verdict {
        Verdict::ExitCode | Verdict::Fails => (Vec::new(), Vec::new()),
        Verdict::Output { .. } => (tail(&finished.stdout, LOOKED_AT), Vec::new()),
        Verdict::Rules(_) => (tail(&finished.stdout, LOOKED_AT), tail(&finished.stderr, LOOKED_AT)),
    };
    match verdict.judge(finished.status.code(), &stdout, &stderr) {
        Judgement::Passed => Outcome::Passed,
        Judgement::Skipped => Outcome::Skipped,
        // A filter that matched nothing ends well in most frameworks, and proves nothing.
        Judgement::Failed | Judgement::NothingRan => Outcome::Failed,
    }
}

/// Returns the end of what a process printed, both streams one after the other.
fn what_it_printed(finished: &Finished) -> String {
    [&finished.stdout, &finished.stderr]
        .into_iter()
        .map(|path| String::from_utf8_lossy(&tail(path, 64 * 1024)).into_owned())
        .filter(|text| !text.trim().is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Returns the last `limit` bytes of a file; nothing if it cannot be read.
fn tail(path: &Path, limit: u64) -> Vec<u8> {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let len = file.metadata()?.len();
        file.seek(SeekFrom::Start(len.saturating_sub(limit)))?;
        let mut bytes = Vec::new();
        file.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().unwrap_or_default()
}

/// Tests that wait, and what those that run keep from others.
struct Queue<'a> {
    cases: &'a [Case],
    state: Mutex<QueueState>,
    changed: Condvar,
}

struct QueueState {
    waiting: VecDeque<usize>,
    running: usize,
    held: BTreeSet<Lock>,
}

impl<'a> Queue<'a> {
    fn new(cases: &'a [Case]) -> Queue<'a> {
        let waiting = (0..cases.len()).filter(|at| !cases[*at].skipped).collect();
        let state = QueueState { waiting, running: 0, held: BTreeSet::new() };
        Queue { cases, state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the next test that may run now, waiting for what it needs; `None` when no more are to be run.
    fn take(&self, watch: &Watch) -> Option<usize> {
        let mut state = self.lock();
        loop {
            if state.waiting.is_empty() || watch.is_interrupted() {
                return None;
            }
            if let Some(place) = state.waiting.iter().position(|at| state.may_run(&self.cases[*at])) {
                let at = state.waiting.remove(place).expect("the place is in the queue");
                state.running += 1;
                state.held.extend(self.cases[at].locks.iter().cloned());
                return Some(at);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn give_back(&self, locks: &[Lock]) {
        let mut state = self.lock();
        state.running -= 1;
        for lock in locks {
            state.held.remove(lock);
        }
        drop(state);
        self.changed.notify_all();
    }
}

impl QueueState {
    fn may_run(&self, case: &Case) -> bool {
        if self.held.contains(&Lock::Everything) {
            return false;
        }
        if case.locks.contains(&Lock::Everything) {
            return self.running == 0;
        }
        case.locks.iter().all(|lock| !self.held.contains(lock))
    }
}

#[cfg(all(test, unix))]
mod tests;
