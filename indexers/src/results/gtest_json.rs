//! GoogleTest's JSON: one document, read as it comes.

use std::fmt;
use std::io::{BufRead, Read};
use std::time::Duration;

use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use skiptrace_engine::evaluation::{Repeats, Tally, TestResult, ToldName};

use super::input::Metered;
use super::{Position, Source, Stopped, Why};

/// Reads a document.
pub(super) fn read(
    source: &Source<'_>,
    input: impl BufRead,
    each: &mut dyn FnMut(TestResult),
) -> Result<(), Stopped> {
    let meter = std::cell::RefCell::new(Metered::new(input));
    let mut deserializer = serde_json::Deserializer::from_reader(Shared(&meter));
    let mut has_suites = false;
    let (program, place) = (source.program(), source.place(0));
    let reset = || meter.borrow_mut().reset();
    let mut each = |test: Test| {
        let name = format!("{}.{}", test.classname, test.name).into();
        let name = ToldName { name, program: program.clone(), place, ..ToldName::default() };
        each(TestResult { name, tally: test.tally(), repeats: Repeats::Attempts });
        reset();
    };
    let read = Document { each: &mut each, has_suites: &mut has_suites }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    match read {
        Ok(()) if has_suites => Ok(()),
        Ok(()) => Err((None, Why::Unknown)),
        Err(error) => {
            let position = Some(Position::Line(error.line() as u64));
            let why = if meter.borrow().is_over() {
                Why::TooLarge
            } else if error.is_eof() {
                Why::Truncated("inside of its document".to_owned())
            } else if error.is_io() {
                Why::Io(error.into())
            } else {
                Why::Malformed(error.to_string())
            };
            Err((position, why))
        }
    }
}

/// A reader of which somebody else counts the bytes.
struct Shared<'a, R>(&'a std::cell::RefCell<Metered<R>>);

impl<R: Read> Read for Shared<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().read(buffer)
    }
}

/// One test.
#[derive(Deserialize)]
struct Test {
    name: String,
    #[serde(default)]
    classname: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    result: String,
    #[serde(default)]
    time: String,
    #[serde(default, deserialize_with = "some")]
    failures: bool,
}

/// Whether there is anything in a list; what it is, is for people.
fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    struct Some;
    impl<'de> Visitor<'de> for Some {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of failures")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
            let mut any = false;
            while list.next_element::<IgnoredAny>()?.is_some() {
                any = true;
            }
            Ok(any)
        }
    }
    deserializer.deserialize_seq(Some)
}

impl Test {
    fn tally(&self) -> Tally {
        let seconds = self.time.trim_end_matches('s').parse().unwrap_or_default();
        let duration = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let tally = match (self.status.as_str(), self.result.as_str()) {
            _ if self.failures => Tally::FAILED,
            (_, "SKIPPED" | "SUPPRESSED") | ("NOTRUN", _) => Tally::SKIPPED,
            // Before version 1.10 there was no result.
            (_, "COMPLETED" | "") => Tally::PASSED,
            _ => Tally::ERRORED,
        };
        tally.lasting(duration)
    }
}

/// The object of which `testsuites` is a list of suites.
struct Document<'a> {
    each: &'a mut dyn FnMut(Test),
    has_suites: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GoogleTest's document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "testsuites" {
                *self.has_suites = true;
                map.next_value_seed(List(Level::Suites, &mut *self.each))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// What a list is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Suites,
    Tests,
}

struct List<'a>(Level, &'a mut dyn FnMut(Test));

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        match self.0 {
            Level::Suites => while list.next_element_seed(Suite(&mut *self.1))?.is_some() {},
            Level::Tests => {
                while let Some(test) = list.next_element::<Test>()? {
                    (self.1)(test);
                }
            }
        }
        Ok(())
    }
}

/// The object of which `testsuite` is a list of tests.
struct Suite<'a>(&'a mut dyn FnMut(Test));

impl<'de> DeserializeSeed<'de> for Suite<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Suite<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a suite")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut has_tests = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "testsuite" {
                has_tests = true;
                map.next_value_seed(List(Level::Tests, &mut *self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if has_tests { Ok(()) } else { Err(de::Error::custom("a suite has no list of tests")) }
    }
}
