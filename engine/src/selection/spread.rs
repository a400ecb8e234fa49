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
    /// The functions that have the compiler evaluate something, once that was asked.
    evaluating: Option<HashSet<(*const FileView, usize)>>,
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
    /// Functions whose value the compiler may have asked for.
    values: BTreeSet<Identifier>,
    /// Types of which somebody may have a value.
    made: BTreeSet<Identifier>,
}

impl Todo {
    fn is_empty(&self) -> bool {
        self.everywhere.is_empty()
            && self.in_file.is_empty()
            && self.values.is_empty()
            && self.made.is_empty()
    }

    fn names(&self) -> impl Iterator<Item = Identifier> {
        let in_file = self.in_file.iter().map(|(_, name)| *name);
        let more = self.values.iter().chain(&self.made);
        self.everywhere.iter().chain(more).copied().chain(in_file)
    }

    /// Takes out what has been followed.
    fn subtract(&mut self, done: &Todo) {
        self.everywhere.retain(|name| !done.everywhere.contains(name));
        self.in_file.retain(|both| !done.in_file.contains(both) && !done.everywhere.contains(&both.1));
        self.values.retain(|name| !done.values.contains(name));
        self.made.retain(|name| !done.made.contains(name) && !done.everywhere.contains(name));
    }

    fn extend(&mut self, more: Todo) {
        self.everywhere.extend(more.everywhere);
        self.in_file.extend(more.in_file);
        self.values.extend(more.values);
        self.made.extend(more.made);
    }
}

