//! What users are told when S3 does not do as they wish, and how many requests it took.

use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use skiptrace_backends::conformance::parse;
use skiptrace_backends::s3::{S3Settings, S3Store};
use skiptrace_backends::testing::{Fault, S3Server};
use skiptrace_engine::store::{ByteRange, ListRequest, Store, StoreError, StoreErrorKind};

use crate::support::{BUCKET, serve, settings};

/// The error of every operation, on a server where each request fails with `fault`.
fn errors(fault: &Fault, timeout: Duration) -> Vec<(StoreError, usize)> {
    let server = S3Server::start(BUCKET);
    let store = S3Store::new(S3Settings { timeout, ..settings(&server.url()) }).unwrap();
    server.fail("", usize::MAX, fault.clone());
    let key = parse("some/key");
    let operations: [&dyn Fn() -> Option<StoreError>; 5] = [
        &|| store.get(&key).err(),
        &|| store.get_range(&key, ByteRange::Suffix(5)).err(),
        &|| store.put(&key, b"value").err(),
        &|| store.list(&ListRequest::below(parse("some"))).err(),
        &|| store.delete(&key).err(),
    ];
    let mut errors = Vec::new();
    for operation in operations {
        let error = operation().expect("no operation succeeds");
        errors.push((error, server.take_calls().len()));
    }
    errors
}

#[test]
fn what_lasts_is_told_with_the_number_of_tries() {
    let wrong_region = || StoreErrorKind::WrongRegion { region: Some("eu-central-1".to_owned()) };
    let long = Duration::from_secs(20);
    let short = Duration::from_millis(200);
    for (fault, kind, tries, timeout) in [
        (Fault::ResetBefore, StoreErrorKind::Unreachable, 3, long),
        (Fault::Stall, StoreErrorKind::Unreachable, 3, short),
        (Fault::internal_error(), StoreErrorKind::Unavailable, 3, long),
        (Fault::slow_down(), StoreErrorKind::Unavailable, 3, long),
        (Fault::page(502), StoreErrorKind::Unavailable, 3, long),
        (Fault::conflict(), StoreErrorKind::Unavailable, 3, long),
        (Fault::s3(403, "AccessDenied"), StoreErrorKind::Forbidden, 1, long),
        (Fault::s3(403, "InvalidAccessKeyId"), StoreErrorKind::Forbidden, 1, long),
        (Fault::s3(404, "NoSuchBucket"), StoreErrorKind::NoBucket, 1, long),
        (Fault::redirect("eu-central-1"), wrong_region(), 1, long),
        (Fault::malformed_authorization("eu-central-1"), wrong_region(), 1, long),
    ] {
        for (error, calls) in errors(&fault, timeout) {
            assert_eq!(error.kind, kind, "{fault:?}: {error}: {error:?}");
            assert_eq!(calls, tries, "{fault:?}: {error}");
            let text = error.to_string();
            assert!(text.starts_with(&format!("cannot {} `s3://{BUCKET}", error.action)), "{text}");
            assert!(text.contains("/some"), "{text}");
            assert_eq!(text.contains("(tried 3 times in "), tries == 3, "{text}");
            assert!(error.source.is_some(), "what the service said lies below: {text}");
            let helps = !matches!(kind, StoreErrorKind::Unavailable);
            assert_eq!(error.hint().is_some(), helps, "{text}");
        }
    }
}

#[test]
fn a_missing_bucket_is_told_by_the_server_itself() {
    let server = S3Server::start("another");
    let store = S3Store::new(settings(&server.url())).unwrap();
    assert_eq!(store.get(&parse("key")).unwrap_err().kind, StoreErrorKind::NoBucket);
    assert_eq!(store.put(&parse("key"), b"value").unwrap_err().kind, StoreErrorKind::NoBucket);
}

