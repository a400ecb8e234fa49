//! The results that nextest writes, in its dialect of JUnit.

use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use skiptrace_engine::record::Outcome;
use thiserror::Error;

use super::{Results, Said};

/// Why results cannot be read.
#[derive(Debug, Error)]
pub enum JunitError {
    /// The file is not XML.
    #[error("the results are not XML")]
    Xml(#[from] quick_xml::Error),
    /// An attribute is not.
    #[error("the results have a damaged attribute")]
    Attribute(#[from] quick_xml::events::attributes::AttrError),
    /// The file ends before its root element does.
    #[error("the results end early")]
    Truncated,
}

/// Reads the results of a run. Of a test that is there twice the worse outcome counts.
pub fn parse(xml: &[u8]) -> Result<Results, JunitError> {
    let mut reader = Reader::from_reader(xml);
    let mut results = Results::new();
    let mut open: Option<((String, String), Said)> = None;
    let (mut depth, mut complete) = (0_usize, false);
    let mut buffer = Vec::new();
    loop {
        let event = reader.read_event_into(&mut buffer)?;
        match &event {
            Event::Start(element) | Event::Empty(element) => {
                let is_empty = matches!(event, Event::Empty(_));
                depth += usize::from(!is_empty);
                match element.local_name().as_ref() {
                    "testcase" => {
                        let test = test_case(element)?;
                        if is_empty {
                            add(&mut results, test);
                        } else {
                            open = Some(test);
                        }
                    }
                    name => {
                        if let Some((_, said)) = &mut open {
                            said.outcome = with_child(said.outcome, name);
                        }
                    }
                }
            }
            Event::End(element) => {
                depth = depth.saturating_sub(1);
                complete |= depth == 0;
                if element.local_name().as_ref() == "testcase"
                    && let Some(test) = open.take()
                {
                    add(&mut results, test);
                }
            }
            Event::Eof => return if complete { Ok(results) } else { Err(JunitError::Truncated) },
            _ => {}
        }
        buffer.clear();
    }
}

fn test_case(element: &BytesStart<'_>) -> Result<((String, String), Said), JunitError> {
    let (mut suite, mut name, mut seconds) = (String::new(), String::new(), 0.0_f64);
    for attribute in element.attributes() {
        let attribute = attribute?;
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0)?.into_owned();
        match attribute.key.local_name().as_ref() {
            "classname" => suite = value,
            "name" => name = value,
            "time" => seconds = value.parse().unwrap_or_default(),
            _ => {}
        }
    }
    let duration = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    Ok(((suite, name), Said { outcome: Outcome::Passed, duration }))
}

/// Returns the outcome of a test whose element has a child of this name as well.
fn with_child(outcome: Outcome, child: &str) -> Outcome {
    let says = match child {
        "failure" | "error" => Outcome::Failed,
        "flakyFailure" | "flakyError" => Outcome::Flaky,
        "skipped" => Outcome::Skipped,
        _ => return outcome,
    };
    outcome.max(says)
}

fn add(results: &mut Results, (key, said): ((String, String), Said)) {
    let known = results.entry(key).or_insert(said);
    known.outcome = known.outcome.max(said.outcome);
    known.duration = known.duration.max(said.duration);
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESULTS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="4">
  <testsuite name="pkg::it" tests="4">
    <testcase name="good" classname="pkg::it" timestamp="2026-01-01T00:00:00Z" time="0.250"/>
    <testcase name="bad" classname="pkg::it" time="1.5">
      <failure message="a &lt; b" type="test failure">text</failure>
      <rerunFailure type="test failure"/>
      <system-out>failure error skipped</system-out>
    </testcase>
    <testcase name="sometimes" classname="pkg::it" time="0.1"><flakyFailure type="x"/></testcase>
    <testcase name="a&lt;b&gt;" classname="pkg::it" time="0.1"></testcase>
  </testsuite>
</testsuites>"#;

    #[test]
    fn each_outcome_is_known() {
        let results = parse(RESULTS.as_bytes()).unwrap();
        let outcomes: Vec<_> =
            results.iter().map(|((_, name), said)| (name.as_str(), said.outcome)).collect();
        assert_eq!(
            outcomes,
            [
                ("a<b>", Outcome::Passed),
                ("bad", Outcome::Failed),
                ("good", Outcome::Passed),
                ("sometimes", Outcome::Flaky)
            ]
        );
        assert_eq!(results[&("pkg::it".into(), "good".into())].duration, Duration::from_millis(250));
    }

    #[test]
    fn results_that_end_early_are_no_results() {
        let end = RESULTS.len() - "</testsuites>".len();
        for len in 0..end {
            assert!(parse(&RESULTS.as_bytes()[..len]).is_err(), "{len}");
        }
    }
}
