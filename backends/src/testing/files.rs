//! A web server with the files of a folder.

use std::fs;
use std::path::PathBuf;

use super::fault::{Call, Fault};
use super::message::{Request, Response};
use super::range::ranged;
use super::server::{Server, Site};

/// Serves the files below a folder, until it is dropped.
#[derive(Debug)]
pub struct FileServer(Server<Folder>);

#[derive(Debug)]
struct Folder {
    root: PathBuf,
    does_ranges: bool,
}

impl FileServer {
    /// Starts a server.
    pub fn start(root: impl Into<PathBuf>) -> FileServer {
        FileServer::serve(root.into(), true)
    }

    /// Starts a server that takes no notice of a `Range`.
    pub fn start_without_ranges(root: impl Into<PathBuf>) -> FileServer {
        FileServer::serve(root.into(), false)
    }

    fn serve(root: PathBuf, does_ranges: bool) -> FileServer {
        FileServer(Server::start(Folder { root, does_ranges }).expect("a free port on 127.0.0.1"))
    }

    /// Returns the URL of the folder, without a slash at its end.
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// Lets the next requests fail, so many of them.
    pub fn fail(&self, times: usize, fault: Fault) {
        self.0.script().add("", times, fault);
    }

    /// Forgets the faults that are still to come.
    pub fn heal(&self) {
        self.0.script().clear();
    }

    /// Returns the requests since this was last called.
    pub fn take_calls(&self) -> Vec<Call> {
        self.0.take_calls()
    }
}

impl Site for Folder {
    fn operation(&self, request: &Request) -> &'static str {
        match request.method.as_str() {
            "GET" => "GET",
            "HEAD" => "HEAD",
            _ => "other",
        }
    }

    fn answer(&self, request: &Request) -> Response {
        let path = request.path.trim_start_matches('/');
        if path.split('/').any(|segment| segment.starts_with('.')) {
            return Response::new(404);
        }
        match fs::read(self.root.join(path)) {
            Ok(bytes) => ranged(&bytes, request.header("range").filter(|_| self.does_ranges)),
            Err(_) => Response::new(404).with_body(b"no such file".to_vec()),
        }
    }
}
