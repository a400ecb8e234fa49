//! Results that Datadog has.

use insta::assert_snapshot;
use serde_json::{Value, json};
use skiptrace_backends::testing::datadog::{API_KEY, APP_KEY, Packing, Paging, test_event};
use skiptrace_backends::testing::{DatadogServer, Fault, Reply};
use skiptrace_tests::{Output, Sandbox};

use super::edited;

/// The events of [`edited`]'s tests, of which nobody failed who did not before.
fn events() -> Vec<Value> {
    let ends = [
        ("a::first", "pass"),
        ("a::second", "pass"),
        ("b::breaks", "fail"),
        ("b::first", "pass"),
        ("b::second", "pass"),
        ("b::third", "pass"),
        ("b::wavers", "pass"),
    ];
    ends.into_iter().map(|(name, status)| test_event(name, "pkg", name, status)).collect()
}

/// The same, with another end for one of them.
fn with(name: &str, more: &Value) -> Vec<Value> {
    let mut events = events();
    let test = events.iter_mut().find(|event| event["id"] == name).expect("a test's name");
    let test = &mut test["attributes"]["attributes"]["test"];
    for (name, value) in more.as_object().expect("it is one") {
        test[name] = value.clone();
    }
    events
}

fn sandbox_of(server: &DatadogServer) -> Sandbox {
    let mut sandbox = edited();
    sandbox.redactor.replace(server.url(), "$URL");
    sandbox.var("SKIPTRACE_DATADOG_URL", server.url());
    sandbox.var("DD_API_KEY", API_KEY);
    sandbox.var("DD_APP_KEY", APP_KEY);
    sandbox
}

const EVALUATE: [&str; 6] =
    ["evaluate", "--index", "../recorded.idx", "--results", "datadog:@ci.job.name:unit", "--strict"];

fn evaluate(events: Vec<Value>) -> (DatadogServer, Sandbox, Output) {
    let server = DatadogServer::start(events);
    server.page_size(3);
    let sandbox = sandbox_of(&server);
    let output = sandbox.skiptrace(EVALUATE);
    (server, sandbox, output)
}

