//! What can go wrong with a history.

use std::error::Error;

use thiserror::Error;

/// A history that cannot be used.
#[derive(Debug, Error)]
pub enum HistoryError {
    /// What is there is no longer what was written.
    #[error("the history `{place}` is damaged: {reason}")]
    Damaged {
        /// The file.
        place: String,
        /// What was found.
        reason: String,
    },
    /// It was written by a newer version.
    #[error("the history `{place}` has version {found}, and this skiptrace reads up to {supported}")]
    TooNew {
        /// The file.
        place: String,
        /// Its version.
        found: i64,
        /// The newest that is understood.
        supported: i64,
    },
    /// It is somebody else's.
    #[error("`{place}` is a database, but no history of skiptrace")]
    Foreign {
        /// The file.
        place: String,
    },
    /// Others kept writing for as long as it was waited.
    #[error("the history `{place}` is in use, and stayed so for {seconds} s")]
    Busy {
        /// The file.
        place: String,
        /// How long it was waited.
        seconds: u64,
    },
    /// Anything else.
    #[error("cannot {action} the history `{place}`")]
    Other {
        /// The verb.
        action: &'static str,
        /// The file.
        place: String,
        /// What lies below.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl HistoryError {
    /// Returns what a user can do about it, as a sentence to print after `hint:`.
    pub fn hint(&self) -> Option<String> {
        match self {
            HistoryError::Damaged { place, .. } => Some(format!(
                "nothing was changed; move the file away (`mv {place} {place}.damaged`) to begin a new history, and `skiptrace history pull --all` brings back what is in the store"
            )),
            HistoryError::TooNew { .. } => Some(
                "use a newer skiptrace, or name another file with `--config history.path=FILE`".to_owned(),
            ),
            HistoryError::Foreign { .. } => {
                Some("name another file with `--config history.path=FILE`".to_owned())
            }
            HistoryError::Busy { .. } => Some("try again; nothing was lost".to_owned()),
            HistoryError::Other { .. } => None,
        }
    }
}
