//! `go test` and `gotestsum`, as the user types them.

use std::ffi::OsString;
use std::path::Path;

use super::args;
use super::flags::{self, Kind, Known};
use super::gotestsum;
use crate::go::quoted;

/// A command line that runs the tests of Go packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoCommand {
    /// Who runs the go tool.
    pub runner: GoRunner,
    /// What runs it, with its own flags, where that is not the user.
    pub wrapper: Vec<String>,
    /// The go tool, `go` or a path to it.
    pub program: String,
    /// The folder that the go tool is told to change to first.
    pub folder: Option<String>,
    /// The flags that the go tool knows, as they come.
    pub flags: Vec<GoFlag>,
    /// The flags of `GOFLAGS` that mean something to `go test`.
    pub inherited: Vec<GoFlag>,
    /// The packages; none is the one in the current folder.
    pub packages: Vec<String>,
    /// What the test binary gets from the command line: flags of its own in the form `-test.NAME=VALUE`, and
    /// everything that the go tool does not know, in the order in which it gets it.
    pub binary: Vec<String>,
}

/// Who runs the go tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoRunner {
    /// The user.
    Go,
    /// `gotestsum`, which reads what it prints.
    Gotestsum,
}

/// A flag that the go tool knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoFlag {
    /// Its name, without dashes and without `test.`.
    pub name: &'static str,
    /// Its value; `true` for a boolean one without.
    pub value: String,
}

/// Why a command line is not understood, or cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CommandError {
    /// A flag ends the line that should have a value.
    #[error("`-{0}` needs a value: give it as `-{0}=VALUE`")]
    NoValue(String),
    /// A flag has a value that it cannot have.
    #[error("`{value}` is no value for `-{name}`: see `go help testflag`")]
    Value {
        /// The flag.
        name: String,
        /// What it is set to.
        value: String,
    },
    /// The user wants to read about the command, not to run it.
    #[error("`{0}` asks for help instead of running tests: leave it out")]
    Help(String),
    /// `-C` is not where the go tool looks for it.
    #[error("`-C` must be the first flag after `test`: move it there")]
    Folder,
    /// `GOFLAGS` cannot be read.
    #[error("`GOFLAGS` holds `{0}`, which is no flag: see `go env GOFLAGS`")]
    Environment(String),
    /// Something asks for what cannot be done here.
    #[error("`{flag}` {why}: {way_out}")]
    Refused {
        /// What asks for it.
        flag: String,
        /// Why it cannot be.
        why: &'static str,
        /// What to do instead.
        way_out: &'static str,
    },
}

impl GoCommand {
    /// Understands a command line; `None` when it does not run tests of Go packages.
    ///
    /// `goflags` is what `go env GOFLAGS` says, which knows of the environment and of `go env -w`; `variable` are the
    /// variables of the environment.
    pub fn parse(
        words: &[String],
        goflags: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<GoCommand>, CommandError> {
        let Some((program, rest)) = words.split_first() else { return Ok(None) };
        let name = Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = name.strip_suffix(".exe").unwrap_or(name);
        let mut wrapper = Vec::new();
        let (runner, go, rest) = match (name, rest) {
            ("gotestsum", rest) => match gotestsum::read(rest, variable)? {
                Some(read) => {
                    wrapper.push(program.clone());
                    wrapper.extend(read.own);
                    (GoRunner::Gotestsum, "go".to_owned(), read.go_test)
                }
                None => return Ok(None),
            },
            (name, [test, rest @ ..]) if test == "test" && is_go(name) => {
                (GoRunner::Go, program.clone(), rest.to_vec())
            }
            _ => return Ok(None),
        };
        let (folder, rest) = folder(&rest)?;
        let mut command = GoCommand {
            runner,
            wrapper,
            program: go,
            folder,
            flags: Vec::new(),
            inherited: inherited(goflags)?,
            packages: Vec::new(),
            binary: Vec::new(),
        };
        command.read(rest)?;
        Ok(Some(command))
    }

    /// Reads the arguments as `go test` does, which leaves to the test binary what it does not know itself.
    fn read(&mut self, args: &[String]) -> Result<(), CommandError> {
        let mut args = args;
        // Once a flag came that is not known, a word may be its value, and no more packages are looked for.
        let (mut in_packages, mut packages_seen, mut after_unknown) = (false, false, false);
        while let Some((word, mut rest)) = args.split_first() {
            let was_after_unknown = std::mem::take(&mut after_unknown);
            if word == "--" {
                self.binary.extend_from_slice(args);
                break;
            }
            let Some(flag) = flag_of(word) else {
                if packages_seen && !in_packages {
                    if !was_after_unknown {
                        self.binary.extend_from_slice(args);
                        break;
                    }
                    self.binary.push(word.clone());
                } else {
                    (in_packages, packages_seen) = (true, true);
                    self.packages.push(word.clone());
                }
                args = rest;
                continue;
            };
            in_packages = false;
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (flag, None),
            };
            if value.is_none() && matches!(name, "?" | "h" | "help") {
                return Err(CommandError::Help(word.clone()));
            }
            let Some(known) = flags::known(name) else {
                packages_seen = true;
                if word == "-args" || word == "--args" {
                    self.binary.extend_from_slice(rest);
                    break;
                }
                self.binary.push(word.clone());
                after_unknown = value.is_none();
                args = rest;
                continue;
            };
            let value = match value {
                Some(value) => value,
                None if known.boolean => "true".to_owned(),
                None => {
                    let (value, after) =
                        rest.split_first().ok_or_else(|| CommandError::NoValue(name.to_owned()))?;
                    rest = after;
                    value.clone()
                }
            };
            let flag = checked(known, value)?;
            if known.kind == Kind::Test || known.name == "coverprofile" {
                self.binary.push(format!("-test.{}={}", flag.name, flag.value));
            }
            self.flags.push(flag);
            args = rest;
        }
        Ok(())
    }

