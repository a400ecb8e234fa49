//! OpenTelemetry: OTLP over HTTP, in its JSON form. Numbers are metrics, notices are records of a log.

mod body;
mod settings;

use std::fmt;
use std::time::Duration;

use serde_json::Value as Json;
use skiptrace_engine::metrics::{Batch, Sink, SinkError};

pub use settings::{OtlpError, OtlpSettings};

use super::deliver::{Deadline, deliver};
use crate::secret::Secret;
use crate::web::{Endpoint, Web};

/// A collector.
#[derive(Debug)]
pub struct OtlpSink {
    settings: OtlpSettings,
    web: Web,
}

impl OtlpSink {
    /// Makes a sink.
    pub fn new(settings: OtlpSettings) -> OtlpSink {
        OtlpSink { settings, web: Web::new() }
    }

    fn post(
        &self,
        to: &Endpoint,
        headers: &[(String, Secret)],
        body: &Json,
        deadline: Deadline,
    ) -> Result<(), SinkError> {
        let plain: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        let bytes = body.to_string();
        let post = |within| self.web.post(to, &plain, bytes.as_bytes(), within);
        let hide = |text: String| headers.iter().fold(text, |text, (_, value)| value.hidden_in(&text));
        let answer = deliver(deadline, post, |answer| hide(answer.said()))?;
        // "Yes" may mean "some of it".
        let partial: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
        let partial = &partial["partialSuccess"];
        let rejected = ["rejectedDataPoints", "rejectedLogRecords"].into_iter().find_map(|name| {
            let count = &partial[name];
            count.as_str().and_then(|text| text.parse().ok()).or_else(|| count.as_u64()).filter(|n| *n > 0)
        });
        match rejected {
            Some(n) => {
                let why = hide(partial["errorMessage"].as_str().unwrap_or_default().to_owned());
                Err(SinkError::new(format_args!("the collector rejected {n} of what was sent: {why}")))
            }
            None => Ok(()),
        }
    }
}

impl Sink for OtlpSink {
    fn send(&self, batch: &Batch, within: Duration) -> Result<(), SinkError> {
        let deadline = Deadline::after(within);
        let settings = &self.settings;
        if !batch.notices.is_empty() {
            let body = body::logs(batch, &settings.resource);
            self.post(&settings.logs, &settings.logs_headers, &body, deadline)?;
        }
        if !batch.samples().is_empty() {
            let body = body::metrics(batch, &settings.resource);
            self.post(&settings.metrics, &settings.metrics_headers, &body, deadline)?;
        }
        Ok(())
    }
}

impl fmt::Display for OtlpSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenTelemetry (`{}`)", self.settings.metrics)
    }
}
