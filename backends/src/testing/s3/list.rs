//! `ListObjectsV2`.

use std::ops::Bound;

use super::{Bucket, escape, url_encode, xml};
use crate::testing::message::{Request, Response};

/// No page has more.
const PAGE: usize = 1000;
/// When every object was written, as far as anybody can tell.
const MODIFIED: &str = "2026-01-02T03:04:05.678Z";

impl Bucket {
    pub(super) fn list(&self, request: &Request) -> Response {
        let prefix = request.parameter("prefix").unwrap_or_default();
        let size = request.parameter("max-keys").and_then(|text| text.parse().ok()).unwrap_or(PAGE).min(PAGE);
        // A token is the last name of the page before, in disguise.
        let token = request.parameter("continuation-token").map(|token| reveal(&token));
        let after = token.or_else(|| request.parameter("start-after")).unwrap_or_default();
        let first =
            if prefix > after { Bound::Included(prefix.as_str()) } else { Bound::Excluded(after.as_str()) };
        let mut found = self
            .objects
            .range::<str, _>((first, Bound::Unbounded))
            .take_while(|(name, _)| name.starts_with(&prefix));
        let encodes = request.parameter("encoding-type").as_deref() == Some("url");
        let mut contents = String::new();
        let (mut count, mut last) = (0, "");
        for (name, object) in found.by_ref().take(size) {
            let shown = if encodes { url_encode(name) } else { escape(name) };
            contents += &format!(
                "<Contents><Key>{shown}</Key><LastModified>{}</LastModified><ETag>{}</ETag><Size>{}</Size>\
                 <StorageClass>STANDARD</StorageClass></Contents>",
                MODIFIED,
                escape(&object.etag()),
                object.bytes.len()
            );
            (count, last) = (count + 1, name);
        }
        let more = size > 0 && found.next().is_some();
        let next = match more {
            true => format!("<NextContinuationToken>{}</NextContinuationToken>", disguise(last)),
            false => String::new(),
        };
        xml(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>bucket</Name>\
             <MaxKeys>{size}</MaxKeys><KeyCount>{count}</KeyCount><IsTruncated>{more}</IsTruncated>{next}{contents}\
             </ListBucketResult>"
        ))
    }
}

fn disguise(name: &str) -> String {
    name.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn reveal(token: &str) -> String {
    let bytes = token.as_bytes().chunks(2).filter_map(|pair| {
        let text = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(text, 16).ok()
    });
    String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned()
}
