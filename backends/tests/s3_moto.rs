//! The laws of the port over S3 as moto plays it, which is not of our making.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use skiptrace_backends::conformance;
use skiptrace_backends::conformance::Subject;
use skiptrace_backends::s3::{S3Settings, S3Store};
use skiptrace_engine::key::Key;

use crate::support::{BUCKET, settings, skip};

/// The server; killed when this process exits, which drops no statics.
static SERVER: Mutex<Option<Child>> = Mutex::new(None);

/// Starts the server the first time; returns its URL, or `None` where it is not installed.
fn url() -> Option<&'static str> {
    static URL: OnceLock<Option<String>> = OnceLock::new();
    let url = URL.get_or_init(|| {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // The shell ends with the server, and the server with this process: when the pipe closes.
        let script = format!("moto_server -H 127.0.0.1 -p {port} >/dev/null 2>&1 & cat; kill $!");
        let found =
            Command::new("moto_server").arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            return None;
        }
        let child = Command::new("sh").args(["-c", &script]).stdin(Stdio::piped()).spawn().unwrap();
        *SERVER.lock().unwrap() = Some(child);
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                let url = format!("http://127.0.0.1:{port}");
                let made = ureq::put(format!("{url}/{BUCKET}")).send_empty();
                made.unwrap_or_else(|error| panic!("no bucket in moto: {error}"));
                return Some(url);
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("moto_server does not answer on port {port}");
    });
    url.as_deref()
}

fn on_moto() -> Option<Subject> {
    static SUBJECTS: AtomicU32 = AtomicU32::new(0);
    let Some(url) = url() else {
        skip("moto_server", "pip install 'moto[server]'");
        return None;
    };
    let prefix = Key::new(format!("laws/{}", SUBJECTS.fetch_add(1, Ordering::Relaxed))).unwrap();
    let store = S3Store::new(S3Settings { prefix: Some(prefix), ..settings(url) }).unwrap();
    // It looks whether there is an object, and writes one, in two steps.
    Some(Subject::new(Arc::new(store)).creating_racily())
}

conformance!(moto, all, on_moto);
