//! One process of a test, from its start to the end of everything it left running.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use thiserror::Error;

use super::case::CommandLine;
use super::watch::{Stopped, Watch};

/// How a process ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit status.
    pub status: ExitStatus,
    /// Why it was stopped, if it did not end by itself.
    pub stopped: Option<Stopped>,
    /// How long it ran.
    pub duration: Duration,
    /// Where its standard output is.
    pub stdout: PathBuf,
    /// Where its standard error is.
    pub stderr: PathBuf,
}

/// Why a process could not be run.
#[derive(Debug, Error)]
#[error("cannot run `{}` in `{}`", program.display(), cwd.display())]
pub struct RunError {
    program: PathBuf,
    cwd: PathBuf,
    source: io::Error,
}

impl RunError {
    pub(super) fn of(command: &CommandLine) -> impl Fn(io::Error) -> RunError + '_ {
        |source| RunError { program: command.program.clone(), cwd: command.cwd.clone(), source }
    }
}

/// Runs `command` to its end, with `extra` variables on top of its own, its output going to files in `output`.
///
/// Output goes to files rather than pipes so that a process left running in the background, which keeps a pipe open,
/// does not hold up the test. The process leads a group of its own, of which nothing is left when this returns.
pub fn run(
    command: &CommandLine,
    extra: &[(&str, &Path)],
    output: &Path,
    timeout: Option<Duration>,
    watch: &Watch,
) -> Result<Finished, RunError> {
    let failed = RunError::of(command);
    let (stdout, stderr) = (output.join("stdout"), output.join("stderr"));
    let started = Instant::now();
    let mut child =
        prepare(command, extra, &stdout, &stderr).and_then(|mut process| process.spawn()).map_err(&failed)?;
    let guard = watch.over(child.id(), timeout.map(|timeout| started + timeout));
    wait_without_reaping(&child).map_err(&failed)?;
    let duration = started.elapsed();
    // Once it is reaped, its number may be another process's: whatever may kill it must forget it before.
    let stopped = guard.finish();
    let status = child.wait().map_err(failed)?;
    Ok(Finished { status, stopped, duration, stdout, stderr })
}

/// Returns the process with everything that it is given, not yet started.
pub(super) fn prepare(
    command: &CommandLine,
    extra: &[(&str, &Path)],
    stdout: &Path,
    stderr: &Path,
) -> io::Result<Command> {
    let mut process = Command::new(&command.program);
    process
        .args(&command.args)
        .current_dir(&command.cwd)
        .stdin(Stdio::null())
        .stdout(File::create(stdout)?)
        .stderr(File::create(stderr)?);
    for (name, value) in &command.env {
        match value {
            Some(value) => process.env(name, value),
            None => process.env_remove(name),
        };
    }
    process.envs(extra.iter().copied());
    // The runtime's own mark that a process before this one has made the file: without the file, it makes none.
    process.env_remove("__LLVM_PROFILE_RT_INIT_ONCE");
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut process, 0);
    Ok(process)
}

#[cfg(unix)]
fn wait_without_reaping(child: &Child) -> io::Result<()> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let Some(pid) = Pid::from_raw(child.id().cast_signed()) else { return Ok(()) };
    loop {
        match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(not(unix))]
fn wait_without_reaping(_: &Child) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn shell(script: &str) -> CommandLine {
        CommandLine {
            program: "/bin/sh".into(),
            args: vec!["-c".into(), script.into()],
            cwd: "/".into(),
            env: BTreeMap::from([("SET".into(), Some("yes".into())), ("HOME".into(), None)]),
        }
    }

    fn check(script: &str, timeout: Option<Duration>) -> (Finished, String, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let finished =
            run(&shell(script), &[("EXTRA", "/x".as_ref())], dir.path(), timeout, &Watch::start()).unwrap();
        let text = std::fs::read_to_string(&finished.stdout).unwrap();
        (finished, text, dir)
    }

    #[test]
    fn a_process_sees_its_variables_and_its_folder() {
        let (finished, text, _dir) = check("echo $SET $EXTRA ${HOME-unset}; pwd; exit 3", None);
        assert_eq!(finished.status.code(), Some(3));
        assert_eq!(text, "yes /x unset\n/\n");
        assert_eq!(finished.stopped, None);
    }

    /// Waits until a process no longer runs; a killed one takes a moment, and stays listed until it is reaped.
    fn check_gone(pid: &str) {
        let stat = format!("/proc/{}/stat", pid.trim());
        for _ in 0..500 {
            match std::fs::read_to_string(&stat) {
                Ok(state) if !state.contains(") Z ") => std::thread::sleep(Duration::from_millis(20)),
                _ => return,
            }
        }
        panic!("process {pid} still runs");
    }

    #[test]
    fn a_process_that_takes_too_long_is_stopped_with_its_children() {
        let (finished, text, _dir) =
            check("sleep 60 & echo $!; sleep 60; echo late", Some(Duration::from_secs(3)));
        assert_eq!(finished.stopped, Some(Stopped::TimedOut));
        check_gone(text.lines().next().unwrap());
        assert!(!text.contains("late"));
    }

    #[test]
    fn what_is_left_in_the_background_is_stopped() {
        let (finished, text, _dir) = check("sleep 60 & echo $!", None);
        assert!(finished.status.success());
        check_gone(&text);
        assert!(finished.duration < Duration::from_secs(30));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let mut command = shell("");
        command.program = "/no/such/program".into();
        let dir = tempfile::tempdir().unwrap();
        let error = run(&command, &[], dir.path(), None, &Watch::start()).unwrap_err();
        assert_eq!(error.to_string(), "cannot run `/no/such/program` in `/`");
    }
}
