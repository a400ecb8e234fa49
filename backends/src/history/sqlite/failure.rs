//! What can go wrong, before the file is named.

use std::path::Path;
use std::time::Duration;

use rusqlite::ErrorCode;
use skiptrace_engine::history::HistoryError;

/// Why something did not work.
#[derive(Debug)]
pub(super) enum Failure {
    Database(rusqlite::Error),
    /// The file is not what was written; what of it.
    Damaged(String),
    TooNew {
        found: i64,
        supported: i64,
    },
    Foreign,
    Io(std::io::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::Database(error)
    }
}

impl Failure {
    /// Returns whether it may work later.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Failure::Database(error) if matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
        ))
    }

    /// Makes the error for callers.
    pub(super) fn named(self, action: &'static str, path: &Path, waited: Duration) -> HistoryError {
        let place = path.display().to_string();
        if self.is_busy() {
            return HistoryError::Busy { place, seconds: waited.as_secs() };
        }
        match self {
            Failure::Damaged(reason) => HistoryError::Damaged { place, reason },
            Failure::TooNew { found, supported } => HistoryError::TooNew { place, found, supported },
            Failure::Foreign => HistoryError::Foreign { place },
            Failure::Io(error) => HistoryError::Other { action, place, source: error.into() },
            Failure::Database(error) => match error.sqlite_error_code() {
                Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                    HistoryError::Damaged { place, reason: error.to_string() }
                }
                _ => HistoryError::Other { action, place, source: error.into() },
            },
        }
    }
}
