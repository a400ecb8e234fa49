//! A read-only store on a web server: a static mirror of a folder store, or a CDN in front of one.
//!
//! Every value is the file at its key below the base URL, read whole or by `Range`. A web server does not tell what
//! it has, so listing needs a file `listing.txt` at the base: a key a line, and, after a tab, its size. Credentials
//! in the URL are sent as basic authentication.

use std::fmt;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use skiptrace_engine::key::Key;
use skiptrace_engine::store::{ByteRange, Entry, ListRequest, Put, Slice, Store, StoreError, StoreErrorKind};
use thiserror::Error;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};

use crate::retry::{Failure, Retries, Retry, Tries};
use crate::slice::{range_header, resolve, slice};

/// What a path cannot have as it is.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
const LISTING: &str = "listing.txt";
const NO_LISTING: &str =
    "write one: `skiptrace index list --keys > listing.txt`, and put it at the top of the mirror";

/// Which server, and how to reach it. Shown without the credentials that may be in its URL.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpSettings {
    /// The URL below which the keys are, without a slash at its end.
    pub url: String,
    /// How often to try.
    pub retries: Retries,
    /// How long the server may take to answer, and to go on in the middle of an answer.
    pub timeout: Duration,
}

impl HttpSettings {
    /// Makes the default settings for a URL.
    pub fn new(url: impl Into<String>) -> Self {
        let url: String = url.into();
        HttpSettings {
            url: url.trim_end_matches('/').to_owned(),
            retries: Retries::default(),
            timeout: Duration::from_secs(30),
        }
    }
}

/// Values on a web server, to be read only.
pub struct HttpStore {
    settings: HttpSettings,
    agent: Agent,
}

impl HttpStore {
    /// Makes a store. The network is not touched before the first operation.
    pub fn new(settings: HttpSettings) -> HttpStore {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(settings.timeout.min(Duration::from_secs(10))))
            .timeout_recv_response(Some(settings.timeout))
            // Not for the body as a whole: a large one takes its time, so long as it goes on.
            .timeout_per_read(Some(settings.timeout))
            .user_agent(concat!("skiptrace/", env!("CARGO_PKG_VERSION")))
            .build();
        HttpStore { settings, agent: config.new_agent() }
    }

    /// Tries a request until it succeeds, fails for good, or was tried often enough.
    fn retrying<T>(
        &self,
        action: &'static str,
        object: &str,
        attempt: impl Fn() -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let mut tries = Tries::begin(self.settings.retries);
        loop {
            match attempt() {
                Ok(value) => return Ok(value),
                Err(failure) => match tries.failed(&failure) {
                    Some(pause) => thread::sleep(pause),
                    None => return Err(tries.give_up(failure, action, format_args!("{self}/{object}"))),
                },
            }
        }
    }

    /// Asks for a file, or a part of it, once.
    fn fetch(&self, path: &str, range: Option<&ByteRange>) -> Result<Slice, Failure> {
        let header = range.and_then(range_header);
        let url = format!("{}/{}", self.settings.url, encode(path));
        let mut request = self.agent.get(&url).header("Accept-Encoding", "identity");
        if let Some(header) = &header {
            request = request.header("Range", header);
        }
        let response = request.call().map_err(no_answer)?;
        match (response.status(), range) {
            (StatusCode::OK, None) => {
                let bytes = body(response)?;
                Ok(Slice { total: bytes.len() as u64, bytes })
            }
            // A server may take no notice of a range.
            (StatusCode::OK, Some(range)) => cut(&body(response)?, range),
            (StatusCode::PARTIAL_CONTENT, Some(range)) => part(response, range),
            (StatusCode::RANGE_NOT_SATISFIABLE, Some(range)) => match beyond(&response, range) {
                Some(result) => result,
                // The server may not know this kind of range. Only the file itself tells.
                None => cut(&self.fetch(path, None)?.bytes, range),
            },
            _ => Err(refusal(&response)),
        }
    }
}

