//! `cargo test`, with every test in a process of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::outcome::Gatherer;
use super::plan::Plan;
use super::{RecordError, Request, doctests};
use crate::record::observer::LlvmObserver;
use crate::record::observer_events::tell;
use crate::record::opens::OpenWatch;
use crate::record::outcome::Outcome;
use crate::record::progress::Event;
use crate::record::shared::{Sharing, n_listed};
use crate::record::stray::Before;
use crate::run::cargo_test::{self, Built};
use crate::run::case::{Case, CommandLine};
use crate::run::driver;
use crate::run::libtest;
use crate::run::native::{Binary, LeftOut, Listing};
use crate::run::shim::{Captured, Mode, PROFILES};

/// How long a test binary may take to list its tests.
const LISTING: Duration = Duration::from_secs(60);
/// How much a test binary may print while it lists them.
const LIST_BYTES: usize = 64 << 20;

/// Builds and runs the tests.
pub(super) fn record(request: &Request<'_>, plan: &Plan) -> Result<Outcome, RecordError> {
    (request.listener)(Event::Building);
    let strays = Before::look(&request.repository, vec![plan.target_dir.clone()]);
    let gatherer = Gatherer::new(plan, request);
    // Before anything is built: what macros and build scripts read is no test's alone.
    let watch = gatherer.watch_opens();
    // Cargo neither builds nor runs anything else where documentation is asked for.
    let (built, captured) = if request.command.has("--doc") {
        (Vec::new(), Vec::new())
    } else {
        (cargo_test::build(&request.command, &request.cwd, &plan.build)?, capture(request, plan)?)
    };
    let mut suites: BTreeMap<String, Suite> = BTreeMap::new();
    let mut cases = Vec::new();
    for captured in &captured {
        let (suite, executable) = suite_of(captured, &built);
        gatherer.add_binary(&executable);
        let (listed, command) = list(request, plan, captured, &suite)?;
        suites.insert(suite, Suite { executable, command });
        cases.extend(listed);
    }
    let n_listed = n_listed(&cases);
    cases.retain(|case| request.wanted.has(&case.suite, &case.name));
    let running = cases.iter().filter(|case| !case.skipped).count();
    (request.listener)(Event::Running { tests: running, suites: suites.len() });

    let observer = LlvmObserver { collector: gatherer.collector(), pattern: |_| PROFILES };
    let on_event = |event: driver::Event<'_, _>| tell(request.listener, event);
    let mut ran = driver::drive(&cases, &request.driver, &plan.scratch, request.watch, &observer, &on_event);
    let documentation = doctests::record(request, plan, gatherer.collector());
    let opens = watch.map(OpenWatch::finish).unwrap_or_default();
    let sharing = Sharing {
        driver: &request.driver,
        scratch: &plan.scratch,
        watch: request.watch,
        observer: &observer,
        listener: request.listener,
        wanted: &request.wanted,
        n_listed: &n_listed,
        together: &|of_suite, is_whole| {
            let whole = of_suite.first().and_then(|case| suites.get(&*case.suite)).filter(|_| is_whole);
            libtest::together(of_suite, whole.map(|suite| &suite.command))
        },
    };
    let shared = sharing.find(&cases, &mut ran);
    let strays = strays.sweep();
    let documentation = documentation?;
    let executables: BTreeMap<String, PathBuf> =
        suites.into_iter().map(|(name, suite)| (name, suite.executable)).collect();
    let outcome = gatherer.gather(cases.iter().zip(ran), documentation, &executables, &strays, &opens);
    Ok(Outcome { shared: Some(shared), ..outcome })
}

/// A test binary.
struct Suite {
    /// Its file, as cargo names it.
    executable: PathBuf,
    /// How cargo runs all of its tests, but for how they are told of.
    command: CommandLine,
}

fn capture(request: &Request<'_>, plan: &Plan) -> Result<Vec<Captured>, RecordError> {
    let folder = plan.scratch.path().join("captured");
    fs::create_dir(&folder).map_err(RecordError::io("make", &folder))?;
    let variables = plan.with_runner(Mode::Capture, &folder, None, &[]);
    Ok(cargo_test::capture(&request.command, &request.cwd, &variables, &folder)?)
}

