//! Folders for what a test's processes leave, removed as soon as it was read.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// A folder for the tests of one recording. It is removed with all that is in it.
#[derive(Debug)]
pub struct Scratch {
    root: TempDir,
    next: AtomicU32,
}

/// The folders of one run of one test, removed when this is dropped.
#[derive(Debug)]
pub struct Cell {
    root: PathBuf,
}

impl Scratch {
    /// Makes a folder inside `parent`, or where temporary files go.
    pub fn new(parent: Option<&Path>) -> io::Result<Scratch> {
        // The name is short because tests make sockets below it, whose paths end at about a hundred bytes.
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix("skt-");
        let root = match parent {
            Some(parent) => builder.tempdir_in(parent)?,
            None => builder.tempdir()?,
        };
        Ok(Scratch { root, next: AtomicU32::new(0) })
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        self.root.path()
    }

    /// Makes the folders of one run.
    pub fn cell(&self) -> io::Result<Cell> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let cell = Cell { root: self.root.path().join(number.to_string()) };
        for folder in [&cell.root, &cell.profiles(), &cell.temporary()] {
            std::fs::create_dir(folder)?;
        }
        Ok(cell)
    }
}

impl Cell {
    /// Returns the folder of what its processes print.
    pub fn output(&self) -> &Path {
        &self.root
    }

    /// Returns the folder of its profiles.
    pub fn profiles(&self) -> PathBuf {
        self.root.join("p")
    }

    /// Returns the folder that it takes for the machine's temporary one.
    pub fn temporary(&self) -> PathBuf {
        self.root.join("t")
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        if std::fs::remove_dir_all(&self.root).is_err() {
            // A test may have taken our right to remove what it made, the way a test of permissions does.
            make_removable(&self.root);
            let _ = std::fs::remove_dir_all(&self.root);
        }
    }
}

#[cfg(unix)]
fn make_removable(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let _ = std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700));
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        // The type of the entry itself: a link that leads elsewhere is left alone.
        let is_folder = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        folders.extend(entries.flatten().filter(is_folder).map(|entry| entry.path()));
    }
}

#[cfg(not(unix))]
fn make_removable(_: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left() {
        let scratch = Scratch::new(None).unwrap();
        let root = scratch.path().to_owned();
        let cell = scratch.cell().unwrap();
        std::fs::write(cell.profiles().join("a.profraw"), "x").unwrap();
        let other = scratch.cell().unwrap();
        assert_ne!(cell.profiles(), other.profiles());
        drop(cell);
        assert_eq!(std::fs::read_dir(&root).unwrap().count(), 1);
        drop((other, scratch));
        assert!(!root.exists());
    }

    #[cfg(unix)]
    #[test]
    fn folders_that_a_test_locked_are_removed_too() {
        use std::os::unix::fs::PermissionsExt;
        let scratch = Scratch::new(None).unwrap();
        let cell = scratch.cell().unwrap();
        let locked = cell.temporary().join("locked");
        std::fs::create_dir(&locked).unwrap();
        std::fs::write(locked.join("file"), "x").unwrap();
        std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).unwrap();
        drop(cell);
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
    }
}
