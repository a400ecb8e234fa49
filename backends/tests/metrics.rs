//! Every sink against the laws of the port, and against trouble.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use skiptrace_backends::datadog::DatadogSettings;
use skiptrace_backends::metrics::conformance::{
    Arrived, Subject, batch, everything_arrives, nothing_is_not_sent, secrets_stay_secret,
};
use skiptrace_backends::metrics::{DatadogSink, LinesSink, OtlpSettings, OtlpSink, TextFileSink, publish};
use skiptrace_backends::secret::Secret;
use skiptrace_backends::testing::datadog::{API_KEY, APP_KEY};
use skiptrace_backends::testing::{DatadogServer, Fault, OtlpServer};
use skiptrace_backends::web::Endpoint;
use skiptrace_engine::metrics::{Batch, Sink, SinkError, Tags, list};
use skiptrace_engine::time::Timestamp;

const WITHIN: Duration = Duration::from_secs(20);
const TOKEN: &str = "token-of-tests";

fn laws(subject: impl Fn() -> Box<dyn Subject>) {
    everything_arrives(subject().as_ref());
    nothing_is_not_sent(subject().as_ref());
    secrets_stay_secret(subject().as_ref(), &[API_KEY, APP_KEY, TOKEN]);
}

struct OfDatadog(DatadogServer, DatadogSink);

impl OfDatadog {
    fn new() -> OfDatadog {
        let server = DatadogServer::start(Vec::new());
        let url = Endpoint::new(&server.url()).unwrap();
        let settings = DatadogSettings::new(url, Secret::new(API_KEY), Some(Secret::new(APP_KEY)));
        OfDatadog(server, DatadogSink::new(settings))
    }
}

impl Subject for OfDatadog {
    fn sink(&self) -> &dyn Sink {
        &self.1
    }

    fn samples(&self) -> Vec<Arrived> {
        let arrived = |series: &Value| Arrived {
            metric: series["metric"].as_str().unwrap().replace('.', "_"),
            tags: tags(&series["tags"]),
            value: series["points"][0]["value"].as_f64().unwrap(),
        };
        self.0.series().iter().map(arrived).collect()
    }

    fn notices(&self) -> Option<Vec<(String, String, String)>> {
        let field = |notice: &Value, name: &str| notice[name].as_str().unwrap().to_owned();
        let told =
            |notice: &Value| (field(notice, "title"), field(notice, "text"), field(notice, "alert_type"));
        Some(self.0.notices().iter().map(told).collect())
    }
}

fn tags(tags: &Value) -> BTreeMap<String, String> {
    let pair = |tag: &Value| {
        tag.as_str().unwrap().split_once(':').map(|(k, v)| (k.to_owned(), v.to_owned())).unwrap()
    };
    tags.as_array().unwrap().iter().map(pair).collect()
}

#[test]
fn datadog_keeps_the_laws() {
    laws(|| Box::new(OfDatadog::new()));
}

#[test]
fn datadog_gets_what_it_documents() {
    let subject = OfDatadog::new();
    subject.sink().send(&batch(), WITHIN).unwrap();
    let asked = subject.0.take_asked();
    let paths: Vec<&str> = asked.iter().map(|asked| asked.path.as_str()).collect();
    assert_eq!(paths, ["/api/v1/events", "/api/v1/events", "/api/v2/series"]);
    // Who only writes has no use for the other key.
    assert!(asked.iter().all(|asked| asked.header("dd-application-key").is_none()));
    assert_eq!(
        asked[0].json(),
        json!({
            "title": "1 miss in job unit",
            "text": "pkg a::first <b>&\"\u{e9}\"\npkg b::second",
            "alert_type": "error",
            "date_happened": 1_767_323_045,
            "source_type_name": "skiptrace",
            "tags": ["team:core", "region:eu-central-1", "job:unit", "commit:abc"],
        })
    );
    let series = &asked[2].json()["series"];
    assert_eq!(
        series[0],
        json!({
            "metric": "skiptrace.evaluation.tests",
            "type": 1,
            "points": [{"timestamp": 1_767_323_045, "value": 8.0}],
            "unit": "test",
            "tags": ["team:core", "region:eu-central-1", "job:unit", "side:actual"],
        })
    );
    assert_eq!(series[4]["metric"], "skiptrace.run.index_bytes");
    assert_eq!((&series[4]["type"], &series[4]["unit"]), (&json!(3), &json!("byte")));
}

