//! Running a program only to hear what tests it has.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::run::case::CommandLine;

/// How programs are asked for their tests.
#[derive(Debug, Clone)]
pub struct Listing {
    /// A folder that exists, for what a program writes while it is asked: its coverage, its list.
    pub scratch: PathBuf,
    /// How long a program may take to answer.
    pub timeout: Duration,
    /// How many bytes it may print on either stream.
    pub max_output: usize,
}

/// What a program answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it printed on standard error.
    pub stderr: Vec<u8>,
}

/// Why a program's tests are not known.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It could not be started.
    #[error("start `{}` to list its tests: is it built, and may it be executed?", .program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It was started, and something went wrong on our side.
    #[error("list the tests of `{}`", .program.display())]
    Io {
        /// The program.
        program: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It did not end.
    #[error(
        "`{}` did not list its tests within {}s: allow more time, or declare it a plain executable",
        .program.display(), .timeout.as_secs_f32()
    )]
    TimedOut {
        /// The program.
        program: PathBuf,
        /// How long it had.
        timeout: Duration,
    },
    /// It printed without end.
    #[error(
        "`{}` printed more than {limit} bytes instead of a list of tests: declare it a plain executable",
        .program.display()
    )]
    TooMuch {
        /// The program.
        program: PathBuf,
        /// How much it may print.
        limit: usize,
    },
    /// It ended in a way that says that it does not know what it was asked.
    #[error(
        "`{}` failed to list its tests ({status}): run it with {option} to see why{}",
        .program.display(), told(.stderr)
    )]
    Failed {
        /// The program.
        program: PathBuf,
        /// The option that asks for the list.
        option: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it printed on standard error.
        stderr: String,
    },
    /// What it printed is no list of tests.
    #[error("what `{}` prints for {option} is no list of tests: {reason}", .program.display())]
    NotAList {
        /// The program.
        program: PathBuf,
        /// The option that asks for the list.
        option: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// How long the streams of a program that has ended may stay open, held by a process that left its group.
const LINGER: Duration = Duration::from_millis(500);

impl Listing {
    /// Runs `command` with `args` after its own, in a process group of its own and with nothing to read.
    ///
    /// Coverage that it writes goes to the scratch folder. Whatever it leaves running is killed.
    pub fn ask<S: AsRef<OsStr>>(&self, command: &CommandLine, args: &[S]) -> Result<Answer, ListError> {
        let program = &command.program;
        let mut process = Command::new(program);
        process.args(&command.args).args(args).current_dir(&command.cwd);
        for (name, value) in &command.env {
            match value {
                Some(value) => process.env(name, value),
                None => process.env_remove(name),
            };
        }
        process.env("LLVM_PROFILE_FILE", self.profiles());
        process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child =
            process.spawn().map_err(|source| ListError::Start { program: program.clone(), source })?;
        let answer = self.wait(program, &mut child);
        // Killed and reaped on the ways out that did not come to it; on the others there is nothing left to do.
        if answer.is_err() {
            kill_group(&child);
            let _ = child.wait();
        }
        answer
    }

    fn profiles(&self) -> OsString {
        self.scratch.join("list-%p-%m.profraw").into_os_string()
    }

    fn wait(&self, program: &Path, child: &mut Child) -> Result<Answer, ListError> {
        let failed = |source| ListError::Io { program: program.to_owned(), source };
        let stdout = read_aside(child.stdout.take(), self.max_output).map_err(failed)?;
        let stderr = read_aside(child.stderr.take(), self.max_output).map_err(failed)?;
        let deadline = Instant::now() + self.timeout;
        let mut pause = Duration::from_millis(1);
        while !has_ended(child).map_err(failed)? {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ListError::TimedOut { program: program.to_owned(), timeout: self.timeout });
            }
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(Duration::from_millis(20));
        }
        // A child of the program may be left, and would write into the tree. The group's number is still the
        // program's own, because it has ended and is not yet waited for.
        kill_group(child);
        let status = child.wait().map_err(failed)?;
        let collect = |stream: Receiver<io::Result<Vec<u8>>>| {
            let bytes = match stream.recv_timeout(LINGER) {
                Ok(bytes) => bytes.map_err(failed)?,
                // A process that left the group holds the stream; what it may still print is unknown.
                Err(_) => {
                    return Err(ListError::TimedOut { program: program.to_owned(), timeout: self.timeout });
                }
            };
            if bytes.len() > self.max_output {
                return Err(ListError::TooMuch { program: program.to_owned(), limit: self.max_output });
            }
            Ok(bytes)
        };
        Ok(Answer { status, stdout: collect(stdout)?, stderr: collect(stderr)? })
    }
}

