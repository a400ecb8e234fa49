//! The decision that `select`, `run`, `explain` and `replay` share: which tests must run now.
//!
//! ```text
//! settings, git ─▶ basis: the nearest index ─▶ what is differing ─▶ engine::selection ─▶ Decision
//! ```
//!
//! Whatever goes wrong on the way is no error here but a cause: everything runs, and the answer says why.

mod basis;
mod conditions;
mod differing;
mod ignored;
mod unkept;

use std::panic::resume_unwind;
use std::thread;
use std::time::{Duration, Instant};

use skiptrace_engine::id::JobName;
use skiptrace_engine::index::Evidence;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::selection::{Cause, PathRules, Policy, Present, Question, Selection, select};

use skiptrace_indexers::units::reach::Languages;

use crate::commands::record::runner::Runner;
use crate::error::{CommandError, ErrorKind};
use crate::git::{GitError, Messages, Repository};
use crate::rules::pack::is_foreign;
use crate::session::Session;

pub use basis::{Basis, Relation};
use conditions::{Conditions, builders};
use differing::Differing;

/// What is to be decided.
pub struct Asked<'a> {
    /// Which job's tests.
    pub job: JobName,
    /// Which kind of index is looked for.
    pub kind: IndexKind,
    /// The index to go by, a file or a revision, instead of the nearest one.
    pub index: Option<&'a str>,
    /// The revision to which the index is to be near, instead of the one that is asked about.
    pub base: Option<&'a str>,
    /// The revision that is asked about, instead of the work tree.
    pub at: Option<&'a str>,
    /// How far changes at file scope are followed.
    pub policy: Policy,
    /// What is said of paths.
    pub rules: &'a PathRules,
    /// Tests that always run.
    pub never_skip: &'a [skiptrace_engine::glob::Glob],
    /// The text in a commit's message that has everything run, if there is one.
    pub escape: Option<&'a str>,
    /// What would run the tests; without it, what ran them when they were recorded.
    pub runner: Option<&'a Runner>,
}

/// What was decided, and by what.
pub struct Decision {
    /// The tests.
    pub selection: Selection,
    /// The index, where there is one.
    pub basis: Option<Basis>,
    /// The files that may differ from what the index has, as they are now.
    pub present: Present,
    /// What the user should know.
    pub notes: Vec<String>,
    /// How long it took to find out.
    pub took: Duration,
}

impl Decision {
    /// Decides. Only what the user typed wrong is an error.
    pub fn make(asked: &Asked<'_>, session: &Session<'_>) -> Result<Decision, CommandError> {
        let started = Instant::now();
        let repository = session.repository();
        let decision = thread::scope(|scope| {
            // Git looks for them while everything else is decided.
            let messages = match (&repository, asked.escape) {
                (Ok(Some(repository)), Some(_)) => {
                    let (repository, revision) = (*repository, asked.at.unwrap_or("HEAD"));
                    Some(scope.spawn(move || repository.messages(revision)))
                }
                _ => None,
            };
            let messages = || Some(messages?.join().unwrap_or_else(|panic| resume_unwind(panic)));
            Decision::find(asked, session, repository, messages)
        })?;
        Ok(Decision { took: started.elapsed(), ..decision })
    }

