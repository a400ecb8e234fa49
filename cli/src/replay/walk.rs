//! From commit to commit.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Deserialize;
use skiptrace_engine::id::CommitId;
use skiptrace_engine::record::Outcome;

use super::child::{Program, Said};
use super::compare::{Miss, Skipped, misses, same};
use super::lockfile::Lockfile;
use super::selected::{Everything, Selected};
use super::step::{Aged, State, Step};
use super::truth::{TestName, Truth};
use crate::error::{CommandError, ErrorKind, IoContext};
use crate::exit::ExitStatus;
use crate::git::Replica;

/// How often a test runs again before what it does is called a miss.
pub(crate) const AGAIN: usize = 3;

/// What is to be replayed.
#[derive(Debug)]
pub(crate) struct Request {
    /// How many commits older indexes shall be.
    pub(crate) ages: Vec<usize>,
    /// The command that runs the tests; none for the project's own.
    pub(crate) runner: Vec<String>,
    /// What `record` is told besides.
    pub(crate) record: Vec<OsString>,
    /// What `select` is told besides.
    pub(crate) select: Vec<OsString>,
    /// Where tests run, below the top of the repository.
    pub(crate) below: PathBuf,
    /// Where recordings are kept.
    pub(crate) recordings: PathBuf,
}

/// A walk along history.
pub(crate) struct Walk<'a> {
    request: &'a Request,
    replica: &'a Replica,
    program: &'a Program,
    lockfile: Lockfile,
    /// The commits that were walked over, each with its truth where it was recorded.
    walked: Vec<(CommitId, Option<Truth>)>,
}

