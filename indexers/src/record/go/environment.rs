//! The conditions that a recording of Go's tests holds for.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::PathBuf;

use skiptrace_engine::recording::EnvironmentKey;

use super::Request;
use super::plan::Plan;
use crate::build::environment::{Machine, Placeholder};
use crate::build::go::environment::{GoBuild, go};

/// Returns the conditions. Nothing in them is of one machine alone: equal builds elsewhere have equal ones.
pub(super) fn of(request: &Request<'_>, plan: &Plan) -> EnvironmentKey {
    let uses_cgo = plan.graph.uses_cgo();
    let compilers = match uses_cgo {
        true => plan.environment.compilers(&plan.tool, request.watch),
        false => Vec::new(),
    };
    let mut key = go(&GoBuild {
        environment: &plan.environment,
        flags: &plan.flags,
        cover_mode: plan.command.mode.name(),
        uses_cgo,
        compilers: &compilers,
        vendored: plan.modules.vendor.is_some(),
        variables: BTreeMap::new(),
        machine: Machine::current(),
        placeholders: &placeholders(request, plan),
    });
    // What the tests are told on the command line, besides which of them run.
    if !plan.command.binary.is_empty() {
        key.parts.insert("test arguments".to_owned(), plan.command.binary.join(" "));
    }
    let skip =
        plan.command.filters.iter().find(|filter| filter.starts_with("-test.skip=") && filter.contains('/'));
    if let Some(skip) = skip {
        key.parts.insert("skipped subtests".to_owned(), skip.clone());
    }
    key
}

/// Returns the folders that differ from machine to machine, by each of their names.
fn placeholders(request: &Request<'_>, plan: &Plan) -> Vec<Placeholder> {
    let home = request.variables.get(OsStr::new("HOME")).map(PathBuf::from);
    let of_go = |name| plan.environment.get(name).map(PathBuf::from);
    let folders = [
        ("<repository>", Some(request.repository.clone())),
        ("<module cache>", of_go("GOMODCACHE")),
        ("<goroot>", of_go("GOROOT")),
        ("<home>", home),
    ];
    let mut placeholders = Vec::new();
    for (name, folder) in folders {
        let Some(folder) = folder else { continue };
        let mut names: Vec<PathBuf> = folder.canonicalize().into_iter().chain([folder]).collect();
        names.dedup();
        placeholders.extend(names.into_iter().filter_map(|folder| {
            Some(Placeholder { folder: folder.to_str()?.to_owned(), name: name.to_owned() })
        }));
    }
    placeholders
}
