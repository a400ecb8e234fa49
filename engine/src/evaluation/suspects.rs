//! What may be behind a miss.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::id::JobName;
use crate::record::TestKey;
use crate::selection::{Change, Reason, Selection};

use super::{Evaluation, Finding};

/// Returns what had changed, the likeliest to have broken a test first: what selected most of the tests that failed.
///
/// The test that was missed depends on none of it, as far as the index knows; one of these is what it should have known.
pub fn suspects<'a>(selection: &'a Selection, evaluation: &Evaluation) -> Vec<&'a Change> {
    let mut blamed: BTreeMap<&Change, usize> = selection.changes.iter().map(|change| (change, 0)).collect();
    let Some(job) = selection.tests.first().map(|test| &test.record.key.job) else { return Vec::new() };
    for test in evaluation.tests.iter().filter(|test| test.finding == Some(Finding::Caught)) {
        let key = TestKey::new(JobName::clone(job), test.suite.clone(), test.name.clone());
        let Some(decided) = selection.get(&key) else { continue };
        for change in selection.reasons_of(decided).filter_map(Reason::change) {
            if let Some(n) = blamed.get_mut(change) {
                *n += 1;
            }
        }
    }
    let mut changes: Vec<(&Change, usize)> = blamed.into_iter().collect();
    changes.sort_by_key(|(change, n)| (Reverse(*n), *change));
    changes.into_iter().map(|(change, _)| change).collect()
}
