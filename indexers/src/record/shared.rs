//! What tests do only where they share a process.
//!
//! Each test is recorded in a process of its own. Where others ran before it or run beside it, it may take another way: a
//! cache is filled, a buffer is used again that somebody dropped. So the tests of a program run once more, in one process,
//! where their runner has them share one. What is executed there and by none of them alone belongs to all of them, since
//! nobody knows which one does it. Where the process does not tell, none of them proves anything.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use skiptrace_engine::record::{Outcome as TestOutcome, Problem};

use super::fold::Shared;
use super::progress::{Event, Listener};
use crate::run::case::Case;
use crate::run::driver::{self, CaseRun, Observer, Ran};
use crate::run::scratch::Scratch;
use crate::run::together::Together;
use crate::run::wanted::Wanted;
use crate::run::watch::Watch;
use crate::trace::{Trace, Trouble};

/// How much longer than all of them alone tests may take together.
const PATIENCE: u32 = 10;

/// How tests are run together.
pub(super) struct Sharing<'a, O> {
    pub(super) driver: &'a driver::Options,
    pub(super) scratch: &'a Scratch,
    pub(super) watch: &'a Watch,
    pub(super) observer: &'a O,
    pub(super) listener: &'a Listener<'a>,
    /// Which tests were wanted.
    pub(super) wanted: &'a Wanted,
    /// How many tests each suite has.
    pub(super) n_listed: &'a BTreeMap<Box<str>, usize>,
    /// Returns tests of a suite in one process, and is told whether they are all that it has.
    pub(super) together: &'a dyn Fn(&[&Case], bool) -> Option<Together>,
}

/// Tests of a suite that run together.
struct Group<'a> {
    suite: &'a str,
    /// Where they are among all.
    places: Vec<usize>,
    together: Together,
}

impl<O: Observer<Trace = Trace> + Sync> Sharing<'_, O> {
    /// Runs the tests of each suite together that ran alone, and returns for each suite what belongs to all of its tests.
    /// Those that fail there are not to be relied on, and where that is not known, none proves anything.
    pub(super) fn find(&self, cases: &[Case], ran: &mut [Ran<Trace>]) -> Shared {
        let mut shared = Shared::new();
        let groups = self.groups(cases, ran);
        if groups.is_empty() {
            return shared;
        }
        (self.listener)(Event::Together { suites: groups.len() });
        let mut again = Vec::new();
        for (group, of_all) in groups.iter().zip(self.drive(groups.iter(), ran)) {
            match self.judge(group, of_all, cases, ran) {
                Ok(run) => {
                    let places = only_together(&run.trace, group.places.iter().map(|at| &ran[*at]));
                    if !places.is_empty() {
                        shared.insert(group.suite.into(), places);
                        again.push(group);
                    }
                }
                Err(why) => doubt(group.suite, &why, traces(&group.places, ran)),
            }
        }
        // Chance has tests do what they did not do before, too, and seldom the same twice.
        for (group, of_all) in again.iter().zip(self.drive(again.iter().copied(), ran)) {
            // One that did not say all that it did takes nothing back.
            let whole = self.judge(group, of_all, cases, ran);
            if let (Ok(run), Some(places)) = (whole, shared.get_mut(group.suite)) {
                places.retain(|place| run.trace.places.contains(place));
            }
        }
        shared
    }

    /// Returns the tests that run together. Of a part of a suite whose other tests are taken over, that would say nothing:
    /// they would not find what all of them leave.
    fn groups<'c>(&self, cases: &'c [Case], ran: &mut [Ran<Trace>]) -> Vec<Group<'c>> {
        let mut by_suite: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, case) in cases.iter().enumerate().filter(|(_, case)| !case.skipped) {
            by_suite.entry(&case.suite).or_default().push(at);
        }
        let is_meant =
            |(suite, places): &(&str, Vec<usize>)| places.len() > 1 && !self.wanted.leaves_out_of(suite);
        let mut groups = Vec::new();
        for (suite, places) in by_suite.into_iter().filter(is_meant) {
            let of_suite: Vec<&Case> = places.iter().map(|at| &cases[*at]).collect();
            let is_whole = self.n_listed.get(suite) == Some(&of_suite.len());
            match (self.together)(&of_suite, is_whole) {
                Some(together) => groups.push(Group { suite, places, together }),
                None => doubt(suite, "they cannot be asked for by their names", traces(&places, ran)),
            }
        }
        groups
    }

    fn drive<'g>(&self, groups: impl Iterator<Item = &'g Group<'g>>, ran: &[Ran<Trace>]) -> Vec<Ran<Trace>> {
        let cases: Vec<Case> = groups
            .map(|group| {
                let limit = group.together.case.timeout.or(self.driver.timeout);
                let alone = group.places.iter().map(|at| duration(&ran[*at])).sum();
                Case { timeout: limit.map(|limit| patience(limit, alone)), ..group.together.case.clone() }
            })
            .collect();
        let options = driver::Options { runs: 1, retries: 0, keep_output: true, ..self.driver.clone() };
        driver::drive(&cases, &options, self.scratch, self.watch, self.observer, &|_| {})
    }

    /// Returns what tests did together, or why that is not known.
    fn judge(
        &self,
        group: &Group<'_>,
        of_all: Ran<Trace>,
        cases: &[Case],
        ran: &mut [Ran<Trace>],
    ) -> Result<CaseRun<Trace>, String> {
        let run = match of_all {
            Ran::Runs(mut runs) => runs.pop().ok_or("they did not run")?,
            Ran::Interrupted => return Err("the recording was interrupted".to_owned()),
            Ran::Broken(error) => return Err(error.to_string()),
        };
        let alone = || group.places.iter().map(|at| &ran[*at]);
        let told = run.output.as_deref().and_then(group.together.told);
        let failed = group.places.iter().filter(|at| !has_passed(&ran[**at])).map(|at| &*cases[*at].name);
        let told = told.ok_or_else(|| match run.outcome {
            TestOutcome::TimedOut => "they take too long".to_owned(),
            _ => format!("their process does not say what became of them{}", suspects(failed)),
        })?;
        let n_passed = alone().filter(|ran| has_passed(ran)).count();
        if told.n_ran < n_passed {
            return Err(format!("{} of {n_passed} tests ran", told.n_ran));
        }
        if told.failed.len() < told.n_failed && told.n_failed > group.places.len() - n_passed {
            return Err(format!("{} of them fail, of which it does not say the names", told.n_failed));
        }
        let of_alone = alone().flat_map(runs).map(|run| &run.trace);
        if let Some(why) = hindrance(&run.trace, of_alone) {
            return Err(why);
        }
        for at in group.places.iter().filter(|at| told.failed.contains(&*cases[**at].name)) {
            distrust(&mut ran[*at]);
        }
        Ok(run)
    }
}

