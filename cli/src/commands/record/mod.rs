//! `skiptrace record`.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use skiptrace_engine::id::JobName;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::recording::Shard;
use skiptrace_indexers::record::progress::Event;
use skiptrace_indexers::record::rust::{self, Instrument, Request};
use skiptrace_indexers::run::cargo::CargoCommand;
use skiptrace_indexers::run::driver;
use skiptrace_indexers::run::native::LeftOut;
use skiptrace_indexers::run::wanted::Wanted;
use skiptrace_indexers::run::watch::Watch;

use crate::error::{CommandError, ErrorKind};
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::settings::{Flag, Span};

mod finish;
mod live;
mod update;

/// Run tests and record what each one executes
///
/// RUNNER is the command that runs the tests: `cargo nextest run`, `cargo test`, each with its arguments. Without
/// one, it is the project's own: nextest where it is installed, else `cargo test`.
///
/// The tests are built with coverage, in a target folder of their own, and each one runs in a process of its own.
/// What each executed becomes the index of the commit that is checked out, which is kept in the store. A test that
/// failed, or whose coverage is not whole, is in the index as such, and always runs.
#[derive(Debug, clap::Args)]
pub struct RecordArgs {
    /// The command that runs the tests
    #[arg(value_name = "RUNNER", last = true)]
    runner: Vec<String>,

    /// The kind of index: function, file or package, each also with `diffed-` before it
    #[arg(long, value_name = "KIND")]
    kind: Option<IndexKind>,

    /// The name under which these tests are indexed, apart from those of other jobs
    #[arg(long, value_name = "NAME")]
    job: Option<JobName>,

    /// Record a part of the tests only, such as `2/4` for the second of four
    #[arg(long, value_name = "N/M", default_value = "1/1")]
    shard: Shard,

    /// Write the index to this file instead of the store
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Put the index in the place of one that the store has for the same commit, job and shard
    #[arg(long, conflicts_with = "output")]
    replace: bool,

    /// Record only what changed since an older index, and take over the rest of it
    ///
    /// INDEX is a file or a revision; unless it is named, it is the nearest commit before this one that has an index
    /// of the job. A test is taken over when nothing that it depends on can have changed: neither what it executed,
    /// nor what names that, nor anything at file scope in a file that it was compiled from.
    #[arg(long, value_name = "INDEX", num_args = 0..=1, default_missing_value = "")]
    update: Option<String>,

    /// How many tests run at the same time; unless given, as many as there are processors
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,

    /// Run each test so often; a test that still finds new code in its last run is unstable and always runs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// How often a test that failed is tried again; one that then passes is flaky, and always runs
    #[arg(long, value_name = "N", default_value_t = 0)]
    retries: u32,

    /// Stop a test that takes longer, such as `10m`
    #[arg(long, value_name = "TIME", value_parser = span)]
    timeout: Option<Span>,

    /// Whose code counts
    #[arg(long, value_name = "WHOSE", value_enum, default_value_t = InstrumentFlag::Workspace)]
    instrument: InstrumentFlag,

    /// Run ignored tests as well
    #[arg(long)]
    ignored: bool,

    /// Leave tests the machine's folder for temporary files, instead of giving each one of its own
    #[arg(long)]
    shared_tmp: bool,
}

/// The value of `--instrument`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum InstrumentFlag {
    /// The repository's own packages
    Workspace,
    /// Their dependencies as well
    All,
}

