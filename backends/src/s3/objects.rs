//! Single requests on objects by their names, each tried a limited number of times.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use skiptrace_engine::store::{ByteRange, StoreError, StoreErrorKind};
use thiserror::Error;
use tokio::sync::OnceCell;
use tokio::time::{sleep, timeout};

use super::S3Settings;
use super::connect::connect;
use super::failure::{Refusal, foreign, refusal};
use crate::retry::{Failure, Tries};
use crate::slice::range_header;

/// How slow an upload may be before it counts as stuck, in bytes per second.
const SLOWEST_UPLOAD: u64 = 64 << 10;

/// The objects of a bucket. Clones share the client.
#[derive(Debug, Clone)]
pub(super) struct Objects {
    settings: Arc<S3Settings>,
    client: Arc<OnceCell<Client>>,
}

/// Some bytes of an object, and where in it they are.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) bytes: Vec<u8>,
    pub(super) start: u64,
    pub(super) total: u64,
}

/// What came of an attempt to create an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Created {
    Yes,
    /// There is one already.
    No,
    /// There is one now, which may be ours: an earlier try got no answer.
    Perhaps,
}

#[derive(Debug, Error)]
enum Trouble {
    #[error("no answer within {:.1} s", .0.as_secs_f64())]
    Timeout(Duration),
    #[error("the body ended after {got} of {expected} bytes")]
    Cut { got: usize, expected: i64 },
    #[error("the answer says `Content-Range: {0}`")]
    ContentRange(String),
}

impl Objects {
    pub(super) fn new(settings: S3Settings) -> Self {
        Objects { settings: Arc::new(settings), client: Arc::new(OnceCell::new()) }
    }

    pub(super) fn settings(&self) -> &S3Settings {
        &self.settings
    }

    pub(super) async fn client(&self) -> &Client {
        self.client.get_or_init(|| connect(&self.settings)).await
    }

    /// Reads an object, or a range of it that is not empty. The service may return less where the object ends, and more
    /// where it does not do ranges.
    pub(super) async fn fetch(&self, name: &str, range: Option<&ByteRange>) -> Result<Fetched, StoreError> {
        let range = range.and_then(range_header);
        // No limit for all of it: a large body takes its time, and `body` sees to it that it goes on.
        self.retrying_for(None, "read", name, || async {
            let request = self.client().await.get_object().set_range(range.clone());
            let request = request.bucket(&self.settings.bucket).key(self.settings.object(name));
            let answer = timeout(self.settings.timeout, request.send())
                .await
                .map_err(|_| stuck(self.settings.timeout))?
                .map_err(|error| self.failure(error))?;
            if answer.e_tag().is_none() {
                return Err(foreign());
            }
            self.body(answer).await
        })
        .await
    }

    /// Creates an object unless there is one of that name.
    pub(super) async fn create(&self, name: &str, value: &Bytes) -> Result<Created, StoreError> {
        let unanswered = AtomicBool::new(false);
        self.retrying("write", name, value.len() as u64, || async {
            // From here until an answer says otherwise: a timeout ends this try at any `await`.
            let before = unanswered.swap(true, Ordering::Relaxed);
            let answer = self
                .client()
                .await
                .put_object()
                .bucket(&self.settings.bucket)
                .key(self.settings.object(name))
                .if_none_match("*")
                .body(ByteStream::from(value.clone()))
                .send()
                .await;
            match answer.map_err(|error| refusal(error, self.region())) {
                Ok(answer) if answer.e_tag().is_none() => Err(foreign()),
                Ok(_) => Ok(Created::Yes),
                Err(Refusal::Exists) if before => Ok(Created::Perhaps),
                Err(Refusal::Exists) => Ok(Created::No),
                Err(refusal) => {
                    if let Refusal::Conflict(_) = refusal {
                        unanswered.store(before, Ordering::Relaxed);
                    }
                    Err(refusal.into_failure())
                }
            }
        })
        .await
    }

    /// Writes an object, whatever was there.
    pub(super) async fn replace(&self, name: &str, value: &Bytes) -> Result<(), StoreError> {
        self.retrying("write", name, value.len() as u64, || async {
            let request = self.client().await.put_object();
            let request = request.bucket(&self.settings.bucket).key(self.settings.object(name));
            let answer = request.body(ByteStream::from(value.clone())).send().await;
            match answer.map_err(|error| self.failure(error))?.e_tag() {
                Some(_) => Ok(()),
                None => Err(foreign()),
            }
        })
        .await
    }

