//! `cargo test`, taken apart: cargo builds and says how it would run each binary, and skiptrace runs the tests.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use cargo_metadata::{Artifact, Message, TargetKind};
use thiserror::Error;

use super::cargo::CargoCommand;
use super::shim::Captured;

/// Variables for a process.
pub type Variables = Vec<(OsString, OsString)>;

/// Why cargo did not do what it was asked.
#[derive(Debug, Error)]
pub enum CargoError {
    /// It could not be started.
    #[error("cannot run `{program}`")]
    Start {
        /// What was to be run.
        program: String,
        /// Why it was not.
        source: io::Error,
    },
    /// It failed, and has said why.
    #[error("`{command}` failed ({status})")]
    Failed {
        /// What was run.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// What it said could not be read.
    #[error("cannot read what `{command}` says")]
    Output {
        /// What was run.
        command: String,
        /// Why it cannot be read.
        source: io::Error,
    },
    /// Two test binaries would have the same name.
    #[error(
        "two test binaries are called `{suite}`; build for one target at a time, and give packages names of their own"
    )]
    DuplicateSuite {
        /// The name.
        suite: String,
    },
}

/// A test binary that cargo built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The name that nextest has for it as well.
    pub suite: String,
    /// The package.
    pub package: String,
    /// The file.
    pub executable: PathBuf,
}

/// Builds the tests. What cargo says of it goes to the user.
pub fn build(cargo: &CargoCommand, cwd: &Path, variables: &Variables) -> Result<Vec<Built>, CargoError> {
    let mut command = Command::new(&cargo.program);
    command
        .args(cargo.head())
        .args(without_message_format(&cargo.args))
        .args(["--no-run", "--message-format=json-render-diagnostics"])
        .current_dir(cwd)
        .envs(variables.iter().cloned())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let shown = shown(cargo, "--no-run");
    let mut child =
        command.spawn().map_err(|source| CargoError::Start { program: cargo.program.clone(), source })?;
    let stdout = child.stdout.take().expect("its output is piped");
    let mut built = Vec::new();
    for message in Message::parse_stream(BufReader::new(stdout)) {
        let message = message.map_err(|source| CargoError::Output { command: shown.clone(), source })?;
        if let Message::CompilerArtifact(artifact) = message
            && artifact.profile.test
            && let Some(executable) = &artifact.executable
        {
            let package = package_of(&artifact.package_id.repr);
            let suite = suite(&package, &artifact);
            built.push(Built { suite, package, executable: executable.clone().into_std_path_buf() });
        }
    }
    let status = child.wait().map_err(|source| CargoError::Output { command: shown.clone(), source })?;
    if !status.success() {
        return Err(CargoError::Failed { command: shown, status });
    }
    built.sort_by(|a, b| (&a.suite, &a.executable).cmp(&(&b.suite, &b.executable)));
    built.dedup();
    match built.windows(2).find(|pair| pair[0].suite == pair[1].suite) {
        Some(pair) => Err(CargoError::DuplicateSuite { suite: pair[0].suite.clone() }),
        None => Ok(built),
    }
}

/// Has cargo run the test binaries, with a runner that only writes down how it would run each into `folder`.
pub fn capture(
    cargo: &CargoCommand,
    cwd: &Path,
    variables: &Variables,
    folder: &Path,
) -> Result<Vec<Captured>, CargoError> {
    let mut command = Command::new(&cargo.program);
    // Cargo would hand `--quiet` on to the tests, which are to be run as the user's command runs them.
    command.args(cargo.head()).args(without_message_format(&cargo.args));
    if !cargo.names_targets() {
        // All that is tested by default but the documentation, whose tests have a way of their own.
        command.arg("--tests");
    }
    command.arg("--").args(&cargo.test_args).current_dir(cwd).envs(variables.iter().cloned());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let output =
        command.output().map_err(|source| CargoError::Start { program: cargo.program.clone(), source })?;
    let shown = shown(cargo, "--tests");
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let command = if said.is_empty() { shown } else { format!("{shown}: {said}") };
        return Err(CargoError::Failed { command, status: output.status });
    }
    let read = || -> io::Result<Vec<Captured>> {
        let mut files: Vec<PathBuf> =
            fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        files.sort();
        files.iter().map(|file| Ok(serde_json::from_slice(&fs::read(file)?)?)).collect()
    };
    read().map_err(|source| CargoError::Output { command: shown, source })
}

