//! From what was recorded to an index in its place, and what is said of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Instant, SystemTime};

use serde::Serialize;
use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::history::IndexUsed;
use skiptrace_engine::id::JobName;
use skiptrace_engine::index::{FileRecord, Index};
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::Outcome as TestOutcome;
use skiptrace_engine::recording::{EnvironmentKey, Origin, Recording, Shard, asked_for_by_either};
use skiptrace_engine::time::Timestamp;
use skiptrace_engine::tree::FOLDER;
use skiptrace_indexers::record::fold::{Extras, Gathered, Noticed, fold_with};
use skiptrace_indexers::record::listing::Listing;
use skiptrace_indexers::record::outcome::{Missing, Outcome};

use super::RecordArgs;
use super::update::Update;
use crate::commands::place::{Place, Placed};
use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::git::{Commit, Repository, WorkTree};
use crate::journal::Journal;
use crate::session::Session;
use crate::settings::Settings;
use crate::ui::human;

/// How many tests are named where there may be thousands.
const NAMED: usize = 5;

/// Where an index goes, known before anything runs.
pub(in crate::commands) struct Plan {
    pub(in crate::commands) repository: Repository,
    pub(in crate::commands) commit: Commit,
    pub(in crate::commands) kind: IndexKind,
    pub(in crate::commands) job: JobName,
    shard: Shard,
    branch: Option<String>,
    pub(in crate::commands) place: Place,
    started: SystemTime,
    /// Whether there is that commit. Where there is none yet, its id is one that no commit has.
    is_committed: bool,
}

/// An index, and what is said of it.
pub(in crate::commands) struct Folded {
    pub(in crate::commands) index: Index,
    document: Document,
}

/// The document `skiptrace/record@1`.
#[derive(Serialize)]
struct Document {
    commit: String,
    job: String,
    shard: String,
    kind: &'static str,
    clean: bool,
    complete: bool,
    tests: usize,
    carried: usize,
    passed: usize,
    failed: Vec<String>,
    flaky: Vec<String>,
    ignored: usize,
    opaque: Vec<OpaqueTest>,
    unsettled: Vec<String>,
    unstable: Vec<String>,
    missing: Vec<MissingTest>,
    files: usize,
    bytes: u64,
    file: Option<String>,
    store: Option<String>,
    key: Option<String>,
}

#[derive(Serialize)]
struct OpaqueTest {
    test: String,
    reasons: Vec<String>,
}

#[derive(Serialize)]
struct MissingTest {
    test: String,
    reason: String,
    /// It is no test, but something without tests that cannot be built.
    #[serde(skip)]
    is_build: bool,
}

impl Plan {
    /// Finds out where the index will go, so that nobody waits for tests in vain.
    pub(super) fn make(
        args: &RecordArgs,
        session: &Session<'_>,
        settings: &Settings,
    ) -> Result<Plan, CommandError> {
        let repository = session.repository()?.ok_or_else(|| {
            CommandError::user("an index is kept for a commit, and there is no repository here")
                .hint("run this inside of a git repository")
        })?;
        let job: JobName = settings.index_job.value.parse().map_err(CommandError::user)?;
        let plan = Plan {
            repository: repository.clone(),
            commit: repository.commit("HEAD")?,
            kind: settings.index_kind.value,
            job,
            shard: args.shard,
            branch: session.branch(settings)?,
            place: Place::open(args.output.as_ref(), args.replace, session)?,
            started: session.environment.file_time(),
            is_committed: true,
        };
        plan.refuse_second()?;
        Ok(plan)
    }

    /// Plans for what is kept in a file of this machine, which needs no commit.
    pub(in crate::commands) fn local(
        repository: &Repository,
        file: PathBuf,
        session: &Session<'_>,
        settings: &Settings,
    ) -> Result<Plan, CommandError> {
        let started = session.environment.file_time();
        let (commit, is_committed) = match repository.head(None)? {
            Some(id) => (repository.commit(id.as_str())?, true),
            None => (no_commit(), false),
        };
        Ok(Plan {
            repository: repository.clone(),
            commit,
            kind: IndexKind::FUNCTION,
            shard: Shard::WHOLE,
            branch: session.branch(settings)?,
            place: Place::File(file),
            job: settings.index_job.value.parse().map_err(CommandError::user)?,
            started,
            is_committed,
        })
    }

