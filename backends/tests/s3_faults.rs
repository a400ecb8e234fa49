//! S3 in trouble that passes.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use skiptrace_backends::conformance::{bytes, parse};
use skiptrace_backends::s3::{S3Settings, S3Store};
use skiptrace_backends::testing::{Fault, S3Server};
use skiptrace_engine::store::{ByteRange, ListRequest, Put, Store, StoreErrorKind};

use crate::support::{BUCKET, in_parts, serve, settings};

/// Settings under which an answer that does not come is given up soon.
fn impatient(server: &S3Server) -> S3Settings {
    S3Settings { timeout: Duration::from_millis(500), ..settings(&server.url()) }
}

/// What passes.
fn passing() -> Vec<Fault> {
    vec![
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::internal_error(),
        Fault::slow_down(),
        Fault::s3(409, "OperationAborted"),
        Fault::s3(400, "RequestTimeout"),
        Fault::status(429),
        Fault::page(502),
        Fault::page(503),
        Fault::Stall,
    ]
}

#[test]
fn what_passes_is_survived() {
    for fault in passing() {
        for times in [1, 2] {
            let server = S3Server::start(BUCKET);
            let store = S3Store::new(impatient(&server)).unwrap();
            let (key, value) = (parse("a/key"), bytes(1, 30_000));
            let fail = |operation| server.fail(operation, times, fault.clone());
            fail("PutObject");
            assert_eq!(store.put(&key, &value).expect("a write"), Put::Created, "{fault:?}");
            assert_eq!(server.object(BUCKET, "a/key").as_deref(), Some(&value[..]));
            fail("GetObject");
            assert!(store.get(&key).expect("a read") == value, "{fault:?}");
            fail("GetObject");
            let slice = store.get_range(&key, ByteRange::Bounded(100..20_000)).expect("a range");
            assert!((slice.bytes == value[100..20_000]) && slice.total == 30_000, "{fault:?}");
            fail("ListObjectsV2");
            assert_eq!(store.list(&ListRequest::default()).expect("a listing").len(), 1, "{fault:?}");
            fail("PutObject");
            assert_eq!(
                store.put(&key, b"other").unwrap_err().kind,
                StoreErrorKind::AlreadyExists,
                "{fault:?}"
            );
            server.heal();
            fail("DeleteObject");
            store.delete(&key).expect("a deletion");
            assert_eq!(server.names(BUCKET), [""; 0]);
        }
    }
}

#[test]
fn an_answer_that_is_lost_loses_nothing() {
    let (server, store) = serve();
    let key = parse("key");
    // Our own bytes, committed by a try whose answer was lost.
    server.fail("PutObject", 2, Fault::ResetAfter);
    assert_eq!(store.put(&key, b"ours").unwrap(), Put::Created);
    server.fail("PutObject", 1, Fault::ResetAfter);
    assert_eq!(store.put(&key, b"theirs").unwrap_err().kind, StoreErrorKind::AlreadyExists);
    assert_eq!(server.object(BUCKET, "key").unwrap(), b"ours");
    // Two conditional writes at once: this one did nothing.
    server.fail("PutObject", 2, Fault::conflict());
    assert_eq!(store.put(&key, b"ours").unwrap(), Put::Identical);
    server.fail("PutObject", 2, Fault::conflict());
    assert_eq!(store.put(&parse("other"), b"other").unwrap(), Put::Created);
}

#[test]
fn what_is_cut_short_is_read_again() {
    for fault in [Fault::Truncate, Fault::StallInBody] {
        let server = S3Server::start(BUCKET);
        let store = S3Store::new(impatient(&server)).unwrap();
        let value = bytes(2, 300_000);
        server.set_object(BUCKET, "key", &value);
        server.fail("GetObject", 2, fault.clone());
        assert!(store.get(&parse("key")).unwrap() == value);
        server.fail("GetObject", 2, fault.clone());
        assert!(store.get_range(&parse("key"), ByteRange::Suffix(70_000)).unwrap().bytes == value[230_000..]);
        server.fail("GetObject", 2, fault.clone());
        let parts = store.get_ranges(&parse("key"), &[5..100_000, 100_000..100_001]).unwrap();
        assert!(parts == [&value[5..100_000], &value[100_000..100_001]]);
        server.fail("ListObjectsV2", 2, fault);
        assert_eq!(store.list(&ListRequest::default()).unwrap().len(), 1);
    }
}

