//! What every history keeps to, and what the one in a file does beyond that.

use std::time::Duration;

use proptest::prelude::*;
use skiptrace_engine::history::testing::any_record;
use skiptrace_engine::history::{
    Added, By, Day, Decision, History, HistoryError, Pruned, Retention, Run, RunFilter, RunId, RunRecord,
    TestName, TestResult,
};
use skiptrace_engine::record::Outcome;
use skiptrace_engine::time::Timestamp;
use tempfile::TempDir;

use super::{MemoryHistory, SqliteHistory};

const DAY: u64 = 86_400_000;

/// A run with two tests, which began so many milliseconds after 1970.
fn record(at: u64, job: &str, branch: &str) -> RunRecord {
    let mut run = Run::new(RunId::new(Timestamp(at), at), "run", job.parse().unwrap());
    run.branch = Some(branch.into());
    run.counts.known = 2;
    run.fallbacks.insert("no-index".into(), 1);
    let result = TestResult {
        outcome: Some(Outcome::Passed),
        duration: Duration::from_micros(at),
        decision: Decision::Run,
        reason: Some("executed".into()),
        is_missed: false,
        note: None,
    };
    let tests = ["a", "b"].map(|name| (TestName::new("suite", name), result.clone()));
    RunRecord { run, tests: tests.into() }
}

fn in_file() -> (TempDir, SqliteHistory) {
    let folder = tempfile::tempdir().unwrap();
    let history = SqliteHistory::open(&folder.path().join("below/history.sqlite")).unwrap();
    (folder, history)
}

fn filters() -> Vec<RunFilter> {
    let all = RunFilter::default();
    vec![
        all.clone(),
        RunFilter { since: Some(Timestamp(1_767_400_000_000)), ..all.clone() },
        RunFilter { job: Some("unit".parse().unwrap()), ..all.clone() },
        RunFilter { branch: Some("main".into()), limit: Some(2), ..all.clone() },
        RunFilter { branch: Some("nobody's".into()), ..all.clone() },
        RunFilter { limit: Some(0), ..all },
    ]
}

