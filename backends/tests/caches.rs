//! What a cache asks of the store behind it, and what it does in trouble.

use std::fs;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use skiptrace_backends::conformance::{bytes, parse};
use skiptrace_backends::memory::MemoryStore;
use skiptrace_backends::wrap::Cached;
use skiptrace_engine::key::Key;
use skiptrace_engine::store::{ByteRange, Entry, ListRequest, Put, Slice, Store, StoreError};

const ROOMY: u64 = 1 << 30;

/// A store that writes down what it is asked.
#[derive(Debug, Default)]
struct Asked {
    inner: MemoryStore,
    asked: Mutex<Vec<String>>,
}

impl Asked {
    fn note(&self, what: String) {
        self.asked.lock().unwrap().push(what);
    }

    /// Returns what was asked since the last call.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Store for Asked {
    fn get(&self, key: &Key) -> Result<Vec<u8>, StoreError> {
        self.note(format!("get {key}"));
        self.inner.get(key)
    }

    fn get_range(&self, key: &Key, range: ByteRange) -> Result<Slice, StoreError> {
        self.note(format!("get_range {key} {range:?}"));
        self.inner.get_range(key, range)
    }

    fn get_ranges(&self, key: &Key, ranges: &[Range<u64>]) -> Result<Vec<Vec<u8>>, StoreError> {
        self.note(format!("get_ranges {key} {ranges:?}"));
        self.inner.get_ranges(key, ranges)
    }

    fn put(&self, key: &Key, value: &[u8]) -> Result<Put, StoreError> {
        self.inner.put(key, value)
    }

    fn list(&self, request: &ListRequest) -> Result<Vec<Entry>, StoreError> {
        self.note("list".to_owned());
        self.inner.list(request)
    }

    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        self.inner.delete(key)
    }
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("asked:")
    }
}

struct Setup {
    asked: Arc<Asked>,
    cache: Cached,
    dir: PathBuf,
    key: Key,
    value: Vec<u8>,
    _folder: tempfile::TempDir,
}

/// A value of 1,000 bytes behind an empty cache.
fn setup(max_bytes: u64) -> Setup {
    let folder = tempfile::tempdir().unwrap();
    let (asked, dir) = (Arc::new(Asked::default()), folder.path().join("cache"));
    let cache = Cached::new(Arc::clone(&asked) as Arc<dyn Store>, dir.clone(), max_bytes);
    let (key, value) = (parse("a/b"), bytes(7, 1000));
    asked.put(&key, &value).unwrap();
    Setup { asked, cache, dir, key, value, _folder: folder }
}

impl Setup {
    /// Reads in every way, and returns what the inner store was asked.
    fn read_all(&self) -> Vec<String> {
        self.asked.take();
        let (cache, key, value) = (&self.cache, &self.key, &self.value);
        assert_eq!(cache.get_range(key, ByteRange::Suffix(10)).unwrap().bytes, value[990..]);
        let slice = cache.get_range(key, ByteRange::Bounded(20..30)).unwrap();
        assert_eq!((&slice.bytes[..], slice.total), (&value[20..30], 1000));
        let parts = cache.get_ranges(key, &[40..50, 20..25, 60..70]).unwrap();
        assert_eq!(parts, [&value[40..50], &value[20..25], &value[60..70]]);
        assert_eq!(cache.get(key).unwrap(), *value);
        self.asked.take()
    }
}

/// Returns the files of the values, and their sizes.
fn files(dir: &Path) -> Vec<(PathBuf, u64)> {
    let mut files = Vec::new();
    for folder in fs::read_dir(dir).into_iter().flatten().flatten() {
        for entry in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            files.push((entry.path(), entry.metadata().map_or(0, |metadata| metadata.len())));
        }
    }
    files.sort();
    files
}

#[test]
fn only_what_is_missing_is_asked_for_and_only_once() {
    let setup = setup(ROOMY);
    let first = [
        "get_range a/b Suffix(10)",
        "get_range a/b Bounded(20..30)",
        "get_ranges a/b [40..50, 60..70]",
        "get a/b",
    ];
    assert_eq!(setup.read_all(), first);
    assert_eq!(setup.read_all(), [""; 0]);
    // Covered by what was read, empty, or known to be shorter.
    for range in [ByteRange::Bounded(995..1000), ByteRange::Bounded(5..5), ByteRange::Suffix(u64::MAX)] {
        setup.cache.get_range(&setup.key, range).unwrap();
    }
    assert_eq!(setup.asked.take(), [""; 0]);
    assert_eq!(setup.cache.local_path(&setup.key), None);
}

#[test]
fn ranges_alone_do_not_tell_the_size() {
    let setup = setup(ROOMY);
    setup.cache.get_ranges(&setup.key, &[0..500, 500..1000]).unwrap();
    setup.cache.get_ranges(&setup.key, &[10..20, 990..1000]).unwrap();
    assert_eq!(setup.asked.take().len(), 1);
    let slice = setup.cache.get_range(&setup.key, ByteRange::Bounded(10..20)).unwrap();
    assert_eq!((slice.total, setup.asked.take().len()), (1000, 1));
    let slice = setup.cache.get_range(&setup.key, ByteRange::Suffix(20)).unwrap();
    assert_eq!((slice.bytes, setup.asked.take().len()), (setup.value[980..].to_vec(), 0));
}

