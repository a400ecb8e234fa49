//! One process of a test, and every process that comes from it, under the eyes of ptrace.
//!
//! A process that is killed, or leaves by `_exit`, leaves no trace of what it executed, and nobody can tell from the
//! files that are there that one is missing. So processes themselves are watched: their starts, what they become, and
//! their ends. Nothing else is stopped, neither system calls nor (beyond what ptrace forces) signals, so that a test
//! pays for the processes and threads it starts only.
//!
//! What a worker thread traces is that thread's alone (`__WNOTHREAD`), so tests run side by side. A test's process
//! asks to be traced before it becomes the test's program, and is let go and seized anew right there, at its first
//! instruction, because only seized processes can be left stopped when they stop themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::sys::ptrace::{self, Event, Options};
use nix::sys::signal::Signal;
use nix::unistd::Pid as Process;
use rustix::io::Errno;
use rustix::process::{
    Pid, WaitId, WaitIdOptions, WaitIdStatus, WaitOptions, WaitStatus, kill_process, wait, waitid, waitpid,
};

use super::case::CommandLine;
use super::process::{Finished, RunError, prepare};
use super::watch::{Guard, Stopped, Watch};

mod resume;

/// Waits for processes of any kind, those of this thread only.
const OWN: u32 = 0x4000_0000 | 0x2000_0000;
/// The event of a seized process that stops because it was sent a stopping signal, or was just attached to.
const EVENT_STOP: i32 = 128;

/// Something that happened to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// It started another. Both wait until this was heard.
    Forked {
        /// Who did.
        parent: i32,
        /// Who is new.
        child: i32,
        /// Whether the new one works in the memory of the old one, as between `vfork` and what comes of it.
        shares_memory: bool,
    },
    /// It became another program, and waits at its first instruction.
    Became {
        /// Which one.
        process: i32,
    },
    /// It is about to end, and waits with everything that it had mapped.
    Leaving {
        /// Which one.
        process: i32,
    },
    /// It is over.
    Ended {
        /// Which one.
        process: i32,
        /// How.
        status: ExitStatus,
        /// Whether it was still there when the test's own process had ended, and was stopped for that.
        left_over: bool,
    },
}

/// Who hears of it.
pub trait Listener {
    /// Takes note. The processes that are concerned do nothing meanwhile.
    fn hear(&mut self, happened: Happened);
}

/// Runs `command` as [`super::process::run`] does, and tells of every process that comes from it.
pub fn run(
    command: &CommandLine,
    extra: &[(&str, &Path)],
    output: &Path,
    timeout: Option<Duration>,
    watch: &Watch,
    listener: &mut dyn Listener,
) -> Result<Finished, RunError> {
    let failed = RunError::of(command);
    let (stdout, stderr) = (output.join("stdout"), output.join("stderr"));
    let started = Instant::now();
    let process = prepare(command, extra, &stdout, &stderr).map_err(&failed)?;
    let child = pete::Ptracer::new().spawn(process).map_err(start_error).map_err(&failed)?;
    let leader = child.id().cast_signed();
    let guard = watch.over(child.id(), timeout.map(|timeout| started + timeout));
    let mut tracer = Tracer {
        leader,
        threads: BTreeMap::from([(leader, leader)]),
        early: BTreeSet::new(),
        guard: Some(guard),
        ended: None,
        started,
        listener,
    };
    if let Err(error) = tracer.seize() {
        // Not a process that nobody watches and nobody waits for.
        kill(leader);
        let _ = waitpid(Pid::from_raw(leader), WaitOptions::from_bits_retain(OWN));
        return Err(failed(error));
    }
    tracer.follow().map_err(&failed)?;
    let (status, stopped, duration) =
        tracer.ended.ok_or_else(|| failed(io::Error::other("its end was not seen")))?;
    Ok(Finished { status, stopped, duration, stdout, stderr })
}

