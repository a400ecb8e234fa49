//! The go command, as a program that answers questions.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, io};

use thiserror::Error;

use super::environment::{EnvironmentError, GoEnvironment};
use crate::run::case::CommandLine;
use crate::run::process::{self, RunError};
use crate::run::watch::{Stopped, Watch};

/// How long an answer may take when nobody says otherwise. Modules may have to be downloaded first.
const PATIENCE: Duration = Duration::from_secs(600);

/// The first version whose binaries write coverage of more than one package into folders.
const OLDEST: (u32, u32) = (1, 20);

/// The go command, where it runs, and with which variables.
#[derive(Debug)]
pub struct GoTool {
    /// The program.
    pub program: PathBuf,
    /// The folder in which it runs; which module it speaks of depends on that.
    pub folder: PathBuf,
    /// Variables that are set (or, where `None`, unset) beyond what skiptrace itself was given.
    pub env: BTreeMap<OsString, Option<OsString>>,
    /// How long one answer may take.
    pub timeout: Duration,
}

/// A version of Go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoVersion {
    /// The first number.
    pub major: u32,
    /// The second.
    pub minor: u32,
    /// All that the go command says of it, `go1.26.1` or `devel go1.27-1a2b3c4`.
    pub text: Box<str>,
}

/// Why the go command gave no answer.
#[derive(Debug, Error)]
pub enum ToolError {
    /// It is nowhere.
    #[error("cannot find `{name}` on the PATH: install Go 1.20 or newer, or say where it is")]
    NotFound {
        /// What was looked for.
        name: String,
    },
    /// It could not be run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Its output could not be kept.
    #[error("cannot keep the output of `{command}`")]
    Output {
        /// What was run.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// It failed.
    #[error("`{command}` failed ({status}): {message}")]
    Failed {
        /// What was run.
        command: String,
        /// How it ended.
        status: String,
        /// What it said.
        message: String,
    },
    /// It took too long.
    #[error("`{command}` did not end within {} seconds", timeout.as_secs())]
    TimedOut {
        /// What was run.
        command: String,
        /// How long it had.
        timeout: Duration,
    },
    /// The user did not want to wait for it.
    #[error("`{command}` was interrupted")]
    Interrupted {
        /// What was run.
        command: String,
    },
    /// It is older than what writes coverage as it is read here.
    #[error("`{found}` is too old: recording needs Go 1.20 or newer")]
    TooOld {
        /// Its version.
        found: Box<str>,
    },
    /// What it says of itself is not understood.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
}

impl GoTool {
    /// Looks for the go command: `name` is a path, or is looked for on the `PATH` that the command would be given.
    pub fn find(
        name: &OsStr,
        folder: &Path,
        env: BTreeMap<OsString, Option<OsString>>,
    ) -> Result<GoTool, ToolError> {
        let found = if Path::new(name).components().count() > 1 {
            Some(folder.join(name)).filter(|program| program.is_file())
        } else {
            let path = match env.get(OsStr::new("PATH")) {
                Some(path) => path.clone(),
                None => std::env::var_os("PATH"),
            };
            let path = path.unwrap_or_default();
            let file = Path::new(name);
            let names = [file.with_extension(std::env::consts::EXE_EXTENSION), file.to_owned()];
            std::env::split_paths(&path)
                .flat_map(|place| names.iter().map(move |name| place.join(name)))
                .find(|program| program.is_file())
                // An entry of the PATH may be relative, to where the command runs.
                .map(|program| folder.join(program))
        };
        let program = found.ok_or_else(|| ToolError::NotFound { name: name.to_string_lossy().into() })?;
        Ok(GoTool { program, folder: folder.to_owned(), env, timeout: PATIENCE })
    }

    /// Asks the go command for its environment; one that is too old is refused.
    pub fn environment(&self, watch: &Watch) -> Result<GoEnvironment, ToolError> {
        let environment = GoEnvironment::parse(&self.ask(&["env", "-json"], watch)?)?;
        let version = environment.version();
        match version.as_ref().map(|version| (version.major, version.minor)) {
            Some(found) if found >= OLDEST => Ok(environment),
            // `go env` knows its version since 1.16; development versions before 1.17 had no number.
            _ => Err(ToolError::TooOld { found: environment.get("GOVERSION").unwrap_or("go").into() }),
        }
    }

    /// Runs the go command with `args` and returns what it printed.
    pub fn ask<S: AsRef<OsStr>>(&self, args: &[S], watch: &Watch) -> Result<Vec<u8>, ToolError> {
        self.run(&self.program, args, watch)
    }

