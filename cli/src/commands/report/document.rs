//! A report as a document.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use skiptrace_engine::history::{Bound, Confidence, TestName, TestRun, TestTotals, microseconds};
use skiptrace_engine::report::{Bin, Coverage, Fallback, Hub, JobSums, Period, Report, Sums, Unknowns};

use super::facts::{Facts, JobIndex};

/// The document `skiptrace/report@1`.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    now_ms: u64,
    since_ms: Option<u64>,
    job: Option<&'a str>,
    branch: Option<&'a str>,
    first_day: String,
    last_day: String,
    totals: TotalsDocument,
    /// Stretches of time in which nothing ran have no totals.
    bins: Vec<BinDocument<'a>>,
    commands: Vec<CommandDocument<'a>>,
    jobs: Vec<JobDocument<'a>>,
    staleness: Vec<StalenessDocument>,
    fallbacks: Vec<FallbackDocument<'a>>,
    misses: Vec<MissDocument<'a>>,
    tests: TestsDocument<'a>,
    indexes: Vec<IndexDocument<'a>>,
    unknown: UnknownDocument,
}

#[derive(Serialize)]
struct TotalsDocument {
    runs: u64,
    evaluated: u64,
    fell_back: u64,
    known: u64,
    selected: u64,
    skipped: u64,
    failed: u64,
    misses: u64,
    skippable: u64,
    checked: u64,
    refuted: u64,
    /// No more than this share of the skipped tests would have failed, with 95 % confidence.
    miss_rate_at_most: Option<f64>,
    saved_us: u64,
    took_us: u64,
    overhead_us: u64,
    /// Runs that chose and tell how long tests took; of them is `saved_share`.
    timed_runs: u64,
    timed_saved_us: u64,
    timed_took_us: u64,
    skipped_share: Option<f64>,
    saved_share: Option<f64>,
}

#[derive(Serialize)]
struct BinDocument<'a> {
    first_day: String,
    last_day: String,
    totals: Option<TotalsDocument>,
    index_bytes_median: Option<u64>,
    index_bytes_largest: Option<u64>,
    /// What is beyond the few that took most has an empty name.
    overheads_us: BTreeMap<&'a str, u64>,
}

#[derive(Serialize)]
struct CommandDocument<'a> {
    command: &'a str,
    #[serde(flatten)]
    totals: TotalsDocument,
}

#[derive(Serialize)]
struct JobDocument<'a> {
    job: &'a str,
    #[serde(flatten)]
    totals: TotalsDocument,
    none_selected_runs: u64,
    none_selected_saved_us: u64,
}

#[derive(Serialize)]
struct StalenessDocument {
    commits_back: &'static str,
    #[serde(flatten)]
    totals: TotalsDocument,
}

#[derive(Serialize)]
struct FallbackDocument<'a> {
    cause: &'a str,
    runs: u64,
    times: u64,
    took_us: u64,
    newest_run: String,
}

#[derive(Serialize)]
struct MissDocument<'a> {
    suite: &'a str,
    test: &'a str,
    job: &'a str,
    branch: Option<&'a str>,
    commit: Option<&'a str>,
    run: String,
    at_ms: u64,
    reason: Option<&'a str>,
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct TestsDocument<'a> {
    tests: u64,
    results: u64,
    slowest: Vec<TestDocument<'a>>,
    most_selected: Vec<TestDocument<'a>>,
    most_failed: Vec<TestDocument<'a>>,
}

#[derive(Serialize)]
struct TestDocument<'a> {
    job: &'a str,
    suite: &'a str,
    test: &'a str,
    results: u64,
    selected: u64,
    ran: u64,
    flaky: u64,
    failed: u64,
    missed: u64,
    took_us: u64,
    mean_us: Option<u64>,
}

#[derive(Serialize)]
struct IndexDocument<'a> {
    job: &'a str,
    /// Why there is none.
    missing: Option<&'a str>,
    index: Option<FoundDocument<'a>>,
}

#[derive(Serialize)]
struct FoundDocument<'a> {
    commit: Option<&'a str>,
    found: &'a str,
    recorded_at_ms: Option<u64>,
    bytes: u64,
    tests: u64,
    provable: u64,
    tests_us: u64,
    provable_us: u64,
    problems: BTreeMap<&'static str, u64>,
    outcomes: BTreeMap<&'static str, u64>,
    always_run: Vec<UnprovenDocument<'a>>,
    units: u64,
    wide_units: u64,
    hub_units: Vec<HubDocument<'a>>,
    files: u64,
    hub_files: Vec<HubDocument<'a>>,
}

