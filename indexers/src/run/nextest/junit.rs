//! The results that nextest writes, as a recording wants them.

use std::path::Path;

use skiptrace_engine::evaluation::{Ended, TestResult};
use skiptrace_engine::record::Outcome;

use super::{Results, Said};
use crate::results::{ResultsError, Source, read};

/// Reads the results of a run. Of a test that is there twice the worse outcome counts.
pub fn parse(path: &Path, xml: &[u8]) -> Result<Results, ResultsError> {
    let mut results = Results::new();
    read(&Source { path, number: 0 }, xml, &mut |result| add(&mut results, result))?;
    Ok(results)
}

fn add(results: &mut Results, result: TestResult) {
    let TestResult { name, tally, .. } = result;
    let outcome = match tally.ended() {
        Ended::Passed => Outcome::Passed,
        Ended::Skipped => Outcome::Skipped,
        Ended::Flaky => Outcome::Flaky,
        Ended::Errored | Ended::Failed => Outcome::Failed,
    };
    let said = Said { outcome, duration: tally.duration };
    let known = results.entry((name.suite.into(), name.name.into())).or_insert(said);
    known.outcome = known.outcome.max(said.outcome);
    known.duration = known.duration.max(said.duration);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
    <testcase name="twice" classname="pkg::it" time="0.1"><failure/></testcase>
    <testcase name="twice" classname="pkg::it" time="0.2"></testcase>
  </testsuite>
</testsuites>"#;

    fn parsed(xml: &str) -> Result<Results, ResultsError> {
        parse("results.xml".as_ref(), xml.as_bytes())
    }

    #[test]
    fn each_outcome_is_known() {
        let results = parsed(RESULTS).unwrap();
        let outcomes: Vec<_> =
            results.iter().map(|((_, name), said)| (name.as_str(), said.outcome)).collect();
        assert_eq!(
            outcomes,
            [
                ("a<b>", Outcome::Passed),
                ("bad", Outcome::Failed),
                ("good", Outcome::Passed),
                ("sometimes", Outcome::Flaky),
                ("twice", Outcome::Failed)
            ]
        );
        assert_eq!(results[&("pkg::it".into(), "good".into())].duration, Duration::from_millis(250));
    }

    #[test]
    fn results_that_end_early_are_no_results() {
        let end = RESULTS.len() - "</testsuites>".len();
        for len in 0..end {
            assert!(parsed(&RESULTS[..len]).is_err(), "{len}");
        }
    }
}
