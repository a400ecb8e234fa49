//! CTest: what CMake's runner knows of a build folder.
//!
//! CTest can give no test an environment of its own from outside, and costs more than most tests, so it is only
//! asked; the commands are run by ourselves, under the properties that it would obey. `entry` is what it says of a
//! test, `environment` the variables, `order` what has to run before and after.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::run::case::{Case, CommandLine, Lock, Rules, Verdict};
use crate::run::cmake_regex;
use crate::run::native::{Binary, ListError, Listing, Options, gtest, list as list_binary};

mod entry;
mod environment;
mod order;

use entry::Entry;

const SHOW: &str = "--show-only=json-v1";

/// What GoogleTest, Catch2 and doctest print when their arguments chose nothing.
const IDLE: [&str; 3] =
    ["[  PASSED  ] 0 tests.", "====\nNo tests ran", "[doctest] test cases: 0 | 0 passed | 0 failed"];

/// How much of CMake's cache is read.
const MAX_CACHE: u64 = 16 << 20;

/// A build folder that CMake made.
#[derive(Debug, Clone)]
pub struct Build {
    /// The folder.
    pub folder: PathBuf,
    /// The folder of the project's sources, where CMake's cache does not say.
    pub source: Option<PathBuf>,
    /// The `ctest` that is asked.
    pub ctest: PathBuf,
    /// The configuration, where the folder holds several: `Debug`, `Release`.
    pub config: Option<String>,
    /// The variables that tests inherit, which properties may add to.
    pub inherited: BTreeMap<OsString, OsString>,
    /// Arguments that choose tests, as the user gave them: `-R`, `-E`, `-L` and their like.
    pub filters: Vec<String>,
    /// What becomes of a test that is a whole binary.
    pub whole_binaries: WholeBinaries,
}

/// What becomes of a test that is a binary without arguments, and with no properties that say how it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WholeBinaries {
    /// If the binary speaks a framework, its tests take the place of the one.
    #[default]
    Expand,
    /// It stays the one test that CTest knows.
    Keep,
}

/// The tests of a build folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Those that can be run.
    pub cases: Vec<Case>,
    /// Those that cannot. They are tests all the same: nothing may be said to be known of them.
    pub problems: Vec<Problem>,
    /// Which of the cases each of CTest's own tests holds.
    pub held: Vec<Held>,
}

/// A test as CTest knows it, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// Its name in CTest.
    pub name: String,
    /// Suites and names of its cases; none where they are not all known.
    pub cases: Vec<(Box<str>, Box<str>)>,
}

/// A test that CTest knows and that cannot be run as a process of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Its name.
    pub test: String,
    /// What is wrong, and what helps.
    pub reason: String,
}

/// Lists the tests of a build folder.
pub fn list(build: &Build, options: Options, listing: &Listing) -> Result<Found, ListError> {
    // In the folder rather than with `--test-dir`, which older releases do not know.
    let command = CommandLine {
        program: build.ctest.clone(),
        args: Vec::new(),
        cwd: build.folder.clone(),
        env: BTreeMap::new(),
    };
    let mut args = vec![SHOW];
    if let Some(config) = &build.config {
        args.extend(["-C", config]);
    }
    args.extend(build.filters.iter().map(String::as_str));
    let answer = listing.ask(&command, &args)?;
    if !answer.status.success() {
        return Err(answer.failed(&build.ctest, SHOW));
    }
    let entries = entry::parse(&answer.stdout).map_err(|reason| ListError::NotAList {
        program: build.ctest.clone(),
        option: SHOW,
        reason,
    })?;
    found(&as_configured(build), &entries, options, listing)
}

