//! From runs and traces to what an index is made of.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::Problem;
use skiptrace_engine::variable::{Consulted, VariableName};

use super::before::{Asked, Before};
use super::environment;
use super::groups::{self, Together};
use super::observer::{Read, ReadByTest};
use super::plan::Plan;
use super::test_files::TestFiles;
use super::uncounted::{c_files, header, of_modules};
use super::{GoRecordError, Request, programs};
use crate::build::go::asked;
use crate::build::go::compiled::TestBinary;
use crate::go::collect::Collector;
use crate::record::fold::{FilePart, RecordedTest, Shared};
use crate::record::listing::{BuildReads, Lookups};
use crate::record::opens::Opens;
use crate::record::outcome::{Outcome, Run, Sorted, blame, opened, watched};
use crate::record::stray::Stray;
use crate::run::together::TOGETHER;
use crate::trace::{Places, Trace};

/// What was heard of while tests ran.
pub(super) struct Heard<'a> {
    pub(super) strays: &'a [Stray],
    pub(super) opens: &'a Opens,
    pub(super) read: ReadByTest,
    /// What each binary executes before any test.
    pub(super) baselines: HashMap<Box<str>, Trace>,
    /// The suites whose tests are one group.
    pub(super) groups: BTreeSet<Box<str>>,
    /// What belongs to all tests of a suite, for some of them do it when they share a process.
    pub(super) shared: Shared,
}

/// Puts together what is known of tests when they have run.
pub(super) fn gather(
    request: &Request<'_>,
    plan: &Plan,
    sorted: Sorted<'_>,
    collector: Collector,
    heard: Heard<'_>,
) -> Result<Outcome, GoRecordError> {
    let Sorted { mut runs, missing, skipped, .. } = sorted;
    let Heard { strays, opens, read, baselines, groups, shared } = heard;
    blame(strays, &mut runs, &request.repository);
    let opened = opened(opens, &mut runs, &request.repository);
    let mut watched = watched(opens, &runs, &[], &request.repository, BuildReads::Told);
    let mut heard = Lookups::default();
    let mut suites: BTreeMap<Box<str>, Suite> = BTreeMap::new();
    let started = programs::started(request, plan, &collector, &baselines, &mut runs)?;
    let programs::Started { binaries: started, graph } = started;
    let asked_for = asked::asked_for(plan.graph.packages().chain(graph.packages()));
    let places = collector.into_places();
    let mut before = Before::new(&request.repository, &places);
    let read_together = read_together(&read);
    let mut tests = Vec::new();
    let mut compiled: BTreeMap<Box<str>, BTreeSet<RepoPath>> = BTreeMap::new();
    for (run, mut opened) in runs.into_iter().zip(opened) {
        let Run { suite, name, outcome, duration, traces } = run;
        let about = suites.entry(suite.clone()).or_insert_with(|| {
            let mut about = Suite::of(request, plan, &suite, started.get(&suite));
            if let Some(binary) = plan.binaries.binaries.get(&suite) {
                about.asked = before.asked(binary, baselines.get(&suite));
            }
            about.is_heard &= !about.asked.looks;
            if let Some(programs) = started.get(&suite) {
                // Nobody hears what programs ask for, so it may be all that they can ask for by name.
                about.asked.names.extend(before.asked(programs, None).names);
            }
            about
        });
        compiled.entry(suite.clone()).or_insert_with(|| about.compiled.clone());
        let mut traces: Vec<Trace> = traces.into_iter().map(|(trace, _)| trace).collect();
        if let Some(first) = traces.first_mut() {
            for what in &about.unknown {
                first.trouble(Problem::Opaque, format!("it is not known {what}"));
            }
            for place in &about.asked.unknown {
                first.trouble(
                    Problem::Opaque,
                    format!(
                        "{place} asks for variables before the tests begin, and it is not known for which"
                    ),
                );
            }
        }
        if let Some(baseline) = baselines.get(&suite) {
            for trace in &mut traces {
                trace.places.extend(&baseline.places);
                trace.places.sort_unstable();
                trace.places.dedup();
            }
        }
        let is_grouped = groups.contains(&suite);
        let mut is_heard = about.is_heard;
        let mut starts_itself = false;
        let mut names: BTreeSet<OsString> = about.asked.names.iter().map(OsString::from).collect();
        // In a group, what the tests read when they ran together counts as well, and of a subtest what its test read:
        // it may pass with that only.
        let test = name.split('/').next();
        let of = [Some(&*name), test, is_grouped.then_some(TOGETHER)].into_iter().flatten();
        let of_test = of.filter_map(|of| read.get(&(suite.clone(), of.into())));
        for read in of_test.chain(read_together.get(&suite)) {
            opened.extend(in_repository(&read.paths, &request.repository));
            let missing = missing_in_repository(&read.paths, &request.repository);
            heard.absent.extend(missing.iter().cloned());
            opened.extend(missing);
            is_heard &= !read.has_others;
            starts_itself |= read.starts_itself;
            names.extend(read.variables.iter().cloned());
        }
        if !is_heard {
            heard.unheard.insert((suite.clone(), name.clone()));
        }
        opened.sort();
        opened.dedup();
        let consulted = variables(&names, request, traces.first_mut());
        let of_tests: Vec<FilePart> = match is_grouped || starts_itself {
            true => about.test_files.all_parts().collect(),
            false => about.test_files.parts(&name).collect(),
        };
        let uncounted = about.parts.iter().cloned().chain(of_tests).collect();
        tests.push(RecordedTest {
            suite,
            name,
            outcome,
            duration,
            runs: traces,
            uncounted,
            opened,
            consulted,
        });
    }
    groups::level(&mut tests, &groups);
    let of_groups = tests.iter().filter(|test| groups.contains(&test.suite));
    let is_unheard = |test: &&RecordedTest| heard.unheard.iter().any(|(suite, _)| *suite == test.suite);
    let unheard: Vec<_> =
        of_groups.filter(is_unheard).map(|test| (test.suite.clone(), test.name.clone())).collect();
    heard.unheard.extend(unheard);
    if let Some(watched) = &mut watched {
        watched.lookups = Some(heard);
        add_data(&mut tests, &places, &compiled, &request.repository);
    }
    Ok(Outcome {
        tests,
        places,
        shared: Some(shared),
        compiled,
        folders: BTreeMap::new(),
        settled: BTreeSet::new(),
        watched,
        environment: environment::of(request, plan),
        asked_for,
        missing,
        skipped,
        exit: None,
    })
}

