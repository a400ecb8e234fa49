//! What of an older index is taken over instead of being recorded again.

use std::collections::BTreeSet;

use skiptrace_engine::id::JobName;
use skiptrace_engine::index::carry::{Carried, carry};
use skiptrace_engine::index::{FileRecord, Index};
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::recording::{EnvironmentDifference, EnvironmentKey, Shard};
use skiptrace_engine::selection::{Present, differing};
use skiptrace_indexers::record::outcome::{Missing, Outcome};
use skiptrace_indexers::record::rust::conditions::{is_implied, other_features};
use skiptrace_indexers::record::sources::Files;
use skiptrace_indexers::run::wanted::{Unproved, Wanted};

use super::RecordArgs;
use super::finish::Plan;
use super::runner::Runner;
use crate::decision::{Asked, Decision};
use crate::error::{CommandError, ErrorKind};
use crate::rules::Rules;
use crate::session::Session;
use crate::settings::Settings;
use crate::ui::human;

/// What is taken over; by default nothing.
#[derive(Debug, Default)]
pub(in crate::commands) struct Update {
    pub(in crate::commands) carried: Carried,
    pub(in crate::commands) known: Files,
    /// What the tests that are taken over were not seen to build with.
    pub(in crate::commands) unproved: Unproved,
    environment: Option<EnvironmentKey>,
}

impl Update {
    /// Takes over what a decision says need not run.
    pub(in crate::commands) fn of(
        decision: &Decision,
        job: &JobName,
        session: &Session<'_>,
    ) -> Result<Update, CommandError> {
        let Some(basis) = &decision.basis else { return Ok(Update::default()) };
        if decision.selection.skipped().next().is_none() {
            return Ok(Update::default());
        }
        let index = basis.load(session)?;
        let environments: BTreeSet<&EnvironmentKey> = index
            .recordings()
            .iter()
            .filter(|recording| recording.job == *job)
            .map(|recording| &recording.environment)
            .collect();
        let environment = match Vec::from_iter(environments)[..] {
            [environment] => environment.clone(),
            _ => {
                session.printer.warning(
                    "nothing is taken over: the parts of the index were recorded under different conditions",
                );
                return Ok(Update::default());
            }
        };
        let known = known(&index, &decision.present);
        let carried = carry(&index, job, &|test| decision.selection.skips(test), &known);
        let changed = differing(&index, &decision.present)
            .map_err(|error| CommandError::new(ErrorKind::Index, "cannot read the index").caused_by(error))?;
        let unproved = Unproved { changed, unbuilt: BTreeSet::new() };
        Ok(Update { carried, known, unproved, environment: Some(environment) })
    }

    /// Returns which tests have to run: those of a shard that are not taken over.
    pub(in crate::commands) fn wanted(&self, shard: Shard) -> Wanted {
        let keys = self.carried.tests.iter().map(|test| &test.record.key);
        let without = keys.map(|key| (key.suite.to_string(), key.name.to_string())).collect();
        Wanted::new(shard, without).despite(self.unproved.clone())
    }

    /// Takes nothing over from suites that cannot be built any more.
    pub(super) fn drop_missing(&mut self, missing: &[Missing]) {
        let suites: BTreeSet<&str> =
            missing.iter().filter(|missing| missing.is_suite()).map(|missing| &*missing.suite).collect();
        self.carried.tests.retain(|test| !suites.contains(&*test.record.key.suite));
    }

    /// Returns whether the tests that are taken over ran under the same conditions as the others now; says so if not.
    pub(in crate::commands) fn holds_for(
        &self,
        runner: &Runner,
        outcome: &mut Outcome,
        session: &Session<'_>,
    ) -> bool {
        if let (Runner::Native(_), Some(then), false) =
            (runner, &self.environment, self.carried.tests.is_empty())
        {
            // Nothing was built since all of it was compared, and what did not run says nothing of how it was built.
            outcome.environment = then.clone();
            return true;
        }
        let first = self.differs_from(runner, outcome);
        if let Some(first) = &first {
            let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
            session.printer.warning(format_args!(
                "everything runs again, since the conditions differ: `{}` was {}, and is {}",
                first.part,
                shown(&first.recorded),
                shown(&first.now),
            ));
        }
        first.is_none()
    }

    /// Returns a condition under which the tests that are taken over did not run and the others do now.
    pub(in crate::commands) fn differs_from(
        &self,
        runner: &Runner,
        outcome: &Outcome,
    ) -> Option<EnvironmentDifference> {
        let then = self.environment.as_ref().filter(|_| !self.carried.tests.is_empty())?;
        if matches!(runner, Runner::Native(_)) {
            return None;
        }
        let mut differences = then.differences(&outcome.environment);
        // These are of all that is built together. What of it concerns a test that is taken over is proved.
        differences.retain(|difference| !is_implied(&difference.part));
        differences.extend(other_features(then, &outcome.environment));
        differences.into_iter().next()
    }
}

/// Returns the files that an index has, as they are now.
fn known(index: &Index, present: &Present) -> Files {
    let now = |file: &FileRecord| match present.get(&file.path) {
        Some(now) => now.source.clone(),
        None => Some(index.source_file(file)),
    };
    index.files().iter().filter_map(|file| Some((file.path.clone(), now(file)?))).collect()
}

/// Finds out what can be taken over.
pub(super) fn prepare(
    args: &RecordArgs,
    session: &Session<'_>,
    plan: &Plan,
    settings: &Settings,
    runner: &Runner,
) -> Result<Update, CommandError> {
    let Some(base) = &args.update else { return Ok(Update::default()) };
    if plan.kind != IndexKind::FUNCTION {
        return Err(CommandError::user(format_args!("an index of kind `{}` cannot be updated", plan.kind))
            .hint("leave --update out, or record one of kind `function`"));
    }
    let partial = plan.partial_file();
    let (index, name) = match base.as_str() {
        // First what an interrupted recording has left.
        "" if partial.is_file() => (partial.to_str(), "the interrupted recording".to_owned()),
        "" => (None, String::new()),
        text => (Some(text), format!("`{text}`")),
    };
    let rules = Rules::read(session, settings, &plan.job)?;
    let decision = Decision::make(
        &Asked {
            job: plan.job.clone(),
            kind: plan.kind,
            index,
            base: None,
            at: None,
            policy: settings.select_policy.value.into(),
            rules: &rules.paths,
            never_skip: &[],
            escape: settings.select_escape.value.text(),
            runner: Some(runner),
        },
        session,
    )?;
    for cause in &decision.selection.everything {
        session.printer.warning(format_args!("everything is recorded again: {cause}"));
    }
    let update = Update::of(&decision, &plan.job, session)?;
    if let Some(basis) = &decision.basis {
        let name = if name.is_empty() { basis.relation.to_string() } else { name };
        session.printer.status(format_args!(
            "taking over {} from the index of {name}",
            human::count(update.carried.tests.len() as u64, "test")
        ));
    }
    Ok(update)
}
