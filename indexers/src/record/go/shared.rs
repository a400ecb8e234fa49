//! What tests do only where they share a process.
//!
//! Each test is recorded in a process of its own, and `go test` runs all tests of a package in one. There, what one of
//! them left has the next one take another way: a cache is filled, a page is used again that somebody dropped. So the
//! tests of a package run once more, in one process. A function that is called more often there than by all of them
//! alone was called by one that does not call it alone. Nobody knows which, so it belongs to all of them. Where there is
//! one, they do so twice, because chance has functions called more often as well.

use std::collections::{BTreeSet, HashMap};

use skiptrace_engine::record::Outcome as TestOutcome;

use super::groups::{distrust_relapsed, has_failed};
use super::observer::GoObserver;
use super::plan::Plan;
use super::{Request, cases};
use crate::record::fold::Shared;
use crate::record::outcome::Run;
use crate::record::progress::Event;
use crate::record::shared::{doubt, hindrance, patience, suspects};
use crate::run::case::Case;
use crate::run::driver::{self, Ran};
use crate::run::go::cases::NOTHING;
use crate::run::go::kept::Kept;
use crate::run::together::TOGETHER;
use crate::trace::Trace;

/// How often tests run together where they do more than alone.
const ROUNDS: usize = 2;

/// How often functions were called, by their places.
type Calls = HashMap<u32, u64>;

/// The calls of a suite's tests, alone and together.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Those of a process that runs no test.
    nothing: Calls,
    /// Those of all tests alone, without what is called where no test runs.
    alone: Calls,
    /// The tests whose calls are in that; those of more runs are not.
    counted: BTreeSet<Box<str>>,
    /// Those of a process that ran all tests, without what is called where no test runs; of several, the fewest.
    together: Option<Calls>,
    /// Whether those are all of them.
    is_whole: bool,
    /// How many such processes there were.
    n_together: usize,
}

impl Tally {
    /// Adds the calls of a run of a case, and whether they are all of them. That of no test comes first.
    pub(super) fn add(&mut self, name: &str, calls: impl IntoIterator<Item = (u32, u32)>, is_whole: bool) {
        let mut of_run = Calls::new();
        for (place, times) in calls {
            *of_run.entry(place).or_default() += u64::from(times);
        }
        let of_tests = |(place, times): (u32, u64)| {
            let times = times.saturating_sub(self.nothing.get(&place).copied().unwrap_or_default());
            (times > 0).then_some((place, times))
        };
        match name {
            NOTHING => self.nothing = of_run,
            TOGETHER => {
                let of_run: Calls = of_run.into_iter().filter_map(of_tests).collect();
                let both = |(place, times): (u32, u64)| Some((place, times.min(*of_run.get(&place)?)));
                self.together = Some(match self.together.take() {
                    // A process that did not say all that it did takes nothing back.
                    Some(before) if !is_whole => before,
                    Some(before) if self.is_whole => before.into_iter().filter_map(both).collect(),
                    _ => of_run,
                });
                self.is_whole |= is_whole;
                self.n_together += 1;
            }
            // It is counted with its test.
            _ if name.contains('/') => {}
            _ => {
                if self.counted.insert(name.into()) {
                    let calls: Vec<(u32, u64)> = of_run.into_iter().filter_map(of_tests).collect();
                    for (place, times) in calls {
                        *self.alone.entry(place).or_default() += times;
                    }
                }
            }
        }
    }

    /// Returns the places of functions that are called more often together than alone; sorted.
    fn surplus(&self) -> Vec<u32> {
        let alone = |place: &u32| self.alone.get(place).copied().unwrap_or_default();
        let more = self.together.iter().flatten().filter(|(place, times)| **times > alone(place));
        let mut places: Vec<u32> = more.map(|(place, _)| *place).collect();
        places.sort_unstable();
        places
    }
}

