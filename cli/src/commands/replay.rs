//! `skiptrace replay`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Serialize;
use skiptrace_engine::id::{CommitId, JobName};

use super::record::{listen_for_interrupts, program};
use crate::error::{CommandError, ErrorKind, IoContext};
use crate::exit::ExitStatus;
use crate::git::Replica;
use crate::replay::{Aged, Miss, Program, Request, Spread, State, Step, Summary, Walk};
use crate::session::Session;
use crate::ui::human;
use crate::ui::table::{Column, Table};

/// Try selection on the commits that there are
///
/// Walks along the first parents of RANGE, oldest first, from the commit before it on. At each commit, it selects by
/// the recordings of older ones, then runs all tests, and tells how many would have been skipped and whether that was
/// right. A test that was skipped, though it ends otherwise than in the recording, is a miss, unless it ends as before
/// when it runs again, three times at most, or ends as now at the older commit.
///
/// The commits are checked out in a clone in a temporary folder, which borrows from the repository and writes nothing to
/// it. A commit of which the tests cannot be built is told and passed over. Where no `Cargo.lock` is committed, one is
/// made at the first commit, and kept as far as it resolves.
#[derive(Debug, clap::Args)]
pub struct ReplayArgs {
    /// The commits, as git names them, such as `v1.0..main` or `HEAD~20..`
    #[arg(value_name = "RANGE")]
    range: String,

    /// The command that runs the tests, as for `skiptrace record`
    #[arg(value_name = "RUNNER", last = true)]
    runner: Vec<String>,

    /// Select by recordings so many commits older
    #[arg(long, value_name = "AGE", value_delimiter = ',', default_value = "1,5,20",
          value_parser = clap::value_parser!(u32).range(1..))]
    ages: Vec<u32>,

    /// Walk in steps of so many commits
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    every: u32,

    /// Work in this folder and leave it there: what was built and recorded in it before is used again
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,

    /// The name under which the tests are indexed
    #[arg(long, value_name = "NAME")]
    job: Option<JobName>,

    /// How far changes at file scope are followed: balanced (by names) or strict (not at all)
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,

    /// How many tests run at the same time; unless given, as many as there are processors
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,

    /// Stop a test that takes longer, such as `10m`
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
}

/// The document `skiptrace/replay@1`.
#[derive(Serialize)]
struct Document<'a> {
    range: &'a str,
    every: u32,
    ages: &'a [u32],
    /// Empty for the project's own.
    runner: &'a [String],
    complete: bool,
    commits: Vec<CommitDocument<'a>>,
    summary: Vec<Summary>,
}

#[derive(Serialize)]
struct CommitDocument<'a> {
    commit: String,
    subject: &'a str,
    /// Why its tests could not be run, where that is so.
    passed_over: Option<&'a str>,
    tests: usize,
    failed: usize,
    absent: usize,
    time_us: u64,
    selections: Vec<SelectionDocument<'a>>,
}

#[derive(Serialize)]
struct SelectionDocument<'a> {
    age: usize,
    distance: usize,
    base: String,
    run: usize,
    skipped: usize,
    skipped_share: f64,
    skipped_time_us: u64,
    skipped_time_share: f64,
    select_ms: u64,
    changed_paths: usize,
    reasons: &'a BTreeMap<String, usize>,
    everything: Vec<CauseDocument<'a>>,
    misses: &'a [Miss],
    flaky: &'a [Miss],
}

#[derive(Serialize)]
struct CauseDocument<'a> {
    code: &'a str,
    message: &'a str,
}

pub(crate) fn run(args: &ReplayArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let commits = commits(args, session)?;
    let repository = session.repository()?.expect("it has commits");
    let temporary;
    let work = match &args.work {
        Some(folder) => session.environment.cwd.join(folder),
        None => {
            temporary = tempfile::Builder::new().prefix("skiptrace-replay-").tempdir();
            temporary.as_ref().map_err(no_folder)?.path().to_owned()
        }
    };
    let interrupted = Arc::new(AtomicBool::new(false));
    listen_for_interrupts(&interrupted)?;
    let recordings = work.join("recordings").join(slug(args));
    std::fs::create_dir_all(&recordings).on("make", &recordings)?;
    let work = work.canonicalize().on("enter", &work)?;
    let replica = Replica::of(repository, &work.join("tree"))?;
    let mut environment = replica.environment().clone();
    // Next to the work tree and not in it, or each commit would be built from nothing.
    environment.vars.insert("CARGO_TARGET_DIR".into(), work.join("target").into());
    let program = Program { path: program()?, environment, scratch: work.clone(), interrupted };
    let request = request(args, session, recordings)?;
    let mut walk = Walk::new(&request, &replica, &program);
    let mut steps: Vec<Step> = Vec::new();
    let n_commits = commits.len();
    for (at, (commit, subject)) in commits.into_iter().enumerate() {
        if program.is_interrupted() {
            break;
        }
        let Some(step) = walk.step(commit, subject)? else { break };
        session.printer.status(format_args!("{}/{n_commits} {}", at + 1, Line(&step)));
        steps.push(step);
    }
    let complete = steps.len() == n_commits;
    tell(args, &steps, complete, session)?;
    Ok(if !complete {
        ExitStatus::Interrupted
    } else if steps.iter().flat_map(|step| &step.aged).any(|aged| !aged.misses.is_empty()) {
        ExitStatus::Failure
    } else if steps.iter().all(|step| matches!(step.state, State::Passed(_))) {
        ExitStatus::Runner
    } else {
        ExitStatus::Success
    })
}

