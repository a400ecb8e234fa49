//! What INDEX on the command line stands for.

use std::fs;
use std::path::{Path, PathBuf};

use skiptrace_backends::mapped::MappedFile;
use skiptrace_engine::catalog::{Catalog, StoredIndex};
use skiptrace_engine::codec::{IndexReader, decode, encode};
use skiptrace_engine::id::CommitId;
use skiptrace_engine::index::Index;
use skiptrace_engine::index::merge::merge;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::read_at::ReadAt;

use crate::error::{CommandError, IoContext};
use crate::session::Session;
use crate::settings::{Flag, Settings};

/// An index that is meant: a file, or all that the store has for a commit.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    File(PathBuf),
    Commit(CommitId),
}

/// The flag that says which kind of index of a commit is meant.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct KindFlag {
    /// The kind of index: function, file or package, each also with `diffed-` before it
    #[arg(long, value_name = "KIND")]
    pub(super) kind: Option<IndexKind>,
}

impl KindFlag {
    /// Returns the settings, with the flag standing for `index.kind`.
    pub(super) fn settings(&self, session: &Session<'_>) -> Result<Settings, CommandError> {
        session.settings_with(Flag::given("index.kind", "--kind", self.kind))
    }
}

impl Target {
    /// Finds out what `text` means: a file where there is one or its name says so, else a revision.
    pub(crate) fn parse(text: &str, session: &Session<'_>) -> Result<Target, CommandError> {
        let path = session.environment.cwd.join(text);
        let names_file = Path::new(text).extension().is_some_and(|extension| extension == "idx");
        if names_file || path.is_file() {
            return Ok(Target::File(PathBuf::from(text)));
        }
        Ok(Target::Commit(session.commit(text)?))
    }

    /// Opens the parts of the index, to be read lazily.
    ///
    /// A commit may have shards missing. That is fine here: a test that is in no part runs.
    pub(crate) fn open(
        &self,
        session: &Session<'_>,
        kind: IndexKind,
    ) -> Result<Vec<StoredIndex>, CommandError> {
        match self {
            Target::File(path) => {
                let source: Box<dyn ReadAt> = Box::new(map(session, path)?);
                Ok(vec![
                    IndexReader::open(source)
                        .map_err(|error| CommandError::of_index(path.display(), error))?,
                ])
            }
            Target::Commit(commit) => {
                let catalog = session.catalog()?;
                Ok(catalog.open_present(&catalog.entry(kind, commit)?)?)
            }
        }
    }

    /// Reads the whole index, its parts merged.
    pub(crate) fn load(&self, session: &Session<'_>, kind: IndexKind) -> Result<Index, CommandError> {
        match self {
            Target::File(path) => load_file(session, path),
            Target::Commit(commit) => {
                let catalog = session.catalog()?;
                Ok(catalog.load(&catalog.entry(kind, commit)?)?)
            }
        }
    }
}

/// Reads the whole index in a file.
pub(in crate::commands) fn load_file(session: &Session<'_>, path: &Path) -> Result<Index, CommandError> {
    decode(map(session, path)?).map_err(|error| CommandError::of_index(path.display(), error))
}

fn map(session: &Session<'_>, path: &Path) -> Result<MappedFile, CommandError> {
    let full = session.environment.cwd.join(path);
    if !full.exists() {
        return Err(CommandError::user(format_args!("there is no file `{}`", path.display())));
    }
    Ok(MappedFile::open(&full)?)
}

/// Reads and merges indexes, one after the other, so that two are in memory at most.
pub(super) fn load_merged(
    session: &Session<'_>,
    targets: &[Target],
    kind: IndexKind,
) -> Result<Index, CommandError> {
    let progress =
        session.printer.progress("merging", targets.len() as u64, crate::ui::progress::Unit::Items);
    let mut merged: Option<Index> = None;
    for target in targets {
        let next = target.load(session, kind)?;
        merged = Some(match merged {
            Some(merged) => merge(&[&merged, &next])?,
            None => next,
        });
        progress.inc(1);
    }
    merged.ok_or_else(|| CommandError::user("there is no index to merge"))
}

/// Writes an index to a file: the whole of it or nothing.
pub(in crate::commands) fn write(
    session: &Session<'_>,
    path: &Path,
    index: &Index,
) -> Result<u64, CommandError> {
    let bytes = encode(index).map_err(|error| CommandError::of_index(path.display(), error))?;
    write_bytes(session, path, &bytes)?;
    Ok(bytes.len() as u64)
}

/// Writes a file: the whole of it or nothing.
pub(super) fn write_bytes(session: &Session<'_>, path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let full = session.environment.cwd.join(path);
    let folder = full.parent().unwrap_or(&full);
    let temporary = tempfile::NamedTempFile::new_in(folder).on("write", path)?;
    fs::write(temporary.path(), bytes).on("write", path)?;
    temporary.as_file().sync_all().on("write", path)?;
    temporary.persist(&full).map_err(|error| error.error).on("write", path)?;
    Ok(())
}

/// Returns the catalog and, for a table or a message, the name of its store.
pub(in crate::commands) fn catalog_with_name(
    session: &Session<'_>,
) -> Result<(Catalog, String), CommandError> {
    let catalog = session.catalog()?;
    let name = catalog.store().to_string();
    Ok((catalog, name))
}
