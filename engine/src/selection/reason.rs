//! Why tests must run.

use std::fmt;

use crate::id::JobName;
use crate::path::RepoPath;
use crate::record::{Health, Outcome, Problem};
use crate::recording::EnvironmentDifference;
use crate::variable::VariableName;

use super::change::Change;

/// One of the ways in which a change can alter a test's result though no coverage shows it.
///
/// They have the numbers under which the documentation lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hazard(pub u8);

impl fmt::Display for Hazard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "H{}", self.0)
    }
}

/// Why a test must run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It executed what changed, or depends on it whatever it executes.
    Executed(Change),
    /// It executed something that mentions what changed, by however many steps.
    Named(Change),
    /// It executed something in a file that reads other names now.
    SameFile(Change),
    /// It executed something that may stand elsewhere now, and calls what sees where.
    Moved(Change),
    /// It looks at what the compiler makes of code, and was compiled from what changed.
    Weighed(Change),
    /// It was compiled from what changed, and nothing narrower is certain.
    Compiled(Change),
    /// It opened the file, or listed the folder.
    Opened(RepoPath),
    /// It may have asked whether the file is there.
    Sought(RepoPath),
    /// The build may have taken the file up, for it is new.
    Arrived(RepoPath),
    /// Its recording did not know the file, or not this version of it.
    Unseen(RepoPath),
    /// A rule names it for the path.
    Rule {
        /// The path that changed.
        path: RepoPath,
        /// The rule.
        rule: Box<str>,
    },
    /// It consulted a variable that is not what it was.
    Variable(VariableName),
    /// It consulted a variable, and nobody said what it is now.
    UnknownVariable(VariableName),
    /// It ran under another condition.
    Condition(EnvironmentDifference),
    /// Its own record proves nothing.
    Unproven {
        /// How its run ended.
        outcome: Outcome,
        /// What is wrong with its coverage.
        health: Health,
    },
    /// The settings say that it always runs.
    NeverSkip(Box<str>),
    /// It need not run, and was taken by chance to see whether it fails.
    Audited,
    /// Nothing can be skipped.
    Everything(Cause),
}

impl Reason {
    /// Returns a name for counting reasons by.
    pub fn code(&self) -> &'static str {
        match self {
            Reason::Executed(_) => "executed",
            Reason::Named(_) => "named",
            Reason::SameFile(_) => "same-file",
            Reason::Moved(_) => "moved",
            Reason::Weighed(_) => "weighed",
            Reason::Compiled(_) => "compiled",
            Reason::Opened(_) => "opened",
            Reason::Sought(_) => "sought",
            Reason::Arrived(_) => "arrived",
            Reason::Unseen(_) => "unseen",
            Reason::Rule { .. } => "rule",
            Reason::Variable(_) => "variable",
            Reason::UnknownVariable(_) => "unknown-variable",
            Reason::Condition(_) => "condition",
            Reason::Unproven { outcome: Outcome::Passed, health } => match health.problems().next() {
                Some(Problem::UnstableFootprint) => "unstable",
                Some(Problem::OrderDependent) => "order-dependent",
                _ => "opaque",
            },
            Reason::Unproven { outcome: Outcome::Flaky, .. } => "flaky",
            Reason::Unproven { outcome: Outcome::Skipped, .. } => "not-run",
            Reason::Unproven { .. } => "failed",
            Reason::NeverSkip(_) => "never-skip",
            Reason::Audited => "audited",
            Reason::Everything(cause) => cause.code(),
        }
    }

    /// Returns what changed, where the reason is a change of code.
    pub fn change(&self) -> Option<&Change> {
        match self {
            Reason::Executed(change)
            | Reason::Named(change)
            | Reason::SameFile(change)
            | Reason::Moved(change)
            | Reason::Weighed(change)
            | Reason::Compiled(change) => Some(change),
            _ => None,
        }
    }

    /// Returns the hazard that the reason answers to, where it is one.
    pub fn hazard(&self) -> Option<Hazard> {
        let number = match self {
            Reason::Executed(_) | Reason::NeverSkip(_) | Reason::Rule { .. } | Reason::Audited => {
                return None;
            }
            Reason::Named(change) => match change.edit {
                crate::reach::Edit::Added | crate::reach::Edit::Removed => 4,
                _ => 1,
            },
            Reason::SameFile(_) => 3,
            Reason::Moved(_) => 16,
            Reason::Weighed(_) => 9,
            Reason::Compiled(_) => 2,
            Reason::Opened(_) | Reason::Sought(_) => 6,
            Reason::Arrived(_) => 2,
            Reason::Unseen(_) => 15,
            Reason::Variable(_) | Reason::UnknownVariable(_) | Reason::Condition(_) => 8,
            Reason::Unproven { outcome: Outcome::Passed, health } => match health.problems().next() {
                Some(Problem::UnstableFootprint) => 10,
                Some(Problem::OrderDependent) => 14,
                _ => 7,
            },
            Reason::Unproven { .. } => 14,
            Reason::Everything(cause) => return cause.hazard(),
        };
        Some(Hazard(number))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Executed(change) => write!(f, "executed `{change}`, which {}", was(change)),
            Reason::Named(change) => {
                write!(f, "executed something that names `{change}`, which {}", was(change))
            }
            Reason::SameFile(change) => {
                write!(f, "executed something in the file of `{change}`, which {}", was(change))
            }
            Reason::Moved(change) => {
                write!(
                    f,
                    "executed `{change}`, which calls what sees where it stands, in a file that changed"
                )
            }
            Reason::Weighed(change) => {
                write!(
                    f,
                    "looks at what the compiler makes of its code, such as how much memory that asks for, and was \
                     compiled from `{change}`, which {}",
                    was(change)
                )
            }
            Reason::Compiled(change) => write!(f, "was compiled from `{change}`, which {}", was(change)),
            Reason::Opened(path) => write!(f, "opened or listed `{path}`, which changed"),
            Reason::Sought(path) => {
                write!(f, "may have asked whether `{path}` is there, which was added or removed")
            }
            Reason::Arrived(path) => write!(f, "may be built from `{path}`, which was added"),
            Reason::Unseen(path) => write!(f, "was recorded without `{path}` as it was then"),
            Reason::Rule { path, rule } => {
                write!(f, "the rule `{rule}` names it for `{path}`, which changed")
            }
            Reason::Variable(name) => write!(f, "consulted the variable `{name}`, which has another value"),
            Reason::UnknownVariable(name) => {
                write!(f, "consulted the variable `{name}`, of which nobody says what it is")
            }
            Reason::Condition(difference) => {
                let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
                let (then, now) = (shown(&difference.recorded), shown(&difference.now));
                write!(f, "was recorded where `{}` was {then}; now it is {now}", difference.part)
            }
            Reason::Unproven { outcome: Outcome::Passed, health } => {
                let problems: Vec<&str> = health.problems().map(Problem::name).collect();
                write!(f, "its coverage cannot be trusted: {}", problems.join(", "))
            }
            Reason::Unproven { outcome: Outcome::Skipped, .. } => {
                f.write_str("did not run when it was recorded")
            }
            Reason::Unproven { outcome, .. } => write!(f, "{} when it was recorded", outcome.name()),
            Reason::NeverSkip(pattern) => write!(f, "the settings say that `{pattern}` is never skipped"),
            Reason::Audited => f.write_str("need not run, and was taken by chance to see whether it fails"),
            Reason::Everything(cause) => cause.fmt(f),
        }
    }
}

