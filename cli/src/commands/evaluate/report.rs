//! What came of an evaluation, for whoever renders it.

use skiptrace_engine::evaluation::{Counts, Evaluation, Finding, Judged as Test, Side, Standing};
use skiptrace_engine::id::JobName;

use super::event::Event;
use super::input::Told;
use super::{Judged, report};
use crate::decision::Relation;
use crate::exit::ExitStatus;
use crate::nearest;
use crate::ui::human;

/// All jobs.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) jobs: Vec<JobReport>,
}

/// One job.
#[derive(Debug)]
pub(super) struct JobReport {
    pub(super) job: JobName,
    /// How many files its results are of.
    pub(super) files: usize,
    /// How many searches they are of.
    pub(super) searches: usize,
    pub(super) index: Option<IndexReport>,
    /// How many files may differ from what the index has.
    pub(super) changed_paths: usize,
    /// Why everything would have run, where that is so: a code and a sentence.
    pub(super) everything: Vec<(&'static str, String)>,
    pub(super) events: Vec<Event>,
    pub(super) notes: Vec<String>,
    pub(super) evaluation: Evaluation,
    /// How many tests there are of each sort; `None` where not all results could be read, so that none were judged.
    pub(super) counts: Option<Counts>,
    /// Whether the index is of the very files that ran.
    pub(super) is_of_same_commit: bool,
}

/// The index that a job was decided by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IndexReport {
    pub(super) commit: Option<String>,
    /// What it is to what ran.
    pub(super) found: String,
}

impl Report {
    pub(super) fn add(&mut self, job: JobReport) {
        self.jobs.push(job);
    }

    /// Returns the counts of all jobs.
    pub(super) fn total(&self) -> Counts {
        self.jobs.iter().filter_map(|job| job.counts).sum()
    }

    /// Returns how the program ends where nothing is accepted that is not as it should be. A miss outweighs the rest.
    pub(super) fn status(&self) -> ExitStatus {
        let counts = self.total();
        if counts.misses + counts.unclear > 0 {
            return ExitStatus::Failure;
        }
        let first = self.jobs.iter().flat_map(|job| &job.events).map(|event| event.kind).min();
        match first {
            Some(kind) => kind.status(),
            None if self.jobs.iter().any(JobReport::has_nothing_in_common) => ExitStatus::NoTests,
            None => ExitStatus::Success,
        }
    }
}

impl JobReport {
    pub(super) fn of(job: JobName, told: &Told, judged: Judged, evaluation: Evaluation) -> JobReport {
        let Judged { decision, events } = judged;
        let basis = decision.as_ref().and_then(|decision| decision.basis.as_ref());
        let is_same =
            basis.is_some_and(|basis| matches!(&basis.relation, Relation::Found(_, nearest::Relation::Same)));
        let changed_paths = decision.as_ref().map_or(0, |decision| decision.present.len());
        JobReport {
            job,
            files: told.files,
            searches: told.searches,
            index: basis.map(|basis| report::IndexReport {
                commit: basis.commit().map(ToString::to_string),
                found: basis.relation.to_string(),
            }),
            changed_paths,
            everything: decision
                .iter()
                .flat_map(|decision| &decision.selection.everything)
                .map(|cause| (cause.code(), cause.to_string()))
                .collect(),
            events,
            notes: decision.as_ref().map(|decision| decision.notes.clone()).unwrap_or_default(),
            counts: Some(evaluation.counts()),
            evaluation,
            is_of_same_commit: is_same && changed_paths == 0,
        }
    }

    /// Makes the report of a job of which not all results could be read.
    pub(super) fn unread(job: JobName, told: Told) -> JobReport {
        JobReport {
            job,
            files: told.files,
            searches: told.searches,
            index: None,
            changed_paths: 0,
            everything: Vec::new(),
            events: told.events,
            notes: Vec::new(),
            evaluation: Evaluation::default(),
            counts: None,
            is_of_same_commit: false,
        }
    }

    /// Says where its results come from.
    pub(super) fn sources(&self) -> String {
        let files =
            (self.files > 0).then(|| format!("{} of results", human::count(self.files as u64, "file")));
        let searches = match self.searches {
            0 => None,
            1 => Some("1 search of Datadog".to_owned()),
            n => Some(format!("{n} searches of Datadog")),
        };
        files.into_iter().chain(searches).collect::<Vec<_>>().join(", ")
    }

    /// Returns whether no result is of a test that the index knows, so that nothing was compared.
    pub(super) fn has_nothing_in_common(&self) -> bool {
        let is_common = |test: &Test| test.standing != Standing::Unknown && test.ended.is_some();
        !self.evaluation.tests.iter().any(is_common)
    }

    /// Returns the tests of a side; those that failed come first.
    pub(super) fn on(&self, side: Side) -> Vec<&Test> {
        let mut tests: Vec<&Test> = self.evaluation.tests.iter().filter(|test| test.side() == side).collect();
        tests.sort_by_key(|test| test.finding.is_none());
        tests
    }

    /// Returns the tests of a finding.
    pub(super) fn found(&self, finding: Finding) -> impl Iterator<Item = &Test> {
        self.evaluation.tests.iter().filter(move |test| test.finding == Some(finding))
    }

    /// Returns the failures that say nothing.
    pub(super) fn excused(&self) -> impl Iterator<Item = &Test> {
        self.evaluation.tests.iter().filter(|test| matches!(test.finding, Some(Finding::Excused(_))))
    }

    /// Returns the tests that would have been skipped and end otherwise than in the recording, but for misses.
    pub(super) fn changed(&self) -> impl Iterator<Item = &Test> {
        self.evaluation.tests.iter().filter(|test| test.has_changed && !test.is_missed())
    }

    /// Returns the tests of a standing, without suites that failed as a whole: which they are is clear.
    pub(super) fn standing(&self, standing: Standing) -> impl Iterator<Item = &Test> {
        let is_whole = move |test: &Test| test.name.is_empty() && standing == Standing::Ambiguous;
        self.evaluation.tests.iter().filter(move |test| test.standing == standing && !is_whole(test))
    }
}

/// Returns suite and name, for people.
pub(super) fn name(test: &Test) -> String {
    let name = if test.name.is_empty() { "(all of it)" } else { &test.name };
    let text = if test.suite.is_empty() { name.to_owned() } else { format!("{} {name}", test.suite) };
    // A name is whatever a file says it is; it stays on its line, and does nothing to the terminal.
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Rounded down, so that only all is 100 %.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", (share * 100.0 + 1e-9).floor())
}
