//! One request of HTTP and its answer: bounded in time and in size, and never followed elsewhere.

use std::fmt;
use std::io::{self, Read};
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use thiserror::Error;
use ureq::Agent;
use ureq::http::HeaderMap;

/// No answer is larger, unpacked.
const LARGEST: u64 = 64 << 20;

/// Where a service is: an absolute URL of HTTP. Shown without the credentials that may be in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(String);

/// Why a text is no [`Endpoint`]. The text may have a secret in it, so it is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("it is no URL such as `https://host:4318/path`")]
pub struct EndpointError;

impl Endpoint {
    /// Reads a URL.
    pub fn new(text: &str) -> Result<Endpoint, EndpointError> {
        let text = text.trim();
        let rest =
            text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(EndpointError)?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let is_odd = |c: char| c.is_whitespace() || c.is_control();
        if host.is_empty() || host.starts_with(':') || text.contains(is_odd) {
            return Err(EndpointError);
        }
        Ok(Endpoint(text.to_owned()))
    }

    /// Returns the URL of what is below this one.
    pub fn below(&self, path: &str) -> Endpoint {
        Endpoint(format!("{}/{path}", self.0.trim_end_matches('/')))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("", &self.0));
        // Tokens are in parameters as well.
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        write!(f, "{scheme}://{host}{path}")
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A client.
#[derive(Clone)]
pub(crate) struct Web {
    agent: Agent,
}

/// What a service answered, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub(crate) enum WebError {
    /// Nothing came back in time, or nothing at all.
    #[error("{0}")]
    NoAnswer(#[source] Box<ureq::Error>),
    /// An answer began, and broke off.
    #[error("the answer broke off: {0}")]
    BrokenOff(String),
    /// It is larger than anything that is expected.
    #[error("the answer is larger than {} MiB", LARGEST >> 20)]
    TooLarge,
    /// The request cannot be made.
    #[error("the request cannot be made: an address or a key has characters that it cannot have")]
    Unfit,
}

impl Web {
    pub(crate) fn new() -> Web {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // Whoever answers "elsewhere" would be handed the keys there.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("skiptrace/", env!("CARGO_PKG_VERSION")))
            .build();
        Web { agent: config.new_agent() }
    }

    /// Posts JSON, and waits so long for all of the answer.
    pub(crate) fn post(
        &self,
        to: &Endpoint,
        headers: &[(&str, &str)],
        body: &[u8],
        within: Duration,
    ) -> Result<Answer, WebError> {
        let request = self.agent.post(&to.0).config().timeout_global(Some(within)).build();
        let request = request
            .header("Content-Type", "application/json")
            .header("Accept", "application/json")
            .header("Accept-Encoding", "gzip");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = request.send(body).map_err(|error| match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => WebError::Unfit,
            error => WebError::NoAnswer(Box::new(error)),
        })?;
        let (head, body) = response.into_parts();
        let packed = read(body.into_with_config().limit(u64::MAX).reader())?;
        let announced = head.headers.get("content-length").and_then(|len| len.to_str().ok()?.parse().ok());
        if announced.is_some_and(|len: u64| len != packed.len() as u64) {
            return Err(WebError::BrokenOff("it is shorter than it says".to_owned()));
        }
        let is_packed =
            head.headers.get("content-encoding").is_some_and(|coding| coding.as_bytes() == b"gzip");
        let body = if is_packed { read(MultiGzDecoder::new(packed.as_slice()))? } else { packed };
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Web")
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns whether the answer says it is JSON. One that does not say what it is may be.
    pub(crate) fn is_json(&self) -> bool {
        let Some(kind) = self.header("content-type") else { return true };
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        kind == "application/json" || kind.ends_with("+json")
    }

    /// Returns the start of what the answer says, on one line.
    pub(crate) fn said(&self) -> String {
        let text = String::from_utf8_lossy(&self.body[..self.body.len().min(300)]);
        text.split_whitespace().collect::<Vec<_>>().join(" ").replace(char::is_control, "")
    }
}

/// Reads all there is, up to the limit.
fn read(input: impl Read) -> Result<Vec<u8>, WebError> {
    let mut bytes = Vec::new();
    match input.take(LARGEST + 1).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() as u64 > LARGEST => Err(WebError::TooLarge),
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(WebError::BrokenOff("it ends too early".to_owned()))
        }
        Err(error) => Err(WebError::BrokenOff(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_show_no_secret() {
        let endpoint = Endpoint::new("https://ada:key@host:4318/base/?token=x").unwrap();
        assert_eq!(format!("{endpoint} {endpoint:?}"), "https://host:4318/base/ https://host:4318/base/");
        let below = Endpoint::new("http://127.0.0.1:1/").unwrap().below("v1/metrics");
        assert_eq!(below.to_string(), "http://127.0.0.1:1/v1/metrics");
        for text in [
            "",
            "host:4318",
            "ftp://host",
            "https://",
            "https:///x",
            "http://a b",
            "http://:80",
            "http://u:p@",
        ] {
            assert_eq!(Endpoint::new(text), Err(EndpointError), "{text}");
        }
    }
}
