//! What one part of an index says of the changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::codec::CodecError;
use crate::id::SetId;
use crate::index::evidence::FileView;
use crate::index::{Evidence, FileRecord, Rule};
use crate::kind::Granularity;
use crate::path::RepoPath;
use crate::reach::{Edit, Reach};
use crate::record::TestKey;
use crate::test_set::TestSet;
use crate::unit::{SourceFile, UnitKind};
use crate::variable::Since;

use super::change::Change;
use super::compare::Differences;
use super::reason::{Cause, Reason};
use super::rules::{PathRule, Then};
use super::spread::{Spreader, compiled, executed};
use super::{Policy, Question, is_meant};

/// What a part says.
#[derive(Default)]
pub(super) struct Traced {
    pub(super) reasons: Vec<(Reason, TestSet)>,
    pub(super) everything: BTreeSet<Cause>,
    pub(super) changes: BTreeSet<Change>,
    pub(super) ignored: BTreeSet<RepoPath>,
}

/// Sets of tests that are still to be read.
enum Wanted {
    Union(Vec<SetId>),
    /// The tests of the first that are in none of the others.
    Without(SetId, Vec<SetId>),
}

/// A part in the making.
struct Tracer<'a> {
    part: &'a dyn Evidence,
    question: &'a Question<'a>,
    all: &'a TestSet,
    spreader: Spreader<'a>,
    wanted: Vec<(Reason, Wanted)>,
    traced: Traced,
}

/// Says what of the changes concerns which of `all`, the tests that a part has of the job.
pub(super) fn trace(
    part: &dyn Evidence,
    all: &TestSet,
    question: &Question<'_>,
) -> Result<Traced, CodecError> {
    let mut tracer = Tracer {
        part,
        question,
        all,
        spreader: Spreader::new(part, question.language),
        wanted: Vec::new(),
        traced: Traced::default(),
    };
    tracer.changes()?;
    for path in question.opaque {
        tracer.unknown(path)?;
    }
    tracer.variables()?;
    tracer.finish()
}

