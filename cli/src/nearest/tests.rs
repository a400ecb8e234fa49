use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use skiptrace_backends::folder::FolderStore;
use skiptrace_backends::memory::MemoryStore;
use skiptrace_engine::catalog::manifest::Manifest;
use skiptrace_engine::index::Index;
use skiptrace_engine::index::build::IndexBuilder;
use skiptrace_engine::key::Key;
use skiptrace_engine::recording::{EnvironmentKey, Origin, Recording, Shard};
use skiptrace_engine::store::Store;
use tempfile::TempDir;

use super::*;
use crate::environment::Environment;
use crate::error::ErrorKind;
use crate::git::tests::{git, repository};

const KIND: IndexKind = IndexKind::FUNCTION;

/// A repository, and the two sorts of stores: one that is asked for each commit, and one that is listed.
struct World {
    _folder: TempDir,
    environment: Environment,
    repository: Repository,
    catalogs: [Catalog; 2],
    n_commits: Cell<usize>,
}

impl World {
    fn new() -> World {
        let (folder, environment, repository) = repository();
        let local = FolderStore::new(folder.path().join("store"));
        let stores: [Arc<dyn Store>; 2] = [Arc::new(local), Arc::new(MemoryStore::default())];
        let catalogs = stores.map(Catalog::new);
        World { _folder: folder, environment, repository, catalogs, n_commits: Cell::new(0) }
    }

    fn commit(&self) -> CommitId {
        // All have the same date, so only what they say tells them apart.
        self.n_commits.set(self.n_commits.get() + 1);
        let message = format!("--message={}", self.n_commits.get());
        git(&self.environment, &["commit", "--quiet", "--allow-empty", &message]);
        self.head()
    }

    fn head(&self) -> CommitId {
        self.repository.resolve("HEAD").unwrap()
    }

    /// Keeps an index in both stores. Each is newer than the one before.
    fn index(&self, commit: &CommitId, shard: &str, branch: Option<&str>) {
        for catalog in &self.catalogs {
            let n_kept = catalog.entries(KIND).unwrap().len() as u64;
            catalog.push(&index(commit, "unit", shard, branch, n_kept)).unwrap();
        }
    }

    /// What is found from both, which is the same.
    #[track_caller]
    fn search(&self, head: Option<&CommitId>, limit: usize) -> Search {
        let [local, remote] = self.catalogs.each_ref().map(|catalog| {
            let mut search =
                search(Some(&self.repository), catalog, KIND, &"unit".parse().unwrap(), head, limit).unwrap();
            // When it was written differs.
            search.found.iter_mut().for_each(|found| found.entry.modified = None);
            search
        });
        assert_eq!(local, remote);
        local
    }

    #[track_caller]
    fn found(&self) -> (CommitId, Relation) {
        let found = self.search(Some(&self.head()), 100).found.unwrap();
        (found.commit, found.relation)
    }
}

fn index(commit: &CommitId, job: &str, shard: &str, branch: Option<&str>, at: u64) -> Index {
    let mut builder = IndexBuilder::new(KIND);
    builder.add_recording(Recording {
        job: job.parse().unwrap(),
        shard: shard.parse::<Shard>().unwrap(),
        recorded_at: Timestamp(1_700_000_000_000 + at),
        commit: commit.clone(),
        tree: None,
        branch: branch.map(str::to_owned),
        environment: EnvironmentKey::default(),
        tool: "test".to_owned(),
        origin: Origin::Recorded,
        asked_for: None,
    });
    builder.finish()
}

#[test]
fn the_nearest_is_that_of_the_commit_itself_and_then_of_those_before_it() {
    let world = World::new();
    let [first, second, third] = [world.head(), world.commit(), world.commit()];
    assert_eq!(world.search(Some(&third), 100), Search::default());
    world.index(&first, "1/1", Some("main"));
    assert_eq!(world.found(), (first, Relation::Ancestor { distance: 2 }));
    world.index(&second, "1/1", None);
    assert_eq!(world.found(), (second, Relation::Ancestor { distance: 1 }));
    world.index(&third, "1/1", Some("main"));
    assert_eq!(world.found(), (third, Relation::Same));
}

