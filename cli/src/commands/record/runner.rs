//! Which runner is meant.

use std::path::Path;
use std::process::Command;

use skiptrace_indexers::record::native::NativeCommand;
use skiptrace_indexers::run::cargo::{CargoCommand, CargoRunner};

use crate::error::CommandError;
use crate::session::Session;

/// What runs the tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runner {
    /// Cargo, which builds as well.
    Cargo(CargoCommand),
    /// The go tool, which builds as well; the words of the command.
    Go(Vec<String>),
    /// CTest, or test programs.
    Native(NativeCommand),
}

impl Runner {
    /// Understands a command line, or finds the project's own where there is none.
    pub fn find(words: &[String], session: &Session<'_>) -> Result<Runner, CommandError> {
        Runner::find_to("record", words, session).map(|(runner, _)| runner)
    }

    /// Does the same for a command of the program, and returns the words as well that say it.
    pub fn find_to(
        command: &str,
        words: &[String],
        session: &Session<'_>,
    ) -> Result<(Runner, Vec<String>), CommandError> {
        if let Some(runner) = Runner::parse(words, &session.environment.cwd)? {
            return Ok((runner, words.to_vec()));
        }
        let doing = if command == "record" { "recording" } else { "running" };
        let found = |words: &[&str]| -> (Vec<String>, String) {
            (words.iter().map(|word| (*word).to_owned()).collect(), words.join(" "))
        };
        if !words.is_empty() {
            return Err(CommandError::user(format_args!(
                "do not know how to {command} `{}` (known runners: `cargo nextest run`, `cargo test`, `go test`, \
                 `gotestsum`, `ctest`, or the paths of test programs)",
                words.join(" ")
            )));
        }
        let cwd = &session.environment.cwd;
        if cwd.join("CTestTestfile.cmake").is_file() {
            let (words, said) = found(&["ctest"]);
            session.printer.status(format_args!("{doing} `{said}`"));
            return Ok((Runner::parse(&words, cwd)?.expect("it is one that is known"), words));
        }
        let nearest = |name: &str| cwd.ancestors().position(|folder| folder.join(name).is_file());
        match (nearest("Cargo.toml"), nearest("go.mod").or(nearest("go.work"))) {
            (None, None) => {
                return Err(CommandError::user(
                    "there is no `Cargo.toml` and no `go.mod` here, so nobody knows how to run tests",
                )
                .hint(format_args!("say how: `skiptrace {command} -- RUNNER …`")));
            }
            (Some(of_cargo), Some(of_go)) if of_cargo == of_go => {
                return Err(CommandError::user("there are tests of Rust and of Go here").hint(format_args!(
                    "{command} each in a job of its own: `skiptrace {command} --job rust -- cargo test`, \
                     `skiptrace {command} --job go -- go test ./...`",
                )));
            }
            (of_cargo, Some(of_go)) if of_cargo.is_none_or(|of_cargo| of_go < of_cargo) => {
                let (words, said) = found(&["go", "test", "./..."]);
                session.printer.status(format_args!("{doing} `{said}`"));
                return Ok((Runner::Go(words.clone()), words));
            }
            _ => {}
        }
        let (words, said) =
            found(if has_nextest(cwd) { &["cargo", "nextest", "run"] } else { &["cargo", "test"] });
        session.printer.status(format_args!("{doing} `{said}`"));
        let command = CargoCommand::parse(&words).expect("it is one of the two that are known");
        Ok((Runner::Cargo(command), words))
    }

    /// Returns whether the runner shows results itself, and has an exit code of its own.
    pub fn speaks_for_itself(&self) -> bool {
        matches!(self, Runner::Cargo(command) if command.runner == CargoRunner::Nextest)
    }

    /// Returns how the runner itself ends where tests fail.
    pub fn failure(&self) -> i32 {
        match self {
            Runner::Cargo(command) if command.runner == CargoRunner::Nextest => 100,
            Runner::Cargo(_) => 101,
            Runner::Native(NativeCommand::Ctest(_)) => 8,
            Runner::Go(_) | Runner::Native(NativeCommand::Programs(_)) => 1,
        }
    }

    /// Understands a command line; `None` when nobody knows it.
    pub fn parse(words: &[String], cwd: &Path) -> Result<Option<Runner>, CommandError> {
        if let Some(command) = CargoCommand::parse(words) {
            return Ok(Some(Runner::Cargo(command)));
        }
        if is_go(words) {
            return Ok(Some(Runner::Go(words.to_vec())));
        }
        let command = NativeCommand::parse(words, cwd).map_err(CommandError::user)?;
        Ok(command.map(Runner::Native))
    }
}

/// Returns whether a command line is of the go tool, or of what runs it. What it says is looked at when the go tool has
/// said which flags it is always given.
fn is_go(words: &[String]) -> bool {
    let name = words.first().and_then(|word| Path::new(word).file_name()).and_then(|name| name.to_str());
    let name = name.unwrap_or_default().trim_end_matches(".exe");
    let second = words.get(1).map(String::as_str);
    name == "gotestsum"
        || (second == Some("test") && (matches!(name, "go" | "gotip") || name.starts_with("go1.")))
}

/// Returns whether nextest is installed.
pub fn has_nextest(cwd: &Path) -> bool {
    let output = Command::new("cargo").args(["nextest", "--version"]).current_dir(cwd).output();
    output.is_ok_and(|output| output.status.success())
}
