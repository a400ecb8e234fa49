//! A collector that takes OTLP as JSON, and is strict about what the protocol says of it.

use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{ApiServer, Asked, Reply};
use super::fault::Fault;
use super::server::lock;

/// A collector, until it is dropped.
#[derive(Debug)]
pub struct OtlpServer {
    server: ApiServer,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    metrics: Vec<Value>,
    logs: Vec<Value>,
    /// What is said instead of "all of it".
    partial: Option<Value>,
}

impl OtlpServer {
    /// Starts a collector.
    pub fn start() -> OtlpServer {
        let taken = Arc::new(Mutex::new(Taken::default()));
        let shared = Arc::clone(&taken);
        OtlpServer { server: ApiServer::start(move |asked| lock(&shared).answer(asked)), taken }
    }

    /// Returns the URL, without a slash at its end.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Lets the next requests fail, so many of them.
    pub fn fail(&self, times: usize, fault: Fault) {
        self.server.fail(times, fault);
    }

    /// Has some of what is sent be rejected.
    pub fn reject(&self, partial: Value) {
        lock(&self.taken).partial = Some(partial);
    }

    /// Returns what was asked since this was last called.
    pub fn take_asked(&self) -> Vec<Asked> {
        self.server.take_asked()
    }

    /// Returns the metrics that were sent, one after the other.
    pub fn metrics(&self) -> Vec<Value> {
        lock(&self.taken).metrics.clone()
    }

    /// Returns the records that were sent.
    pub fn logs(&self) -> Vec<Value> {
        lock(&self.taken).logs.clone()
    }
}

/// The messages of the protocol, with every field that is sent and no other: a name that is wrong is passed over by
/// real collectors, and so is what it stands for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct MetricsRequest {
    resource_metrics: Vec<ResourceMetrics>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ResourceMetrics {
    resource: Resource,
    scope_metrics: Vec<ScopeMetrics>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ScopeMetrics {
    scope: Scope,
    metrics: Vec<Metric>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metric {
    name: String,
    description: String,
    unit: String,
    sum: Option<Sum>,
    gauge: Option<Gauge>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Sum {
    data_points: Vec<Point>,
    aggregation_temporality: u32,
    is_monotonic: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Gauge {
    data_points: Vec<Point>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Point {
    attributes: Vec<Attribute>,
    start_time_unix_nano: String,
    time_unix_nano: String,
    as_int: Option<String>,
    as_double: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct LogsRequest {
    resource_logs: Vec<ResourceLogs>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ResourceLogs {
    resource: Resource,
    scope_logs: Vec<ScopeLogs>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ScopeLogs {
    scope: Scope,
    log_records: Vec<LogRecord>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct LogRecord {
    time_unix_nano: String,
    observed_time_unix_nano: String,
    severity_number: u32,
    severity_text: String,
    body: AnyValue,
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scope {
    name: String,
    version: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attribute {
    key: String,
    value: AnyValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AnyValue {
    string_value: String,
}

impl Taken {
    fn answer(&mut self, asked: &Asked) -> Reply {
        let refused = |status, why: &str| Reply::json(status, &json!({"code": 3, "message": why}));
        if asked.header("content-type") != Some("application/json") || asked.method != "POST" {
            return refused(415, "unsupported media type");
        }
        let document = asked.json();
        let taken = match asked.path.rsplit('/').next() {
            Some("metrics") => check_metrics(&asked.body).map(|()| {
                let metrics = &document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
                self.metrics.extend(metrics.as_array().cloned().unwrap_or_default());
            }),
            Some("logs") => check_logs(&asked.body).map(|()| {
                let records = &document["resourceLogs"][0]["scopeLogs"][0]["logRecords"];
                self.logs.extend(records.as_array().cloned().unwrap_or_default());
            }),
            _ => return refused(404, "not found"),
        };
        match taken {
            Ok(()) => Reply::json(200, &self.partial.clone().unwrap_or_else(|| json!({}))),
            Err(why) => refused(400, &why),
        }
    }
}

fn check_metrics(body: &[u8]) -> Result<(), String> {
    let request: MetricsRequest = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    for resource in &request.resource_metrics {
        check_resource(&resource.resource)?;
        for scope in &resource.scope_metrics {
            check_scope(&scope.scope)?;
            for metric in &scope.metrics {
                let name = &metric.name;
                let points = match (&metric.sum, &metric.gauge) {
                    (Some(sum), None) if sum.aggregation_temporality == 1 && sum.is_monotonic => {
                        &sum.data_points
                    }
                    (None, Some(gauge)) => &gauge.data_points,
                    _ => return Err(format!("`{name}` is no sum and no gauge")),
                };
                if points.is_empty() || metric.description.is_empty() || metric.unit.is_empty() {
                    return Err(format!("`{name}` has nothing to say"));
                }
                for point in points {
                    check_point(point).map_err(|why| format!("`{name}`: {why}"))?;
                }
            }
        }
    }
    Ok(())
}

fn check_point(point: &Point) -> Result<(), String> {
    let (start, end) = (nanos(&point.start_time_unix_nano)?, nanos(&point.time_unix_nano)?);
    if start >= end {
        return Err("it ends before it begins".to_owned());
    }
    let is_whole = point.as_int.as_ref().is_some_and(|text| text.parse::<i64>().is_ok());
    if is_whole == point.as_double.is_some() {
        return Err("it has no value, or two".to_owned());
    }
    check_attributes(&point.attributes)
}

fn check_logs(body: &[u8]) -> Result<(), String> {
    let request: LogsRequest = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    for resource in &request.resource_logs {
        check_resource(&resource.resource)?;
        for scope in &resource.scope_logs {
            check_scope(&scope.scope)?;
            for record in &scope.log_records {
                nanos(&record.time_unix_nano)?;
                nanos(&record.observed_time_unix_nano)?;
                check_attributes(&record.attributes)?;
                let severity = (record.severity_number, record.severity_text.as_str());
                if !matches!(severity, (9, "INFO") | (13, "WARN") | (17, "ERROR"))
                    || record.body.string_value.is_empty()
                {
                    return Err("an odd record".to_owned());
                }
            }
        }
    }
    Ok(())
}

fn check_resource(resource: &Resource) -> Result<(), String> {
    let has_name = resource.attributes.iter().any(|attribute| attribute.key == "service.name");
    if has_name { check_attributes(&resource.attributes) } else { Err("nobody sends it".to_owned()) }
}

fn check_scope(scope: &Scope) -> Result<(), String> {
    if scope.name.is_empty() || scope.version.is_empty() { Err("an odd scope".to_owned()) } else { Ok(()) }
}

/// Keys are there once, and are not empty.
fn check_attributes(attributes: &[Attribute]) -> Result<(), String> {
    let mut keys: Vec<&str> = attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    keys.sort_unstable();
    let n = keys.len();
    keys.dedup();
    let all_have_values = attributes.iter().all(|attribute| attribute.value.string_value.len() < 100_000);
    if keys.len() == n && !keys.contains(&"") && all_have_values {
        Ok(())
    } else {
        Err("odd attributes".to_owned())
    }
}

fn nanos(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is no time"))
}
