//! The tests of C and C++ programs, each as a process of its own.
//!
//! [`detect`] tells which framework a binary speaks, one file per framework lists its tests and says how each is run
//! alone, and [`ctest`] reads what CMake's own runner knows of a build folder. [`listing`] runs programs that are
//! asked, and `exact` finds the tests that no filter can name alone.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::run::case::{Case, CommandLine, Verdict};
use crate::run::together::Together;

pub mod catch2;
pub mod ctest;
pub mod detect;
pub mod doctest;
mod exact;
pub mod gtest;
pub mod listing;
pub mod plain;
mod xml;

#[cfg(test)]
pub(crate) mod testing;

pub use detect::Framework;
pub use listing::{ListError, Listing};

/// A program that holds tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    /// What its tests are said to belong to. The same on every machine, so never an absolute path.
    pub suite: Box<str>,
    /// How it is started, without what chooses tests.
    pub command: CommandLine,
}

/// What is wanted of the tests of native programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// What becomes of tests that their framework leaves out.
    pub left_out: LeftOut,
    /// How GoogleTest's death tests start the process that dies.
    pub death_tests: DeathTests,
}

/// What becomes of tests that their framework leaves out: disabled, hidden, ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LeftOut {
    /// They are known, and skipped.
    #[default]
    Skip,
    /// They are run like all others.
    Run,
}

/// How GoogleTest's death tests start the process that dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeathTests {
    /// As the program says, which is by `fork` alone unless it says otherwise. What the dying process executed is
    /// lost unless counters are written to a mapped file as they count, because it never comes to its exit handlers.
    #[default]
    AsBuilt,
    /// By starting the program again for each.
    Threadsafe,
}

/// Lists the tests of a binary.
///
/// A binary of a `framework` that is given must speak it. Without one it is looked at and, where it has the marks of
/// a framework, asked; when it does not answer as that framework does, it is a plain executable: one test, which is
/// coarse, and never loses anything.
pub fn list(
    binary: &Binary,
    framework: Option<Framework>,
    options: Options,
    listing: &Listing,
) -> Result<Vec<Case>, ListError> {
    if let Some(framework) = framework {
        return list_as(framework, binary, options, listing);
    }
    let program = &binary.command.program;
    let candidates =
        detect::candidates(program).map_err(|source| ListError::Io { program: program.clone(), source })?;
    for framework in candidates {
        match list_as(framework, binary, options, listing) {
            Ok(cases) => return Ok(cases),
            Err(error @ ListError::Start { .. }) => return Err(error),
            Err(error) => tracing::warn!(%framework, %error, "not listed; the binary is run as one test"),
        }
    }
    Ok(vec![plain::case(binary)])
}

fn list_as(
    framework: Framework,
    binary: &Binary,
    options: Options,
    listing: &Listing,
) -> Result<Vec<Case>, ListError> {
    match framework {
        Framework::GoogleTest => gtest::list(binary, options, listing),
        Framework::Catch2 => catch2::list(binary, options, listing),
        Framework::Doctest => doctest::list(binary, options, listing),
        Framework::Plain => Ok(vec![plain::case(binary)]),
    }
}

/// Returns several tests of a program in one process, which may be all that it does not leave out; `None` where its
/// framework never runs several.
pub fn together(cases: &[&Case], all: Option<LeftOut>) -> Option<Together> {
    gtest::together(cases, all)
        .or_else(|| catch2::together(cases, all))
        .or_else(|| doctest::together(cases, all))
}

impl Binary {
    /// Returns the test called `name` that runs when the program gets `args` after its own.
    pub(crate) fn case(&self, name: &str, args: Vec<OsString>, verdict: Verdict) -> Case {
        let mut command = self.command.clone();
        command.args.extend(args);
        Case {
            suite: self.suite.clone(),
            name: name.into(),
            command,
            verdict,
            skipped: false,
            timeout: None,
            locks: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
        }
    }

    pub(crate) fn not_a_list(&self, option: &'static str, reason: impl Into<String>) -> ListError {
        ListError::NotAList { program: self.command.program.clone(), option, reason: reason.into() }
    }
}

/// Adds that these variables, which would change what a framework does, are not set, unless the command sets them.
fn unset(env: &mut BTreeMap<OsString, Option<OsString>>, names: &[&str]) {
    for name in names {
        env.entry(OsString::from(name)).or_insert(None);
    }
}
