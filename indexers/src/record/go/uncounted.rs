//! What tests depend on without a counter that would tell: their own code, and what is not Go.
//!
//! The go tool counts in no test file. So a test depends on all that is in the test files of its package, but for the
//! other tests there, unless something names them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::path::RepoPath;

use crate::build::go::compiled::TestBinary;
use crate::build::go::modules::Modules;
use crate::record::fold::{Chosen, FilePart};
use crate::units::go_facts::{GoTestKind, acts_after_tests, go_facts};
use crate::units::{Language, cut, go_mod};

/// The test files of one package.
#[derive(Debug, Default)]
pub(super) struct TestFiles {
    files: Vec<TestFile>,
    /// The tests that nothing else in the test files names.
    apart: BTreeSet<Box<str>>,
    /// Whether something may run after the tests, when their counters have been written.
    pub(super) act_late: bool,
}

#[derive(Debug)]
struct TestFile {
    path: RepoPath,
    tests: BTreeSet<Box<str>>,
}

impl TestFiles {
    /// Reads the test files of a package.
    pub(super) fn read<'p>(repository: &Path, paths: impl IntoIterator<Item = &'p RepoPath>) -> TestFiles {
        let mut files = Vec::new();
        let mut act_late = false;
        let mut mentions: BTreeMap<Identifier, usize> = BTreeMap::new();
        for path in paths {
            // What cannot be read has no test that is known, so that every test depends on all of it.
            let source = std::fs::read(repository.join(path.as_str())).unwrap_or_default();
            act_late |= acts_after_tests(&source);
            let tests = go_facts(&source).map(|facts| facts.tests).unwrap_or_default();
            let tests = tests.into_iter().filter(|test| test.kind != GoTestKind::Main);
            let tests = tests.map(|test| test.name.into_boxed_str()).collect();
            for unit in cut(Language::of(path), &source) {
                let mut names: Vec<Identifier> = unit.identifiers.to_vec();
                names.sort_unstable();
                names.dedup();
                for name in names {
                    *mentions.entry(name).or_default() += 1;
                }
            }
            files.push(TestFile { path: path.clone(), tests });
        }
        // A function names itself.
        let is_apart = |name: &str| mentions.get(&Identifier::of(name)).is_none_or(|count| *count <= 1);
        let apart =
            files.iter().flat_map(|file| &file.tests).filter(|name| is_apart(name)).cloned().collect();
        TestFiles { files, apart, act_late }
    }

    /// Returns what a test depends on.
    pub(super) fn parts(&self, test: &str) -> impl Iterator<Item = FilePart> {
        // A subtest is part of its test.
        let own = test.split('/').next().unwrap_or(test);
        self.files.iter().map(move |file| {
            let others: BTreeSet<Box<str>> = file
                .tests
                .iter()
                .filter(|name| &***name != own && self.apart.contains(*name))
                .cloned()
                .collect();
            FilePart { path: file.path.clone(), units: Chosen::Except(Arc::new(others)) }
        })
    }

    /// Returns what all tests together depend on.
    pub(super) fn all_parts(&self) -> impl Iterator<Item = FilePart> {
        self.files.iter().map(|file| FilePart::whole(file.path.clone()))
    }

    /// Returns the names of all tests, as they are in the sources.
    pub(super) fn tests(&self) -> impl Iterator<Item = &str> {
        self.files.iter().flat_map(|file| &file.tests).map(|name| &**name)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_depends_on_all_but_the_other_tests() {
        let folder = tempfile::tempdir().unwrap();
        let source = r#"package p

import "testing"

func help(t *testing.T) { TestNamed(t) }
func TestOne(t *testing.T)   { help(t) }
func TestTwo(t *testing.T)   {}
func TestNamed(t *testing.T) {}
func TestMain(m *testing.M)  { m.Run() }
"#;
        std::fs::write(folder.path().join("p_test.go"), source).unwrap();
        let path = RepoPath::new("p_test.go").unwrap();
        let files = TestFiles::read(folder.path(), [&path]);
        let without = |test: &str| match &files.parts(test).next().unwrap().units {
            Chosen::Except(names) => names.iter().map(ToString::to_string).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        // Something names the third, so that any test may run it.
        assert_eq!(without("TestOne"), ["TestTwo"]);
        assert_eq!(without("TestTwo/sub"), ["TestOne"]);
        assert_eq!(without("TestNamed"), ["TestOne", "TestTwo"]);
        assert_eq!(without("TestNew"), ["TestOne", "TestTwo"]);
    }
}
