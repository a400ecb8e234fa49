//! Running tests while all of their processes are watched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use skiptrace_engine::record::Problem;

use super::{GoObserver, make_folders, told};
use crate::go::collect::Reduced;
use crate::record::go::lives::{Due, Ledger, Lives, Program, Role};
use crate::run::case::CommandLine;
use crate::run::go::image::Image;
use crate::run::process::{Finished, RunError};
use crate::run::scratch::Cell;
use crate::run::watch::Watch;
use crate::trace::Trace;

impl GoObserver<'_> {
    /// Runs a process of a test, and keeps the ledger of all that come from it.
    fn watched(
        &self,
        command: &CommandLine,
        variables: &[(&str, &Path)],
        output: &Path,
        profiles: &Path,
        timeout: Option<Duration>,
        watch: &Watch,
    ) -> (Result<Finished, RunError>, Ledger) {
        let mut ledger = Ledger::default();
        let told = told(profiles);
        let program = |program: &Path| self.program(program);
        let mut lives = Lives {
            ledger: &mut ledger,
            told: &told,
            program: &program,
            lives: BTreeMap::new(),
            first: None,
            ran: BTreeSet::new(),
        };
        let finished = crate::run::traced::run(command, variables, output, timeout, watch, &mut lives);
        (finished, ledger)
    }

    /// Runs a test, and once more if it passed and started the repository's code without counters. What it builds may
    /// count if the go tool is told to. That shows in what the go tool prints, which some tests look at, so it is not
    /// done before it is needed, and what a test does not stand is no failure.
    pub(super) fn run_watched(
        &self,
        command: &CommandLine,
        variables: &[(&str, &Path)],
        cell: &Cell,
        timeout: Option<Duration>,
        watch: &Watch,
    ) -> Result<Finished, RunError> {
        let (profiles, aside) = (cell.profiles(), aside(cell));
        let (finished, ledger) = self.watched(command, variables, cell.output(), &profiles, timeout, watch);
        let has_passed = finished.as_ref().is_ok_and(|finished| finished.status.success());
        if ledger.uncounted.is_empty() || !has_passed || watch.is_interrupted() {
            self.with_seen(cell, |seen| seen.ledger = ledger);
            return finished;
        }
        // What it left the first time counts as well: it may find its way shorter when it goes there again.
        if fs::rename(&profiles, &aside).is_err() {
            self.with_seen(cell, |seen| seen.ledger = ledger);
            return finished;
        }
        let once_more = |command: &CommandLine, name: &str| {
            let output = cell.output().join(name);
            fs::create_dir(&profiles).and(fs::create_dir(&output)).ok()?;
            make_folders(&profiles);
            let (finished, ledger) = self.watched(command, variables, &output, &profiles, timeout, watch);
            Some((finished.ok()?, ledger))
        };
        let mut counting = command.clone();
        counting.env.insert("GOFLAGS".into(), Some(self.goflags.clone()));
        match once_more(&counting, "again") {
            Some((second, of_second)) if second.status.success() => {
                self.with_seen(cell, |seen| {
                    seen.ledger = of_second;
                    seen.first = Some(Ledger { uncounted: Vec::new(), ..ledger });
                });
                return Ok(second);
            }
            // It does not stand the flag, or it does not stand to run again.
            Some(_) => {
                let _ = fs::remove_dir_all(&profiles);
                let third = once_more(command, "as before");
                let has_failed = third.is_some_and(|(third, _)| !third.status.success());
                self.with_seen(cell, |seen| seen.relapsed = has_failed && !watch.is_interrupted());
            }
            None => {}
        }
        let _ = fs::remove_dir_all(&profiles);
        let _ = fs::rename(&aside, &profiles);
        self.with_seen(cell, |seen| seen.ledger = ledger);
        finished
    }

    /// Returns what a program is to us.
    fn program(&self, program: &Path) -> Program {
        let image = self.images.of(program);
        let path = image.go().and_then(|image| image.path.clone());
        let role = match &*image {
            _ if self.bare.values().any(|bare| bare == program) => Role::Foreign,
            Image::Go(image) if self.modules.iter().any(|module| image.has_module(module)) => {
                let is_stale = || self.fresh.as_ref().is_none_or(|fresh| fresh.is_stale(program));
                match image.is_covered() {
                    true if is_stale() => Role::Stale,
                    true => Role::Counted,
                    false => Role::Uncounted,
                }
            }
            Image::Go(_) | Image::Other => Role::Foreign,
            Image::Unknown => Role::Unknown,
        };
        Program { role, path }
    }
}

/// Where the first run of a test is kept that runs twice.
pub(super) fn aside(cell: &Cell) -> PathBuf {
    cell.profiles().with_file_name("first")
}

/// Finds those of which counters are due and are not there.
pub(super) fn check(ledger: &Ledger, reduced: [&Reduced; 2], trace: &mut Trace) {
    for trouble in ledger.troubles.iter().chain(&ledger.uncounted) {
        trace.trouble(trouble.problem, trouble.detail.clone());
    }
    trace.is_headless |= ledger.is_headless;
    let [own, others] = reduced;
    let mut pids: Vec<u64> = own.written.iter().chain(&others.written).map(|written| written.pid).collect();
    for Due { process, program, is_told, is_first } in &ledger.due {
        let written = pids.iter().position(|pid| i64::try_from(*pid) == Ok(i64::from(*process)));
        match written {
            Some(at) => _ = pids.swap_remove(at),
            // It has nothing to write, as its meta file says that it wrote there in any case.
            None if *is_told && own.written.is_empty() && !own.trace.binaries.is_empty() => {}
            None => {
                trace.is_headless |= is_first;
                trace.trouble(
                    Problem::MissingBinary,
                    format!(
                        "a process of `{program}` ended without its counters (a panic, `syscall.Exit`, or a test \
                         binary that a test started)"
                    ),
                );
            }
        }
    }
}
