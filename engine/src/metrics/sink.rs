//! The port to where numbers and notices go.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::Batch;

/// Where numbers and notices go. `Display` names it for people and has no secret, nor has `Debug`.
pub trait Sink: fmt::Display + fmt::Debug + Send + Sync {
    /// Sends all of a batch, or says why not; of one that failed, some may have arrived. An empty batch is not sent.
    ///
    /// Tries no longer than `within`.
    fn send(&self, batch: &Batch, within: Duration) -> Result<(), SinkError>;
}

/// Why something was not sent, without any secret.
#[derive(Debug)]
pub struct SinkError {
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl SinkError {
    /// Makes an error: what happened, as a lowercase fragment.
    pub fn new(message: impl fmt::Display) -> SinkError {
        SinkError { message: message.to_string(), source: None }
    }

    /// Adds what lies below.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> SinkError {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for SinkError {
    /// With what lies below: it is told on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut below = self.source();
        let mut said = self.message.clone();
        while let Some(error) = below {
            let text = error.to_string();
            if text != said {
                write!(f, ": {text}")?;
            }
            below = error.source();
            said = text;
        }
        Ok(())
    }
}

impl Error for SinkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
