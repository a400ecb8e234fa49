//! Running some tests of some packages.
//!
//! `-run` means the same names in every package, so where that would let other tests run as well, the go tool starts
//! our [`shim`](super::shim) in place of the test binaries, which knows what is wanted of each. Packages of which
//! nothing is wanted are not named, and so not built.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::args;
use super::command::{CommandError, GoCommand, GoRunner};
use super::flags::{self, Kind};
use super::image;
use super::pattern;
use super::shim::{Mode, Plan};
use crate::go::quoted;

/// Which tests of a package run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choice {
    /// All of them.
    All,
    /// These, by their names; none is none.
    Tests(BTreeSet<String>),
    /// All but these, so that one nobody knows runs.
    Without(BTreeSet<String>),
}

/// A package, and what is wanted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// Its import path.
    pub import_path: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Which of its tests run.
    pub choice: Choice,
    /// The names of all of its other top-level tests, where they are known.
    pub others: Option<BTreeSet<String>>,
}

/// What is wanted of each package, for the shim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    packages: Vec<(String, PathBuf, Choice)>,
}

/// How some tests are run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subset {
    /// The commands, to be run one after the other.
    pub commands: Vec<Vec<String>>,
    /// What the shim is to be told, where it is used.
    pub plan: Option<Plan>,
    /// What the user should know, in sentences.
    pub notes: Vec<String>,
}

/// Why some tests cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum SubsetError {
    /// The command cannot be used.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// What is wanted could not be written down.
    #[error("cannot write `{}`, which says what is to run", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The go tool cannot be told where the shim is.
    #[error("the path `{0}` has both kinds of quotes, which `go test -exec` cannot be told: move it")]
    Quotes(String),
}

/// How many bytes of package names one command may have.
const NAMES: usize = 100_000;

/// Returns how the go tool runs what is `selected`, as the user's command runs everything.
///
/// `exec` is the shim under its [name](super::shim::NAME), `file` is where it is told what is wanted; neither is used
/// where the go tool can do it alone.
pub fn subset(
    command: &GoCommand,
    selected: &[Selected],
    exec: &str,
    file: &Path,
) -> Result<Subset, SubsetError> {
    let nothing = Choice::Tests(BTreeSet::new());
    let all = selected;
    let selected: Vec<&Selected> = all.iter().filter(|package| package.choice != nothing).collect();
    let mut notes = Vec::new();
    let users = command.pattern("run");
    if users.as_ref().is_some_and(|run| pattern::Pattern::parse(run).names_subtests()) {
        notes.push("`-run` names subtests: their tests run whole".to_owned());
    }
    let alone = alone(&selected);
    // Where one pattern says everything, it stands for the user's; else the shim tells them apart.
    let run = if matches!(alone, Some(Some(_))) { Run::Ours } else { Run::Users };
    let (exec, plan) = match alone {
        Some(run) => {
            let exec = command.flags.iter().rev().find(|flag| flag.name == "exec");
            let words = exec.map(super::command::GoFlag::to_word).into_iter().chain(run).collect::<Vec<_>>();
            (words, None)
        }
        None => {
            let choices = Choices::new(all);
            choices.write(file).map_err(|source| SubsetError::Write { path: file.to_owned(), source })?;
            let chain = command.chain()?;
            if chain.is_empty() && command.value("count").is_none() {
                notes.push(
                    "the same names mean other tests in other packages, so the go tool runs test binaries through \
                     skiptrace (`-exec`), and neither uses nor keeps cached results"
                        .to_owned(),
                );
            }
            let mode = Mode::Subset { choices: file.to_owned(), users };
            let exec = quoted::join([exec]).ok_or_else(|| SubsetError::Quotes(exec.to_owned()))?;
            (vec![format!("-exec={exec}")], Some(Plan { mode, chain }))
        }
    };
    let names: Vec<&str> = selected.iter().map(|package| package.import_path.as_str()).collect();
    let commands = batches(&names).into_iter().map(|names| words(command, run, &exec, names)).collect();
    Ok(Subset { commands, plan, notes })
}

