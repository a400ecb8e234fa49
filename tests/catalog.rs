//! The indexes in a store: what is found, in how many calls, and what is never lost.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use skiptrace_backends::memory::MemoryStore;
use skiptrace_engine::catalog::layout::Part;
use skiptrace_engine::catalog::manifest::{Completeness, Manifest};
use skiptrace_engine::catalog::{Catalog, CatalogError, Until};
use skiptrace_engine::id::{CommitId, JobName};
use skiptrace_engine::index::build::IndexBuilder;
use skiptrace_engine::index::query::{ChangedKey, SharedPolicy, partition};
use skiptrace_engine::index::{Evidence, Index};
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::observation::{Executed, Observation, Parts};
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::{Health, Outcome, Role, TestKey};
use skiptrace_engine::recording::{EnvironmentKey, Origin, Recording, Shard};
use skiptrace_engine::store::{ListRequest, Put, Store};
use skiptrace_engine::time::Timestamp;
use skiptrace_engine::variable::Variables;
use skiptrace_tests::counting::Counting;

const KIND: IndexKind = IndexKind::FILE;

fn catalog() -> (Arc<Counting>, Catalog) {
    let store = Arc::new(Counting::new(Arc::new(MemoryStore::default())));
    (store.clone(), Catalog::new(store))
}

/// Ids that are spread as real ones are.
fn commit(number: u64) -> CommitId {
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{spread:016x}{number:024x}").parse().unwrap()
}

fn job(name: &str) -> JobName {
    name.parse().unwrap()
}

/// An index of one shard with one test, which executed one file and knows another.
fn shard(number: u64, job_name: &str, shard: &str) -> Index {
    let mut builder = IndexBuilder::new(KIND);
    let shard: Shard = shard.parse().unwrap();
    let recording = builder.add_recording(Recording {
        job: job(job_name),
        shard,
        recorded_at: Timestamp(1_700_000_000_000 + number * 1000),
        commit: commit(number),
        tree: None,
        branch: Some("main".to_owned()),
        environment: EnvironmentKey::default(),
        tool: "test".to_owned(),
        origin: Origin::Recorded,
        asked_for: None,
    });
    for path in ["executed.rs", "idle.rs"] {
        builder.add_key(recording, &RepoPath::new(path).unwrap());
    }
    let observation = Observation {
        test: TestKey::new(job(job_name), "", format!("test_{}", shard.number())),
        role: Role::Test,
        outcome: Outcome::Passed,
        health: Health::OK,
        duration: Duration::from_millis(5),
        executed: vec![Executed { path: RepoPath::new("executed.rs").unwrap(), parts: Parts::Whole }],
        opened: Vec::new(),
        consulted: Vec::new(),
    };
    builder.observe(recording, observation).unwrap();
    builder.finish()
}

#[test]
fn a_branch_is_asked_for_its_newest_in_one_short_listing() {
    let (store, catalog) = catalog();
    for number in 0..2_000 {
        catalog.push(&shard(number, "unit", "1/1")).unwrap();
    }
    store.take();
    let newest = catalog.branch_commits(KIND, "main", Some(3)).unwrap();
    let commits: Vec<CommitId> = newest.into_iter().map(|mark| mark.commit).collect();
    assert_eq!(commits, [commit(1999), commit(1998), commit(1997)]);
    assert_eq!(store.take(), (1, 3, 0));
}

#[test]
fn a_few_commits_are_found_without_listing_all_their_shards() {
    let (store, catalog) = catalog();
    for number in 0..50 {
        for part in 1..=40 {
            catalog.push(&shard(number, "unit", &format!("{part}/40"))).unwrap();
        }
    }
    store.take();
    assert_eq!(catalog.commits(KIND, Some(3)).unwrap().len(), 3);
    let (lists, listed, gets) = store.take();
    assert!(lists <= 3 && listed <= 6 && gets == 0, "{lists} listings of {listed} keys, {gets} reads");
    // All of them: no more than a listing for each, and each once.
    let all = catalog.commits(KIND, None).unwrap();
    let expected: BTreeSet<CommitId> = (0..50).map(commit).collect();
    assert_eq!(all, expected.into_iter().collect::<Vec<_>>());
    assert!(store.take().0 <= 51);
}