    /// Returns what a flag is set to: the last time counts, and the command line before `GOFLAGS`.
    pub fn value(&self, name: &str) -> Option<&str> {
        let last = |flags: &[GoFlag]| flags.iter().rposition(|flag| flag.name == name);
        match last(&self.flags) {
            Some(at) => Some(&self.flags[at].value),
            None => last(&self.inherited).map(|at| self.inherited[at].value.as_str()),
        }
    }

    /// Returns the pattern that the test binary is given, `run` or `skip`; none where it says nothing.
    pub fn pattern(&self, name: &str) -> Option<String> {
        let binary: Vec<OsString> = self.binary.iter().map(OsString::from).collect();
        let given = args::value(&binary, &format!("test.{name}"));
        let inherited = || Some(self.inherited.iter().rev().find(|flag| flag.name == name)?.value.clone());
        given.or_else(inherited).filter(|pattern| !pattern.is_empty())
    }

    /// Returns whether a boolean flag is on.
    pub fn is_on(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| boolean(value) == Some(true))
    }

    /// Returns what the user has the go tool put before test binaries.
    pub fn chain(&self) -> Result<Vec<String>, CommandError> {
        let value = self.value("exec").unwrap_or_default();
        quoted::split(value)
            .map_err(|_| CommandError::Value { name: "exec".to_owned(), value: value.to_owned() })
    }

    /// Returns the go tool with a subcommand, and the folder that it is told to change to.
    pub fn head(&self, subcommand: &str) -> Vec<String> {
        let mut head = vec![self.program.clone(), subcommand.to_owned()];
        if let Some(folder) = &self.folder {
            head.push(format!("-C={folder}"));
        }
        head
    }

    /// Returns the packages, the current folder's where none is named.
    pub fn packages_or_here(&self) -> Vec<String> {
        if self.packages.is_empty() { vec![".".to_owned()] } else { self.packages.clone() }
    }
}

impl GoFlag {
    /// Returns the flag as a word.
    pub fn to_word(&self) -> String {
        format!("-{}={}", self.name, self.value)
    }
}

/// The go tool, and the versions of it that Go's own downloads install beside it.
fn is_go(name: &str) -> bool {
    name == "go" || name == "gotip" || name.strip_prefix("go1.").is_some_and(|rest| !rest.is_empty())
}

/// Takes off `-C`, which the go tool obeys before it looks at anything else.
fn folder(args: &[String]) -> Result<(Option<String>, &[String]), CommandError> {
    let Some((first, rest)) = args.split_first() else { return Ok((None, args)) };
    match first.strip_prefix('-').map(|first| first.strip_prefix('-').unwrap_or(first)) {
        Some("C") => match rest.split_first() {
            Some((folder, rest)) => Ok((Some(folder.clone()), rest)),
            None => Err(CommandError::NoValue("C".to_owned())),
        },
        Some(flag) => match flag.strip_prefix("C=") {
            Some(folder) => Ok((Some(folder.to_owned()), rest)),
            None => Ok((None, args)),
        },
        None => Ok((None, args)),
    }
}

/// Returns a flag without its dashes; `None` for what has not the form of a flag.
fn flag_of(word: &str) -> Option<&str> {
    let flag = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    (!flag.is_empty() && !flag.starts_with(['-', '='])).then_some(flag)
}

/// Reads `GOFLAGS`, of which every word is a flag of some command of the go tool.
fn inherited(goflags: &str) -> Result<Vec<GoFlag>, CommandError> {
    let words = quoted::split(goflags).map_err(|_| CommandError::Environment(goflags.to_owned()))?;
    let mut inherited = Vec::new();
    for word in words {
        let flag = flag_of(&word).ok_or_else(|| CommandError::Environment(word.clone()))?;
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (flag, None),
        };
        let Some(known) = flags::known(name) else { continue };
        let value = match value {
            Some(value) => value,
            None if known.boolean => "true".to_owned(),
            None => return Err(CommandError::NoValue(name.to_owned())),
        };
        inherited.push(checked(known, value)?);
    }
    Ok(inherited)
}

/// Returns the flag, if it can have that value.
fn checked(known: Known, value: String) -> Result<GoFlag, CommandError> {
    let right = match known.name {
        // Everywhere else it would be a mistake of the go tool's.
        "C" => return Err(CommandError::Folder),
        "v" => value == "test2json" || boolean(&value).is_some(),
        "buildvcs" => value.is_empty() || value == "auto" || boolean(&value).is_some(),
        _ => !known.boolean || boolean(&value).is_some(),
    };
    if right {
        Ok(GoFlag { name: known.name, value })
    } else {
        Err(CommandError::Value { name: known.name.to_owned(), value })
    }
}

/// Reads a truth value in any of Go's spellings.
pub(super) fn boolean(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
