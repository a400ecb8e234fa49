//! Rules as they are written.

use std::path::Path;

use serde::Deserialize;
use skiptrace_engine::glob::Glob;
use skiptrace_engine::id::JobName;
use skiptrace_engine::selection::{PathPattern, PathRule, Then};
use toml::Spanned;

use crate::error::{CommandError, ErrorKind};

/// One `[[rule]]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RuleText {
    /// What people know it by.
    name: Option<String>,
    /// The jobs that it is for, by pattern; all, unless there are some.
    #[serde(default)]
    jobs: Vec<String>,
    /// The paths that it is about.
    #[serde(default)]
    paths: Vec<String>,
    /// They concern nobody.
    #[serde(default)]
    ignore: bool,
    /// They concern everybody.
    #[serde(default)]
    run_all: bool,
    /// They concern these tests, by pattern.
    run: Option<Vec<String>>,
    /// They concern whoever depends on one of these paths.
    depends_on: Option<Vec<String>>,
    /// Tests that always run, by pattern.
    never_skip: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct File {
    #[serde(default)]
    rule: Vec<Spanned<RuleText>>,
}

/// Reads the rules of a file, each with the line it begins on.
pub(super) fn parse(text: &str, path: &Path) -> Result<Vec<(RuleText, usize)>, CommandError> {
    let file: File = toml::from_str(text).map_err(|error| {
        CommandError::new(ErrorKind::Config, format_args!("cannot read the rules of `{}`", path.display()))
            .caused_by(error)
    })?;
    let line_of = |at: usize| 1 + text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
    let mut rules = Vec::new();
    for rule in file.rule {
        let line = line_of(rule.span().start);
        let rule = rule.into_inner();
        if let Err(why) = rule.check() {
            let message = format!("the rule at line {line} of `{}` {why}", path.display());
            return Err(CommandError::new(ErrorKind::Config, message).hint(
                "a rule has `paths` and one of `ignore = true`, `run-all = true`, `run = [TESTS]`, `depends-on = \
                 [PATHS]`; or `never-skip = [TESTS]` alone",
            ));
        }
        rules.push((rule, line));
    }
    Ok(rules)
}

impl RuleText {
    fn check(&self) -> Result<(), &'static str> {
        let actions = [
            self.ignore,
            self.run_all,
            self.run.is_some(),
            self.depends_on.is_some(),
            self.never_skip.is_some(),
        ];
        match (actions.iter().filter(|given| **given).count(), self.never_skip.is_some()) {
            (0, _) => Err("does not say what is to happen"),
            (1, true) if !self.paths.is_empty() => {
                Err("never skips tests whatever changes, and yet has `paths`")
            }
            (1, false) if self.paths.is_empty() => Err("has no `paths`"),
            (1, _) => Ok(()),
            _ => Err("says several things"),
        }
    }

    /// Returns whether it is for a job.
    pub(super) fn is_for(&self, job: &JobName) -> bool {
        self.jobs.is_empty() || self.jobs.iter().any(|pattern| Glob::new(pattern).matches(job.as_str()))
    }

    /// Returns the tests that always run.
    pub(super) fn never_skip(&self) -> impl Iterator<Item = Glob> {
        self.never_skip.iter().flatten().map(|pattern| Glob::new(pattern))
    }

    /// Returns what it says of paths, if it does.
    pub(super) fn path_rule(&self, pack: Option<&str>) -> Result<Option<PathRule>, CommandError> {
        let then = if self.ignore {
            Then::Ignore
        } else if self.run_all {
            Then::RunAll
        } else if let Some(tests) = &self.run {
            Then::Run(tests.iter().map(|pattern| Glob::new(pattern)).collect())
        } else if let Some(paths) = &self.depends_on {
            Then::DependsOn(patterns(paths)?)
        } else {
            return Ok(None);
        };
        let name = self.name.clone().unwrap_or_else(|| self.paths.join(", "));
        Ok(Some(PathRule {
            name: name.into(),
            patterns: patterns(&self.paths)?,
            then,
            pack: pack.map(Into::into),
        }))
    }
}

fn patterns(texts: &[String]) -> Result<Vec<PathPattern>, CommandError> {
    let parse = |text: &String| {
        PathPattern::new(text).map_err(|error| {
            CommandError::new(ErrorKind::Config, format_args!("`{text}` is no pattern")).caused_by(error)
        })
    };
    texts.iter().map(parse).collect()
}
