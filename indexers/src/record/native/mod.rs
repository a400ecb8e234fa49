//! Recording the tests of C and C++ programs that are built already.
//!
//! ```text
//! command    what the user types: `ctest` with its filters, or test programs
//! modules    which programs and libraries of the build count, and whether their counters survive any end
//! lives      whether every process of a test left the profile it should have left
//! observer   the driver's eyes: names of profiles, watching, reading
//! graph      what the build made of what; `ninja` reads its plans
//! compiled   from that, what each suite was compiled from, and what of it does not count
//! flags      the conditions: compilers, flags, options
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use skiptrace_engine::recording::{EnvironmentDifference, EnvironmentKey};
use thiserror::Error;

use super::observer_events::tell;
use super::opens::OpenWatch;
use super::outcome::{Outcome, watch_opens};
use super::progress::{Event, Listener};
use super::shared::{Sharing, n_listed};
use super::stray::Before;
use crate::build::paths::{Normalizer, Roots};
use crate::llvm::collect::{Collector, Unplaced};
use crate::run::case::{Case, CommandLine};
use crate::run::driver;
use crate::run::native::{Binary, DeathTests, Framework, LeftOut, ListError, Listing, Options, list};
use crate::run::native::{ctest, gtest, together};
use crate::run::scratch::Scratch;
use crate::run::wanted::Wanted;
use crate::run::watch::Watch;

mod command;
mod compiled;
mod flags;
mod graph;
#[cfg(target_os = "linux")]
mod lives;
mod modules;
mod ninja;
mod observer;
mod outcome;
pub mod told;

pub use command::{CtestCommand, NativeCommand, UnknownArgument};
pub use flags::{FlagProblem, flag_problems};

/// How long a test binary may take to list its tests.
const LISTING: Duration = Duration::from_secs(120);
/// How much a test binary may print while it lists them.
const LIST_BYTES: usize = 64 << 20;

/// What is to be recorded, and how.
pub struct Request<'a> {
    /// The command that the user runs tests with.
    pub command: NativeCommand,
    /// The framework that the programs speak, where they are not to be asked.
    pub framework: Option<Framework>,
    /// The folder it is run in.
    pub cwd: PathBuf,
    /// The variables around it.
    pub variables: BTreeMap<OsString, OsString>,
    /// The repository.
    pub repository: PathBuf,
    /// How tests are run.
    pub driver: driver::Options,
    /// What becomes of disabled tests.
    pub left_out: LeftOut,
    /// Which tests are wanted.
    pub wanted: Wanted,
    /// Which tests of programs are meant, as GoogleTest has it; all, unless there is one.
    pub filter: Option<String>,
    /// Who watches for interruption.
    pub watch: &'a Watch,
    /// Who is told what happens.
    pub listener: &'a Listener<'a>,
}

