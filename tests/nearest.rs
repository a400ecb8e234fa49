//! What finding the nearest index costs: in calls of a store, whatever the length of the history and the number of
//! indexes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use skiptrace::environment::{Clock, Environment, Terminal};
use skiptrace::git::Repository;
use skiptrace::nearest::{Relation, Search, search};
use skiptrace_backends::folder::FolderStore;
use skiptrace_backends::memory::MemoryStore;
use skiptrace_engine::catalog::Catalog;
use skiptrace_engine::id::CommitId;
use skiptrace_engine::index::Index;
use skiptrace_engine::index::build::IndexBuilder;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::recording::{EnvironmentKey, Origin, Recording, Shard};
use skiptrace_engine::store::ListRequest;
use skiptrace_engine::time::Timestamp;
use skiptrace_tests::counting::Counting;
use tempfile::TempDir;

const KIND: IndexKind = IndexKind::FUNCTION;
/// The moment of the first commit, in seconds since 1970.
const FIRST: u64 = 1_500_000_000;

/// A long history, in which every other commit comes from a branch that was merged.
struct History {
    folder: TempDir,
    repository: Repository,
    /// The commits of the main branch, the newest first.
    main: Vec<CommitId>,
}

fn environment(folder: &Path) -> Environment {
    let vars = [
        ("PATH", std::env::var("PATH").unwrap()),
        ("HOME", folder.to_str().unwrap().to_owned()),
        ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ("GIT_CEILING_DIRECTORIES", folder.to_str().unwrap().to_owned()),
    ];
    Environment {
        vars: vars.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        cwd: folder.join("work"),
        terminal: Terminal::default(),
        clock: Clock::System,
    }
}

impl History {
    /// Makes a history of so many merges, each of a commit of its own.
    fn of_merges(n_merges: u64) -> History {
        let folder = tempfile::tempdir().unwrap();
        let environment = environment(folder.path());
        std::fs::create_dir(&environment.cwd).unwrap();
        let git = |args: &[&str]| {
            let mut command = Command::new("git");
            command.args(args).current_dir(&environment.cwd).env_clear().envs(&environment.vars);
            command
        };
        assert!(git(&["init", "--quiet", "--initial-branch=main"]).status().unwrap().success());
        let marks = folder.path().join("marks");
        let export = format!("--export-marks={}", marks.display());
        let mut import = git(&["fast-import", "--quiet", &export]).stdin(Stdio::piped()).spawn().unwrap();
        let mut input = std::io::BufWriter::new(import.stdin.take().unwrap());
        // Commit 2n is merge n, commit 2n + 1 the one that merge n + 1 brings in.
        let mut text = String::new();
        for number in 0..=2 * n_merges {
            text.clear();
            let branch = if number % 2 == 0 { "main" } else { "fix" };
            let date = FIRST + 60 * number;
            writeln!(text, "commit refs/heads/{branch}\nmark :{}", number + 1).unwrap();
            writeln!(text, "committer Ada <ada@example.com> {date} +0000\ndata 0").unwrap();
            match number {
                0 => {}
                _ if number % 2 == 1 => writeln!(text, "from :{number}").unwrap(),
                _ => writeln!(text, "from :{}\nmerge :{number}", number - 1).unwrap(),
            }
            input.write_all(text.as_bytes()).unwrap();
        }
        drop(input);
        assert!(import.wait().unwrap().success());
        let ids: BTreeMap<u64, CommitId> = std::fs::read_to_string(marks)
            .unwrap()
            .lines()
            .map(|line| {
                let (mark, id) = line[1..].split_once(' ').unwrap();
                (mark.parse().unwrap(), id.parse().unwrap())
            })
            .collect();
        let main = (0..=n_merges).rev().map(|merge| ids[&(2 * merge + 1)].clone()).collect();
        let repository = Repository::discover(&environment).unwrap().unwrap();
        History { folder, repository, main }
    }

    /// Keeps an index for each `every`th commit of the main branch, beginning `distance` merges before the newest.
    fn index(&self, catalog: &Catalog, distance: usize, every: usize, shards: u32, branch: Option<&str>) {
        for (at, commit) in self.main.iter().enumerate().skip(distance).step_by(every) {
            for number in 1..=shards {
                let shard = Shard::new(number, shards).unwrap();
                catalog.push(&index(commit, shard, branch, (self.main.len() - at) as u64)).unwrap();
            }
        }
    }

    fn search(&self, catalog: &Catalog) -> Search {
        let job = "unit".parse().unwrap();
        search(Some(&self.repository), catalog, KIND, &job, Some(&self.main[0]), 1_000_000).unwrap()
    }
}

