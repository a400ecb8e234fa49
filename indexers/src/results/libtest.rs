//! The events of libtest: its own, and those of nextest's `libtest-json` and `libtest-json-plus`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;
use std::time::Duration;

use serde::Deserialize;
use skiptrace_engine::evaluation::{Repeats, Tally, TestResult, ToldName};

use super::input::Lines;
use super::{Position, Source, Stopped, Why};

/// So many tests and suites may be open at once; more are in no run.
const OPEN: usize = 1_000_000;

/// One event, as far as it is of interest.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    event: Cow<'a, str>,
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(default)]
    exec_time: f64,
    #[serde(borrow)]
    nextest: Option<Binary<'a>>,
}

/// What nextest says of a suite.
#[derive(Deserialize)]
struct Binary<'a> {
    #[serde(rename = "crate", borrow)]
    package: Cow<'a, str>,
    #[serde(borrow)]
    test_binary: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

impl Binary<'_> {
    /// Returns what stands before `$` in the names of its tests.
    fn prefix(&self) -> String {
        format!("{}::{}", self.package, self.test_binary)
    }

    /// Returns its id.
    fn id(&self) -> String {
        match &*self.kind {
            "lib" | "proc-macro" => self.package.to_string(),
            "test" => self.prefix(),
            kind => format!("{}::{kind}/{}", self.package, self.test_binary),
        }
    }
}

/// Returns the package and the binary that a prefix is made of.
fn parts(prefix: &str) -> (&str, &str) {
    prefix.split_once("::").unwrap_or((prefix, ""))
}

/// Reads a stream of events.
pub(super) fn read(
    source: &Source<'_>,
    input: impl BufRead,
    each: &mut dyn FnMut(TestResult),
) -> Result<(), Stopped> {
    let mut lines = Lines::new(input);
    let mut run = Run {
        source,
        each,
        is_nextest: false,
        ids: BTreeMap::new(),
        open: BTreeSet::new(),
        suites: Vec::new(),
        part: 0,
    };
    while let Some(line) = lines.next()? {
        let text = line.text;
        if !text.starts_with('{') {
            continue;
        }
        match serde_json::from_str::<Event<'_>>(text) {
            Ok(event) => run.take(&event).map_err(|why| line.stopped(why))?,
            // Tests that are told not to capture their output print in between.
            Err(_) if !(text.contains("\"type\"") && text.contains("\"event\"")) && line.is_whole => {}
            Err(error) => return Err(line.stopped(Why::Malformed(format!("an event is cut up: {error}")))),
        }
    }
    run.end().map_err(|why| (Some(Position::Line(lines.n_lines)), why))
}

struct Run<'a> {
    source: &'a Source<'a>,
    each: &'a mut dyn FnMut(TestResult),
    /// Whether it is nextest, which names binaries, and runs several at the same time.
    is_nextest: bool,
    /// The ids of nextest's binaries, by what stands before their tests. Two may have the same before theirs.
    ids: BTreeMap<String, BTreeSet<String>>,
    /// Tests that began.
    open: BTreeSet<Box<str>>,
    /// Suites that began: an id, or nothing where none is told.
    suites: Vec<String>,
    /// Of libtest's own streams, which suite it is.
    part: u32,
}

impl Run<'_> {
    fn take(&mut self, event: &Event<'_>) -> Result<(), Why> {
        match (&*event.kind, &*event.event) {
            ("suite", "started") => {
                match &event.nextest {
                    Some(binary) => {
                        self.is_nextest = true;
                        self.ids.entry(binary.prefix()).or_default().insert(binary.id());
                        // A suite may be told of twice.
                        if !self.suites.contains(&binary.id()) {
                            self.suites.push(binary.id());
                        }
                    }
                    None if self.is_nextest => self.suites.push(String::new()),
                    None => {
                        // Suites of libtest come one after the other: what is open died with its process.
                        self.bury();
                        self.part = self.part.saturating_add(1);
                        self.suites.push(String::new());
                    }
                }
                if self.suites.len() > OPEN || self.ids.len() > OPEN {
                    return Err(Why::TooLarge);
                }
            }
            ("suite", _) => {
                let id = event.nextest.as_ref().map(Binary::id).unwrap_or_default();
                if let Some(at) = self.suites.iter().position(|open| *open == id) {
                    self.suites.remove(at);
                }
            }
            ("test", "started") => {
                // No path of Rust has such a character.
                self.is_nextest |= event.name.contains('$');
                self.open.insert(event.name.as_ref().into());
                if self.open.len() > OPEN {
                    return Err(Why::TooLarge);
                }
            }
            ("test", "timeout") | ("bench", _) => {}
            ("test", end) => {
                let (name, attempt) = attempt(&event.name);
                self.open.remove(name);
                let last = match end {
                    "ok" => Tally::PASSED,
                    "ignored" => Tally::SKIPPED,
                    "failed" => Tally::FAILED,
                    _ => Tally::ERRORED,
                };
                // There is only one event, and those before it failed.
                let failed = if last == Tally::SKIPPED { 0 } else { attempt.saturating_sub(1) };
                let duration = Duration::try_from_secs_f64(event.exec_time).unwrap_or_default();
                self.tell(name, Tally { failed, ..Tally::NONE }.and(last).lasting(duration));
            }
            _ => {}
        }
        Ok(())
    }

    /// Ends the tests whose process has ended without a word.
    fn bury(&mut self) {
        for test in std::mem::take(&mut self.open) {
            self.tell(&test, Tally::ERRORED);
        }
        if !self.suites.is_empty() {
            self.suites.clear();
            let place = self.source.place(self.part);
            let name = ToldName { program: self.source.program(), place, ..ToldName::default() };
            (self.each)(TestResult { name, tally: Tally::ERRORED, repeats: Repeats::Attempts });
        }
    }

    fn end(&mut self) -> Result<(), Why> {
        match self.suites.first() {
            // It outlives its tests, and says how each ended.
            Some(suite) if self.is_nextest => {
                let suite =
                    if suite.is_empty() { "a suite".to_owned() } else { format!("the suite `{suite}`") };
                Err(Why::Truncated(format!("there is no end of {suite}")))
            }
            _ => {
                self.bury();
                Ok(())
            }
        }
    }

    fn tell(&mut self, test: &str, tally: Tally) {
        let mut name = ToldName::default();
        match test.split_once('$') {
            Some((prefix, test)) => {
                let known = self.ids.get(prefix).filter(|ids| ids.len() == 1).and_then(BTreeSet::first);
                match known {
                    Some(id) => name.suite = id.as_str().into(),
                    // A library and a program may have one name: who knows which it is.
                    None => {
                        let (package, binary) = parts(prefix);
                        name.suite = prefix.into();
                        if binary == package || binary == package.replace('-', "_") {
                            name.group = package.into();
                        }
                    }
                }
                name.name = test.into();
            }
            None => {
                name.name = test.into();
                name.program = self.source.program();
                name.place = self.source.place(self.part);
            }
        }
        (self.each)(TestResult { name, tally, repeats: Repeats::Attempts });
    }
}

/// Returns a test's name and which attempt at it is told of: nextest writes `name#2`.
fn attempt(name: &str) -> (&str, u32) {
    match name.rsplit_once('#') {
        Some((test, attempt)) if name.contains('$') => match attempt.parse() {
            Ok(attempt @ 2..) => (test, attempt),
            _ => (name, 1),
        },
        _ => (name, 1),
    }
}