/// Returns for each suite what its tests read when they ran together, and none of them alone.
fn read_together(read: &ReadByTest) -> BTreeMap<Box<str>, Read> {
    let together = read.iter().filter(|((_, name), _)| **name == *TOGETHER);
    let left = together.map(|((suite, name), together)| {
        let others =
            || read.iter().filter(|((of, other), _)| of == suite && other != name).map(|(_, read)| read);
        let is_new = |path: &&PathBuf| !others().any(|read| read.paths.contains(*path));
        let is_new_variable = |name: &&OsString| !others().any(|read| read.variables.contains(*name));
        let left = Read {
            paths: together.paths.iter().filter(is_new).cloned().collect(),
            variables: together.variables.iter().filter(is_new_variable).cloned().collect(),
            ..Read::default()
        };
        (suite.clone(), left)
    });
    left.collect()
}

/// Has tests depend on the files that they opened and that nothing was compiled from. Then these are known to all tests,
/// and a change of one of them concerns its readers alone.
fn add_data(
    tests: &mut [RecordedTest],
    places: &Places,
    compiled: &BTreeMap<Box<str>, BTreeSet<RepoPath>>,
    repository: &Path,
) {
    let parts = tests.iter().flat_map(|test| &test.uncounted).map(|part| &part.path);
    let listed: BTreeSet<RepoPath> =
        parts.chain(places.files()).chain(compiled.values().flatten()).cloned().collect();
    for test in tests {
        let is_data = |path: &&RepoPath| !listed.contains(*path) && repository.join(path.as_str()).is_file();
        let data = test.opened.iter().filter(is_data).cloned();
        test.uncounted.extend(data.map(FilePart::whole));
    }
}

/// Variables that say nothing of what a test does: the go tool sets the first, to the folder of the package, and each
/// test is given another value of the others.
const OURS: &[&str] = &["PWD", "TMPDIR", "GOCOVERDIR"];

/// Returns the variables that a test consulted, as they are around the recording.
fn variables(names: &BTreeSet<OsString>, request: &Request<'_>, trace: Option<&mut Trace>) -> Vec<Consulted> {
    let mut consulted = Vec::new();
    let mut strange = None;
    for name in names.iter().filter(|name| !OURS.iter().any(|ours| name.as_os_str() == *ours)) {
        let value = request.variables.get(name).map(|value| value.as_encoded_bytes());
        match VariableName::new(name.as_encoded_bytes()) {
            Ok(name) => consulted.push(Consulted::new(name, value)),
            Err(error) => strange = Some(error),
        }
    }
    if let (Some(error), Some(trace)) = (strange, trace) {
        trace.trouble(Problem::Opaque, format!("it looks at a variable that cannot be kept: {error}"));
    }
    consulted
}

/// What all tests of a suite have in common.
#[derive(Debug, Default)]
struct Suite {
    test_files: TestFiles,
    parts: Vec<FilePart>,
    compiled: BTreeSet<RepoPath>,
    /// More of them, found by what runs before tests.
    asked: Asked,
    unknown: BTreeSet<String>,
    /// Whether all that its own process looks for is told.
    is_heard: bool,
}

