//! Telling the outside world what runs and evaluations came to: what is sent where, and that nothing depends on it.

mod sinks;

use std::time::Duration;

use skiptrace_backends::metrics;
use skiptrace_engine::history::Run;
use skiptrace_engine::metrics::{Batch, of_run};

use crate::session::Session;
use crate::settings::Settings;

/// Returns whether anything is sent anywhere.
pub(crate) fn are_wanted(settings: &Settings) -> bool {
    settings.metrics_datadog.value
        || settings.metrics_otlp.value
        || settings.metrics_prometheus.value.is_some()
        || settings.metrics_jsonl.value.is_some()
}

/// Sends a batch everywhere that the settings name, tagged as they say. What fails is told, and that is all.
pub(crate) fn publish(mut batch: Batch, settings: &Settings, session: &Session<'_>) {
    if !are_wanted(settings) || batch.is_empty() {
        return;
    }
    batch.tags = settings.metrics_tags.value.tags().clone();
    let sinks = sinks::of(settings, session);
    let within = Duration::from_millis(settings.metrics_timeout.value.0);
    for (sink, error) in metrics::publish(sinks, batch, within) {
        session.printer.warning(format_args!("metrics were not sent to {sink}: {error}"));
    }
}

/// Sends the numbers of a run.
pub(crate) fn publish_run(run: &Run, session: &Session<'_>) {
    // Whoever ran something has had the settings; there is nothing to be told of them once more.
    if let Ok(settings) = session.settings() {
        publish(of_run(run, session.environment.now()), &settings, session);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use skiptrace_engine::history::RunId;

    use super::*;
    use crate::args::{Assignment, GlobalArgs};
    use crate::environment::{Environment, Terminal};
    use crate::ui::printer::Options;
    use crate::ui::printer::tests::printer;

    #[test]
    fn a_run_is_published_and_what_fails_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let assignment = |key: &str, value: String| Assignment { key: key.to_owned(), value };
        let path = |name: &str| folder.path().join(name).display().to_string();
        let global = GlobalArgs {
            config: vec![
                assignment("metrics.jsonl", path("lines.jsonl")),
                assignment("metrics.prometheus", path("gone/x.prom")),
                assignment("metrics.datadog", "true".to_owned()),
                assignment("metrics.tags", "team:core".to_owned()),
            ],
            ..GlobalArgs::default()
        };
        let (printer, _, err) = printer(Options::default());
        let vars = [("SKIPTRACE_NOW", "2026-01-02T03:04:05Z"), ("HOME", "/nowhere")];
        let vars: BTreeMap<_, _> =
            vars.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let environment = Environment::new(vars, folder.path().to_owned(), Terminal::default());
        let session = Session::new(environment, global, &printer).unwrap();
        let run = Run::new(RunId::new(session.environment.now(), 1), "run", "unit".parse().unwrap());
        publish_run(&run, &session);
        let lines = std::fs::read_to_string(path("lines.jsonl")).unwrap();
        let first = lines.lines().next().unwrap();
        insta::assert_snapshot!(first, @r#"{"at_ms":1767323045000,"command":"run","kind":"count","line":"metric","name":"skiptrace.run.runs","schema":"skiptrace/metrics@1","tags":{"command":"run","job":"unit","team":"core"},"unit":"run","value":1}"#);
        let told = err.text().replace(folder.path().to_str().unwrap(), "$DIR");
        insta::assert_snapshot!(told, @"
        warning: metrics were not sent to Datadog: there is no key for `https://api.datadoghq.com`: `DD_API_KEY` is not set
        warning: metrics were not sent to the file `$DIR/gone/x.prom`: the file cannot be written: No such file or directory (os error 2)
        ");
    }
}
