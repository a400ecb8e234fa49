//! Watching the tests of Go packages.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use skiptrace_engine::record::Problem;

#[cfg(target_os = "linux")]
use super::fresh::Fresh;
use super::groups;
#[cfg(target_os = "linux")]
use super::lives::{Due, Ledger, Lives, Role};
use crate::go::collect::{Collector, Reduced};
use crate::run::case::{Case, CommandLine};
use crate::run::driver::Observer;
use crate::run::go::cases::{subtests, with_folders};
use crate::run::go::image::{Image, Images};
use crate::run::go::testlog::{self, TestLog};
use crate::run::process::{self, Finished, RunError};
use crate::run::scratch::Cell;
use crate::run::watch::Watch;
use crate::trace::{Trace, Trouble};

/// Reads what the processes of tests leave, and watches whether all of them left it.
pub(super) struct GoObserver<'a> {
    pub(super) collector: &'a Collector,
    /// The paths of the modules whose code counts.
    pub(super) modules: &'a BTreeSet<Box<str>>,
    /// The suites whose binaries can start processes.
    pub(super) starting: &'a BTreeSet<Box<str>>,
    /// What has the go tool build with coverage what tests build.
    pub(super) goflags: OsString,
    /// Why processes cannot be watched, if they cannot.
    pub(super) hindrance: Option<String>,
    /// Whether anybody wants to know which subtests there are.
    pub(super) wants_subtests: bool,
    /// What knows whether programs are made of the present sources.
    #[cfg(target_os = "linux")]
    pub(super) fresh: Option<Fresh>,
    images: Images,
    seen: Mutex<HashMap<PathBuf, Seen>>,
    read: Mutex<ReadByTest>,
    /// The subtests that ran, by suite.
    subtests: Mutex<BTreeMap<Box<str>, BTreeSet<String>>>,
    /// The tests that passed where all of a suite ran in one process.
    passed: Mutex<BTreeMap<Box<str>, BTreeSet<String>>>,
}

/// What was seen of the processes of a run.
#[derive(Debug, Default)]
struct Seen {
    #[cfg(target_os = "linux")]
    ledger: Ledger,
    unwatched: Option<String>,
}

/// What tests read, by suite and name.
pub(super) type ReadByTest = BTreeMap<(Box<str>, Box<str>), Read>;

/// What a test read as it ran, over all of its runs.
#[derive(Debug, Clone, Default)]
pub(super) struct Read {
    /// Files and folders that it opened or asked about.
    pub(super) paths: BTreeSet<PathBuf>,
    /// Variables that it looked at.
    pub(super) variables: BTreeSet<OsString>,
    /// Whether it started other programs, which do not say what they look for.
    pub(super) has_others: bool,
}

