//! How the go tool is to be run: for which packages, with which of them counted, in which folders.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use skiptrace_engine::path::RepoPath;

#[cfg(target_os = "linux")]
use super::fresh::Fresh;
use super::test_files::TestFiles;
use super::{GoRecordError, Request};
use crate::build::go::compiled::{Binaries, Build, TestBinary};
use crate::build::go::environment::GoEnvironment;
use crate::build::go::flags::BuildFlags;
use crate::build::go::graph::PackageGraph;
use crate::build::go::list::{self, Package};
use crate::build::go::modules::{CoverPatterns, Modules};
use crate::build::go::places::Places;
use crate::build::go::tool::GoTool;
use crate::go::home;
use crate::record::outcome::Missing;
use crate::run::go::command::GoCommand;
use crate::run::go::recording::Recording;
use crate::run::scratch::Scratch;

/// What code names that starts a process without the package `os/exec`.
const STARTING: [&[u8]; 4] = [b"StartProcess", b"ForkExec", b"RawSyscall", b"SYS_"];

/// All that is known before anything is built.
pub(super) struct Plan {
    pub(super) command: Recording,
    pub(super) tool: GoTool,
    pub(super) environment: GoEnvironment,
    /// The flags of the command line.
    pub(super) own_flags: BuildFlags,
    /// They, over those of `GOFLAGS`.
    pub(super) flags: BuildFlags,
    pub(super) graph: PackageGraph,
    pub(super) modules: Modules,
    pub(super) patterns: CoverPatterns,
    pub(super) binaries: Binaries,
    /// The packages that were asked for and have tests, by the folder that these run in.
    pub(super) suites: BTreeMap<PathBuf, Box<str>>,
    pub(super) scratch: Scratch,
}

impl Plan {
    pub(super) fn make(request: &Request<'_>) -> Result<Plan, GoRecordError> {
        let variable = |name: &str| request.variables.get(OsStr::new(name))?.to_str().map(str::to_owned);
        let program = request.words.first().map(String::as_str).filter(|word| !word.ends_with("gotestsum"));
        let tool = GoTool::find(program.unwrap_or("go").as_ref(), &request.cwd, BTreeMap::new())?;
        let goflags = tool.environment(request.watch)?.get("GOFLAGS").unwrap_or_default().to_owned();
        let command = GoCommand::parse(&request.words, &goflags, &variable)?.ok_or(GoRecordError::NoTests)?;
        let command = command.recording()?;
        let folder = match &command.command.folder {
            Some(folder) => request.cwd.join(folder),
            None => request.cwd.clone(),
        };
        let tool = GoTool { folder, ..tool };
        // Another folder may be another module, which may ask for another version of Go.
        let environment = tool.environment(request.watch)?;
        let own_flags = BuildFlags::parse(&command.build)?;
        let flags = own_flags.over(&environment.flags());

        let main = list::main_modules(&tool, &own_flags, request.watch)?;
        let packages = list::list(&tool, &own_flags, &command.packages, request.watch)?;
        let mut places = Places::new(&request.repository, &environment);
        let modules = Modules::new(&main, &packages, &environment, &flags, &tool.folder, &mut places);
        let graph = PackageGraph::new(packages);
        let patterns = modules.cover_patterns();
        let build = Build {
            graph: &graph,
            modules: &modules,
            patterns: &patterns,
            environment: &environment,
            flags: &flags,
            folder: &tool.folder,
        };
        let binaries = Binaries::of(&build, &mut places);
        let suites = suites(&graph);
        let has_module = environment.module_file().is_some() || environment.workspace_file().is_some();
        if suites.is_empty() && !has_module {
            return Err(GoRecordError::NoModule(tool.folder));
        }
        let scratch = Scratch::new(None).map_err(GoRecordError::Scratch)?;
        Ok(Plan {
            command,
            tool,
            environment,
            own_flags,
            flags,
            graph,
            modules,
            patterns,
            binaries,
            suites,
            scratch,
        })
    }

    /// Returns the paths of the modules whose code counts.
    pub(super) fn counted(&self) -> BTreeSet<Box<str>> {
        self.modules.main.iter().chain(&self.modules.replacements).map(|module| module.path.clone()).collect()
    }

    /// Returns the suites whose binaries can start processes: through a package that is made for it, or because the
    /// repository's own code names a function that does it.
    pub(super) fn starting(&self, repository: &Path) -> BTreeSet<Box<str>> {
        let can_start = |suite: &str| {
            let closure = self.graph.closure(suite);
            let is_starter =
                |path: &str| path == "os/exec" || path == "plugin" || path.ends_with("/x/sys/unix");
            let names_one = |path: &RepoPath| {
                let source = fs::read(repository.join(path.as_str()));
                source.map_or(true, |source| {
                    STARTING.iter().any(|name| memchr::memmem::find(&source, name).is_some())
                })
            };
            let binary = self.binaries.binaries.get(suite);
            let has_c = |package: &Package| !package.standard && !package.cgo_files.is_empty();
            closure.iter().any(|package| is_starter(package.base_path()) || has_c(package))
                || binary.is_none_or(|binary| binary.compiled.iter().chain(&binary.test_files).any(names_one))
        };
        self.suites.values().filter(|suite| can_start(suite)).cloned().collect()
    }