#[test]
fn events_are_results() {
    let (server, sandbox, output) = evaluate(with("b::first", &json!({"status": "fail"})));
    assert_snapshot!(output.code(1).snapshot(), @"
    exit code: 1
    --- stdout ---
    [default]
    --- actual: 7 tests ran (1 search of Datadog)
    +++ predicted: 4 tests would have run (index of `../recorded.idx`, 1 file may differ)
      pkg b::breaks [FAILED]
      pkg a::first
      pkg a::second
      pkg b::wavers
    - pkg b::first [FAILED]
    - pkg b::second
    - pkg b::third
    misses (1), which failed and would have been skipped:
      pkg b::first: failed, passed when it was recorded
    not counted (1), whose failure says nothing of the selection:
      pkg b::breaks: failed; it failed already at the indexed commit
    summary: actual=7 predicted=4 common=4 -> +0 / -3, misses=1
    failures: 2, of which 0 would have run, 1 missed, 0 unclear, 1 not counted
    saved: 1.5 s of 3.5 s (42 % of the tests, 42 % of the time)
    --- stderr ---
    read 7 test events of `@ci.job.name:unit` (Datadog: 3 pages)
    warning: 1 miss: tests that failed would have been skipped
    hint: `pkg b::first`: it depends on none of what had changed: `a.rs`
    ");
    let asked: Vec<Value> = server.take_asked().iter().map(|asked| asked.json()["filter"].clone()).collect();
    let filter = json!({"query": "@ci.job.name:unit", "from": "1767063845000", "to": "1767323045000"});
    assert_eq!(asked, vec![filter; 3]);
    // Of a pipeline, of a job of its own, and no further back.
    let output = sandbox.skiptrace([
        "evaluate",
        "--index",
        "../recorded.idx",
        "--results",
        "default=datadog:env:ci OR env:\"x y\"",
        "--pipeline",
        "7\"8",
        "--since",
        "1h",
        "--json",
    ]);
    let document: Value = serde_json::from_str(&output.success().stdout()).unwrap();
    let job = &document["jobs"][0];
    assert_eq!(
        (&job["files"], &job["searches"], &job["counts"]["misses"]),
        (&json!(0), &json!(1), &json!(1))
    );
    assert_eq!(
        server.take_asked()[0].json()["filter"],
        json!({
            "query": "(env:ci OR env:\"x y\") @ci.pipeline.id:\"7\\\"8\"",
            "from": "1767319445000",
            "to": "1767323045000",
        })
    );
}

/// What is quarantined, known, or tried again is no miss, and is told.
#[test]
fn failures_that_datadog_knows_of() {
    let check = |more: Value, excuse: &str| {
        let (_, _, output) = evaluate(with("b::first", &more));
        let output = output.success();
        assert!(output.stdout().contains(excuse), "{}", output.snapshot());
        output.stderr()
    };
    let told = check(
        json!({"status": "fail", "agent_is_flaky_failure": "true"}),
        "it is known to fail so now and then",
    );
    assert!(told.contains("1 failure known to be flaky"), "{told}");
    let quarantined = json!({"status": "fail", "test_management": {"is_quarantined": "true"}});
    assert!(check(quarantined, "it is quarantined").contains("1 failure of quarantined tests"));
    let mut events = with("b::first", &json!({"status": "fail"}));
    let mut again = test_event("again", "pkg", "b::first", "pass");
    again["attributes"]["attributes"]["test"]["is_retry"] = "true".into();
    again["attributes"]["attributes"]["start"] = 1_767_323_000_500_000_000_u64.into();
    // Whatever order they come in.
    events.insert(0, again);
    let (_, _, output) = evaluate(events);
    assert!(output.success().stdout().contains("b::first: flaky; it also passed in this run"));
}

/// What fails now would be its own excuse, were it taken for what failed before.
#[test]
fn what_ran_before_is_of_another_pipeline() {
    let (server, sandbox, _) = evaluate(with("b::first", &json!({"status": "fail"})));
    server.take_asked();
    let base = ["--base-results", "datadog:@git.commit.sha:x", "--pipeline", "7"];
    let _ = sandbox.skiptrace([&EVALUATE[..], &base].concat());
    let mut queries: Vec<Value> =
        server.take_asked().iter().map(|asked| asked.json()["filter"]["query"].clone()).collect();
    queries.dedup();
    assert_eq!(queries, ["(@ci.job.name:unit) @ci.pipeline.id:\"7\"", "@git.commit.sha:x"]);
}

/// Subtests of Go belong to their test, and suites in Datadog's words are found.
#[test]
fn go_tests_are_found_by_their_package() {
    let sandbox = crate::sandbox();
    let repo = sandbox.repo();
    repo.commit("first", &[("a.go", "package a\n"), ("b.go", "package b\n")]);
    let known = crate::select::known;
    let tests = [known("example.com/m/a", "TestA", "a.go"), known("example.com/m/b", "TestB", "b.go")];
    crate::select::index(&sandbox, &repo, &tests);
    repo.commit("second", &[("a.go", "package a\nvar x = 1\n")]);
    let event = |id: &str, package: &str, name: &str, status: &str| {
        let mut event = test_event(id, "x_test.go", name, status);
        event["attributes"]["attributes"]["test"]["module"] = package.into();
        event
    };
    let server = DatadogServer::start(vec![
        event("1", "example.com/m/a", "TestA", "pass"),
        event("2", "example.com/m/b", "TestB", "fail"),
        event("3", "example.com/m/b", "TestB/sub", "fail"),
    ]);
    let mut sandbox = sandbox;
    sandbox.var("SKIPTRACE_DATADOG_URL", server.url());
    sandbox.var("DD_API_KEY", API_KEY);
    sandbox.var("DD_APPLICATION_KEY", APP_KEY);
    let output = sandbox.skiptrace(EVALUATE).code(1);
    assert!(
        output.stdout().contains("summary: actual=2 predicted=1 common=1 -> +0 / -1, misses=1"),
        "{}",
        output.snapshot()
    );
}

/// Nothing is said of tests by half of the events.
#[test]
fn what_cannot_all_be_read_is_not_evaluated() {
    let server = DatadogServer::start(with("b::first", &json!({"status": "fail"})));
    server.page_size(3);
    server.paging(Paging::Lost);
    let sandbox = sandbox_of(&server);
    assert_snapshot!(sandbox.skiptrace(EVALUATE).code(7).snapshot(), @"
    exit code: 7
    --- stdout ---
    [default]
    no results: results_invalid: cannot read the test events at `$URL`: there are more events, and no cursor (`meta.page.after`) to ask for them with
    nothing is said of its tests: not all results could be read
    --- stderr ---
    warning: job `default`: results_invalid: cannot read the test events at `$URL`: there are more events, and no cursor (`meta.page.after`) to ask for them with
    hint: nothing is evaluated by half of the events: try again, or narrow the query
    ");
    // Without --strict it may stay in every pipeline.
    let lenient =
        |more: &[&'static str]| sandbox.skiptrace([&EVALUATE[..5], more].concat()).success().stdout();
    assert_snapshot!(lenient(&["--format", "markdown"]), @"
    ### Test selection: not all results could be read

    | job | ran | would have run | skipped | misses | caught | not counted | time saved |
    |---|--:|--:|--:|--:|--:|--:|--:|
    | `default` | ? | ? | ? | ? | ? | ? | ? |

    `default`: `results_invalid`: cannot read the test events at `$URL`: there are more events, and no cursor (`meta.page.after`) to ask for them with
    ");
    assert_snapshot!(lenient(&["--format", "metrics"]), @r#"
    # HELP skiptrace_evaluation_runs Evaluations, by what came of them
    # TYPE skiptrace_evaluation_runs gauge
    skiptrace_evaluation_runs{job="default",result="unread"} 1
    # HELP skiptrace_evaluation_errors What kept an index or results from being used
    # TYPE skiptrace_evaluation_errors gauge
    skiptrace_evaluation_errors{job="default",type="results_invalid"} 1
    # EOF
    "#);
    let document: Value = serde_json::from_str(&lenient(&["--format", "json"])).unwrap();
    let job = &document["jobs"][0];
    assert_eq!((&job["counts"], &job["events"][0]["type"]), (&Value::Null, &json!("results_invalid")));
    assert_eq!((&job["misses"], &job["added"]), (&json!([]), &json!([])));
    // Nor is a job of which a file could be read as well.
    super::results(&sandbox, &super::GOOD);
    let both = sandbox.skiptrace([&EVALUATE[..5], &["../results.xml"]].concat()).success();
    assert!(both.stdout().contains("[default]\nno results: results_invalid"), "{}", both.snapshot());
    let base = [
        "evaluate",
        "--index",
        "../recorded.idx",
        "--results",
        "../results.xml",
        "--base-results",
        EVALUATE[4],
    ];
    let base = sandbox.skiptrace(base).success();
    assert!(base.stdout().contains("[default]\nno results: results_invalid"), "{}", base.snapshot());
}

#[test]
fn every_trouble_has_its_name() {
    let check = |trouble: &dyn Fn(&DatadogServer), kind: &str| {
        let server = DatadogServer::start(events());
        server.page_size(3);
        trouble(&server);
        let sandbox = sandbox_of(&server);
        let output = sandbox.skiptrace(EVALUATE.iter().chain(&["--config", "datadog.timeout=1s"])).code(7);
        let text = output.snapshot();
        assert!(text.contains(&format!("no results: {kind}: ")) && text.contains("hint: "), "{text}");
        assert!(!text.contains(API_KEY) && !text.contains(APP_KEY) && !text.contains("summary:"), "{text}");
        text
    };
    let refused = |status| Reply::json(status, &json!({"errors": [format!("not with {API_KEY}")]}));
    for status in [400, 401, 403, 404] {
        check(&|server| server.instead(1, &refused(status)), "results_refused");
    }
    check(&|server| server.paging(Paging::Circle), "results_invalid");
    let odd = test_event("odd", "pkg", "odd", "unheard-of");
    let odd = Reply::json(200, &json!({ "data": [odd] }));
    let text = check(&|server| server.instead(1, &odd), "results_invalid");
    assert!(text.contains("the event of `odd` has the unknown status `unheard-of`"), "{text}");
    // Of several commits.
    let of = |commit: &str| {
        let mut event = test_event(commit, "pkg", commit, "pass");
        event["attributes"]["attributes"]["git"] = json!({"commit": {"sha": commit}});
        event
    };
    let several = Reply::json(200, &json!({"data": [of("aa"), of("bb")]}));
    let text = check(&|server| server.instead(1, &several), "results_invalid");
    assert!(text.contains("the events are of several commits (aa, bb)"), "{text}");
    // Each search has one, and they differ.
    let server = DatadogServer::start(Vec::new());
    server.instead(1, &Reply::json(200, &json!({"data": [of("aa")]})));
    server.instead(1, &Reply::json(200, &json!({"data": [of("bb")]})));
    let sandbox = sandbox_of(&server);
    let output = sandbox.skiptrace([&EVALUATE[..5], &["datadog:other", "--strict"]].concat()).code(7);
    assert!(output.stdout().contains("the events are of several commits (aa, bb)"), "{}", output.snapshot());
}

/// What fails for a while is asked for again, and changes nothing.
#[test]
fn what_passes_is_not_noticed() {
    let (_, _, plain) = evaluate(events());
    let plain = plain.success().snapshot();
    let server = DatadogServer::start(events());
    server.page_size(3);
    server.packing(Packing::Cut(1));
    let sandbox = sandbox_of(&server);
    server.fail(1, Fault::status(500));
    server.instead(1, &Reply::json(429, &json!({})).with("X-RateLimit-Reset", "0"));
    assert_eq!(sandbox.skiptrace(EVALUATE).success().snapshot(), plain);
}

#[test]
fn keys_and_queries_are_needed() {
    let server = DatadogServer::start(events());
    let mut sandbox = sandbox_of(&server);
    let none = sandbox.skiptrace(["evaluate", "--results", "datadog:"]).code(2);
    assert_snapshot!(none.snapshot(), @"
    exit code: 2
    --- stderr ---
    error: `datadog:` has no query after it
    hint: name what ran, such as `datadog:@ci.job.name:unit`, and add `--pipeline ID`
    ");
    let since = sandbox.skiptrace(EVALUATE.iter().chain(&["--since", "0d"])).code(2);
    assert!(since.stderr().contains("`--since` expects a span"), "{}", since.snapshot());
    sandbox.var("DD_APP_KEY", "");
    assert_snapshot!(sandbox.skiptrace(EVALUATE).code(2).snapshot(), @"
    exit code: 2
    --- stderr ---
    error: there is no key for `$URL`: `DD_APP_KEY` is not set
    hint: keys are made in Datadog's organization settings, and belong into the environment
    ");
    sandbox.var("SKIPTRACE_DATADOG_URL", "");
    sandbox.var("DD_SITE", "https://app.datadoghq.com");
    assert_snapshot!(sandbox.skiptrace(EVALUATE).code(2).snapshot(), @"
    exit code: 2
    --- stderr ---
    error: `https://app.datadoghq.com` is no site of Datadog
    hint: DD_SITE is a name such as `datadoghq.eu` or `us5.datadoghq.com`; `datadog.url` is for other addresses
    ");
    assert_eq!(server.take_count(), 0);
}

/// Events of another commit than the one they are held against are suspicious.
#[test]
fn another_commit_is_told() {
    let mut events = events();
    for event in &mut events {
        event["attributes"]["attributes"]["git"] = json!({"commit": {"sha": "0123abc"}});
    }
    let (_, _, output) = evaluate(events);
    let told = output.success().stderr();
    assert!(
        told.contains("the results of job `default` are of `0123abc`, and are held against `$COMMIT`"),
        "{told}"
    );
}
