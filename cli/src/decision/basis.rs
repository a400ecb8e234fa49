//! The index that a decision goes by.

use std::fmt;

use skiptrace_engine::catalog::StoredIndex;
use skiptrace_engine::id::CommitId;
use skiptrace_engine::index::{Evidence, Index};
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::time::Timestamp;

use super::Asked;
use crate::commands::index::target::Target;
use crate::error::{CommandError, ErrorKind};
use crate::session::Session;

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
    /// It is of the same commit, or of one so many commits before.
    Ancestor(CommitId, usize),
    /// It is of a commit elsewhere.
    Elsewhere(CommitId, String),
}

impl Basis {
    /// Finds the index: the one that is named, else the nearest.
    pub(super) fn find(asked: &Asked<'_>, session: &Session<'_>) -> Result<Basis, CommandError> {
        if let Some(text) = asked.index {
            let target = Target::parse(text, session)?;
            let parts = target.open(session, asked.kind)?;
            let relation = Relation::Named(text.to_owned());
            return Ok(Basis { parts, target, kind: asked.kind, relation, notes: Vec::new() });
        }
        let catalog = session.catalog()?;
        let commits: std::collections::BTreeSet<CommitId> =
            catalog.commits(asked.kind, None)?.into_iter().collect();
        let head = match (session.repository()?, asked.at) {
            (Some(repository), at) => Some(repository.resolve(at.unwrap_or("HEAD"))?),
            (None, _) => None,
        };
        let repository = session.repository()?;
        let ancestors = match (repository, &head) {
            (Some(repository), Some(head)) => repository.ancestors(head, 10_000)?,
            _ => Vec::new(),
        };
        for (distance, commit) in ancestors.iter().enumerate() {
            if commits.contains(commit) {
                let entry = catalog.entry(asked.kind, commit)?;
                let parts = catalog.open_present(&entry)?;
                let relation = Relation::Ancestor(commit.clone(), distance);
                let target = Target::Commit(commit.clone());
                return Ok(Basis { parts, target, kind: asked.kind, relation, notes: Vec::new() });
            }
        }
        Err(CommandError::new(ErrorKind::NoIndex, "no commit before this one has an index"))
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
            Relation::Ancestor(commit, 0) => write!(f, "`{}`, which is checked out", commit.short()),
            Relation::Ancestor(commit, 1) => write!(f, "`{}`, the commit before", commit.short()),
            Relation::Ancestor(commit, n) => write!(f, "`{}`, {n} commits before", commit.short()),
            Relation::Elsewhere(commit, why) => write!(f, "`{}`, {why}", commit.short()),
        }
    }
}