/// Returns why processes cannot be watched here, if they cannot.
pub fn hindrance() -> Option<String> {
    struct Nobody(bool);
    impl Listener for Nobody {
        fn hear(&mut self, happened: Happened) {
            self.0 |= matches!(happened, Happened::Leaving { .. });
        }
    }
    let output = tempfile::tempdir().ok()?;
    let command = CommandLine {
        program: "/bin/sh".into(),
        args: ["-c", "exit 7"].map(Into::into).to_vec(),
        cwd: "/".into(),
        env: BTreeMap::new(),
    };
    let mut nobody = Nobody(false);
    let time = Some(Duration::from_secs(10));
    match run(&command, &[], output.path(), time, &Watch::start(), &mut nobody) {
        Ok(finished) if finished.status.code() == Some(7) && nobody.0 => None,
        Ok(_) => Some("the system does not tell all that it should through ptrace".to_owned()),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            Some(format!("ptrace does not work here: {}", cause.unwrap_or_else(|| error.to_string())))
        }
    }
}

struct Tracer<'a> {
    leader: i32,
    /// Every thread, and the process it belongs to.
    threads: BTreeMap<i32, i32>,
    /// Those that stopped before it was told who started them: they wait.
    early: BTreeSet<i32>,
    guard: Option<Guard<'a>>,
    ended: Option<(ExitStatus, Option<Stopped>, Duration)>,
    started: Instant,
    listener: &'a mut dyn Listener,
}

impl Tracer<'_> {
    /// Takes over the process where it has just become the test's program.
    fn seize(&mut self) -> io::Result<()> {
        let process = Process::from_raw(self.leader);
        let (_, status) = wait_for(self.leader)?;
        if !status.stopped() {
            return Err(io::Error::other("it ended before it began"));
        }
        ptrace::detach(process, Signal::SIGSTOP)?;
        let (_, status) = wait_for(self.leader)?;
        if !status.stopped() {
            return Err(io::Error::other("it ended before it began"));
        }
        let options = Options::PTRACE_O_TRACEFORK
            | Options::PTRACE_O_TRACEVFORK
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_TRACEEXIT
            | Options::PTRACE_O_EXITKILL;
        ptrace::seize(process, options)?;
        self.listener.hear(Happened::Became { process: self.leader });
        signal(self.leader, rustix::process::Signal::CONT);
        Ok(())
    }

    /// Follows all processes to their ends.
    fn follow(&mut self) -> io::Result<()> {
        loop {
            self.let_go_of_leader();
            let next = match wait(WaitOptions::UNTRACED | WaitOptions::from_bits_retain(OWN)) {
                Ok(Some(next)) => next,
                Ok(None) | Err(Errno::INTR) => continue,
                Err(Errno::CHILD) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            let (thread, status) = (next.0.as_raw_nonzero().get(), next.1);
            if status.stopped() {
                self.stopped(thread, status.as_raw());
            } else if status.exited() || status.signaled() {
                self.over(thread, status.as_raw());
            }
        }
    }

    /// Ends the watch over the test's own process once it is over and before it is reaped: its number may be
    /// another's after that.
    fn let_go_of_leader(&mut self) {
        if self.guard.is_none() {
            return;
        }
        // Wait for whatever happens next, and leave it to be waited for.
        let any = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::from_bits_retain(OWN);
        let _ = waitid(WaitId::All, any | WaitIdOptions::NOWAIT);
        let Some(leader) = Pid::from_raw(self.leader) else { return };
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let ended = ended | WaitIdOptions::from_bits_retain(OWN);
        let is_over = |status: WaitIdStatus| status.exited() || status.killed() || status.dumped();
        // Where nothing has happened there is a status as well, of nothing.
        if waitid(WaitId::Pid(leader), ended).is_ok_and(|status| status.is_some_and(is_over)) {
            let duration = self.started.elapsed();
            let stopped = self.guard.take().and_then(Guard::finish);
            self.ended = Some((ExitStatus::from_raw(0), stopped, duration));
            // What left the group is stopped as well: nothing that a test starts outlives it.
            let processes: BTreeSet<i32> = self.threads.values().copied().collect();
            for process in processes.into_iter().filter(|process| *process != self.leader) {
                kill(process);
            }
            for thread in &self.early {
                kill(*thread);
            }
        }
    }

    fn stopped(&mut self, thread: i32, raw: i32) {
        let (number, event) = ((raw >> 8) & 0xff, raw >> 16);
        if !self.threads.contains_key(&thread) {
            // A new thread of a process that is known need not wait for whoever started it, and must not: where the
            // process exits at that moment, nobody will ever tell of it, and the process cannot end without it.
            match thread_group(thread)
                .filter(|process| *process != thread && self.threads.contains_key(process))
            {
                Some(process) => _ = self.threads.insert(thread, process),
                None => {
                    self.early.insert(thread);
                    return;
                }
            }
        }
        if event == Event::PTRACE_EVENT_FORK as i32
            || event == Event::PTRACE_EVENT_VFORK as i32
            || event == Event::PTRACE_EVENT_CLONE as i32
        {
            if let Some(child) = message(thread) {
                self.started(thread, child, event == Event::PTRACE_EVENT_VFORK as i32);
            }
            resume::go_on(thread, 0);
        } else if event == Event::PTRACE_EVENT_EXEC as i32 {
            self.became(thread);
            resume::go_on(thread, 0);
        } else if event == Event::PTRACE_EVENT_EXIT as i32 {
            // Its other threads may still run, but what is mapped is gone once the first one has left.
            if self.threads.get(&thread) == Some(&thread) {
                self.listener.hear(Happened::Leaving { process: thread });
            }
            resume::go_on(thread, 0);
        } else if event == EVENT_STOP {
            // The signals that stop: the process stays stopped until somebody continues it.
            let stops = [Signal::SIGSTOP, Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU];
            if stops.iter().any(|stop| *stop as i32 == number) {
                resume::stay_stopped(thread);
            } else {
                resume::go_on(thread, 0);
            }
        } else {
            // A signal on its way, which it gets as it is.
            resume::go_on(thread, number);
        }
    }

    fn started(&mut self, parent: i32, child: i32, shares_memory: bool) {
        if self.threads.contains_key(&child) {
            return;
        }
        let process = thread_group(child).unwrap_or(child);
        self.threads.insert(child, process);
        if process == child {
            let parent = self.threads.get(&parent).copied().unwrap_or(parent);
            self.listener.hear(Happened::Forked { parent, child, shares_memory });
            if self.guard.is_none() {
                // The test is over.
                kill(child);
            }
        }
        if self.early.remove(&child) {
            resume::go_on(child, 0);
        }
    }

    fn became(&mut self, thread: i32) {
        // The threads are gone, and whichever did it has the number of the process now.
        let process = thread;
        self.threads.retain(|other, of| *of != process || *other == process);
        self.threads.insert(process, process);
        self.listener.hear(Happened::Became { process });
    }

    fn over(&mut self, thread: i32, raw: i32) {
        self.early.remove(&thread);
        let Some(process) = self.threads.remove(&thread) else { return };
        if process != thread {
            return;
        }
        let status = ExitStatus::from_raw(raw);
        let is_leader = process == self.leader;
        if let (true, Some(ended)) = (is_leader, &mut self.ended) {
            ended.0 = status;
        }
        // Whoever started those that wait may have been killed before it was told.
        for child in std::mem::take(&mut self.early) {
            self.started(process, child, false);
            resume::go_on(child, 0);
        }
        let left_over = !is_leader && self.ended.is_some();
        self.listener.hear(Happened::Ended { process, status, left_over });
    }
}