impl<'a> Walk<'a> {
    /// Begins.
    pub(crate) fn new(request: &'a Request, replica: &'a Replica, program: &'a Program) -> Walk<'a> {
        Walk { request, replica, program, lockfile: Lockfile::default(), walked: Vec::new() }
    }

    /// Goes to the next commit: selects by what was recorded before, then records. `None` when interrupted.
    pub(crate) fn step(&mut self, commit: CommitId, subject: String) -> Result<Option<Step>, CommandError> {
        self.replica.check_out(&commit)?;
        let folder = self.replica.root().join(&self.request.below);
        if !folder.is_dir() {
            let why = format!("there is no folder `{}`", self.request.below.display());
            self.walked.push((commit.clone(), None));
            return Ok(Some(Step { commit, subject, state: State::Passed(why), aged: Vec::new() }));
        }
        self.lockfile.settle(self.replica, &folder)?;
        let mut aged = Vec::new();
        for (age, place) in self.bases() {
            let (base, _) = &self.walked[place];
            let started = Instant::now();
            let selected = self.select(&folder, base)?;
            if self.program.is_interrupted() {
                return Ok(None);
            }
            aged.push((age, place, selected, started.elapsed()));
        }
        let truth = match self.record(&folder, &commit)? {
            None => return Ok(None),
            Some(Ok(truth)) => truth,
            Some(Err(why)) => {
                self.walked.push((commit.clone(), None));
                return Ok(Some(Step { commit, subject, state: State::Passed(why), aged: Vec::new() }));
            }
        };
        let mut all = Vec::new();
        for (age, place, selected, took) in aged {
            let (base, then) = &self.walked[place];
            let then = then.as_ref().expect("only what was recorded is selected by");
            all.push(Aged {
                age,
                distance: self.walked.len() - place,
                base: base.clone(),
                took,
                skipped: Skipped::count(&selected, &truth),
                misses: misses(&selected, then, &truth),
                flaky: Vec::new(),
                selected,
            });
        }
        if !self.try_again(&folder, &commit, &mut all)? {
            return Ok(None);
        }
        let failed = truth.tests.values();
        let failed = failed.filter(|ran| !matches!(ran.outcome, Outcome::Passed | Outcome::Flaky)).count();
        let state = State::Recorded {
            tests: truth.tests.len(),
            failed,
            absent: truth.absent.len(),
            time: truth.time(),
        };
        self.walked.push((commit.clone(), Some(truth)));
        Ok(Some(Step { commit, subject, state, aged: all }))
    }

    /// Returns the ages, each with the place of the youngest recording that is at least so old.
    fn bases(&self) -> Vec<(usize, usize)> {
        let place = |age: usize| {
            let oldest = (self.walked.len() + 1).checked_sub(age)?;
            (0..oldest.min(self.walked.len())).rev().find(|&place| self.walked[place].1.is_some())
        };
        self.request.ages.iter().filter_map(|&age| Some((age, place(age)?))).collect()
    }

    fn index(&self, commit: &CommitId) -> PathBuf {
        self.request.recordings.join(format!("{commit}.idx"))
    }

    fn select(&self, folder: &Path, base: &CommitId) -> Result<Selected, CommandError> {
        let mut args: Vec<OsString> = vec!["--json".into(), "select".into(), "--index".into()];
        args.push(self.index(base).into());
        args.extend(self.request.select.iter().cloned());
        let said = self.run(folder, &args)?;
        match serde_json::from_slice(&said.stdout) {
            Ok(selected) => Ok(selected),
            // Whatever it is, nobody would have skipped anything.
            Err(_) => {
                let everything = Everything { code: "no-answer".to_owned(), message: said.end() };
                Ok(Selected { everything: vec![everything], ..Selected::default() })
            }
        }
    }

    /// Records a commit, unless that was done before. `None` when interrupted; a text where nothing can be recorded.
    fn record(
        &self,
        folder: &Path,
        commit: &CommitId,
    ) -> Result<Option<Result<Truth, String>>, CommandError> {
        let file = self.index(commit);
        let said = file.with_extension("json");
        if file.is_file()
            && let Ok(bytes) = std::fs::read(&said)
        {
            return Truth::read(&file, &bytes).map(Ok).map(Some);
        }
        match self.record_into(folder, &file)? {
            Some(Ok(recorded)) => {
                // Last, since it says that the recording is whole.
                std::fs::write(&said, &recorded.stdout).on("write", &said)?;
                Truth::read(&file, &recorded.stdout).map(Ok).map(Some)
            }
            Some(Err(why)) => Ok(Some(Err(why))),
            None => Ok(None),
        }
    }

    fn record_into(&self, folder: &Path, file: &Path) -> Result<Option<Result<Said, String>>, CommandError> {
        let mut args: Vec<OsString> = vec!["--json".into(), "record".into(), "--output".into(), file.into()];
        args.extend(self.request.record.iter().cloned());
        if !self.request.runner.is_empty() {
            args.push("--".into());
            args.extend(self.request.runner.iter().map(OsString::from));
        }
        let said = self.run(folder, &args)?;
        let is = |status: ExitStatus| said.code == Some(status.code().into());
        if self.program.is_interrupted() || is(ExitStatus::Interrupted) {
            return Ok(None);
        }
        if is(ExitStatus::Usage) {
            return Err(CommandError::user(format_args!("nothing can be recorded: {}", why(&said))));
        }
        let whole = (is(ExitStatus::Success) || is(ExitStatus::Failure)) && file.is_file();
        Ok(Some(if whole { Ok(said) } else { Err(why(&said)) }))
    }

    /// Runs everything again where tests seem to have been missed, and sorts out the flaky ones: those that end as before
    /// when they run again, and those that end as now where nothing changed. Returns false when interrupted.
    fn try_again(
        &mut self,
        folder: &Path,
        commit: &CommitId,
        all: &mut [Aged],
    ) -> Result<bool, CommandError> {
        let mut flaky: BTreeSet<TestName> = BTreeSet::new();
        let as_before = |miss: &Miss, again: Outcome| same(miss.was, again);
        if !self.repeat(folder, commit, all.iter().collect(), &as_before, &mut flaky)? {
            return Ok(false);
        }
        // A machine that is busy for an hour has a test fail again and again, whatever the commit.
        let bases: BTreeSet<CommitId> = all.iter().map(|aged| aged.base.clone()).collect();
        for base in bases {
            let of_base: Vec<&Aged> = all.iter().filter(|aged| aged.base == base).collect();
            if still_open(&of_base, &flaky).is_empty() {
                continue;
            }
            self.replica.check_out(&base)?;
            if !folder.is_dir() {
                continue;
            }
            self.lockfile.settle(self.replica, folder)?;
            let as_now = |miss: &Miss, again: Outcome| miss.now == again.name();
            if !self.repeat(folder, &base, of_base, &as_now, &mut flaky)? {
                return Ok(false);
            }
        }
        for aged in all {
            let (wobbly, misses) =
                std::mem::take(&mut aged.misses).into_iter().partition(|miss| flaky.contains(&name(miss)));
            (aged.flaky, aged.misses) = (wobbly, misses);
        }
        Ok(true)
    }

    /// Runs everything again at the commit that is checked out while there are tests that seem to have been missed and do
    /// not show themselves to be flaky by how they end. Returns false when interrupted.
    fn repeat(
        &self,
        folder: &Path,
        commit: &CommitId,
        of: Vec<&Aged>,
        shows_it: &dyn Fn(&Miss, Outcome) -> bool,
        flaky: &mut BTreeSet<TestName>,
    ) -> Result<bool, CommandError> {
        for _ in 0..AGAIN {
            let open = still_open(&of, flaky);
            if open.is_empty() {
                break;
            }
            match self.truth_again(folder, commit)? {
                Again::Interrupted => return Ok(false),
                Again::Nothing => {}
                Again::Truth(truth) => {
                    let again = |miss: &Miss| truth.tests.get(&name(miss)).map(|ran| ran.outcome);
                    let shown =
                        open.iter().filter(|miss| again(miss).is_some_and(|again| shows_it(miss, again)));
                    flaky.extend(shown.map(name));
                }
            }
        }
        Ok(true)
    }

    /// Runs everything once more at the commit that is checked out.
    fn truth_again(&self, folder: &Path, commit: &CommitId) -> Result<Again, CommandError> {
        let file = self.request.recordings.join(format!("{commit}-again.idx"));
        let _ = std::fs::remove_file(&file);
        let again = match self.record_into(folder, &file)? {
            None => Again::Interrupted,
            Some(Err(_)) => Again::Nothing,
            Some(Ok(said)) => Again::Truth(Truth::read(&file, &said.stdout)?),
        };
        let _ = std::fs::remove_file(&file);
        Ok(again)
    }

    fn run(&self, folder: &Path, args: &[OsString]) -> Result<Said, CommandError> {
        self.program.run(folder, args).map_err(|error| {
            CommandError::new(ErrorKind::Internal, "cannot start this program again").caused_by(error)
        })
    }
}

/// What came of running everything once more.
enum Again {
    Truth(Truth),
    /// It could not be run.
    Nothing,
    Interrupted,
}

/// Returns the tests that seem to have been missed, and are not known to be flaky.
fn still_open(all: &[&Aged], flaky: &BTreeSet<TestName>) -> Vec<Miss> {
    let misses = all.iter().flat_map(|aged| &aged.misses);
    misses.filter(|miss| !flaky.contains(&name(miss))).cloned().collect()
}

fn name(miss: &Miss) -> TestName {
    TestName { suite: miss.suite.clone(), name: miss.name.clone() }
}

/// What is read of the document `skiptrace/error@1`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Refused {
    message: String,
    caused_by: Vec<String>,
}

/// Returns why nothing was recorded.
fn why(said: &Said) -> String {
    if said.code == Some(ExitStatus::NoTests.code().into()) {
        return "there are no tests".to_owned();
    }
    let refused = said.stderr.lines().rev().find_map(|line| serde_json::from_str::<Refused>(line).ok());
    match refused {
        // What lies below says it, and the first line of that says the most.
        Some(refused) => refused.caused_by.into_iter().last().unwrap_or(refused.message),
        None => said.end(),
    }
}
