//! Putting a file's units into normal form, and an index together from files in order.

use std::collections::BTreeSet;

use crate::fingerprint::{Fingerprint, Identifier};
use crate::id::{ObjectId, RecordingId};
use crate::kind::IndexKind;
use crate::path::RepoPath;
use crate::record::TestRecord;
use crate::recording::Recording;
use crate::test_set::TestSet;
use crate::unit::{LineSpan, UnitKind};

use super::intern::SetInterner;
use super::{ExpectedShard, FileRecord, Index, Mentions, Rule, UnitRecord};

/// A file with its units, on the way into an index.
#[derive(Debug)]
pub(crate) struct FileDraft {
    pub(crate) path: RepoPath,
    pub(crate) blob: Option<ObjectId>,
    pub(crate) recording: RecordingId,
    pub(crate) seen: TestSet,
    pub(crate) compiled: TestSet,
    pub(crate) opened: TestSet,
    pub(crate) units: Vec<UnitDraft>,
}

/// A unit on the way into an index.
#[derive(Debug)]
pub(crate) struct UnitDraft {
    pub(crate) kind: UnitKind,
    pub(crate) name: Box<str>,
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) listed: Option<LineSpan>,
    pub(crate) identifiers: Vec<Identifier>,
    pub(crate) seen: TestSet,
    pub(crate) own: TestSet,
    pub(crate) shared: TestSet,
}

/// The parts of an index that hang on its files, growing file by file.
#[derive(Debug)]
pub(crate) struct Assembly {
    pub(crate) files: Vec<FileRecord>,
    pub(crate) units: Vec<UnitRecord>,
    pub(crate) mentions: Mentions,
    pub(crate) sets: SetInterner,
}

impl Assembly {
    pub(crate) fn new() -> Self {
        Assembly {
            files: Vec::new(),
            units: Vec::new(),
            mentions: Mentions::default(),
            sets: SetInterner::new(),
        }
    }

    /// Adds the next file; files come in the order of their paths.
    pub(crate) fn push(&mut self, file: FileDraft) {
        let seen = self.sets.intern(file.seen);
        let compiled = self.sets.intern(file.compiled);
        let opened = self.sets.intern(file.opened);
        let first = self.units.len() as u32;
        for unit in normalize_units(file.units) {
            self.push_unit(unit);
        }
        self.files.push(FileRecord {
            path: file.path,
            blob: file.blob,
            recording: file.recording,
            seen,
            compiled,
            opened,
            units: first..self.units.len() as u32,
        });
    }

    /// Returns the index that this is a part of.
    pub(crate) fn into_index(
        self,
        kind: IndexKind,
        recordings: Vec<Recording>,
        expected: BTreeSet<ExpectedShard>,
        tests: Vec<TestRecord>,
        rules: Vec<Rule>,
    ) -> Index {
        let Assembly { files, units, mentions, sets } = self;
        let sets = sets.into_sets();
        let mut index = Index { kind, recordings, expected, tests, files, units, mentions, sets, rules };
        index.retire_recordings();
        index
    }

    fn push_unit(&mut self, unit: UnitDraft) {
        let seen = self.sets.intern(unit.seen);
        let own = self.sets.intern(unit.own);
        let shared = self.sets.intern(unit.shared);
        self.mentions.push(&unit.identifiers);
        let UnitDraft { kind, name, fingerprint, listed, .. } = unit;
        self.units.push(UnitRecord { kind, name, fingerprint, listed, seen, own, shared });
    }
}

/// Sorts a file's units and makes those of one kind, name and fingerprint one.
///
/// A unit that is not listed and says nothing of any test is dropped. Units of unknown content never count as
/// unchanged, so what they mention is of no use and is dropped too.
fn normalize_units(mut units: Vec<UnitDraft>) -> Vec<UnitDraft> {
    let listed_first = |unit: &UnitDraft| unit.listed.map_or((1, None), |lines| (0, Some(lines)));
    units.sort_by(|a, b| {
        (a.kind, &a.name, a.fingerprint, listed_first(a)).cmp(&(
            b.kind,
            &b.name,
            b.fingerprint,
            listed_first(b),
        ))
    });
    units.dedup_by(|later, first| {
        let same =
            (first.kind, &first.name, first.fingerprint) == (later.kind, &later.name, later.fingerprint);
        if same {
            first.seen.union_with(&later.seen);
            first.own.union_with(&later.own);
            first.shared.union_with(&later.shared);
            first.identifiers.append(&mut later.identifiers);
        }
        same
    });
    for unit in &mut units {
        unit.shared.subtract(&unit.own);
        if unit.fingerprint.is_none() {
            unit.identifiers.clear();
        }
        unit.identifiers.sort_unstable();
        unit.identifiers.dedup();
    }
    let says_something =
        |unit: &UnitDraft| [&unit.seen, &unit.own, &unit.shared].into_iter().any(|tests| !tests.is_empty());
    units.retain(|unit| unit.listed.is_some() || says_something(unit));
    units
}
