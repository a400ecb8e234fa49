//! What one part of an index says of the changes.
//!
//! ```text
//!              ┌─ the index has a file there ───────────── known ───┐
//! path, now ───┤                                                    ├─ edit ─▶ wanted ─▶ reasons
//!              └─ it has none, or knows that none was ─── arrived ──┘
//! ```
//!
//! An edit concerns others through names (`reach`), through what is initialised first, which hangs on who mentions whom
//! (`order`), and through what the compiler makes of code that nobody executes (`weighed`). Besides, what stands in a
//! file that changed may have moved (`moved`), and rules say more of paths than an index can know (`ruled`). Sets of
//! tests are read at the end, all at once.

mod arrived;
mod known;
mod moved;
mod order;
mod reach;
mod ruled;
mod wanted;
mod weighed;

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use crate::codec::CodecError;
use crate::fingerprint::Identifier;
use crate::id::SetId;
use crate::index::evidence::FileView;
use crate::index::{Evidence, Rule, UnitRecord};
use crate::kind::Granularity;
use crate::path::RepoPath;
use crate::reach::Edit;
use crate::test_set::TestSet;
use crate::tree;
use crate::unit::Unit;
use crate::variable::Since;

use super::change::Change;
use super::reason::{Cause, Reason};
use super::spread::{Spreader, executed};
use super::{Now, Question};
use order::Package;
use wanted::Wanted;

/// What a part says.
#[derive(Default)]
pub(super) struct Traced {
    pub(super) reasons: Vec<(Reason, TestSet)>,
    pub(super) everything: BTreeSet<Cause>,
    pub(super) changes: BTreeSet<Change>,
    pub(super) ignored: BTreeSet<RepoPath>,
}

/// A part that is asked.
struct Tracer<'a> {
    part: &'a dyn Evidence,
    question: &'a Question<'a>,
    all: &'a TestSet,
    spreader: Spreader<'a>,
    wanted: Wanted,
    traced: Traced,
    /// What is declared in folders that were asked for.
    packages: HashMap<RepoPath, Rc<Package>>,
    /// Who looks at what the compiler makes of code, by what is named for that.
    looking: HashMap<Vec<Identifier>, Vec<SetId>>,
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
        wanted: Wanted::default(),
        traced: Traced::default(),
        packages: HashMap::new(),
        looking: HashMap::new(),
    };
    tracer.changes()?;
    tracer.moved()?;
    for path in question.opaque {
        tracer.unknown(path)?;
    }
    tracer.variables()?;
    let mut traced = tracer.traced;
    traced.reasons.extend(tracer.wanted.read(part, all)?);
    Ok(traced)
}

impl Tracer<'_> {
    fn changes(&mut self) -> Result<(), CodecError> {
        // In an index of packages a file is known by its folder.
        let by_folder = self.part.kind().granularity == Granularity::Package;
        let key_of = |path: &RepoPath| match by_folder {
            true => path.parent().unwrap_or_else(RepoPath::root),
            false => path.clone(),
        };
        let present = self.question.present;
        let keys: Vec<RepoPath> = present.keys().map(key_of).collect();
        let views = self.part.find_files(&keys)?;
        let rules = self.part.rules()?;
        for (((path, now), view), key) in present.iter().zip(views).zip(&keys) {
            let is_meant = |rule: &&Rule| rule.pattern.matches(path) || rule.pattern.matches(key);
            let rules: Vec<&Rule> =
                rules.iter().filter(|rule| rule.job == *self.question.job).filter(is_meant).collect();
            match view {
                Some(view) if view.units.iter().any(|unit| !unit.is_unplaced()) => {
                    self.known(path, now, &view, &rules)?;
                }
                Some(bare) => self.bare(path, now, &bare, &rules)?,
                None => self.nothing_known(path, now, &rules)?,
            }
        }
        Ok(())
    }

    /// Takes a record without units that stand somewhere: it is of a path at which nothing was, or of which nobody knows
    /// what was there.
    fn bare(
        &mut self,
        path: &RepoPath,
        now: &Now,
        bare: &FileView,
        rules: &[&Rule],
    ) -> Result<(), CodecError> {
        // What was executed there stands nowhere that anybody knows.
        let change = Change::of_file(path, Edit::Head);
        self.wanted.add(Reason::Executed(change.clone()), executed(bare));
        if !bare.units.is_empty() {
            self.wanted.add(Reason::Compiled(change), vec![bare.file.compiled]);
        }
        let was_nothing = bare.file.seen != SetId::EMPTY;
        let is_nothing = now.source.as_ref().is_none_or(|now| now.units.is_empty());
        if was_nothing && is_nothing {
            // To those who saw that. To others it is gone.
            if now.has_changed {
                let seen = vec![bare.file.seen, self.listed()?];
                self.wanted.add_all_without(Reason::Unseen(path.clone()), seen);
            }
            return Ok(());
        }
        self.wanted.add(Reason::Opened(path.clone()), vec![bare.file.opened]);
        if was_nothing || now.has_changed { self.nothing_known(path, now, rules) } else { Ok(()) }
    }

    /// Takes a path of which the index has no file.
    fn nothing_known(&mut self, path: &RepoPath, now: &Now, rules: &[&Rule]) -> Result<(), CodecError> {
        self.rules_of_index(path, rules);
        if rules.is_empty() {
            return self.arrived(path, now.source.as_ref());
        }
        // To those whose recording did not know a rule, what it stands for is unknown.
        let seen = rules.iter().map(|rule| rule.seen).collect();
        self.wanted.add_all_without(Reason::Unseen(path.clone()), seen);
        Ok(())
    }

    /// Takes an edit of a unit; `view` is what the index has of its file, unless that is new, and `former` what it had of
    /// the unit, where it did.
    fn edit(
        &mut self,
        change: Change,
        former: Option<&UnitRecord>,
        view: Option<&FileView>,
    ) -> Result<(), CodecError> {
        self.order(&change, former, view)?;
        self.weighed(&change, former, view)?;
        self.reach(change, view)
    }

    /// Returns what there is now of the unit that a change is about.
    fn versions(&self, change: &Change) -> impl Iterator<Item = &Unit> {
        let now = self.question.present.get(&change.file).and_then(|now| now.source.as_ref());
        let units = now.into_iter().flat_map(|file| &file.units);
        units.filter(|unit| {
            change.unit.as_ref().is_some_and(|(kind, name)| unit.kind == *kind && unit.name == *name)
        })
    }

    /// Returns the tests that were compiled from the file of a change.
    fn compiled_from(&self, change: &Change, view: Option<&FileView>) -> Result<Vec<SetId>, CodecError> {
        match view {
            Some(view) => Ok(self.spreader.compiled(view)),
            None => self.beside(&change.file),
        }
    }

    fn variables(&mut self) -> Result<(), CodecError> {
        for variable in self.part.variables()? {
            let reason = match self.question.variables.since(&variable.consulted) {
                Since::Same => continue,
                Since::Changed => Reason::Variable(variable.consulted.name),
                Since::Unknown => Reason::UnknownVariable(variable.consulted.name),
            };
            self.wanted.add(reason, vec![variable.tests]);
        }
        Ok(())
    }

    /// Returns the tests whose recording listed the whole tree: they know of each other path that nothing was there.
    fn listed(&self) -> Result<SetId, CodecError> {
        Ok(self.record(&tree::listed())?.map_or(SetId::EMPTY, |record| record.file.seen))
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
}

/// Returns which of a file's units one is.
fn place_of(unit: &UnitRecord, view: &FileView) -> Option<usize> {
    view.units.iter().position(|other| std::ptr::eq(other, unit))
}
