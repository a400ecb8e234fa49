//! Packages of which no test has to run, and that may not even build any more.
//!
//! `go test` fails where a package cannot be built, or where its vet finds something, whichever tests it has. That is
//! no proof's business: an edit that breaks a function which nobody executes concerns no test, and keeps all of them
//! from being built.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use skiptrace_engine::path::RepoPath;

use super::Request;
use super::plan::Plan;
use crate::build::go::list::Package;
use crate::run::wanted::Unproved;

/// What decides on all packages.
const OF_ALL: [&str; 5] = ["go.mod", "go.sum", "go.work", "go.work.sum", "modules.txt"];
/// What the go tool takes from a package's folder.
const SOURCES: [&str; 20] = [
    "go", "c", "cc", "cpp", "cxx", "m", "h", "hh", "hpp", "hxx", "f", "F", "for", "f90", "s", "S", "sx",
    "swig", "swigcxx", "syso",
];

impl Plan {
    /// Returns the packages that were asked for, have no test that is wanted, and are made of something that is
    /// different from when their tests ran, or could not be built last time.
    pub(super) fn unproved(
        &self,
        request: &Request<'_>,
        unwanted: &BTreeSet<Box<str>>,
    ) -> BTreeSet<Box<str>> {
        let Unproved { changed, unbuilt } = request.wanted.unproved();
        if request.wanted.is_everything() || changed.is_empty() && unbuilt.is_empty() {
            return BTreeSet::new();
        }
        let changed = Changed::of(changed, &request.repository);
        let asked: BTreeSet<&str> = self.graph.asked().map(|package| &*package.import_path).collect();
        // What could not be built and is not to be found may be any of them.
        let is_any = unbuilt.iter().any(|package| !asked.contains(&**package));
        let made_of_it = self
            .graph
            .made_of(|package| is_any || changed.concerns(package) || unbuilt.contains(package.base_path()));
        let has_wanted = |package: &str| {
            self.suites.values().any(|suite| **suite == *package) && !unwanted.contains(package)
        };
        asked.intersection(&made_of_it).filter(|name| !has_wanted(name)).map(|name| (*name).into()).collect()
    }
}

/// What is different, as the go tool names it.
struct Changed {
    repository: PathBuf,
    paths: Vec<PathBuf>,
    /// The folders of those that it may compile.
    folders: BTreeSet<PathBuf>,
    is_of_all: bool,
}

impl Changed {
    fn of(paths: &BTreeSet<RepoPath>, repository: &Path) -> Changed {
        let repository = repository.canonicalize().unwrap_or_else(|_| repository.to_owned());
        let is_of_all = paths
            .iter()
            .any(|path| path.as_str().rsplit('/').next().is_some_and(|name| OF_ALL.contains(&name)));
        let paths: Vec<PathBuf> = paths.iter().map(|path| repository.join(path.as_str())).collect();
        let is_source = |path: &&PathBuf| {
            path.extension().and_then(OsStr::to_str).is_some_and(|extension| SOURCES.contains(&extension))
        };
        let folders =
            paths.iter().filter(is_source).filter_map(|path| path.parent()).map(Path::to_owned).collect();
        Changed { repository, paths, folders, is_of_all }
    }

    /// Returns whether a package is made of it, or cannot be understood.
    fn concerns(&self, package: &Package) -> bool {
        if package.standard {
            return false;
        }
        let folder = Path::new(&*package.dir);
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let is_here = folder.starts_with(&self.repository);
        let is_broken = package.incomplete || package.error.is_some() || !package.deps_errors.is_empty();
        // Its C may include whatever there is.
        let has_c =
            !(package.cgo_files.is_empty() && package.c_files.is_empty() && package.cxx_files.is_empty());
        let embeds = [&package.embed_patterns, &package.test_embed_patterns, &package.x_test_embed_patterns]
            .iter()
            .any(|patterns| !patterns.is_empty());
        let is_below = || self.paths.iter().any(|path| path.starts_with(&folder));
        let is_made_of_it = has_c || self.folders.contains(&folder) || embeds && is_below();
        self.is_of_all || is_broken || is_here && is_made_of_it
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(dir: &str) -> Package {
        Package { dir: dir.into(), ..Package::default() }
    }

    #[test]
    fn what_a_package_is_made_of_concerns_it() {
        let changed = |paths: &[&str]| {
            let paths = paths.iter().map(|path| RepoPath::new(*path).unwrap()).collect();
            Changed::of(&paths, Path::new("/nowhere"))
        };
        let concerns = |paths: &[&str], package: &Package| changed(paths).concerns(package);
        let plain = package("/nowhere/a");
        for path in ["a/a.go", "a/a_test.go", "a/a_arm64.s", "go.mod", "vendor/modules.txt", "sub/go.sum"] {
            assert!(concerns(&[path], &plain), "{path}");
        }
        for path in ["b/a.go", "a/b/a.go", "a.go", "a/README.md", "a/testdata/x.go.txt"] {
            assert!(!concerns(&[path], &plain), "{path}");
        }
        let embedding = Package { test_embed_patterns: vec!["x/*".into()], ..plain.clone() };
        assert!(concerns(&["a/x/y"], &embedding) && !concerns(&["b/x/y"], &embedding));
        let of_c = Package { cgo_files: vec!["c.go".into()], ..plain.clone() };
        assert!(concerns(&["include/x.def"], &of_c));
        assert!(!concerns(&["include/x.def"], &Package { dir: "/elsewhere".into(), ..of_c.clone() }));
        let broken = Package { incomplete: true, ..plain.clone() };
        assert!(concerns(&["README.md"], &broken));
        assert!(!concerns(&["go.mod"], &Package { standard: true, ..plain }));
    }
}
