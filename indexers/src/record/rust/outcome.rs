//! From runs and traces to what an index is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::{Outcome as TestOutcome, Problem};
use skiptrace_engine::recording::EnvironmentKey;

use super::doctests::Group;
use super::plan::Plan;
use super::{Request, environment};
use crate::build::crates::{Compiled, Crates, original};
use crate::build::paths::{Home, Normalizer};
use crate::llvm::binary::BinaryError;
use crate::llvm::collect::Collector;
use crate::record::fold::RecordedTest;
use crate::record::progress::Event;
use crate::record::stray::Stray;
use crate::run::case::Case;
use crate::run::driver::Ran;
use crate::trace::{Places, Trace};

/// Packages whose tests compile code as they run: what decides their results is source text, executed or not.
const COMPILING: &[&str] =
    &["trybuild", "compiletest_rs", "ui_test", "macrotest", "compile-fail", "tryexpand", "goldentests"];

/// What a recording came to.
#[derive(Debug)]
pub struct Outcome {
    /// The tests that ran.
    pub tests: Vec<RecordedTest>,
    /// The places that their traces name.
    pub places: Places,
    /// The repository's files that each suite was compiled from.
    pub compiled: BTreeMap<Box<str>, BTreeSet<RepoPath>>,
    /// Folders of which each suite may have been compiled from any file.
    pub folders: BTreeMap<Box<str>, BTreeSet<RepoPath>>,
    /// The conditions.
    pub environment: EnvironmentKey,
    /// The tests that should have run and did not.
    pub missing: Vec<Missing>,
    /// How many tests their runner leaves out.
    pub skipped: usize,
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

/// One test as it ran, whoever ran it.
pub(in crate::record) struct Run {
    pub(in crate::record) suite: Box<str>,
    pub(in crate::record) name: Box<str>,
    pub(in crate::record) outcome: TestOutcome,
    pub(in crate::record) duration: std::time::Duration,
    pub(in crate::record) traces: Vec<(Trace, (SystemTime, SystemTime))>,
}

/// Gathers what is known of binaries while tests run, and of tests when they have.
pub(super) struct Gatherer<'a> {
    plan: &'a Plan,
    request: &'a Request<'a>,
    collector: Collector,
}

impl<'a> Gatherer<'a> {
    pub(super) fn new(plan: &'a Plan, request: &'a Request<'a>) -> Self {
        let target_dir = plan.target_dir.clone();
        let folders = Box::new(move || binary_folders(&target_dir));
        let collector = Collector::new(Normalizer::new(plan.roots.clone()), folders);
        Gatherer { plan, request, collector }
    }

    pub(super) fn collector(&self) -> &Collector {
        &self.collector
    }

    /// Reads a test binary.
    pub(super) fn add_binary(&self, path: &Path) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match self.collector.add(path) {
            Ok(()) => {}
            Err(BinaryError::NotInstrumented) => (self.request.listener)(Event::Warning(format!(
                "`{name}` has no coverage, so its tests can never be skipped"
            ))),
            Err(error) => (self.request.listener)(Event::Warning(format!(
                "the coverage of `{name}` cannot be read, so its tests can never be skipped: {error}"
            ))),
        }
    }

    /// Gathers what the driver ran.
    pub(super) fn gather<'c>(
        self,
        ran: impl Iterator<Item = (&'c Case, Ran<Trace>)>,
        suites: &BTreeMap<String, PathBuf>,
        strays: &[Stray],
    ) -> Outcome {
        let (mut runs, mut missing, mut skipped) = (Vec::new(), Vec::new(), 0);
        for (case, ran) in ran {
            let why = match ran {
                _ if case.skipped => {
                    skipped += 1;
                    continue;
                }
                Ran::Runs(all) => {
                    runs.push(Run {
                        suite: case.suite.clone(),
                        name: case.name.clone(),
                        outcome: outcome_of(all.iter().map(|run| run.outcome)),
                        duration: all.iter().map(|run| run.duration).max().unwrap_or_default(),
                        traces: all.into_iter().map(|run| (run.trace, run.interval)).collect(),
                    });
                    continue;
                }
                Ran::Interrupted => "the recording was interrupted".to_owned(),
                Ran::Broken(error) => error.to_string(),
            };
            missing.push(Missing { suite: case.suite.clone(), name: case.name.clone(), why });
        }
        let mut outcome = self.finish(runs, suites, strays);
        outcome.missing = missing;
        outcome.skipped = skipped;
        outcome
    }

    /// Finds out what suites were compiled from, and puts tests and that together.
    pub(super) fn finish(
        self,
        mut runs: Vec<Run>,
        suites: &BTreeMap<String, PathBuf>,
        strays: &[Stray],
    ) -> Outcome {
        blame(strays, &mut runs, &self.request.repository);
        // 1. Every binary that reported for a suite, besides the suite's own.
        let mut binaries: BTreeMap<Box<str>, BTreeSet<PathBuf>> = BTreeMap::new();
        for (suite, path) in suites {
            binaries.entry(suite.as_str().into()).or_default().insert(path.clone());
        }
        for run in &runs {
            let own = binaries.entry(run.suite.clone()).or_default();
            for number in run.traces.iter().flat_map(|(trace, _)| &trace.binaries) {
                own.insert(self.collector.binary(*number));
            }
        }
        // 2. What they were compiled from.
        let mut crates = Crates::new(&self.plan.roots.repository, |name| std::env::var(name).ok());
        let mut normalizer = Normalizer::new(self.plan.roots.clone());
        let mut all = Compiled::default();
        let mut compiled = BTreeMap::new();
        let mut folders = BTreeMap::new();
        let mut compiling: BTreeSet<Box<str>> = BTreeSet::new();
        let mut unknown: BTreeMap<Box<str>, BTreeSet<String>> = BTreeMap::new();
        for (suite, paths) in binaries {
            let mut of_suite = Compiled::default();
            for path in paths {
                let path = original(&path).unwrap_or(path);
                of_suite.add(crates.compiled(&path));
            }
            if of_suite.packages.iter().any(|(name, _)| COMPILING.contains(&name.as_str())) {
                compiling.insert(suite.clone());
            }
            compiled.insert(suite.clone(), in_repository(&mut normalizer, &of_suite.files));
            folders.insert(suite.clone(), in_repository(&mut normalizer, &of_suite.folders));
            if !of_suite.unknown.is_empty() {
                unknown.insert(suite, of_suite.unknown.clone());
            }
            all.add(of_suite);
        }
        // 3. The tests.
        let tests = runs
            .into_iter()
            .map(|run| {
                let mut traces: Vec<Trace> = run.traces.into_iter().map(|(trace, _)| trace).collect();
                if let (Some(unknown), Some(first)) = (unknown.get(&run.suite), traces.first_mut()) {
                    for what in unknown {
                        first.trouble(Problem::Opaque, format!("it is not known {what}"));
                    }
                }
                let whole = if compiling.contains(&run.suite) {
                    compiled.get(&run.suite).into_iter().flatten().cloned().collect()
                } else {
                    Vec::new()
                };
                RecordedTest {
                    suite: run.suite,
                    name: run.name,
                    outcome: run.outcome,
                    duration: run.duration,
                    runs: traces,
                    whole,
                }
            })
            .collect();
        Outcome {
            tests,
            places: self.collector.into_places(),
            compiled,
            folders,
            environment: environment::of(self.plan, self.request, &all),
            missing: Vec::new(),
            skipped: 0,
        }
    }
}

