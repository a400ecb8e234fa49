//! The go tool, and folders in which it builds.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::TempDir;

/// Returns whether a program is installed, and says so if not.
pub(crate) fn have(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| folder.join(name).is_file()) {
        return true;
    }
    let required = std::env::var_os("SKIPTRACE_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "`{name}` is not installed");
    eprintln!("skipped: `{name}` is not installed");
    false
}

/// A folder with a module in it.
pub(crate) struct Workshop {
    folder: TempDir,
}

impl Workshop {
    /// Writes files, each after a line `-- path --`.
    pub(crate) fn new(archive: &str) -> Workshop {
        let folder = tempfile::tempdir().unwrap();
        let mut file: Option<(PathBuf, String)> = None;
        let finish = |file: Option<(PathBuf, String)>| {
            let Some((path, text)) = file else { return };
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for line in archive.lines() {
            if let Some(path) = line.strip_prefix("-- ").and_then(|line| line.strip_suffix(" --")) {
                finish(file.replace((folder.path().join(path), String::new())));
            } else if let Some((_, text)) = &mut file {
                text.push_str(line);
                text.push('\n');
            }
        }
        finish(file);
        Workshop { folder }
    }

    pub(crate) fn path(&self, rest: &str) -> PathBuf {
        self.folder.path().join(rest)
    }

    /// Makes an empty folder.
    pub(crate) fn room(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// Runs the go tool in the module.
    pub(crate) fn go<S: AsRef<OsStr>>(&self, args: &[S]) -> Output {
        run(clean(Command::new("go").args(args).current_dir(self.folder.path())))
    }

    /// Runs a program whose coverage goes to a folder.
    pub(crate) fn cover(&self, program: &Path, args: &[&str], folder: &Path) -> Output {
        let mut command = Command::new(program);
        command.args(args).current_dir(self.folder.path()).env("GOCOVERDIR", folder);
        command.output().unwrap()
    }
}

/// Builds the tool itself once: `go tool` looks for it each time, and builds it in the first of a machine's life.
fn covdata_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        run(clean(Command::new("go").args(["tool", "covdata", "pkglist", "-i=."])));
        let output = run(clean(Command::new("go").args(["tool", "-n", "covdata"])));
        String::from_utf8(output.stdout).unwrap().trim().into()
    })
}

/// Runs `covdata` over folders.
pub(crate) fn covdata(what: &str, folders: &[&Path], more: &[&str]) -> String {
    let folders: Vec<&str> = folders.iter().map(|folder| folder.to_str().unwrap()).collect();
    let mut command = Command::new(covdata_program());
    let output = run(clean(command.arg(what).arg(format!("-i={}", folders.join(","))).args(more)));
    String::from_utf8(output.stdout).unwrap()
}

/// Returns what `covdata textfmt` writes.
pub(crate) fn textfmt(folders: &[&Path]) -> String {
    let out = tempfile::NamedTempFile::new().unwrap();
    covdata("textfmt", folders, &[&format!("-o={}", out.path().display())]);
    fs::read_to_string(out.path()).unwrap()
}

fn clean(command: &mut Command) -> &mut Command {
    for name in ["GOFLAGS", "GOWORK", "GOCOVERDIR", "GOOS", "GOARCH"] {
        command.env_remove(name);
    }
    command.env("GOFLAGS", "-buildvcs=false").env("GOTOOLCHAIN", "local").env("GOPROXY", "off")
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    output
}