#[test]
fn a_body_that_goes_on_is_never_given_up() {
    let server = S3Server::start(BUCKET);
    let store = S3Store::new(impatient(&server)).unwrap();
    let value = bytes(3, 200_000);
    server.set_object(BUCKET, "key", &value);
    // Longer than the timeout in all, while each pause is shorter.
    server.fail("GetObject", usize::MAX, Fault::Drip(15, 60));
    assert!(store.get(&parse("key")).unwrap() == value);
}

#[test]
fn a_page_of_a_proxy_is_no_answer() {
    let (server, store) = serve();
    server.fail("", 2, Fault::page(200));
    assert_eq!(store.put(&parse("key"), b"value").unwrap(), Put::Created);
    assert_eq!(server.object(BUCKET, "key").unwrap(), b"value");
    server.fail("", 2, Fault::page(200));
    assert_eq!(store.get(&parse("key")).unwrap(), b"value");
    server.fail("", 2, Fault::page(200));
    assert_eq!(store.list(&ListRequest::default()).unwrap().len(), 1);
}

#[test]
fn nobody_sees_half_a_value() {
    let server = S3Server::start(BUCKET);
    let store = S3Store::new(in_parts(&server.url())).unwrap();
    let reader = S3Store::new(in_parts(&server.url())).unwrap();
    // Every third request of a writer is broken off, in one way or another.
    let count = AtomicUsize::new(0);
    server.fail_by(move |call| {
        let is_reading = matches!(call.operation, "GetObject" | "ListObjectsV2");
        let n = if is_reading { 0 } else { count.fetch_add(1, Ordering::Relaxed) };
        (n % 3 == 2).then_some(if n % 2 == 0 { Fault::ResetBefore } else { Fault::ResetAfter })
    });
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for i in 0..30 {
                let key = parse(&format!("key/{i}"));
                for _ in 0..20 {
                    if store.put(&key, &bytes(i, 500_000)).is_ok() {
                        break;
                    }
                }
            }
            done.store(true, Ordering::SeqCst);
        });
        while !done.load(Ordering::SeqCst) {
            for i in 0..30 {
                match reader.get(&parse(&format!("key/{i}"))) {
                    Ok(value) => assert!(value == bytes(i, 500_000), "{} bytes", value.len()),
                    Err(error) => assert!(error.is_not_found(), "{error}: {error:?}"),
                }
            }
        }
    });
    for i in 0..30 {
        assert!(reader.get(&parse(&format!("key/{i}"))).unwrap() == bytes(i, 500_000));
    }
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing() {
    let broken = [
        ("CreateMultipartUpload", Fault::internal_error()),
        ("UploadPart", Fault::slow_down()),
        ("UploadPart", Fault::ResetBefore),
        ("CompleteMultipartUpload", Fault::internal_error()),
        ("CompleteMultipartUpload", Fault::s3(200, "InternalError")),
    ];
    for (operation, fault) in broken {
        let server = S3Server::start(BUCKET);
        let store = S3Store::new(in_parts(&server.url())).unwrap();
        let (key, value) = (parse("key"), bytes(4, 450_000));
        // The first two parts arrive; a later one does not.
        let mut seen = 0;
        let lasting = fault.clone();
        server.fail_by(move |call| {
            seen += usize::from(call.operation == operation);
            (call.operation == operation && (operation != "UploadPart" || seen > 2)).then(|| lasting.clone())
        });
        let error = store.put(&key, &value).unwrap_err();
        let kind = if fault == Fault::ResetBefore {
            StoreErrorKind::Unreachable
        } else {
            StoreErrorKind::Unavailable
        };
        assert_eq!(error.kind, kind, "{operation} {fault:?}: {error}: {error:?}");
        assert!(store.get(&key).unwrap_err().is_not_found());
        assert_eq!(server.names(BUCKET), [""; 0], "{operation} {fault:?}");
        assert_eq!(server.open_uploads(BUCKET), 0, "{operation} {fault:?}");
        // The same store writes it when the trouble is over.
        server.heal();
        assert_eq!(store.put(&key, &value).unwrap(), Put::Created);
        assert!(store.get(&key).unwrap() == value);
    }
    // An answer that is lost after the parts were put together.
    let server = S3Server::start(BUCKET);
    let store = S3Store::new(in_parts(&server.url())).unwrap();
    server.fail("CompleteMultipartUpload", 1, Fault::ResetAfter);
    assert_eq!(store.put(&parse("key"), &bytes(5, 450_000)).unwrap(), Put::Created);
    assert!(store.get(&parse("key")).unwrap() == bytes(5, 450_000));
    assert_eq!(server.open_uploads(BUCKET), 0);
}