#[test]
fn both_parents_of_a_merge_are_before_it() {
    let world = World::new();
    git(&world.environment, &["checkout", "--quiet", "-b", "fix"]);
    let fix = world.commit();
    git(&world.environment, &["checkout", "--quiet", "main"]);
    let main = world.commit();
    git(&world.environment, &["merge", "--quiet", "--no-ff", "--message=merge", "fix"]);
    world.index(&fix, "1/1", Some("fix"));
    let (found, relation) = world.found();
    assert_eq!((found, matches!(relation, Relation::Ancestor { distance: 1 | 2 })), (fix, true));
    world.index(&main, "1/1", Some("main"));
    assert!(matches!(world.found().1, Relation::Ancestor { distance: 1 }));
}

#[test]
fn one_with_parts_missing_is_passed_over_and_told() {
    let world = World::new();
    let [first, second, third, fourth] = [world.head(), world.commit(), world.commit(), world.commit()];
    world.index(&first, "1/1", Some("main"));
    world.index(&second, "1/2", Some("main"));
    for catalog in &world.catalogs {
        let manifest = Manifest { jobs: [("unit".parse().unwrap(), 1), ("e2e".parse().unwrap(), 1)].into() };
        catalog.put_manifest(KIND, &third, &manifest).unwrap();
        catalog.put_manifest(KIND, &fourth, &manifest).unwrap();
        catalog.push(&index(&third, "e2e", "1/1", None, 0)).unwrap();
    }
    let search = world.search(Some(&fourth), 100);
    assert_eq!(search.found.unwrap().commit, first);
    let expected = [
        format!("the index of `{}` is passed over: nothing of it has come yet", fourth.short()),
        format!("the index of `{}` is passed over: it has nothing of job `unit`", third.short()),
        format!("the index of `{}` is passed over: 2/2 of `unit` is missing", second.short()),
    ];
    assert_eq!(search.notes, expected);
}

#[test]
fn where_no_commit_before_has_one_the_newest_of_the_base_branch_is_taken() {
    let world = World::new();
    let first = world.head();
    let [second, third] = [world.commit(), world.commit()];
    git(&world.environment, &["checkout", "--quiet", "-b", "fix", first.as_str()]);
    let fix = world.commit();
    world.index(&second, "1/1", Some("main"));
    world.index(&third, "1/1", Some("main"));
    git(&world.environment, &["checkout", "--quiet", "-b", "other", first.as_str()]);
    world.index(&fix, "1/1", Some("fix"));
    let why = "no commit before this one has one".to_owned();
    let elsewhere = |branch: &str| Relation::Elsewhere { branch: Some(branch.to_owned()), why: why.clone() };
    assert_eq!(world.found(), (third, elsewhere("main")));
    let unrelated = World::new();
    unrelated.index(&fix, "1/1", Some("fix"));
    unrelated.index(&second, "1/1", None);
    assert_eq!(unrelated.found(), (fix, elsewhere("fix")));
    let unmarked = World::new();
    unmarked.index(&second, "1/1", None);
    assert_eq!(unmarked.found().1, Relation::Elsewhere { branch: None, why: why.clone() });
}

#[test]
fn no_further_than_asked_and_also_without_any_commit() {
    let world = World::new();
    let first = world.head();
    for _ in 0..5 {
        world.commit();
    }
    world.index(&first, "1/1", None);
    let head = world.head();
    let relation = |head, limit| world.search(head, limit).found.unwrap().relation;
    assert_eq!(relation(Some(&head), 5), Relation::Ancestor { distance: 5 });
    let why = "none of the 4 commits before this one has one".to_owned();
    assert_eq!(relation(Some(&head), 4), Relation::Elsewhere { branch: None, why });
    let why = "there is no commit yet".to_owned();
    assert_eq!(relation(None, 4), Relation::Elsewhere { branch: None, why });
}

#[test]
fn a_damaged_one_is_passed_over_and_a_store_that_fails_is_an_error() {
    let world = World::new();
    let [first, second] = [world.head(), world.commit()];
    world.index(&first, "1/1", Some("main"));
    for catalog in &world.catalogs {
        let key = format!("skiptrace/v1/function/{second}/all.idx");
        catalog.store().put(&Key::new(key).unwrap(), b"no index").unwrap();
    }
    let search = world.search(Some(&second), 100);
    assert_eq!((search.found.unwrap().commit, search.notes.len()), (first, 1));

    #[cfg(unix)]
    {
        let forbidden = world.environment.cwd.with_file_name("loop");
        std::os::unix::fs::symlink(Path::new("loop"), &forbidden).unwrap();
        let catalog = Catalog::new(Arc::new(FolderStore::new(forbidden)));
        let job = "unit".parse().unwrap();
        let error =
            super::search(Some(&world.repository), &catalog, KIND, &job, Some(&second), 9).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Store);
    }
}
