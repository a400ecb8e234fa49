//! Where configuration files and stores are, unless something says otherwise.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::environment::Environment;
use crate::git::Repository;
use crate::settings::Origin;

/// A configuration file that is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigFile {
    /// Whose it is: `user` or `repository`.
    pub layer: &'static str,
    /// Where it is, or would be.
    pub path: PathBuf,
    /// Whether it is there.
    pub exists: bool,
}

/// Returns the configuration files that are looked for, the later winning.
///
/// The repository's is the nearest `skiptrace.toml` between the current folder and the top of the repository;
/// outside of one only the current folder is looked at, for what lies above may be anybody's.
pub fn config_files(environment: &Environment, repository: Option<&Repository>) -> Vec<ConfigFile> {
    let file = |layer, path: PathBuf| ConfigFile { layer, exists: path.is_file(), path };
    let user = environment.config_home().map(|home| file("user", home.join("skiptrace/config.toml")));
    let top = repository.map_or(environment.cwd.as_path(), Repository::root);
    let nearest = folders_up_to(&environment.cwd, top)
        .map(|folder| folder.join("skiptrace.toml"))
        .find(|path| path.is_file())
        .unwrap_or_else(|| top.join("skiptrace.toml"));
    user.into_iter().chain([file("repository", nearest)]).collect()
}

/// Returns `folder` and those above it, up to `top`; only `top` where it is not above.
fn folders_up_to(folder: &Path, top: &Path) -> impl Iterator<Item = PathBuf> {
    // Git names the top without symbolic links.
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let real_top = top.canonicalize().unwrap_or_else(|_| top.to_owned());
    let depth = real.strip_prefix(&real_top).map_or(0, |below| below.components().count());
    let start = if real.starts_with(&real_top) { real } else { real_top };
    let folders: Vec<PathBuf> = start.ancestors().take(depth + 1).map(Path::to_owned).collect();
    folders.into_iter()
}

/// Returns the folder of the local store: inside the repository's own, or else in the user's cache.
pub(crate) fn local_store(environment: &Environment, repository: Option<&Repository>) -> Option<PathBuf> {
    match repository {
        Some(repository) => Some(repository.private_folder().join("store")),
        None => Some(cache_folder(environment)?.join(folder_name(&environment.cwd)).join("store")),
    }
}

/// Returns the file of the history of runs, beside the local store.
fn history(environment: &Environment, repository: Option<&Repository>) -> Option<PathBuf> {
    Some(local_store(environment, repository)?.with_file_name("history.sqlite"))
}

fn cache_folder(environment: &Environment) -> Option<PathBuf> {
    Some(environment.cache_home()?.join("skiptrace"))
}

/// Returns the values that follow from the surroundings.
pub(super) fn derived(
    environment: &Environment,
    repository: Option<&Repository>,
) -> Vec<(&'static str, PathBuf, Origin)> {
    let from = if repository.is_some() { "the repository" } else { "the user's cache folder" };
    let store =
        local_store(environment, repository).map(|path| ("store.url", path, Origin::Derived { from }));
    let history =
        history(environment, repository).map(|path| ("history.path", path, Origin::Derived { from }));
    let cache = cache_folder(environment).map(|cache| {
        ("store.cache.dir", cache.join("store"), Origin::Derived { from: "the user's cache folder" })
    });
    store.into_iter().chain(cache).chain(history).collect()
}

/// Returns a name for a folder that is readable, and that no other folder has.
fn folder_name(folder: &Path) -> String {
    // FNV-1a: stable for ever, which the standard library's hash does not promise.
    let hash = folder.as_os_str().as_encoded_bytes().iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let name = folder.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    format!("{name}-{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_folders_stay_the_same() {
        assert_eq!(folder_name(Path::new("/work/x")), "x-ee58e05f85ab3314");
        assert_ne!(folder_name(Path::new("/work/x")), folder_name(Path::new("/else/x")));
    }

    #[test]
    fn folders_end_at_the_top() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        let below = top.join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        let folders: Vec<PathBuf> = folders_up_to(&below, &top).collect();
        assert_eq!(folders, [below.clone(), top.join("a"), top.clone()]);
        assert_eq!(folders_up_to(&top, &below).collect::<Vec<_>>(), [below]);
    }
}
