//! Environment variables, and the tests that consulted them.

use crate::id::SetId;
use crate::variable::Consulted;

use super::intern::SetInterner;

/// A variable with one of the values that tests found it to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableRecord {
    /// The variable, and what it was.
    pub consulted: Consulted,
    /// The tests that found it so. A test of several runs may be with several values, which cannot all be there now.
    pub tests: SetId,
}

/// Sorts variables and makes those of one name and value one; what no test consulted is gone. Sets are numbered as the
/// interner does.
pub(crate) fn normalize_variables(
    mut variables: Vec<VariableRecord>,
    sets: &mut SetInterner,
) -> Vec<VariableRecord> {
    variables.sort_by(|a, b| a.consulted.cmp(&b.consulted));
    variables.dedup_by(|later, first| {
        let same = later.consulted == first.consulted;
        if same {
            first.tests = sets.union(first.tests, later.tests);
        }
        same
    });
    variables.retain(|variable| variable.tests != SetId::EMPTY);
    variables
}
