//! Fills a history with a year of a fleet and tells what it takes, and how long answers do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Parser;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde::Serialize;
use skiptrace_backends::history::SqliteHistory;
use skiptrace_engine::history::{
    By, Counts, Decision, History, IndexUsed, Ranking, Retention, Run, RunFilter, RunId, RunRecord, TestName,
    TestResult, lines, object,
};
use skiptrace_engine::record::Outcome;
use skiptrace_engine::time::Timestamp;

/// Fill a history with a year of a fleet and tell what it takes
#[derive(Parser)]
struct Args {
    /// How many runs there are in the year
    #[arg(long, default_value_t = 10_000)]
    runs: u64,
    /// How many results they have in all
    #[arg(long, default_value_t = 1_000_000)]
    results: u64,
    /// How many jobs there are
    #[arg(long, default_value_t = 20)]
    jobs: u64,
    /// How many tests each job has
    #[arg(long, default_value_t = 1000)]
    tests: u64,
    /// How many branches there are besides `main`
    #[arg(long, default_value_t = 2000)]
    branches: u64,
    /// How often each question is asked
    #[arg(long, default_value_t = 21)]
    times: usize,
    /// The folder for the file; a temporary one unless given
    #[arg(long)]
    work: Option<PathBuf>,
    /// Forget nothing in the end, so that the file can be asked for more
    #[arg(long)]
    keep: bool,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// The first of January 2026.
const START: u64 = 1_767_225_600_000;
const YEAR: u64 = 365 * 86_400_000;
/// How many runs are written in one transaction.
const BATCH: usize = 100;

#[derive(Serialize, Default)]
struct Report {
    runs: u64,
    results: u64,
    /// Of the database.
    bytes: u64,
    bytes_per_result: f64,
    /// Of the same runs as lines, and as objects in a store.
    lines_bytes: u64,
    objects_bytes: u64,
    fill_seconds: f64,
    questions: Vec<Question>,
    prune_seconds: Option<f64>,
    bytes_after_pruning_half: Option<u64>,
}

#[derive(Serialize)]
struct Question {
    question: &'static str,
    rows: usize,
    median_ms: f64,
    slowest_ms: f64,
}

fn main() {
    let args = Args::parse();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = args.work.clone().unwrap_or_else(|| folder.path().to_owned());
    let path = folder.join("history.sqlite");
    assert!(!path.exists(), "`{}` is there already", path.display());
    let mut report = fill(&args, &path);
    report.questions = ask(&args, &path);
    if !args.keep {
        let history = SqliteHistory::open(&path).expect("it was just written");
        let ((), took) = timed(|| {
            let half = Retention { since: Some(Timestamp(START + YEAR / 2)), runs: None };
            history.prune(&half).expect("it was just written");
        });
        report.prune_seconds = Some(took.as_secs_f64());
        drop(history);
        report.bytes_after_pruning_half = Some(size(&path));
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report).expect("all of it can be written as JSON"));
    } else {
        print(&report);
    }
}

/// Writes a year of runs.
fn fill(args: &Args, path: &Path) -> Report {
    let mut draw = SmallRng::seed_from_u64(1);
    let history = SqliteHistory::open(path).expect("the folder can be written to");
    let mut report = Report::default();
    let mut batch = Vec::new();
    let mut took = Duration::ZERO;
    for number in 0..args.runs {
        let record = run(args, number, &mut draw);
        report.results += record.tests.len() as u64;
        // Every tenth is enough to know how large they are.
        if number % 10 == 0 {
            report.lines_bytes += 10 * lines::encode(&record).len() as u64;
            report.objects_bytes += 10 * object::pack(&record).len() as u64;
        }
        batch.push(record);
        if batch.len() == BATCH || number + 1 == args.runs {
            let (added, step) = timed(|| history.add(&batch).expect("nobody else writes"));
            report.runs += added.runs;
            took += step;
            batch.clear();
        }
    }
    drop(history);
    report.fill_seconds = took.as_secs_f64();
    report.bytes = size(path);
    report.bytes_per_result = report.bytes as f64 / report.results as f64;
    report
}

/// Draws a run: a share of its job's tests, most of which would have been skipped.
fn run(args: &Args, number: u64, draw: &mut SmallRng) -> RunRecord {
    let at = START + number * (YEAR / args.runs.max(1)) + draw.random_range(0..60_000);
    let job = draw.random_range(0..args.jobs);
    let mut run = Run::new(
        RunId::new(Timestamp(at), draw.random()),
        "evaluate",
        format!("job-{job}").parse().expect("a name"),
    );
    let commit = |draw: &mut SmallRng| {
        let id =
            format!("{:016x}{:016x}{:08x}", draw.random::<u64>(), draw.random::<u64>(), draw.random::<u32>());
        id.parse().expect("forty digits")
    };
    run.commit = Some(commit(draw));
    run.branch = Some(match draw.random_bool(0.3) {
        true => "main".into(),
        false => format!("change/{}", draw.random_range(0..args.branches.max(1))).into(),
    });
    run.index = IndexUsed {
        commit: Some(commit(draw)),
        distance: Some(draw.random_range(0..30)),
        bytes: Some(draw.random_range(1_000_000..60_000_000)),
    };
    let n_results = args.results / args.runs.max(1);
    let reasons = ["executed", "named", "compiled", "opened", "unseen", "failed"];
    let mut tests = BTreeMap::new();
    while (tests.len() as u64) < n_results.min(args.tests) {
        let test = draw.random_range(0..args.tests);
        let name = TestName::new(
            format!("crate-{}::suite-{}", job, test % 50),
            format!("module_{}::subject_{}::does_what_it_should_{test}", test % 97, test % 13),
        );
        let decision = if draw.random_bool(0.2) { Decision::Run } else { Decision::WouldSkip };
        let outcome = if draw.random_bool(0.004) { Outcome::Failed } else { Outcome::Passed };
        let result = TestResult {
            outcome: Some(outcome),
            duration: Duration::from_micros(draw.random_range(200..2_000_000)),
            decision,
            reason: (decision == Decision::Run).then(|| (*reasons.choose(draw).expect("some")).into()),
            is_missed: false,
            note: None,
        };
        let time = if decision == Decision::Run { &mut run.took } else { &mut run.saved };
        *time += result.duration;
        run.counts.failed += u64::from(outcome == Outcome::Failed);
        tests.insert(name, result);
    }
    let selected = tests.values().filter(|result| result.decision == Decision::Run).count() as u64;
    let skipped = args.tests - selected;
    run.counts = Counts { known: args.tests, selected, skipped, ..run.counts };
    run.misses = Some(0);
    if draw.random_bool(0.02) {
        run.fallbacks.insert("no-index".into(), 1);
    }
    run.overheads.insert("select".into(), Duration::from_micros(draw.random_range(10_000..500_000)));
    RunRecord { run, tests }
}

