//! What stands between a runner and a test's process, under a name that cargo takes for a target runner.
//!
//! Cargo and nextest start `RUNNER BINARY ARGUMENTS…` for each process of tests. The shim gives the process a folder
//! for its profiles, leaves a note there of which test it is, and becomes the process: nothing of it stays in memory,
//! and signals, exit codes and output are the test's own.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::wanted::Wanted;

/// The name under which the program is a runner.
pub const NAME: &str = "skiptrace-runner";
/// The variable that hands the plan to the shim.
pub const PLAN: &str = "SKIPTRACE_RUNNER_PLAN";
/// The file name, in a test's folder, of the note about it.
pub const NOTE: &str = "test.json";

/// What the shim is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Whether tests run.
    pub mode: Mode,
    /// Where it leaves what it has to tell.
    pub folder: PathBuf,
    /// The runner that the project uses anyway, with its arguments.
    pub chain: Vec<String>,
    /// The file that says which tests are wanted, if not all are.
    pub wanted: Option<PathBuf>,
    /// Whether each test is given a folder for temporary files of its own.
    pub private_temporary: bool,
    /// The variable that names us as the runner, and what it was before: what a test itself runs with cargo is part
    /// of that test.
    pub variable: (String, Option<String>),
}

/// Whether tests run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Nothing runs; how it would have been run is written down.
    Capture,
    /// Tests run, each with a folder of its own.
    Observe,
}

/// How a process of tests would have been run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    /// The test binary.
    pub binary: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its folder.
    pub cwd: PathBuf,
    /// Its variables.
    pub env: Vec<(String, String)>,
}

/// Which test a folder of profiles is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The test binary.
    pub binary: PathBuf,
    /// The runner's name for that binary.
    pub suite: String,
    /// The test.
    pub name: String,
    /// Which attempt it is, from one.
    pub attempt: u32,
    /// The slot it runs in: no two tests have the same at the same time.
    pub slot: Option<u32>,
    /// The runner's profile.
    pub profile: String,
}

/// A test binary that was asked for its tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The runner's name for it.
    pub suite: String,
    /// The test binary.
    pub binary: PathBuf,
}

impl Plan {
    /// Returns the plan as text for the variable.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a plan is plain data")
    }

    /// Returns the folder of what is known of suites.
    pub fn suites(&self) -> PathBuf {
        self.folder.join("suites")
    }

    /// Returns the folder in which every test has one.
    pub fn runs(&self) -> PathBuf {
        self.folder.join("runs")
    }
}

