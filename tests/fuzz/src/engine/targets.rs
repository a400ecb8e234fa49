//! What is done with a fuzzer's bytes, and what has to hold of it.

use std::collections::{BTreeMap, BTreeSet};

use skiptrace_engine::catalog::layout::{self, Meaning};
use skiptrace_engine::catalog::manifest::{Manifest, completeness};
use skiptrace_engine::codec::{IndexReader, decode, encode};
use skiptrace_engine::fingerprint::Identifier;
use skiptrace_engine::glob::Glob;
use skiptrace_engine::history::{lines, object};
use skiptrace_engine::id::{FileId, JobName, SetId, TestId};
use skiptrace_engine::index::Evidence;
use skiptrace_engine::index::query::{
    Answer, ChangedKey, SharedPolicy, impacted, impacted_per_job, partition,
};
use skiptrace_engine::json::{JsonIndex, KnownKeys};
use skiptrace_engine::key::Key;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::TestKey;
use skiptrace_engine::test_set::TestSet;
use skiptrace_engine::variable::{Since, Variables};

use super::container::File;
use super::samples;

/// Takes a fuzzer's bytes, and panics when something does not hold.
pub type Target = fn(&[u8]);

/// All targets by name.
pub const ALL: [(&str, Target); 7] = [
    ("codec", codec),
    ("sections", sections),
    ("json", json),
    ("glob", glob),
    ("manifest", manifest),
    ("layout", layout),
    ("history", history),
];

/// Any bytes are an index or an error, read whole or piece by piece.
pub fn codec(data: &[u8]) {
    read_both_ways(data);
}

/// So are any payloads under checksums that are right.
pub fn sections(data: &[u8]) {
    read_both_ways(&File::from_payloads(data).to_bytes());
}

fn read_both_ways(bytes: &[u8]) {
    let decoded = decode(bytes).ok();
    if let Some(index) = &decoded {
        ask(index);
        let again = encode(index).expect("what was read can be written");
        assert_eq!(&decode(again.as_slice()).expect("what was written can be read"), index);
    }
    let Ok(reader) = IndexReader::open(bytes) else {
        assert!(decoded.is_none(), "what is read whole is read piece by piece");
        return;
    };
    ask(&reader);
    walk(&reader);
    if let Some(index) = &decoded {
        for changes in changes() {
            let (policy, variables) = (SharedPolicy::Run, samples::variables());
            assert_eq!(
                impacted_per_job(&reader, &changes, policy, &variables),
                impacted_per_job(index, &changes, policy, &variables),
                "{changes:?}"
            );
        }
    }
}

/// Changes to ask for: of things that the samples have, and of things that they have not.
pub fn changes() -> Vec<Vec<ChangedKey>> {
    let file = |text: &str| ChangedKey::File(samples::path(text));
    let unit = |text: &str, name: &str| ChangedKey::Unit { file: samples::path(text), name: name.into() };
    vec![
        vec![],
        vec![file("src/calc.rs")],
        vec![unit("src/calc.rs", "add")],
        vec![unit("src/0/file_2.rs", "first_2")],
        vec![unit("src/0/file_0.rs", "LIMIT"), file("docs/index.md")],
        vec![unit("src/1/file_1.rs", "new")],
        vec![file("src/1/file_3.rs"), file("data/input.json")],
        vec![ChangedKey::Key(samples::path("src/0"))],
        vec![file("Cargo.lock")],
        vec![file("src/module_03/file_003.rs")],
        vec![unit("src/module_03/file_003.rs", "function_3_1")],
        vec![unit("src/module_19/file_299.rs", "function_299_2"), file("src/module_00/file_000.rs")],
        vec![file("nowhere")],
    ]
}

/// Asks an index everything, and checks that no answer is smaller than it may be.
fn ask(index: &dyn Evidence) {
    let mut jobs: Vec<JobName> = index.jobs().into_iter().map(|job| job.job).collect();
    jobs.truncate(4);
    jobs.push(samples::job("no such job"));
    for changes in changes() {
        for (policy, variables) in
            [(SharedPolicy::Run, samples::variables()), (SharedPolicy::Baseline, Variables::Unknown)]
        {
            for job in &jobs {
                if let Answer::Subset(subset) = impacted(index, job, &changes, policy, &variables) {
                    assert!(!subset.skip.intersects(&stale(index, &variables)));
                    assert!(!subset.run.intersects(&subset.skip));
                    assert!(subset.skip.is_subset(&index.provable()));
                }
            }
            impacted_per_job(index, &changes, policy, &variables);
        }
        for job in &jobs {
            let universe: BTreeSet<TestKey> = ["adds", "test_00", "test_02", "starts", "new"]
                .into_iter()
                .flat_map(|name| ["", "calc", "suite"].map(|suite| TestKey::new(job.clone(), suite, name)))
                .collect();
            let variables = samples::variables();
            let partition =
                partition(&[index, index], job, &changes, SharedPolicy::Run, &variables, &universe);
            assert_eq!(partition.run.len() + partition.skip.len(), universe.len());
        }
    }
}

/// Returns the tests that consulted a variable which does not count as what it was.
fn stale(index: &dyn Evidence, variables: &Variables) -> TestSet {
    let mut stale = TestSet::new();
    for variable in index.variables().expect("it was answered") {
        if variables.since(&variable.consulted) != Since::Same {
            stale.union_with(&index.sets(&[variable.tests]).expect("it was answered")[0]);
        }
    }
    stale
}

