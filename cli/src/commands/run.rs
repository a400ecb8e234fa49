//! `skiptrace run`.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use skiptrace_engine::id::JobName;
use skiptrace_engine::record::Outcome as TestOutcome;
use skiptrace_engine::recording::Shard;
use skiptrace_engine::selection::{Cause, Selection};
use skiptrace_indexers::record::fold::RecordedTest;
use skiptrace_indexers::record::go::GoRecordError;
use skiptrace_indexers::record::native::NativeCommand;
use skiptrace_indexers::record::outcome::Outcome;
use skiptrace_indexers::record::progress::Event;
use skiptrace_indexers::record::rust::RecordError;
use skiptrace_indexers::run::cargo_test::CargoError;
use skiptrace_indexers::run::watch::Watch;

use super::record::finish::Plan;
use super::record::runner::Runner;
use super::record::update::Update;
use super::record::{Around, DriverArgs, listen_for_interrupts};
use super::select::summarize;
use crate::decision::{Asked, Decision, Relation};
use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::journal::{Journal, Misses};
use crate::rules::Rules;
use crate::session::Session;
use crate::settings::{Flag, Settings};
use crate::trial::{Trial, TrialFlags};
use crate::ui::human;

mod essence;
mod locals;
mod show;
mod trial;
mod unwatched;

use locals::Locals;
use show::{Manner, Show};

/// Run the tests that a change can break, and remember what they execute
///
/// RUNNER is the command that runs the tests, as for `skiptrace record`; without one it is the project's own. The first
/// run executes everything and records it; every later one only what changed since, and records that. What is recorded
/// is kept in the repository's own folder on this machine, and nobody else's.
///
/// The exit code is the runner's: 0 where all tests that ran passed, or none had to.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// The command that runs the tests
    #[arg(value_name = "RUNNER", last = true)]
    runner: Vec<String>,

    /// The name under which these tests are indexed, apart from those of other jobs
    #[arg(long, value_name = "NAME")]
    job: Option<JobName>,

    /// Go by this index, a file or a revision, instead of the nearest one
    #[arg(long, value_name = "INDEX")]
    index: Option<String>,

    /// How far changes at file scope are followed: balanced (by names) or strict (not at all)
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,

    /// Run everything, and record it anew
    #[arg(long, conflicts_with_all = ["observe", "audit"])]
    all: bool,

    #[command(flatten)]
    trial: TrialFlags,

    #[command(flatten)]
    driver: DriverArgs,
}