/// Returns the commits of the range, and before them the one that they start from.
fn commits(args: &ReplayArgs, session: &Session<'_>) -> Result<Vec<(CommitId, String)>, CommandError> {
    let repository = session.repository()?.ok_or_else(|| {
        CommandError::user("there is no repository here, so there are no commits")
            .hint("run this inside of a git repository")
    })?;
    let mut commits = repository.history(&args.range)?;
    let Some((first, _)) = commits.first() else {
        return Err(CommandError::user(format_args!("there are no commits in `{}`", args.range))
            .hint("a range is older..newer, such as `HEAD~20..HEAD`"));
    };
    // The first of all has none before it.
    if let Ok(mut before) = repository.history(&format!("{first}~1^!")) {
        commits.splice(0..0, before.drain(..));
    }
    Ok(commits.into_iter().step_by(args.every as usize).collect())
}

fn request(args: &ReplayArgs, session: &Session<'_>, recordings: PathBuf) -> Result<Request, CommandError> {
    let option = |name: &str, value: Option<String>| -> Vec<OsString> {
        value.map_or_else(Vec::new, |value| vec![name.into(), value.into()])
    };
    let job = || option("--job", args.job.as_ref().map(ToString::to_string));
    let root = session.repository()?.expect("it has commits").root().to_owned();
    let below = session.environment.cwd.strip_prefix(&root).map(PathBuf::from).unwrap_or_default();
    let mut ages: Vec<usize> = args.ages.iter().map(|&age| age as usize).collect();
    ages.sort_unstable();
    ages.dedup();
    Ok(Request {
        ages,
        runner: args.runner.clone(),
        record: [
            job(),
            option("--jobs", args.jobs.map(|jobs| jobs.to_string())),
            option("--timeout", args.timeout.clone()),
        ]
        .concat(),
        select: [job(), option("--policy", args.policy.clone())].concat(),
        below,
        recordings,
    })
}

/// Returns a name for recordings made in the same way.
fn slug(args: &ReplayArgs) -> String {
    let words = args.job.iter().map(|job| job.as_str()).chain(args.runner.iter().map(String::as_str));
    let words: Vec<&str> = words.collect();
    if words.is_empty() {
        return "default".to_owned();
    }
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '-' };
    words.join(" ").chars().map(plain).collect()
}

fn no_folder(error: &std::io::Error) -> CommandError {
    CommandError::new(ErrorKind::User, format_args!("cannot make a temporary folder: {error}"))
        .hint("name a folder with --work")
}

/// One commit in one line.
struct Line<'a>(&'a Step);

impl std::fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ", self.0.commit.short())?;
        match &self.0.state {
            State::Passed(why) => write!(f, "passed over: {}", in_one_line(why))?,
            State::Recorded { tests, .. } => write!(f, "{}", human::count(*tests as u64, "test"))?,
        }
        for aged in &self.0.aged {
            write!(f, "; {} before: {} skipped", aged.age, percent(aged.skipped.share()))?;
            if !aged.misses.is_empty() {
                write!(f, ", {} MISSED", aged.misses.len())?;
            }
        }
        Ok(())
    }
}

/// Prints what came of it.
fn tell(
    args: &ReplayArgs,
    steps: &[Step],
    complete: bool,
    session: &Session<'_>,
) -> Result<(), CommandError> {
    let printer = session.printer;
    let summary = Summary::of(steps);
    if printer.wants_json() {
        let document = Document {
            range: &args.range,
            every: args.every,
            ages: &args.ages,
            runner: &args.runner,
            complete,
            commits: steps.iter().map(CommitDocument::of).collect(),
            summary,
        };
        return Ok(printer.json("replay@1", &document)?);
    }
    printer.table(&table_of(steps))?;
    for step in steps {
        for aged in &step.aged {
            for (word, tests) in [("missed", &aged.misses), ("flaky", &aged.flaky)] {
                for miss in tests {
                    printer.answer(format_args!(
                        "{word} at {}, by the recording of {} ({} before): {} {}: {}, was {}",
                        step.commit.short(),
                        aged.base.short(),
                        aged.distance,
                        miss.suite,
                        miss.name,
                        miss.now,
                        miss.was.name(),
                    ))?;
                }
            }
        }
    }
    let mut table = Table::new([
        Column::number("AGE"),
        Column::number("COMMITS"),
        Column::number("MISSES"),
        Column::number("FLAKY"),
        Column::text("SKIPPED: MEDIAN (10 % – 90 %)"),
        Column::text("OF TIME"),
        Column::text("EVERYTHING RAN").dim(),
    ]);
    let spread = |spread: &Spread| {
        format!("{} ({} – {})", percent(spread.median), percent(spread.p10), percent(spread.p90))
    };
    for of_age in &summary {
        let causes = of_age.everything.iter().map(|(code, n)| format!("{n} × {code}"));
        table.row([
            of_age.age.to_string(),
            of_age.commits.to_string(),
            of_age.misses.to_string(),
            of_age.flaky.to_string(),
            spread(&of_age.skipped),
            spread(&of_age.skipped_time),
            causes.collect::<Vec<_>>().join(", "),
        ]);
    }
    if !summary.is_empty() {
        printer.answer("")?;
        printer.table(&table)?;
    }
    if !complete {
        printer.status("interrupted; this is what was replayed until then");
    }
    Ok(())
}