/// Goes through everything that a reader offers.
fn walk(reader: &IndexReader<&[u8]>) {
    let limit = |count: u32| count.min(300);
    let sets: Vec<SetId> = (0..limit(reader.n_sets())).map(SetId).collect();
    let _ = reader.sets(&sets);
    let _ = (reader.sets(&[SetId(u32::MAX)]), reader.variables());
    let _ = reader.tests(&TestSet::range(TestId(0)..TestId(limit(reader.n_tests()) + 1)));
    let _ = reader.files(&(0..limit(reader.n_files())).map(FileId).collect::<Vec<_>>());
    let _ = reader.files_where(&|file| file.blob.is_none());
    let names = [Identifier::of("print"), Identifier(0), Identifier(u32::MAX)];
    let _ = reader.mentioning(&names);
    let paths: Vec<RepoPath> =
        reader.files_where(&|_| true).into_iter().flatten().map(|view| view.file.path).collect();
    let _ = reader.mentioning_in(&paths.iter().collect::<Vec<_>>(), &names);
    let _ = (reader.check_header(), reader.expected(), reader.section_sizes(), reader.size());
    let _ = reader.newest_recording();
}

/// Any text is a document in the predecessor's form or an error; what can be taken over comes back.
pub fn json(data: &[u8]) {
    let Some((how, document)) = data.split_first() else { return };
    let kind = IndexKind::ALL[usize::from(how % 6)];
    let known = if how / 6 % 2 == 0 { KnownKeys::Document } else { KnownKeys::Job };
    let mut json = JsonIndex::default();
    if json.add(document).is_err() {
        return;
    }
    let mut again = JsonIndex::default();
    again.add(&json.to_json()).expect("what was written can be read");
    assert_eq!(again, json);

    let take =
        |json: &JsonIndex| json.to_index(kind, known, |job| samples::recording(job.as_str(), "1/1", 1));
    let Ok(index) = take(&json) else { return };
    ask(&index);
    assert_eq!(decode(encode(&index).expect("it is small").as_slice()).expect("it was just written"), index);
    let back = JsonIndex::from_index(&index).expect("its tests have names of their own");
    check_documents(&json, &back, kind);
    let index = take(&back).expect("what an index was written as can be read");
    assert_eq!(JsonIndex::from_index(&index).expect("its tests have names of their own"), back);
}

/// Checks that a document that went through an index lost no test of a key.
fn check_documents(before: &JsonIndex, after: &JsonIndex, kind: IndexKind) {
    // In an index of functions the tests of a file are those of its functions as well, and come back as theirs.
    if kind.granularity == skiptrace_engine::kind::Granularity::Function {
        return;
    }
    let entries = |json: &JsonIndex| -> BTreeSet<(String, String, String)> {
        let jobs: BTreeMap<String, BTreeMap<String, Vec<String>>> =
            serde_json::from_slice(&json.to_json()).expect("it was just written");
        let mut entries = BTreeSet::new();
        for (job, keys) in jobs {
            for (key, tests) in keys {
                entries.extend(tests.into_iter().map(|test| (job.clone(), key.clone(), test)));
            }
        }
        entries
    };
    assert_eq!(entries(before), entries(after));
}

/// Every text is a pattern, and matching means what going through all ways to match means.
pub fn glob(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (pattern, text) = text.split_once('\0').unwrap_or((text, text));
    let glob = Glob::new(pattern);
    let matches = glob.matches(text);
    if !Glob::is_glob(pattern) {
        assert_eq!(matches, pattern == text);
    }
    let literal = Glob::escape(text);
    assert!(Glob::new(&literal).matches(text), "{literal}");
    assert_eq!(Glob::literal(&literal).as_deref(), Some(text));
    if let Some(path) = Glob::literal(pattern) {
        assert_eq!(matches, path == text);
    }
}

/// Any bytes are a manifest or an error, and a manifest comes back.
pub fn manifest(data: &[u8]) {
    let Ok(manifest) = Manifest::from_json(data) else { return };
    assert_eq!(Manifest::from_json(&manifest.to_json()).expect("what was written can be read"), manifest);
    let there = BTreeSet::from([(samples::job("unit"), samples::shard("2/4"))]);
    completeness(&there, Some(&manifest));
}

/// A key has one meaning, and a meaning has one key.
pub fn layout(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(key) = Key::new(text) else { return };
    let again = match layout::parse(&key) {
        None => return,
        Some(Meaning::Commit(kind, commit, part)) => {
            if let layout::Part::Shard(job, shard) = &part {
                completeness(&BTreeSet::from([(job.clone(), *shard)]), None);
            }
            part.key(kind, &commit)
        }
        Some(Meaning::Mark(mark)) => mark.key(),
    };
    assert_eq!(again.expect("it came from a key"), key);
}

/// Any bytes are runs or an error, packed or not; a run comes back, and so does its name.
pub fn history(data: &[u8]) {
    let Ok(runs) = object::read(data) else { return };
    for run in runs.map_while(Result::ok) {
        assert_eq!(lines::decode(&lines::encode(&run)[..]).expect("what was written can be read"), run);
        let id = run.run.id;
        assert_eq!(object::unpack(&object::pack(&run), id).expect("what was packed can be unpacked"), run);
        assert_eq!(skiptrace_engine::history::RunId::of_key(&id.key()), Some(id));
    }
}
