//! What of an older index is taken over instead of being recorded again.

use std::collections::BTreeSet;

use skiptrace_engine::catalog::Catalog;
use skiptrace_engine::index::Index;
use skiptrace_engine::index::carry::{Carried, carry};
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::recording::{EnvironmentKey, Recording};
use skiptrace_indexers::record::sources::Files;

use super::RecordArgs;
use super::finish::{Plan, listing};
use crate::commands::index::target::{Target, load_file};
use crate::commands::place::Place;
use crate::error::{CommandError, ErrorKind};
use crate::git::WorkTree;
use crate::session::Session;
use crate::ui::human;

/// How many commits back an index is looked for.
const FURTHEST: usize = 10_000;
/// How many files are named where there may be thousands.
const NAMED: usize = 3;

/// What is taken over; by default nothing.
#[derive(Debug, Default)]
pub(super) struct Update {
    pub(super) carried: Carried,
    pub(super) known: Files,
    environment: Option<EnvironmentKey>,
}

impl Update {
    /// Returns the suites and names of the tests that are taken over.
    pub(super) fn names(&self) -> BTreeSet<(String, String)> {
        let keys = self.carried.tests.iter().map(|test| &test.record.key);
        keys.map(|key| (key.suite.to_string(), key.name.to_string())).collect()
    }

    /// Returns whether the tests that are taken over ran under the same conditions as the others now; says so if not.
    pub(super) fn holds_for(&self, environment: &EnvironmentKey, session: &Session<'_>) -> bool {
        let differences = match &self.environment {
            Some(then) if !self.carried.tests.is_empty() => then.differences(environment),
            _ => return true,
        };
        if let Some(first) = differences.first() {
            let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
            session.printer.warning(format_args!(
                "everything is recorded again, since the conditions differ: `{}` was {}, and is {}",
                first.part,
                shown(&first.recorded),
                shown(&first.now),
            ));
        }
        differences.is_empty()
    }
}

/// Finds out what can be taken over.
pub(super) fn prepare(args: &RecordArgs, session: &Session<'_>, plan: &Plan) -> Result<Update, CommandError> {
    let Some(base) = &args.update else { return Ok(Update::default()) };
    if plan.kind != IndexKind::FUNCTION {
        return Err(CommandError::user(format_args!("an index of kind `{}` cannot be updated", plan.kind))
            .hint("leave --update out, or record one of kind `function`"));
    }
    let (index, name) = match base.as_str() {
        "" => nearest(session, plan)?,
        text => (Target::parse(text, session)?.load(session, plan.kind)?, format!("`{text}`")),
    };
    match usable(&index, &name, plan)? {
        Ok((environment, tree)) => {
            let known = listing(&plan.repository, &tree)?.present(&index, &tree);
            let carried = carry(&index, &plan.job, &known, &session.environment.variables());
            session.printer.status(format_args!(
                "taking over {} from the index of {name}",
                human::count(carried.tests.len() as u64, "test")
            ));
            Ok(Update { carried, known, environment: Some(environment) })
        }
        Err(why) => {
            session.printer.warning(format_args!("everything is recorded again: {why}"));
            Ok(Update::default())
        }
    }
}

/// Returns the conditions of an index, and the work tree that it can be compared with; or why nothing of it holds.
fn usable(
    index: &Index,
    name: &str,
    plan: &Plan,
) -> Result<Result<(EnvironmentKey, WorkTree), String>, CommandError> {
    let of_job: Vec<&Recording> =
        index.recordings().iter().filter(|recording| recording.job == plan.job).collect();
    let environments: BTreeSet<_> = of_job.iter().map(|recording| &recording.environment).collect();
    let environment = match Vec::from_iter(environments)[..] {
        [] => return Ok(Err(format!("the index of {name} has nothing of job `{}`", plan.job))),
        [environment] => environment.clone(),
        _ => {
            return Ok(Err(format!(
                "the parts of the index of {name} were recorded under different conditions"
            )));
        }
    };
    let tree = plan.tree()?;
    let mut changed: BTreeSet<RepoPath> = tree.changed().clone();
    for recording in of_job {
        // What is not in the index is compared through git, which has to have it.
        if recording.tree.is_none() {
            return Ok(Err(format!("the index of {name} was recorded with files that git does not have")));
        }
        match plan.repository.changed_since(&recording.commit) {
            Ok(paths) => changed.extend(paths),
            Err(error) => {
                let commit = recording.commit.short();
                return Ok(Err(format!("git does not say what changed since `{commit}` ({error})")));
            }
        }
    }
    let is_there = |path: &RepoPath| plan.repository.root().join(path.as_str()).symlink_metadata().is_ok();
    // Whether a file is there can be asked without opening it, which nobody sees.
    changed.retain(|path| index.file(path).is_none_or(|(_, file)| index.is_by_blob(file) && !is_there(path)));
    if changed.is_empty() {
        return Ok(Ok((environment, tree)));
    }
    let more = if changed.len() > NAMED { " and more" } else { "" };
    let named: Vec<String> = changed.iter().take(NAMED).map(|path| format!("`{path}`")).collect();
    Ok(Err(format!("nobody knows which tests depend on {}{more}, changed since {name}", named.join(", "))))
}

/// Loads the nearest index before this commit that has the job: first what an interrupted recording has left.
fn nearest(session: &Session<'_>, plan: &Plan) -> Result<(Index, String), CommandError> {
    let partial = plan.partial_file();
    if partial.is_file() {
        return Ok((load_file(session, &partial)?, "the interrupted recording".to_owned()));
    }
    let stored;
    let catalog: &Catalog = match &plan.place {
        Place::Store { catalog, .. } => catalog,
        Place::File(_) => {
            stored = session.catalog()?;
            &stored
        }
    };
    let indexed: BTreeSet<_> = catalog.commits(plan.kind, None)?.into_iter().collect();
    for commit in plan.repository.ancestors(&plan.commit.id, FURTHEST)? {
        if !indexed.contains(&commit) {
            continue;
        }
        let entry = catalog.entry(plan.kind, &commit)?;
        if entry.all.is_some() || entry.shards.keys().any(|(job, _)| *job == plan.job) {
            return Ok((catalog.load(&entry)?, format!("`{}`", commit.short())));
        }
    }
    let message = format!("no commit before this one has an index of job `{}`", plan.job);
    Err(CommandError::new(ErrorKind::NoIndex, message).hint("record everything once, without --update"))
}
