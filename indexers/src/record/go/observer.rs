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
use super::lives::Ledger;
use super::shared::Tally;
use crate::go::collect::{Collector, Reduced};
use crate::run::case::{Case, CommandLine};
use crate::run::driver::Observer;
use crate::run::go::cases::{subtests, with_folders};
use crate::run::go::image::Images;
use crate::run::go::testlog::{self, TestLog};
use crate::run::process::{self, Finished, RunError};
use crate::run::scratch::Cell;
use crate::run::together::TOGETHER;
use crate::run::watch::Watch;
use crate::trace::{Trace, Trouble};

#[cfg(target_os = "linux")]
mod watched;
#[cfg(target_os = "linux")]
use watched::{aside, check};

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
    /// What became of tests where all of a suite ran in one process.
    together: Mutex<BTreeMap<Box<str>, groups::Ended>>,
    /// How often functions were called, by suite.
    tallies: Mutex<BTreeMap<Box<str>, Tally>>,
    /// The tests that passed, and failed as soon as they ran once more.
    relapsed: Mutex<BTreeSet<(Box<str>, Box<str>)>>,
    /// The test binaries that have nothing to count in, by suite.
    bare: BTreeMap<Box<str>, PathBuf>,
}

/// What was seen of the processes of a run.
#[derive(Debug, Default)]
struct Seen {
    #[cfg(target_os = "linux")]
    ledger: Ledger,
    /// That of the first time, where it ran twice.
    #[cfg(target_os = "linux")]
    first: Option<Ledger>,
    unwatched: Option<String>,
    /// Whether it passed, and failed when it ran once more in the same way.
    relapsed: bool,
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
    /// Whether it started its own test binary, which may have run any other test.
    pub(super) starts_itself: bool,
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
            together: Mutex::default(),
            tallies: Mutex::default(),
            relapsed: Mutex::default(),
            bare: BTreeMap::new(),
        }
    }

    /// Returns what each test read.
    pub(super) fn into_read(self) -> ReadByTest {
        self.read.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what became of the tests of a suite when all ran in one process.
    pub(super) fn ended_together(&self, suite: &str) -> groups::Ended {
        let mut together = self.together.lock().unwrap_or_else(PoisonError::into_inner);
        together.remove(suite).unwrap_or_default()
    }

    /// Looks at how often the tests of a suite called functions.
    pub(super) fn with_tally<T>(&self, suite: &str, act: impl FnOnce(&mut Tally) -> T) -> T {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        act(tallies.entry(suite.into()).or_default())
    }

    /// Returns whether a test passed, and failed as soon as it ran once more.
    pub(super) fn has_relapsed(&self, suite: &str, name: &str) -> bool {
        let relapsed = self.relapsed.lock().unwrap_or_else(PoisonError::into_inner);
        relapsed.contains(&(suite.into(), name.into()))
    }

    /// Returns the subtests of a suite that ran so far.
    pub(super) fn subtests_of(&self, suite: &str) -> BTreeSet<String> {
        let subtests = self.subtests.lock().unwrap_or_else(PoisonError::into_inner);
        subtests.get(suite).cloned().unwrap_or_default()
    }

    /// Takes it that the binary of a suite has nothing to count in. Its trace says that nothing was left, which is as it
    /// should be.
    pub(super) fn set_bare(&mut self, suite: &str, binary: &Path) {
        let binary = binary.canonicalize().unwrap_or_else(|_| binary.to_owned());
        self.bare.insert(suite.into(), binary);
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

    fn with_seen<T>(&self, cell: &Cell, act: impl FnOnce(&mut Seen) -> T) -> T {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        act(seen.entry(cell.output().to_owned()).or_default())
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

/// Makes the folders that processes leave their counters in. Where one cannot be made, the test leaves nothing there,
/// which is noticed.
fn make_folders(profiles: &Path) {
    for folder in [told(profiles), inherited(profiles)] {
        let _ = fs::create_dir(folder);
    }
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
        make_folders(&profiles);
        #[cfg(target_os = "linux")]
        if self.hindrance.is_none() {
            return self.run_watched(&command, variables, cell, timeout, watch);
        }
        self.with_seen(cell, |seen| seen.unwatched = self.hindrance.clone());
        process::run(&command, variables, cell.output(), timeout, watch)
    }

    fn reduce(&self, case: &Case, cell: &Cell) -> Trace {
        let profiles = cell.profiles();
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).remove(cell.output());
        let seen = seen.unwrap_or_default();
        let mut whole = Trace::default();
        if let Some(hindrance) = seen.unwatched
            && self.starting.contains(&case.suite)
        {
            whole.trouble(
                Problem::Opaque,
                format!("it may start processes, which were not watched ({hindrance})"),
            );
        }
        if seen.relapsed {
            let mut relapsed = self.relapsed.lock().unwrap_or_else(PoisonError::into_inner);
            relapsed.insert((case.suite.clone(), case.name.clone()));
        }
        #[cfg(target_os = "linux")]
        {
            if let Some(ledger) = &seen.first {
                self.reduce_once(case, &aside(cell), ledger, &mut whole);
            }
        }
        #[cfg(target_os = "linux")]
        let calls = self.reduce_once(case, &profiles, &seen.ledger, &mut whole);
        #[cfg(not(target_os = "linux"))]
        let calls = self.reduce_once(case, &profiles, &mut whole);
        self.with_tally(&case.suite, |tally| tally.add(&case.name, calls, whole.troubles.is_empty()));
        let output = || fs::read(cell.output().join("stdout")).unwrap_or_default();
        if self.wants_subtests {
            let names = subtests(&output());
            let mut subtests = self.subtests.lock().unwrap_or_else(PoisonError::into_inner);
            subtests.entry(case.suite.clone()).or_default().extend(names);
        }
        if *case.name == *TOGETHER {
            let output = output();
            let mut together = self.together.lock().unwrap_or_else(PoisonError::into_inner);
            together.insert(case.suite.clone(), groups::Ended::told_by(&output));
        }
        whole
    }
}

impl GoObserver<'_> {
    /// Reads what the processes of one run left, and returns how often they called functions.
    fn reduce_once(
        &self,
        case: &Case,
        profiles: &Path,
        #[cfg(target_os = "linux")] ledger: &Ledger,
        whole: &mut Trace,
    ) -> Vec<(u32, u32)> {
        // The binary itself, then what it started. It is the one or the other that has its counters.
        let own = self.collector.collect(&[told(profiles)]);
        let others = self.collector.collect(&[inherited(profiles)]);
        #[cfg(target_os = "linux")]
        check(ledger, [&own, &others], whole);
        let calls = [&own.calls[..], &others.calls].concat();
        let others = Some(others).filter(is_there);
        let is_bare = self.bare.contains_key(&case.suite);
        if is_there(&own) || others.is_none() && !is_bare {
            whole.add(own.trace);
        }
        if let Some(others) = others {
            whole.add(others.trace);
        }
        #[cfg(target_os = "linux")]
        let (has_others, starts_itself) = {
            let is_own = |path: &String| path.strip_suffix(".test").unwrap_or(path) == &*case.suite;
            (ledger.programs > 1 || !ledger.uncounted.is_empty(), ledger.again.iter().any(is_own))
        };
        #[cfg(not(target_os = "linux"))]
        let (has_others, starts_itself) = (true, true);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let read = read.entry((case.suite.clone(), case.name.clone())).or_default();
        read.has_others |= has_others;
        read.starts_itself |= starts_itself;
        self.note_read(case, &log(profiles), read, whole);
        calls
    }

    /// Takes note of what a run of a test read.
    fn note_read(&self, case: &Case, log: &Path, read: &mut Read, trace: &mut Trace) {
        let Ok(bytes) = fs::read(log) else {
            // A process that is killed, or ends in its own way, never writes it.
            trace.trouble(Problem::Opaque, "it did not say which files it read (it ended by itself)");
            return;
        };
        let TestLog { opened, statted, variables, whole, strange } = testlog::read(&bytes, &case.command.cwd);
        if !whole || strange {
            trace.trouble(Problem::Opaque, "what it says of the files that it read is not whole");
        }
        read.paths.extend(opened.into_iter().chain(statted));
        read.variables.extend(variables);
    }
}

/// Whether any process wrote there at all.
fn is_there(reduced: &Reduced) -> bool {
    !reduced.written.is_empty() || !reduced.trace.binaries.is_empty()
}
