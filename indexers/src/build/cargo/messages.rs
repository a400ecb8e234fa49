//! What cargo says while it builds (`--message-format json`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use cargo_metadata::{Artifact, BuildFinished, BuildScript, Metadata};
use serde::Deserialize;
use thiserror::Error;

use super::{CargoError, output};

/// What a build made; what was fresh already is named as well.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Built {
    /// What compilers wrote, crate by crate.
    pub artifacts: Vec<Artifact>,
    /// The build scripts that ran, now or earlier.
    pub scripts: Vec<BuildScript>,
}

/// Why the messages of a build cannot be trusted to be complete.
#[derive(Debug, Error)]
pub enum MessagesError {
    /// A message is not what is expected.
    #[error("line {line} of cargo's messages is not understood")]
    Malformed {
        /// The line, counted from one.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The build failed.
    #[error("the build failed")]
    BuildFailed,
    /// The last message is missing, which tells how the build ended.
    #[error("cargo's messages end before the build does")]
    Unfinished,
}

/// Only what says which message it is.
#[derive(Deserialize)]
struct Reason {
    reason: String,
}

impl Built {
    /// Parses the standard output of a build with `--message-format json`.
    pub fn parse(bytes: &[u8]) -> Result<Built, MessagesError> {
        let mut built = Built::default();
        let mut finished = false;
        for (idx, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            // Programs that cargo runs print to the same place; only objects are messages, and not all of those.
            if !line.trim_ascii_start().starts_with(b"{\"reason\":") {
                continue;
            }
            let malformed = |source| MessagesError::Malformed { line: idx + 1, source };
            let Reason { reason } = serde_json::from_slice(line).map_err(malformed)?;
            match reason.as_str() {
                "compiler-artifact" => built.artifacts.push(serde_json::from_slice(line).map_err(malformed)?),
                "build-script-executed" => {
                    built.scripts.push(serde_json::from_slice(line).map_err(malformed)?)
                }
                "build-finished" => {
                    let end: BuildFinished = serde_json::from_slice(line).map_err(malformed)?;
                    if !end.success {
                        return Err(MessagesError::BuildFailed);
                    }
                    finished = true;
                }
                _ => {}
            }
        }
        if finished { Ok(built) } else { Err(MessagesError::Unfinished) }
    }

    /// Returns the features that each package was built with, by name and version. A package that was built more
    /// than once has the features of all its builds: those for the host are not told apart.
    pub fn features(&self, metadata: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
        let names: HashMap<_, _> = metadata
            .packages
            .iter()
            .map(|package| (&package.id, format!("{}@{}", package.name, package.version)))
            .collect();
        let mut features: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for artifact in &self.artifacts {
            let package = names.get(&artifact.package_id).cloned();
            let package = package.unwrap_or_else(|| artifact.package_id.repr.clone());
            features.entry(package).or_default().extend(artifact.features.iter().cloned());
        }
        features
    }
}

/// Builds tests without running them. `command` is cargo's subcommand with the user's arguments: `test`, `-p`, ….
pub fn build(
    cargo: &Path,
    cwd: &Path,
    command: &[OsString],
    env: &[(OsString, OsString)],
) -> Result<Built, CargoError> {
    let mut cargo = Command::new(cargo);
    cargo.args(command).args(["--no-run", "--message-format", "json-render-diagnostics"]);
    cargo.envs(env.iter().map(|(name, value)| (name, value)));
    let (stdout, status) = output(&mut cargo, cwd)?;
    if !status.success() {
        let command: Vec<_> = command.iter().map(|arg| arg.to_string_lossy()).collect();
        return Err(CargoError::Failed { command: format!("cargo {}", command.join(" ")), status });
    }
    Ok(Built::parse(&stdout)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCRIPT: &str = r#"{"reason":"build-script-executed","package_id":"path+file:///w/a#0.1.0","linked_libs":[],"linked_paths":[],"cfgs":[],"env":[["MADE","1"]],"out_dir":"/t/debug/build/a-0123456789abcdef/out"}"#;

    #[test]
    fn the_end_must_be_there() {
        let text = format!("from a program\n{SCRIPT}\n{{\"reason\":\"new-kind\",\"x\":1}}\n");
        assert!(matches!(Built::parse(text.as_bytes()), Err(MessagesError::Unfinished)));
        let failed = format!("{text}{{\"reason\":\"build-finished\",\"success\":false}}\n");
        assert!(matches!(Built::parse(failed.as_bytes()), Err(MessagesError::BuildFailed)));
        let done = format!("{text}{{\"reason\":\"build-finished\",\"success\":true}}\n");
        assert_eq!(Built::parse(done.as_bytes()).unwrap().scripts.len(), 1);
        let odd = format!("{{\"reason\":\"compiler-artifact\",\"new\":1}}\n{done}");
        assert!(matches!(Built::parse(odd.as_bytes()), Err(MessagesError::Malformed { line: 1, .. })));
    }

    proptest! {
        #[test]
        fn a_cut_stream_is_refused(cut in 0usize..SCRIPT.len() + 40) {
            let done = format!("{SCRIPT}\n{{\"reason\":\"build-finished\",\"success\":true}}\n");
            prop_assume!(cut + 1 < done.len());
            prop_assert!(Built::parse(&done.as_bytes()[..cut]).is_err());
        }
    }
}
