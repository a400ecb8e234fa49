//! Watching the tests of native programs.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use skiptrace_engine::record::Problem;

#[cfg(target_os = "linux")]
use super::lives::{Ledger, Lives, others};
use super::modules::{Kind, Modules};
use crate::llvm::collect::{Collector, profiles_below};
use crate::llvm::continuous;
use crate::run::case::{Case, CommandLine};
use crate::run::driver::Observer;
use crate::run::process::{self, Finished, RunError};
use crate::run::scratch::Cell;
use crate::run::watch::Watch;
use crate::trace::Trace;

/// Reads what the processes of tests leave, and watches whether all of them left it.
pub(super) struct NativeObserver<'a> {
    collector: &'a Collector,
    modules: &'a Modules,
    /// Whether counters are in files from the start.
    continuous: bool,
    /// Why processes cannot be watched, if they cannot.
    hindrance: Option<String>,
    #[cfg(target_os = "linux")]
    ledgers: Mutex<BTreeMap<PathBuf, Ledger>>,
    /// Why some process of a test was not watched.
    unwatched: Mutex<BTreeMap<PathBuf, String>>,
    sanitized: Mutex<HashMap<PathBuf, bool>>,
}

impl<'a> NativeObserver<'a> {
    pub(super) fn new(
        collector: &'a Collector,
        modules: &'a Modules,
        continuous: bool,
        hindrance: Option<String>,
    ) -> NativeObserver<'a> {
        NativeObserver {
            collector,
            modules,
            continuous,
            hindrance,
            #[cfg(target_os = "linux")]
            ledgers: Mutex::default(),
            unwatched: Mutex::default(),
            sanitized: Mutex::default(),
        }
    }

    /// Returns why the processes of a command cannot be watched.
    fn hindrance_for(&self, command: &CommandLine) -> Option<String> {
        if let Some(hindrance) = &self.hindrance {
            return Some(hindrance.clone());
        }
        let mut sanitized = self.sanitized.lock().unwrap_or_else(PoisonError::into_inner);
        let is_sanitized = sanitized
            .entry(command.program.clone())
            .or_insert_with(|| continuous::has_leak_sanitizer(&command.program));
        is_sanitized.then(|| "LeakSanitizer does not work in a process that is watched".to_owned())
    }

    fn without_watching(
        &self,
        hindrance: String,
        command: &CommandLine,
        variables: &[(&str, &Path)],
        cell: &Cell,
        timeout: Option<Duration>,
        watch: &Watch,
    ) -> Result<Finished, RunError> {
        let mut unwatched = self.unwatched.lock().unwrap_or_else(PoisonError::into_inner);
        unwatched.insert(cell.output().to_owned(), hindrance);
        drop(unwatched);
        process::run(command, variables, cell.output(), timeout, watch)
    }
}

impl Observer for NativeObserver<'_> {
    type Trace = Trace;

    fn variables(&self, _: &Case, folder: &Path) -> Vec<(&'static str, PathBuf)> {
        // With `%m`, or libraries of one process would overwrite each other; `%c` alone does not even tell them apart.
        let pattern = if self.continuous { "%p-%m%c.profraw" } else { "%p-%m.profraw" };
        vec![("LLVM_PROFILE_FILE", folder.join(pattern))]
    }

    fn run(
        &self,
        command: &CommandLine,
        variables: &[(&str, &Path)],
        cell: &Cell,
        timeout: Option<Duration>,
        watch: &Watch,
    ) -> Result<Finished, RunError> {
        if let Some(hindrance) = self.hindrance_for(command) {
            return self.without_watching(hindrance, command, variables, cell, timeout, watch);
        }
        #[cfg(target_os = "linux")]
        {
            let key = cell.output().to_owned();
            let ledgers = || self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
            let mut ledger = ledgers().remove(&key).unwrap_or_default();
            let mut lives = Lives {
                modules: self.modules,
                profiles: cell.profiles(),
                continuous: self.continuous,
                ledger: &mut ledger,
                lives: BTreeMap::new(),
                first: None,
            };
            let finished =
                crate::run::traced::run(command, variables, cell.output(), timeout, watch, &mut lives);
            ledgers().insert(key, ledger);
            finished
        }
        #[cfg(not(target_os = "linux"))]
        unreachable!("there is a hindrance on other systems")
    }

    fn reduce(&self, _: &Case, cell: &Cell) -> Trace {
        let mut files = profiles_below(&cell.profiles());
        // A process with other variables leaves its profile where it is, often the folder for temporary files.
        files.extend(profiles_below(&cell.temporary()));
        let is_empty = files.is_empty();
        let mut whole = Trace::default();
        #[cfg(target_os = "linux")]
        {
            let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
            let ledger = ledgers.remove(cell.output()).unwrap_or_default();
            drop(ledgers);
            for due in &ledger.due {
                let trace = self.collector.collect_files(&due.files);
                let there: Vec<_> = trace
                    .binaries
                    .iter()
                    .map(|number| self.collector.binary(*number))
                    .filter_map(|path| self.modules.at(&path.canonicalize().unwrap_or(path)))
                    .collect();
                for module in &due.modules {
                    if !there.iter().any(|there| there.is_like(module)) {
                        let missing = Ledger::missing(module);
                        whole.is_headless |= due.is_first;
                        whole.trouble(missing.problem, missing.detail);
                    }
                }
                whole.add(trace);
            }
            whole.is_headless |= ledger.is_headless;
            for trouble in &ledger.troubles {
                whole.trouble(trouble.problem, trouble.detail.clone());
            }
            files = others(files, &ledger.due);
        }
        whole.add(self.collector.collect_files(&files));
        let mut unwatched = self.unwatched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hindrance) = unwatched.remove(cell.output()).filter(|_| !self.continuous) {
            whole.trouble(
                Problem::Opaque,
                format!(
                    "its processes were not watched, and counters may be lost with them ({hindrance}); compile and \
                     link with `-mllvm -runtime-counter-relocation`"
                ),
            );
        }
        if is_empty {
            whole.trouble(Problem::MissingBinary, "none of its processes left a profile");
        }
        whole
    }
}

/// Returns whether all that the build left keeps its counters in files from the start.
pub(super) fn is_continuous(modules: &Modules) -> bool {
    let mut any = false;
    modules.built().all(|module| {
        any = true;
        matches!(module.kind, Kind::Instrumented(_)) && module.is_continuous()
    }) && any
}
