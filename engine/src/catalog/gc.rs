//! Which indexes to forget.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::id::CommitId;
use crate::time::Timestamp;

/// What to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GcPolicy {
    /// Of each branch, so many of the newest.
    pub keep: Option<usize>,
    /// Whatever is younger than that.
    pub younger_than: Option<Duration>,
}

/// An indexed commit, as far as forgetting is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The commit.
    pub commit: CommitId,
    /// The branches it is marked for; one that is marked for none is of a branch of its own kind.
    pub branches: BTreeSet<String>,
    /// When it was recorded, or else written; unknown counts as now.
    pub at: Timestamp,
    /// Whether all that was said to come for it is there.
    pub complete: bool,
}

/// Why a commit is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keep {
    /// It is among the newest of a branch.
    Newest,
    /// It is young.
    Young,
    /// It is the newest complete one of a branch, which is always kept.
    LastComplete,
}

/// Returns, for each candidate, why it is kept; `None` for those to forget. In the order given.
///
/// Of each branch the newest complete commit is kept whatever the policy says, and the policy keeps what either
/// of its parts keeps. A policy without parts keeps everything.
pub fn plan(candidates: &[Candidate], policy: GcPolicy, now: Timestamp) -> Vec<Option<Keep>> {
    let GcPolicy { keep, younger_than } = policy;
    let age = |at: Timestamp| if at == Timestamp::UNKNOWN { 0 } else { now.since(at) };
    let mut branches: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (at, candidate) in candidates.iter().enumerate() {
        for branch in &candidate.branches {
            branches.entry(Some(branch)).or_default().push(at);
        }
        if candidate.branches.is_empty() {
            branches.entry(None).or_default().push(at);
        }
    }
    let mut plan: Vec<Option<Keep>> = vec![None; candidates.len()];
    let mut note = |at: usize, why: Keep| plan[at] = Some(plan[at].map_or(why, |known| known.min(why)));
    for members in branches.values_mut() {
        // Newest first; of equals the one with the lesser id, so that the choice is always the same.
        members.sort_by_key(|at| (age(candidates[*at].at), &candidates[*at].commit));
        for at in members.iter().take(keep.unwrap_or(0)) {
            note(*at, Keep::Newest);
        }
        if let Some(last) = members.iter().find(|at| candidates[**at].complete) {
            note(*last, Keep::LastComplete);
        }
    }
    for (at, candidate) in candidates.iter().enumerate() {
        let young = younger_than.is_some_and(|limit| u128::from(age(candidate.at)) < limit.as_millis());
        if young || (keep.is_none() && younger_than.is_none()) {
            note(at, Keep::Young);
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 3600 * 1000;
    const NOW: Timestamp = Timestamp(1000 * DAY);

    fn candidate(number: u64, branch: &str, days_old: u64, complete: bool) -> Candidate {
        Candidate {
            commit: format!("{number:040x}").parse().unwrap(),
            branches: branch.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            at: Timestamp(NOW.0 - days_old * DAY),
            complete,
        }
    }

    #[track_caller]
    fn check(candidates: &[Candidate], keep: Option<usize>, days: Option<u64>, expected: &str) {
        let younger_than = days.map(|days| Duration::from_millis(days * DAY));
        let plan = plan(candidates, GcPolicy { keep, younger_than }, NOW);
        let letters = plan.iter().map(|keep| match keep {
            None => '-',
            Some(Keep::Newest) => 'n',
            Some(Keep::Young) => 'y',
            Some(Keep::LastComplete) => 'c',
        });
        assert_eq!(letters.collect::<String>(), expected);
    }

    #[test]
    fn keeps_the_newest_of_each_branch() {
        let candidates = [
            candidate(1, "main", 9, true),
            candidate(2, "main", 5, true),
            candidate(3, "main dev", 7, true),
            candidate(4, "dev", 8, true),
            candidate(5, "", 50, true),
        ];
        check(&candidates, Some(1), None, "-nn-n");
        check(&candidates, Some(2), None, "-nnnn");
        check(&candidates, None, Some(6), "-yc-c");
        check(&candidates, Some(0), Some(6), "-yc-c");
        check(&candidates, None, None, "yycyc".replace('c', "y").as_str());
    }

    #[test]
    fn never_forgets_the_last_complete_one() {
        let candidates =
            [candidate(1, "main", 90, true), candidate(2, "main", 60, true), candidate(3, "main", 1, false)];
        check(&candidates, Some(1), None, "-cn");
        check(&candidates, None, Some(1), "-c-");
    }

    #[test]
    fn what_has_no_date_is_young() {
        let undated = Candidate { at: Timestamp::UNKNOWN, ..candidate(1, "main", 0, false) };
        check(&[undated], None, Some(1), "y");
    }
}
