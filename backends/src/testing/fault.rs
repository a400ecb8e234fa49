//! What a test server does instead of what it was asked.

use std::fmt;

use super::message::Response;

/// A way to fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Resets the connection, before the request's body is read; nothing was done.
    ResetBefore,
    /// Does what was asked and resets the connection, so that the answer is lost.
    ResetAfter,
    /// Does what was asked, and closes the connection in the middle of the answer's body.
    Truncate,
    /// Does not answer until the client gives up.
    Stall,
    /// Does what was asked, and stops in the middle of the answer's body until the client gives up.
    StallInBody,
    /// Does what was asked, and sends the answer's body in so many pieces, with so many milliseconds between them.
    Drip(u32, u64),
    /// Answers so instead: a status, headers and a body.
    Answer(u16, Vec<(String, String)>, String),
}

/// A request, as a script of faults sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What S3 calls the operation, or the method.
    pub operation: &'static str,
    /// The path, decoded.
    pub path: String,
    /// What the path is followed by, as it was sent.
    pub query: String,
    /// The `Range` header.
    pub range: Option<String>,
}

impl Fault {
    /// An error of S3: a status, and an XML document with `code`.
    pub fn s3(status: u16, code: &str) -> Fault {
        Fault::xml(status, code, "")
    }

    /// 500 `InternalError`.
    pub fn internal_error() -> Fault {
        Fault::s3(500, "InternalError")
    }

    /// 503 `SlowDown`.
    pub fn slow_down() -> Fault {
        Fault::s3(503, "SlowDown")
    }

    /// 409: two conditional writes at once.
    pub fn conflict() -> Fault {
        Fault::s3(409, "ConditionalRequestConflict")
    }

    /// 301 to the region that the bucket is in.
    pub fn redirect(region: &str) -> Fault {
        match Fault::s3(301, "PermanentRedirect") {
            Fault::Answer(status, mut headers, body) => {
                headers.push(("x-amz-bucket-region".to_owned(), region.to_owned()));
                Fault::Answer(status, headers, body)
            }
            fault => fault,
        }
    }

    /// 400: the request was signed for another region than this one.
    pub fn malformed_authorization(region: &str) -> Fault {
        Fault::xml(400, "AuthorizationHeaderMalformed", &format!("<Region>{region}</Region>"))
    }

    /// A page for people, such as a proxy's.
    pub fn page(status: u16) -> Fault {
        let body =
            "<!DOCTYPE html><html><head><title>Proxy</title></head><body><h1>Sorry.</h1></body></html>";
        Fault::Answer(status, vec![("Content-Type".to_owned(), "text/html".to_owned())], body.to_owned())
    }

    /// A status with nothing more.
    pub fn status(status: u16) -> Fault {
        Fault::Answer(status, Vec::new(), String::new())
    }

    fn xml(status: u16, code: &str, more: &str) -> Fault {
        Fault::Answer(
            status,
            vec![("Content-Type".to_owned(), "application/xml".to_owned())],
            error(code, more),
        )
    }

    pub(super) fn answer(&self) -> Option<Response> {
        let Fault::Answer(status, headers, body) = self else { return None };
        let response = Response::new(*status).with_body(body.clone().into_bytes());
        Some(headers.iter().fold(response, |response, (name, value)| response.with(name, value)))
    }
}

/// Returns the document with which S3 says what is wrong.
pub(super) fn error(code: &str, more: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>This is {code}.</Message>\
         {more}<RequestId>1</RequestId></Error>"
    )
}

/// Decides which request fails.
type Rule = Box<dyn FnMut(&Call) -> Option<Fault> + Send>;

/// The faults to come.
#[derive(Default)]
pub(super) struct Script(Vec<Rule>);

impl Script {
    /// Adds faults for `operation`, any when empty: the first `times` of it fail so.
    pub(super) fn add(&mut self, operation: &'static str, times: usize, fault: Fault) {
        let mut left = times;
        self.ask(Box::new(move |call| {
            let hit = left > 0 && (operation.is_empty() || operation == call.operation);
            left -= usize::from(hit);
            hit.then(|| fault.clone())
        }));
    }

    pub(super) fn ask(&mut self, rule: Rule) {
        self.0.push(rule);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns how the request is to fail: what the oldest rule says that applies.
    pub(super) fn next(&mut self, call: &Call) -> Option<Fault> {
        self.0.iter_mut().find_map(|rule| rule(call))
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rules", self.0.len())
    }
}
