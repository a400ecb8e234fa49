//! Making one index of several: shards of a job, jobs of a commit, an update of an older recording.
//!
//! What survives of each input is decided test by test: the newest record that tells anything
//! ([`TestRecord::counts`]) brings its footprint along, and the footprints of the others are gone. So edges retire,
//! and a unit keeps each version of it that a surviving test executed, or could have, with a fingerprint each.
//! Of a file's listings the newest stands. Records, and listings, that are equally new are united, so that more
//! tests run: a test reaches what any of its records says, consulted each variable with every value that any says,
//! and has seen only what all of them say.
//!
//! Every choice is a maximum over something totally ordered, or a union. So merging is commutative, associative
//! and idempotent; `laws` has the properties.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::iter::Peekable;
use std::slice;

use thiserror::Error;

use crate::id::{ObjectId, RecordingId, SetId, TestId, UnitId};
use crate::kind::IndexKind;
use crate::record::TestRecord;
use crate::recording::Recording;
use crate::test_set::TestSet;
use crate::time::Timestamp;

use super::intern::SetInterner;
use super::rule::{RuleDraft, normalize_rules};
use super::units::{Assembly, FileDraft, UnitDraft};
use super::variable::normalize_variables;
use super::{FileRecord, Index, Rule, UnitRecord, VariableRecord};

/// Why indexes cannot be merged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MergeError {
    /// They are of different kinds.
    #[error("cannot merge an index of kind `{0}` with one of kind `{1}`")]
    KindsDiffer(IndexKind, IndexKind),
    /// There are none.
    #[error("there is no index to merge")]
    Nothing,
}

/// Makes one index of several.
pub fn merge(inputs: &[&Index]) -> Result<Index, MergeError> {
    let kind = inputs.first().ok_or(MergeError::Nothing)?.kind;
    if let Some(other) = inputs.iter().find(|index| index.kind != kind) {
        return Err(MergeError::KindsDiffer(kind, other.kind));
    }
    let mut recordings: Vec<Recording> =
        inputs.iter().flat_map(|index| index.recordings.iter().cloned()).collect();
    recordings.sort();
    recordings.dedup();
    let expected: BTreeSet<_> = inputs.iter().flat_map(|index| index.expected.iter().cloned()).collect();

    let mut assembly = Assembly::new();
    let (tests, mut sides) = merge_tests(inputs, &recordings, &mut assembly.sets);
    let mut files: Vec<_> = inputs.iter().map(|index| index.files.iter().peekable()).collect();
    while let Some(path) = files.iter_mut().filter_map(|files| Some(&files.peek()?.path)).min() {
        let path = path.clone();
        let mut same: Vec<(usize, &FileRecord)> = Vec::new();
        for (side, files) in files.iter_mut().enumerate() {
            same.extend(files.next_if(|file| file.path == path).map(|file| (side, file)));
        }
        let file = merge_file(&mut sides, &same, &mut assembly.sets);
        assembly.push(file);
    }

    let mut rules = Vec::new();
    for side in &mut sides {
        for rule in &side.index.rules {
            rules.push(RuleDraft {
                job: rule.job.clone(),
                pattern: rule.pattern.clone(),
                all: rule.all,
                tests: side.surviving(rule.tests, &mut assembly.sets),
                seen: side.surviving(rule.seen, &mut assembly.sets),
            });
        }
    }
    for rule in &mut rules {
        for side in sides.iter_mut().filter(|side| side.united != SetId::EMPTY) {
            let rules = &side.index.rules;
            let order = |other: &Rule| (&other.job, &other.pattern).cmp(&(&rule.job, &rule.pattern));
            let seen = rules.binary_search_by(order).ok().map(|at| rules[at].seen);
            let unseen = side.unseen(seen, &mut assembly.sets);
            rule.seen = assembly.sets.difference(rule.seen, unseen);
        }
    }
    let rules = normalize_rules(rules, &mut assembly.sets);

    let mut variables = Vec::new();
    for side in &mut sides {
        for VariableRecord { consulted, tests } in &side.index.variables {
            let tests = side.surviving(*tests, &mut assembly.sets);
            variables.push(VariableRecord { consulted: consulted.clone(), tests });
        }
    }
    let variables = normalize_variables(variables, &mut assembly.sets);
    Ok(assembly.into_index(kind, recordings, expected, tests, rules, variables))
}