impl<'a> Spreader<'a> {
    pub(super) fn new(evidence: &'a dyn Evidence, language: &'a dyn Language) -> Spreader<'a> {
        // Who takes over somebody else's coverage may not have been told what was compiled from what.
        let is_own = |recording: &Recording| recording.origin == Origin::Recorded;
        let knows_compiled = evidence.recordings().iter().all(is_own);
        Spreader {
            evidence,
            language,
            knows_compiled,
            mentions: HashMap::new(),
            files: HashMap::new(),
            evaluating: None,
        }
    }

    /// Follows names; `file` is where they were declared, for those that only things there can mean.
    pub(super) fn follow(
        &mut self,
        names: &[Identifier],
        file: Option<&RepoPath>,
    ) -> Result<Reached, CodecError> {
        let mut todo = Todo::default();
        match file {
            Some(file) => todo.in_file.extend(names.iter().map(|name| (file.clone(), *name))),
            None => todo.everywhere.extend(names),
        }
        self.follow_all(todo)
    }

    /// Follows functions to where the compiler asked for their value.
    pub(super) fn follow_values(&mut self, names: &[Identifier]) -> Result<Reached, CodecError> {
        self.follow_all(Todo { values: names.iter().copied().collect(), ..Todo::default() })
    }

    /// Follows types to whoever may have a value of one.
    pub(super) fn follow_made(&mut self, names: &[Identifier]) -> Result<Reached, CodecError> {
        self.follow_all(Todo { made: names.iter().copied().collect(), ..Todo::default() })
    }

    fn follow_all(&mut self, mut todo: Todo) -> Result<Reached, CodecError> {
        let mut reached = Reached::default();
        let mut done = Todo::default();
        let mut units: HashSet<(*const FileView, usize)> = HashSet::new();
        while !todo.is_empty() {
            let now = std::mem::take(&mut todo);
            let wanted: Vec<Identifier> = now.names().collect();
            self.load(&wanted)?;
            let mut found: Vec<(Arc<FileView>, usize)> = Vec::new();
            let everywhere = now.everywhere.iter().map(|name| (name, None));
            let in_file = now.in_file.iter().map(|(file, name)| (name, Some(file)));
            for (name, only) in everywhere.chain(in_file) {
                let within = self
                    .mentioned_in(name)
                    .filter(|(view, _)| only.is_none_or(|file| view.file.path == *file));
                found.extend(within.map(|(view, place)| (view.clone(), place)));
            }
            for name in &now.made {
                let named: Vec<(Arc<FileView>, usize)> =
                    self.mentioned_in(name).map(|(view, place)| (view.clone(), place)).collect();
                for (view, place) in named {
                    let unit = &view.units[place];
                    let sets = [unit.own, unit.shared];
                    match self.reach(&view, place)? {
                        _ if self.only_holds(&view, place)? => reached.sets.extend(sets),
                        // What an import brings in is the type, by whatever name.
                        Reach::Scope { names, .. } | Reach::NamesInModule { names, .. } => {
                            reached.sets.extend(sets);
                            todo.made.extend(names);
                        }
                        _ => found.push((view, place)),
                    }
                }
            }
            let mut valued: Vec<(Arc<FileView>, usize)> = Vec::new();
            if !now.values.is_empty() {
                self.load_evaluating()?;
            }
            for name in &now.values {
                valued.extend(self.mentioned_in(name).map(|(view, place)| (view.clone(), place)));
            }
            done.extend(now);
            for (view, place) in valued {
                if view.units[place].kind != UnitKind::Function || self.evaluates(&view, place) {
                    found.push((view, place));
                } else if let Reach::Values(names) = self.reach(&view, place)? {
                    todo.values.extend(names);
                }
            }
            for (view, place) in found {
                if units.insert((Arc::as_ptr(&view), place)) {
                    self.mentioned(&view, place, &mut todo, &mut reached)?;
                }
            }
            todo.subtract(&done);
        }
        Ok(reached)
    }

    /// Takes a unit that mentions a name: whoever executed it, and, where it is no function, whoever names it.
    fn mentioned(
        &mut self,
        view: &FileView,
        place: usize,
        todo: &mut Todo,
        reached: &mut Reached,
    ) -> Result<(), CodecError> {
        let unit = &view.units[place];
        reached.sets.extend([unit.own, unit.shared]);
        let path = &view.file.path;
        match self.reach(view, place)? {
            Reach::Nobody | Reach::If { .. } | Reach::IfAsked { .. } => {}
            // What an import brings in is what is followed already; under another name it is one more.
            Reach::Names(names) | Reach::Scope { names, .. } | Reach::NamesInModule { names, .. } => {
                todo.everywhere.extend(names);
            }
            // Either would do.
            Reach::Both { first, .. } => todo.everywhere.extend(first),
            Reach::Made { names, .. } | Reach::MadeAndNamed { made: names, .. } => {
                todo.everywhere.extend(names);
            }
            Reach::NamesInFile(names) => {
                todo.in_file.extend(names.into_iter().map(|name| (path.clone(), name)));
            }
            Reach::Values(names) => todo.values.extend(names),
            Reach::Compiled => reached.sets.extend(self.compiled(view)),
        }
        Ok(())
    }

    /// Returns whom a unit concerns that means another thing by what it mentions. A function still looks the same to
    /// others.
    fn reach(&mut self, view: &FileView, place: usize) -> Result<Reach, CodecError> {
        let unit = &view.units[place];
        let edit = if unit.kind == UnitKind::Function { Edit::Body } else { Edit::Head };
        self.decide(self.language.reach(&view.file.path, unit.kind, &unit.name, edit))
    }

    /// Returns what a reach comes to, where that depends on marks, or on what else the tests were built with.
    pub(super) fn decide(&mut self, mut reach: Reach) -> Result<Reach, CodecError> {
        loop {
            reach = match reach {
                Reach::If { mentioned, within, then, otherwise } => {
                    self.load(&[mentioned])?;
                    let mut mentions = self.mentioned_in(&mentioned);
                    let is_mentioned = mentions.any(|(view, _)| view.file.path.is_in(&within));
                    if is_mentioned { *then } else { *otherwise }
                }
                Reach::IfAsked { method, then, otherwise } => match self.may_ask_for(&method) {
                    true => *then,
                    false => *otherwise,
                },
                decided => return Ok(decided),
            };
        }
    }

    /// Returns whether code from elsewhere may ask values for a method.
    fn may_ask_for(&self, method: &Identifier) -> bool {
        let may = |recording: &Recording| {
            recording.asked_for.as_ref().is_none_or(|methods| methods.binary_search(method).is_ok())
        };
        self.evidence.recordings().iter().any(may)
    }

    /// Returns whether anything mentions one of these names.
    pub(super) fn is_mentioned(&mut self, names: &[Identifier]) -> Result<bool, CodecError> {
        self.load(names)?;
        Ok(names.iter().any(|name| self.mentioned_in(name).next().is_some()))
    }

    /// Returns whether a unit of a file mentions a name.
    pub(super) fn is_mentioned_at(
        &mut self,
        name: &Identifier,
        file: &RepoPath,
        place: usize,
    ) -> Result<bool, CodecError> {
        self.load(&[*name])?;
        Ok(self.mentioned_in(name).any(|(view, at)| at == place && view.file.path == *file))
    }

    /// Returns whether a unit says nothing of the types that it names to who has no value of one.
    fn only_holds(&mut self, view: &Arc<FileView>, place: usize) -> Result<bool, CodecError> {
        let unit = &view.units[place];
        let Some(mark) = self.language.mark_of_holder(&view.file.path, &unit.name) else { return Ok(false) };
        self.load(&[mark])?;
        let is_here = |(other, at): (&Arc<FileView>, usize)| Arc::ptr_eq(other, view) && at == place;
        Ok(self.mentioned_in(&mark).any(is_here))
    }

    /// Reads which functions have the compiler evaluate something.
    fn load_evaluating(&mut self) -> Result<(), CodecError> {
        if self.evaluating.is_none() {
            let mark = self.language.mark_of_evaluation();
            self.load(&[mark])?;
            let marked = self.mentioned_in(&mark).map(|(view, place)| (Arc::as_ptr(view), place));
            self.evaluating = Some(marked.collect());
        }
        Ok(())
    }

    fn evaluates(&self, view: &Arc<FileView>, place: usize) -> bool {
        self.evaluating.as_ref().is_some_and(|marked| marked.contains(&(Arc::as_ptr(view), place)))
    }

    /// Returns the units that mention a name, of those that were read.
    fn mentioned_in(&self, name: &Identifier) -> impl Iterator<Item = (&Arc<FileView>, usize)> {
        let mentions = self.mentions.get(name).map_or(&[][..], Vec::as_slice);
        mentions.iter().flat_map(|(view, places)| places.iter().map(move |place| (view, *place)))
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

    /// Returns the tests that were compiled from a file, where it is known that nobody else was.
    pub(super) fn confined(&self, view: &FileView) -> Option<Vec<SetId>> {
        self.knows_compiled.then(|| self.compiled(view))
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