#[test]
fn many_series_go_in_several_requests() {
    let subject = OfDatadog::new();
    let mut batch = Batch::new(Timestamp(1_767_323_045_678), "evaluate");
    for job in 0..1001 {
        batch.add(&list::EVALUATION_RUNS, Tags::of("job", job.to_string()), 1_u64);
    }
    subject.sink().send(&batch, WITHIN).unwrap();
    assert_eq!((subject.samples().len(), subject.0.take_asked().len()), (1001, 3));
}

struct OfOtlp(OtlpServer, OtlpSink);

impl OfOtlp {
    fn new() -> OfOtlp {
        let server = OtlpServer::start();
        let url = server.url();
        let headers = format!("authorization=Bearer%20{TOKEN}");
        let settings = OtlpSettings::of_variables(|name| match name {
            "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(url.as_str()),
            "OTEL_EXPORTER_OTLP_HEADERS" => Some(headers.as_str()),
            "OTEL_RESOURCE_ATTRIBUTES" => Some("deployment.environment.name=ci"),
            _ => None,
        });
        OfOtlp(server, OtlpSink::new(settings.unwrap()))
    }
}

fn attributes(of: &Value) -> BTreeMap<String, String> {
    let pair = |attribute: &Value| {
        let value = attribute["value"]["stringValue"].as_str().unwrap();
        (attribute["key"].as_str().unwrap().to_owned(), value.to_owned())
    };
    of["attributes"].as_array().unwrap().iter().map(pair).collect()
}

impl Subject for OfOtlp {
    fn sink(&self) -> &dyn Sink {
        &self.1
    }

    fn samples(&self) -> Vec<Arrived> {
        let mut samples = Vec::new();
        for metric in self.0.metrics() {
            let points =
                [&metric["sum"], &metric["gauge"]].into_iter().find_map(|of| of["dataPoints"].as_array());
            for point in points.unwrap() {
                let whole = point["asInt"].as_str().map(|text| text.parse().unwrap());
                samples.push(Arrived {
                    metric: metric["name"].as_str().unwrap().replace('.', "_"),
                    tags: attributes(point),
                    value: whole.or(point["asDouble"].as_f64()).unwrap(),
                });
            }
        }
        samples
    }

    fn notices(&self) -> Option<Vec<(String, String, String)>> {
        let told = |record: &Value| {
            let title = attributes(record)["event.title"].clone();
            let body = record["body"]["stringValue"].as_str().unwrap();
            let text = body.strip_prefix(&format!("{title}\n")).unwrap().to_owned();
            let level = match record["severityText"].as_str().unwrap() {
                "WARN" => "warning".to_owned(),
                other => other.to_ascii_lowercase(),
            };
            (title, text, level)
        };
        Some(self.0.logs().iter().map(told).collect())
    }
}

#[test]
fn otlp_keeps_the_laws() {
    laws(|| Box::new(OfOtlp::new()));
}

