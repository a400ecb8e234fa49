//! What is told to the outside world, and that nothing depends on it.

use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value;
use skiptrace_backends::testing::datadog::API_KEY;
use skiptrace_backends::testing::{DatadogServer, Fault, OtlpServer};
use skiptrace_tests::{Sandbox, tools};

use crate::evaluate::{EVALUATE, missing_one};

/// An evaluation that finds a miss, with settings of the user's, in which `$DIR` is the top of the sandbox. (The
/// repository's own would be a change for which everything runs.)
fn sandbox(settings: &str) -> Sandbox {
    let sandbox = missing_one();
    configure(&sandbox, settings);
    sandbox
}

fn configure(sandbox: &Sandbox, settings: &str) {
    let top = sandbox.path().to_str().expect("temporary folders are text");
    sandbox.write("../home/.config/skiptrace/config.toml", &settings.replace("$DIR", top));
}

#[test]
fn files_have_what_was_measured() {
    let settings =
        "[metrics]\nprometheus = \"$DIR/x.prom\"\njsonl = \"$DIR/x.jsonl\"\ntags = \"team:core\"\n";
    let sandbox = sandbox(settings);
    let output = sandbox.skiptrace(EVALUATE).success();
    assert!(!output.stderr().contains("metrics"), "{}", output.snapshot());
    assert_snapshot!(sandbox.read("../x.prom"), @r#"
    # HELP skiptrace_evaluation_runs Evaluations, by what came of them
    # TYPE skiptrace_evaluation_runs gauge
    skiptrace_evaluation_runs{team="core",job="default",result="missed"} 1
    # HELP skiptrace_evaluation_tests Tests on each side of the comparison
    # TYPE skiptrace_evaluation_tests gauge
    skiptrace_evaluation_tests{team="core",job="default",side="actual"} 7
    skiptrace_evaluation_tests{team="core",job="default",side="predicted"} 4
    skiptrace_evaluation_tests{team="core",job="default",side="common"} 4
    skiptrace_evaluation_tests{team="core",job="default",side="added"} 0
    skiptrace_evaluation_tests{team="core",job="default",side="removed"} 3
    skiptrace_evaluation_tests{team="core",job="default",side="unknown"} 0
    skiptrace_evaluation_tests{team="core",job="default",side="ambiguous"} 0
    # HELP skiptrace_evaluation_failures Failures, by what they say of the selection
    # TYPE skiptrace_evaluation_failures gauge
    skiptrace_evaluation_failures{team="core",job="default",finding="missed"} 1
    skiptrace_evaluation_failures{team="core",job="default",finding="unclear"} 0
    skiptrace_evaluation_failures{team="core",job="default",finding="caught"} 0
    skiptrace_evaluation_failures{team="core",job="default",finding="failed-before"} 1
    # HELP skiptrace_evaluation_seconds Time that tests took
    # TYPE skiptrace_evaluation_seconds gauge
    skiptrace_evaluation_seconds{team="core",job="default",of="actual"} 3.5
    skiptrace_evaluation_seconds{team="core",job="default",of="saved"} 1.5
    # EOF
    "#);
    let lines = sandbox.read("../x.jsonl");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_snapshot!(lines[1], @r#"{"at_ms":1767323045000,"command":"evaluate","kind":"count","line":"metric","name":"skiptrace.evaluation.tests","schema":"skiptrace/metrics@1","tags":{"job":"default","side":"actual","team":"core"},"unit":"test","value":7}"#);
    let mut event = lines.last().unwrap().clone();
    assert_eq!(event["tags"]["commit"].as_str().unwrap().len(), 40);
    event["tags"]["commit"] = "$COMMIT".into();
    assert_snapshot!(event, @r#"{"at_ms":1767323045000,"command":"evaluate","level":"error","line":"event","schema":"skiptrace/metrics@1","tags":{"branch":"main","commit":"$COMMIT","failing_tests":"1","job":"default","team":"core"},"text":"1 test failed and would have been skipped:\npkg b::first","title":"skiptrace: 1 test of job default failed and would have been skipped"}"#);
    // A file is as the last command left it; lines are added.
    let _ = sandbox.skiptrace(EVALUATE).success();
    assert_eq!(sandbox.read("../x.jsonl").lines().count(), 2 * lines.len());
    // The same numbers are an answer.
    let answer = sandbox.skiptrace(EVALUATE.iter().chain(&["--format", "metrics"])).success().stdout();
    assert_eq!(answer, sandbox.read("../x.prom").replace("team=\"core\",", ""));
}

#[test]
fn services_get_what_was_measured() {
    let (datadog, otlp) = (DatadogServer::start(Vec::new()), OtlpServer::start());
    let mut sandbox = sandbox("[metrics]\ndatadog = true\notlp = true\n");
    sandbox.var("SKIPTRACE_DATADOG_URL", datadog.url());
    sandbox.var("DD_API_KEY", API_KEY);
    sandbox.var("OTEL_EXPORTER_OTLP_ENDPOINT", otlp.url());
    let output = sandbox.skiptrace(EVALUATE).success();
    assert!(!output.stderr().contains("metrics"), "{}", output.snapshot());
    let notice = &datadog.notices()[0];
    assert_eq!(notice["title"], "skiptrace: 1 test of job default failed and would have been skipped");
    assert_eq!(notice["text"], "1 test failed and would have been skipped:\npkg b::first");
    assert_eq!(notice["alert_type"], "error");
    let series = datadog.series();
    let missed =
        series.iter().find(|series| series["tags"].as_array().unwrap().contains(&"finding:missed".into()));
    assert_eq!(missed.unwrap()["points"][0]["value"], 1.0);
    assert_eq!(otlp.logs()[0]["severityText"], "ERROR");
    assert_eq!(otlp.metrics()[0]["name"], "skiptrace.evaluation.runs");
    // All that any of them has is a metric that is known.
    for series in series {
        let name = series["metric"].as_str().unwrap().strip_prefix("skiptrace.").unwrap();
        assert!(skiptrace_engine::metrics::list::ALL.iter().any(|metric| metric.name == name), "{name}");
    }
}

/// Whatever becomes of them, the answer and the exit code are what they would have been.
#[test]
fn what_cannot_be_sent_changes_nothing() {
    let strict: Vec<&str> = EVALUATE.iter().chain(&["--strict"]).copied().collect();
    let plain = sandbox("").skiptrace(&strict).code(1).stdout();
    let (datadog, otlp) = (DatadogServer::start(Vec::new()), OtlpServer::start());
    let settings = "[metrics]\ndatadog = true\notlp = true\nprometheus = \"$DIR/gone/x.prom\"\njsonl = \"$DIR/gone/x\"\ntimeout = \"5s\"\n";
    let mut sandbox = sandbox(settings);
    sandbox.redactor.replace(datadog.url(), "$DATADOG");
    sandbox.redactor.replace(otlp.url(), "$OTLP");
    sandbox.var("SKIPTRACE_DATADOG_URL", datadog.url());
    sandbox.var("DD_API_KEY", "not the key");
    sandbox.var("OTEL_EXPORTER_OTLP_ENDPOINT", otlp.url());
    sandbox.var("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hidden");
    otlp.fail(9, Fault::Stall);
    let output = sandbox.skiptrace(&strict).code(1);
    assert_eq!(output.stdout(), plain);
    let told = output.stderr();
    assert!(!told.contains("hidden") && !told.contains("not the key"), "{told}");
    // Who waits and who is waited for may both be the first to say that it took too long.
    let told: Vec<&str> =
        told.lines().filter(|line| line.contains("metrics") && !line.contains("$OTLP")).collect();
    assert_snapshot!(told.join("\n"), @"
    warning: metrics were not sent to Datadog (`$DATADOG`): the service answered 403: Forbidden: ***
    warning: metrics were not sent to the file `$DIR/gone/x.prom`: the file cannot be written: No such file or directory (os error 2)
    warning: metrics were not sent to the file `$DIR/gone/x`: the file cannot be written to: No such file or directory (os error 2)
    ");
    assert_eq!(
        output.stderr().matches("metrics were not sent to OpenTelemetry (`$OTLP/v1/metrics`)").count(),
        1
    );
    // What cannot even be tried is told as well.
    sandbox.var("DD_API_KEY", "");
    sandbox.var("OTEL_EXPORTER_OTLP_HEADERS", "hidden");
    let output = sandbox.skiptrace(&strict).code(1);
    let told = output.stderr();
    let told: Vec<&str> = told.lines().filter(|line| line.contains("metrics")).collect();
    assert_snapshot!(told.join("\n"), @"
    warning: metrics were not sent to Datadog: there is no key for `$DATADOG`: `DD_API_KEY` is not set
    warning: metrics were not sent to OpenTelemetry: `OTEL_EXPORTER_OTLP_HEADERS` is no list such as `name=value,other=value`
    warning: metrics were not sent to the file `$DIR/gone/x.prom`: the file cannot be written: No such file or directory (os error 2)
    warning: metrics were not sent to the file `$DIR/gone/x`: the file cannot be written to: No such file or directory (os error 2)
    ");
}

#[test]
fn settings_are_checked() {
    let check = |settings: &str| sandbox(settings).skiptrace(EVALUATE).code(2).stderr();
    assert_snapshot!(check("[metrics]\ntags = \"core\"\n"), @"error: invalid value for `metrics.tags` ($DIR/home/.config/skiptrace/config.toml:2): expected tags such as `team:core, region:eu`, found `core`");
    assert_snapshot!(check("[datadog]\nurl = \"host\"\n"), @"error: invalid value for `datadog.url` ($DIR/home/.config/skiptrace/config.toml:2): expected a URL such as `http://127.0.0.1:8080`, found `host`");
    let mut shown = sandbox("");
    shown.var("SKIPTRACE_DATADOG_URL", "https://ada:secret@host/x?token=secret");
    let shown = shown.skiptrace(["config", "show", "datadog"]).success().stdout();
    assert!(shown.contains("https://host/x ") && !shown.contains("secret"), "{shown}");
}

/// The documentation has every metric, with its unit, its kind and its tags.
#[test]
fn every_metric_is_documented() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md");
    let text = std::fs::read_to_string(path).unwrap();
    for metric in skiptrace_engine::metrics::list::ALL {
        let tags: Vec<String> = metric.tags.iter().map(|tag| format!("`{tag}`")).collect();
        let (unit, kind) = (metric.unit.name(), metric.kind.name());
        let row = format!("| `{}` | {unit}s | {kind} | {} |", metric.name, tags.join(", "));
        assert!(text.contains(&row), "{row}");
    }
}

/// A job without an index tells so, and has no numbers that nobody counted.
#[test]
fn errors_are_told() {
    let sandbox = sandbox("[metrics]\njsonl = \"$DIR/x.jsonl\"\n");
    let _ = sandbox.skiptrace(["evaluate", "--results", "../results.xml"]).success();
    let lines = sandbox.read("../x.jsonl");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let error = lines.iter().find(|line| line["name"] == "skiptrace.evaluation.errors").unwrap();
    assert_eq!((&error["value"], &error["tags"]["type"]), (&1.into(), &"index_not_found".into()));
    let event = lines.last().unwrap();
    assert_eq!(
        (&event["title"], &event["level"]),
        (&"skiptrace: index_not_found in job default".into(), &"error".into())
    );
}

/// Both of Prometheus' own readers take the text.
#[test]
fn the_text_is_prometheus_and_openmetrics() {
    const READ: &str = "\
import sys
from prometheus_client.parser import text_string_to_metric_families as prometheus
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
text = open(sys.argv[1]).read()
for read in (prometheus, openmetrics):
    samples = [sample for family in read(text) for sample in family.samples]
    print(len(samples), sorted({sample.labels['job'] for sample in samples}))
";
    let Some(python) = tools::require("python3") else { return };
    let sandbox = sandbox("[metrics]\nprometheus = \"$DIR/x.prom\"\ntags = \"a.b-c:yes, region:\u{e9}\"\n");
    let job = "odd \"x\\y";
    let arguments = ["evaluate", "--index", "../recorded.idx", "--job", job, "--results", "../results.xml"];
    let _ = sandbox.skiptrace(arguments).success();
    let n_samples = sandbox.read("../x.prom").lines().filter(|line| !line.starts_with('#')).count();
    if !tools::has_python_module(&python, "prometheus_client") {
        return;
    }
    let path = sandbox.path().join("x.prom");
    let output = Command::new(&python).args(["-c", READ]).arg(path).output().expect("it can be started");
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        told,
        format!("{n_samples} ['odd \"x\\\\y']\n").repeat(2),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
