//! Which tests cargo has built, asked for once they are built.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use super::cargo::CargoCommand;
use super::cargo_test::{self, CargoError, Variables};
use super::case::CommandLine;
use super::libtest;
use super::native::{Binary, LeftOut, ListError, Listing};
use super::scratch::Scratch;

/// How long a test binary may take to list its tests.
const LISTING: Duration = Duration::from_secs(60);
/// How much a test binary may print while it lists them.
const LIST_BYTES: usize = 64 << 20;

/// The tests that there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listed {
    /// Suites and names.
    pub tests: BTreeSet<(String, String)>,
    /// Suites that have a harness of their own, which does not say what its tests are called.
    pub silent: BTreeSet<String>,
}

/// Why tests cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum CargoListError {
    /// They cannot be built.
    #[error(transparent)]
    Cargo(#[from] CargoError),
    /// A binary cannot be started.
    #[error(transparent)]
    List(#[from] ListError),
    /// A folder of ours cannot be made.
    #[error("cannot make a folder for what tests leave")]
    Scratch(#[source] std::io::Error),
}

/// Builds the tests as the user's command does, and asks each binary for its tests, ignored ones as well.
pub fn list(cargo: &CargoCommand, cwd: &Path, variables: &Variables) -> Result<Listed, CargoListError> {
    let built = cargo_test::build(cargo, cwd, variables)?;
    let scratch = Scratch::new(None).map_err(CargoListError::Scratch)?;
    let listing = Listing { scratch: scratch.path().to_owned(), timeout: LISTING, max_output: LIST_BYTES };
    let mut listed = Listed::default();
    for built in built {
        let command = CommandLine {
            program: built.executable.clone(),
            args: Vec::new(),
            cwd: cwd.to_owned(),
            env: BTreeMap::new(),
        };
        let binary = Binary { suite: built.suite.as_str().into(), command };
        let cases = libtest::list(&binary, LeftOut::Run, &listing)?;
        match cases.as_slice() {
            // That is how a binary is named which did not answer.
            [case] if case.name == case.suite => drop(listed.silent.insert(built.suite)),
            cases => {
                listed.tests.extend(cases.iter().map(|case| (built.suite.clone(), case.name.to_string())));
            }
        }
    }
    Ok(listed)
}