#[test]
fn what_was_put_is_not_read_from_afar_and_what_was_deleted_not_at_all() {
    let setup = setup(ROOMY);
    let key = parse("new/one");
    assert_eq!(setup.cache.put(&key, b"value").unwrap(), Put::Created);
    assert_eq!(setup.cache.get(&key).unwrap(), b"value");
    assert_eq!(setup.asked.take(), [""; 0]);
    assert!(setup.cache.put(&key, b"other").is_err());
    assert_eq!(setup.cache.get(&key).unwrap(), b"value");
    setup.cache.delete(&key).unwrap();
    for _ in 0..2 {
        assert!(setup.cache.get(&key).unwrap_err().is_not_found());
        setup.cache.list(&ListRequest::default()).unwrap();
    }
    assert_eq!(setup.asked.take().len(), 4, "absences and listings are not kept");
    assert_eq!(files(&setup.dir), []);
}

#[test]
fn a_damaged_file_is_as_if_it_were_not_there() {
    for damage in 0..7 {
        let setup = setup(ROOMY);
        setup.read_all();
        for (path, _) in files(&setup.dir) {
            let mut held = fs::read(&path).unwrap();
            match damage {
                0 => held.clear(),
                1 => drop(held.pop()),
                2 => held.push(0),
                // A letter of the magic, the key's hash, the total, the last byte of the value.
                3 => held[0] ^= 1,
                4 => held[9] ^= 1,
                5 => held[40] ^= 1,
                _ => *held.last_mut().unwrap() ^= 1,
            }
            fs::write(&path, held).unwrap();
        }
        assert_eq!(setup.read_all().len(), 4, "damage {damage}");
        assert_eq!(setup.read_all().len(), 0, "damage {damage}, and healed");
    }
}

#[test]
fn a_cache_that_does_not_work_is_as_if_there_were_none() {
    let blocked = setup(ROOMY);
    fs::write(&blocked.dir, "a file").unwrap();
    let sealed = setup(ROOMY);
    fs::create_dir(&sealed.dir).unwrap();
    fs::set_permissions(&sealed.dir, fs::Permissions::from_mode(0o500)).unwrap();
    // The superuser may write there, and `/proc` refuses even that.
    let mut foreign = setup(ROOMY);
    foreign.cache = Cached::new(foreign.asked.clone(), "/proc/self".into(), ROOMY);
    let littered = setup(ROOMY);
    littered.read_all();
    for (path, _) in files(&littered.dir) {
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
    }
    for setup in [&blocked, &sealed, &foreign, &littered] {
        for _ in 0..2 {
            setup.read_all();
        }
        assert_eq!(setup.cache.put(&parse("c/d"), b"value").unwrap(), Put::Created);
        assert_eq!(setup.cache.get(&parse("c/d")).unwrap(), b"value");
        setup.cache.delete(&parse("c/d")).unwrap();
    }
    assert_eq!(blocked.read_all().len(), 4);
    assert_eq!(foreign.read_all().len(), 4);
}

#[test]
fn the_size_is_bounded_and_the_latest_stays() {
    let max = 100_000;
    let setup = setup(max);
    fs::create_dir(&setup.dir).unwrap();
    fs::write(setup.dir.join("whole"), "of somebody else").unwrap();
    for i in 0..300 {
        let key = parse(&format!("many/{i}"));
        setup.cache.put(&key, &bytes(i, 3000)).unwrap();
        let size: u64 = files(&setup.dir).iter().map(|(_, size)| size).sum();
        assert!(size <= max, "{size} bytes after {i}");
        setup.cache.get(&key).unwrap();
    }
    assert!(setup.asked.take().len() < 10, "what was just written is there");
    let size: u64 = files(&setup.dir).iter().map(|(_, size)| size).sum();
    assert!(size > max / 2, "only {size} bytes are used");
    setup.cache.get(&parse("many/0")).unwrap();
    assert_eq!(setup.asked.take(), ["get many/0"]);
    assert!(setup.dir.join("whole").exists(), "what is not of the cache is left alone");
    // Too large to be kept, and nothing is removed for it.
    let before = files(&setup.dir);
    setup.cache.put(&parse("large/one"), &bytes(1, 60_000)).unwrap();
    assert_eq!(files(&setup.dir), before);
}

#[test]
fn several_share_a_folder() {
    let setup = setup(ROOMY);
    // One that sweeps all the time beside others that do not, as processes of several settings would.
    thread::scope(|scope| {
        for max in [ROOMY, ROOMY, 20_000] {
            let other = Cached::new(setup.asked.clone(), setup.dir.clone(), max);
            scope.spawn(move || {
                for round in 0..200 {
                    let key = parse(&format!("shared/{}", round % 20));
                    let value = bytes(round % 20, 2000);
                    other.put(&key, &value).unwrap();
                    assert_eq!(other.get(&key).unwrap(), value);
                    let range = ByteRange::Bounded(round..round + 100);
                    let at = usize::try_from(round).unwrap();
                    assert_eq!(other.get_range(&key, range).unwrap().bytes, value[at..at + 100]);
                }
            });
        }
    });
    setup.read_all();
    let fresh = Setup { cache: Cached::new(setup.asked.clone(), setup.dir.clone(), ROOMY), ..setup };
    assert_eq!(fresh.read_all(), [""; 0]);
}

#[test]
fn a_file_that_is_used_counts_as_new() {
    let setup = setup(ROOMY);
    setup.cache.get(&setup.key).unwrap();
    let (path, _) = files(&setup.dir).pop().unwrap();
    let modified = || fs::metadata(&path).unwrap().modified().unwrap();
    for (age, touched) in [(30, false), (3600, true)] {
        let before = SystemTime::now() - Duration::from_secs(age);
        fs::File::options().append(true).open(&path).unwrap().set_modified(before).unwrap();
        setup.cache.get_range(&setup.key, ByteRange::Suffix(1)).unwrap();
        assert_eq!(modified() != before, touched, "after {age} seconds");
    }
}
