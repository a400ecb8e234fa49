//! Requests and answers of HTTP/1.1, so far as the clients of the tests need them.

use std::io::{self, BufRead, Read, Write};

use percent_encoding::percent_decode_str;

/// A request.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    pub(super) method: String,
    /// Decoded.
    pub(super) path: String,
    /// As it was sent.
    pub(super) query: String,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// Reads the first line and the headers; `None` when the client closed the connection instead.
    pub(super) fn read_head(input: &mut impl BufRead) -> io::Result<Option<Request>> {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split_whitespace();
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return Err(odd("request line"));
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut request = Request {
            method: method.to_owned(),
            path: decode(path),
            query: query.to_owned(),
            ..Request::default()
        };
        loop {
            let mut line = String::new();
            input.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            request.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Ok(Some(request))
    }

    /// Reads the body, without the chunks it may be sent in.
    pub(super) fn read_body(&mut self, input: &mut impl BufRead, output: &mut impl Write) -> io::Result<()> {
        if self.header("expect").is_some() {
            output.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        if self.header("transfer-encoding").is_some() {
            self.body = unchunk(input)?;
        } else {
            let len = self.header("content-length").map_or(Ok(0), str::parse).map_err(|_| odd("length"))?;
            self.body = vec![0; len];
            input.read_exact(&mut self.body)?;
        }
        let is_signed_in_chunks =
            self.header("content-encoding").is_some_and(|value| value.contains("aws-chunked"))
                || self.header("x-amz-content-sha256").is_some_and(|value| value.starts_with("STREAMING-"));
        if is_signed_in_chunks {
            self.body = unchunk(&mut self.body.as_slice())?;
        }
        Ok(())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns all of them, with names in small letters.
    pub(super) fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// Returns a parameter of the query; one without a value is empty.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        self.query.split('&').find_map(|pair| {
            let (known, value) = pair.split_once('=').unwrap_or((pair, ""));
            (known == name).then(|| decode(value))
        })
    }
}

/// Reads `<size in hexadecimal>[;…]`, the bytes and a line's end, until a size is zero and the trailers are over.
fn unchunk(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let mut line = String::new();
        input.read_line(&mut line)?;
        let size = line.trim_end().split(';').next().unwrap_or_default();
        let size = u64::from_str_radix(size, 16).map_err(|_| odd("chunk"))?;
        if size == 0 {
            break;
        }
        input.take(size).read_to_end(&mut bytes)?;
        input.read_line(&mut String::new())?;
    }
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 && !line.trim_end().is_empty() {
        line.clear();
    }
    Ok(bytes)
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn odd(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("an odd {what}"))
}

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Response {
    pub(super) fn new(status: u16) -> Response {
        Response { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Response {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn with_status(self, status: u16) -> Response {
        Response { status, ..self }
    }

    pub(super) fn with_body(self, body: Vec<u8>) -> Response {
        Response { body, ..self }
    }

    /// Returns what comes before the body, whose size it tells.
    pub(super) fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} As Told\r\nServer: skiptrace-testing\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if self.status != 204 {
            head += &format!("Content-Length: {}\r\n", self.body.len());
        }
        head += "\r\n";
        head.into_bytes()
    }
}
