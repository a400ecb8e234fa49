//! The answer as a document.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use skiptrace_engine::id::JobName;
use skiptrace_engine::selection::{Reason, Sample, Selection};
use skiptrace_indexers::select::Form;

use super::format::FormatName;
use super::share::Share;
use super::told::Told;
use crate::decision::Decision;
use crate::trial::Trial;
use crate::ui::human;

/// The document `skiptrace/select@1`.
#[derive(Serialize)]
pub(super) struct Document {
    job: String,
    index: Option<IndexDocument>,
    /// Why nothing can be skipped, where that is so.
    everything: Vec<CauseDocument>,
    changed_paths: usize,
    changes: Vec<ChangeDocument>,
    known: usize,
    /// How many of the known tests must run.
    must_run: usize,
    /// How many need not.
    skipped: usize,
    run: Vec<RunDocument>,
    skip: Vec<TestDocument>,
    reasons: BTreeMap<&'static str, usize>,
    /// Whether nothing is left out all the same, to see first what would be.
    observed: bool,
    /// Which tests run though they need not, to see whether they fail.
    audit: Option<AuditDocument>,
    shard: Option<ShardDocument>,
    /// What the runner is told, where one is meant.
    #[serde(flatten)]
    told: Option<ToldDocument>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct IndexDocument {
    commit: Option<String>,
    found: String,
    recorded_at: Option<String>,
}

/// A reason, or a cause.
#[derive(Serialize)]
pub(in crate::commands) struct CauseDocument {
    code: &'static str,
    hazard: Option<String>,
    message: String,
}

#[derive(Serialize)]
struct ChangeDocument {
    change: String,
    edit: &'static str,
}

#[derive(Serialize)]
struct TestDocument {
    suite: String,
    name: String,
}

#[derive(Serialize)]
struct RunDocument {
    suite: String,
    name: String,
    reasons: Vec<CauseDocument>,
}

/// Some of what need not run, taken by chance.
#[derive(Serialize)]
struct AuditDocument {
    /// As a text, for it may be larger than numbers are in some readers.
    seed: String,
    percent: f64,
    tests: usize,
}

/// What one node runs.
#[derive(Serialize)]
struct ShardDocument {
    number: u32,
    of: u32,
    /// What the plan is recognised by.
    plan: String,
    tests: Vec<TestDocument>,
    expected_ms: u64,
    /// Whether tests that nobody knows run on this node.
    runs_unknown: bool,
}

/// What the runner is told.
#[derive(Serialize)]
struct ToldDocument {
    format: String,
    form: &'static str,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    files: Vec<String>,
    /// Whether nothing at all is to run, so that the runner need not be started.
    empty: bool,
    /// How many tests run only because the runner cannot be told to leave them out.
    kept: usize,
}

impl CauseDocument {
    pub(in crate::commands) fn of(reason: &Reason) -> CauseDocument {
        CauseDocument {
            code: reason.code(),
            hazard: reason.hazard().map(|hazard| hazard.to_string()),
            message: reason.to_string(),
        }
    }
}

impl Document {
    pub(super) fn of(
        decision: &Decision,
        trial: Trial,
        job: &JobName,
        share: Option<&Share>,
        format: Option<FormatName>,
        told: Option<&Told>,
    ) -> Document {
        let selection = &decision.selection;
        let skip: Vec<TestDocument> = selection
            .skipped()
            .map(|test| TestDocument { suite: test.key.suite.to_string(), name: test.key.name.to_string() })
            .collect();
        let mut notes = decision.notes.clone();
        notes.extend(told.iter().flat_map(|told| told.rendered.notes.iter().cloned()));
        Document {
            job: job.to_string(),
            index: decision.basis.as_ref().map(|basis| IndexDocument {
                commit: basis.commit().map(ToString::to_string),
                found: basis.relation.to_string(),
                recorded_at: basis.recorded_at().map(human::date),
            }),
            everything: selection
                .everything
                .iter()
                .map(|everything| CauseDocument::of(&Reason::Everything(everything.clone())))
                .collect(),
            changed_paths: decision.present.len(),
            changes: selection
                .changes
                .iter()
                .map(|change| ChangeDocument { change: change.to_string(), edit: change.verb() })
                .collect(),
            known: selection.tests.len(),
            must_run: selection.tests.len() - skip.len(),
            skipped: skip.len(),
            run: selection
                .run()
                .map(|test| RunDocument {
                    suite: test.record.key.suite.to_string(),
                    name: test.record.key.name.to_string(),
                    reasons: selection.reasons_of(test).map(CauseDocument::of).collect(),
                })
                .collect(),
            skip,
            reasons: counts(selection),
            observed: trial == Trial::Observe,
            audit: match trial {
                Trial::Audit(Sample { seed, per_million }) => Some(AuditDocument {
                    seed: seed.to_string(),
                    percent: f64::from(per_million) / 10_000.0,
                    tests: selection.could_skip().count() - selection.skipped().count(),
                }),
                _ => None,
            },
            shard: share.map(ShardDocument::of),
            told: format.zip(told).map(|(format, told)| ToldDocument::of(format, told)),
            notes,
        }
    }
}

/// Returns how many tests must run for each reason, by its code.
fn counts(selection: &Selection) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for test in selection.run() {
        let codes: BTreeSet<&'static str> = selection.reasons_of(test).map(Reason::code).collect();
        for code in codes {
            *counts.entry(code).or_default() += 1;
        }
    }
    counts
}

impl ShardDocument {
    fn of(share: &Share) -> ShardDocument {
        let test = |key: &skiptrace_engine::record::TestKey| TestDocument {
            suite: key.suite.to_string(),
            name: key.name.to_string(),
        };
        ShardDocument {
            number: share.shard.number(),
            of: share.shard.of(),
            plan: share.plan.clone(),
            tests: share.tests.iter().map(test).collect(),
            expected_ms: u64::try_from(share.expected.as_millis()).unwrap_or(u64::MAX),
            runs_unknown: share.has_strangers,
        }
    }
}

impl ToldDocument {
    fn of(format: FormatName, told: &Told) -> ToldDocument {
        let rendered = &told.rendered;
        ToldDocument {
            format: format.word(),
            form: match rendered.form {
                Form::Run => "run",
                Form::Skip => "skip",
            },
            arguments: rendered.arguments.clone(),
            environment: rendered.environment.iter().cloned().collect(),
            files: told.files.iter().map(|path| path.display().to_string()).collect(),
            empty: rendered.empty,
            kept: rendered.kept,
        }
    }
}
