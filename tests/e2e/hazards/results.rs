//! What tests did.

use std::collections::BTreeMap;

/// The name of a test, as selections have it: suite and name.
pub(super) type TestName = (String, String);

/// How each test ended and what it printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Results(pub(super) BTreeMap<TestName, Result>);

/// How a test ended and what it printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Result {
    /// In the words of whoever ran it.
    pub(super) outcome: String,
    /// With what differs from run to run taken out.
    pub(super) output: String,
}

impl Results {
    /// Keeps what a test did. One that did more than one thing, like all tests of a documentation, did them all.
    pub(super) fn add(&mut self, suite: &str, name: &str, outcome: &str, output: &str) {
        let result = self.0.entry((suite.to_owned(), name.to_owned())).or_default();
        for (text, more) in [(&mut result.outcome, outcome), (&mut result.output, output)] {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(more.trim());
        }
    }

    /// Returns the tests that are there now and do something else than before, with what that is.
    pub(super) fn differing(&self, now: &Results) -> Vec<(&TestName, String)> {
        let differs = |(test, before): (_, &Result)| {
            let after = now.0.get(test)?;
            (before != after).then(|| (test, before.against(after)))
        };
        self.0.iter().filter_map(differs).collect()
    }
}

impl Result {
    fn against(&self, now: &Result) -> String {
        let side = |result: &Result| format!("{} {:?}", result.outcome, result.output);
        format!("{} => {}", side(self), side(now))
    }
}

/// Takes out of an output what differs from run to run: places, durations, numbers of threads. Where in a file a panic
/// or a log was is no result of a test either; a test that looks at such a place prints it.
pub(super) fn normalize(text: &str, folder: &str) -> String {
    let mut kept = String::new();
    let text = text.replace(folder, "$DIR");
    // Of all tests of a process, the first one to panic is told how to see more.
    for line in text.lines().filter(|line| !line.starts_with("note: run with `RUST_BACKTRACE=1`")) {
        // `thread 'name' (1234) panicked at src/lib.rs:1:2:`
        let line = match (line.strip_prefix("thread '"), line.find(" ("), line.find(") panicked")) {
            (Some(_), Some(from), Some(to)) if from < to => format!("{} panicked", &line[..from]),
            _ => without_place_of_log(line).to_owned(),
        };
        kept.push_str(line.trim_end());
        kept.push('\n');
    }
    kept.trim().to_owned()
}

/// Takes the place out of `    some_test.go:12: text`.
fn without_place_of_log(line: &str) -> &str {
    let Some((_, rest)) = line.split_once("_test.go:") else { return line };
    match rest.split_once(": ") {
        Some((number, text)) if number.bytes().all(|byte| byte.is_ascii_digit()) => text,
        _ => line,
    }
}