/// Why nothing could be recorded.
#[derive(Debug, Error)]
pub enum NativeError {
    /// The tests cannot be listed.
    #[error(transparent)]
    List(#[from] ListError),
    /// A test program is not there.
    #[error("cannot find the test program `{}`; is it built?", path.display())]
    Program {
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The folder is none that CMake made.
    #[error("`{}` is no build folder of CMake; name one with `ctest --test-dir FOLDER`", folder.display())]
    NoBuild {
        /// The folder.
        folder: PathBuf,
    },
    /// Nothing was built with coverage.
    #[error(
        "nothing in `{}` was built with coverage; compile and link with `-fprofile-instr-generate \
         -fcoverage-mapping` (`skiptrace doctor` says more)", folder.display()
    )]
    NoCoverage {
        /// The build folder.
        folder: PathBuf,
    },
    /// Two programs would be the same suite.
    #[error("two test programs are called `{suite}`; record them in two jobs")]
    SameSuite {
        /// The suite.
        suite: String,
    },
    /// A folder of ours cannot be made.
    #[error("cannot make a folder for what tests leave")]
    Scratch(#[source] io::Error),
}

/// Where things are.
pub(super) struct Plan {
    /// The folders that were built in, without links.
    pub(super) builds: Vec<PathBuf>,
    /// The programs that were named.
    pub(super) programs: Vec<PathBuf>,
    pub(super) roots: Roots,
    pub(super) scratch: Scratch,
    /// The configuration, where a folder has several.
    pub(super) config: Option<String>,
}

/// Runs the tests, and returns what each executed.
pub fn record(request: &Request<'_>) -> Result<Outcome, NativeError> {
    // 1. What there is.
    let plan = Plan::make(request)?;
    let modules = modules::Modules::of_build(&plan.builds, &plan.programs);
    if modules.built().next().is_none() {
        let folder = plan.builds.first().cloned().unwrap_or_else(|| request.cwd.clone());
        return Err(NativeError::NoCoverage { folder });
    }
    let continuous = observer::is_continuous(&modules) && !flags::has_fixed_counters(&plan.builds);
    let hindrance = hindrance();
    if let (Some(hindrance), false) = (&hindrance, continuous) {
        (request.listener)(Event::Warning(format!(
            "processes of tests cannot be watched ({hindrance}), so no test can be skipped on this evidence; compile \
             and link with `-mllvm -runtime-counter-relocation`"
        )));
    }
    // 2. The tests.
    let (mut cases, problems) = cases(request, &plan)?;
    let n_listed = n_listed(&cases);
    let filter = request.filter.as_deref();
    cases.retain(|case| {
        request.wanted.has(&case.suite, &case.name)
            && filter.is_none_or(|filter| gtest::is_chosen(filter, &case.name))
    });
    let suites: BTreeSet<&str> = cases.iter().map(|case| &*case.suite).collect();
    let n_tests = cases.iter().filter(|case| !case.skipped).count();
    (request.listener)(Event::Running { tests: n_tests, suites: suites.len() });
    // 3. Their runs.
    let strays = Before::look(&request.repository, Vec::new());
    let folders = plan.builds.clone();
    let collector = Collector::new(Normalizer::new(plan.roots.clone()), Box::new(move || folders.clone()))
        .with_unplaced(Unplaced::Ignore);
    let observer = observer::NativeObserver::new(&collector, &modules, continuous, hindrance);
    let on_event = |event: driver::Event<'_, _>| tell(request.listener, event);
    let watch = watch_opens(&request.repository, &plan.roots.build_folders, request.listener);
    let mut ran = driver::drive(&cases, &request.driver, &plan.scratch, request.watch, &observer, &on_event);
    let opens = watch.map(OpenWatch::finish).unwrap_or_default();
    let sharing = Sharing {
        driver: &request.driver,
        scratch: &plan.scratch,
        watch: request.watch,
        observer: &observer,
        listener: request.listener,
        wanted: &request.wanted,
        n_listed: &n_listed,
        together: &|of_suite, is_whole| together(of_suite, is_whole.then_some(request.left_out)),
    };
    // CTest has a process for each of its tests.
    let is_shared = matches!(request.command, NativeCommand::Programs(_));
    let shared = is_shared.then(|| sharing.find(&cases, &mut ran));
    drop(observer);
    // 4. What they came to.
    let gatherer = outcome::Gatherer { request, plan: &plan, modules: &modules, collector };
    let outcome = gatherer.gather(&cases, ran, problems, &strays.sweep(), &opens);
    Ok(Outcome { shared, ..outcome })
}

#[cfg(target_os = "linux")]
fn hindrance() -> Option<String> {
    crate::run::traced::hindrance()
}

#[cfg(not(target_os = "linux"))]
fn hindrance() -> Option<String> {
    Some("only Linux lets processes be watched".to_owned())
}

/// What is asked about conditions as they are now.
pub struct Question<'a> {
    /// The command that the user runs tests with.
    pub command: &'a NativeCommand,
    /// The folder it is run in.
    pub cwd: &'a Path,
    /// The repository.
    pub repository: &'a Path,
}

/// Returns which conditions of a recording are others now, of what build folders say and the programs that are named, so
/// far as they are built. Nothing is run but the compilers, for their versions.
pub fn conditions(
    question: &Question<'_>,
    recorded: &EnvironmentKey,
) -> Result<Vec<EnvironmentDifference>, NativeError> {
    let named = match question.command {
        NativeCommand::Programs(programs) => {
            let is_there = |path: &&PathBuf| question.cwd.join(path).is_file();
            NativeCommand::Programs(programs.iter().filter(is_there).cloned().collect())
        }
        command => command.clone(),
    };
    let mut found = Found::look(&named, question.cwd)?;
    if let NativeCommand::Programs(programs) = question.command {
        // One that is not built yet may be in a folder that is configured.
        let folders = programs.iter().filter_map(|path| build_folder(&question.cwd.join(path)));
        found.builds.extend(folders.filter_map(|folder| folder.canonicalize().ok()));
        found.builds.sort();
        found.builds.dedup();
    }
    let build = flags::Build {
        folders: &found.builds,
        config: found.config.as_deref(),
        binaries: &found.programs.into_iter().collect(),
        repository: question.repository,
    };
    Ok(flags::conditions(&build, recorded))
}

