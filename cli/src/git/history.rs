//! The commits before a commit, read no further than somebody asks.

use std::collections::{HashSet, VecDeque};
use std::fs;

use skiptrace_engine::id::CommitId;

use super::process::Running;
use super::{GitError, Repository};

/// So many of the commits where a shallow history ends are asked for their parents.
const MOST_ENDS: usize = 64;

/// A walk through a commit and those before it, from newer ones to older ones, through all parents of merges.
///
/// Where a shallow clone ends, the ids of the next parents are still known, though nothing else is of them; they
/// come last.
#[derive(Debug)]
pub struct Walk<'a> {
    repository: &'a Repository,
    git: Option<Running>,
    /// Where the history is cut off.
    ends: HashSet<CommitId>,
    /// Those of them that came by.
    passed: Vec<CommitId>,
    beyond: VecDeque<CommitId>,
}

impl Repository {
    /// Walks through `commit` and those before it. The order is that of their dates, as far as a newer commit is
    /// not the parent of an older one: to begin costs nothing, however long the history.
    pub fn walk(&self, commit: &CommitId) -> Result<Walk<'_>, GitError> {
        let git = Running::start(&self.environment, &self.root, &["rev-list", commit.as_str(), "--"])?;
        let ends = if self.is_shallow { self.ends() } else { HashSet::new() };
        Ok(Walk { repository: self, git: Some(git), ends, passed: Vec::new(), beyond: VecDeque::new() })
    }

    /// Returns the commits whose parents git does not have. That they cannot be read only makes a walk end earlier.
    fn ends(&self) -> HashSet<CommitId> {
        let shallow = self.private.parent().map(|common| common.join("shallow"));
        let text = shallow.and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        text.lines().filter_map(|line| line.parse().ok()).collect()
    }

    /// Returns the parents that a commit names, whether git has them or not.
    pub(super) fn named_parents(&self, commit: &CommitId) -> Result<Vec<CommitId>, GitError> {
        let mut git =
            Running::start(&self.environment, &self.root, &["cat-file", "commit", commit.as_str()])?;
        let mut parents = Vec::new();
        // The header ends with an empty line; what people wrote follows.
        while let Some(line) = git.next(b'\n')?.filter(|line| !line.is_empty()) {
            let parent = std::str::from_utf8(&line).ok().and_then(|line| line.strip_prefix("parent "));
            parents.extend(parent.and_then(|id| id.parse::<CommitId>().ok()));
        }
        Ok(parents)
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<CommitId, GitError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(git) = &mut self.git else { return self.beyond.pop_front().map(Ok) };
        let line = match git.next(b'\n') {
            Ok(Some(line)) => line,
            Ok(None) => {
                self.git = None;
                for end in std::mem::take(&mut self.passed) {
                    match self.repository.named_parents(&end) {
                        Ok(parents) => self.beyond.extend(parents),
                        Err(error) => return Some(Err(error)),
                    }
                }
                return self.next();
            }
            Err(error) => {
                self.git = None;
                return Some(Err(error));
            }
        };
        let id = std::str::from_utf8(&line).ok().and_then(|line| line.parse::<CommitId>().ok());
        let id = id.ok_or_else(|| git.unexpected(&line));
        if let Ok(id) = &id
            && self.passed.len() < MOST_ENDS
            && self.ends.contains(id)
        {
            self.passed.push(id.clone());
        }
        Some(id)
    }
}
