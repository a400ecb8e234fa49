//! `skiptrace report`.

use insta::assert_snapshot;
use serde_json::{Value, json};
use skiptrace_tests::Sandbox;

use crate::sandbox;

mod browser;

/// What others made up. All of it has to be on the page, as text.
const HOSTILE: [&str; 4] = [
    "</code></style><script>document.title='owned'</script><img src=x onerror=alert(1)>",
    "\"quoted\" 'and' `ticked` & |piped|",
    "control \u{0} \u{7} bidi \u{202e}txet\u{202c} zero\u{200b}width",
    "имя/テスト/🦀/اختبار",
];

/// Lines of runs on four days of a month, with something of everything.
struct Lines(String);

impl Lines {
    fn line(&mut self, line: Value) {
        self.0.push_str(&line.to_string());
        self.0.push('\n');
    }

    /// Writes a run with what it says besides who it is.
    fn run(&mut self, id: &str, job: &str, branch: Option<&str>, said: Value) {
        let mut line = json!({
            "schema": "skiptrace/history-run@1", "line": "run", "run": id, "job": job, "branch": branch,
            "commit": "0123456789abcdef0123456789abcdef01234567",
        });
        merge(&mut line, said);
        self.line(line);
    }

    fn test(&mut self, name: &str, said: Value) {
        let mut line = json!({"line": "test", "suite": "api", "test": name});
        merge(&mut line, said);
        self.line(line);
    }
}

fn merge(line: &mut Value, said: Value) {
    let Value::Object(said) = said else { panic!("fields are said") };
    line.as_object_mut().expect("it is an object").extend(said);
}

fn lines() -> String {
    let mut lines = Lines(String::new());
    lines.run("20251210T090000000Z-00000000000a", "unit", Some("main"), json!({
        "command": "evaluate", "known": 10, "selected": 2, "skipped": 8, "failed": 2, "saved_us": 8_000_000,
        "took_us": 2_000_000, "misses": 1, "skippable": 8, "checked": 8, "index_distance": 3, "index_bytes": 2_097_152,
        "overheads_us": {"select": 500_000},
    }));
    lines.test(
        "login",
        json!({"outcome": "failed", "duration_us": 1_500_000, "decision": "run", "reason": "executed"}),
    );
    lines.test(
        "logout",
        json!({
            "outcome": "failed", "duration_us": 500_000, "decision": "would-skip", "missed": true,
            "note": "it depends on none of what had changed: `src/session.rs#close`, <b>config.toml</b>",
        }),
    );
    lines.test("help", json!({"outcome": "passed", "duration_us": 1000, "decision": "would-skip"}));
    lines.run("20251211T100000000Z-00000000000b", "unit", Some("dev"), json!({
        "command": "run", "known": 10, "selected": 0, "skipped": 10, "saved_us": 10_000_000, "index_distance": 0,
        "index_bytes": 2_099_200, "overheads_us": {"select": 40_000, "index": 10_000},
    }));
    lines.run("20251211T110000000Z-00000000000c", "unit", None, json!({
        "command": "select", "known": 10, "selected": 3, "skipped": 7, "saved_us": 7_000_000, "index_distance": 30,
        "index_bytes": 2_099_200,
    }));
    lines.run("20251220T120000000Z-00000000000d", "e2e", Some("main"), json!({
        "command": "record", "known": 4, "took_us": 61_000_000, "index_distance": 0, "index_bytes": 1_048_576,
        "overheads_us": {"index": 2_000_000},
    }));
    lines.run(
        "20260102T030000000Z-00000000000e",
        "e2e",
        Some("main"),
        json!({
            "command": "evaluate", "known": 4, "selected": 4, "took_us": 60_000_000, "misses": 0,
            "fallbacks": {"no-index": 1}, "overheads_us": {"select": 30_000},
        }),
    );
    lines.test(
        "login",
        json!({"outcome": "flaky", "duration_us": 30_000_000, "decision": "run", "reason": "no-index"}),
    );
    lines.0
}

/// A repository with these runs in its history, and an index of one of their jobs.
fn imported(lines: &str) -> Sandbox {
    let sandbox = sandbox();
    let repo = sandbox.repo();
    repo.commit("one", &[("src/session.rs", "fn close() {}\n")]);
    sandbox.write("runs.jsonl", lines);
    let _ = sandbox.skiptrace(["history", "import", "runs.jsonl"]).success();
    sandbox.write(
        "index.json",
        r#"{"unit": {"src/session.rs#close": ["api::login", "api::logout"], "src/help.rs#print": ["api::help", "api::login"]}}"#,
    );
    let _ = sandbox
        .skiptrace(["index", "import", "index.json", "--recorded-at", "2026-01-01T00:00:00Z"])
        .success();
    sandbox
}

