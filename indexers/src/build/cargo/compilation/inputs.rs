//! Everything that something was compiled from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cargo_metadata::Package;
use skiptrace_engine::path::RepoPath;
use thiserror::Error;

use crate::build::dep_info::DepInfoError;

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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Error)]
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

/// A package, as lockfiles identify it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName {
    /// Its name.
    pub name: Box<str>,
    /// Its version.
    pub version: Box<str>,
}

impl Inputs {
    pub(super) fn add(&mut self, other: &Inputs) {
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
    pub(super) fn of(package: &Package) -> PackageName {
        PackageName { name: package.name.as_str().into(), version: package.version.to_string().into() }
    }
}
