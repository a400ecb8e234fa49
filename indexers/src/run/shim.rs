//! What stands between a runner and a test's process, under a name that cargo takes for a target runner.
//!
//! Cargo and nextest start `RUNNER BINARY ARGUMENTS…` for each process of tests. The shim gives the process names for
//! its profiles that no other process has, notes which test they are of, and becomes the process: nothing of it stays in
//! memory, and signals, exit codes and output are the test's own.
//!
//! It runs before each test, and most tests take a few milliseconds. So all notes are lines of one file, and all
//! profiles files of one folder: making a file and removing it again is most of what the shim would take otherwise, and
//! takes longer the more were removed in the last minutes (ext4 steps over each of them when it looks for a free one).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::wanted::Wanted;

/// The name under which the program is a runner.
pub const NAME: &str = "skiptrace-runner";
/// The variable that hands the plan to the shim.
pub const PLAN: &str = "SKIPTRACE_RUNNER_PLAN";

/// What the name of the file ends with that is the program of an example, after the name of the run.
pub const EXAMPLE: &str = "-example";

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
    /// The variables that are set for the runner alone, and what they were before: what a test itself runs with cargo
    /// is part of that test.
    pub variables: Vec<(String, Option<String>)>,
}

/// Whether tests run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Nothing runs; how it would have been run is written down.
    Capture,
    /// Tests run, and what each leaves is told apart.
    Observe,
    /// Examples in documentation run, each a program that rustdoc removes when it has ended.
    Document,
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

/// Which test a run is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What the names of the run's profiles begin with, and the name of its folder for temporary files.
    pub run: String,
    /// The number of its process.
    pub process: u32,
    /// When it started, as time since the epoch.
    pub started: Duration,
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

impl Note {
    /// Returns the note of an example: which one it is, only its coverage tells.
    fn of_example(binary: &Path) -> Note {
        let (process, started) = (std::process::id(), since_epoch());
        Note {
            run: name(process, started),
            process,
            started,
            binary: binary.to_owned(),
            suite: String::new(),
            name: String::new(),
            attempt: 1,
            slot: None,
            profile: String::new(),
        }
    }
}

/// Returns the name of a run. Process numbers come again in long runs, though not in the same moment.
fn name(process: u32, started: Duration) -> String {
    format!("{process:x}-{:x}", started.as_micros())
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
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

    /// Returns where runs leave what they have to tell.
    pub fn runs(&self) -> Runs {
        Runs::in_folder(&self.folder)
    }
}

/// Where runs of tests leave what they have to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runs {
    /// The file of notes, a line each.
    pub notes: PathBuf,
    /// The folder of all profiles.
    pub profiles: PathBuf,
    /// The folder in which every run has one for temporary files.
    pub temporary: PathBuf,
}

impl Runs {
    /// Returns the places in the folder of a recording.
    pub fn in_folder(folder: &Path) -> Runs {
        // The name of the last is short because tests make sockets below it, whose paths end at about a hundred bytes.
        Runs { notes: folder.join("notes"), profiles: folder.join("profiles"), temporary: folder.join("t") }
    }

