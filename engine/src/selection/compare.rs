//! A file as an index has it, and as it is now: what became of its units.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Now, Present};
use crate::codec::CodecError;
use crate::fingerprint::Fingerprint;
use crate::id::SetId;
use crate::index::evidence::FileView;
use crate::index::{Evidence, UnitRecord};
use crate::path::RepoPath;
use crate::reach::Edit;
use crate::tree::BYTES;
use crate::unit::{SourceFile, Unit, UnitKind};

/// Returns the files that are not as the index has them, but for comments, layout and the order of what is in them.
pub fn differing(evidence: &dyn Evidence, present: &Present) -> Result<BTreeSet<RepoPath>, CodecError> {
    let paths: Vec<RepoPath> = present.keys().cloned().collect();
    let views = evidence.find_files(&paths)?;
    let is_same = |now: &Now, view: &FileView| Differences::of(view, now.source.as_ref()).is_nothing();
    let files = present.iter().zip(views);
    let differing = files.filter(|((_, now), view)| !view.as_ref().is_some_and(|view| is_same(now, view)));
    Ok(differing.map(|((path, _), _)| path.clone()).collect())
}

/// What became of a file's units.
#[derive(Debug, Default)]
pub(super) struct Differences<'a> {
    /// Whether there is a file now.
    pub(super) is_there: bool,
    /// Versions of units that tests know and that are not there now.
    pub(super) former: Vec<Former<'a>>,
    /// Units of which no version was there.
    pub(super) added: Vec<(UnitKind, &'a str)>,
    /// For each unit that is there now and was before, the tests whose recording had it: to all others it is new.
    pub(super) seen: Vec<Vec<SetId>>,
    /// Units whose place nobody knows: they may be any.
    pub(super) unplaced: Vec<&'a UnitRecord>,
}

/// A version of a unit that is not there now.
#[derive(Debug)]
pub(super) struct Former<'a> {
    pub(super) unit: &'a UnitRecord,
    pub(super) edit: Edit,
}

impl<'a> Differences<'a> {
    /// Compares; `None` is a file that is not there now.
    pub(super) fn of(view: &'a FileView, now: Option<&'a SourceFile>) -> Differences<'a> {
        // Of a file that is known by its blob alone, the blob says all.
        if view.is_by_blob() && view.has_blob_of(now) {
            let seen = view.units.iter().map(|unit| vec![unit.seen]).collect();
            return Differences { is_there: true, seen, ..Differences::default() };
        }
        let units: Vec<&Unit> =
            now.iter().flat_map(|file| &file.units).filter(|unit| &*unit.name != BYTES).collect();
        let mut by_identity: HashMap<(UnitKind, &str, Fingerprint), usize> = HashMap::new();
        let mut by_name: HashMap<(UnitKind, &str), Vec<&Unit>> = HashMap::new();
        for (place, unit) in units.iter().enumerate() {
            if let Some(fingerprint) = unit.fingerprint {
                by_identity.insert((unit.kind, &unit.name, fingerprint), place);
            }
            by_name.entry((unit.kind, &unit.name)).or_default().push(unit);
        }
        let mut differences = Differences { is_there: now.is_some(), ..Differences::default() };
        let mut is_known = vec![false; units.len()];
        // What the newest listing had under a name is changed; what only older ones had is new to most tests.
        let mut listed: HashSet<(UnitKind, &str)> = HashSet::new();
        for unit in view.units.iter().filter(|unit| &*unit.name != BYTES) {
            if unit.is_unplaced() {
                differences.unplaced.push(unit);
                continue;
            }
            let place = unit.fingerprint.and_then(|print| by_identity.get(&(unit.kind, &*unit.name, print)));
            if let Some(place) = place {
                is_known[*place] = true;
                differences.seen.push(vec![unit.seen]);
                continue;
            }
            if unit.listed.is_some() {
                listed.insert((unit.kind, &*unit.name));
            }
            let namesakes = by_name.get(&(unit.kind, &*unit.name)).map_or(&[][..], Vec::as_slice);
            let edit = match namesakes {
                [] => Edit::Removed,
                versions => match versions.iter().all(|version| has_same_head(unit, version)) {
                    true => Edit::Body,
                    false => Edit::Head,
                },
            };
            differences.former.push(Former { unit, edit });
        }
        let mut had: HashMap<(UnitKind, &str), Vec<SetId>> = HashMap::new();
        for former in differences.former.iter().filter(|former| former.edit != Edit::Removed) {
            had.entry((former.unit.kind, &*former.unit.name)).or_default().push(former.unit.seen);
        }
        differences.seen.extend(had.into_values());
        for (place, unit) in units.iter().enumerate() {
            // A new version of a unit that was listed has been dealt with as the change of the old one.
            if !is_known[place] && !listed.contains(&(unit.kind, &*unit.name)) {
                differences.added.push((unit.kind, &*unit.name));
            }
        }
        differences
    }

    /// Returns whether the file is there and every unit of it is what it was.
    pub(super) fn is_nothing(&self) -> bool {
        self.is_there && self.former.is_empty() && self.added.is_empty()
    }
}

/// Returns whether a function looks to others as it did.
fn has_same_head(then: &UnitRecord, now: &Unit) -> bool {
    then.kind == UnitKind::Function
        && then.fingerprint.zip(now.fingerprint).is_some_and(|(then, now)| then.has_same_head(now))
}
