//! What the tests of remote stores share.

use std::io::Write;
use std::sync::OnceLock;
use std::time::Duration;

use skiptrace_backends::retry::Retries;
use skiptrace_backends::s3::{S3Settings, S3Store};
use skiptrace_backends::testing::S3Server;

pub(crate) const BUCKET: &str = "bucket";

/// Three tries with hardly a pause.
pub(crate) const QUICK: Retries =
    Retries { attempts: 3, first_pause: Duration::from_millis(1), longest_pause: Duration::from_millis(4) };

/// Settings for a service at `endpoint`, with credentials in the environment.
pub(crate) fn settings(endpoint: &str) -> S3Settings {
    set_environment();
    S3Settings {
        region: Some("us-east-1".to_owned()),
        endpoint: Some(endpoint.to_owned()),
        retries: QUICK,
        timeout: Duration::from_secs(20),
        ..S3Settings::new(BUCKET, None)
    }
}

/// Settings for values of which all but the smallest are uploaded in parts.
pub(crate) fn in_parts(endpoint: &str) -> S3Settings {
    S3Settings { multipart_above: 1 << 10, part_size: 100 << 10, ..settings(endpoint) }
}

/// A server, and a store on it.
pub(crate) fn serve() -> (S3Server, S3Store) {
    let server = S3Server::start(BUCKET);
    let store = S3Store::new(settings(&server.url())).unwrap();
    (server, store)
}

/// Sets credentials, unless the user chose a service and has some.
pub(crate) fn set_environment() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        if std::env::var_os("SKIPTRACE_TEST_STORE").is_some() {
            return;
        }
        let variables = [
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("NO_PROXY", "127.0.0.1"),
        ];
        for (name, value) in variables {
            // SAFETY: whatever reads the environment in these tests does so through `std`, which has a lock for it.
            #[expect(unsafe_code, reason = "the SDK has no other place to look that is ours alone")]
            unsafe {
                std::env::set_var(name, value);
            }
        }
    });
}

/// Says that a test is skipped for want of `tool`, or fails where all tools must be there.
pub(crate) fn skip(tool: &str, how_to_install: &str) {
    let required = std::env::var_os("SKIPTRACE_REQUIRE_TOOLS").is_some_and(|value| value != "0");
    assert!(!required, "{tool} is not installed ({how_to_install}), and SKIPTRACE_REQUIRE_TOOLS is set");
    // The test harness swallows what goes through `eprintln!`.
    let _ = writeln!(std::io::stderr(), "SKIPPED: this needs {tool} ({how_to_install})");
}
