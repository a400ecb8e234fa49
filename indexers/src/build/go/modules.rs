//! Which modules a build is about, and which files of the repository say so.

use std::collections::BTreeSet;
use std::path::Path;

use skiptrace_engine::path::RepoPath;

use super::environment::GoEnvironment;
use super::flags::BuildFlags;
use super::list::{Module, Package};
use super::places::{Place, Places, join};

/// The modules of a build that are in the repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Modules {
    /// Those that the build is about: one, or those of the workspace.
    pub main: Vec<LocalModule>,
    /// Those that stand in place of others (`replace example.com/x => ./x`) and are linked by something.
    pub replacements: Vec<LocalModule>,
    /// The workspace's file.
    pub workspace: Option<RepoPath>,
    /// The folder from which dependencies come (`vendor`).
    pub vendor: Option<RepoPath>,
    /// Every file that has a say in which modules there are, or may get one by being made: `go.mod`, `go.sum`,
    /// `go.work`, `go.work.sum`, `vendor/modules.txt`. Some of them may not exist.
    pub files: BTreeSet<RepoPath>,
    /// Why a dependency's own line in `go.mod` does not say everything about its version: then every change of such a
    /// file concerns every test.
    pub unpinned: Option<String>,
    /// What is not known, for people: it concerns every test.
    pub unknown: BTreeSet<String>,
}

/// A module with its folder in the repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalModule {
    /// Its path.
    pub path: Box<str>,
    /// Its folder.
    pub folder: RepoPath,
    /// Its `go.mod`, or what `-modfile` says in its place.
    pub file: RepoPath,
    /// The version of the language that it is written in; empty if it does not say.
    pub go_version: Box<str>,
}

/// Which packages are instrumented: those of some modules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CoverPatterns {
    modules: BTreeSet<Box<str>>,
}

impl Modules {
    /// Finds the modules of a build: `main` is what [`main_modules`](super::list::main_modules) lists, `packages` what
    /// was listed of packages. Symbolic links are resolved.
    pub fn new<'a>(
        main: &[Module],
        packages: impl IntoIterator<Item = &'a Package>,
        environment: &GoEnvironment,
        flags: &BuildFlags,
        folder: &Path,
        places: &mut Places,
    ) -> Modules {
        let mut modules = Modules::default();
        modules.add_main(main, flags, folder, places);
        modules.add_workspace(environment, places);
        modules.add_packages(packages, places);
        if environment.module_file().is_none() && environment.workspace_file().is_none() {
            modules.unknown.insert("the build has no go.mod".to_owned());
        }
        modules.unpinned = modules.why_unpinned();
        modules
    }

    /// Returns which packages to instrument so that everything of the repository counts.
    pub fn cover_patterns(&self) -> CoverPatterns {
        let modules = self.main.iter().chain(&self.replacements).map(|module| module.path.clone());
        CoverPatterns { modules: modules.collect() }
    }

    /// Returns those of a repository's files that are a `go.mod` of a module that this build is not about, vendored
    /// and test data's ones left out. Tests of theirs are another build's.
    pub fn not_covered<'a>(&self, files: impl IntoIterator<Item = &'a RepoPath>) -> BTreeSet<RepoPath> {
        let is_data = |path: &RepoPath| path.as_str().split('/').any(is_never_matched);
        let is_module =
            |path: &&RepoPath| path.as_str().rsplit('/').next() == Some("go.mod") && !is_data(path);
        files.into_iter().filter(is_module).filter(|path| !self.files.contains(path)).cloned().collect()
    }

    fn add_main(&mut self, main: &[Module], flags: &BuildFlags, folder: &Path, places: &mut Places) {
        for module in main {
            if !self.add_module(module, places, |this| &mut this.main) {
                self.unknown.insert(format!("the main module `{}` is not in the repository", module.path));
            }
        }
        // `GoMod` of `-modfile` is that file, or the usual one, depending on the version of Go.
        if let Some(file) = flags.value("modfile") {
            let file = folder.join(file);
            match places.in_repository(&file) {
                Some(path) => {
                    self.files.extend(places.links(&file));
                    self.files.extend(sum_of(&path));
                    self.files.insert(path);
                }
                None => {
                    self.unknown.insert("the file of `-modfile` is not in the repository".to_owned());
                }
            }
        }
    }

    fn add_workspace(&mut self, environment: &GoEnvironment, places: &mut Places) {
        let Some(file) = environment.workspace_file() else { return };
        match places.place(file) {
            Place::Repo(path) => {
                self.files.extend(places.links(file));
                self.files.extend(RepoPath::new(format!("{path}.sum")));
                self.files.insert(path.clone());
                self.workspace = Some(path);
            }
            _ => {
                let unknown = format!("the workspace `{}` is not in the repository", file.display());
                self.unknown.insert(unknown);
            }
        }
    }

    fn add_packages<'a>(&mut self, packages: impl IntoIterator<Item = &'a Package>, places: &mut Places) {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for package in packages {
            let Some(module) = package.module.as_ref().filter(|module| !module.main) else { continue };
            let vendored = Path::new(&*package.dir).ancestors().find(|folder| {
                let rest = Path::new(&*package.dir).strip_prefix(folder);
                rest.is_ok_and(|rest| rest == Path::new(package.base_path())) && folder.ends_with("vendor")
            });
            if let Some(vendor) = vendored {
                if let Some(folder) = places.in_repository(vendor).filter(|_| self.vendor.is_none()) {
                    self.files.extend(join(&folder, "modules.txt"));
                    self.files.extend(places.links(vendor));
                    self.vendor = Some(folder);
                }
            } else if module.replace.as_ref().is_some_and(|with| with.version.is_empty())
                && seen.insert(&module.path)
            {
                // One that is elsewhere is told where its packages are looked at.
                self.add_module(module, places, |this| &mut this.replacements);
            }
        }
        self.replacements.sort();
    }

    fn add_module(
        &mut self,
        module: &Module,
        places: &mut Places,
        list: impl Fn(&mut Modules) -> &mut Vec<LocalModule>,
    ) -> bool {
        if module.dir.is_empty() || module.go_mod.is_empty() {
            return false;
        }
        let (folder, file) = (Path::new(&*module.dir), Path::new(&*module.go_mod));
        let (Some(folder), Some(path)) = (places.in_repository(folder), places.in_repository(file)) else {
            return false;
        };
        self.files.extend(places.links(file));
        self.files.extend(sum_of(&path));
        self.files.insert(path.clone());
        // The usual one, too: it says where the module begins, whatever `-modfile` says.
        self.files.extend(join(&folder, "go.mod"));
        let local = LocalModule {
            path: module.path.clone(),
            folder,
            file: path,
            go_version: module.go_version.clone(),
        };
        list(self).push(local);
        true
    }

    fn why_unpinned(&self) -> Option<String> {
        // Vendored packages are compared file by file.
        if self.vendor.is_some() {
            return None;
        }
        if self.main.len() > 1 {
            return Some("the modules of a workspace select versions together".to_owned());
        }
        // Before 1.17, go.mod names no more than what is needed to find out about the rest.
        let is_old = |module: &&LocalModule| match module.go_version.split_once('.') {
            Some(("1", minor)) => {
                let digits = minor.split(|char: char| !char.is_ascii_digit()).next().unwrap_or_default();
                digits.parse::<u32>().map_or(true, |minor| minor < 17)
            }
            Some(_) => false,
            None => true,
        };
        let old = self.main.iter().find(is_old);
        old.map(|module| format!("the `go.mod` of `{}` does not name all that is selected", module.path))
    }
}