/// Everything that can be asked of a history.
fn answers(history: &dyn History, ids: &[RunId]) -> impl PartialEq + std::fmt::Debug + use<> {
    let mut names: Vec<TestName> = Vec::new();
    let records: Vec<_> = ids.iter().map(|id| history.run(*id).unwrap()).collect();
    names.extend(records.iter().flatten().flat_map(|record| record.tests.keys().cloned()));
    let of_filter = |filter: &RunFilter| {
        let trends = [By::Day, By::Branch, By::Job].map(|by| history.trend(by, filter).unwrap());
        let results: Vec<_> = names
            .iter()
            .flat_map(|test| [(Some(&*test.suite), &test.name), (None, &test.name)])
            .map(|(suite, name)| history.results(suite, name, filter).unwrap())
            .collect();
        let ranks = [0, 2, 100].map(|limit| history.ranking(filter, limit).unwrap());
        (history.runs(filter).unwrap(), trends, results, ranks, history.misses(filter).unwrap())
    };
    let of_filters: Vec<_> = filters().iter().map(of_filter).collect();
    let like = ["", "2026010", "0", "%", "_", "-", "Z-"].map(|text| history.like(text, 3).unwrap());
    (records, of_filters, history.missing(ids).unwrap(), like, history.horizon().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// The one in a file answers as the plain one does, whatever was added and forgotten.
    #[test]
    fn a_file_is_as_memory(
        first in prop::collection::vec(any_record(), 0..6),
        second in prop::collection::vec(any_record(), 0..6),
        again in any::<bool>(),
        runs in prop::option::of(0..8u64),
        since in prop::option::of(1_767_225_600_000..1_767_657_600_000u64),
    ) {
        let (_folder, file) = in_file();
        let memory = MemoryHistory::new();
        let both = |act: &dyn Fn(&dyn History) -> String| (act(&file), act(&memory));
        let ids: Vec<RunId> = first.iter().chain(&second).map(|record| record.run.id).collect();
        let check = || {
            let (file, memory) = (answers(&file, &ids), answers(&memory, &ids));
            prop_assert_eq!(file, memory);
            Ok(())
        };
        for runs in [&first, &second, if again { &first } else { &second }] {
            let (file, memory) = both(&|history| format!("{:?}", history.add(runs)));
            prop_assert_eq!(file, memory);
        }
        check()?;
        let retention = Retention { since: since.map(Timestamp), runs };
        let (file_did, memory_did) = both(&|history| format!("{:?}", history.prune(&retention)));
        prop_assert_eq!(file_did, memory_did);
        check()?;
        let _ = both(&|history| format!("{:?}", history.add(&first)));
        check()?;
    }
}

/// Makes a test of each law for each history.
macro_rules! laws {
    ($($law:ident)*) => {$(
        mod $law {
            #[test]
            fn in_memory() {
                super::$law(&super::MemoryHistory::new());
            }
            #[test]
            fn in_file() {
                let (_folder, history) = super::in_file();
                super::$law(&history);
            }
        }
    )*};
}

laws! { the_same_run_twice_is_one bounds_are_kept days_that_were_fetched_only_grow }

fn the_same_run_twice_is_one(history: &dyn History) {
    let run = record(DAY, "unit", "main");
    assert_eq!(history.add(&[run.clone(), run.clone()]).unwrap(), Added { runs: 1, results: 2 });
    let mut other = run.clone();
    other.run.job = "e2e".parse().unwrap();
    assert_eq!(history.add(&[other]).unwrap(), Added::default());
    assert_eq!(history.run(run.run.id).unwrap(), Some(run));
}

fn bounds_are_kept(history: &dyn History) {
    let runs: Vec<_> = (0..10).map(|day| record(day * DAY, "unit", "main")).collect();
    history.add(&runs).unwrap();
    let prune =
        |since: Option<u64>, runs| history.prune(&Retention { since: since.map(Timestamp), runs }).unwrap();
    assert_eq!(prune(None, None), Pruned { runs: 0, left: 10 });
    assert_eq!(history.horizon().unwrap(), None);
    assert_eq!(prune(Some(2 * DAY), Some(100)), Pruned { runs: 2, left: 8 });
    assert_eq!(history.horizon().unwrap(), Some(RunId::first_at(Timestamp(2 * DAY))));
    assert_eq!(prune(Some(DAY), Some(3)), Pruned { runs: 5, left: 3 });
    // What was forgotten can be told from what was never there.
    assert!(history.horizon().unwrap().unwrap() > runs[6].run.id);
    assert!(history.horizon().unwrap().unwrap() <= runs[7].run.id);
    assert_eq!(prune(None, Some(0)), Pruned { runs: 3, left: 0 });
    assert_eq!(history.trend(By::Day, &RunFilter::default()).unwrap(), []);
}

fn days_that_were_fetched_only_grow(history: &dyn History) {
    let [early, late] = [3, 7].map(|number| Day::from_number(number).unwrap());
    assert_eq!(history.fetched_until("s3://a").unwrap(), None);
    for day in [early, late, early] {
        history.set_fetched_until("s3://a", day).unwrap();
    }
    assert_eq!(history.fetched_until("s3://a").unwrap(), Some(late));
    assert_eq!(history.fetched_until("s3://b").unwrap(), None);
}

#[test]
fn a_file_keeps_what_was_written_and_shrinks_when_it_is_forgotten() {
    let (_folder, history) = in_file();
    let runs: Vec<_> = (0..3000).map(|n| record(n * 1000, "unit", &format!("branch {n}"))).collect();
    history.add(&runs).unwrap();
    let path = history.path().to_owned();
    drop(history);
    let history = SqliteHistory::open_existing(&path).unwrap().unwrap();
    assert_eq!(history.runs(&RunFilter::default()).unwrap().len(), 3000);
    // What was written last is in the log still.
    let log = path.with_file_name("history.sqlite-wal");
    let size =
        || [&path, &log].iter().map(|path| path.metadata().map_or(0, |about| about.len())).sum::<u64>();
    let before = size();
    assert_eq!(history.prune(&Retention { since: None, runs: Some(10) }).unwrap().runs, 2990);
    assert!(size() < before / 4, "{} of {before} bytes are left", size());
    let count = |table: &str| -> u64 {
        let count = format!("SELECT count(*) FROM {table}");
        history.connection().query_row(&count, [], |row| row.get(0)).unwrap()
    };
    // Two tests and their suite, a job, a command, a cause, a reason, ten branches.
    assert_eq!((count("result"), count("test"), count("fallback"), count("text")), (20, 2, 10, 15));
    let plan: String = history
        .connection()
        .query_row("EXPLAIN QUERY PLAN SELECT run FROM result WHERE test = 1", [], |row| row.get(3))
        .unwrap();
    assert!(plan.contains("result_by_test"), "{plan}");
}

#[test]
fn there_is_no_file_until_something_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    assert!(SqliteHistory::open_existing(&path).unwrap().is_none());
    assert!(!path.exists());
    // A process that ended right after making it leaves this.
    std::fs::write(&path, "").unwrap();
    let history = SqliteHistory::open_existing(&path).unwrap().unwrap();
    assert_eq!(history.add(&[record(1, "unit", "main")]).unwrap().runs, 1);
}

