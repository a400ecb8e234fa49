//! Datadog: metrics as series, notices as events.

use std::fmt;
use std::time::Duration;

use serde_json::{Value as Json, json};
use skiptrace_engine::metrics::{Batch, Kind, Notice, Sample, Sink, SinkError, Tags};

use super::deliver::{Deadline, deliver};
use crate::datadog::DatadogSettings;
use crate::web::Web;

/// So many series are in one request; the service takes half a megabyte.
const SERIES: usize = 500;
/// The service cuts off what is longer, and refuses what is much longer.
const TITLE: usize = 100;
const TEXT: usize = 4000;
const TAG: usize = 200;

/// Datadog's intake of metrics and events.
#[derive(Debug)]
pub struct DatadogSink {
    settings: DatadogSettings,
    web: Web,
}

impl DatadogSink {
    /// Makes a sink. Writing needs the API key alone, so no other is sent.
    pub fn new(settings: DatadogSettings) -> DatadogSink {
        DatadogSink { settings: DatadogSettings { app_key: None, ..settings }, web: Web::new() }
    }

    fn post(&self, path: &str, body: &Json, deadline: Deadline) -> Result<(), SinkError> {
        let post = |within| self.settings.post(&self.web, path, body, within);
        let answer = deliver(deadline, post, |answer| self.settings.said(answer))?;
        // Both say in the document what they did not take, whatever the status.
        let document: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
        match document["errors"].as_array() {
            Some(errors) if !errors.is_empty() => Err(SinkError::new(self.settings.said(&answer))),
            _ => Ok(()),
        }
    }
}

impl Sink for DatadogSink {
    fn send(&self, batch: &Batch, within: Duration) -> Result<(), SinkError> {
        let deadline = Deadline::after(within);
        // What people should hear of goes first.
        for notice in &batch.notices {
            self.post("api/v1/events", &event(batch, notice), deadline)?;
        }
        for samples in batch.samples().chunks(SERIES) {
            let series: Vec<Json> = samples.iter().map(|sample| series(batch, sample)).collect();
            self.post("api/v2/series", &json!({ "series": series }), deadline)?;
        }
        Ok(())
    }
}

fn series(batch: &Batch, sample: &Sample) -> Json {
    json!({
        "metric": format!("skiptrace.{}", sample.metric.name),
        "type": match sample.metric.kind {
            Kind::Count => 1,
            Kind::Gauge => 3,
        },
        "points": [{"timestamp": batch.at.0 / 1000, "value": sample.value.real()}],
        "unit": sample.metric.unit.name(),
        "tags": tags(&batch.all_tags(&sample.tags)),
    })
}

fn event(batch: &Batch, notice: &Notice) -> Json {
    json!({
        "title": cut(&notice.title, TITLE),
        "text": cut(&notice.text, TEXT),
        "alert_type": notice.level.name(),
        "date_happened": batch.at.0 / 1000,
        "source_type_name": "skiptrace",
        "tags": tags(&batch.all_tags(&notice.tags)),
    })
}

fn tags(tags: &Tags) -> Vec<String> {
    tags.iter().map(|(name, value)| cut(&format!("{name}:{value}"), TAG)).collect()
}

/// Returns at most so many characters, and says where some are missing.
fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => text.to_owned(),
        Some(_) => text.chars().take(longest - 1).chain(['…']).collect(),
    }
}

impl fmt::Display for DatadogSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Datadog (`{}`)", self.settings.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_and_say_so() {
        assert_eq!((cut("äöü", 3), cut("äöüß", 3)), ("äöü".to_owned(), "äö…".to_owned()));
    }
}
