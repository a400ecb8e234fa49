//! A folder in which nothing of the machine shows.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::redact::Redactor;
use crate::repo::Repo;

/// The moment that the program's clock is pinned to.
pub const NOW: &str = "2026-01-02T03:04:05Z";

/// A temporary folder with a home and a work folder, and an environment that knows nothing else.
#[derive(Debug)]
pub struct Sandbox {
    /// The real path, without symbolic links.
    path: PathBuf,
    program: PathBuf,
    vars: BTreeMap<String, String>,
    /// What is taken out of the output.
    pub redactor: Redactor,
    _folder: TempDir,
}

/// What a run of the program left behind.
#[must_use = "look at it with `.success()`, `.code(n)` or `.snapshot()`"]
#[derive(Debug)]
pub struct Output {
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    redactor: Redactor,
}

impl Sandbox {
    /// Makes a sandbox for the program at a path.
    pub fn new(program: impl Into<PathBuf>) -> Sandbox {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().canonicalize().expect("it exists");
        let text = |path: &Path| path.to_str().expect("temporary folders are text").to_owned();
        for name in ["home", "work"] {
            std::fs::create_dir(path.join(name)).expect("it is empty");
        }
        let vars = [
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", text(&path.join("home"))),
            ("COLUMNS", "100".to_owned()),
            ("NO_COLOR", "1".to_owned()),
            ("TZ", "UTC".to_owned()),
            ("SKIPTRACE_NOW", NOW.to_owned()),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
            ("GIT_CONFIG_GLOBAL", text(&path.join("home/.gitconfig"))),
            // Whatever lies around the sandbox is no repository of ours.
            ("GIT_CEILING_DIRECTORIES", text(&path)),
        ];
        let vars = vars.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let mut redactor = Redactor::default();
        redactor.replace(text(&path), "$DIR");
        let sandbox = Sandbox { path, program: program.into(), vars, redactor, _folder: folder };
        sandbox.write("../home/.gitconfig", GIT_CONFIG);
        sandbox
    }

    /// Returns the top of the sandbox.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the folder that the program runs in.
    pub fn work(&self) -> PathBuf {
        self.path.join("work")
    }

    /// Returns the user's home.
    pub fn home(&self) -> PathBuf {
        self.path.join("home")
    }

    /// Sets an environment variable.
    pub fn var(&mut self, name: &str, value: impl Into<String>) {
        self.vars.insert(name.to_owned(), value.into());
    }

    /// Writes a file; a relative path starts at the work folder.
    pub fn write(&self, path: impl AsRef<Path>, text: &str) {
        let path = self.work().join(path);
        std::fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("folders can be made");
        std::fs::write(&path, text).expect("files can be written");
    }

    /// Reads a file; a relative path starts at the work folder.
    pub fn read(&self, path: impl AsRef<Path>) -> String {
        let path = self.work().join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Makes the work folder a repository.
    pub fn repo(&self) -> Repo<'_> {
        Repo::init(self, self.work())
    }

    /// Makes a command that runs in the work folder and sees the sandbox only.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.work()).env_clear().envs(&self.vars).stdin(Stdio::null());
        command
    }

    /// Makes a command that runs the program.
    pub fn skiptrace_command(&self) -> Command {
        self.command(&self.program)
    }

    /// Runs the program.
    pub fn skiptrace<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Output {
        self.output(self.skiptrace_command().args(args))
    }

    /// Runs a command of the program and returns what it left behind.
    pub fn output(&self, command: &mut Command) -> Output {
        let output = command.output().expect("the program was built");
        Output {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: output.stderr,
            redactor: self.redactor.clone(),
        }
    }
}

/// Git's own defaults differ between versions and machines.
const GIT_CONFIG: &str = "\
[init]
\tdefaultBranch = main
[core]
\tautocrlf = false
[commit]
\tgpgSign = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[protocol \"file\"]
\tallow = always
";

impl Output {
    /// Asserts that all went well.
    #[track_caller]
    pub fn success(self) -> Output {
        self.code(0)
    }

    /// Asserts how it ended.
    #[track_caller]
    pub fn code(self, expected: i32) -> Output {
        assert_eq!(self.code, Some(expected), "{}", self.snapshot());
        self
    }

    /// Returns whether all went well, for races that only one can win.
    pub fn has_succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// Returns the answer, with what differs from run to run taken out.
    pub fn stdout(&self) -> String {
        self.redactor.redact(&String::from_utf8_lossy(&self.stdout))
    }

    /// Returns the conversation, with what differs from run to run taken out.
    pub fn stderr(&self) -> String {
        self.redactor.redact(&String::from_utf8_lossy(&self.stderr))
    }

    /// Returns the answer, byte for byte.
    pub fn raw_stdout(&self) -> &[u8] {
        &self.stdout
    }

    /// Returns everything in one text.
    pub fn snapshot(&self) -> String {
        let code = self.code.map_or("killed".to_owned(), |code| code.to_string());
        let mut text = format!("exit code: {code}\n");
        for (name, stream) in [("stdout", self.stdout()), ("stderr", self.stderr())] {
            if !stream.is_empty() {
                text.push_str(&format!("--- {name} ---\n{stream}"));
                if !stream.ends_with('\n') {
                    text.push_str("(no newline)\n");
                }
            }
        }
        text
    }
}
