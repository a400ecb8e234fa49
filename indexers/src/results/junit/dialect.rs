//! Who wrote a file, and what the names in it mean.

use skiptrace_engine::evaluation::{Repeats, Tally, TestResult, ToldName};

use super::case::Case;
use super::{Attributes, Source};

/// Who wrote a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Nobody who says so: Surefire, Bazel, and whoever else writes classes and names.
    Plain,
    /// nextest: the class is the binary.
    Nextest,
    /// gotestsum: the class is the package.
    Gotestsum,
    /// GoogleTest: the class is half of the name, and nothing says which program it was.
    Gtest,
    /// CTest: the class is the name once more.
    Ctest,
    /// pytest: the class is the path with dots, and attempts that failed look as if they had passed.
    Pytest,
    /// libtest: the class is the module, and nothing says which binary it was.
    Libtest,
}

impl Dialect {
    /// Returns the dialect, once a suite's element is known.
    pub(super) fn after_suite(self, element: &str, depth: usize, attributes: &Attributes) -> Dialect {
        let is = |name: &str, value: &str| attributes.get(name) == Some(value);
        match (element, depth) {
            ("testsuites", 1) if is("name", "nextest-run") => Dialect::Nextest,
            ("testsuites", 1) if is("name", "AllTests") => Dialect::Gtest,
            ("testsuites", 1) if is("name", "pytest tests") => Dialect::Pytest,
            ("testsuite", _) if self == Dialect::Plain && is("name", "pytest") => Dialect::Pytest,
            ("testsuite", _) if self == Dialect::Plain && is("name", "test") && is("package", "test") => {
                Dialect::Libtest
            }
            // Of CTest's attributes this one is nobody else's.
            ("testsuite", 1)
                if attributes.get("disabled").is_some()
                    && attributes.get("hostname").is_some()
                    && attributes.get("errors").is_none() =>
            {
                Dialect::Ctest
            }
            _ => self,
        }
    }

    /// Returns the dialect, once a property of a suite is known.
    pub(super) fn after_property(self, attributes: &Attributes) -> Dialect {
        match attributes.get("name") {
            Some("go.version") if self == Dialect::Plain => Dialect::Gotestsum,
            _ => self,
        }
    }

    /// Returns what a test's element says, in the suite around it.
    pub(super) fn result(
        self,
        case: Case,
        around: &str,
        root: u32,
        program: &str,
        source: &Source<'_>,
    ) -> TestResult {
        let mut tally = case.tally();
        let dialect = match self {
            // Files are put together by tools that leave out the root's name; this attribute stays.
            Dialect::Plain if case.result.is_some() && case.status.is_some() => Dialect::Gtest,
            dialect => dialect,
        };
        let Case { class, name, .. } = &case;
        let mut told = ToldName::default();
        let mut repeats = Repeats::Retries;
        match dialect {
            Dialect::Nextest => {
                (told.suite, told.name) = (class.as_str().into(), name.as_str().into());
                repeats = Repeats::Attempts;
            }
            // That a package failed as a whole, to build or before its first test, is told as a test of no class.
            Dialect::Gotestsum if class.is_empty() => {
                told.suite = around.into();
                told.name = if name == "TestMain" { "".into() } else { name.as_str().into() };
            }
            Dialect::Gotestsum => {
                (told.suite, told.name) = (class.as_str().into(), name.as_str().into());
                repeats = Repeats::Attempts;
            }
            Dialect::Gtest => {
                told.name = format!("{class}.{name}").into();
                told.program = program.into();
                told.place = source.place(root);
            }
            Dialect::Ctest => {
                told.name = name.as_str().into();
                told.by_value = true;
                told.place = source.place(root);
                // What could not be started is told as skipped.
                let is_asked_for = case.skip_message.as_deref().is_none_or(|why| why.starts_with("SKIP_"));
                if case.status.as_deref() == Some("notrun") && !is_asked_for {
                    tally = Tally::ERRORED.lasting(tally.duration);
                }
            }
            // A file that could not be imported is told as a test of no class.
            Dialect::Pytest if class.is_empty() => told.suite = name.as_str().into(),
            Dialect::Pytest => {
                (told.suite, told.name) = (class.as_str().into(), name.as_str().into());
                repeats = Repeats::LastCounts;
            }
            Dialect::Libtest => {
                told.name = match class.as_str() {
                    "" | "integration" | "crate" => name.as_str().into(),
                    module => format!("{module}::{name}").into(),
                };
                told.place = source.place(root);
            }
            Dialect::Plain => {
                (told.suite, told.name) = (class.as_str().into(), name.as_str().into());
                if around != class {
                    told.group = around.into();
                }
                if class.is_empty() {
                    told.program = program.into();
                    told.place = source.place(root);
                }
            }
        }
        TestResult { name: told, tally, repeats }
    }
}
