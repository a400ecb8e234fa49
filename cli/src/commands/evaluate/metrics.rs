//! The answer as numbers, in OpenMetrics' text format.

use std::fmt::Write;

use skiptrace_engine::evaluation::Counts;

use super::report::{JobReport, Report};

/// Renders a report.
pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    family(&mut text, report, "tests", "Tests on each side of the comparison", "side", |job| {
        let Counts { actual, predicted, common, added, removed, unknown, ambiguous, .. } = job.counts;
        let sides = ["actual", "predicted", "common", "added", "removed", "unknown", "ambiguous"];
        let counts = [actual, predicted, common, added, removed, unknown, ambiguous];
        sides.into_iter().zip(counts.map(|n| n as f64)).collect()
    });
    family(&mut text, report, "failures", "Failures, by what they say of the selection", "finding", |job| {
        let counts = &job.counts;
        let findings = [("missed", counts.misses), ("unclear", counts.unclear), ("caught", counts.caught)];
        let all = findings.into_iter().chain(counts.excuses().map(|(excuse, n)| (excuse.code(), n)));
        all.map(|(finding, n)| (finding, n as f64)).collect()
    });
    family(&mut text, report, "seconds", "Time that tests took", "of", |job| {
        vec![("actual", job.counts.actual_time.as_secs_f64()), ("saved", job.counts.saved_time.as_secs_f64())]
    });
    family(&mut text, report, "index_errors", "What kept an index from being used", "type", |job| {
        job.events.iter().map(|event| (event.kind.name(), 1.0)).collect()
    });
    text.push_str("# EOF\n");
    text
}

/// Writes one family of metrics.
fn family(
    text: &mut String,
    report: &Report,
    name: &str,
    help: &str,
    label: &str,
    values: impl Fn(&JobReport) -> Vec<(&'static str, f64)>,
) {
    let name = format!("skiptrace_evaluation_{name}");
    write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n").expect("a string takes all writes");
    for job in &report.jobs {
        for (value_of, value) in values(job) {
            let job = escaped(job.job.as_str());
            writeln!(text, "{name}{{job=\"{job}\",{label}=\"{value_of}\"}} {value}")
                .expect("a string takes all writes");
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
