//! What a test depends on in the test files of its package, in which the go tool counts nothing.
//!
//! Nothing but test files can name what is in test files. So a test can only get at a function there through names: those
//! in its own function, in what runs before every test, and in whatever these name, by however many steps. A method is
//! got at through its type, whoever calls it then and by whatever name. What is set by code that runs before the first test
//! counts for every test, and so does all that has no name.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::unit::{Unit, UnitKind};

use crate::record::fold::{Chosen, FilePart};
use crate::units::go_facts::{GoTestKind, acts_after_tests, go_facts};
use crate::units::{Language, cut};

/// The test files of one package.
#[derive(Debug, Default)]
pub(super) struct TestFiles {
    paths: Vec<RepoPath>,
    declarations: Vec<Declaration>,
    /// The tests, as they are in the sources, with their numbers among the declarations: the package and the one that
    /// tests it from outside may each have one of a name, and both run then.
    tests: BTreeMap<Box<str>, Vec<usize>>,
    /// Whether it is known what all files declare.
    is_known: bool,
    /// Whether something may run after the tests, when their counters have been written.
    pub(super) act_late: bool,
}

/// Something that a test file declares.
#[derive(Debug)]
struct Declaration {
    /// The file's number.
    file: usize,
    unit: Box<str>,
    /// What has to be named for this to be got at, one of them; if there is nothing, every test has it.
    handles: Vec<Identifier>,
    /// The declarations that it names.
    names: Vec<usize>,
}

impl TestFiles {
    /// Reads the test files of a package.
    pub(super) fn read<'p>(repository: &Path, paths: impl IntoIterator<Item = &'p RepoPath>) -> TestFiles {
        let mut this = TestFiles { is_known: true, ..TestFiles::default() };
        let mut mentioned: Vec<Vec<Identifier>> = Vec::new();
        for (file, path) in paths.into_iter().enumerate() {
            this.paths.push(path.clone());
            let source = std::fs::read(repository.join(path.as_str()));
            let facts = source.as_ref().ok().and_then(|source| go_facts(source));
            this.is_known &= facts.is_some();
            let source = source.unwrap_or_default();
            this.act_late |= acts_after_tests(&source);
            let first = this.declarations.len();
            for unit in cut(Language::of(path), &source) {
                this.declarations.push(Declaration {
                    file,
                    handles: handles(&unit),
                    unit: unit.name,
                    names: Vec::new(),
                });
                mentioned.push(unit.identifiers);
            }
            for test in facts.into_iter().flat_map(|facts| facts.tests) {
                match test.kind {
                    GoTestKind::Main => this.declarations[first + test.unit].handles.clear(),
                    _ => this.tests.entry(test.name.into_boxed_str()).or_default().push(first + test.unit),
                }
            }
        }
        let mut by_handle: HashMap<Identifier, Vec<usize>> = HashMap::new();
        for (number, declaration) in this.declarations.iter().enumerate() {
            for handle in &declaration.handles {
                by_handle.entry(*handle).or_default().push(number);
            }
        }
        for (declaration, mentioned) in this.declarations.iter_mut().zip(mentioned) {
            let named = mentioned.iter().filter_map(|name| by_handle.get(name)).flatten();
            declaration.names = named.copied().collect();
        }
        this
    }

    /// Returns what a test depends on.
    pub(super) fn parts(&self, test: &str) -> impl Iterator<Item = FilePart> {
        // A subtest is part of its test.
        let own = test.split('/').next().unwrap_or(test);
        let mut others: Vec<BTreeSet<Box<str>>> = vec![BTreeSet::new(); self.paths.len()];
        if let Some(own) = self.tests.get(own).filter(|_| self.is_known) {
            let reached = self.reached(own);
            let unreached = self.declarations.iter().enumerate().filter(|(at, _)| !reached.contains(at));
            for (_, Declaration { file, unit, .. }) in unreached {
                others[*file].insert(unit.clone());
            }
        }
        let parts = self.paths.iter().zip(others);
        parts.map(|(path, others)| FilePart { path: path.clone(), units: Chosen::Except(Arc::new(others)) })
    }

    /// Returns what a test gets at.
    fn reached(&self, test: &[usize]) -> BTreeSet<usize> {
        let of_all = self.declarations.iter().enumerate().filter(|(_, of)| of.handles.is_empty());
        let mut open: Vec<usize> = of_all.map(|(at, _)| at).chain(test.iter().copied()).collect();
        let mut reached: BTreeSet<usize> = open.iter().copied().collect();
        while let Some(at) = open.pop() {
            open.extend(self.declarations[at].names.iter().copied().filter(|named| reached.insert(*named)));
        }
        reached
    }

    /// Returns what all tests together depend on.
    pub(super) fn all_parts(&self) -> impl Iterator<Item = FilePart> {
        self.paths.iter().cloned().map(FilePart::whole)
    }

    /// Returns the names of all tests, as they are in the sources.
    pub(super) fn tests(&self) -> impl Iterator<Item = &str> {
        self.tests.keys().map(|name| &**name)
    }
}