#[derive(Serialize)]
struct UnprovenDocument<'a> {
    suite: &'a str,
    test: &'a str,
    outcome: &'static str,
    problems: Vec<&'static str>,
    duration_us: u64,
}

#[derive(Serialize)]
struct HubDocument<'a> {
    path: &'a str,
    unit: Option<&'a str>,
    lines: Option<[u32; 2]>,
    tests: u64,
}

#[derive(Serialize)]
struct UnknownDocument {
    unevaluated_runs: u64,
    branch_runs: u64,
    commit_runs: u64,
    distance_runs: u64,
    unchosen_runs: u64,
    untimed_runs: u64,
    ahead_runs: u64,
    empty_days: u32,
    longest_gap: Option<[String; 2]>,
    days_before: u32,
    forgotten_before: Option<String>,
    jobs_without_look: usize,
}

impl<'a> Document<'a> {
    pub(super) fn of(facts: &'a Facts) -> Document<'a> {
        let report = &facts.report;
        Document {
            now_ms: facts.now.0,
            since_ms: facts.filter.since.map(|since| since.0),
            job: facts.filter.job.as_ref().map(|job| job.as_str()),
            branch: facts.filter.branch.as_deref(),
            first_day: report.period.first.to_string(),
            last_day: report.period.last.to_string(),
            totals: TotalsDocument::of(&report.sums),
            bins: bins(report),
            commands: report
                .commands
                .iter()
                .map(|sums| CommandDocument {
                    command: &sums.command,
                    totals: TotalsDocument::of(&sums.sums),
                })
                .collect(),
            jobs: report.jobs.iter().map(JobDocument::of).collect(),
            staleness: report
                .staleness
                .iter()
                .map(|sums| StalenessDocument {
                    commits_back: sums.distance.name(),
                    totals: TotalsDocument::of(&sums.sums),
                })
                .collect(),
            fallbacks: report.fallbacks.iter().map(FallbackDocument::of).collect(),
            misses: facts.misses.iter().map(MissDocument::of).collect(),
            tests: TestsDocument {
                tests: facts.ranking.tests,
                results: facts.ranking.results,
                slowest: facts.ranking.slowest.first.iter().map(TestDocument::of).collect(),
                most_selected: facts.ranking.most_selected.first.iter().map(TestDocument::of).collect(),
                most_failed: facts.ranking.most_failed.first.iter().map(TestDocument::of).collect(),
            },
            indexes: facts.indexes.iter().map(IndexDocument::of).collect(),
            unknown: UnknownDocument::of(&report.unknowns, facts),
        }
    }
}

impl TotalsDocument {
    fn of(sums: &Sums) -> TotalsDocument {
        let totals = &sums.all;
        TotalsDocument {
            runs: totals.runs,
            evaluated: totals.evaluated,
            fell_back: totals.fell_back,
            known: totals.known,
            selected: totals.selected,
            skipped: totals.skipped,
            failed: totals.failed,
            misses: totals.misses,
            skippable: totals.skippable,
            checked: totals.checked,
            refuted: totals.refuted,
            miss_rate_at_most: totals.bound(Confidence::USUAL).map(|bound: Bound| bound.at_most),
            saved_us: microseconds(totals.saved),
            took_us: microseconds(totals.took),
            overhead_us: microseconds(totals.overhead),
            timed_runs: sums.timed.runs,
            timed_saved_us: microseconds(sums.timed.saved),
            timed_took_us: microseconds(sums.timed.took),
            skipped_share: sums.skipped_share(),
            saved_share: sums.saved_share(),
        }
    }
}

fn bins(report: &Report) -> Vec<BinDocument<'_>> {
    let document = |(bin, took): (&Bin, &Vec<Duration>)| {
        let [first_day, last_day] = days(bin.period);
        BinDocument {
            first_day,
            last_day,
            totals: bin.sums.as_ref().map(TotalsDocument::of),
            index_bytes_median: bin.index_bytes.map(|bytes| bytes.median),
            index_bytes_largest: bin.index_bytes.map(|bytes| bytes.largest),
            overheads_us: report
                .overheads
                .sorts
                .iter()
                .zip(took)
                .map(|(sort, took)| (&**sort, microseconds(*took)))
                .collect(),
        }
    };
    report.bins.iter().zip(&report.overheads.bins).map(document).collect()
}

