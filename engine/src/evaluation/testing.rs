//! What tests ask with.

use std::time::Duration;

use crate::id::{JobName, RecordingId};
use crate::record::{Health, Outcome, Role, TestKey, TestRecord};
use crate::selection::{Decided, Selection};

/// The job of all of them.
fn job() -> JobName {
    "unit".parse().expect("it is a name")
}

/// Makes a test: whether there is a proof that it need not run, and how it ended when it was recorded.
pub(super) fn decided(suite: &str, name: &str, skipped: bool, was: Outcome) -> Decided {
    let key = TestKey::new(job(), suite, name);
    let record = TestRecord {
        key,
        outcome: was,
        health: Health::OK,
        duration: Duration::from_millis(10),
        role: Role::Test,
        recording: RecordingId(0),
    };
    Decided { record, why: if skipped { Vec::new() } else { vec![0] } }
}

/// Makes tests that must run.
pub(super) fn known(tests: &[(&str, &str)]) -> Vec<Decided> {
    tests.iter().map(|(suite, name)| decided(suite, name, false, Outcome::Passed)).collect()
}

/// Makes a selection.
pub(super) fn selection(mut tests: Vec<Decided>) -> Selection {
    tests.sort_by(|a, b| a.record.key.cmp(&b.record.key));
    Selection { tests, ..Selection::default() }
}
