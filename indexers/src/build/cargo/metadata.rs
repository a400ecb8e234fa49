//! The packages of a workspace, and how they depend on each other.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use cargo_metadata::Metadata;

use super::{CargoError, output};
use crate::build::paths::Roots;

/// Asks cargo for the metadata of the workspace around `cwd`.
///
/// `args` are those of the build that choose a manifest or a configuration. All features are always asked for: the
/// graph then has more edges than the build, never fewer, and a crate that was not built adds nothing to anything.
pub fn run(cargo: &Path, cwd: &Path, args: &[OsString]) -> Result<Metadata, CargoError> {
    let mut command = Command::new(cargo);
    command.args(["metadata", "--format-version", "1", "--all-features"]);
    command.args(args.iter().filter(|arg| *arg != "--all-features"));
    let (stdout, status) = output(&mut command, cwd)?;
    if !status.success() {
        return Err(CargoError::Failed { command: "cargo metadata".to_owned(), status });
    }
    parse(&stdout)
}

/// Parses what `cargo metadata --format-version 1` prints; refused when it comes without the dependency graph.
pub fn parse(bytes: &[u8]) -> Result<Metadata, CargoError> {
    let metadata: Metadata = serde_json::from_slice(bytes).map_err(CargoError::Metadata)?;
    if metadata.resolve.is_none() { Err(CargoError::NoGraph) } else { Ok(metadata) }
}

/// Returns where the files of a cargo build are at home, without any prefix map.
pub fn roots(metadata: &Metadata, repository: &Path, cargo_home: Option<&Path>) -> Roots {
    let folders = [Some(&metadata.target_directory), metadata.build_directory.as_ref()];
    Roots {
        repository: repository.to_owned(),
        workspace: metadata.workspace_root.clone().into(),
        build_folders: folders.into_iter().flatten().map(|folder| folder.clone().into()).collect(),
        cargo_home: cargo_home.map(Path::to_owned),
        prefix_maps: Vec::new(),
    }
}
