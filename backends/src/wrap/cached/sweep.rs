//! Keeping the cache within its size.

use std::fs::{self, DirEntry};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::piece::Name;
use super::value::CachedValue;
use crate::disk;

/// When the cache at `dir` takes more than `full` bytes, removes what was not used for longest, until it takes
/// no more than `target`.
///
/// Touches nothing that the cache did not make, should `dir` hold more than that. Others may read, write and
/// sweep meanwhile: a file that is gone already counts as removed, and an open one lives until it is closed.
pub(super) fn sweep(dir: &Path, full: u64, target: u64) {
    disk::sweep(&dir.join(".tmp"));
    let mut files = files(dir);
    let mut size: u64 = files.iter().map(|file| file.size).sum();
    if size <= full {
        return;
    }
    files.sort_unstable_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
    for file in files {
        if size <= target {
            break;
        }
        match fs::remove_file(&file.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => continue,
            _ => size -= file.size,
        }
        if let Some(folder) = file.path.parent() {
            // Works for the last file in it only, as it should.
            let _ = fs::remove_dir(folder);
        }
    }
}

struct CacheFile {
    path: PathBuf,
    size: u64,
    used: SystemTime,
}

fn files(dir: &Path) -> Vec<CacheFile> {
    let folders = entries(dir)
        .filter(|entry| entry.file_name().to_str().is_some_and(CachedValue::is_folder_name))
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.flat_map(|folder| entries(&folder.path())).filter_map(|entry| file(&entry)).collect()
}

fn entries(folder: &Path) -> impl Iterator<Item = DirEntry> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten()
}

fn file(entry: &DirEntry) -> Option<CacheFile> {
    Name::parse(entry.file_name().to_str()?)?;
    let metadata = entry.metadata().ok().filter(|metadata| metadata.is_file())?;
    Some(CacheFile { path: entry.path(), size: metadata.len(), used: metadata.modified().ok()? })
}
