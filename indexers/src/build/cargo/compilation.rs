//! What each test executable was compiled from.
//!
//! Every crate of a build is a node: a library, a procedural macro, a build script, a program, a test executable, a
//! library's documentation tests. Its own files are in the dep-info that rustc left beside it; the rest are those
//! of the crates it can reach. Cargo does not say which build of a package a crate was linked with (two versions of
//! its features, host and target), so all of them count.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use cargo_metadata::{Artifact, DependencyKind, Metadata, Package, PackageId, TargetKind};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, Reversed};
use skiptrace_engine::path::RepoPath;

use super::messages::Built;
use super::script::ScriptOutput;
use super::suite::{self, SuiteKind};
use crate::build::dep_info::{DepInfo, DepInfoError};
use crate::build::paths::{Home, Normalizer};

mod locate;

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

/// A package, as lockfiles identify it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName {
    /// Its name.
    pub name: Box<str>,
    /// Its version.
    pub version: Box<str>,
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

/// Everything that something was compiled from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inputs {
    /// Files of the repository.
    pub files: BTreeSet<RepoPath>,
    /// The manifests of the packages, and of the workspace.
    pub manifests: BTreeSet<RepoPath>,
    /// Paths of the repository that build scripts declare: files, or folders with all that is below.
    pub declared: BTreeSet<RepoPath>,
    /// Folders of packages whose build scripts declare no path at all, so that they may have read anything there.
    pub undeclared: BTreeSet<RepoPath>,
    /// Packages that are not in the repository.
    pub packages: BTreeSet<PackageName>,
    /// Variables that the code read while it was compiled, with their values (`None`: not set); those that cargo
    /// sets itself are left out.
    pub variables: BTreeMap<Box<str>, Option<Box<str>>>,
    /// Variables that build scripts set for the code, with their values, by package.
    pub script_values: BTreeMap<(PackageName, Box<str>), Box<str>>,
    /// Variables that build scripts declare that they read.
    pub script_variables: BTreeSet<Box<str>>,
    /// What could not be found out; with any of it, nothing here is known to be complete.
    pub problems: BTreeSet<Problem>,
}

/// Why it is not known what something was compiled from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Problem {
    /// rustc's dep-info is nowhere to be found.
    #[error("no dep-info of crate `{krate}` is beside what was built of it")]
    NoDepInfo {
        /// The crate.
        krate: Box<str>,
    },
    /// A dep-info file cannot be read.
    #[error("dep-info `{path}` cannot be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
    },
    /// A dep-info file is not understood.
    #[error("dep-info `{path}`: {error}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        error: DepInfoError,
    },
    /// The dep-info found does not name the file that the crate begins with, so it is of something else.
    #[error("the dep-info of crate `{krate}` does not name its first file")]
    OtherDepInfo {
        /// The crate.
        krate: Box<str>,
    },
    /// A source file is outside of the repository and of every package, where nobody sees it change.
    #[error("crate `{krate}` was compiled from `{path}`, which is in no package and not in the repository")]
    Outside {
        /// The crate.
        krate: Box<str>,
        /// The file.
        path: Box<str>,
    },
    /// The output of a build script cannot be read.
    #[error("the build script of `{package}` left no readable output")]
    NoScriptOutput {
        /// Its package.
        package: Box<str>,
    },
    /// A package was built that the dependency graph does not have.
    #[error("package `{package}` was built and is not in cargo's metadata")]
    UnknownPackage {
        /// The package.
        package: Box<str>,
    },
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

impl Inputs {
    fn add(&mut self, other: &Inputs) {
        self.files.extend(other.files.iter().cloned());
        self.manifests.extend(other.manifests.iter().cloned());
        self.declared.extend(other.declared.iter().cloned());
        self.undeclared.extend(other.undeclared.iter().cloned());
        self.packages.extend(other.packages.iter().cloned());
        self.variables.extend(other.variables.iter().map(|(name, value)| (name.clone(), value.clone())));
        self.script_values
            .extend(other.script_values.iter().map(|(name, value)| (name.clone(), value.clone())));
        self.script_variables.extend(other.script_variables.iter().cloned());
        self.problems.extend(other.problems.iter().cloned());
    }
}

