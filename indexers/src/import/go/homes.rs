//! The packages that coverage names, each looked up in the repository once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use skiptrace_engine::path::RepoPath;

use super::modules::{ModuleMap, Site};
use crate::build::paths::Roots;
use crate::go::home::{Home, Homes, Modules, PackageId, import_path};
use crate::record::sources::Tree;
use crate::units::go_facts::go_facts;

/// What files are called that only some systems compile.
const SYSTEMS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "illumos",
    "ios",
    "js",
    "linux",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
    "386",
    "amd64",
    "arm",
    "arm64",
    "loong64",
    "mips",
    "mips64",
    "mips64le",
    "mipsle",
    "ppc64",
    "ppc64le",
    "riscv64",
    "s390x",
    "wasm",
];

/// The repository's packages, as far as coverage names them.
#[derive(Debug)]
pub(super) struct Packages {
    sites: BTreeMap<Box<str>, Site>,
    /// The Go files of each folder that are no test files.
    files: BTreeMap<RepoPath, Vec<RepoPath>>,
    /// What the files of a package import of the repository, whatever is built.
    imports: BTreeMap<Box<str>, Imports>,
    modules: ModuleMap,
}

#[derive(Debug, Default, Clone)]
struct Imports {
    /// By files that are always compiled.
    always: BTreeSet<Box<str>>,
    /// By any file.
    ever: BTreeSet<Box<str>>,
    /// Whether the package is a program.
    is_main: bool,
}

/// Says where files are, to the collector.
pub(super) struct TreeHomes {
    modules: Modules,
    /// Packages that are in one of several folders.
    several: HashMap<Box<str>, Vec<RepoPath>>,
    tracked: Arc<BTreeSet<RepoPath>>,
}

impl Packages {
    /// Starts without packages.
    pub(super) fn new(tracked: &BTreeSet<RepoPath>, modules: ModuleMap) -> Packages {
        let mut files: BTreeMap<RepoPath, Vec<RepoPath>> = BTreeMap::new();
        for path in tracked {
            let name = path.as_str();
            if let Some(folder) =
                path.parent().filter(|_| name.ends_with(".go") && !name.ends_with("_test.go"))
            {
                files.entry(folder).or_default().push(path.clone());
            }
        }
        Packages { sites: BTreeMap::new(), files, imports: BTreeMap::new(), modules }
    }

    /// Adds a package that coverage names.
    pub(super) fn add(&mut self, package: &PackageId<'_>) {
        let site = self.modules.site(package);
        let known = self.sites.entry(import_path(package.path).into()).or_insert_with(|| site.clone());
        // Two builds do not agree on what it is.
        if *known != site {
            *known = Site::Unknown;
        }
    }

    /// Reads the packages' sources: what they import, and what says that it stands elsewhere.
    pub(super) fn read(&mut self, tracked: &BTreeSet<RepoPath>, tree: &dyn Tree, roots: &Roots) -> TreeHomes {
        let mut homes = TreeHomes {
            modules: Modules::new().with_folder(&roots.repository.to_string_lossy(), RepoPath::root()),
            several: HashMap::new(),
            tracked: Arc::new(tracked.clone()),
        };
        for map in &roots.prefix_maps {
            let inside = std::path::Path::new(&*map.from).strip_prefix(&roots.repository).ok();
            if let Some(Ok(folder)) = inside.and_then(|path| path.to_str()).map(RepoPath::new) {
                homes.modules = homes.modules.with_folder(&map.to, folder);
            }
        }
        let mut left: Vec<Box<str>> = self.sites.keys().cloned().collect();
        let named = left.len();
        let mut at = 0;
        while at < left.len() {
            let package = left[at].clone();
            let is_named = at < named;
            at += 1;
            let site = self.sites.get(&package).cloned().unwrap_or(Site::Unknown);
            let folders = match site {
                Site::Folders(folders) => folders,
                Site::Elsewhere => {
                    homes.modules = homes.modules.with_package_elsewhere(package);
                    continue;
                }
                Site::Unknown => continue,
            };
            let mut imports = Imports::default();
            let mut texts: Vec<(&RepoPath, String)> = Vec::new();
            for path in folders.iter().filter_map(|folder| self.files.get(folder)).flatten() {
                let Some(source) = tree.read(path) else { continue };
                if let Some(facts) = go_facts(&source) {
                    let paths = facts.imports.iter().map(|import| Box::<str>::from(&*import.path));
                    if facts.constraints.is_empty() && !facts.imports_c && !is_of_a_system(path) {
                        imports.always.extend(paths.clone());
                    }
                    imports.ever.extend(paths);
                    imports.is_main |= facts.package == "main";
                }
                let has_line = memchr::memmem::find(&source, b"//line ").is_some()
                    || memchr::memmem::find(&source, b"/*line ").is_some();
                // All files of the package count, as soon as one has a directive.
                texts.push((
                    path,
                    if has_line { String::from_utf8_lossy(&source).into_owned() } else { String::new() },
                ));
            }
            if is_named {
                match folders.as_slice() {
                    [folder] => {
                        homes.modules = homes.modules.with_package(package.clone(), folder.clone());
                        if texts.iter().any(|(_, text)| !text.is_empty()) {
                            let sources = texts.iter().map(|(path, text)| (*path, text.as_str()));
                            homes.modules = homes.modules.with_sources(&package, sources);
                        }
                    }
                    _ => {
                        homes.several.insert(package.clone(), folders);
                    }
                }
            }
            // What is imported and not named has no counters; what that imports must be known, too.
            for path in &imports.ever {
                if !self.sites.contains_key(path) {
                    let site = self.modules.site(&PackageId { path, module: "", name: "" });
                    let is_ours = matches!(&site, Site::Folders(folders) if folders.iter().any(|folder| self.files.contains_key(folder)));
                    if is_ours {
                        self.sites.insert(path.clone(), site);
                        left.push(path.clone());
                    }
                }
            }
            self.imports.insert(package, imports);
        }
        homes
    }

