//! Coverage of runs that were made elsewhere: folders that hold, per test, what it executed.
//!
//! [`suite_dir`] finds the tests in a folder, [`llvm`], [`lcov`] and [`llvm_json`] read what is there of each, and
//! [`atlas`] says where the files that they name are in the repository.
//!
//! What tests were compiled from is not known here. So every file that the coverage names counts as compiled into
//! every suite: a change of anything but a function's body in one of them reaches all tests. Files that it does not
//! name are not listed, and what is not listed is unknown to the index, which runs everything.

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
use crate::record::fold::{Gathered, RecordedTest};
use crate::record::sources::Files;
use crate::trace::{Places, Trace, Trouble};

pub mod atlas;
mod error;
pub mod lcov;
pub mod llvm;
pub mod llvm_json;
pub mod suite_dir;
#[cfg(test)]
mod tests;

pub use error::ImportError;

use atlas::Atlas;
use suite_dir::{FoundTest, LeftOut, Style, TestOutcome};

/// What is imported, and how it is understood.
#[derive(Debug)]
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
    places: Places,
    known: BTreeSet<RepoPath>,
}

/// Reads the coverage of all tests below a folder.
pub fn import(request: &Request<'_>) -> Result<Imported, ImportError> {
    let style = match request.format {
        Format::Llvm(_) => Style::Profiles,
        Format::Lcov => Style::Lcov,
        Format::LlvmJson => Style::Json,
    };
    let found = suite_dir::find(request.folder, style)?;
    let mut atlas = Atlas::new(request.roots.clone(), request.tracked);
    let mut imported = Imported {
        jobs: BTreeMap::new(),
        unnamed: Vec::new(),
        left_out: found.left_out,
        unusable: Vec::new(),
        n_binaries: 0,
        places: Places::default(),
        known: BTreeSet::new(),
    };
    let reader = match &request.format {
        Format::Llvm(paths) => {
            let (programs, unusable) = llvm::Programs::open(paths, &mut atlas)?;
            imported.n_binaries = programs.len();
            imported.unusable = unusable;
            Reader::Llvm(Box::new(programs))
        }
        Format::Lcov => Reader::Lcov,
        Format::LlvmJson => Reader::LlvmJson,
    };
    let atlas = Mutex::new(atlas);
    let traces: Vec<Trace> =
        found.tests.par_iter().map(|test| trace(test, &reader, request, &atlas)).collect();
    for (test, trace) in found.tests.into_iter().zip(traces) {
        if test.is_named_by_folder {
            imported.unnamed.push(test.place.clone());
        }
        let named = test.job.as_ref().unwrap_or(&request.default_job);
        let job = request.job.as_ref().unwrap_or(named).clone();
        imported.jobs.entry(job).or_default().push(recorded(test, trace));
    }
    let atlas = atlas.into_inner().unwrap_or_else(PoisonError::into_inner);
    (imported.places, imported.known) = atlas.into_parts();
    Ok(imported)
}

impl Imported {
    /// Returns how many tests there are.
    pub fn n_tests(&self) -> usize {
        self.jobs.values().map(Vec::len).sum()
    }

    /// Returns what an index of each job is made of.
    pub fn gathered(self, reach: Reach, recording: impl Fn(&JobName) -> Recording) -> Vec<Gathered> {
        let Imported { jobs, places, known, .. } = self;
        let each = jobs.into_iter().map(|(job, tests)| {
            let suites: BTreeSet<Box<str>> = match reach {
                Reach::All => tests.iter().map(|test| test.suite.clone()).collect(),
                Reach::Executed => BTreeSet::new(),
            };
            Gathered {
                recording: recording(&job),
                tests,
                places: copy(&places),
                compiled: suites.into_iter().map(|suite| (suite, known.clone())).collect(),
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
    for trouble in &test.troubles {
        trace.trouble(trouble.problem, &*trouble.detail);
    }
    if test.files.is_empty() {
        trace.trouble(Problem::MissingBinary, "there is no coverage in its folder");
    }
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
    trace.places.sort_unstable();
    trace.places.dedup();
    if trace.places.is_empty() && trace.troubles.is_empty() {
        trace.trouble(
            Problem::NothingExecuted,
            "it executed nothing of the repository (--map FROM=TO where its paths are another machine's)",
        );
    }
    trace
}

fn recorded(test: FoundTest, trace: Trace) -> RecordedTest {
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
        uncounted: Vec::new(),
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
