//! Coverage of runs that were made elsewhere: folders that hold, per test, what it executed.
//!
//! [`suite_dir`] finds the tests in a folder, [`llvm`], [`lcov`], [`llvm_json`] and `go` read what is there of each, and
//! [`atlas`] says where the files that they name are in the repository.
//!
//! What tests were compiled from is not known here. So every file that the coverage names counts as compiled into
//! every suite: a change of anything but a function's body in one of them reaches all tests. Files that it does not
//! name are not listed, and what is not listed is unknown to the index, which runs everything. Go's meta files say
//! which packages a binary links, so that there it is the files of those.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rayon::prelude::*;
use skiptrace_engine::id::JobName;
use skiptrace_engine::index::carry::Carried;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::{Outcome, Problem};
use skiptrace_engine::recording::Recording;

use crate::build::paths::Roots;
use crate::record::fold::{FilePart, Gathered, RecordedTest};
use crate::record::sources::{Files, Tree};
use crate::trace::{Places, Trace, Trouble};

pub mod atlas;
mod error;
mod go;
pub mod lcov;
pub mod llvm;
pub mod llvm_json;
pub mod suite_dir;
#[cfg(test)]
mod tests;

pub use error::ImportError;
pub use go::{Expected, MissingBinary};

use atlas::Atlas;
use go::GoTest;
use suite_dir::{FoundTest, LeftOut, Style, TestOutcome};

/// What is imported, and how it is understood.
pub struct Request<'a> {
    /// The folder with the coverage of each test.
    pub folder: &'a Path,
    /// The form it has.
    pub format: Format,
    /// The job of all tests, whatever their metadata say.
    pub job: Option<JobName>,
    /// The job of tests whose metadata name none.
    pub default_job: JobName,
    /// Whether a test of which nobody says how it ended passed.
    pub assume_passed: bool,
    /// Where things are on this machine, and where they were when the coverage was made.
    pub roots: Roots,
    /// The repository's files.
    pub tracked: &'a BTreeSet<RepoPath>,
    /// What is in them.
    pub tree: &'a dyn Tree,
    /// A folder with the coverage of a run whose ranges are subtracted from those of all tests.
    pub baseline: Option<&'a Path>,
    /// Whether something is subtracted, so that parts of functions must be told apart.
    pub diffed: bool,
    /// The Go programs that tests of each job run.
    pub expected: &'a Expected,
}

/// A form of coverage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// LLVM's own profiles, of processes of the binaries in these files and folders.
    Llvm(Vec<PathBuf>),
    /// LCOV tracefiles.
    Lcov,
    /// What `llvm-cov export` writes.
    LlvmJson,
    /// What Go programs leave in `GOCOVERDIR`, and text profiles. Import paths that begin so are below these folders,
    /// whatever the repository's `go.mod` files say.
    Go(Vec<(Box<str>, RepoPath)>),
}

/// Which tests a change reaches that is none of a function's body, in a file that the coverage names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// All of the job: any of them may have been compiled from the file.
    All,
    /// Those that executed something of the file: so it is where files act by running only, each test loads them in
    /// a process of its own, and nothing is taken from them while others are compiled.
    Executed,
}

/// What was in the folder.
#[derive(Debug)]
pub struct Imported {
    /// The tests of each job.
    pub jobs: BTreeMap<JobName, Vec<RecordedTest>>,
    /// Folders that became tests by their own name, since nothing else names them.
    pub unnamed: Vec<String>,
    /// What is no test, though it looks like one.
    pub left_out: Vec<LeftOut>,
    /// Binaries that were named and cannot be used, and why.
    pub unusable: Vec<LeftOut>,
    /// How many binaries were read.
    pub n_binaries: usize,
    /// Tests without the coverage of a binary that was expected of them.
    pub missing: Vec<MissingBinary>,
    /// Go packages of the repository that were linked without counters.
    pub uncounted: BTreeSet<Box<str>>,
    places: Places,
    known: BTreeSet<RepoPath>,
    baseline: Option<RecordedTest>,
    /// What the suites of each job were compiled from, where the coverage says so.
    linked: Option<BTreeMap<(JobName, Box<str>), Linked>>,
}

/// What a suite was compiled from.
#[derive(Debug, Default)]
struct Linked {
    files: BTreeSet<RepoPath>,
    /// Files of packages that can execute nothing.
    inert: BTreeSet<RepoPath>,
}

