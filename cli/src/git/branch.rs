//! Which branch a run is for.

use std::collections::BTreeSet;

use super::{GitError, Repository};
use crate::environment::Environment;

/// A branch, and how it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its short name.
    pub name: String,
    /// The CI service's variable that names it; `None` where git does.
    pub variable: Option<&'static str>,
}

/// The variables that name a branch, the most telling first: for a pull request, its source branch.
const VARIABLES: &[&str] = &[
    "GITHUB_HEAD_REF",
    "GITHUB_REF_NAME",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
    "CI_COMMIT_BRANCH",
    "BUILDKITE_BRANCH",
    "CIRCLE_BRANCH",
];

/// The variables that name the branch that others begin from: a pull request's target, or the default branch.
const BASES: &[&str] = &[
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
    "CHANGE_TARGET",
    "CI_DEFAULT_BRANCH",
    "BUILDKITE_PIPELINE_DEFAULT_BRANCH",
];

impl Repository {
    /// Returns the branches that others most likely begin from, the most likely first.
    pub fn base_branches(&self) -> Result<Vec<String>, GitError> {
        let of_ci = BASES.iter().filter_map(|variable| self.environment.text(variable)).map(str::to_owned);
        let mut branches: Vec<String> = of_ci.collect();
        match self.line(&["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"]) {
            Ok(name) => branches.extend(name.strip_prefix("origin/").map(str::to_owned)),
            Err(GitError::Failed { code: Some(1), .. }) => {}
            Err(error) => return Err(error),
        }
        if branches.is_empty() {
            branches = ["main", "master"].map(str::to_owned).into();
        }
        let mut seen = BTreeSet::new();
        branches.retain(|branch| seen.insert(branch.clone()));
        Ok(branches)
    }
}

/// Returns the branch that a CI service says this run is for.
pub(super) fn of_ci(environment: &Environment) -> Option<Branch> {
    // GitHub names a tag the same way as a branch, and tells them apart in a variable of its own.
    let is_tag = environment.text("GITHUB_REF_TYPE") == Some("tag");
    VARIABLES
        .iter()
        .filter(|&&variable| !(is_tag && variable == "GITHUB_REF_NAME"))
        .find_map(|&variable| environment.text(variable).map(|name| (variable, name)))
        .map(|(variable, name)| Branch { name: name.to_owned(), variable: Some(variable) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::tests::environment;

    #[test]
    fn services_name_branches_in_their_own_variables() {
        let cases: [(&[(&str, &str)], _); 6] = [
            (&[], None),
            (&[("GITHUB_REF_NAME", "main"), ("GITHUB_HEAD_REF", "")], Some("main")),
            (&[("GITHUB_REF_NAME", "12/merge"), ("GITHUB_HEAD_REF", "fix")], Some("fix")),
            (&[("GITHUB_REF_NAME", "v1.0"), ("GITHUB_REF_TYPE", "tag")], None),
            (&[("CI_COMMIT_BRANCH", "release/2")], Some("release/2")),
            (&[("BUILDKITE_BRANCH", "main")], Some("main")),
        ];
        for (vars, expected) in cases {
            let branch = of_ci(&environment(vars));
            assert_eq!(branch.as_ref().map(|branch| branch.name.as_str()), expected, "{vars:?}");
        }
    }
}