    /// Returns the size of an object.
    pub(super) async fn size(&self, name: &str) -> Result<u64, StoreError> {
        self.retrying("read", name, 0, || async {
            let request = self.client().await.head_object();
            let request = request.bucket(&self.settings.bucket).key(self.settings.object(name));
            let answer = request.send().await.map_err(|error| self.failure(error))?;
            if answer.e_tag().is_none() {
                return Err(foreign());
            }
            Ok(answer.content_length().and_then(|size| u64::try_from(size).ok()).unwrap_or(0))
        })
        .await
    }

    /// Removes an object, if there is one.
    pub(super) async fn remove(&self, name: &str) -> Result<(), StoreError> {
        let result = self
            .retrying("delete", name, 0, || async {
                let request = self.client().await.delete_object();
                let request = request.bucket(&self.settings.bucket).key(self.settings.object(name));
                request.send().await.map_err(|error| self.failure(error))?;
                Ok(())
            })
            .await;
        match result {
            // Some services say so, AWS does not.
            Err(error) if error.is_not_found() => Ok(()),
            result => result,
        }
    }

    /// Tries `once` until it succeeds or the tries are used up. `upload` is how many bytes it sends.
    pub(super) async fn retrying<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        action: &'static str,
        name: &str,
        upload: u64,
        once: impl Fn() -> F,
    ) -> Result<T, StoreError> {
        let allowed = self.settings.timeout + Duration::from_secs(upload / SLOWEST_UPLOAD);
        self.retrying_for(Some(allowed), action, name, once).await
    }

    /// Tries `once`, each time for as long as `allowed`, or as it takes.
    async fn retrying_for<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        allowed: Option<Duration>,
        action: &'static str,
        name: &str,
        once: impl Fn() -> F,
    ) -> Result<T, StoreError> {
        // Finding the settings that others made is no part of a try's time: cut short, it would begin anew each time.
        self.client().await;
        let mut tries = Tries::begin(self.settings.retries);
        loop {
            let result = match allowed {
                Some(allowed) => timeout(allowed, once()).await.unwrap_or_else(|_| Err(stuck(allowed))),
                None => once().await,
            };
            let failure = match result {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            match tries.failed(&failure) {
                Some(pause) => sleep(pause).await,
                None => {
                    return Err(tries.give_up(failure, action, self.settings.url(name)));
                }
            }
        }
    }

    pub(super) fn region(&self) -> Option<&str> {
        self.client.get()?.config().region().map(|region| region.as_ref())
    }

    pub(super) fn failure<E>(
        &self,
        error: aws_sdk_s3::error::SdkError<E, aws_sdk_s3::config::http::HttpResponse>,
    ) -> Failure
    where
        E: aws_sdk_s3::error::ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        refusal(error, self.region()).into_failure()
    }

    async fn body(&self, mut answer: GetObjectOutput) -> Result<Fetched, Failure> {
        let expected = answer.content_length();
        let capacity = expected.and_then(|len| usize::try_from(len).ok()).unwrap_or(0);
        let mut bytes = Vec::with_capacity(capacity.min(64 << 20));
        loop {
            match timeout(self.settings.timeout, answer.body.try_next()).await {
                Ok(Ok(Some(chunk))) => bytes.extend_from_slice(&chunk),
                Ok(Ok(None)) => break,
                Ok(Err(error)) => return Err(Failure::passing(StoreErrorKind::Unavailable).caused_by(error)),
                Err(_) => return Err(stuck(self.settings.timeout)),
            }
        }
        if let Some(expected) = expected
            && i64::try_from(bytes.len()) != Ok(expected)
        {
            let cut = Trouble::Cut { got: bytes.len(), expected };
            return Err(Failure::passing(StoreErrorKind::Unavailable).caused_by(cut));
        }
        let (start, total) = match answer.content_range() {
            None => (0, bytes.len() as u64),
            Some(text) => content_range(text).ok_or_else(|| {
                Failure::lasting(StoreErrorKind::Other).caused_by(Trouble::ContentRange(text.to_owned()))
            })?,
        };
        Ok(Fetched { bytes, start, total })
    }
}

fn stuck(allowed: Duration) -> Failure {
    Failure::passing(StoreErrorKind::Unreachable).caused_by(Trouble::Timeout(allowed))
}

/// Reads `bytes 5-9/100` as the start and the total.
fn content_range(text: &str) -> Option<(u64, u64)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.parse().ok()?, total.parse().ok()?))
}
