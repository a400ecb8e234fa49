//! What OpenTelemetry's variables say.

use percent_encoding::percent_decode_str;
use skiptrace_engine::metrics::Tags;
use thiserror::Error;

use crate::secret::Secret;
use crate::web::Endpoint;

/// Where a collector listens unless somebody says otherwise.
const DEFAULT: &str = "http://localhost:4318";

/// Where a collector is, and as whom we come.
#[derive(Debug, Clone)]
pub struct OtlpSettings {
    /// Where metrics go.
    pub metrics: Endpoint,
    /// What is sent along with them.
    pub metrics_headers: Vec<(String, Secret)>,
    /// Where records of logs go.
    pub logs: Endpoint,
    /// What is sent along with them.
    pub logs_headers: Vec<(String, Secret)>,
    /// What all of it is about.
    pub resource: Tags,
}

/// A variable that cannot be understood. Its value may be a secret, so it is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("`{variable}` {problem}")]
pub struct OtlpError {
    variable: &'static str,
    problem: &'static str,
}

impl OtlpSettings {
    /// Reads the variables that OpenTelemetry has for all programs.
    pub fn of_variables<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Result<OtlpSettings, OtlpError> {
        let endpoint = |own: &'static str, path: &str| {
            let shared = "OTEL_EXPORTER_OTLP_ENDPOINT";
            // One that is named for a signal is used as it is, the other one is the base of all.
            let (name, found) = match (variable(own), variable(shared)) {
                (Some(url), _) => (own, Endpoint::new(url)),
                (None, Some(url)) => (shared, Endpoint::new(url).map(|base| base.below(path))),
                (None, None) => (shared, Endpoint::new(DEFAULT).map(|base| base.below(path))),
            };
            found.map_err(|_| OtlpError {
                variable: name,
                problem: "is no URL such as `http://localhost:4318`",
            })
        };
        let headers = |own: &'static str| {
            let shared = "OTEL_EXPORTER_OTLP_HEADERS";
            let mut all: Vec<(String, Secret)> = Vec::new();
            for name in [shared, own] {
                for (key, value) in pairs(name, variable(name).unwrap_or_default())? {
                    all.retain(|(known, _)| !known.eq_ignore_ascii_case(&key));
                    all.push((key, Secret::new(&value)));
                }
            }
            Ok(all)
        };
        let mut resource =
            Tags::of("service.name", "skiptrace").and("service.version", env!("CARGO_PKG_VERSION"));
        let name = "OTEL_RESOURCE_ATTRIBUTES";
        for (key, value) in pairs(name, variable(name).unwrap_or_default())? {
            resource = resource.and(&key, value);
        }
        if let Some(name) = variable("OTEL_SERVICE_NAME") {
            resource = resource.and("service.name", name);
        }
        Ok(OtlpSettings {
            metrics: endpoint("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "v1/metrics")?,
            metrics_headers: headers("OTEL_EXPORTER_OTLP_METRICS_HEADERS")?,
            logs: endpoint("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "v1/logs")?,
            logs_headers: headers("OTEL_EXPORTER_OTLP_LOGS_HEADERS")?,
            resource,
        })
    }
}

/// Reads `name=value,name=value`, where values may be encoded as in URLs.
fn pairs(variable: &'static str, text: &str) -> Result<Vec<(String, String)>, OtlpError> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').filter(|(name, _)| !name.trim().is_empty())?;
            let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
            let name = percent_decode_str(name.trim()).decode_utf8().ok()?;
            Some((name.into_owned(), value.into_owned()))
        })
        .map(|pair| {
            pair.ok_or(OtlpError { variable, problem: "is no list such as `name=value,other=value`" })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &'static str)]) -> Result<OtlpSettings, OtlpError> {
        OtlpSettings::of_variables(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
        })
    }

    #[test]
    fn endpoints_of_all_and_of_one_signal() {
        let check = |variables: &[(&str, &'static str)]| {
            let settings = read(variables).unwrap();
            format!("{} {}", settings.metrics, settings.logs)
        };
        assert_eq!(check(&[]), "http://localhost:4318/v1/metrics http://localhost:4318/v1/logs");
        assert_eq!(
            check(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c/base/")]),
            "https://c/base/v1/metrics https://c/base/v1/logs"
        );
        let own = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "https://m/in");
        assert_eq!(
            check(&[own, ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c")]),
            "https://m/in https://c/v1/logs"
        );
    }

    #[test]
    fn headers_and_attributes_are_lists() {
        let settings = read(&[
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b, x=1,,"),
            ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "API-KEY=other"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=ci,team=core%2Cweb"),
            ("OTEL_SERVICE_NAME", "nightly"),
        ])
        .unwrap();
        let plain = |headers: &[(String, Secret)]| {
            headers.iter().map(|(name, value)| format!("{name}={}", value.expose())).collect::<Vec<_>>()
        };
        assert_eq!(plain(&settings.logs_headers), ["api-key=a b", "x=1"]);
        assert_eq!(plain(&settings.metrics_headers), ["x=1", "API-KEY=other"]);
        assert_eq!(
            (settings.resource.get("service.name"), settings.resource.get("team")),
            (Some("nightly"), Some("core,web"))
        );
        let shown = format!("{settings:?}");
        assert!(!shown.contains("other") && !shown.contains("a b"), "{shown}");
    }

    #[test]
    fn mistakes_are_told_without_their_values() {
        let check = |name, value| read(&[(name, value)]).unwrap_err().to_string();
        assert_eq!(
            check("OTEL_EXPORTER_OTLP_HEADERS", "secret"),
            "`OTEL_EXPORTER_OTLP_HEADERS` is no list such as `name=value,other=value`"
        );
        assert_eq!(
            check("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"),
            "`OTEL_EXPORTER_OTLP_ENDPOINT` is no URL such as `http://localhost:4318`"
        );
    }
}