/// One input, and what becomes of its numbers.
struct Side<'a> {
    index: &'a Index,
    recordings: Vec<RecordingId>,
    /// For each test whose record survives, its new number.
    survivors: Vec<Option<TestId>>,
    /// The tests whose records survive from several sides, and this is one of them.
    united: SetId,
    /// What became of each set, as far as it was asked for.
    sets: Vec<Option<SetId>>,
}

impl Side<'_> {
    /// Returns the surviving tests of a set, by their new numbers.
    fn surviving(&mut self, id: SetId, sets: &mut SetInterner) -> SetId {
        let (index, survivors) = (self.index, &self.survivors);
        *self.sets[id.index()].get_or_insert_with(|| {
            // New numbers keep the order of the old ones.
            let numbers = index.set(id).iter().filter_map(|test| Some(survivors[test.index()]?.0));
            sets.intern(TestSet::from_sorted(numbers).expect("renumbering keeps the order"))
        })
    }

    /// Returns the tests that have a record here and one as new elsewhere, and that have not seen here what `seen`
    /// is of.
    fn unseen(&mut self, seen: Option<SetId>, sets: &mut SetInterner) -> SetId {
        let seen = seen.map_or(SetId::EMPTY, |seen| self.surviving(seen, sets));
        sets.difference(self.united, seen)
    }

    fn recorded_at(&self, file: &FileRecord) -> Timestamp {
        self.index.recordings[file.recording.index()].recorded_at
    }
}

/// Decides which record of each test survives. The tests come out sorted by key.
fn merge_tests<'a>(
    inputs: &[&'a Index],
    recordings: &[Recording],
    sets: &mut SetInterner,
) -> (Vec<TestRecord>, Vec<Side<'a>>) {
    let place =
        |recording| recordings.binary_search(recording).expect("every recording was collected") as u32;
    let mut sides: Vec<Side<'_>> = inputs
        .iter()
        .map(|index| Side {
            index,
            recordings: index.recordings.iter().map(|recording| RecordingId(place(recording))).collect(),
            survivors: vec![None; index.tests.len()],
            united: SetId::EMPTY,
            sets: vec![None; index.sets.len()],
        })
        .collect();
    let mut cursors: Vec<Peekable<slice::Iter<'_, TestRecord>>> =
        inputs.iter().map(|index| index.tests.iter().peekable()).collect();
    let mut next: Vec<usize> = vec![0; inputs.len()];
    let mut merged: Vec<TestRecord> = Vec::new();
    let mut united = vec![TestSet::new(); inputs.len()];
    while let Some(key) = cursors.iter_mut().filter_map(|tests| Some(&tests.peek()?.key)).min() {
        let key = key.clone();
        let mut same: Vec<(usize, usize, TestRecord)> = Vec::new();
        for (side, tests) in cursors.iter_mut().enumerate() {
            if let Some(test) = tests.next_if(|test| test.key == key) {
                let recording = sides[side].recordings[test.recording.index()];
                same.push((side, next[side], TestRecord { recording, ..test.clone() }));
                next[side] += 1;
            }
        }
        let rank = |test: &TestRecord| (test.counts(), recordings[test.recording.index()].recorded_at);
        let best = same.iter().map(|(_, _, test)| rank(test)).max().expect("some input has the least key");
        same.retain(|(_, _, test)| rank(test) == best);
        let id = TestId(merged.len() as u32);
        for (side, at, _) in &same {
            sides[*side].survivors[*at] = Some(id);
            if same.len() > 1 {
                united[*side].insert(id);
            }
        }
        merged.extend(same.into_iter().map(|(_, _, test)| test).reduce(unite_records));
    }
    for (side, united) in sides.iter_mut().zip(united) {
        side.united = sets.intern(united);
    }
    (merged, sides)
}

