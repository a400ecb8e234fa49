//! Why there was nothing to go by, or nothing to compare.

use serde::Serialize;
use skiptrace_backends::datadog::{SearchError, SearchErrorKind};
use skiptrace_engine::selection::Cause;
use skiptrace_indexers::results::datadog::Unfit;

use crate::decision::Decision;
use crate::error::CommandError;
use crate::exit::ExitStatus;

/// What kept an index or results from being used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Event {
    /// What it is.
    #[serde(rename = "type", serialize_with = "by_name")]
    pub(super) kind: EventKind,
    /// What happened.
    pub(super) message: String,
    /// What can be done.
    #[serde(skip)]
    pub(super) hint: Option<&'static str>,
}

/// What kept an index or results from being used, for counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EventKind {
    /// There is none, or none of the job.
    NotFound,
    /// It is damaged, or of a version that cannot be read.
    Corrupt,
    /// The store does not answer.
    StoreUnreachable,
    /// Something else.
    Unexpected,
    /// The service that has the results does not answer.
    ResultsUnreachable,
    /// It answers, and refuses.
    ResultsRefused,
    /// It answers something else than it promises, or what no selection can be held against.
    ResultsInvalid,
}

impl EventKind {
    /// Returns its name, a promise to whoever counts.
    pub(super) fn name(self) -> &'static str {
        match self {
            EventKind::NotFound => "index_not_found",
            EventKind::Corrupt => "index_corrupt",
            EventKind::StoreUnreachable => "store_unreachable",
            EventKind::Unexpected => "unexpected",
            EventKind::ResultsUnreachable => "results_unreachable",
            EventKind::ResultsRefused => "results_refused",
            EventKind::ResultsInvalid => "results_invalid",
        }
    }

    /// Returns what is missing because of it.
    pub(super) fn missing(self) -> &'static str {
        match self {
            EventKind::NotFound
            | EventKind::Corrupt
            | EventKind::StoreUnreachable
            | EventKind::Unexpected => "no index",
            EventKind::ResultsUnreachable | EventKind::ResultsRefused | EventKind::ResultsInvalid => {
                "no results"
            }
        }
    }

    /// Returns how the program ends where this is not accepted.
    pub(super) fn status(self) -> ExitStatus {
        match self {
            EventKind::NotFound => ExitStatus::NoIndex,
            EventKind::Corrupt => ExitStatus::DamagedIndex,
            EventKind::StoreUnreachable
            | EventKind::ResultsUnreachable
            | EventKind::ResultsRefused
            | EventKind::ResultsInvalid => ExitStatus::Store,
            EventKind::Unexpected => ExitStatus::FellBack,
        }
    }
}

impl Event {
    /// Returns what kept a decision from being made by an index. That it has everything run for good reasons is none.
    pub(super) fn of(decision: &Decision) -> Vec<Event> {
        let event = |cause: &Cause| {
            let kind = match cause {
                Cause::NoIndex(_) | Cause::EmptyIndex | Cause::UnknownJob { .. } | Cause::EmptyJob(_) => {
                    EventKind::NotFound
                }
                Cause::StoreUnreachable(_) => EventKind::StoreUnreachable,
                Cause::Unreadable(_) => EventKind::Corrupt,
                Cause::UnknownChanges(_) => EventKind::Unexpected,
                Cause::UnknownPath(_) | Cause::RunAllRule { .. } | Cause::Asked(_) | Cause::Observed => {
                    return None;
                }
            };
            Some(Event { kind, message: cause.to_string(), hint: None })
        };
        decision.selection.everything.iter().filter_map(event).collect()
    }

    /// The file of an index is not there.
    pub(super) fn no_file(file: &str) -> Event {
        Event { kind: EventKind::NotFound, message: format!("there is no file `{file}`"), hint: None }
    }

    /// Results could not be read, or not all of them.
    pub(super) fn no_results(error: &SearchError) -> Event {
        let kind = match error.kind {
            SearchErrorKind::Unreachable => EventKind::ResultsUnreachable,
            SearchErrorKind::Refused(_) => EventKind::ResultsRefused,
            SearchErrorKind::Invalid => EventKind::ResultsInvalid,
        };
        Event { kind, message: error.to_string(), hint: Some(error.hint()) }
    }

    /// Results are of no one run.
    pub(super) fn unfit(error: &Unfit) -> Event {
        let hint = "narrow the query to what ran once: `@git.commit.sha:…`, or `--pipeline ID`";
        Event { kind: EventKind::ResultsInvalid, message: error.to_string(), hint: Some(hint) }
    }

    /// Nobody thought of this.
    pub(super) fn unexpected(error: &CommandError) -> Event {
        Event { kind: EventKind::Unexpected, message: error.message.clone(), hint: None }
    }
}

fn by_name<S: serde::Serializer>(kind: &EventKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name())
}
