//! From text to location.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use percent_encoding::{percent_decode_str, utf8_percent_encode};
use skiptrace_engine::key::Key;

use super::error::{LocationError, nearest};
use super::parameters::Parameters;
use super::{HttpLocation, Location, S3Location, show};

/// The schemes there are, sorted.
pub(super) const SCHEMES: &[&str] = &["file", "http", "https", "memory", "s3"];

const S3_PARAMETERS: &[&str] =
    &["attempts", "endpoint", "multipart_above", "part_size", "path_style", "profile", "region", "timeout"];
const HTTP_PARAMETERS: &[&str] = &["attempts", "timeout"];

pub(super) fn location(text: &str) -> Result<Location, LocationError> {
    if text.is_empty() {
        return Err(LocationError::Empty);
    }
    let Some((scheme, rest)) = split_scheme(text) else { return path(text, text.as_bytes().to_vec()) };
    match SCHEMES.iter().find(|known| scheme.eq_ignore_ascii_case(known)).copied() {
        Some("memory") if rest.is_empty() => Ok(Location::Memory),
        Some("memory") => Err(invalid(text, "nothing may follow `memory:`")),
        Some("file") => file(text, rest),
        Some("s3") => s3(text, rest),
        Some(scheme) => http(text, scheme, rest),
        None => {
            Err(LocationError::UnknownScheme { scheme: scheme.to_owned(), nearest: nearest(scheme, SCHEMES) })
        }
    }
}

/// Splits what comes before the first colon off, where that could be a scheme: a slip in one must not quietly
/// become a folder.
pub(super) fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let fine = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    fine.then_some((scheme, rest))
}

fn path(text: &str, path: Vec<u8>) -> Result<Location, LocationError> {
    if path.contains(&0) {
        return Err(invalid(text, "a path has no zero bytes"));
    }
    Ok(Location::Folder(PathBuf::from(OsString::from_vec(path))))
}

fn file(text: &str, rest: &str) -> Result<Location, LocationError> {
    let Some(url) = rest.strip_prefix("//") else {
        // No URL, but a path that might be taken for one.
        if rest.is_empty() {
            return Err(invalid(text, "expected `file:PATH` or `file:///PATH`"));
        }
        return path(text, rest.as_bytes().to_vec());
    };
    let absolute = url.strip_prefix("localhost").unwrap_or(url);
    if !absolute.starts_with('/') {
        return Err(invalid(text, "a file has no host; expected `file:PATH` or `file:///PATH`"));
    }
    if absolute.contains(['?', '#']) {
        return Err(invalid(
            text,
            "a folder has no parameters; in a path write `?` as `%3F` and `#` as `%23`",
        ));
    }
    path(text, percent_decode_str(absolute).collect())
}

fn s3(text: &str, rest: &str) -> Result<Location, LocationError> {
    let rest = rest.strip_prefix("//").ok_or_else(|| invalid(text, "expected `s3://BUCKET/PREFIX`"))?;
    let (rest, query) = split_query(text, rest)?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if bucket.is_empty() || bucket.len() > 255 || !bucket.bytes().all(plain) {
        return Err(invalid(text, "a bucket's name is made of letters, digits, `.`, `-` and `_`"));
    }
    let prefix = percent_decode_str(prefix.strip_suffix('/').unwrap_or(prefix))
        .decode_utf8()
        .map_err(|_| invalid(text, "the prefix is not UTF-8"))?;
    let prefix = match &*prefix {
        "" => None,
        prefix => Some(
            Key::new(prefix)
                .map_err(|source| LocationError::InvalidPrefix { location: shown(text), source })?,
        ),
    };
    let given = Parameters::parse(query, "s3", S3_PARAMETERS)?;
    Ok(Location::S3(S3Location {
        bucket: bucket.to_owned(),
        prefix,
        region: given.name("region")?,
        endpoint: given.endpoint("endpoint")?,
        path_style: given.flag("path_style")?,
        profile: given.name("profile")?,
        attempts: given.attempts("attempts")?,
        timeout: given.seconds("timeout")?,
        multipart_above: given.bytes("multipart_above")?,
        part_size: given.bytes("part_size")?,
    }))
}

fn http(text: &str, scheme: &'static str, rest: &str) -> Result<Location, LocationError> {
    let expected = || invalid(text, "expected `http://HOST/PATH` or `https://HOST/PATH`");
    let rest = rest.strip_prefix("//").ok_or_else(expected)?;
    let (rest, query) = split_query(text, rest)?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let Authority { user, host } = Authority::parse(host).ok_or_else(expected)?;
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    let path = utf8_percent_encode(path.trim_end_matches('/'), show::URL_PATH);
    let given = Parameters::parse(query, scheme, HTTP_PARAMETERS)?;
    Ok(Location::Http(HttpLocation {
        url: format!("{scheme}://{user}{host}{path}"),
        attempts: given.attempts("attempts")?,
        timeout: given.seconds("timeout")?,
    }))
}

fn split_query<'a>(text: &str, rest: &'a str) -> Result<(&'a str, &'a str), LocationError> {
    if rest.contains('#') {
        return Err(invalid(text, "a store has no fragment; in a path write `#` as `%23`"));
    }
    Ok(rest.split_once('?').unwrap_or((rest, "")))
}

/// Who is asked: the part of a URL between `//` and `/`.
#[derive(Debug)]
pub(super) struct Authority<'a> {
    /// A user, and perhaps a password.
    pub(super) user: Option<&'a str>,
    /// The host, and perhaps a port.
    pub(super) host: &'a str,
}

impl Authority<'_> {
    pub(super) fn parse(text: &str) -> Option<Authority<'_>> {
        let (user, host) = match text.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, text),
        };
        let (name, port) = match host.strip_prefix('[') {
            Some(address) => {
                let (address, port) = address.split_once(']')?;
                address.parse::<std::net::Ipv6Addr>().ok()?;
                (address, port)
            }
            None => host.split_at(host.find(':').unwrap_or(host.len())),
        };
        let bracketed = host.starts_with('[');
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let named = bracketed || (!name.is_empty() && name.bytes().all(plain));
        let port = port.is_empty()
            || port.strip_prefix(':').is_some_and(|port| {
                port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
            });
        let user_is_plain =
            user.is_none_or(|user| user.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'@'));
        (named && port && user_is_plain).then_some(Authority { user, host })
    }
}

fn invalid(text: &str, reason: &'static str) -> LocationError {
    LocationError::Invalid { location: shown(text), reason }
}

/// Returns `text` without its parameters and secrets, for an error.
fn shown(text: &str) -> String {
    redacted(text.split('?').next().unwrap_or(text))
}

/// Returns `text` without what could be a user and a password in a URL.
pub(super) fn redacted(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("//") else { return text.to_owned() };
    // A password may hold a slash by mistake, so everything up to the last `@` counts.
    match rest.rsplit_once('@') {
        Some((_, rest)) => format!("{scheme}//***@{rest}"),
        None => text.to_owned(),
    }
}