/// Reads the coverage of all tests below a folder.
pub fn import(request: &Request<'_>) -> Result<Imported, ImportError> {
    let style = match request.format {
        Format::Llvm(_) => Style::Profiles,
        Format::Lcov => Style::Lcov,
        Format::LlvmJson => Style::Json,
        Format::Go(_) => Style::Go,
    };
    let mut found = suite_dir::find(request.folder, style)?;
    let baseline = request.baseline.map(|folder| find_baseline(folder, style)).transpose()?;
    if let Some(baseline) = &baseline {
        // It may be beside the tests, and is none of them.
        let same = |test: &FoundTest| same_folder(&test.folder, &baseline.folder);
        found.tests.retain(|test| !same(test));
    }
    let all: Vec<&FoundTest> = found.tests.iter().chain(&baseline).collect();
    let mut imported = Imported {
        jobs: BTreeMap::new(),
        unnamed: Vec::new(),
        left_out: found.left_out,
        unusable: Vec::new(),
        n_binaries: 0,
        missing: Vec::new(),
        uncounted: BTreeSet::new(),
        places: Places::default(),
        known: BTreeSet::new(),
        baseline: None,
        linked: None,
    };
    let (traces, go): (Vec<Trace>, Vec<GoTest>) = match &request.format {
        Format::Go(prefixes) => {
            let mut read = go::read(&all, prefixes, request);
            imported.n_binaries = read.n_binaries;
            imported.uncounted = read.uncounted;
            (imported.places, imported.known) = (read.places, read.known);
            (read.tests.iter_mut().map(|test| std::mem::take(&mut test.trace)).collect(), read.tests)
        }
        _ => (imported.read(&all, request)?, Vec::new()),
    };
    let mut go = go.into_iter();
    let tests = found.tests.into_iter().map(|test| (test, false)).chain(baseline.map(|test| (test, true)));
    let mut linked: BTreeMap<(JobName, Box<str>), Linked> = BTreeMap::new();
    let mut of_baseline = GoTest::default();
    for ((test, is_baseline), mut trace) in tests.zip(traces) {
        let named = test.job.as_ref().unwrap_or(&request.default_job);
        let job = request.job.as_ref().unwrap_or(named).clone();
        let go_test = go.next();
        if let Some(go_test) = &go_test {
            expect(&test, &job, go_test, request.expected, &mut trace, &mut imported.missing);
        }
        judge(&test, request, go_test.as_ref(), &mut trace);
        let go_test = go_test.unwrap_or_default();
        if is_baseline {
            imported.baseline = Some(recorded(test, trace, go_test.uncounted.clone()));
            of_baseline = go_test;
            continue;
        }
        if test.is_named_by_folder {
            imported.unnamed.push(test.place.clone());
        }
        let suite = linked.entry((job.clone(), test.suite.clone())).or_default();
        // Where it does not say all, it may be anything that is known.
        suite.files.extend(if go_test.is_partial { imported.known.clone() } else { go_test.linked });
        suite.inert.extend(go_test.inert);
        imported.jobs.entry(job).or_default().push(recorded(test, trace, go_test.uncounted));
    }
    if matches!(request.format, Format::Go(_)) {
        if let Some(baseline) = &imported.baseline {
            for job in imported.jobs.keys() {
                let suite = linked.entry((job.clone(), baseline.suite.clone())).or_default();
                let files = if of_baseline.is_partial { &imported.known } else { &of_baseline.linked };
                suite.files.extend(files.iter().cloned());
                suite.inert.extend(of_baseline.inert.iter().cloned());
            }
        }
        imported.linked = Some(linked);
        let absent = request.expected.keys().filter(|job| !imported.jobs.contains_key(*job));
        imported.left_out.extend(absent.map(|job| LeftOut {
            place: format!("job {job}"),
            reason: "binaries are expected of it, and no folder is of a test of it".to_owned(),
        }));
    }
    Ok(imported)
}

fn find_baseline(folder: &Path, style: Style) -> Result<FoundTest, ImportError> {
    suite_dir::find_one(folder, style)?
        .map_err(|LeftOut { place, reason }| ImportError::Baseline { path: folder.join(place), reason })
}

fn same_folder(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real(one) == real(other)
}

/// Looks for the binaries that a test must have run.
fn expect(
    test: &FoundTest,
    job: &JobName,
    go: &GoTest,
    expected: &Expected,
    trace: &mut Trace,
    missing: &mut Vec<MissingBinary>,
) {
    if test.outcome == TestOutcome::Known(Outcome::Skipped) {
        return;
    }
    let of_job = expected.get(job).into_iter().flatten();
    let names: BTreeSet<&Box<str>> = of_job.chain(&test.binaries).collect();
    for name in names.into_iter().filter(|name| !go.has_run(name)) {
        trace.trouble(
            Problem::MissingBinary,
            format!("there are no counters of `{name}`, which tests of job `{job}` are expected to run"),
        );
        let test = match &*test.suite {
            "" => test.name.to_string(),
            suite => format!("{suite} {}", test.name),
        };
        missing.push(MissingBinary { job: job.clone(), test, binary: name.clone() });
    }
}

impl Imported {
    fn read(&mut self, tests: &[&FoundTest], request: &Request<'_>) -> Result<Vec<Trace>, ImportError> {
        let mut atlas = Atlas::new(request.roots.clone(), request.tracked);
        let reader = match &request.format {
            Format::Llvm(paths) => {
                let (programs, unusable) = llvm::Programs::open(paths, &mut atlas)?;
                self.n_binaries = programs.len();
                self.unusable = unusable;
                Reader::Llvm(Box::new(programs))
            }
            Format::LlvmJson => Reader::LlvmJson,
            Format::Lcov | Format::Go(_) => Reader::Lcov,
        };
        let atlas = Mutex::new(atlas);
        let traces = tests.par_iter().map(|test| trace(test, &reader, request, &atlas)).collect();
        let atlas = atlas.into_inner().unwrap_or_else(PoisonError::into_inner);
        (self.places, self.known) = atlas.into_parts();
        Ok(traces)
    }

