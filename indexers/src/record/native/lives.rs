//! Whether every process of a test left the profile that it should have left.
//!
//! A process's life with one memory begins when it becomes a program, or when it is forked from one, and ends when it
//! becomes another program, or with the process. Counters that are written at the end (no `%c`) are lost with a life
//! that does not end by itself: killed, `_exit`, another program in its place. Of each life it is known what it had
//! mapped when it was about to end, so that what counts of that must be in the profiles that appeared since:
//!
//! - They are called after the process that became the program (`%p`), forked lives included, so what a life wrote is
//!   moved out of the way of the next at its end.
//! - A life killed by a signal has lost its counters, whatever is there.
//! - A life that shares its memory with another (`vfork`, which is `posix_spawn`, `system`, `popen`) has counted there.
//!
//! Counters that are in the file from the start are never lost; that the file is there is looked at nevertheless,
//! because a process with other variables writes it elsewhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;

use skiptrace_engine::record::Problem;

use super::modules::{Kind, Module, Modules};
use crate::run::traced::{Happened, Listener};
use crate::trace::Trouble;

/// What the processes of one test came to.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// What must be in which profiles.
    pub(super) due: Vec<Due>,
    /// What is lost for sure.
    pub(super) troubles: Vec<Trouble>,
    /// Whether that is of the process that was started.
    pub(super) is_headless: bool,
    n_moved: u32,
}

/// Modules that must be in some profiles.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) modules: Vec<Arc<Module>>,
    pub(super) files: Vec<PathBuf>,
    /// Whether they are of the process that was started.
    pub(super) is_first: bool,
}

/// Keeps the ledger while processes live.
pub(super) struct Lives<'a> {
    pub(super) modules: &'a Modules,
    /// Where profiles go.
    pub(super) profiles: PathBuf,
    /// Whether they are called with `%c`.
    pub(super) continuous: bool,
    pub(super) ledger: &'a mut Ledger,
    pub(super) lives: BTreeMap<i32, Life>,
    /// The process that was started.
    pub(super) first: Option<i32>,
}

/// One memory of one process.
#[derive(Debug, Clone, Default)]
pub(super) struct Life {
    /// The process that became the program, after which profiles are called.
    origin: i32,
    /// Whether it is one of the process that was started.
    is_first: bool,
    program: Option<PathBuf>,
    kind: Begun,
    /// What counts of what it had mapped when it was last seen.
    mapped: Option<Vec<Arc<Module>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Begun {
    #[default]
    AsProgram,
    Forked,
    InMemoryOfAnother,
}

impl Listener for Lives<'_> {
    fn hear(&mut self, happened: Happened) {
        match happened {
            Happened::Became { process } => {
                if let Some(old) = self.lives.remove(&process) {
                    self.replaced(&old);
                }
                let program = fs::read_link(format!("/proc/{process}/exe")).ok();
                let is_first = *self.first.get_or_insert(process) == process;
                self.lives.insert(process, Life { origin: process, is_first, program, ..Life::default() });
            }
            Happened::Forked { parent, child, shares_memory } => {
                let old = self.lives.get(&parent).cloned().unwrap_or_default();
                let kind = if shares_memory { Begun::InMemoryOfAnother } else { Begun::Forked };
                // Its own memory begins as a copy of what the other has now.
                let mapped = if shares_memory { None } else { self.modules.mapped(parent) };
                self.lives.insert(child, Life { kind, mapped, is_first: false, ..old });
            }
            Happened::Leaving { process } => {
                if let Some(life) = self.lives.get_mut(&process) {
                    life.mapped = self.modules.mapped(process).or(life.mapped.take());
                }
            }
            Happened::Ended { process, status, left_over } => {
                if let Some(life) = self.lives.remove(&process) {
                    self.ended(&life, status, left_over);
                }
            }
        }
    }
}