/// Returns the `-run` with which the go tool runs what is selected and nothing else, or nothing where it needs none;
/// `None` where there is no such pattern.
fn alone(selected: &[&Selected]) -> Option<Option<String>> {
    if selected.iter().all(|package| package.choice == Choice::All) {
        return Some(None);
    }
    let mut all: BTreeSet<&str> = BTreeSet::new();
    for package in selected {
        match &package.choice {
            Choice::All | Choice::Without(_) => return None,
            Choice::Tests(tests) => all.extend(tests.iter().map(String::as_str)),
        }
    }
    let top_level = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
    let tops: BTreeSet<String> = all.iter().map(|name| top_level(name)).collect();
    for package in selected {
        let Choice::Tests(tests) = &package.choice else { return None };
        let own: BTreeSet<String> = tests.iter().map(|name| top_level(name)).collect();
        // A test that is wanted whole here, or with some subtests, and differently elsewhere.
        let mixed = || all.iter().any(|name| !tests.contains(*name) && own.contains(&top_level(name)));
        let exact = match &package.others {
            _ if selected.len() == 1 => true,
            Some(others) => others.is_disjoint(&tops) && !mixed(),
            None => false,
        };
        if !exact {
            return None;
        }
    }
    match pattern::exact(&all).as_slice() {
        [run] => Some(Some(format!("-run={run}"))),
        _ => None,
    }
}

/// Whose `-run` is part of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run {
    Users,
    Ours,
}

/// Returns the words of one command.
fn words(command: &GoCommand, run: Run, ours: &[String], packages: &[&str]) -> Vec<String> {
    let mut words = match command.runner {
        GoRunner::Go => command.head("test"),
        GoRunner::Gotestsum => {
            // What else it takes for the names of packages is overruled by this.
            let mut words = command.wrapper.clone();
            words.extend([format!("--packages={}", packages.join(" ")), "--".to_owned()]);
            words
        }
    };
    let replaced = |name: &str| name == "exec" || name == "run" && run == Run::Ours;
    let kept = command.flags.iter().filter(|flag| !replaced(flag.name));
    words.extend(kept.map(super::command::GoFlag::to_word));
    words.extend(ours.iter().cloned());
    if command.runner == GoRunner::Go {
        words.extend(packages.iter().map(|name| (*name).to_owned()));
    }
    let rest = unknown(command, run);
    if !rest.is_empty() {
        words.push("-args".to_owned());
        words.extend(rest);
    }
    words
}

/// Returns what the test binary gets that the go tool does not know.
fn unknown(command: &GoCommand, run: Run) -> Vec<String> {
    let known = |word: &&String| {
        let name = word.strip_prefix("-test.").and_then(|word| word.split('=').next());
        let flag = name.and_then(flags::known);
        flag.is_some_and(|flag| {
            (flag.kind == Kind::Test || flag.name == "coverprofile")
                && command.flags.iter().any(|given| **word == format!("-test.{}={}", flag.name, given.value))
        })
    };
    let words = command.binary.iter().filter(|word| !known(word)).map(std::ffi::OsString::from);
    let mut words: Vec<std::ffi::OsString> = words.collect();
    if run == Run::Ours {
        words = args::without(&words, &["test.run"]);
    }
    words.into_iter().map(|word| word.to_string_lossy().into_owned()).collect()
}

/// Cuts names into as many commands as they need.
fn batches<'a, 'b>(names: &'b [&'a str]) -> Vec<&'b [&'a str]> {
    let mut batches = Vec::new();
    let mut start = 0;
    let mut len = 0;
    for (at, name) in names.iter().enumerate() {
        len += name.len() + 1;
        if len > NAMES && at > start {
            batches.push(&names[start..at]);
            (start, len) = (at, name.len() + 1);
        }
    }
    if start < names.len() {
        batches.push(&names[start..]);
    }
    batches
}

impl Choices {
    /// Returns what is wanted of these packages.
    pub fn new(selected: &[Selected]) -> Choices {
        let resolved = |folder: &Path| folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let of = |package: &Selected| {
            (package.import_path.clone(), resolved(&package.folder), package.choice.clone())
        };
        Choices { packages: selected.iter().map(of).collect() }
    }

    /// Returns what is wanted as bytes.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        Ok(serde_json::to_vec(self)?)
    }

    /// Writes what is wanted to a file.
    pub fn write(&self, file: &Path) -> io::Result<()> {
        fs::write(file, self.to_bytes()?)
    }

    /// Reads it back.
    pub fn read(file: &Path) -> io::Result<Choices> {
        Ok(serde_json::from_slice(&fs::read(file)?)?)
    }

    /// Returns what is wanted of the package in `folder`, or else of the one that `binary` says it was built from;
    /// `None` when it is none of those.
    pub(super) fn of(&self, folder: &Path, binary: &Path) -> Option<&Choice> {
        let folder = folder.canonicalize().ok();
        let found = self.packages.iter().find(|(_, own, _)| Some(own) == folder.as_ref());
        let named = || {
            let path = image::read(binary).import_path()?.to_owned();
            self.packages.iter().find(|(name, _, _)| *name == path)
        };
        found.or_else(named).map(|(_, _, choice)| choice)
    }
}

#[cfg(test)]
mod tests;
