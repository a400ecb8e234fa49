//! Where rustc left the dep-info of a crate.

use std::collections::{BTreeSet, HashMap};
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use cargo_metadata::{Artifact, TargetKind};

/// Finds dep-info; lists every folder once.
#[derive(Debug, Default)]
pub(super) struct Locator {
    /// The names of the dep-info files in each folder.
    folders: HashMap<PathBuf, Vec<Box<str>>>,
}

impl Locator {
    /// Returns the dep-info files of a crate; several where it cannot be told which one it is.
    pub(super) fn dep_info(&mut self, artifact: &Artifact) -> BTreeSet<PathBuf> {
        // 1. Beside the file, under the file's name with its hash: all but programs and what `cargo build` copies.
        let mut found = BTreeSet::new();
        for path in artifact.filenames.iter().map(|path| path.as_std_path()) {
            let (Some(folder), Some(stem)) = (path.parent(), path.file_stem().and_then(|stem| stem.to_str()))
            else {
                continue;
            };
            let short = stem.strip_prefix("lib").filter(|_| is_library(artifact));
            let in_deps = folder.ends_with("deps");
            for stem in short.into_iter().chain([stem]) {
                let candidate = folder.join(format!("{stem}.d"));
                // Outside of `deps`, a name without a hash is cargo's summary, not rustc's dep-info.
                if (in_deps || hash_of(stem).is_some()) && candidate.is_file() {
                    found.insert(candidate);
                }
            }
        }
        if !found.is_empty() {
            return found;
        }
        // 2. A program is a copy, mostly a hard link, of a file with a hash.
        let krate = artifact.target.name.replace('-', "_");
        for path in artifact.filenames.iter().map(|path| path.as_std_path()) {
            let Some(folder) = path.parent() else { continue };
            for folder in [folder.to_owned(), folder.join("deps")] {
                let all: Vec<PathBuf> = self
                    .list(&folder)
                    .iter()
                    .filter(|name| {
                        let stem = name.strip_suffix(".d");
                        stem.is_some_and(|stem| {
                            (stem == krate && folder.ends_with("deps"))
                                || hash_of(stem).is_some_and(|(name, _)| name == krate)
                        })
                    })
                    .map(|name| folder.join(&**name))
                    .collect();
                let same: Vec<&PathBuf> = all.iter().filter(|dep_info| is_copy(dep_info, path)).collect();
                // When none is a copy for sure, all count: more files than needed, never fewer.
                if same.is_empty() { found.extend(all) } else { found.extend(same.into_iter().cloned()) }
            }
        }
        found
    }

    fn list(&mut self, folder: &Path) -> &[Box<str>] {
        if !self.folders.contains_key(folder) {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
            let names = names.filter(|name| name.ends_with(".d")).map(Into::into).collect();
            self.folders.insert(folder.to_owned(), names);
        }
        &self.folders[folder]
    }
}

/// Returns whether a target is one whose file cargo calls `lib…`.
fn is_library(artifact: &Artifact) -> bool {
    artifact.target.kind.iter().any(|kind| {
        !matches!(kind, TargetKind::Bin | TargetKind::Test | TargetKind::Bench | TargetKind::CustomBuild)
    })
}

fn file_name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

/// Splits `name-0123456789abcdef`.
fn hash_of(stem: &str) -> Option<(&str, &str)> {
    let (name, hash) = stem.rsplit_once('-')?;
    (hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some((name, hash))
}

/// Returns whether the file beside `dep_info` is what `copy` is a copy of.
fn is_copy(dep_info: &Path, copy: &Path) -> bool {
    let Ok(copied) = copy.metadata() else { return false };
    let (Some(folder), Some(stem)) =
        (dep_info.parent(), file_name(dep_info).and_then(|name| name.strip_suffix(".d")))
    else {
        return false;
    };
    let suffix = copy.extension().map(|suffix| format!(".{}", suffix.to_string_lossy())).unwrap_or_default();
    let originals = [format!("{stem}{suffix}"), format!("lib{stem}{suffix}"), stem.to_owned()];
    let mut originals = originals.iter().filter_map(|name| folder.join(name).metadata().ok());
    originals.any(|original| is_same(&original, &copied))
}

#[cfg(unix)]
fn is_same(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    false
}
