//! A service that speaks S3, so far as the store needs it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use xxhash_rust::xxh3::xxh3_128;

use super::fault::{Call, Fault, error};
use super::message::{Request, Response};
use super::range::ranged;
use super::server::{Server, Site, lock};

mod list;
mod upload;

/// An S3 service with the buckets it was started with, until it is dropped.
///
/// Buckets are named in the path. Any signature is good.
#[derive(Debug)]
pub struct S3Server(Server<Service>);

#[derive(Debug, Default)]
struct Service(Mutex<BTreeMap<String, Bucket>>);

#[derive(Debug, Default)]
struct Bucket {
    objects: BTreeMap<String, Object>,
    uploads: BTreeMap<String, upload::Upload>,
    /// How many uploads were begun.
    begun: u64,
}

#[derive(Debug, Clone)]
struct Object {
    bytes: Vec<u8>,
}

impl S3Server {
    /// Starts a service with one empty bucket.
    pub fn start(bucket: &str) -> S3Server {
        let service = Service::default();
        lock(&service.0).insert(bucket.to_owned(), Bucket::default());
        S3Server(Server::start(service).expect("a free port on 127.0.0.1"))
    }

    /// Returns the service's URL.
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// Lets the next requests of `operation` fail, so many of them. Without faults of its own, an
    /// operation never fails; an empty name stands for all of them.
    pub fn fail(&self, operation: &'static str, times: usize, fault: Fault) {
        self.0.script().add(operation, times, fault);
    }

    /// Asks `rule` about every request whether it fails.
    pub fn fail_by(&self, rule: impl FnMut(&Call) -> Option<Fault> + Send + 'static) {
        self.0.script().ask(Box::new(rule));
    }

    /// Forgets the faults that are still to come.
    pub fn heal(&self) {
        self.0.script().clear();
    }

    /// Returns the requests since this was last called.
    pub fn take_calls(&self) -> Vec<Call> {
        self.0.take_calls()
    }

    /// Returns an object, past the network and every fault.
    pub fn object(&self, bucket: &str, name: &str) -> Option<Vec<u8>> {
        Some(lock(&self.0.site().0).get(bucket)?.objects.get(name)?.bytes.clone())
    }

    /// Writes an object, past the network and every fault.
    pub fn set_object(&self, bucket: &str, name: &str, bytes: &[u8]) {
        lock(&self.0.site().0).entry(bucket.to_owned()).or_default().insert(name, bytes.to_vec());
    }

    /// Removes an object, past the network and every fault.
    pub fn remove_object(&self, bucket: &str, name: &str) {
        lock(&self.0.site().0).entry(bucket.to_owned()).or_default().objects.remove(name);
    }

    /// Returns the names of all objects of a bucket.
    pub fn names(&self, bucket: &str) -> Vec<String> {
        lock(&self.0.site().0)
            .get(bucket)
            .map_or_else(Vec::new, |bucket| bucket.objects.keys().cloned().collect())
    }

    /// Returns how many uploads in parts are neither completed nor aborted.
    pub fn open_uploads(&self, bucket: &str) -> usize {
        lock(&self.0.site().0).get(bucket).map_or(0, |bucket| bucket.uploads.len())
    }
}

impl Bucket {
    fn insert(&mut self, name: &str, bytes: Vec<u8>) {
        self.objects.insert(name.to_owned(), Object { bytes });
    }
}

impl Object {
    fn etag(&self) -> String {
        etag(&self.bytes)
    }
}

impl Site for Service {
    fn operation(&self, request: &Request) -> &'static str {
        let (_, name) = place(request);
        let has = |parameter| request.parameter(parameter).is_some();
        match (request.method.as_str(), name.is_empty()) {
            ("GET", true) => "ListObjectsV2",
            ("GET", false) => "GetObject",
            ("HEAD", true) => "HeadBucket",
            ("HEAD", false) => "HeadObject",
            ("PUT", false) if has("uploadId") => "UploadPart",
            ("PUT", false) => "PutObject",
            ("POST", false) if has("uploads") => "CreateMultipartUpload",
            ("POST", false) => "CompleteMultipartUpload",
            ("DELETE", false) if has("uploadId") => "AbortMultipartUpload",
            ("DELETE", false) => "DeleteObject",
            _ => "other",
        }
    }

    fn answer(&self, request: &Request) -> Response {
        let (bucket, name) = place(request);
        let mut buckets = lock(&self.0);
        let Some(bucket) = buckets.get_mut(bucket) else { return refusal(404, "NoSuchBucket") };
        match self.operation(request) {
            "ListObjectsV2" => bucket.list(request),
            "GetObject" => bucket.get(name, request.header("range")),
            "HeadBucket" => Response::new(200),
            "HeadObject" => bucket.get(name, None),
            "PutObject" => bucket.put(name, request),
            "CreateMultipartUpload" => bucket.begin_upload(name),
            "UploadPart" => bucket.put_part(request),
            "CompleteMultipartUpload" => bucket.complete_upload(name, request),
            "AbortMultipartUpload" => bucket.abort_upload(request),
            "DeleteObject" => {
                bucket.objects.remove(name);
                Response::new(204)
            }
            _ => refusal(405, "MethodNotAllowed"),
        }
    }
}

impl Bucket {
    fn get(&self, name: &str, range: Option<&str>) -> Response {
        let Some(object) = self.objects.get(name) else { return refusal(404, "NoSuchKey") };
        ranged(&object.bytes, range).with("ETag", object.etag()).with("Accept-Ranges", "bytes")
    }

    // The bucket is locked, so that of many conditional writers one creates.
    fn put(&mut self, name: &str, request: &Request) -> Response {
        if request.header("if-none-match") == Some("*") && self.objects.contains_key(name) {
            return refusal(412, "PreconditionFailed");
        }
        self.insert(name, request.body.clone());
        Response::new(200).with("ETag", etag(&request.body))
    }
}

/// Returns the bucket and the object's name, which is empty for the bucket itself.
fn place(request: &Request) -> (&str, &str) {
    let path = request.path.trim_start_matches('/');
    path.split_once('/').unwrap_or((path, ""))
}

fn refusal(status: u16, code: &str) -> Response {
    xml(error(code, "")).with_status(status)
}

fn xml(document: String) -> Response {
    Response::new(200).with("Content-Type", "application/xml").with_body(document.into_bytes())
}

fn etag(bytes: &[u8]) -> String {
    format!("\"{:032x}\"", xxh3_128(bytes))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\r', "&#13;")
}

fn url_encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