/// Counts the tests that suites run.
pub(super) fn n_listed(cases: &[Case]) -> BTreeMap<Box<str>, usize> {
    let mut n_listed = BTreeMap::new();
    for case in cases.iter().filter(|case| !case.skipped) {
        *n_listed.entry(case.suite.clone()).or_default() += 1;
    }
    n_listed
}

/// Has tests of a suite prove nothing, since nobody knows what they do together.
pub(super) fn doubt<'t>(suite: &str, why: &str, traces: impl Iterator<Item = &'t mut Trace>) {
    let detail = format!("what the tests of `{suite}` do when they share a process is not known: {why}");
    for trace in traces {
        trace.trouble(Problem::Opaque, &*detail);
    }
}

/// Says which tests may have ended the process of all, since they do not pass alone.
pub(super) fn suspects<'n>(mut failed: impl Iterator<Item = &'n str>) -> String {
    let Some(first) = failed.next() else { return String::new() };
    match failed.count() {
        0 => format!(" (`{first}`, which fails alone, may have ended it)"),
        others => format!(" (`{first}` or one of {others} others, which fail alone, may have ended it)"),
    }
}

/// How long tests may take together of which each has a limit.
pub(super) fn patience(limit: Duration, alone: Duration) -> Duration {
    limit.saturating_add(alone.saturating_mul(PATIENCE))
}

/// Returns what those of some tests executed that passed.
fn traces<'r>(places: &[usize], ran: &'r mut [Ran<Trace>]) -> impl Iterator<Item = &'r mut Trace> {
    let places: HashSet<usize> = places.iter().copied().collect();
    let of_places = ran.iter_mut().enumerate().filter(move |(at, _)| places.contains(at));
    let passed = of_places.map(|(_, ran)| ran).filter(|ran| has_passed(ran));
    passed.flat_map(runs_mut).map(|run| &mut run.trace)
}

fn runs(ran: &Ran<Trace>) -> &[CaseRun<Trace>] {
    if let Ran::Runs(runs) = ran { runs } else { &[] }
}

fn runs_mut(ran: &mut Ran<Trace>) -> &mut [CaseRun<Trace>] {
    if let Ran::Runs(runs) = ran { runs } else { &mut [] }
}

fn duration(ran: &Ran<Trace>) -> Duration {
    runs(ran).iter().map(|run| run.duration).max().unwrap_or_default()
}

fn has_passed(ran: &Ran<Trace>) -> bool {
    runs(ran).iter().any(|run| run.outcome == TestOutcome::Passed)
}

/// Says of a test that passed alone, and failed with the others, that it is not to be relied on.
fn distrust(ran: &mut Ran<Trace>) {
    for run in runs_mut(ran).iter_mut().filter(|run| run.outcome == TestOutcome::Passed) {
        run.outcome = TestOutcome::Flaky;
    }
}

/// Returns what kept tests that ran together from saying what they did. What keeps one of them from proving anything
/// alone does so here as well, and says nothing of the others, unless it is their own process that says nothing.
pub(super) fn hindrance<'r>(together: &Trace, alone: impl Iterator<Item = &'r Trace>) -> Option<String> {
    if together.is_headless {
        return Some("their process did not leave all that it counted".to_owned());
    }
    let troubles = alone.flat_map(|trace| &trace.troubles);
    let known: BTreeSet<Problem> = troubles.map(|trouble| trouble.problem).collect();
    let is_new = |trouble: &&Trouble| !known.contains(&trouble.problem);
    together.troubles.iter().find(is_new).map(|trouble| trouble.detail.clone())
}

/// Returns the places that were executed together and never alone.
fn only_together<'r>(together: &Trace, alone: impl Iterator<Item = &'r Ran<Trace>>) -> Vec<u32> {
    let known: HashSet<u32> = alone.flat_map(runs).flat_map(|run| &run.trace.places).copied().collect();
    together.places.iter().copied().filter(|place| !known.contains(place)).collect()
}

#[cfg(all(test, unix))]
mod tests;