    /// Decides; `messages` waits for those of the commit, where they may have everything run.
    fn find(
        asked: &Asked<'_>,
        session: &Session<'_>,
        repository: Result<Option<&Repository>, CommandError>,
        messages: impl FnOnce() -> Option<Result<Messages, GitError>>,
    ) -> Result<Decision, CommandError> {
        // Git looks through the work tree meanwhile.
        let now = match &repository {
            Ok(Some(repository)) => Some(repository.present(asked.at)),
            _ => None,
        };
        let basis = match Basis::find(asked.index, asked.kind, &asked.job, asked.base.or(asked.at), session) {
            Ok(basis) => basis,
            Err(error) => return of_cause(cause_of(error)?),
        };
        let parts: Vec<&dyn Evidence> = basis.parts.iter().map(|part| part as &dyn Evidence).collect();
        // An index that was found without a repository is no proof: nothing says what changed since.
        let no_repository = || CommandError::new(ErrorKind::Git, "there is no repository here");
        let differing = repository.and_then(|repository| {
            let (repository, now) = repository.zip(now).ok_or_else(no_repository)?;
            let differing = Differing::of(&parts, &asked.job, asked.at, &now?, repository)?;
            Ok((repository, differing))
        });
        let (repository, differing) = match differing {
            Ok(differing) => differing,
            Err(error) => {
                let text = with_causes(&error);
                let cause = match error.kind {
                    ErrorKind::Index => Cause::Unreadable(text),
                    _ => Cause::UnknownChanges(text),
                };
                return Ok(Decision::unknown(basis, cause));
            }
        };
        let Differing { present, opaque, everything, notes } = differing;
        let builders = builders(&parts, &asked.job);
        let rules = asked.rules.without_packs(|pack| is_foreign(pack, &builders));
        let language = Languages { builders };
        let conditions = Conditions::new(session, repository, asked.runner);
        let question = Question {
            job: &asked.job,
            present: &present,
            opaque: &opaque,
            language: &language,
            policy: asked.policy,
            variables: &session.environment.variables(),
            conditions: &|recording| conditions.differing(recording),
            rules: &rules,
            never_skip: asked.never_skip,
        };
        let mut selection = select(&parts, &question);
        let mut notes: Vec<String> = basis.notes.iter().cloned().chain(notes).collect();
        let escaped = asked.escape.zip(messages()).and_then(|(text, said)| escaped(text, said, &mut notes));
        for cause in everything.into_iter().chain(escaped) {
            selection.run_everything(cause);
        }
        Ok(Decision { selection, present, notes, basis: Some(basis), took: Duration::ZERO })
    }

    /// Makes the decision that everything runs, though there is an index.
    fn unknown(basis: Basis, cause: Cause) -> Decision {
        let (selection, notes) = (Selection::everything(cause), basis.notes.clone());
        Decision { selection, present: Present::new(), notes, basis: Some(basis), took: Duration::ZERO }
    }
}

/// Says that a commit's message has everything run, or may have.
fn escaped(escape: &str, messages: Result<Messages, GitError>, notes: &mut Vec<String>) -> Option<Cause> {
    match messages {
        Ok(messages) if messages.have(escape) => return Some(Cause::Asked(escape.to_owned())),
        Ok(messages) if messages.is_cut => notes.push(format!(
            "this clone does not have the commit that is merged, so nobody knows whether its message says `{escape}` \
             (fetch two commits deep to have it)"
        )),
        Ok(_) => {}
        Err(error) => {
            let why = format!("the commit's message cannot be read: {error}");
            return Some(Cause::UnknownChanges(why));
        }
    }
    None
}

fn of_cause(cause: Cause) -> Result<Decision, CommandError> {
    let selection = Selection::everything(cause);
    Ok(Decision { selection, basis: None, present: Present::new(), notes: Vec::new(), took: Duration::ZERO })
}

/// Turns an error into the cause that everything runs, unless it is the user's to put right.
fn cause_of(error: CommandError) -> Result<Cause, CommandError> {
    let text = with_causes(&error);
    match error.kind {
        ErrorKind::NoIndex => Ok(Cause::NoIndex(text)),
        ErrorKind::Store => Ok(Cause::StoreUnreachable(text)),
        ErrorKind::Index => Ok(Cause::Unreadable(text)),
        ErrorKind::Git => Ok(Cause::UnknownChanges(text)),
        _ => Err(error),
    }
}

/// Returns what an error says, with what lies below.
fn with_causes(error: &CommandError) -> String {
    let below = std::iter::successors(std::error::Error::source(error), |error| error.source());
    let mut text = error.message.clone();
    for cause in below {
        text.push_str(&format!(": {cause}"));
    }
    text
}
