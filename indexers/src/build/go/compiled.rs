//! What of the repository is in each test binary.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use skiptrace_engine::path::RepoPath;

use super::embed::EmbedPattern;
use super::environment::GoEnvironment;
use super::flags::BuildFlags;
use super::graph::{ModuleVersion, PackageGraph};
use super::includes;
use super::list::Package;
use super::modules::{CoverPatterns, Modules};
use super::places::{Place, Places};
use crate::go::quoted;

/// A build of test binaries.
#[derive(Debug, Clone, Copy)]
pub struct Build<'a> {
    /// What was listed.
    pub graph: &'a PackageGraph,
    /// The modules that it is about.
    pub modules: &'a Modules,
    /// Which packages are instrumented.
    pub patterns: &'a CoverPatterns,
    /// What `go env` says.
    pub environment: &'a GoEnvironment,
    /// The flags of the command line over those of `GOFLAGS`.
    pub flags: &'a BuildFlags,
    /// The folder that the go command runs in.
    pub folder: &'a Path,
}

/// The test binaries of a build.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Binaries {
    /// What each test binary is made of, by the package whose tests it runs.
    pub binaries: BTreeMap<Box<str>, TestBinary>,
    /// Where the Go files of the repository's packages are that are linked by any of them, by what coverage calls
    /// them: import path and name, `example.com/m/p/a.go`.
    pub sources: BTreeMap<Box<str>, RepoPath>,
    /// The packages that were asked for and whose tests, if they have any, cannot be built, and why.
    pub broken: BTreeMap<Box<str>, String>,
}

/// What a test binary is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TestBinary {
    /// The folder in which its tests run, when it is in the repository.
    pub folder: Option<RepoPath>,
    /// Go files that are instrumented.
    pub compiled: BTreeSet<RepoPath>,
    /// Test files, which never are.
    pub test_files: BTreeSet<RepoPath>,
    /// Files that act without any counter: assembly, C, headers, objects, embedded files, profiles, symbolic links on
    /// the way to any of these, and Go files of packages that are not instrumented.
    pub silent: BTreeSet<RepoPath>,
    /// Folders of which any file may act so.
    pub silent_folders: BTreeSet<RepoPath>,
    /// Files that build constraints leave out; their constraints may change.
    pub ignored: BTreeSet<RepoPath>,
    /// The folders of packages. A file that is made there may become part of the binary.
    pub folders: BTreeSet<RepoPath>,
    /// What is embedded. A file that is made and matches becomes part of the binary.
    pub embeds: BTreeSet<EmbedPattern>,
    /// The modules in it that are not the build's own. Their lines in `go.mod` and `go.sum` say what is in them.
    pub modules: BTreeSet<ModuleVersion>,
    /// The files that say which language the packages in it are written in: `go.mod` of their modules in the
    /// repository, `go.work`, `vendor/modules.txt`.
    pub module_files: BTreeSet<RepoPath>,
    /// What is not known of it, for people; if there is any, nothing that is named here is all.
    pub unknown: BTreeSet<String>,
}

impl Binaries {
    /// Returns what each test binary of a build is made of.
    pub fn of(build: &Build<'_>, places: &mut Places) -> Binaries {
        let mut reader = Reader { build, places, parts: HashMap::new(), sources: BTreeMap::new() };
        let common = reader.common();
        let mut binaries = BTreeMap::new();
        for tested in build.graph.tested() {
            let mut binary = common.clone();
            let closure = build.graph.closure(tested);
            for package in &closure {
                binary.add(reader.part(package));
            }
            // Whatever imports a broken package says so as well; that is only news where the package itself does not.
            if closure.iter().all(|package| package.error.is_none()) {
                binary.unknown.extend(closure.iter().find_map(|package| cannot_be_built(package)));
            }
            reader.finish(tested, &mut binary);
            binaries.insert(tested.into(), binary);
        }
        let sources = reader.sources;
        Binaries { binaries, sources, broken: broken(build.graph) }
    }
}

impl TestBinary {
    /// Returns what all packages together are made of that were listed, tests left out: that is every program that can
    /// be made of them.
    pub fn of_programs(build: &Build<'_>, places: &mut Places) -> TestBinary {
        let mut reader = Reader { build, places, parts: HashMap::new(), sources: BTreeMap::new() };
        let mut programs = reader.common();
        let is_program =
            |package: &&Package| package.for_test.is_empty() && !build.graph.is_test_main(package);
        for package in build.graph.packages().filter(is_program) {
            programs.add(reader.part(package));
        }
        programs
    }

    /// Returns every file of the repository that is in it.
    pub fn files(&self) -> impl Iterator<Item = &RepoPath> {
        self.compiled.iter().chain(&self.test_files).chain(&self.silent)
    }

