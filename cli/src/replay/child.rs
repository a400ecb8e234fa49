//! This program, started again.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::environment::Environment;

/// How often a child is looked at.
const PAUSE: Duration = Duration::from_millis(5);

/// This program, and how to start it.
#[derive(Debug)]
pub(crate) struct Program {
    /// Its file.
    pub(crate) path: PathBuf,
    /// What it shall find around it.
    pub(crate) environment: Environment,
    /// Where its output goes meanwhile.
    pub(crate) scratch: PathBuf,
    /// Set when the user wants no more.
    pub(crate) interrupted: Arc<AtomicBool>,
}

/// What a child left behind.
#[derive(Debug)]
pub(crate) struct Said {
    /// How it ended; `None` where it was killed.
    pub(crate) code: Option<i32>,
    /// Its answer.
    pub(crate) stdout: Vec<u8>,
    /// What it said.
    pub(crate) stderr: String,
}

impl Program {
    /// Runs it in a folder and waits. An interruption is passed on, once.
    pub(crate) fn run(&self, folder: &Path, args: &[OsString]) -> io::Result<Said> {
        let (out, err) = (self.scratch.join("stdout"), self.scratch.join("stderr"));
        let mut command = Command::new(&self.path);
        command
            .args(args)
            .current_dir(folder)
            .env_clear()
            .envs(&self.environment.vars)
            .stdin(Stdio::null())
            .stdout(File::create(&out)?)
            .stderr(File::create(&err)?);
        // What the terminal sends reaches us alone, so that the child hears of it once.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let mut told = false;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if !told && self.is_interrupted() {
                told = true;
                interrupt(&mut child);
            }
            std::thread::sleep(PAUSE);
        };
        Ok(Said {
            code: status.code(),
            stdout: std::fs::read(&out)?,
            stderr: String::from_utf8_lossy(&std::fs::read(&err)?).into_owned(),
        })
    }

    /// Returns whether the user wants no more.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

/// Interrupts a child and what it started.
fn interrupt(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::INT);
    }
    #[cfg(not(unix))]
    let _ = child.kill();
}

impl Said {
    /// Returns the end of what it said: where errors are.
    pub(crate) fn end(&self) -> String {
        const LINES: usize = 12;
        let lines: Vec<&str> = self.stderr.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }
}
