//! Where a store is, as a user writes it down, and how to open it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use skiptrace_engine::key::Key;
use skiptrace_engine::store::{Store, StoreError};

use crate::folder::FolderStore;
use crate::http::{HttpSettings, HttpStore};
use crate::memory::MemoryStore;
use crate::retry::Retries;
use crate::s3::{S3Settings, S3Store};
use crate::wrap::Cached;

mod error;
mod parameters;
mod parse;
mod show;

pub use error::LocationError;

/// Where a store is: `s3://bucket/prefix`, `https://host/path`, `file:folder`, a path, or `memory:`.
///
/// Both `Display` and `Debug` leave out secrets. What `Display` shows reads back as the same location, unless
/// a secret was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// In memory, gone with the process.
    Memory,
    /// In a folder.
    Folder(PathBuf),
    /// In an S3 bucket.
    S3(S3Location),
    /// Behind a web server.
    Http(HttpLocation),
}

/// A bucket, or a folder in it, and how to reach it. What is `None` is left to the environment and to defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Location {
    /// The bucket.
    pub bucket: String,
    /// The folder in the bucket; `None` for all of it.
    pub prefix: Option<Key>,
    /// The region the bucket is in.
    pub region: Option<String>,
    /// The URL of a service other than Amazon's.
    pub endpoint: Option<String>,
    /// Whether the bucket is named in the path rather than in the host.
    pub path_style: Option<bool>,
    /// The profile in the AWS configuration files.
    pub profile: Option<String>,
    /// How often to try.
    pub attempts: Option<u32>,
    /// How long to wait for an answer.
    pub timeout: Option<Duration>,
    /// From how many bytes on a value is written in parts.
    pub multipart_above: Option<u64>,
    /// How many bytes such a part has.
    pub part_size: Option<u64>,
}

/// A folder on a web server, and how to reach it.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpLocation {
    /// The folder's URL, without a slash at its end, without a query. It may hold a user and a password.
    pub url: String,
    /// How often to try.
    pub attempts: Option<u32>,
    /// How long to wait for an answer.
    pub timeout: Option<Duration>,
}

/// How to open a store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenOptions {
    /// Keep what is read from a remote store; `None` does not.
    pub cache: Option<CacheOptions>,
}

/// Where to keep what is read from remote stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheOptions {
    /// The folder, made when needed.
    pub dir: PathBuf,
    /// How large it may become.
    pub max_bytes: u64,
}

/// Makes the store at `location`. Nothing is read or written yet, and nothing goes over the network.
pub fn open(location: &Location, options: &OpenOptions) -> Result<Arc<dyn Store>, StoreError> {
    let remote = match location {
        Location::Memory => return Ok(Arc::new(MemoryStore::new())),
        Location::Folder(path) => return Ok(Arc::new(FolderStore::new(path))),
        Location::S3(s3) => open_s3(s3)?,
        Location::Http(http) => open_http(http)?,
    };
    Ok(match &options.cache {
        Some(cache) => Arc::new(Cached::new(remote, cache.dir.clone(), cache.max_bytes)),
        None => remote,
    })
}

fn open_s3(location: &S3Location) -> Result<Arc<dyn Store>, StoreError> {
    let defaults = S3Settings::new(location.bucket.clone(), location.prefix.clone());
    let settings = S3Settings {
        region: location.region.clone(),
        endpoint: location.endpoint.clone().or_else(endpoint_of_environment),
        path_style: location.path_style,
        profile: location.profile.clone(),
        retries: retries(location.attempts),
        timeout: location.timeout.unwrap_or(defaults.timeout),
        multipart_above: location.multipart_above.unwrap_or(defaults.multipart_above),
        part_size: location.part_size.unwrap_or(defaults.part_size),
        ..defaults
    };
    Ok(Arc::new(S3Store::new(settings)?))
}

/// Returns the endpoint that AWS tools take from the environment. The SDK would find it as well, but a store is
/// named by where it is: equal buckets of two services must not share a cache.
fn endpoint_of_environment() -> Option<String> {
    let names = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"];
    names.into_iter().find_map(|name| std::env::var(name).ok().filter(|url| !url.is_empty()))
}

fn open_http(location: &HttpLocation) -> Result<Arc<dyn Store>, StoreError> {
    let defaults = HttpSettings::new(location.url.clone());
    let settings = HttpSettings {
        retries: retries(location.attempts),
        timeout: location.timeout.unwrap_or(defaults.timeout),
        ..defaults
    };
    Ok(Arc::new(HttpStore::new(settings)))
}

fn retries(attempts: Option<u32>) -> Retries {
    let defaults = Retries::default();
    Retries { attempts: attempts.unwrap_or(defaults.attempts), ..defaults }
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Location, LocationError> {
        parse::location(text)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Memory => f.write_str("memory:"),
            Location::Folder(path) => show::folder(path, f),
            Location::S3(s3) => s3.fmt(f),
            Location::Http(http) => http.fmt(f),
        }
    }
}