/// Returns the variables of a captured process that differ from ours: `None` where it has none.
pub fn difference(
    captured: &Captured,
    ours: &dyn Fn(&str) -> Option<OsString>,
    all: impl IntoIterator<Item = OsString>,
) -> BTreeMap<OsString, Option<OsString>> {
    let mut changed: BTreeMap<OsString, Option<OsString>> = captured
        .env
        .iter()
        .filter(|(name, value)| ours(name).as_deref() != Some(value.as_ref()))
        .map(|(name, value)| (name.into(), Some(value.into())))
        .collect();
    let has = |name: &OsString| captured.env.iter().any(|(other, _)| name == other.as_str());
    for name in all.into_iter().filter(|name| !has(name)) {
        changed.insert(name, None);
    }
    changed
}

/// Returns the name that nextest has for a test binary.
fn suite(package: &str, artifact: &Artifact) -> String {
    let name = &artifact.target.name;
    match artifact.target.kind.first() {
        Some(TargetKind::Test) => format!("{package}::{name}"),
        Some(kind) if !is_library(kind) => format!("{package}::{kind}/{name}"),
        _ => package.to_owned(),
    }
}

fn is_library(kind: &TargetKind) -> bool {
    matches!(
        kind,
        TargetKind::Lib
            | TargetKind::RLib
            | TargetKind::DyLib
            | TargetKind::CDyLib
            | TargetKind::StaticLib
            | TargetKind::ProcMacro
    )
}

/// Returns the name of a package that cargo identifies so: `name version (source)` as it was once written, or an
/// address that ends in `#name@version`, or in `#version` where its last segment is the name.
fn package_of(id: &str) -> String {
    let name = match (id.split_once(" ("), id.rsplit_once('#')) {
        (Some((before, _)), _) => before.split(' ').next().unwrap_or_default(),
        (None, None) => id,
        (None, Some((address, after))) => match after.split_once('@') {
            Some((name, _)) => name,
            None if after.starts_with(|first: char| first.is_ascii_digit()) => {
                let path = address.split('?').next().unwrap_or_default();
                path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
            }
            None => after,
        },
    };
    name.to_owned()
}

fn without_message_format(args: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        if word == "--message-format" {
            words.next();
        } else if !word.starts_with("--message-format=") && word != "--no-run" {
            kept.push(word.clone());
        }
    }
    kept
}

fn shown(cargo: &CargoCommand, extra: &str) -> String {
    let words = std::iter::once(cargo.program.clone()).chain(cargo.head()).chain(cargo.args.iter().cloned());
    words.chain([extra.to_owned()]).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_known_by_every_form_of_their_ids() {
        for (id, expected) in [
            ("path+file:///w/a#0.1.0", "a"),
            ("path+file:///w/folder#a@0.1.0", "a"),
            ("path+file:///w/x@y/a/#0.1.0-rc.1+b", "a"),
            ("registry+https://github.com/rust-lang/crates.io-index#a@1.2.3", "a"),
            ("git+https://e.org/me/a?branch=feature/x#0.1.0", "a"),
            ("git+https://e.org/me/repo.git?rev=00ff#a@0.1.0", "a"),
            ("a 0.1.0 (path+file:///w/folder)", "a"),
            ("a 0.1.0 (git+https://e.org/r#00ff)", "a"),
            ("registry+https://e.org/index#a", "a"),
        ] {
            assert_eq!(package_of(id), expected, "{id}");
        }
    }
}
