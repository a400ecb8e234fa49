//! Posting a document, within a time, a few times.

use std::thread;
use std::time::{Duration, Instant};

use skiptrace_engine::metrics::SinkError;

use crate::retry::{Retries, Retry, Tries};
use crate::web::{Answer, WebError};

/// What is worth a few seconds is not worth many tries.
const RETRIES: Retries =
    Retries { attempts: 3, first_pause: Duration::from_millis(100), longest_pause: Duration::from_secs(2) };

/// When trying ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(Instant);

impl Deadline {
    pub(super) fn after(within: Duration) -> Deadline {
        Deadline(Instant::now() + within)
    }

    fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// Posts until there is an answer that says yes. `said` is what an answer says, without secrets.
pub(super) fn deliver(
    deadline: Deadline,
    post: impl Fn(Duration) -> Result<Answer, WebError>,
    said: impl Fn(&Answer) -> String,
) -> Result<Answer, SinkError> {
    let mut tries = Tries::begin(RETRIES);
    loop {
        let left = deadline.left();
        if left.is_zero() {
            return Err(SinkError::new("there was no time left"));
        }
        let (error, retry) = match post(left) {
            Ok(answer) if answer.is_success() => return Ok(answer),
            Ok(answer) => {
                let (status, said) = (answer.status, said(&answer));
                let said = if said.is_empty() { said } else { format!(": {said}") };
                // Others were understood, and will not be taken the next time either.
                let retry = if matches!(status, 429 | 500..) { Retry::Soon } else { Retry::Never };
                (SinkError::new(format_args!("the service answered {status}{said}")), retry)
            }
            // It may have been taken, and would count twice.
            Err(error @ (WebError::BrokenOff(_) | WebError::TooLarge)) => {
                (SinkError::new("no answer").caused_by(error), Retry::Never)
            }
            Err(error @ WebError::Unfit) => (SinkError::new(error), Retry::Never),
            Err(error @ WebError::NoAnswer(_)) => {
                let never_sent = matches!(&error, WebError::NoAnswer(error) if is_refused(error));
                let retry = if never_sent { Retry::Soon } else { Retry::Never };
                (SinkError::new("no answer").caused_by(error), retry)
            }
        };
        match tries.pause(retry) {
            Some(pause) if pause < deadline.left() => thread::sleep(pause),
            _ => return Err(error),
        }
    }
}

/// Returns whether nobody was there to hear anything.
fn is_refused(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => true,
        _ => false,
    }
}
