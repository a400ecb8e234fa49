//! Where the settings have metrics go.

use std::fmt::Display;
use std::sync::Arc;

use skiptrace_backends::metrics::{DatadogSink, LinesSink, OtlpSettings, OtlpSink, TextFileSink};
use skiptrace_engine::metrics::Sink;

use crate::datadog::{self, Access};
use crate::session::Session;
use crate::settings::Settings;

/// Returns the sinks. One that cannot be made is told of and left out.
pub(super) fn of(settings: &Settings, session: &Session<'_>) -> Vec<Arc<dyn Sink>> {
    let environment = &session.environment;
    let told = |sink: &str, why: &dyn Display| {
        session.printer.warning(format_args!("metrics were not sent to {sink}: {why}"));
    };
    let mut sinks: Vec<Arc<dyn Sink>> = Vec::new();
    if settings.metrics_datadog.value {
        match datadog::settings(Access::Write, settings, environment) {
            Ok(datadog) => sinks.push(Arc::new(DatadogSink::new(datadog))),
            Err(error) => told("Datadog", &error),
        }
    }
    // The variable switches everything of OpenTelemetry off, in all programs.
    let is_disabled =
        environment.text("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    if settings.metrics_otlp.value && !is_disabled {
        match OtlpSettings::of_variables(|name| environment.text(name)) {
            Ok(otlp) => sinks.push(Arc::new(OtlpSink::new(otlp))),
            Err(error) => told("OpenTelemetry", &error),
        }
    }
    if let Some(path) = &settings.metrics_prometheus.value {
        sinks.push(Arc::new(TextFileSink::new(path)));
    }
    if let Some(path) = &settings.metrics_jsonl.value {
        sinks.push(Arc::new(LinesSink::new(path)));
    }
    sinks
}
