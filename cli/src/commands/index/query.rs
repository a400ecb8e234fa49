//! `skiptrace index query`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Serialize;
use skiptrace_engine::catalog::StoredIndex;
use skiptrace_engine::id::JobName;
use skiptrace_engine::index::Evidence;
use skiptrace_engine::index::query::{
    Answer, Cause, ChangedKey, Partition, Reason, SharedPolicy, impacted, partition,
};
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::TestKey;
use skiptrace_engine::test_set::TestSet;
use skiptrace_engine::variable::Variables;

use crate::error::{CommandError, IoContext};
use crate::exit::ExitStatus;
use crate::session::Session;
use crate::ui::human;

use super::target::{KindFlag, Target};

/// Print which tests a change of given keys selects
///
/// For each job, the tests of the index that must run, and why. What the index does not know selects everything,
/// and the answer says so. Tests that are not in the index always run; with --tests they are listed too.
#[derive(Debug, clap::Args)]
pub struct QueryArgs {
    /// A file, or a revision whose index is in the store
    #[arg(value_name = "INDEX", default_value = "HEAD")]
    index: String,

    #[command(flatten)]
    kind: KindFlag,

    /// A changed key as the index has it: a folder in an index of packages, else a file
    #[arg(long = "key", value_name = "KEY")]
    keys: Vec<RepoPath>,

    /// A changed file; an index of packages looks at its folder
    #[arg(long = "file", value_name = "PATH")]
    files: Vec<RepoPath>,

    /// A changed function or item
    #[arg(long = "unit", value_name = "FILE#NAME", value_parser = parse_unit)]
    units: Vec<ChangedKey>,

    /// Only this job; may be repeated. Otherwise all that the index has
    #[arg(long = "job", value_name = "NAME")]
    jobs: Vec<JobName>,

    /// A file with the names of the tests that exist now, one a line, for a single --job
    #[arg(long, value_name = "FILE")]
    tests: Option<PathBuf>,
}

fn parse_unit(text: &str) -> Result<ChangedKey, String> {
    let (file, name) =
        text.split_once('#').filter(|(_, name)| !name.is_empty()).ok_or("expected `FILE#NAME`")?;
    let file = RepoPath::new(file).map_err(|error| error.to_string())?;
    Ok(ChangedKey::Unit { file, name: name.into() })
}

/// The document `skiptrace/index-query@1`.
#[derive(Serialize)]
struct Document {
    jobs: Vec<JobDocument>,
}

#[derive(Serialize)]
struct JobDocument {
    job: String,
    /// Whether all of the job must run, tests that the index does not have included.
    everything: bool,
    causes: Vec<CauseDocument>,
    run: Vec<String>,
    skip: Vec<String>,
    reasons: Vec<ReasonDocument>,
    shared: Vec<SharedDocument>,
}

#[derive(Serialize)]
struct CauseDocument {
    code: &'static str,
    message: String,
}

#[derive(Serialize)]
struct ReasonDocument {
    reason: &'static str,
    message: String,
    tests: usize,
}

#[derive(Serialize)]
struct SharedDocument {
    change: String,
    sharing: usize,
    left_out: usize,
}

pub(super) fn run(args: &QueryArgs, session: &Session<'_>) -> Result<ExitStatus, CommandError> {
    let settings = args.kind.settings(session)?;
    let policy = settings.query_shared.value.into();
    let parts = Target::parse(&args.index, session)?.open(session, settings.index_kind.value)?;
    let mut changes: Vec<ChangedKey> = args.keys.iter().cloned().map(ChangedKey::Key).collect();
    changes.extend(args.files.iter().cloned().map(ChangedKey::File));
    changes.extend(args.units.iter().cloned());
    if changes.is_empty() {
        session.printer.warning("no change was named, so only tests that nothing can be proved of must run");
        session.printer.hint("name changes with --key, --file or --unit");
    }
    let jobs = if args.jobs.is_empty() { known_jobs(&parts) } else { args.jobs.clone() };
    if args.tests.is_some() && jobs.len() != 1 {
        return Err(CommandError::user("--tests lists the tests of one job; name it with --job"));
    }
    if jobs.is_empty() {
        session.printer.warning(format_args!("{}, so everything must run", Cause::EmptyIndex));
    }

    let variables = session.environment.variables();
    let mut document = Document { jobs: Vec::new() };
    for job in &jobs {
        let known = tests_of(&parts, job)?;
        let universe = match &args.tests {
            Some(path) => universe(session, path, job, &known)?,
            None => known.values().cloned().collect(),
        };
        let parts: Vec<&dyn Evidence> = parts.iter().map(|part| part as _).collect();
        let found = partition(&parts, job, &changes, policy, &variables, &universe);
        document.jobs.push(describe(&parts, job, &changes, policy, &variables, &found));
    }
    if session.printer.wants_json() {
        session.printer.json("index-query@1", &document)?;
        return Ok(ExitStatus::Success);
    }
    for job in &document.jobs {
        print(session, job)?;
    }
    Ok(ExitStatus::Success)
}