fn days(period: Period) -> [String; 2] {
    [period.first.to_string(), period.last.to_string()]
}

impl<'a> JobDocument<'a> {
    fn of(job: &'a JobSums) -> JobDocument<'a> {
        JobDocument {
            job: job.job.as_str(),
            totals: TotalsDocument::of(&job.sums),
            none_selected_runs: job.whole,
            none_selected_saved_us: microseconds(job.whole_saved),
        }
    }
}

impl<'a> FallbackDocument<'a> {
    fn of(fallback: &'a Fallback) -> FallbackDocument<'a> {
        FallbackDocument {
            cause: &fallback.cause,
            runs: fallback.runs,
            times: fallback.times,
            took_us: microseconds(fallback.took),
            newest_run: fallback.newest.to_string(),
        }
    }
}

impl<'a> MissDocument<'a> {
    fn of(TestRun { run, test, result }: &'a TestRun) -> MissDocument<'a> {
        let TestName { suite, name } = test;
        MissDocument {
            suite,
            test: name,
            job: run.job.as_str(),
            branch: run.branch.as_deref(),
            commit: run.commit.as_ref().map(|commit| commit.as_str()),
            run: run.id.to_string(),
            at_ms: run.at().0,
            reason: result.reason.as_deref(),
            note: result.note.as_deref(),
        }
    }
}

impl<'a> TestDocument<'a> {
    fn of(TestTotals { job, test, sums }: &'a TestTotals) -> TestDocument<'a> {
        TestDocument {
            job: job.as_str(),
            suite: &test.suite,
            test: &test.name,
            results: sums.results,
            selected: sums.selected,
            ran: sums.ran,
            flaky: sums.flaky,
            failed: sums.failed,
            missed: sums.missed,
            took_us: microseconds(sums.took),
            mean_us: sums.mean().map(microseconds),
        }
    }
}

impl<'a> IndexDocument<'a> {
    fn of(JobIndex { job, told }: &'a JobIndex) -> IndexDocument<'a> {
        let index = told.as_ref().ok().map(|index| {
            let Coverage { tests, provable, time, provable_time, units, wide_units, files, .. } =
                index.coverage;
            let coverage = &index.coverage;
            FoundDocument {
                commit: index.commit.as_ref().map(|commit| commit.as_str()),
                found: &index.found,
                recorded_at_ms: index.recorded_at.map(|at| at.0),
                bytes: index.bytes,
                tests,
                provable,
                tests_us: microseconds(time),
                provable_us: microseconds(provable_time),
                problems: coverage.problems.iter().map(|(problem, n)| (problem.name(), *n)).collect(),
                outcomes: coverage.outcomes.iter().map(|(outcome, n)| (outcome.name(), *n)).collect(),
                always_run: coverage
                    .unproven
                    .iter()
                    .map(|test| UnprovenDocument {
                        suite: &test.test.suite,
                        test: &test.test.name,
                        outcome: test.outcome.name(),
                        problems: test.health.problems().map(|problem| problem.name()).collect(),
                        duration_us: microseconds(test.duration),
                    })
                    .collect(),
                units,
                wide_units,
                hub_units: coverage.hub_units.iter().map(HubDocument::of).collect(),
                files,
                hub_files: coverage.hub_files.iter().map(HubDocument::of).collect(),
            }
        });
        IndexDocument { job: job.as_str(), missing: told.as_ref().err().map(String::as_str), index }
    }
}

impl<'a> HubDocument<'a> {
    fn of(hub: &'a Hub) -> HubDocument<'a> {
        HubDocument {
            path: hub.path.as_str(),
            unit: Some(&*hub.unit).filter(|unit| !unit.is_empty()),
            lines: hub.lines.map(|lines| [lines.start, lines.end]),
            tests: hub.tests,
        }
    }
}

impl UnknownDocument {
    fn of(unknowns: &Unknowns, facts: &Facts) -> UnknownDocument {
        UnknownDocument {
            unevaluated_runs: unknowns.unevaluated,
            branch_runs: unknowns.branch,
            commit_runs: unknowns.commit,
            distance_runs: unknowns.distance,
            unchosen_runs: unknowns.unchosen,
            untimed_runs: unknowns.untimed,
            ahead_runs: unknowns.ahead,
            empty_days: unknowns.empty_days,
            longest_gap: unknowns.longest_gap.map(days),
            days_before: unknowns.days_before,
            forgotten_before: facts.forgotten.map(|day| day.to_string()),
            jobs_without_look: facts.more_jobs,
        }
    }
}
