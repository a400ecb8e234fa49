//! The events of `go test -json`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;
use std::time::Duration;

use serde::Deserialize;
use skiptrace_engine::evaluation::{Repeats, Tally, TestResult, ToldName};

use super::input::Lines;
use super::{Position, Stopped, Why};

/// So many tests and packages may be open at once; more are in no run.
const OPEN: usize = 1_000_000;

/// One event, as far as it is of interest.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "Action", borrow)]
    action: Cow<'a, str>,
    #[serde(rename = "Package", borrow, default)]
    package: Cow<'a, str>,
    #[serde(rename = "Test", borrow, default)]
    test: Cow<'a, str>,
    #[serde(rename = "Elapsed", default)]
    elapsed: f64,
}

/// A package whose end is not there yet.
#[derive(Debug, Default)]
struct Package {
    open: BTreeSet<Box<str>>,
    has_failed_test: bool,
}

/// Reads a stream of events.
pub(super) fn read(input: impl BufRead, each: &mut dyn FnMut(TestResult)) -> Result<(), Stopped> {
    let mut lines = Lines::new(input);
    let mut run = Run { each, packages: BTreeMap::new(), failed: BTreeSet::new(), n_open: 0 };
    while let Some(line) = lines.next()? {
        // Most of a stream is output. A name cannot have this in it: its quotes would be escaped.
        let text = line.text;
        if !text.starts_with('{') || line.is_whole && text.contains(r#""Action":"output""#) {
            continue;
        }
        match serde_json::from_str::<Event<'_>>(text) {
            Ok(event) => run.take(&event).map_err(|why| line.stopped(why))?,
            // What tests' programs and compilers print may be in between; an event that is cut up may not.
            Err(_) if line.is_whole && !text.contains("\"Action\"") && !text.starts_with("{\"Time\"") => {}
            Err(error) => return Err(line.stopped(Why::Malformed(format!("an event is cut up: {error}")))),
        }
    }
    match run.packages.keys().next() {
        None => Ok(()),
        Some(package) => {
            let missing = format!("there is no end of the package `{package}`");
            Err((Some(Position::Line(lines.n_lines)), Why::Truncated(missing)))
        }
    }
}

struct Run<'a> {
    each: &'a mut dyn FnMut(TestResult),
    packages: BTreeMap<Box<str>, Package>,
    /// Packages that failed as a whole.
    failed: BTreeSet<Box<str>>,
    n_open: usize,
}

impl Run<'_> {
    fn take(&mut self, event: &Event<'_>) -> Result<(), Why> {
        let (package, test) = (&*event.package, &*event.test);
        if !matches!(&*event.action, "start" | "run" | "pass" | "fail" | "skip") {
            return Ok(());
        }
        if test.is_empty() {
            if event.action == "start" {
                self.open(package)?;
            } else {
                self.end(package, &event.action);
            }
            return Ok(());
        }
        self.open(package)?;
        let state = self.packages.entry(package.into()).or_default();
        let tally = match &*event.action {
            "run" => {
                if state.open.insert(test.into()) {
                    self.n_open += 1;
                }
                return if self.n_open > OPEN { Err(Why::TooLarge) } else { Ok(()) };
            }
            "pass" => Tally::PASSED,
            "skip" => Tally::SKIPPED,
            _ => {
                state.has_failed_test = true;
                Tally::FAILED
            }
        };
        if state.open.remove(test) {
            self.n_open -= 1;
        }
        let duration = Duration::try_from_secs_f64(event.elapsed).unwrap_or_default();
        self.tell(package, test, tally.lasting(duration));
        Ok(())
    }

    fn open(&mut self, package: &str) -> Result<(), Why> {
        if !self.packages.contains_key(package) {
            self.packages.insert(package.into(), Package::default());
        }
        if self.packages.len() + self.failed.len() > OPEN { Err(Why::TooLarge) } else { Ok(()) }
    }

    /// A package has ended.
    fn end(&mut self, package: &str, action: &str) {
        let state = self.packages.remove(package).unwrap_or_default();
        self.n_open -= state.open.len();
        // Who began and has no end went down with the process.
        for test in &state.open {
            self.tell(package, test, Tally::ERRORED);
        }
        let failed_alone = action == "fail" && !state.has_failed_test && state.open.is_empty();
        if failed_alone {
            self.failed.insert(package.into());
            self.tell(package, "", Tally::ERRORED);
        } else if action == "pass" && self.failed.contains(package) {
            self.tell(package, "", Tally::PASSED);
        }
    }

    fn tell(&mut self, package: &str, test: &str, tally: Tally) {
        let name = ToldName { suite: package.into(), name: test.into(), ..ToldName::default() };
        (self.each)(TestResult { name, tally, repeats: Repeats::Attempts });
    }
}
