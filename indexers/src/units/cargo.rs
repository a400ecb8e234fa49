//! What cargo builds by: `Cargo.toml` and `Cargo.lock`.
//!
//! # Units of a lockfile
//!
//! | Name | In its fingerprint |
//! |---|---|
//! | `package NAME VERSION` | source, checksum, what it depends on |
//! | `dependents NAME VERSION` | which versions of which packages depend on it |
//!
//! Packages that come from folders go without their versions, which their manifests say. What a package depends on is
//! named as cargo writes it: without a version as long as there is one version only. So a bump changes the units of
//! the package that is bumped, and no test need be told of the bump that was not compiled from it. Who has to know who
//! else depends on a package, because its features are the sum of what all of these ask for, has `dependents` for it.
//!
//! # Units of a manifest
//!
//! One for each table, but for those that concern different tests:
//!
//! | Name | What |
//! |---|---|
//! | `package`, `package version`, `package about` | how it is built; its version; what is for people |
//! | `dependencies KEY`, `build-dependencies KEY`, `dev-dependencies KEY`, `target SPEC dependencies KEY` | one dependency |
//! | `features`, `lib`, `bin`, `lints`, … | a table |
//! | `profile NAME`, `patch`, `replace` | what is said to the whole workspace |
//! | `workspace`, `workspace lints`, `workspace package`, `workspace dependencies KEY`, … | the same |
//! | `tables`, `development tables`, `workspace tables` | which of the above there are |
//!
//! The last three are there always, so that whoever depends on them notices a table that is new. Dependencies of the
//! workspace are in none of these: until a package takes one, nobody is concerned.
//!
//! Comments and layout are in no fingerprint, the order of keys and tables is not either. Nor is the version that is asked
//! for of a dependency in a folder, which releases of workspaces change everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use skiptrace_engine::fingerprint::Fingerprint;
use skiptrace_engine::unit::{LineSpan, Unit, UnitKind};
use toml::de::{DeTable, DeValue};

use crate::build::lockfile::{LockedPackage, Lockfile};

/// Returns the name of the unit of a lockfile that says what a package is.
pub fn locked(name: &str, version: Option<&str>) -> String {
    named("package", name, version)
}

/// Returns the name of the unit of a lockfile that says who depends on a package.
pub fn dependents(name: &str, version: Option<&str>) -> String {
    named("dependents", name, version)
}

fn named(what: &str, name: &str, version: Option<&str>) -> String {
    match version {
        Some(version) => format!("{what} {name} {version}"),
        None => format!("{what} {name}"),
    }
}

/// Whom the unit of a manifest concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern<'u> {
    /// Whoever was compiled from the package.
    Package,
    /// Whoever was compiled from the package by something that sees its version, or what it says to people.
    About,
    /// The package's own tests.
    Development,
    /// Whoever was compiled in the workspace.
    Workspace,
    /// Those of [`Concern::About`] whose package takes it from the workspace.
    WorkspaceAbout,
    /// Whoever was compiled from a package that takes the dependency of this name from the workspace.
    WorkspaceDependency(&'u str),
    /// Whoever was compiled with the profile of this name.
    Profile(&'u str),
}

impl Concern<'_> {
    /// Returns whom the unit of this name concerns.
    pub fn of(unit: &str) -> Concern<'_> {
        let (first, rest) = unit.split_once(' ').unwrap_or((unit, ""));
        match (first, rest) {
            ("package", "version" | "about") => Concern::About,
            ("dev-dependencies", _) | ("development", "tables") => Concern::Development,
            ("target", rest) if rest.contains(" dev-dependencies ") => Concern::Development,
            ("profile", name) if !name.is_empty() => Concern::Profile(name),
            ("workspace", "metadata" | "package version" | "package about") => Concern::WorkspaceAbout,
            ("workspace", rest) => match rest.strip_prefix("dependencies ") {
                Some(key) => Concern::WorkspaceDependency(key),
                None => Concern::Workspace,
            },
            ("profile" | "patch" | "replace" | "cargo-features", _) => Concern::Workspace,
            _ => Concern::Package,
        }
    }
}

/// A dependency that a manifest declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The unit that declares it.
    pub unit: Box<str>,
    /// The name it goes by in the manifest.
    pub key: Box<str>,
    /// The package's own name, unless it is taken from the workspace.
    pub package: Box<str>,
    /// Which versions may be taken, where it says so.
    pub version: Option<Box<str>>,
    /// Where it is from.
    pub from: Origin,
    /// Whether the workspace says the rest of it.
    pub inherited: bool,
}