impl Outcome {
    /// Adds tests that run as one, such as those in the documentation of a crate: they depend on all of it.
    pub(super) fn add_groups(&mut self, groups: Vec<Group>, plan: &Plan, request: &Request<'_>) {
        let mut crates = Crates::new(&plan.roots.repository, |name| std::env::var(name).ok());
        let mut normalizer = Normalizer::new(plan.roots.clone());
        for group in groups {
            if !(request.wanted)(&group.suite, &group.name) {
                continue;
            }
            let mut of_group = Compiled::default();
            for library in &group.libraries {
                of_group.add(crates.compiled(library));
            }
            let mut trace = Trace::default();
            if group.libraries.is_empty() {
                trace.trouble(Problem::Opaque, "the library that it documents was not found");
            }
            for what in &of_group.unknown {
                trace.trouble(Problem::Opaque, format!("it is not known {what}"));
            }
            let files = in_repository(&mut normalizer, &of_group.files);
            let folders = in_repository(&mut normalizer, &of_group.folders);
            self.tests.push(RecordedTest {
                suite: group.suite.clone(),
                name: group.name,
                outcome: group.outcome,
                duration: group.duration,
                runs: vec![trace],
                whole: files.iter().cloned().collect(),
            });
            self.compiled.insert(group.suite.clone(), files);
            self.folders.insert(group.suite, folders);
        }
    }
}

/// Distrusts every test that ran while a profile was written that nobody can be told to own.
pub(in crate::record) fn blame(strays: &[Stray], runs: &mut [Run], repository: &Path) {
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

/// Returns the outcome of several runs of one test.
pub(in crate::record) fn outcome_of(outcomes: impl Iterator<Item = TestOutcome>) -> TestOutcome {
    let outcomes: Vec<TestOutcome> = outcomes.collect();
    let worst = outcomes.iter().copied().max().unwrap_or(TestOutcome::Skipped);
    let passed = outcomes.contains(&TestOutcome::Passed);
    if passed && worst > TestOutcome::Flaky { TestOutcome::Flaky } else { worst }
}

pub(in crate::record) fn in_repository(
    normalizer: &mut Normalizer,
    paths: &BTreeSet<PathBuf>,
) -> BTreeSet<RepoPath> {
    let mut found = BTreeSet::new();
    for path in paths {
        if let Home::Repo(path) = normalizer.home(b"", path.as_os_str().as_encoded_bytes()) {
            found.insert(path.clone());
        }
    }
    found
}

/// Returns where cargo leaves programs that tests may start, whatever the profile and the target.
pub(super) fn binary_folders(target_dir: &Path) -> Vec<PathBuf> {
    let folders = |path: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
    };
    let mut found = Vec::new();
    for profile in folders(target_dir) {
        for place in std::iter::once(profile.clone()).chain(folders(&profile)) {
            found.extend(
                ["deps", "examples"].map(|name| place.join(name)).into_iter().filter(|path| path.is_dir()),
            );
        }
    }
    found.sort();
    found.dedup();
    found
}
