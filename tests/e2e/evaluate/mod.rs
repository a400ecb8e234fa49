//! `skiptrace evaluate`: what it answers, and what real runners tell it.

mod answers;
mod datadog;
mod runners;
mod streams;
mod trouble;

use skiptrace_engine::record::Outcome;
use skiptrace_tests::Sandbox;

use crate::select::{Known, index, known};

pub(crate) use answers::EVALUATE;

/// A repository of three files, and an index of it, which is edited after that: `a.rs` is not what it was.
///
/// The tests of `a` must run; those of `b` need not. One of `b` failed when it was recorded, one was flaky.
fn edited() -> Sandbox {
    let sandbox = crate::sandbox();
    let repo = sandbox.repo();
    repo.commit("first", &[("a.rs", "fn a() {}\n"), ("b.rs", "fn b() {}\n"), ("junit.xml", "")]);
    let of = |name: &str, file: &str, outcome: Outcome| Known { outcome, ..known("pkg", name, file) };
    let tests = [
        of("a::first", "a.rs", Outcome::Passed),
        of("a::second", "a.rs", Outcome::Passed),
        of("b::breaks", "b.rs", Outcome::Failed),
        of("b::first", "b.rs", Outcome::Passed),
        of("b::second", "b.rs", Outcome::Passed),
        of("b::third", "b.rs", Outcome::Passed),
        of("b::wavers", "b.rs", Outcome::Flaky),
    ];
    index(&sandbox, &repo, &tests);
    repo.commit("second", &[("a.rs", "fn a() { 1; }\n")]);
    sandbox
}

/// Writes results as nextest does: `name`, and what is inside of its element.
fn results(sandbox: &Sandbox, tests: &[(&str, &str)]) {
    let mut text = "<testsuites name=\"nextest-run\"><testsuite name=\"pkg\">\n".to_owned();
    for (name, inside) in tests {
        text.push_str(&format!(
            "<testcase classname=\"pkg\" name=\"{name}\" time=\"0.5\">{inside}</testcase>\n"
        ));
    }
    text.push_str("</testsuite></testsuites>\n");
    sandbox.write("../results.xml", &text);
}

/// The same with results, in which one failed that would have been skipped.
pub(crate) fn missing_one() -> Sandbox {
    let sandbox = edited();
    results(&sandbox, &with(&[("b::first", "<failure/>")]));
    sandbox
}

/// All tests of [`edited`], of which nobody failed who did not before.
const GOOD: [(&str, &str); 7] = [
    ("a::first", ""),
    ("a::second", ""),
    ("b::breaks", "<failure/>"),
    ("b::first", ""),
    ("b::second", ""),
    ("b::third", ""),
    ("b::wavers", ""),
];

/// The same with other ends for some of them, and with further tests.
fn with(others: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut all = GOOD.to_vec();
    for (name, inside) in others {
        match all.iter_mut().find(|(known, _)| known == name) {
            Some(test) => test.1 = inside,
            None => all.push((name, inside)),
        }
    }
    all
}
