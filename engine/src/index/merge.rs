//! Making one index of several: shards of a job, jobs of a commit, an update of an older recording.
//!
//! What survives of each input is decided test by test: the newest record that tells anything
//! ([`TestRecord::counts`]) brings its footprint along, and the footprints of the others are gone. So edges retire,
//! and a unit keeps each version of it that a surviving test executed, or could have, with a fingerprint each.
//! Of a file's listings the newest stands. Records, and listings, that are equally new are united, so that more
//! tests run: a test reaches what any of its records says, and has seen only what all of them say.
//!
//! Every choice is a maximum over something totally ordered, or a union. So merging is commutative, associative
//! and idempotent; `laws` has the properties.

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

use super::rule::{RuleDraft, normalize_rules};
use super::units::{Assembly, FileDraft, UnitDraft};
use super::{FileRecord, Index, Rule, UnitRecord};

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

    let (tests, mut sides) = merge_tests(inputs, &recordings);
    let mut assembly = Assembly::new();
    let mut files: Vec<_> = inputs.iter().map(|index| index.files.iter().peekable()).collect();
    while let Some(path) = files.iter_mut().filter_map(|files| Some(&files.peek()?.path)).min() {
        let path = path.clone();
        let mut same: Vec<(usize, &FileRecord)> = Vec::new();
        for (side, files) in files.iter_mut().enumerate() {
            same.extend(files.next_if(|file| file.path == path).map(|file| (side, file)));
        }
        assembly.push(merge_file(&mut sides, &same));
    }

    let mut rules = Vec::new();
    for side in &mut sides {
        for rule in &side.index.rules {
            rules.push(RuleDraft {
                job: rule.job.clone(),
                pattern: rule.pattern.clone(),
                all: rule.all,
                tests: side.surviving(rule.tests),
                seen: side.surviving(rule.seen),
            });
        }
    }
    for rule in &mut rules {
        for side in sides.iter_mut().filter(|side| !side.united.is_empty()) {
            let rules = &side.index.rules;
            let order = |other: &Rule| (&other.job, &other.pattern).cmp(&(&rule.job, &rule.pattern));
            let seen = rules.binary_search_by(order).ok().map(|at| rules[at].seen);
            rule.seen.subtract(&side.unseen(seen));
        }
    }
    let rules = normalize_rules(rules, &mut assembly.sets);
    Ok(assembly.into_index(kind, recordings, expected, tests, rules))
}

/// One input, and what becomes of its numbers.
struct Side<'a> {
    index: &'a Index,
    recordings: Vec<RecordingId>,
    /// For each test whose record survives, its new number.
    survivors: Vec<Option<TestId>>,
    /// The tests whose records survive from several sides, and this is one of them.
    united: TestSet,
    /// What became of each set, as far as it was asked for.
    sets: Vec<Option<TestSet>>,
}

impl Side<'_> {
    /// Returns the surviving tests of a set, by their new numbers.
    fn surviving(&mut self, id: SetId) -> TestSet {
        let (index, survivors) = (self.index, &self.survivors);
        let set = self.sets[id.index()].get_or_insert_with(|| {
            // New numbers keep the order of the old ones.
            let numbers = index.set(id).iter().filter_map(|test| Some(survivors[test.index()]?.0));
            TestSet::from_sorted(numbers).expect("renumbering keeps the order")
        });
        set.clone()
    }

    /// Returns the tests that have a record here and one as new elsewhere, and that have not seen here what `seen`
    /// is of.
    fn unseen(&mut self, seen: Option<SetId>) -> TestSet {
        let seen = seen.map_or_else(TestSet::new, |seen| self.surviving(seen));
        self.united.difference(&seen)
    }

    fn recorded_at(&self, file: &FileRecord) -> Timestamp {
        self.index.recordings[file.recording.index()].recorded_at
    }
}

/// Decides which record of each test survives. The tests come out sorted by key.
fn merge_tests<'a>(inputs: &[&'a Index], recordings: &[Recording]) -> (Vec<TestRecord>, Vec<Side<'a>>) {
    let place =
        |recording| recordings.binary_search(recording).expect("every recording was collected") as u32;
    let mut sides: Vec<Side<'_>> = inputs
        .iter()
        .map(|index| Side {
            index,
            recordings: index.recordings.iter().map(|recording| RecordingId(place(recording))).collect(),
            survivors: vec![None; index.tests.len()],
            united: TestSet::new(),
            sets: vec![None; index.sets.len()],
        })
        .collect();
    let mut cursors: Vec<Peekable<slice::Iter<'_, TestRecord>>> =
        inputs.iter().map(|index| index.tests.iter().peekable()).collect();
    let mut next: Vec<usize> = vec![0; inputs.len()];
    let mut merged: Vec<TestRecord> = Vec::new();
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
                sides[*side].united.insert(id);
            }
        }
        merged.extend(same.into_iter().map(|(_, _, test)| test).reduce(unite_records));
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
fn merge_file(sides: &mut [Side<'_>], same: &[(usize, &FileRecord)]) -> FileDraft {
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
        seen: TestSet::new(),
        compiled: TestSet::new(),
        opened: TestSet::new(),
        units: Vec::new(),
    };
    for (side, file) in same {
        let lists = is_newest(sides, *side, file);
        let side = &mut sides[*side];
        draft.seen.union_with(&side.surviving(file.seen));
        draft.compiled.union_with(&side.surviving(file.compiled));
        draft.opened.union_with(&side.surviving(file.opened));
        for number in file.units.clone() {
            let unit = &side.index.units[number as usize];
            draft.units.push(UnitDraft {
                kind: unit.kind,
                name: unit.name.clone(),
                fingerprint: unit.fingerprint,
                listed: unit.listed.filter(|_| lists),
                identifiers: side.index.mentions.of(UnitId(number)).to_vec(),
                seen: side.surviving(unit.seen),
                own: side.surviving(unit.own),
                shared: side.surviving(unit.shared),
            });
        }
    }
    for (at, side) in sides.iter_mut().enumerate().filter(|(_, side)| !side.united.is_empty()) {
        let file = same.iter().find(|(side, _)| *side == at).map(|(_, file)| *file);
        draft.seen.subtract(&side.unseen(file.map(|file| file.seen)));
        let units = file.map_or(&[][..], |file| side.index.units_of(file));
        for unit in &mut draft.units {
            let order = |other: &UnitRecord| {
                (other.kind, &other.name, other.fingerprint).cmp(&(unit.kind, &unit.name, unit.fingerprint))
            };
            let seen = units.binary_search_by(order).ok().map(|at| units[at].seen);
            unit.seen.subtract(&side.unseen(seen));
        }
    }
    draft
}

/// Returns the blob that all listings agree on.
fn common_blob<'a>(mut blobs: impl Iterator<Item = &'a Option<ObjectId>>) -> Option<ObjectId> {
    let first = blobs.next()?.clone()?;
    blobs.all(|blob| blob.as_ref() == Some(&first)).then_some(first)
}