#[test]
fn a_closed_port_is_unreachable() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let store = S3Store::new(settings(&format!("http://127.0.0.1:{port}"))).unwrap();
    let error = store.get(&parse("some/key")).unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unreachable);
    assert!(error.to_string().contains("(tried 3 times in "), "{error}");
}

const CHILD: &str = "SKIPTRACE_TESTS_WITHOUT_CREDENTIALS";

/// Run below, in a process with nothing in its environment.
#[test]
fn without_credentials_child() {
    let Ok(endpoint) = std::env::var(CHILD) else { return };
    let settings = S3Settings { endpoint: Some(endpoint), ..S3Settings::new(BUCKET, None) };
    let error = S3Store::new(settings).unwrap().get(&parse("key")).unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::NoCredentials, "{error}: {error:?}");
    assert!(error.hint().unwrap().contains("AWS_ACCESS_KEY_ID"));
}

#[test]
fn without_credentials_nothing_is_sent() {
    let server = S3Server::start(BUCKET);
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["s3_errors::without_credentials_child", "--exact"])
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env(CHILD, server.url())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(server.take_calls(), []);
}

#[test]
fn long_listings_come_in_pages_and_no_more_than_asked_for() {
    let (server, store) = serve();
    let mut keys: Vec<String> = (0..25_000).map(|i| format!("key/{:02}/{}", i % 83, i * 7)).collect();
    for key in &keys {
        server.set_object(BUCKET, key, b"v");
    }
    // Not in the listing, and passed over at once.
    for i in 0..3_000 {
        server.set_object(BUCKET, &format!(".blobs/{i}"), b"v");
    }
    keys.sort_unstable();
    let list = |request: &ListRequest| -> Vec<String> {
        store.list(request).unwrap().into_iter().map(|entry| entry.key.to_string()).collect()
    };
    assert!(list(&ListRequest::default()) == keys);
    let calls = server.take_calls().len();
    assert!((25..=27).contains(&calls), "{calls} pages");
    assert_eq!(list(&ListRequest::below(parse("key")).limit(10)), keys[..10]);
    assert_eq!(server.take_calls().len(), 1);
    let request = ListRequest::below(parse("key/07")).start_after(parse("key/07/5")).limit(20);
    let expected: Vec<&String> =
        keys.iter().filter(|key| key.starts_with("key/07/") && key.as_str() > "key/07/5").collect();
    assert_eq!(list(&request).iter().collect::<Vec<_>>(), expected[..20]);
    assert_eq!(server.take_calls().len(), 1);
    // A page that fails is asked for again, and no key is lost or there twice.
    let mut pages = 0;
    server.fail_by(move |_| {
        pages += 1;
        (pages % 3 == 0).then(Fault::slow_down)
    });
    assert!(list(&ListRequest::default()) == keys);
}

const IMPATIENT: &str = "SKIPTRACE_TESTS_IMPATIENT";

/// Run below, in a process whose region nobody tells.
#[test]
fn impatient_child() {
    if std::env::var_os(IMPATIENT).is_none() {
        return;
    }
    let settings = S3Settings { timeout: Duration::from_millis(400), ..S3Settings::new(BUCKET, None) };
    let listed = S3Store::new(settings).unwrap().list(&ListRequest::default());
    assert_eq!(listed.unwrap_or_else(|error| panic!("{error}: {error:?}")), []);
}

#[test]
fn looking_for_a_region_is_no_part_of_a_request() {
    let server = S3Server::start(BUCKET);
    // Something that takes the place of EC2's metadata service, and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config");
    std::fs::write(&config, format!("[default]\nendpoint_url = {}\n", server.url())).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["s3_errors::impatient_child", "--exact"])
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_CONFIG_FILE", &config)
        .env("AWS_ACCESS_KEY_ID", "testing")
        .env("AWS_SECRET_ACCESS_KEY", "testing")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", format!("http://{}", silent.local_addr().unwrap()))
        .env(IMPATIENT, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
