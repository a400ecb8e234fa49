//! What cargo says of a workspace without building anything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::MetadataCommand;

use super::nextest::binary_ids;
use crate::run::cargo::CargoCommand;

/// What has to be known of a workspace before cargo's runners are told anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Its folder.
    pub root: PathBuf,
    /// The test binaries that there are, as nextest calls them.
    pub binaries: BTreeSet<String>,
    /// The packages that may have tests in their documentation, by what the compiler calls the crate.
    pub documented: BTreeMap<String, String>,
}

impl Workspace {
    /// Asks cargo about the workspace that a command means.
    pub fn of(command: &CargoCommand, cwd: &Path) -> Result<Workspace, cargo_metadata::Error> {
        let mut ask = MetadataCommand::new();
        ask.cargo_path(&command.program).current_dir(cwd).no_deps().other_options(command.metadata_args());
        if let Some(toolchain) = &command.toolchain {
            ask.env("RUSTUP_TOOLCHAIN", toolchain.trim_start_matches('+'));
        }
        let metadata = ask.exec()?;
        let members =
            metadata.packages.iter().filter(|package| metadata.workspace_members.contains(&package.id));
        let of_package = |package: &cargo_metadata::Package| {
            let crates = package.targets.iter().filter(|target| target.doctest);
            let name = package.name.to_string();
            crates.map(|target| (target.name.replace('-', "_"), name.clone())).collect::<Vec<_>>()
        };
        let documented = members.flat_map(of_package).collect();
        Ok(Workspace {
            root: metadata.workspace_root.clone().into_std_path_buf(),
            binaries: binary_ids(&metadata),
            documented,
        })
    }
}
