//! `skiptrace run`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use skiptrace_engine::id::JobName;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::record::Outcome as TestOutcome;
use skiptrace_engine::recording::Shard;
use skiptrace_indexers::record::progress::Event;
use skiptrace_indexers::run::wanted::Wanted;
use skiptrace_indexers::run::watch::Watch;

use super::record::finish::Plan;
use super::record::live::Live;
use super::record::runner::Runner;
use super::record::update::Update;
use super::record::{Around, DriverArgs, listen_for_interrupts};
use super::select::summarize;
use crate::decision::{Asked, Decision};
use crate::error::CommandError;
use crate::exit::ExitStatus;
use crate::rules::Rules;
use crate::session::Session;
use crate::settings::{Flag, Settings};
use crate::ui::human;

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
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    driver: DriverArgs,
}

pub(crate) fn run(args: &RunArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let flags = Flag::given("index.job", "--job", args.job.clone()).into_iter().chain(Flag::given(
        "select.policy",
        "--policy",
        args.policy.clone(),
    ));
    let settings = session.settings_with(flags)?;
    let runner = Runner::find(&args.runner, session)?;
    let plan = Plan::local(session, &settings, IndexKind::FUNCTION)?;
    let file = local_index(&plan);
    let decision = match args.all {
        true => None,
        false => Some(decide(args, session, &settings, &plan, &file, &runner)?),
    };
    if let Some(decision) = &decision {
        summarize(decision, session);
    }
    let mut update = match &decision {
        Some(decision) => Update::of(decision, &plan.job, session)?,
        None => Update::default(),
    };

    let interrupted = Arc::new(AtomicBool::new(false));
    listen_for_interrupts(&interrupted)?;
    let watch = Watch::interrupted_by(interrupted);
    let live = Live::new(session.printer);
    let listener = |event: Event<'_>| live.tell(&event);
    let around = Around {
        args: &args.driver,
        runs: 1,
        session,
        repository: plan.repository.root(),
        watch: &watch,
        listener: &listener,
    };
    let mut outcome = around.record(&runner, &Wanted::new(Shard::WHOLE, update.names()))?;
    if !update.holds_for(&outcome.environment, session) && !watch.is_interrupted() {
        update = Update::default();
        outcome = around.record(&runner, &Wanted::new(Shard::WHOLE, update.names()))?;
    }
    live.end();

    let n_run = outcome.tests.len();
    let failed = |test: &TestOutcome| matches!(test, TestOutcome::Failed | TestOutcome::TimedOut);
    let n_failed = outcome.tests.iter().filter(|test| failed(&test.outcome)).count();
    let n_skipped = update.carried.tests.len();
    let saved: u128 = update.carried.tests.iter().map(|test| test.record.duration.as_millis()).sum();
    let code = outcome.exit.unwrap_or(if n_failed > 0 || !outcome.missing.is_empty() {
        runner.failure()
    } else {
        0
    });
    let folded = plan.fold(outcome, update, session)?;
    plan.warn_of(&folded, session);
    let index = &folded.index;
    if !index.tests().is_empty() {
        std::fs::create_dir_all(file.parent().unwrap_or(&file)).map_err(|error| {
            CommandError::user(format_args!("cannot keep what was recorded in `{}`", file.display()))
                .caused_by(error)
        })?;
        super::index::target::write(session, &file, index)?;
    }
    let failed = if n_failed > 0 { format!(", {n_failed} failed") } else { String::new() };
    session.printer.status(format_args!(
        "ran {}{failed}; skipped {n_skipped} with a proof, which take {}",
        human::count(n_run as u64, "test"),
        human::duration(u64::try_from(saved).unwrap_or(u64::MAX)),
    ));
    Ok(match (watch.is_interrupted(), code) {
        (true, _) => ExitStatus::Interrupted,
        (false, 0) => ExitStatus::Success,
        (false, code) => ExitStatus::OfRunner(u8::try_from(code).unwrap_or(1)),
    })
}

/// Returns where what runs on this machine observe is kept.
fn local_index(plan: &Plan) -> PathBuf {
    let folder = plan.repository.private_folder().join("local").join(plan.kind.name());
    folder.join(format!("{}.idx", plan.job))
}

/// Decides by the index of this machine or by the nearest stored one, whichever leaves less to run.
fn decide(
    args: &RunArgs,
    session: &Session<'_>,
    settings: &Settings,
    plan: &Plan,
    file: &Path,
    runner: &Runner,
) -> Result<Decision, CommandError> {
    let rules = Rules::read(session, settings, &plan.job)?;
    let make = |index: Option<&str>| {
        Decision::make(
            &Asked {
                job: plan.job.clone(),
                kind: plan.kind,
                index,
                at: None,
                policy: settings.select_policy.value.into(),
                rules: &rules.paths,
                never_skip: &rules.never_skip,
                runner: Some(runner),
            },
            session,
        )
    };
    let local = match (&args.index, file.is_file()) {
        (None, true) => file.to_str().map(|path| make(Some(path))).transpose()?,
        _ => None,
    };
    // Nothing is left to be won where nothing changed.
    if let Some(local) = local.as_ref().filter(|local| local.selection.run().next().is_none())
        && local.selection.everything.is_empty()
    {
        return make(file.to_str());
    }
    let stored = make(args.index.as_deref())?;
    let gain = |decision: &Decision| {
        decision.selection.skipped().map(|test| test.duration).sum::<std::time::Duration>()
    };
    Ok(match local {
        Some(local) if gain(&local) >= gain(&stored) => local,
        _ => stored,
    })
}