    /// Returns the Go files of a package; `None` if nobody can place it.
    pub(super) fn files(&self, package: &str) -> Option<Vec<&RepoPath>> {
        match self.sites.get(import_path(package))? {
            Site::Folders(folders) => {
                Some(folders.iter().filter_map(|folder| self.files.get(folder)).flatten().collect())
            }
            Site::Elsewhere => Some(Vec::new()),
            Site::Unknown => None,
        }
    }

    /// Returns whether a package is a program.
    pub(super) fn is_main(&self, package: &str) -> bool {
        self.imports.get(package).is_some_and(|imports| imports.is_main)
    }

    /// Returns the repository's packages that a binary must link besides those that it has counters for.
    ///
    /// Only what files import that no build leaves out is sure to be linked. Where that has counters, so has the
    /// rest; where some of it has none, the rest may have none either.
    pub(super) fn uncounted(&self, linked: &BTreeSet<&str>) -> BTreeSet<Box<str>> {
        let is_uncounted =
            |path: &str| !linked.contains(path) && matches!(self.sites.get(path), Some(Site::Folders(_)));
        let of_linked = || linked.iter().filter_map(|package| self.imports.get(*package));
        if !of_linked().flat_map(|imports| &imports.always).any(|path| is_uncounted(path)) {
            return BTreeSet::new();
        }
        let mut uncounted: BTreeSet<Box<str>> = BTreeSet::new();
        let mut left: Vec<&str> = of_linked().flat_map(|imports| &imports.ever).map(|path| &**path).collect();
        while let Some(path) = left.pop() {
            if is_uncounted(path) && uncounted.insert(path.into()) {
                left.extend(self.imports.get(path).into_iter().flat_map(|all| &all.ever).map(|path| &**path));
            }
        }
        uncounted
    }
}

impl Homes for TreeHomes {
    fn home(&self, package: &PackageId<'_>, file: &str) -> Home {
        self.checked(package, file, self.modules.home(&PackageId { module: "", ..*package }, file))
    }

    fn moved(&self, package: &PackageId<'_>, file: &str) -> Home {
        self.checked(package, file, self.modules.moved(&PackageId { module: "", ..*package }, file))
    }
}

impl TreeHomes {
    /// What is not in the repository at its commit is of another commit, or was generated from who knows what.
    fn checked(&self, package: &PackageId<'_>, file: &str, home: Home) -> Home {
        if let Some(folders) = self.several.get(import_path(package.path)) {
            let base = file.rsplit('/').next().unwrap_or(file);
            let join =
                |folder: &RepoPath| RepoPath::new(format!("{folder}/{base}").trim_start_matches('/')).ok();
            let files: Vec<RepoPath> =
                folders.iter().filter_map(join).filter(|path| self.tracked.contains(path)).collect();
            return if files.is_empty() { Home::Unknown } else { Home::Whole(files) };
        }
        match home {
            Home::Repo(path) if !self.tracked.contains(&path) => Home::Unknown,
            home => home,
        }
    }
}

/// Returns whether a file's name says that only some systems compile it.
fn is_of_a_system(path: &RepoPath) -> bool {
    let stem = path.as_str().trim_end_matches(".go");
    let stem = stem.rsplit('/').next().unwrap_or(stem);
    stem.split('_').skip(1).any(|part| SYSTEMS.contains(&part))
}