/// Where a dependency is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A registry.
    Registry,
    /// A folder.
    Folder,
    /// A git repository.
    Git {
        /// Its address.
        url: Box<str>,
        /// Which of its commits: `branch=main`, `tag=v1` or `rev=00ff`.
        at: Option<Box<str>>,
    },
}

/// What the root of a workspace says of who belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Workspace {
    /// Folders that do, as they are written.
    pub members: Vec<Box<str>>,
    /// Folders that do not.
    pub exclude: Vec<Box<str>>,
}

/// What is to be known of a manifest besides its units.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    /// The package's name; `None` where there is only a workspace.
    pub package: Option<Box<str>>,
    /// The dependencies of the package.
    pub dependencies: Vec<Declared>,
    /// The workspace that it is the root of.
    pub workspace: Option<Workspace>,
    /// The folder of the workspace's root, where the package says which that is.
    pub workspace_root: Option<Box<str>>,
    /// The dependencies that the workspace offers its packages.
    pub workspace_dependencies: Vec<Declared>,
    /// Whether it has some packages be taken from elsewhere than those who depend on them say.
    pub replaces: bool,
    /// The profiles, and from which each inherits.
    pub profiles: BTreeMap<Box<str>, Option<Box<str>>>,
}

impl Manifest {
    /// Reads a manifest; `None` if it is none.
    pub fn read(source: &[u8]) -> Option<Manifest> {
        parse(source).map(|parsed| parsed.manifest)
    }
}

/// Cuts a manifest; `None` if it is none.
pub(super) fn cut_manifest(source: &[u8]) -> Option<Vec<Unit>> {
    parse(source).map(|parsed| parsed.entries.into_units())
}

/// Keys of a package that say nothing to cargo when it compiles. Code sees some of them in variables.
const ABOUT: [&str; 18] = [
    "authors",
    "badges",
    "categories",
    "description",
    "documentation",
    "exclude",
    "homepage",
    "include",
    "keywords",
    "license",
    "license-file",
    "license_file",
    "metadata",
    "publish",
    "readme",
    "repository",
    "rust-version",
    "rust_version",
];
/// The tables of dependencies, and what they are called in units.
const DEPENDENCIES: [(&str, &str); 5] = [
    ("dependencies", "dependencies"),
    ("dev-dependencies", "dev-dependencies"),
    ("dev_dependencies", "dev-dependencies"),
    ("build-dependencies", "build-dependencies"),
    ("build_dependencies", "build-dependencies"),
];

