//! What the go tool starts in place of test binaries: `go test -exec PROGRAM`.
//!
//! The go tool runs `PROGRAM BINARY ARGUMENTS…` in the folder of the package. To record, the binary is kept for later
//! and nothing runs; to run some tests only, it is told which of its package.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::image::{self, Image};
use super::subset::{Choice, Choices};
use super::{args, kept, pattern, skip};

/// The name under which the program stands in for test binaries.
pub const NAME: &str = "skiptrace-go-exec";
/// The variable that hands the plan to it.
pub const PLAN: &str = "SKIPTRACE_GO_EXEC_PLAN";

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What becomes of a test binary.
    pub mode: Mode,
    /// What the user has put before test binaries.
    pub chain: Vec<String>,
}

/// What becomes of a test binary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// It is kept in this folder, with how it would have been run, and does not run.
    Keep(PathBuf),
    /// It runs some tests of its package.
    Subset {
        /// The file that says which, written by [`Choices::write`].
        choices: PathBuf,
        /// The user's own pattern for the tests to run, from which the choice was made.
        users: Option<String>,
    },
}

impl Plan {
    /// Returns the plan as text for the variable; an error for a path that is no text.
    pub fn to_text(&self) -> io::Result<String> {
        Ok(serde_json::to_string(self)?)
    }
}

/// Flags that name a file which each process writes anew.
const FILES: &[&str] = &[
    "test.blockprofile",
    "test.coverprofile",
    "test.cpuprofile",
    "test.memprofile",
    "test.mutexprofile",
    "test.testlogfile",
    "test.trace",
];

/// Stands in for a test binary: does not return where it becomes its process, else returns the exit code.
pub fn run(args: &[OsString], vars: &BTreeMap<OsString, OsString>, cwd: &Path) -> io::Result<i32> {
    let text = vars.get(OsStr::new(PLAN)).ok_or_else(|| io::Error::other(format!("{PLAN} is not set")))?;
    let plan: Plan = text
        .to_str()
        .and_then(|text| serde_json::from_str(text).ok())
        .ok_or_else(|| io::Error::other(format!("{PLAN} holds no plan")))?;
    let (binary, rest) =
        args.split_first().ok_or_else(|| io::Error::other("there is no test binary to run"))?;
    let binary = cwd.join(binary);
    match &plan.mode {
        Mode::Keep(folder) => kept::keep(folder, &binary, rest, vars, cwd, &plan.chain).map(|()| 0),
        Mode::Subset { choices, users } => {
            let choices = Choices::read(choices)?;
            let command = |args: Vec<OsString>| command(&plan.chain, &binary, args, cwd);
            let asked = args::value(rest, "test.run");
            // The user's own choice was heard before; this one is of somebody who runs again what failed.
            if asked.is_some() && asked != *users {
                return become_process(command(rest.to_vec()));
            }
            match choices.of(cwd, &binary) {
                // Nothing is known of the package, so nothing is left out.
                None | Some(Choice::All) => become_process(command(rest.to_vec())),
                Some(Choice::Without(tests)) => {
                    become_process(command(without(tests, rest, &image::read(&binary))?))
                }
                Some(Choice::Tests(tests)) => {
                    let patterns = pattern::exact(tests);
                    let others = args::without(rest, &["test.run"]);
                    let with = |pattern: &String| {
                        let mut args = vec![OsString::from(format!("-test.run={pattern}"))];
                        args.extend(others.iter().cloned());
                        command(args)
                    };
                    match patterns.as_slice() {
                        [] => Ok(0),
                        [pattern] => become_process(with(pattern)),
                        patterns => in_turn(patterns, with, rest, || command(rest.to_vec())),
                    }
                }
            }
        }
    }
}

/// Returns the arguments of a test binary with these tests left out.
fn without(tests: &BTreeSet<String>, args: &[OsString], image: &Image) -> io::Result<Vec<OsString>> {
    if !image.go().is_some_and(|image| skip::understands(&image.go)) {
        return Ok(args.to_vec());
    }
    let (pattern, kept) = skip::pattern(tests, pattern::LIMIT);
    if kept > 0 {
        let note = format!("skiptrace: {kept} tests run that need not, because no pattern holds all names\n");
        io::stderr().write_all(note.as_bytes())?;
    }
    let Some(pattern) = pattern else { return Ok(args.to_vec()) };
    let users = args::value(args, "test.skip").filter(|users| !users.is_empty());
    let both = users.map_or_else(|| pattern.clone(), |users| format!("{pattern}|{users}"));
    let mut all = vec![OsString::from(format!("-test.skip={both}"))];
    all.extend(args::without(args, &["test.skip"]));
    Ok(all)
}

/// Runs a binary once for each pattern, because no argument can hold them all.
fn in_turn(
    patterns: &[String],
    with: impl Fn(&String) -> Command,
    args: &[OsString],
    whole: impl Fn() -> Command,
) -> io::Result<i32> {
    let file = FILES.iter().find(|name| args::value(args, name).is_some_and(|value| !value.is_empty()));
    if let Some(file) = file {
        let note =
            format!("skiptrace: all tests of the package run, because -{file} is for a single process\n");
        io::stderr().write_all(note.as_bytes())?;
        return become_process(whole());
    }
    let mut worst = 0;
    for pattern in patterns {
        let code = exit_code(with(pattern).status()?);
        if worst == 0 {
            worst = code;
        }
    }
    Ok(worst)
}

fn command(chain: &[String], binary: &Path, args: Vec<OsString>, cwd: &Path) -> Command {
    let mut command = match chain.split_first() {
        Some((program, chained)) => {
            let mut command = Command::new(program);
            command.args(chained).arg(binary);
            command
        }
        None => Command::new(binary),
    };
    // What a test itself runs with the go tool is none of our business.
    command.args(args).current_dir(cwd).env_remove(PLAN);
    command
}

fn exit_code(status: std::process::ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return 128 + signal;
    }
    status.code().unwrap_or(1)
}

#[cfg(unix)]
fn become_process(mut command: Command) -> io::Result<i32> {
    Err(std::os::unix::process::CommandExt::exec(&mut command))
}

#[cfg(not(unix))]
fn become_process(mut command: Command) -> io::Result<i32> {
    Ok(exit_code(command.status()?))
}

/// Makes a link called [`NAME`] to `program` in `folder`, for the go tool to start.
pub fn link(program: &Path, folder: &Path) -> io::Result<PathBuf> {
    let link = folder.join(NAME);
    #[cfg(unix)]
    std::os::unix::fs::symlink(program, &link)?;
    #[cfg(not(unix))]
    std::fs::hard_link(program, &link).or_else(|_| std::fs::copy(program, &link).map(|_| ()))?;
    Ok(link)
}
