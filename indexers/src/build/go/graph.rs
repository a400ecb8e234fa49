//! Which packages are linked into which test binaries.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, Reversed};

use super::list::{Module, Package, base_path};

/// Packages with the variants that tests make of them, and what each imports.
#[derive(Debug, Clone, Default)]
pub struct PackageGraph {
    graph: DiGraph<Package, ()>,
    by_path: HashMap<Box<str>, NodeIndex>,
    /// Every variant of a package, by the import path that its files are found under.
    variants: BTreeMap<Box<str>, Vec<NodeIndex>>,
    /// The test binary of each package that has tests.
    binaries: BTreeMap<Box<str>, NodeIndex>,
    /// What packages import that is not listed.
    dangling: BTreeMap<NodeIndex, BTreeSet<Box<str>>>,
}

/// A module that something was linked from, other than those that the build is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleVersion {
    /// Its path.
    pub path: Box<str>,
    /// The version that was selected; empty where there is none.
    pub version: Box<str>,
    /// What stands in its place: a folder, or another module with its version.
    pub replacement: Option<(Box<str>, Box<str>)>,
}

impl PackageGraph {
    /// Makes the graph of a listing.
    pub fn new(packages: impl IntoIterator<Item = Package>) -> PackageGraph {
        let mut this = PackageGraph::default();
        for package in packages {
            match this.by_path.get(&package.import_path) {
                // A build that is made for several programs at once can name a package twice: everything counts.
                Some(node) => unite(&mut this.graph[*node], package),
                None => {
                    let path = package.import_path.clone();
                    let node = this.graph.add_node(package);
                    this.variants.entry(base_path(&path).into()).or_default().push(node);
                    this.by_path.insert(path, node);
                }
            }
        }
        for node in this.graph.node_indices().collect::<Vec<_>>() {
            let imports: BTreeSet<Box<str>> = this.graph[node].imports.iter().cloned().collect();
            for import in &imports {
                if let Some(to) = this.by_path.get(import) {
                    this.graph.add_edge(node, *to, ());
                } else if &**import != "C" {
                    this.dangling.entry(node).or_default().insert(import.clone());
                }
            }
            // What cgo generates imports these, which no file says.
            if imports.contains("C") {
                let implied = ["runtime/cgo", "syscall", "unsafe"].into_iter();
                let implied = implied.filter(|path| !imports.contains(*path));
                for to in implied.filter_map(|path| this.by_path.get(path)).filter(|to| **to != node) {
                    this.graph.add_edge(node, *to, ());
                }
            }
            if let Some(tested) = tested_by(&this.graph[node]) {
                this.binaries.insert(tested.into(), node);
            }
        }
        this
    }

    /// Returns the packages that have a test binary.
    pub fn tested(&self) -> impl Iterator<Item = &str> {
        self.binaries.keys().map(|package| &**package)
    }

    /// Returns whether `package` is the main package of a test binary, which the go command generates.
    pub fn is_test_main(&self, package: &Package) -> bool {
        tested_by(package).is_some()
    }

    /// Returns the package that a package or variant is listed for: the tested one, if it is made for tests.
    pub fn concerns<'a>(&self, package: &'a Package) -> &'a str {
        match tested_by(package) {
            Some(tested) => tested,
            None if package.for_test.is_empty() => package.base_path(),
            None => &package.for_test,
        }
    }

    /// Returns every variant of a package, by the import path without the variant's name.
    pub fn variants(&self, package: &str) -> impl Iterator<Item = &Package> {
        self.variants.get(package).into_iter().flatten().map(|node| &self.graph[*node])
    }

    /// Returns every package and variant, in the order of the listing.
    pub fn packages(&self) -> impl Iterator<Item = &Package> {
        self.graph.node_weights()
    }

    /// Returns what is linked into the test binary of `tested`, its own variants and main package among it; nothing
    /// for a package without tests.
    pub fn closure(&self, tested: &str) -> Vec<&Package> {
        self.closure_nodes(tested).into_iter().map(|node| &self.graph[node]).collect()
    }

    /// Returns what packages of the test binary of `tested` import that is not listed.
    pub fn dangling(&self, tested: &str) -> BTreeSet<&str> {
        let nodes = self.closure_nodes(tested);
        let missing = nodes.iter().filter_map(|node| self.dangling.get(node)).flatten();
        missing.map(|import| &**import).collect()
    }

    /// Returns the packages whose test binaries link any variant of `package`.
    pub fn linking(&self, package: &str) -> BTreeSet<&str> {
        let mut reached = HashSet::new();
        let reversed = Reversed(&self.graph);
        for node in self.variants.get(package).into_iter().flatten() {
            if reached.insert(*node) {
                let mut search = Dfs::new(reversed, *node);
                while let Some(node) = search.next(reversed) {
                    reached.insert(node);
                }
            }
        }
        let linking = self.binaries.iter().filter(|(_, node)| reached.contains(node));
        linking.map(|(tested, _)| &**tested).collect()
    }

    /// Returns the packages that were asked for, with tests or without.
    pub fn asked(&self) -> impl Iterator<Item = &Package> {
        self.packages()
            .filter(|package| !package.dep_only && package.for_test.is_empty() && !self.is_test_main(package))
    }

    /// Returns the packages that are made of one that `is_meant`, themselves or for their tests.
    pub fn made_of(&self, is_meant: impl Fn(&Package) -> bool) -> BTreeSet<&str> {
        let reversed = Reversed(&self.graph);
        let meant = self.graph.node_indices().filter(|node| is_meant(&self.graph[*node]));
        let mut search = Dfs::from_parts(meant.collect(), HashSet::new());
        let mut reached = Vec::new();
        while let Some(node) = search.next(reversed) {
            reached.push(node);
        }
        reached.into_iter().map(|node| self.concerns(&self.graph[node])).collect()
    }

    /// Returns the packages that import any variant of `package` themselves, by their import paths without variants;
    /// the external tests of a package are one of their own, `p_test`.
    pub fn importers(&self, package: &str) -> BTreeSet<&str> {
        let nodes = self.variants.get(package).into_iter().flatten();
        let importers = nodes.flat_map(|node| self.graph.neighbors_directed(*node, Direction::Incoming));
        let importers = importers.map(|node| &self.graph[node]);
        importers.filter(|importer| tested_by(importer).is_none()).map(Package::base_path).collect()
    }

    /// Returns the packages whose test binaries have a package that imports `package` itself.
    pub fn linking_importers(&self, package: &str) -> BTreeSet<&str> {
        let importers = self.importers(package);
        importers.into_iter().flat_map(|importer| self.linking(importer)).collect()
    }

    /// Returns the modules in the test binary of `tested`, without those that the build is about.
    pub fn modules(&self, tested: &str) -> BTreeSet<ModuleVersion> {
        let modules = self.closure(tested).into_iter().filter_map(|package| package.module.as_ref());
        modules.filter(|module| !module.main).map(ModuleVersion::of).collect()
    }

    /// Returns the packages that were asked for and have test files, but no test binary.
    pub fn without_binary(&self) -> Vec<&Package> {
        let has_tests = |package: &&Package| {
            package.for_test.is_empty()
                && !package.dep_only
                && !(package.test_go_files.is_empty() && package.x_test_go_files.is_empty())
        };
        let asked = self.packages().filter(has_tests);
        asked.filter(|package| !self.binaries.contains_key(&package.import_path)).collect()
    }

    /// Returns whether C is in any test binary.
    pub fn uses_cgo(&self) -> bool {
        self.tested().any(|tested| {
            let closure = self.closure(tested);
            closure
                .iter()
                .any(|package| &*package.import_path == "runtime/cgo" || !package.cgo_files.is_empty())
        })
    }

    fn closure_nodes(&self, tested: &str) -> Vec<NodeIndex> {
        let Some(binary) = self.binaries.get(tested) else { return Vec::new() };
        let mut nodes = Vec::new();
        let mut search = Dfs::new(&self.graph, *binary);
        while let Some(node) = search.next(&self.graph) {
            nodes.push(node);
        }
        nodes.sort();
        nodes
    }
}