#[test]
fn otlp_is_what_the_protocol_says() {
    let subject = OfOtlp::new();
    subject.sink().send(&batch(), WITHIN).unwrap();
    let asked = subject.0.take_asked();
    let paths: Vec<&str> = asked.iter().map(|asked| asked.path.as_str()).collect();
    assert_eq!(paths, ["/v1/logs", "/v1/metrics"]);
    for asked in &asked {
        assert_eq!(asked.header("content-type"), Some("application/json"));
        assert_eq!(asked.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    }
    let attribute = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let resource = &asked[1].json()["resourceMetrics"][0]["resource"]["attributes"];
    assert_eq!(resource[0], attribute("service.name", "skiptrace"));
    assert_eq!(resource[2], attribute("deployment.environment.name", "ci"));
    let metrics = subject.0.metrics();
    assert_eq!(
        (&metrics[0]["unit"], &metrics[1]["unit"], &metrics[2]["unit"]),
        (&json!("{test}"), &json!("s"), &json!("By"))
    );
    assert_eq!(
        metrics[0]["sum"]["dataPoints"][0],
        json!({
            "startTimeUnixNano": "1767323040000000000",
            "timeUnixNano": "1767323045678000000",
            "attributes": [
                attribute("team", "core"),
                attribute("region", "eu-central-1"),
                attribute("job", "unit"),
                attribute("side", "actual"),
            ],
            "asInt": "8",
        })
    );
    assert_eq!(metrics[1]["sum"]["dataPoints"][0]["asDouble"], json!(4.25));
    assert!(metrics[2]["gauge"]["dataPoints"][0]["asInt"].is_string());
}

/// Some of what was sent may be rejected with a "yes".
#[test]
fn otlp_says_what_was_rejected() {
    let subject = OfOtlp::new();
    subject.0.reject(json!({"partialSuccess": {"rejectedDataPoints": "0"}}));
    subject.sink().send(&batch(), WITHIN).unwrap();
    let why = format!("too old, {TOKEN}");
    subject.0.reject(json!({"partialSuccess": {"rejectedLogRecords": "2", "errorMessage": why}}));
    let error = subject.sink().send(&batch(), WITHIN).unwrap_err().to_string();
    assert!(error.starts_with("the collector rejected 2 of what was sent: too old"), "{error}");
    let subject = OfOtlp::new();
    subject.0.reject(json!({"partialSuccess": {"rejectedDataPoints": 3, "errorMessage": "no"}}));
    let error = subject.sink().send(&batch(), WITHIN).unwrap_err();
    assert_eq!(error.to_string(), "the collector rejected 3 of what was sent: no");
}

struct OfLines(tempfile::TempDir, LinesSink);

impl OfLines {
    fn new() -> OfLines {
        let folder = tempfile::tempdir().unwrap();
        let sink = LinesSink::new(folder.path().join("metrics.jsonl"));
        OfLines(folder, sink)
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.0.path().join("metrics.jsonl")).unwrap_or_default()
    }

    fn lines(&self, of: &str) -> Vec<Value> {
        let text = self.text();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["line"] == of && line["schema"] == "skiptrace/metrics@1").collect()
    }
}

impl Subject for OfLines {
    fn sink(&self) -> &dyn Sink {
        &self.1
    }

    fn samples(&self) -> Vec<Arrived> {
        let arrived = |line: &Value| Arrived {
            metric: line["name"].as_str().unwrap().replace('.', "_"),
            tags: serde_json::from_value(line["tags"].clone()).unwrap(),
            value: line["value"].as_f64().unwrap(),
        };
        self.lines("metric").iter().map(arrived).collect()
    }

    fn notices(&self) -> Option<Vec<(String, String, String)>> {
        let field = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
        let told = |line: &Value| (field(line, "title"), field(line, "text"), field(line, "level"));
        Some(self.lines("event").iter().map(told).collect())
    }
}

#[test]
fn lines_keep_the_laws() {
    laws(|| Box::new(OfLines::new()));
}

/// Whoever writes at the same time, and whoever was cut off before: a line is a line.
#[test]
fn lines_are_added_whole() {
    let subject = OfLines::new();
    let path = subject.0.path().join("metrics.jsonl");
    std::fs::write(&path, "{\"line\": \"cut off").unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| LinesSink::new(&path).send(&batch(), WITHIN).unwrap());
        }
    });
    let text = subject.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "{\"line\": \"cut off");
    let n_each = batch().samples().len() + batch().notices.len();
    assert_eq!(lines.len(), 1 + 8 * n_each);
    assert!(lines[1..].iter().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{text}");
}

