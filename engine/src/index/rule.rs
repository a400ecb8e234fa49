//! Rules: paths by pattern, and the tests they stand for.

use std::fmt;

use crate::glob::Glob;
use crate::id::{JobName, SetId};
use crate::path::RepoPath;

use super::intern::SetInterner;

/// For one job, the tests that a change of any path that matches a pattern selects.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// The job.
    pub job: JobName,
    /// Which paths.
    pub pattern: RulePattern,
    /// Whether it selects every test of the job, in the index or not.
    pub all: bool,
    /// The tests it selects besides.
    pub tests: SetId,
    /// The tests whose recording knew the rule, so that a matching path is no unknown one to them.
    pub seen: SetId,
}

/// Paths by pattern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RulePattern {
    /// This path alone.
    Path(RepoPath),
    /// Every path that matches.
    Glob(Glob),
}

impl RulePattern {
    /// Returns whether `path` is one of those meant.
    pub fn matches(&self, path: &RepoPath) -> bool {
        match self {
            RulePattern::Path(only) => only == path,
            RulePattern::Glob(glob) => glob.matches(path.as_str()),
        }
    }

    /// Returns the pattern as it was written.
    pub fn as_str(&self) -> &str {
        match self {
            RulePattern::Path(path) => path.as_str(),
            RulePattern::Glob(glob) => glob.as_str(),
        }
    }
}

impl fmt::Display for RulePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A rule on the way into an index. Its sets are numbered as the interner does.
#[derive(Debug)]
pub(crate) struct RuleDraft {
    pub(crate) job: JobName,
    pub(crate) pattern: RulePattern,
    pub(crate) all: bool,
    pub(crate) tests: SetId,
    pub(crate) seen: SetId,
}

/// Sorts rules and makes those of one job and pattern one.
pub(crate) fn normalize_rules(mut rules: Vec<RuleDraft>, sets: &mut SetInterner) -> Vec<Rule> {
    rules.sort_by(|a, b| (&a.job, &a.pattern).cmp(&(&b.job, &b.pattern)));
    rules.dedup_by(|later, first| {
        let same = (&later.job, &later.pattern) == (&first.job, &first.pattern);
        if same {
            first.all |= later.all;
            first.tests = sets.union(first.tests, later.tests);
            first.seen = sets.union(first.seen, later.seen);
        }
        same
    });
    let rule = |RuleDraft { job, pattern, all, tests, seen }| Rule { job, pattern, all, tests, seen };
    rules.into_iter().map(rule).collect()
}
