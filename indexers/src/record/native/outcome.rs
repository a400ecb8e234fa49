//! From runs and traces to what an index is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::Problem;

use super::compiled::{Compilations, Compiled};
use super::modules::Modules;
use super::{Plan, Request, flags};
use crate::build::paths::{Home, Normalizer};
use crate::llvm::collect::Collector;
use crate::record::fold::{FilePart, RecordedTest};
use crate::record::listing::BuildReads;
use crate::record::opens::Opens;
use crate::record::outcome::{Missing, Outcome, Sorted, blame, opened, watched};
use crate::record::stray::Stray;
use crate::run::case::{Case, CommandLine};
use crate::run::driver::Ran;
use crate::run::native::ctest;
use crate::trace::Trace;

/// What the build's own plans and depfiles name all of. A command of the build may read other files without a word.
const OF_SOURCES: BuildReads = BuildReads::Sources(&[
    "c", "cc", "cpp", "cxx", "h", "hh", "hpp", "hxx", "inl", "ipp", "tpp", "m", "mm", "rs", "go",
]);

/// Puts together what is known of tests when they have run.
pub(super) struct Gatherer<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) plan: &'a Plan,
    pub(super) modules: &'a Modules,
    pub(super) collector: Collector,
}

impl Gatherer<'_> {
    pub(super) fn gather(
        self,
        cases: &[Case],
        ran: Vec<Ran<Trace>>,
        problems: Vec<ctest::Problem>,
        strays: &[Stray],
        opens: &Opens,
    ) -> Outcome {
        // 1. What ran, and what did not.
        let Sorted { mut runs, cases, mut missing, skipped } = Sorted::of(cases.iter().zip(ran));
        let commands = |case: &Case| {
            let steps = case.before.iter().chain(&case.after).map(|step| &step.command);
            std::iter::once(&case.command).chain(steps).cloned().collect::<Vec<_>>()
        };
        let commands: Vec<Vec<CommandLine>> = cases.into_iter().map(commands).collect();
        let of_ctest = problems.into_iter().filter(|problem| self.request.wanted.has("ctest", &problem.test));
        missing.extend(of_ctest.map(|problem| Missing {
            suite: "ctest".into(),
            name: problem.test.into(),
            why: problem.reason,
        }));
        blame(strays, &mut runs, &self.request.repository);
        let opened = opened(opens, &mut runs, &self.request.repository);
        let watched = watched(opens, &runs, &[], &self.request.repository, OF_SOURCES);
        // 2. What each suite was compiled from: its programs, and all that reported for it.
        let mut binaries: BTreeMap<Box<str>, BTreeSet<PathBuf>> = BTreeMap::new();
        for (run, commands) in runs.iter().zip(&commands) {
            let own = binaries.entry(run.suite.clone()).or_default();
            own.extend(commands.iter().filter_map(|command| self.program(command)));
            for number in run.traces.iter().flat_map(|(trace, _)| &trace.binaries) {
                let path = self.collector.binary(*number);
                own.insert(path.canonicalize().unwrap_or(path));
            }
        }
        let mut compilations = Compilations::read(&self.plan.builds);
        let mut normalizer = Normalizer::new(self.plan.roots.clone());
        let (mut compiled, mut silent, mut unknown) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (suite, paths) in &binaries {
            let mut whole = Compiled::default();
            for path in paths {
                let compiled = compilations.of(path);
                whole.add(compiled);
                // Nobody builds here: what was edited since is not what ran.
                if let Some(newer) = newer_source(path, compiled, &self.request.repository) {
                    let program = path.file_name().unwrap_or_default().display();
                    let newer = newer.display();
                    whole.unknown.insert(format!(
                        "whether `{program}` was built from `{newer}` as it is now: build it again"
                    ));
                }
            }
            compiled.insert(suite.clone(), in_repository(&mut normalizer, &whole.files));
            silent.insert(suite.clone(), in_repository(&mut normalizer, &whole.silent));
            unknown.insert(suite.clone(), whole.unknown);
        }
        // 3. The tests.
        let mut tests = Vec::new();
        for ((run, commands), opened) in runs.into_iter().zip(commands).zip(opened) {
            let mut traces: Vec<Trace> = run.traces.into_iter().map(|(trace, _)| trace).collect();
            if let Some(first) = traces.first_mut() {
                for what in unknown.get(&run.suite).into_iter().flatten() {
                    first.trouble(Problem::Opaque, format!("it is not known {what}"));
                }
            }
            let mut whole = silent.get(&run.suite).cloned().unwrap_or_default();
            for command in commands {
                whole.extend(named(&command, &mut normalizer));
            }
            tests.push(RecordedTest {
                suite: run.suite,
                name: run.name,
                outcome: run.outcome,
                duration: run.duration,
                runs: traces,
                uncounted: whole.into_iter().map(FilePart::whole).collect(),
                opened,
                consulted: Vec::new(),
            });
        }
        let build = flags::Build {
            folders: &self.plan.builds,
            config: self.plan.config.as_deref(),
            binaries: &binaries.values().flatten().cloned().collect(),
            repository: &self.request.repository,
        };
        Outcome {
            tests,
            environment: flags::environment(&build),
            asked_for: None,
            places: self.collector.into_places(),
            shared: None,
            compiled,
            folders: BTreeMap::new(),
            settled: BTreeSet::new(),
            watched,
            missing,
            skipped,
            exit: None,
        }
    }

    /// Returns the program of a command where it is one of the build's, counting or not.
    fn program(&self, command: &CommandLine) -> Option<PathBuf> {
        let path = command.cwd.join(&command.program).canonicalize().ok()?;
        let is_built = self.plan.builds.iter().any(|folder| path.starts_with(folder))
            || self.modules.built().any(|module| module.path == path);
        (is_built && !is_script(&path)).then_some(path)
    }
}

/// Returns the files of the repository that a command names: scripts, and what is given to programs.
fn named(command: &CommandLine, normalizer: &mut Normalizer) -> Vec<RepoPath> {
    let words =
        std::iter::once(command.program.as_os_str()).chain(command.args.iter().map(|arg| arg.as_os_str()));
    let paths = words.map(|word| command.cwd.join(word)).filter(|path| path.is_file());
    paths
        .filter_map(|path| match normalizer.home(b"", path.as_os_str().as_encoded_bytes()) {
            Home::Repo(path) => Some(path.clone()),
            _ => None,
        })
        .collect()
}

fn is_script(path: &Path) -> bool {
    use std::io::Read;
    let mut start = [0; 2];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && &start == b"#!"
}

/// Returns a file of the repository that was written to after the program that was compiled from it.
fn newer_source(program: &Path, compiled: &Compiled, repository: &Path) -> Option<PathBuf> {
    let written = |path: &Path| std::fs::metadata(path).and_then(|about| about.modified()).ok();
    let built = written(program)?;
    let sources = compiled.files.iter().chain(&compiled.silent);
    let newer = sources
        .filter(|path| path.starts_with(repository) && written(path).is_some_and(|written| written > built));
    newer.min().map(|path| path.strip_prefix(repository).unwrap_or(path).to_owned())
}

/// Returns those of some files that are in the repository.
fn in_repository(normalizer: &mut Normalizer, paths: &BTreeSet<PathBuf>) -> BTreeSet<RepoPath> {
    let mut found = BTreeSet::new();
    for path in paths {
        if let Home::Repo(path) = normalizer.home(b"", path.as_os_str().as_encoded_bytes()) {
            found.insert(path.clone());
        }
    }
    found
}
