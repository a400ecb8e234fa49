//! A small web server.

use std::fmt;
use std::io::{self, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::fault::{Call, Fault, Script};
use super::message::{Request, Response};

/// How long a stalled answer holds the connection at most, should the client never give up.
const LONGEST_STALL: Duration = Duration::from_secs(20);
const STEP: Duration = Duration::from_millis(10);

/// What a server serves.
pub(super) trait Site: Send + Sync + 'static {
    /// Returns the name of what is asked for.
    fn operation(&self, request: &Request) -> &'static str;
    /// Does what is asked for.
    fn answer(&self, request: &Request) -> Response;
}

/// A server on a port of its own, until it is dropped.
pub(super) struct Server<S> {
    shared: Arc<Shared<S>>,
    address: SocketAddr,
}

struct Shared<S> {
    site: S,
    script: Mutex<Script>,
    calls: Mutex<Vec<Call>>,
    connections: Mutex<Vec<TcpStream>>,
    is_stopped: AtomicBool,
}

impl<S: Site> Server<S> {
    pub(super) fn start(site: S) -> io::Result<Server<S>> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            site,
            script: Mutex::default(),
            calls: Mutex::default(),
            connections: Mutex::default(),
            is_stopped: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for connection in listener.incoming() {
                if accepting.is_stopped.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(connection) = connection else { continue };
                let shared = Arc::clone(&accepting);
                thread::spawn(move || shared.serve(&connection));
            }
        });
        Ok(Server { shared, address })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn site(&self) -> &S {
        &self.shared.site
    }

    pub(super) fn script(&self) -> MutexGuard<'_, Script> {
        lock(&self.shared.script)
    }

    /// Returns what was asked for since the last time this was called.
    pub(super) fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut lock(&self.shared.calls))
    }
}

impl<S> Drop for Server<S> {
    fn drop(&mut self) {
        self.shared.is_stopped.store(true, Ordering::SeqCst);
        // It wakes the thread that waits for connections.
        let _ = TcpStream::connect(self.address);
        for connection in lock(&self.shared.connections).drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

impl<S> fmt::Debug for Server<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "server at {}", self.address)
    }
}

/// What becomes of the connection.
#[derive(PartialEq, Eq)]
enum Then {
    GoOn,
    Close,
    Reset,
}

impl<S: Site> Shared<S> {
    fn serve(&self, connection: &TcpStream) {
        let _ = connection.set_nodelay(true);
        if let Ok(clone) = connection.try_clone() {
            lock(&self.connections).push(clone);
        }
        let mut input = BufReader::new(connection);
        let mut then = Then::GoOn;
        while then == Then::GoOn && !self.is_stopped.load(Ordering::SeqCst) {
            // A client that went away is no trouble of ours.
            then = self.exchange(&mut input, connection).unwrap_or(Then::Close);
        }
        if then == Then::Reset {
            let _ = rustix::net::sockopt::set_socket_linger(connection, Some(Duration::ZERO));
        }
        // The clone in the list would keep it open.
        let peer = connection.peer_addr().ok();
        lock(&self.connections).retain(|other| other.peer_addr().ok() != peer);
        if then != Then::Reset {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    fn exchange(&self, input: &mut BufReader<&TcpStream>, mut output: &TcpStream) -> io::Result<Then> {
        let Some(mut request) = Request::read_head(input)? else { return Ok(Then::Close) };
        let call = Call {
            operation: self.site.operation(&request),
            path: request.path.clone(),
            query: request.query.clone(),
            range: request.header("range").map(str::to_owned),
        };
        let fault = lock(&self.script).next(&call);
        lock(&self.calls).push(call);
        if fault == Some(Fault::ResetBefore) {
            return Ok(Then::Reset);
        }
        request.read_body(input, &mut output)?;
        if fault == Some(Fault::Stall) {
            self.stall(output)?;
            return Ok(Then::Close);
        }
        let response = match fault.as_ref().and_then(Fault::answer) {
            Some(response) => response,
            None => self.site.answer(&request),
        };
        if fault == Some(Fault::ResetAfter) {
            return Ok(Then::Reset);
        }
        output.write_all(&response.head())?;
        if request.method == "HEAD" {
            return Ok(Then::GoOn);
        }
        let half = response.body.len() / 2;
        match fault {
            Some(Fault::Truncate) => output.write_all(&response.body[..half])?,
            Some(Fault::StallInBody) => {
                output.write_all(&response.body[..half])?;
                self.stall(output)?;
            }
            Some(Fault::Drip(pieces, millis)) => {
                let size = response.body.len().div_ceil(pieces as usize).max(1);
                for piece in response.body.chunks(size) {
                    output.write_all(piece)?;
                    thread::sleep(Duration::from_millis(millis));
                }
                return Ok(Then::GoOn);
            }
            _ => {
                output.write_all(&response.body)?;
                return Ok(Then::GoOn);
            }
        }
        Ok(Then::Close)
    }

    /// Waits until the client closes the connection.
    fn stall(&self, connection: &TcpStream) -> io::Result<()> {
        connection.set_read_timeout(Some(STEP))?;
        for _ in 0..LONGEST_STALL.as_millis() / STEP.as_millis() {
            if self.is_stopped.load(Ordering::SeqCst) || matches!(connection.peek(&mut [0]), Ok(0)) {
                break;
            }
        }
        Ok(())
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
