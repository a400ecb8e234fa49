//! Listing, page by page, no further than needed.

use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::Object;
use skiptrace_engine::key::Key;
use skiptrace_engine::store::{Entry, ListRequest, StoreError, StoreErrorKind};
use skiptrace_engine::time::Timestamp;

use super::objects::Objects;

/// How many keys the service puts on a page at most.
const PAGE: usize = 1000;

/// Where the next page begins.
#[derive(Debug, Clone)]
enum Page {
    After(Option<String>),
    Token(String),
}

impl Objects {
    /// Lists keys; see [`Store::list`](skiptrace_engine::store::Store::list).
    pub(super) async fn list(&self, request: &ListRequest) -> Result<Vec<Entry>, StoreError> {
        let limit = request.limit.unwrap_or(usize::MAX);
        let base = self.settings().object("");
        let blobs = format!("{base}.blobs/");
        // What sorts right after every blob.
        let after_blobs = format!("{base}.blobs0");
        let prefix = match &request.folder {
            Some(folder) => format!("{base}{folder}/"),
            None => base.clone(),
        };
        let mut entries = Vec::new();
        let mut page = Page::After(request.start_after.as_ref().map(|after| format!("{base}{after}")));
        while entries.len() < limit {
            let answer = self.page(&prefix, &page, (limit - entries.len()).min(PAGE)).await?;
            let mut reached_blobs = false;
            for object in answer.contents() {
                let Some(name) = object.key() else { continue };
                if name.starts_with(&blobs) {
                    // There may be many. Pass over all of them at once.
                    reached_blobs = true;
                    break;
                }
                if let Some(entry) = name.strip_prefix(&base).and_then(|name| entry(name, object))
                    && request.admits(&entry.key)
                {
                    entries.push(entry);
                }
            }
            let next = match (reached_blobs, answer.is_truncated(), answer.next_continuation_token) {
                (true, ..) => Some(Page::After(Some(after_blobs.clone()))),
                (false, Some(true), Some(token)) => Some(Page::Token(token)),
                (false, Some(true), None) => {
                    let object = self.settings().url(&prefix);
                    return Err(StoreError::new(StoreErrorKind::Unavailable, "list", object)
                        .caused_by("the answer breaks off without saying where to go on"));
                }
                (false, ..) => None,
            };
            match next {
                Some(next) => page = next,
                None => break,
            }
        }
        // The order is the service's promise, which not every one keeps.
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        entries.truncate(limit);
        Ok(entries)
    }

    async fn page(&self, prefix: &str, page: &Page, size: usize) -> Result<ListObjectsV2Output, StoreError> {
        self.retrying("list", prefix, 0, || async {
            let request = self.client().await.list_objects_v2().bucket(&self.settings().bucket);
            let request = request.prefix(prefix).max_keys(i32::try_from(size).unwrap_or(i32::MAX));
            let request = match page {
                Page::After(after) => request.set_start_after(after.clone()),
                Page::Token(token) => request.continuation_token(token),
            };
            request.send().await.map_err(|error| self.failure(error))
        })
        .await
    }
}

fn entry(name: &str, object: &Object) -> Option<Entry> {
    Some(Entry {
        key: Key::new(name).ok()?,
        size: u64::try_from(object.size().unwrap_or(0)).unwrap_or(0),
        modified: object
            .last_modified()
            .and_then(|moment| u64::try_from(moment.to_millis().ok()?).ok())
            .map(Timestamp),
    })
}
