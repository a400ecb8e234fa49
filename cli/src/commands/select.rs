//! `skiptrace select`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use skiptrace_engine::id::JobName;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::recording::Shard;
use skiptrace_engine::selection::{Cause, Decided, Reason, Selection};
use skiptrace_indexers::select::{Form, Strangers, TestName, read_plain};

use super::record::runner::Runner;
use crate::decision::{Asked, Decision};
use crate::error::{CommandError, ErrorKind, IoContext};
use crate::exit::ExitStatus;
use crate::journal::Journal;
use crate::rules::Rules;
use crate::session::Session;
use crate::settings::{Flag, PolicyChoice};
use crate::trial::{Trial, TrialFlags};
use crate::ui::human;
use crate::ui::table::{Column, Table};

mod choice;
mod document;
mod files;
mod format;
mod share;
mod shell;
mod told;

use choice::Chosen;
pub(super) use document::CauseDocument;
use document::Document;
use format::FormatName;
use share::Share;
use told::{Teller, Told};

/// Print which tests must run, in the way that the runner takes it
///
/// The nearest index of this commit or one before it is compared with the files as they are now. A test is left out
/// only if that proves that its result cannot have changed; everything else runs. Tests that no index has always run,
/// so a runner is told what to skip, wherever it can be.
///
/// Where nothing can be proved, because there is no index or because something changed of which nobody knows who
/// depends on it, everything runs: the runner is told nothing, and the first line on standard error says why.
///
/// Without --format and without RUNNER the answer is for people: a line for each known test that must run.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct SelectArgs {
    /// The command that will run the tests: the conditions that it runs them under are compared
    #[arg(value_name = "RUNNER", last = true)]
    runner: Vec<String>,

    /// The name under which the tests are indexed
    #[arg(long, value_name = "NAME")]
    job: Option<JobName>,

    /// For whom the answer is; unless given, for RUNNER
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<FormatName>,

    /// Whether to say what to skip, or what to run where all tests are known
    #[arg(long, value_name = "FORM", value_enum, default_value_t = FormFlag::Skip)]
    form: FormFlag,

    /// Answer for one of several nodes, such as `2/4` for the second of four
    ///
    /// What must run is shared out by how long it took. Nodes that go by the same index come to the same plan; it has a
    /// name, which is printed. Tests that nobody knows run on the first node.
    #[arg(long, value_name = "N/M", default_value = "1/1")]
    shard: Shard,

    /// The name of the plan that all nodes go by: with another one, this node runs all that must run
    ///
    /// Nodes that find different indexes would come to different plans, and a test could be left to nobody.
    #[arg(long, value_name = "PLAN")]
    plan: Option<String>,

    /// The tests that there are, a suite, a tab and a name on each line; `-` is standard input
    ///
    /// Those that the index does not know run, and no others: where all tests are known, a runner can be told what to
    /// run, and `cargo test` what to leave out.
    #[arg(long, value_name = "FILE")]
    tests: Option<PathBuf>,

    /// Put the files that the runner reads into this folder instead of one inside `.git`
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,

    /// Print lines for `eval` that set what the runner needs, and SKIPTRACE_ARGUMENTS and SKIPTRACE_EMPTY
    #[arg(long, conflicts_with = "json")]
    env: bool,

    /// The kind of index: function, file or package, each also with `diffed-` before it
    #[arg(long, value_name = "KIND")]
    kind: Option<IndexKind>,

    /// Go by this index, a file or a revision, instead of the nearest one
    #[arg(long, value_name = "INDEX")]
    index: Option<String>,

    /// Decide for this revision instead of the files as they are
    #[arg(long, value_name = "REVISION")]
    at: Option<String>,

    /// How far changes at file scope are followed: balanced (by names) or strict (not at all)
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,

    #[command(flatten)]
    trial: TrialFlags,

    /// End with exit code 3 where nothing can be skipped
    #[arg(long, visible_alias = "strict")]
    fail_on_fallback: bool,
}

/// The value of `--form`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FormFlag {
    /// What must run; where nobody knows all tests, a runner is told what to skip all the same
    Run,
    /// What need not run
    Skip,
}

const EXAMPLES: &str = "\
In a pipeline:
  cargo nextest run $(skiptrace select --format nextest)
  cargo nextest run --profile ci $(skiptrace select -- cargo nextest run --profile ci)
  cargo test --workspace -- $(skiptrace select -- cargo test --workspace)
  go test $(skiptrace select --format go) ./...
  gotestsum -- $(skiptrace select --format gotestsum) ./...
  ./unit_tests $(skiptrace select -- ./unit_tests)
  ctest --test-dir build $(skiptrace select -- ctest --test-dir build)
  eval \"$(skiptrace select --format pytest --env)\" && pytest $SKIPTRACE_ARGUMENTS
  skiptrace select --format junit-names > skip.txt
  skiptrace select --json -- cargo nextest run

