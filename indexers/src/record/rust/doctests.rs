//! Tests in documentation: one group for each file.
//!
//! No stable option of rustdoc runs one example alone, and their names change with the lines above them. So those of one
//! file are one test, called by the file. Each example is a program of its own that is gone when it has run; cargo starts
//! it through the project's runner, in whose place we keep the program and its profiles. Which example a program was, its
//! coverage tells: the example itself is code of the file, on the lines where its documentation stands.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use skiptrace_engine::record::Outcome;

use super::plan::Plan;
use super::{RecordError, Request};
use crate::build::invocation::{EXTENSION, Invocation};
use crate::build::wrapper;
use crate::llvm::collect::Collector;
use crate::record::opens::Interval;
use crate::record::progress::Event;
use crate::run::cargo_test::{CargoError, Variables};
use crate::run::doctests::{self, Crate, Example};
use crate::run::nextest::{Attempt, Reaper};
use crate::run::shim::{EXAMPLE, Mode, Note, Runs};
use crate::trace::Trace;

/// The name of all examples of a crate together, where they cannot be told apart.
const ALL: &str = "doctests";
/// How often profiles of examples that have ended are looked for.
const PACE: Duration = Duration::from_millis(20);

/// What the documentation came to.
#[derive(Debug, Default)]
pub(super) struct Documentation {
    /// The crates.
    pub(super) crates: Vec<Documented>,
    /// The programs that examples were, in no order.
    pub(super) programs: Vec<Attempt<Trace>>,
    /// How many there must have been, if each example was one.
    pub(super) n_examples: usize,
}

/// The examples of one crate.
#[derive(Debug)]
pub(super) struct Documented {
    pub(super) suite: Box<str>,
    /// The examples by what they are called together.
    pub(super) groups: Vec<Group>,
    /// When those of all crates were compiled and ran.
    pub(super) interval: Interval,
    /// The libraries that the compiler made of the crate, and those that its examples are given.
    pub(super) libraries: Vec<PathBuf>,
    /// The folders that the names of files may begin in.
    pub(super) folders: Vec<PathBuf>,
}

/// Examples that are one test.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: Box<str>,
    pub(super) examples: Vec<Example>,
    pub(super) outcome: Outcome,
    pub(super) duration: Duration,
}

/// Runs the examples that the user's command runs.
pub(super) fn record(
    request: &Request<'_>,
    plan: &Plan,
    collector: &Collector,
) -> Result<Documentation, RecordError> {
    let cargo = &request.command;
    // With filters, only some of a group would run, and nothing would be known of the group.
    let filtered = cargo.filter().is_some() || !cargo.test_args.is_empty();
    if !cargo.runs_doctests() || filtered || request.watch.is_interrupted() {
        return Ok(Documentation::default());
    }
    let Some(filters) = filters(request, plan) else { return Ok(Documentation::default()) };
    let (began, started) = (SystemTime::now(), Instant::now());
    let (text, status, programs) = run(request, plan, collector, &filters)?;
    let (interval, duration) = ((began, SystemTime::now()), started.elapsed());
    let mut crates = doctests::parse(&text);
    crates.retain(|_, of| of.outcome.is_some());
    if !status.success() && !crates.values().any(|of| of.outcome == Some(Outcome::Failed)) {
        if !doctests::has_no_library(&text) {
            (request.listener)(Event::Warning(format!(
                "the documentation tests could not be run ({status}), so they always run: {}",
                text.trim().lines().last().unwrap_or_default()
            )));
        }
        return Ok(Documentation::default());
    }
    let ran = |example: &&Example| example.runs && example.outcome != Some(Outcome::Skipped);
    let n_examples = crates.values().flat_map(|of| &of.examples).filter(ran).count();
    let of_all: usize = crates.values().map(|of| of.examples.len().max(1)).sum();
    let each = duration / u32::try_from(of_all.max(1)).unwrap_or(1);
    let notes = notes(&plan.target_dir);
    let documented = crates.into_iter().map(|(name, of)| {
        let owned = Owned::of(&name, &notes, plan);
        let mut folders = vec![plan.roots.workspace.clone(), request.cwd.clone()];
        folders.extend(owned.folder.clone());
        let mut groups = groups(of, each);
        groups.retain(|group| request.wanted.has(&owned.suite, &group.name));
        for group in &groups {
            (request.listener)(Event::Finished {
                suite: &owned.suite,
                name: &group.name,
                outcome: group.outcome,
                duration: group.duration,
                output: (group.outcome == Outcome::Failed).then_some(&*text),
                troubles: &[],
            });
        }
        Documented { suite: owned.suite, groups, interval, libraries: owned.libraries, folders }
    });
    Ok(Documentation { crates: documented.collect(), programs, n_examples })
}

