//! The conditions of recordings, compared with the present without a build.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use skiptrace_engine::id::JobName;
use skiptrace_engine::index::Evidence;
use skiptrace_engine::recording::{EnvironmentDifference, EnvironmentKey, Recording};
use skiptrace_indexers::record::gains::Builder;
use skiptrace_indexers::record::{go, native, rust};
use skiptrace_indexers::run::watch::Watch;

use crate::commands::record::runner::Runner;
use crate::error::CommandError;
use crate::git::Repository;
use crate::session::Session;

/// What is around tests that may run.
pub(super) struct Conditions<'a> {
    session: &'a Session<'a>,
    repository: &'a Repository,
    /// What would run them. Without it, what ran them when they were recorded.
    runner: Option<&'a Runner>,
    /// What was found out, by what was recorded: parts of an index mostly have the same conditions.
    known: RefCell<BTreeMap<EnvironmentKey, Vec<EnvironmentDifference>>>,
}

/// Returns who builds the tests of a job, as far as its recordings say. What other jobs' builders take for code, or
/// have rules for, may be data to this one's tests.
pub(super) fn builders(parts: &[&dyn Evidence], job: &JobName) -> BTreeSet<Builder> {
    let recordings =
        parts.iter().flat_map(|part| part.recordings()).filter(|recording| recording.job == *job);
    recordings.filter_map(|recording| Builder::of(&recording.environment)).collect()
}

impl<'a> Conditions<'a> {
    pub(super) fn new(
        session: &'a Session<'a>,
        repository: &'a Repository,
        runner: Option<&'a Runner>,
    ) -> Conditions<'a> {
        Conditions { session, repository, runner, known: RefCell::default() }
    }

    /// Returns the conditions of a recording that are not what they were.
    pub(super) fn differing(&self, recording: &Recording) -> Vec<EnvironmentDifference> {
        let recorded = &recording.environment;
        if let Some(known) = self.known.borrow().get(recorded) {
            return known.clone();
        }
        let differing = self.compare(recorded);
        self.known.borrow_mut().insert(recorded.clone(), differing.clone());
        differing
    }

    fn compare(&self, recorded: &EnvironmentKey) -> Vec<EnvironmentDifference> {
        let cwd = &self.session.environment.cwd;
        let variables = &self.session.environment.vars;
        let repository = self.repository.root();
        match (Builder::of(recorded), self.runner) {
            // What was taken over from somebody else says nothing of conditions, so none of them is compared: whoever
            // imports an index answers for them, by a job of its own for each. The manual says so.
            (None, _) => Vec::new(),
            (Some(Builder::Cargo), None | Some(Runner::Cargo(_))) => {
                let command = match self.runner {
                    Some(Runner::Cargo(command)) => Some(command),
                    _ => None,
                };
                let cache = self.repository.private_folder().join("cache");
                let cache = std::fs::create_dir_all(&cache).is_ok().then_some(cache);
                let present = rust::conditions::Present {
                    command,
                    cwd,
                    variables,
                    repository,
                    cache: cache.as_deref(),
                };
                rust::conditions::conditions(&present, recorded)
            }
            (Some(Builder::Go), None | Some(Runner::Go(_))) => {
                let words = match self.runner {
                    Some(Runner::Go(words)) => Some(words.as_slice()),
                    _ => None,
                };
                let watch = Watch::interrupted_by(Arc::default());
                let question = go::Question { words, cwd, variables, repository, watch: &watch };
                go::conditions(&question, recorded)
                    .unwrap_or_else(|error| vec![unknown("go", recorded, &CommandError::user(error))])
            }
            (Some(Builder::Native), Some(Runner::Native(command))) => {
                let question = native::Question { command, cwd, repository };
                native::conditions(&question, recorded)
                    .unwrap_or_else(|error| vec![unknown("compilers", recorded, &CommandError::user(error))])
            }
            (Some(Builder::Native), None) => {
                let why =
                    CommandError::user("nobody said what runs the tests: `-- ctest …`, or `-- PROGRAM …`");
                vec![unknown("compilers", recorded, &why)]
            }
            (Some(_), Some(_)) => vec![EnvironmentDifference {
                part: "runner".to_owned(),
                recorded: None,
                now: Some("one for another language".to_owned()),
            }],
        }
    }
}

/// Returns that a condition could not be found out.
fn unknown(part: &str, recorded: &EnvironmentKey, why: &CommandError) -> EnvironmentDifference {
    EnvironmentDifference {
        part: part.to_owned(),
        recorded: recorded.parts.get(part).cloned(),
        now: Some(format!("unknown ({why})")),
    }
}