    /// Makes them all, before anything runs.
    pub fn make(&self) -> io::Result<()> {
        fs::File::create_new(&self.notes)?;
        fs::create_dir(&self.profiles)?;
        fs::create_dir(&self.temporary)
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
        Mode::Observe | Mode::Document => {
            let suite = var("NEXTEST_BINARY_ID").and_then(|suite| suite.into_string().ok());
            let note = match plan.mode {
                Mode::Document => Some(Note::of_example(&binary)),
                _ => note(&binary, rest, var),
            };
            if let (None, Some(suite)) = (&note, &suite) {
                // Tests are listed, perhaps for nobody to run one: its suite is known all the same.
                let listed = Listed { suite: suite.clone(), binary: binary.clone() };
                let file = plan.suites().join(std::process::id().to_string());
                fs::write(file, serde_json::to_vec(&listed)?)?;
            }
            let profiles = match &note {
                Some(note) => plan.runs().profiles.join(format!("{}-{PROFILES}", note.run)),
                None => plan.folder.join("other").join(PROFILES),
            };
            let mut command = match plan.chain.split_first() {
                Some((program, chained)) => {
                    let mut command = Command::new(program);
                    command.args(chained).arg(&binary);
                    command
                }
                None => Command::new(&binary),
            };
            if let Some(note) = &note {
                let runs = plan.runs();
                if plan.mode == Mode::Document {
                    keep(&binary, &runs.profiles.join(format!("{}{EXAMPLE}", note.run)))?;
                } else if plan.private_temporary {
                    let temporary = runs.temporary.join(&note.run);
                    fs::create_dir(&temporary)?;
                    command.env("TMPDIR", temporary);
                }
                tell(&runs.notes, note)?;
            }
            command.args(rest).env("LLVM_PROFILE_FILE", profiles);
            // The runtime's own mark that a process before this one has made the file.
            command.env_remove(PLAN).env_remove("__LLVM_PROFILE_RT_INIT_ONCE");
            for (name, before) in &plan.variables {
                match before {
                    Some(before) => command.env(name, before),
                    None => command.env_remove(name),
                };
            }
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
    let (process, started) = (std::process::id(), since_epoch());
    Some(Note {
        run: name(process, started),
        process,
        started,
        binary: binary.to_owned(),
        suite: text("NEXTEST_BINARY_ID")
            .unwrap_or_else(|| binary.file_name().and_then(OsStr::to_str).unwrap_or_default().to_owned()),
        name: text("NEXTEST_TEST_NAME").or_else(exact)?,
        attempt: text("NEXTEST_ATTEMPT").and_then(|attempt| attempt.parse().ok()).unwrap_or(1),
        slot: text("NEXTEST_TEST_GLOBAL_SLOT").and_then(|slot| slot.parse().ok()),
        profile: text("NEXTEST_PROFILE").unwrap_or_else(|| "default".to_owned()),
    })
}

/// Adds a line to the notes.
fn tell(notes: &Path, note: &Note) -> io::Result<()> {
    // Another test may have found room for the beginning of its line only, and did not run then.
    let mut line = vec![b'\n'];
    serde_json::to_writer(&mut line, note)?;
    line.push(b'\n');
    // In one go, so that it stands in one piece whoever else adds one.
    let n_written = fs::OpenOptions::new().append(true).open(notes)?.write(&line)?;
    if n_written < line.len() {
        return Err(io::Error::from(io::ErrorKind::StorageFull));
    }
    Ok(())
}

/// Returns what complete lines of notes say; a line that says nothing is of a test that did not run.
pub fn notes(lines: &[u8]) -> impl Iterator<Item = Note> {
    lines.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok())
}

/// Keeps a program that is going to be removed.
fn keep(program: &Path, copy: &Path) -> io::Result<()> {
    fs::hard_link(program, copy).or_else(|_| fs::copy(program, copy).map(drop))
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
        let variables = vec![("CARGO_TARGET_X_RUNNER".to_owned(), None)];
        Plan {
            mode,
            folder: folder.to_owned(),
            chain: Vec::new(),
            wanted: None,
            private_temporary: true,
            variables,
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
    fn notes_are_lines() {
        let folder = tempfile::tempdir().unwrap();
        let runs = plan(Mode::Observe, folder.path()).runs();
        runs.make().unwrap();
        let args = ["--exact".into(), "a\nb".into()];
        let note = note("/b".as_ref(), &args, &|_| None).unwrap();
        tell(&runs.notes, &note).unwrap();
        tell(&runs.notes, &note).unwrap();
        let cut = fs::read(&runs.notes).unwrap();
        fs::write(&runs.notes, &cut[..cut.len() - 5]).unwrap();
        tell(&runs.notes, &note).unwrap();
        let read: Vec<Note> = notes(&fs::read(&runs.notes).unwrap()).collect();
        assert_eq!(read, [note.clone(), note]);
    }

    #[test]
    fn runs_are_told_apart() {
        let args = ["--exact".into(), "a".into()];
        let run = || note("/b".as_ref(), &args, &|_| None).unwrap();
        let first = run();
        std::thread::sleep(Duration::from_micros(2));
        assert_ne!(first.run, run().run);
    }
}
