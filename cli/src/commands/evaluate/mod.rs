//! `skiptrace evaluate`.

mod document;
mod event;
mod input;
mod markdown;
mod metrics;
mod report;
mod searches;
mod text;

use std::collections::BTreeMap;

use skiptrace_engine::evaluation::{Compared, Evaluation, Results, evaluate};
use skiptrace_engine::id::JobName;
use skiptrace_engine::index::Evidence;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::selection::Selection;

use crate::decision::{Asked, Basis, Decision, Relation};
use crate::error::{CommandError, ErrorKind};
use crate::exit::ExitStatus;
use crate::journal::{Journal, Misses};
use crate::nearest;
use crate::rules::Rules;
use crate::session::Session;
use crate::settings::{Flag, Settings};

use event::Event;
use input::Told;
use report::{JobReport, Report};
use searches::Searches;

/// Hold what really ran against what would have run
///
/// Reads the results of a run in which no test was skipped, selects as `skiptrace select` would have, and tells what the
/// selection would have left out: how much time that is, and the misses, which are the tests that failed and would have
/// been skipped. A failure is no miss if the test also passed in this run, failed or was flaky at the indexed commit
/// already, or is quarantined; those are told apart. Tests that no index knows would have run, and are counted.
///
/// FILE is JUnit XML (nextest, gotestsum, GoogleTest, CTest, pytest, Surefire, Bazel and others), the output of
/// `go test -json`, of nextest's `--message-format libtest-json`, or of `--gtest_output=json:`, also packed by gzip; `-`
/// is standard input. Files of one job are one run: shards, and attempts at the same tests.
///
/// `datadog:QUERY` searches Datadog's test events instead, as its test explorer does, with the keys in DD_API_KEY and
/// DD_APP_KEY. Where they cannot all be read, nothing is evaluated of the job, and the report says why.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct EvaluateArgs {
    /// What became of the tests: files, or `datadog:QUERY`; `JOB=FILE` is of another job than --job
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    results: Vec<String>,

    /// How far back Datadog is searched
    #[arg(long, value_name = "SPAN", default_value = "3d")]
    since: String,

    /// Search Datadog for events of this pipeline only; the same as `@ci.pipeline.id:ID` in each query of --results
    #[arg(long, value_name = "ID")]
    pipeline: Option<String>,

    /// The name under which the tests are indexed
    #[arg(long, value_name = "NAME")]
    job: Option<JobName>,

    /// Go by the index nearest to this revision, instead of that nearest to what ran
    ///
    /// On the main branch, where each commit has an index of its own, `--base HEAD~1` evaluates what the last commit
    /// changed.
    #[arg(long, value_name = "REV", conflicts_with = "index")]
    base: Option<String>,

    /// Go by this index, a file or a revision, instead of the nearest one
    #[arg(long, value_name = "INDEX")]
    index: Option<String>,

    /// The revision that ran, instead of the work tree
    #[arg(long, value_name = "REV")]
    at: Option<String>,

    /// The kind of index: function, file or package, each also with `diffed-` before it
    #[arg(long, value_name = "KIND")]
    kind: Option<IndexKind>,

    /// How far changes at file scope are followed: balanced (by names) or strict (not at all)
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,

    /// What became of the tests at the indexed commit: who failed there is no miss
    #[arg(long, value_name = "FILE", num_args = 1..)]
    base_results: Vec<String>,

    /// Tests whose failures nobody minds: a pattern for the name or for `SUITE NAME`, or a file with one on each line
    #[arg(long, value_name = "FILE|GLOB", num_args = 1..)]
    quarantined: Vec<String>,

    /// How the answer looks
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = FormatName::Text)]
    format: FormatName,

    /// Name at most so many tests of each sort, in text and Markdown
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,

    /// Fail where there is a miss, no index, or nothing to compare
    #[arg(long)]
    strict: bool,
}

/// The value of `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FormatName {
    /// For people, as git shows differences
    Text,
    /// For the summary of a job, or a pull request
    Markdown,
    /// Everything, as a document
    Json,
    /// Numbers, as OpenMetrics
    Metrics,
}

const EXAMPLES: &str = "\
In a pipeline in which everything ran:
  skiptrace evaluate --results target/nextest/ci/junit.xml
  skiptrace evaluate --results target/nextest/ci/junit.xml --base HEAD~1 --strict
  skiptrace evaluate --results unit=unit.xml e2e=e2e-1.xml e2e=e2e-2.xml --format markdown >> \"$GITHUB_STEP_SUMMARY\"
  go test -json ./... | skiptrace evaluate --results -
  skiptrace evaluate --results datadog:@ci.job.name:unit --pipeline \"$CI_PIPELINE_ID\"

