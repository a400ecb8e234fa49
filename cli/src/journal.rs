//! What a command chose and what came of it, as the run that is written down.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use skiptrace_engine::evaluation::{Ended, Evaluation, Finding, Judged, Side, culprits, suspects};
use skiptrace_engine::history::{Audit, Decision as Decided, Run, RunId, RunRecord, TestName, TestResult};
use skiptrace_engine::id::{CommitId, JobName};
use skiptrace_engine::index::Evidence;
use skiptrace_engine::index::carry::Carried;
use skiptrace_engine::record::{Outcome, TestKey};
use skiptrace_engine::selection::{Change, Selection};
use skiptrace_indexers::record::fold::RecordedTest;

use crate::commands::history::record;
use crate::decision::{Decision, Relation};
use crate::git::{Branch, GitError};
use crate::metrics;
use crate::nearest;
use crate::session::Session;
use crate::settings::Settings;

/// How many changes are named that may be behind a miss, and how many misses aloud.
const NAMED: usize = 5;

/// A run in the making.
#[derive(Debug)]
pub(crate) struct Journal {
    record: RunRecord,
    /// The commit and the branch, as soon as git has told them; `None` outside of a repository.
    place: Option<JoinHandle<Place>>,
}

type Place = (Result<Option<CommitId>, GitError>, Result<Option<Branch>, GitError>);

impl Journal {
    /// Begins the account of a run, which began with the program.
    pub(crate) fn begin(command: &str, job: &JobName, session: &Session<'_>) -> Journal {
        // Every `RandomState` has other keys.
        let id = RunId::new(session.began(), RandomState::new().hash_one(0));
        let record = RunRecord { run: Run::new(id, command, job.clone()), tests: BTreeMap::new() };
        // Git is asked while the command does its work.
        let place = session.repository().ok().flatten().cloned();
        let place =
            place.map(|repository| thread::spawn(move || (repository.head(None), repository.branch())));
        Journal { record, place }
    }

    /// Returns the run.
    pub(crate) fn run(&mut self) -> &mut Run {
        &mut self.record.run
    }

    /// Notes what was decided, and by which index.
    pub(crate) fn decided(&mut self, decision: &Decision) {
        let run = &mut self.record.run;
        if let Some(basis) = &decision.basis {
            run.index.commit = basis.commit().cloned();
            run.index.bytes = Some(basis.parts.iter().map(|part| part.size()).sum());
            run.index.distance = match &basis.relation {
                Relation::Found(_, nearest::Relation::Same) => Some(0),
                Relation::Found(_, nearest::Relation::Ancestor { distance }) => Some(*distance as u64),
                _ => None,
            };
        }
        let selection = &decision.selection;
        for cause in &selection.everything {
            *run.fallbacks.entry(cause.code().into()).or_default() += 1;
        }
        run.counts.known = selection.tests.len() as u64;
        run.counts.skipped = selection.skipped().count() as u64;
        run.counts.selected = run.counts.known - run.counts.skipped;
        run.saved = total(selection.skipped().map(|test| test.duration));
    }

    /// Notes how long those tests take that must run, where nobody tells how long they took.
    pub(crate) fn expected(&mut self, selection: &Selection) {
        self.record.run.took = total(selection.run().map(|test| test.record.duration));
    }

    /// Notes of each test what was decided, where nobody tells what became of it. Those that need not run do so all the
    /// same if `is_observed`, and if they are audited.
    pub(crate) fn chosen(&mut self, selection: &Selection, is_observed: bool) {
        let could_skip: BTreeSet<&TestKey> = selection.could_skip().map(|test| &test.key).collect();
        for test in &selection.tests {
            let key = &test.record.key;
            let decision = match (test.is_skipped(), could_skip.contains(key)) {
                (true, _) if !is_observed => Decided::Skip,
                (_, true) => Decided::WouldSkip,
                _ => Decided::Run,
            };
            let result = TestResult {
                outcome: None,
                duration: Duration::ZERO,
                decision,
                reason: selection.reasons_of(test).next().map(|reason| reason.code().into()),
                is_missed: false,
                note: None,
            };
            self.record.tests.insert(TestName::new(key.suite.clone(), key.name.clone()), result);
        }
    }

    /// Notes that all ran after all, for this cause.
    pub(crate) fn fell_back(&mut self, cause: &str) {
        let run = &mut self.record.run;
        *run.fallbacks.entry(cause.into()).or_default() += 1;
        run.counts.selected = run.counts.known;
        run.counts.skipped = 0;
        run.saved = Duration::ZERO;
    }

    fn ended(&mut self, test: TestName, result: TestResult) {
        let run = &mut self.record.run;
        run.counts.failed += u64::from(matches!(result.outcome, Some(Outcome::Failed | Outcome::TimedOut)));
        if result.decision == Decided::Run {
            run.took = run.took.saturating_add(result.duration);
        }
        self.record.tests.insert(test, result);
    }

    /// Notes how many proofs were put to the test, and how many did not hold.
    pub(crate) fn audited(&mut self, selection: &Selection, evaluation: &Evaluation) {
        let is_excused = |test: &Judged| matches!(test.finding, Some(Finding::Excused(_)));
        let checked =
            evaluation.tests.iter().filter(|test| test.side() == Side::Removed && !is_excused(test));
        let run = &mut self.record.run;
        run.audit =
            Some(Audit { skippable: selection.skipped().count() as u64, checked: checked.count() as u64 });
        run.misses = Some(evaluation.tests.iter().filter(|test| test.is_missed()).count() as u64);
    }