impl<'a> GoObserver<'a> {
    pub(super) fn new(
        collector: &'a Collector,
        modules: &'a BTreeSet<Box<str>>,
        starting: &'a BTreeSet<Box<str>>,
        goflags: OsString,
        hindrance: Option<String>,
    ) -> GoObserver<'a> {
        GoObserver {
            collector,
            modules,
            starting,
            goflags,
            hindrance,
            wants_subtests: false,
            #[cfg(target_os = "linux")]
            fresh: None,
            images: Images::default(),
            seen: Mutex::default(),
            read: Mutex::default(),
            subtests: Mutex::default(),
            passed: Mutex::default(),
        }
    }

    /// Returns what each test read.
    pub(super) fn into_read(self) -> ReadByTest {
        self.read.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the tests of a suite that passed when all ran in one process.
    pub(super) fn passed_together(&self, suite: &str) -> BTreeSet<String> {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        passed.remove(suite).unwrap_or_default()
    }

    /// Returns the subtests of a suite that ran so far.
    pub(super) fn subtests_of(&self, suite: &str) -> BTreeSet<String> {
        let subtests = self.subtests.lock().unwrap_or_else(PoisonError::into_inner);
        subtests.get(suite).cloned().unwrap_or_default()
    }

    /// Takes from a run of no test, which ended well, that its binary has no counters, if it left none.
    pub(super) fn learn_countless(&self, trace: &mut Trace) {
        let is_lost = |trouble: &Trouble| trouble.problem == Problem::ProcessKilled;
        if !trace.places.is_empty() || !trace.troubles.iter().any(is_lost) {
            return;
        }
        trace.troubles.retain(|trouble| !is_lost(trouble));
        for number in &trace.binaries {
            self.collector.set_countless(self.collector.binary(*number).hash);
        }
    }

    /// Runs a process of a test, and keeps the ledger of all that come from it.
    #[cfg(target_os = "linux")]
    fn watched(
        &self,
        command: &CommandLine,
        variables: &[(&str, &Path)],
        output: &Path,
        profiles: &Path,
        timeout: Option<Duration>,
        watch: &Watch,
    ) -> (Result<Finished, RunError>, Ledger) {
        let mut ledger = Ledger::default();
        let told = told(profiles);
        let role = |program: &Path| self.role(program);
        let mut lives = Lives { ledger: &mut ledger, told: &told, role: &role, lives: BTreeMap::new() };
        let finished = crate::run::traced::run(command, variables, output, timeout, watch, &mut lives);
        (finished, ledger)
    }

    fn with_seen<T>(&self, cell: &Cell, act: impl FnOnce(&mut Seen) -> T) -> T {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        act(seen.entry(cell.output().to_owned()).or_default())
    }

    /// Returns what a program is to us.
    #[cfg(target_os = "linux")]
    fn role(&self, program: &Path) -> Role {
        match &*self.images.of(program) {
            Image::Go(image) if self.modules.iter().any(|module| image.has_module(module)) => {
                let is_stale = || self.fresh.as_ref().is_none_or(|fresh| fresh.is_stale(program));
                match image.is_covered() {
                    true if is_stale() => Role::Stale,
                    true => Role::Counted,
                    false => Role::Uncounted,
                }
            }
            Image::Go(_) | Image::Other => Role::Foreign,
            Image::Unknown => Role::Unknown,
        }
    }
}

/// Where the test binary leaves its counters.
fn told(profiles: &Path) -> PathBuf {
    profiles.join("t")
}

/// Where the programs leave theirs that it starts, and it itself when it does not end in the usual way.
fn inherited(profiles: &Path) -> PathBuf {
    profiles.join("e")
}

/// The file in which the test binary says what it read.
fn log(profiles: &Path) -> PathBuf {
    profiles.join("testlog.txt")
}

