//! From a name to the tests that executed something that mentions it, by however many steps.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::codec::CodecError;
use crate::fingerprint::Identifier;
use crate::id::SetId;
use crate::index::Evidence;
use crate::index::evidence::{FileView, Mentioned};
use crate::path::RepoPath;
use crate::reach::{Edit, Language, Reach};
use crate::recording::{Origin, Recording};
use crate::unit::UnitKind;

/// Follows names through an index; what it reads, it reads once.
pub(super) struct Spreader<'a> {
    evidence: &'a dyn Evidence,
    language: &'a dyn Language,
    /// Whether it is known of each file which tests were compiled from it.
    knows_compiled: bool,
    /// Where each identifier is mentioned that was asked for.
    mentions: HashMap<Identifier, Mentioned>,
    files: HashMap<RepoPath, Arc<FileView>>,
}

/// The sets of tests that something reaches.
#[derive(Debug, Default)]
pub(super) struct Reached {
    pub(super) sets: Vec<SetId>,
}

/// What is still to be followed.
#[derive(Default)]
struct Todo {
    /// Names that anything can mean.
    everywhere: BTreeSet<Identifier>,
    /// Names that only things in a file can mean.
    in_file: BTreeSet<(RepoPath, Identifier)>,
}

impl<'a> Spreader<'a> {
    pub(super) fn new(evidence: &'a dyn Evidence, language: &'a dyn Language) -> Spreader<'a> {
        // Who takes over somebody else's coverage may not have been told what was compiled from what.
        let is_own = |recording: &Recording| recording.origin == Origin::Recorded;
        let knows_compiled = evidence.recordings().iter().all(is_own);
        Spreader { evidence, language, knows_compiled, mentions: HashMap::new(), files: HashMap::new() }
    }

    /// Follows names; `file` is where they were declared, for those that only things there can mean.
    pub(super) fn follow(
        &mut self,
        names: &[Identifier],
        file: Option<&RepoPath>,
    ) -> Result<Reached, CodecError> {
        let mut reached = Reached::default();
        let mut todo = Todo::default();
        match file {
            Some(file) => todo.in_file.extend(names.iter().map(|name| (file.clone(), *name))),
            None => todo.everywhere.extend(names),
        }
        let mut done = Todo::default();
        let mut units: HashSet<(*const FileView, usize)> = HashSet::new();
        while !todo.everywhere.is_empty() || !todo.in_file.is_empty() {
            let now = std::mem::take(&mut todo);
            let mut wanted: Vec<Identifier> = now.everywhere.iter().copied().collect();
            wanted.extend(now.in_file.iter().map(|(_, name)| *name));
            self.load(&wanted)?;
            let mut found: Vec<(Arc<FileView>, usize)> = Vec::new();
            let everywhere = now.everywhere.iter().map(|name| (name, None));
            let in_file = now.in_file.iter().map(|(file, name)| (name, Some(file)));
            for (name, only) in everywhere.chain(in_file) {
                let mentions = self.mentions.get(name).map_or(&[][..], Vec::as_slice);
                let within =
                    mentions.iter().filter(|(view, _)| only.is_none_or(|file| view.file.path == *file));
                for (view, places) in within {
                    found.extend(places.iter().map(|place| (view.clone(), *place)));
                }
            }
            done.everywhere.extend(now.everywhere);
            done.in_file.extend(now.in_file);
            for (view, place) in found {
                if units.insert((Arc::as_ptr(&view), place)) {
                    self.mentioned(&view, place, &mut todo, &mut reached);
                }
            }
            todo.everywhere.retain(|name| !done.everywhere.contains(name));
            todo.in_file.retain(|both| !done.in_file.contains(both) && !done.everywhere.contains(&both.1));
        }
        Ok(reached)
    }

    /// Takes a unit that mentions a name: whoever executed it, and, where it is no function, whoever names it.
    fn mentioned(&self, view: &FileView, place: usize, todo: &mut Todo, reached: &mut Reached) {
        let unit = &view.units[place];
        reached.sets.extend([unit.own, unit.shared]);
        if unit.kind == UnitKind::Function {
            return;
        }
        let path = &view.file.path;
        match self.language.reach(path, unit.kind, &unit.name, Edit::Head) {
            Reach::Nobody => {}
            // What an import brings in is what is followed already; under another name it is one more.
            Reach::Names(names) | Reach::File(names) => todo.everywhere.extend(names),
            Reach::NamesInFile(names) => {
                todo.in_file.extend(names.into_iter().map(|name| (path.clone(), name)));
            }
            Reach::Compiled => reached.sets.extend(self.compiled(view)),
        }
    }

    /// Returns the tests that were compiled from a file. Where nobody knows any, all that know the file.
    pub(super) fn compiled(&self, view: &FileView) -> Vec<SetId> {
        let mut sets = executed(view);
        sets.push(match (view.file.compiled, self.knows_compiled) {
            (SetId::EMPTY, false) => view.file.seen,
            (compiled, _) => compiled,
        });
        sets
    }

    /// Reads where names are mentioned.
    fn load(&mut self, wanted: &[Identifier]) -> Result<(), CodecError> {
        let missing: BTreeSet<Identifier> =
            wanted.iter().copied().filter(|name| !self.mentions.contains_key(name)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let missing: Vec<Identifier> = missing.into_iter().collect();
        let found = self.evidence.mentioning(&missing)?;
        for (name, mentioned) in missing.into_iter().zip(found) {
            // Of each file there is one view, by whose address it is known.
            let shared = mentioned.into_iter().map(|(view, places)| match self.files.get(&view.file.path) {
                Some(known) => (known.clone(), places),
                None => {
                    self.files.insert(view.file.path.clone(), view.clone());
                    (view, places)
                }
            });
            self.mentions.insert(name, shared.collect());
        }
        Ok(())
    }
}

/// Returns the tests that executed anything in a file.
pub(super) fn executed(view: &FileView) -> Vec<SetId> {
    view.units.iter().flat_map(|unit| [unit.own, unit.shared]).collect()
}
