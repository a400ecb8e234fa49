//! `skiptrace history`.

use insta::assert_snapshot;
use skiptrace_tests::Sandbox;

use crate::sandbox;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// Three runs: one that missed a failure, one of which nobody knows whether it did, one that fell back.
fn lines() -> String {
    let run = |rest: &str| format!("{{\"schema\":\"skiptrace/history-run@1\",\"line\":\"run\",{rest}}}\n");
    let test = |rest: &str| format!("{{\"line\":\"test\",{rest}}}\n");
    [
        run(&format!(
            r#""run":"20251231T090000000Z-00000000000a","job":"unit","branch":"main","command":"evaluate","commit":"{COMMIT}",
            "index_commit":"{COMMIT}","index_distance":3,"index_bytes":2048,"known":10,"selected":2,"skipped":8,"failed":2,
            "saved_us":8000000,"took_us":2000000,"misses":1,"overheads_us":{{"select":500000}}"#
        )
        .replace('\n', "")),
        test(r#""suite":"api","test":"login","outcome":"failed","duration_us":1500000,"decision":"run","reason":"executed""#),
        test(r#""suite":"api","test":"logout","outcome":"failed","duration_us":500000,"decision":"would-skip","missed":true"#),
        test(r#""suite":"api","test":"help","outcome":"passed","duration_us":1000,"decision":"would-skip""#),
        run(r#""run":"20260101T100000000Z-00000000000b","job":"unit","branch":"dev","known":10,"selected":1,"skipped":9,
            "saved_us":9000000,"took_us":1000000"#)
            .replace("\n            ", "")
            .as_str()
            .to_owned(),
        test(r#""suite":"api","test":"login","outcome":"passed","duration_us":1400000,"decision":"run","reason":"unseen""#),
        test(r#""suite":"api","test":"help","decision":"skip""#),
        run(r#""run":"20260102T030000000Z-00000000000c","job":"e2e","branch":"main","known":4,"selected":4,"took_us":60000000,"misses":0,"fallbacks":{"no-index":1}"#),
    ]
    .concat()
}

fn imported() -> Sandbox {
    let sandbox = sandbox();
    sandbox.repo();
    sandbox.write("runs.jsonl", &lines());
    let _ = sandbox.skiptrace(["history", "import", "runs.jsonl"]).success();
    sandbox
}

#[test]
fn runs_are_imported_listed_and_shown() {
    let sandbox = imported();
    let run = |args: &[&str]| sandbox.skiptrace([&["history"], args].concat());
    // The same again is nothing new.
    assert_snapshot!(run(&["import", "runs.jsonl"]).success().snapshot(), @"
    exit code: 0
    --- stderr ---
    imported 0 runs with 0 results into `$DIR/work/.git/skiptrace/history.sqlite`; 3 runs known already
    ");
    assert_snapshot!(run(&["list"]).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    RUN                               BEGAN      JOB   BRANCH  COMMIT        SELECTED  SKIPPED  FAILED  SAVED  MISSES
    20260102T030000000Z-00000000000c  4 min ago  e2e   main                         4        0       0   0 ms       0
    20260101T100000000Z-00000000000b  17 h ago   unit  dev                          1        9       0    9 s       ?
    20251231T090000000Z-00000000000a  42 h ago   unit  main    0123456789ab         2        8       2    8 s       1
    ");
    assert_snapshot!(run(&["list", "--branch", "main", "--since", "1d", "--limit", "1", "--json"]).success().snapshot(), @r#"
    exit code: 0
    --- stdout ---
    {"schema":"skiptrace/history-list@1","runs":[{"run":"20260102T030000000Z-00000000000c","at_ms":1767322800000,"command":"","job":"e2e","branch":"main","commit":null,"index_commit":null,"index_distance":null,"index_bytes":null,"known":4,"selected":4,"skipped":0,"failed":0,"saved_us":0,"took_us":60000000,"misses":0,"skippable":null,"checked":null,"fallbacks":{"no-index":1},"overheads_us":{}}]}
    "#);
    assert_snapshot!(run(&["show", "20251231"]).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    run        20251231T090000000Z-00000000000a
    began      2025-12-31 09:00:00 UTC
    command    evaluate
    job        unit
    branch     main
    commit     $COMMIT
    index      0123456789ab, 3 commits back, 2 KiB
    tests      10 known, 2 selected, 8 skipped, 2 failed
    time       8 s saved, 2 s run
    misses     1
    overheads  select 500 ms

    TEST         OUTCOME    TIME  DECISION            REASON
    api::login   failed    1.5 s  run                 executed
    api::logout  failed   500 ms  would-skip: MISSED
    ");
    assert_snapshot!(run(&["show", "00000000000b", "--tests"]).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    run     20260101T100000000Z-00000000000b
    began   2026-01-01 10:00:00 UTC
    job     unit
    branch  dev
    tests   10 known, 1 selected, 9 skipped, 0 failed
    time    9 s saved, 1 s run
    misses  nobody looked

    TEST        OUTCOME   TIME  DECISION  REASON
    api::help   -         0 ms  skip
    api::login  passed   1.4 s  run       unseen
    ");
    assert_snapshot!(run(&["show", "20260102", "--json"]).success().snapshot(), @r#"
    exit code: 0
    --- stdout ---
    {"schema":"skiptrace/history-show@1","run":"20260102T030000000Z-00000000000c","at_ms":1767322800000,"command":"","job":"e2e","branch":"main","commit":null,"index_commit":null,"index_distance":null,"index_bytes":null,"known":4,"selected":4,"skipped":0,"failed":0,"saved_us":0,"took_us":60000000,"misses":0,"skippable":null,"checked":null,"fallbacks":{"no-index":1},"overheads_us":{},"tests":[]}
    "#);
    assert_snapshot!(run(&["show", "--test", "login"]).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    RUN                               BEGAN     JOB   BRANCH  TEST        OUTCOME   TIME  DECISION  REASON
    20260101T100000000Z-00000000000b  17 h ago  unit  dev     api::login  passed   1.4 s  run       unseen
    20251231T090000000Z-00000000000a  42 h ago  unit  main    api::login  failed   1.5 s  run       executed
    ");
    assert_snapshot!(run(&["show", "2026"]).code(2).snapshot(), @"
    exit code: 2
    --- stderr ---
    error: there are several runs that begin with `2026`
    hint: the newest of them is `20260102T030000000Z-00000000000c`
    ");
    assert_snapshot!(run(&["show", "1999"]).code(2).snapshot(), @"
    exit code: 2
    --- stderr ---
    error: there is no run `1999` in the history
    hint: `skiptrace history list` shows the newest
    ");
    assert_snapshot!(run(&["show", "--test", "nobody"]).code(2).snapshot(), @"
    exit code: 2
    --- stderr ---
    error: there is no result of a test `nobody` in the history
    hint: tests have the names that `skiptrace history show RUN --tests` lists
    ");
}

#[test]
fn trends_are_by_day_branch_and_job() {
    let sandbox = imported();
    let trend = |args: &[&str]| sandbox.skiptrace([&["history", "trend"], args].concat()).success().stdout();
    assert_snapshot!(trend(&[]), @"
    DAY         RUNS  SELECTED  SKIPPED  OF TESTS  SAVED  OF TIME  OVERHEAD  FAILED  FELL BACK  MISSES
    2025-12-31     1         2        8    80.0 %    8 s   75.0 %    500 ms       2          0  1
    2026-01-01     1         1        9    90.0 %    9 s   90.0 %      0 ms       0          0  nobody looked
    2026-01-02     1         4        0     0.0 %   0 ms    0.0 %      0 ms       0          1  0
    ");
    assert_snapshot!(trend(&["--by", "branch", "--since", "2d"]), @"
    BRANCH  RUNS  SELECTED  SKIPPED  OF TESTS  SAVED  OF TIME  OVERHEAD  FAILED  FELL BACK  MISSES
    dev        1         1        9    90.0 %    9 s   90.0 %      0 ms       0          0  nobody looked
    main       2         6        8    57.1 %    8 s   10.7 %    500 ms       2          1  1
    ");
    assert_snapshot!(trend(&["--by", "job", "--branch", "main"]), @"
    JOB   RUNS  SELECTED  SKIPPED  OF TESTS  SAVED  OF TIME  OVERHEAD  FAILED  FELL BACK  MISSES
    e2e      1         4        0     0.0 %   0 ms    0.0 %      0 ms       0          1  0
    unit     1         2        8    80.0 %    8 s   75.0 %    500 ms       2          0  1
    ");
    assert_snapshot!(trend(&["--by", "job", "--job", "e2e", "--json"]), @r#"{"schema":"skiptrace/history-trend@1","by":"job","trends":[{"key":"e2e","runs":1,"evaluated":1,"fell_back":1,"known":4,"selected":4,"skipped":0,"failed":0,"misses":0,"skippable":0,"checked":0,"refuted":0,"saved_us":0,"took_us":60000000,"overhead_us":0,"skipped_share":0.0,"saved_share":0.0}]}"#);
    let wrong = sandbox.skiptrace(["history", "trend", "--since", "soon"]);
    assert_snapshot!(wrong.code(2).stderr(), @"error: `--since` expects a span such as `30d`, `12h` or `90min`, found `soon`");
}

/// All that can be asked of a history, but for where it is.
fn all_answers(sandbox: &Sandbox, database: &str) -> Vec<String> {
    let path = format!("history.path={database}");
    let ask = |args: &[&str]| {
        sandbox.skiptrace([&["history", "--json", "--config", &path], args].concat()).success().stdout()
    };
    vec![
        ask(&["list"]),
        ask(&["show", "20251231"]),
        ask(&["show", "20260101"]),
        ask(&["show", "20260102"]),
        ask(&["trend", "--by", "branch"]),
    ]
}

#[test]
fn what_one_machine_publishes_another_pulls() {
    let sandbox = sandbox();
    sandbox.write("runs.jsonl", &lines());
    let run = |database: &str, args: &[&str]| {
        let path = format!("history.path={database}");
        sandbox.skiptrace([&["history", "--store", "fleet", "--config", &path], args].concat())
    };
    assert_snapshot!(run("a.sqlite", &["import", "runs.jsonl", "--publish"]).success().snapshot(), @"
    exit code: 0
    --- stderr ---
    imported 3 runs with 5 results into `$DIR/work/a.sqlite`
    wrote 3 runs to `$DIR/work/fleet`
    ");
    let keys = sandbox.skiptrace(["index", "list", "--keys", "--store", "fleet"]).success().stdout();
    let keys: Vec<&str> = keys.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_snapshot!(keys.join("\n"), @"
    skiptrace/v1/history/2025-12-31/20251231T090000000Z-00000000000a.jsonl.zst
    skiptrace/v1/history/2026-01-01/20260101T100000000Z-00000000000b.jsonl.zst
    skiptrace/v1/history/2026-01-02/20260102T030000000Z-00000000000c.jsonl.zst
    ");
    assert_snapshot!(run("b.sqlite", &["pull"]).success().snapshot(), @"
    exit code: 0
    --- stderr ---
    fetched 3 runs with 5 results (1 KiB) from `$DIR/work/fleet`
    ");
    assert_eq!(all_answers(&sandbox, "b.sqlite"), all_answers(&sandbox, "a.sqlite"));
    assert_snapshot!(run("b.sqlite", &["pull", "--json"]).success().snapshot(), @r#"
    exit code: 0
    --- stdout ---
    {"schema":"skiptrace/history-pull@1","from":"$DIR/work/fleet","listed":3,"runs":0,"results":0,"bytes":0,"unreadable":0,"complete_before":"2025-12-31"}
    --- stderr ---
    fetched 0 runs with 0 results (0 B) from `$DIR/work/fleet`
    "#);

    // An object is a file like any other; one that was damaged is left out, the others are not.
    let object = format!("fleet/{}", keys[1]);
    assert_snapshot!(run("c.sqlite", &["import", &object]).success().snapshot(), @"
    exit code: 0
    --- stderr ---
    imported 1 run with 2 results into `$DIR/work/c.sqlite`
    ");
    let bytes = std::fs::read(sandbox.work().join(&object)).unwrap();
    std::fs::remove_file(sandbox.work().join(&object)).unwrap();
    std::fs::write(sandbox.work().join(&object), &bytes[..bytes.len() - 1]).unwrap();
    assert_snapshot!(run("d.sqlite", &["pull"]).success().snapshot(), @"
    exit code: 0
    --- stderr ---
    warning: `skiptrace/v1/history/2026-01-01/20260101T100000000Z-00000000000b.jsonl.zst` is left out: it cannot be read or unpacked: incomplete frame
    fetched 2 runs with 3 results (1 KiB) from `$DIR/work/fleet`
    ");
}

#[test]
fn what_was_forgotten_is_not_fetched_again() {
    let sandbox = sandbox();
    sandbox.repo();
    sandbox.write("runs.jsonl", &lines());
    let run = |args: &[&str]| sandbox.skiptrace([&["history", "--store", "fleet"], args].concat());
    let _ = run(&["import", "runs.jsonl", "--publish"]).success();
    assert_snapshot!(run(&["prune", "--keep-runs", "2"]).success().stderr(), @"forgot 1 run, 2 left in `$DIR/work/.git/skiptrace/history.sqlite`");
    assert_snapshot!(run(&["pull"]).success().stderr(), @"fetched 0 runs with 0 results (0 B) from `$DIR/work/fleet`");
    assert_snapshot!(run(&["prune", "--keep-days", "1", "--json"]).success().stdout(), @r#"{"schema":"skiptrace/history-prune@1","runs":0,"left":2}"#);
    assert_snapshot!(run(&["pull", "--all"]).success().stderr(), @"fetched 1 run with 3 results (424 B) from `$DIR/work/fleet`");
}

#[test]
fn processes_that_import_at_once_lose_nothing() {
    let sandbox = sandbox();
    let n_processes = 6;
    std::thread::scope(|scope| {
        for process in 0..n_processes {
            let sandbox = &sandbox;
            scope.spawn(move || {
                let run = |n: u32, of: u32| {
                    format!(
                        "{{\"schema\":\"skiptrace/history-run@1\",\"run\":\"20260101T000000{n:03}Z-{of:012x}\",\"job\":\"unit\"}}\n{}",
                        "{\"test\":\"a\",\"decision\":\"run\"}\n"
                    )
                };
                // One half is everybody's.
                let lines: String = (0..50).flat_map(|n| [run(n, process + 1), run(n, 0)]).collect();
                let name = format!("{process}.jsonl");
                sandbox.write(&name, &lines);
                let _ = sandbox.skiptrace(["history", "import", &name]).success();
            });
        }
    });
    let trend = sandbox.skiptrace(["history", "trend", "--json"]).success().stdout();
    let trend: serde_json::Value = serde_json::from_str(&trend).unwrap();
    assert_eq!(trend["trends"][0]["runs"], 50 * (n_processes + 1));
}

#[test]
fn files_that_cannot_be_read_are_refused_by_name_and_kept() {
    let sandbox = sandbox();
    sandbox.write("history.sqlite", "this is no database, and was none at any time");
    let list = ["history", "list", "--config", "history.path=history.sqlite"];
    assert_snapshot!(sandbox.skiptrace(list).code(9).snapshot(), @"
    exit code: 9
    --- stderr ---
    error: the history `$DIR/work/history.sqlite` is damaged: file is not a database
    hint: nothing was changed; move the file away (`mv $DIR/work/history.sqlite $DIR/work/history.sqlite.damaged`) to begin a new history, and `skiptrace history pull --all` brings back what is in the store
    ");
    assert_eq!(sandbox.read("history.sqlite"), "this is no database, and was none at any time");
    sandbox.write("bad.jsonl", &format!("{}{{\"test\":1}}\n", lines()));
    assert_snapshot!(sandbox.skiptrace(["history", "import", "bad.jsonl"]).code(2).snapshot(), @"
    exit code: 2
    --- stderr ---
    error: cannot import `bad.jsonl`
      caused by: line 9: invalid type: integer `1`, expected a string at line 1 column 9
    hint: what stands before that is in the history; the same file can be imported again
    ");
    sandbox.write("new.jsonl", "{\"schema\":\"skiptrace/history-run@2\"}\n");
    assert_snapshot!(sandbox.skiptrace(["history", "import", "new.jsonl"]).code(2).snapshot(), @"
    exit code: 2
    --- stderr ---
    error: cannot import `new.jsonl`
      caused by: line 1 has version 2 of its form, and this skiptrace reads up to 1
    hint: what stands before that is in the history; the same file can be imported again
    ");
    // What stood before the line that is wrong was taken.
    let list = sandbox.skiptrace(["history", "list", "--json"]).success().stdout();
    assert_eq!(list.matches("\"run\":").count(), 2);
}

#[test]
fn without_a_history_nothing_is_made() {
    let sandbox = sandbox();
    sandbox.repo();
    let said = |args: &[&str]| sandbox.skiptrace([&["history"], args].concat()).success().snapshot();
    let list = said(&["list"]);
    assert_snapshot!(list, @"
    exit code: 0
    --- stderr ---
    there is no history in `$DIR/work/.git/skiptrace/history.sqlite` yet
    hint: `skiptrace history pull` fetches the runs that are in the store
    ");
    for args in [&["trend"][..], &["show", "2026"], &["prune"]] {
        assert_eq!(said(args), list);
    }
    assert!(!sandbox.work().join(".git/skiptrace/history.sqlite").exists());
}

/// What commands call that make runs.
#[test]
fn a_run_that_is_recorded_is_kept_published_and_bounded() {
    use skiptrace::environment::{Environment, Terminal};
    use skiptrace::ui::printer::{Options, Printer};
    use skiptrace_engine::history::{Run, RunId, RunRecord};
    use skiptrace_engine::time::Timestamp;

    let sandbox = sandbox();
    let vars = [
        ("PATH", std::env::var("PATH").unwrap()),
        ("SKIPTRACE_NOW", "2026-01-02T03:04:05Z".to_owned()),
        ("GIT_CEILING_DIRECTORIES", sandbox.path().to_str().unwrap().to_owned()),
    ];
    let vars = vars.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    let environment = Environment::new(vars, sandbox.work(), Terminal::default());
    let printer =
        Printer::to_process(&environment, Default::default(), Options { quiet: true, ..Options::default() });
    let record = |second: u64, settings: &[&str]| {
        let id = RunId::new(Timestamp(1_767_323_000_000 + second * 1000), second);
        let run = Run::new(id, "run", "unit".parse().unwrap());
        let args = skiptrace::args::GlobalArgs {
            config: settings.iter().map(|setting| setting.parse().unwrap()).collect(),
            store: Some("fleet".to_owned()),
            ..Default::default()
        };
        let session = skiptrace::session::Session::new(environment.clone(), args, &printer).unwrap();
        skiptrace::commands::history::record(&RunRecord { run, tests: Default::default() }, &session);
        id
    };
    let is_published = |id: RunId| sandbox.work().join("fleet").join(id.key().as_str()).exists();
    let path = "history.path=h.sqlite";
    let first = record(1, &[path]);
    let second = record(2, &[path, "history.publish=false"]);
    assert!(is_published(first) && !is_published(second));
    let _third = record(3, &[path, "history.keep-runs=2"]);
    let listed = sandbox.skiptrace(["history", "list", "--json", "--config", path]).success().stdout();
    assert_eq!(listed.matches("\"run\":").count(), 2);
    assert!(!listed.contains(&first.to_string()), "{listed}");
    // A history that is damaged keeps no run from the store, and is no reason to fail.
    sandbox.write("damaged", "this is no database, and was none at any time");
    assert!(is_published(record(4, &["history.path=damaged"])));
    assert_eq!(sandbox.read("damaged"), "this is no database, and was none at any time");
}
