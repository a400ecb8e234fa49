//! The laws of the port over a service of the user's choice.
//!
//! `SKIPTRACE_TEST_STORE='s3://bucket/prefix?endpoint=http://127.0.0.1:9000'`, with credentials where AWS tools look for
//! them, runs them against that store, each law in a folder of its own below the prefix. Nothing is cleaned up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use skiptrace_backends::conformance;
use skiptrace_backends::conformance::Subject;
use skiptrace_backends::location::{self, Location, OpenOptions};
use skiptrace_backends::wrap::Prefixed;
use skiptrace_engine::key::Key;

const STORE: &str = "SKIPTRACE_TEST_STORE";
/// Set for a service that is known to let several writers of a key through.
const RACY: &str = "SKIPTRACE_TEST_STORE_RACY";

fn of_the_users_choice() -> Option<Subject> {
    static SUBJECTS: AtomicU32 = AtomicU32::new(0);
    // Which service to try is a choice, not a tool that could be missing: nothing is skipped without one.
    let url = std::env::var(STORE).ok()?;
    let location: Location = url.parse().unwrap_or_else(|error| panic!("{STORE}: {error}"));
    let store = location::open(&location, &OpenOptions::default()).unwrap();
    let folder = format!("laws-{}-{}", std::process::id(), SUBJECTS.fetch_add(1, Ordering::Relaxed));
    let subject = Subject::new(Arc::new(Prefixed::new(store, Key::new(folder).unwrap())));
    Some(if std::env::var_os(RACY).is_some() { subject.creating_racily() } else { subject })
}

conformance!(chosen, all, of_the_users_choice);