    /// Notes what became of each test that ran.
    pub(crate) fn results(&mut self, selection: &Selection, evaluation: &Evaluation, misses: &Misses) {
        for test in &evaluation.tests {
            let Some(ended) = test.ended else { continue };
            let could_skip = test.side() == Side::Removed;
            let key = TestKey::new(self.record.run.job.clone(), test.suite.clone(), test.name.clone());
            let decided = selection.get(&key);
            let reason = decided.and_then(|decided| selection.reasons_of(decided).next());
            let result = TestResult {
                outcome: Some(outcome(ended)),
                duration: test.duration,
                decision: if could_skip { Decided::WouldSkip } else { Decided::Run },
                reason: reason.map(|reason| reason.code().into()),
                is_missed: test.is_missed(),
                note: misses.notes.get(&key).map(|note| note.as_str().into()),
            };
            self.ended(TestName { suite: key.suite, name: key.name }, result);
        }
    }

    /// Notes what became of tests that were recorded, and how many were taken over instead.
    pub(crate) fn recorded(&mut self, tests: &[RecordedTest], carried: &Carried) {
        for test in tests {
            let result = TestResult {
                outcome: Some(test.outcome),
                duration: test.duration,
                decision: Decided::Run,
                reason: None,
                is_missed: false,
                note: None,
            };
            self.ended(TestName { suite: test.suite.clone(), name: test.name.clone() }, result);
        }
        let counts = &mut self.record.run.counts;
        counts.known = (tests.len() + carried.tests.len()) as u64;
        // Where nothing was to be taken over, nothing was selected either.
        if !carried.tests.is_empty() {
            counts.selected = tests.len() as u64;
            counts.skipped = carried.tests.len() as u64;
            self.record.run.saved = total(carried.tests.iter().map(|test| test.record.duration));
        }
    }

    /// Writes it down, unless that is switched off or there is no repository that it is a run of. Nothing fails because
    /// of that.
    pub(crate) fn close(mut self, settings: &Settings, session: &Session<'_>) {
        let place = self.place.filter(|_| settings.history_enabled.value).and_then(|place| place.join().ok());
        let Some((commit, branch)) = place else { return };
        let run = &mut self.record.run;
        if run.commit.is_none() {
            run.commit = commit.unwrap_or_else(|error| unknown("commit", &error, session));
        }
        let branch = branch.unwrap_or_else(|error| unknown("branch", &error, session));
        let branch = branch.map(|branch| branch.name);
        run.branch = settings.index_branch.value.clone().or(branch).map(Into::into);
        run.overheads.retain(|_, took| !took.is_zero());
        record(&self.record, session);
        // An evaluation has told of itself already, and in more detail.
        if &*self.record.run.command != "evaluate" {
            metrics::publish_run(&self.record.run, session);
        }
    }
}

/// Says what is not known of a run.
fn unknown<T>(what: &str, error: &GitError, session: &Session<'_>) -> Option<T> {
    session.printer.warning(format_args!("the run is written down without its {what}: {error}"));
    None
}

/// What there is to say of tests that were missed.
#[derive(Debug, Default)]
pub(crate) struct Misses {
    notes: BTreeMap<TestKey, String>,
}

impl Misses {
    /// Explains what an evaluation found: by indexes that were recorded after the changes, where there are any, else by what
    /// selected other tests that failed.
    pub(crate) fn explain(
        job: &JobName,
        selection: &Selection,
        evaluation: &Evaluation,
        fresh: &[&dyn Evidence],
    ) -> Misses {
        let mut notes = BTreeMap::new();
        for test in evaluation.tests.iter().filter(|test| test.is_missed()) {
            let key = TestKey::new(job.clone(), test.suite.clone(), test.name.clone());
            // An index that cannot be read says nothing.
            let found = fresh.iter().filter_map(|part| culprits(*part, &key, &selection.changes).ok());
            let found: Vec<&Change> = found.flatten().collect();
            let note = match found.is_empty() {
                false => format!("it depends on {}, and the index did not know", named(&found)),
                true => match suspects(selection, evaluation) {
                    changes if changes.is_empty() => "nothing had changed that the index knows of".to_owned(),
                    changes => format!("it depends on none of what had changed: {}", named(&changes)),
                },
            };
            notes.insert(key, note);
        }
        Misses { notes }
    }

    /// Says it aloud.
    pub(crate) fn tell(&self, session: &Session<'_>) {
        for (test, note) in self.notes.iter().take(NAMED) {
            session.printer.hint(format_args!("`{} {}`: {note}", test.suite, test.name));
        }
    }
}

/// Names some changes.
fn named(changes: &[&Change]) -> String {
    let names: Vec<String> = changes.iter().take(NAMED).map(|change| format!("`{change}`")).collect();
    match changes.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// Returns how a test ended, in the words of recordings.
fn outcome(ended: Ended) -> Outcome {
    match ended {
        Ended::Passed => Outcome::Passed,
        Ended::Skipped => Outcome::Skipped,
        Ended::Flaky => Outcome::Flaky,
        Ended::Errored | Ended::Failed => Outcome::Failed,
    }
}

fn total(times: impl Iterator<Item = Duration>) -> Duration {
    times.fold(Duration::ZERO, Duration::saturating_add)
}