pub(crate) fn run(args: &RecordArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let settings = session.settings_with(
        Flag::given("index.kind", "--kind", args.kind).into_iter().chain(Flag::given(
            "index.job",
            "--job",
            args.job.clone(),
        )),
    )?;
    let plan = finish::Plan::make(args, session, &settings)?;
    let interrupted = Arc::new(AtomicBool::new(false));
    listen_for_interrupts(&interrupted)?;
    let watch = Watch::interrupted_by(interrupted);
    let live = live::Live::new(session.printer);
    let mut update = update::prepare(args, session, &plan)?;
    let listener = |event: Event<'_>| live.tell(&event);
    let mut request = Request {
        command: runner(args, session)?,
        cwd: session.environment.cwd.clone(),
        variables: session.environment.vars.clone(),
        repository: plan.repository.root().to_owned(),
        program: program()?,
        instrument: match args.instrument {
            InstrumentFlag::Workspace => Instrument::Workspace,
            InstrumentFlag::All => Instrument::All,
        },
        driver: driver::Options {
            jobs: args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into)),
            runs: args.runs,
            retries: args.retries,
            timeout: args.timeout.map(|span| Duration::from_millis(span.0)),
            private_temporary: !args.shared_tmp,
        },
        left_out: if args.ignored { LeftOut::Run } else { LeftOut::Skip },
        wanted: Wanted::new(args.shard, update.names()),
        watch: &watch,
        listener: &listener,
    };
    let mut outcome = rust::record(&request).map_err(of_record)?;
    if !update.holds_for(&outcome.environment, session) && !watch.is_interrupted() {
        update = update::Update::default();
        request.wanted = Wanted::new(args.shard, update.names());
        outcome = rust::record(&request).map_err(of_record)?;
    }
    live.end();
    update
        .carried
        .tests
        .retain(|test| request.wanted.is_in_shard(&test.record.key.suite, &test.record.key.name));
    plan.finish(outcome, update, watch.is_interrupted(), session)
}

fn span(text: &str) -> Result<Span, String> {
    text.parse().map_err(|()| format!("expected {}", Span::EXPECTED))
}

/// Understands the runner, or finds the project's own.
fn runner(args: &RecordArgs, session: &Session<'_>) -> Result<CargoCommand, CommandError> {
    if !args.runner.is_empty() {
        return CargoCommand::parse(&args.runner).ok_or_else(|| {
            CommandError::user(format_args!(
                "do not know how to record `{}` (known runners: `cargo nextest run`, `cargo test`)",
                args.runner.join(" ")
            ))
        });
    }
    let cwd = &session.environment.cwd;
    if !cwd.ancestors().any(|folder| folder.join("Cargo.toml").is_file()) {
        return Err(CommandError::user("there is no `Cargo.toml` here, so nobody knows how to run tests")
            .hint("say how: `skiptrace record -- RUNNER …`"));
    }
    let has_nextest = std::process::Command::new("cargo")
        .args(["nextest", "--version"])
        .current_dir(cwd)
        .output()
        .is_ok_and(|output| output.status.success());
    let words: &[&str] = if has_nextest { &["cargo", "nextest", "run"] } else { &["cargo", "test"] };
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    session.printer.status(format_args!("recording `{}`", words.join(" ")));
    Ok(CargoCommand::parse(&words).expect("it is one of the two that are known"))
}

fn program() -> Result<PathBuf, CommandError> {
    std::env::current_exe().map_err(|error| {
        CommandError::new(ErrorKind::Internal, "cannot find the program's own file").caused_by(error)
    })
}

/// The first interruption ends the recording, the second the program.
fn listen_for_interrupts(interrupted: &Arc<AtomicBool>) -> Result<(), CommandError> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let register = || -> std::io::Result<()> {
        for signal in [SIGINT, SIGTERM] {
            let code = ExitStatus::Interrupted.code().into();
            signal_hook::flag::register_conditional_shutdown(signal, code, interrupted.clone())?;
            signal_hook::flag::register(signal, interrupted.clone())?;
        }
        Ok(())
    };
    register().map_err(|error| {
        CommandError::new(ErrorKind::Internal, "cannot listen for interruptions").caused_by(error)
    })
}

fn of_record(error: rust::RecordError) -> CommandError {
    CommandError::new(ErrorKind::Runner, "nothing was recorded").caused_by(error)
}