    /// Returns whether a file that is made becomes, or may become, part of it, or decides what does.
    pub fn may_gain(&self, path: &RepoPath) -> bool {
        // Each of these moves the border between modules, or says where packages come from.
        let name = path.as_str().rsplit('/').next();
        matches!(name, Some("go.mod" | "go.work" | "modules.txt"))
            || path.parent().is_some_and(|folder| self.folders.contains(&folder))
            || self.embeds.iter().any(|pattern| pattern.may_match(path))
            || std::iter::successors(path.parent(), RepoPath::parent)
                .any(|folder| self.silent_folders.contains(&folder))
    }

    /// Adds what a package brings with it.
    fn add(&mut self, part: &TestBinary) {
        let pairs = [
            (&mut self.compiled, &part.compiled),
            (&mut self.test_files, &part.test_files),
            (&mut self.silent, &part.silent),
            (&mut self.silent_folders, &part.silent_folders),
            (&mut self.ignored, &part.ignored),
            (&mut self.folders, &part.folders),
            (&mut self.module_files, &part.module_files),
        ];
        for (all, more) in pairs {
            all.extend(more.iter().cloned());
        }
        self.embeds.extend(part.embeds.iter().cloned());
        self.modules.extend(part.modules.iter().cloned());
        self.unknown.extend(part.unknown.iter().cloned());
    }
}

/// Says why a package cannot be built, if so.
fn cannot_be_built(package: &Package) -> Option<String> {
    let name = package.base_path();
    match package.error.iter().chain(&package.deps_errors).next() {
        Some(why) => Some(format!("`{name}` cannot be built: {why}")),
        None => package.incomplete.then(|| format!("`{name}` cannot be built")),
    }
}

/// Returns what of the packages that were asked for cannot be built.
fn broken(graph: &PackageGraph) -> BTreeMap<Box<str>, String> {
    let without = graph.without_binary().into_iter();
    let without = without.map(|package| (package.import_path.clone(), "it has no test binary".to_owned()));
    let mut broken: BTreeMap<Box<str>, String> = without.collect();
    for package in graph.packages().filter(|package| !package.dep_only) {
        if let Some(why) = package.error.iter().chain(&package.deps_errors).next() {
            broken.insert(graph.concerns(package).into(), why.to_string());
        }
    }
    broken
}

struct Reader<'a, 'p> {
    build: &'a Build<'a>,
    places: &'p mut Places,
    /// What each package brings with it, by its import path.
    parts: HashMap<&'a str, TestBinary>,
    sources: BTreeMap<Box<str>, RepoPath>,
}

