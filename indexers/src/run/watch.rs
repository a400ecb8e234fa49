//! Who may stop processes: deadlines, and the user.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often deadlines are looked at.
const TICK: Duration = Duration::from_millis(50);

/// Why a process was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// It took longer than it may.
    TimedOut,
    /// The user did not want to wait for it.
    Interrupted,
}

/// Watches over running processes, and stops those whose time is up.
#[derive(Debug)]
pub struct Watch {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    processes: Mutex<BTreeMap<u32, Watched>>,
    interrupted: Arc<AtomicBool>,
    ended: AtomicBool,
}

#[derive(Debug)]
struct Watched {
    deadline: Option<Instant>,
    stopped: Option<Stopped>,
}

/// A process that is watched until this is finished or dropped.
#[derive(Debug)]
pub struct Guard<'a> {
    shared: &'a Shared,
    pid: u32,
}

impl Watch {
    /// Starts watching.
    pub fn start() -> Watch {
        Watch::interrupted_by(Arc::default())
    }

    /// Starts watching; once `interrupted` is set, every process is stopped.
    pub fn interrupted_by(interrupted: Arc<AtomicBool>) -> Watch {
        let shared = Arc::new(Shared { interrupted, ..Shared::default() });
        let watched = shared.clone();
        let thread = std::thread::spawn(move || {
            while !watched.ended.load(Ordering::Acquire) {
                watched.tick();
                std::thread::park_timeout(TICK);
            }
        });
        Watch { shared, thread: Some(thread) }
    }

    /// Returns whether the user wants to stop.
    pub fn is_interrupted(&self) -> bool {
        self.shared.interrupted.load(Ordering::Acquire)
    }

    /// Watches over the process group that `pid` leads.
    pub fn over(&self, pid: u32, deadline: Option<Instant>) -> Guard<'_> {
        self.shared.lock().insert(pid, Watched { deadline, stopped: None });
        Guard { shared: &self.shared, pid }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A watcher that panicked has nothing more to say than that.
            let _ = thread.join();
        }
    }
}

impl Guard<'_> {
    /// Ends the watch over a process that ended but was not reaped yet, and stops what is left of its group.
    pub fn finish(self) -> Option<Stopped> {
        let stopped = self.shared.lock().get(&self.pid).and_then(|watched| watched.stopped);
        drop(self);
        stopped
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let mut processes = self.shared.lock();
        processes.remove(&self.pid);
        kill_group(self.pid);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Watched>> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick(&self) {
        let interrupted = self.interrupted.load(Ordering::Acquire);
        let now = Instant::now();
        for (pid, watched) in self.lock().iter_mut() {
            let late = watched.deadline.is_some_and(|deadline| deadline <= now);
            let reason = match (interrupted, late) {
                (true, _) => Stopped::Interrupted,
                (false, true) => Stopped::TimedOut,
                (false, false) => continue,
            };
            watched.stopped.get_or_insert(reason);
            kill_group(*pid);
        }
    }
}

#[cfg(unix)]
fn kill_group(pid: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(pid) = Pid::from_raw(pid.cast_signed()) {
        // Nothing being left to kill is what one hopes for.
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill_group(_: u32) {}
