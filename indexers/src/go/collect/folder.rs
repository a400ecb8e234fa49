//! The coverage files below folders.

use std::fs;
use std::path::{Path, PathBuf};

use skiptrace_engine::record::Problem;

use super::Written;
use crate::go::covdata::{Arguments, FileName, MetaHash};
use crate::trace::Trace;

/// How many files are looked at.
const MOST_FILES: usize = 100_000;

/// Coverage files, sorted.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) metas: Vec<(MetaHash, PathBuf)>,
    pub(super) counters: Vec<Written>,
    /// Files that should have been one of these. They were told.
    n_others: usize,
}

impl Found {
    /// Looks for files; tells of what cannot be looked at.
    pub(super) fn below(folders: &[PathBuf], trace: &mut Trace) -> Found {
        let mut found = Found::default();
        let mut left: Vec<PathBuf> = folders.to_vec();
        let mut n_files = 0;
        while let Some(folder) = left.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    let detail = format!("cannot list the coverage folder `{}`: {error}", folder.display());
                    trace.trouble(Problem::Opaque, detail);
                    continue;
                }
            };
            for entry in entries {
                n_files += 1;
                if n_files > MOST_FILES {
                    trace.trouble(
                        Problem::Opaque,
                        format!("there are more than {MOST_FILES} files to look at"),
                    );
                    left.clear();
                    break;
                }
                match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))) {
                    Ok((path, kind)) if kind.is_dir() => left.push(path),
                    Ok((path, kind)) => found.add(path, kind.is_file(), trace),
                    Err(error) => {
                        let detail =
                            format!("cannot list the coverage folder `{}`: {error}", folder.display());
                        trace.trouble(Problem::Opaque, detail);
                    }
                }
            }
        }
        found.metas.sort();
        found.counters.sort_by(|one, other| one.file.cmp(&other.file));
        found
    }

    pub(super) fn is_empty(&self) -> bool {
        self.metas.is_empty() && self.counters.is_empty() && self.n_others == 0
    }

    fn add(&mut self, path: PathBuf, is_file: bool, trace: &mut Trace) {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return };
        let Some(kind) = FileName::parse(name) else { return };
        // Opening a pipe would wait for somebody to write into it.
        if !is_file && !leads_to_a_file(&path) {
            trace.trouble(Problem::Opaque, format!("`{name}` is no file"));
            self.n_others += 1;
            return;
        }
        match kind {
            FileName::Meta(hash) => self.metas.push((hash, path)),
            FileName::Counters { meta, pid, nanos } => {
                self.counters.push(Written { meta, pid, nanos, file: path, arguments: Arguments::default() });
            }
            FileName::Unfinished => {
                let detail = format!("a process was killed while it wrote `{name}`, or still writes it");
                trace.trouble(Problem::ProcessKilled, detail);
                self.n_others += 1;
            }
            FileName::Malformed => {
                trace.trouble(Problem::Opaque, format!("`{name}` is not how Go names a coverage file"));
                self.n_others += 1;
            }
        }
    }
}

fn leads_to_a_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|about| about.is_file())
}