Where an argument has to be quoted, a line on standard error says so; `eval` then reads it.
Where skiptrace fails, it prints nothing, and the runner runs everything.";

pub(crate) fn run(args: &SelectArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let flags = Flag::given("index.kind", "--kind", args.kind)
        .into_iter()
        .chain(Flag::given("index.job", "--job", args.job.clone()))
        .chain(Flag::given("select.policy", "--policy", args.policy.clone()))
        .chain(args.trial.flags());
    let settings = session.settings_with(flags)?;
    let job: JobName = settings.index_job.value.parse().map_err(CommandError::user)?;
    let rules = Rules::read(session, &settings, &job)?;
    let target = Target::of(args, session)?;
    // What people only look at is no run, and of several nodes the first one writes it down.
    let is_run = target.format.is_some() && args.shard.number() == 1;
    let journal = is_run.then(|| Journal::begin("select", &job, session));
    // The program ends with it: to give back the memory of each test's name takes longer than to find most of them.
    let mut decision = ManuallyDrop::new(Decision::make(
        &Asked {
            job: job.clone(),
            kind: settings.index_kind.value,
            index: args.index.as_deref(),
            base: None,
            at: args.at.as_deref(),
            policy: settings.select_policy.value.into(),
            rules: &rules.paths,
            never_skip: &rules.never_skip,
            escape: settings.select_escape.value.text(),
            runner: target.decides(),
        },
        session,
    )?);
    let trial = args.trial.trial(&settings, &job, session)?;
    let wants_json = session.printer.wants_json() || args.format == Some(FormatName::Json);
    if !wants_json {
        summarize(&decision, session);
    }
    trial.apply(&mut decision, session);
    let decision = decision;
    let observed = (trial == Trial::Observe).then(|| {
        let mut all = decision.selection.clone();
        all.run_everything(Cause::Observed);
        ManuallyDrop::new(all)
    });
    let selection: &Selection = observed.as_deref().unwrap_or(&decision.selection);
    let share = Share::of(selection, args.shard);
    let other = share.as_ref().zip(args.plan.as_ref()).filter(|(share, plan)| share.plan != **plan);
    if let Some((share, plan)) = other {
        session.printer.warning(format_args!(
            "the plan of this node is `{}` and not `{plan}`, so it leaves no test to another node",
            share.plan
        ));
    }
    let share = share.clone().filter(|_| other.is_none());
    if !wants_json && other.is_none() {
        tell_of_share(share.as_ref(), args.shard, session);
    }
    let answer = Answer { args, session, selection, share: share.as_ref(), target: &target };
    let told = answer.told(&job);
    let mut fell_back = !decision.selection.everything.is_empty();
    let told = match told {
        // What the runner is like could not be found out, so it is told nothing.
        Err(error) if error.kind == ErrorKind::Runner => {
            fell_back = true;
            let mut why = error.message.clone();
            if let Some(source) = &error.source {
                why.push_str(&format!(": {source}"));
            }
            if !wants_json {
                session.printer.warning(format_args!("everything must run: {why}"));
            }
            let mut told = Told::default();
            told.rendered.notes.push(format!("everything must run: {why}"));
            Some(told)
        }
        told => told?,
    };
    if wants_json {
        let document = Document::of(&decision, trial, &job, share.as_ref(), target.format, told.as_ref());
        session.printer.json("select@1", &document)?;
    } else {
        answer.print(told.as_ref())?;
    }
    if let Some(mut journal) = journal {
        journal.decided(&decision);
        journal.expected(&decision.selection);
        if trial != Trial::None {
            journal.chosen(&decision.selection, trial == Trial::Observe);
        }
        if let Some(at) = &args.at {
            journal.run().commit = session.commit(at).ok();
        }
        journal.run().overheads.insert("select".into(), decision.took);
        journal.close(&settings, session);
    }
    Ok(if fell_back && args.fail_on_fallback { ExitStatus::FellBack } else { ExitStatus::Success })
}

/// Who is told, if anybody is.
struct Target {
    format: Option<FormatName>,
    /// The command that the user gave, or the usual one.
    runner: Option<Runner>,
    /// Whether the user gave it.
    is_given: bool,
}