/// The units of a file so far.
#[derive(Debug)]
struct Entries {
    /// What is said, and the lines where, by the name of the unit.
    of: BTreeMap<String, (Vec<Vec<u8>>, LineSpan)>,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl Entries {
    fn new(source: &[u8]) -> Entries {
        let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', source).map(|at| at + 1));
        let starts = starts.filter(|start| *start == 0 || *start < source.len()).collect();
        Entries { of: BTreeMap::new(), starts }
    }

    fn line(&self, at: usize) -> u32 {
        u32::try_from(self.starts.partition_point(|start| *start <= at)).unwrap_or(u32::MAX).max(1)
    }

    fn add(&mut self, name: String, span: Range<usize>, said: Vec<u8>) {
        let (start, end) = (self.line(span.start), self.line(span.end.saturating_sub(1).max(span.start)));
        let entry = self.of.entry(name).or_insert((Vec::new(), LineSpan { start, end }));
        entry.0.push(said);
        entry.1 = LineSpan { start: entry.1.start.min(start), end: entry.1.end.max(end) };
    }

    fn into_units(self) -> Vec<Unit> {
        let unit = |(name, (mut said, lines)): (String, (Vec<Vec<u8>>, LineSpan))| {
            said.sort();
            let said: Vec<&[u8]> = said.iter().map(Vec::as_slice).collect();
            Unit {
                kind: UnitKind::Item,
                name: name.into(),
                lines,
                fingerprint: Some(Fingerprint::of(&encode(&said))),
                identifiers: Vec::new(),
            }
        };
        let mut units: Vec<Unit> = self.of.into_iter().map(unit).collect();
        units.sort_by(|a, b| (a.lines, &a.name).cmp(&(b.lines, &b.name)));
        units
    }
}

/// Returns texts, each with its length, so that no two lists are the same bytes.
fn encode(texts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in texts {
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend_from_slice(text);
    }
    bytes
}

/// Returns a value without its layout.
fn canonical(value: &DeValue<'_>) -> Vec<u8> {
    let tagged = |tag: u8, texts: &[&[u8]]| [&[tag][..], &encode(texts)].concat();
    match value {
        DeValue::String(text) => tagged(b's', &[text.as_bytes()]),
        DeValue::Integer(number) => {
            tagged(b'i', &[number.as_str().as_bytes(), number.radix().to_string().as_bytes()])
        }
        DeValue::Float(number) => tagged(b'f', &[number.as_str().as_bytes()]),
        DeValue::Boolean(value) => tagged(b'b', &[&[u8::from(*value)]]),
        DeValue::Datetime(value) => tagged(b'd', &[value.to_string().as_bytes()]),
        DeValue::Array(values) => {
            let values: Vec<Vec<u8>> = values.iter().map(|value| canonical(value.get_ref())).collect();
            tagged(b'a', &values.iter().map(Vec::as_slice).collect::<Vec<_>>())
        }
        DeValue::Table(table) => canonical_table(table, |_| true),
    }
}

/// Returns those entries of a table that count, without their layout and order.
fn canonical_table(table: &DeTable<'_>, counts: impl Fn(&str) -> bool) -> Vec<u8> {
    let entries: BTreeMap<&str, Vec<u8>> = table
        .iter()
        .filter(|(key, _)| counts(key.get_ref()))
        .map(|(key, value)| (&**key.get_ref(), canonical(value.get_ref())))
        .collect();
    let texts: Vec<&[u8]> =
        entries.iter().flat_map(|(key, value)| [key.as_bytes(), value.as_slice()]).collect();
    [b"t".as_slice(), &encode(&texts)].concat()
}

/// Returns whether lints are among a table's that keep what they find from being compiled, be it elsewhere.
fn forbids(lints: &DeValue<'_>) -> bool {
    let is_harmless = |level: &DeValue<'_>| matches!(level.as_str(), Some("allow" | "warn"));
    let forbids = |lint: &DeValue<'_>| match lint.get("level") {
        Some(level) => !is_harmless(level.get_ref()),
        None => !is_harmless(lint),
    };
    match lints.as_table() {
        Some(tools) => tools.iter().any(|(_, lints)| match lints.get_ref().as_table() {
            Some(lints) => lints.iter().any(|(_, lint)| forbids(lint.get_ref())),
            None => true,
        }),
        None => true,
    }
}

struct Parsed {
    entries: Entries,
    manifest: Manifest,
}

fn parse(source: &[u8]) -> Option<Parsed> {
    let text = std::str::from_utf8(source).ok()?;
    let table = DeTable::parse(text).ok()?;
    let mut parsed = Parsed { entries: Entries::new(source), manifest: Manifest::default() };
    let is_one = ["package", "project", "workspace"].iter().any(|name| table.get_ref().get(*name).is_some());
    if !is_one {
        return None;
    }
    for (key, value) in table.get_ref() {
        let (name, span) = (&**key.get_ref(), key.span().start..value.span().end.max(key.span().end));
        let kind = DEPENDENCIES.iter().find(|(table, _)| *table == name);
        match (name, value.get_ref()) {
            ("package" | "project", DeValue::Table(table)) => {
                let text = |key: &str| table.get(key).and_then(|value| value.get_ref().as_str());
                parsed.manifest.package = text("name").map(Into::into);
                parsed.manifest.workspace_root = text("workspace").map(Into::into);
                parsed.package("package", name, span, table);
            }
            (_, DeValue::Table(table)) if kind.is_some() => {
                parsed.dependencies(kind.map_or("", |(_, name)| name), name, table);
            }
            ("target", DeValue::Table(targets)) => {
                for (spec, value) in targets {
                    parsed.target(spec.get_ref(), spec.span().start..value.span().end, value.get_ref());
                }
            }
            ("profile", DeValue::Table(profiles)) => {
                for (profile, value) in profiles {
                    let inherits = value.get_ref().get("inherits").and_then(|name| name.get_ref().as_str());
                    let profile_name = &**profile.get_ref();
                    parsed.manifest.profiles.insert(profile_name.into(), inherits.map(Into::into));
                    let span = profile.span().start..value.span().end.max(profile.span().end);
                    parsed.entries.add(format!("profile {profile_name}"), span, canonical(value.get_ref()));
                }
            }
            ("workspace", DeValue::Table(table)) => parsed.workspace(span, table),
            // What the compiler says of code changes nothing of what it makes of it.
            ("lints", value) if !forbids(value) => {}
            (_, value) => {
                parsed.manifest.replaces |= matches!(name, "patch" | "replace");
                parsed.entries.add(name.to_owned(), span, canonical(value));
            }
        }
    }
    parsed.list_tables();
    Some(parsed)
}

