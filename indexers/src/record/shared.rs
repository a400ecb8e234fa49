//! What tests do only where they share a process.
//!
//! Each test is recorded in a process of its own. Where others ran before it or run beside it, it may take another way: a
//! cache is filled, a buffer is used again that somebody dropped. So the tests of a program run once more, in one process,
//! where their runner has them share one. What is executed there and by none of them alone belongs to all of them, since
//! nobody knows which one does it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use skiptrace_engine::record::{Outcome as TestOutcome, Problem};

use super::fold::Shared;
use super::progress::{Event, Listener};
use crate::run::case::Case;
use crate::run::driver::{self, CaseRun, Observer, Ran};
use crate::run::scratch::Scratch;
use crate::run::watch::Watch;
use crate::trace::{Trace, Trouble};

/// How tests are run together.
pub(super) struct Sharing<'a, O> {
    pub(super) driver: &'a driver::Options,
    pub(super) scratch: &'a Scratch,
    pub(super) watch: &'a Watch,
    pub(super) observer: &'a O,
    pub(super) listener: &'a Listener<'a>,
    /// Returns the case of the tests of a suite in one process; `None` where their runner never does that.
    pub(super) together: &'a dyn Fn(&[&Case]) -> Option<Case>,
    /// Returns the names of the tests that failed, told from what the process printed.
    pub(super) failed: fn(&str) -> BTreeSet<&str>,
}

impl<O: Observer<Trace = Trace> + Sync> Sharing<'_, O> {
    /// Runs the tests of each suite together that ran alone, and returns for each suite what belongs to all of its tests.
    /// Those that fail there are not to be relied on.
    pub(super) fn find(&self, cases: &[Case], ran: &mut [Ran<Trace>]) -> Shared {
        let mut by_suite: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, case) in cases.iter().enumerate().filter(|(_, case)| !case.skipped) {
            by_suite.entry(&case.suite).or_default().push(at);
        }
        let mut suites = Vec::new();
        let mut all = Vec::new();
        for (suite, places) in by_suite.into_iter().filter(|(_, places)| places.len() > 1) {
            let of_suite: Vec<&Case> = places.iter().map(|at| &cases[*at]).collect();
            if let Some(case) = (self.together)(&of_suite) {
                suites.push((suite, places));
                all.push(case);
            }
        }
        let mut shared = Shared::new();
        if all.is_empty() || self.watch.is_interrupted() {
            return shared;
        }
        (self.listener)(Event::Together { suites: all.len() });
        let options = driver::Options { runs: 1, retries: 0, ..self.driver.clone() };
        let all_ran = driver::drive(&all, &options, self.scratch, self.watch, self.observer, &|_| {});
        let mut again = Vec::new();
        for (((suite, of_suite), case), of_all) in suites.into_iter().zip(all).zip(all_ran) {
            let why = match of_all {
                Ran::Runs(mut runs) => runs.pop().and_then(|run| {
                    self.distrust(&run, &of_suite, cases, ran);
                    let places = only_together(&run.trace, of_suite.iter().map(|at| &ran[*at]));
                    if !places.is_empty() {
                        shared.insert(suite.into(), places);
                        again.push(case);
                    }
                    new_trouble(run.trace, of_suite.iter().map(|at| &ran[*at]))
                }),
                Ran::Interrupted => continue,
                Ran::Broken(error) => Some(error.to_string()),
            };
            if let Some(why) = why {
                (self.listener)(Event::Warning(format!(
                    "what the tests of `{suite}` do when they share a process is not known: {why}"
                )));
            }
        }
        // Chance has tests do what they did not do before, too, and seldom the same twice.
        let once_more = driver::drive(&again, &options, self.scratch, self.watch, self.observer, &|_| {});
        for (case, ran) in again.iter().zip(once_more) {
            let Ran::Runs(runs) = ran else { continue };
            // One that did not say all that it did takes nothing back.
            let whole = runs.last().filter(|run| run.trace.troubles.is_empty());
            if let (Some(run), Some(places)) = (whole, shared.get_mut(&case.suite)) {
                places.retain(|place| run.trace.places.contains(place));
            }
        }
        shared
    }

    /// Says of tests that passed alone, and failed with the others, that they are not to be relied on.
    fn distrust(&self, together: &CaseRun<Trace>, places: &[usize], cases: &[Case], ran: &mut [Ran<Trace>]) {
        let failed = together.output.as_deref().map(self.failed).unwrap_or_default();
        for at in places.iter().filter(|at| failed.contains(&*cases[**at].name)) {
            let Ran::Runs(runs) = &mut ran[*at] else { continue };
            for run in runs.iter_mut().filter(|run| run.outcome == TestOutcome::Passed) {
                run.outcome = TestOutcome::Flaky;
            }
        }
    }
}

/// Returns what kept the process from saying what the tests did, if none of them has that alone.
fn new_trouble<'r>(together: Trace, alone: impl Iterator<Item = &'r Ran<Trace>>) -> Option<String> {
    let runs = alone.flat_map(|ran| if let Ran::Runs(runs) = ran { &runs[..] } else { &[] });
    let known: BTreeSet<Problem> =
        runs.flat_map(|run| run.trace.troubles.iter().map(|trouble| trouble.problem)).collect();
    let is_new = |trouble: &Trouble| !known.contains(&trouble.problem);
    together.troubles.into_iter().find(is_new).map(|trouble| trouble.detail)
}

/// Returns the places that were executed together and never alone.
fn only_together<'r>(together: &Trace, alone: impl Iterator<Item = &'r Ran<Trace>>) -> Vec<u32> {
    let mut known: HashSet<u32> = HashSet::new();
    for ran in alone {
        if let Ran::Runs(runs) = ran {
            known.extend(runs.iter().flat_map(|run| &run.trace.places));
        }
    }
    together.places.iter().copied().filter(|place| !known.contains(place)).collect()
}