/// Acts as the runner: does not return unless nothing runs (then with an exit code) or that fails.
pub fn run(args: &[OsString], vars: &BTreeMap<OsString, OsString>, cwd: &Path) -> io::Result<i32> {
    let var = &|name: &str| vars.get(OsStr::new(name)).cloned();
    let text = var(PLAN).ok_or_else(|| io::Error::other(format!("{PLAN} is not set")))?;
    let plan: Plan = text
        .to_str()
        .and_then(|text| serde_json::from_str(text).ok())
        .ok_or_else(|| io::Error::other(format!("{PLAN} holds no plan")))?;
    let (binary, rest) =
        args.split_first().ok_or_else(|| io::Error::other("there is no test binary to run"))?;
    let binary = cwd.join(binary);
    match plan.mode {
        Mode::Capture => {
            let captured = Captured {
                binary,
                args: rest.iter().map(|arg| arg.to_string_lossy().into_owned()).collect(),
                cwd: cwd.to_owned(),
                env: vars
                    .iter()
                    .filter_map(|(name, value)| Some((name.to_str()?.to_owned(), value.to_str()?.to_owned())))
                    .collect(),
            };
            let bytes = serde_json::to_vec(&captured)?;
            // Cargo runs one binary after the other; the number keeps their order.
            let number = fs::read_dir(&plan.folder)?.count();
            fs::write(plan.folder.join(format!("{number:06}-{}.json", std::process::id())), bytes)?;
            Ok(0)
        }
        Mode::Observe => {
            let suite = var("NEXTEST_BINARY_ID").and_then(|suite| suite.into_string().ok());
            let note = note(&binary, rest, var);
            if let (None, Some(suite)) = (&note, &suite) {
                // Tests are listed, perhaps for nobody to run one: its suite is known all the same.
                let listed = Listed { suite: suite.clone(), binary: binary.clone() };
                let file = plan.suites().join(std::process::id().to_string());
                fs::write(file, serde_json::to_vec(&listed)?)?;
            }
            let profiles = match &note {
                Some(note) => folder_of(&plan, note)?,
                None => plan.folder.join("other"),
            };
            let mut command = match plan.chain.split_first() {
                Some((program, chained)) => {
                    let mut command = Command::new(program);
                    command.args(chained).arg(&binary);
                    command
                }
                None => Command::new(&binary),
            };
            if plan.private_temporary && profiles.join(NOTE).is_file() {
                // Below the folder of profiles, because a process that was started with an empty environment leaves
                // its profile where it is, which is often the folder for temporary files.
                let temporary = profiles.join("t");
                fs::create_dir(&temporary)?;
                command.env("TMPDIR", temporary);
            }
            command.args(rest).env("LLVM_PROFILE_FILE", profiles.join(PROFILES));
            // The runtime's own mark that a process before this one has made the file.
            command.env_remove(PLAN).env_remove("__LLVM_PROFILE_RT_INIT_ONCE");
            match &plan.variable {
                (name, Some(before)) => command.env(name, before),
                (name, None) => command.env_remove(name),
            };
            match (note, &plan.wanted, suite) {
                // A runner that does not hear of a test does not run it.
                (None, Some(wanted), Some(suite)) => list(&mut command, &suite, wanted),
                _ => become_process(&mut command),
            }
        }
    }
}

/// Lists the tests of a binary, those left out that are not wanted.
fn list(command: &mut Command, suite: &str, wanted: &Path) -> io::Result<i32> {
    let wanted: Wanted = serde_json::from_slice(&fs::read(wanted)?)?;
    let output = command.stderr(Stdio::inherit()).output()?;
    let mut kept = Vec::with_capacity(output.stdout.len());
    for line in output.stdout.split_inclusive(|byte| *byte == b'\n') {
        let name = std::str::from_utf8(line).ok().and_then(|line| line.trim_end().rsplit_once(": "));
        // What is no test is none of our business.
        if name.is_none_or(|(name, _)| wanted.has(suite, name)) {
            kept.extend_from_slice(line);
        }
    }
    io::stdout().write_all(&kept)?;
    Ok(output.status.code().unwrap_or(1))
}

/// The names of the profiles of processes built to count as they go: whatever ends a process, they are whole.
pub const PROFILES: &str = "%p-%m%c.profraw";

/// Returns which test is run; `None` when tests are only listed.
fn note(binary: &Path, args: &[OsString], var: &dyn Fn(&str) -> Option<OsString>) -> Option<Note> {
    let text = |name: &str| var(name).and_then(|value| value.into_string().ok());
    if text("NEXTEST_TEST_PHASE").as_deref() == Some("list") || args.iter().any(|arg| arg == "--list") {
        return None;
    }
    // Older versions name the test in the arguments alone.
    let exact = || {
        let at = args.iter().position(|arg| arg == "--exact")?;
        args.get(at + 1).and_then(|name| name.to_str()).map(str::to_owned)
    };
    Some(Note {
        binary: binary.to_owned(),
        suite: text("NEXTEST_BINARY_ID")
            .unwrap_or_else(|| binary.file_name().and_then(OsStr::to_str).unwrap_or_default().to_owned()),
        name: text("NEXTEST_TEST_NAME").or_else(exact)?,
        attempt: text("NEXTEST_ATTEMPT").and_then(|attempt| attempt.parse().ok()).unwrap_or(1),
        slot: text("NEXTEST_TEST_GLOBAL_SLOT").and_then(|slot| slot.parse().ok()),
        profile: text("NEXTEST_PROFILE").unwrap_or_else(|| "default".to_owned()),
    })
}

