//! The index that a decision goes by.

use std::fmt;

use skiptrace_engine::catalog::StoredIndex;
use skiptrace_engine::id::{CommitId, JobName};
use skiptrace_engine::index::{Evidence, Index};
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::time::Timestamp;

use crate::commands::index::target::Target;
use crate::error::{CommandError, ErrorKind};
use crate::nearest::{self, nearest};
use crate::session::Session;

/// How many commits back an index is looked for.
const FURTHEST: usize = 100_000;

/// The index that a decision goes by.
pub struct Basis {
    /// Its parts: the shards of a commit, or the one that has it all.
    pub parts: Vec<StoredIndex>,
    /// What it is, as it would be typed.
    target: Target,
    kind: IndexKind,
    /// How it is known.
    pub relation: Relation,
    /// What the user should know of how it was found.
    pub notes: Vec<String>,
}

/// What an index is to what is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// The user named it.
    Named(String),
    /// It is of this commit, which is related to the one that is asked about.
    Found(CommitId, nearest::Relation),
}

impl Basis {
    /// Finds the index: the one that is named, else the nearest.
    pub fn find(
        index: Option<&str>,
        kind: IndexKind,
        job: &JobName,
        at: Option<&str>,
        session: &Session<'_>,
    ) -> Result<Basis, CommandError> {
        if let Some(text) = index {
            let target = Target::parse(text, session)?;
            let parts = target.open(session, kind)?;
            let relation = Relation::Named(text.to_owned());
            return Ok(Basis { parts, target, kind, relation, notes: Vec::new() });
        }
        let catalog = session.catalog()?;
        let head = match session.repository()? {
            Some(repository) => repository.head(at)?,
            None => None,
        };
        let search = nearest(session, &catalog, kind, job, head.as_ref(), FURTHEST)?;
        let Some(found) = search.found else {
            let message = format!("the store has no index of job `{}`", job);
            let error = CommandError::new(ErrorKind::NoIndex, message);
            return Err(search.notes.iter().fold(error, |error, note| error.hint(note)));
        };
        let parts = catalog.open_present(&found.entry)?;
        let target = Target::Commit(found.commit.clone());
        let relation = Relation::Found(found.commit, found.relation);
        Ok(Basis { parts, target, kind, relation, notes: search.notes })
    }

    /// Reads all of it, the parts merged.
    pub fn load(&self, session: &Session<'_>) -> Result<Index, CommandError> {
        self.target.load(session, self.kind)
    }

    /// Returns when the newest of it was recorded.
    pub fn recorded_at(&self) -> Option<Timestamp> {
        self.recordings().map(|recording| recording.recorded_at).max()
    }

    /// Returns the commit of the newest recording.
    pub fn commit(&self) -> Option<&CommitId> {
        self.recordings().max_by_key(|recording| recording.recorded_at).map(|recording| &recording.commit)
    }

    fn recordings(&self) -> impl Iterator<Item = &skiptrace_engine::recording::Recording> {
        self.parts.iter().flat_map(|part| part.recordings())
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Relation::Named(name) => write!(f, "`{name}`"),
            Relation::Found(commit, nearest::Relation::Same) => {
                write!(f, "`{}`, the same commit", commit.short())
            }
            Relation::Found(commit, nearest::Relation::Ancestor { distance }) => {
                let plural = if *distance == 1 { "" } else { "s" };
                write!(f, "`{}`, {distance} commit{plural} before", commit.short())
            }
            Relation::Found(commit, nearest::Relation::Elsewhere { branch, why }) => {
                let branch =
                    branch.as_ref().map(|branch| format!(" of branch `{branch}`")).unwrap_or_default();
                write!(f, "`{}`{branch}, since {why}", commit.short())
            }
        }
    }
}
