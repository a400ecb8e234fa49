//! Packages of which no test has to run, and that may not even compile any more.
//!
//! `go test` fails where a package does not compile, or where its vet finds something, whichever tests it has. That is
//! no proof's business: an edit that breaks a function which nobody executes concerns no test, and keeps all of them
//! from being built. So these packages are looked at by the compiler's front, and no test binary is made of them.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use skiptrace_engine::path::RepoPath;

use super::plan::Plan;
use super::{GoRecordError, Request};
use crate::build::go::list::Package;
use crate::build::go::tool::ToolError;
use crate::record::outcome::Missing;
use crate::record::progress::Event;
use crate::run::wanted::Unproved;

/// What decides on all packages.
const OF_ALL: [&str; 5] = ["go.mod", "go.sum", "go.work", "go.work.sum", "modules.txt"];
/// What the go tool takes from a package's folder.
const SOURCES: [&str; 20] = [
    "go", "c", "cc", "cpp", "cxx", "m", "h", "hh", "hpp", "hxx", "f", "F", "for", "f90", "s", "S", "sx",
    "swig", "swigcxx", "syso",
];
/// What `go test` has vet look for, unless it is told otherwise, and the version of Go that began with it.
const VETTED: [(&str, u32); 10] = [
    ("atomic", 0),
    ("bool", 0),
    ("buildtags", 0),
    ("directive", 21),
    ("errorsas", 0),
    ("ifaceassert", 0),
    ("nilfunc", 0),
    ("printf", 0),
    ("stringintconv", 0),
    ("tests", 24),
];

/// Returns what is missing because of packages that are not built, for none of their tests is wanted.
pub(super) fn check(
    request: &Request<'_>,
    plan: &Plan,
    unwanted: &BTreeSet<Box<str>>,
) -> Result<Vec<Missing>, GoRecordError> {
    let packages = plan.unproved(request, unwanted);
    if packages.is_empty() {
        return Ok(Vec::new());
    }
    let said = match plan.tool.ask(&plan.check(&packages), request.watch) {
        Ok(_) => return Ok(Vec::new()),
        // Nobody knows of any of them.
        Err(ToolError::Interrupted { .. }) => {
            let why = "the recording was interrupted";
            return Ok(packages.iter().map(|package| plan.missing(package, why)).collect());
        }
        Err(ToolError::Failed { message, .. }) => message,
        Err(error) => return Err(error.into()),
    };
    let failed: BTreeSet<&str> = failed_packages(&said).collect();
    // Of what vet finds, it may tell the files alone.
    let folders: BTreeSet<PathBuf> = failed_folders(&said, &plan.tool.folder).collect();
    let made_of_them = plan
        .graph
        .made_of(|package| failed.contains(package.base_path()) || folders.contains(&folder_of(package)));
    (request.listener)(Event::Warning(format!("not every package could be built:\n{said}")));
    let failing = packages.iter().filter(|package| made_of_them.contains(&***package));
    let mut missing: Vec<Missing> =
        failing.map(|package| plan.missing(package, "its package could not be built")).collect();
    if missing.is_empty() {
        missing.push(Missing::build("go vet", "it failed, and does not say for which package"));
    }
    Ok(missing)
}

/// Returns the packages that the go tool says something of, without the tests that a variant is made for.
fn failed_packages(said: &str) -> impl Iterator<Item = &str> {
    let names = said.lines().filter_map(|line| line.strip_prefix("# ")?.split(' ').next());
    names.filter(|name| !name.starts_with('['))
}

/// Returns the folders of the files that the go tool says something of.
fn failed_folders(said: &str, cwd: &Path) -> impl Iterator<Item = PathBuf> {
    let files = said.lines().filter_map(|line| {
        let line = line.strip_prefix("vet: ").unwrap_or(line);
        line.split_once(".go:").map(|(file, _)| cwd.join(file))
    });
    files.filter_map(|file| file.parent()?.canonicalize().ok())
}

fn folder_of(package: &Package) -> PathBuf {
    let folder = Path::new(&*package.dir);
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

impl Plan {
    /// Returns the packages that were asked for, have no test that is wanted, and are made of something that is
    /// different from when their tests ran, or could not be built last time.
    fn unproved(&self, request: &Request<'_>, unwanted: &BTreeSet<Box<str>>) -> BTreeSet<Box<str>> {
        let Unproved { changed, unbuilt } = request.wanted.unproved();
        // Where tests of all are wanted, the go tool is asked for all that the user names.
        if unwanted.is_empty() || changed.is_empty() && unbuilt.is_empty() {
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

    /// Returns what to ask the go tool, so that it fails for packages for which `go test` would not come to their tests.
    fn check(&self, packages: &BTreeSet<Box<str>>) -> Vec<String> {
        let told = self.command.command.value("vet").unwrap_or_default();
        let (verb, flags): (&str, Vec<String>) = match told {
            "off" => ("list", ["-export", "-test", "-f", ""].map(str::to_owned).into()),
            "all" => ("vet", Vec::new()),
            "" => {
                let minor = self.environment.version().map_or(u32::MAX, |version| version.minor);
                let known = VETTED.iter().filter(|(_, since)| *since <= minor);
                ("vet", known.map(|(name, _)| format!("-{name}")).collect())
            }
            some => ("vet", some.split(',').map(|name| format!("-{name}")).collect()),
        };
        let mut words = vec![verb.to_owned()];
        words.extend(self.own_flags.list_args());
        words.extend(flags);
        words.extend(packages.iter().map(ToString::to_string));
        words
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
        let folder = folder_of(package);
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
    fn what_fails_is_found_in_what_is_said() {
        let said = "# example.com/a\n# [example.com/a]\nvet: ./a.go:3:1: no\n# example.com/b [example.com/b.test]\n\
                    sub/b.go:8:22: Sprintf\nnothing.go: is nowhere";
        assert_eq!(failed_packages(said).collect::<Vec<_>>(), ["example.com/a", "example.com/b"]);
        let cwd = tempfile::tempdir().unwrap();
        let root = cwd.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("sub")).unwrap();
        let folders: Vec<_> = failed_folders(said, &root).collect();
        assert_eq!(folders, [root.clone(), root.join("sub"), root]);
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