/// Reads the part of a file that an answer says it is, and cuts out what was wanted.
fn part(response: Response<Body>, wanted: &ByteRange) -> Result<Slice, Failure> {
    let damaged = || {
        Failure::lasting(StoreErrorKind::Damaged)
            .caused_by(Odd("the answer's Content-Range is not the one asked for"))
    };
    let content_range = header(&response, "content-range").and_then(parse_content_range);
    let (start, end, total) = content_range.ok_or_else(damaged)?;
    let want = resolve(wanted, total).map_err(Failure::lasting)?;
    let bytes = body(response)?;
    if want.is_empty() {
        return Ok(Slice { bytes: Vec::new(), total });
    }
    if (want.start, want.end) != (start, end) || bytes.len() as u64 != end - start {
        return Err(damaged());
    }
    Ok(Slice { bytes, total })
}

/// Makes of a 416, which tells the size, what the range means in a file of that size; `None` when it does not tell, or
/// tells one that the range is inside of.
fn beyond(response: &Response<Body>, wanted: &ByteRange) -> Option<Result<Slice, Failure>> {
    let total: u64 = header(response, "content-range")?.strip_prefix("bytes */")?.parse().ok()?;
    match resolve(wanted, total) {
        // No suffix fits into an empty file, and yet it has all of its bytes.
        Ok(range) if range.is_empty() => Some(Ok(Slice { bytes: Vec::new(), total })),
        Ok(_) => None,
        Err(kind) => Some(Err(Failure::lasting(kind))),
    }
}

fn cut(whole: &[u8], wanted: &ByteRange) -> Result<Slice, Failure> {
    let bytes = slice(whole, wanted).map_err(Failure::lasting)?.to_vec();
    Ok(Slice { bytes, total: whole.len() as u64 })
}

/// Reads an answer's body to its end. One that is cut short is worth another try.
fn body(mut response: Response<Body>) -> Result<Vec<u8>, Failure> {
    let announced: Option<u64> = header(&response, "content-length").and_then(|text| text.parse().ok());
    let bytes = response.body_mut().with_config().limit(u64::MAX).read_to_vec().map_err(broken_off)?;
    match announced {
        Some(len) if len != bytes.len() as u64 => {
            Err(Failure::passing(StoreErrorKind::Unavailable).caused_by(Odd("the answer was cut short")))
        }
        _ => Ok(bytes),
    }
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// Parses `bytes 0-99/1234`; the end comes out exclusive.
fn parse_content_range(text: &str) -> Option<(u64, u64, u64)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (start, last) = range.split_once('-')?;
    let (start, last): (u64, u64) = (start.parse().ok()?, last.parse().ok()?);
    Some((start, last.checked_add(1)?, total.parse().ok()?))
}

/// An answer that makes no sense.
#[derive(Debug, Error)]
#[error("{0}")]
struct Odd(&'static str);

/// What a server answered instead of a file.
#[derive(Debug, Error)]
#[error("the server answered {0}")]
struct Answered(StatusCode);

fn refusal(response: &Response<Body>) -> Failure {
    let status = response.status();
    let (kind, retry) = match status.as_u16() {
        404 | 410 => (StoreErrorKind::NotFound, Retry::Never),
        401 | 403 | 407 => (StoreErrorKind::Forbidden, Retry::Never),
        408 | 425 | 429 | 500.. => (StoreErrorKind::Unavailable, retry_after(response)),
        _ => (StoreErrorKind::Other, Retry::Never),
    };
    Failure { kind, retry, source: Some(Answered(status).into()) }
}

fn retry_after(response: &Response<Body>) -> Retry {
    let seconds = header(response, "retry-after").and_then(|text| text.parse().ok());
    seconds.map_or(Retry::Soon, |seconds| Retry::After(Duration::from_secs(seconds)))
}

fn no_answer(error: ureq::Error) -> Failure {
    match error {
        // A URL that is none stays none.
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            Failure::lasting(StoreErrorKind::Other).caused_by(error)
        }
        error => Failure::passing(StoreErrorKind::Unreachable).caused_by(error),
    }
}