/// Returns the suite of a captured binary, and its file as cargo names it.
fn suite_of(captured: &Captured, built: &[Built]) -> (String, PathBuf) {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let binary = real(&captured.binary);
    match built.iter().find(|built| real(&built.executable) == binary) {
        Some(built) => (built.suite.clone(), built.executable.clone()),
        None => {
            let name = binary.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, captured.binary.clone())
        }
    }
}

/// Lists the tests of a binary, each with the surroundings that cargo gives it, and says how all of them are run.
fn list(
    request: &Request<'_>,
    plan: &Plan,
    captured: &Captured,
    suite: &str,
) -> Result<(Vec<Case>, CommandLine), RecordError> {
    let scratch = plan.scratch.path().join("listing");
    fs::create_dir_all(&scratch).map_err(RecordError::io("make", &scratch))?;
    let listing = Listing { scratch, timeout: LISTING, max_output: LIST_BYTES };
    let mut words = plan.runner.iter().map(OsString::from);
    let binary = captured.binary.clone().into_os_string();
    let (program, mut args) = match words.next() {
        Some(runner) => (runner, words.chain([binary]).collect()),
        None => (binary, Vec::new()),
    };
    let before = args.len();
    let mut of_all = args.clone();
    of_all.extend(undecorated(&captured.args).map(OsString::from));
    args.extend(undecorated(&captured.args).filter(|arg| !is_of_ignored(arg)).map(OsString::from));
    let n_own = args.len() - before;
    let command = CommandLine {
        program: program.into(),
        args,
        cwd: captured.cwd.clone(),
        env: surroundings(request, captured, &plan.of_runners()),
    };
    let of_all = CommandLine { args: of_all, ..command.clone() };
    let binary = Binary { suite: suite.into(), command };
    let has = |flag: &str| captured.args.iter().any(|arg| arg == flag);
    let only_ignored = has("--ignored");
    let left_out = if only_ignored || has("--include-ignored") { LeftOut::Run } else { request.left_out };
    let mut cases = libtest::list(&binary, left_out, &listing)?;
    let is_alone = |case: &Case| case.command.args.iter().skip(before + n_own).any(|arg| arg == "--exact");
    if only_ignored && cases.iter().any(is_alone) {
        let ignored: BTreeSet<Box<str>> = libtest::list(&binary, LeftOut::Skip, &listing)?
            .into_iter()
            .filter(|case| case.skipped)
            .map(|case| case.name)
            .collect();
        cases.retain(|case| ignored.contains(&case.name));
    }
    for case in &mut cases {
        let is_alone = is_alone(case);
        let args = &mut case.command.args;
        if is_alone {
            // Filters have done their work once the tests are listed, and would let more run than the one test.
            args.drain(before..before + n_own);
        } else {
            args.splice(before..before + n_own, captured.args.iter().map(OsString::from));
        }
    }
    Ok((cases, of_all))
}

/// Returns the arguments of a test binary without those that keep it from telling how many tests there are, and in
/// words.
fn undecorated(args: &[String]) -> impl Iterator<Item = &str> {
    let mut words = args.iter();
    std::iter::from_fn(move || {
        loop {
            match words.next()?.as_str() {
                "--quiet" | "-q" => {}
                "--format" => drop(words.next()),
                word if word.starts_with("--format=") => {}
                word => return Some(word),
            }
        }
    })
}

/// Whether an argument is one that a test binary does not take twice, or not with ours.
fn is_of_ignored(arg: &str) -> bool {
    matches!(arg, "--ignored" | "--include-ignored")
}

/// Returns what of a captured process's variables is cargo's doing, or ours for all that it starts.
fn surroundings(
    request: &Request<'_>,
    captured: &Captured,
    of_runners: &[OsString],
) -> BTreeMap<OsString, Option<OsString>> {
    let outside = |name: &str| request.variables.get(OsStr::new(name)).cloned();
    let mut changed = cargo_test::difference(captured, &outside, request.variables.keys().cloned());
    for name in of_runners {
        changed.remove(name);
    }
    changed
}
