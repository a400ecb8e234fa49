//! The conditions of a recording, compared with the present before anything is built.
//!
//! # What is compared
//!
//! Machine, compiler, cargo, target, profile; what of the command line decides how is built (`arguments`); what of
//! cargo's configuration does that is outside of the repository (`configuration`), a lockfile that is there
//! (`lockfile`); and variables: all that change builds, and those that the code or its build scripts were seen to read
//! (`$NAME`).
//!
//! # What is implied
//!
//! Only a build tells `crates`, `features`, `dependencies` and `rustflags`. They are what cargo makes of its inputs:
//!
//! - of arguments, variables and configuration, which are compared here or, as files of the repository, are parts of
//!   what every test depends on (`inputs`);
//! - of the lockfile: which package is compiled in which version. Each test depends on what it says of the packages
//!   that its suite was compiled from;
//! - of manifests: which features are asked for, with which profile. Each test depends on those of its packages, and on
//!   whatever may ask more of these (`inputs` says how that is found);
//! - of the compiler and cargo themselves, and of the machine.
//!
//! So where all of these are as they were for a test, its suite would be built as it was, though the parts as a whole may
//! differ for the sake of other suites. One thing is left to whoever selects: cargo brings a lockfile up to date that
//! does not fit the manifests any more. [`Stale`](crate::build::stale::Stale) tells.
//!
//! Whether coverage was made of the repository's code or of all (`instrumented`) is nothing that changes a test.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use skiptrace_engine::fingerprint::Fingerprint;
use skiptrace_engine::recording::{EnvironmentDifference, EnvironmentKey};
use toml::{Table, Value};

use super::environment::{Folders, placeholders};
use crate::build::cargo_config::{self, CargoConfig};
use crate::build::environment::{self, Machine, Tools};
use crate::build::lockfile::Lockfile;
use crate::build::toolchain::{Asked, Toolchain};
use crate::run::cargo::CargoCommand;

/// What is around tests that may be run.
#[derive(Debug, Clone, Copy)]
pub struct Present<'a> {
    /// The command that would run them. Without one, it is taken to be the recorded one.
    pub command: Option<&'a CargoCommand>,
    /// The folder that it would be run in.
    pub cwd: &'a Path,
    /// The variables around it.
    pub variables: &'a BTreeMap<OsString, OsString>,
    /// The repository.
    pub repository: &'a Path,
    /// Where what the toolchain says is kept from one time to the next, if it is.
    pub cache: Option<&'a Path>,
}

/// The parts that only a build tells, and the one that tells of no build.
const IMPLIED: [&str; 5] = ["crates", "dependencies", "features", "instrumented", "rustflags"];
/// The parts that a command line decides.
const OF_COMMAND: [&str; 3] = ["arguments", "profile", "target"];

/// What the part begins with that has the features of one package.
pub(super) const FEATURES_OF: &str = "features of ";

/// Returns whether a part is implied by others, and by files that tests depend on.
pub fn is_implied(part: &str) -> bool {
    IMPLIED.contains(&part) || part.starts_with(FEATURES_OF)
}

/// Returns the packages that were built with other features than recorded, of those that both builds have.
///
/// Cargo unites the features that are asked of a package over all that is built together, so that which packages a
/// command names decides as well, and no file tells that.
pub fn other_features(recorded: &EnvironmentKey, now: &EnvironmentKey) -> Vec<EnvironmentDifference> {
    let mut differing = recorded.differences(now);
    differing.retain(|difference| {
        difference.part.starts_with(FEATURES_OF) && difference.recorded.is_some() && difference.now.is_some()
    });
    differing
}

/// Returns the recorded conditions that are not so now, by name, without building anything.
pub fn conditions(present: &Present<'_>, recorded: &EnvironmentKey) -> Vec<EnvironmentDifference> {
    let mut then = recorded.clone();
    then.parts.retain(|part, _| !is_implied(part));
    let mut now = now(present, &then);
    if present.command.is_none() {
        for part in OF_COMMAND {
            then.parts.remove(part);
            now.parts.remove(part);
        }
    }
    then.differences(&now)
}

