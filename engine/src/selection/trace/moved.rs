//! What stands elsewhere now, though its tokens are what they were.

use std::collections::BTreeSet;

use crate::codec::CodecError;
use crate::fingerprint::Identifier;
use crate::id::SetId;
use crate::path::RepoPath;
use crate::reach::{Edit, Reach};
use crate::selection::change::Change;
use crate::selection::reason::Reason;
use crate::selection::spread::executed;
use crate::unit::UnitKind;

use super::Tracer;

impl Tracer<'_> {
    /// Takes what stands in files that changed and calls something that sees where it is called from: its tokens are
    /// what they were, its place need not be.
    pub(super) fn moved(&mut self) -> Result<(), CodecError> {
        let changed: BTreeSet<&RepoPath> =
            self.question.present.iter().filter(|(_, now)| now.has_changed).map(|(path, _)| path).collect();
        if changed.is_empty() {
            return Ok(());
        }
        self.seen_everywhere(&changed)?;
        let seeing = self.seeing_callers()?;
        if seeing.is_empty() {
            return Ok(());
        }
        for (view, places) in self.part.mentioning(&seeing)?.into_iter().flatten() {
            if !changed.contains(&view.file.path) {
                continue;
            }
            for unit in places.into_iter().map(|place| &view.units[place]) {
                let change = Change::of_unit(&view.file.path, unit.kind, &unit.name, Edit::Body);
                self.wanted.add(Reason::Moved(change), vec![unit.own, unit.shared]);
            }
        }
        Ok(())
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
}