    /// Runs any program where and as the go command would run it, and returns what it printed.
    pub fn run<S: AsRef<OsStr>>(
        &self,
        program: &Path,
        args: &[S],
        watch: &Watch,
    ) -> Result<Vec<u8>, ToolError> {
        let command = CommandLine {
            program: program.to_owned(),
            args: args.iter().map(|arg| arg.as_ref().to_owned()).collect(),
            cwd: self.folder.clone(),
            env: self.env.clone(),
        };
        let shown = shown(&command);
        let failed = |source| ToolError::Output { command: shown.clone(), source };
        let output = tempfile::tempdir().map_err(failed)?;
        let finished = process::run(&command, &[], output.path(), Some(self.timeout), watch)?;
        match finished.stopped {
            Some(Stopped::TimedOut) => {
                return Err(ToolError::TimedOut { command: shown, timeout: self.timeout });
            }
            Some(Stopped::Interrupted) => return Err(ToolError::Interrupted { command: shown }),
            None => {}
        }
        if !finished.status.success() {
            let message = std::fs::read(&finished.stderr).map_err(failed)?;
            let message = String::from_utf8_lossy(&message).trim().to_owned();
            return Err(ToolError::Failed { command: shown, status: finished.status.to_string(), message });
        }
        std::fs::read(&finished.stdout).map_err(failed)
    }
}

/// Returns a command as people would recognise it, without what makes it long.
fn shown(command: &CommandLine) -> String {
    const LONGEST: usize = 200;
    let program = command.program.file_name().unwrap_or(command.program.as_os_str()).to_string_lossy();
    let args = command.args.iter().map(|arg| arg.to_string_lossy());
    // The fields that `go list` is asked for are ours, and nobody wants to read them.
    let args = args.map(|arg| if arg.starts_with("-json=") { "-json".into() } else { arg });
    let text = std::iter::once(program).chain(args).collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl GoVersion {
    /// Reads what `go env GOVERSION` prints; `None` for what has no number.
    pub fn parse(text: &str) -> Option<GoVersion> {
        let number = text.split_whitespace().find_map(|word| word.strip_prefix("go"))?;
        let (major, rest) = number.split_once('.')?;
        let minor = &rest[..rest.find(|char: char| !char.is_ascii_digit()).unwrap_or(rest.len())];
        Some(GoVersion { major: major.parse().ok()?, minor: minor.parse().ok()?, text: text.into() })
    }
}

impl fmt::Display for GoVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_all_kinds_have_their_number() {
        let number = |text| GoVersion::parse(text).map(|version| (version.major, version.minor));
        assert_eq!(number("go1.26.8"), Some((1, 26)));
        assert_eq!(number("go1.21rc2"), Some((1, 21)));
        assert_eq!(number("go1.20.3 X:boringcrypto"), Some((1, 20)));
        assert_eq!(number("devel go1.27-1a2b3c4 Mon Feb 2 00:00:00 2026 +0000"), Some((1, 27)));
        assert_eq!(number("devel +1a2b3c4"), None);
        assert_eq!(number("go1"), None);
        assert_eq!(number("go1.99999999999"), None);
    }

    #[cfg(unix)]
    fn scripted(script: &str) -> (tempfile::TempDir, GoTool) {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("go");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let tool = GoTool::find("./go".as_ref(), folder.path(), BTreeMap::new()).unwrap();
        (folder, tool)
    }

    #[cfg(unix)]
    #[test]
    fn what_goes_wrong_is_named() {
        let watch = Watch::start();
        let error = |script| scripted(script).1.environment(&watch).unwrap_err().to_string();
        assert_eq!(
            error("echo '{\"GOVERSION\": \"go1.19.13\"}'"),
            "`go1.19.13` is too old: recording needs Go 1.20 or newer"
        );
        assert_eq!(error("echo '{}'"), "`go` is too old: recording needs Go 1.20 or newer");
        assert_eq!(error("echo broken >&2; exit 3"), "`go env -json` failed (exit status: 3): broken");
        assert_eq!(error("echo '{'"), "what `go env -json` printed is not understood");
        let (_folder, mut tool) = scripted("sleep 60");
        tool.timeout = Duration::from_millis(200);
        let error = tool.ask(&["list"], &watch).unwrap_err();
        assert_eq!(error.to_string(), "`go list` did not end within 0 seconds");
    }

    #[test]
    fn a_missing_tool_is_named() {
        let env = BTreeMap::from([("PATH".into(), Some("/nowhere".into()))]);
        let error = GoTool::find("go".as_ref(), "/".as_ref(), env).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot find `go` on the PATH: install Go 1.20 or newer, or say where it is"
        );
        let error = GoTool::find("/no/go".as_ref(), "/".as_ref(), BTreeMap::new()).unwrap_err();
        assert!(matches!(error, ToolError::NotFound { .. }), "{error}");
    }
}
