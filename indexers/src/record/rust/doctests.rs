//! Tests in documentation: one group for each crate.
//!
//! They are compiled into programs that are gone when they have run, and no stable option runs one alone. So they run
//! together, as cargo does it, and depend on every file that their crate was compiled from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use skiptrace_engine::record::Outcome;

use super::plan::Plan;
use super::{RecordError, Request};
use crate::build::invocation::{EXTENSION, Invocation};
use crate::record::opens::Interval;
use crate::record::progress::Event;
use crate::run::cargo_test::CargoError;

/// The documentation tests of one crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) suite: Box<str>,
    pub(super) name: Box<str>,
    pub(super) outcome: Outcome,
    pub(super) duration: Duration,
    /// When all groups were compiled and ran.
    pub(super) interval: Interval,
    /// The libraries that the compiler made of the crate, and those that its tests are given.
    pub(super) libraries: Vec<PathBuf>,
}

/// The name of every group.
const NAME: &str = "doctests";

/// Runs the documentation tests that the user's command runs.
pub(super) fn record(request: &Request<'_>, plan: &Plan) -> Result<Vec<Group>, RecordError> {
    let cargo = &request.command;
    // With filters, only some of a group would run, and nothing would be known of the group.
    let filtered = cargo.filter().is_some() || !cargo.test_args.is_empty();
    if !cargo.runs_doctests() || filtered || request.watch.is_interrupted() {
        return Ok(Vec::new());
    }
    let path = plan.scratch.path().join("doctests");
    let output = File::create(&path).map_err(RecordError::io("make", &path))?;
    let errors = output.try_clone().map_err(RecordError::io("make", &path))?;
    let mut command = Command::new(&cargo.program);
    // Quiet, cargo does not say which crate it tests.
    let is_quiet = |arg: &&String| *arg == "-q" || *arg == "--quiet";
    command.args(cargo.head()).args(cargo.args.iter().filter(|arg| !is_quiet(arg)));
    if !cargo.has("--doc") {
        command.arg("--doc");
    }
    command
        .args(["--no-fail-fast", "--color=never"])
        .current_dir(&request.cwd)
        .envs(plan.build.iter().cloned())
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors);
    let (began, started) = (SystemTime::now(), Instant::now());
    let status =
        command.status().map_err(|source| CargoError::Start { program: cargo.program.clone(), source })?;
    let (interval, duration) = ((began, SystemTime::now()), started.elapsed());
    let text = fs::read(&path).map_err(RecordError::io("read", &path))?;
    let text = String::from_utf8_lossy(&text);
    let mut groups = parse(&text);
    if !status.success() && !groups.values().any(|outcome| *outcome == Outcome::Failed) {
        // A workspace without libraries is told as an error as well.
        if !text.contains("no library targets found") {
            (request.listener)(Event::Warning(format!(
                "the documentation tests could not be run ({status}), so they always run: {}",
                text.trim().lines().last().unwrap_or_default()
            )));
        }
        return Ok(Vec::new());
    }
    let notes = notes(&plan.target_dir);
    let share = duration / u32::try_from(groups.len().max(1)).unwrap_or(1);
    let mut found = Vec::new();
    while let Some((name, outcome)) = groups.pop_first() {
        let (own, others): (Vec<_>, Vec<_>) = notes
            .iter()
            .filter(|(_, note)| !note.is_test && note.crate_types.iter().all(|kind| kind != "bin"))
            .partition(|(_, note)| is_documented(note, &name, &plan.roots.repository));
        let package = own.first().map_or(name.clone(), |(_, note)| note.package.clone());
        // Documentation is compiled with what the tests of its package are given.
        let given: BTreeSet<&(String, String)> =
            own.iter().filter_map(|(_, note)| plan.development.get(&note.manifest_dir)).flatten().collect();
        let others = others.into_iter().filter(|(_, note)| {
            !own.is_empty() && given.contains(&(note.package.clone(), note.version.clone()))
        });
        let libraries = own.iter().copied().chain(others).map(|(path, _)| path.clone()).collect();
        let suite = format!("{package}::doc");
        if request.wanted.has(&suite, NAME) {
            (request.listener)(Event::Finished {
                suite: &suite,
                name: NAME,
                outcome,
                duration: share,
                output: (outcome == Outcome::Failed).then_some(&*text),
                troubles: &[],
            });
        }
        found.push(Group {
            suite: suite.into(),
            name: NAME.into(),
            outcome,
            duration: share,
            interval,
            libraries,
        });
    }
    Ok(found)
}

/// Reads what cargo prints: a line for each crate, then the results of its tests, in one part or several.
fn parse(text: &str) -> BTreeMap<String, Outcome> {
    let mut groups: BTreeMap<String, Outcome> = BTreeMap::new();
    let mut current = None;
    for line in text.lines() {
        if let Some(name) = line.trim_start().strip_prefix("Doc-tests ") {
            current = Some(name.trim().to_owned());
        } else if let Some(name) = &current {
            let outcome = if line.starts_with("test result: ok. ") {
                let ran = !line.starts_with("test result: ok. 0 passed");
                if ran { Outcome::Passed } else { continue }
            } else if line.starts_with("test result: FAILED") || line.starts_with("error") {
                Outcome::Failed
            } else {
                continue;
            };
            let known = groups.entry(name.clone()).or_insert(outcome);
            *known = (*known).max(outcome);
        }
    }
    groups
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_belong_to_the_crate_before_them() {
        let text = "   Doc-tests one\n\nrunning 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored\n\n\
                    all doctests ran in 1s\n   Doc-tests two\ntest result: ok. 1 passed; 0 failed\n\
                    test result: FAILED. 0 passed; 1 failed\n   Doc-tests three\nrunning 0 tests\n\
                    test result: ok. 0 passed; 0 failed\n";
        let found = parse(text);
        assert_eq!(found["one"], Outcome::Passed);
        assert_eq!(found["two"], Outcome::Failed);
        assert!(!found.contains_key("three"));
    }
}
