//! From location to text.

use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use percent_encoding::{AsciiSet, CONTROLS, percent_encode, utf8_percent_encode};

use super::{HttpLocation, S3Location, parse};

/// What is escaped in a path that may hold escapes already.
pub(super) const URL_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'|')
    .add(b'\\')
    .add(b'^');

/// What is escaped in a path or a value that is not escaped yet.
const PLAIN: &AsciiSet = &URL_PATH.add(b'%').add(b'?').add(b'#').add(b'&');

/// Writes a path: as it is, where it reads back as the same.
pub(super) fn folder(path: &Path, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match path.to_str() {
        Some(text) if parse::split_scheme(text).is_none() => f.write_str(text),
        Some(text) => write!(f, "file:{text}"),
        None if path.is_absolute() => {
            write!(f, "file://{}", percent_encode(path.as_os_str().as_bytes(), PLAIN))
        }
        None => write!(f, "{}", path.display()),
    }
}

impl fmt::Display for S3Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket)?;
        if let Some(prefix) = &self.prefix {
            write!(f, "/{}", utf8_percent_encode(prefix.as_str(), PLAIN))?;
        }
        let mut query = Query::new(f);
        query.pair("region", &self.region)?;
        query.pair("endpoint", &self.endpoint.as_deref().map(without_user))?;
        query.pair("path_style", &self.path_style)?;
        query.pair("profile", &self.profile)?;
        query.pair("attempts", &self.attempts)?;
        query.pair("timeout", &self.timeout.map(|timeout| timeout.as_secs_f64()))?;
        query.pair("multipart_above", &self.multipart_above)?;
        query.pair("part_size", &self.part_size)
    }
}

impl fmt::Display for HttpLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_user(&self.url))?;
        let mut query = Query::new(f);
        query.pair("attempts", &self.attempts)?;
        query.pair("timeout", &self.timeout.map(|timeout| timeout.as_secs_f64()))
    }
}

impl fmt::Debug for HttpLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpLocation")
            .field("url", &without_user(&self.url))
            .field("attempts", &self.attempts)
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// Returns a valid URL without its user and password.
fn without_user(url: &str) -> String {
    let host = url.find("//").map_or(0, |at| at + 2);
    let path = url[host..].find('/').map_or(url.len(), |at| host + at);
    match url[host..path].rfind('@') {
        Some(at) => format!("{}***{}", &url[..host], &url[host + at..]),
        None => url.to_owned(),
    }
}

struct Query<'a, 'f> {
    f: &'a mut fmt::Formatter<'f>,
    separator: char,
}

impl<'a, 'f> Query<'a, 'f> {
    fn new(f: &'a mut fmt::Formatter<'f>) -> Self {
        Query { f, separator: '?' }
    }

    fn pair(&mut self, parameter: &str, value: &Option<impl fmt::Display>) -> fmt::Result {
        let Some(value) = value else { return Ok(()) };
        let value = value.to_string();
        write!(self.f, "{}{parameter}={}", self.separator, utf8_percent_encode(&value, PLAIN))?;
        self.separator = '&';
        Ok(())
    }
}
