//! Whether every process of a test left the counters that it should have left.
//!
//! A Go program writes its counters when it returns from `main` or calls `os.Exit`, and to a file that is called after
//! its process. Whatever else ends it loses them: a signal, a panic, another program in its place, or, where it is a
//! test binary that another test started, the want of `-test.gocoverdir`. The files that are there say nothing of those
//! that are not, so processes themselves are watched, and each that counts must have left a file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use skiptrace_engine::record::Problem;

use crate::run::traced::{Happened, Listener};
use crate::trace::Trouble;

/// A program that a process is.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) role: Role,
    /// The import path of its main package, if Go says so.
    pub(super) path: Option<String>,
}

/// What a program is to the recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// None of the repository's code is in it.
    Foreign,
    /// It has the repository's code, with counters.
    Counted,
    /// It has the repository's code, without counters.
    Uncounted,
    /// It has the repository's code, with counters, and is older than that.
    Stale,
    /// Nobody can read it.
    Unknown,
}

/// What the processes of one test came to.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Processes that must have left counters.
    pub(super) due: Vec<Due>,
    /// What is lost for sure.
    pub(super) troubles: Vec<Trouble>,
    /// The programs with the repository's code that have no counters.
    pub(super) uncounted: Vec<Trouble>,
    /// Whether the process that was started has lost its counters.
    pub(super) is_headless: bool,
    /// How many programs ran.
    pub(super) programs: usize,
    /// The import paths of main packages of which more than one program ran.
    pub(super) again: BTreeSet<String>,
}

/// A process that must have left counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) process: i32,
    /// Its program, for people.
    pub(super) program: String,
    /// Whether it is a test binary that was told where its counters go.
    pub(super) is_told: bool,
    /// Whether it is the process that was started.
    pub(super) is_first: bool,
}

/// Keeps the ledger while processes live.
pub(super) struct Lives<'a> {
    pub(super) ledger: &'a mut Ledger,
    /// Where test binaries are told to leave counters.
    pub(super) told: &'a Path,
    /// Says what the program in a file is.
    pub(super) program: &'a dyn Fn(&Path) -> Program,
    pub(super) lives: BTreeMap<i32, Life>,
    /// The process that was started.
    pub(super) first: Option<i32>,
    /// The import paths of the main packages of all that ran so far.
    pub(super) ran: BTreeSet<String>,
}

/// A process as one program.
#[derive(Debug, Clone)]
pub(super) struct Life {
    program: String,
    role: Role,
    is_told: bool,
    /// Whether it is the process that was started.
    is_first: bool,
    /// Whether it is a copy of another process that has become no program of its own so far.
    is_copy: bool,
}

impl Listener for Lives<'_> {
    fn hear(&mut self, happened: Happened) {
        match happened {
            Happened::Became { process } => {
                if let Some(old) = self.lives.remove(&process) {
                    // Whoever is only copied in order to become another program has executed next to nothing.
                    if !old.is_copy {
                        self.lost(&old, "became another program before it wrote its counters");
                    }
                }
                self.ledger.programs += 1;
                let life = self.look(process);
                let program = &life.program;
                match life.role {
                    Role::Uncounted => note(
                        &mut self.ledger.uncounted,
                        Problem::MissingBinary,
                        format!(
                            "it ran `{program}`, which has code of this repository and was built without `-cover`"
                        ),
                    ),
                    Role::Stale => self.trouble(
                        Problem::Opaque,
                        format!("it ran `{program}`, which is older than its sources: build it again"),
                    ),
                    Role::Unknown => {
                        self.trouble(Problem::Opaque, format!("it ran `{program}`, which cannot be read"));
                    }
                    Role::Foreign | Role::Counted => {}
                }
                self.lives.insert(process, life);
            }
            Happened::Forked { parent, child, shares_memory: false } => {
                if let Some(life) = self.lives.get(&parent).cloned() {
                    self.lives.insert(child, Life { is_copy: true, is_first: false, ..life });
                }
            }
            Happened::Forked { .. } | Happened::Leaving { .. } => {}
            Happened::Ended { process, status, left_over } => {
                if let Some(life) = self.lives.remove(&process) {
                    self.ended(process, life, status, left_over);
                }
            }
        }
    }
}

impl Lives<'_> {
    /// Looks at the program that a process has just become.
    fn look(&mut self, process: i32) -> Life {
        let about = PathBuf::from(format!("/proc/{process}"));
        let exe = about.join("exe");
        let path = fs::read_link(&exe).unwrap_or_default();
        let program = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let told = self.told.as_os_str().as_encoded_bytes();
        let args = fs::read(about.join("cmdline")).unwrap_or_default();
        let is_told = args.split(|byte| *byte == 0).any(|arg| {
            let value = arg.strip_prefix(b"-test.gocoverdir=");
            value.or_else(|| arg.strip_prefix(b"--test.gocoverdir=")) == Some(told)
        });
        // Under its own name where it has one still, so that it is looked into once.
        let file = if path.is_file() { &path } else { &exe };
        let Program { role, path } = (self.program)(file);
        if let Some(path) = path
            && !self.ran.insert(path.clone())
        {
            self.ledger.again.insert(path);
        }
        let is_first = *self.first.get_or_insert(process) == process;
        Life { program, role, is_told, is_first, is_copy: false }
    }

    fn ended(&mut self, process: i32, life: Life, status: ExitStatus, left_over: bool) {
        if life.role != Role::Counted {
            return;
        }
        if status.code().is_none() {
            self.lost(
                &life,
                match left_over {
                    true => "still ran when the test had ended, and was stopped before it wrote its counters",
                    false => "was killed before it wrote its counters",
                },
            );
        } else if life.is_copy {
            self.lost(&life, "was forked and ended before it became a program");
        } else {
            let Life { program, is_told, is_first, .. } = life;
            self.ledger.due.push(Due { process, program, is_told, is_first });
        }
    }

    fn lost(&mut self, life: &Life, how: &str) {
        if life.role == Role::Counted {
            let program = &life.program;
            self.ledger.is_headless |= life.is_first;
            self.trouble(Problem::ProcessKilled, format!("a process of `{program}` {how}"));
        }
    }

    fn trouble(&mut self, problem: Problem, detail: String) {
        note(&mut self.ledger.troubles, problem, detail);
    }
}

fn note(troubles: &mut Vec<Trouble>, problem: Problem, detail: String) {
    let trouble = Trouble { problem, detail };
    if !troubles.contains(&trouble) {
        troubles.push(trouble);
    }
}