/// Returns the conditions now, with the variables that were of interest then.
fn now(present: &Present<'_>, then: &EnvironmentKey) -> EnvironmentKey {
    let var = |name: &str| present.variables.get(OsStr::new(name)).filter(|value| !value.is_empty());
    let cargo_home =
        var("CARGO_HOME").map(PathBuf::from).or_else(|| Some(Path::new(var("HOME")?).join(".cargo")));
    let config = CargoConfig::read(present.cwd, cargo_home.as_deref());
    let asked = Asked {
        cargo: present.command.map_or("cargo", |command| &command.program),
        toolchain: present.command.and_then(|command| command.toolchain.as_deref()).map(without_plus),
        cwd: present.cwd,
        variables: present.variables,
    };
    let (toolchain, config) = match (Toolchain::ask(&asked, present.cache), config) {
        (Ok(toolchain), Ok(config)) => (toolchain, config),
        // What nobody can read is not what it was.
        (Err(error), _) => return broken("rustc", error.to_string()),
        (_, Err(error)) => return broken("configuration", error.to_string()),
    };
    let workspace = present.cwd.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    let target_dir = present
        .command
        .and_then(|command| command.option("--target-dir"))
        .map(|folder| present.cwd.join(folder))
        .or_else(|| var("CARGO_TARGET_DIR").map(|folder| present.cwd.join(folder)))
        .or_else(|| config.build("target-dir").map(|folder| present.cwd.join(folder)))
        .or_else(|| workspace.map(|folder| folder.join("target")));
    let placeholders = placeholders(&Folders {
        target: target_dir.map(|folder| folder.join("skiptrace")).as_deref(),
        repository: present.repository,
        cargo_home: cargo_home.as_deref(),
        variables: present.variables,
    });
    let target = present
        .command
        .and_then(|command| command.option("--target"))
        .or_else(|| var("CARGO_BUILD_TARGET").and_then(|target| target.to_str()))
        .or_else(|| config.build("target"));
    let mut key = environment::tools(&Tools {
        rustc: &toolchain.rustc,
        cargo: &toolchain.cargo,
        target,
        profile: present.command.map_or("dev", CargoCommand::profile),
        machine: Machine::current(),
        placeholders: &placeholders,
    });
    let lockfile = present.command.and_then(|command| command.option("--lockfile-path"));
    let lockfile = lockfile.map(|path| present.cwd.join(path));
    let lockfile = lockfile.or_else(|| workspace.map(|folder| folder.join("Cargo.lock")));
    let given = Given {
        command: present.command,
        cwd: present.cwd,
        repository: present.repository,
        cargo_home: cargo_home.as_deref(),
        lockfile: lockfile.as_deref(),
    };
    key.parts.extend(given.parts());
    // The value as it is, unless cargo's configuration has one.
    let mut names: BTreeSet<&str> = then.parts.keys().filter_map(|part| part.strip_prefix('$')).collect();
    names.extend(build_variables(present.variables).map(|(name, _)| name));
    for name in names {
        let value = |value: Option<&str>| {
            let variables = BTreeMap::from([(name.into(), value.map(Into::into))]);
            environment::variables(&variables, &placeholders)
        };
        let own = present.variables.get(OsStr::new(name)).map(|value| value.to_string_lossy());
        let own = own.as_deref();
        let part = format!("${name}");
        let configured = config.variable(name, own);
        let recorded = then.parts.get(&part);
        // Code is given what cargo makes of it, build scripts are asked for what is outside; either may be recorded.
        // What the configuration says is compared apart.
        let mut values = [value(own), value(configured.as_deref().or(own))].into_iter();
        let first = values.clone().next();
        let found = values.find(|value| value.get(&part) == recorded).or(first);
        key.parts.extend(found.into_iter().flatten());
    }
    key
}

fn broken(part: &str, why: String) -> EnvironmentKey {
    EnvironmentKey { parts: BTreeMap::from([(part.to_owned(), format!("(unknown: {why})"))]) }
}

fn without_plus(toolchain: &str) -> &str {
    toolchain.strip_prefix('+').unwrap_or(toolchain)
}

/// What is known of a build before it is made, besides tools and variables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) command: Option<&'a CargoCommand>,
    pub(super) cwd: &'a Path,
    pub(super) repository: &'a Path,
    pub(super) cargo_home: Option<&'a Path>,
    pub(super) lockfile: Option<&'a Path>,
}

