//! A whole index from bytes, with everything in it checked.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::fingerprint::Identifier;
use crate::id::SetId;
use crate::index::intern::SetInterner;
use crate::index::{Evidence, Index, Mentions, UnitRecord};
use crate::read_at::ReadAt;
use crate::test_set::TestSet;

use super::identifiers::MAX_MENTIONS;
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
    // Reading the blocks proves the numbers that the directory announces; only then is room made for so many.
    reader.set_blocks(&everything(Section::Sets))?;
    let unit_blocks = reader.unit_blocks(&everything(Section::Units))?;
    let sets = reader.sets(&(0..reader.n_sets()).map(SetId).collect::<Vec<_>>())?;
    let mut sets = SetNumbers { numbers: vec![None; sets.len()], sets, interner: SetInterner::new() };

    let mut units: Vec<UnitRecord> = Vec::with_capacity(reader.n_units() as usize);
    let units_by_file = unit_blocks.values().flat_map(|block| &block.files);
    for (file, of_file) in files.iter_mut().zip(units_by_file) {
        for set in [&mut file.seen, &mut file.compiled, &mut file.opened] {
            *set = sets.number(*set);
        }
        let first = units.len() as u32;
        for unit in of_file {
            check_unit(unit, &sets)?;
            let (seen, own, shared) =
                (sets.number(unit.seen), sets.number(unit.own), sets.number(unit.shared));
            units.push(UnitRecord { seen, own, shared, ..unit.clone() });
        }
        file.units = first..units.len() as u32;
    }
    let mentions = mentions(&reader, &everything(Section::Identifiers), &units)?;
    let mut rules = reader.rules()?;
    for rule in &mut rules {
        (rule.tests, rule.seen) = (sets.number(rule.tests), sets.number(rule.seen));
    }
    let mut variables = reader.variables()?;
    for variable in &mut variables {
        variable.tests = sets.number(variable.tests);
        if variable.tests == SetId::EMPTY {
            return Err(CodecError::corrupt(Section::Variables, "a variable was consulted by nobody"));
        }
    }
    let mut index = Index {
        kind: reader.kind(),
        recordings: reader.recordings().to_vec(),
        expected: reader.expected().into_iter().collect(),
        tests,
        files,
        units,
        mentions,
        sets: sets.interner.into_sets(),
        rules,
        variables,
    };
    index.retire_recordings();
    check_summaries(&reader, &index)?;
    Ok(index)
}

/// From the numbers that sets have in a file to those they have in memory.
struct SetNumbers {
    sets: Vec<Arc<TestSet>>,
    numbers: Vec<Option<SetId>>,
    interner: SetInterner,
}

impl SetNumbers {
    fn number(&mut self, in_file: SetId) -> SetId {
        let set = &self.sets[in_file.index()];
        *self.numbers[in_file.index()].get_or_insert_with(|| self.interner.intern(TestSet::clone(set)))
    }
}

/// Checks what an index's normal form wants of a unit.
fn check_unit(unit: &UnitRecord, sets: &SetNumbers) -> Result<(), CodecError> {
    let [seen, own, shared] = [unit.seen, unit.own, unit.shared].map(|set| &*sets.sets[set.index()]);
    if unit.listed.is_none() && [seen, own, shared].iter().all(|set| set.is_empty()) {
        return Err(CodecError::corrupt(Section::Units, "a unit says nothing"));
    }
    if own.intersects(shared) {
        return Err(CodecError::corrupt(Section::Units, "a unit shares what is a test's own"));
    }
    Ok(())
}

/// Turns which units mention each identifier into what each unit mentions.
fn mentions<R: ReadAt>(
    reader: &IndexReader<R>,
    blocks: &BTreeSet<usize>,
    units: &[UnitRecord],
) -> Result<Mentions, CodecError> {
    let corrupt = |what| CodecError::corrupt(Section::Identifiers, what);
    let blocks = reader.identifier_blocks(blocks)?;
    let postings = || blocks.values().flat_map(|block| block.iter());
    if !postings().is_sorted_by(|a, b| a.0 < b.0) {
        return Err(corrupt("identifiers are not sorted"));
    }
    let total: u64 = postings().map(|(_, units)| units.len() as u64).sum();
    if total > MAX_MENTIONS {
        return Err(corrupt("there are more mentions than the format allows"));
    }
    // Where each unit's identifiers begin; after filling, where they end.
    let mut places = vec![0u32; units.len() + 1];
    for unit in postings().flat_map(|(_, units)| units.iter()) {
        places[unit.index() + 1] += 1;
    }
    for at in 1..places.len() {
        places[at] += places[at - 1];
    }
    places.pop();
    let mut identifiers = vec![Identifier(0); total as usize];
    for (identifier, mentioning) in postings() {
        for unit in mentioning.iter() {
            if units[unit.index()].fingerprint.is_none() {
                return Err(corrupt("a unit of unknown content mentions something"));
            }
            let place = &mut places[unit.index()];
            identifiers[*place as usize] = *identifier;
            *place += 1;
        }
    }
    Ok(Mentions { ends: places, identifiers })
}

/// Checks that what the directory sums up is what the index holds: questions are answered from the sums.
fn check_summaries<R: ReadAt>(reader: &IndexReader<R>, index: &Index) -> Result<(), CodecError> {
    if reader.provable() != index.provable() || reader.baselines() != index.baselines() {
        return Err(CodecError::corrupt(
            Section::Directory,
            "it says other things of the tests than they do",
        ));
    }
    if let Some(listed) = reader.listed_unkept()?
        && listed != index.unkept()?
    {
        return Err(CodecError::corrupt(Section::Unkept, "it says other things of the files than they do"));
    }
    if reader.jobs() != index.jobs() || reader.recordings() != index.recordings() {
        return Err(CodecError::corrupt(Section::Meta, "it says other things of the jobs than the tests do"));
    }
    Ok(())
}