/// Makes one of two records of a test that are equally new: the worse of everything.
fn unite_records(a: TestRecord, b: TestRecord) -> TestRecord {
    TestRecord {
        key: a.key,
        outcome: a.outcome.max(b.outcome),
        health: a.health.and(b.health),
        duration: a.duration.max(b.duration),
        role: a.role.max(b.role),
        recording: a.recording.max(b.recording),
    }
}

/// Makes one of the inputs' records of one file.
fn merge_file<'a>(
    sides: &mut [Side<'a>],
    same: &[(usize, &FileRecord)],
    sets: &mut SetInterner,
) -> FileDraft<'a> {
    let newest = same.iter().map(|(side, file)| sides[*side].recorded_at(file)).max();
    let is_newest =
        |sides: &[Side<'_>], side: usize, file: &FileRecord| Some(sides[side].recorded_at(file)) == newest;
    let listings = same.iter().filter(|(side, file)| is_newest(sides, *side, file));
    let recording =
        listings.clone().map(|(side, file)| sides[*side].recordings[file.recording.index()]).max();
    let mut draft = FileDraft {
        path: same[0].1.path.clone(),
        blob: common_blob(listings.map(|(_, file)| &file.blob)),
        recording: recording.expect("at least one input has the file"),
        seen: SetId::EMPTY,
        compiled: SetId::EMPTY,
        opened: SetId::EMPTY,
        units: Vec::new(),
    };
    for (side, file) in same {
        let lists = is_newest(sides, *side, file);
        let side = &mut sides[*side];
        for (all, of_side) in [
            (&mut draft.seen, file.seen),
            (&mut draft.compiled, file.compiled),
            (&mut draft.opened, file.opened),
        ] {
            let surviving = side.surviving(of_side, sets);
            *all = sets.union(*all, surviving);
        }
        for number in file.units.clone() {
            let index = side.index;
            let unit = &index.units[number as usize];
            draft.units.push(UnitDraft {
                kind: unit.kind,
                name: Cow::Borrowed(&unit.name),
                fingerprint: unit.fingerprint,
                listed: unit.listed.filter(|_| lists),
                identifiers: Cow::Borrowed(index.mentions.of(UnitId(number))),
                seen: side.surviving(unit.seen, sets),
                own: side.surviving(unit.own, sets),
                shared: side.surviving(unit.shared, sets),
            });
        }
    }
    for (at, side) in sides.iter_mut().enumerate().filter(|(_, side)| side.united != SetId::EMPTY) {
        let file = same.iter().find(|(side, _)| *side == at).map(|(_, file)| *file);
        let unseen = side.unseen(file.map(|file| file.seen), sets);
        draft.seen = sets.difference(draft.seen, unseen);
        let units = file.map_or(&[][..], |file| side.index.units_of(file));
        for unit in &mut draft.units {
            let order = |other: &UnitRecord| {
                (other.kind, &*other.name, other.fingerprint).cmp(&(unit.kind, &*unit.name, unit.fingerprint))
            };
            let seen = units.binary_search_by(order).ok().map(|at| units[at].seen);
            let unseen = side.unseen(seen, sets);
            unit.seen = sets.difference(unit.seen, unseen);
        }
    }
    draft
}

/// Returns the blob that all listings agree on.
fn common_blob<'a>(mut blobs: impl Iterator<Item = &'a Option<ObjectId>>) -> Option<ObjectId> {
    let first = blobs.next()?.clone()?;
    blobs.all(|blob| blob.as_ref() == Some(&first)).then_some(first)
}
