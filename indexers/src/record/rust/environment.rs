//! The conditions that a recording of cargo's tests holds for.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use skiptrace_engine::recording::EnvironmentKey;

use super::Request;
use super::conditions::{FEATURES_OF, Given, build_variables};
use super::plan::Plan;
use crate::build::compiled::Compiled;
use crate::build::environment::{self, Machine, Placeholder, RustBuild};
use crate::build::lockfile::Lockfile;

/// Returns the conditions. Nothing in them is of one machine alone: equal builds elsewhere have equal ones.
pub(super) fn of(plan: &Plan, request: &Request<'_>, compiled: &Compiled) -> EnvironmentKey {
    let lockfile = fs::read(&plan.known.lockfile.0).ok().and_then(|bytes| Lockfile::parse(&bytes).ok());
    let placeholders = placeholders(&Folders {
        target: Some(&plan.target_dir),
        repository: &request.repository,
        cargo_home: plan.roots.cargo_home.as_deref(),
        variables: &request.variables,
    });
    let mut key = environment::rust(&RustBuild {
        rustc: &plan.compiler,
        cargo: &plan.cargo,
        target: Some(&plan.target),
        profile: request.command.profile(),
        compiled,
        lockfile: lockfile.as_ref(),
        machine: Machine::current(),
        placeholders: &placeholders,
    });
    let given = Given {
        command: Some(&request.command),
        cwd: &request.cwd,
        repository: &request.repository,
        cargo_home: plan.roots.cargo_home.as_deref(),
        lockfile: Some(&plan.known.lockfile.0),
    };
    key.parts.extend(given.parts());
    let set = build_variables(&request.variables);
    let set = set.map(|(name, value)| (name.into(), Some(value.into()))).collect();
    for (part, value) in environment::variables(&set, &placeholders) {
        // What the code was seen to read is what it was.
        key.parts.entry(part).or_insert(value);
    }
    for (package, features) in compiled.features() {
        let features = Vec::from_iter(features).join(",");
        let features = if features.is_empty() { "(none)".to_owned() } else { features };
        key.parts.insert(format!("{FEATURES_OF}{package}"), features);
    }
    key.parts.insert("instrumented".to_owned(), format!("{:?}", request.instrument).to_lowercase());
    key
}

/// Folders that differ from machine to machine.
pub(super) struct Folders<'a> {
    pub(super) target: Option<&'a Path>,
    pub(super) repository: &'a Path,
    pub(super) cargo_home: Option<&'a Path>,
    pub(super) variables: &'a BTreeMap<OsString, OsString>,
}

/// Returns folders that differ from machine to machine, by each of their names.
pub(super) fn placeholders(folders: &Folders<'_>) -> Vec<Placeholder> {
    let home = folders.variables.get(OsStr::new("HOME")).map(Path::new);
    let folders = [
        ("<target>", folders.target),
        ("<repository>", Some(folders.repository)),
        ("<cargo home>", folders.cargo_home),
        ("<home>", home),
    ];
    let mut placeholders = Vec::new();
    for (name, folder) in folders {
        let Some(folder) = folder else { continue };
        let names = [Some(folder.to_owned()), folder.canonicalize().ok()];
        let mut names: Vec<&str> =
            names.iter().flatten().filter_map(|path: &PathBuf| path.to_str()).collect();
        names.dedup();
        placeholders.extend(
            names.into_iter().map(|folder| Placeholder { folder: folder.to_owned(), name: name.to_owned() }),
        );
    }
    placeholders
}

#[cfg(all(test, unix))]
mod tests;
