//! What runs before and after a test: the set-up and the clean-up of its fixtures, and the tests it depends on.
//!
//! CTest sets a fixture up once for all tests that require it. Here each test is alone, so each brings its own
//! set-up and clean-up along, and tests of one fixture hold a lock, since they share what the set-up makes.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::Entry;
use crate::run::case::{CommandLine, Lock, Step, Verdict};

/// How many processes may run before a test.
const MAX_BEFORE: usize = 256;

/// A test, and what it is as a step of another; `None` where it cannot be run.
pub(super) struct Candidate<'a> {
    pub(super) entry: &'a Entry,
    pub(super) step: Option<(CommandLine, Verdict)>,
}

/// Which tests set up, clean up, and are depended on.
pub(super) struct Plan<'a> {
    tests: &'a [Candidate<'a>],
    named: BTreeMap<&'a str, Vec<usize>>,
    setups: BTreeMap<&'a str, Vec<usize>>,
    cleanups: BTreeMap<&'a str, Vec<usize>>,
    depended_on: BTreeSet<&'a str>,
}

/// What runs around a test, and what it must not share because of that.
#[derive(Debug, Default)]
pub(super) struct Around {
    pub(super) before: Vec<Step>,
    pub(super) after: Vec<Step>,
    pub(super) locks: BTreeSet<Lock>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(tests: &'a [Candidate<'a>]) -> Plan<'a> {
        let mut plan = Plan {
            tests,
            named: BTreeMap::new(),
            setups: BTreeMap::new(),
            cleanups: BTreeMap::new(),
            depended_on: BTreeSet::new(),
        };
        for (place, test) in tests.iter().enumerate() {
            let entry = test.entry;
            plan.named.entry(&entry.name).or_default().push(place);
            for fixture in &entry.fixtures_setup {
                plan.setups.entry(fixture).or_default().push(place);
            }
            for fixture in &entry.fixtures_cleanup {
                plan.cleanups.entry(fixture).or_default().push(place);
            }
            plan.depended_on.extend(entry.depends.iter().map(String::as_str));
        }
        plan
    }

    /// Returns what runs around the test at `place`, or why it cannot be run.
    pub(super) fn around(&self, place: usize) -> Result<Around, String> {
        let (before, required) = self.before(place)?;
        let mut around = Around::default();
        let mut fixtures: BTreeSet<&str> = BTreeSet::new();
        for &at in before.iter().chain([&place]) {
            let entry = self.tests[at].entry;
            fixtures.extend(self.fixtures(entry));
            around.locks.extend(entry.locks());
            if self.depended_on.contains(entry.name.as_str()) {
                around.locks.insert(Lock::Named(format!("test {}", entry.name).into()));
            }
        }
        for &at in &before {
            match self.step(at, required.contains(&at)) {
                Some(step) => around.before.push(step),
                None if required.contains(&at) => {
                    return Err(format!("its set-up `{}` cannot be run", self.tests[at].entry.name));
                }
                None => {}
            }
        }
        // Cleaned up is everything that was set up, in the order of the list.
        let mut after: BTreeSet<usize> = BTreeSet::new();
        for &fixture in &fixtures {
            around.locks.insert(Lock::Named(format!("fixture {fixture}").into()));
            after.extend(self.cleanups.get(fixture).into_iter().flatten());
        }
        after.remove(&place);
        around.after = after
            .into_iter()
            .filter(|at| !before.contains(at))
            .filter_map(|at| {
                around.locks.extend(self.tests[at].entry.locks());
                self.step(at, false)
            })
            .collect();
        Ok(around)
    }

    /// Returns the tests that run before another, each after what it needs itself, and those that must pass.
    fn before(&self, place: usize) -> Result<(Vec<usize>, BTreeSet<usize>), String> {
        let mut required = BTreeSet::new();
        let mut order = Vec::new();
        let mut visited = BTreeSet::from([place]);
        // Tests whose needs are being looked at, each with the needs that are left.
        let mut open = vec![(place, self.needs(place, &mut required))];
        while let Some((at, needs)) = open.last_mut() {
            match needs.pop() {
                // A cycle, which CMake refuses to run, ends at what was visited.
                Some(need) if !visited.insert(need) => {}
                Some(need) => {
                    if visited.len() > MAX_BEFORE {
                        return Err(format!("more than {MAX_BEFORE} tests have to run before it"));
                    }
                    let needs = self.needs(need, &mut required);
                    open.push((need, needs));
                }
                None => {
                    order.push(*at);
                    open.pop();
                }
            }
        }
        // The test itself comes last.
        order.pop();
        Ok((order, required))
    }

    /// Returns what a test needs, last first.
    fn needs(&self, place: usize, required: &mut BTreeSet<usize>) -> Vec<usize> {
        let entry = self.tests[place].entry;
        let by_name = entry.depends.iter().filter_map(|name| self.named.get(name.as_str()));
        // CTest lists every user of a fixture among what its clean-up depends on. That is an order, not a need.
        let uses_what_it_cleans = |&at: &usize| {
            let required = &self.tests[at].entry.fixtures_required;
            required.iter().any(|fixture| entry.fixtures_cleanup.contains(fixture))
        };
        let mut needs: BTreeSet<usize> =
            by_name.flatten().copied().filter(|at| !uses_what_it_cleans(at)).collect();
        // A clean-up has something to clean only after the set-up.
        for fixture in entry.fixtures_required.iter().chain(&entry.fixtures_cleanup) {
            for &setup in self.setups.get(fixture.as_str()).into_iter().flatten() {
                needs.insert(setup);
                required.insert(setup);
            }
        }
        needs.into_iter().rev().collect()
    }

    fn fixtures<'e>(&self, entry: &'e Entry) -> impl Iterator<Item = &'e str> {
        let all = [&entry.fixtures_required, &entry.fixtures_setup, &entry.fixtures_cleanup];
        all.into_iter().flatten().map(String::as_str)
    }

    fn step(&self, place: usize, required: bool) -> Option<Step> {
        let test = &self.tests[place];
        if test.entry.disabled {
            return None;
        }
        let (command, verdict) = test.step.clone()?;
        Some(Step { command, verdict, timeout: test.entry.timeout, required })
    }
}
