//! Events of all pages, as attempts at tests.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use skiptrace_engine::evaluation::{Repeats, Tally, TestResult, ToldName};
use thiserror::Error;

use super::page::{Page, Status, TestEvent};

/// So many commits are named where there is more than one.
const COMMITS: usize = 3;

/// What the pages so far have told.
#[derive(Debug, Clone, Default)]
pub struct Events {
    attempts: BTreeMap<ToldName, Vec<Attempt>>,
    suites: BTreeMap<ToldName, Attempt>,
    seen: HashSet<u64>,
    commits: BTreeSet<Box<str>>,
    read: Read,
}

/// What was read, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// Events of tests.
    pub events: usize,
    /// Events of suites, modules and sessions, of which nothing is taken.
    pub others: usize,
    /// Events that came twice.
    pub doubles: usize,
    /// Failures of tests that are quarantined.
    pub quarantined: usize,
    /// Failures that are known of their tests.
    pub known_failures: usize,
    /// The commit that all events are of, where they say one.
    pub commit: Option<Box<str>>,
}

/// Events that cannot be held against one selection.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the events are of several commits ({})", .commits.join(", "))]
pub struct Unfit {
    /// Some of the commits.
    pub commits: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
struct Attempt {
    start: Option<u64>,
    tally: Tally,
    is_retry: bool,
    run: u64,
}

impl Events {
    /// Takes a page.
    pub fn add(&mut self, page: Page) {
        self.read.others += page.others;
        for event in page.events {
            // Pages may overlap where events came in between. An event without an id cannot be told from another.
            if event.id != 0 && !self.seen.insert(event.id) {
                self.read.doubles += 1;
                continue;
            }
            self.take(event);
        }
    }

    fn take(&mut self, event: TestEvent) {
        if let Some(commit) = event.commit.as_ref().filter(|_| self.commits.len() < COMMITS) {
            self.commits.insert(commit.clone());
        }
        let tally = event.tally();
        let attempt = Attempt {
            start: event.start,
            tally: tally.lasting(event.duration),
            is_retry: event.is_retry,
            run: event.run,
        };
        if event.name.name.is_empty() {
            self.read.others += 1;
            self.suites.insert(ToldName { place: 0, ..event.name }, attempt);
            return;
        }
        self.read.events += 1;
        self.read.quarantined += usize::from(tally.failed > 0 && tally.is_quarantined);
        self.read.known_failures += usize::from(tally.forgiven > 0 && !tally.is_quarantined);
        self.attempts.entry(event.name).or_default().push(attempt);
    }

