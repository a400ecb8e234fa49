//! Whom an edit concerns that did not execute it.

use std::collections::HashSet;

use crate::codec::CodecError;
use crate::fingerprint::Identifier;
use crate::id::SetId;
use crate::index::UnitRecord;
use crate::index::evidence::FileView;
use crate::path::RepoPath;
use crate::reach::{Edit, Reach};
use crate::selection::Policy;
use crate::selection::change::Change;
use crate::selection::reason::Reason;
use crate::selection::spread::executed;
use crate::unit::UnitKind;

use super::Tracer;

impl Tracer<'_> {
    /// Applies what a language says of an edit of a unit; `view` is what the index has of its file, unless that is new.
    pub(super) fn reach(&mut self, change: Change, view: Option<&FileView>) -> Result<(), CodecError> {
        let Some((kind, name)) = &change.unit else { return Ok(()) };
        let told = self.told(&change.file, *kind, name, change.edit)?;
        match (self.spreader.decide(told)?, view) {
            // What only things in a new file can mean, nothing else did.
            (Reach::Nobody | Reach::If { .. } | Reach::IfAsked { .. }, _) | (Reach::NamesInFile(_), None) => {
            }
            (Reach::NamesInModule { names, module }, Some(known)) => {
                let only = self.is_closed(known, &module)?.then_some(&known.file.path);
                let reached = self.spreader.follow(&names, only)?;
                self.named(change, view, [reached.sets]);
            }
            (Reach::Made { names, layout }, _) => {
                let made = self.spreader.follow_made(&names)?;
                let mut more = self.spreader.follow(&names, None)?.sets;
                let known: HashSet<SetId> = made.sets.iter().copied().collect();
                more.retain(|set| !known.contains(set));
                self.named(change.clone(), view, [made.sets]);
                // Who looks at memory is many, and seldom asked for.
                if !more.is_empty() {
                    let layout = self.spreader.follow(&layout, None)?;
                    self.named(change, view, [more, layout.sets]);
                }
            }
            (Reach::MadeAndNamed { made, also }, _) => {
                let (made, also) = (self.spreader.follow_made(&made)?, self.spreader.follow(&also, None)?);
                self.named(change, view, [made.sets, also.sets]);
            }
            (Reach::Both { first, also }, _) => {
                let [first, also] = [first, also].map(|names| self.spreader.follow(&names, None));
                self.named(change, view, [first?.sets, also?.sets]);
            }
            (Reach::Names(names) | Reach::Scope { names, .. } | Reach::NamesInModule { names, .. }, None)
            | (Reach::Names(names), Some(_)) => {
                let reached = self.spreader.follow(&names, None)?;
                self.named(change, view, [reached.sets]);
            }
            (Reach::Values(names), _) => {
                let reached = self.spreader.follow_values(&names)?;
                self.named(change, view, [reached.sets]);
            }
            (Reach::NamesInFile(names), Some(known)) => {
                let reached = self.spreader.follow(&names, Some(&known.file.path))?;
                self.named(change, view, [reached.sets]);
            }
            (Reach::Scope { names, module, is_public }, Some(known)) => {
                let is_closed = !is_public && self.is_closed(known, &module)?;
                let reached = self.spreader.follow(&names, is_closed.then_some(&known.file.path))?;
                self.named(change.clone(), view, [reached.sets]);
                let is_inside = |unit: &&UnitRecord| unit.name.is_empty() || unit.name.starts_with(&*module);
                let inside = known.units.iter().filter(is_inside);
                let mut sets: Vec<SetId> = inside.flat_map(|unit| [unit.own, unit.shared]).collect();
                if !is_closed {
                    sets.extend(self.in_scope(&change.file, is_public)?);
                }
                self.add_confined(Reason::SameFile(change), view, [sets]);
            }
            (Reach::Compiled, view) => {
                let sets = self.compiled_from(&change, view)?;
                self.wanted.add(Reason::Compiled(change), sets);
            }
        }
        Ok(())
    }

    fn named(&mut self, change: Change, view: Option<&FileView>, each: impl IntoIterator<Item = Vec<SetId>>) {
        self.add_confined(Reason::Named(change), view, each);
    }

    /// Adds the tests that are in some set of each, but for those that were not compiled from the file of a change: what
    /// they name is something else that is called the same.
    fn add_confined(
        &mut self,
        reason: Reason,
        view: Option<&FileView>,
        each: impl IntoIterator<Item = Vec<SetId>>,
    ) {
        let compiled = view.and_then(|view| self.spreader.confined(view));
        self.wanted.add_each(reason, each.into_iter().chain(compiled));
    }

    /// Returns what a language says, as far as the policy trusts it.
    fn told(&self, file: &RepoPath, kind: UnitKind, name: &str, edit: Edit) -> Result<Reach, CodecError> {
        let told = match kind {
            // Of what is no unit of a language nothing is known but who was compiled from it.
            UnitKind::File | UnitKind::Package => Reach::Compiled,
            _ => self.question.language.reach(file, kind, name, edit),
        };
        Ok(match (self.question.policy, told) {
            (_, Reach::Nobody) => Reach::Nobody,
            (Policy::Strict, _) => Reach::Compiled,
            // What is in a file that is new speaks for itself.
            (Policy::Balanced, Reach::Compiled) if edit == Edit::Added => {
                self.brought(file, name)?.map_or(Reach::Compiled, |name| Reach::Names(vec![name]))
            }
            (Policy::Balanced, told) => told,
        })
    }

    /// Returns whether all of a module of a file is in that file: nothing in it has a module in another file, and no file
    /// is taken up by somebody under whatever name.
    fn is_closed(&mut self, view: &FileView, module: &str) -> Result<bool, CodecError> {
        let language = self.question.language;
        let opens = |unit: &UnitRecord| language.opens_module(&view.file.path, &unit.name);
        let is_inside = |unit: &&UnitRecord| unit.name.starts_with(module);
        Ok(!view.units.iter().filter(is_inside).any(opens)
            && !self.spreader.is_mentioned(&language.marks_of_inclusion())?)
    }

    /// Returns who executed something in files that may have in scope what a file has: they take over all of a module,
    /// and are below it, or anywhere, if it is public. Those below are in its folder, if not in one of its own.
    fn in_scope(&self, file: &RepoPath, is_public: bool) -> Result<Vec<SetId>, CodecError> {
        let taking = self.part.mentioning(&[self.question.language.mark_of_glob()])?;
        let folder = file.parent();
        let may_have = |other: &RepoPath| {
            is_public || other != file && folder.as_ref().is_none_or(|folder| other.is_in(folder))
        };
        let views = taking.into_iter().flatten().map(|(view, _)| view);
        Ok(views.filter(|view| may_have(&view.file.path)).flat_map(|view| executed(&view)).collect())
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
}
