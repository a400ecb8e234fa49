//! Whether a program that a test starts was built from the sources as they are.
//!
//! What the go tool builds while tests are recorded is. A program that was there before may be older than its sources,
//! and what it executed is then told in terms of files that nobody has any more.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

/// Knows when sources were last written to.
#[derive(Debug)]
pub(super) struct Fresh {
    /// The folders of the modules whose code counts.
    pub(super) sources: Vec<PathBuf>,
    /// Folders of programs that are made of the present sources, whatever their age: ours, and the go tool's cache.
    pub(super) made: Vec<PathBuf>,
    pub(super) newest: OnceLock<Option<SystemTime>>,
}

impl Fresh {
    pub(super) fn new(sources: Vec<PathBuf>, made: Vec<PathBuf>) -> Fresh {
        let real = |path: PathBuf| path.canonicalize().unwrap_or(path);
        Fresh { sources, made: made.into_iter().map(real).collect(), newest: OnceLock::new() }
    }

    /// Finds out when a source was last written to, once.
    pub(super) fn look(&self) -> &Option<SystemTime> {
        self.newest.get_or_init(|| self.sources.iter().filter_map(|folder| newest(folder)).max())
    }

    /// Returns whether a program is older than some source, or may be.
    pub(super) fn is_stale(&self, program: &Path) -> bool {
        if self.made.iter().any(|folder| program.starts_with(folder)) {
            return false;
        }
        let newest = self.look();
        let built = fs::metadata(program).and_then(|about| about.modified());
        built.map_or(true, |built| newest.is_some_and(|newest| newest > built))
    }
}

/// Returns when a source below a folder was last written to.
fn newest(folder: &Path) -> Option<SystemTime> {
    let mut newest = None;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            // The type of the entry itself: a link may lead around in a circle.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !name.starts_with('.') => folders.push(entry.path()),
                _ if [".go", ".s", ".mod", ".sum"].iter().any(|end| name.ends_with(end)) => {
                    newest = newest.max(entry.metadata().and_then(|about| about.modified()).ok());
                }
                _ => {}
            }
        }
    }
    newest
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn older_programs_are_stale_unless_they_were_made_here() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for path in ["src/a/b.go", "src/old.txt", "program", "made/program"] {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), "").unwrap();
        }
        let hour = Duration::from_secs(3600);
        let set = |path: &str, time| fs::File::open(root.join(path)).unwrap().set_modified(time).unwrap();
        let check = |age: Duration, path: &str| {
            set("src/a/b.go", SystemTime::now() - hour);
            set("program", SystemTime::now() - age);
            set("made/program", SystemTime::now() - age);
            Fresh::new(vec![root.join("src")], vec![root.join("made")]).is_stale(&root.join(path))
        };
        assert!(check(2 * hour, "program"));
        assert!(!check(Duration::ZERO, "program"));
        assert!(!check(2 * hour, "made/program"));
        assert!(check(Duration::ZERO, "gone"));
    }
}