impl Answer {
    /// Returns the error that says that `program` did not understand `option`.
    pub(crate) fn failed(&self, program: &Path, option: &'static str) -> ListError {
        const TOLD: usize = 400;
        let stderr = String::from_utf8_lossy(&self.stderr[self.stderr.len().saturating_sub(TOLD)..]);
        ListError::Failed {
            program: program.to_owned(),
            option,
            status: self.status,
            stderr: stderr.trim().to_owned(),
        }
    }

    /// Returns whether a signal ended it.
    pub(crate) fn was_killed(&self) -> bool {
        self.status.signal().is_some()
    }
}

fn told(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!("; it said: {stderr}") }
}

/// Returns whether the process has ended, and leaves it to be waited for.
fn has_ended(child: &Child) -> io::Result<bool> {
    let Some(pid) = pid(child) else { return Ok(true) };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match waitid(WaitId::Pid(pid), options) {
        Ok(status) => Ok(status.is_some()),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn pid(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

fn kill_group(child: &Child) {
    if let Some(group) = pid(child) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Reads a stream to its end in a thread of its own, but keeps no more than one byte beyond `limit`.
fn read_aside<R: Read + Send + 'static>(
    stream: Option<R>,
    limit: usize,
) -> io::Result<Receiver<io::Result<Vec<u8>>>> {
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new().name("listing".to_owned()).spawn(move || {
        let Some(mut stream) = stream else { return };
        let mut bytes = Vec::new();
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let read = stream.by_ref().take(limit).read_to_end(&mut bytes);
        // Read on, so that a talkative program is not stopped by a full pipe but by its own end or the clock.
        let read = read.and_then(|_| io::copy(&mut stream, &mut io::sink()));
        // Nobody listens once the time is over.
        let _ = sender.send(read.map(|_| bytes));
    })?;
    Ok(receiver)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::native::testing::Bench;

    fn ask(script: &str, change: impl FnOnce(&mut Listing)) -> (Bench, Result<Answer, ListError>) {
        let bench = Bench::new();
        let mut listing = bench.listing();
        change(&mut listing);
        let binary = bench.script("t", script);
        let answer = listing.ask(&binary.command, &["one"]);
        (bench, answer)
    }

    #[test]
    fn answers_are_whole() {
        let (bench, answer) =
            ask("read x || echo \"$1 none\"; echo \"$LLVM_PROFILE_FILE\" >&2; exit 3", |_| {});
        let answer = answer.unwrap();
        assert_eq!(answer.stdout, b"one none\n");
        assert_eq!(answer.status.code(), Some(3));
        let profiles = String::from_utf8(answer.stderr).unwrap();
        assert!(Path::new(profiles.trim()).starts_with(bench.path("scratch")));
    }

    #[test]
    fn what_does_not_end_is_killed_with_its_children() {
        let (bench, answer) = ask("(sleep 2; echo late > late) & sleep 100", |listing| {
            listing.timeout = Duration::from_millis(300);
        });
        assert!(matches!(answer.unwrap_err(), ListError::TimedOut { .. }));
        thread::sleep(Duration::from_millis(2500));
        bench.assert_untouched();
    }

    #[test]
    fn what_is_left_running_is_killed() {
        let began = Instant::now();
        let (bench, answer) = ask("(sleep 2; echo late > late) & echo done", |_| {});
        assert_eq!(answer.unwrap().stdout, b"done\n");
        assert!(began.elapsed() < Duration::from_secs(2));
        thread::sleep(Duration::from_millis(2500));
        bench.assert_untouched();
    }

    #[test]
    fn output_is_bounded() {
        let (_bench, answer) = ask("head -c 3000000 /dev/zero", |listing| listing.max_output = 1 << 20);
        assert!(matches!(answer.unwrap_err(), ListError::TooMuch { .. }));
        let (_bench, answer) = ask("head -c 3000000 /dev/zero", |listing| listing.max_output = 3_000_000);
        assert_eq!(answer.unwrap().stdout.len(), 3_000_000);
    }

    #[test]
    fn errors_say_what_helps() {
        let (_bench, answer) = ask("echo 'unknown option' >&2; exit 2", |_| {});
        let error = answer.unwrap().failed(Path::new("build/t"), "--list");
        insta::assert_snapshot!(error, @"`build/t` failed to list its tests (exit status: 2): run it with --list to see why; it said: unknown option");
    }
}