/// Runs the tests together of each suite whose tests are no group, and returns for each suite the places that
/// belong to all of its tests, for some of them are there only then. Where that is not known, none of them proves
/// anything.
pub(super) fn find(
    request: &Request<'_>,
    plan: &Plan,
    observer: &GoObserver<'_>,
    kept: &[(Box<str>, Kept)],
    (tests, groups): (&[Case], &BTreeSet<Box<str>>),
    runs: &mut [Run],
) -> Shared {
    for round in 0..ROUNDS {
        let is_open =
            |tally: &mut Tally| round == 0 || tally.n_together < ROUNDS && !tally.surplus().is_empty();
        let mut together: Vec<Case> = Vec::new();
        for (suite, kept) in kept.iter().filter(|(suite, _)| !groups.contains(suite)) {
            // Those that did not run alone are there, too.
            let of_suite = tests.iter().filter(|case| case.suite == *suite);
            let names: Vec<&str> = of_suite.map(|case| &*case.name).collect();
            // Of a part of them, others would not find what all of them leave.
            if names.len() > 1 && !request.wanted.leaves_out_of(suite) && observer.with_tally(suite, is_open)
            {
                let case = cases::together(kept, suite, &names);
                let limit = case.timeout.or(request.driver.timeout);
                let alone = runs.iter().filter(|run| run.suite == *suite).map(|run| run.duration).sum();
                together.push(Case { timeout: limit.map(|limit| patience(limit, alone)), ..case });
            }
        }
        if together.is_empty() {
            break;
        }
        if round == 0 {
            (request.listener)(Event::Together { suites: together.len() });
        }
        let options = driver::Options { runs: 1, retries: 0, ..request.driver.clone() };
        let ran = driver::drive(&together, &options, &plan.scratch, request.watch, observer, &|_| {});
        for (case, ran) in together.iter().zip(ran) {
            let why = judge(observer, case, &ran, runs);
            // The second time takes back what was chance, and nothing where it is not whole.
            if let Some(why) = why.filter(|_| round == 0) {
                let is_proof = |run: &&mut Run| run.suite == case.suite && run.outcome == TestOutcome::Passed;
                let of_suite = runs.iter_mut().filter(is_proof);
                doubt(&case.suite, &why, of_suite.flat_map(|run| &mut run.traces).map(|(trace, _)| trace));
            }
        }
    }
    kept.iter()
        .map(|(suite, _)| (suite.clone(), observer.with_tally(suite, |tally| tally.surplus())))
        .filter(|(_, places)| !places.is_empty())
        .collect()
}

/// Takes what became of tests that ran together, and returns why it is not known what they did, if it is not.
fn judge(observer: &GoObserver<'_>, case: &Case, ran: &Ran<Trace>, runs: &mut [Run]) -> Option<String> {
    let ended = observer.ended_together(&case.suite);
    let mut of_suite: Vec<&mut Run> = runs.iter_mut().filter(|run| run.suite == case.suite).collect();
    distrust_relapsed(&mut of_suite, &ended);
    let run = match ran {
        Ran::Runs(all) => all.last()?,
        Ran::Interrupted => return Some("the recording was interrupted".to_owned()),
        Ran::Broken(error) => return Some(error.to_string()),
    };
    let unheard = of_suite.iter().find(|run| !run.name.contains('/') && !ended.has(&run.name));
    if let Some(unheard) = unheard {
        let failed = of_suite.iter().filter(|run| has_failed(run)).map(|run| &*run.name);
        let (name, suspects) = (&unheard.name, suspects(failed));
        return Some(format!("their process does not say what became of `{name}`{suspects}"));
    }
    let of_tests = of_suite.iter().flat_map(|run| &run.traces).map(|(trace, _)| trace);
    hindrance(&run.trace, of_tests)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Among calls, that some are missing.
    const LOST: (u32, u32) = (0, 0);

    fn tally(runs: &[(&str, &[(u32, u32)])]) -> Vec<u32> {
        let mut tally = Tally::default();
        for (name, calls) in runs {
            let is_whole = !calls.contains(&LOST);
            tally.add(name, calls.iter().copied().filter(|call| *call != LOST), is_whole);
        }
        tally.surplus()
    }

    #[test]
    fn what_is_called_more_often_together_was_called_by_somebody_else() {
        let alone: [(&str, &[(u32, u32)]); 3] =
            [(NOTHING, &[(1, 5)]), ("TestA", &[(1, 6), (2, 1)]), ("TestB", &[(1, 5), (3, 2)])];
        let with = |together: &[(u32, u32)]| tally(&[&alone[..], &[(TOGETHER, together)]].concat());
        assert_eq!(with(&[(1, 6), (2, 1), (3, 2)]), [0; 0], "the same");
        assert_eq!(with(&[(1, 5), (3, 1)]), [0; 0], "what happens once");
        assert_eq!(with(&[(1, 6), (2, 2), (3, 2)]), [2], "what another test calls alone");
        assert_eq!(with(&[(1, 7), (4, 1)]), [1, 4], "what no test calls alone");
        // Processes of one run count together, and more runs of a test do not.
        assert_eq!(with(&[(3, 1), (3, 1), (3, 1)]), [3]);
        assert_eq!(tally(&[("TestA", &[(2, 1)]), ("TestA", &[(2, 1)]), (TOGETHER, &[(2, 2)])]), [2]);
        assert_eq!(tally(&[("TestA", &[(2, 1)]), ("TestA/sub", &[(2, 1)]), (TOGETHER, &[(2, 2)])]), [2]);
        assert_eq!(tally(&alone), [0; 0], "nobody knows");
        let twice = |first: &[(u32, u32)], second: &[(u32, u32)]| {
            tally(&[&alone[..], &[(TOGETHER, first), (TOGETHER, second)]].concat())
        };
        assert_eq!(twice(&[(2, 5), (4, 1)], &[(2, 2), (5, 1)]), [2], "chance");
        assert_eq!(twice(&[(2, 5), (4, 1)], &[(2, 2), LOST]), [2, 4], "killed");
        assert_eq!(twice(&[(2, 5), LOST], &[(2, 2), (4, 1)]), [2, 4], "killed first");
    }
}