struct OfText(tempfile::TempDir, TextFileSink);

impl OfText {
    fn new() -> OfText {
        let folder = tempfile::tempdir().unwrap();
        let sink = TextFileSink::new(folder.path().join("skiptrace.prom"));
        OfText(folder, sink)
    }
}

impl Subject for OfText {
    fn sink(&self) -> &dyn Sink {
        &self.1
    }

    fn samples(&self) -> Vec<Arrived> {
        let text = std::fs::read_to_string(self.0.path().join("skiptrace.prom")).unwrap_or_default();
        text.lines().filter(|line| !line.starts_with('#')).map(parse).collect()
    }

    fn notices(&self) -> Option<Vec<(String, String, String)>> {
        None
    }
}

/// Reads `name{a="b",c="d"} 1` letter by letter.
fn parse(line: &str) -> Arrived {
    let (metric, rest) = line.split_once('{').unwrap();
    let mut tags = BTreeMap::new();
    let mut letters = rest.chars();
    loop {
        let name: String = letters.by_ref().take_while(|c| *c != '=').collect();
        assert_eq!(letters.next(), Some('"'));
        let mut value = String::new();
        loop {
            match letters.next().unwrap() {
                '"' => break,
                '\\' => value.push(match letters.next().unwrap() {
                    'n' => '\n',
                    other => other,
                }),
                other => value.push(other),
            }
        }
        assert_eq!(tags.insert(name, value), None, "{line}");
        match letters.next().unwrap() {
            ',' => {}
            other => break assert_eq!(other, '}'),
        }
    }
    let value = letters.as_str().trim().parse().unwrap();
    Arrived { metric: metric.to_owned(), tags, value }
}

#[test]
fn text_files_keep_the_laws() {
    laws(|| Box::new(OfText::new()));
}

#[test]
fn text_files_are_replaced_whole() {
    let folder = tempfile::tempdir().unwrap();
    let names = || {
        let names = std::fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let file = TextFileSink::new(folder.path().join("x.prom"));
    std::fs::write(folder.path().join("x.prom"), "old").unwrap();
    // Notices alone are no reason to take away numbers.
    let mut notices = Batch::new(Timestamp(1), "run");
    notices.notices = batch().notices;
    file.send(&notices, WITHIN).unwrap();
    assert_eq!(std::fs::read_to_string(folder.path().join("x.prom")).unwrap(), "old");
    file.send(&batch(), WITHIN).unwrap();
    let text = std::fs::read_to_string(folder.path().join("x.prom")).unwrap();
    assert!(text.ends_with("# EOF\n") && !text.contains("old"), "{text}");
    assert_eq!(names(), ["x.prom"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path().join("x.prom")).unwrap().permissions().mode();
        assert_eq!(mode & 0o444, 0o444, "the collector is another user");
    }
    // In a folder, each command has a file of its own.
    TextFileSink::new(folder.path()).send(&batch(), WITHIN).unwrap();
    assert_eq!(names(), ["skiptrace_evaluate.prom", "x.prom"]);
}

#[test]
fn files_that_cannot_be_written_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let gone: PathBuf = folder.path().join("gone/x");
    let check = |sink: &dyn Sink| sink.send(&batch(), WITHIN).unwrap_err().to_string();
    let text = check(&TextFileSink::new(&gone));
    assert!(text.starts_with("the file cannot be written: "), "{text}");
    let text = check(&LinesSink::new(&gone));
    assert!(text.starts_with("the file cannot be written to: "), "{text}");
    assert!(check(&LinesSink::new(folder.path())).contains("cannot be written"));
}