    /// Refuses to record what is there already.
    fn refuse_second(&self) -> Result<(), CommandError> {
        let plan = self;
        if let Place::Store { catalog, name, replace: false } = &plan.place {
            let entry = catalog.entry(plan.kind, &plan.commit.id)?;
            if entry.shards.contains_key(&(plan.job.clone(), plan.shard)) {
                return Err(CommandError::user(format_args!(
                    "`{name}` has an index of `{}` for job `{}` already",
                    plan.commit.id.short(),
                    plan.job
                ))
                .hint("--replace puts a new one in its place, --output FILE writes it to a file"));
            }
        }
        Ok(())
    }

    /// Makes the index.
    pub(in crate::commands) fn fold(
        &self,
        outcome: Outcome,
        update: Update,
        session: &Session<'_>,
    ) -> Result<Folded, CommandError> {
        let mut tree = self.tree()?;
        tree.settle(outcome.settled);
        let n_carried = update.carried.tests.len();
        let is_complete = outcome.missing.is_empty();
        let asked_for = match n_carried {
            0 => outcome.asked_for,
            _ => asked_for_by_either(outcome.asked_for, update.carried.asked_for.clone()),
        };
        let mut compiled = outcome.compiled;
        for (suite, folders) in &outcome.folders {
            let files = folders.iter().flat_map(|folder| tree.below(folder)).cloned();
            compiled.entry(suite.clone()).or_default().extend(files);
        }
        let mut document = self.document(&tree, &outcome.tests, &outcome.missing, outcome.skipped);
        let gathered = Gathered {
            recording: self.recording(session, &tree, outcome.environment, asked_for),
            tests: outcome.tests,
            places: outcome.places,
            shared: outcome.shared,
            compiled,
            carried: update.carried,
            known: update.known,
        };
        let listing = listing(&self.repository, &tree)?;
        let extras = Extras {
            tree: outcome.watched.map(|watched| (listing, watched)),
            variables: Some(session.environment.vars.clone()),
            ..Extras::default()
        };
        let (index, noticed) = fold_with(gathered, extras, self.kind, &tree)
            .map_err(|error| CommandError::user("cannot make the index").caused_by(error))?;
        document.files = n_files(&index);
        document.carried = n_carried;
        document.notice(&noticed);
        document.complete = is_complete;
        Ok(Folded { index, document })
    }

    /// Makes the index, puts it in its place, and says what came of it.
    pub(super) fn finish(
        self,
        outcome: Outcome,
        update: Update,
        interrupted: bool,
        session: &Session<'_>,
    ) -> Result<ExitStatus, CommandError> {
        let mut journal = Journal::begin("record", &self.job, session);
        journal.recorded(&outcome.tests, &update.carried);
        let started = Instant::now();
        let Folded { index, mut document } = self.fold(outcome, update, session)?;
        document.complete &= !interrupted;
        if document.tests + document.carried == 0 {
            // An index without tests proves nothing, and would stand in the way of one that does.
            report_missing(&document, session);
            session.printer.warning("no test ran, so there is nothing to keep");
            if session.printer.wants_json() {
                session.printer.json("record@1", &document)?;
            }
            return Ok(match (interrupted, document.missing.is_empty()) {
                (true, _) => ExitStatus::Interrupted,
                (false, true) => ExitStatus::NoTests,
                (false, false) => ExitStatus::Failure,
            });
        }
        let place = self.put(&index, interrupted, session, &mut document)?;
        report(&document, &place, interrupted, session);
        if !interrupted {
            let run = journal.run();
            run.overheads.insert("index".into(), started.elapsed());
            run.index = IndexUsed {
                commit: Some(self.commit.id.clone()),
                distance: Some(0),
                bytes: Some(document.bytes),
            };
            journal.close(&session.settings()?, session);
        }
        if session.printer.wants_json() {
            session.printer.json("record@1", &document)?;
        }
        Ok(if interrupted {
            ExitStatus::Interrupted
        } else if !document.failed.is_empty() || !document.missing.is_empty() {
            ExitStatus::Failure
        } else if document.tests + document.carried == 0 {
            ExitStatus::NoTests
        } else {
            ExitStatus::Success
        })
    }

    /// Returns the work tree, in which nothing may be written to any more.
    pub(super) fn tree(&self) -> Result<WorkTree, CommandError> {
        let mut tree = WorkTree::of(&self.repository, self.started)?;
        if !self.is_committed {
            tree.hash_changed(&self.repository)?;
        }
        Ok(tree)
    }

    fn recording(
        &self,
        session: &Session<'_>,
        tree: &WorkTree,
        environment: EnvironmentKey,
        asked_for: Option<Vec<Identifier>>,
    ) -> Recording {
        Recording {
            job: self.job.clone(),
            shard: self.shard,
            recorded_at: session.environment.now(),
            commit: self.commit.id.clone(),
            tree: (self.is_committed && tree.is_clean()).then(|| self.commit.tree.clone()),
            branch: self.branch.clone(),
            environment,
            tool: concat!("skiptrace ", env!("CARGO_PKG_VERSION")).to_owned(),
            origin: Origin::Recorded,
            asked_for,
        }
    }

