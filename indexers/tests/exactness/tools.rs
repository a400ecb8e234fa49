//! Compilers and LLVM's own tools, as far as they are installed.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// The versions of LLVM that are looked for.
const VERSIONS: [u32; 4] = [14, 16, 19, 22];

/// A version of Clang with its tools.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Toolchain {
    pub(crate) version: u32,
}

impl Toolchain {
    /// Returns those that are installed; the others are skipped, or missed if all are required.
    pub(crate) fn all() -> Vec<Toolchain> {
        VERSIONS.into_iter().filter_map(Toolchain::get).collect()
    }

    pub(crate) fn get(version: u32) -> Option<Toolchain> {
        let names = ["clang", "clang++", "llvm-cov", "llvm-profdata"];
        let names = names.map(|name| format!("{name}-{version}"));
        have(&names).then_some(Toolchain { version })
    }

    pub(crate) fn tool(self, name: &str) -> Command {
        Command::new(format!("{name}-{}", self.version))
    }
}

/// Returns whether all these programs are installed, and says so if not.
pub(crate) fn have<S: AsRef<OsStr>>(names: &[S]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |name: &S| std::env::split_paths(&path).any(|folder| folder.join(name.as_ref()).is_file());
    let Some(missing) = names.iter().find(|name| !is_there(name)) else { return true };
    let missing = missing.as_ref().display();
    assert!(
        std::env::var_os("SKIPTRACE_REQUIRE_TOOLS").is_none_or(|value| value != "1"),
        "`{missing}` is not installed"
    );
    eprintln!("skipped: `{missing}` is not installed");
    false
}

/// Runs a command that must succeed.
pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// A folder with copies of the fixtures, in which a test builds and runs.
pub(crate) struct Workshop {
    folder: TempDir,
}

impl Workshop {
    pub(crate) fn new() -> Workshop {
        let folder = tempfile::tempdir().unwrap();
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exactness/fixtures");
        for fixture in fs::read_dir(fixtures).unwrap() {
            let fixture = fixture.unwrap();
            fs::copy(fixture.path(), folder.path().join(fixture.file_name())).unwrap();
        }
        Workshop { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command in the folder.
    pub(crate) fn run(&self, command: &mut Command, args: &[&str]) -> Output {
        // Compilers that are themselves instrumented, and build scripts, must not litter.
        run(command.args(args).current_dir(self.folder.path()).env("LLVM_PROFILE_FILE", "/dev/null"))
    }

    /// Runs an instrumented program, however it ends, and returns the profiles it wrote.
    pub(crate) fn profiles(&self, program: &str, args: &[&str]) -> Vec<PathBuf> {
        let profiles = tempfile::tempdir_in(self.folder.path()).unwrap().keep();
        let mut command = Command::new(self.path(program));
        command.args(args).current_dir(self.folder.path());
        command.env("LLVM_PROFILE_FILE", profiles.join("%p-%m.profraw"));
        command.env("LD_LIBRARY_PATH", self.folder.path());
        command.output().unwrap();
        let mut written: Vec<PathBuf> =
            fs::read_dir(profiles).unwrap().map(|entry| entry.unwrap().path()).collect();
        written.sort();
        assert!(!written.is_empty(), "`{program}` wrote no profile");
        written
    }
}