/// Returns what has to be named for a declaration to be got at: of a function its name, of a method and a type that of
/// the type, of consts and variables theirs. What others know by another name (`//go:linkname`) is got at by everybody,
/// and what runs code before the tests is.
fn handles(unit: &Unit) -> Vec<Identifier> {
    let name = unit.name.split('#').next().unwrap_or_default();
    let declared = match unit.kind {
        UnitKind::Function => {
            let owner = name.rsplit_once('.').map_or(name, |(receiver, _)| receiver);
            owner.strip_prefix("(*").and_then(|owner| owner.strip_suffix(')')).unwrap_or(owner)
        }
        UnitKind::Item => match name.split_once(' ') {
            Some(("type" | "const" | "var", declared)) => declared,
            _ => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    let is_word = |name: &str| !name.is_empty() && name.chars().all(|c| c == '_' || c.is_alphanumeric());
    match declared.split(", ").all(|name| is_word(name) && name != "_") {
        true => declared.split(", ").map(Identifier::of).collect(),
        false => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what a test does not depend on of a file.
    fn without(source: &str, test: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("p_test.go"), source).unwrap();
        let path = RepoPath::new("p_test.go").unwrap();
        let files = TestFiles::read(folder.path(), [&path]);
        let parts: Vec<FilePart> = files.parts(test).collect();
        match &parts[0].units {
            Chosen::Except(names) => names.iter().map(ToString::to_string).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_test_depends_on_what_it_gets_at_by_names() {
        let source = r#"package p

import "testing"

type shape struct{}

func (shape) area() int     { return size() }
func (s *shape) edges() int { return 4 }

type square = shape

func size() int               { return 2 }
func help(t *testing.T)       { TestNamed(t) }
func TestOne(t *testing.T)    { help(t) }
func TestTwo(t *testing.T)    { _ = square{} }
func TestNamed(t *testing.T)  {}
func TestMain(m *testing.M)   { start(); m.Run() }
func start()                  {}
"#;
        let shapes = ["(*shape).edges", "TestTwo", "shape.area", "size", "type shape", "type square"];
        assert_eq!(without(source, "TestOne"), shapes);
        assert_eq!(without(source, "TestTwo/sub"), ["TestNamed", "TestOne", "help"]);
        assert_eq!(
            without(source, "TestNamed"),
            [
                "(*shape).edges",
                "TestOne",
                "TestTwo",
                "help",
                "shape.area",
                "size",
                "type shape",
                "type square"
            ]
        );
        // One that is not there may be anything.
        assert_eq!(without(source, "TestNew"), [""; 0]);
    }

    #[test]
    fn what_runs_before_the_tests_is_everybodys() {
        let source = r#"package p

import "testing"

var table = []func() int{one}

func init() { register(kind{}) }

type kind struct{}

func (kind) Do()           {}
func register(any)         {}
func one() int             { return 1 }
func two() int             { return 2 }

var started, _ = two(), 1

const golden, other = "a", "b"

func TestOne(t *testing.T)  {}
func TestTwo(t *testing.T)  { _ = other }
func TestFour(t *testing.T) { _ = table }
"#;
        let all = ["TestFour", "TestOne", "TestTwo", "const golden, other", "one", "var table"];
        let but = |own: &[&str]| all.iter().filter(|name| !own.contains(name)).copied().collect::<Vec<_>>();
        assert_eq!(without(source, "TestOne"), but(&["TestOne"]));
        assert_eq!(without(source, "TestTwo"), but(&["TestTwo", "const golden, other"]));
        assert_eq!(without(source, "TestFour"), but(&["TestFour", "one", "var table"]));
    }

    #[test]
    fn a_file_that_does_not_read_like_go_leaves_nothing_out() {
        let source = "package p\n\nfunc TestOne(t *testing.T) {}\nfunc TestTwo(t *testing.T) {}\n}\n";
        assert_eq!(without(source, "TestOne"), [""; 0]);
    }
}