#[test]
fn it_is_markdown_unless_told_otherwise() {
    let sandbox = imported(&lines());
    assert_snapshot!("report.md", sandbox.skiptrace(["report"]).success().stdout());
    let filtered =
        sandbox.skiptrace(["report", "--job", "e2e", "--branch", "main", "--since", "2d"]).success();
    let text = filtered.stdout();
    let about = text.lines().nth(2).unwrap();
    assert_snapshot!(about, @"2026-01-02, job `e2e`, branch `main`. Days are those of UTC.");
    assert!(text.contains("1 of 1 run"), "{text}");
}

#[test]
fn it_is_a_document_for_programs() {
    let sandbox = imported(&lines());
    let document = sandbox.skiptrace(["report", "--json"]).success().stdout();
    let document: Value = serde_json::from_str(&document).unwrap();
    let sums = |list: &Value, field: &str| -> u64 {
        list.as_array().unwrap().iter().filter_map(|entry| entry[field].as_u64()).sum()
    };
    for field in ["runs", "selected", "skipped", "misses", "saved_us", "took_us"] {
        let all = document["totals"][field].as_u64().unwrap();
        assert_eq!(sums(&document["jobs"], field), all, "{field}");
        assert_eq!(sums(&document["commands"], field), all, "{field}");
    }
    assert_snapshot!(serde_json::to_string_pretty(&document).unwrap());
}

#[test]
fn a_file_is_named_and_several_forms_are_one_report() {
    let sandbox = imported(&lines());
    let output =
        sandbox.skiptrace(["report", "--html", "report.html", "--md", "report.md", "--json"]).success();
    assert!(output.stdout().starts_with("{\"schema\":\"skiptrace/report@1\""), "{}", output.stdout());
    assert_snapshot!(output.stderr().split(" (").next().unwrap(), @"wrote a report of 5 runs to `report.html`");
    let said = |args: &[&str]| sandbox.skiptrace(args).success().raw_stdout().to_vec();
    assert_eq!(sandbox.read("report.md").into_bytes(), said(&["report"]));
    assert_eq!(sandbox.read("report.html").into_bytes(), said(&["report", "--html", "-"]));
    assert_snapshot!(sandbox.skiptrace(["report", "--html", "-", "--json"]).code(2).snapshot(), @r#"
    exit code: 2
    --- stderr ---
    {"schema":"skiptrace/error@1","kind":"user","message":"standard output can take one form of the report","caused-by":[],"hints":["name a file for the others, such as `--html report.html`"],"exit-code":2}
    "#);
    assert_snapshot!(sandbox.skiptrace(["report", "--html", "no/such/report.html"]).code(2).snapshot(), @"
    exit code: 2
    --- stderr ---
    error: cannot write `no/such/report.html`
      caused by: No such file or directory (os error 2)
    ");
    assert_snapshot!(sandbox.skiptrace(["report", "--since", "soon"]).code(2).stderr(), @"error: `--since` expects a span such as `30d`, `12h` or `90min`, found `soon`");
}

#[test]
fn without_runs_it_says_what_to_do() {
    let sandbox = sandbox();
    sandbox.repo();
    assert_snapshot!(sandbox.skiptrace(["report"]).success().snapshot(), @"
    exit code: 0
    --- stdout ---
    # Test selection report

    2025-12-03 to 2026-01-02 (31 days), all jobs, all branches. Days are those of UTC.

    ## In short

    There are no runs in the history in this time.

    - To bring the runs of other machines here: `skiptrace history pull`
    - To add one: `skiptrace run -- …` at a desk, or `skiptrace evaluate --results …` in a pipeline in which everything runs
    - To look further back: `skiptrace report --since 365d`

    ## What the indexes can prove

    ### Job `default`

    No index: the store has no index of job `default`.

    Written by skiptrace $VERSION on 2026-01-02 03:04:05 UTC.
    --- stderr ---
    there is no history in `$DIR/work/.git/skiptrace/history.sqlite` yet
    hint: `skiptrace history pull` fetches the runs that are in the store
    ");
    let _ = sandbox.skiptrace(["report", "--html", "report.html"]).success();
    assert!(sandbox.read("report.html").contains("There are no runs in the history"));
    let outside = crate::sandbox();
    let _ = outside.skiptrace(["report", "--html", "report.html"]).success();
}

/// An index that cannot be read is told, and so is everything else.
#[test]
fn a_damaged_index_costs_its_section_only() {
    let sandbox = imported(&lines());
    let store = sandbox.work().join(".git/skiptrace/store/skiptrace/v1/function");
    let folder = std::fs::read_dir(&store).unwrap().next().unwrap().unwrap().path();
    let mut pending = vec![folder];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "idx") {
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, "this is no index").unwrap();
        }
    }
    let output = sandbox.skiptrace(["report"]).success();
    assert!(output.stdout().contains("### Job `unit`\n\nNo index: "), "{}", output.stdout());
    assert!(output.stdout().contains("## What this report does not know"), "{}", output.stdout());
}