/// Asks what the command line asks, each time of a file that was just opened.
fn ask(args: &Args, path: &Path) -> Vec<Question> {
    let all = RunFilter::default();
    let month = RunFilter { since: Some(Timestamp(START + YEAR - 30 * 86_400_000)), ..all.clone() };
    let newest = RunFilter { limit: Some(20), ..all.clone() };
    let history = SqliteHistory::open(path).expect("it was just written");
    let run = history.runs(&newest).expect("it was just written")[0].clone();
    let of_branch = RunFilter { branch: run.branch.clone(), ..newest.clone() };
    let of_job = RunFilter { job: Some(run.job.clone()), ..all.clone() };
    let test = history.run(run.id).expect("it was just written").expect("it is there").tests;
    let test = test.keys().next().expect("it has tests").clone();
    let id = run.id.to_string();
    drop(history);

    let mut questions = Vec::new();
    let mut question = |question, ask: &dyn Fn(&SqliteHistory) -> usize| {
        let once = || timed(|| ask(&SqliteHistory::open(path).expect("it was just written")));
        let mut took = Vec::new();
        let mut rows = 0;
        for _ in 0..args.times.max(1) {
            let (n, step) = once();
            rows = n;
            took.push(step.as_secs_f64() * 1000.0);
        }
        took.sort_by(f64::total_cmp);
        let (median_ms, slowest_ms) = (took[took.len() / 2], took[took.len() - 1]);
        questions.push(Question { question, rows, median_ms, slowest_ms });
    };
    let of = "it was just written";
    question("open", &|_| 0);
    question("trend by day, the year", &|history| history.trend(By::Day, &all).expect(of).len());
    question("trend by day, 30 days", &|history| history.trend(By::Day, &month).expect(of).len());
    question("trend by day, one job", &|history| history.trend(By::Day, &of_job).expect(of).len());
    question("trend by branch, the year", &|history| history.trend(By::Branch, &all).expect(of).len());
    question("trend by job, the year", &|history| history.trend(By::Job, &all).expect(of).len());
    question("list, the newest 20", &|history| history.runs(&newest).expect(of).len());
    question("list, 20 of a branch", &|history| history.runs(&of_branch).expect(of).len());
    question("show a run", &|history| {
        let id = history.like(&id, 2).expect(of)[0];
        history.run(id).expect(of).expect("it is there").tests.len()
    });
    question("show a test, 20 results", &|history| {
        history.results(Some(&test.suite), &test.name, &newest).expect(of).len()
    });
    question("tests ranked, the year", &|history| ranked(history.ranking(&all, 20).expect(of)));
    question("tests ranked, 30 days", &|history| ranked(history.ranking(&month, 20).expect(of)));
    question("misses, the newest 20", &|history| history.misses(&newest).expect(of).len());
    question("report: its runs, the year", &|history| {
        let runs = history.runs(&all).expect(of);
        skiptrace_engine::report::Report::of(&runs, None, Timestamp(START + YEAR)).bins.len()
    });
    questions
}

fn ranked(ranking: Ranking) -> usize {
    ranking.slowest.first.len() + ranking.most_selected.first.len() + ranking.most_failed.first.len()
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    (work(), start.elapsed())
}

/// Returns how large the file is, and what of it is still in its log.
fn size(path: &Path) -> u64 {
    let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    bytes(path) + bytes(&path.with_extension("sqlite-wal"))
}

fn print(report: &Report) {
    let mb = |bytes: u64| bytes as f64 / 1e6;
    println!("{} runs, {} results", report.runs, report.results);
    println!("  database {:.1} MB, {:.1} bytes a result", mb(report.bytes), report.bytes_per_result);
    println!("  as lines {:.1} MB, as objects {:.1} MB", mb(report.lines_bytes), mb(report.objects_bytes));
    println!("  filled in {:.1} s", report.fill_seconds);
    println!("  {:<28}{:>8}{:>12}{:>12}", "question", "rows", "median ms", "slowest ms");
    for Question { question, rows, median_ms, slowest_ms } in &report.questions {
        println!("  {question:<28}{rows:>8}{median_ms:>12.2}{slowest_ms:>12.2}");
    }
    if let (Some(seconds), Some(bytes)) = (report.prune_seconds, report.bytes_after_pruning_half) {
        println!("  half of it forgotten in {seconds:.1} s, {:.1} MB left", mb(bytes));
    }
}
