//! Everything that something was compiled from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use skiptrace_engine::path::RepoPath;

/// What something was compiled from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Compiled {
    /// The repository's files that a compiler or a build script read.
    pub files: BTreeSet<RepoPath>,
    /// Those of them that act while something is compiled, so that no counter tells of what is executed in them: what
    /// procedural macros and build scripts are made of, and what build scripts read.
    pub acting: BTreeSet<RepoPath>,
    /// The folders of which any file may act so.
    pub acting_folders: BTreeSet<RepoPath>,
    /// The manifests of the repository's own packages.
    pub manifests: BTreeMap<RepoPath, Own>,
    /// The folders that the compiler ran in, by what is their manifest: those of workspaces.
    pub workspaces: BTreeSet<RepoPath>,
    /// The repository's folders of which any file may have been read, but not what builds wrote there.
    pub folders: BTreeSet<RepoPath>,
    /// The folders of which somebody may have seen what is in them, and in folders below.
    pub listed: BTreeSet<RepoPath>,
    /// The packages.
    pub packages: BTreeSet<Package>,
    /// The crates, but not those that only build scripts are made of: they are in `packages` alone.
    pub crates: BTreeSet<Crate>,
    /// The environment variables that were read, with their values then; those that build scripts set are left out,
    /// because what the scripts are made of is not.
    pub variables: BTreeMap<Box<str>, Option<Box<str>>>,
    /// What is not known, for people; if there is any, there may be more files than are named.
    pub unknown: BTreeSet<String>,
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version; `None` for one of the repository's own, which are told by their files.
    pub version: Option<String>,
}

/// What a package of the repository has to do with what was compiled from it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Own {
    /// Its name.
    pub name: String,
    /// Whether some of its code was compiled as a test, and so with what only tests are given.
    pub is_tested: bool,
    /// Whether something may see its version, or what its manifest says to people: cargo hands them to compilers,
    /// build scripts and tests as variables.
    pub sees_about: bool,
}

/// How a crate was compiled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Crate {
    /// Its package.
    pub package: Package,
    /// Its name.
    pub name: String,
    /// Whether it is a test harness.
    pub is_test: bool,
    /// Its features.
    pub features: BTreeSet<String>,
    /// The arguments that say how code is generated, in order.
    pub flags: Vec<String>,
}

impl Compiled {
    /// Adds what something else was compiled from.
    pub fn add(&mut self, other: &Compiled) {
        self.crates.extend(other.crates.iter().cloned());
        self.add_read(other);
    }

    /// Adds what the build script of the package in a folder read that does not say so: what it opened, or anything there.
    pub(super) fn add_silent(&mut self, folder: RepoPath, opened: Option<BTreeSet<RepoPath>>) {
        match opened {
            Some(opened) => {
                // That a file is there may be seen without opening it.
                self.listed.insert(folder);
                self.acting.extend(opened.iter().cloned());
                self.files.extend(opened);
            }
            None => {
                self.folders.insert(folder.clone());
                self.acting_folders.insert(folder);
            }
        }
    }

    /// Adds what something else was compiled from that is only read, not linked.
    pub(super) fn add_read(&mut self, other: &Compiled) {
        self.files.extend(other.files.iter().cloned());
        self.acting.extend(other.acting.iter().cloned());
        self.acting_folders.extend(other.acting_folders.iter().cloned());
        self.workspaces.extend(other.workspaces.iter().cloned());
        for (manifest, own) in &other.manifests {
            let known = self.manifests.entry(manifest.clone()).or_insert_with(|| own.clone());
            known.is_tested |= own.is_tested;
            known.sees_about |= own.sees_about;
        }
        self.folders.extend(other.folders.iter().cloned());
        self.listed.extend(other.listed.iter().cloned());
        self.packages.extend(other.packages.iter().cloned());
        self.variables.extend(other.variables.iter().map(|(name, value)| (name.clone(), value.clone())));
        self.unknown.extend(other.unknown.iter().cloned());
    }

    /// Returns the features of each package, in any of its builds.
    pub fn features(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut features: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for krate in &self.crates {
            features.entry(krate.package.to_string()).or_default().extend(krate.features.iter().cloned());
        }
        features
    }

    /// Returns the arguments that all of the repository's own crates were compiled with, in order.
    pub fn common_flags(&self) -> Vec<String> {
        let mut own = self.crates.iter().filter(|krate| krate.package.version.is_none());
        let mut flags = own.next().map(|first| first.flags.clone()).unwrap_or_default();
        for krate in own {
            flags.retain(|flag| krate.flags.contains(flag));
        }
        flags
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}@{version}", self.name),
            None => f.write_str(&self.name),
        }
    }
}