fn index(commit: &CommitId, shard: Shard, branch: Option<&str>, minute: u64) -> Index {
    let mut builder = IndexBuilder::new(KIND);
    builder.add_recording(Recording {
        job: "unit".parse().unwrap(),
        shard,
        recorded_at: Timestamp((FIRST + 120 * minute) * 1000),
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

fn counted() -> (Arc<Counting>, Catalog) {
    let store = Arc::new(Counting::new(Arc::new(MemoryStore::default())));
    (store.clone(), Catalog::new(store))
}

/// Merge after merge, two commits are nearer than the one before.
#[track_caller]
fn assert_found(search: &Search, history: &History, merges: usize) {
    let found = search.found.as_ref().unwrap();
    assert_eq!(found.commit, history.main[merges]);
    assert_eq!(found.relation, Relation::Ancestor { distance: 2 * merges });
    assert!(search.notes.is_empty(), "{:?}", search.notes);
}

#[test]
fn a_small_store_is_asked_once() {
    let history = History::of_merges(500);
    for distance in [1, 20, 400] {
        let (store, catalog) = counted();
        history.index(&catalog, distance, 1, 1, None);
        store.take();
        assert_found(&history.search(&catalog), &history, distance);
        let (lists, _, gets) = store.take();
        assert_eq!((lists, gets), (1, 0), "at {distance}");
    }
    // And an empty one is not asked again.
    let (store, catalog) = counted();
    assert_eq!(history.search(&catalog), Search::default());
    assert_eq!(store.take(), (1, 0, 0));
}

#[test]
fn a_large_store_is_asked_a_handful_of_times() {
    let history = History::of_merges(10_500);
    let (store, catalog) = counted();
    history.index(&catalog, 500, 1, 1, Some("main"));
    for (distance, most) in [(500, 8), (100, 8), (3, 8), (1, 6)] {
        history.index(&catalog, distance, 20_000, 1, Some("main"));
        store.take();
        assert_found(&history.search(&catalog), &history, distance);
        let (lists, _, gets) = store.take();
        assert!(lists <= most && gets == 0, "at {distance}: {lists} listings, {gets} reads");
    }
    // One that no mark tells of is found as well.
    let (store, catalog) = counted();
    history.index(&catalog, 40, 1, 1, None);
    store.take();
    assert_found(&history.search(&catalog), &history, 40);
    let (lists, _, gets) = store.take();
    assert!(lists <= 25 && gets == 0, "without marks: {lists} listings, {gets} reads");
}

#[test]
fn the_number_of_shards_makes_no_difference() {
    let history = History::of_merges(300);
    let (store, catalog) = counted();
    history.index(&catalog, 2, 1, 40, Some("main"));
    store.take();
    assert_found(&history.search(&catalog), &history, 2);
    let (lists, _, gets) = store.take();
    assert!(lists <= 8 && gets == 0, "{lists} listings, {gets} reads");
}

/// Says how long it takes at full size. Run it alone, with `--ignored --nocapture`, optimised.
#[test]
#[ignore = "makes a history of a million commits"]
fn a_million_commits_and_ten_thousand_indexes() {
    let history = History::of_merges(500_000);
    let counted = Arc::new(Counting::new(Arc::new(MemoryStore::default())));
    let remote = Catalog::new(counted.clone());
    let folder: PathBuf = history.folder.path().join("store");
    let local = Catalog::new(Arc::new(FolderStore::new(&folder)));
    for distance in [5_000, 500, 50, 5, 1] {
        let every = if distance == 5_000 { 49 } else { 500_001 };
        history.index(&remote, distance, every, 1, Some("main"));
        // The folder is filled without waiting for the disk after each file.
        for entry in remote.store().list(&ListRequest::default()).unwrap() {
            let path = folder.join(entry.key.as_str());
            if !path.exists() {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, remote.store().get(&entry.key).unwrap()).unwrap();
            }
        }
        counted.take();
        for (name, catalog) in [("listed", &remote), ("local", &local)] {
            let mut times: Vec<_> = (0..11)
                .map(|_| {
                    let start = Instant::now();
                    assert_found(&history.search(catalog), &history, distance);
                    start.elapsed()
                })
                .collect();
            times.sort();
            println!("{name}, {} commits back: {:.1?}", 2 * distance, times[5]);
        }
        let (lists, listed, gets) = counted.take();
        println!("  each {} listings of {} keys, {gets} reads", lists / 11, listed / 11);
    }
}
