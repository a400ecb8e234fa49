//! Files of results as runners wrote them, each read and told line by line.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use skiptrace_engine::evaluation::{Ended, Results, TestResult};
use skiptrace_indexers::results::{Format, ResultsError, Source, read};

mod damage;
mod dialects;
mod limits;
mod mapping;

/// Returns where a sample is.
fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/results/samples").join(name)
}

/// Reads bytes as the file of a name.
fn results_of(path: &str, bytes: &[u8]) -> Result<(Format, Results), ResultsError> {
    let mut results = Results::default();
    let source = Source { path: Path::new(path), number: 0 };
    let summary = read(&source, bytes, &mut |result: TestResult| results.add(result))?;
    Ok((summary.format, results))
}

/// Says what a sample tells: a line for each test.
#[track_caller]
fn told(name: &str) -> String {
    let bytes = fs::read(sample(name)).expect("there is such a sample");
    let (format, results) = results_of(name, &bytes).unwrap_or_else(|error| panic!("{error}"));
    format!("{format}\n{}", lines(&results))
}

fn lines(results: &Results) -> String {
    let mut text = String::new();
    for (told, tally) in results.iter() {
        let name = if told.name.is_empty() { "(all of it)" } else { &told.name };
        write!(text, "{} | {name}: {}", told.suite, tally.ended().name()).expect("it is text");
        let attempts = tally.passed + tally.failed + tally.errored;
        if attempts > 1 {
            write!(text, " in {attempts} attempts").expect("it is text");
        }
        if tally.ended() != Ended::Skipped && !tally.duration.is_zero() {
            write!(text, ", timed").expect("it is text");
        }
        text.push('\n');
    }
    text
}
