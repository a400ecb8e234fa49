//! The laws of writing and deleting.

use std::collections::HashSet;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use skiptrace_engine::store::{ListRequest, Put, StoreErrorKind};

use super::{Creates, Subject, bytes, parse};

const WRITERS: u64 = 8;

/// A new value is created and there at once.
pub fn created_once(subject: &Subject) {
    let key = parse("created/once");
    assert_eq!(subject.store.put(&key, b"value").expect("a first write"), Put::Created);
    assert_eq!(subject.store.get(&key).expect("what was written"), b"value");
    assert_eq!(subject.store.list(&ListRequest::default()).expect("a listing").len(), 1);
}

/// Writing the same bytes again changes nothing, and says so.
pub fn identical_again(subject: &Subject) {
    for (key, value) in [("again/empty", Vec::new()), ("again/large", bytes(1, 2_000_003))] {
        let key = parse(key);
        subject.store.put(&key, &value).expect("a first write");
        assert_eq!(subject.store.put(&key, &value).expect("the same again"), Put::Identical);
        assert_eq!(subject.store.get(&key).expect("as before"), value);
    }
}

/// Other bytes are refused, and what was there stays.
pub fn different_refused(subject: &Subject) {
    let held = bytes(1, 50_000);
    let mut last_byte = held.clone();
    last_byte[49_999] ^= 1;
    let key = parse("different/value");
    subject.store.put(&key, &held).expect("a first write");
    for other in [&b""[..], b"x", &held[..49_999], &last_byte, &[&held[..], b"x"].concat()] {
        let error = subject.store.put(&key, other).expect_err("a different value");
        assert_eq!(error.kind, StoreErrorKind::AlreadyExists, "{error}");
        assert!(error.to_string().contains("different/value"), "{error}");
        assert_eq!(subject.store.get(&key).expect("as before"), held);
    }
}

/// A deleted key holds nothing, can be deleted again, and can be written again.
pub fn deleting(subject: &Subject) {
    let (key, beside) = (parse("deleting/a/b"), parse("deleting/a/c"));
    subject.store.delete(&key).expect("nothing there is fine");
    subject.store.put(&key, b"first").expect("a first write");
    subject.store.put(&beside, b"beside").expect("a first write");
    subject.store.delete(&parse("deleting/a")).expect("a folder is no value");
    assert_eq!(subject.store.get(&key).expect("still there"), b"first");
    for _ in 0..2 {
        subject.store.delete(&key).expect("a deletion");
        assert!(subject.store.get(&key).expect_err("deleted").is_not_found());
    }
    assert_eq!(subject.store.get(&beside).expect("not deleted"), b"beside");
    assert_eq!(subject.store.list(&ListRequest::default()).expect("a listing").len(), 1);
    assert_eq!(subject.store.put(&key, b"second").expect("a new value"), Put::Created);
    assert_eq!(subject.store.get(&key).expect("the new one"), b"second");
}

/// Of racing writers of different values one creates, the others are told, and readers get the winner's.
pub fn racing_writers_of_different_values(subject: &Subject) {
    for round in 0..10 {
        let key = parse(&format!("race/different/{round}"));
        let value = |writer: u64| bytes(writer, 10_000 + usize::try_from(writer).expect("small"));
        let results = race(|writer| subject.store.put(&key, &value(writer)));
        let mut winners = Vec::new();
        for (writer, result) in results.into_iter().enumerate() {
            match result {
                Ok(Put::Created) => winners.push(writer as u64),
                Ok(Put::Identical) => panic!("writer {writer} has a value of its own"),
                Err(error) => assert_eq!(error.kind, StoreErrorKind::AlreadyExists, "{error}: {error:?}"),
            }
        }
        let held = subject.store.get(&key).expect("one was written");
        assert!((0..WRITERS).any(|writer| held == value(writer)), "the value is one of those written");
        match subject.creates {
            Creates::Once => {
                assert_eq!(winners.len(), 1, "round {round}: {winners:?} all created");
                assert!(held == value(winners[0]), "the value is the winner's");
            }
            Creates::Racily if winners.len() == 1 => {}
            Creates::Racily => {
                eprintln!("EXCUSED: {} writers created one key of `{}`", winners.len(), subject.store);
            }
        }
    }
}

/// Racing writers of the same value all succeed.
pub fn racing_writers_of_one_value(subject: &Subject) {
    for round in 0..5 {
        let key = parse(&format!("race/same/{round}"));
        let value = bytes(round, 100_000);
        let results = race(|_| subject.store.put(&key, &value));
        let created = results
            .into_iter()
            .filter(|result| *result.as_ref().expect("the same value is fine") == Put::Created)
            .count();
        assert!(created == 1 || subject.creates == Creates::Racily, "{created} created");
        assert!(subject.store.get(&key).expect("written") == value);
    }
}

/// A reader sees nothing or the whole, and a listing never the half.
pub fn readers_during_writes(subject: &Subject) {
    let done = AtomicBool::new(false);
    let key = |i: u64| parse(&format!("during/{i:03}"));
    let value = |i: u64| bytes(i, 300_000);
    thread::scope(|scope| {
        scope.spawn(|| {
            for i in 0..20 {
                subject.store.put(&key(i), &value(i)).expect("a write");
            }
            done.store(true, Ordering::SeqCst);
        });
        let mut seen = HashSet::new();
        loop {
            let last_time = done.load(Ordering::SeqCst);
            for i in 0..20 {
                match subject.store.get(&key(i)) {
                    Ok(got) => {
                        assert!(got == value(i), "{} of 300000 bytes", got.len());
                        seen.insert(i);
                    }
                    Err(error) if error.is_not_found() => {
                        assert!(!seen.contains(&i), "{i} was there, and is not any more");
                    }
                    Err(error) => panic!("{error}: {error:?}"),
                }
            }
            for entry in subject.store.list(&ListRequest::default()).expect("a listing") {
                assert_eq!(entry.size, 300_000, "{}", entry.key);
            }
            if last_time {
                break;
            }
        }
        assert_eq!(seen.len(), 20, "everything is there after the last write");
    });
}

/// Writing and deleting side by side in one folder disturbs neither.
pub fn deleting_beside_writers(subject: &Subject) {
    race(|writer| {
        for i in 0..15 {
            let key = parse(&format!("beside/folder/{writer}-{i}"));
            subject.store.put(&key, b"value").expect("a write beside deletions");
            if i != 14 {
                subject.store.delete(&key).expect("a deletion beside writes");
            }
        }
    });
    let left = subject.store.list(&ListRequest::default()).expect("a listing");
    assert_eq!(left.len() as u64, WRITERS, "the last of each is left");
}

/// Runs `writer` in many threads that begin together; returns what each returned.
fn race<T: Send>(writer: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(usize::try_from(WRITERS).expect("small"));
    thread::scope(|scope| {
        let threads: Vec<_> = (0..WRITERS)
            .map(|i| {
                let (barrier, writer) = (&barrier, &writer);
                scope.spawn(move || {
                    barrier.wait();
                    writer(i)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a writer that does not panic")).collect()
    })
}
