//! Uploading a blob, in parts where it is large. A blob may be replaced: its name tells its content.

use std::sync::Arc;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use skiptrace_engine::store::{StoreError, StoreErrorKind};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Values;
use super::failure::{Refusal, foreign, refusal};
use super::objects::Objects;
use crate::retry::Failure;

/// How many parts are under way at once.
const SIDE_BY_SIDE: usize = 4;
/// More than 10,000 parts are refused.
const MOST_PARTS: u64 = 10_000;

impl Values {
    /// Writes the blob `name`.
    pub(super) async fn upload(&self, name: &str, value: &Bytes) -> Result<(), StoreError> {
        let len = value.len() as u64;
        let part_size = self.objects.settings().part_size.max(len.div_ceil(MOST_PARTS)).max(1);
        if len <= part_size {
            return self.objects.replace(name, value).await;
        }
        let id = self.objects.begin_upload(name).await?;
        let result = match self.objects.upload_parts(name, &id, value, part_size).await {
            Ok(parts) => self.objects.complete_upload(name, &id, parts, len).await,
            Err(error) => Err(error),
        };
        if result.is_err() {
            // Parts that stay are paid for, but the first error is the one to tell.
            let _ = self.objects.abort_upload(name, &id).await;
        }
        result
    }
}

impl Objects {
    async fn begin_upload(&self, name: &str) -> Result<String, StoreError> {
        self.retrying("write", name, 0, || async {
            let request = self.client().await.create_multipart_upload();
            let request = request.bucket(&self.settings().bucket).key(self.settings().object(name));
            let answer = request.send().await.map_err(|error| self.failure(error))?;
            answer.upload_id.ok_or_else(|| {
                Failure::passing(StoreErrorKind::Unavailable).caused_by("the answer names no upload")
            })
        })
        .await
    }

    async fn upload_parts(
        &self,
        name: &str,
        id: &str,
        value: &Bytes,
        part_size: u64,
    ) -> Result<Vec<CompletedPart>, StoreError> {
        let part_size = usize::try_from(part_size).unwrap_or(usize::MAX);
        let places = Arc::new(Semaphore::new(SIDE_BY_SIDE));
        let mut tasks = JoinSet::new();
        let starts = (0..value.len()).step_by(part_size);
        for (number, start) in (1..).zip(starts) {
            let part = value.slice(start..value.len().min(start.saturating_add(part_size)));
            let (objects, places) = (self.clone(), Arc::clone(&places));
            let (name, id) = (name.to_owned(), id.to_owned());
            tasks.spawn(async move {
                let _place = places.acquire().await;
                objects.upload_part(&name, &id, number, part).await
            });
        }
        let mut parts = Vec::new();
        // The first error drops the set, and with it what is still under way.
        while let Some(finished) = tasks.join_next().await {
            parts.push(finished.map_err(|panic| {
                let object = self.settings().url(name);
                StoreError::new(StoreErrorKind::Other, "write", object).caused_by(panic)
            })??);
        }
        parts.sort_by_key(|part| part.part_number);
        Ok(parts)
    }

    async fn upload_part(
        &self,
        name: &str,
        id: &str,
        number: i32,
        part: Bytes,
    ) -> Result<CompletedPart, StoreError> {
        self.retrying("write", name, part.len() as u64, || async {
            let request = self.client().await.upload_part().part_number(number).upload_id(id);
            let request = request.bucket(&self.settings().bucket).key(self.settings().object(name));
            let request = request.body(ByteStream::from(part.clone()));
            let answer = request.send().await.map_err(|error| self.failure(error))?;
            if answer.e_tag.is_none() {
                return Err(foreign());
            }
            Ok(CompletedPart::builder().part_number(number).set_e_tag(answer.e_tag).build())
        })
        .await
    }

    async fn complete_upload(
        &self,
        name: &str,
        id: &str,
        parts: Vec<CompletedPart>,
        len: u64,
    ) -> Result<(), StoreError> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let completed = self
            .retrying("write", name, 0, || async {
                let request = self.client().await.complete_multipart_upload().upload_id(id);
                let request = request.bucket(&self.settings().bucket).key(self.settings().object(name));
                match request.multipart_upload(parts.clone()).send().await {
                    Ok(answer) if answer.e_tag.is_none() => Err(foreign()),
                    Ok(_) => Ok(Completed::Yes),
                    Err(error) => match refusal(error, self.region()) {
                        Refusal::NoSuchUpload => Ok(Completed::Perhaps),
                        refusal => Err(refusal.into_failure()),
                    },
                }
            })
            .await?;
        match completed {
            Completed::Yes => Ok(()),
            Completed::Perhaps => match self.size(name).await {
                Ok(size) if size == len => Ok(()),
                Ok(_) => {
                    let object = self.settings().url(name);
                    Err(StoreError::new(StoreErrorKind::Damaged, "write", object))
                }
                Err(error) => Err(error),
            },
        }
    }

    async fn abort_upload(&self, name: &str, id: &str) -> Result<(), StoreError> {
        self.retrying("write", name, 0, || async {
            let request = self.client().await.abort_multipart_upload().upload_id(id);
            let request = request.bucket(&self.settings().bucket).key(self.settings().object(name));
            match request.send().await.map_err(|error| refusal(error, self.region())) {
                Ok(_) | Err(Refusal::NoSuchUpload) => Ok(()),
                Err(refusal) => Err(refusal.into_failure()),
            }
        })
        .await
    }
}

/// Whether an upload was completed.
#[derive(Debug)]
enum Completed {
    Yes,
    /// It is gone; so an earlier try completed it and its answer was lost, or someone aborted it.
    Perhaps,
}