    /// Returns the baseline, if there is one.
    pub fn baseline(&self) -> Option<&RecordedTest> {
        self.baseline.as_ref()
    }

    /// Returns how many tests there are.
    pub fn n_tests(&self) -> usize {
        self.jobs.values().map(Vec::len).sum()
    }

    /// Returns what an index of each job is made of.
    pub fn gathered(self, reach: Reach, recording: impl Fn(&JobName) -> Recording) -> Vec<Gathered> {
        let Imported { jobs, places, known, mut linked, baseline, .. } = self;
        let each = jobs.into_iter().map(|(job, tests)| {
            let suites: BTreeSet<Box<str>> =
                tests.iter().chain(&baseline).map(|test| test.suite.clone()).collect();
            let compiled = suites.into_iter().map(|suite| {
                let files = match (&mut linked, reach) {
                    (Some(linked), _) => {
                        let linked = linked.remove(&(job.clone(), suite.clone())).unwrap_or_default();
                        if reach == Reach::All { linked.files } else { linked.inert }
                    }
                    (None, Reach::All) => known.clone(),
                    (None, Reach::Executed) => BTreeSet::new(),
                };
                (suite, files)
            });
            let compiled = compiled.filter(|(_, files)| !files.is_empty()).collect();
            Gathered {
                recording: recording(&job),
                tests,
                places: copy(&places),
                shared: None,
                compiled,
                carried: Carried::default(),
                known: Files::new(),
            }
        });
        each.collect()
    }
}

/// Reads one form of coverage.
enum Reader {
    Llvm(Box<llvm::Programs>),
    Lcov,
    LlvmJson,
}

/// What a file says of one source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoveredFile {
    /// The source file, as whoever compiled it wrote it.
    pub path: Box<str>,
    /// What ran in it.
    pub executed: Vec<skiptrace_engine::observation::TextRange>,
}

fn trace(test: &FoundTest, reader: &Reader, request: &Request<'_>, atlas: &Mutex<Atlas>) -> Trace {
    let mut trace = Trace::default();
    for file in &test.files {
        let name = file.strip_prefix(request.folder).unwrap_or(file).display().to_string();
        let covered = match reader {
            Reader::Llvm(programs) => {
                programs.read(file, &name, &mut trace);
                continue;
            }
            Reader::Lcov => lcov::read_file(file),
            Reader::LlvmJson => llvm_json::read_file(file),
        };
        match covered {
            Ok(files) => {
                atlas.lock().unwrap_or_else(PoisonError::into_inner).place(&files, &mut trace);
            }
            Err(Trouble { problem, detail }) => trace.trouble(problem, format!("`{name}`: {detail}")),
        }
    }
    trace.places.sort_unstable();
    trace.places.dedup();
    trace
}

/// Adds what is wrong with a test beside the content of its coverage.
fn judge(test: &FoundTest, request: &Request<'_>, go: Option<&GoTest>, trace: &mut Trace) {
    for trouble in &test.troubles {
        trace.trouble(trouble.problem, &*trouble.detail);
    }
    if test.files.is_empty() {
        trace.trouble(Problem::MissingBinary, "there is no coverage in its folder");
    }
    match &test.outcome {
        TestOutcome::Known(_) => {}
        TestOutcome::Absent if request.assume_passed => {}
        TestOutcome::Absent => trace.trouble(
            Problem::Opaque,
            "its outcome is not known (--assume-passed if only passing runs are here)",
        ),
        TestOutcome::Strange(text) => trace.trouble(
            Problem::Opaque,
            format!("its outcome `{text}` is none of `passed`, `failed`, `skipped`, `flaky`, `timed out`"),
        ),
    }
    if trace.places.is_empty() && trace.troubles.is_empty() {
        let way_out = match go {
            Some(_) => "--module-prefix where its import paths are another repository's",
            None => "--map FROM=TO where its paths are another machine's",
        };
        trace.trouble(Problem::NothingExecuted, format!("it executed nothing of the repository ({way_out})"));
    }
}

fn recorded(test: FoundTest, trace: Trace, uncounted: Vec<FilePart>) -> RecordedTest {
    RecordedTest {
        suite: test.suite,
        name: test.name,
        // Whatever is not known is in the trace's troubles, so that it proves nothing.
        outcome: match test.outcome {
            TestOutcome::Known(outcome) => outcome,
            TestOutcome::Absent | TestOutcome::Strange(_) => Outcome::Passed,
        },
        duration: test.duration.unwrap_or(Duration::ZERO),
        runs: vec![trace],
        uncounted,
        opened: Vec::new(),
        consulted: Vec::new(),
    }
}

/// Copies places, so that their numbers stay.
fn copy(places: &Places) -> Places {
    let mut copy = Places::default();
    for (file, range) in places.all() {
        copy.number(&places.files()[*file as usize], *range);
    }
    copy
}
