//! What is said of paths: by the settings, and by what is shipped for each ecosystem.

use std::fmt;

use globset::{GlobBuilder, GlobSet};

use crate::glob::Glob;
use crate::path::RepoPath;

/// Paths by a pattern, as `.gitignore` and its like have them: `*` is any text without `/`, `**` with it.
#[derive(Debug, Clone)]
pub struct PathPattern {
    text: Box<str>,
    /// A set, though of one: it compares names, ends and beginnings without a regular expression, which takes longer to
    /// make than to use where little changed.
    matcher: GlobSet,
}

impl PathPattern {
    /// Parses a pattern. One without `/` means files of that name in any folder.
    pub fn new(text: &str) -> Result<PathPattern, globset::Error> {
        let anchored = match text.strip_prefix('/') {
            Some(rest) => rest.to_owned(),
            None if text.trim_end_matches('/').contains('/') => text.to_owned(),
            None => format!("**/{text}"),
        };
        // A folder means what is in it.
        let whole = match anchored.strip_suffix('/') {
            Some(folder) => format!("{folder}/**"),
            None => anchored,
        };
        let glob = GlobBuilder::new(&whole).literal_separator(true).backslash_escape(true).build()?;
        Ok(PathPattern { text: text.into(), matcher: GlobSet::new([glob])? })
    }

    /// Returns the pattern of a text that is to mean itself.
    pub fn escaped(text: &str) -> String {
        globset::escape(text)
    }

    /// Returns whether a path is one of those meant.
    pub fn matches(&self, path: &RepoPath) -> bool {
        self.matcher.is_match(path.as_str())
    }

    /// Returns the pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What a change of a path means.
#[derive(Debug, Clone)]
pub enum Then {
    /// Nothing, to tests that are not known to depend on it.
    Ignore,
    /// Everything runs.
    RunAll,
    /// The tests of these names run, and those that are known to depend on it.
    Run(Vec<Glob>),
    /// Whatever depends on one of these runs, and what is known to depend on it.
    DependsOn(Vec<PathPattern>),
}

/// One rule.
#[derive(Debug, Clone)]
pub struct PathRule {
    /// What people know it by.
    pub name: Box<str>,
    /// Which paths.
    pub patterns: Vec<PathPattern>,
    /// What their change means.
    pub then: Then,
    /// The pack that it came with, if it is shipped.
    pub pack: Option<Box<str>>,
}

/// Rules in order: for each path the first that matches counts.
#[derive(Debug, Clone, Default)]
pub struct PathRules {
    rules: Vec<PathRule>,
}

impl PathRules {
    /// Takes rules in order.
    pub fn new(rules: Vec<PathRule>) -> PathRules {
        PathRules { rules }
    }

    /// Returns the rule that counts for a path.
    pub fn find(&self, path: &RepoPath) -> Option<&PathRule> {
        self.rules.iter().find(|rule| rule.patterns.iter().any(|pattern| pattern.matches(path)))
    }

    /// Returns the same without those of some packs.
    #[must_use]
    pub fn without_packs(&self, is_out: impl Fn(&str) -> bool) -> PathRules {
        let is_in = |rule: &&PathRule| !rule.pack.as_deref().is_some_and(&is_out);
        PathRules { rules: self.rules.iter().filter(is_in).cloned().collect() }
    }

    /// Returns the rules, in order.
    pub fn iter(&self) -> impl Iterator<Item = &PathRule> {
        self.rules.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_gitignore_means() {
        for (pattern, matching, others) in [
            ("*.md", &["README.md", "a/b/c.md"][..], &["a.mdx"][..]),
            ("/README.md", &["README.md"], &["a/README.md"]),
            ("docs/", &["docs/a", "docs/b/c", "a/docs/b"], &["docs"]),
            ("docs/**", &["docs/a", "docs/b/c"], &["a/docs/b"]),
            ("src/*.rs", &["src/a.rs"], &["src/a/b.rs", "x/src/a.rs"]),
            ("src/**/*.rs", &["src/a.rs", "src/a/b.rs"], &["src/a.c"]),
            ("{a,b}.txt", &["a.txt", "x/b.txt"], &["c.txt"]),
            ("[!a].txt", &["b.txt"], &["a.txt"]),
        ] {
            let parsed = PathPattern::new(pattern).unwrap();
            let matches = |path: &&str| parsed.matches(&RepoPath::new(*path).unwrap());
            assert!(matching.iter().all(&matches), "{pattern}");
            assert!(!others.iter().any(matches), "{pattern}");
        }
        assert!(PathPattern::new("a[").is_err());
    }
}