#[test]
fn several_writers_and_openers_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let n_writers = 8;
    std::thread::scope(|scope| {
        for writer in 0..n_writers {
            let path = &path;
            scope.spawn(move || {
                // Each opens the file anew, as processes do; half of the runs are written by all of them.
                for n in 0..20 {
                    let history = SqliteHistory::open(path).unwrap();
                    let own = record(1_000_000 * (writer + 1) + n, "unit", "main");
                    history.add(&[own, record(n, "unit", "shared")]).unwrap();
                    if n % 7 == 0 {
                        history.prune(&Retention { since: None, runs: Some(10_000) }).unwrap();
                    }
                }
            });
        }
    });
    let history = SqliteHistory::open(&path).unwrap();
    let trends = history.trend(By::Branch, &RunFilter::default()).unwrap();
    let runs: Vec<_> = trends.iter().map(|trend| (&*trend.key, trend.totals.runs)).collect();
    assert_eq!(runs, [("main", 20 * n_writers), ("shared", 20)]);
    for run in history.runs(&RunFilter::default()).unwrap() {
        assert_eq!(history.run(run.id).unwrap().unwrap().tests.len(), 2, "{}", run.id);
    }
}

#[test]
fn a_writer_that_waits_in_vain_says_so_and_readers_do_not_wait() {
    let (_folder, history) = in_file();
    history.add(&[record(1, "unit", "main")]).unwrap();
    let patient = SqliteHistory::open_waiting(history.path(), Duration::from_millis(50)).unwrap();
    history.connection().execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(patient.add(&[record(2, "unit", "main")]), Err(HistoryError::Busy { .. })));
    assert_eq!(patient.runs(&RunFilter::default()).unwrap().len(), 1);
    history.connection().execute_batch("ROLLBACK").unwrap();
    assert_eq!(patient.add(&[record(2, "unit", "main")]).unwrap().runs, 1);
}

/// Opens a file and returns the error; the file stays as it is.
fn refused(path: &std::path::Path) -> HistoryError {
    let before = std::fs::read(path).unwrap();
    let opened = SqliteHistory::open(path);
    let error = opened.and_then(|history| history.runs(&RunFilter::default())).unwrap_err();
    assert_eq!(std::fs::read(path).unwrap(), before);
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    error
}

#[test]
fn what_cannot_be_read_is_refused_and_kept() {
    let (folder, history) = in_file();
    history.add(&(0..200).map(|n| record(n, "unit", "main")).collect::<Vec<_>>()).unwrap();
    let path = history.path().to_owned();
    drop(history);
    // Whoever closes it in the usual way leaves no log.
    rusqlite::Connection::open(&path).unwrap().execute_batch("SELECT count(*) FROM run").unwrap();
    let good = std::fs::read(&path).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let check_damaged = |name: &str, bytes: &[u8]| {
        let error = refused(&write(name, bytes));
        assert!(matches!(error, HistoryError::Damaged { .. }), "{name}: {error:?}");
        assert!(error.hint().unwrap().contains("history pull --all"));
    };
    check_damaged("text", b"this is no database, and was none at any time");
    check_damaged("head", &[&[0; 100], &good[100..]].concat());
    let mut middle = good.clone();
    middle[4096..].fill(0xee);
    check_damaged("middle", &middle);
    check_damaged("cut", &good[..good.len() / 2]);

    let newer = write("newer", &good);
    rusqlite::Connection::open(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(refused(&newer), HistoryError::TooNew { found: 99, .. }));
    let foreign = folder.path().join("foreign");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
    assert!(matches!(refused(&foreign), HistoryError::Foreign { .. }));
}
