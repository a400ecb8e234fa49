//! The lines as JSON has them: types of their own, so that the others may change.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::record::Outcome;
use crate::time::Timestamp;

use super::super::run::microseconds;
use super::super::{Audit, Counts, Decision, IndexUsed, Run, RunId, TestName, TestResult};
use super::{SCHEMA, VERSION, owned};

/// A number that every reader can hold.
#[derive(Serialize, Clone, Copy, Default)]
#[serde(transparent)]
pub(super) struct Number(u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        match u64::deserialize(deserializer)? {
            number @ 0..=Run::MAX => Ok(Number(number)),
            number => Err(D::Error::custom(format_args!("{number} is too large a number"))),
        }
    }
}

impl Number {
    fn of(number: u64) -> Number {
        Number(number.min(Run::MAX))
    }

    fn of_time(duration: Duration) -> Number {
        Number(microseconds(duration))
    }

    fn time(self) -> Duration {
        Duration::from_micros(self.0)
    }
}

/// What tells the line of a run from others.
#[derive(Deserialize)]
pub(super) struct Head<'a> {
    #[serde(borrow, default)]
    pub(super) schema: Option<Cow<'a, str>>,
}

/// The line of a run.
#[derive(Serialize, Deserialize)]
pub(super) struct RunLine<'a> {
    #[serde(skip_deserializing)]
    schema: String,
    #[serde(skip_deserializing)]
    line: &'static str,
    #[serde(borrow)]
    pub(super) run: Option<Cow<'a, str>>,
    at_ms: Option<u64>,
    #[serde(skip_deserializing)]
    day: String,
    #[serde(borrow, default)]
    command: Cow<'a, str>,
    #[serde(borrow)]
    job: Cow<'a, str>,
    #[serde(borrow)]
    commit: Option<Cow<'a, str>>,
    #[serde(borrow)]
    branch: Option<Cow<'a, str>>,
    #[serde(borrow)]
    index_commit: Option<Cow<'a, str>>,
    index_distance: Option<Number>,
    index_bytes: Option<Number>,
    #[serde(default)]
    known: Number,
    #[serde(default)]
    selected: Number,
    #[serde(default)]
    skipped: Number,
    #[serde(default)]
    failed: Number,
    #[serde(default)]
    saved_us: Number,
    #[serde(default)]
    took_us: Number,
    misses: Option<Number>,
    skippable: Option<Number>,
    checked: Option<Number>,
    #[serde(default)]
    fallbacks: BTreeMap<Box<str>, Number>,
    #[serde(default)]
    overheads_us: BTreeMap<Box<str>, Number>,
}