impl CoverPatterns {
    /// Returns the patterns of these modules.
    pub fn of<S: AsRef<str>>(modules: &[S]) -> CoverPatterns {
        CoverPatterns { modules: modules.iter().map(|module| module.as_ref().into()).collect() }
    }

    /// Returns the value of `-coverpkg`; none if there is nothing to instrument.
    pub fn argument(&self) -> Option<String> {
        let patterns: Vec<String> = self.modules.iter().map(|module| format!("{module}/...")).collect();
        (!patterns.is_empty()).then(|| patterns.join(","))
    }

    /// Returns whether a package of this import path is instrumented.
    pub fn matches(&self, import_path: &str) -> bool {
        self.modules.iter().any(|module| {
            let Some(rest) = import_path.strip_prefix(&**module) else { return false };
            // Wildcards do not reach into a folder `vendor`, but match one that is itself a package.
            let has_vendor = |rest: &str| {
                let mut elements = rest.split('/');
                elements.next_back();
                elements.any(|element| element == "vendor")
            };
            rest.is_empty() || rest.starts_with('/') && !has_vendor(rest)
        })
    }
}

/// Returns the file of checksums beside a `go.mod`.
fn sum_of(file: &RepoPath) -> Option<RepoPath> {
    let stem = file.as_str().strip_suffix(".mod")?;
    RepoPath::new(format!("{stem}.sum")).ok()
}

/// Returns whether the go command never looks for packages in folders of this name.
fn is_never_matched(name: &str) -> bool {
    matches!(name, "vendor" | "testdata") || name.starts_with(['.', '_'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_the_go_command_does() {
        let patterns = CoverPatterns::of(&["example.com/a", "example.com/b/v2"]);
        assert_eq!(patterns.argument().unwrap(), "example.com/a/...,example.com/b/v2/...");
        for path in ["example.com/a", "example.com/a/x/y", "example.com/b/v2/z", "example.com/a/vendor"] {
            assert!(patterns.matches(path), "{path}");
        }
        for path in ["example.com/ab", "example.com", "example.com/b", "example.com/a/vendor/x", "fmt"] {
            assert!(!patterns.matches(path), "{path}");
        }
        assert_eq!(CoverPatterns::default().argument(), None);
    }

    #[test]
    fn old_modules_and_workspaces_are_unpinned() {
        let module = |go_version: &str| LocalModule {
            path: "m".into(),
            folder: RepoPath::root(),
            file: RepoPath::new("go.mod").unwrap(),
            go_version: go_version.into(),
        };
        let unpinned = |versions: &[&str]| {
            let main = versions.iter().map(|version| module(version)).collect();
            Modules { main, ..Modules::default() }.why_unpinned().is_some()
        };
        assert!(unpinned(&["1.16"]) && unpinned(&[""]) && unpinned(&["1.9"]) && unpinned(&["1"]));
        assert!(
            !unpinned(&["1.17"]) && !unpinned(&["1.21.3"]) && !unpinned(&["1.26rc1"]) && !unpinned(&["2.0"])
        );
        assert!(unpinned(&["1.26", "1.26"]));
    }

    #[test]
    fn modules_of_other_builds_are_told() {
        let path = |text: &str| RepoPath::new(text).unwrap();
        let files =
            ["go.mod", "tools/go.mod", "x/testdata/m/go.mod", "vendor/a/go.mod", "_x/go.mod", "a/b.go"];
        let files = files.map(path);
        let modules = Modules { files: BTreeSet::from([path("go.mod")]), ..Modules::default() };
        assert_eq!(modules.not_covered(&files), BTreeSet::from([path("tools/go.mod")]));
    }
}
