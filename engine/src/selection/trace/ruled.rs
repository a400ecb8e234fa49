//! What rules say of a path: those that came with an index, and those of the settings.

use crate::codec::CodecError;
use crate::index::{FileRecord, Rule};
use crate::path::RepoPath;
use crate::record::TestKey;
use crate::selection::is_meant;
use crate::selection::reason::{Cause, Reason};
use crate::selection::rules::{PathRule, Then};
use crate::selection::spread::executed;
use crate::test_set::TestSet;

use super::Tracer;

impl Tracer<'_> {
    /// Applies the rules that came with the index.
    pub(super) fn rules_of_index(&mut self, path: &RepoPath, rules: &[&Rule]) {
        for rule in rules {
            let name = rule.pattern.as_str();
            if rule.all {
                let cause = Cause::RunAllRule { path: path.clone(), rule: name.into() };
                self.traced.everything.insert(cause);
            }
            self.wanted.add(Reason::Rule { path: path.clone(), rule: name.into() }, vec![rule.tests]);
        }
    }

    /// Applies a rule of the settings.
    pub(super) fn rule(&mut self, path: &RepoPath, rule: &PathRule) -> Result<(), CodecError> {
        let reason = || Reason::Rule { path: path.clone(), rule: rule.name.clone() };
        match &rule.then {
            Then::Ignore => {
                self.traced.ignored.insert(path.clone());
            }
            Then::RunAll => {
                let cause = Cause::RunAllRule { path: path.clone(), rule: rule.name.clone() };
                self.traced.everything.insert(cause);
            }
            Then::Run(patterns) => {
                let records = self.part.tests(self.all)?;
                let is_named = |key: &TestKey| patterns.iter().any(|pattern| is_meant(pattern, key));
                let named = records.iter().zip(self.all.iter()).filter(|(record, _)| is_named(&record.key));
                let tests: TestSet = named.map(|(_, id)| id).collect();
                self.traced.reasons.push((reason(), tests));
            }
            Then::DependsOn(patterns) => {
                let meant = |file: &FileRecord| patterns.iter().any(|pattern| pattern.matches(&file.path));
                for view in self.part.files_where(&meant)? {
                    let mut sets = executed(&view);
                    sets.extend([view.file.compiled, view.file.opened]);
                    self.wanted.add(reason(), sets);
                }
            }
        }
        Ok(())
    }
}
