//! A history in memory: what the port says, in the plainest way.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use skiptrace_engine::history::{
    Added, By, Day, History, HistoryError, Pruned, Ranking, Retention, Run, RunFilter, RunId, RunRecord,
    TestRun, Trend, ranking, trend,
};

/// Runs in memory, gone with the value.
#[derive(Default)]
pub struct MemoryHistory {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    runs: BTreeMap<RunId, RunRecord>,
    horizon: Option<RunId>,
    fetched: BTreeMap<String, Day>,
}

impl MemoryHistory {
    /// Makes an empty history.
    pub fn new() -> MemoryHistory {
        MemoryHistory::default()
    }

    // Nothing is changed in two steps, so what a panic leaves behind is whole.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Returns what `filter` admits, newest first.
    fn admitted<'a>(&'a self, filter: &'a RunFilter) -> impl Iterator<Item = &'a RunRecord> {
        self.runs.values().rev().filter(|record| filter.admits(&record.run))
    }
}

impl History for MemoryHistory {
    fn add(&self, runs: &[RunRecord]) -> Result<Added, HistoryError> {
        let mut kept = self.kept();
        let mut added = Added::default();
        for record in runs {
            kept.runs.entry(record.run.id).or_insert_with(|| {
                added.runs += 1;
                added.results += record.tests.len() as u64;
                record.clone()
            });
        }
        Ok(added)
    }

    fn missing(&self, ids: &[RunId]) -> Result<Vec<RunId>, HistoryError> {
        let kept = self.kept();
        Ok(ids.iter().copied().filter(|id| !kept.runs.contains_key(id)).collect())
    }

    fn runs(&self, filter: &RunFilter) -> Result<Vec<Run>, HistoryError> {
        let limit = filter.limit.unwrap_or(usize::MAX);
        Ok(self.kept().admitted(filter).take(limit).map(|record| record.run.clone()).collect())
    }

    fn like(&self, text: &str, limit: usize) -> Result<Vec<RunId>, HistoryError> {
        let is_like = |id: &&RunId| {
            let id = id.to_string();
            id.starts_with(text) || id.split_once('-').is_some_and(|(_, rest)| rest.starts_with(text))
        };
        Ok(self.kept().runs.keys().rev().filter(is_like).take(limit).copied().collect())
    }

    fn run(&self, id: RunId) -> Result<Option<RunRecord>, HistoryError> {
        Ok(self.kept().runs.get(&id).cloned())
    }

    fn results(
        &self,
        suite: Option<&str>,
        name: &str,
        filter: &RunFilter,
    ) -> Result<Vec<TestRun>, HistoryError> {
        let kept = self.kept();
        let of_run = |record: &RunRecord| {
            let is_meant = |suite_of: &str| suite.is_none_or(|suite| suite == suite_of);
            let tests = record.tests.iter().filter(|(test, _)| *test.name == *name && is_meant(&test.suite));
            let run = record.run.clone();
            let result = |(test, result): (&_, &_)| (Clone::clone(test), Clone::clone(result));
            tests
                .map(result)
                .map(|(test, result)| TestRun { run: run.clone(), test, result })
                .collect::<Vec<_>>()
        };
        let limit = filter.limit.unwrap_or(usize::MAX);
        Ok(kept.admitted(filter).flat_map(of_run).take(limit).collect())
    }

    fn trend(&self, by: By, filter: &RunFilter) -> Result<Vec<Trend>, HistoryError> {
        Ok(trend(by, self.kept().admitted(filter).map(|record| &record.run)))
    }

    fn ranking(&self, filter: &RunFilter, limit: usize) -> Result<Ranking, HistoryError> {
        Ok(ranking(self.kept().admitted(filter), limit))
    }

    fn misses(&self, filter: &RunFilter) -> Result<Vec<TestRun>, HistoryError> {
        let kept = self.kept();
        let of_run = |record: &RunRecord| {
            let missed = record.tests.iter().filter(|(_, result)| result.is_missed);
            missed
                .map(|(test, result)| TestRun {
                    run: record.run.clone(),
                    test: test.clone(),
                    result: result.clone(),
                })
                .collect::<Vec<_>>()
        };
        let counting = kept.admitted(filter).filter(|record| record.run.misses > Some(0));
        Ok(counting.flat_map(of_run).take(filter.limit.unwrap_or(usize::MAX)).collect())
    }

    fn prune(&self, retention: &Retention) -> Result<Pruned, HistoryError> {
        let mut kept = self.kept();
        let since = retention.since.map(RunId::first_at);
        let newest = retention.runs.and_then(|runs| {
            let runs = usize::try_from(runs).unwrap_or(usize::MAX);
            let beyond = kept.runs.keys().rev().nth(runs)?;
            // The first id after it.
            Some(beyond.next())
        });
        let Some(cut) = since.max(newest) else {
            return Ok(Pruned { runs: 0, left: kept.runs.len() as u64 });
        };
        kept.horizon = kept.horizon.max(Some(cut));
        let left = kept.runs.split_off(&cut);
        let forgotten = std::mem::replace(&mut kept.runs, left);
        Ok(Pruned { runs: forgotten.len() as u64, left: kept.runs.len() as u64 })
    }

    fn horizon(&self) -> Result<Option<RunId>, HistoryError> {
        Ok(self.kept().horizon)
    }

    fn fetched_until(&self, store: &str) -> Result<Option<Day>, HistoryError> {
        Ok(self.kept().fetched.get(store).copied())
    }

    fn set_fetched_until(&self, store: &str, day: Day) -> Result<(), HistoryError> {
        let mut kept = self.kept();
        let known = kept.fetched.entry(store.to_owned()).or_default();
        *known = day.max(*known);
        Ok(())
    }
}

impl fmt::Display for MemoryHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory:")
    }
}

impl fmt::Debug for MemoryHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryHistory")
    }
}
