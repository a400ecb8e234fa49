//! Which index says most about the files of now: that of the nearest commit before them.
//!
//! An index is compared by content, so one from anywhere is as good a proof as the nearest; it only proves less, the
//! more changed since. So whatever is not found here costs time and never a test.

use std::collections::BTreeSet;

use skiptrace_engine::catalog::{Catalog, CatalogError, CommitEntry};
use skiptrace_engine::id::{CommitId, JobName};
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::time::Timestamp;

use crate::error::CommandError;
use crate::git::{GitError, Repository};
use crate::session::Session;
use crate::ui::human;

mod judge;
mod shelf;

use judge::{Verdict, judge};
use shelf::Shelf;

/// So many commits are looked at one by one before it is asked whether there is any index at all.
const PATIENCE: usize = 32;
/// So many of the newest marks of a branch are looked at: they come in one listing.
const MARKS: usize = 1000;
/// So many listings are made to find an index that no mark tells of, where there are marks.
const LISTINGS: usize = 4;
/// So many of the newest indexes are tried where no commit before this one has any.
const TRIED: usize = 20;
/// So many indexes that are of no use are named.
const NAMED: usize = 3;

/// An index that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What the store has of it.
    pub entry: CommitEntry,
    /// Which commit it is for.
    pub commit: CommitId,
    /// How that commit is related to the one that was asked for.
    pub relation: Relation,
}

/// How the commit of an index is related to the one that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// It is the same.
    Same,
    /// It is one before it.
    Ancestor {
        /// How many commits are nearer, and that one.
        distance: usize,
    },
    /// It is another, or nobody knows.
    Elsewhere {
        /// The branch it was recorded for, when that is known.
        branch: Option<String>,
        /// Why it is not one before it.
        why: String,
    },
}

/// What a search came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Search {
    /// The index, if there is one.
    pub found: Option<Found>,
    /// What people may want to know: which nearer indexes are of no use, and why.
    pub notes: Vec<String>,
}

/// What is looked for, and what was learned of it.
struct Seeker<'a> {
    catalog: &'a Catalog,
    kind: IndexKind,
    job: &'a JobName,
    /// Those that were looked into and are of no use.
    useless: BTreeSet<CommitId>,
    notes: Vec<String>,
}

/// Finds the nearest complete index of `job`: of `head`, of one of the `limit` nearest commits before it, or else
/// the newest of the branch that others begin from, or else the newest.
///
/// The error has the kind of what failed: [`ErrorKind::Store`](crate::error::ErrorKind::Store) where the store
/// could not be asked.
pub fn nearest(
    session: &Session<'_>,
    catalog: &Catalog,
    kind: IndexKind,
    job: &JobName,
    head: Option<&CommitId>,
    limit: usize,
) -> Result<Search, CommandError> {
    search(session.repository()?, catalog, kind, job, head, limit)
}

/// Does what [`nearest`] does, without a session.
pub fn search(
    repository: Option<&Repository>,
    catalog: &Catalog,
    kind: IndexKind,
    job: &JobName,
    head: Option<&CommitId>,
    limit: usize,
) -> Result<Search, CommandError> {
    let mut seeker = Seeker { catalog, kind, job, useless: BTreeSet::new(), notes: Vec::new() };
    let found = seeker.seek(repository, head, limit)?;
    Ok(Search { found, notes: seeker.notes() })
}

