//! Why everything ran.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::history::{Run, RunId};

/// A cause for which everything ran, and what that came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
    /// The code of the cause.
    pub cause: Box<str>,
    /// How many runs it was in. Runs with several causes are counted for each.
    pub runs: u64,
    /// How often it was told, in all of them.
    pub times: u64,
    /// How long the tests of these runs took that ran.
    pub took: Duration,
    /// The newest of these runs.
    pub newest: RunId,
}

/// Sums runs up by why everything ran, the most frequent cause first.
pub(super) fn fallbacks(runs: &[Run]) -> Vec<Fallback> {
    let mut causes: BTreeMap<&str, Fallback> = BTreeMap::new();
    for run in runs {
        for (cause, times) in &run.fallbacks {
            let fallback = causes.entry(cause).or_insert_with(|| Fallback {
                cause: cause.clone(),
                runs: 0,
                times: 0,
                took: Duration::ZERO,
                newest: run.id,
            });
            fallback.runs += 1;
            fallback.times = fallback.times.saturating_add(*times);
            fallback.took = fallback.took.saturating_add(run.took);
            fallback.newest = fallback.newest.max(run.id);
        }
    }
    let mut causes: Vec<Fallback> = causes.into_values().collect();
    causes.sort_by_key(|fallback| Reverse((fallback.runs, fallback.times)));
    causes
}
