//! What each test executable was compiled from.
//!
//! Every crate of a build is a node: a library, a procedural macro, a build script, a program, a test executable, a
//! library's documentation tests. Its own files are in the dep-info that rustc left beside it; the rest are those
//! of the crates it can reach. Cargo does not say which build of a package a crate was linked with (two versions of
//! its features, host and target), so all of them count.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cargo_metadata::{DependencyKind, Metadata, Package, PackageId};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, Reversed};
use skiptrace_engine::path::RepoPath;

use self::inputs::{Inputs, PackageName, Problem};
use self::read::Reader;
use super::messages::Built;
use super::suite::{self, SuiteKind};
use crate::build::paths::Normalizer;

pub mod inputs;
mod locate;
mod read;

pub(crate) use self::read::is_set_by_cargo;

/// The crates of a build, and what each was compiled from.
#[derive(Debug)]
pub struct Compilations {
    /// An edge leads from a crate to one that it is made of.
    graph: DiGraph<Crate, ()>,
    suites: BTreeMap<Box<str>, NodeIndex>,
    doc_tests: BTreeMap<PackageId, NodeIndex>,
}

/// One crate, and what it alone was compiled from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crate {
    /// Its package.
    pub package: PackageName,
    /// Its target's name.
    pub target: Box<str>,
    /// What it is.
    pub kind: CrateKind,
    /// What it alone was compiled from.
    pub inputs: Inputs,
}

/// What a crate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CrateKind {
    /// A library.
    Library,
    /// A procedural macro.
    ProcMacro,
    /// A build script; what it wrote counts as its own.
    BuildScript,
    /// A program or an example.
    Program,
    /// A test executable.
    Test(SuiteKind),
    /// A library's documentation tests; nothing is compiled before they run.
    DocTests,
}

impl Compilations {
    /// Reads the dep-info of every crate of a build.
    pub fn read(metadata: &Metadata, built: &Built, normalizer: &mut Normalizer) -> Compilations {
        let mut reader = Reader { metadata, built, normalizer, locator: locate::Locator::default() };
        let packages: HashMap<&PackageId, &Package> =
            metadata.packages.iter().map(|package| (&package.id, package)).collect();
        let mut graph = DiGraph::new();
        let mut by_package: HashMap<&PackageId, Crates> = HashMap::new();
        let mut suites = BTreeMap::new();
        let mut problems = BTreeSet::new();
        for artifact in &built.artifacts {
            let Some(package) = packages.get(&artifact.package_id) else {
                problems
                    .insert(Problem::UnknownPackage { package: artifact.package_id.repr.as_str().into() });
                continue;
            };
            let krate = reader.krate(package, artifact);
            let kind = krate.kind;
            let node = graph.add_node(krate);
            let crates = by_package.entry(&artifact.package_id).or_default();
            match kind {
                CrateKind::Library | CrateKind::ProcMacro => crates.libraries.push(node),
                CrateKind::BuildScript => crates.scripts.push(node),
                CrateKind::Program if artifact.target.is_bin() => crates.programs.push(node),
                CrateKind::Test(kind) => {
                    crates.tests.push(node);
                    // Two of one name (built for two targets, say) count as one that is made of both.
                    if let Some(other) = suites.insert(kind.suite(&package.name, &artifact.target.name), node)
                    {
                        graph.update_edge(node, other, ());
                    }
                }
                CrateKind::Program | CrateKind::DocTests => crates.others.push(node),
            }
        }
        let mut doc_tests = BTreeMap::new();
        for tests in suite::doc_tests(metadata, built) {
            let Some((id, package)) = packages.get_key_value(&tests.package_id) else { continue };
            let node = graph.add_node(Crate {
                package: PackageName::of(package),
                target: tests.target,
                kind: CrateKind::DocTests,
                inputs: Inputs::default(),
            });
            by_package.entry(id).or_default().tests.push(node);
            doc_tests.insert(tests.package_id, node);
        }
        connect(&mut graph, metadata, &by_package);

        let mut compilations = Compilations { graph, suites, doc_tests };
        compilations.attach_unreached(metadata, &by_package);
        for node in compilations.tests().collect::<Vec<_>>() {
            compilations.graph[node].inputs.problems.extend(problems.iter().cloned());
        }
        compilations
    }

    /// Returns the suites of the build.
    pub fn suites(&self) -> impl Iterator<Item = &str> {
        self.suites.keys().map(|suite| &**suite)
    }

    /// Returns everything that a test executable was compiled from, and that the programs were which it is handed;
    /// `None` for a suite that is not of this build.
    pub fn of_suite(&self, suite: &str) -> Option<Inputs> {
        Some(self.closure(*self.suites.get(suite)?))
    }

    /// Returns everything that a package's documentation tests are compiled from.
    pub fn of_doc_tests(&self, package: &PackageId) -> Option<Inputs> {
        Some(self.closure(*self.doc_tests.get(package)?))
    }

