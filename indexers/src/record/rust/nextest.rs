//! `cargo nextest run`: nextest runs the tests, and we read behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use skiptrace_engine::record::Outcome as TestOutcome;

use super::doctests::Documentation;
use super::outcome::Gatherer;
use super::plan::Plan;
use super::{RecordError, Request};
use crate::record::opens::OpenWatch;
use crate::record::outcome::{Missing, Outcome, Run};
use crate::record::progress::Event;
use crate::record::stray::Before;
use crate::run::cargo_test::CargoError;
use crate::run::native::LeftOut;
use crate::run::nextest::{self, Attempt, OwnResults, Reaper, Results, junit};
use crate::run::shim::{Listed, Mode, Note, Runs};
use crate::trace::Trace;

/// How often profiles of tests that have ended are looked for.
const PACE: Duration = Duration::from_millis(20);
/// How long after an interruption nextest has not to have heard of it itself.
const GRACE: Duration = Duration::from_secs(1);

/// Has nextest build and run the tests.
pub(super) fn record(request: &Request<'_>, plan: &Plan) -> Result<Outcome, RecordError> {
    (request.listener)(Event::Building);
    let strays = Before::look(&request.repository, vec![plan.target_dir.clone()]);
    let folder = plan.scratch.path();
    for name in ["other", "suites"] {
        fs::create_dir(folder.join(name)).map_err(RecordError::io("make", folder.join(name)))?;
    }
    let runs = Runs::in_folder(folder);
    runs.make().map_err(RecordError::io("write in", folder))?;
    let profile_variable =
        request.variables.get(OsStr::new("NEXTEST_PROFILE")).and_then(|name| name.to_str());
    let profile = nextest::profile(&request.command.args, profile_variable);
    let results = folder.join("results.xml");
    let own = own_results(request, plan, &profile);
    let config = nextest::write_config(folder, &profile, &results)
        .map_err(RecordError::io("write", folder.join("nextest.toml")))?;
    let wanted = if request.wanted.is_everything() { None } else { Some(folder.join("wanted.json")) };
    if let Some(wanted) = &wanted {
        let text = serde_json::to_vec(&request.wanted).expect("it is plain data");
        fs::write(wanted, text).map_err(RecordError::io("write", wanted))?;
    }
    let mut arguments = nextest::arguments(&request.command.args, &config);
    arguments.extend(options(request));
    if !request.command.test_args.is_empty() {
        arguments.push("--".to_owned());
        arguments.extend(request.command.test_args.iter().cloned());
    }
    let mut command = Command::new(&request.command.program);
    command
        .args(request.command.head())
        .args(arguments)
        .current_dir(&request.cwd)
        .envs(plan.with_runner(Mode::Observe, folder, wanted, &start_at_once(request)))
        // Nextest would wait for keys that are meant for nobody.
        .env("NEXTEST_NO_INPUT_HANDLER", "1")
        .stdin(Stdio::null());

    let gatherer = Gatherer::new(plan, request);
    let suites: Mutex<BTreeMap<String, PathBuf>> = Mutex::default();
    let reduce = |note: &Note, profiles: Vec<PathBuf>, temporary: &Path| {
        let mut suites = suites.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if suites.insert(note.suite.clone(), note.binary.clone()).is_none() {
            gatherer.add_binary(&note.binary);
        }
        drop(suites);
        gatherer.collector().collect_run(profiles, &[temporary])
    };
    let watch = gatherer.watch_opens();
    let mut reaper = Reaper::new(runs).map_err(RecordError::io("read in", folder))?;
    let program = &request.command.program;
    let mut child =
        command.spawn().map_err(|source| CargoError::Start { program: program.clone(), source })?;
    let (mut interrupted, mut told) = (None, false);
    let status = loop {
        let waited =
            child.try_wait().map_err(|source| CargoError::Start { program: program.clone(), source })?;
        if let Some(status) = waited {
            break status;
        }
        reaper.look(&reduce);
        if request.watch.is_interrupted() {
            // A terminal interrupts nextest as well, a supervisor does not.
            let since = *interrupted.get_or_insert_with(Instant::now);
            if since.elapsed() >= GRACE && !told {
                told = true;
                interrupt(&child);
            }
        }
        std::thread::sleep(PACE);
    };
    let opens = watch.map(OpenWatch::finish).unwrap_or_default();
    let attempts = reaper.finish(&reduce);
    let said = if results.is_file() || !attempts.is_empty() || !status.success() {
        read_results(own.as_ref(), results, status)?
    } else {
        // There was nothing to run, and it writes no results then.
        Results::new()
    };
    let (runs, missing) = put_together(attempts, &said);
    let mut suites = suites.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    for entry in fs::read_dir(folder.join("suites")).into_iter().flatten().flatten() {
        let listed = fs::read(entry.path()).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(Listed { suite, binary }) = listed {
            suites.insert(suite, binary);
        }
    }
    let runs = runs.into_iter().filter(|run| request.wanted.has(&run.suite, &run.name)).collect();
    let mut outcome = gatherer.finish(runs, Documentation::default(), &suites, &strays.sweep(), &opens);
    outcome.missing = missing;
    outcome.exit = status.code();
    Ok(outcome)
}

