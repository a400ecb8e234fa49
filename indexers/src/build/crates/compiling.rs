//! Which tests may have code compiled as they run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use skiptrace_engine::path::RepoPath;

use super::Crates;
use super::locate::notes_of;
use crate::build::compiled::Compiled;
use crate::units::words_of_rust;

/// Packages whose tests compile code as they run: what decides their results is source text, executed or not.
const COMPILING: &[&str] =
    &["trybuild", "compiletest_rs", "ui_test", "macrotest", "compile-fail", "tryexpand", "goldentests"];

impl Crates<'_> {
    /// Returns whether what runs in the binary at `path` may have code compiled.
    ///
    /// A package that does is given to every test binary of whoever asks for it, the unit tests of the library too. Of the
    /// repository's own crates only those count that name it; of others nobody looks.
    pub fn compiles(&mut self, path: &Path) -> bool {
        let mut todo: Vec<PathBuf> = notes_of(path);
        let mut done: BTreeSet<PathBuf> = BTreeSet::new();
        while let Some(note) = todo.pop() {
            if !done.insert(note.clone()) {
                continue;
            }
            let linked = self.part(&note).linked.clone();
            for linked in linked {
                match self.part(&linked).own.packages.iter().find_map(|package| compiling(&package.name)) {
                    Some(name) if self.may_name(&note, name) => return true,
                    Some(_) => {}
                    None => todo.push(linked),
                }
            }
        }
        false
    }

    /// Returns whether a crate may name a package that it is given.
    fn may_name(&mut self, note: &Path, package: &str) -> bool {
        let (is_made, own) = {
            let part = self.part(note);
            (!part.scripts.is_empty(), part.own.clone())
        };
        // What a build script writes is no file of the repository.
        let is_told =
            !own.manifests.is_empty() && !own.files.is_empty() && own.unknown.is_empty() && !is_made;
        let read = |path: &RepoPath| fs::read_to_string(self.repository.join(path.as_str())).ok();
        let named = package.replace('-', "_");
        let names = |file: &RepoPath| {
            read(file).is_none_or(|text| match file.as_str().ends_with(".rs") {
                true => words_of_rust(&text).is_none_or(|mut words| words.any(|word| word == named)),
                // It may be code all the same.
                false => text.contains(&named),
            })
        };
        // Under which other name it is given, its manifest says, or the workspace's.
        let renames = |text: String| {
            let bare: String =
                text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\'')).collect();
            bare.contains(&format!("package={package}"))
        };
        let Compiled { files, manifests, workspaces, .. } = &own;
        !is_told
            || files.iter().any(names)
            || manifests.keys().chain(workspaces).any(|manifest| read(manifest).is_none_or(renames))
    }
}

fn compiling(package: &str) -> Option<&'static str> {
    COMPILING.iter().find(|name| **name == package).copied()
}
