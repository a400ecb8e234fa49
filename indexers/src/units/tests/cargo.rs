//! Manifests and lockfiles of cargo.

use proptest::prelude::*;
use skiptrace_engine::unit::UnitKind;

use super::super::cargo::{Concern, Manifest, dependents, locked};
use super::super::{Language, cut};

const MANIFEST: &str = r#"# Who we are.
[package]
name = "app"
version = "0.1.0"
edition = "2021"
description = "An app."

[features]
extra = ["base/extra"]

[dependencies]
base = { path = "../base", features = ["std"] }
other = { package = "base-two", version = "1" }

[dependencies.shared]
workspace = true

[dev-dependencies]
helper = "2.1"

[target.'cfg(windows)'.dependencies]
winapi = "0.3"

[[bench]]
name = "speed"
harness = false

[profile.dev]
debug = 0

[profile.thin]
inherits = "release"

[workspace]
members = ["a", "b"]

[workspace.package]
version = "1.0.0"
edition = "2024"

[workspace.dependencies]
shared = "3"
"#;

const LOCK: &str = r#"version = 4

[[package]]
name = "app"
version = "0.1.0"
dependencies = [
 "base",
 "old 1.0.0",
]

[[package]]
name = "base"
version = "2.0.0"
source = "registry+https://example.org/index"
checksum = "b2"

[[package]]
name = "old"
version = "1.0.0"
source = "registry+https://example.org/index"
checksum = "o1"
dependencies = ["base"]

[[package]]
name = "old"
version = "2.0.0"
source = "registry+https://example.org/index"
checksum = "o2"

[[package]]
name = "other"
version = "0.1.0"
dependencies = ["old 2.0.0"]
"#;

fn edit(language: Language, source: &str, old: &str, new: &str) -> Vec<String> {
    assert!(source.contains(old), "{old}");
    super::changed(language, source, &source.replace(old, new))
}

fn manifest(old: &str, new: &str) -> Vec<String> {
    edit(Language::CargoToml, MANIFEST, old, new)
}

fn lock(old: &str, new: &str) -> Vec<String> {
    edit(Language::CargoLock, LOCK, old, new)
}