/// Finds out where the project has results written.
fn own_results(request: &Request<'_>, plan: &Plan, profile: &str) -> Option<OwnResults> {
    let variable = request.variables.get(OsStr::new("NEXTEST_CONFIG_FILE")).and_then(|path| path.to_str());
    let named = request.command.option("--config-file").or(variable);
    let file = named
        .map_or_else(|| plan.roots.workspace.join(".config/nextest.toml"), |path| request.cwd.join(path));
    OwnResults::of(&fs::read_to_string(file).ok()?, &plan.roots.workspace, profile)
}

/// Returns the variables that have nextest start tests without itself in between, where nobody decided about that and
/// nothing is lost by it.
fn start_at_once(request: &Request<'_>) -> Vec<(&'static str, &'static str)> {
    let name = nextest::DOUBLE_SPAWN;
    let decided = request.variables.contains_key(OsStr::new(name)) || nextest::has_terminal();
    if decided { Vec::new() } else { vec![(name, "0")] }
}

fn read_results(
    own: Option<&OwnResults>,
    mut results: PathBuf,
    status: std::process::ExitStatus,
) -> Result<Results, RecordError> {
    if !results.is_file() {
        // The project's own setting of where results go wins over ours.
        results = own.and_then(OwnResults::fresh).ok_or(RecordError::NoResults { status })?.to_owned();
    }
    let xml = fs::read(&results).map_err(RecordError::io("read", &results))?;
    junit::parse(&results, &xml).map_err(|error| RecordError::Results(Box::new(error)))
}

/// Returns how nextest says what was asked of the recording, where its own arguments do not say it already.
fn options(request: &Request<'_>) -> Vec<String> {
    let says = |names: &[&str]| {
        let is = |word: &String| {
            let flag = word.split('=').next().unwrap_or_default();
            names.iter().any(|name| flag == *name || (name.len() == 2 && word.starts_with(name)))
        };
        request.command.args.iter().any(is)
    };
    let driver = &request.driver;
    let mut options = Vec::new();
    if driver.retries > 0 && !says(&["--retries"]) {
        options.push(format!("--retries={}", driver.retries));
    }
    if driver.runs > 1 && !says(&["--stress-count", "--stress-duration"]) {
        options.push(format!("--stress-count={}", driver.runs));
    }
    let usual = std::thread::available_parallelism().map_or(1, Into::into);
    if driver.jobs != usual && !says(&["--test-threads", "--jobs", "-j"]) {
        options.push(format!("--test-threads={}", driver.jobs));
    }
    if request.left_out == LeftOut::Run && !says(&["--run-ignored"]) {
        options.push("--run-ignored=all".to_owned());
    }
    if driver.timeout.is_some() {
        (request.listener)(Event::Warning(
            "nextest has its own time limits; set `slow-timeout` in its configuration".to_owned(),
        ));
    }
    options
}

/// Asks nextest to stop its tests and to say what it knows.
#[cfg(unix)]
fn interrupt(child: &Child) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(pid) = Pid::from_raw(child.id().cast_signed()) {
        // It was not reaped yet, so that the number is still its own.
        let _ = kill_process(pid, Signal::INT);
    }
}

#[cfg(not(unix))]
fn interrupt(_: &Child) {}

/// Puts what nextest says of tests and what their attempts executed together.
fn put_together(attempts: Vec<Attempt<Trace>>, said: &Results) -> (Vec<Run>, Vec<Missing>) {
    let mut by_test: BTreeMap<(String, String), Vec<Attempt<Trace>>> = BTreeMap::new();
    for attempt in attempts {
        by_test.entry(nextest::result_key(&attempt.note)).or_default().push(attempt);
    }
    let watched: BTreeSet<(String, String)> = by_test.keys().cloned().collect();
    let mut missing: Vec<Missing> = said
        .iter()
        .filter(|(key, said)| !watched.contains(*key) && said.outcome != TestOutcome::Skipped)
        .map(|((suite, name), _)| Missing {
            suite: suite.as_str().into(),
            name: name.as_str().into(),
            why: "nextest ran it, but not through us".to_owned(),
        })
        .collect();
    let mut runs = Vec::new();
    for ((suite, name), mut attempts) in by_test {
        let Some(said) = said.get(&(suite.clone(), name.clone())) else {
            missing.push(Missing {
                suite: suite.into(),
                name: name.into(),
                why: "nextest did not say how it ended".to_owned(),
            });
            continue;
        };
        attempts.sort_by_key(|attempt| (attempt.interval.0, attempt.note.attempt));
        runs.push(Run {
            suite: suite.into(),
            name: name.into(),
            outcome: said.outcome,
            duration: said.duration,
            traces: attempts.into_iter().map(|attempt| (attempt.trace, attempt.interval)).collect(),
        });
    }
    (runs, missing)
}
