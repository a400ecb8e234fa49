//! `ctest` and test programs, as the user types them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

/// A command line that runs tests which are built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NativeCommand {
    /// CMake's runner.
    Ctest(CtestCommand),
    /// Test programs.
    Programs(Vec<PathBuf>),
}

/// A command line of CTest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CtestCommand {
    /// The program, `ctest` or a path to it.
    pub program: PathBuf,
    /// The build folder; `None` is where it is run.
    pub folder: Option<PathBuf>,
    /// The configuration.
    pub config: Option<String>,
    /// What chooses tests.
    pub filters: Vec<String>,
    /// How many tests at the same time.
    pub jobs: Option<usize>,
    /// How long a test may take that says nothing of it itself.
    pub timeout: Option<Duration>,
}

/// An argument that nobody knows what to do with.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("do not know what `{argument}` means for a recording of `ctest`; leave it out")]
pub struct UnknownArgument {
    argument: String,
}

/// Options that choose tests and have a value.
const FILTERS: &[&str] = &[
    "-R",
    "--tests-regex",
    "-E",
    "--exclude-regex",
    "-L",
    "--label-regex",
    "-LE",
    "--label-exclude",
    "-FA",
    "--fixture-exclude-any",
    "-FS",
    "--fixture-exclude-setup",
    "-FC",
    "--fixture-exclude-cleanup",
    "-I",
    "--tests-information",
    "--tests-from-file",
    "--exclude-from-file",
];
/// Options that choose tests and have none.
const FLAGS: &[&str] = &["-U", "--union", "--rerun-failed"];
/// Options about how things are told or ordered, which a recording does its own way.
const TOLD: &[&str] = &[
    "--output-on-failure",
    "-V",
    "-VV",
    "--verbose",
    "--extra-verbose",
    "-Q",
    "--quiet",
    "--progress",
    "--schedule-random",
    "--stop-on-failure",
    "--no-label-summary",
    "--no-subproject-summary",
];
/// The same with a value.
const TOLD_WITH_VALUE: &[&str] = &[
    "-O",
    "--output-log",
    "--output-junit",
    "--test-output-size-passed",
    "--test-output-size-failed",
    "--no-tests",
];

impl NativeCommand {
    /// Understands a command line; `None` when it is none of programs that are built.
    pub fn parse(words: &[String], cwd: &Path) -> Result<Option<NativeCommand>, UnknownArgument> {
        let Some((program, rest)) = words.split_first() else { return Ok(None) };
        if Path::new(program).file_stem() == Some(OsStr::new("ctest")) {
            return CtestCommand::parse(program, rest).map(NativeCommand::Ctest).map(Some);
        }
        let programs: Vec<PathBuf> = words.iter().map(PathBuf::from).collect();
        let is_file = |path: &PathBuf| cwd.join(path).is_file();
        Ok(programs.iter().all(is_file).then_some(NativeCommand::Programs(programs)))
    }
}

impl CtestCommand {
    fn parse(program: &str, words: &[String]) -> Result<CtestCommand, UnknownArgument> {
        let mut command = CtestCommand { program: program.into(), ..CtestCommand::default() };
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            let unknown = || UnknownArgument { argument: word.clone() };
            // `--option=value` is understood for the long ones.
            let (name, given) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ => (word.as_str(), None),
            };
            let mut value = || given.clone().or_else(|| words.next().cloned()).ok_or_else(unknown);
            if name == "--test-dir" {
                command.folder = Some(value()?.into());
            } else if name == "-C" || name == "--build-config" {
                command.config = Some(value()?);
            } else if FILTERS.contains(&name) {
                let value = value()?;
                command.filters.extend([name.to_owned(), value]);
            } else if FLAGS.contains(&name) {
                command.filters.push(word.clone());
            } else if name == "--timeout" {
                let seconds: f64 = value()?.parse().map_err(|_| unknown())?;
                command.timeout = Some(Duration::try_from_secs_f64(seconds).map_err(|_| unknown())?);
            } else if name == "-j" || name == "--parallel" {
                // The number may be left out.
                command.jobs = match given {
                    Some(given) => Some(given.parse().map_err(|_| unknown())?),
                    None => {
                        words.next_if(|next| next.parse::<usize>().is_ok()).and_then(|next| next.parse().ok())
                    }
                };
            } else if let Some(number) = word.strip_prefix("-j") {
                command.jobs = Some(number.parse().map_err(|_| unknown())?);
            } else if TOLD_WITH_VALUE.contains(&name) {
                value()?;
            } else if !TOLD.contains(&name) {
                return Err(unknown());
            }
        }
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Option<NativeCommand>, UnknownArgument> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        NativeCommand::parse(&words, Path::new("/bin"))
    }

    #[test]
    fn command_lines_of_ctest_are_taken_apart() {
        let text = "ctest --test-dir build -C Debug -R a.* -LE=x --output-on-failure -j 4 --timeout=2.5 -E b";
        assert!(parse(text).is_err(), "short options have no `=`");
        let text = text.replace("-LE=x", "-LE x");
        let Some(NativeCommand::Ctest(command)) = parse(&text).unwrap() else { panic!("it is ctest") };
        assert_eq!(command.folder, Some("build".into()));
        assert_eq!(command.config.as_deref(), Some("Debug"));
        assert_eq!(command.filters, ["-R", "a.*", "-LE", "x", "-E", "b"]);
        assert_eq!((command.jobs, command.timeout), (Some(4), Some(Duration::from_millis(2500))));
        let Some(NativeCommand::Ctest(command)) = parse("/opt/ctest -j -j8").unwrap() else { panic!() };
        assert_eq!((command.program, command.jobs), ("/opt/ctest".into(), Some(8)));
        insta::assert_snapshot!(parse("ctest -D Nightly").unwrap_err(), @"do not know what `-D` means for a recording of `ctest`; leave it out");
    }

    #[test]
    fn programs_are_files() {
        let programs = NativeCommand::Programs(vec!["sh".into(), "/bin/cat".into()]);
        assert_eq!(parse("sh /bin/cat").unwrap(), Some(programs));
        assert_eq!(parse("sh --flag").unwrap(), None);
        assert_eq!(parse("").unwrap(), None);
    }
}