/// Returns what the system said, which is inside of it.
fn start_error(error: pete::Error) -> io::Error {
    let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<io::Error>());
    match cause.and_then(io::Error::raw_os_error) {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::other(error),
    }
}

fn wait_for(process: i32) -> io::Result<(Pid, WaitStatus)> {
    let options = WaitOptions::UNTRACED | WaitOptions::from_bits_retain(OWN);
    loop {
        match waitpid(Pid::from_raw(process), options) {
            Ok(Some(found)) => return Ok(found),
            Ok(None) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Returns what an event has to say: the number of a new process.
fn message(thread: i32) -> Option<i32> {
    ptrace::getevent(Process::from_raw(thread)).ok().and_then(|message| i32::try_from(message).ok())
}

/// Returns the process that a thread belongs to.
fn thread_group(thread: i32) -> Option<i32> {
    let status = std::fs::read_to_string(format!("/proc/{thread}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("Tgid:"))?.trim().parse().ok()
}

fn kill(process: i32) {
    signal(process, rustix::process::Signal::KILL);
}

fn signal(process: i32, signal: rustix::process::Signal) {
    if let Some(process) = Pid::from_raw(process) {
        // It may have ended by itself.
        let _ = kill_process(process, signal);
    }
}

#[cfg(test)]
mod tests;
