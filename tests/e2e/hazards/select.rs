//! What a selection says.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::results::TestName;

/// What `skiptrace select` says, in parts.
#[derive(Debug, Clone, Default)]
pub(super) struct Selected {
    /// What must run, with the codes and texts of the reasons.
    pub(super) run: BTreeMap<TestName, Vec<(String, String)>>,
    /// What is left out.
    pub(super) skip: BTreeSet<TestName>,
    /// Why nothing can be left out.
    pub(super) everything: Vec<(String, String)>,
}

impl Selected {
    /// Runs a selection.
    pub(super) fn by(command: &mut Command) -> Result<Selected, String> {
        let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
        let error = |why: String| {
            format!(
                "select: {why}\n{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            )
        };
        if !output.status.success() {
            return Err(error(output.status.to_string()));
        }
        let document: Value =
            serde_json::from_slice(&output.stdout).map_err(|reason| error(reason.to_string()))?;
        let list = |of: &Value, name: &str| of[name].as_array().cloned().unwrap_or_default();
        let text = |of: &Value, name: &str| of[name].as_str().unwrap_or_default().to_owned();
        let test = |of: &Value| (text(of, "suite"), text(of, "name"));
        let reason = |of: &Value| (text(of, "code"), text(of, "message"));
        Ok(Selected {
            run: list(&document, "run")
                .iter()
                .map(|of| (test(of), list(of, "reasons").iter().map(reason).collect()))
                .collect(),
            skip: list(&document, "skip").iter().map(test).collect(),
            everything: list(&document, "everything").iter().map(reason).collect(),
        })
    }

    /// Says why a test runs, in a few words.
    pub(super) fn why(&self, test: &TestName) -> String {
        match self.run.get(test) {
            None if self.skip.contains(test) => "left out".to_owned(),
            None => "unknown, so it runs".to_owned(),
            Some(reasons) => reasons
                .iter()
                .take(2)
                .map(|(code, message)| format!("{code}: {message}"))
                .collect::<Vec<_>>()
                .join("; "),
        }
    }
}
