//! Which tests must run now, each with its reasons, and which need not, each by a proof.
//!
//! ```text
//! index ──┐                        ┌─ executed what changed
//! files   ├─ compare ─▶ changes ───┼─ executed what names it (`spread`)      ─▶ reasons ─▶ Selection
//! now   ──┘                        ├─ was compiled from it, opened it
//! rules, conditions, variables ────┴─ cannot prove anything
//! ```
//!
//! A test is skipped only if its own record is whole and passed, its recording knew every changed path, and none of the
//! reasons has it. What cannot be read, or is not known, is a reason. The index never says which tests there are: one
//! that it does not have runs.

mod change;
mod compare;
#[cfg(test)]
mod laws;
mod reason;
mod rules;
mod sample;
mod spread;
#[cfg(test)]
pub(crate) mod testing;
mod trace;

use std::collections::{BTreeMap, BTreeSet};

use crate::glob::Glob;
use crate::id::{JobName, TestId};
use crate::index::Evidence;
use crate::path::RepoPath;
use crate::reach::Language;
use crate::record::{Role, TestKey, TestRecord};
use crate::recording::{EnvironmentDifference, Recording};
use crate::test_set::TestSet;
use crate::unit::SourceFile;
use crate::variable::Variables;

pub use change::Change;
pub use compare::differing;
pub use reason::{Cause, Hazard, Reason};
pub use rules::{PathPattern, PathRule, PathRules, Then};
pub use sample::Sample;

/// How far a change at file scope is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Policy {
    /// By names, where the language can trust them.
    #[default]
    Balanced,
    /// Not at all: it concerns every test that was compiled from the file.
    Strict,
}

impl Policy {
    /// Returns the policy's name, as it stands in settings.
    pub fn name(self) -> &'static str {
        match self {
            Policy::Balanced => "balanced",
            Policy::Strict => "strict",
        }
    }
}

/// The files that may differ from what a recording saw.
pub type Present = BTreeMap<RepoPath, Now>;

/// A file as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Now {
    /// Its units; `None` is a file that is not there.
    pub source: Option<SourceFile>,
    /// Whether it is certain that some byte of it is another. If not, its units have to tell.
    pub has_changed: bool,
}

/// What is asked.
pub struct Question<'a> {
    /// Of which job's tests.
    pub job: &'a JobName,
    /// Every file that may differ from what some recording of the job saw. Those that do not may be among them.
    pub present: &'a Present,
    /// Changed paths into which nobody can look.
    pub opaque: &'a BTreeSet<RepoPath>,
    /// What languages know of names.
    pub language: &'a dyn Language,
    /// How far changes at file scope are followed.
    pub policy: Policy,
    /// The variables that tests would find.
    pub variables: &'a Variables,
    /// The conditions of a recording that are not what they were.
    pub conditions: &'a dyn Fn(&Recording) -> Vec<EnvironmentDifference>,
    /// What is said of paths.
    pub rules: &'a PathRules,
    /// Tests that always run, by suite and name together or by name.
    pub never_skip: &'a [Glob],
}

/// The tests that an index knows of a job, each to run or to skip.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// The tests, sorted by key.
    pub tests: Vec<Decided>,
    /// Why tests must run, each once; tests name them by their place.
    pub reasons: Vec<Reason>,
    /// Why nothing at all can be skipped, where that is so. Each is among the reasons as well.
    pub everything: BTreeSet<Cause>,
    /// What changed, in the terms of the index.
    pub changes: BTreeSet<Change>,
    /// Changed paths that concern no test, for a rule says so.
    pub ignored: BTreeSet<RepoPath>,
}

/// One test that an index knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// What the index knows of it, from the part that is newest.
    pub record: TestRecord,
    /// Why it must run, by the places of the reasons; it need not if there is none.
    pub why: Vec<u32>,
}

impl Decided {
    /// Returns whether there is a proof that the test need not run.
    pub fn is_skipped(&self) -> bool {
        self.why.is_empty()
    }
}

impl Selection {
    /// Returns a selection that knows nothing, so that everything runs.
    pub fn everything(cause: Cause) -> Selection {
        Selection { everything: BTreeSet::from([cause]), ..Selection::default() }
    }

    /// Has all tests run.
    pub fn run_everything(&mut self, cause: Cause) {
        let number = self.reasons.len() as u32;
        self.reasons.push(Reason::Everything(cause.clone()));
        self.everything.insert(cause);
        for test in &mut self.tests {
            test.why.push(number);
        }
    }

    /// Returns a test.
    pub fn get(&self, key: &TestKey) -> Option<&Decided> {
        let at = self.tests.binary_search_by(|test| test.record.key.cmp(key)).ok()?;
        Some(&self.tests[at])
    }

    /// Returns whether there is a proof that a test need not run. One that is not known has none.
    pub fn skips(&self, key: &TestKey) -> bool {
        self.get(key).is_some_and(Decided::is_skipped)
    }

    /// Returns the tests that need not run.
    pub fn skipped(&self) -> impl Iterator<Item = &TestRecord> {
        self.tests.iter().filter(|test| test.is_skipped()).map(|test| &test.record)
    }

    /// Returns the tests that are known and must run.
    pub fn run(&self) -> impl Iterator<Item = &Decided> {
        self.tests.iter().filter(|test| !test.is_skipped())
    }

    /// Returns why a test must run.
    pub fn reasons_of<'a>(&'a self, test: &'a Decided) -> impl Iterator<Item = &'a Reason> {
        test.why.iter().map(|place| &self.reasons[*place as usize])
    }
}