/// Returns the build with its folders as CMake calls them, which is how the paths of tests begin, whatever links
/// lead to them.
fn as_configured(build: &Build) -> Build {
    let cache = fs::File::open(build.folder.join("CMakeCache.txt")).and_then(|file| {
        let mut text = Vec::new();
        file.take(MAX_CACHE).read_to_end(&mut text)?;
        Ok(text)
    });
    // Without it names may hold more of a path than they need to; nothing is lost.
    let cache = cache.unwrap_or_default();
    let cache = String::from_utf8_lossy(&cache);
    let known = |name: &str| {
        let value = cache.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":INTERNAL="));
        value.map(|folder| PathBuf::from(folder.trim_end()))
    };
    Build {
        folder: known("CMAKE_CACHEFILE_DIR").unwrap_or_else(|| build.folder.clone()),
        source: known("CMAKE_HOME_DIRECTORY").or_else(|| build.source.clone()),
        ..build.clone()
    }
}

fn found(build: &Build, entries: &[Entry], options: Options, listing: &Listing) -> Result<Found, ListError> {
    // 1. Each test as a process, or what hinders it.
    let tests: Vec<Result<Binary, String>> = entries.iter().map(|entry| runnable(build, entry)).collect();
    let steps: Vec<order::Candidate<'_>> = entries
        .iter()
        .zip(&tests)
        .map(|(entry, test)| order::Candidate {
            entry,
            step: test.as_ref().ok().map(|test| (test.command.clone(), verdict(entry, &test.command))),
        })
        .collect();
    let plan = order::Plan::new(&steps);
    let mut found = Found::default();
    for (place, (entry, test)) in entries.iter().zip(&tests).enumerate() {
        found.held.push(Held { name: entry.name.clone(), cases: Vec::new() });
        let ready = match test {
            Ok(test) => plan.around(place).map(|around| (test, around)),
            Err(reason) => Err(reason.clone()),
        };
        let (test, around) = match ready {
            Ok(ready) => ready,
            // Nobody misses what is switched off.
            Err(_) if entry.disabled => continue,
            Err(reason) => {
                found.problems.push(Problem { test: relative(build, &entry.name), reason });
                continue;
            }
        };
        // 2. The tests inside of it, where it is a binary that speaks a framework.
        let inside = match build.whole_binaries {
            WholeBinaries::Expand if entry.is_whole_binary() => expand(build, entry, test, options, listing),
            _ => None,
        };
        let cases = inside.unwrap_or_else(|| {
            let case = test.case(&name(build, entry, test), Vec::new(), verdict(entry, &test.command));
            vec![Case { skipped: entry.disabled, ..case }]
        });
        if let Some(held) = found.held.last_mut() {
            held.cases = cases.iter().map(|case| (case.suite.clone(), case.name.clone())).collect();
        }
        // 3. What goes for all of them.
        let mut locks: BTreeSet<Lock> = around.locks;
        locks.extend(entry.locks());
        found.cases.extend(cases.into_iter().map(|case| Case {
            timeout: entry.timeout,
            locks: locks.iter().cloned().collect(),
            before: around.before.clone(),
            after: around.after.clone(),
            ..case
        }));
    }
    Ok(without_clashes(found))
}

/// Returns the process of a test.
fn runnable(build: &Build, entry: &Entry) -> Result<Binary, String> {
    let Some((program, args)) = entry.command.split_first() else {
        return Err("its program is not built: build all targets before listing".to_owned());
    };
    let cwd = match &entry.working_directory {
        Some(folder) => build.folder.join(folder),
        None => build.folder.clone(),
    };
    let rules = entry.passes.iter().chain(&entry.fails).chain(&entry.skips);
    for pattern in rules {
        if let Err(error) = cmake_regex::compile(pattern) {
            return Err(format!("its pattern `{pattern}` cannot be read: {error}"));
        }
    }
    // Where a fixture may make the file, only running tells.
    let missing = entry.required_files.iter().find(|&file| !cwd.join(file).exists());
    if let (Some(file), true) = (missing, entry.needs_nothing()) {
        return Err(format!("the file `{file}` that it requires is missing"));
    }
    let env = environment::of(entry, &build.inherited)?;
    let command =
        CommandLine { program: cwd.join(program), args: args.iter().map(OsString::from).collect(), cwd, env };
    Ok(Binary { suite: suite(build, &command.program), command })
}

