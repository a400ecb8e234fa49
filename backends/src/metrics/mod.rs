//! Where numbers and notices go: implementations of the engine's [`Sink`].
//!
//! [`publish`] hands a batch to all of them at once and waits for none longer than it was told to.

mod datadog;
mod deliver;
mod lines;
mod otlp;
mod text_file;

#[cfg(any(test, feature = "testing"))]
pub mod conformance;

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use skiptrace_engine::metrics::{Batch, Sink, SinkError};

pub use datadog::DatadogSink;
pub use lines::LinesSink;
pub use otlp::{OtlpError, OtlpSettings, OtlpSink};
pub use text_file::TextFileSink;

/// What a sink that ends in time on its own may need to say so.
const GRACE: Duration = Duration::from_millis(200);

/// Hands a batch to every sink, and waits so long for all of them. Returns those that failed, by name.
pub fn publish(sinks: Vec<Arc<dyn Sink>>, batch: Batch, within: Duration) -> Vec<(String, SinkError)> {
    if batch.is_empty() {
        return Vec::new();
    }
    let until = Instant::now() + within + GRACE;
    let batch = Arc::new(batch);
    let (tell, told) = mpsc::channel();
    let mut names: Vec<Option<String>> = Vec::new();
    let mut failed = Vec::new();
    for (at, sink) in sinks.into_iter().enumerate() {
        names.push(Some(sink.to_string()));
        let (batch, tell) = (Arc::clone(&batch), tell.clone());
        // Nobody joins it: a file system that hangs hangs for ever, and must not take us with it.
        let started = thread::Builder::new().spawn(move || {
            // Who waits may have given up.
            let _ = tell.send((at, sink.send(&batch, within)));
        });
        if let Err(error) = started {
            let name = names[at].take().unwrap_or_default();
            failed.push((name, SinkError::new("there is no thread for it").caused_by(error)));
        }
    }
    drop(tell);
    let why = loop {
        match told.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok((at, result)) => {
                let name = names[at].take().unwrap_or_default();
                failed.extend(result.err().map(|error| (name, error)));
            }
            Err(RecvTimeoutError::Timeout) => {
                break format!("it took longer than {} s", within.as_secs_f32());
            }
            // All have answered, or else a thread is gone without having done so.
            Err(RecvTimeoutError::Disconnected) => break "it met a bug in skiptrace".to_owned(),
        }
    };
    failed.extend(names.into_iter().flatten().map(|name| (name, SinkError::new(&why))));
    failed.sort_by(|(one, _), (other, _)| one.cmp(other));
    failed
}
