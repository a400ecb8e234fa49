//! From threads that wait to tasks that do not: the only place that knows of a runtime.

use std::io;
use std::sync::mpsc;

use thiserror::Error;
use tokio::runtime::{Builder, Runtime};

/// A small runtime of its own.
#[derive(Debug)]
pub(super) struct Bridge {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

/// The task ended without an answer, so it panicked.
#[derive(Debug, Error)]
#[error("the request's task ended without an answer")]
pub(super) struct Lost;

impl Bridge {
    pub(super) fn new() -> io::Result<Bridge> {
        // Two threads are plenty: the work is waiting, and hashing for signatures.
        let runtime =
            Builder::new_multi_thread().worker_threads(2).thread_name("skiptrace-s3").enable_all().build()?;
        Ok(Bridge { runtime: Some(runtime) })
    }

    /// Waits for `task`. Any thread may do so, even one that belongs to another runtime, where `block_on`
    /// would panic.
    pub(super) fn run<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Lost> {
        let runtime = self.runtime.as_ref().ok_or(Lost)?;
        let (sender, receiver) = mpsc::sync_channel(1);
        runtime.spawn(async move {
            // The receiver waits below; it is gone only if its thread is.
            let _ = sender.send(task.await);
        });
        receiver.recv().map_err(|_| Lost)
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting for the threads would panic inside of another runtime.
            runtime.shutdown_background();
        }
    }
}