With --strict the exit code is 1 where there is a miss, or may be one; 6 without an index, 9 with a
damaged one, 7 if the store or Datadog does not answer well, 3 if the index cannot be used for
another reason, 4 where the results have no test that it knows.
Without --strict it is 0 in all of these cases.";

pub(crate) fn run(args: &EvaluateArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let flags = Flag::given("index.kind", "--kind", args.kind)
        .into_iter()
        .chain(Flag::given("index.job", "--job", args.job.clone()))
        .chain(Flag::given("select.policy", "--policy", args.policy.clone()));
    let settings = session.settings_with(flags)?;
    let default: JobName = settings.index_job.value.parse().map_err(CommandError::user)?;
    let begun = session.environment.now();
    let searches = Searches::new(&args.since, args.pipeline.as_deref(), &settings)?;
    let told = input::read(&args.results, &default, &searches, session)?;
    // The pipeline is that of what ran: what fails in it would excuse itself.
    let searches = Searches::new(&args.since, None, &settings)?;
    let mut base = input::read(&args.base_results, &default, &searches, session)?;
    let quarantined = input::quarantined(&args.quarantined, session)?;
    let mut report = Report::default();
    let mut accounts = Vec::new();
    for (job, mut told) in told {
        let base = base.remove(&job);
        told.events.extend(base.iter().flat_map(|base| base.events.iter().cloned()));
        if !told.events.is_empty() {
            report.add(JobReport::unread(job, told));
            continue;
        }
        if told.results.is_empty() {
            session.printer.warning(format_args!("the results of job `{job}` have no test"));
        }
        let judged = decide(args, &job, &settings, session)?;
        warn_of_other_commit(&job, &told, args, session);
        let base: Option<Results> = base.map(|told: Told| told.results);
        let none = Selection::default();
        let compared = Compared {
            selection: judged.decision.as_ref().map_or(&none, |decision| &decision.selection),
            results: &told.results,
            base: base.as_ref(),
            quarantined: &quarantined,
        };
        let evaluation = evaluate(&compared);
        if let Some(decision) = &judged.decision {
            let misses = explain(&job, decision, &evaluation, args, &settings, session);
            let journal = journal(&job, decision, &evaluation, &misses, args, session)?;
            accounts.push((journal, misses));
        }
        report.add(JobReport::of(job, &told, judged, evaluation));
    }
    for job in base.keys() {
        session.printer.warning(format_args!("there are base results of job `{job}`, and no results"));
    }
    // Whoever waits for the answer waits for nothing else.
    let told = tell(&report, args, session).and_then(|()| Ok(session.printer.flush()?));
    if crate::metrics::are_wanted(&settings) {
        let batch = metrics::batch(&report, begun, args.at.as_deref(), &settings, session);
        crate::metrics::publish(batch, &settings, session);
    }
    for (journal, misses) in accounts {
        misses.tell(session);
        journal.close(&settings, session);
    }
    told?;
    Ok(if args.strict { report.status() } else { ExitStatus::Success })
}

/// What would have been decided, and what kept it from being decided well.
#[derive(Default)]
struct Judged {
    decision: Option<Decision>,
    events: Vec<Event>,
}

/// Decides as `skiptrace select` would have. That there is no index is told, and is no error.
fn decide(
    args: &EvaluateArgs,
    job: &JobName,
    settings: &Settings,
    session: &Session<'_>,
) -> Result<Judged, CommandError> {
    let rules = Rules::read(session, settings, job)?;
    let asked = Asked {
        job: job.clone(),
        kind: settings.index_kind.value,
        index: args.index.as_deref(),
        base: args.base.as_deref(),
        at: args.at.as_deref(),
        policy: settings.select_policy.value.into(),
        rules: &rules.paths,
        never_skip: &rules.never_skip,
        // Whoever has everything run for once is not asked for what could have been skipped.
        escape: None,
        runner: None,
    };
    // A file that should have been fetched is an index that is not there, and not a mistake in the command line.
    if let Some(file) = args.index.as_deref().filter(|index| index.ends_with(".idx"))
        && !session.environment.cwd.join(file).exists()
    {
        return Ok(Judged { decision: None, events: vec![Event::no_file(file)] });
    }
    match Decision::make(&asked, session) {
        Ok(decision) => {
            let events = Event::of(&decision);
            Ok(Judged { decision: Some(decision), events })
        }
        Err(error) if matches!(error.kind, ErrorKind::User | ErrorKind::Config | ErrorKind::BrokenPipe) => {
            Err(error)
        }
        Err(error) => Ok(Judged { decision: None, events: vec![Event::unexpected(&error)] }),
    }
}

