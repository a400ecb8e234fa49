//! Which runner is meant.

use std::path::Path;
use std::process::Command;

use skiptrace_indexers::record::native::NativeCommand;
use skiptrace_indexers::run::cargo::CargoCommand;

use crate::error::CommandError;
use crate::session::Session;

/// What runs the tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::commands) enum Runner {
    /// Cargo, which builds as well.
    Cargo(CargoCommand),
    /// CTest, or test programs.
    Native(NativeCommand),
}

impl Runner {
    /// Understands a command line, or finds the project's own where there is none.
    pub(in crate::commands) fn find(words: &[String], session: &Session<'_>) -> Result<Runner, CommandError> {
        if let Some(runner) = Runner::parse(words, &session.environment.cwd)? {
            return Ok(runner);
        }
        if !words.is_empty() {
            return Err(CommandError::user(format_args!(
                "do not know how to record `{}` (known runners: `cargo nextest run`, `cargo test`, `ctest`, or the \
                 paths of test programs)",
                words.join(" ")
            )));
        }
        let cwd = &session.environment.cwd;
        if cwd.join("CTestTestfile.cmake").is_file() {
            session.printer.status("recording `ctest`");
            return Ok(Runner::parse(&["ctest".to_owned()], cwd)?.expect("it is one that is known"));
        }
        if !cwd.ancestors().any(|folder| folder.join("Cargo.toml").is_file()) {
            return Err(CommandError::user(
                "there is no `Cargo.toml` here, so nobody knows how to run tests",
            )
            .hint("say how: `skiptrace record -- RUNNER …`"));
        }
        let words: &[&str] = if has_nextest(cwd) { &["cargo", "nextest", "run"] } else { &["cargo", "test"] };
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        session.printer.status(format_args!("recording `{}`", words.join(" ")));
        Ok(Runner::Cargo(CargoCommand::parse(&words).expect("it is one of the two that are known")))
    }

    /// Understands a command line; `None` when nobody knows it.
    pub(in crate::commands) fn parse(words: &[String], cwd: &Path) -> Result<Option<Runner>, CommandError> {
        if let Some(command) = CargoCommand::parse(words) {
            return Ok(Some(Runner::Cargo(command)));
        }
        let command = NativeCommand::parse(words, cwd).map_err(CommandError::user)?;
        Ok(command.map(Runner::Native))
    }
}

/// Returns whether nextest is installed.
pub(in crate::commands) fn has_nextest(cwd: &Path) -> bool {
    let output = Command::new("cargo").args(["nextest", "--version"]).current_dir(cwd).output();
    output.is_ok_and(|output| output.status.success())
}