impl Given<'_> {
    /// Returns the parts that it is in a key.
    pub(super) fn parts(&self) -> BTreeMap<String, String> {
        let mut parts = BTreeMap::new();
        if let Some(command) = self.command {
            parts.insert("arguments".to_owned(), self.arguments(command));
        }
        if let Some(configuration) = self.configuration() {
            parts.insert("configuration".to_owned(), configuration);
        }
        // One in the repository is compared package by package.
        let lockfile = self.lockfile.filter(|path| super::inputs::home(self.repository, path).is_none());
        if let Some(bytes) = lockfile.and_then(|path| fs::read(path).ok()) {
            let digest =
                Lockfile::parse(&bytes).map_or(Fingerprint::of(&bytes), |lockfile| lockfile.digest());
            parts.insert("lockfile".to_owned(), digest.to_string()[..16].to_owned());
        }
        parts
    }

    /// Returns the arguments that change how something is built, in one way of writing them. Which packages are built,
    /// where to, how fast, and what is printed do not.
    fn arguments(&self, command: &CargoCommand) -> String {
        let mut features: BTreeSet<&str> = BTreeSet::new();
        let mut flags: BTreeSet<String> = BTreeSet::new();
        // Of two that say the same, the later counts, so that their order does.
        let mut configuration: Vec<String> = Vec::new();
        let mut words = command.args.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let (name, joined) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value)),
                _ if word.starts_with("-F") || word.starts_with("-Z") => {
                    let value = word[2..].trim_start_matches('=');
                    (&word[..2], Some(value).filter(|value| !value.is_empty()))
                }
                _ => (word, None),
            };
            let mut value = || joined.or_else(|| words.next()).unwrap_or_default();
            match name {
                "--features" | "-F" => {
                    features.extend(value().split([',', ' ']).filter(|name| !name.is_empty()))
                }
                "--all-features" | "--no-default-features" => {
                    flags.insert(name.to_owned());
                }
                "-Z" => {
                    flags.insert(format!("-Z {}", value()));
                }
                "--config" => configuration.push(format!("--config {}", self.configured(value()))),
                "--manifest-path" => {
                    let path = self.cwd.join(value());
                    let home = super::inputs::home(self.repository, &path);
                    let shown = home.map_or(path.display().to_string(), |home| home.to_string());
                    flags.insert(format!("--manifest-path {shown}"));
                }
                _ => {}
            }
        }
        let mut said: Vec<String> = flags.into_iter().collect();
        if !features.is_empty() {
            // They are those of the package that cargo is started in.
            let is_of_package = features.iter().any(|feature| !feature.contains('/'));
            let folder = super::inputs::home(self.repository, self.cwd).filter(|_| is_of_package);
            let folder = folder.filter(|folder| !folder.as_str().is_empty());
            let folder = folder.map(|folder| format!(" in {folder}")).unwrap_or_default();
            said.push(format!("--features {}{folder}", Vec::from_iter(features).join(",")));
        }
        said.extend(configuration);
        if tells_tests(&command.test_args) {
            said.push(format!("-- {}", command.test_args.join(" ")));
        }
        if said.is_empty() { "(none)".to_owned() } else { said.join(" ") }
    }

    /// Returns a value of `--config`; where that is a file, what is in it.
    fn configured(&self, value: &str) -> String {
        match fs::read(self.cwd.join(value)) {
            Ok(bytes) => format!("file {}", &Fingerprint::of(&bytes).to_string()[..16]),
            Err(_) => value.to_owned(),
        }
    }

    /// Returns a hash of what cargo's configuration says outside of the repository that changes builds.
    fn configuration(&self) -> Option<String> {
        let mut said = Vec::new();
        for path in cargo_config::files(self.cwd, self.cargo_home) {
            if super::inputs::home(self.repository, &path).is_some() {
                continue;
            }
            match fs::read_to_string(&path).ok().map(|text| text.parse::<Table>()) {
                Some(Ok(table)) => said.extend(effective(table).map(|table| sorted(&Value::Table(table)))),
                _ => said.push("(unknown)".to_owned()),
            }
        }
        (!said.is_empty()).then(|| Fingerprint::of(said.join("\n").as_bytes()).to_string()[..16].to_owned())
    }
}

