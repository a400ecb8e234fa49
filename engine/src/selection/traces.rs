//! What one part of an index says of the changes.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::codec::CodecError;
use crate::fingerprint::Identifier;
use crate::id::SetId;
use crate::index::evidence::FileView;
use crate::index::{Evidence, FileRecord, Rule, UnitRecord};
use crate::kind::Granularity;
use crate::path::RepoPath;
use crate::reach::{Among, Arrival, Edit, Reach};
use crate::record::TestKey;
use crate::test_set::TestSet;
use crate::tree;
use crate::unit::{SourceFile, Unit, UnitKind};
use crate::variable::Since;

use super::change::Change;
use super::compare::Differences;
use super::reason::{Cause, Reason};
use super::rules::{PathRule, Then};
use super::spread::{Spreader, executed};
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
    tracer.moved()?;
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
            // A record without units is of a path at which nothing was, or of which nobody knows what was there.
            let (view, bare) = match view {
                Some(view) if view.units.iter().all(UnitRecord::is_unplaced) => (None, Some(view)),
                view => (view, None),
            };
            if let Some(bare) = bare {
                // What was executed there stands nowhere that anybody knows.
                if !bare.units.is_empty() {
                    let change = Change::of_file(path, Edit::Head);
                    self.want(Reason::Executed(change.clone()), executed(&bare));
                    self.want(Reason::Compiled(change), vec![bare.file.compiled]);
                }
                let is_nothing = now.source.as_ref().is_none_or(|now| now.units.is_empty());
                if bare.file.seen != SetId::EMPTY && is_nothing {
                    continue;
                }
                self.want(Reason::Opened(path.clone()), vec![bare.file.opened]);
                if bare.file.seen == SetId::EMPTY && !now.has_changed {
                    continue;
                }
            }
            // Of a file that is known by its blob alone, the blob says all.
            if let Some(view) = view.as_ref().filter(|view| !now.has_changed && is_by_blob(view))
                && now.source.as_ref().is_some_and(|now| now.blob == view.file.blob)
            {
                self.wanted.push((Reason::Unseen(path.clone()), Wanted::Without(ALL, vec![view.file.seen])));
                continue;
            }
            let differences = view.as_ref().map(|view| Differences::of(view, now.source.as_ref()));
            let is_there = now.source.is_some();
            if !now.has_changed && is_there && differences.as_ref().is_some_and(Differences::is_nothing) {
                // Who read it may have read what is in no unit of it.
                let blob = now.source.as_ref().and_then(|now| now.blob.as_ref());
                let tells = |view: &FileView| {
                    Differences::tell_bytes(view)
                        || blob.is_some_and(|blob| Some(blob) == view.file.blob.as_ref())
                };
                if let Some(view) = view.filter(|view| !tells(view)) {
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
                None if ruled.is_empty() => self.arrived(path, now.source.as_ref())?,
                None => self.wanted.push((Reason::Unseen(path.clone()), Wanted::Without(ALL, ruled))),
            }
        }
        Ok(())
    }

    /// Takes what stands in files that changed and calls something that sees where it is called from: its tokens are
    /// what they were, its place need not be.
    fn moved(&mut self) -> Result<(), CodecError> {
        let changed: BTreeSet<&RepoPath> =
            self.question.present.iter().filter(|(_, now)| now.has_changed).map(|(path, _)| path).collect();
        if changed.is_empty() {
            return Ok(());
        }
        self.seen_everywhere(&changed)?;
        let callers = self.seeing_callers()?;
        let macros = self.seeing_macros(&callers)?;
        for (seeing, is_macro) in [(callers, false), (macros, true)] {
            for (view, places) in self.part.mentioning(&seeing)?.into_iter().flatten() {
                let path = &view.file.path;
                if !changed.contains(path) {
                    continue;
                }
                for unit in places.into_iter().map(|place| &view.units[place]) {
                    let change = Change::of_unit(path, unit.kind, &unit.name, Edit::Body);
                    self.want(Reason::Moved(change), vec![unit.own, unit.shared]);
                    // What is no function has the place in its value, for whoever names it.
                    let language = self.question.language;
                    if is_macro
                        && unit.kind != UnitKind::Function
                        && language.macro_name(path, unit.kind, &unit.name).is_none()
                    {
                        self.reach(Change::of_unit(path, unit.kind, &unit.name, Edit::Head), &view)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns the names of macros that see where they are used, be it through others: these, and functions that see
    /// where they are called from.
    fn seeing_macros(&self, callers: &[Identifier]) -> Result<Vec<Identifier>, CodecError> {
        let language = self.question.language;
        let mut names: BTreeSet<Identifier> = BTreeSet::new();
        let mut todo = language.marks_of_macro();
        todo.extend(callers);
        while !todo.is_empty() {
            let found = self.part.mentioning(&todo)?;
            todo.clear();
            for (view, places) in found.into_iter().flatten() {
                let units = places.into_iter().map(|place| &view.units[place]);
                let macros =
                    units.filter_map(|unit| language.macro_name(&view.file.path, unit.kind, &unit.name));
                todo.extend(macros.filter(|name| names.insert(*name)));
            }
        }
        Ok(names.into_iter().collect())
    }

    /// Takes tests that see where anything stands that they execute, such as what panics: those of them that executed
    /// something in a file that changed.
    fn seen_everywhere(&mut self, changed: &BTreeSet<&RepoPath>) -> Result<(), CodecError> {
        let marks = self.question.language.marks_of_everywhere();
        let found = self.part.mentioning(&marks)?;
        let seeing: Vec<SetId> = found
            .iter()
            .flatten()
            .flat_map(|(view, places)| places.iter().map(|place| view.units[*place].own))
            .collect();
        let seeing = self.union(&seeing)?;
        if seeing.is_empty() {
            return Ok(());
        }
        let paths: Vec<RepoPath> = changed.iter().map(|path| (*path).clone()).collect();
        for view in self.part.find_files(&paths)?.into_iter().flatten() {
            let tests = self.union(&executed(&view))?.intersection(&seeing);
            let change = Change::of_file(&view.file.path, Edit::Body);
            self.traced.reasons.push((Reason::Moved(change), tests));
        }
        Ok(())
    }

    /// Returns the names of functions that see where they are called from.
    fn seeing_callers(&self) -> Result<Vec<Identifier>, CodecError> {
        let mut names: BTreeSet<Identifier> = BTreeSet::new();
        for marks in self.question.language.marks_of_caller() {
            let mut units: Option<BTreeSet<(RepoPath, UnitKind, Box<str>)>> = None;
            for found in self.part.mentioning(&marks)? {
                let of_mark = found.into_iter().flat_map(|(view, places)| {
                    let path = view.file.path.clone();
                    let units = places.into_iter().map(move |place| view.units[place].clone());
                    units.map(move |unit| (path.clone(), unit.kind, unit.name))
                });
                let of_mark: BTreeSet<_> = of_mark.collect();
                units = Some(match units {
                    Some(before) => before.intersection(&of_mark).cloned().collect(),
                    None => of_mark,
                });
            }
            for (path, kind, name) in units.into_iter().flatten() {
                if kind == UnitKind::Function
                    && let Reach::Names(of_unit) =
                        self.question.language.reach(&path, kind, &name, Edit::Head)
                {
                    names.extend(of_unit);
                }
            }
        }
        Ok(names.into_iter().collect())
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
        if now.is_none() {
            self.sought(path)?;
        }
        if is_by_blob(view) {
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
            // What is in a file that is new speaks for itself.
            (Policy::Balanced, Reach::Compiled) if change.edit == Edit::Added => {
                self.brought(&change.file, name)?.map_or(Reach::Compiled, |name| Reach::Names(vec![name]))
            }
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
            Reach::Compiled => {
                let sets = self.spreader.compiled(view);
                self.want(Reason::Compiled(change), sets);
            }
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

    /// Takes a path that the index does not have, at which there may be a file now.
    fn arrived(&mut self, path: &RepoPath, now: Option<&SourceFile>) -> Result<(), CodecError> {
        if let Some(rule) = self.question.rules.find(path) {
            return self.rule(path, &rule.clone());
        }
        // Only who listed the whole tree knows that it was not there.
        let listed = self.record(&tree::listed())?.map_or(SetId::EMPTY, |record| record.file.seen);
        if listed == SetId::EMPTY {
            self.traced.everything.insert(Cause::UnknownPath(path.clone()));
            return Ok(());
        }
        self.wanted.push((Reason::Unseen(path.clone()), Wanted::Without(ALL, vec![listed])));
        let Some(now) = now else { return Ok(()) };
        self.traced.changes.insert(Change::of_file(path, Edit::Added));
        self.sought(path)?;
        match self.question.language.arrival(path) {
            Arrival::Everything => {
                self.traced.everything.insert(Cause::UnknownPath(path.clone()));
            }
            Arrival::Whoever(among) => {
                for among in among {
                    self.among(path, &among)?;
                }
            }
        }
        if self.question.language.is_code(path) {
            for unit in &now.units {
                self.reach_of_new(path, unit)?;
            }
        }
        Ok(())
    }

    /// Takes a file that is new or gone: a test may have asked whether it is there, which nobody saw.
    fn sought(&mut self, path: &RepoPath) -> Result<(), CodecError> {
        if self.question.language.is_code(path) || self.question.rules.find(path).is_some() {
            return Ok(());
        }
        let reason = Reason::Sought(path.clone());
        match self.record(&tree::lookups())? {
            Some(record) => {
                self.want(reason.clone(), vec![record.file.opened]);
                self.wanted.push((reason, Wanted::Without(ALL, vec![record.file.seen])));
            }
            None => {
                self.traced.everything.insert(Cause::UnknownPath(path.clone()));
            }
        }
        Ok(())
    }

    /// Adds who depends on some files.
    fn among(&mut self, path: &RepoPath, among: &Among) -> Result<(), CodecError> {
        let reason = Reason::Arrived(path.clone());
        match among {
            Among::Files(is_meant) => {
                let views = self.part.files_where(&|file| is_meant(&file.path))?;
                self.want(reason, depending(&views));
            }
            Among::Both(first, second) => {
                let [first, second] = [first, second].map(|is_meant| {
                    self.part.files_where(&|file| is_meant(&file.path)).map(|views| depending(&views))
                });
                let [first, second] = [self.union(&first?)?, self.union(&second?)?];
                self.traced.reasons.push((reason, first.intersection(&second)));
            }
            Among::Mentioning(name) => {
                let found = self.part.mentioning(std::slice::from_ref(name))?;
                let views: Vec<Arc<FileView>> = found.into_iter().flatten().map(|(view, _)| view).collect();
                self.want(reason, depending(&views));
            }
        }
        Ok(())
    }

    /// Applies what a language says of a unit in a file that is new.
    fn reach_of_new(&mut self, path: &RepoPath, unit: &Unit) -> Result<(), CodecError> {
        if self.question.policy == Policy::Balanced
            && self.question.language.is_apart(path, unit.kind, &unit.name)
        {
            return Ok(());
        }
        let change = Change::of_unit(path, unit.kind, &unit.name, Edit::Added);
        let reach = match unit.kind {
            UnitKind::File | UnitKind::Package => Reach::Compiled,
            kind => self.question.language.reach(path, kind, &unit.name, Edit::Added),
        };
        match (self.question.policy, reach) {
            // What only things in the file can mean, nothing else did.
            (_, Reach::Nobody | Reach::NamesInFile(_)) => {}
            (Policy::Balanced, Reach::Names(names) | Reach::File(names)) => {
                let reached = self.spreader.follow(&names, None)?;
                self.want(Reason::Named(change), reached.sets);
            }
            (Policy::Strict, _) | (_, Reach::Compiled) => {
                let sets = self.beside(path)?;
                self.want(Reason::Compiled(change), sets);
            }
        }
        Ok(())
    }

    /// Returns the name of the file that a unit brings in, if that was not there.
    fn brought(&self, file: &RepoPath, name: &str) -> Result<Option<Identifier>, CodecError> {
        let Some((candidates, name)) = self.question.language.brings_in(file, name) else { return Ok(None) };
        let is_new =
            |path: &RepoPath| self.question.present.get(path).is_some_and(|now| now.source.is_some());
        // One that was there may be meant instead.
        let was_there = |view: &FileView| !view.units.is_empty();
        let known = self.part.find_files(&candidates)?;
        let is_new = !known.iter().flatten().any(was_there) && candidates.iter().any(is_new);
        Ok(is_new.then_some(name))
    }

    /// Returns the tests that were compiled from the files nearest to a new one.
    fn beside(&mut self, path: &RepoPath) -> Result<Vec<SetId>, CodecError> {
        for folder in std::iter::successors(path.parent(), RepoPath::parent) {
            let is_in = |file: &FileRecord| file.path.parent().as_ref() == Some(&folder);
            let is_meant = |file: &FileRecord| file.compiled != SetId::EMPTY && is_in(file);
            let views = self.part.files_where(&is_meant)?;
            if !views.is_empty() {
                return Ok(views.iter().map(|view| view.file.compiled).collect());
            }
        }
        Ok(Vec::new())
    }

    /// Returns one of the records that tell of the tree.
    fn record(&self, path: &RepoPath) -> Result<Option<FileView>, CodecError> {
        Ok(self.part.find_files(std::slice::from_ref(path))?.pop().flatten())
    }

    fn union(&self, ids: &[SetId]) -> Result<TestSet, CodecError> {
        let mut union = TestSet::new();
        for set in self.part.sets(ids)? {
            union.union_with(&set);
        }
        Ok(union)
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

/// Returns the tests that executed something in files, or were compiled from them.
fn depending(views: &[impl Borrow<FileView>]) -> Vec<SetId> {
    let of_view = |view: &FileView| executed(view).into_iter().chain([view.file.compiled]);
    views.iter().flat_map(|view| of_view(view.borrow())).collect()
}

/// Returns whether a file is known by its blob alone: what is in it was not looked at.
fn is_by_blob(view: &FileView) -> bool {
    let is_whole = |unit: &UnitRecord| {
        unit.kind == UnitKind::File
            && unit.fingerprint.is_none()
            && unit.name.is_empty()
            && unit.listed.is_some()
    };
    view.file.blob.is_some() && view.units.len() == 1 && is_whole(&view.units[0])
}

/// All tests of the job, where a set is wanted; no index has so many sets.
const ALL: SetId = SetId(u32::MAX);