impl Tracer<'_> {
    fn changes(&mut self) -> Result<(), CodecError> {
        // In an index of packages a file is known by its folder.
        let by_folder = self.part.kind().granularity == Granularity::Package;
        let key_of = |path: &RepoPath| match by_folder {
            true => path.parent().unwrap_or_else(RepoPath::root),
            false => path.clone(),
        };
        let present = &self.question.present;
        let keys: Vec<RepoPath> = present.keys().map(key_of).collect();
        let views = self.part.find_files(&keys)?;
        let rules = self.part.rules()?;
        for ((path, now), view) in present.iter().zip(views) {
            let differences = view.as_ref().map(|view| Differences::of(view, now.source.as_ref()));
            if !now.has_changed && differences.as_ref().is_some_and(Differences::is_nothing) {
                // Who read it may have read what is in no unit of it.
                if let Some(view) = view.filter(|view| !Differences::tell_bytes(view)) {
                    self.want(Reason::Opened(path.clone()), vec![view.file.opened]);
                }
                continue;
            }
            let own_rules: Vec<&Rule> = rules
                .iter()
                .filter(|rule| rule.job == *self.question.job)
                .filter(|rule| rule.pattern.matches(path) || by_folder && rule.pattern.matches(&key_of(path)))
                .collect();
            self.rules_of_index(path, &own_rules);
            // To those whose recording did not know a rule, what it stands for is unknown.
            let ruled: Vec<SetId> = own_rules.iter().map(|rule| rule.seen).collect();
            match view {
                Some(view) => self.known(path, now.source.as_ref(), &view, ruled)?,
                None if ruled.is_empty() => self.unknown(path)?,
                None => self.wanted.push((Reason::Unseen(path.clone()), Wanted::Without(ALL, ruled))),
            }
        }
        Ok(())
    }

    /// Applies the rules that came with the index.
    fn rules_of_index(&mut self, path: &RepoPath, rules: &[&Rule]) {
        for rule in rules {
            let name = rule.pattern.as_str();
            if rule.all {
                let cause = Cause::RunAllRule { path: path.clone(), rule: name.into() };
                self.traced.everything.insert(cause);
            }
            self.want(Reason::Rule { path: path.clone(), rule: name.into() }, vec![rule.tests]);
        }
    }

    /// Takes a file that the index has.
    fn known(
        &mut self,
        path: &RepoPath,
        now: Option<&SourceFile>,
        view: &FileView,
        ruled: Vec<SetId>,
    ) -> Result<(), CodecError> {
        // Evidence wins over a rule that says that nobody depends on the path.
        if let Some(rule) = self.question.rules.find(path).filter(|rule| !matches!(rule.then, Then::Ignore)) {
            self.rule(path, &rule.clone())?;
        }
        if self.part.kind().granularity != Granularity::Function {
            self.whole(path, now, view);
            return Ok(());
        }
        let differences = Differences::of(view, now);
        // Who read the file read every byte of it.
        self.want(Reason::Opened(path.clone()), vec![view.file.opened]);
        // To a test that has not seen the file, or this version of a unit, it is new.
        let seen = std::iter::once(view.file.seen).chain(ruled).collect();
        self.wanted.push((Reason::Unseen(path.clone()), Wanted::Without(ALL, seen)));
        let concerned = if view.file.compiled == SetId::EMPTY { view.file.seen } else { view.file.compiled };
        for seen in differences.seen.into_iter().collect::<BTreeSet<_>>() {
            self.wanted.push((Reason::Unseen(path.clone()), Wanted::Without(concerned, seen)));
        }
        let mut differs = now.is_none();
        for former in &differences.former {
            let unit = former.unit;
            let change = Change::of_unit(path, unit.kind, &unit.name, former.edit);
            differs |= unit.listed.is_some();
            self.want(Reason::Executed(change.clone()), vec![unit.own, unit.shared]);
            if unit.listed.is_some() {
                self.traced.changes.insert(change.clone());
            }
            self.reach(change, view)?;
        }
        for (kind, name) in &differences.added {
            differs = true;
            let change = Change::of_unit(path, *kind, name, Edit::Added);
            self.traced.changes.insert(change.clone());
            self.reach(change, view)?;
        }
        if differs {
            let change = Change::of_file(path, if now.is_none() { Edit::Removed } else { Edit::Head });
            for unit in differences.unplaced {
                self.want(Reason::Executed(change.clone()), vec![unit.own, unit.shared]);
            }
            if now.is_none() {
                self.traced.changes.insert(change.clone());
                self.want(Reason::Compiled(change), vec![view.file.compiled]);
            }
        }
        Ok(())
    }

    /// Takes a file of an index that does not tell its units apart.
    fn whole(&mut self, path: &RepoPath, now: Option<&SourceFile>, view: &FileView) {
        let edit = if now.is_none() { Edit::Removed } else { Edit::Head };
        let change = Change::of_file(path, edit);
        self.traced.changes.insert(change.clone());
        self.want(Reason::Executed(change.clone()), executed(view));
        self.want(Reason::Compiled(change), vec![view.file.compiled]);
        self.want(Reason::Opened(path.clone()), vec![view.file.opened]);
        self.wanted.push((Reason::Unseen(path.clone()), Wanted::Without(ALL, vec![view.file.seen])));
    }

    /// Applies what a language says of an edit.
    fn reach(&mut self, change: Change, view: &FileView) -> Result<(), CodecError> {
        let Some((kind, name)) = &change.unit else { return Ok(()) };
        let reach = match kind {
            // Of what is no unit of a language nothing is known but who was compiled from it.
            UnitKind::File | UnitKind::Package => Reach::Compiled,
            _ => self.question.language.reach(&change.file, *kind, name, change.edit),
        };
        let reach = match (self.question.policy, reach) {
            (_, Reach::Nobody) => Reach::Nobody,
            (Policy::Strict, _) => Reach::Compiled,
            (Policy::Balanced, reach) => reach,
        };
        match reach {
            Reach::Nobody => {}
            Reach::Names(names) => {
                let reached = self.spreader.follow(&names, None)?;
                self.want(Reason::Named(change), reached.sets);
            }
            Reach::NamesInFile(names) => {
                let reached = self.spreader.follow(&names, Some(&view.file.path))?;
                self.want(Reason::Named(change), reached.sets);
            }
            Reach::File(names) => {
                let reached = self.spreader.follow(&names, None)?;
                self.want(Reason::Named(change.clone()), reached.sets);
                self.want(Reason::SameFile(change), executed(view));
            }
            Reach::Compiled => self.want(Reason::Compiled(change), compiled(view)),
        }
        Ok(())
    }

    /// Takes a path that the index does not have.
    fn unknown(&mut self, path: &RepoPath) -> Result<(), CodecError> {
        if let Some(rule) = self.question.rules.find(path) {
            return self.rule(path, &rule.clone());
        }
        self.traced.everything.insert(Cause::UnknownPath(path.clone()));
        Ok(())
    }

    /// Applies a rule of the settings.
    fn rule(&mut self, path: &RepoPath, rule: &PathRule) -> Result<(), CodecError> {
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
                let reason = Reason::Rule { path: path.clone(), rule: rule.name.clone() };
                self.traced.reasons.push((reason, tests));
            }
            Then::DependsOn(patterns) => {
                let meant = |file: &FileRecord| patterns.iter().any(|pattern| pattern.matches(&file.path));
                for view in self.part.files_where(&meant)? {
                    let reason = Reason::Rule { path: path.clone(), rule: rule.name.clone() };
                    let mut sets = executed(&view);
                    sets.extend([view.file.compiled, view.file.opened]);
                    self.want(reason, sets);
                }
            }
        }
        Ok(())
    }

    fn variables(&mut self) -> Result<(), CodecError> {
        for variable in self.part.variables()? {
            let reason = match self.question.variables.since(&variable.consulted) {
                Since::Same => continue,
                Since::Changed => Reason::Variable(variable.consulted.name),
                Since::Unknown => Reason::UnknownVariable(variable.consulted.name),
            };
            self.want(reason, vec![variable.tests]);
        }
        Ok(())
    }

    fn want(&mut self, reason: Reason, sets: Vec<SetId>) {
        if sets.iter().any(|set| *set != SetId::EMPTY) {
            self.wanted.push((reason, Wanted::Union(sets)));
        }
    }

    /// Reads all sets at once and makes reasons of them.
    fn finish(mut self) -> Result<Traced, CodecError> {
        let ids_of = |wanted: &Wanted| match wanted {
            Wanted::Union(sets) => sets.clone(),
            Wanted::Without(base, others) => others.iter().copied().chain([*base]).collect(),
        };
        let mut ids: Vec<SetId> = self.wanted.iter().flat_map(|(_, wanted)| ids_of(wanted)).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.retain(|id| *id != ALL);
        let sets: BTreeMap<SetId, Arc<TestSet>> = ids.iter().copied().zip(self.part.sets(&ids)?).collect();
        let get = |id: &SetId| if *id == ALL { self.all } else { &*sets[id] };
        let mut reasons: BTreeMap<Reason, TestSet> = BTreeMap::new();
        for (reason, wanted) in self.wanted {
            let mut tests = TestSet::new();
            match wanted {
                Wanted::Union(ids) => ids.iter().for_each(|id| tests.union_with(get(id))),
                Wanted::Without(base, without) => {
                    tests = get(&base).clone();
                    without.iter().for_each(|id| tests.subtract(get(id)));
                }
            }
            if !tests.is_empty() {
                reasons.entry(reason).or_default().union_with(&tests);
            }
        }
        self.traced.reasons.extend(reasons);
        Ok(self.traced)
    }
}

/// All tests of the job, where a set is wanted; no index has so many sets.
const ALL: SetId = SetId(u32::MAX);