/// What a command names.
struct Found {
    builds: Vec<PathBuf>,
    programs: Vec<PathBuf>,
    config: Option<String>,
}

impl Found {
    fn look(command: &NativeCommand, cwd: &Path) -> Result<Found, NativeError> {
        match command {
            NativeCommand::Ctest(command) => {
                let folder = cwd.join(command.folder.as_deref().unwrap_or(Path::new("")));
                if !folder.join("CTestTestfile.cmake").is_file() {
                    return Err(NativeError::NoBuild { folder });
                }
                let folder = folder.canonicalize().unwrap_or(folder);
                let builds = vec![build_folder(&folder).unwrap_or(folder)];
                Ok(Found { builds, programs: Vec::new(), config: command.config.clone() })
            }
            NativeCommand::Programs(programs) => {
                let real = |path: &PathBuf| {
                    let path = cwd.join(path);
                    path.canonicalize().map_err(|source| NativeError::Program { path, source })
                };
                let programs = programs.iter().map(real).collect::<Result<Vec<_>, _>>()?;
                let folders: BTreeSet<PathBuf> = programs
                    .iter()
                    .filter_map(|program| {
                        build_folder(program).or_else(|| program.parent().map(Path::to_owned))
                    })
                    .collect();
                Ok(Found { builds: folders.into_iter().collect(), programs, config: None })
            }
        }
    }
}

impl Plan {
    fn make(request: &Request<'_>) -> Result<Plan, NativeError> {
        let scratch = Scratch::new(None).map_err(NativeError::Scratch)?;
        let Found { builds, programs, config } = Found::look(&request.command, &request.cwd)?;
        let roots = Roots {
            repository: request.repository.clone(),
            workspace: builds.first().cloned().unwrap_or_else(|| request.cwd.clone()),
            build_folders: builds.iter().filter(|folder| **folder != request.repository).cloned().collect(),
            cargo_home: None,
            prefix_maps: Vec::new(),
        };
        Ok(Plan { builds, programs, roots, scratch, config })
    }
}

/// Returns the folder around a path that a build tool was run in.
pub fn build_folder(path: &Path) -> Option<PathBuf> {
    let mut folders = path.ancestors();
    let is_one =
        |folder: &Path| ["CMakeCache.txt", "build.ninja"].iter().any(|name| folder.join(name).is_file());
    folders.find(|folder| is_one(folder)).map(Path::to_owned)
}

/// Lists the tests; second, those that cannot be run.
fn cases(request: &Request<'_>, plan: &Plan) -> Result<(Vec<Case>, Vec<ctest::Problem>), NativeError> {
    let scratch = plan.scratch.path().join("listing");
    std::fs::create_dir_all(&scratch).map_err(NativeError::Scratch)?;
    let listing = Listing { scratch, timeout: LISTING, max_output: LIST_BYTES };
    let options = Options { left_out: request.left_out, death_tests: DeathTests::AsBuilt };
    match &request.command {
        NativeCommand::Ctest(command) => {
            let build = told::build(command, &request.cwd, &request.variables, &request.repository);
            let found = ctest::list(&build, options, &listing)?;
            Ok((found.cases, found.problems))
        }
        NativeCommand::Programs(_) => {
            let mut cases = Vec::new();
            let mut suites = BTreeSet::new();
            for program in &plan.programs {
                let suite = suite_in(&plan.builds, &request.repository, program);
                if !suites.insert(suite.clone()) {
                    return Err(NativeError::SameSuite { suite });
                }
                let command = CommandLine {
                    program: program.clone(),
                    args: Vec::new(),
                    cwd: request.cwd.clone(),
                    env: BTreeMap::new(),
                };
                let binary = Binary { suite: suite.into(), command };
                cases.extend(list(&binary, request.framework, options, &listing)?);
            }
            Ok((cases, Vec::new()))
        }
    }
}

/// Returns what a program is called on every machine: by its place in the build folder, or in the repository.
fn suite_in(builds: &[PathBuf], repository: &Path, program: &Path) -> String {
    let is_build = |folder: &&PathBuf| build_folder(folder).is_some();
    let repository = repository.canonicalize().unwrap_or_else(|_| repository.to_owned());
    let roots = builds.iter().filter(is_build).chain([&repository]);
    let relative = roots.filter_map(|root| program.strip_prefix(root).ok()).next();
    let name = relative.unwrap_or_else(|| Path::new(program.file_name().unwrap_or_default()));
    name.to_string_lossy().into_owned()
}
