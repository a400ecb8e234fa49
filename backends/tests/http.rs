//! A mirror on a web server: the laws of reading, and trouble.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use skiptrace_backends::conformance;
use skiptrace_backends::conformance::{Subject, bytes, parse};
use skiptrace_backends::folder::FolderStore;
use skiptrace_backends::http::{HttpSettings, HttpStore};
use skiptrace_backends::testing::{Fault, FileServer};
use skiptrace_engine::key::Key;
use skiptrace_engine::store::{ByteRange, Entry, ListRequest, Put, Slice, Store, StoreError, StoreErrorKind};

use crate::support::{QUICK, set_environment};

/// A folder that is kept ready to be served: its listing is written anew with every value.
#[derive(Debug)]
struct Mirror(FolderStore);

impl Mirror {
    fn new(root: &Path) -> Mirror {
        let mirror = Mirror(FolderStore::new(root));
        mirror.write_listing();
        mirror
    }

    fn write_listing(&self) {
        let entries = self.0.list(&ListRequest::default()).unwrap();
        let lines = entries.into_iter().filter(|entry| entry.key.as_str() != "listing.txt");
        let listing: String = lines.map(|entry| format!("{}\t{}\n", entry.key, entry.size)).collect();
        std::fs::write(self.0.root().join("listing.txt"), listing).unwrap();
    }
}

impl Store for Mirror {
    fn get(&self, key: &Key) -> Result<Vec<u8>, StoreError> {
        self.0.get(key)
    }

    fn get_range(&self, key: &Key, range: ByteRange) -> Result<Slice, StoreError> {
        self.0.get_range(key, range)
    }

    fn put(&self, key: &Key, value: &[u8]) -> Result<Put, StoreError> {
        let put = self.0.put(key, value);
        self.write_listing();
        put
    }

    fn list(&self, request: &ListRequest) -> Result<Vec<Entry>, StoreError> {
        self.0.list(request)
    }

    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        self.0.delete(key)
    }
}

impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn store(server: &FileServer, timeout: Duration) -> HttpStore {
    set_environment();
    HttpStore::new(HttpSettings { retries: QUICK, timeout, ..HttpSettings::new(server.url()) })
}

fn mirrored(start: fn(PathBuf) -> FileServer) -> Option<Subject> {
    let folder = tempfile::tempdir().unwrap();
    let mirror = Mirror::new(folder.path());
    let server = start(folder.path().to_owned());
    let store = store(&server, Duration::from_secs(20));
    Some(Subject::new(Arc::new(store)).filled_through(Arc::new(mirror)).keeping((server, folder)))
}

fn on_a_server() -> Option<Subject> {
    mirrored(FileServer::start)
}

fn on_a_server_without_ranges() -> Option<Subject> {
    mirrored(FileServer::start_without_ranges)
}

conformance!(mirror, read, on_a_server);
conformance!(mirror_without_ranges, read, on_a_server_without_ranges);

const SHORT: Duration = Duration::from_millis(400);
const LONG: Duration = Duration::from_secs(20);

/// A server with a value at `key`.
fn serve(value: &[u8]) -> (tempfile::TempDir, FileServer) {
    let folder = tempfile::tempdir().unwrap();
    FolderStore::new(folder.path()).put(&parse("key"), value).unwrap();
    let server = FileServer::start(folder.path());
    (folder, server)
}

#[test]
fn what_passes_is_survived() {
    let value = bytes(1, 100_000);
    for fault in [
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::Truncate,
        Fault::Stall,
        Fault::StallInBody,
        Fault::status(429),
        Fault::status(500),
        Fault::status(503),
        Fault::page(502),
        Fault::Answer(503, vec![("Retry-After".to_owned(), "0".to_owned())], String::new()),
    ] {
        let (folder, server) = serve(&value);
        Mirror::new(folder.path());
        let store = store(&server, SHORT);
        for times in [1, 2] {
            server.fail(times, fault.clone());
            assert!(store.get(&parse("key")).expect("a read") == value, "{fault:?}");
            server.fail(times, fault.clone());
            let slice = store.get_range(&parse("key"), ByteRange::Bounded(7..70_000)).expect("a range");
            assert!(slice.bytes == value[7..70_000] && slice.total == 100_000, "{fault:?}");
            server.fail(times, fault.clone());
            let parts = store.get_ranges(&parse("key"), &[0..50_000, 99_999..100_000]).expect("ranges");
            assert!(parts == [&value[..50_000], &value[99_999..]], "{fault:?}");
            server.fail(times, fault.clone());
            assert_eq!(store.list(&ListRequest::default()).expect("a listing").len(), 1, "{fault:?}");
        }
    }
}

