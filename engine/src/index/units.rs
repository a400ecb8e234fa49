//! Putting a file's units into normal form, and an index together from files in order.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::fingerprint::{Fingerprint, Identifier};
use crate::id::{ObjectId, RecordingId, SetId};
use crate::kind::IndexKind;
use crate::path::RepoPath;
use crate::record::TestRecord;
use crate::recording::Recording;
use crate::test_set::TestSet;
use crate::unit::{LineSpan, UnitKind};

use super::intern::SetInterner;
use super::{ExpectedShard, FileRecord, Index, Mentions, Rule, UnitRecord, VariableRecord};

/// A file with its units, on the way into an index. Its sets are numbered as in [`Assembly::sets`].
#[derive(Debug)]
pub(crate) struct FileDraft<'a> {
    pub(crate) path: RepoPath,
    pub(crate) blob: Option<ObjectId>,
    pub(crate) recording: RecordingId,
    pub(crate) seen: SetId,
    pub(crate) compiled: SetId,
    pub(crate) opened: SetId,
    pub(crate) units: Vec<UnitDraft<'a>>,
}

/// A unit on the way into an index.
#[derive(Debug)]
pub(crate) struct UnitDraft<'a> {
    pub(crate) kind: UnitKind,
    pub(crate) name: Cow<'a, str>,
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) listed: Option<LineSpan>,
    pub(crate) identifiers: Cow<'a, [Identifier]>,
    pub(crate) seen: SetId,
    pub(crate) own: SetId,
    pub(crate) shared: SetId,
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
    pub(crate) fn push(&mut self, file: FileDraft<'_>) {
        let first = self.units.len() as u32;
        for unit in normalize_units(file.units, &mut self.sets) {
            self.push_unit(unit);
        }
        self.files.push(FileRecord {
            path: file.path,
            blob: file.blob,
            recording: file.recording,
            seen: file.seen,
            compiled: file.compiled,
            opened: file.opened,
            units: first..self.units.len() as u32,
        });
    }

    /// Returns the index that this is a part of.
    pub(crate) fn into_index(
        mut self,
        kind: IndexKind,
        recordings: Vec<Recording>,
        expected: BTreeSet<ExpectedShard>,
        tests: Vec<TestRecord>,
        mut rules: Vec<Rule>,
        mut variables: Vec<VariableRecord>,
    ) -> Index {
        let sets = self.renumber_sets(&mut rules, &mut variables);
        let Assembly { files, units, mentions, .. } = self;
        let mut index =
            Index { kind, recordings, expected, tests, files, units, mentions, sets, rules, variables };
        index.retire_recordings();
        index
    }

    fn push_unit(&mut self, unit: UnitDraft<'_>) {
        self.mentions.push(&unit.identifiers);
        let UnitDraft { kind, name, fingerprint, listed, seen, own, shared, .. } = unit;
        let name = name.into_owned().into_boxed_str();
        self.units.push(UnitRecord { kind, name, fingerprint, listed, seen, own, shared });
    }

    /// Numbers the sets in the order in which files, their units, rules, and variables first name them, the empty
    /// one first.
    /// Those that nothing names are gone.
    fn renumber_sets(&mut self, rules: &mut [Rule], variables: &mut [VariableRecord]) -> Vec<TestSet> {
        let mut drafts = std::mem::replace(&mut self.sets, SetInterner::new()).into_sets();
        let mut sets = vec![TestSet::new()];
        let mut numbers: Vec<Option<SetId>> = vec![None; drafts.len()];
        numbers[SetId::EMPTY.index()] = Some(SetId::EMPTY);
        let mut renumber = |id: &mut SetId| {
            *id = *numbers[id.index()].get_or_insert_with(|| {
                sets.push(std::mem::take(&mut drafts[id.index()]));
                SetId(sets.len() as u32 - 1)
            });
        };
        for file in &mut self.files {
            [&mut file.seen, &mut file.compiled, &mut file.opened].into_iter().for_each(&mut renumber);
            for unit in &mut self.units[file.units.start as usize..file.units.end as usize] {
                [&mut unit.seen, &mut unit.own, &mut unit.shared].into_iter().for_each(&mut renumber);
            }
        }
        for rule in rules {
            [&mut rule.tests, &mut rule.seen].into_iter().for_each(&mut renumber);
        }
        variables.iter_mut().map(|variable| &mut variable.tests).for_each(&mut renumber);
        sets
    }
}

/// Sorts a file's units and makes those of one kind, name and fingerprint one.
///
/// A unit that is not listed and says nothing of any test is dropped. Units of unknown content never count as
/// unchanged, so what they mention is of no use and is dropped too.
fn normalize_units<'a>(mut units: Vec<UnitDraft<'a>>, sets: &mut SetInterner) -> Vec<UnitDraft<'a>> {
    let listed_first = |unit: &UnitDraft<'_>| unit.listed.map_or((1, None), |lines| (0, Some(lines)));
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
            first.seen = sets.union(first.seen, later.seen);
            first.own = sets.union(first.own, later.own);
            first.shared = sets.union(first.shared, later.shared);
            // Equal content mentions the same names, so there is seldom anything to add.
            if first.identifiers != later.identifiers {
                first.identifiers.to_mut().extend_from_slice(&later.identifiers);
            }
        }
        same
    });
    for unit in &mut units {
        unit.listed = unit.listed.map(|lines| LineSpan { end: lines.end.max(lines.start), ..lines });
        unit.shared = sets.difference(unit.shared, unit.own);
        if unit.fingerprint.is_none() {
            unit.identifiers = Cow::default();
        }
        if !unit.identifiers.is_sorted_by(|a, b| a < b) {
            let identifiers = unit.identifiers.to_mut();
            identifiers.sort_unstable();
            identifiers.dedup();
        }
    }
    let says_something =
        |unit: &UnitDraft<'_>| [unit.seen, unit.own, unit.shared].iter().any(|set| *set != SetId::EMPTY);
    units.retain(|unit| unit.listed.is_some() || says_something(unit));
    units
}
