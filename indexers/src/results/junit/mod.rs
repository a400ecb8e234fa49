//! JUnit's XML, which every producer writes in its own way.
//!
//! The elements are the same everywhere; who is meant by the names, and what it means that a test is there twice, is
//! the producer's affair (`dialect`). Counters of suites are never believed.

mod case;
mod dialect;

use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use skiptrace_engine::evaluation::TestResult;

use super::input::{Lossy, Metered};
use super::{Position, Source, Stopped, Why};
use case::Case;
pub use dialect::Dialect;

/// Elements are not inside of each other more often.
const DEPTH: usize = 256;

/// An element around tests.
#[derive(Debug, Default)]
struct Suite {
    name: String,
    /// What its depth is, the root being at one.
    depth: usize,
}

/// Reads a file from its first `<` on.
pub(super) fn read(
    source: &Source<'_>,
    input: impl BufRead,
    each: &mut dyn FnMut(TestResult),
) -> Result<(), Stopped> {
    let mut reader = Reader::from_reader(Metered::new(Lossy::new(input)));
    reader.config_mut().trim_text(true);
    let program = source.program();
    let mut state = State { dialect: Dialect::Plain, n_roots: 0, suites: Vec::new(), depth: 0, case: None };
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let event = match reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(_) if reader.get_ref().is_over() => {
                return Err((Some(Position::Byte(reader.error_position())), Why::TooLarge));
            }
            Err(error) => return Err((Some(Position::Byte(reader.error_position())), why(error, &state))),
        };
        let at = || Some(Position::Byte(reader.buffer_position()));
        let told = match &event {
            Event::Start(element) => {
                state.depth += 1;
                if state.depth > DEPTH {
                    return Err((at(), Why::TooDeep));
                }
                state.open(element).map_err(|why| (at(), why))?;
                None
            }
            Event::Empty(element) => {
                state.depth += 1;
                state.open(element).map_err(|why| (at(), why))?;
                state.close()
            }
            Event::End(_) => state.close(),
            Event::Eof => {
                return match state.missing() {
                    None => Ok(()),
                    Some(missing) => Err((at(), Why::Truncated(missing))),
                };
            }
            _ => None,
        };
        if let Some((case, suite)) = told {
            each(state.dialect.result(case, &suite, state.n_roots, &program, source));
        }
        if state.case.is_none() {
            reader.get_mut().reset();
        }
    }
}

/// What is open where the reader stands.
struct State {
    dialect: Dialect,
    /// Several programs may have written one after the other.
    n_roots: u32,
    suites: Vec<Suite>,
    depth: usize,
    case: Option<Case>,
}

impl State {
    /// An element begins.
    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), Why> {
        let name = element.local_name();
        let name = name.as_ref();
        if self.depth == 1 {
            if !matches!(name, "testsuites" | "testsuite") {
                return Err(Why::ForeignRoot(name.chars().take(64).collect()));
            }
            self.n_roots = self.n_roots.saturating_add(1);
            self.dialect = Dialect::Plain;
        }
        if let Some(case) = &mut self.case {
            // What is deeper belongs to a child: the output of an attempt, properties.
            if self.depth == case.depth + 1 {
                case.child(name, &attributes(element)?);
            }
            return Ok(());
        }
        match name {
            "testsuites" | "testsuite" => {
                let attributes = attributes(element)?;
                self.dialect = self.dialect.after_suite(name, self.depth, &attributes);
                if name == "testsuite" {
                    let name = attributes.get("name").unwrap_or_default().to_owned();
                    self.suites.push(Suite { name, depth: self.depth });
                }
            }
            "property" => self.dialect = self.dialect.after_property(&attributes(element)?),
            "testcase" => self.case = Some(Case::new(self.depth, &attributes(element)?)),
            _ => {}
        }
        Ok(())
    }

    /// An element ends. Returns the test that is complete, and the suite around it.
    fn close(&mut self) -> Option<(Case, String)> {
        let depth = self.depth;
        self.depth = depth.saturating_sub(1);
        if self.suites.last().is_some_and(|suite| suite.depth == depth) {
            self.suites.pop();
        }
        let case = self.case.take_if(|case| case.depth == depth)?;
        let suite = self.suites.last().map(|suite| suite.name.clone()).unwrap_or_default();
        Some((case, suite))
    }

    /// Says what is missing at the end of the file.
    fn missing(&self) -> Option<String> {
        match (&self.case, self.suites.last(), self.depth, self.n_roots) {
            (Some(case), ..) => Some(format!("inside of the test `{}`", case.name)),
            (None, Some(suite), ..) => Some(format!("inside of the suite `{}`", suite.name)),
            (None, None, 0, 1..) => None,
            (None, None, 0, 0) => Some("before its root element".to_owned()),
            _ => Some("inside of its root element".to_owned()),
        }
    }
}

/// The attributes of an element, as text.
#[derive(Debug, Default)]
struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn attributes(element: &BytesStart<'_>) -> Result<Attributes, Why> {
    let mut attributes = Vec::new();
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| Why::Malformed(error.to_string()))?;
        let value = match attribute.normalized_value(XmlVersion::Implicit1_0) {
            Ok(value) => value.into_owned(),
            // A reference that nobody knows is left as it stands.
            Err(_) => attribute.value.clone().into_owned(),
        };
        attributes.push((attribute.key.local_name().as_ref().to_owned(), value));
    }
    Ok(Attributes(attributes))
}

/// Says what is wrong. What ends inside of something is cut off, what else is wrong is damaged.
fn why(error: quick_xml::Error, state: &State) -> Why {
    use quick_xml::errors::{IllFormedError, SyntaxError};
    match error {
        quick_xml::Error::Io(error) => Why::Io(std::io::Error::new(error.kind(), error)),
        quick_xml::Error::Syntax(SyntaxError::InvalidBangMarkup) => {
            Why::Malformed("markup that is none".to_owned())
        }
        quick_xml::Error::Syntax(error) => Why::Truncated(error.to_string()),
        quick_xml::Error::IllFormed(IllFormedError::MissingEndTag(_)) => {
            Why::Truncated(state.missing().unwrap_or_default())
        }
        error => Why::Malformed(error.to_string()),
    }
}
