//! The predecessor's form and how it was worked with: the whole document parsed into maps, united by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::ops::Bound;

use skiptrace_engine::index::Index;

/// A whole document: job → `file#function` → tests.
pub type Document = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Parses a document.
pub fn parse(bytes: &[u8]) -> Document {
    serde_json::from_slice(bytes).expect("it was written as such a document")
}

/// Returns the tests of `job` that any key of `files` names.
pub fn query<'a>(document: &'a Document, job: &str, files: &[&str]) -> BTreeSet<&'a str> {
    let mut tests = BTreeSet::new();
    for file in files {
        let keys = document[job].range::<str, _>((Bound::Included(*file), Bound::Unbounded));
        let of_file = keys
            .take_while(|(key, _)| key.starts_with(*file))
            .filter(|(key, _)| key.len() == file.len() || key.as_bytes()[file.len()] == b'#');
        tests.extend(of_file.flat_map(|(_, tests)| tests.iter().map(String::as_str)));
    }
    tests
}

/// Unites documents.
pub fn merge(documents: Vec<Document>) -> Document {
    let mut merged = Document::new();
    for document in documents {
        for (job, keys) in document {
            let into = merged.entry(job).or_default();
            for (key, mut tests) in keys {
                into.entry(key).or_default().append(&mut tests);
            }
        }
    }
    for tests in merged.values_mut().flat_map(BTreeMap::values_mut) {
        tests.sort_unstable();
        tests.dedup();
    }
    merged
}

/// Writes the document of a drawn index, two blanks deep and one test a line.
///
/// Each key names the tests that executed it, as the predecessor's indexers had it. What `skiptrace index export` adds
/// to that (who opened a file, who was compiled from it) would only make the document larger. No maps are made first,
/// which at the largest size would not fit into memory; and so keys come in the order of the index. A drawn index
/// has one job, no rules, and no two units of one key.
pub fn write_document(index: &Index, out: &mut impl Write) -> io::Result<()> {
    let names: Vec<String> = index.tests().iter().map(|test| test.key.qualified_name()).collect();
    let job = &index.jobs()[0].job;
    write!(out, "{{\n  \"{job}\": {{")?;
    let mut first = true;
    for file in index.files() {
        for unit in index.units_of(file) {
            let end = if std::mem::take(&mut first) { "\n" } else { ",\n" };
            let hash = if unit.name.is_empty() { "" } else { "#" };
            write!(out, "{end}    \"{}{hash}{}\": [", file.path, unit.name)?;
            let mut end = "\n      \"";
            for test in index.set(unit.own).iter() {
                out.write_all(end.as_bytes())?;
                out.write_all(names[test.index()].as_bytes())?;
                end = "\",\n      \"";
            }
            out.write_all(if index.set(unit.own).is_empty() { b"]" } else { b"\"\n    ]" })?;
        }
    }
    out.write_all(b"\n  }\n}\n")
}

/// Returns how many bytes the document of a drawn index has.
pub fn document_size(index: &Index) -> u64 {
    struct Counter(u64);
    impl Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    write_document(index, &mut counter).expect("counting cannot fail");
    counter.0
}

/// Returns the document of a drawn index.
pub fn document(index: &Index) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(document_size(index) as usize);
    write_document(index, &mut bytes).expect("writing to memory cannot fail");
    bytes
}

#[cfg(test)]
mod tests {
    use skiptrace_engine::index::query::{Answer, SharedPolicy, impacted};
    use skiptrace_engine::json::JsonIndex;
    use skiptrace_engine::variable::Variables;

    use super::*;
    use crate::changes::{Draw, changed_functions};
    use crate::workload::Workload;

    #[test]
    fn documents_say_no_more_than_what_the_engine_exports() {
        let index = Workload::TINY.draw().build();
        let bytes = document(&index);
        assert_eq!(document_size(&index), bytes.len() as u64);
        let exported = parse(&JsonIndex::from_index(&index).unwrap().to_json());
        let provable: BTreeSet<String> = index
            .tests()
            .iter()
            .filter(|test| test.can_prove())
            .map(|test| test.key.qualified_name())
            .collect();
        for (job, keys) in parse(&bytes) {
            for (key, tests) in keys {
                let known: BTreeSet<&String> = exported[&job].get(&key).into_iter().flatten().collect();
                // Of a test that can prove nothing an export says nothing, so that readers run it.
                let missing = tests.iter().find(|test| provable.contains(*test) && !known.contains(test));
                assert_eq!(missing, None, "under `{key}`");
            }
        }
    }

    #[test]
    fn documents_select_no_test_that_the_index_does_not() {
        let plan = Workload::TINY.draw();
        let index = plan.build();
        let document = parse(&document(&index));
        let changes = changed_functions(&plan, 10, Draw::Uniform, 1);
        let Answer::Subset(subset) =
            impacted(&index, &plan.job(), &changes, SharedPolicy::Run, &Variables::Unknown)
        else {
            panic!("every changed file is one that was drawn")
        };
        let run: BTreeSet<String> =
            subset.run.iter().map(|test| index.tests()[test.index()].key.qualified_name()).collect();
        for change in changes {
            let key = change.to_string();
            assert!(document[plan.job().as_str()][&key].iter().all(|test| run.contains(test)), "{key}");
        }
    }
}
