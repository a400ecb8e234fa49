//! A web server that answers as a test tells it to, and remembers what it was asked.

use std::fmt;
use std::sync::Mutex;

use super::fault::Fault;
use super::message::{Request, Response};
use super::server::{Server, Site, lock};

/// What was asked.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Such as `POST`.
    pub method: String,
    /// The path, decoded.
    pub path: String,
    /// Names in small letters, with their values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers beside the length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Serves what a function answers, until it is dropped.
#[derive(Debug)]
pub struct ApiServer(Server<Api>);

/// What a test has answered.
type Answering = Box<dyn FnMut(&Asked) -> Reply + Send>;

struct Api {
    answer: Mutex<Answering>,
    asked: Mutex<Vec<Asked>>,
}

impl Asked {
    /// Returns a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the body as JSON; null where it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Reply {
    /// Makes an answer with a body of JSON.
    pub fn json(status: u16, body: &serde_json::Value) -> Reply {
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        Reply { status, headers, body: body.to_string().into_bytes() }
    }

    /// Returns the same with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl ApiServer {
    /// Starts a server.
    pub fn start(answer: impl FnMut(&Asked) -> Reply + Send + 'static) -> ApiServer {
        let api = Api { answer: Mutex::new(Box::new(answer)), asked: Mutex::default() };
        ApiServer(Server::start(api).expect("a free port on 127.0.0.1"))
    }

    /// Returns the URL, without a slash at its end.
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// Lets the next requests fail, so many of them.
    pub fn fail(&self, times: usize, fault: Fault) {
        self.0.script().add("", times, fault);
    }

    /// Returns how many requests there were, those that failed included, since this was last called.
    pub fn take_count(&self) -> usize {
        self.0.take_calls().len()
    }

    /// Returns what was asked and answered since this was last called.
    pub fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut lock(&self.0.site().asked))
    }
}

impl Site for Api {
    fn operation(&self, _request: &Request) -> &'static str {
        "ask"
    }

    fn answer(&self, request: &Request) -> Response {
        let asked = Asked {
            method: request.method.clone(),
            path: request.path.clone(),
            headers: request.headers().to_vec(),
            body: request.body.clone(),
        };
        let reply = (lock(&self.answer))(&asked);
        lock(&self.asked).push(asked);
        let response = Response::new(reply.status).with_body(reply.body);
        reply.headers.into_iter().fold(response, |response, (name, value)| response.with(&name, value))
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Api")
    }
}
