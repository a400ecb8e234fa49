//! Paths of which an index has nothing, or knows that nothing was there: a file may be there now.

use std::borrow::Borrow;
use std::sync::Arc;

use crate::codec::CodecError;
use crate::id::SetId;
use crate::index::FileRecord;
use crate::index::evidence::FileView;
use crate::path::RepoPath;
use crate::reach::{Among, Arrival, Edit};
use crate::selection::Policy;
use crate::selection::change::Change;
use crate::selection::reason::{Cause, Reason};
use crate::selection::spread::executed;
use crate::tree;
use crate::unit::{SourceFile, Unit};

use super::Tracer;

impl Tracer<'_> {
    /// Takes a path into which nobody can look.
    pub(super) fn unknown(&mut self, path: &RepoPath) -> Result<(), CodecError> {
        if let Some(rule) = self.question.rules.find(path) {
            return self.rule(path, rule);
        }
        self.traced.everything.insert(Cause::UnknownPath(path.clone()));
        Ok(())
    }

    /// Takes a path at which the index has no file, and there may be one now.
    pub(super) fn arrived(&mut self, path: &RepoPath, now: Option<&SourceFile>) -> Result<(), CodecError> {
        if let Some(rule) = self.question.rules.find(path) {
            return self.rule(path, rule);
        }
        let listed = self.listed()?;
        if listed == SetId::EMPTY {
            self.traced.everything.insert(Cause::UnknownPath(path.clone()));
            return Ok(());
        }
        self.wanted.add_all_without(Reason::Unseen(path.clone()), vec![listed]);
        let Some(now) = now else { return Ok(()) };
        self.traced.changes.insert(Change::of_file(path, Edit::Added));
        self.sought(path)?;
        match self.question.language.arrival(now) {
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
            for unit in now.units.iter().filter(|unit| &*unit.name != tree::BYTES) {
                self.brought_along(path, unit)?;
            }
        }
        Ok(())
    }

    /// Takes a file that is new or gone: a test may have asked whether it is there, which nobody saw.
    pub(super) fn sought(&mut self, path: &RepoPath) -> Result<(), CodecError> {
        if self.question.language.is_code(path) || self.question.rules.find(path).is_some() {
            return Ok(());
        }
        let reason = Reason::Sought(path.clone());
        match self.record(&tree::lookups())? {
            Some(record) => {
                self.wanted.add(reason.clone(), vec![record.file.opened]);
                self.wanted.add_all_without(reason, vec![record.file.seen]);
            }
            None => {
                self.traced.everything.insert(Cause::UnknownPath(path.clone()));
            }
        }
        Ok(())
    }

    /// Takes a unit of a file that is new.
    fn brought_along(&mut self, path: &RepoPath, unit: &Unit) -> Result<(), CodecError> {
        if self.question.policy == Policy::Balanced && self.question.language.is_apart(path, unit) {
            return Ok(());
        }
        self.edit(Change::of_unit(path, unit.kind, &unit.name, Edit::Added), None, None)
    }

    /// Adds who depends on some files.
    fn among(&mut self, path: &RepoPath, among: &Among) -> Result<(), CodecError> {
        let reason = Reason::Arrived(path.clone());
        match among {
            Among::Files(is_meant) => {
                let views = self.part.files_where(&|file| is_meant(&file.path))?;
                self.wanted.add(reason, depending(&views));
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
                self.wanted.add(reason, depending(&views));
            }
        }
        Ok(())
    }

    /// Returns the tests that were compiled from the files nearest to a new one.
    pub(super) fn beside(&self, path: &RepoPath) -> Result<Vec<SetId>, CodecError> {
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
}

/// Returns the tests that executed something in files, or were compiled from them.
fn depending(views: &[impl Borrow<FileView>]) -> Vec<SetId> {
    let of_view = |view: &FileView| executed(view).into_iter().chain([view.file.compiled]);
    views.iter().flat_map(|view| of_view(view.borrow())).collect()
}
