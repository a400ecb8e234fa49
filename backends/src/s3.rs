//! A store in a bucket of S3, or of a service that speaks its language.
//!
//! A value is an object, created by a `PUT` with `If-None-Match: *`, which a service answers with 412 when there is
//! one already; then the two are compared. So a reply that was lost is no loss either: the next try finds
//! our own bytes. Every request is tried a limited number of times, each for a limited time; the retries of
//! the SDK are off, since ours cover bodies cut short as well and can tell how many there were.
//!
//! **Large values.** An object of more than 5 GiB, or one whose upload should run in parallel, needs a multipart
//! upload; but services differ in whether `CompleteMultipartUpload` honours a condition. So a value larger
//! than [`S3Settings::multipart_above`] is uploaded as a *blob*, `<base>/.blobs/<hash of key and content>`,
//! which no listing shows since no key has a segment that begins with a dot. What commits it is a small plain
//! conditional `PUT` of a *pointer* at the key itself. Readers follow pointers; only an object of
//! at most 1 KiB can be one, so others cost no request more. A value that looks like a pointer is itself
//! kept behind one. The size in a listing is the pointer's. An upload that is broken off leaves its
//! parts, or a blob that nothing points to: give the bucket a lifecycle rule for incomplete uploads.
//!
//! **Deleting** removes the pointer, then its blob. A writer of the same value at the same time may find its
//! blob deleted after it committed; its readers get [`Damaged`], and whoever writes the value again repairs it.
//!
//! [`Damaged`]: skiptrace_engine::store::StoreErrorKind::Damaged

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use skiptrace_engine::key::Key;
use skiptrace_engine::store::{ByteRange, Entry, ListRequest, Put, Slice, Store, StoreError, StoreErrorKind};

use bridge::Bridge;
use objects::Objects;

pub use settings::S3Settings;

mod bridge;
mod connect;
mod failure;
mod list;
mod multipart;
mod objects;
mod pointer;
mod read;
mod settings;
mod write;

/// Values in a bucket.
pub struct S3Store {
    values: Arc<Values>,
    bridge: Bridge,
}

/// What the operations share: the objects of the bucket, and the pointers seen among them.
struct Values {
    objects: Objects,
    pointers: pointer::Cache,
}

impl S3Store {
    /// Makes a store. The network is not touched before the first operation.
    pub fn new(settings: S3Settings) -> Result<Self, StoreError> {
        let bridge = Bridge::new()
            .map_err(|error| StoreError::new(StoreErrorKind::Other, "open", &settings).caused_by(error))?;
        let values = Values { objects: Objects::new(settings), pointers: pointer::Cache::default() };
        Ok(S3Store { values: Arc::new(values), bridge })
    }

    /// Runs an operation on the runtime, from whatever thread this is.
    fn run<T: Send + 'static, F: Future<Output = Result<T, StoreError>> + Send + 'static>(
        &self,
        operation: impl FnOnce(Arc<Values>) -> F,
    ) -> Result<T, StoreError> {
        self.bridge.run(operation(Arc::clone(&self.values))).unwrap_or_else(|lost| {
            let kind = StoreErrorKind::Other;
            Err(StoreError::new(kind, "use", self).caused_by(lost))
        })
    }
}

#[deny(clippy::missing_trait_methods)]
impl Store for S3Store {
    fn get(&self, key: &Key) -> Result<Vec<u8>, StoreError> {
        let key = key.clone();
        self.run(|values| async move { Ok(values.read(&key, None).await?.bytes) })
    }

    fn get_range(&self, key: &Key, range: ByteRange) -> Result<Slice, StoreError> {
        let key = key.clone();
        self.run(|values| async move { values.read(&key, Some(range)).await })
    }

    fn get_ranges(&self, key: &Key, ranges: &[Range<u64>]) -> Result<Vec<Vec<u8>>, StoreError> {
        let (key, ranges) = (key.clone(), ranges.to_vec());
        self.run(|values| async move { values.read_ranges(key, ranges).await })
    }

    fn put(&self, key: &Key, value: &[u8]) -> Result<Put, StoreError> {
        let (key, value) = (key.clone(), value.to_vec());
        self.run(|values| async move { values.write(&key, value.into()).await })
    }

    fn list(&self, request: &ListRequest) -> Result<Vec<Entry>, StoreError> {
        let request = request.clone();
        self.run(|values| async move { values.objects.list(&request).await })
    }

    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        let key = key.clone();
        self.run(|values| async move { values.remove(&key).await })
    }

    fn local_path(&self, _key: &Key) -> Option<PathBuf> {
        None
    }

    fn is_local(&self) -> bool {
        false
    }
}

impl fmt::Display for S3Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.values.objects.settings().fmt(f)
    }
}

impl fmt::Debug for S3Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("S3Store").field(self.values.objects.settings()).finish()
    }
}
