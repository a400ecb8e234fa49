//! In which order variables get their first values, where that hangs on who mentions whom.
//!
//! A variable of Go waits for those that its initialiser mentions, and for those that functions mention whose names are
//! in it, called or not, and so on. So an edit of what a function mentions may act before any test begins, though nobody
//! ever executes the function. Where an initialiser does something, that is seen by whoever links the package.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use crate::codec::CodecError;
use crate::fingerprint::Identifier;
use crate::index::UnitRecord;
use crate::index::evidence::FileView;
use crate::path::RepoPath;
use crate::reach::{Edit, Ordered};
use crate::selection::change::Change;
use crate::selection::reason::Reason;
use crate::unit::SourceFile;

use super::{Tracer, place_of};

/// What the files of a folder declare, and who mentions whom.
#[derive(Debug, Default)]
pub(super) struct Package {
    /// Whether an initialiser does anything but make a value. Otherwise nobody sees the order.
    acts: bool,
    /// What is mentioned by initialisers, by functions that these mention, and so on.
    awaited: HashSet<Identifier>,
    /// Variables, whatever mentions one of them, whatever mentions that, and so on.
    waiting: HashSet<Identifier>,
    /// The names of what is declared now and was not.
    new: HashSet<Identifier>,
    /// What units mention of all that is declared.
    mentions: HashMap<(RepoPath, usize), BTreeSet<Identifier>>,
}

impl Tracer<'_> {
    /// Takes an edit of a unit; `view` is what the index has of its file, unless that is new, and `former` what it had of
    /// the unit, where it did.
    pub(super) fn order(
        &mut self,
        change: &Change,
        former: Option<&UnitRecord>,
        view: Option<&FileView>,
    ) -> Result<(), CodecError> {
        let Some((kind, name)) = &change.unit else { return Ok(()) };
        let language = self.question.language;
        let Some(own) = language.ordered(&change.file, *kind, name) else { return Ok(()) };
        let package = self.package(&change.file.parent().unwrap_or_else(RepoPath::root))?;
        let is_awaited = || own.names.iter().any(|name| package.awaited.contains(name));
        let is_meant = package.acts
            && match (change.edit, &own.is_member) {
                // Whoever mentions it from now on is another edit, but for what had its name.
                (Edit::Added, false) => is_awaited(),
                // Many members are called the same.
                (Edit::Added | Edit::Removed, true) => false,
                (Edit::Removed, false) if own.is_variable => is_awaited(),
                // A variable that nobody waits for may itself wait longer: who gets another value from that names it.
                _ => is_awaited() && self.waits_for_others(change, former, view, &package),
            };
        if is_meant {
            let sets = self.compiled_from(change, view)?;
            self.wanted.add(Reason::Compiled(change.clone()), sets);
        }
        Ok(())
    }

    /// Returns whether a unit mentions something else now of what may make it wait for a variable.
    fn waits_for_others(
        &self,
        change: &Change,
        former: Option<&UnitRecord>,
        view: Option<&FileView>,
        package: &Package,
    ) -> bool {
        let place = former.zip(view).and_then(|(former, view)| place_of(former, view));
        let key = place.map(|place| (change.file.clone(), place));
        let nothing = BTreeSet::new();
        let then = key.and_then(|key| package.mentions.get(&key)).unwrap_or(&nothing);
        let now: HashSet<Identifier> =
            self.versions(change).flat_map(|unit| &unit.identifiers).copied().collect();
        package.waiting.iter().any(|name| then.contains(name) != now.contains(name))
            || package.new.iter().any(|name| now.contains(name))
    }

    /// Reads what the files of a folder declare, once.
    fn package(&mut self, folder: &RepoPath) -> Result<Rc<Package>, CodecError> {
        if let Some(known) = self.packages.get(folder) {
            return Ok(known.clone());
        }
        let language = self.question.language;
        let is_here = |path: &RepoPath| path.parent().as_ref() == Some(folder);
        let views = self.part.files_where(&|file| is_here(&file.path))?;
        let of_view = |view: &FileView| {
            let units =
                view.units.iter().map(|unit| language.ordered(&view.file.path, unit.kind, &unit.name));
            units.collect::<Vec<_>>()
        };
        let declared: HashMap<&RepoPath, Vec<Option<Ordered>>> =
            views.iter().map(|view| (&view.file.path, of_view(view))).collect();
        let present = self.question.present.iter().filter(|(path, _)| is_here(path));
        let sources: Vec<(&RepoPath, &SourceFile)> =
            present.filter_map(|(path, now)| Some((path, now.source.as_ref()?))).collect();
        let now = sources.iter().flat_map(|(path, file)| {
            file.units.iter().filter_map(|unit| language.ordered(path, unit.kind, &unit.name))
        });
        let now: Vec<Ordered> = now.collect();
        let all = || declared.values().flatten().flatten();
        let names: HashSet<Identifier> = all().flat_map(|own| own.names.iter().copied()).collect();
        let mut package = Package {
            acts: all().chain(&now).any(|own| own.acts),
            new: now
                .iter()
                .flat_map(|own| own.names.iter().copied())
                .filter(|name| !names.contains(name))
                .collect(),
            ..Package::default()
        };
        if package.acts {
            let names: Vec<Identifier> = names.into_iter().collect();
            let files: Vec<&RepoPath> = declared.keys().copied().collect();
            for (name, found) in names.iter().zip(self.part.mentioning_in(&files, &names)?) {
                for (view, places) in found {
                    for place in places {
                        package.mentions.entry((view.file.path.clone(), place)).or_default().insert(*name);
                    }
                }
            }
            package.follow(&declared);
        }
        let package = Rc::new(package);
        self.packages.insert(folder.clone(), package.clone());
        Ok(package)
    }
}

impl Package {
    /// Finds out who is waited for, and who waits.
    fn follow(&mut self, declared: &HashMap<&RepoPath, Vec<Option<Ordered>>>) {
        let unit = |(path, place): &(RepoPath, usize)| declared.get(path)?.get(*place)?.as_ref();
        let edges: Vec<(&Ordered, &BTreeSet<Identifier>)> =
            self.mentions.iter().filter_map(|(key, mentioned)| Some((unit(key)?, mentioned))).collect();
        let (mut awaited, mut waiting): (HashSet<Identifier>, HashSet<Identifier>) = Default::default();
        let members = declared.values().flatten().flatten().filter(|own| own.is_member);
        let members: HashSet<&Identifier> = members.flat_map(|own| &own.names).collect();
        let variables = declared.values().flatten().flatten().filter(|own| own.is_variable);
        waiting.extend(variables.flat_map(|own| own.names.iter().copied()));
        // Each round takes one more step; few are needed.
        loop {
            let before = (awaited.len(), waiting.len());
            for (own, mentioned) in &edges {
                if own.is_variable || own.names.iter().any(|name| awaited.contains(name)) {
                    // What a declaration is called does not make it wait, unless a member of something is called so.
                    let is_meant = |name: &&Identifier| !own.names.contains(name) || members.contains(name);
                    awaited.extend(mentioned.iter().filter(is_meant));
                }
                if mentioned.iter().any(|name| waiting.contains(name)) {
                    waiting.extend(own.names.iter().copied());
                }
            }
            if before == (awaited.len(), waiting.len()) {
                break;
            }
        }
        (self.awaited, self.waiting) = (awaited, waiting);
    }
}