pub(crate) fn run(args: &RunArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let flags = Flag::given("index.job", "--job", args.job.clone()).into_iter().chain(Flag::given(
        "select.policy",
        "--policy",
        args.policy.clone(),
    ));
    let settings = session.settings_with(flags.chain(args.trial.flags()))?;
    let (said, filter) = without_filter(&args.runner, session);
    let (runner, mut words) = Runner::find_to("run", &said, session)?;
    if !args.runner.is_empty() {
        words.clone_from(&args.runner);
    }
    let filter = filter.filter(|_| matches!(runner, Runner::Native(NativeCommand::Programs(_))));
    let Some(repository) = session.repository()? else {
        return unwatched::run(&words, "there is no repository here", session);
    };
    let job: JobName = settings.index_job.value.parse().map_err(CommandError::user)?;
    let mut known_by = words.clone();
    // What a variable says is as good as a word.
    known_by.extend(filter.clone());
    let locals = Locals::of(&known_by, &job, repository, session);
    let plan = Plan::local(repository, locals.own.clone(), session, &settings)?;
    let trial = args.trial.trial(&settings, &job, session)?;
    let mut journal = Journal::begin("run", &job, session);
    // What is proved, before any of it is put to the test.
    let mut proved = Selection::default();
    let mut update = Update::default();
    if !args.all {
        let (mut decision, unbuilt) = decide(args, session, &settings, &plan, &locals, &runner)?;
        proved = decision.selection.clone();
        trial.apply(&mut decision, session);
        journal.decided(&decision);
        journal.run().overheads.insert("select".into(), decision.took);
        update = Update::of(&decision, &plan.job, session)?;
        update.unproved.unbuilt = unbuilt;
    }
    // It says under which conditions all of it would hold.
    let observed = if trial == Trial::Observe { std::mem::take(&mut update) } else { Update::default() };

    let interrupted = Arc::new(AtomicBool::new(false));
    listen_for_interrupts(&interrupted)?;
    let watch = Watch::interrupted_by(interrupted);
    let show = Show::new(session.printer, Manner::of(&runner, &words, &session.environment));
    let listener = |event: Event<'_>| show.tell(&event);
    let around = Around {
        args: &args.driver,
        runs: 1,
        session,
        repository: plan.repository.root(),
        watch: &watch,
        listener: &listener,
        filter: filter.as_deref(),
    };
    let record = |update: &Update| around.record(&runner, &update.wanted(Shard::WHOLE));
    let mut recorded = record(&update);
    if let Ok(outcome) = &mut recorded
        && !(watch.is_interrupted() && outcome.tests.is_empty())
        && !update.holds_for(&runner, outcome, session)
    {
        // Nothing of it is taken over, interrupted or not.
        update = Update::default();
        journal.fell_back(CONDITIONS);
        proved = Selection::default();
        if !watch.is_interrupted() {
            show.again();
            recorded = record(&update);
        }
    }
    let outcome = match recorded {
        Ok(outcome) => outcome,
        Err(_) if watch.is_interrupted() => return Ok(ExitStatus::Interrupted),
        Err(error) => return failed(&error, &words, session),
    };
    show.end(outcome.skipped);
    if watch.is_interrupted() && outcome.tests.is_empty() {
        // Whatever was known before is what is known now.
        session.printer.status("interrupted before any test had ended");
        return Ok(ExitStatus::Interrupted);
    }
    if trial == Trial::Observe && observed.differs_from(&runner, &outcome).is_some() {
        journal.fell_back(CONDITIONS);
        proved = Selection::default();
    }
    let evaluation = trial::judge(&proved, &outcome.tests, &around, &runner);
    if trial != Trial::None && !proved.tests.is_empty() {
        journal.audited(&proved, &evaluation);
    }
    let not_built = outcome.missing.iter().filter(|missing| missing.is_suite() || missing.is_build());
    let unbuilt: BTreeSet<Box<str>> = not_built.map(|missing| missing.suite.clone()).collect();
    let n_ran = outcome.tests.len();
    let said = Said::of(&outcome, &update);
    let code = said.code(&outcome, &runner);
    let folded = plan.fold(outcome, update, session)?;
    plan.warn_of(&folded, session);
    // If nothing ran because nothing could be built, what was known before is what is known.
    if !folded.index.tests().is_empty() && (n_ran > 0 || unbuilt.is_empty()) {
        locals.keep(&folded.index, &unbuilt, session)?;
    }
    let misses = Misses::explain(&plan.job, &proved, &evaluation, &[&folded.index]);
    trial::tell(&evaluation, &misses, session);
    journal.results(&proved, &evaluation, &misses);
    session.printer.status(&said);
    if !watch.is_interrupted() {
        journal.close(&settings, session);
    }
    Ok(match (watch.is_interrupted(), code) {
        (true, _) => ExitStatus::Interrupted,
        (false, 0) => ExitStatus::Success,
        (false, code) => ExitStatus::OfRunner(u8::try_from(code).unwrap_or(1)),
    })
}

/// The cause that all ran after all.
const CONDITIONS: &str = "condition";

/// Takes GoogleTest's filter out of the words that run a program, or out of the variable that is another way to say it.
fn without_filter(words: &[String], session: &Session<'_>) -> (Vec<String>, Option<String>) {
    const FILTER: &str = "--gtest_filter=";
    let of_variable = session.environment.vars.get(OsStr::new("GTEST_FILTER"));
    let mut filter = of_variable.and_then(|filter| filter.to_str()).map(str::to_owned);
    let mut rest = Vec::new();
    for word in words {
        match word.strip_prefix(FILTER) {
            Some(said) => filter = Some(said.to_owned()),
            // How results look is our affair.
            None if word.starts_with("--gtest_color=") || word.starts_with("--gtest_brief=") => {}
            None => rest.push(word.clone()),
        }
    }
    (rest, filter)
}

/// What is said in the end.
struct Said {
    run: usize,
    failed: usize,
    skipped: usize,
    /// How long those took that were skipped.
    saved: Duration,
}

impl Said {
    fn of(outcome: &Outcome, update: &Update) -> Said {
        let is_failure =
            |test: &&RecordedTest| matches!(test.outcome, TestOutcome::Failed | TestOutcome::TimedOut);
        Said {
            run: outcome.tests.len(),
            failed: outcome.tests.iter().filter(is_failure).count(),
            skipped: update.carried.tests.len(),
            saved: update.carried.tests.iter().map(|test| test.record.duration).sum(),
        }
    }

