//! The documents of OTLP. In its JSON, whole numbers of 64 bits are texts, and enums numbers.

use serde_json::{Value as Json, json};
use skiptrace_engine::metrics::{Batch, Kind, Level, Sample, Tags, Unit, Value};
use skiptrace_engine::time::Timestamp;

/// `AGGREGATION_TEMPORALITY_DELTA`: what a run counted, and not what was counted since something began.
const DELTA: u32 = 1;

/// Returns the document for `/v1/metrics`.
pub(super) fn metrics(batch: &Batch, resource: &Tags) -> Json {
    let samples = batch.samples();
    let metrics: Vec<Json> = samples
        .chunk_by(|one, other| one.metric == other.metric)
        .map(|of_one| metric(batch, of_one))
        .collect();
    json!({"resourceMetrics": [{
        "resource": {"attributes": attributes(resource)},
        "scopeMetrics": [{"scope": scope(), "metrics": metrics}],
    }]})
}

/// Returns the document for `/v1/logs`.
pub(super) fn logs(batch: &Batch, resource: &Tags) -> Json {
    let records = batch.notices.iter().map(|notice| {
        let (number, text) = match notice.level {
            Level::Info => (9, "INFO"),
            Level::Warning => (13, "WARN"),
            Level::Error => (17, "ERROR"),
        };
        let tags = batch.all_tags(&notice.tags).and("event.title", notice.title.clone());
        json!({
            "timeUnixNano": nanos(batch.at),
            "observedTimeUnixNano": nanos(batch.at),
            "severityNumber": number,
            "severityText": text,
            "body": {"stringValue": format!("{}\n{}", notice.title, notice.text)},
            "attributes": attributes(&tags),
        })
    });
    let records: Vec<Json> = records.collect();
    json!({"resourceLogs": [{
        "resource": {"attributes": attributes(resource)},
        "scopeLogs": [{"scope": scope(), "logRecords": records}],
    }]})
}

fn metric(batch: &Batch, samples: &[&Sample]) -> Json {
    let metric = samples[0].metric;
    let points: Vec<Json> = samples.iter().map(|sample| point(batch, sample)).collect();
    let mut document = json!({
        "name": format!("skiptrace.{}", metric.name),
        "description": metric.help,
        "unit": unit(metric.unit),
    });
    match metric.kind {
        Kind::Count => {
            document["sum"] =
                json!({"dataPoints": points, "aggregationTemporality": DELTA, "isMonotonic": true});
        }
        Kind::Gauge => document["gauge"] = json!({ "dataPoints": points }),
    }
    document
}

fn point(batch: &Batch, sample: &Sample) -> Json {
    // What was counted was counted in a time, however short.
    let begun = batch.since.min(Timestamp(batch.at.0.saturating_sub(1)));
    let mut point = json!({
        "startTimeUnixNano": nanos(begun),
        "timeUnixNano": nanos(batch.at),
        "attributes": attributes(&batch.all_tags(&sample.tags)),
    });
    match sample.value {
        Value::Whole(value) => point["asInt"] = i64::try_from(value).unwrap_or(i64::MAX).to_string().into(),
        Value::Real(value) => point["asDouble"] = value.into(),
    }
    point
}

fn attributes(tags: &Tags) -> Vec<Json> {
    tags.iter().map(|(name, value)| json!({"key": name, "value": {"stringValue": value}})).collect()
}

fn scope() -> Json {
    json!({"name": "skiptrace", "version": env!("CARGO_PKG_VERSION")})
}

fn nanos(at: Timestamp) -> String {
    (u128::from(at.0) * 1_000_000).min(u128::from(u64::MAX)).to_string()
}

/// Returns a unit as UCUM has it.
fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Runs => "{run}",
        Unit::Tests => "{test}",
        Unit::Errors => "{error}",
        Unit::Seconds => "s",
        Unit::Commits => "{commit}",
        Unit::Bytes => "By",
    }
}