/// Returns what the examples' names must have a part of, if not all are wanted; `None` if none is.
fn filters(request: &Request<'_>, plan: &Plan) -> Option<Vec<String>> {
    if request.wanted.is_everything() {
        return Some(Vec::new());
    }
    // Who does not say which examples there are, runs them all.
    let Ok(Some(listed)) = doctests::list(&request.command, &request.cwd, &plan.build) else {
        return Some(Vec::new());
    };
    let notes = notes(&plan.target_dir);
    let mut files = BTreeSet::new();
    for (name, of) in listed {
        let suite = Owned::of(&name, &notes, plan).suite;
        let all = of.examples.into_iter().map(|example| example.file);
        files.extend(all.filter(|file| request.wanted.has(&suite, file)));
    }
    // Rustdoc takes an argument apart where it has blanks, and each part for a filter. A part alone means more.
    let words = files.iter().map(|file| file.split_whitespace().max_by_key(|word| word.len()));
    let words: Option<Vec<String>> = words.map(|word| word.map(str::to_owned)).collect();
    words.map_or(Some(Vec::new()), |words| (!words.is_empty()).then_some(words))
}

type Ran = (String, std::process::ExitStatus, Vec<Attempt<Trace>>);

/// Has cargo run examples, and reads what their programs leave behind it.
fn run(
    request: &Request<'_>,
    plan: &Plan,
    collector: &Collector,
    filters: &[String],
) -> Result<Ran, RecordError> {
    let cargo = &request.command;
    let folder = plan.scratch.path().join("documentation");
    fs::create_dir(&folder).map_err(RecordError::io("make", &folder))?;
    let runs = Runs::in_folder(&folder);
    runs.make().map_err(RecordError::io("write in", &folder))?;
    let path = folder.join("output");
    let output = File::create(&path).map_err(RecordError::io("make", &path))?;
    let errors = output.try_clone().map_err(RecordError::io("make", &path))?;
    let variables = match flags(request, plan) {
        Some(flags) => {
            let mut variables = plan.with_runner(Mode::Document, &folder, None, &[]);
            variables.extend(flags);
            variables
        }
        None => plan.build.clone(),
    };
    let mut command = Command::new(&cargo.program);
    command.args(cargo.head()).args(doctests::arguments(cargo));
    if !filters.is_empty() {
        command.arg("--").args(filters);
    }
    command.current_dir(&request.cwd).envs(variables).stdin(Stdio::null()).stdout(output).stderr(errors);
    let reduce = |_: &Note, files: Vec<PathBuf>, temporary: &Path| {
        let is_program = |file: &&PathBuf| file.to_str().is_some_and(|path| path.ends_with(EXAMPLE));
        if let Some(program) = files.iter().find(is_program) {
            // One that cannot be read is missed when its profiles are.
            let _ = collector.add(program);
        }
        collector.collect_run(files, &[temporary])
    };
    let cannot_start = |source| CargoError::Start { program: cargo.program.clone(), source };
    let mut reaper = Reaper::new(runs).map_err(RecordError::io("read in", &folder))?;
    let mut child = command.spawn().map_err(cannot_start)?;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(cannot_start)? {
            break status;
        }
        reaper.look(&reduce);
        std::thread::sleep(PACE);
    };
    let programs = reaper.finish(&reduce);
    let text = fs::read(&path).map_err(RecordError::io("read", &path))?;
    Ok((String::from_utf8_lossy(&text).into_owned(), status, programs))
}