    /// Returns the suites that were compiled from a file, or from a declared path around it.
    pub fn suites_from(&self, path: &RepoPath) -> BTreeSet<&str> {
        let around: Vec<RepoPath> = std::iter::successors(Some(path.clone()), RepoPath::parent).collect();
        let has = |inputs: &Inputs| {
            let is_below = |folders: &BTreeSet<RepoPath>| around.iter().any(|path| folders.contains(path));
            inputs.files.contains(path)
                || inputs.manifests.contains(path)
                || is_below(&inputs.declared)
                || is_below(&inputs.undeclared)
        };
        let mut reached = BTreeSet::new();
        for node in self.graph.node_indices().filter(|node| has(&self.graph[*node].inputs)) {
            let mut dependents = Dfs::new(Reversed(&self.graph), node);
            while let Some(dependent) = dependents.next(Reversed(&self.graph)) {
                reached.insert(dependent);
            }
        }
        self.suites.iter().filter(|(_, node)| reached.contains(*node)).map(|(suite, _)| &**suite).collect()
    }

    /// Returns the crates of the build, each with what it alone was compiled from.
    pub fn crates(&self) -> impl Iterator<Item = &Crate> {
        self.graph.node_weights()
    }

    fn closure(&self, node: NodeIndex) -> Inputs {
        let mut inputs = Inputs::default();
        let mut crates = Dfs::new(&self.graph, node);
        while let Some(node) = crates.next(&self.graph) {
            inputs.add(&self.graph[node].inputs);
        }
        inputs
    }

    fn tests(&self) -> impl Iterator<Item = NodeIndex> {
        self.suites.values().chain(self.doc_tests.values()).copied()
    }

    /// Lets every test depend on what was built and that no test is known to depend on: the graph missed an edge.
    fn attach_unreached(&mut self, metadata: &Metadata, by_package: &HashMap<&PackageId, Crates>) {
        let mut reached = BTreeSet::new();
        for test in self.tests() {
            let mut crates = Dfs::new(&self.graph, test);
            while let Some(node) = crates.next(&self.graph) {
                reached.insert(node);
            }
        }
        let tests: Vec<NodeIndex> = self.tests().collect();
        for (package, crates) in by_package {
            // A member may be built for nobody but itself.
            if metadata.workspace_members.contains(package) {
                continue;
            }
            for node in crates.libraries.iter().filter(|node| !reached.contains(*node)) {
                for test in &tests {
                    self.graph.update_edge(*test, *node, ());
                }
            }
        }
    }
}

/// The crates of a package.
#[derive(Default)]
struct Crates {
    libraries: Vec<NodeIndex>,
    scripts: Vec<NodeIndex>,
    programs: Vec<NodeIndex>,
    tests: Vec<NodeIndex>,
    others: Vec<NodeIndex>,
}

fn connect(graph: &mut DiGraph<Crate, ()>, metadata: &Metadata, by_package: &HashMap<&PackageId, Crates>) {
    let none = Crates::default();
    for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
        let Some(own) = by_package.get(&node.id) else { continue };
        let libraries_for = |wanted: &[DependencyKind]| {
            let mut libraries = Vec::new();
            for dependency in &node.deps {
                // A kind that is unknown here may be any.
                let fits = |kind: &DependencyKind| wanted.contains(kind) || *kind == DependencyKind::Unknown;
                let kinds = &dependency.dep_kinds;
                if kinds.is_empty() || kinds.iter().any(|info| fits(&info.kind)) {
                    libraries.extend(&by_package.get(&dependency.pkg).unwrap_or(&none).libraries);
                }
            }
            libraries
        };
        let normal = libraries_for(&[DependencyKind::Normal]);
        // A build script is told what those of its package's dependencies say (`links`).
        let for_script = libraries_for(&[DependencyKind::Normal, DependencyKind::Build]);
        let for_tests = libraries_for(&[DependencyKind::Normal, DependencyKind::Development]);
        let mut add = |from: &[NodeIndex], to: &[NodeIndex]| {
            for from in from {
                for to in to.iter().filter(|to| *to != from) {
                    graph.update_edge(*from, *to, ());
                }
            }
        };
        add(&own.scripts, &for_script);
        for crates in [&own.libraries, &own.programs, &own.tests, &own.others] {
            add(crates, &own.scripts);
            add(crates, &normal);
        }
        for crates in [&own.programs, &own.tests, &own.others] {
            add(crates, &own.libraries);
        }
        for crates in [&own.tests, &own.others] {
            add(crates, &for_tests);
        }
    }
    // Only integration tests and benchmarks are handed the programs of their package (`CARGO_BIN_EXE_…`).
    for crates in by_package.values() {
        for test in &crates.tests {
            if matches!(graph[*test].kind, CrateKind::Test(SuiteKind::Test | SuiteKind::Bench)) {
                for program in &crates.programs {
                    graph.update_edge(*test, *program, ());
                }
            }
        }
    }
}