    fn document(
        &self,
        tree: &WorkTree,
        tests: &[skiptrace_indexers::record::fold::RecordedTest],
        missing: &[Missing],
        ignored: usize,
    ) -> Document {
        let with = |wanted: &[TestOutcome]| -> Vec<String> {
            let tests = tests.iter().filter(|test| wanted.contains(&test.outcome));
            tests.map(|test| format!("{} {}", test.suite, test.name)).collect()
        };
        Document {
            commit: self.commit.id.to_string(),
            job: self.job.to_string(),
            shard: self.shard.to_string(),
            kind: self.kind.name(),
            clean: tree.is_clean(),
            complete: false,
            tests: tests.len(),
            carried: 0,
            passed: with(&[TestOutcome::Passed]).len(),
            failed: with(&[TestOutcome::Failed, TestOutcome::TimedOut]),
            flaky: with(&[TestOutcome::Flaky]),
            ignored,
            opaque: Vec::new(),
            unsettled: Vec::new(),
            unstable: Vec::new(),
            missing: missing
                .iter()
                .map(|missing| MissingTest {
                    test: format!("{} {}", missing.suite, missing.name),
                    reason: missing.why.clone(),
                    is_build: missing.is_build(),
                })
                .collect(),
            files: 0,
            bytes: 0,
            file: None,
            store: None,
            key: None,
        }
    }

    /// Says what stands in the way of tests that passed.
    pub(in crate::commands) fn warn_of(&self, folded: &Folded, session: &Session<'_>) {
        warn(&folded.document, session);
    }

    /// Puts the index where it belongs. One that is not whole is nobody's index of the commit, and goes to a file.
    fn put(
        &self,
        index: &Index,
        interrupted: bool,
        session: &Session<'_>,
        document: &mut Document,
    ) -> Result<String, CommandError> {
        let partial;
        let place = match &self.place {
            Place::Store { .. } if interrupted => {
                let path = self.partial_file();
                let folder = path.parent().expect("it is in the repository's folder");
                std::fs::create_dir_all(folder).map_err(|error| {
                    CommandError::user(format_args!("cannot make `{}`", folder.display())).caused_by(error)
                })?;
                partial = Place::File(path);
                &partial
            }
            place => place,
        };
        let of = (&self.job, self.shard);
        let Placed { bytes, key, .. } = place.put(index, self.kind, &self.commit.id, of, session)?;
        document.bytes = bytes;
        document.key = key;
        document.file = place.file();
        document.store = place.store();
        Ok(place.name())
    }

    /// Returns where an index goes that is not whole.
    pub(super) fn partial_file(&self) -> PathBuf {
        let name = format!("{}-{}-{}.idx", self.commit.id.short(), self.job, self.shard.slug());
        self.repository.private_folder().join("partial").join(name)
    }
}

/// Returns what stands for the commit where there is none: git calls nothing so.
fn no_commit() -> Commit {
    let nothing = "0".repeat(40);
    Commit {
        id: nothing.parse().expect("it is an id"),
        tree: nothing.parse().expect("it is an id"),
        committed: Timestamp::default(),
    }
}

/// Returns the files of a work tree, sorted by what they are.
pub(super) fn listing(repository: &Repository, tree: &WorkTree) -> Result<Listing, CommandError> {
    let mut listing = Listing { links: repository.links()?, ..Listing::default() };
    for path in tree.below(&RepoPath::root()) {
        // What is as git has it needs no look.
        let is_changed = tree.changed().contains(path);
        let about = is_changed.then(|| repository.root().join(path.as_str()).symlink_metadata());
        match about {
            None => _ = listing.files.insert(path.clone()),
            Some(Err(_)) => _ = listing.removed.insert(path.clone()),
            Some(Ok(about)) if about.is_file() => _ = listing.files.insert(path.clone()),
            Some(Ok(_)) => _ = listing.links.insert(path.clone(), None),
        }
    }
    for path in tree.changed() {
        match repository.root().join(path.as_str()).symlink_metadata() {
            Err(_) if listing.links.remove(path).is_some() => _ = listing.removed.insert(path.clone()),
            _ => {
                if let Some(blob) = listing.links.get_mut(path) {
                    *blob = None;
                }
            }
        }
    }
    Ok(listing)
}

