//! What has to be known of built tests before a runner is told which of them to run.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{CtestCommand, Found, LIST_BYTES, LISTING, NativeCommand, NativeError, suite_in};
use crate::run::native::ctest::{self, Build, WholeBinaries};
use crate::run::native::{DeathTests, LeftOut, Listing, Options};
use crate::run::scratch::Scratch;

/// Asks CTest for its tests, as they are recorded.
pub fn of_ctest(
    command: &CtestCommand,
    cwd: &Path,
    variables: &BTreeMap<OsString, OsString>,
    repository: &Path,
) -> Result<ctest::Found, NativeError> {
    let scratch = Scratch::new(None).map_err(NativeError::Scratch)?;
    let listing = Listing { scratch: scratch.path().to_owned(), timeout: LISTING, max_output: LIST_BYTES };
    let build = build(command, cwd, variables, repository);
    let options = Options { left_out: LeftOut::Skip, death_tests: DeathTests::AsBuilt };
    Ok(ctest::list(&build, options, &listing)?)
}

/// Returns what CTest is asked about.
pub(super) fn build(
    command: &CtestCommand,
    cwd: &Path,
    variables: &BTreeMap<OsString, OsString>,
    repository: &Path,
) -> Build {
    Build {
        folder: cwd.join(command.folder.as_deref().unwrap_or(Path::new(""))),
        source: Some(repository.to_owned()),
        ctest: command.program.clone(),
        config: command.config.clone(),
        inherited: variables.clone(),
        filters: command.filters.clone(),
        whole_binaries: WholeBinaries::Expand,
    }
}

/// Returns what each of some test programs is called in recordings.
pub fn suites(programs: &[PathBuf], cwd: &Path, repository: &Path) -> Result<Vec<String>, NativeError> {
    let found = Found::look(&NativeCommand::Programs(programs.to_vec()), cwd)?;
    Ok(found.programs.iter().map(|program| suite_in(&found.builds, repository, program)).collect())
}