/// Explains misses, by the index of what ran where there is one that the decision did not go by.
fn explain(
    job: &JobName,
    decision: &Decision,
    evaluation: &Evaluation,
    args: &EvaluateArgs,
    settings: &Settings,
    session: &Session<'_>,
) -> Misses {
    let used = decision.basis.as_ref().and_then(|basis| basis.commit());
    let fresh = match evaluation.tests.iter().any(|test| test.is_missed()) {
        true => Basis::find(None, settings.index_kind.value, job, args.at.as_deref(), session).ok(),
        false => None,
    };
    let is_same = |basis: &Basis| matches!(basis.relation, Relation::Found(_, nearest::Relation::Same));
    let fresh = fresh.filter(|basis| is_same(basis) && basis.commit() != used);
    let parts: Vec<&dyn Evidence> =
        fresh.iter().flat_map(|basis| &basis.parts).map(|part| part as &dyn Evidence).collect();
    Misses::explain(job, &decision.selection, evaluation, &parts)
}

/// Makes the account of a job.
fn journal(
    job: &JobName,
    decision: &Decision,
    evaluation: &Evaluation,
    misses: &Misses,
    args: &EvaluateArgs,
    session: &Session<'_>,
) -> Result<Journal, CommandError> {
    let mut journal = Journal::begin("evaluate", job, session);
    journal.decided(decision);
    let run = journal.run();
    run.overheads.insert("select".into(), decision.took);
    if let Some(at) = &args.at {
        run.commit = Some(session.commit(at)?);
    }
    let saved = evaluation.counts().saved_time;
    if decision.basis.is_some() {
        journal.results(&decision.selection, evaluation, misses);
        journal.audited(&decision.selection, evaluation);
        // What those took that ran says more than what they took when they were recorded.
        journal.run().saved = saved;
    }
    Ok(journal)
}

/// What results say they are of should be what they are held against.
fn warn_of_other_commit(job: &JobName, told: &Told, args: &EvaluateArgs, session: &Session<'_>) {
    // Outside of a repository, nobody knows better than the results.
    let Ok(here) = session.commit(args.at.as_deref().unwrap_or("HEAD")) else { return };
    for commit in told.commits.iter().filter(|commit| ***commit != *here.to_string()) {
        session.printer.warning(format_args!(
            "the results of job `{job}` are of `{commit}`, and are held against `{here}`: --at names another revision"
        ));
    }
}

/// Prints the answer, and says aloud what must not be overlooked.
fn tell(report: &Report, args: &EvaluateArgs, session: &Session<'_>) -> Result<(), CommandError> {
    let printer = session.printer;
    for job in &report.jobs {
        for event in &job.events {
            printer.warning(format_args!("job `{}`: {}: {}", job.job, event.kind.name(), event.message));
            event.hint.iter().for_each(|hint| printer.hint(hint));
        }
        let unknown = job.counts.map_or(0, |counts| counts.unknown);
        if job.events.is_empty() && job.has_nothing_in_common() && unknown > 0 {
            printer.warning(format_args!(
                "job `{}`: the index knows none of the tests in the results, so nothing was compared: are they of this \
                 job, and of the runner that it was recorded with?",
                job.job
            ));
        }
        for note in &job.notes {
            printer.status(note);
        }
        if job.is_of_same_commit && args.base.is_none() && args.index.is_none() {
            printer.hint(
                "the index is of what ran, so nothing has changed: `--base HEAD~1` goes by an older one",
            );
        }
    }
    if printer.wants_json() || args.format == FormatName::Json {
        return Ok(printer.json("evaluate@1", &document::Document::of(report))?);
    }
    match args.format {
        FormatName::Markdown => printer.bytes(markdown::render(report, args.limit).as_bytes())?,
        FormatName::Metrics => {
            printer.bytes(metrics::render(report, session.environment.now()).as_bytes())?;
        }
        _ => printer.bytes(text::render(report, args.limit, printer.out_styles()).as_bytes())?,
    }
    let counts = report.total();
    if counts.misses > 0 {
        let misses =
            if counts.misses == 1 { "1 miss".to_owned() } else { format!("{} misses", counts.misses) };
        printer.warning(format_args!("{misses}: tests that failed would have been skipped"));
    }
    if counts.unclear > 0 {
        printer.warning(format_args!(
            "{} failed and may have been skipped: the results do not tell which of several is meant",
            crate::ui::human::count(counts.unclear as u64, "test")
        ));
    }
    Ok(())
}

/// Results by job.
type ByJob = BTreeMap<JobName, Told>;
