//! What `skiptrace select` answered.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::truth::TestName;

/// What is read of the document `skiptrace/select@1`.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Selected {
    /// Why nothing can be skipped, where that is so.
    #[serde(default)]
    pub(crate) everything: Vec<Everything>,
    /// How many paths may differ.
    #[serde(default)]
    pub(crate) changed_paths: usize,
    /// The tests that need not run.
    #[serde(default)]
    pub(crate) skip: BTreeSet<TestName>,
    /// How many tests run for each reason.
    #[serde(default)]
    pub(crate) reasons: BTreeMap<String, usize>,
}

/// Why nothing can be skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Everything {
    /// Its lasting name.
    pub(crate) code: String,
    /// It for people.
    pub(crate) message: String,
}
