//! What holds for the workspace as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Which packages of ours each one may depend on.
const DIRECTION: &[(&str, &[&str])] = &[
    ("skiptrace-engine", &[]),
    ("skiptrace-indexers", &["skiptrace-engine"]),
    ("skiptrace-backends", &["skiptrace-engine"]),
    ("skiptrace", &["skiptrace-engine", "skiptrace-indexers", "skiptrace-backends"]),
    ("skiptrace-benches", &["skiptrace-engine", "skiptrace-indexers", "skiptrace-backends", "skiptrace"]),
    ("skiptrace-tests", &["skiptrace-engine", "skiptrace-indexers", "skiptrace-backends", "skiptrace"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace is above").to_owned()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust file below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The lines of a file that are not comments, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines()).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[test]
fn dependencies_point_at_the_engine() {
    let metadata =
        MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().expect("cargo runs");
    let allowed: BTreeMap<&str, &[&str]> = DIRECTION.iter().copied().collect();
    let members: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(members, allowed.keys().copied().collect(), "the list of packages in this test");
    for package in &metadata.packages {
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let is_ours = members.contains(name) && dependency.kind != DependencyKind::Development;
            assert!(!is_ours || allowed[package.name.as_str()].contains(&name), "{} → {name}", package.name);
        }
    }
}

#[test]
fn no_end_to_end_test_is_forgotten() {
    let folder = root().join("tests/e2e");
    let main = read(&folder.join("main.rs"));
    for path in sources(&folder) {
        let name = path.strip_prefix(&folder).unwrap().with_extension("");
        let name = name.components().next().unwrap().as_os_str().to_str().unwrap();
        assert!(name == "main" || main.contains(&format!("mod {name};")), "`e2e/{name}.rs` is in no binary");
    }
}

#[test]
fn the_engine_names_nothing_of_the_outside_world() {
    let folder = root().join("engine/src");
    for path in sources(&folder) {
        for (number, line) in code(&read(&path)) {
            for module in ["fs", "process", "net", "env"] {
                let named = line.contains(&format!("std::{module}"))
                    || line.split_once("use std::{").is_some_and(|(_, rest)| {
                        rest.split([',', '{', '}', ' ']).any(|name| name.split("::").next() == Some(module))
                    });
                assert!(!named, "{}:{number} names `std::{module}`: {line}", path.display());
            }
        }
    }
}

#[test]
fn one_file_names_roaring() {
    let folder = root().join("engine/src");
    let home = folder.join("test_set.rs");
    assert!(code(&read(&home)).any(|(_, line)| line.contains("roaring::")), "{}", home.display());
    for path in sources(&folder).into_iter().filter(|path| *path != home) {
        for (number, line) in code(&read(&path)) {
            assert!(!line.contains("roaring::"), "{}:{number} names `roaring`: {line}", path.display());
        }
    }
}

#[test]
fn every_package_has_the_lints_of_the_workspace() {
    let root = root();
    let manifest: toml::Table = read(&root.join("Cargo.toml")).parse().expect("cargo reads it");
    for member in manifest["workspace"]["members"].as_array().expect("a list of folders") {
        let path = root.join(member.as_str().expect("a folder")).join("Cargo.toml");
        let manifest: toml::Table = read(&path).parse().expect("cargo reads it");
        let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        assert_eq!(inherits, Some(&toml::Value::Boolean(true)), "{}", path.display());
    }
}