impl Suite {
    /// Finds out what a suite is made of, and the programs that its tests start.
    fn of(request: &Request<'_>, plan: &Plan, suite: &str, started: Option<&TestBinary>) -> Suite {
        let Some(binary) = plan.binaries.binaries.get(suite) else {
            let unknown = BTreeSet::from(["what it was compiled from".to_owned()]);
            return Suite { unknown, ..Suite::default() };
        };
        let repository = &request.repository;
        let mut this =
            Suite { test_files: TestFiles::read(repository, own_test_files(binary)), ..Suite::default() };
        for binary in [Some(binary), started].into_iter().flatten() {
            this.compiled.extend(binary.files().cloned());
            this.unknown.extend(binary.unknown.iter().cloned());
            // Nobody knows what is called when counters have been written, so it may be anything.
            if this.test_files.act_late {
                this.parts.extend(binary.compiled.iter().cloned().map(FilePart::whole));
            }
            let silent = binary.silent.iter().cloned().chain(c_files(repository, &binary.compiled));
            this.parts.extend(silent.map(FilePart::whole));
            for folder in &binary.silent_folders {
                this.parts.extend(below(repository, folder).into_iter().map(FilePart::whole));
            }
            this.parts.extend(binary.ignored.iter().map(|path| header(repository, path)));
            this.parts.extend(of_modules(repository, &plan.modules, binary));
        }
        this.is_heard = started.is_none() && !plan.looks_unheard(request, suite, binary);
        this.parts.sort_by(|a, b| a.path.cmp(&b.path));
        this.parts.dedup();
        this
    }
}

fn own_test_files(binary: &TestBinary) -> impl Iterator<Item = &RepoPath> {
    binary.test_files.iter()
}

/// Returns the paths in the repository at which there is nothing of those that were looked for: of each, the first part
/// that is missing. What is made at or below it may be what was looked for.
fn missing_in_repository(paths: &BTreeSet<PathBuf>, repository: &Path) -> BTreeSet<RepoPath> {
    let real = repository.canonicalize();
    let real = real.as_deref().unwrap_or(repository);
    let mut found = BTreeSet::new();
    for path in paths.iter().filter(|path| path.symlink_metadata().is_err()) {
        let mut at = PathBuf::new();
        let first = path.components().find_map(|step| {
            let next = at.join(step);
            match next.canonicalize() {
                Ok(next) => {
                    at = next;
                    None
                }
                // A step up from nowhere leads nowhere.
                Err(_) => Some(next),
            }
        });
        let relative = first.as_deref().and_then(|path| path.strip_prefix(real).ok()).and_then(Path::to_str);
        found.extend(relative.and_then(|path| RepoPath::new(path).ok()).filter(is_no_git));
    }
    found
}

/// Returns those of some files and folders that are in the repository; of a folder, it and the files in it.
fn in_repository(paths: &BTreeSet<PathBuf>, repository: &Path) -> BTreeSet<RepoPath> {
    let real = repository.canonicalize();
    let real = real.as_deref().unwrap_or(repository);
    let mut found = BTreeSet::new();
    for path in paths {
        let path = path.canonicalize().unwrap_or_else(|_| path.clone());
        let files: Vec<PathBuf> = match path.is_dir() {
            // Whoever reads a folder sees which files are in it, and mostly reads them.
            true => {
                let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
                let files = entries.map(|entry| entry.path()).filter(|path| path.is_file());
                files.chain([path.clone()]).collect()
            }
            false => vec![path],
        };
        for file in files.iter().filter(|path| path.is_file() || path.is_dir()) {
            let relative = file.strip_prefix(real).ok().and_then(Path::to_str);
            found.extend(relative.and_then(|path| RepoPath::new(path).ok()).filter(is_no_git));
        }
    }
    found
}

fn is_no_git(path: &RepoPath) -> bool {
    !path.as_str().starts_with(".git/")
}

/// Returns all files below a folder.
fn below(repository: &Path, folder: &RepoPath) -> Vec<RepoPath> {
    let mut found = Vec::new();
    let mut folders = vec![repository.join(folder.as_str())];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            // The type of the entry itself: a link may lead around in a circle.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                _ => {
                    let path = entry.path();
                    let relative = path.strip_prefix(repository).ok().and_then(Path::to_str);
                    found.extend(relative.and_then(|path| RepoPath::new(path).ok()));
                }
            }
        }
    }
    found
}

/// Says that all tests of a group depend on whatever one of them depends on.
pub(super) fn unite(runs: &mut [&mut Run], (together, interval): Together) {
    let mut all = together;
    for run in runs.iter() {
        for (trace, _) in &run.traces {
            all.places.extend(&trace.places);
            for trouble in &trace.troubles {
                all.trouble(trouble.problem, trouble.detail.clone());
            }
        }
    }
    all.places.sort_unstable();
    all.places.dedup();
    let all = Arc::new(all);
    for run in runs.iter_mut() {
        for (trace, _) in &mut run.traces {
            trace.places.clone_from(&all.places);
            trace.troubles.clone_from(&all.troubles);
        }
        // What was opened while they ran together is what each of them may need.
        run.traces.push(((*all).clone(), interval));
    }
}