/// Returns the variables that have examples count what they execute; `None` where the project has flags of its own for
/// rustdoc that these would take the place of.
fn flags(request: &Request<'_>, plan: &Plan) -> Option<Variables> {
    let var = |name: &str| request.variables.get(OsStr::new(name)).filter(|value| !value.is_empty());
    let (name, separator) = match (var("CARGO_ENCODED_RUSTDOCFLAGS"), var("RUSTDOCFLAGS")) {
        (Some(_), _) => ("CARGO_ENCODED_RUSTDOCFLAGS", "\u{1f}"),
        (None, Some(_)) => ("RUSTDOCFLAGS", " "),
        (None, None) if plan.has_rustdoc_flags => return None,
        (None, None) => ("RUSTDOCFLAGS", " "),
    };
    let mut value: OsString = var(name).cloned().unwrap_or_default();
    for flag in wrapper::FLAGS {
        if !value.is_empty() {
            value.push(separator);
        }
        value.push(flag);
    }
    Some(vec![(name.into(), value)])
}

/// Puts the examples of one file together.
fn groups(of: Crate, each: Duration) -> Vec<Group> {
    let whole = of.outcome.unwrap_or(Outcome::Failed);
    if of.examples.is_empty() {
        return vec![Group { name: ALL.into(), examples: Vec::new(), outcome: whole, duration: each }];
    }
    let mut by_file: BTreeMap<String, Vec<Example>> = BTreeMap::new();
    for example in of.examples {
        by_file.entry(example.file.clone()).or_default().push(example);
    }
    // Nobody knows which of them failed then.
    let is_unclear = whole == Outcome::Failed
        && !by_file.values().flatten().any(|example| example.outcome == Some(Outcome::Failed));
    let group = |(name, examples): (String, Vec<Example>)| {
        let outcomes = examples.iter().filter_map(|example| example.outcome);
        let worst = outcomes.filter(|outcome| *outcome != Outcome::Skipped).max();
        let outcome = if is_unclear { Some(Outcome::Failed) } else { worst };
        let duration = each * u32::try_from(examples.len()).unwrap_or(u32::MAX);
        Some(Group { name: name.into(), examples, outcome: outcome?, duration })
    };
    by_file.into_iter().filter_map(group).collect()
}

/// What is known of a crate that is documented.
struct Owned {
    suite: Box<str>,
    libraries: Vec<PathBuf>,
    folder: Option<PathBuf>,
}

impl Owned {
    fn of(name: &str, notes: &[(PathBuf, Invocation)], plan: &Plan) -> Owned {
        let (own, others): (Vec<_>, Vec<_>) = notes
            .iter()
            .filter(|(_, note)| !note.is_test && note.crate_types.iter().all(|kind| kind != "bin"))
            .partition(|(_, note)| is_documented(note, name, &plan.roots.repository));
        let package = own.first().map_or(name, |(_, note)| &note.package);
        // Documentation is compiled with what the tests of its package are given.
        let given: BTreeSet<&(String, String)> =
            own.iter().filter_map(|(_, note)| plan.development.get(&note.manifest_dir)).flatten().collect();
        let others = others.into_iter().filter(|(_, note)| {
            !own.is_empty() && given.contains(&(note.package.clone(), note.version.clone()))
        });
        Owned {
            suite: format!("{package}::doc").into(),
            folder: own.first().map(|(_, note)| note.manifest_dir.clone()),
            libraries: own.iter().copied().chain(others).map(|(path, _)| path.clone()).collect(),
        }
    }
}

fn is_documented(note: &Invocation, name: &str, repository: &Path) -> bool {
    note.crate_name == name.replace('-', "_") && note.manifest_dir.starts_with(repository)
}

/// Returns the notes of all crates, with what they are the notes of.
fn notes(target_dir: &Path) -> Vec<(PathBuf, Invocation)> {
    let mut notes = Vec::new();
    for folder in super::outcome::binary_folders(target_dir) {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        for path in entries.filter(|path| path.extension() == Some(EXTENSION.as_ref())) {
            let note = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
            notes.extend(note.map(|note| (path.with_extension(""), note)));
        }
    }
    notes.sort_by(|a, b| a.0.cmp(&b.0));
    notes
}
