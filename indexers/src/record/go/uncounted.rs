//! What tests depend on that is not Go, or that only tells what the go tool builds.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use skiptrace_engine::path::RepoPath;

use crate::build::go::compiled::TestBinary;
use crate::build::go::modules::Modules;
use crate::record::fold::{Chosen, FilePart};
use crate::units::go_facts::go_facts;
use crate::units::{Language, cut, go_mod};

/// Returns those of some Go files that hold C as well, which no counter is in.
pub(super) fn c_files(repository: &Path, paths: &BTreeSet<RepoPath>) -> Vec<RepoPath> {
    let holds_c = |path: &&RepoPath| {
        let Ok(source) = std::fs::read(repository.join(path.as_str())) else { return true };
        // Most files do not even name it.
        memchr::memmem::find(&source, b"\"C\"").is_some()
            && go_facts(&source).is_none_or(|facts| facts.imports_c)
    };
    paths.iter().filter(holds_c).cloned().collect()
}

/// Returns what of a file that build constraints leave out says that they do.
pub(super) fn header(repository: &Path, path: &RepoPath) -> FilePart {
    let source = std::fs::read(repository.join(path.as_str())).unwrap_or_default();
    let units = match go_facts(&source) {
        Some(facts) => {
            let clause = format!("package {}", facts.package);
            Chosen::Named(Arc::new(BTreeSet::from([clause.into_boxed_str()])))
        }
        None => Chosen::All,
    };
    FilePart { path: path.clone(), units }
}

/// Returns what of the files about modules a binary depends on: what concerns all of them, and the lines of those that
/// it links.
pub(super) fn of_modules(repository: &Path, modules: &Modules, binary: &TestBinary) -> Vec<FilePart> {
    let mut linked: BTreeSet<&str> = BTreeSet::new();
    for module in &binary.modules {
        linked.insert(&module.path);
        linked.extend(module.replacement.iter().map(|(path, _)| &**path));
    }
    let mut parts = Vec::new();
    for path in modules.files.union(&binary.module_files) {
        let source = match std::fs::read(repository.join(path.as_str())) {
            Ok(source) => source,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            // One that nobody can read may say anything.
            Err(_) => {
                parts.push(FilePart::whole(path.clone()));
                continue;
            }
        };
        // What a workspace says concerns all that is in it.
        if modules.unpinned.is_some() || [".work", ".work.sum"].iter().any(|end| path.as_str().ends_with(end))
        {
            parts.push(FilePart::whole(path.clone()));
            continue;
        }
        let concerns = |name: &str| match go_mod::module_of(name) {
            Some(module) => linked.contains(module),
            None => name != "retract",
        };
        let units = cut(Language::of(path), &source);
        let names: BTreeSet<Box<str>> =
            units.into_iter().map(|unit| unit.name).filter(|name| concerns(name)).collect();
        if !names.is_empty() {
            parts.push(FilePart { path: path.clone(), units: Chosen::Named(Arc::new(names)) });
        }
    }
    parts
}
