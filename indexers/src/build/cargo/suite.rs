//! The tests of a build: executables, and the libraries whose documentation has examples.

use std::collections::BTreeSet;
use std::path::PathBuf;

use cargo_metadata::{Artifact, Metadata, Package, PackageId, Target, TargetKind};

use super::CargoError;
use super::messages::Built;

/// An executable that holds tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestBinary {
    /// What nextest calls it: `pkg` for the library's own tests, `pkg::name` for an integration test,
    /// `pkg::bin/name`, `pkg::example/name` and `pkg::bench/name` for the others.
    pub suite: Box<str>,
    /// Its package, as cargo identifies it.
    pub package_id: PackageId,
    /// Its package's name.
    pub package: Box<str>,
    /// What it tests.
    pub kind: SuiteKind,
    /// The target's name.
    pub target: Box<str>,
    /// The file that the crate begins with.
    pub src_path: PathBuf,
    /// The features of its package.
    pub features: Vec<String>,
    /// The executable.
    pub executable: PathBuf,
    /// The package's folder, in which its tests run.
    pub manifest_dir: PathBuf,
}

/// What a test executable tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuiteKind {
    /// A library's own tests.
    Lib,
    /// A procedural macro's own tests.
    ProcMacro,
    /// A program's own tests.
    Bin,
    /// An example's own tests.
    Example,
    /// An integration test.
    Test,
    /// A benchmark, run once as a test.
    Bench,
}

/// A library whose documentation may hold tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocTests {
    /// Its package, as cargo identifies it.
    pub package_id: PackageId,
    /// Its package's name.
    pub package: Box<str>,
    /// The library's name.
    pub target: Box<str>,
    /// The package's folder, in which its tests run.
    pub manifest_dir: PathBuf,
}

impl SuiteKind {
    /// Returns what a target's own tests are; `None` for what has none: build scripts, and what is unknown here.
    pub fn of(target: &Target) -> Option<SuiteKind> {
        use TargetKind as Kind;
        Some(match target.kind.first()? {
            Kind::Lib | Kind::RLib | Kind::DyLib | Kind::CDyLib | Kind::StaticLib => SuiteKind::Lib,
            Kind::ProcMacro => SuiteKind::ProcMacro,
            Kind::Bin => SuiteKind::Bin,
            Kind::Example => SuiteKind::Example,
            Kind::Test => SuiteKind::Test,
            Kind::Bench => SuiteKind::Bench,
            _ => return None,
        })
    }

    /// Returns the suite's name, by nextest's rules.
    pub fn suite(self, package: &str, target: &str) -> Box<str> {
        match self {
            SuiteKind::Lib | SuiteKind::ProcMacro => package.into(),
            SuiteKind::Test => format!("{package}::{target}").into(),
            SuiteKind::Bin => format!("{package}::bin/{target}").into(),
            SuiteKind::Example => format!("{package}::example/{target}").into(),
            SuiteKind::Bench => format!("{package}::bench/{target}").into(),
        }
    }
}

/// Returns the test executables of a build, sorted by suite.
pub fn test_binaries(metadata: &Metadata, built: &Built) -> Result<Vec<TestBinary>, CargoError> {
    let mut binaries: Vec<TestBinary> = built
        .artifacts
        .iter()
        .filter_map(|artifact| {
            let kind = test_kind(artifact)?;
            let package = package_of(metadata, &artifact.package_id)?;
            Some(TestBinary {
                suite: kind.suite(&package.name, &artifact.target.name),
                package_id: artifact.package_id.clone(),
                package: package.name.as_str().into(),
                kind,
                target: artifact.target.name.as_str().into(),
                src_path: artifact.target.src_path.clone().into(),
                features: artifact.features.clone(),
                executable: artifact.executable.clone()?.into(),
                manifest_dir: package.manifest_path.parent()?.into(),
            })
        })
        .collect();
    binaries.sort_by(|a, b| a.suite.cmp(&b.suite).then_with(|| a.executable.cmp(&b.executable)));
    binaries.dedup_by(|a, b| a == b);
    match binaries.windows(2).find(|pair| pair[0].suite == pair[1].suite) {
        Some(pair) => Err(CargoError::DuplicateSuite { suite: pair[0].suite.clone() }),
        None => Ok(binaries),
    }
}

/// Returns the libraries among the packages that a build has tests of, whose documentation `cargo test` would run.
pub fn doc_tests(metadata: &Metadata, built: &Built) -> Vec<DocTests> {
    let members: BTreeSet<&PackageId> = metadata.workspace_members.iter().collect();
    let packages: BTreeSet<&PackageId> = built
        .artifacts
        .iter()
        .map(|artifact| &artifact.package_id)
        .filter(|id| members.contains(id))
        .collect();
    let packages = metadata.packages.iter().filter(|package| packages.contains(&package.id));
    let libraries = packages.flat_map(|package| package.targets.iter().map(move |target| (package, target)));
    let mut tests: Vec<DocTests> = libraries
        .filter(|(_, target)| {
            target.doctest && (target.is_lib() || target.is_rlib() || target.is_proc_macro())
        })
        .filter_map(|(package, target)| {
            Some(DocTests {
                package_id: package.id.clone(),
                package: package.name.as_str().into(),
                target: target.name.as_str().into(),
                manifest_dir: package.manifest_path.parent()?.into(),
            })
        })
        .collect();
    tests.sort_by(|a, b| a.package_id.cmp(&b.package_id));
    tests
}

/// Returns what a crate tests when it was compiled as a test; `None` when it was not.
pub(super) fn test_kind(artifact: &Artifact) -> Option<SuiteKind> {
    if artifact.profile.test && artifact.executable.is_some() {
        SuiteKind::of(&artifact.target)
    } else {
        None
    }
}

pub(super) fn package_of<'a>(metadata: &'a Metadata, id: &PackageId) -> Option<&'a Package> {
    metadata.packages.iter().find(|package| package.id == *id)
}
