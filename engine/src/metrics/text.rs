//! Numbers as Prometheus and OpenMetrics have them in text. Both can read the same one.

use std::fmt::Write;

use super::{Batch, Tags, Value};

/// Renders the numbers of a batch. All are gauges: the text is about one run, and the next one begins anew.
pub fn render(batch: &Batch) -> String {
    let mut text = String::new();
    let mut family = "";
    for sample in batch.samples() {
        let metric = sample.metric;
        let name = format!("skiptrace_{}", metric.name.replace('.', "_"));
        if family != metric.name {
            family = metric.name;
            write(&mut text, format_args!("# HELP {name} {}\n# TYPE {name} gauge\n", metric.help));
        }
        let labels = labels(&batch.all_tags(&sample.tags));
        match sample.value {
            Value::Whole(value) => write(&mut text, format_args!("{name}{labels} {value}\n")),
            Value::Real(value) => write(&mut text, format_args!("{name}{labels} {value}\n")),
        }
    }
    text.push_str("# EOF\n");
    text
}

fn write(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a string takes all writes");
}

fn labels(tags: &Tags) -> String {
    // Names that become the same one are one label, or nobody could read the text.
    let mut labels = Tags::default();
    for (name, value) in tags.iter() {
        labels = labels.and(&label(name), value);
    }
    let labels: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) }
}

/// Returns a name that a label can have.
fn label(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    // Two underscores in front are for Prometheus itself.
    let plain = if plain.starts_with("__") { plain.trim_start_matches('_') } else { &plain };
    match plain.bytes().next() {
        Some(first) if !first.is_ascii_digit() => plain.to_owned(),
        _ => format!("_{plain}"),
    }
}

fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    // A carriage return is none of the three, and yet ends lines for some who read them.
    text.replace('\r', " ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::time::Timestamp;

    use super::super::list;
    use super::*;

    #[test]
    fn whatever_tags_are_made_of_the_text_can_be_read() {
        let mut batch = Batch::new(Timestamp(1), "evaluate");
        batch.tags =
            Tags::of("team.name", "a\"b\\c\nd").and("team-name", "core").and("__x", "1").and("7", "y");
        batch.add(&list::EVALUATION_TESTS, Tags::of("job", "unit").and("side", "actual"), 3_usize);
        batch.add(&list::EVALUATION_SECONDS, Tags::of("of", "é\r"), Duration::from_millis(1250));
        batch.add(&list::EVALUATION_TESTS, Tags::of("job", "unit").and("side", "common"), u64::MAX);
        insta::assert_snapshot!(render(&batch), @r#"
        # HELP skiptrace_evaluation_tests Tests on each side of the comparison
        # TYPE skiptrace_evaluation_tests gauge
        skiptrace_evaluation_tests{team_name="core",x="1",_7="y",job="unit",side="actual"} 3
        skiptrace_evaluation_tests{team_name="core",x="1",_7="y",job="unit",side="common"} 18446744073709551615
        # HELP skiptrace_evaluation_seconds Time that tests took
        # TYPE skiptrace_evaluation_seconds gauge
        skiptrace_evaluation_seconds{team_name="core",x="1",_7="y",of="é "} 1.25
        # EOF
        "#);
    }

    #[test]
    fn nothing_is_an_empty_text() {
        assert_eq!(render(&Batch::new(Timestamp(1), "run")), "# EOF\n");
    }
}
