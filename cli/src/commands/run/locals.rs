//! What tests executed that ran on this machine: one index for each command line that ran them.
//!
//! A command that names a part of the tests must not take away what is known of the others, and may build the same
//! tests in another way. So each has an index of its own, and decides by that of another where this leaves less to run.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use skiptrace_engine::fingerprint::Fingerprint;
use skiptrace_engine::id::JobName;
use skiptrace_engine::index::Index;
use skiptrace_engine::kind::IndexKind;

use crate::commands::index::target;
use crate::error::CommandError;
use crate::git::Repository;
use crate::session::Session;

/// How many command lines are remembered.
const KEPT: usize = 8;
/// How the list is called that is beside an index.
const UNBUILT: &str = "unbuilt";

/// The indexes of a job on this machine.
pub(super) struct Locals {
    folder: PathBuf,
    /// The one of this command line, there or not.
    pub(super) own: PathBuf,
}

impl Locals {
    /// Finds those for a command line, typed in the session's folder.
    pub(super) fn of(
        words: &[String],
        job: &JobName,
        repository: &Repository,
        session: &Session<'_>,
    ) -> Locals {
        let kind = IndexKind::FUNCTION.name();
        let folder = repository.private_folder().join("local").join(kind).join(job.to_string());
        // In other folders, also those of other work trees, the same words may mean other tests.
        let place = session.environment.cwd.display();
        let name = Fingerprint::of(format!("{place}\0{}", words.join("\0")).as_bytes()).to_string();
        let own = folder.join(format!("{}.idx", &name[..16]));
        Locals { folder, own }
    }

    /// Returns those that there are to decide by: the command line's own, and the newest other one.
    pub(super) fn there(&self) -> Vec<PathBuf> {
        let other = self.by_age().into_iter().find(|path| *path != self.own);
        [self.own.clone()].into_iter().filter(|path| path.is_file()).chain(other).collect()
    }

    /// Returns the suites, and packages without tests, that could not be built when an index was made: of those that an
    /// index takes over from an older one, it cannot say so.
    pub(super) fn unbuilt(index: &Path) -> BTreeSet<Box<str>> {
        match fs::read_to_string(index.with_extension(UNBUILT)) {
            Ok(text) => text.lines().map(Into::into).collect(),
            Err(error) if error.kind() == ErrorKind::NotFound => BTreeSet::new(),
            // It may be any: nothing is called so, and then all are looked at.
            Err(_) => BTreeSet::from([UNBUILT.into()]),
        }
    }

    /// Keeps the index of this command line.
    pub(super) fn keep(
        &self,
        index: &Index,
        unbuilt: &BTreeSet<Box<str>>,
        session: &Session<'_>,
    ) -> Result<(), CommandError> {
        let cannot = |error| {
            CommandError::user(format_args!("cannot keep what was recorded in `{}`", self.folder.display()))
                .caused_by(error)
        };
        fs::create_dir_all(&self.folder).map_err(cannot)?;
        let beside = self.own.with_extension(UNBUILT);
        // Before the index, and gone after it: something may be built in vain, and nothing is forgotten.
        if !unbuilt.is_empty() {
            fs::write(&beside, unbuilt.iter().map(|suite| format!("{suite}\n")).collect::<String>())
                .map_err(cannot)?;
        }
        target::write(session, &self.own, index)?;
        if unbuilt.is_empty() && beside.exists() {
            fs::remove_file(beside).map_err(cannot)?;
        }
        for old in self.by_age().into_iter().skip(KEPT) {
            // Somebody else may have been quicker.
            let _ = fs::remove_file(old.with_extension(UNBUILT));
            let _ = fs::remove_file(old);
        }
        Ok(())
    }

    /// Returns all that there are, the newest first.
    fn by_age(&self) -> Vec<PathBuf> {
        let age = |path: &Path| {
            path.metadata().and_then(|about| about.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
        };
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut paths: Vec<PathBuf> =
            entries.filter(|path| path.extension().is_some_and(|extension| extension == "idx")).collect();
        paths.sort_by_key(|path| (std::cmp::Reverse(age(path)), path.clone()));
        paths
    }
}
