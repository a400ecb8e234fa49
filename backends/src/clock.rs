//! The system's times as the engine's.

use std::time::{SystemTime, UNIX_EPOCH};

use skiptrace_engine::time::Timestamp;

/// Returns the moment `time`; unknown when it lies before 1970.
pub(crate) fn timestamp(time: SystemTime) -> Timestamp {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX)),
        Err(_) => Timestamp::UNKNOWN,
    }
}

/// Returns the present moment.
pub(crate) fn now() -> Timestamp {
    timestamp(SystemTime::now())
}
