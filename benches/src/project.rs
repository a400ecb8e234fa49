//! A project that cargo builds, and its tests, run one by one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, io, thread};

use serde::Deserialize;

/// A binary with tests.
#[derive(Debug, Clone)]
pub struct TestBinary {
    /// The file.
    pub path: PathBuf,
    /// The folder of its package, in which tests run.
    pub folder: PathBuf,
    /// Its tests.
    pub tests: Vec<String>,
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    executable: Option<PathBuf>,
    manifest_path: Option<PathBuf>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// What was built.
#[derive(Debug, Clone, Default)]
pub struct Built {
    /// The binaries with tests.
    pub tests: Vec<TestBinary>,
    /// The programs that tests may start.
    pub programs: Vec<PathBuf>,
}

/// Builds the tests of the project in `repository` with coverage of all crates.
pub fn build(repository: &Path, target: &Path) -> io::Result<Built> {
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--workspace", "--no-run", "--message-format", "json-render-diagnostics"]);
    cargo.current_dir(repository).env("CARGO_TARGET_DIR", target);
    cargo.env("RUSTFLAGS", "-Cinstrument-coverage").env("LLVM_PROFILE_FILE", "/dev/null");
    let output = cargo.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("cargo ended with {}", output.status)));
    }
    let mut built = Built::default();
    for line in output.stdout.split(|byte| *byte == b'\n') {
        let Ok(message) = serde_json::from_slice::<Message>(line) else { continue };
        let (Some(path), Some(manifest)) = (message.executable, message.manifest_path) else { continue };
        if message.reason != "compiler-artifact" {
            continue;
        }
        if !message.profile.is_some_and(|profile| profile.test) {
            built.programs.push(path);
            continue;
        }
        let folder = manifest.parent().unwrap_or(repository).to_owned();
        let list = Command::new(&path)
            .args(["--list", "--format", "terse"])
            .current_dir(&folder)
            .env("LLVM_PROFILE_FILE", "/dev/null")
            .output()?;
        let list = String::from_utf8_lossy(&list.stdout);
        let tests = list.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect();
        built.tests.push(TestBinary { path, folder, tests });
    }
    Ok(built)
}

/// Runs every test in a process of its own, `n_jobs` at a time, each with a folder below `profiles` of which the
/// name is its number. Returns how many there are.
pub fn run_each(built: &Built, profiles: &Path, n_jobs: usize) -> io::Result<usize> {
    let all: Vec<(&TestBinary, &String)> =
        built.tests.iter().flat_map(|binary| binary.tests.iter().map(move |test| (binary, test))).collect();
    let next = AtomicUsize::new(0);
    let work = || -> io::Result<()> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some((binary, test)) = all.get(number) else { return Ok(()) };
            let folder = profiles.join(number.to_string());
            fs::create_dir_all(&folder)?;
            let mut command = Command::new(&binary.path);
            command.args(["--exact", test]).current_dir(&binary.folder);
            command.env("CARGO_MANIFEST_DIR", &binary.folder);
            command.env("LLVM_PROFILE_FILE", folder.join("%p-%m.profraw"));
            // Tests that fail left their profiles as well.
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..n_jobs.max(1)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("a worker does not panic"))
    })?;
    Ok(all.len())
}

/// Returns the profiles below a folder.
pub fn profiles_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(profiles_below(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "profraw") {
            files.push(path);
        }
    }
    Ok(files)
}

/// Returns how many bytes are below a folder, as far as they can be seen while others write to it.
pub fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Runs a tool and says whether it could be started.
pub fn is_here(tool: &str) -> bool {
    Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Runs a command silently; an error unless it succeeds.
pub fn run<S: Into<OsString>>(
    program: &Path,
    args: impl IntoIterator<Item = S>,
    folder: &Path,
    variables: &[(&str, &Path)],
) -> io::Result<()> {
    let mut command = Command::new(program);
    command.args(args.into_iter().map(Into::into)).current_dir(folder).stdin(Stdio::null());
    for (name, value) in variables {
        command.env(name, value);
    }
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = stderr.lines().collect();
    let end = lines[lines.len().saturating_sub(5)..].join("\n");
    Err(io::Error::other(format!("{command:?} ended with {}:\n{end}", output.status)))
}
