//! What a report is made of.

use skiptrace_backends::history::SqliteHistory;
use skiptrace_engine::history::{Day, History, Ranking, RunFilter, TestRun};
use skiptrace_engine::id::{CommitId, JobName};
use skiptrace_engine::index::Index;
use skiptrace_engine::report::{Coverage, Report};
use skiptrace_engine::time::Timestamp;

use crate::decision::Basis;
use crate::error::{CommandError, ErrorKind};
use crate::session::Session;
use crate::settings::Settings;

/// So many indexes are read at most: they may have to be fetched.
const INDEXES: usize = 5;

/// All that is known.
pub(super) struct Facts {
    /// The moment of the report.
    pub(super) now: Timestamp,
    /// Which runs were asked for.
    pub(super) filter: RunFilter,
    /// No list is longer.
    pub(super) limit: usize,
    pub(super) report: Report,
    pub(super) ranking: Ranking,
    /// The newest of the tests that were missed.
    pub(super) misses: Vec<TestRun>,
    /// What the nearest index of each job tells.
    pub(super) indexes: Vec<JobIndex>,
    /// Of so many more jobs no index was looked for.
    pub(super) more_jobs: usize,
    /// Runs before this day were forgotten.
    pub(super) forgotten: Option<Day>,
}

/// The nearest index of a job.
pub(super) struct JobIndex {
    pub(super) job: JobName,
    /// What it tells; or why there is none.
    pub(super) told: Result<IndexFacts, String>,
}

/// An index, and what it tells of a job.
pub(super) struct IndexFacts {
    pub(super) commit: Option<CommitId>,
    /// What it is to what is checked out.
    pub(super) found: String,
    pub(super) recorded_at: Option<Timestamp>,
    pub(super) bytes: u64,
    pub(super) coverage: Coverage,
}

impl Facts {
    /// Asks the history, where there is one, and looks for the indexes of the jobs that ran.
    pub(super) fn gather(
        history: Option<&SqliteHistory>,
        filter: RunFilter,
        limit: usize,
        session: &Session<'_>,
    ) -> Result<Facts, CommandError> {
        let now = session.environment.now();
        let (mut runs, mut ranking, mut misses, mut forgotten) = Default::default();
        if let Some(history) = history {
            runs = history.runs(&filter)?;
            ranking = history.ranking(&filter, limit)?;
            misses = history.misses(&RunFilter { limit: Some(limit), ..filter.clone() })?;
            forgotten = history.horizon()?.map(|id| id.day());
        }
        let report = Report::of(&runs, filter.since, now);
        let settings = session.settings()?;
        let mut jobs: Vec<JobName> = report.jobs.iter().map(|sums| sums.job.clone()).collect();
        if jobs.is_empty() {
            jobs.push(match &filter.job {
                Some(job) => job.clone(),
                None => settings.index_job.value.parse().map_err(CommandError::user)?,
            });
        }
        let more_jobs = jobs.len().saturating_sub(INDEXES);
        jobs.truncate(INDEXES);
        let mut shelf = Shelf { settings, limit, last: None };
        let indexes = jobs.into_iter().map(|job| shelf.of(job, session)).collect();
        Ok(Facts { now, filter, limit, report, ranking, misses, indexes, more_jobs, forgotten })
    }
}

/// Indexes are looked for job by job, and jobs often share one.
struct Shelf {
    settings: Settings,
    limit: usize,
    /// The index that was read last, and of which commit it is.
    last: Option<(Option<CommitId>, Index)>,
}

impl Shelf {
    /// Whatever goes wrong is told in the report, which is worth having all the same.
    fn of(&mut self, job: JobName, session: &Session<'_>) -> JobIndex {
        let told = self.find(&job, session).map_err(|error| {
            if error.kind != ErrorKind::NoIndex {
                session
                    .printer
                    .warning(format_args!("the index of job `{job}` is not in the report: {error}"));
            }
            error.to_string()
        });
        JobIndex { job, told }
    }

    fn find(&mut self, job: &JobName, session: &Session<'_>) -> Result<IndexFacts, CommandError> {
        let basis = Basis::find(None, self.settings.index_kind.value, job, None, session)?;
        let commit = basis.commit().cloned();
        let index = match self.last.take().filter(|(last, _)| *last == commit) {
            Some((_, index)) => index,
            None => basis.load(session)?,
        };
        let coverage = Coverage::of(&index, job, self.limit);
        self.last = Some((commit.clone(), index));
        Ok(IndexFacts {
            commit,
            found: basis.relation.to_string(),
            recorded_at: basis.recorded_at(),
            bytes: basis.parts.iter().map(|part| part.size()).sum(),
            coverage,
        })
    }
}