    /// Hands on what became of each test, its attempts in order; and suites that failed though none of their tests did.
    pub fn finish(mut self, each: &mut dyn FnMut(TestResult)) -> Result<Read, Unfit> {
        if self.commits.len() > 1 {
            return Err(Unfit { commits: self.commits.iter().map(ToString::to_string).collect() });
        }
        for (name, attempts) in &self.attempts {
            if attempts.iter().any(|attempt| attempt.tally.failed > 0) {
                let is_its = |suite: &ToldName| suite.suite == name.suite && suite.group == name.group;
                self.suites.retain(|suite, _| !is_its(suite));
            }
        }
        for (name, mut attempts) in self.attempts {
            // Where some do not say when they began, they are in the order in which they were asked for.
            if attempts.iter().all(|attempt| attempt.start.is_some()) {
                attempts.sort_by_key(|attempt| attempt.start);
            }
            let mut before: Option<u64> = None;
            for attempt in attempts {
                // A job that was run again tries all of its tests again, those that passed as well.
                let is_again = attempt.is_retry || before.is_some_and(|run| run != attempt.run);
                let repeats = if is_again { Repeats::Attempts } else { Repeats::Retries };
                before = Some(attempt.run);
                each(TestResult { name: name.clone(), tally: attempt.tally, repeats });
            }
        }
        for (name, attempt) in self.suites {
            let errored = Tally { failed: 0, forgiven: 0, ..attempt.tally }.and(Tally::ERRORED);
            each(TestResult { name, tally: errored, repeats: Repeats::Attempts });
        }
        self.read.commit = self.commits.pop_first();
        Ok(self.read)
    }
}

impl TestEvent {
    fn tally(&self) -> Tally {
        match self.status {
            Status::Passed => Tally::PASSED,
            Status::Skipped => Tally::SKIPPED,
            Status::Failed => Tally {
                forgiven: u32::from(self.is_known_failure),
                is_quarantined: self.is_quarantined,
                ..Tally::FAILED
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use skiptrace_engine::evaluation::{Ended, Results};

    use super::*;

    fn event(id: u64, name: &str, status: Status, start: u64) -> TestEvent {
        TestEvent {
            id,
            name: ToldName { suite: "s".into(), name: name.into(), ..ToldName::default() },
            status,
            start: Some(start),
            duration: Duration::from_millis(1),
            is_retry: false,
            run: 1,
            is_known_failure: false,
            is_quarantined: false,
            commit: None,
        }
    }

    fn ended(events: Vec<TestEvent>) -> Vec<(String, Ended)> {
        let mut all = Events::default();
        all.add(Page { len: events.len(), events, ..Page::default() });
        let mut results = Results::default();
        all.finish(&mut |result| results.add(result)).unwrap();
        results.iter().map(|(name, tally)| (name.name.to_string(), tally.ended())).collect()
    }

    #[test]
    fn attempts_are_in_the_order_in_which_they_began() {
        let one = |events: Vec<TestEvent>| ended(events)[0].1;
        let first = event(1, "t", Status::Failed, 10);
        let retry = TestEvent { is_retry: true, ..event(2, "t", Status::Passed, 20) };
        assert_eq!(one(vec![first.clone(), retry.clone()]), Ended::Flaky);
        assert_eq!(one(vec![retry, first.clone()]), Ended::Flaky);
        // After one that passed comes another test of the name, unless somebody says otherwise.
        let passed = event(3, "t", Status::Passed, 5);
        assert_eq!(one(vec![first.clone(), passed.clone()]), Ended::Failed);
        let retried = TestEvent { is_retry: true, ..first.clone() };
        assert_eq!(one(vec![passed.clone(), retried]), Ended::Flaky);
        let of_another_run = TestEvent { run: 2, ..first };
        assert_eq!(one(vec![passed, of_another_run]), Ended::Flaky);
    }

    #[test]
    fn an_event_that_comes_twice_counts_once() {
        let mut all = Events::default();
        for _ in 0..2 {
            all.add(Page { events: vec![event(7, "t", Status::Failed, 1)], ..Page::default() });
        }
        let mut tallies = Vec::new();
        let read = all.finish(&mut |result| tallies.push(result.tally.failed)).unwrap();
        assert_eq!((tallies, read.events, read.doubles), (vec![1], 1, 1));
    }

    #[test]
    fn suites_that_failed_without_a_test_are_told() {
        let suite = |name: &str| TestEvent {
            name: ToldName { suite: name.into(), ..ToldName::default() },
            ..event(0, "", Status::Failed, 1)
        };
        let failed = event(1, "t", Status::Failed, 1);
        assert_eq!(
            ended(vec![suite("s"), suite("other"), failed]),
            [(String::new(), Ended::Errored), ("t".to_owned(), Ended::Failed)]
        );
    }

    proptest! {
        /// Neither the order of events nor where pages end changes what becomes of tests.
        #[test]
        fn pages_may_come_in_any_way(
            told in proptest::collection::vec((0..3_u8, 0..3_u8, any::<bool>(), 0..2_u64), 1..12),
            order in any::<u64>(),
            size in 1..5_usize,
        ) {
            let event_of = |(at, (name, status, is_retry, run)): (usize, &(u8, u8, bool, u64))| {
                let status = [Status::Passed, Status::Failed, Status::Skipped][usize::from(*status)];
                let event = event(at as u64 + 1, &name.to_string(), status, at as u64);
                TestEvent { is_retry: *is_retry, run: *run, ..event }
            };
            let events: Vec<TestEvent> = told.iter().enumerate().map(event_of).collect();
            let mut shuffled = events.clone();
            shuffled.sort_by_key(|event| (event.id.wrapping_mul(order | 1)).rotate_left(17));
            let mut all = Events::default();
            for page in shuffled.chunks(size) {
                all.add(Page { events: page.to_vec(), len: page.len(), ..Page::default() });
                // A page that overlaps the one before.
                all.add(Page { events: page[..1].to_vec(), len: 1, ..Page::default() });
            }
            let mut results = Results::default();
            let read = all.finish(&mut |result| results.add(result)).unwrap();
            let found: Vec<_> = results.iter().map(|(name, tally)| (name.name.to_string(), tally.ended())).collect();
            prop_assert_eq!(read.events, events.len());
            prop_assert_eq!(found, ended(events));
        }
    }

    #[test]
    fn events_of_several_commits_are_of_no_run() {
        let of = |commit: &str| TestEvent { commit: Some(commit.into()), ..event(0, "t", Status::Passed, 1) };
        let mut all = Events::default();
        all.add(Page { events: vec![of("a"), of("b"), of("a")], ..Page::default() });
        let error = all.finish(&mut |_| {}).unwrap_err();
        assert_eq!(error.to_string(), "the events are of several commits (a, b)");
    }

    #[test]
    fn what_is_forgiven_is_counted() {
        let mut all = Events::default();
        let known = TestEvent { is_known_failure: true, ..event(1, "t", Status::Failed, 1) };
        let quarantined = TestEvent { is_quarantined: true, ..event(2, "u", Status::Failed, 1) };
        let passed = TestEvent { is_quarantined: true, ..event(3, "u", Status::Passed, 2) };
        all.add(Page { events: vec![known, quarantined, passed], others: 4, ..Page::default() });
        let read = all.finish(&mut |_| {}).unwrap();
        assert_eq!((read.events, read.others, read.quarantined, read.known_failures), (3, 4, 1, 1));
    }
}
