//! How the program can end.

use std::fmt::Write;
use std::process::ExitCode;

/// The exit codes, a promise to scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExitStatus {
    /// All went well.
    Success,
    /// Tests failed, or a gate did.
    Failure,
    /// The arguments or the configuration are wrong.
    Usage,
    /// With `--strict`: everything was selected because narrowing could not be justified.
    FellBack,
    /// There are no tests.
    NoTests,
    /// The build or the runner failed before there were results.
    Runner,
    /// A usable index was required, and there is none.
    NoIndex,
    /// The store could not be used.
    Store,
    /// Git could not be used.
    Git,
    /// An index is damaged, or of a format this version cannot read.
    DamagedIndex,
    /// The program met a bug of its own.
    Internal,
    /// The user interrupted it.
    Interrupted,
    /// As the runner of the tests ended.
    OfRunner(u8),
}

impl ExitStatus {
    /// Every exit code of our own, in order.
    pub const ALL: [ExitStatus; 12] = [
        ExitStatus::Success,
        ExitStatus::Failure,
        ExitStatus::Usage,
        ExitStatus::FellBack,
        ExitStatus::NoTests,
        ExitStatus::Runner,
        ExitStatus::NoIndex,
        ExitStatus::Store,
        ExitStatus::Git,
        ExitStatus::DamagedIndex,
        ExitStatus::Internal,
        ExitStatus::Interrupted,
    ];

    /// Returns the number.
    pub fn code(self) -> u8 {
        match self {
            ExitStatus::Success => 0,
            ExitStatus::Failure => 1,
            ExitStatus::Usage => 2,
            ExitStatus::FellBack => 3,
            ExitStatus::NoTests => 4,
            ExitStatus::Runner => 5,
            ExitStatus::NoIndex => 6,
            ExitStatus::Store => 7,
            ExitStatus::Git => 8,
            ExitStatus::DamagedIndex => 9,
            ExitStatus::Internal => 70,
            ExitStatus::Interrupted => 130,
            ExitStatus::OfRunner(code) => code,
        }
    }

    /// Returns what the number means, for the help.
    pub fn meaning(self) -> &'static str {
        match self {
            ExitStatus::Success => "success",
            ExitStatus::Failure => "tests failed, or a gate did",
            ExitStatus::Usage => "wrong arguments or configuration",
            ExitStatus::FellBack => "everything was selected where --strict forbids it",
            ExitStatus::NoTests => "there are no tests",
            ExitStatus::Runner => "the build or the runner failed before there were results",
            ExitStatus::NoIndex => "no usable index, though one was required",
            ExitStatus::Store => "the store or the network failed",
            ExitStatus::Git => "git failed",
            ExitStatus::DamagedIndex => "an index is damaged or unreadable",
            ExitStatus::Internal => "a bug in skiptrace",
            ExitStatus::Interrupted => "interrupted",
            ExitStatus::OfRunner(_) => "as the runner of the tests",
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> ExitCode {
        ExitCode::from(status.code())
    }
}

/// Returns the list of exit codes that ends the long help and the man page.
pub(crate) fn help() -> String {
    let mut text = "Exit codes:\n".to_owned();
    for status in ExitStatus::ALL {
        writeln!(text, "  {:>3}  {}", status.code(), status.meaning()).expect("a string takes all writes");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_ascend() {
        let codes = ExitStatus::ALL.map(ExitStatus::code);
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    }

    #[test]
    fn help_lists_them() {
        assert!(help().contains("\n    6  no usable index"), "{}", help());
    }
}
