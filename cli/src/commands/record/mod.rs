//! `skiptrace record`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use skiptrace_engine::id::JobName;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::recording::Shard;
use skiptrace_indexers::record::outcome::Outcome;
use skiptrace_indexers::record::progress::{Event, Listener};
use skiptrace_indexers::record::{go, native, rust};
use skiptrace_indexers::run::driver;
use skiptrace_indexers::run::native::{Framework, LeftOut};
use skiptrace_indexers::run::wanted::Wanted;
use skiptrace_indexers::run::watch::Watch;

use crate::error::{CommandError, ErrorKind};
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::settings::{Flag, Span};

pub(super) mod finish;
pub(super) mod live;
pub mod runner;
pub(super) mod update;

use runner::Runner;

/// Run tests and record what each one executes
///
/// RUNNER is the command that runs the tests: `cargo nextest run`, `cargo test`, `go test`, `gotestsum` or `ctest`, each
/// with its arguments, or test programs. Without one, it is the project's own: nextest where it is installed, else
/// `cargo test`; `go test ./...` in a Go module.
///
/// Cargo's tests are built with coverage, in a target folder of their own; Go's by the go tool, in its cache. For `ctest` and test programs, build with
/// coverage before (`-fprofile-instr-generate -fcoverage-mapping`; `skiptrace doctor` says what is missing). Each test
/// runs in a process of its own.
///
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

    /// Run each test so often; a test that still finds new code in its last run is unstable and always runs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    #[command(flatten)]
    pub(super) driver: DriverArgs,
}

/// How tests are run that are recorded.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct DriverArgs {
    /// How many tests run at the same time; unless given, as many as there are processors
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,

    /// How often a test that failed is tried again; one that then passes is flaky, and always runs
    #[arg(long, value_name = "N", default_value_t = 0)]
    retries: u32,

    /// Stop a test that takes longer, such as `10m`
    #[arg(long, value_name = "TIME", value_parser = span)]
    timeout: Option<Span>,

    /// Whose code counts
    #[arg(long, value_name = "WHOSE", value_enum, default_value_t = InstrumentFlag::Workspace)]
    instrument: InstrumentFlag,

    /// The framework of test programs: googletest, catch2, doctest or plain; unless given, they are asked
    #[arg(long, value_name = "NAME")]
    framework: Option<Framework>,

    /// Run ignored tests as well
    #[arg(long)]
    ignored: bool,

    /// Record subtests of Go as well, each alone, besides the tests that they are part of
    #[arg(long)]
    subtests: bool,

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
    let listener = |event: Event<'_>| live.tell(&event);
    let runner = Runner::find(&args.runner, session)?;
    let mut update = update::prepare(args, session, &plan, &settings, &runner)?;
    let around = Around {
        args: &args.driver,
        runs: args.runs,
        session,
        repository: plan.repository.root(),
        watch: &watch,
        listener: &listener,
        filter: None,
    };
    let mut outcome = around.record(&runner, &update.wanted(args.shard))?;
    if !update.holds_for(&runner, &mut outcome, session) {
        // Nothing of it is taken over, interrupted or not.
        update = update::Update::default();
        if !watch.is_interrupted() {
            outcome = around.record(&runner, &update.wanted(args.shard))?;
        }
    }
    live.end();
    let of_shard = Wanted::new(args.shard, Default::default());
    update.carried.tests.retain(|test| of_shard.has(&test.record.key.suite, &test.record.key.name));
    update.drop_missing(&outcome.missing);
    plan.finish(outcome, update, watch.is_interrupted(), session)
}

/// What every recording of one run of the command has in common.
pub(super) struct Around<'a> {
    pub(super) args: &'a DriverArgs,
    /// How often each test runs.
    pub(super) runs: u32,
    pub(super) session: &'a Session<'a>,
    pub(super) repository: &'a Path,
    pub(super) watch: &'a Watch,
    pub(super) listener: &'a Listener<'a>,
    /// Which tests of programs are meant, as GoogleTest has it; all, unless there is one.
    pub(super) filter: Option<&'a str>,
}

impl Around<'_> {
    /// Runs the tests that are wanted.
    pub(super) fn record(&self, runner: &Runner, wanted: &Wanted) -> Result<Outcome, CommandError> {
        let Around { args, runs, session, repository, watch, listener, filter } = *self;
        let options = driver::Options {
            jobs: args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into)),
            runs,
            retries: args.retries,
            timeout: args.timeout.map(|span| Duration::from_millis(span.0)),
            private_temporary: !args.shared_tmp,
            keep_output: false,
        };
        let left_out = if args.ignored { LeftOut::Run } else { LeftOut::Skip };
        let cwd = session.environment.cwd.clone();
        let variables = session.environment.vars.clone();
        let repository = repository.to_owned();
        match runner {
            Runner::Cargo(command) => rust::record(&rust::Request {
                command: command.clone(),
                cwd,
                variables,
                repository,
                program: program()?,
                instrument: match args.instrument {
                    InstrumentFlag::Workspace => rust::Instrument::Workspace,
                    InstrumentFlag::All => rust::Instrument::All,
                },
                driver: options,
                left_out,
                wanted: wanted.clone(),
                watch,
                listener,
            })
            .map_err(of_record),
            Runner::Go(_) if args.instrument == InstrumentFlag::All => {
                Err(CommandError::user("`--instrument all` is for what cargo runs")
                    .hint("leave it out: dependencies of Go are known by their versions"))
            }
            Runner::Go(words) => go::record(&go::Request {
                words: words.clone(),
                cwd,
                variables,
                repository,
                program: program()?,
                driver: options,
                subtests: args.subtests,
                wanted: wanted.clone(),
                watch,
                listener,
            })
            .map_err(of_record),
            Runner::Native(command) => {
                let (jobs, timeout) = match command {
                    native::NativeCommand::Ctest(ctest) => (ctest.jobs, ctest.timeout),
                    native::NativeCommand::Programs(_) => (None, None),
                };
                let driver = driver::Options {
                    jobs: args.jobs.or(jobs).unwrap_or(options.jobs),
                    timeout: options.timeout.or(timeout),
                    ..options
                };
                native::record(&native::Request {
                    command: command.clone(),
                    framework: args.framework,
                    cwd,
                    variables,
                    repository,
                    driver,
                    left_out,
                    wanted: wanted.clone(),
                    filter: filter.map(str::to_owned),
                    watch,
                    listener,
                })
                .map_err(of_record)
            }
        }
    }
}

fn span(text: &str) -> Result<Span, String> {
    text.parse().map_err(|()| format!("expected {}", Span::EXPECTED))
}

pub(super) fn program() -> Result<PathBuf, CommandError> {
    std::env::current_exe().map_err(|error| {
        CommandError::new(ErrorKind::Internal, "cannot find the program's own file").caused_by(error)
    })
}

/// The first interruption ends the recording, the second the program.
pub(super) fn listen_for_interrupts(interrupted: &Arc<AtomicBool>) -> Result<(), CommandError> {
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

fn of_record(error: impl std::error::Error + Send + Sync + 'static) -> CommandError {
    CommandError::new(ErrorKind::Runner, "nothing was recorded").caused_by(error)
}