fn error_of(sink: &dyn Sink, within: Duration) -> String {
    let error = sink.send(&batch(), within).unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(![API_KEY, APP_KEY, TOKEN].iter().any(|secret| text.contains(secret)), "{text}");
    error.to_string()
}

#[test]
fn services_that_fail_are_told() {
    let datadog = OfDatadog::new();
    datadog.0.fail(9, Fault::status(500));
    assert_eq!(error_of(datadog.sink(), WITHIN), "the service answered 500");
    assert_eq!(datadog.0.take_count(), 3);
    let wrong = DatadogSettings::new(Endpoint::new(&datadog.0.url()).unwrap(), Secret::new("wrong"), None);
    let datadog = OfDatadog::new();
    let body = json!({"errors": [format!("{API_KEY} may not")]}).to_string();
    datadog.0.fail(1, Fault::Answer(403, vec![("Content-Type".into(), "application/json".into())], body));
    assert_eq!(error_of(datadog.sink(), WITHIN), "the service answered 403: *** may not");
    assert!(error_of(&DatadogSink::new(wrong), WITHIN).starts_with("the service answered"));
    let otlp = OfOtlp::new();
    otlp.0.fail(9, Fault::status(500));
    assert_eq!(error_of(otlp.sink(), WITHIN), "the service answered 500");
    // One that comes round is told nothing of.
    let otlp = OfOtlp::new();
    otlp.0.fail(2, Fault::status(503));
    otlp.sink().send(&batch(), WITHIN).unwrap();
    assert_eq!(otlp.0.metrics().len(), 3);
}

#[test]
fn services_that_hang_or_are_not_there() {
    let short = Duration::from_millis(100);
    for fault in [Fault::Stall, Fault::StallInBody, Fault::ResetAfter, Fault::ResetBefore] {
        let otlp = OfOtlp::new();
        otlp.0.fail(9, fault.clone());
        let text = error_of(otlp.sink(), short);
        assert!(text.contains("no answer") || text.contains("no time"), "{fault:?}: {text}");
        // What may have been taken is not sent again: it would count twice.
        assert_eq!(
            otlp.0.logs().len(),
            if fault == Fault::ResetAfter || fault == Fault::StallInBody { 2 } else { 0 }
        );
    }
    let settings =
        DatadogSettings::new(Endpoint::new("http://127.0.0.1:9").unwrap(), Secret::new(API_KEY), None);
    assert!(error_of(&DatadogSink::new(settings), WITHIN).starts_with("no answer: "));
}

/// A sink that does something.
struct Doing(&'static str, fn() -> Result<(), SinkError>);

impl Sink for Doing {
    fn send(&self, _batch: &Batch, _within: Duration) -> Result<(), SinkError> {
        (self.1)()
    }
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// One sink that hangs, fails or panics takes nobody with it.
#[test]
fn sinks_do_not_get_into_each_others_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.jsonl");
    let sinks: Vec<Arc<dyn Sink>> = vec![
        Arc::new(Doing("hangs", || {
            thread::sleep(Duration::from_secs(3600));
            Ok(())
        })),
        Arc::new(Doing("fails", || Err(SinkError::new("no")))),
        Arc::new(Doing("works", || Ok(()))),
        Arc::new(LinesSink::new(&path)),
    ];
    let failed = publish(sinks, batch(), Duration::from_millis(500));
    let failed: Vec<String> = failed.into_iter().map(|(name, error)| format!("{name}: {error}")).collect();
    assert_eq!(failed, ["fails: no", "hangs: it took longer than 0.5 s"]);
    assert!(Path::new(&path).exists());
    let panics: Vec<Arc<dyn Sink>> = vec![Arc::new(Doing("panics", || panic!("a bug")))];
    let failed = publish(panics, batch(), WITHIN);
    assert_eq!(failed[0].1.to_string(), "it met a bug in skiptrace");
    assert_eq!(publish(Vec::new(), batch(), WITHIN).len(), 0);
}