impl Parsed {
    /// Adds a table that says what a package is.
    fn package(&mut self, unit: &str, table_name: &str, span: Range<usize>, table: &DeTable<'_>) {
        // There is one even where all that it says is in others.
        self.entries.add(unit.to_owned(), span, encode(&[table_name.as_bytes()]));
        for (key, value) in table {
            let name = &**key.get_ref();
            let unit = match name {
                "version" => format!("{unit} version"),
                _ if ABOUT.contains(&name) => format!("{unit} about"),
                _ => unit.to_owned(),
            };
            let span = key.span().start..value.span().end;
            let said = encode(&[table_name.as_bytes(), name.as_bytes(), &canonical(value.get_ref())]);
            self.entries.add(unit, span, said);
        }
    }

    /// Adds a table of dependencies.
    fn dependencies(&mut self, unit: &str, table_name: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = &**key.get_ref();
            let unit_name = format!("{unit} {name}");
            let span = key.span().start..value.span().end.max(key.span().end);
            let value = value.get_ref();
            let text = |key: &str| value.get(key).and_then(|value| value.get_ref().as_str());
            let inherited = value.get("workspace").is_some_and(|is| is.get_ref().as_bool() == Some(true));
            let from = match (text("git"), text("path")) {
                (Some(url), _) => {
                    let at =
                        ["branch", "tag", "rev"].iter().find_map(|key| Some(format!("{key}={}", text(key)?)));
                    Origin::Git { url: url.into(), at: at.map(Into::into) }
                }
                (None, Some(_)) => Origin::Folder,
                (None, None) => Origin::Registry,
            };
            let said = match (&from, value) {
                // What is in the folder is built, whatever its version; one that does not fit keeps all from being built.
                (Origin::Folder, DeValue::Table(table)) => canonical_table(table, |key| key != "version"),
                _ => canonical(value),
            };
            let said = encode(&[table_name.as_bytes(), name.as_bytes(), &said]);
            self.entries.add(unit_name.clone(), span, said);
            let declared = Declared {
                unit: unit_name.into(),
                key: name.into(),
                package: text("package").unwrap_or(name).into(),
                version: value.as_str().or_else(|| text("version")).map(Into::into),
                from,
                inherited,
            };
            match unit.starts_with("workspace ") {
                true => self.manifest.workspace_dependencies.push(declared),
                false => self.manifest.dependencies.push(declared),
            }
        }
    }

    /// Adds what is said of some targets only.
    fn target(&mut self, spec: &str, span: Range<usize>, value: &DeValue<'_>) {
        let DeValue::Table(tables) = value else {
            self.entries.add(format!("target {spec}"), span, canonical(value));
            return;
        };
        for (key, value) in tables {
            let name = &**key.get_ref();
            match (DEPENDENCIES.iter().find(|(table, _)| *table == name), value.get_ref()) {
                (Some((_, kind)), DeValue::Table(table)) => {
                    self.dependencies(&format!("target {spec} {kind}"), name, table);
                }
                (_, value) => {
                    let said = encode(&[name.as_bytes(), &canonical(value)]);
                    self.entries.add(format!("target {spec} {name}"), span.clone(), said);
                }
            }
        }
    }

    fn workspace(&mut self, span: Range<usize>, table: &DeTable<'_>) {
        self.entries.add("workspace".to_owned(), span, Vec::new());
        let folders = |key: &str| {
            let folders = table.get(key).and_then(|value| value.get_ref().as_array());
            let folders = folders.into_iter().flatten().filter_map(|folder| folder.get_ref().as_str());
            folders.map(Into::into).collect()
        };
        self.manifest.workspace =
            Some(Workspace { members: folders("members"), exclude: folders("exclude") });
        for (key, value) in table {
            let (name, span) = (&**key.get_ref(), key.span().start..value.span().end.max(key.span().end));
            match (name, value.get_ref()) {
                ("dependencies", DeValue::Table(table)) => {
                    self.dependencies("workspace dependencies", name, table)
                }
                ("package", DeValue::Table(table)) => self.package("workspace package", name, span, table),
                ("lints", value) if !forbids(value) => {}
                ("lints" | "metadata", value) => {
                    self.entries.add(format!("workspace {name}"), span, canonical(value));
                }
                (_, value) => {
                    let said = encode(&[name.as_bytes(), &canonical(value)]);
                    self.entries.add("workspace".to_owned(), span, said);
                }
            }
        }
    }

    /// Has some units always be there that say which others are.
    fn list_tables(&mut self) {
        let mut lists: BTreeMap<&str, Vec<&[u8]>> =
            ["tables", "development tables", "workspace tables"].map(|list| (list, Vec::new())).into();
        for name in self.entries.of.keys() {
            let list = match Concern::of(name) {
                Concern::Package | Concern::About => "tables",
                Concern::Development => "development tables",
                Concern::Workspace | Concern::WorkspaceAbout | Concern::Profile(_) => "workspace tables",
                Concern::WorkspaceDependency(_) => continue,
            };
            lists.entry(list).or_default().push(name.as_bytes());
        }
        let lists: Vec<(String, Vec<u8>)> =
            lists.into_iter().map(|(list, names)| (list.to_owned(), encode(&names))).collect();
        for (list, said) in lists {
            self.entries.add(list, 0..0, said);
        }
    }
}