impl Target {
    fn of(args: &SelectArgs, session: &Session<'_>) -> Result<Target, CommandError> {
        let cwd = &session.environment.cwd;
        let asked = args.format.filter(|format| *format != FormatName::Json);
        let is_pytest = args.runner.first().is_some_and(|word| {
            Path::new(word).file_stem().is_some_and(|name| name == "pytest" || name == "py.test")
        });
        let given = match args.runner.as_slice() {
            [] => None,
            _ if is_pytest => None,
            words => Some(Runner::parse(words, cwd)?.ok_or_else(|| {
                CommandError::user(format_args!(
                    "do not know the runner `{}` (known runners: `cargo nextest run`, `cargo test`, `go test`, \
                     `gotestsum`, `ctest`, `pytest`, or the paths of test programs)",
                    words.join(" ")
                ))
                .hint("leave it out, and say for whom the answer is: `--format plain`")
            })?),
        };
        let of_runner = if is_pytest { Some(FormatName::Pytest) } else { given.as_ref().map(FormatName::of) };
        if let (Some(asked), Some(of_runner)) = (asked, of_runner)
            && asked != of_runner
            && !asked.is_list()
        {
            return Err(CommandError::user(format_args!(
                "the format is `{}`, and yet the runner is one for `{}`",
                asked.word(),
                of_runner.word()
            ))
            .hint("leave `--format` out: the answer is for the runner then"));
        }
        let format = asked.or(of_runner);
        if args.env && format.is_none_or(FormatName::is_list) {
            return Err(CommandError::user("nobody said which runner the variables are for")
                .hint("say it: `--format pytest`, or `-- RUNNER …`"));
        }
        let is_given = given.is_some();
        let runner = match (given, format.and_then(FormatName::usual)) {
            (Some(given), _) => Some(given),
            (None, Some(usual)) => {
                let words: Vec<String> = usual.iter().map(|word| (*word).to_owned()).collect();
                Runner::parse(&words, cwd)?
            }
            (None, None) => None,
        };
        Ok(Target { format, runner, is_given })
    }

    /// Returns the runner whose conditions are compared. Where the user gave none, those of the recording count, but
    /// for CTest, which cannot be asked without a build folder.
    fn decides(&self) -> Option<&Runner> {
        self.runner.as_ref().filter(|_| self.is_given || self.format == Some(FormatName::Ctest))
    }
}

/// Everything that the answer is made of.
struct Answer<'a> {
    args: &'a SelectArgs,
    session: &'a Session<'a>,
    selection: &'a Selection,
    share: Option<&'a Share>,
    target: &'a Target,
}

impl Answer<'_> {
    /// Tells the runner, if there is one.
    fn told(&self, job: &JobName) -> Result<Option<Told>, CommandError> {
        let Answer { args, session, selection, share, target } = self;
        let Some(format) = target.format else { return Ok(None) };
        let teller = Teller {
            session,
            format,
            runner: target.runner.as_ref(),
            folder: files::folder(args.output_dir.as_deref(), job, args.shard, session)?,
        };
        let form = match args.form {
            FormFlag::Run => Form::Run,
            FormFlag::Skip => Form::Skip,
        };
        let leaves_some_out = selection.skipped().next().is_some() || share.is_some();
        let listed = match &args.tests {
            Some(file) => Some(read_tests(file, session)?),
            None if leaves_some_out && target.is_given => teller.listed()?,
            None if leaves_some_out && format == FormatName::CargoTest => {
                // Of another command's tests one may be called as a test that is left out.
                session.printer.warning(
                    "`cargo test` can be told to leave tests out only when all are listed: say how they are run \
                     (`-- cargo test …`)",
                );
                None
            }
            None => None,
        };
        let mut chosen = Chosen::of(selection, *share, listed.as_ref(), form);
        if format.is_list() && chosen.form == Form::Run && chosen.strangers == Strangers::Run {
            if !selection.everything.is_empty() {
                return Err(CommandError::new(
                    ErrorKind::FellBack,
                    "everything must run, and a list of what to run cannot say so",
                )
                .hint("list what to skip (`--form skip`), or say which tests there are (`--tests`)"));
            }
            session.printer.warning("tests that no index has must run too, and are not in the list");
            chosen.strangers = Strangers::Leave;
        }
        teller.tell(chosen).map(Some)
    }

    /// Prints what the runner takes, or, where there is none, the tests that must run.
    fn print(&self, told: Option<&Told>) -> Result<(), CommandError> {
        let printer = self.session.printer;
        let Some(told) = told else {
            for test in self.selection.run() {
                if self.share.is_none_or(|share| share.tests.contains(&test.record.key)) {
                    printer.answer(line(test))?;
                }
            }
            return Ok(());
        };
        for note in &told.rendered.notes {
            if !note.starts_with("everything must run") {
                printer.status(note);
            }
        }
        let format = self.target.format.filter(|format| format.is_list());
        let (line, is_quoted) = shell::line(&told.rendered.arguments);
        if self.args.env {
            for (name, value) in &told.rendered.environment {
                printer.answer(shell::export(name, value))?;
            }
            printer.answer(shell::export("SKIPTRACE_ARGUMENTS", &line))?;
            printer.answer(shell::export("SKIPTRACE_EMPTY", &told.rendered.empty.to_string()))?;
            return Ok(());
        }
        if !told.rendered.environment.is_empty() {
            printer.warning("the runner needs variables as well: take both from `--env`");
        }
        if format.is_some() || told.rendered.arguments.is_empty() {
            printer.bytes(told.rendered.stdout.as_bytes())?;
        } else {
            if is_quoted {
                printer.warning("an argument is quoted: have the shell read the line with `eval`");
            }
            printer.answer(line)?;
        }
        Ok(())
    }
}