/// Returns the table of commits: a line for each age that there is something of.
fn table_of(steps: &[Step]) -> Table {
    let mut table = Table::new([
        Column::text("COMMIT"),
        Column::number("TESTS"),
        Column::number("AGE"),
        Column::number("RUN"),
        Column::number("SKIPPED"),
        Column::number("OF TIME"),
        Column::number("MISSED"),
        Column::text("MOSTLY BECAUSE"),
        Column::text("SUBJECT").dim(),
    ]);
    for step in steps {
        let short = step.commit.short().to_string();
        let mut row = |tests: String, rest: [String; 6]| {
            table.row([short.clone(), tests].into_iter().chain(rest).chain([step.subject.clone()]));
        };
        let nothing = || [const { String::new() }; 5];
        match &step.state {
            State::Passed(why) => {
                let [a, b, c, d, e] = nothing();
                row(String::new(), [a, b, c, d, e, in_one_line(why)]);
            }
            State::Recorded { tests, .. } if step.aged.is_empty() => {
                let [a, b, c, d, e] = nothing();
                row(tests.to_string(), [a, b, c, d, e, "only recorded".to_owned()]);
            }
            State::Recorded { tests, .. } => {
                for aged in &step.aged {
                    let rest = [
                        aged.age.to_string(),
                        (aged.skipped.tests - aged.skipped.skipped).to_string(),
                        percent(aged.skipped.share()),
                        percent(aged.skipped.share_of_time()),
                        aged.misses.len().to_string(),
                        mostly(aged),
                    ];
                    row(tests.to_string(), rest);
                }
            }
        }
    }
    table
}

/// Returns why most of the tests run that do.
fn mostly(aged: &Aged) -> String {
    match (aged.selected.everything.first(), aged.selected.reasons.iter().max_by_key(|(_, n)| **n)) {
        (Some(cause), _) => format!("everything: {}", cause.code),
        (None, Some((code, n))) => format!("{code} ({n})"),
        (None, None) => String::new(),
    }
}

/// Returns the beginning of what a build or a runner said.
fn in_one_line(why: &str) -> String {
    const LENGTH: usize = 100;
    let words = why.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(LENGTH) {
        Some((at, _)) => format!("{}…", &words[..at]),
        None => words,
    }
}

/// Rounded down, so that only all is 100 %.
fn percent(share: f64) -> String {
    format!("{} %", (share * 100.0 + 1e-9).floor())
}

impl<'a> CommitDocument<'a> {
    fn of(step: &'a Step) -> CommitDocument<'a> {
        let mut document = CommitDocument {
            commit: step.commit.to_string(),
            subject: &step.subject,
            passed_over: None,
            tests: 0,
            failed: 0,
            absent: 0,
            time_us: 0,
            selections: step.aged.iter().map(SelectionDocument::of).collect(),
        };
        match &step.state {
            State::Passed(why) => document.passed_over = Some(why),
            State::Recorded { tests, failed, absent, time } => {
                (document.tests, document.failed, document.absent) = (*tests, *failed, *absent);
                document.time_us = time.as_micros() as u64;
            }
        }
        document
    }
}

impl<'a> SelectionDocument<'a> {
    fn of(aged: &'a Aged) -> SelectionDocument<'a> {
        let skipped = &aged.skipped;
        let cause = |cause: &'a crate::replay::Everything| CauseDocument {
            code: &cause.code,
            message: &cause.message,
        };
        SelectionDocument {
            age: aged.age,
            distance: aged.distance,
            base: aged.base.to_string(),
            run: skipped.tests - skipped.skipped,
            skipped: skipped.skipped,
            skipped_share: skipped.share(),
            skipped_time_us: skipped.skipped_time.as_micros() as u64,
            skipped_time_share: skipped.share_of_time(),
            select_ms: aged.took.as_millis() as u64,
            changed_paths: aged.selected.changed_paths,
            reasons: &aged.selected.reasons,
            everything: aged.selected.everything.iter().map(cause).collect(),
            misses: &aged.misses,
            flaky: &aged.flaky,
        }
    }
}
