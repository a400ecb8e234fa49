//! What tests depend on without a counter that would tell: what decides how they are built, and what is executed while
//! they are.
//!
//! # Features
//!
//! A package is built once for all that depend on it, with the features that any of them asks for. So a dependency of
//! one package may change what the tests of another are made of, though these never heard of it. Where a package was
//! built with fewer features than it has, its tests depend on everybody who may ask for more: on who depends on it, in
//! which versions, and on what manifests of the repository say of it; and where these have features of their own, on
//! who depends on them. Most packages of a repository have no features, and nobody can ask for any.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use skiptrace_engine::path::RepoPath;

use super::Request;
use super::plan::Plan;
use crate::build::cargo_config;
use crate::build::compiled::{Compiled, Package};
use crate::build::lockfile::{LockedPackage, Lockfile};
use crate::build::toolchain::CHOOSING;
use crate::record::fold::{Chosen, FilePart};
use crate::units::cargo::{self, Concern, Declared, Manifest};
use crate::units::{Language, cut};

/// The files that decide how tests are built.
pub(super) struct Inputs<'p> {
    plan: &'p Plan,
    repository: PathBuf,
    profile: String,
    /// Those that decide it for all tests, whatever they are compiled from.
    everywhere: Vec<RepoPath>,
    lockfile: Option<RepoPath>,
    locked: Option<Lockfile>,
    manifests: BTreeMap<RepoPath, Option<Read>>,
    /// The packages of the repository that could be built, by their manifests.
    members: BTreeSet<RepoPath>,
}

/// A manifest that was read.
struct Read {
    units: BTreeSet<Box<str>>,
    said: Manifest,
}

/// Parts of files in the making; `None` is all of a file.
#[derive(Default)]
struct PartsSoFar(BTreeMap<RepoPath, Option<BTreeSet<Box<str>>>>);

impl PartsSoFar {
    fn whole(&mut self, path: RepoPath) {
        self.0.insert(path, None);
    }

    fn units(&mut self, path: &RepoPath, units: impl IntoIterator<Item = Box<str>>) {
        if let Some(known) = self.0.entry(path.clone()).or_insert_with(|| Some(BTreeSet::new())) {
            known.extend(units);
        }
    }

    fn finish(self) -> Vec<FilePart> {
        let part = |(path, units): (RepoPath, Option<BTreeSet<Box<str>>>)| match units {
            None => Some(FilePart::whole(path)),
            Some(units) if units.is_empty() => None,
            Some(units) => Some(FilePart { path, units: Chosen::Named(Arc::new(units)) }),
        };
        self.0.into_iter().filter_map(part).collect()
    }
}

