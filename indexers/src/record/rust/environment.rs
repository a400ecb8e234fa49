//! The conditions that a recording of cargo's tests holds for.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use skiptrace_engine::recording::EnvironmentKey;

use super::Request;
use super::plan::Plan;
use crate::build::compiled::Compiled;
use crate::build::environment::{self, Machine, Placeholder, RustBuild};
use crate::build::lockfile::Lockfile;

/// Returns the conditions. Nothing in them is of one machine alone: equal builds elsewhere have equal ones.
pub(super) fn of(plan: &Plan, request: &Request<'_>, compiled: &Compiled) -> EnvironmentKey {
    let lockfile = fs::read(&plan.known.lockfile.0).ok().and_then(|bytes| Lockfile::parse(&bytes).ok());
    let mut key = environment::rust(&RustBuild {
        rustc: &plan.compiler,
        cargo: &plan.cargo,
        target: Some(&plan.target),
        profile: request.command.profile(),
        compiled,
        lockfile: lockfile.as_ref(),
        machine: Machine::current(),
        placeholders: &placeholders(plan, request),
    });
    key.parts.insert("instrumented".to_owned(), format!("{:?}", request.instrument).to_lowercase());
    key
}

/// Returns the folders that differ from machine to machine, by each of their names.
fn placeholders(plan: &Plan, request: &Request<'_>) -> Vec<Placeholder> {
    let home = request.variables.get(OsStr::new("HOME")).map(PathBuf::from);
    let folders = [
        ("<target>", Some(&plan.target_dir)),
        ("<repository>", Some(&request.repository)),
        ("<cargo home>", plan.roots.cargo_home.as_ref()),
        ("<home>", home.as_ref()),
    ];
    let mut placeholders = Vec::new();
    for (name, folder) in folders {
        let Some(folder) = folder else { continue };
        let names = [Some(folder.clone()), folder.canonicalize().ok()];
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
