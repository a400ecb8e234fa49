//! The part of a location behind its `?`.

use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::error::{LocationError, nearest};
use super::parse::{self, Authority};

/// Parameters that were given, each a known one and there once.
#[derive(Debug)]
pub(super) struct Parameters {
    given: Vec<(&'static str, String)>,
}

impl Parameters {
    /// Parses `query`, in which a store of `scheme` may have the parameters `known`.
    pub(super) fn parse(
        query: &str,
        scheme: &'static str,
        known: &'static [&'static str],
    ) -> Result<Parameters, LocationError> {
        let mut given: Vec<(&'static str, String)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = percent_decode_str(name).decode_utf8_lossy();
            let Some(parameter) = known.iter().find(|known| **known == name).copied() else {
                let nearest = nearest(&name, known);
                return Err(LocationError::UnknownParameter {
                    parameter: name.into(),
                    scheme,
                    known,
                    nearest,
                });
            };
            if given.iter().any(|(other, _)| *other == parameter) {
                return Err(LocationError::RepeatedParameter { parameter });
            }
            given.push((parameter, percent_decode_str(value).decode_utf8_lossy().into_owned()));
        }
        Ok(Parameters { given })
    }

    /// Reads a name, which is not empty and has no control characters.
    pub(super) fn name(&self, parameter: &'static str) -> Result<Option<String>, LocationError> {
        self.read(parameter, "a name", |value| {
            let fine = !value.is_empty() && !value.chars().any(char::is_control);
            fine.then(|| value.to_owned())
        })
    }

    /// Reads the URL of a service.
    pub(super) fn endpoint(&self, parameter: &'static str) -> Result<Option<String>, LocationError> {
        let expected = "`http://HOST` or `https://HOST`, with a port where needed, without user and query";
        self.read(parameter, expected, |value| {
            let (scheme, rest) = value.split_once("://")?;
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let authority = Authority::parse(host)?;
            let known = ["http", "https"].iter().find(|known| scheme.eq_ignore_ascii_case(known))?;
            let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'?' && byte != b'#');
            (plain && authority.user.is_none())
                .then(|| format!("{known}://{}{}", authority.host, path.trim_end_matches('/')))
        })
    }

    /// Reads `true` or `false`.
    pub(super) fn flag(&self, parameter: &'static str) -> Result<Option<bool>, LocationError> {
        self.read(parameter, "`true` or `false`", |value| value.parse().ok())
    }

    /// Reads how often something may be tried.
    pub(super) fn attempts(&self, parameter: &'static str) -> Result<Option<u32>, LocationError> {
        self.read(parameter, "a number from 1 to 100", |value| {
            value.parse().ok().filter(|attempts| (1..=100).contains(attempts))
        })
    }

    /// Reads a number of seconds.
    pub(super) fn seconds(&self, parameter: &'static str) -> Result<Option<Duration>, LocationError> {
        self.read(parameter, "seconds, from 0.001 to 86400", |value| {
            let seconds = value.parse().ok().filter(|seconds| (0.001..=86_400.0).contains(seconds))?;
            // Finer than that would not show, and is not meant.
            Some(Duration::from_millis(Duration::from_secs_f64(seconds).as_micros().div_ceil(1000) as u64))
        })
    }

    /// Reads a number of bytes.
    pub(super) fn bytes(&self, parameter: &'static str) -> Result<Option<u64>, LocationError> {
        self.read(parameter, "a number of bytes, at least 1, such as `8388608` or `8MiB`", |value| {
            let (number, unit) = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]
                .into_iter()
                .find_map(|(suffix, unit)| Some((value.strip_suffix(suffix)?, unit)))
                .unwrap_or((value, 1));
            number.parse::<u64>().ok()?.checked_mul(unit).filter(|bytes| *bytes > 0)
        })
    }

    fn read<T>(
        &self,
        parameter: &'static str,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, LocationError> {
        let Some((_, value)) = self.given.iter().find(|(given, _)| *given == parameter) else {
            return Ok(None);
        };
        match read(value) {
            Some(read) => Ok(Some(read)),
            None => Err(LocationError::InvalidValue { parameter, value: parse::redacted(value), expected }),
        }
    }
}