/// Says what became of something.
fn was(change: &Change) -> String {
    match change.verb() {
        "changed" => "changed".to_owned(),
        verb => format!("was {verb}"),
    }
}

/// Why nothing at all can be skipped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// There is no index to go by.
    NoIndex(String),
    /// The store does not answer.
    StoreUnreachable(String),
    /// The index could not be read.
    Unreadable(String),
    /// The index has no test at all.
    EmptyIndex,
    /// The index does not have the job.
    UnknownJob {
        /// The job asked for.
        job: JobName,
        /// The jobs it has.
        known: Vec<JobName>,
    },
    /// The index has the job, but no test of it.
    EmptyJob(JobName),
    /// What changed cannot be found out.
    UnknownChanges(String),
    /// Nobody knows which tests depend on a path that changed.
    UnknownPath(RepoPath),
    /// A rule says that a change of this path runs everything.
    RunAllRule {
        /// The path.
        path: RepoPath,
        /// The rule.
        rule: Box<str>,
    },
    /// The commit's message asks for it.
    Asked(String),
    /// Nothing is left out, to see first what would be.
    Observed,
}

impl Cause {
    /// Returns a name for counting causes by.
    pub fn code(&self) -> &'static str {
        match self {
            Cause::NoIndex(_) => "no-index",
            Cause::StoreUnreachable(_) => "store-unreachable",
            Cause::Unreadable(_) => "unreadable",
            Cause::EmptyIndex => "empty-index",
            Cause::UnknownJob { .. } => "unknown-job",
            Cause::EmptyJob(_) => "empty-job",
            Cause::UnknownChanges(_) => "unknown-changes",
            Cause::UnknownPath(_) => "unknown-path",
            Cause::RunAllRule { .. } => "run-all-rule",
            Cause::Asked(_) => "asked",
            Cause::Observed => "observed",
        }
    }

    /// Returns the hazard that the cause answers to, where it is one.
    pub fn hazard(&self) -> Option<Hazard> {
        match self {
            Cause::UnknownPath(_) => Some(Hazard(6)),
            Cause::RunAllRule { .. } => Some(Hazard(8)),
            Cause::Asked(_) | Cause::Observed => None,
            _ => Some(Hazard(15)),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::NoIndex(why) => write!(f, "there is no index to go by: {why}"),
            Cause::StoreUnreachable(why) => write!(f, "the store of indexes cannot be reached: {why}"),
            Cause::Unreadable(why) => write!(f, "the index cannot be read: {why}"),
            Cause::EmptyIndex => f.write_str("the index has no tests"),
            Cause::UnknownJob { job, known } => {
                let known: Vec<String> = known.iter().map(|job| format!("`{job}`")).collect();
                write!(f, "the index has no job `{job}` (it has {})", known.join(", "))
            }
            Cause::EmptyJob(job) => write!(f, "the index has no tests of job `{job}`"),
            Cause::UnknownChanges(why) => write!(f, "nobody knows what changed: {why}"),
            Cause::UnknownPath(path) => {
                write!(f, "nobody knows which tests depend on `{path}`, which changed")
            }
            Cause::RunAllRule { path, rule } => {
                write!(f, "`{path}` changed, and the rule `{rule}` runs everything then")
            }
            Cause::Asked(what) => write!(f, "the commit message says `{what}`"),
            Cause::Observed => f.write_str("what could be skipped is only observed"),
        }
    }
}