/// Reads the tests that there are.
fn read_tests(file: &Path, session: &Session<'_>) -> Result<BTreeSet<TestName>, CommandError> {
    let mut text = String::new();
    if file.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text).on("read", "standard input".as_ref())?;
    } else {
        text = std::fs::read_to_string(session.environment.cwd.join(file)).on("read", file)?;
    }
    let tests = read_plain(&text).map_err(|line| {
        CommandError::user(format_args!("line {line} of `{}` names no test", file.display()))
            .hint("a line is a suite, a tab, and a name; `skiptrace select --format plain` writes such lines")
    })?;
    Ok(tests.into_iter().collect())
}

/// Says what is this node's.
fn tell_of_share(share: Option<&Share>, shard: Shard, session: &Session<'_>) {
    let printer = session.printer;
    match share {
        Some(share) => {
            let ms = u64::try_from(share.expected.as_millis()).unwrap_or(u64::MAX);
            let strangers = if share.has_strangers { ", and those that nobody knows" } else { "" };
            printer.status(format_args!(
                "node {} of {} runs {} of them{strangers}, about {} (plan {})",
                shard.number(),
                shard.of(),
                share.tests.len(),
                human::duration(ms),
                share.plan,
            ));
        }
        None if shard != Shard::WHOLE => {
            printer.warning("no test is known, so none can be left to another node: each runs everything");
        }
        None => {}
    }
}

/// Says what was decided, the most important first.
pub(super) fn summarize(decision: &Decision, session: &Session<'_>) {
    let printer = session.printer;
    let selection = &decision.selection;
    for cause in &selection.everything {
        printer.warning(format_args!("everything must run: {cause}"));
    }
    let known = selection.tests.len();
    let run = selection.run().count();
    let found = match &decision.basis {
        Some(basis) => format!("; index of {}", basis.relation),
        None => String::new(),
    };
    if decision.basis.is_some() || known > 0 {
        let changed = human::count(decision.present.len() as u64, "file");
        printer.status(format_args!("{run} of {known} tests must run ({changed} may differ{found})"));
    }
    for note in &decision.notes {
        printer.status(note);
    }
    let mut table = Table::new([Column::text("reason"), Column::number("tests"), Column::text("")]);
    let mut examples: BTreeMap<u32, usize> = BTreeMap::new();
    for test in selection.run() {
        for why in &test.why {
            *examples.entry(*why).or_default() += 1;
        }
    }
    let mut most: Vec<(u32, usize)> = examples.into_iter().collect();
    most.sort_by_key(|(why, tests)| (std::cmp::Reverse(*tests), *why));
    for (why, tests) in most.iter().take(10) {
        let reason: &Reason = &selection.reasons[*why as usize];
        table.row([reason.code().to_owned(), tests.to_string(), reason.to_string()]);
    }
    if !most.is_empty() && selection.everything.is_empty() {
        printer.status(table.display(printer.err_styles()).to_string().trim_end());
    }
}

fn line(test: &Decided) -> String {
    let key = &test.record.key;
    format!("{} {}", key.suite, key.name)
}

impl From<PolicyChoice> for skiptrace_engine::selection::Policy {
    fn from(choice: PolicyChoice) -> Self {
        match choice {
            PolicyChoice::Balanced => Self::Balanced,
            PolicyChoice::Strict => Self::Strict,
        }
    }
}