/// Makes the folder of one run of a test, with the note in it.
fn folder_of(plan: &Plan, note: &Note) -> io::Result<PathBuf> {
    let runs = plan.runs();
    let base = std::process::id();
    // Process numbers come again in long runs.
    for number in 0..u32::MAX {
        let folder = runs.join(format!("{base}-{number}"));
        match fs::create_dir(&folder) {
            Ok(()) => {
                let unfinished = folder.join("test.tmp");
                fs::write(&unfinished, serde_json::to_vec(note)?)?;
                fs::rename(unfinished, folder.join(NOTE))?;
                return Ok(folder);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("there is no folder left"))
}

#[cfg(unix)]
fn become_process(command: &mut Command) -> io::Result<i32> {
    Err(std::os::unix::process::CommandExt::exec(command))
}

#[cfg(not(unix))]
fn become_process(command: &mut Command) -> io::Result<i32> {
    Ok(command.status()?.code().unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &[&str], vars: &[(&str, &str)]) -> Option<(String, String, u32, Option<u32>)> {
        let args: Vec<OsString> = words.iter().map(OsString::from).collect();
        let var = |name: &str| vars.iter().find(|(other, _)| *other == name).map(|(_, v)| OsString::from(v));
        note("/t/deps/it-12".as_ref(), &args, &var)
            .map(|note| (note.suite, note.name, note.attempt, note.slot))
    }

    #[test]
    fn a_test_is_known_by_what_nextest_says() {
        let vars = [
            ("NEXTEST_TEST_PHASE", "run"),
            ("NEXTEST_BINARY_ID", "pkg::it"),
            ("NEXTEST_TEST_NAME", "a::b"),
            ("NEXTEST_ATTEMPT", "2"),
            ("NEXTEST_TEST_GLOBAL_SLOT", "3"),
        ];
        let found = check(&["--exact", "a::b", "--nocapture"], &vars);
        assert_eq!(found, Some(("pkg::it".into(), "a::b".into(), 2, Some(3))));
        assert_eq!(check(&["--list", "--format", "terse"], &[("NEXTEST_TEST_PHASE", "list")]), None);
    }

    #[test]
    fn a_test_is_known_by_its_arguments_otherwise() {
        assert_eq!(check(&["--exact", "a::b"], &[]), Some(("it-12".into(), "a::b".into(), 1, None)));
        assert_eq!(check(&["--list", "--format", "terse"], &[]), None);
        assert_eq!(check(&[], &[]), None);
    }

    fn plan(mode: Mode, folder: &Path) -> Plan {
        let variable = ("CARGO_TARGET_X_RUNNER".to_owned(), None);
        Plan {
            mode,
            folder: folder.to_owned(),
            chain: Vec::new(),
            wanted: None,
            private_temporary: true,
            variable,
        }
    }

    #[test]
    fn what_would_have_run_is_written_down() {
        let folder = tempfile::tempdir().unwrap();
        let plan = plan(Mode::Capture, folder.path());
        let vars = [(PLAN.into(), plan.to_text().into()), ("A".into(), "b".into())].into();
        let args = ["bin".into(), "filter".into()];
        let code = run(&args, &vars, "/work".as_ref()).unwrap();
        assert_eq!(code, 0);
        let file = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        let captured: Captured = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        assert_eq!(captured.binary, Path::new("/work/bin"));
        assert_eq!(captured.args, ["filter"]);
        assert_eq!(captured.env[0], ("A".to_owned(), "b".to_owned()));
    }

    #[test]
    fn each_run_has_a_folder_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let plan = plan(Mode::Observe, folder.path());
        fs::create_dir(plan.runs()).unwrap();
        let note = Note {
            binary: "/b".into(),
            suite: "s".into(),
            name: "n".into(),
            attempt: 1,
            slot: None,
            profile: "default".into(),
        };
        let first = folder_of(&plan, &note).unwrap();
        assert_ne!(first, folder_of(&plan, &note).unwrap());
        let read: Note = serde_json::from_slice(&fs::read(first.join(NOTE)).unwrap()).unwrap();
        assert_eq!(read, note);
    }
}