impl<'a> Reader<'a, '_> {
    /// Returns what every test binary has.
    fn common(&mut self) -> TestBinary {
        let Build { modules, flags, folder, .. } = self.build;
        let mut common = TestBinary { unknown: modules.unknown.clone(), ..TestBinary::default() };
        common.module_files.extend(modules.workspace.clone());
        if let Some(overlay) = flags.value("overlay").filter(|file| !file.is_empty()) {
            common.unknown.insert(format!("files are replaced by the overlay `{overlay}`"));
        }
        if let Some(tool) = flags.value("toolexec").filter(|tool| !tool.is_empty()) {
            common.unknown.insert(format!("`{tool}` stands between the go command and its tools"));
        }
        if flags.value("pkgdir").is_some_and(|folder| !folder.is_empty()) {
            common.unknown.insert("packages come from the folder of `-pkgdir`".to_owned());
        }
        if let Some(profile) = flags.value("pgo").filter(|profile| !matches!(*profile, "" | "auto" | "off")) {
            let file = folder.join(profile);
            self.file(&file, &mut common, |part| &mut part.silent);
        }
        common
    }

    /// Adds what concerns one test binary as a whole.
    fn finish(&mut self, tested: &str, binary: &mut TestBinary) {
        for package in self.build.graph.variants(tested) {
            let Place::Repo(folder) = self.places.place(Path::new(&*package.dir)) else { continue };
            // The tests outside of a package are not in any variant of it, but their patterns are.
            for patterns in
                [&package.embed_patterns, &package.test_embed_patterns, &package.x_test_embed_patterns]
            {
                let patterns = patterns.iter().cloned();
                let embeds = patterns.map(|pattern| EmbedPattern { folder: folder.clone(), pattern });
                binary.embeds.extend(embeds);
            }
            let profile = Path::new(&*package.dir).join("default.pgo");
            if &*package.name == "main" && profile.is_file() {
                self.file(&profile, binary, |part| &mut part.silent);
            }
            binary.folder = Some(folder);
        }
        for import in self.build.graph.dangling(tested) {
            binary.unknown.insert(format!("`{import}` is imported, but not listed"));
        }
    }

    /// Returns what a package brings with it, without what it imports.
    fn part(&mut self, package: &'a Package) -> &TestBinary {
        if !self.parts.contains_key(&*package.import_path) {
            let part = self.read(package);
            self.parts.insert(&package.import_path, part);
        }
        &self.parts[&*package.import_path]
    }

    fn read(&mut self, package: &Package) -> TestBinary {
        let mut part = TestBinary::default();
        let name = package.base_path();
        if package.error.is_some() {
            part.unknown.extend(cannot_be_built(package));
        }
        if package.standard && name == "plugin" {
            part.unknown.insert("it can load plugins, whose code is not known".to_owned());
        }
        if package.dir.is_empty() {
            if !package.standard && part.unknown.is_empty() {
                part.unknown.insert(format!("`{name}` has no folder"));
            }
            return part;
        }
        match self.places.place(Path::new(&*package.dir)) {
            Place::Repo(folder) => {
                part.folders.insert(folder);
                self.read_files(package, &mut part);
                self.read_module(package, &mut part);
            }
            // Distributions spread it over several folders.
            _ if package.standard => {}
            Place::Go => self.read_module(package, &mut part),
            Place::Outside | Place::Unknown => {
                let dir = &package.dir;
                part.unknown.insert(format!("`{name}` is in `{dir}`, which is not in the repository"));
            }
        }
        part
    }

    fn read_module(&mut self, package: &Package, part: &mut TestBinary) {
        let modules = self.build.modules;
        let Some(module) = &package.module else {
            if part.folders.is_empty() {
                part.unknown.insert(format!("`{}` is of no module", package.base_path()));
            }
            // Files that were named instead of a package are written in the language of the main module.
            part.module_files.extend(modules.main.iter().map(|local| local.file.clone()));
            return;
        };
        let local = modules.main.iter().chain(&modules.replacements).find(|local| local.path == module.path);
        part.module_files.extend(local.map(|local| local.file.clone()));
        if module.main {
            return;
        }
        let version = ModuleVersion::of(module);
        let is_pinned = match &version.replacement {
            Some((_, version)) => !version.is_empty(),
            None => !version.version.is_empty(),
        };
        if part.folders.is_empty() && !is_pinned {
            part.unknown.insert(format!("`{}` has no version", module.path));
        }
        if let (None, Some(vendor)) = (local, &modules.vendor) {
            part.module_files.extend(super::places::join(vendor, "modules.txt"));
        }
        part.modules.insert(version);
    }

    fn read_files(&mut self, package: &Package, part: &mut TestBinary) {
        let folder = Path::new(&*package.dir);
        let is_generated = self.build.graph.is_test_main(package);
        let is_counted = !is_generated && self.build.patterns.matches(package.base_path());
        for name in package.go_files.iter().chain(&package.cgo_files) {
            // The main package of a test is generated into a cache.
            if is_generated && Path::new(&**name).is_absolute() {
                continue;
            }
            let file = folder.join(&**name);
            let path = if name.ends_with("_test.go") {
                self.file(&file, part, |part| &mut part.test_files)
            } else if is_counted {
                self.file(&file, part, |part| &mut part.compiled)
            } else {
                self.file(&file, part, |part| &mut part.silent)
            };
            if let Some(path) = path {
                self.sources.insert(format!("{}/{name}", package.base_path()).into(), path);
            }
        }
        let silent = [
            &package.c_files,
            &package.cxx_files,
            &package.m_files,
            &package.h_files,
            &package.f_files,
            &package.s_files,
            &package.swig_files,
            &package.swig_cxx_files,
            &package.syso_files,
            &package.embed_files,
        ];
        for name in silent.into_iter().flatten() {
            self.file(&folder.join(&**name), part, |part| &mut part.silent);
        }
        for name in package.ignored_go_files.iter().chain(&package.ignored_other_files) {
            self.file(&folder.join(&**name), part, |part| &mut part.ignored);
        }
        let folders: Vec<RepoPath> = part.folders.iter().cloned().collect();
        for folder in folders {
            let patterns = package.embed_patterns.iter().cloned();
            part.embeds.extend(patterns.map(|pattern| EmbedPattern { folder: folder.clone(), pattern }));
        }
        // Headers alone are read by nobody.
        let foreign =
            [&package.cgo_files, &package.c_files, &package.cxx_files, &package.m_files, &package.f_files];
        let foreign =
            foreign.into_iter().chain([&package.s_files, &package.swig_files, &package.swig_cxx_files]);
        if foreign.flatten().next().is_some() {
            let flags = ["CGO_CPPFLAGS", "CGO_CFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS"].into_iter();
            let flags = flags.filter_map(|name| self.build.environment.get(name)).flat_map(quoted::words);
            let flags: Vec<String> = flags.collect();
            let includes = includes::follow(package, &flags, self.places);
            part.silent.extend(includes.files);
            part.silent_folders.extend(includes.folders);
        }
    }

    /// Notes a file, with the symbolic links that lead to it; one that is not in the repository is not known.
    fn file(
        &mut self,
        file: &Path,
        part: &mut TestBinary,
        list: impl Fn(&mut TestBinary) -> &mut BTreeSet<RepoPath>,
    ) -> Option<RepoPath> {
        part.silent.extend(self.places.links(file));
        match self.places.place(file) {
            Place::Repo(path) => {
                list(part).insert(path.clone());
                Some(path)
            }
            Place::Go | Place::Outside | Place::Unknown => {
                let unknown = format!("`{}` is not in the repository", file.display());
                part.unknown.insert(unknown);
                None
            }
        }
    }
}