#[test]
fn a_manifest() {
    insta::assert_snapshot!(super::listing(Language::CargoToml, MANIFEST), @"
    item       1-1  development tables
    item       1-1  tables
    item       1-1  workspace tables
    item       2-5  package
    item       4-4  package version
    item       6-6  package about
    item       8-8  features
    item      12-12 dependencies base
    item      13-13 dependencies other
    item      15-15 dependencies shared
    item      19-19 dev-dependencies helper
    item      22-22 target cfg(windows) dependencies winapi
    item      24-24 bench
    item      28-28 profile dev
    item      31-31 profile thin
    item      34-35 workspace
    item      37-39 workspace package
    item      38-38 workspace package version
    item      42-42 workspace dependencies shared
    ");
}

#[test]
fn a_lockfile() {
    insta::assert_snapshot!(super::listing(Language::CargoLock, LOCK), @"
    item       3-9  dependents app
    item       3-9  package app
    item      11-15 dependents base 2.0.0
    item      11-15 package base 2.0.0
    item      17-22 dependents old 1.0.0
    item      17-22 package old 1.0.0
    item      24-28 dependents old 2.0.0
    item      24-28 package old 2.0.0
    item      30-33 dependents other
    item      30-33 package other
    ");
}

#[test]
fn an_edit_of_a_manifest_is_in_the_unit_that_it_is_about() {
    assert_eq!(manifest("\"0.1.0\"", "\"0.1.1\""), ["package version"]);
    assert_eq!(manifest("An app.", "The app."), ["package about"]);
    assert_eq!(manifest("\"2021\"", "\"2018\""), ["package"]);
    assert_eq!(manifest("base/extra", "base/more"), ["features"]);
    assert_eq!(manifest("[\"std\"]", "[\"std\", \"more\"]"), ["dependencies base"]);
    assert_eq!(manifest("\"2.1\"", "\"2.2\""), ["dev-dependencies helper"]);
    assert_eq!(manifest("\"0.3\"", "\"0.4\""), ["target cfg(windows) dependencies winapi"]);
    assert_eq!(manifest("harness = false", "harness = true"), ["bench"]);
    assert_eq!(manifest("debug = 0", "debug = 1"), ["profile dev"]);
    assert_eq!(manifest("[\"a\", \"b\"]", "[\"a\"]"), ["workspace"]);
    assert_eq!(manifest("\"1.0.0\"", "\"1.0.1\""), ["workspace package version"]);
    assert_eq!(manifest("\"2024\"", "\"2021\""), ["workspace package"]);
    assert_eq!(manifest("shared = \"3\"", "shared = \"4\""), ["workspace dependencies shared"]);
}

#[test]
fn what_is_new_in_a_manifest_changes_what_is_not() {
    assert_eq!(manifest("[dependencies]\n", "[dependencies]\nx = \"1\"\n"), ["dependencies x", "tables"]);
    let development = ["dev-dependencies x", "development tables"];
    assert_eq!(manifest("[dev-dependencies]\n", "[dev-dependencies]\nx = \"1\"\n"), development);
    assert_eq!(manifest("[[bench]]", "[lints.rust]\nx = \"deny\"\n[[bench]]"), ["lints", "tables"]);
    assert_eq!(manifest("[[bench]]", "[profile.test]\n[[bench]]"), ["profile test", "workspace tables"]);
    assert_eq!(manifest("[[bench]]", "[patch.crates-io]\n[[bench]]"), ["patch", "workspace tables"]);
    // Nobody takes it so far.
    assert_eq!(manifest("shared = \"3\"", "shared = \"3\"\nx = \"1\""), ["workspace dependencies x"]);
    assert_eq!(manifest("version = \"0.1.0\"\n", ""), ["package version", "tables"]);
}

#[test]
fn layout_comments_and_order_of_a_manifest_change_nothing() {
    for (old, new) in [
        ("# Who we are.\n", ""),
        ("edition = \"2021\"\n", "\n   edition='''2021''' # oops\n"),
        ("base = { path = \"../base\", features = [\"std\"] }\n", ""),
        ("[dependencies.shared]\nworkspace = true\n", ""),
        ("version = \"0.1.0\"\nedition = \"2021\"", "edition = \"2021\"\nversion = \"0.1.0\""),
    ] {
        let text = match new {
            "" if old.starts_with("base") => {
                // The same dependency as a table of its own, at the end.
                let text = MANIFEST.replace(old, "");
                format!("{text}[dependencies.base]\nfeatures = [\n \"std\",\n]\npath = \"../base\"\n")
            }
            "" if old.starts_with("[dep") => MANIFEST
                .replace(old, "")
                .replace("[dependencies]\n", "[dependencies]\nshared.workspace = true\n"),
            new => MANIFEST.replace(old, new),
        };
        assert_ne!(text, MANIFEST);
        assert_eq!(super::changed(Language::CargoToml, MANIFEST, &text), [""; 0], "{old}");
    }
    let text = MANIFEST.replace('\n', "\r\n");
    assert_eq!(super::changed(Language::CargoToml, MANIFEST, &text), [""; 0]);
    // What is built of a folder is what is in it.
    assert_eq!(manifest("path = \"../base\"", "path = \"../base\", version = \"2\""), [""; 0]);
}

#[test]
fn a_bump_is_in_the_package_that_is_bumped() {
    assert_eq!(
        lock(
            "version = \"2.0.0\"\nsource = \"registry+https://example.org/index\"\nchecksum = \"b2\"",
            "version = \"2.0.1\"\nsource = \"registry+https://example.org/index\"\nchecksum = \"b3\""
        ),
        ["dependents base 2.0.0", "dependents base 2.0.1", "package base 2.0.0", "package base 2.0.1"]
    );
    assert_eq!(lock("\"b2\"", "\"b3\""), ["package base 2.0.0"]);
    // Our own versions are in manifests.
    assert_eq!(lock("name = \"app\"\nversion = \"0.1.0\"", "name = \"app\"\nversion = \"0.2.0\""), [""; 0]);
    // Where there are two, it counts which is taken.
    assert_eq!(
        lock("\"old 2.0.0\"", "\"old 1.0.0\""),
        ["dependents old 1.0.0", "dependents old 2.0.0", "package other"]
    );
    // A bump of `old` is nothing to `base`, unless it is asked who depends on it.
    assert_eq!(
        lock("1.0.0", "1.0.1"),
        [
            "dependents base 2.0.0",
            "dependents old 1.0.0",
            "dependents old 1.0.1",
            "package app",
            "package old 1.0.0",
            "package old 1.0.1"
        ]
    );
    assert_eq!(lock(" \"base\",\n", ""), ["dependents base 2.0.0", "package app"]);
    assert_eq!(
        lock(
            "[[package]]\nname = \"other\"",
            "[[package]]\nname = \"new\"\nversion = \"1.0.0\"\n[[package]]\nname = \"other\""
        ),
        ["dependents new", "package new"]
    );
}

#[test]
fn the_format_of_a_lockfile_changes_nothing() {
    for (old, new) in [
        ("version = 4\n", "# made by hand\nversion = 3\n"),
        (" \"base\",\n", " \"base 2.0.0\",\n"),
        ("[\"base\"]", "[\"base 2.0.0 (registry+https://example.org/index)\"]"),
        (" \"base\",\n \"old 1.0.0\",\n", "\"old 1.0.0\", \"base\""),
        ("version = 4\n", "version = 4\n[[patch.unused]]\nname = \"x\"\nversion = \"1.0.0\"\n"),
    ] {
        assert_eq!(lock(old, new), [""; 0], "{new}");
    }
    let mut blocks: Vec<&str> = LOCK.split("\n\n").collect();
    blocks[1..].reverse();
    assert_eq!(super::changed(Language::CargoLock, LOCK, &blocks.join("\n\n")), [""; 0]);
    assert_eq!(super::changed(Language::CargoLock, LOCK, &LOCK.replace('\n', "\r\n")), [""; 0]);
}

#[test]
fn what_does_not_read_like_one_is_one_unit() {
    for (language, source) in [
        (Language::CargoToml, ""),
        (Language::CargoToml, "[dependencies]\na = \"1\"\n"),
        (Language::CargoToml, "[package]\nname = \"a\"\n<<<<<<< ours\n"),
        (Language::CargoToml, "[package]\nname = \"a\"\nname = \"b\"\n"),
        (Language::CargoLock, ""),
        (Language::CargoLock, "version = 4\n"),
        (Language::CargoLock, "[[package]]\nname = \"a\"\n"),
        (Language::CargoLock, "[[package]]\nname = \"a\"\nversion = \"1\"\ndependencies = [\"b\"]\n"),
    ] {
        let units = cut(Some(language), source.as_bytes());
        assert_eq!((units.len(), units[0].kind), (1, UnitKind::File), "{source}");
    }
}

#[test]
fn a_manifest_says_what_it_depends_on() {
    let read = Manifest::read(MANIFEST.as_bytes()).unwrap();
    assert_eq!(read.package.as_deref(), Some("app"));
    let texts: Vec<String> = read
        .dependencies
        .iter()
        .chain(&read.workspace_dependencies)
        .map(|declared| {
            let version = declared.version.as_deref().unwrap_or("-");
            format!("{}: {} {version} {}", declared.unit, declared.package, declared.inherited)
        })
        .collect();
    assert_eq!(
        texts,
        [
            "dependencies base: base - false",
            "dependencies other: base-two 1 false",
            "dependencies shared: shared - true",
            "dev-dependencies helper: helper 2.1 false",
            "target cfg(windows) dependencies winapi: winapi 0.3 false",
            "workspace dependencies shared: shared 3 false",
        ]
    );
    assert!(read.workspace.is_some() && !read.replaces && read.workspace_root.is_none());
    assert_eq!(read.profiles["thin"].as_deref(), Some("release"));
    assert_eq!(Manifest::read(b"[dependencies]"), None);
}

#[test]
fn units_say_whom_they_concern() {
    for (unit, concern) in [
        ("package", Concern::Package),
        ("package version", Concern::About),
        ("package about", Concern::About),
        ("dependencies x", Concern::Package),
        ("tables", Concern::Package),
        ("dev-dependencies x", Concern::Development),
        ("target cfg(all(a, b)) dev-dependencies x", Concern::Development),
        ("target cfg(all(a, b)) dependencies x", Concern::Package),
        ("development tables", Concern::Development),
        ("profile dev", Concern::Profile("dev")),
        ("patch", Concern::Workspace),
        ("workspace tables", Concern::Workspace),
        ("workspace", Concern::Workspace),
        ("workspace package version", Concern::WorkspaceAbout),
        ("workspace package", Concern::Workspace),
        ("workspace dependencies x", Concern::WorkspaceDependency("x")),
    ] {
        assert_eq!(Concern::of(unit), concern, "{unit}");
    }
}

/// A lockfile in which each package may depend on those after it.
fn graph(versions: &[u8], edges: &[(usize, usize)]) -> String {
    let mut text = "version = 4\n".to_owned();
    for (at, version) in versions.iter().enumerate() {
        let dependencies: Vec<String> = edges
            .iter()
            .filter(|(from, to)| *from == at && *to > at && *to < versions.len())
            .map(|(_, to)| format!("\"p{to}\""))
            .collect();
        text += &format!(
            "[[package]]\nname = \"p{at}\"\nversion = \"1.0.{version}\"\nsource = \"registry\"\nchecksum = \"{at}{version}\"\n\
             dependencies = [{}]\n",
            dependencies.join(", ")
        );
    }
    text
}

proptest! {
    #[test]
    fn a_bump_changes_nothing_but_the_package_and_whom_it_asks(
        versions in prop::collection::vec(0..9_u8, 1..8),
        edges in prop::collection::vec((0..8_usize, 0..8_usize), 0..16),
        which in any::<prop::sample::Index>(),
    ) {
        let which = which.index(versions.len());
        let before = graph(&versions, &edges);
        let mut bumped = versions.clone();
        bumped[which] += 1;
        let changed = super::changed(Language::CargoLock, &before, &graph(&bumped, &edges));
        let version = |versions: &[u8], at: usize| format!("1.0.{}", versions[at]);
        let name = format!("p{which}");
        let mut expected = Vec::new();
        for versions in [&versions, &bumped] {
            let version = version(versions, which);
            expected.extend([locked(&name, Some(&version)), dependents(&name, Some(&version))]);
        }
        for (_, to) in edges.iter().filter(|(from, to)| *from == which && *to > which && *to < versions.len()) {
            expected.push(dependents(&format!("p{to}"), Some(&version(&versions, *to))));
        }
        expected.sort();
        expected.dedup();
        prop_assert_eq!(changed, expected);
    }
}

#[test]
fn real_ones_are_cut() {
    let lock = cut(Some(Language::CargoLock), include_bytes!("../../../../Cargo.lock"));
    assert!(lock.len() > 100 && lock.iter().any(|unit| &*unit.name == "package skiptrace-engine"));
    let manifest = cut(Some(Language::CargoToml), include_bytes!("../../../../Cargo.toml"));
    assert!(manifest.iter().any(|unit| &*unit.name == "workspace dependencies toml"));
}