impl<'p> Inputs<'p> {
    /// Finds the files.
    pub(super) fn find(plan: &'p Plan, request: &Request<'_>) -> Inputs<'p> {
        let home = |path: &Path| home(&request.repository, path);
        let mut everywhere: Vec<RepoPath> = Vec::new();
        for folder in request.cwd.ancestors().take_while(|folder| home(folder).is_some()) {
            everywhere.extend(
                CHOOSING
                    .iter()
                    .map(|name| folder.join(name))
                    .filter_map(|path| home(&path).filter(|_| path.is_file())),
            );
        }
        everywhere.extend(cargo_config::files(&request.cwd, None).iter().filter_map(|path| home(path)));
        let lockfile = home(&plan.known.lockfile.0).filter(|_| plan.known.lockfile.0.is_file());
        let locked = fs::read(&plan.known.lockfile.0).ok().and_then(|bytes| Lockfile::parse(&bytes).ok());
        Inputs {
            plan,
            repository: request.repository.clone(),
            profile: request.command.profile().to_owned(),
            everywhere,
            lockfile,
            locked,
            manifests: BTreeMap::new(),
            members: plan.known.manifests.iter().filter_map(|path| home(path)).collect(),
        }
    }

    /// Returns the lockfile, if it is in the repository and as it was before anything was built, though cargo may have
    /// written it at the very start.
    pub(super) fn settled(&self) -> Option<&RepoPath> {
        let (path, before) = &self.plan.known.lockfile;
        self.lockfile.as_ref().filter(|_| before.is_some() && fs::read(path).ok() == *before)
    }

    /// Returns what tests depend on that were compiled so.
    pub(super) fn of(&mut self, compiled: &Compiled) -> Vec<FilePart> {
        let mut parts = PartsSoFar::default();
        for path in &self.everywhere {
            parts.whole(path.clone());
        }
        self.add_packages(compiled, &mut parts);
        self.add_manifests(compiled, &mut parts);
        self.add_requests(compiled, &mut parts);
        for path in &compiled.acting {
            parts.whole(path.clone());
        }
        for folder in &compiled.acting_folders {
            let mut sources = Vec::new();
            self.find_sources(&self.repository.join(folder.as_str()), &mut sources);
            for path in sources {
                parts.whole(path);
            }
        }
        // No counter is in a file that is no code, and nobody says what of it is read.
        for path in compiled.files.iter().filter(|path| Language::of(path) != Some(Language::Rust)) {
            parts.whole(path.clone());
        }
        parts.finish()
    }

    /// Adds what the lockfile says of the packages that something was compiled from.
    fn add_packages(&self, compiled: &Compiled, parts: &mut PartsSoFar) {
        let Some(path) = &self.lockfile else { return };
        let Some(locked) = &self.locked else { return parts.whole(path.clone()) };
        for package in &compiled.packages {
            let found = found(locked, package);
            // One that is not in it may be in it under any name.
            if found.is_empty() {
                return parts.whole(path.clone());
            }
            parts.units(
                path,
                found.into_iter().map(|package| cargo::locked(&package.name, version(package)).into()),
            );
        }
    }

    /// Adds what manifests say of the packages that something was compiled from, and of all of a workspace.
    fn add_manifests(&mut self, compiled: &Compiled, parts: &mut PartsSoFar) {
        let root = home(&self.repository, &self.plan.roots.workspace.join("Cargo.toml"));
        let roots: BTreeSet<RepoPath> = root.into_iter().chain(compiled.workspaces.iter().cloned()).collect();
        let mut inherited: BTreeSet<Box<str>> = BTreeSet::new();
        let sees_about = compiled.manifests.values().any(|own| own.sees_about);
        for (path, own) in &compiled.manifests {
            let Some(read) = self.read(path) else {
                parts.whole(path.clone());
                continue;
            };
            let concerns = |unit: &str| match Concern::of(unit) {
                Concern::Package => true,
                Concern::About => own.sees_about,
                Concern::Development => own.is_tested,
                _ => false,
            };
            parts.units(path, read.units.iter().filter(|unit| concerns(unit)).cloned());
            let taken = read.said.dependencies.iter().filter(|declared| declared.inherited);
            inherited.extend(
                taken.filter(|declared| concerns(&declared.unit)).map(|declared| declared.key.clone()),
            );
        }
        let profile = self.profile.clone();
        for path in roots {
            let Some(read) = self.read(&path) else {
                parts.whole(path);
                continue;
            };
            let profiles = profiles(&profile, &read.said);
            let concerns = |unit: &str| match Concern::of(unit) {
                Concern::Workspace => true,
                Concern::WorkspaceAbout => sees_about,
                Concern::WorkspaceDependency(key) => inherited.contains(key),
                Concern::Profile(name) => profiles.contains(name),
                // It says which resolver decides on features.
                Concern::Package => unit == "package",
                Concern::About | Concern::Development => false,
            };
            parts.units(&path, read.units.iter().filter(|unit| concerns(unit)).cloned());
        }
    }

    /// Adds who may ask for features that something was not compiled with.
    fn add_requests(&mut self, compiled: &Compiled, parts: &mut PartsSoFar) {
        let (Some(lockfile), Some(locked)) = (self.lockfile.clone(), self.locked.take()) else { return };
        let mut todo: Vec<&LockedPackage> = compiled
            .packages
            .iter()
            .filter(|package| self.could_have_more(package, compiled))
            .flat_map(|package| found(&locked, package))
            .collect();
        let mut asked: BTreeSet<&LockedPackage> = BTreeSet::new();
        while let Some(package) = todo.pop() {
            if asked.insert(package) {
                parts.units(&lockfile, [cargo::dependents(&package.name, version(package)).into()]);
                let dependents =
                    locked.packages.iter().filter(|(_, dependencies)| dependencies.contains(package));
                todo.extend(
                    dependents.map(|(package, _)| package).filter(|package| self.has_features(package)),
                );
            }
        }
        let asked: BTreeSet<&str> = asked.into_iter().map(|package| &*package.name).collect();
        if !asked.is_empty() {
            self.add_what_asks(&asked, parts);
        }
        self.locked = Some(locked);
    }

    /// Adds what manifests of the repository say of dependencies of these names.
    fn add_what_asks(&mut self, asked: &BTreeSet<&str>, parts: &mut PartsSoFar) {
        let root = home(&self.repository, &self.plan.roots.workspace.join("Cargo.toml"));
        let offered: Vec<Declared> = match root.as_ref().and_then(|root| self.read(root)) {
            Some(read) => read.said.workspace_dependencies.clone(),
            None => Vec::new(),
        };
        let offer = |key: &str| offered.iter().find(|offered| *offered.key == *key);
        for path in self.members.clone() {
            let Some(read) = self.read(&path) else {
                parts.whole(path);
                continue;
            };
            let asks = |declared: &&Declared| {
                let offered = offer(&declared.key).filter(|_| declared.inherited);
                asked.contains(&*declared.package)
                    || offered.is_some_and(|offer| asked.contains(&*offer.package))
            };
            let asking: Vec<&Declared> = read.said.dependencies.iter().filter(asks).collect();
            if !asking.is_empty() {
                let features = read.units.iter().filter(|unit| &***unit == "features").cloned();
                parts.units(&path, asking.iter().map(|declared| declared.unit.clone()).chain(features));
                let taken =
                    asking.iter().filter(|declared| declared.inherited).filter_map(|taken| offer(&taken.key));
                if let Some(root) = &root {
                    parts.units(root, taken.map(|offer| offer.unit.clone()));
                }
            }
        }
    }

    /// Returns whether some build of a package that was compiled has fewer features than there are.
    fn could_have_more(&self, package: &Package, compiled: &Compiled) -> bool {
        let mut declared = BTreeSet::new();
        for ((name, version), features) in &self.plan.known.features {
            if *name == package.name && package.version.as_ref().is_none_or(|own| own == version) {
                declared.extend(features);
            }
        }
        let mut builds = compiled.crates.iter().filter(|krate| krate.package == *package).peekable();
        match builds.peek() {
            None => !declared.is_empty(),
            Some(_) => builds.any(|krate| declared.iter().any(|feature| !krate.features.contains(*feature))),
        }
    }

    /// Returns whether a package has features, so that it may ask for other features of what it depends on; one that
    /// nobody knows may.
    fn has_features(&self, package: &LockedPackage) -> bool {
        let key = (package.name.to_string(), package.version.to_string());
        self.plan.known.features.get(&key).is_none_or(|features| !features.is_empty())
    }

    fn read(&mut self, path: &RepoPath) -> Option<&Read> {
        if !self.manifests.contains_key(path) {
            let source = fs::read(self.repository.join(path.as_str())).unwrap_or_default();
            let read = Manifest::read(&source).map(|said| {
                let units = cut(Some(Language::CargoToml), &source);
                Read { units: units.into_iter().map(|unit| unit.name).collect(), said }
            });
            self.manifests.insert(path.clone(), read);
        }
        self.manifests.get(path)?.as_ref()
    }

    /// Returns a folder and those below it, without those of what was built.
    pub(super) fn folders_below(&self, folder: &RepoPath) -> Vec<RepoPath> {
        let mut todo = vec![self.repository.join(folder.as_str())];
        let mut folders = vec![folder.clone()];
        while let Some(folder) = todo.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir()) && !is_hidden;
                if is_folder && !self.plan.roots.build_folders.contains(&entry.path()) {
                    folders.extend(home(&self.repository, &entry.path()));
                    todo.push(entry.path());
                }
            }
        }
        folders
    }

    /// Finds the sources in a folder, without what was built.
    fn find_sources(&self, folder: &Path, sources: &mut Vec<RepoPath>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
            if is_folder && !is_hidden && !self.plan.roots.build_folders.contains(&path) {
                self.find_sources(&path, sources);
            } else if !is_folder && path.extension().is_some_and(|extension| extension == "rs") {
                sources.extend(home(&self.repository, &path));
            }
        }
    }
}

