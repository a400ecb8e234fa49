//! Writing values, directly or behind a pointer, and removing them.

use bytes::Bytes;
use skiptrace_engine::key::Key;
use skiptrace_engine::store::{Put, StoreError, StoreErrorKind};

use super::Values;
use super::objects::Created;
use super::pointer::Pointer;
use super::read::Held;

/// How often the object that was in the way may be gone when we look at it.
const ROUNDS: u32 = 5;

impl Values {
    /// Writes a value; see [`Store::put`](skiptrace_engine::store::Store::put).
    pub(super) async fn write(&self, key: &Key, value: Bytes) -> Result<Put, StoreError> {
        let is_large = value.len() as u64 > self.objects.settings().multipart_above;
        if !is_large && !Pointer::is_mimicked_by(&value) {
            return self.commit(key, &value, &value).await;
        }
        let pointer = Pointer::to(key, &value);
        // 1. A look first, since the upload is long and often somebody made it already.
        match self.compare(key, &value).await? {
            Comparison::Same => return Ok(Put::Identical),
            Comparison::Different => return Err(self.exists(key)),
            Comparison::Nothing => {}
        }
        // 2. The bytes, where nobody looks.
        self.upload(&pointer.object(), &value).await?;
        // 3. What makes them the value.
        let result = self.commit(key, &pointer.encode().into(), &value).await;
        if let Err(StoreError { kind: StoreErrorKind::AlreadyExists, .. }) = &result {
            // Nobody needs the blob: another writer of this value cannot commit it either. At worst it stays.
            let _ = self.objects.remove(&pointer.object()).await;
        }
        result
    }

    /// Removes a value: the pointer first, so that no reader finds one whose blob is gone.
    pub(super) async fn remove(&self, key: &Key) -> Result<(), StoreError> {
        let pointer = match self.held(key, 0).await {
            Ok(Held::Nothing) => return Ok(()),
            Ok(Held::Behind(pointer)) => Some(pointer),
            Ok(Held::Bytes(_) | Held::OtherSize) => None,
            // Nothing can be read through it, and nothing is known to be behind it.
            Err(StoreError { kind: StoreErrorKind::Damaged, .. }) => None,
            Err(error) => return Err(error),
        };
        self.objects.remove(key.as_str()).await?;
        self.pointers.forget(key);
        match pointer {
            Some(pointer) => self.objects.remove(&pointer.object()).await,
            None => Ok(()),
        }
    }

    /// Creates the object that makes `value` the key's; `object` is the value, or a pointer to it.
    async fn commit(&self, key: &Key, object: &Bytes, value: &Bytes) -> Result<Put, StoreError> {
        for _ in 0..ROUNDS {
            let created = self.objects.create(key.as_str(), object).await?;
            if created == Created::Yes {
                return Ok(Put::Created);
            }
            match (self.compare(key, value).await?, created) {
                // An earlier try of ours may have got through, its answer lost. So may one of a writer of the
                // same bytes; the two cannot be told apart, and need not be.
                (Comparison::Same, Created::Perhaps) => return Ok(Put::Created),
                (Comparison::Same, _) => return Ok(Put::Identical),
                (Comparison::Different, _) => return Err(self.exists(key)),
                // Deleted since.
                (Comparison::Nothing, _) => {}
            }
        }
        Err(self.error(StoreErrorKind::Unavailable, "write", key.as_str()))
    }

    async fn compare(&self, key: &Key, value: &Bytes) -> Result<Comparison, StoreError> {
        let same = match self.held(key, value.len() as u64).await? {
            Held::Nothing => return Ok(Comparison::Nothing),
            Held::OtherSize => false,
            Held::Bytes(bytes) => bytes == *value,
            Held::Behind(pointer) => {
                let same = pointer == Pointer::to(key, value);
                if same {
                    self.repair(&pointer, value).await?;
                }
                same
            }
        };
        Ok(if same { Comparison::Same } else { Comparison::Different })
    }

    /// Uploads the blob of `pointer` again where it is missing or cut short.
    async fn repair(&self, pointer: &Pointer, value: &Bytes) -> Result<(), StoreError> {
        match self.objects.size(&pointer.object()).await {
            Ok(size) if size == pointer.size => Ok(()),
            Ok(_) => self.upload(&pointer.object(), value).await,
            Err(error) if error.is_not_found() => self.upload(&pointer.object(), value).await,
            Err(error) => Err(error),
        }
    }

    fn exists(&self, key: &Key) -> StoreError {
        self.error(StoreErrorKind::AlreadyExists, "write", key.as_str())
    }
}

#[derive(Debug)]
enum Comparison {
    Nothing,
    Same,
    Different,
}
