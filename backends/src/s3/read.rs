//! Reading values, whether they are objects or behind a pointer.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use skiptrace_engine::key::Key;
use skiptrace_engine::store::{ByteRange, Slice, StoreError, StoreErrorKind};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Values;
use super::objects::Fetched;
use super::pointer::{self, Pointer};
use crate::slice::resolve;

/// How many ranges of a value are fetched side by side.
const SIDE_BY_SIDE: usize = 8;
/// How often a pointer may turn out to be gone, or another one, while it is followed.
const ROUNDS: u32 = 3;

impl Values {
    /// Reads a value, or a range of it.
    pub(super) async fn read(&self, key: &Key, range: Option<ByteRange>) -> Result<Slice, StoreError> {
        let mut missing = None;
        for _ in 0..ROUNDS {
            // 1. Behind a pointer that was seen before. A blob that is gone shows that the pointer is as well,
            //    or that another one took its place.
            if let Some(pointer) = self.pointers.get(key) {
                match self.read_blob(key, &pointer, range.as_ref()).await {
                    Err(error) if error.is_not_found() => {
                        self.pointers.forget(key);
                        missing = Some(error);
                    }
                    result => return result,
                }
            }
            // 2. In the object itself; unless it is so small that it may be a pointer, and is one.
            let fetched = match self.objects.fetch(key.as_str(), range.as_ref()).await {
                Ok(fetched) => fetched,
                Err(error) => match error.kind {
                    StoreErrorKind::OutOfRange { size } if size > pointer::MAX && size != u64::MAX => {
                        return Err(error);
                    }
                    // Empty objects refuse every range, and so do pointers those beyond their end.
                    StoreErrorKind::OutOfRange { .. } => self.objects.fetch(key.as_str(), None).await?,
                    _ => return Err(error),
                },
            };
            if fetched.total > pointer::MAX {
                return self.cut(key.as_str(), fetched, range.as_ref());
            }
            let whole =
                if fetched.is_whole() { fetched } else { self.objects.fetch(key.as_str(), None).await? };
            match Pointer::decode(&whole.bytes) {
                None => return self.cut(key.as_str(), whole, range.as_ref()),
                Some(Ok(pointer)) => self.pointers.remember(key, pointer),
                Some(Err(error)) => {
                    return Err(self.error(StoreErrorKind::Damaged, "read", key.as_str()).caused_by(error));
                }
            }
        }
        let error = self.error(StoreErrorKind::Damaged, "read", key.as_str());
        Err(match missing {
            Some(missing) => error.caused_by(missing),
            None => error,
        })
    }

    /// Reads several ranges of a value side by side.
    pub(super) async fn read_ranges(
        self: Arc<Self>,
        key: Key,
        ranges: Vec<Range<u64>>,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let places = Arc::new(Semaphore::new(SIDE_BY_SIDE));
        let mut parts: Vec<Option<Vec<u8>>> = vec![None; ranges.len()];
        let mut tasks = JoinSet::new();
        for (i, range) in ranges.into_iter().enumerate() {
            let (values, key, places) = (Arc::clone(&self), key.clone(), Arc::clone(&places));
            tasks.spawn(async move {
                let _place = places.acquire().await;
                (i, values.read(&key, Some(ByteRange::Bounded(range))).await)
            });
        }
        // The first error ends it; dropping the set stops what is still under way.
        while let Some(finished) = tasks.join_next().await {
            let (i, slice) = finished
                .map_err(|panic| self.error(StoreErrorKind::Other, "read", key.as_str()).caused_by(panic))?;
            parts[i] = Some(slice?.bytes);
        }
        Ok(parts.into_iter().map(|part| part.expect("every task ended well")).collect())
    }

    /// Reads what is at `key` only so far as needed to compare it with a value of `len` bytes:
    /// either the pointer, or the bytes, unless their number shows already that they differ.
    pub(super) async fn held(&self, key: &Key, len: u64) -> Result<Held, StoreError> {
        let peek = ByteRange::Bounded(0..pointer::MAX);
        let fetched = match self.objects.fetch(key.as_str(), Some(&peek)).await {
            Ok(fetched) => fetched,
            Err(error) if error.is_not_found() => return Ok(Held::Nothing),
            Err(StoreError { kind: StoreErrorKind::OutOfRange { .. }, .. }) => {
                return Ok(Held::Bytes(Bytes::new()));
            }
            Err(error) => return Err(error),
        };
        if fetched.total <= pointer::MAX && fetched.is_whole() {
            return match Pointer::decode(&fetched.bytes) {
                None => Ok(Held::Bytes(fetched.bytes.into())),
                Some(Ok(pointer)) => Ok(Held::Behind(pointer)),
                Some(Err(error)) => {
                    Err(self.error(StoreErrorKind::Damaged, "read", key.as_str()).caused_by(error))
                }
            };
        }
        if fetched.total != len {
            return Ok(Held::OtherSize);
        }
        match self.objects.fetch(key.as_str(), None).await {
            Ok(whole) => Ok(Held::Bytes(whole.bytes.into())),
            Err(error) if error.is_not_found() => Ok(Held::Nothing),
            Err(error) => Err(error),
        }
    }

    pub(super) fn error(&self, kind: StoreErrorKind, action: &'static str, name: &str) -> StoreError {
        StoreError::new(kind, action, self.objects.settings().url(name))
    }

    async fn read_blob(
        &self,
        key: &Key,
        pointer: &Pointer,
        range: Option<&ByteRange>,
    ) -> Result<Slice, StoreError> {
        let outside = |range| resolve(range, pointer.size).err();
        if let Some(kind) = range.and_then(outside) {
            return Err(self.error(kind, "read", key.as_str()));
        }
        let fetched = match self.objects.fetch(&pointer.object(), range).await {
            // A blob that is empty refuses every range.
            Err(StoreError { kind: StoreErrorKind::OutOfRange { .. }, .. }) => {
                self.objects.fetch(&pointer.object(), None).await?
            }
            result => result?,
        };
        if fetched.total != pointer.size {
            return Err(self.error(StoreErrorKind::Damaged, "read", &pointer.object()));
        }
        self.cut(key.as_str(), fetched, range)
    }

    /// Returns the part of what was fetched that `range` means.
    fn cut(&self, name: &str, fetched: Fetched, range: Option<&ByteRange>) -> Result<Slice, StoreError> {
        let Fetched { mut bytes, start, total } = fetched;
        let Some(range) = range else { return Ok(Slice { bytes, total }) };
        let range = resolve(range, total).map_err(|kind| self.error(kind, "read", name))?;
        if range.is_empty() {
            return Ok(Slice { bytes: Vec::new(), total });
        }
        let place = range.start.checked_sub(start).and_then(|skip| usize::try_from(skip).ok());
        let len = usize::try_from(range.end - range.start).ok();
        match (place, len) {
            (Some(skip), Some(len)) if skip + len <= bytes.len() => {
                if skip > 0 {
                    bytes.drain(..skip);
                }
                bytes.truncate(len);
                Ok(Slice { bytes, total })
            }
            // The service answered another question.
            _ => Err(self.error(StoreErrorKind::Unavailable, "read", name)),
        }
    }
}

/// What a key holds.
#[derive(Debug)]
pub(super) enum Held {
    Nothing,
    Bytes(Bytes),
    /// Bytes, but not so many.
    OtherSize,
    Behind(Pointer),
}

impl Fetched {
    fn is_whole(&self) -> bool {
        self.start == 0 && self.bytes.len() as u64 == self.total
    }
}