    /// Returns whether a test binary has no function that is counted, as one of test files alone. Such a binary leaves
    /// nothing, and nothing is missing then: the go tool counts in no test file.
    pub(super) fn counts_nothing(&self, repository: &Path, suite: &str) -> bool {
        let Some(binary) = self.binaries.binaries.get(suite) else { return false };
        let has_function = |path: &RepoPath| {
            let source = fs::read(repository.join(path.as_str()));
            source.map_or(true, |source| memchr::memmem::find(&source, b"func").is_some())
        };
        binary.unknown.is_empty() && !binary.compiled.iter().any(has_function)
    }

    /// Returns whether a test binary can look for files without telling package `os`, which is where a test's log comes
    /// from: through C, or through system calls that the repository's own code names.
    pub(super) fn looks_unheard(&self, request: &Request<'_>, suite: &str, binary: &TestBinary) -> bool {
        const CALLS: [&[u8]; 9] = [
            b"syscall.Stat",
            b"syscall.Lstat",
            b"syscall.Access",
            b"syscall.Open",
            b"unix.Stat",
            b"unix.Lstat",
            b"unix.Access",
            b"unix.Open",
            b"unix.Faccessat",
        ];
        let has_c = |package: &Package| !package.standard && !package.cgo_files.is_empty();
        let names_one = |path: &RepoPath| {
            let source = fs::read(request.repository.join(path.as_str()));
            source
                .map_or(true, |source| CALLS.iter().any(|name| memchr::memmem::find(&source, name).is_some()))
        };
        self.graph.closure(suite).iter().any(|package| has_c(package))
            || binary.compiled.iter().chain(&binary.test_files).any(names_one)
    }

    /// Returns what is missing where a package cannot be built: its tests, or, where it has none, the package.
    pub(super) fn missing(&self, package: &str, why: &str) -> Missing {
        match self.suites.values().any(|suite| **suite == *package) {
            true => Missing::suite(package, why),
            false => Missing::build(package, why),
        }
    }

    /// Returns the suites of which no test is wanted, as their sources say.
    pub(super) fn unwanted(&self, request: &Request<'_>) -> BTreeSet<Box<str>> {
        if request.wanted.is_everything() {
            return BTreeSet::new();
        }
        let is_unwanted = |suite: &str| {
            let Some(binary) = self.binaries.binaries.get(suite) else { return false };
            let files = TestFiles::read(&request.repository, &binary.test_files);
            let mut tests = files.tests().peekable();
            // A package whose tests are not known is built.
            tests.peek().is_some() && tests.all(|name| !request.wanted.has(suite, name))
        };
        self.suites.values().filter(|suite| is_unwanted(suite)).cloned().collect()
    }

    /// Returns what knows whether programs are made of the present sources.
    #[cfg(target_os = "linux")]
    pub(super) fn fresh(&self, repository: &Path) -> Fresh {
        let modules = self.modules.main.iter().chain(&self.modules.replacements);
        let sources = modules.map(|module| repository.join(module.folder.as_str())).collect();
        let cache = self.environment.get("GOCACHE").map(PathBuf::from);
        Fresh::new(sources, cache.into_iter().chain([self.scratch.path().to_owned()]).collect())
    }

    /// Returns where the files are at home that coverage names.
    pub(super) fn homes(&self, repository: &Path) -> home::Modules {
        let mut homes = home::Modules::new();
        for module in self.modules.main.iter().chain(&self.modules.replacements) {
            homes = homes.with_module(module.path.clone(), module.folder.clone());
        }
        let mut files: BTreeMap<&str, Vec<&RepoPath>> = BTreeMap::new();
        for (name, path) in &self.binaries.sources {
            let package = name.rsplit_once('/').map_or("", |(package, _)| package);
            files.entry(package).or_default().push(path);
        }
        for (package, paths) in files {
            if let Some(folder) = paths[0].parent() {
                homes = homes.with_package(package, folder);
            }
            let read = |path: &RepoPath| fs::read(repository.join(path.as_str())).ok();
            let texts: Vec<(&RepoPath, String)> = paths
                .into_iter()
                .filter_map(|path| Some((path, String::from_utf8_lossy(&read(path)?).into_owned())))
                .collect();
            homes = homes.with_sources(package, texts.iter().map(|(path, text)| (*path, text.as_str())));
        }
        homes
    }

    /// Returns the value of `GOFLAGS` that has the go tool count in what tests build with it.
    pub(super) fn goflags(&self) -> OsString {
        let mut flags = self.environment.get("GOFLAGS").unwrap_or_default().to_owned();
        if let Some(measured) = self.patterns.argument() {
            for word in ["-cover".to_owned(), format!("-coverpkg={measured}")] {
                if !flags.is_empty() {
                    flags.push(' ');
                }
                flags.push_str(&word);
            }
        }
        flags.into()
    }
}

/// Returns the packages that were asked for and have tests, by their folders.
fn suites(graph: &PackageGraph) -> BTreeMap<PathBuf, Box<str>> {
    let tested: BTreeSet<&str> = graph.tested().collect();
    let named =
        graph.packages().filter(|package| !package.dep_only && tested.contains(&*package.import_path));
    named
        .map(|package| {
            let folder = PathBuf::from(&*package.dir);
            (folder.canonicalize().unwrap_or(folder), package.import_path.clone())
        })
        .collect()
}