#[test]
fn what_lasts_is_told_with_the_number_of_tries() {
    for (fault, kind, tries, timeout) in [
        (Fault::ResetBefore, StoreErrorKind::Unreachable, 3, LONG),
        (Fault::Stall, StoreErrorKind::Unreachable, 3, SHORT),
        (Fault::StallInBody, StoreErrorKind::Unreachable, 3, SHORT),
        (Fault::Truncate, StoreErrorKind::Unavailable, 3, LONG),
        (Fault::status(429), StoreErrorKind::Unavailable, 3, LONG),
        (Fault::status(500), StoreErrorKind::Unavailable, 3, LONG),
        (Fault::page(502), StoreErrorKind::Unavailable, 3, LONG),
        (Fault::status(401), StoreErrorKind::Forbidden, 1, LONG),
        (Fault::status(403), StoreErrorKind::Forbidden, 1, LONG),
        (Fault::page(404), StoreErrorKind::NotFound, 1, LONG),
        (Fault::status(410), StoreErrorKind::NotFound, 1, LONG),
    ] {
        let (_folder, server) = serve(b"some value");
        let store = store(&server, timeout);
        server.fail(usize::MAX, fault.clone());
        for range in [None, Some(ByteRange::Bounded(1..3))] {
            let error = match range {
                None => store.get(&parse("key")).unwrap_err(),
                Some(range) => store.get_range(&parse("key"), range).unwrap_err(),
            };
            assert_eq!(error.kind, kind, "{fault:?}: {error}: {error:?}");
            assert_eq!(server.take_calls().len(), tries, "{fault:?}");
            let text = error.to_string();
            assert!(text.starts_with(&format!("cannot read `{}/key`: ", server.url())), "{text}");
            assert_eq!(text.contains("(tried 3 times in "), tries == 3, "{text}");
        }
    }
}

#[test]
fn a_body_that_goes_on_is_never_given_up() {
    let value = bytes(2, 200_000);
    let (_folder, server) = serve(&value);
    // Longer than the timeout in all, while each pause is shorter.
    server.fail(usize::MAX, Fault::Drip(15, 60));
    assert!(store(&server, SHORT).get(&parse("key")).unwrap() == value);
}

#[test]
fn nothing_can_be_written() {
    let (_folder, server) = serve(b"value");
    let store = store(&server, LONG);
    assert_eq!(store.put(&parse("new"), b"x").unwrap_err().kind, StoreErrorKind::ReadOnly);
    assert_eq!(store.put(&parse("key"), b"value").unwrap_err().kind, StoreErrorKind::ReadOnly);
    assert_eq!(store.delete(&parse("key")).unwrap_err().kind, StoreErrorKind::ReadOnly);
    assert_eq!(server.take_calls(), []);
}

#[test]
fn listing_needs_a_file_at_the_top() {
    let (folder, server) = serve(b"value");
    let store = store(&server, LONG);
    let error = store.list(&ListRequest::default()).unwrap_err();
    assert!(matches!(error.kind, StoreErrorKind::Unsupported(_)), "{error}");
    assert!(error.hint().unwrap().contains("listing.txt"), "{error:?}");

    let listing = "b/2\t20\na/1\r\n\n../outside\t1\na/3\tmany\nb/2\t20\n";
    std::fs::write(folder.path().join("listing.txt"), listing).unwrap();
    let list = |request: &ListRequest| -> Vec<(String, u64)> {
        store.list(request).unwrap().into_iter().map(|entry| (entry.key.to_string(), entry.size)).collect()
    };
    let expected = [("a/1", 0), ("a/3", 0), ("b/2", 20)].map(|(key, size)| (key.to_owned(), size));
    assert_eq!(list(&ListRequest::default()), expected);
    assert_eq!(list(&ListRequest::below(parse("a"))), expected[..2]);
    assert_eq!(list(&ListRequest::default().start_after(parse("a/1")).limit(1)), expected[1..2]);

    std::fs::write(folder.path().join("listing.txt"), b"\xff\xfe").unwrap();
    assert_eq!(store.list(&ListRequest::default()).unwrap_err().kind, StoreErrorKind::Damaged);
}

#[test]
fn a_range_that_is_refused_without_a_reason_is_found_in_the_whole() {
    let (_folder, server) = serve(b"0123456789");
    let store = store(&server, LONG);
    for (range, expected) in [
        (ByteRange::Suffix(4), &b"6789"[..]),
        (ByteRange::Bounded(2..5), b"234"),
        (ByteRange::Suffix(0), b""),
    ] {
        server.fail(1, Fault::status(416));
        let slice = store.get_range(&parse("key"), range.clone()).unwrap();
        assert_eq!((slice.bytes.as_slice(), slice.total), (expected, 10), "{range:?}");
    }
    server.fail(1, Fault::status(416));
    let error = store.get_range(&parse("key"), ByteRange::Bounded(9..11)).unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::OutOfRange { size: 10 });
}

#[test]
fn no_server_is_asked_for_more_than_it_can_count() {
    let (_folder, server) = serve(b"0123456789");
    let store = store(&server, LONG);
    assert_eq!(store.get_range(&parse("key"), ByteRange::Suffix(u64::MAX)).unwrap().bytes, b"0123456789");
    let error = store.get_range(&parse("key"), ByteRange::Bounded(3..u64::MAX)).unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::OutOfRange { size: 10 });
    for range in server.take_calls().into_iter().filter_map(|call| call.range) {
        let numbers = range.trim_start_matches("bytes=").split('-').filter(|number| !number.is_empty());
        assert!(numbers.clone().all(|number| number.parse::<i64>().is_ok()), "{range}");
    }
}

#[test]
fn a_password_is_never_shown() {
    let store = HttpStore::new(HttpSettings::new("https://user:secret@host/path"));
    let error = store.put(&parse("key"), b"").unwrap_err();
    let shown = format!("{store} {store:?} {error} {error:?}");
    assert!(!shown.contains("secret"), "{shown}");
}
