//! Judging one test after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::glob::Glob;
use crate::record::Outcome;
use crate::selection::Decided;

use super::result::{Ended, Results, Tally, ToldName};
use super::universe::{Match, Universe};
use super::{Compared, Evaluation, Excuse, Finding, Judged, Standing};

/// Holds what ran against what would have run.
pub fn evaluate(compared: &Compared<'_>) -> Evaluation {
    let tests = &compared.selection.tests;
    let universe = Universe::new(tests);
    let found = Found::of(&universe, compared.results);
    let base = compared.base.map(|base| Found::of(&universe, base));
    let judge = Judge { compared, base: base.as_ref() };
    let mut judged = Vec::with_capacity(tests.len() + found.strangers.len());
    for (at, test) in tests.iter().enumerate() {
        judged.push(judge.known(at, test, &found));
    }
    for (told, (tally, candidates)) in &found.strangers {
        judged.push(judge.stranger(told, *tally, candidates));
    }
    judged.sort_by(|a, b| (&a.suite, &a.name).cmp(&(&b.suite, &b.name)));
    Evaluation { tests: judged, parts: found.parts }
}

/// Results, by the tests that they are of.
#[derive(Debug, Default)]
struct Found<'a> {
    of_test: BTreeMap<usize, Seen>,
    /// What is of no test that is known, or of one of several.
    strangers: BTreeMap<&'a ToldName, (Tally, Vec<usize>)>,
    /// The tests that may be meant by those.
    may_be: BTreeSet<usize>,
    parts: usize,
}

/// What became of a test: as told of itself, and as told of its parts.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    own: Option<Told>,
    parts: Option<Told>,
}

/// What is told under one name, or under several.
#[derive(Debug, Clone, Copy)]
struct Told {
    ended: Ended,
    duration: Duration,
    /// Why its failures say nothing, where the results themselves tell.
    excuse: Option<Excuse>,
}

impl<'a> Found<'a> {
    fn of(universe: &Universe<'_>, results: &'a Results) -> Found<'a> {
        let mut found = Found::default();
        for (told, tally) in results.iter() {
            match universe.find(told) {
                Match::Test(at) => add(&mut found.of_test.entry(at).or_default().own, tally),
                Match::Part(at) => {
                    found.parts += 1;
                    add(&mut found.of_test.entry(at).or_default().parts, tally);
                }
                Match::Several(candidates) => {
                    // A suite that failed as a whole says of none of its tests that it ran.
                    if !told.name.is_empty() {
                        found.may_be.extend(&candidates);
                    }
                    found.strangers.insert(told, (tally, candidates));
                }
                Match::Unknown => drop(found.strangers.insert(told, (tally, Vec::new()))),
            }
        }
        found
    }
}

/// Adds what is told under another name: no attempt at the same thing, so the worse of both counts.
fn add(seen: &mut Option<Told>, tally: Tally) {
    let told = Told { ended: tally.ended(), duration: tally.duration, excuse: tally.excuse() };
    *seen = Some(match *seen {
        Some(known) => Told { duration: known.duration.saturating_add(told.duration), ..known.and(told) },
        None => told,
    });
}

impl Told {
    /// Returns the worse of both, having taken as long as this one. Who fails twice is excused twice, or not at all.
    fn and(self, other: Told) -> Told {
        let excuse = match (self.ended.is_bad(), other.ended.is_bad()) {
            (true, true) => self.excuse.and(other.excuse),
            (true, false) => self.excuse,
            (false, _) => other.excuse,
        };
        Told { ended: self.ended.and(other.ended), duration: self.duration, excuse }
    }
}

impl Seen {
    /// Returns how the test ended, and how long it took. What failed in a part of it has failed in it as well, and is
    /// told of itself already; unless it is told that all was well.
    fn told(self) -> Option<Told> {
        match (self.own, self.parts) {
            (Some(own), Some(parts)) if own.ended <= Ended::Skipped => Some(own.and(parts)),
            (Some(own), _) => Some(own),
            (None, parts) => parts,
        }
    }
}

struct Judge<'a> {
    compared: &'a Compared<'a>,
    base: Option<&'a Found<'a>>,
}

