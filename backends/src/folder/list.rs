//! Walking a folder in the order of its keys.

use std::fs::{self, DirEntry};
use std::io::{self, ErrorKind};
use std::path::Path;

use skiptrace_engine::key::Key;
use skiptrace_engine::store::{Entry, ListRequest, StoreError};

use crate::{clock, disk};

/// Returns what `request` asks for below `root`.
///
/// Reads only the folders that can hold such keys, and none further once the limit is reached.
/// Names that no key has are passed over; so are links to folders, which may lead anywhere.
pub(super) fn list(root: &Path, request: &ListRequest) -> Result<Vec<Entry>, StoreError> {
    let mut walk = Walk { root, request, found: Vec::new() };
    match &request.folder {
        Some(folder) => walk.folder(&root.join(folder.as_str()), folder.as_str())?,
        None => walk.folder(root, "")?,
    }
    Ok(walk.found)
}

struct Walk<'a> {
    root: &'a Path,
    request: &'a ListRequest,
    found: Vec<Entry>,
}

/// An entry of a folder, which sorts as its keys do: a folder's keys all go on with a slash.
struct Name {
    sort: String,
    entry: DirEntry,
}

impl Walk<'_> {
    fn is_full(&self) -> bool {
        self.request.limit.is_some_and(|limit| self.found.len() >= limit)
    }

    fn folder(&mut self, path: &Path, prefix: &str) -> Result<(), StoreError> {
        if self.is_full() {
            return Ok(());
        }
        for Name { sort, entry } in names(path)? {
            let key = if prefix.is_empty() { sort } else { format!("{prefix}/{sort}") };
            if let Some(folder) = key.strip_suffix('/') {
                if Key::new(folder).is_ok() && self.may_hold(&key) {
                    self.folder(&entry.path(), folder)?;
                }
            } else if let Ok(key) = Key::new(key)
                && self.request.admits(&key)
            {
                self.file(key, &entry.path())?;
            }
            if self.is_full() {
                break;
            }
        }
        Ok(())
    }

    /// Returns whether keys that begin with `prefix` can sort after the one to start after.
    fn may_hold(&self, prefix: &str) -> bool {
        self.request.start_after.as_ref().is_none_or(|after| {
            let after = after.as_str();
            prefix > after || after.starts_with(prefix)
        })
    }

    fn file(&mut self, key: Key, path: &Path) -> Result<(), StoreError> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => {
                let modified = metadata.modified().ok().map(clock::timestamp);
                self.found.push(Entry { key, size: metadata.len(), modified });
            }
            // A link to something else, or deleted since.
            Ok(_) => {}
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(disk::failed("list", &self.root.join(key.as_str()), error)),
        }
        Ok(())
    }
}

fn names(path: &Path) -> Result<Vec<Name>, StoreError> {
    let failed = |error| disk::failed("list", path, error);
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if is_gone(&error) => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let Ok(mut sort) = entry.file_name().into_string() else { continue };
        if sort.starts_with('.') {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => sort.push('/'),
            Ok(_) => {}
            Err(error) if is_gone(&error) => continue,
            Err(error) => return Err(failed(error)),
        }
        names.push(Name { sort, entry });
    }
    names.sort_by(|a, b| a.sort.cmp(&b.sort));
    Ok(names)
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