#[test]
fn pages_follow_each_other_and_leave_nothing_out() {
    let (store, catalog) = catalog();
    for number in 0..400 {
        for part in 1..=(number % 7 + 1) {
            catalog.push(&shard(number, "unit", &format!("{part}/7"))).unwrap();
        }
    }
    // More parts than one listing has room for.
    for part in 1..=1_100 {
        catalog.push(&shard(400, "unit", &format!("{part}/1100"))).unwrap();
    }
    let all = catalog.entries(KIND).unwrap();
    store.take();
    let (mut found, mut from) = (Vec::new(), None);
    loop {
        let page = catalog.page(KIND, from.as_ref()).unwrap();
        found.extend(page.entries);
        match page.until {
            Until::End => break,
            Until::Before(commit) => from = Some(commit),
            // It was told already, whole.
            Until::Through(commit) => {
                assert_eq!(found.pop().unwrap(), catalog.entry(KIND, &commit).unwrap());
                let next = all.iter().position(|entry| entry.commit == commit).unwrap();
                found.push(all[next].clone());
                from = Some(all[next + 1].commit.clone());
            }
        }
    }
    assert_eq!(found, all);
    assert!(store.take().0 <= 12);
}

#[test]
fn completeness_is_what_the_manifest_says() {
    let (_, catalog) = catalog();
    let manifest = Manifest { jobs: [(job("unit"), 2), (job("e2e"), 1)].into() };
    catalog.put_manifest(KIND, &commit(1), &manifest).unwrap();
    catalog.put_manifest(KIND, &commit(1), &manifest).unwrap();
    let other = Manifest { jobs: [(job("unit"), 3)].into() };
    assert!(matches!(catalog.put_manifest(KIND, &commit(1), &other), Err(CatalogError::Store(_))));

    catalog.push(&shard(1, "unit", "1/2")).unwrap();
    let missing = |catalog: &Catalog| match catalog.open(KIND, &commit(1)) {
        Err(CatalogError::Incomplete { missing, .. }) => missing.len(),
        Ok(parts) => panic!("{} parts were opened", parts.len()),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(missing(&catalog), 2);
    catalog.push(&shard(1, "unit", "2/2")).unwrap();
    assert_eq!(missing(&catalog), 1);
    assert!(matches!(catalog.consolidate(KIND, &commit(1)), Err(CatalogError::Incomplete { .. })));
    catalog.push(&shard(1, "e2e", "1/1")).unwrap();
    assert_eq!(catalog.open(KIND, &commit(1)).unwrap().len(), 3);
    let entry = catalog.entry(KIND, &commit(1)).unwrap();
    assert_eq!(catalog.completeness(&entry).unwrap(), Completeness::Complete);
}

#[test]
fn shards_answer_as_the_object_made_of_them() {
    let (store, catalog) = catalog();
    for part in ["1/2", "2/2"] {
        catalog.push(&shard(1, "unit", part)).unwrap();
    }
    let ask = |catalog: &Catalog, path: &str| {
        let parts = catalog.open(KIND, &commit(1)).unwrap();
        let parts: Vec<&dyn Evidence> = parts.iter().map(|part| part as _).collect();
        let universe = (1..=3).map(|n| TestKey::new(job("unit"), "", format!("test_{n}"))).collect();
        let change = ChangedKey::File(RepoPath::new(path).unwrap());
        partition(&parts, &job("unit"), &[change], SharedPolicy::Run, &Variables::Unknown, &universe)
    };
    let paths = ["executed.rs", "idle.rs", "new.rs"];
    let apart = paths.map(|path| ask(&catalog, path));
    assert_eq!(apart[1].skip.len(), 2);
    assert_eq!((apart[2].skip.len(), apart[2].causes.len()), (0, 1));

    let first = catalog.consolidate(KIND, &commit(1)).unwrap();
    assert_eq!(first.put, Put::Created);
    // Whoever comes second makes the same bytes.
    assert_eq!(catalog.consolidate(KIND, &commit(1)).unwrap().put, Put::Identical);
    assert_eq!(catalog.open(KIND, &commit(1)).unwrap().len(), 1);
    assert_eq!(paths.map(|path| ask(&catalog, path)), apart);

    // A shard that comes later is read beside it.
    catalog.push(&shard(1, "late", "1/1")).unwrap();
    assert_eq!(catalog.open(KIND, &commit(1)).unwrap().len(), 2);
    // Without its shards, the object still says what it was made of.
    for part in ["1/2", "2/2"] {
        store
            .delete(&Part::Shard(job("unit"), part.parse().unwrap()).key(KIND, &commit(1)).unwrap())
            .unwrap();
    }
    let manifest = Manifest { jobs: [(job("unit"), 2), (job("late"), 1)].into() };
    catalog.put_manifest(KIND, &commit(1), &manifest).unwrap();
    let entry = catalog.entry(KIND, &commit(1)).unwrap();
    assert_eq!(catalog.completeness(&entry).unwrap(), Completeness::Complete);
}

#[test]
fn forgetting_leaves_nothing_behind_and_is_seen_as_incomplete_meanwhile() {
    let (store, catalog) = catalog();
    catalog.push(&shard(1, "unit", "1/1")).unwrap();
    let manifest = Manifest { jobs: [(job("unit"), 1)].into() };
    catalog.put_manifest(KIND, &commit(1), &manifest).unwrap();
    let entry = catalog.entry(KIND, &commit(1)).unwrap();
    // As if it had been interrupted after the first object.
    store.delete(&catalog.part_keys(&entry).unwrap()[0]).unwrap();
    let halfway = catalog.entry(KIND, &commit(1)).unwrap();
    assert!(matches!(catalog.completeness(&halfway).unwrap(), Completeness::Incomplete(_)));

    let marks = catalog.marks(KIND).unwrap();
    catalog.remove(&entry, &marks).unwrap();
    assert_eq!(store.list(&ListRequest::default()).unwrap(), []);
}

#[test]
fn an_index_of_several_commits_has_no_place() {
    let (_, catalog) = catalog();
    let merged = skiptrace_engine::index::merge::merge(&[&shard(1, "unit", "1/2"), &shard(2, "unit", "2/2")]);
    assert!(matches!(catalog.push(&merged.unwrap()), Err(CatalogError::SeveralCommits(2))));
    let nothing = Index::empty(KIND);
    assert!(matches!(catalog.push(&nothing), Err(CatalogError::NoRecording)));
}

#[test]
fn many_shards_make_the_index_that_merging_them_at_once_does() {
    let (_, catalog) = catalog();
    let shards: Vec<Index> = (1..=11).map(|part| shard(1, "unit", &format!("{part}/11"))).collect();
    for shard in &shards {
        catalog.push(shard).unwrap();
    }
    let loaded = catalog.load(&catalog.entry(KIND, &commit(1)).unwrap()).unwrap();
    let at_once = skiptrace_engine::index::merge::merge(&shards.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!(loaded, at_once);
    assert_eq!(loaded.tests().len(), 11);
}

#[test]
fn copies_take_marks_and_manifest_along() {
    let (_, catalog) = catalog();
    catalog.push(&shard(1, "unit", "1/1")).unwrap();
    let manifest = Manifest { jobs: [(job("unit"), 1)].into() };
    catalog.put_manifest(KIND, &commit(1), &manifest).unwrap();
    let destination = Catalog::new(Arc::new(MemoryStore::default()));
    let entry = catalog.entry(KIND, &commit(1)).unwrap();
    let (objects, _) = catalog.copy_to(&destination, &entry, |_| {}).unwrap();
    assert_eq!(objects, 2);
    assert_eq!(destination.manifest(KIND, &commit(1)).unwrap(), Some(manifest));
    assert_eq!(destination.branch_commits(KIND, "main", None).unwrap().len(), 1);
    assert_eq!(
        destination.load(&destination.entry(KIND, &commit(1)).unwrap()).unwrap(),
        catalog.load(&entry).unwrap()
    );
}
