//! A file as it gathers evidence, and what becomes of it in the index.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use crate::fingerprint::Fingerprint;
use crate::id::{ObjectId, RecordingId, SetId};
use crate::kind::Granularity;
use crate::observation::Parts;
use crate::path::RepoPath;
use crate::tree::BYTES;
use crate::unit::{LineSpan, UnitKind};

use super::footprint::{self, Layout};
use super::places::Places;
use super::{FileDraft, SetInterner, UnitDraft};

/// A file as it gathers evidence; tests are in the order in which they came.
#[derive(Debug)]
pub(super) struct FileState {
    pub(super) path: RepoPath,
    /// Whether the path is a key of the index already, rather than that of a file.
    pub(super) is_key: bool,
    pub(super) blob: Option<ObjectId>,
    pub(super) units: Vec<crate::unit::Unit>,
    pub(super) layout: Layout,
    pub(super) seen_by: BTreeSet<RecordingId>,
    pub(super) compiled_into: Vec<(RecordingId, Box<str>)>,
    pub(super) opened: Vec<u32>,
    /// The recordings any test of which may have read it.
    pub(super) read_by: BTreeSet<RecordingId>,
    pub(super) own: Vec<Vec<u32>>,
    pub(super) shared: Vec<Vec<u32>>,
    /// Tests that executed something that is in no unit.
    pub(super) stray: Vec<u32>,
    /// Tests that did, but only as their baseline did.
    pub(super) stray_shared: Vec<u32>,
    /// Whether recordings list other units than each other. Then nothing that was executed has a place.
    pub(super) disputed: bool,
}

/// Returns the files in the order of their keys; in an index of packages, those of one folder together.
pub(super) fn grouped_by_key(mut files: Vec<FileState>, granularity: Granularity) -> Vec<KeyState> {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut keys: Vec<KeyState> = files
        .into_iter()
        .map(|file| KeyState {
            path: match granularity {
                Granularity::Package if !file.is_key => file.path.parent().unwrap_or_else(RepoPath::root),
                _ => file.path.clone(),
            },
            files: vec![file],
        })
        .collect();
    keys.sort_by(|a, b| a.path.cmp(&b.path));
    keys.dedup_by(|later, first| {
        let same = first.path == later.path;
        if same {
            first.files.append(&mut later.files);
        }
        same
    });
    keys
}

/// One key of the index with the files that it stands for.
pub(super) struct KeyState {
    path: RepoPath,
    files: Vec<FileState>,
}

impl KeyState {
    pub(super) fn into_draft(
        self,
        granularity: Granularity,
        places: &Places<'_>,
        sets: &mut SetInterner,
    ) -> FileDraft<'static> {
        let seen_by: BTreeSet<RecordingId> =
            self.files.iter().flat_map(|file| file.seen_by.clone()).collect();
        let mut compiled = SetId::EMPTY;
        let mut opened = SetId::EMPTY;
        for file in &self.files {
            let (of_file, by_file) =
                (places.tests_of_suites(&file.compiled_into, sets), places.tests(&file.opened, sets));
            compiled = sets.union(compiled, of_file);
            opened = sets.union(opened, by_file);
            for recording in &file.read_by {
                opened = sets.union(opened, places.any_tests_of(*recording));
            }
        }
        let blob = match self.files.as_slice() {
            [file] if granularity != Granularity::Package => file.blob.clone(),
            _ => None,
        };
        // The recordings of one builder are made together, so any of them may stand for the listing.
        let recording = seen_by.iter().next_back().map_or(0, |last| places.recording(*last));
        let units = match granularity {
            Granularity::Function => {
                self.files.into_iter().flat_map(|file| file.into_units(places, sets)).collect()
            }
            Granularity::File => vec![whole_unit(UnitKind::File, self.files, places, sets)],
            Granularity::Package => vec![whole_unit(UnitKind::Package, self.files, places, sets)],
        };
        FileDraft {
            path: self.path,
            blob,
            recording: RecordingId(recording),
            seen: places.tests_of(seen_by, sets),
            compiled,
            opened,
            units,
        }
    }
}

/// Makes one unit of all that `files` hold.
fn whole_unit(
    kind: UnitKind,
    files: Vec<FileState>,
    places: &Places<'_>,
    sets: &mut SetInterner,
) -> UnitDraft<'static> {
    let fingerprint = files
        .iter()
        .map(|file| Some((file.path.as_str(), file.fingerprint()?)))
        .collect::<Option<Vec<_>>>()
        .map(Fingerprint::combine);
    let end = files.iter().filter_map(FileState::last_line).max().unwrap_or(1);
    let mut unit = UnitDraft {
        kind,
        name: Cow::default(),
        fingerprint,
        listed: Some(LineSpan { start: 1, end }),
        identifiers: Cow::default(),
        seen: places.tests_of(files.iter().flat_map(|file| file.seen_by.iter().copied()), sets),
        own: SetId::EMPTY,
        shared: SetId::EMPTY,
    };
    for file in files {
        for draft in file.into_units(places, sets) {
            unit.own = sets.union(unit.own, draft.own);
            unit.shared = sets.union(unit.shared, draft.shared);
        }
    }
    unit
}