/// Cuts a lockfile; `None` if it is none, or names no package.
pub(super) fn cut_lockfile(source: &[u8]) -> Option<Vec<Unit>> {
    let lockfile = Lockfile::parse(source).ok()?;
    let mut entries = Entries::new(source);
    let places = places(source);
    let mut versions: BTreeMap<&str, usize> = BTreeMap::new();
    for package in lockfile.packages.keys() {
        *versions.entry(&package.name).or_default() += 1;
    }
    // What differs between two lockfiles that say the same is not in it: whether a version is written where there is
    // but one.
    let shortest = |package: &LockedPackage| match versions.get(&*package.name) {
        Some(1) => encode(&[package.name.as_bytes()]),
        _ => whole(package),
    };
    let mut dependents_of: BTreeMap<&LockedPackage, BTreeSet<Vec<u8>>> = BTreeMap::new();
    for (package, dependencies) in &lockfile.packages {
        for dependency in dependencies {
            dependents_of.entry(dependency).or_default().insert(whole(package));
        }
    }
    for (package, dependencies) in &lockfile.packages {
        let span = places.get(&(&*package.name, &*package.version)).cloned().unwrap_or(0..0);
        let version = package.source.as_ref().map(|_| &*package.version);
        let checksum = lockfile.checksums.get(package).map(|sum| sum.as_bytes());
        let mut said = encode(&[&whole(package), checksum.unwrap_or_default()]);
        let named: BTreeSet<Vec<u8>> = dependencies.iter().map(shortest).collect();
        said.extend(encode(&named.iter().map(Vec::as_slice).collect::<Vec<_>>()));
        entries.add(locked(&package.name, version), span.clone(), said);
        let who = dependents_of.remove(package).unwrap_or_default();
        let said = encode(&who.iter().map(Vec::as_slice).collect::<Vec<_>>());
        entries.add(dependents(&package.name, version), span, said);
    }
    (!entries.of.is_empty()).then(|| entries.into_units())
}

/// Returns what a package is, where that is not what its manifest says.
fn whole(package: &LockedPackage) -> Vec<u8> {
    match &package.source {
        Some(source) => encode(&[package.name.as_bytes(), package.version.as_bytes(), source.as_bytes()]),
        None => encode(&[package.name.as_bytes()]),
    }
}

/// Returns where each package of a lockfile stands, by name and version.
fn places(source: &[u8]) -> BTreeMap<(&str, &str), Range<usize>> {
    let mut places = BTreeMap::new();
    let text = std::str::from_utf8(source).unwrap_or_default();
    let mut at = 0;
    for block in text.split_inclusive("[[package]]") {
        let start = at;
        at += block.len();
        let value = |key: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""))?;
            line.split('"').next()
        };
        if let (Some(name), Some(version)) = (value("name"), value("version")) {
            // The heading is at the end of the block before.
            let body = block.strip_suffix("[[package]]").unwrap_or(block).trim_end();
            places.insert((name, version), start.saturating_sub(1)..start + body.len());
        }
    }
    places
}