/// Returns how many files tests depend on.
fn n_files(index: &Index) -> usize {
    let is_used = |file: &&FileRecord| {
        let units = index.units_of(file);
        let is_folder = units.iter().any(|unit| &*unit.name == FOLDER);
        // Of what is listed and has nothing, it is known that it is not there.
        let is_absent = units.is_empty() && !index.set(file.seen).is_empty();
        !is_folder && !is_absent && !index.is_by_blob(file)
    };
    index.files().iter().filter(is_used).count()
}

impl Document {
    fn notice(&mut self, noticed: &Noticed) {
        self.opaque = noticed
            .opaque
            .iter()
            .map(|opaque| OpaqueTest {
                test: format!("{} {}", opaque.test.suite, opaque.test.name),
                reasons: opaque.troubles.iter().map(|trouble| trouble.detail.clone()).collect(),
            })
            .collect();
        self.unsettled = noticed.unsettled.iter().map(ToString::to_string).collect();
        let unstable = noticed.unstable.iter();
        self.unstable =
            unstable.map(|unstable| format!("{} {}", unstable.test.suite, unstable.test.name)).collect();
    }
}

fn report(document: &Document, place: &str, interrupted: bool, session: &Session<'_>) {
    let printer = session.printer;
    warn(document, session);
    let mut details = Vec::new();
    for (n, word) in [
        (document.failed.len(), "failed"),
        (document.flaky.len(), "flaky"),
        (document.carried, "taken over"),
        (document.ignored, "ignored"),
    ] {
        if n > 0 {
            details.push(format!("{n} {word}"));
        }
    }
    let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
    printer.status(format_args!(
        "recorded {}{details} over {} into the {} index of `{}` ({}) in {place}",
        human::count(document.tests as u64, "test"),
        human::count(document.files as u64, "file"),
        document.kind,
        document.commit.get(..12).unwrap_or(&document.commit),
        human::size(document.bytes),
    ));
    if !document.clean {
        printer.status("files differ from the commit; they are recorded as they are");
    }
    if interrupted {
        printer.hint("what is whole was kept; record again for an index of the commit");
    }
}

/// Says what cannot be skipped, and why.
fn warn(document: &Document, session: &Session<'_>) {
    let printer = session.printer;
    if !document.opaque.is_empty() {
        printer.warning(format_args!(
            "{} passed but can never be skipped on this evidence",
            human::count(document.opaque.len() as u64, "test")
        ));
        // By reason, since one reason mostly has many tests.
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for opaque in &document.opaque {
            for reason in &opaque.reasons {
                reasons.entry(reason).or_default().push(&opaque.test);
            }
        }
        for (reason, tests) in reasons {
            printer.say(format_args!("  {reason}: {}", named(&tests)));
        }
    }
    if !document.unsettled.is_empty() {
        let files: Vec<&str> = document.unsettled.iter().map(String::as_str).collect();
        let count = human::count(files.len() as u64, "file");
        printer.warning(format_args!(
            "{count} changed while the tests were recorded, so what depends on them always runs: {}",
            named(&files)
        ));
    }
    if !document.unstable.is_empty() {
        let tests: Vec<&str> = document.unstable.iter().map(String::as_str).collect();
        let count = human::count(tests.len() as u64, "test");
        printer.warning(format_args!("{count} did not execute the same in every run: {}", named(&tests)));
    }
    report_missing(document, session);
}

/// Says which tests did not run, what could not be built, and why.
fn report_missing(document: &Document, session: &Session<'_>) {
    let (builds, tests): (Vec<&MissingTest>, Vec<&MissingTest>) =
        document.missing.iter().partition(|missing| missing.is_build);
    let all = [
        (tests, "test", "did not run, and cannot be skipped until they are recorded"),
        (builds, "package", "without tests cannot be built"),
    ];
    for (missing, noun, what) in all.into_iter().filter(|(missing, ..)| !missing.is_empty()) {
        let names: Vec<&str> = missing.iter().map(|missing| missing.test.as_str()).collect();
        let count = human::count(names.len() as u64, noun);
        session.printer.warning(format_args!("{count} {what}: {}", named(&names)));
    }
    let reasons: BTreeSet<&str> = document.missing.iter().map(|missing| missing.reason.as_str()).collect();
    for reason in reasons.iter().take(NAMED) {
        session.printer.say(format_args!("  {reason}"));
    }
}

/// Names some of many.
fn named(tests: &[&str]) -> String {
    let mut text = tests.iter().take(NAMED).map(|test| format!("`{test}`")).collect::<Vec<_>>().join(", ");
    if tests.len() > NAMED {
        text.push_str(&format!(" and {} more", tests.len() - NAMED));
    }
    text
}