impl Observer for GoObserver<'_> {
    type Trace = Trace;

    fn variables(&self, _: &Case, _: &Path) -> Vec<(&'static str, PathBuf)> {
        Vec::new()
    }

    fn run(
        &self,
        command: &CommandLine,
        variables: &[(&str, &Path)],
        cell: &Cell,
        timeout: Option<Duration>,
        watch: &Watch,
    ) -> Result<Finished, RunError> {
        let profiles = cell.profiles();
        let mut command = with_folders(command, &told(&profiles), &log(&profiles));
        command.env.insert("GOCOVERDIR".into(), Some(inherited(&profiles).into()));
        // Where it cannot be made the test leaves nothing, which is noticed.
        let make_folders = || [told(&profiles), inherited(&profiles)].map(fs::create_dir);
        let _ = make_folders();
        #[cfg(target_os = "linux")]
        if self.hindrance.is_none() {
            let (finished, ledger) =
                self.watched(&command, variables, cell.output(), &profiles, timeout, watch);
            let passed = |finished: &Result<Finished, RunError>| {
                finished.as_ref().is_ok_and(|finished| finished.status.success())
            };
            if !ledger.has_uncounted || !passed(&finished) || watch.is_interrupted() {
                self.with_seen(cell, |seen| seen.ledger = ledger);
                return finished;
            }
            // What it builds may count if the go tool is told to. That shows in what the go tool prints, which some
            // tests look at, so it is not done before it is needed, and what a test does not stand is no failure.
            let (first, again) = (profiles.with_file_name("first"), cell.output().join("again"));
            if fs::rename(&profiles, &first)
                .and(fs::create_dir(&profiles))
                .and(fs::create_dir(&again))
                .is_ok()
            {
                let _ = make_folders();
                command.env.insert("GOFLAGS".into(), Some(self.goflags.clone()));
                let second = self.watched(&command, variables, &again, &profiles, timeout, watch);
                if passed(&second.0) {
                    self.with_seen(cell, |seen| seen.ledger = second.1);
                    return second.0;
                }
                let _ = fs::remove_dir_all(&profiles).and(fs::rename(&first, &profiles));
            }
            self.with_seen(cell, |seen| seen.ledger = ledger);
            return finished;
        }
        self.with_seen(cell, |seen| seen.unwatched = self.hindrance.clone());
        process::run(&command, variables, cell.output(), timeout, watch)
    }

    fn reduce(&self, case: &Case, cell: &Cell) -> Trace {
        let profiles = cell.profiles();
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).remove(cell.output());
        let seen = seen.unwrap_or_default();
        // The binary itself, then what it started. It is the one or the other that has its counters.
        let own = self.collector.collect(&[told(&profiles)]);
        let others = self.collector.collect(&[inherited(&profiles)]);
        let mut whole = Trace::default();
        #[cfg(target_os = "linux")]
        check(&seen.ledger, [&own, &others], &mut whole);
        if let Some(hindrance) = seen.unwatched
            && self.starting.contains(&case.suite)
        {
            whole.trouble(
                Problem::Opaque,
                format!("it may start processes, which were not watched ({hindrance})"),
            );
        }
        let others = Some(others).filter(is_there);
        if is_there(&own) || others.is_none() {
            whole.add(own.trace);
        }
        if let Some(others) = others {
            whole.add(others.trace);
        }
        #[cfg(target_os = "linux")]
        let has_others = seen.ledger.programs > 1 || seen.ledger.has_uncounted;
        #[cfg(not(target_os = "linux"))]
        let has_others = true;
        self.note_read(case, &log(&profiles), has_others, &mut whole);
        let output = || fs::read(cell.output().join("stdout")).unwrap_or_default();
        if self.wants_subtests {
            let names = subtests(&output());
            let mut subtests = self.subtests.lock().unwrap_or_else(PoisonError::into_inner);
            subtests.entry(case.suite.clone()).or_default().extend(names);
        }
        if *case.name == *groups::TOGETHER {
            let output = output();
            let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
            passed.insert(case.suite.clone(), groups::passed(&output));
        }
        whole
    }
}

impl GoObserver<'_> {
    /// Takes note of what a run of a test read.
    fn note_read(&self, case: &Case, log: &Path, has_others: bool, trace: &mut Trace) {
        let Ok(bytes) = fs::read(log) else {
            // A process that is killed, or ends in its own way, never writes it.
            trace.trouble(Problem::Opaque, "it did not say which files it read (it ended by itself)");
            return;
        };
        let TestLog { opened, statted, variables, whole, strange } = testlog::read(&bytes, &case.command.cwd);
        if !whole || strange {
            trace.trouble(Problem::Opaque, "what it says of the files that it read is not whole");
        }
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let read = read.entry((case.suite.clone(), case.name.clone())).or_default();
        read.paths.extend(opened.into_iter().chain(statted));
        read.variables.extend(variables);
        read.has_others |= has_others;
    }
}

/// Whether any process wrote there at all.
fn is_there(reduced: &Reduced) -> bool {
    !reduced.written.is_empty() || !reduced.trace.binaries.is_empty()
}

/// Finds those of which counters are due and are not there.
#[cfg(target_os = "linux")]
fn check(ledger: &Ledger, reduced: [&Reduced; 2], trace: &mut Trace) {
    for trouble in &ledger.troubles {
        trace.trouble(trouble.problem, trouble.detail.clone());
    }
    let [own, others] = reduced;
    let mut pids: Vec<u64> = own.written.iter().chain(&others.written).map(|written| written.pid).collect();
    for Due { process, program, is_told } in &ledger.due {
        let written = pids.iter().position(|pid| i64::try_from(*pid) == Ok(i64::from(*process)));
        match written {
            Some(at) => _ = pids.swap_remove(at),
            // It has nothing to write, as its meta file says that it wrote there in any case.
            None if *is_told && own.written.is_empty() && !own.trace.binaries.is_empty() => {}
            None => trace.trouble(
                Problem::MissingBinary,
                format!("a process of `{program}` ended without its counters (a panic, `syscall.Exit`, or a test binary that a test started)"),
            ),
        }
    }
}