/// Returns the packages of a lockfile that something was compiled from.
fn found<'l>(locked: &'l Lockfile, package: &Package) -> Vec<&'l LockedPackage> {
    let is_named = |found: &&LockedPackage| *found.name == *package.name;
    let mut found: Vec<_> = locked.packages.keys().filter(is_named).collect();
    // One that is kept in the repository though it is somebody else's is told by its name alone.
    if let Some(version) = &package.version {
        found.retain(|found| *found.version == **version);
    }
    found
}

/// Returns the version that is in the name of a unit.
fn version(package: &LockedPackage) -> Option<&str> {
    package.source.as_ref().map(|_| &*package.version)
}

/// Returns the profiles that say something of a build with one of them.
fn profiles<'n>(profile: &'n str, manifest: &'n Manifest) -> BTreeSet<&'n str> {
    let mut names = BTreeSet::new();
    let mut next = Some(profile);
    while let Some(name) = next.filter(|name| names.insert(*name)) {
        next = match manifest.profiles.get(name).and_then(|inherits| inherits.as_deref()) {
            Some(inherits) => Some(inherits),
            None => match name {
                "test" => Some("dev"),
                "bench" => Some("release"),
                _ => None,
            },
        };
    }
    for (special, usual) in [("test", "dev"), ("bench", "release")] {
        if names.contains(usual) {
            names.insert(special);
        }
    }
    names
}

/// Returns where a file of the repository is in it.
pub(super) fn home(repository: &Path, path: &Path) -> Option<RepoPath> {
    let inside = path.strip_prefix(repository).ok().map(Path::to_owned).or_else(|| {
        let real = path.canonicalize().ok()?;
        Some(real.strip_prefix(repository.canonicalize().ok()?).ok()?.to_owned())
    })?;
    RepoPath::new(inside.to_str()?).ok()
}