impl Seeker<'_> {
    fn seek(
        &mut self,
        repository: Option<&Repository>,
        head: Option<&CommitId>,
        limit: usize,
    ) -> Result<Option<Found>, CommandError> {
        let why = match (repository, head) {
            (Some(repository), Some(head)) => {
                let before = repository.walk(head)?.take(limit.saturating_add(1)).enumerate();
                let found = if self.catalog.store().is_local() {
                    self.one_by_one(before)?
                } else {
                    self.in_listings(repository, before)?
                };
                match found {
                    Ok(found) => return Ok(Some(found)),
                    Err(Nothing::AtAll) => return Ok(None),
                    Err(Nothing::After(0)) => "no commit was looked at".to_owned(),
                    Err(Nothing::After(walked)) if repository.is_shallow() && walked <= limit => format!(
                        "the history of this clone ends after {}, and none of them has one",
                        human::count(walked as u64, "commit")
                    ),
                    Err(Nothing::After(walked)) if walked > limit => {
                        format!(
                            "none of the {} before this one has one",
                            human::count(limit as u64, "commit")
                        )
                    }
                    Err(Nothing::After(_)) => "no commit before this one has one".to_owned(),
                }
            }
            (Some(_), None) => "there is no commit yet".to_owned(),
            (None, _) => "there is no repository here".to_owned(),
        };
        self.elsewhere(repository, why)
    }

    /// Asks for each commit, where asking costs nothing.
    fn one_by_one(
        &mut self,
        before: impl Iterator<Item = Step>,
    ) -> Result<Result<Found, Nothing>, CommandError> {
        let mut walked = 0;
        for (distance, commit) in before {
            let entry = self.catalog.entry(self.kind, &commit?)?;
            if let Some(found) = self.at_distance(entry, distance)? {
                return Ok(Ok(found));
            }
            walked = distance + 1;
            if walked == PATIENCE && self.catalog.commits(self.kind, Some(1))?.is_empty() {
                return Ok(Err(Nothing::AtAll));
            }
        }
        Ok(Err(Nothing::After(walked)))
    }

    /// Asks for many commits at a time. A small store says all that it has in one listing. Of a large one, marks
    /// tell where to look; listings find what no mark tells of, as far as these are few.
    fn in_listings(
        &mut self,
        repository: &Repository,
        mut before: impl Iterator<Item = Step>,
    ) -> Result<Result<Found, Nothing>, CommandError> {
        let mut shelf = Shelf::new(self.catalog, self.kind);
        shelf.begin()?;
        if shelf.is_all() && shelf.is_empty() {
            return Ok(Err(Nothing::AtAll));
        }
        let marked = if shelf.is_all() { BTreeSet::new() } else { self.marked(repository)? };
        let mut listings = if marked.is_empty() { usize::MAX } else { LISTINGS };
        let (mut walked, mut size) = (0, 8);
        loop {
            // The further away, the more at once.
            let mut steps: Vec<(usize, CommitId)> = Vec::new();
            for (distance, commit) in before.by_ref().take(size) {
                let commit = commit?;
                let is_marked = marked.contains(&commit);
                steps.push((distance, commit));
                // Most probably this is it, and nobody wants to know of others.
                if is_marked {
                    break;
                }
            }
            let Some((last, _)) = steps.last() else { return Ok(Err(Nothing::After(walked))) };
            walked = last + 1;
            let unmarked: BTreeSet<&CommitId> =
                steps.iter().map(|(_, commit)| commit).filter(|commit| !marked.contains(commit)).collect();
            for commit in unmarked {
                if !shelf.knows(commit) && listings > 0 {
                    listings -= 1;
                    shelf.read_from(commit)?;
                }
            }
            for (distance, commit) in steps {
                let entry = match shelf.entry(&commit) {
                    Some(entry) => entry.clone(),
                    None if marked.contains(&commit) => self.catalog.entry(self.kind, &commit)?,
                    None => continue,
                };
                if let Some(found) = self.at_distance(entry, distance)? {
                    return Ok(Ok(found));
                }
            }
            size = (size * 4).min(1 << 12);
        }
    }

    /// Returns the commits that are marked as the newest of the branches that matter here.
    fn marked(&self, repository: &Repository) -> Result<BTreeSet<CommitId>, CommandError> {
        let mut branches = repository.base_branches()?;
        branches.extend(repository.branch()?.map(|branch| branch.name));
        let branches: BTreeSet<String> = branches.into_iter().collect();
        let mut marked = BTreeSet::new();
        for branch in branches {
            match self.catalog.branch_commits(self.kind, &branch, Some(MARKS)) {
                Ok(marks) => marked.extend(marks.into_iter().map(|mark| mark.commit)),
                // No key can hold its name, so nothing is marked for it.
                Err(CatalogError::Key(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(marked)
    }

    /// Returns the newest index of the branch that others begin from, or else of all.
    fn elsewhere(
        &mut self,
        repository: Option<&Repository>,
        why: String,
    ) -> Result<Option<Found>, CommandError> {
        let branches = repository.map(Repository::base_branches).transpose()?.unwrap_or_default();
        for branch in branches {
            let marks = match self.catalog.branch_commits(self.kind, &branch, Some(TRIED)) {
                Err(CatalogError::Key(_)) => continue,
                marks => marks?,
            };
            for mark in marks {
                let entry = self.catalog.entry(self.kind, &mark.commit)?;
                if self.is_useful(&entry)? {
                    return Ok(Some(Found::elsewhere(entry, Some(branch), why)));
                }
            }
        }
        let mut marks = self.catalog.marks(self.kind)?;
        marks.sort_by(|a, b| (b.recorded_at, &b.commit).cmp(&(a.recorded_at, &a.commit)));
        let unseen = marks.into_iter().filter(|mark| !self.useless.contains(&mark.commit));
        for mark in unseen.take(TRIED).collect::<Vec<_>>() {
            let entry = self.catalog.entry(self.kind, &mark.commit)?;
            if self.is_useful(&entry)? {
                return Ok(Some(Found::elsewhere(entry, Some(mark.branch), why)));
            }
        }
        // What was recorded for no branch has no mark, and is found by listing everything.
        let mut entries = self.catalog.entries(self.kind)?;
        entries.retain(|entry| !self.useless.contains(&entry.commit));
        let written = |entry: &CommitEntry| entry.modified.unwrap_or(Timestamp::UNKNOWN);
        entries.sort_by(|a, b| (written(b), &b.commit).cmp(&(written(a), &a.commit)));
        for entry in entries.into_iter().take(TRIED) {
            if self.is_useful(&entry)? {
                return Ok(Some(Found::elsewhere(entry, None, why)));
            }
        }
        Ok(None)
    }

    fn at_distance(&mut self, entry: CommitEntry, distance: usize) -> Result<Option<Found>, CommandError> {
        let is_useful = self.is_useful(&entry)?;
        let relation = if distance == 0 { Relation::Same } else { Relation::Ancestor { distance } };
        Ok(is_useful.then(|| Found { commit: entry.commit.clone(), entry, relation }))
    }

    fn is_useful(&mut self, entry: &CommitEntry) -> Result<bool, CommandError> {
        if self.useless.contains(&entry.commit) {
            return Ok(false);
        }
        match judge(self.catalog, entry, self.job)? {
            Verdict::Useful => return Ok(true),
            Verdict::Nothing => {}
            Verdict::Useless(why) => {
                self.useless.insert(entry.commit.clone());
                self.notes.push(format!("the index of `{}` is passed over: {why}", entry.commit.short()));
            }
        }
        Ok(false)
    }

    fn notes(mut self) -> Vec<String> {
        let more = self.notes.len().saturating_sub(NAMED);
        self.notes.truncate(NAMED);
        if more > 0 {
            self.notes.push(format!("{} more passed over", human::count(more as u64, "index")));
        }
        self.notes
    }
}

/// A commit, and how many are nearer.
type Step = (usize, Result<CommitId, GitError>);

/// What a walk that found nothing came to.
enum Nothing {
    /// There is no index of this kind.
    AtAll,
    /// None of so many commits has one.
    After(usize),
}

impl Found {
    fn elsewhere(entry: CommitEntry, branch: Option<String>, why: String) -> Found {
        Found { commit: entry.commit.clone(), entry, relation: Relation::Elsewhere { branch, why } }
    }
}

#[cfg(test)]
mod tests;