impl Lives<'_> {
    /// A life ended because its process became another program.
    fn replaced(&mut self, life: &Life) {
        if life.kind == Begun::InMemoryOfAnother {
            return;
        }
        for module in self.losing(&self.counting(life)) {
            let how = match life.kind {
                Begun::Forked => "was forked and became another program before it wrote its counters",
                _ => "became another program before it wrote its counters",
            };
            self.lost(life, &module, Problem::MissingBinary, how);
        }
    }

    fn ended(&mut self, life: &Life, status: ExitStatus, left_over: bool) {
        if life.kind == Begun::InMemoryOfAnother {
            return;
        }
        if life.program.is_none() && life.mapped.is_none() {
            let detail = "nobody saw what one of its processes ran".to_owned();
            self.ledger.troubles.push(Trouble { problem: Problem::Opaque, detail });
        }
        let counting = self.counting(life);
        if counting.is_empty() {
            return;
        }
        if status.code().is_none() {
            let how = match left_over {
                true => "still ran when the test had ended, and was stopped before it wrote its counters",
                false => "was killed before it wrote its counters",
            };
            for module in self.losing(&counting) {
                self.lost(life, &module, Problem::ProcessKilled, how);
            }
        } else if !self.continuous || life.kind == Begun::AsProgram {
            let files = self.take_profiles(life.origin);
            self.ledger.due.push(Due { modules: counting, files, is_first: life.is_first });
        }
    }

    /// Returns what counts in a life.
    fn counting(&self, life: &Life) -> Vec<Arc<Module>> {
        match (&life.mapped, &life.program) {
            (Some(mapped), _) => mapped.clone(),
            (None, Some(program)) => self.modules.mentioned(program),
            (None, None) => Vec::new(),
        }
    }

    /// Returns those of which a sudden end loses the counters.
    fn losing(&self, modules: &[Arc<Module>]) -> Vec<Arc<Module>> {
        modules.iter().filter(|module| !(self.continuous && module.is_continuous())).cloned().collect()
    }

    fn lost(&mut self, life: &Life, module: &Module, problem: Problem, how: &str) {
        let name = module.name();
        let detail = match module.kind {
            Kind::Instrumented(_) => {
                format!(
                    "a process of `{name}` {how}; compile and link with `-mllvm -runtime-counter-relocation`"
                )
            }
            Kind::Unreadable => format!("a process of `{name}`, which cannot be read, {how}"),
        };
        self.ledger.is_headless |= life.is_first;
        let trouble = Trouble { problem, detail };
        if !self.ledger.troubles.contains(&trouble) {
            self.ledger.troubles.push(trouble);
        }
    }

    /// Returns the profiles that are called after a process, and moves them out of the way of the next life's.
    fn take_profiles(&mut self, origin: i32) -> Vec<PathBuf> {
        let start = format!("{origin}-");
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.profiles).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if !name.to_string_lossy().starts_with(&start) {
                continue;
            }
            let path = entry.path();
            if self.continuous {
                // Processes go on to write to it.
                files.push(path);
                continue;
            }
            self.ledger.n_moved += 1;
            let moved =
                self.profiles.join(format!("taken{}-{}", self.ledger.n_moved, name.to_string_lossy()));
            // What cannot be moved would count for the next life as well, so it counts for none.
            if fs::rename(&path, &moved).is_ok() {
                files.push(moved);
            }
        }
        files.sort();
        files
    }
}

impl Ledger {
    /// Says of a life whose modules are not all in its profiles what is missing.
    pub(super) fn missing(module: &Module) -> Trouble {
        let name = module.name();
        let detail = match module.kind {
            Kind::Instrumented(_) => format!(
                "a process of `{name}` ended without its counters (`_exit`, or other variables); compile and link \
                 with `-mllvm -runtime-counter-relocation`"
            ),
            Kind::Unreadable => format!("a process ran `{name}`, which cannot be read"),
        };
        Trouble { problem: Problem::MissingBinary, detail }
    }
}

/// Returns the profiles in a folder that no life has left.
pub(super) fn others(files: Vec<PathBuf>, due: &[Due]) -> Vec<PathBuf> {
    let is_due = |file: &Path| due.iter().any(|due| due.files.iter().any(|other| other == file));
    files.into_iter().filter(|file| !is_due(file)).collect()
}
