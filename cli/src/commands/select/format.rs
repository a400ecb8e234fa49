//! For whom the answer is.

use skiptrace_indexers::record::native::NativeCommand;
use skiptrace_indexers::run::cargo::CargoRunner;

use crate::commands::record::runner::Runner;

/// The value of `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FormatName {
    /// Arguments for `cargo nextest run`
    Nextest,
    /// Arguments for `cargo test`, after `--`
    CargoTest,
    /// Arguments for `go test`
    Go,
    /// Arguments for `gotestsum`, after `--`
    Gotestsum,
    /// A flag for programs that speak GoogleTest
    Gtest,
    /// Arguments for `ctest`
    Ctest,
    /// Arguments for `pytest`, and the variable that it needs (`--env`)
    Pytest,
    /// Lines of `classname.name`, as JUnit files have them
    JunitNames,
    /// Lines of a suite, a tab, and a name
    Plain,
    /// Everything, as a document
    Json,
}

impl FormatName {
    /// Returns the format that a runner understands.
    pub(super) fn of(runner: &Runner) -> FormatName {
        match runner {
            Runner::Cargo(command) if command.runner == CargoRunner::Nextest => FormatName::Nextest,
            Runner::Cargo(_) => FormatName::CargoTest,
            Runner::Go(words) if words.first().is_some_and(|word| word.ends_with("gotestsum")) => {
                FormatName::Gotestsum
            }
            Runner::Go(_) => FormatName::Go,
            Runner::Native(NativeCommand::Ctest(_)) => FormatName::Ctest,
            Runner::Native(NativeCommand::Programs(_)) => FormatName::Gtest,
        }
    }

    /// Returns what would be typed to run the tests, where that says no more than which runner it is.
    pub(super) fn usual(self) -> Option<&'static [&'static str]> {
        match self {
            FormatName::Nextest => Some(&["cargo", "nextest", "run"]),
            FormatName::CargoTest => Some(&["cargo", "test"]),
            FormatName::Go | FormatName::Gotestsum => Some(&["go", "test"]),
            FormatName::Ctest => Some(&["ctest"]),
            _ => None,
        }
    }

    /// Returns whether it is a list of names, which is for programs that know what they make of it.
    pub(super) fn is_list(self) -> bool {
        matches!(self, FormatName::JunitNames | FormatName::Plain)
    }

    /// Returns the word for it.
    pub(super) fn word(self) -> String {
        let value = clap::ValueEnum::to_possible_value(&self).expect("no value is left out");
        value.get_name().to_owned()
    }
}