/// Returns what of a configuration changes what is built.
fn effective(mut table: Table) -> Option<Table> {
    const TABLES: [&str; 9] =
        ["build", "env", "host", "include", "patch", "paths", "profile", "target", "unstable"];
    /// Where to, how fast, and through a cache.
    const WITHOUT_EFFECT: [&str; 8] = [
        "build-dir",
        "dep-info-basedir",
        "incremental",
        "jobs",
        "pipelining",
        "rustc-wrapper",
        "target-dir",
        "warnings",
    ];
    table.retain(|name, _| TABLES.contains(&name));
    if let Some(Value::Table(build)) = table.get_mut("build") {
        build.retain(|name, _| !WITHOUT_EFFECT.contains(&name));
        if build.is_empty() {
            table.remove("build");
        }
    }
    (!table.is_empty()).then_some(table)
}

/// Returns whether test programs are told more than which tests to run, and how to show that: a harness of the project's
/// own may do anything with it.
fn tells_tests(args: &[String]) -> bool {
    const KNOWN: [&str; 16] = [
        "--color",
        "--ensure-time",
        "--exact",
        "--format",
        "--ignored",
        "--include-ignored",
        "--logfile",
        "--no-capture",
        "--nocapture",
        "--quiet",
        "--report-time",
        "--show-output",
        "--shuffle",
        "--skip",
        "--test-threads",
        "-q",
    ];
    let name = |word: &String| word.split('=').next().unwrap_or_default().to_owned();
    args.iter().any(|word| word.starts_with('-') && !KNOWN.contains(&&*name(word)))
}

/// Returns a value as text, whatever the order of its keys.
fn sorted(value: &Value) -> String {
    match value {
        Value::Table(table) => {
            let entries: BTreeMap<&String, String> =
                table.iter().map(|(key, value)| (key, sorted(value))).collect();
            format!("{entries:?}")
        }
        Value::Array(values) => format!("{:?}", values.iter().map(sorted).collect::<Vec<_>>()),
        value => format!("{value:?}"),
    }
}

/// Returns the variables that change what cargo and the compiler build, whatever is built.
pub(super) fn build_variables(
    variables: &BTreeMap<OsString, OsString>,
) -> impl Iterator<Item = (&str, String)> {
    variables.iter().filter_map(|(name, value)| {
        let (name, value) = (name.to_str()?, value.to_string_lossy());
        (!value.is_empty() && changes_builds(name, &value)).then(|| (name, value.into_owned()))
    })
}

fn changes_builds(name: &str, value: &str) -> bool {
    const NAMES: [&str; 11] = [
        "CARGO_BUILD_RUSTC",
        "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
        "CARGO_BUILD_RUSTDOC",
        "CARGO_BUILD_RUSTDOCFLAGS",
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_ENCODED_RUSTDOCFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_HOST_RUSTFLAGS",
        "RUSTDOCFLAGS",
        "RUSTFLAGS",
    ];
    const COMPILERS: [&str; 5] =
        ["RUSTC", "RUSTC_BOOTSTRAP", "RUSTC_LINKER", "RUSTC_WORKSPACE_WRAPPER", "RUSTDOC"];
    /// They hand on what was compiled before, and change nothing.
    const CACHES: [&str; 6] = ["buildcache", "cachepot", "ccache", "kache", "mold", "sccache"];
    let program = Path::new(value).file_stem().and_then(OsStr::to_str).unwrap_or_default();
    match name {
        "RUSTC_WRAPPER" | "CARGO_BUILD_RUSTC_WRAPPER" => !CACHES.contains(&program),
        _ if NAMES.contains(&name) || COMPILERS.contains(&name) => true,
        // The folder of targets is no target, and what runs tests builds none.
        "CARGO_TARGET_DIR" => false,
        _ if name.starts_with("CARGO_TARGET_") => {
            ["_LINKER", "_RUSTFLAGS", "_RUSTDOCFLAGS", "_RUSTC"].iter().any(|end| name.ends_with(end))
        }
        _ => {
            ["CARGO_PROFILE_", "CARGO_UNSTABLE_", "__CARGO_TEST_"].iter().any(|start| name.starts_with(start))
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