fn known_jobs(parts: &[StoredIndex]) -> Vec<JobName> {
    let jobs: BTreeSet<JobName> = parts.iter().flat_map(|part| part.job_names().cloned()).collect();
    jobs.into_iter().collect()
}

/// Returns the tests of a job that the index has, by the names they go by here.
fn tests_of(parts: &[StoredIndex], job: &JobName) -> Result<BTreeMap<String, TestKey>, CommandError> {
    let mut tests = BTreeMap::new();
    for part in parts {
        for known in part.jobs().into_iter().filter(|known| known.job == *job) {
            let records = part.tests(&TestSet::range(known.tests)).map_err(CommandError::from)?;
            tests.extend(records.into_iter().map(|test| (test.key.qualified_name(), test.key)));
        }
    }
    Ok(tests)
}

/// Reads the names of the tests that exist now.
fn universe(
    session: &Session<'_>,
    path: &PathBuf,
    job: &JobName,
    known: &BTreeMap<String, TestKey>,
) -> Result<BTreeSet<TestKey>, CommandError> {
    let text = std::fs::read_to_string(session.environment.cwd.join(path)).on("read", path)?;
    let names = text.lines().filter(|name| !name.trim().is_empty());
    let key = |name: &str| known.get(name).cloned().unwrap_or_else(|| TestKey::new(job.clone(), "", name));
    Ok(names.map(key).collect())
}

fn describe(
    parts: &[&dyn Evidence],
    job: &JobName,
    changes: &[ChangedKey],
    policy: SharedPolicy,
    variables: &Variables,
    found: &Partition,
) -> JobDocument {
    let mut reasons: BTreeMap<Reason, usize> = BTreeMap::new();
    let mut shared: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for part in parts {
        if let Answer::Subset(subset) = impacted(*part, job, changes, policy, variables) {
            for (reason, tests) in subset.reasons {
                *reasons.entry(reason).or_default() += tests.len();
            }
            for change in subset.shared {
                let (sharing, left_out) = shared.entry(change.change.to_string()).or_default();
                *sharing += change.sharing.len();
                *left_out += change.left_out.len();
            }
        }
    }
    let names = |tests: &BTreeSet<TestKey>| tests.iter().map(TestKey::qualified_name).collect();
    let cause = |cause: &Cause| CauseDocument { code: cause.code(), message: cause.to_string() };
    let mut reasons: Vec<ReasonDocument> = reasons
        .into_iter()
        .map(|(reason, tests)| {
            let (name, message) = explain(&reason, tests);
            ReasonDocument { reason: name, message, tests }
        })
        .collect();
    if found.new > 0 {
        let message = format!("{} in no index", human::count(found.new as u64, "test"));
        reasons.push(ReasonDocument { reason: "not-indexed", message, tests: found.new });
    }
    JobDocument {
        job: job.to_string(),
        everything: !found.causes.is_empty() && found.skip.is_empty(),
        causes: found.causes.iter().map(cause).collect(),
        run: names(&found.run),
        skip: names(&found.skip),
        reasons,
        shared: shared
            .into_iter()
            .map(|(change, (sharing, left_out))| SharedDocument { change, sharing, left_out })
            .collect(),
    }
}

/// Returns the name of a reason, and the sentence that says it of so many tests.
fn explain(reason: &Reason, tests: usize) -> (&'static str, String) {
    let tests = human::count(tests as u64, "test");
    match reason {
        Reason::Reached(change) => ("reached", format!("`{change}` reaches {tests}")),
        Reason::Shared(change) => ("shared", format!("`{change}` reaches {tests} by what a baseline shares")),
        Reason::Rule(change, pattern) => {
            ("rule", format!("the rule `{pattern}` names {tests} for `{change}`"))
        }
        Reason::Unseen(change) => ("unseen", format!("`{change}` was not known when {tests} ran")),
        Reason::Variable(name) => {
            ("variable", format!("the variable `{name}` is not what it was when {tests} consulted it"))
        }
        Reason::UnknownVariable(name) => {
            ("unknown-variable", format!("{tests} consulted the variable `{name}`, which nobody knows now"))
        }
        Reason::Unproven => ("unproven", format!("the records of {tests} prove nothing")),
    }
}

fn print(session: &Session<'_>, job: &JobDocument) -> Result<(), CommandError> {
    let printer = session.printer;
    let (run, all) = (job.run.len(), job.run.len() + job.skip.len());
    if job.everything {
        printer.answer(format_args!("{}: everything must run", job.job))?;
    } else {
        printer.answer(format_args!(
            "{}: {run} of {} must run",
            job.job,
            human::count(all as u64, "test")
        ))?;
    }
    for name in &job.run {
        printer.answer(format_args!("  {name}"))?;
    }
    for cause in &job.causes {
        printer.status(format_args!("{}: everything, because {}", job.job, cause.message));
    }
    for reason in &job.reasons {
        printer.status(format_args!("{}: {}", job.job, reason.message));
    }
    for shared in job.shared.iter().filter(|shared| shared.left_out > 0) {
        printer.warning(format_args!(
            "{}: {} that share `{}` with their baseline are left out, which proves nothing of them",
            job.job,
            human::count(shared.left_out as u64, "test"),
            shared.change,
        ));
    }
    Ok(())
}
