//! `cargo test` and `cargo nextest run`, as the user types them.

use std::ffi::OsStr;
use std::path::Path;

/// A command line of cargo that runs tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CargoCommand {
    /// The program, `cargo` or a path to it.
    pub program: String,
    /// The toolchain asked for, with its plus sign.
    pub toolchain: Option<String>,
    /// Which runner.
    pub runner: CargoRunner,
    /// The subcommand's arguments up to `--`.
    pub args: Vec<String>,
    /// Those after `--`, which are the tests' own.
    pub test_args: Vec<String>,
}

/// Who runs the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CargoRunner {
    /// `cargo test`, for which skiptrace runs every test itself.
    Test,
    /// `cargo nextest run`, which does it.
    Nextest,
}

/// Arguments of `cargo test` that say which targets are meant.
const TARGETS: &[&str] = &[
    "--lib",
    "--bin",
    "--bins",
    "--example",
    "--examples",
    "--test",
    "--tests",
    "--bench",
    "--benches",
    "--all-targets",
    "--doc",
];

/// Options of `cargo test` that take their value from the next word.
const WITH_VALUE: &[&str] = &[
    "-p",
    "--package",
    "--exclude",
    "--bin",
    "--example",
    "--test",
    "--bench",
    "-F",
    "--features",
    "--target",
    "--target-dir",
    "--manifest-path",
    "--profile",
    "-j",
    "--jobs",
    "--color",
    "--message-format",
    "--config",
    "-Z",
    "-C",
    "--lockfile-path",
    "--timings",
];

impl CargoCommand {
    /// Understands a command line; `None` when it is not cargo running tests.
    pub fn parse(words: &[String]) -> Option<CargoCommand> {
        let (program, rest) = words.split_first()?;
        let name = Path::new(program).file_stem().and_then(OsStr::to_str)?;
        if name != "cargo" && name != "cargo-nextest" {
            return None;
        }
        let (toolchain, rest) = match rest.split_first() {
            Some((first, rest)) if first.starts_with('+') => (Some(first.clone()), rest),
            _ => (None, rest),
        };
        let (runner, rest) = match rest {
            [test, rest @ ..] if test == "test" || test == "t" => (CargoRunner::Test, rest),
            [nextest, run, rest @ ..] if nextest == "nextest" && (run == "run" || run == "r") => {
                (CargoRunner::Nextest, rest)
            }
            _ => return None,
        };
        let end = rest.iter().position(|word| word == "--").unwrap_or(rest.len());
        Some(CargoCommand {
            program: program.clone(),
            toolchain,
            runner,
            args: rest[..end].to_vec(),
            test_args: rest.get(end + 1..).unwrap_or_default().to_vec(),
        })
    }

    /// Returns what comes before the subcommand's arguments.
    pub fn head(&self) -> Vec<String> {
        let subcommand: &[&str] = match self.runner {
            CargoRunner::Test => &["test"],
            CargoRunner::Nextest => &["nextest", "run"],
        };
        self.toolchain.iter().cloned().chain(subcommand.iter().map(|word| (*word).to_owned())).collect()
    }

    /// Returns the value of an option, given as `name value` or `name=value`.
    pub fn option(&self, name: &str) -> Option<&str> {
        let mut words = self.args.iter();
        while let Some(word) = words.next() {
            if word == name {
                return words.next().map(String::as_str);
            }
            if let Some(value) = word.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
                return Some(value);
            }
        }
        None
    }

    /// Returns the profile that cargo builds with.
    pub fn profile(&self) -> &str {
        let option = match self.runner {
            CargoRunner::Test => "--profile",
            // Nextest has profiles of its own.
            CargoRunner::Nextest => "--cargo-profile",
        };
        let release = self.has("--release") || self.has("-r");
        self.option(option).unwrap_or(if release { "release" } else { "dev" })
    }

    /// Takes out an option that has a value, wherever it is given.
    pub fn remove_option(&mut self, name: &str) {
        let mut kept = Vec::new();
        let mut words = std::mem::take(&mut self.args).into_iter();
        while let Some(word) = words.next() {
            if word == name {
                words.next();
            } else if word.strip_prefix(name).is_none_or(|rest| !rest.starts_with('=')) {
                kept.push(word);
            }
        }
        self.args = kept;
    }

    /// Returns whether a flag is there.
    pub fn has(&self, flag: &str) -> bool {
        self.args.iter().any(|word| word == flag)
    }

    /// Returns whether it says itself which targets it means.
    pub fn names_targets(&self) -> bool {
        self.args.iter().any(|word| TARGETS.contains(&word.split('=').next().unwrap_or_default()))
    }

    /// Returns whether documentation tests are among what it runs.
    pub fn runs_doctests(&self) -> bool {
        self.runner == CargoRunner::Test && (self.has("--doc") || !self.names_targets())
    }

    /// Returns the name filter, which `cargo test` takes before `--` as well.
    pub fn filter(&self) -> Option<&str> {
        let mut words = self.args.iter();
        while let Some(word) = words.next() {
            if WITH_VALUE.contains(&word.as_str()) {
                words.next();
            } else if !word.starts_with('-') {
                return Some(word);
            }
        }
        None
    }

    /// Returns the arguments that cargo's other commands understand as well and that change what they say.
    pub fn metadata_args(&self) -> Vec<String> {
        let mut args = Vec::new();
        for flag in ["--offline", "--locked", "--frozen"] {
            args.extend(self.has(flag).then(|| flag.to_owned()));
        }
        for option in ["--manifest-path", "--config"] {
            args.extend(self.option(option).map(|value| format!("{option}={value}")));
        }
        args
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<CargoCommand> {
        CargoCommand::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn command_lines_are_taken_apart() {
        let command = parse("cargo +nightly test -p core --features a,b name -- --skip slow").unwrap();
        assert_eq!(command.toolchain.as_deref(), Some("+nightly"));
        assert_eq!(command.runner, CargoRunner::Test);
        assert_eq!(command.test_args, ["--skip", "slow"]);
        assert_eq!(command.option("--features"), Some("a,b"));
        assert_eq!(command.filter(), Some("name"));
        assert_eq!(command.head(), ["+nightly", "test"]);

        let command = parse("/opt/cargo nextest run --profile=ci").unwrap();
        assert_eq!(command.runner, CargoRunner::Nextest);
        assert_eq!(command.option("--profile"), Some("ci"));

        for other in ["cargo build", "cargo", "make test", "cargo nextest list", ""] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn profiles_are_cargos() {
        for (text, expected) in [
            ("cargo test", "dev"),
            ("cargo test -r", "release"),
            ("cargo test --profile=small", "small"),
            ("cargo nextest run --profile ci", "dev"),
            ("cargo nextest run --cargo-profile release -- --profile x", "release"),
        ] {
            assert_eq!(parse(text).unwrap().profile(), expected, "{text}");
        }
    }

    #[test]
    fn options_are_taken_out() {
        let mut command =
            parse("cargo test --target-dir a -p b --target-dir=c --target-directory d").unwrap();
        command.remove_option("--target-dir");
        assert_eq!(command.args, ["-p", "b", "--target-directory", "d"]);
    }

    #[test]
    fn doctests_run_unless_targets_are_named() {
        for (text, expected) in [
            ("cargo test", true),
            ("cargo test --doc", true),
            ("cargo test --lib", false),
            ("cargo test --test=it", false),
            ("cargo test -p a filter", true),
            ("cargo nextest run", false),
        ] {
            assert_eq!(parse(text).unwrap().runs_doctests(), expected, "{text}");
        }
    }
}