    /// Returns the exit code that the runner has, or would have.
    fn code(&self, outcome: &Outcome, runner: &Runner) -> i32 {
        let is_nextest = runner.speaks_for_itself();
        match outcome.exit {
            // It was told that no test is no failure, since it cannot know that they are skipped.
            Some(0) if is_nextest && self.run + self.skipped == 0 && outcome.missing.is_empty() => 4,
            Some(code) => code,
            None if is_nextest || self.failed > 0 || !outcome.missing.is_empty() => runner.failure(),
            None => 0,
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ran {}", human::count(self.run as u64, "test"))?;
        if self.failed > 0 {
            write!(f, ", {} failed", self.failed)?;
        }
        if self.skipped > 0 {
            let saved = u64::try_from(self.saved.as_millis()).unwrap_or(u64::MAX);
            write!(f, "; skipped {} with a proof ({})", self.skipped, human::duration(saved))?;
        }
        Ok(())
    }
}

/// Ends as the runner does where it could not build the tests. Where anything else kept them from being recorded, they
/// are run without that.
fn failed(error: &CommandError, words: &[String], session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let source = error.source.as_deref();
    let ended = |code: Option<i32>| {
        Ok(ExitStatus::OfRunner(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
    };
    if let Some(RecordError::Cargo(CargoError::Failed { status, .. }) | RecordError::NoResults { status }) =
        source.and_then(|source| source.downcast_ref())
    {
        // It has said why, unless it thinks that all is well.
        if status.success() {
            session.printer.warning("nothing was recorded: nextest did not say where its results are");
        }
        return ended(status.code());
    }
    if let Some(GoRecordError::Build { said }) = source.and_then(|source| source.downcast_ref()) {
        session.printer.say(said);
        return ended(Some(1));
    }
    let why = source.map_or_else(|| error.message.clone(), ToString::to_string);
    unwatched::run(words, why, session)
}

/// Decides by an index of this machine or by the nearest stored one, whichever leaves less to run, and says what was
/// decided. With it come the suites that could not be built when the index was made.
fn decide(
    args: &RunArgs,
    session: &Session<'_>,
    settings: &Settings,
    plan: &Plan,
    locals: &Locals,
    runner: &Runner,
) -> Result<(Decision, BTreeSet<Box<str>>), CommandError> {
    let rules = Rules::read(session, settings, &plan.job)?;
    let make = |index: Option<&str>| {
        Decision::make(
            &Asked {
                job: plan.job.clone(),
                kind: plan.kind,
                index,
                base: None,
                at: None,
                policy: settings.select_policy.value.into(),
                rules: &rules.paths,
                never_skip: &rules.never_skip,
                escape: settings.select_escape.value.text(),
                runner: Some(runner),
            },
            session,
        )
    };
    let there = if args.index.is_some() { Vec::new() } else { locals.there() };
    let mut best: Option<Decision> = None;
    let mut unbuilt = BTreeSet::new();
    let gain = |decision: &Decision| {
        let skipped = decision.selection.skipped();
        skipped.fold((0, Duration::ZERO), |(n, sum), test| (n + 1, sum + test.duration))
    };
    for path in there.iter().filter(|path| path.to_str().is_some()) {
        let mut decision = make(path.to_str())?;
        if let Some(basis) = &mut decision.basis {
            basis.relation = Relation::Named("the last run here".to_owned());
        }
        let leaves_nothing =
            decision.selection.everything.is_empty() && decision.selection.run().next().is_none();
        if best.as_ref().is_none_or(|best| gain(&decision).1 > gain(best).1) {
            (best, unbuilt) = (Some(decision), Locals::unbuilt(path));
        }
        if leaves_nothing {
            break;
        }
    }
    let is_done = best.as_ref().is_some_and(|best| {
        best.selection.everything.is_empty() && best.selection.run().next().is_none() && gain(best).0 > 0
    });
    if !is_done {
        let stored = make(args.index.as_deref())?;
        if best.as_ref().is_none_or(|best| gain(&stored).1 > gain(best).1) {
            (best, unbuilt) = (Some(stored), BTreeSet::new());
        }
    }
    let decision = best.expect("one was made");
    let is_first = decision.basis.is_none()
        && decision.selection.everything.iter().all(|cause| matches!(cause, Cause::NoIndex(_)));
    match is_first {
        true => session.printer.status("nothing is known of these tests yet, so all of them run"),
        false => summarize(&decision, session),
    }
    Ok((decision, unbuilt))
}
