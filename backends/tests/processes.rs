//! Folder stores shared by processes, some of which are killed.
//!
//! The other processes are this test binary, with a variable that makes of one test a writer.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use skiptrace_backends::conformance::{bytes, parse};
use skiptrace_backends::folder::FolderStore;
use skiptrace_engine::store::{ListRequest, Put, Store, StoreErrorKind};

const ROOT: &str = "SKIPTRACE_TESTS_WRITER_ROOT";
const SEED: &str = "SKIPTRACE_TESTS_WRITER_SEED";
const TASK: &str = "SKIPTRACE_TESTS_WRITER_TASK";
const ROUNDS: u64 = 20;

/// What the writers of the tests below do; nothing in a usual run.
#[test]
fn writer() {
    let (Ok(root), Ok(task)) = (std::env::var(ROOT), std::env::var(TASK)) else { return };
    let seed: u64 = std::env::var(SEED).unwrap().parse().unwrap();
    let store = FolderStore::new(root);
    match task.as_str() {
        "race" => race(&store, seed),
        "until killed" => (0..10_000).for_each(|i| {
            let key = parse(&format!("large/{seed}/{i}"));
            store.put(&key, &large(seed, i)).unwrap();
            println!("WROTE {i}");
        }),
        other => panic!("no task `{other}`"),
    }
}

fn race(store: &FolderStore, seed: u64) {
    for round in 0..ROUNDS {
        // All arrive before one goes on.
        store.put(&parse(&format!("arrived/{round}/{seed}")), b"").unwrap();
        while store.list(&ListRequest::below(parse(&format!("arrived/{round}")))).unwrap().len() < WRITERS {}
        let outcome = match store.put(&parse(&format!("race/{round}")), &bytes(seed, 200_000)) {
            Ok(Put::Created) => "CREATED",
            Ok(Put::Identical) => panic!("nobody else has this value"),
            Err(error) if error.kind == StoreErrorKind::AlreadyExists => "REFUSED",
            Err(error) => panic!("{error}: {error:?}"),
        };
        println!("{outcome} {round}");
    }
}

const WRITERS: usize = 3;

fn start(root: &Path, task: &str, seed: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["processes::writer", "--exact", "--nocapture"])
        .env(ROOT, root)
        .env(TASK, task)
        .env(SEED, seed.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn of_racing_processes_one_creates() {
    let folder = tempfile::tempdir().unwrap();
    let writers: Vec<Child> = (0..WRITERS as u64).map(|seed| start(folder.path(), "race", seed)).collect();
    let said: Vec<String> = writers
        .into_iter()
        .map(|writer| {
            let output = writer.wait_with_output().unwrap();
            assert!(output.status.success());
            String::from_utf8(output.stdout).unwrap()
        })
        .collect();
    let store = FolderStore::new(folder.path());
    for round in 0..ROUNDS {
        let who = |outcome: &str| -> Vec<u64> {
            let line = format!("{outcome} {round}");
            (0..)
                .zip(&said)
                .filter(|(_, said)| said.lines().any(|said| said.ends_with(&line)))
                .map(|(i, _)| i)
                .collect()
        };
        let winners = who("CREATED");
        assert_eq!((winners.len(), who("REFUSED").len()), (1, WRITERS - 1), "round {round}: {said:?}");
        assert!(store.get(&parse(&format!("race/{round}"))).unwrap() == bytes(winners[0], 200_000));
    }
}

fn large(seed: u64, i: u64) -> Vec<u8> {
    bytes(seed * 1_000_003 + i, 3_000_000)
}

#[test]
fn a_killed_writer_leaves_whole_values_only() {
    const KILLED: u64 = 25;
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new(folder.path());
    for seed in 0..KILLED {
        let mut writer = start(folder.path(), "until killed", seed);
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        let wrote = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("WROTE")));
        assert!(wrote.is_some(), "it ended by itself");
        // At another moment each time.
        thread::sleep(Duration::from_micros(seed * 1_370 % 23_000));
        writer.kill().unwrap();
        writer.wait().unwrap();
    }
    let entries = store.list(&ListRequest::default()).unwrap();
    assert!(entries.len() as u64 >= KILLED, "each wrote something");
    for entry in entries {
        let mut segments = entry.key.segments().skip(1).map(|segment| segment.parse().expect("a number"));
        let (seed, i) = (segments.next().unwrap(), segments.next().unwrap());
        assert!(store.get(&entry.key).unwrap() == large(seed, i), "{} has {} bytes", entry.key, entry.size);
        assert_eq!(entry.size, 3_000_000);
        // What was being written when it was killed can be written again.
        let next = parse(&format!("large/{seed}/{}", i + 1));
        store.put(&next, &large(seed, i + 1)).unwrap();
    }
    let names: Vec<_> = folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| name == "large" || name == ".tmp"), "{names:?}");
}