impl ModuleVersion {
    /// Returns what of a module names it.
    pub fn of(module: &Module) -> ModuleVersion {
        let replacement = module.replace.as_ref().map(|with| (with.path.clone(), with.version.clone()));
        ModuleVersion { path: module.path.clone(), version: module.version.clone(), replacement }
    }
}

/// Returns the package whose tests a main package runs. A folder may well be called `x.test`; only the main package of
/// a test imports variants that are made for it.
fn tested_by(package: &Package) -> Option<&str> {
    let tested = package.import_path.strip_suffix(".test")?;
    let is_variant = |import: &str| {
        let name = import.strip_suffix(']').and_then(|import| import.split_once(" ["));
        name.is_some_and(|(_, binary)| *binary == *package.import_path)
    };
    (&*package.name == "main" && package.imports.iter().any(|import| is_variant(import))).then_some(tested)
}

/// Adds everything that `other` has.
fn unite(package: &mut Package, other: Package) {
    let Package { imports, deps_errors, error, module, .. } = &mut *package;
    imports.extend(other.imports);
    deps_errors.extend(other.deps_errors.into_iter().chain(other.error.clone()));
    *error = error.take().or(other.error);
    *module = module.take().or(other.module);
    package.incomplete |= other.incomplete;
    package.dep_only &= other.dep_only;
    package.standard &= other.standard;
    if package.dir != other.dir && !other.dir.is_empty() {
        // Their files could not be told apart any more.
        let err = format!("`{}` is in two folders", package.import_path).into();
        package.error.get_or_insert_default().err = err;
    }
    let pairs = [
        (&mut package.go_files, other.go_files),
        (&mut package.cgo_files, other.cgo_files),
        (&mut package.c_files, other.c_files),
        (&mut package.cxx_files, other.cxx_files),
        (&mut package.m_files, other.m_files),
        (&mut package.h_files, other.h_files),
        (&mut package.f_files, other.f_files),
        (&mut package.s_files, other.s_files),
        (&mut package.swig_files, other.swig_files),
        (&mut package.swig_cxx_files, other.swig_cxx_files),
        (&mut package.syso_files, other.syso_files),
        (&mut package.test_go_files, other.test_go_files),
        (&mut package.x_test_go_files, other.x_test_go_files),
        (&mut package.ignored_go_files, other.ignored_go_files),
        (&mut package.ignored_other_files, other.ignored_other_files),
        (&mut package.embed_patterns, other.embed_patterns),
        (&mut package.embed_files, other.embed_files),
        (&mut package.test_embed_patterns, other.test_embed_patterns),
        (&mut package.test_embed_files, other.test_embed_files),
        (&mut package.x_test_embed_patterns, other.x_test_embed_patterns),
        (&mut package.x_test_embed_files, other.x_test_embed_files),
        (&mut package.cgo_cflags, other.cgo_cflags),
        (&mut package.cgo_cppflags, other.cgo_cppflags),
        (&mut package.cgo_cxxflags, other.cgo_cxxflags),
        (&mut package.cgo_fflags, other.cgo_fflags),
        (&mut package.cgo_ldflags, other.cgo_ldflags),
    ];
    for (files, more) in pairs {
        files.extend(more);
    }
}

#[cfg(test)]
mod tests;
