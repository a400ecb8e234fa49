//! How often a remote store tries, and how long it waits in between. No waiting is done here.

use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

use skiptrace_engine::store::{StoreError, StoreErrorKind};

use crate::disk::random;

/// How often to try, and how long to wait in between.
///
/// The pause doubles from try to try; each is shortened by chance to between half of it and all, so that many
/// clients that failed together do not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// How often to try, the first time included. Zero counts as one.
    pub attempts: u32,
    /// The first pause.
    pub first_pause: Duration,
    /// No pause is longer.
    pub longest_pause: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Retries {
            attempts: 5,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(10),
        }
    }
}

/// Why one try failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: StoreErrorKind,
    pub(crate) retry: Retry,
    pub(crate) source: Option<Box<dyn Error + Send + Sync>>,
}

/// Whether another try may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    Never,
    Soon,
    /// The service asked for so much time.
    After(Duration),
}

/// The tries of one operation.
#[derive(Debug)]
pub(crate) struct Tries {
    limits: Retries,
    begun: Instant,
    made: u32,
}

impl Failure {
    pub(crate) fn lasting(kind: StoreErrorKind) -> Self {
        Failure { kind, retry: Retry::Never, source: None }
    }

    pub(crate) fn passing(kind: StoreErrorKind) -> Self {
        Failure { kind, retry: Retry::Soon, source: None }
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl Tries {
    pub(crate) fn begin(limits: Retries) -> Self {
        Tries { limits, begun: Instant::now(), made: 0 }
    }

    /// Counts a try that failed; returns how long to wait before the next one, or `None` to give up.
    pub(crate) fn failed(&mut self, failure: &Failure) -> Option<Duration> {
        self.pause(failure.retry)
    }

    /// The same, of any failure.
    pub(crate) fn pause(&mut self, retry: Retry) -> Option<Duration> {
        self.made += 1;
        if self.made >= self.limits.attempts {
            return None;
        }
        let doublings = (self.made - 1).min(16);
        let pause = (self.limits.first_pause * 2_u32.pow(doublings)).min(self.limits.longest_pause);
        match retry {
            Retry::Never => None,
            Retry::Soon => Some(pause.mul_f64(0.5 + 0.5 * chance())),
            Retry::After(wait) => Some(wait.max(pause).min(self.limits.longest_pause)),
        }
    }

    /// Returns how many tries failed.
    pub(crate) fn made(&self) -> u32 {
        self.made
    }

    /// Returns the error to give up with.
    pub(crate) fn give_up(
        &self,
        failure: Failure,
        action: &'static str,
        object: impl fmt::Display,
    ) -> StoreError {
        let error = StoreError::new(failure.kind, action, object).after(self.made, self.begun.elapsed());
        match failure.source {
            Some(source) => error.caused_by(source),
            None => error,
        }
    }
}

/// Returns a number from 0 up to 1.
fn chance() -> f64 {
    f64::from(u32::try_from(random() >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_end() {
        let limits = Retries {
            attempts: 6,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_millis(500),
        };
        let mut tries = Tries::begin(limits);
        let failure = Failure::passing(StoreErrorKind::Unavailable);
        for most in [100, 200, 400, 500, 500] {
            let pause = tries.failed(&failure).expect("another try");
            let most = Duration::from_millis(most);
            assert!(pause >= most / 2 && pause <= most, "{pause:?} of {most:?}");
        }
        assert_eq!(tries.failed(&failure), None);
        let error = tries.give_up(failure, "read", "it");
        assert_eq!(error.tries.expect("counted").0, 6);
    }

    #[test]
    fn what_lasts_is_not_tried_again() {
        let mut tries = Tries::begin(Retries::default());
        assert_eq!(tries.failed(&Failure::lasting(StoreErrorKind::Forbidden)), None);
        assert_eq!(tries.made, 1);
    }

    #[test]
    fn a_service_that_asks_for_time_gets_it_within_limits() {
        let mut tries = Tries::begin(Retries::default());
        let mut asked = Failure::passing(StoreErrorKind::Unavailable);
        asked.retry = Retry::After(Duration::from_secs(3));
        assert_eq!(tries.failed(&asked), Some(Duration::from_secs(3)));
        asked.retry = Retry::After(Duration::from_secs(3000));
        assert_eq!(tries.failed(&asked), Some(Duration::from_secs(10)));
    }
}