/// Answers the question by the parts of an index: the shards of a commit, or the one that has it all.
///
/// A test that several parts have needs a proof from each.
pub fn select(parts: &[&dyn Evidence], question: &Question<'_>) -> Selection {
    let mut gathered = Gathering::default();
    let knows = |part: &&&dyn Evidence| {
        part.jobs().iter().any(|known| known.job == *question.job && !known.tests.is_empty())
    };
    let with_job: Vec<&&dyn Evidence> = parts.iter().filter(knows).collect();
    if with_job.is_empty() {
        return Selection::everything(no_tests(parts, question.job));
    }
    for part in with_job {
        gathered.add(*part, question);
    }
    gathered.finish()
}

/// Says why there is no test of a job.
fn no_tests(parts: &[&dyn Evidence], job: &JobName) -> Cause {
    let jobs: Vec<_> = parts.iter().flat_map(|part| part.jobs()).collect();
    if jobs.iter().all(|known| known.tests.is_empty()) {
        return Cause::EmptyIndex;
    }
    match jobs.iter().any(|known| known.job == *job) {
        true => Cause::EmptyJob(job.clone()),
        false => {
            let known: BTreeSet<JobName> = jobs.into_iter().map(|known| known.job).collect();
            Cause::UnknownJob { job: job.clone(), known: known.into_iter().collect() }
        }
    }
}

/// A selection in the making, part by part.
#[derive(Default)]
struct Gathering {
    tests: BTreeMap<TestKey, Decided>,
    /// The tests of the only part so far, which are sorted as they come.
    sorted: Vec<Decided>,
    numbers: BTreeMap<Reason, u32>,
    selection: Selection,
}

impl Gathering {
    /// Adds what one part says.
    fn add(&mut self, part: &dyn Evidence, question: &Question<'_>) {
        let of_job = part.jobs().into_iter().find(|known| known.job == *question.job);
        let Some(of_job) = of_job else { return };
        let mut all = TestSet::range(TestId(of_job.tests.start.0)..TestId(of_job.tests.end.0));
        all.subtract(&part.baselines());
        let records = part.tests(&all);
        let traced = records.and_then(|records| Ok((records, trace::trace(part, &all, question)?)));
        let (records, mut traced) = match traced {
            Ok(traced) => traced,
            Err(error) => {
                self.selection.everything.insert(Cause::Unreadable(error.to_string()));
                return;
            }
        };
        for (at, recording) in part.recordings().iter().enumerate() {
            if recording.job != *question.job {
                continue;
            }
            for difference in (question.conditions)(recording) {
                let of_recording = records.iter().zip(all.iter());
                let of_recording = of_recording.filter(|(record, _)| record.recording.index() == at);
                let tests: TestSet = of_recording.map(|(_, id)| id).collect();
                traced.reasons.push((Reason::Condition(difference), tests));
            }
        }
        let first = of_job.tests.start.0;
        let mut why: Vec<Vec<u32>> = vec![Vec::new(); (of_job.tests.end.0 - first) as usize];
        for (reason, tests) in traced.reasons {
            let tests = tests.intersection(&all);
            if tests.is_empty() {
                continue;
            }
            let number = self.number(reason);
            for test in tests.iter() {
                why[(test.0 - first) as usize].push(number);
            }
        }
        for (record, id) in records.into_iter().zip(all.iter()) {
            let mut own = std::mem::take(&mut why[(id.0 - first) as usize]);
            if !record.can_prove() {
                own.push(self.number(Reason::Unproven { outcome: record.outcome, health: record.health }));
            }
            if let Some(pattern) = question.never_skip.iter().find(|glob| is_meant(glob, &record.key)) {
                own.push(self.number(Reason::NeverSkip(pattern.as_str().into())));
            }
            if record.role == Role::Test {
                self.sorted.push(Decided { record, why: own });
            }
        }
        self.selection.changes.extend(traced.changes);
        self.selection.ignored.extend(traced.ignored);
        self.selection.everything.extend(traced.everything);
        if !self.tests.is_empty()
            || self.sorted.windows(2).any(|pair| pair[0].record.key >= pair[1].record.key)
        {
            self.merge_sorted();
        }
    }

    fn number(&mut self, reason: Reason) -> u32 {
        let next = self.numbers.len() as u32;
        *self.numbers.entry(reason).or_insert(next)
    }

    /// Puts what came last with what was there: a test that both have needs a proof from each.
    fn merge_sorted(&mut self) {
        for test in std::mem::take(&mut self.sorted) {
            match self.tests.get_mut(&test.record.key) {
                Some(known) => {
                    known.why.extend(test.why);
                    known.record.outcome = known.record.outcome.max(test.record.outcome);
                }
                None => drop(self.tests.insert(test.record.key.clone(), test)),
            }
        }
    }

    fn finish(mut self) -> Selection {
        let causes: Vec<Cause> = self.selection.everything.iter().cloned().collect();
        let numbers: Vec<u32> =
            causes.into_iter().map(|cause| self.number(Reason::Everything(cause))).collect();
        if !self.tests.is_empty() {
            self.merge_sorted();
            self.sorted = std::mem::take(&mut self.tests).into_values().collect();
        }
        let mut selection = self.selection;
        selection.tests = self.sorted;
        for test in &mut selection.tests {
            test.why.extend(&numbers);
            test.why.sort_unstable();
            test.why.dedup();
        }
        let mut reasons: Vec<(Reason, u32)> = self.numbers.into_iter().collect();
        reasons.sort_by_key(|(_, number)| *number);
        selection.reasons = reasons.into_iter().map(|(reason, _)| reason).collect();
        selection
    }
}

/// Returns whether a pattern means a test: by its name, or by suite and name with a blank between.
fn is_meant(glob: &Glob, key: &TestKey) -> bool {
    glob.matches(&key.name) || glob.matches(&format!("{} {}", key.suite, key.name))
}

#[cfg(test)]
mod tests;
