//! Uploads in parts.

use std::collections::BTreeMap;

use super::{Bucket, escape, etag, refusal, xml};
use crate::testing::message::{Request, Response};

/// The parts so far.
pub(super) type Upload = BTreeMap<u32, Vec<u8>>;

impl Bucket {
    pub(super) fn begin_upload(&mut self, name: &str) -> Response {
        self.begun += 1;
        let id = format!("upload-{}", self.begun);
        self.uploads.insert(id.clone(), Upload::new());
        xml(format!(
            "<InitiateMultipartUploadResult><Bucket>bucket</Bucket><Key>{}</Key><UploadId>{id}</UploadId>\
             </InitiateMultipartUploadResult>",
            escape(name)
        ))
    }

    pub(super) fn put_part(&mut self, request: &Request) -> Response {
        let number = request.parameter("partNumber").and_then(|text| text.parse().ok());
        let Some(upload) = self.uploads.get_mut(&id(request)) else { return refusal(404, "NoSuchUpload") };
        let Some(number) = number else { return refusal(400, "InvalidArgument") };
        upload.insert(number, request.body.clone());
        Response::new(200).with("ETag", etag(&request.body))
    }

    /// Puts together the parts that the request names, which must be those that were uploaded.
    pub(super) fn complete_upload(&mut self, name: &str, request: &Request) -> Response {
        let Some(upload) = self.uploads.get(&id(request)) else { return refusal(404, "NoSuchUpload") };
        let document = String::from_utf8_lossy(&request.body);
        let mut bytes = Vec::new();
        let mut before = 0;
        for part in document.split("<Part>").skip(1) {
            let number = inside(part, "PartNumber").and_then(|text| text.parse().ok()).unwrap_or(0);
            if number <= before {
                return refusal(400, "InvalidPartOrder");
            }
            before = number;
            let tag = inside(part, "ETag").unwrap_or_default().replace("&quot;", "\"");
            match upload.get(&number) {
                Some(part) if etag(part) == tag => bytes.extend_from_slice(part),
                _ => return refusal(400, "InvalidPart"),
            }
        }
        if before == 0 {
            return refusal(400, "MalformedXML");
        }
        self.uploads.remove(&id(request));
        let tag = etag(&bytes);
        self.insert(name, bytes);
        xml(format!(
            "<CompleteMultipartUploadResult><Key>{}</Key><ETag>{}</ETag></CompleteMultipartUploadResult>",
            escape(name),
            escape(&tag)
        ))
    }

    pub(super) fn abort_upload(&mut self, request: &Request) -> Response {
        match self.uploads.remove(&id(request)) {
            Some(_) => Response::new(204),
            None => refusal(404, "NoSuchUpload"),
        }
    }
}

fn id(request: &Request) -> String {
    request.parameter("uploadId").unwrap_or_default()
}

fn inside<'a>(document: &'a str, tag: &str) -> Option<&'a str> {
    let (_, rest) = document.split_once(&format!("<{tag}>"))?;
    Some(rest.split_once(&format!("</{tag}>"))?.0)
}
