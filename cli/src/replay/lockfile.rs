//! One lockfile for a history that has none.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{CommandError, IoContext};
use crate::git::Replica;

/// The `Cargo.lock` of projects that do not commit one, made at the first commit and kept as far as it resolves. Else
/// what the registry has today would look like a change of dependencies at each commit, or hide one.
#[derive(Debug, Default)]
pub(crate) struct Lockfile {
    bytes: Option<Vec<u8>>,
}

impl Lockfile {
    /// Puts it in its place, if the commit that is checked out needs it. `folder` is where tests run.
    ///
    /// Where cargo cannot resolve anything, that is for the build to say.
    pub(crate) fn settle(&mut self, replica: &Replica, folder: &Path) -> Result<(), CommandError> {
        let Some(root) = workspace(replica, folder) else { return Ok(()) };
        let file = root.join("Cargo.lock");
        let below = file.strip_prefix(replica.root()).unwrap_or(&file).to_string_lossy().into_owned();
        if replica.tracks(&below)? {
            return Ok(());
        }
        replica.ignore("Cargo.lock").on("write", &replica.root().join(".git/info/exclude"))?;
        if let Some(bytes) = &self.bytes {
            std::fs::write(&file, bytes).on("write", &file)?;
        }
        // Adds what is new in manifests, and changes nothing else.
        let _ = cargo(replica, &root, &["metadata", "--format-version", "1"]);
        if let Ok(bytes) = std::fs::read(&file) {
            self.bytes = Some(bytes);
        }
        Ok(())
    }
}

/// Returns the folder of the workspace; `None` where cargo has nothing to do.
fn workspace(replica: &Replica, folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|above| above.join("Cargo.toml").is_file())?;
    let args = ["locate-project", "--workspace", "--message-format", "plain"];
    let manifest = cargo(replica, folder, &args)?;
    let root = Path::new(manifest.trim_end()).parent()?.to_owned();
    root.starts_with(replica.root()).then_some(root)
}

fn cargo(replica: &Replica, folder: &Path, args: &[&str]) -> Option<String> {
    let mut command = Command::new("cargo");
    command.args(args).current_dir(folder).env_clear().envs(&replica.environment().vars);
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
