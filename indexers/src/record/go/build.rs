//! Has the go tool build the tests, and keeps what it would have run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use super::plan::Plan;
use super::{GoRecordError, Request};
use crate::record::outcome::Missing;
use crate::record::progress::Event;
use crate::run::case::CommandLine;
use crate::run::go::kept::{self, Kept};
use crate::run::go::shim::{self, Mode};
use crate::run::process;

/// What the go tool built.
pub(super) struct Built {
    /// The test binaries, by suite.
    pub(super) kept: Vec<(Box<str>, Kept)>,
    /// The tests of packages that could not be built.
    pub(super) missing: Vec<Missing>,
}

/// Builds the tests of the packages that are not in `without`.
pub(super) fn build(
    request: &Request<'_>,
    plan: &Plan,
    without: &BTreeSet<Box<str>>,
) -> Result<Built, GoRecordError> {
    let suites: BTreeMap<&PathBuf, &Box<str>> =
        plan.suites.iter().filter(|(_, suite)| !without.contains(*suite)).collect();
    if suites.is_empty() {
        return Ok(Built { kept: Vec::new(), missing: Vec::new() });
    }
    let folder = plan.scratch.path().join("binaries");
    let names = plan.scratch.path().join("bin");
    let output = plan.scratch.path().join("building");
    for folder in [&folder, &names, &output] {
        fs::create_dir(folder).map_err(GoRecordError::Scratch)?;
    }
    let link = shim::link(&request.program, &names).map_err(GoRecordError::Scratch)?;
    let link = link.to_str().ok_or_else(|| GoRecordError::Path(link.clone()))?.to_owned();
    let mut command = plan.command.clone();
    if !without.is_empty() {
        command.packages = suites.values().map(|suite| suite.to_string()).collect();
    }
    let measured: Vec<String> = plan.patterns.argument().into_iter().collect();
    let words = command.go_test(&link, &measured).ok_or_else(|| GoRecordError::Path(link.clone().into()))?;
    let of_shim = shim::Plan { mode: Mode::Keep(folder.clone()), chain: plan.command.chain.clone() };
    let of_shim = of_shim.to_text().map_err(GoRecordError::Scratch)?;
    let line = CommandLine {
        program: plan.tool.program.clone(),
        args: words.into_iter().skip(1).map(Into::into).collect(),
        // `-C` is among its arguments.
        cwd: request.cwd.clone(),
        env: BTreeMap::from([(shim::PLAN.into(), Some(of_shim.into()))]),
    };
    let finished = process::run(&line, &[], &output, None, request.watch)?;
    let said = |path: &PathBuf| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
    let mut kept = Vec::new();
    for one in kept::read(&folder, &request.variables)? {
        let place = one.cwd.canonicalize().unwrap_or_else(|_| one.cwd.clone());
        if let Some(suite) = plan.suites.get(&place) {
            kept.push((suite.clone(), one));
        }
    }
    kept.sort_by(|a, b| a.0.cmp(&b.0));
    let errors = said(&finished.stderr);
    if !finished.status.success() && !request.watch.is_interrupted() {
        if kept.is_empty() {
            let said = format!("{errors}{}", said(&finished.stdout));
            return Err(GoRecordError::Build { said: said.trim_end().to_owned() });
        }
        (request.listener)(Event::Warning(format!(
            "not every package could be built:\n{}",
            errors.trim_end()
        )));
    }
    let there: BTreeSet<&Box<str>> = kept.iter().map(|(suite, _)| suite).collect();
    let why = match request.watch.is_interrupted() {
        true => "the recording was interrupted",
        false => "its package could not be built",
    };
    let missing = suites
        .values()
        .filter(|suite| !there.contains(**suite))
        .map(|suite| Missing { suite: (**suite).clone(), name: "(all tests)".into(), why: why.to_owned() })
        .collect();
    Ok(Built { kept, missing })
}