/// Returns what it means that a body could not be read to its end.
fn broken_off(error: ureq::Error) -> Failure {
    let is_stuck = match &error {
        ureq::Error::Timeout(_) => true,
        ureq::Error::Io(error) => matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock),
        _ => false,
    };
    let kind = if is_stuck { StoreErrorKind::Unreachable } else { StoreErrorKind::Unavailable };
    Failure::passing(kind).caused_by(error)
}

fn encode(path: &str) -> String {
    utf8_percent_encode(path, SEGMENT).to_string()
}

#[deny(clippy::missing_trait_methods)]
impl Store for HttpStore {
    fn get(&self, key: &Key) -> Result<Vec<u8>, StoreError> {
        Ok(self.retrying("read", key.as_str(), || self.fetch(key.as_str(), None))?.bytes)
    }

    fn get_range(&self, key: &Key, range: ByteRange) -> Result<Slice, StoreError> {
        self.retrying("read", key.as_str(), || self.fetch(key.as_str(), Some(&range)))
    }

    fn get_ranges(&self, key: &Key, ranges: &[Range<u64>]) -> Result<Vec<Vec<u8>>, StoreError> {
        /// How many requests are under way at once.
        const SIDE_BY_SIDE: usize = 8;
        let fetch = |range: &Range<u64>| Ok(self.get_range(key, ByteRange::Bounded(range.clone()))?.bytes);
        let mut parts = Vec::with_capacity(ranges.len());
        for group in ranges.chunks(SIDE_BY_SIDE) {
            let results: Vec<Result<Vec<u8>, StoreError>> = thread::scope(|scope| {
                let requests: Vec<_> = group.iter().map(|range| scope.spawn(move || fetch(range))).collect();
                requests.into_iter().map(|request| request.join().expect("fetching does not panic")).collect()
            });
            for result in results {
                parts.push(result?);
            }
        }
        Ok(parts)
    }

    fn put(&self, key: &Key, _value: &[u8]) -> Result<Put, StoreError> {
        Err(StoreError::new(StoreErrorKind::ReadOnly, "write", format_args!("{self}/{key}")))
    }

    fn list(&self, request: &ListRequest) -> Result<Vec<Entry>, StoreError> {
        let fetched = self.retrying("list", LISTING, || self.fetch(LISTING, None));
        let listing = match fetched {
            Ok(slice) => slice.bytes,
            Err(error) if error.is_not_found() => {
                return Err(StoreError::new(StoreErrorKind::Unsupported(NO_LISTING), "list", self));
            }
            Err(error) => return Err(error),
        };
        let listing = String::from_utf8(listing).map_err(|error| {
            StoreError::new(StoreErrorKind::Damaged, "list", format_args!("{self}/{LISTING}"))
                .caused_by(error)
        })?;
        let mut entries: Vec<Entry> = listing.lines().filter_map(parse_line).collect();
        entries.retain(|entry| request.admits(&entry.key));
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        entries.dedup_by(|a, b| a.key == b.key);
        entries.truncate(request.limit.unwrap_or(usize::MAX));
        Ok(entries)
    }

    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        Err(StoreError::new(StoreErrorKind::ReadOnly, "delete", format_args!("{self}/{key}")))
    }

    fn local_path(&self, _key: &Key) -> Option<PathBuf> {
        None
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// Reads a line of `listing.txt`; what is no key is passed over, as in any listing.
fn parse_line(line: &str) -> Option<Entry> {
    let (key, size) = line.split_once('\t').unwrap_or((line, ""));
    Some(Entry {
        key: Key::new(key.trim_end_matches('\r')).ok()?,
        size: size.trim().parse().unwrap_or(0),
        modified: None,
    })
}

impl fmt::Display for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.url.split_once("://") {
            Some((scheme, rest)) => {
                let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
                write!(f, "{scheme}://{host}{path}")
            }
            None => f.write_str(&self.url),
        }
    }
}

impl fmt::Debug for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSettings")
            .field("url", &self.to_string())
            .field("retries", &self.retries)
            .field("timeout", &self.timeout)
            .finish()
    }
}

impl fmt::Display for HttpStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}

impl fmt::Debug for HttpStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HttpStore").field(&self.settings).finish()
    }
}