impl RunLine<'_> {
    pub(super) fn of(run: &Run) -> RunLine<'_> {
        let text = |text: &str| Cow::Owned(text.to_owned());
        RunLine {
            schema: format!("{SCHEMA}{VERSION}"),
            line: "run",
            run: Some(run.id.to_string().into()),
            at_ms: Some(run.at().0),
            day: run.id.day().to_string(),
            command: Cow::Borrowed(&run.command),
            job: Cow::Borrowed(run.job.as_str()),
            commit: run.commit.as_ref().map(|commit| text(commit.as_str())),
            branch: run.branch.as_deref().map(Cow::Borrowed),
            index_commit: run.index.commit.as_ref().map(|commit| text(commit.as_str())),
            index_distance: run.index.distance.map(Number::of),
            index_bytes: run.index.bytes.map(Number::of),
            known: Number::of(run.counts.known),
            selected: Number::of(run.counts.selected),
            skipped: Number::of(run.counts.skipped),
            failed: Number::of(run.counts.failed),
            saved_us: Number::of_time(run.saved),
            took_us: Number::of_time(run.took),
            misses: run.misses.map(Number::of),
            skippable: run.audit.map(|audit| Number::of(audit.skippable)),
            checked: run.audit.map(|audit| Number::of(audit.checked)),
            fallbacks: run.fallbacks.iter().map(|(cause, n)| (cause.clone(), Number::of(*n))).collect(),
            overheads_us: run.overheads.iter().map(|(what, t)| (what.clone(), Number::of_time(*t))).collect(),
        }
    }

    /// Returns the run; one without an id has that of its moment alone.
    pub(super) fn into_run(self) -> Result<Run, String> {
        let id = match (self.run, self.at_ms) {
            (Some(id), at) => {
                let id: RunId = id.parse().map_err(|error| format!("{error}"))?;
                if at.is_some_and(|at| at != id.at().0) {
                    return Err(format!("`{id}` did not begin at the moment of `at_ms`"));
                }
                id
            }
            (None, Some(at)) => RunId::first_at(Timestamp(at)),
            (None, None) => return Err("neither `run` nor `at_ms` says when the run began".to_owned()),
        };
        let commit = |commit: Option<Cow<'_, str>>| {
            commit.map(|commit| commit.parse().map_err(|error| format!("{error}"))).transpose()
        };
        Ok(Run {
            id,
            command: owned(self.command),
            job: self.job.parse().map_err(|error| format!("{error}"))?,
            commit: commit(self.commit)?,
            branch: self.branch.map(owned),
            index: IndexUsed {
                commit: commit(self.index_commit)?,
                distance: self.index_distance.map(|n| n.0),
                bytes: self.index_bytes.map(|n| n.0),
            },
            counts: Counts {
                known: self.known.0,
                selected: self.selected.0,
                skipped: self.skipped.0,
                failed: self.failed.0,
            },
            saved: self.saved_us.time(),
            took: self.took_us.time(),
            misses: self.misses.map(|n| n.0),
            audit: match (self.skippable, self.checked) {
                (Some(skippable), Some(checked)) => {
                    Some(Audit { skippable: skippable.0, checked: checked.0 })
                }
                (None, None) => None,
                _ => return Err("`skippable` and `checked` say nothing without each other".to_owned()),
            },
            fallbacks: self.fallbacks.into_iter().map(|(cause, n)| (cause, n.0)).collect(),
            overheads: self.overheads_us.into_iter().map(|(what, n)| (what, n.time())).collect(),
        })
    }
}

/// The line of a test.
#[derive(Serialize, Deserialize)]
pub(super) struct TestLine<'a> {
    #[serde(skip_deserializing)]
    line: &'static str,
    #[serde(borrow)]
    pub(super) run: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    suite: Cow<'a, str>,
    #[serde(borrow)]
    test: Cow<'a, str>,
    #[serde(borrow)]
    outcome: Option<Cow<'a, str>>,
    #[serde(default)]
    duration_us: Number,
    #[serde(borrow)]
    decision: Cow<'a, str>,
    #[serde(borrow)]
    reason: Option<Cow<'a, str>>,
    #[serde(default)]
    missed: bool,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    note: Option<Cow<'a, str>>,
}

impl TestLine<'_> {
    pub(super) fn of<'a>(run: &'a str, test: &'a TestName, result: &'a TestResult) -> TestLine<'a> {
        TestLine {
            line: "test",
            run: Some(Cow::Borrowed(run)),
            suite: Cow::Borrowed(&test.suite),
            test: Cow::Borrowed(&test.name),
            outcome: result.outcome.map(|outcome| Cow::Borrowed(outcome_code(outcome))),
            duration_us: Number::of_time(result.duration),
            decision: Cow::Borrowed(result.decision.code()),
            reason: result.reason.as_deref().map(Cow::Borrowed),
            missed: result.is_missed,
            note: result.note.as_deref().map(Cow::Borrowed),
        }
    }

    pub(super) fn into_result(self) -> Result<(TestName, TestResult), String> {
        let decisions = Decision::ALL;
        let decision = decisions.into_iter().find(|decision| decision.code() == self.decision);
        let decision = decision.ok_or_else(|| {
            format!("unknown decision `{}` (known decisions: run, would-skip, skip)", self.decision)
        })?;
        let outcome = self.outcome.map(|code| {
            let outcome = Outcome::ALL.into_iter().find(|outcome| outcome_code(*outcome) == code);
            outcome.ok_or_else(|| {
                let known = Outcome::ALL.map(outcome_code).join(", ");
                format!("unknown outcome `{code}` (known outcomes: {known})")
            })
        });
        let result = TestResult {
            outcome: outcome.transpose()?,
            duration: self.duration_us.time(),
            decision,
            reason: self.reason.map(owned),
            is_missed: self.missed,
            note: self.note.map(owned),
        };
        Ok((TestName { suite: owned(self.suite), name: owned(self.test) }, result))
    }
}

/// Returns an outcome's name without spaces.
fn outcome_code(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::TimedOut => "timed-out",
        outcome => outcome.name(),
    }
}