impl Judge<'_> {
    fn known(&self, at: usize, test: &Decided, found: &Found<'_>) -> Judged {
        let record = &test.record;
        let seen = found.of_test.get(&at).copied().unwrap_or_default().told();
        let ended = seen.map(|told| told.ended);
        // What its runner leaves out runs for no selection; and who is named in a way that fits several may have run.
        let is_idle = match ended {
            Some(ended) => !ended.has_run(),
            None => record.outcome == Outcome::Skipped || found.may_be.contains(&at),
        };
        let before = self.base.map(|base| base.of_test.get(&at).copied().unwrap_or_default().told());
        let before = before.flatten().map(|told| told.ended);
        let told = seen.and_then(|told| told.excuse);
        let excuse =
            self.excuse(&record.key.suite, &record.key.name, ended, told, before.or(was(record.outcome)));
        let finding = ended.filter(|ended| *ended >= Ended::Flaky).map(|_| match excuse {
            Some(excuse) => Finding::Excused(excuse),
            None if test.is_skipped() => Finding::Missed,
            None => Finding::Caught,
        });
        let changed = |ended: Ended| before.or(was(record.outcome)).is_some_and(|was| !same(was, ended));
        Judged {
            suite: record.key.suite.clone(),
            name: record.key.name.clone(),
            standing: Standing::Known,
            was: Some(record.outcome),
            ended,
            duration: seen.map_or(Duration::ZERO, |told| told.duration),
            would_run: !test.is_skipped() && !is_idle,
            finding,
            has_changed: test.is_skipped() && excuse.is_none() && ended.is_some_and(changed),
        }
    }

    fn stranger(&self, told: &ToldName, tally: Tally, candidates: &[usize]) -> Judged {
        let suite = if told.suite.is_empty() { &told.group } else { &told.suite };
        let ended = tally.ended();
        let tests = &self.compared.selection.tests;
        let skips = candidates.iter().filter(|at| tests[**at].is_skipped()).count();
        // All of them have the very name, so it is one of them; what is like them may be another.
        let has_name = |at: &usize| tests[*at].record.key.name == told.name;
        let all_skipped =
            !candidates.is_empty() && skips == candidates.len() && candidates.iter().all(has_name);
        let before = self.base.and_then(|base| base.strangers.get(told)).map(|(tally, _)| tally.ended());
        let finding = (ended >= Ended::Flaky).then(|| {
            match self.excuse(suite, &told.name, Some(ended), tally.excuse(), before) {
                Some(excuse) => Finding::Excused(excuse),
                None if all_skipped => Finding::Missed,
                None if skips > 0 => Finding::Unclear,
                None if candidates.is_empty() => Finding::Excused(Excuse::Unknown),
                None => Finding::Caught,
            }
        });
        Judged {
            suite: suite.clone(),
            name: told.name.clone(),
            standing: if candidates.is_empty() { Standing::Unknown } else { Standing::Ambiguous },
            was: None,
            ended: Some(ended),
            duration: tally.duration,
            would_run: ended.has_run() && !all_skipped,
            has_changed: finding == Some(Finding::Missed),
            finding,
        }
    }

    /// Returns why a failure would say nothing.
    fn excuse(
        &self,
        suite: &str,
        name: &str,
        ended: Option<Ended>,
        told: Option<Excuse>,
        before: Option<Ended>,
    ) -> Option<Excuse> {
        let is_meant = |glob: &Glob| glob.matches(name) || glob.matches(&format!("{suite} {name}"));
        match before {
            _ if ended == Some(Ended::Flaky) => Some(Excuse::Flaky),
            _ if self.compared.quarantined.iter().any(is_meant) => Some(Excuse::Quarantined),
            _ if told.is_some() => told,
            Some(before) if before.is_bad() => Some(Excuse::FailedBefore),
            Some(Ended::Flaky) => Some(Excuse::FlakyBefore),
            _ => None,
        }
    }
}

/// Returns how a test ended when it was recorded.
fn was(outcome: Outcome) -> Option<Ended> {
    Some(match outcome {
        Outcome::Passed => Ended::Passed,
        Outcome::Skipped => Ended::Skipped,
        Outcome::Flaky => Ended::Flaky,
        Outcome::TimedOut | Outcome::Failed => Ended::Failed,
    })
}

/// Returns whether two ends are the same to people: who passes in the end passes.
fn same(was: Ended, now: Ended) -> bool {
    let plain = |ended: Ended| match ended {
        Ended::Flaky => Ended::Passed,
        Ended::Errored => Ended::Failed,
        ended => ended,
    };
    plain(was) == plain(now)
}
