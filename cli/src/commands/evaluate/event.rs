//! Why there was nothing to go by.

use serde::Serialize;
use skiptrace_engine::selection::Cause;

use crate::decision::Decision;
use crate::error::CommandError;
use crate::exit::ExitStatus;

/// What kept an index from being used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Event {
    /// What it is.
    #[serde(rename = "type", serialize_with = "by_name")]
    pub(super) kind: EventKind,
    /// What happened.
    pub(super) message: String,
}

/// What kept an index from being used, for counting.
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
}

impl EventKind {
    /// Returns its name, a promise to whoever counts.
    pub(super) fn name(self) -> &'static str {
        match self {
            EventKind::NotFound => "index_not_found",
            EventKind::Corrupt => "index_corrupt",
            EventKind::StoreUnreachable => "store_unreachable",
            EventKind::Unexpected => "unexpected",
        }
    }

    /// Returns how the program ends where this is not accepted.
    pub(super) fn status(self) -> ExitStatus {
        match self {
            EventKind::NotFound => ExitStatus::NoIndex,
            EventKind::Corrupt => ExitStatus::DamagedIndex,
            EventKind::StoreUnreachable => ExitStatus::Store,
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
            Some(Event { kind, message: cause.to_string() })
        };
        decision.selection.everything.iter().filter_map(event).collect()
    }

    /// The file of an index is not there.
    pub(super) fn no_file(file: &str) -> Event {
        Event { kind: EventKind::NotFound, message: format!("there is no file `{file}`") }
    }

    /// Nobody thought of this.
    pub(super) fn unexpected(error: &CommandError) -> Event {
        Event { kind: EventKind::Unexpected, message: error.message.clone() }
    }
}

fn by_name<S: serde::Serializer>(kind: &EventKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name())
}
