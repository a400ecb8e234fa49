//! The rules of `skiptrace.toml`, and those that are shipped.
//!
//! A rule says what a change of some paths means where the index cannot tell: that it concerns nobody, everybody, some
//! tests by name, or whoever depends on other paths. For each path the first rule counts that matches: the
//! repository's own in their order, then the user's, then the shipped packs. What skiptrace itself keeps in the work tree
//! comes before all of them.

mod file;
mod own;
pub(crate) mod pack;

use skiptrace_engine::glob::Glob;
use skiptrace_engine::id::JobName;
use skiptrace_engine::selection::{PathRule, PathRules};

use crate::error::{CommandError, IoContext};
use crate::session::Session;
use crate::settings::{Origin, Settings, config_files};

pub use file::RuleText;

/// What is said of a job's tests and paths.
#[derive(Debug, Default)]
pub struct Rules {
    /// What changes of paths mean.
    pub paths: PathRules,
    /// Tests that always run.
    pub never_skip: Vec<Glob>,
    /// Where each rule of `paths` stands, in the same order; none for one that is shipped.
    pub origins: Vec<Option<Origin>>,
}

impl Rules {
    /// Reads the rules for a job.
    pub fn read(session: &Session<'_>, settings: &Settings, job: &JobName) -> Result<Rules, CommandError> {
        let mut all: Vec<(RuleText, Option<Origin>, Option<&str>)> = Vec::new();
        // Files come with the strongest last.
        let mut files = config_files(&session.environment, session.repository()?);
        files.reverse();
        for file in files.iter().filter(|file| file.exists) {
            let text = std::fs::read_to_string(&file.path).on("read", &file.path);
            let rules = file::parse(&text.map_err(CommandError::of_config)?, &file.path)?;
            all.extend(
                rules
                    .into_iter()
                    .map(|(rule, line)| (rule, Some(Origin::File { path: file.path.clone(), line }), None)),
            );
        }
        for pack in pack::chosen(&settings.select_packs.value)? {
            let rules = file::parse(pack.text, pack.name.as_ref())?;
            all.extend(rules.into_iter().map(|(rule, _)| (rule, None, Some(pack.name))));
        }
        let mut rules = Rules::default();
        let mut paths: Vec<PathRule> = own::rule(session, settings)?.into_iter().collect();
        rules.origins.extend(paths.iter().map(|_| None));
        for (rule, origin, pack) in all.into_iter().filter(|(rule, ..)| rule.is_for(job)) {
            rules.never_skip.extend(rule.never_skip());
            if let Some(rule) = rule.path_rule(pack).map_err(|error| match &origin {
                Some(origin) => error.of_config().hint(format_args!("see {origin}")),
                None => error,
            })? {
                paths.push(rule);
                rules.origins.push(origin);
            }
        }
        rules.paths = PathRules::new(paths);
        Ok(rules)
    }
}
