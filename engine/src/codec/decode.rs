//! A whole index from bytes, with everything in it checked.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::id::{SetId, UnitId};
use crate::index::Evidence;
use crate::index::evidence::FileView;
use crate::index::units::{Assembly, FileDraft, UnitDraft};
use crate::index::{Index, Mentions, Rule};
use crate::read_at::ReadAt;
use crate::test_set::TestSet;

use super::reader::IndexReader;
use super::{CodecError, Section};

/// Reads a whole index.
pub fn decode(source: impl ReadAt) -> Result<Index, CodecError> {
    let reader = IndexReader::open(source)?;
    reader.check_header()?;
    let everything = |section| (0..reader.n_blocks(section)).collect::<BTreeSet<_>>();

    let mut tests = Vec::new();
    for block in reader.test_blocks(&everything(Section::Tests))?.into_values() {
        tests.extend(block.iter().cloned());
    }
    if !tests.is_sorted_by(|a, b| a.key < b.key) {
        return Err(CodecError::corrupt(Section::Tests, "tests are not sorted"));
    }
    let mut files = Vec::new();
    for block in reader.file_blocks(&everything(Section::Files))?.into_values() {
        files.extend(block.iter().cloned());
    }
    if !files.is_sorted_by(|a, b| a.path < b.path) {
        return Err(CodecError::corrupt(Section::Files, "files are not sorted"));
    }
    // Only blocks that were read prove that there are as many units as announced.
    let units = reader.unit_blocks(&everything(Section::Units))?;
    let mentions = identifiers_by_unit(&reader, &everything(Section::Identifiers))?;

    let mut assembly = Assembly::new();
    let sets = reader.sets(&(0..reader.n_sets()).map(SetId).collect::<Vec<_>>())?;
    let sets: Vec<SetId> = sets.iter().map(|set| assembly.sets.intern(TestSet::clone(set))).collect();
    let set = |id: SetId| sets[id.index()];
    let units = units.into_values().flat_map(|block| block.files.clone());
    let mut unit_id = 0;
    for (file, units) in files.into_iter().zip(units) {
        let view = FileView { file, units };
        let n_units = view.units.len();
        let drafts = view.units.into_iter().map(|unit| {
            unit_id += 1;
            UnitDraft {
                kind: unit.kind,
                name: Cow::Owned(unit.name.into()),
                fingerprint: unit.fingerprint,
                listed: unit.listed,
                identifiers: Cow::Borrowed(mentions.of(UnitId(unit_id - 1))),
                seen: set(unit.seen),
                own: set(unit.own),
                shared: set(unit.shared),
            }
        });
        let draft = FileDraft {
            units: drafts.collect(),
            path: view.file.path,
            blob: view.file.blob,
            recording: view.file.recording,
            seen: set(view.file.seen),
            compiled: set(view.file.compiled),
            opened: set(view.file.opened),
        };
        assembly.push(draft);
        let kept = assembly.files.last().map_or(0, |file| file.units.len());
        if kept != n_units {
            return Err(CodecError::corrupt(Section::Units, "a unit says nothing"));
        }
    }
    let rules = reader.rules()?.into_iter();
    let rules = rules.map(|rule| Rule { tests: set(rule.tests), seen: set(rule.seen), ..rule }).collect();
    let recordings = reader.recordings().to_vec();
    let expected = reader.expected().into_iter().collect();
    let index = assembly.into_index(reader.kind(), recordings, expected, tests, rules);
    check_summaries(&reader, &index)?;
    Ok(index)
}

fn identifiers_by_unit<R: ReadAt>(
    reader: &IndexReader<R>,
    blocks: &BTreeSet<usize>,
) -> Result<Mentions, CodecError> {
    let blocks = reader.identifier_blocks(blocks)?;
    let postings = || blocks.values().flat_map(|block| block.iter());
    if !postings().is_sorted_by(|a, b| a.0 < b.0) {
        return Err(CodecError::corrupt(Section::Identifiers, "identifiers are not sorted"));
    }
    let pairs = || postings().flat_map(|(identifier, units)| units.iter().map(|unit| (unit, *identifier)));
    Mentions::from_postings(reader.n_units() as usize, pairs)
        .ok_or_else(|| CodecError::corrupt(Section::Identifiers, "there are too many"))
}

/// Checks that what the directory sums up is what the index holds: questions are answered from the sums.
fn check_summaries<R: ReadAt>(reader: &IndexReader<R>, index: &Index) -> Result<(), CodecError> {
    if reader.provable() != index.provable() || reader.baselines() != index.baselines() {
        return Err(CodecError::corrupt(
            Section::Directory,
            "it says other things of the tests than they do",
        ));
    }
    if reader.jobs() != index.jobs() || reader.recordings() != index.recordings() {
        return Err(CodecError::corrupt(Section::Meta, "it says other things of the jobs than the tests do"));
    }
    Ok(())
}