impl PackageName {
    fn of(package: &Package) -> PackageName {
        PackageName { name: package.name.as_str().into(), version: package.version.to_string().into() }
    }
}

/// Returns whether cargo sets a variable itself for what it compiles. What those say is in manifests, which are
/// compared as files, or is a path of this machine.
pub(crate) fn is_set_by_cargo(name: &str) -> bool {
    const PREFIXES: [&str; 6] = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_EXE_",
        "CARGO_CRATE_NAME",
        "CARGO_FEATURE_",
        "CARGO_CFG_",
    ];
    const NAMES: [&str; 6] = [
        "OUT_DIR",
        "CARGO",
        "CARGO_BIN_NAME",
        "CARGO_PRIMARY_PACKAGE",
        "CARGO_TARGET_TMPDIR",
        "CARGO_RUSTC_CURRENT_DIR",
    ];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.contains(&name)
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

struct Reader<'a> {
    metadata: &'a Metadata,
    built: &'a Built,
    normalizer: &'a mut Normalizer,
    locator: locate::Locator,
}

impl Reader<'_> {
    fn krate(&mut self, package: &Package, artifact: &Artifact) -> Crate {
        let kind = match suite::test_kind(artifact) {
            Some(kind) => CrateKind::Test(kind),
            None if artifact.target.is_custom_build() => CrateKind::BuildScript,
            None if artifact.target.is_proc_macro() => CrateKind::ProcMacro,
            None if artifact.target.is_bin()
                || artifact.target.is_example()
                || artifact.executable.is_some() =>
            {
                CrateKind::Program
            }
            None => CrateKind::Library,
        };
        let name = PackageName::of(package);
        let mut inputs = Inputs::default();
        self.read_dep_info(package, artifact, &mut inputs);
        if kind == CrateKind::BuildScript {
            self.read_script(package, &mut inputs);
        }
        let workspace = self.metadata.workspace_root.join("Cargo.toml");
        match self.normalizer.home(b"", package.manifest_path.as_str().as_bytes()) {
            Home::Repo(manifest) => {
                inputs.manifests.insert(manifest.clone());
                if let Home::Repo(workspace) = self.normalizer.home(b"", workspace.as_str().as_bytes()) {
                    inputs.manifests.insert(workspace.clone());
                }
            }
            _ => {
                inputs.packages.insert(name.clone());
            }
        }
        Crate { package: name, target: artifact.target.name.as_str().into(), kind, inputs }
    }

    fn read_dep_info(&mut self, package: &Package, artifact: &Artifact, inputs: &mut Inputs) {
        let krate: Box<str> = format!("{} {}", package.name, artifact.target.name).into();
        let found = self.locator.dep_info(artifact);
        if found.is_empty() {
            inputs.problems.insert(Problem::NoDepInfo { krate });
            return;
        }
        // Cargo runs rustc in the workspace for what is in it, and in the package's folder for what is not.
        let root = &self.metadata.workspace_root;
        let source = &artifact.target.src_path;
        let cwd = match package.manifest_path.parent() {
            Some(folder) if package.source.is_some() || !source.starts_with(root) => folder,
            _ => root,
        };
        let first = self.normalizer.home(b"", source.as_str().as_bytes()).clone();
        let mut names_first = false;
        for path in found {
            let Ok(bytes) = std::fs::read(&path) else {
                inputs.problems.insert(Problem::Unreadable { path });
                continue;
            };
            let info = match DepInfo::parse_rustc(&bytes) {
                Ok(info) => info,
                Err(error) => {
                    inputs.problems.insert(Problem::Malformed { path, error });
                    continue;
                }
            };
            for source in info.sources() {
                let home = self.normalizer.home(cwd.as_str().as_bytes(), source).clone();
                names_first |= home == first;
                self.add_source(package, &krate, home, inputs);
            }
            for (name, value) in info.variables {
                let by_script = self.script_value(package, &name);
                if let Some(value) = by_script {
                    inputs.script_values.insert((PackageName::of(package), name), value);
                } else if !is_set_by_cargo(&name) {
                    inputs.variables.insert(name, value);
                }
            }
        }
        if !names_first && inputs.problems.is_empty() {
            inputs.problems.insert(Problem::OtherDepInfo { krate });
        }
    }

    fn add_source(&self, package: &Package, krate: &str, home: Home, inputs: &mut Inputs) {
        match home {
            Home::Repo(path) => {
                inputs.files.insert(path);
            }
            Home::Registry { package, version, .. } => {
                inputs.packages.insert(PackageName { name: package, version });
            }
            // What a build script wrote is made of what the build script is.
            Home::Std | Home::Checkout { .. } | Home::Generated { package: Some(_), .. } => {}
            // A package of a registry or of git may be kept anywhere; its version says what is in it.
            Home::Outside(_) if package.source.is_some() => {}
            Home::Outside(path) | Home::Unknown(path) | Home::Generated { package: None, path } => {
                inputs.problems.insert(Problem::Outside { krate: krate.into(), path });
            }
        }
    }

    /// Adds what the build script of a package declares; there may be two runs of it, for host and target.
    fn read_script(&mut self, package: &Package, inputs: &mut Inputs) {
        let folder = package.manifest_path.parent().unwrap_or(&package.manifest_path);
        let mut declares_paths = true;
        for run in self.built.scripts.iter().filter(|run| run.package_id == package.id) {
            let output = run.out_dir.parent().map(|folder| folder.join("output"));
            let Some(Ok(output)) = output.map(std::fs::read) else {
                inputs.problems.insert(Problem::NoScriptOutput { package: package.name.as_str().into() });
                continue;
            };
            let output = ScriptOutput::parse(&output);
            declares_paths &= !output.paths.is_empty();
            for path in &output.paths {
                // A folder may be written with a slash at its end.
                let path = path.trim_end_matches('/').as_bytes();
                let path = if path.is_empty() { b"/" } else { path };
                match self.normalizer.home(folder.as_str().as_bytes(), path) {
                    Home::Repo(path) => {
                        inputs.declared.insert(path.clone());
                    }
                    Home::Unknown(path) if package.source.is_none() => {
                        let krate = format!("{} {}", package.name, run.package_id).into();
                        inputs.problems.insert(Problem::Outside { krate, path: path.clone() });
                    }
                    // Headers and libraries of the system, which build scripts of registries declare as well: they
                    // are part of the machine, not of the code.
                    _ => {}
                }
            }
            let variables = output.variables.into_iter().filter(|name| !is_set_by_cargo(name));
            inputs.script_variables.extend(variables);
        }
        if !declares_paths && let Home::Repo(folder) = self.normalizer.home(b"", folder.as_str().as_bytes()) {
            inputs.undeclared.insert(folder.clone());
        }
    }

    fn script_value(&self, package: &Package, name: &str) -> Option<Box<str>> {
        let runs = self.built.scripts.iter().filter(|run| run.package_id == package.id);
        let mut set = runs.flat_map(|run| &run.env).filter(|(set, _)| set == name);
        set.next().map(|(_, value)| value.as_str().into())
    }
}

/// Returns whether a target is one whose file cargo calls `lib…`.
fn is_library(artifact: &Artifact) -> bool {
    artifact.target.kind.iter().any(|kind| {
        !matches!(kind, TargetKind::Bin | TargetKind::Test | TargetKind::Bench | TargetKind::CustomBuild)
    })
}

fn file_name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}