/// Returns the tests inside a binary, or `None` where it speaks no framework, or does not answer.
fn expand(
    build: &Build,
    entry: &Entry,
    test: &Binary,
    options: Options,
    listing: &Listing,
) -> Option<Vec<Case>> {
    let inside = Binary { suite: relative(build, &entry.name).into(), command: test.command.clone() };
    match list_binary(&inside, None, options, listing) {
        // A plain executable is what CTest said it is already.
        Ok(cases) => cases.iter().any(|case| case.verdict != Verdict::ExitCode).then_some(cases),
        Err(error) => {
            tracing::warn!(%error, "not listed; it stays the one test that CTest knows");
            None
        }
    }
}

fn verdict(entry: &Entry, command: &CommandLine) -> Verdict {
    let rules = Rules {
        will_fail: entry.will_fail,
        skip_code: entry.skip_return_code,
        passes: entry.passes.clone(),
        fails: entry.fails.clone(),
        skips: entry.skips.clone(),
        // To the frameworks a filter that matches nothing is a pass, and so it is to CTest.
        ran: chosen(command).map(|_| gtest::passed(1)).into_iter().collect(),
        idle: match command.args.is_empty() {
            true => Vec::new(),
            false => IDLE.map(str::to_owned).to_vec(),
        },
    };
    if rules == Rules::default() { Verdict::ExitCode } else { Verdict::Rules(Box::new(rules)) }
}

/// Returns the test of GoogleTest that a command runs, where that is all it does.
fn chosen(command: &CommandLine) -> Option<&str> {
    gtest::chosen(command.args.iter().filter_map(|arg| arg.to_str()))
}

/// Returns what a test is called. CTest's names of discovered tests tell parameters as they print, which may be
/// addresses; the filter has the name that GoogleTest knows.
fn name(build: &Build, entry: &Entry, test: &Binary) -> String {
    match chosen(&test.command) {
        Some(name) => name.to_owned(),
        None => relative(build, &entry.name),
    }
}

/// Returns the suite of the tests that `program` runs: where it is in the build folder, or `ctest` for all others.
fn suite(build: &Build, program: &Path) -> Box<str> {
    match program.strip_prefix(&build.folder).ok().and_then(Path::to_str) {
        Some(path) => path.into(),
        None => "ctest".into(),
    }
}

/// Returns `text` without the folders of this machine.
fn relative(build: &Build, text: &str) -> String {
    // The build folder is mostly inside that of the sources.
    let folders = [Some(&build.folder), build.source.as_ref()].into_iter().flatten();
    folders.filter_map(|folder| folder.to_str()).fold(text.to_owned(), |text, folder| {
        let folder = folder.trim_end_matches('/');
        if folder.is_empty() { text } else { text.replace(&format!("{folder}/"), "").replace(folder, ".") }
    })
}

/// Takes out the tests whose name another test has as well, unless they are the same.
///
/// CMake lets folders of one project use a name twice, and what is known of one of them must not be taken for the other.
fn without_clashes(found: Found) -> Found {
    let Found { cases, mut problems, mut held } = found;
    let mut by_name: BTreeMap<(Box<str>, Box<str>), Vec<Case>> = BTreeMap::new();
    for case in cases {
        let same_name = by_name.entry((case.suite.clone(), case.name.clone())).or_default();
        if !same_name.contains(&case) {
            same_name.push(case);
        }
    }
    let mut cases = Vec::with_capacity(by_name.len());
    let mut clashing = BTreeSet::new();
    for ((suite, name), mut same_name) in by_name {
        match same_name.len() {
            1 => cases.append(&mut same_name),
            n_tests => {
                problems.push(Problem {
                    test: format!("{suite}: {name}"),
                    reason: format!("{n_tests} tests have this name: give each its own"),
                });
                clashing.insert((suite, name));
            }
        }
    }
    problems.sort_unstable();
    problems.dedup();
    for held in &mut held {
        if held.cases.iter().any(|case| clashing.contains(case)) {
            held.cases.clear();
        }
    }
    Found { cases, problems, held }
}

#[cfg(test)]
mod tests;
