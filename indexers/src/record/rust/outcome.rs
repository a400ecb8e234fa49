//! From runs and traces to what an index is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::Problem;
use skiptrace_engine::recording::EnvironmentKey;

use super::doctests::Documentation;
use super::documented;
use super::inputs::Inputs;
use super::plan::Plan;
use super::{Request, environment};
use crate::build::compiled::{Compiled, Package};
use crate::build::crates::Crates;
use crate::build::paths::Normalizer;
use crate::llvm::binary::BinaryError;
use crate::llvm::collect::Collector;
use crate::record::fold::{FilePart, RecordedTest};
use crate::record::listing::BuildReads;
use crate::record::opens::{Interval, OpenWatch, Opens};
use crate::record::outcome::{Outcome, Run, Sorted, blame, opened, watch_opens, watched};
use crate::record::progress::Event;
use crate::record::stray::Stray;
use crate::run::case::Case;
use crate::run::driver::Ran;
use crate::trace::Trace;

/// Packages whose macros read files as they are expanded, and do not tell the compiler.
const READING: &[&str] =
    &["diesel_migrations", "include_directory", "include_dir", "refinery", "rust-embed", "static-files"];
/// What dependency files name all of. A build script that reads other files, or a macro, may say so or not.
const OF_SOURCES: BuildReads = BuildReads::Sources(&["rs", "go"]);

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

    /// Starts to watch what tests open; nothing if that cannot be.
    pub(super) fn watch_opens(&self) -> Option<OpenWatch> {
        watch_opens(&self.request.repository, &self.plan.roots.build_folders, self.request.listener)
    }

    /// Gathers what the driver ran, and tests that run as one.
    pub(super) fn gather<'c>(
        self,
        ran: impl Iterator<Item = (&'c Case, Ran<Trace>)>,
        documentation: Documentation,
        suites: &BTreeMap<String, PathBuf>,
        strays: &[Stray],
        opens: &Opens,
    ) -> Outcome {
        let Sorted { runs, missing, skipped, .. } = Sorted::of(ran);
        let mut outcome = self.finish(runs, documentation, suites, strays, opens);
        outcome.missing = missing;
        outcome.skipped = skipped;
        outcome
    }

    /// Finds out what suites were compiled from, and puts tests and that together.
    pub(super) fn finish(
        self,
        mut runs: Vec<Run>,
        documentation: Documentation,
        suites: &BTreeMap<String, PathBuf>,
        strays: &[Stray],
        opens: &Opens,
    ) -> Outcome {
        blame(strays, &mut runs, &self.request.repository);
        let opened = opened(opens, &mut runs, &self.request.repository);
        let of_examples: Vec<Interval> = documentation.crates.iter().map(|of| of.interval).collect();
        let mut watched = watched(opens, &runs, &of_examples, &self.request.repository, OF_SOURCES);
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
        let repository = &self.request.repository;
        let opened_during = |interval| opens.all_during(repository, interval);
        let mut crates =
            Crates::new(self.plan.roots.clone(), &self.request.variables).with_opens(&opened_during);
        let mut all = Compiled::default();
        let mut compiled = BTreeMap::new();
        let mut folders = BTreeMap::new();
        let mut compiling: BTreeSet<Box<str>> = BTreeSet::new();
        let mut unknown: BTreeMap<Box<str>, BTreeSet<String>> = BTreeMap::new();
        let mut listed: BTreeMap<Box<str>, Vec<RepoPath>> = BTreeMap::new();
        let mut inputs = Inputs::find(self.plan, self.request);
        let mut uncounted: BTreeMap<Box<str>, Vec<FilePart>> = BTreeMap::new();
        for (suite, paths) in binaries {
            let mut of_suite = Compiled::default();
            for path in &paths {
                of_suite.add(&crates.compiled(path));
            }
            let mut parts = inputs.of(&of_suite);
            if paths.iter().any(|path| crates.compiles(path)) {
                compiling.insert(suite.clone());
                depend_on_all(&mut parts, &of_suite);
            }
            uncounted.insert(suite.clone(), parts);
            all.add(&of_suite);
            let is_untold = |package: &Package| READING.contains(&package.name.as_str());
            if let (true, Some(watched)) = (of_suite.packages.iter().any(is_untold), &mut watched) {
                watched.build = BuildReads::Untold;
            }
            compiled.insert(suite.clone(), of_suite.files);
            folders.insert(suite.clone(), of_suite.folders);
            let below = of_suite.listed.iter().flat_map(|folder| inputs.folders_below(folder));
            listed.insert(suite.clone(), below.collect::<Vec<_>>());
            unknown.insert(suite, of_suite.unknown);
        }
        // 3. The tests.
        let tests = runs
            .into_iter()
            .zip(opened)
            .map(|(run, mut opened)| {
                opened.extend(listed.get(&run.suite).into_iter().flatten().cloned());
                let mut traces: Vec<Trace> = run.traces.into_iter().map(|(trace, _)| trace).collect();
                if let (Some(unknown), Some(first)) = (unknown.get(&run.suite), traces.first_mut()) {
                    distrust(first, unknown);
                }
                let executed_nothing =
                    traces.iter().all(|trace| trace.places.is_empty() && trace.troubles.is_empty());
                if let Some(first) = traces.first_mut()
                    && executed_nothing
                    && !compiling.contains(&run.suite)
                {
                    first.trouble(Problem::NothingExecuted, "it executed none of the repository's own code");
                }
                let uncounted = uncounted.get(&run.suite).cloned().unwrap_or_default();
                RecordedTest {
                    suite: run.suite,
                    name: run.name,
                    outcome: run.outcome,
                    duration: run.duration,
                    runs: traces,
                    uncounted,
                    opened,
                    consulted: Vec::new(),
                }
            })
            .collect();
        let mut outcome = Outcome {
            tests,
            places: self.collector.into_places(),
            shared: None,
            compiled,
            folders,
            settled: inputs.settled().into_iter().cloned().collect(),
            watched,
            environment: EnvironmentKey::default(),
            asked_for: None,
            missing: Vec::new(),
            skipped: 0,
            exit: None,
        };
        for of_crate in
            documented::add(&mut outcome, documentation, &mut crates, &mut inputs, opens, repository)
        {
            // Of a library, any build counts that is there; the conditions are told by what is exactly known.
            if suites.is_empty() {
                all.add(&of_crate);
            }
        }
        outcome.environment = environment::of(self.plan, self.request, &all);
        outcome
    }
}

/// Has tests depend on all that they were compiled from, executed or not.
pub(super) fn depend_on_all(parts: &mut Vec<FilePart>, compiled: &Compiled) {
    parts.retain(|part| !compiled.files.contains(&part.path));
    parts.extend(compiled.files.iter().cloned().map(FilePart::whole));
}

pub(super) fn distrust(trace: &mut Trace, unknown: &BTreeSet<String>) {
    for what in unknown {
        trace.trouble(Problem::Opaque, format!("it is not known {what}"));
    }
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
