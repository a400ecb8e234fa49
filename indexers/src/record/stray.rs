//! Profiles that processes left where nobody asked them to.
//!
//! A process that a test starts with an empty environment does not know where its profile belongs and writes it to the
//! folder it is in. Such files are found after the run, and removed: no test that ran while one was written can be
//! trusted to have told all.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Folders that hold no such file, or too many others.
const LEFT_OUT: &[&str] = &[".git", ".hg", ".jj", "node_modules"];
/// How far clocks of files and processes may be apart.
const SLACK: Duration = Duration::from_millis(50);

/// The profiles that were there before.
#[derive(Debug)]
pub struct Before {
    root: PathBuf,
    without: Vec<PathBuf>,
    files: BTreeSet<PathBuf>,
}

/// A profile that came to be during the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Where it was.
    pub path: PathBuf,
    /// When it was written.
    pub written: SystemTime,
}

impl Before {
    /// Looks below `root`, but not below the folders `without`.
    pub fn look(root: &Path, without: Vec<PathBuf>) -> Before {
        let files = profiles(root, &without).into_iter().map(|stray| stray.path).collect();
        Before { root: root.to_owned(), without, files }
    }

    /// Returns and removes the profiles that were not there before.
    pub fn sweep(&self) -> Vec<Stray> {
        let mut strays = profiles(&self.root, &self.without);
        strays.retain(|stray| !self.files.contains(&stray.path));
        for stray in &strays {
            // One that cannot be removed is still told.
            let _ = fs::remove_file(&stray.path);
        }
        strays
    }
}

impl Stray {
    /// Returns whether it may have been written during the interval.
    pub fn is_within(&self, (start, end): (SystemTime, SystemTime)) -> bool {
        start <= self.written + SLACK && self.written <= end + SLACK
    }
}

fn profiles(root: &Path, without: &[PathBuf]) -> Vec<Stray> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                let name = entry.file_name();
                if !LEFT_OUT.iter().any(|left_out| name == *left_out) && !without.contains(&path) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "profraw") {
                let written = entry.metadata().and_then(|metadata| metadata.modified());
                found.push(Stray { path, written: written.unwrap_or(SystemTime::UNIX_EPOCH) });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_swept() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            path
        };
        let old = write("old.profraw");
        let start = SystemTime::now();
        let before = Before::look(root.path(), vec![root.path().join("target")]);
        let new = write("a/b/default_1_2.profraw");
        let built = write("target/x.profraw");
        write("a/notes.txt");
        let strays = before.sweep();
        assert_eq!(strays.iter().map(|stray| &stray.path).collect::<Vec<_>>(), [&new]);
        assert!(strays[0].is_within((start, SystemTime::now())));
        assert!(!strays[0].is_within((start - Duration::from_secs(60), start - Duration::from_secs(30))));
        assert!(old.exists() && built.exists() && !new.exists());
    }
}