impl FileState {
    pub(super) fn new(path: RepoPath) -> FileState {
        FileState {
            path,
            is_key: false,
            blob: None,
            units: Vec::new(),
            layout: Layout::default(),
            seen_by: BTreeSet::new(),
            compiled_into: Vec::new(),
            opened: Vec::new(),
            read_by: BTreeSet::new(),
            own: Vec::new(),
            shared: Vec::new(),
            stray: Vec::new(),
            stray_shared: Vec::new(),
            disputed: false,
        }
    }

    /// Notes that recordings do not agree on the units: nothing says which of them a test executed, or whether
    /// any is unchanged.
    pub(super) fn dispute(&mut self) {
        self.disputed = true;
        self.blob = None;
        for unit in &mut self.units {
            unit.fingerprint = None;
        }
        self.stray.extend(self.own.iter().flatten());
        self.stray_shared.extend(self.shared.iter().flatten());
    }

    /// Notes that `test` executed `parts`, of which `baselines` executed theirs.
    pub(super) fn execute(&mut self, test: u32, parts: &Parts, baselines: &[&Parts]) {
        let reach = footprint::reach(parts, baselines, &self.layout, self.units.len());
        for unit in &reach.own {
            self.own[*unit].push(test);
        }
        for unit in &reach.shared {
            self.shared[*unit].push(test);
        }
        let placed_wrongly = |places: &[usize]| self.disputed && !places.is_empty();
        if reach.stray || placed_wrongly(&reach.own) {
            self.stray.push(test);
        } else if reach.stray_shared || placed_wrongly(&reach.shared) {
            self.stray_shared.push(test);
        }
    }

    fn last_line(&self) -> Option<u32> {
        self.units.iter().map(|unit| unit.lines.end).max()
    }

    /// Returns the hash of the whole file, when all of its units are known.
    fn fingerprint(&self) -> Option<Fingerprint> {
        if self.units.is_empty() {
            return None;
        }
        // The place among its namesakes tells apart two units of one name.
        let named =
            self.units.iter().enumerate().map(|(at, unit)| {
                Some((format!("{at} {} {}", unit.kind.name(), unit.name), unit.fingerprint?))
            });
        let named = named.collect::<Option<Vec<_>>>()?;
        Some(Fingerprint::combine(named.iter().map(|(name, fingerprint)| (name.as_str(), *fingerprint))))
    }

    fn into_units(self, places: &Places<'_>, sets: &mut SetInterner) -> Vec<UnitDraft<'static>> {
        let seen = places.tests_of(self.seen_by.iter().copied(), sets);
        // Units of one file often share a set, and then the lists that it comes from are equal.
        let mut known: HashMap<&[u32], SetId> = HashMap::new();
        let mut own = Vec::with_capacity(self.units.len());
        for (unit, (its_own, its_shared)) in self.units.iter().zip(self.own.iter().zip(&self.shared)) {
            // Who executed all of a file executed what is in it.
            let nobody: &[u32] = &[];
            let executed = if &*unit.name == BYTES { [nobody; 2] } else { [&its_own[..], its_shared] };
            own.push(executed.map(|tests| *known.entry(tests).or_insert_with(|| places.tests(tests, sets))));
        }
        let mut drafts: Vec<UnitDraft<'_>> = self
            .units
            .into_iter()
            .zip(own)
            .map(|(unit, [own, shared])| UnitDraft {
                kind: unit.kind,
                name: Cow::Owned(unit.name.into()),
                fingerprint: unit.fingerprint,
                listed: Some(unit.lines),
                identifiers: Cow::Owned(unit.identifiers),
                seen,
                own,
                shared,
            })
            .collect();
        if !self.stray.is_empty() || !self.stray_shared.is_empty() {
            drafts.push(UnitDraft {
                kind: UnitKind::Remainder,
                name: Cow::default(),
                fingerprint: None,
                listed: None,
                identifiers: Cow::default(),
                seen: SetId::EMPTY,
                own: places.tests(&self.stray, sets),
                shared: places.tests(&self.stray_shared, sets),
            });
        }
        drafts
    }
}
