//! Which of the repository's files tests open as they run.
//!
//! Coverage says what was executed, not what was read: fixtures, snapshots, a check that looks through the sources. The
//! system tells who watches a folder that a file in it was opened, though not by whom, so every test that ran at that
//! moment counts as its reader. That is too many, never too few.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use skiptrace_engine::path::RepoPath;

#[cfg(target_os = "linux")]
#[path = "opens/linux.rs"]
mod imp;
#[cfg(not(target_os = "linux"))]
#[path = "opens/elsewhere.rs"]
mod imp;

pub use imp::OpenWatch;

/// A stretch of time, both ends included.
pub type Interval = (SystemTime, SystemTime);

/// When files were opened, and folders.
#[derive(Debug, Default)]
pub struct Opens {
    files: BTreeMap<PathBuf, Vec<Interval>>,
    folders: BTreeMap<PathBuf, Vec<Interval>>,
    /// Since when anybody was told at all.
    since: Option<SystemTime>,
    /// Folders of which nobody was told anything.
    blind: Vec<PathBuf>,
    /// When so much happened that the system did not tell all.
    lost: Vec<Interval>,
}

impl Opens {
    /// Adds that a file was opened at some moment of `interval`; intervals come in order.
    fn add(&mut self, file: PathBuf, interval: Interval) {
        extend(self.files.entry(file).or_default(), interval);
    }

    /// Adds that a folder was opened, which is how the names in it are read.
    fn add_folder(&mut self, folder: PathBuf, interval: Interval) {
        extend(self.folders.entry(folder).or_default(), interval);
    }

    /// Adds that something was not told.
    fn lose(&mut self, interval: Interval) {
        extend(&mut self.lost, interval);
    }

    /// Returns the files and folders below `root` that were opened during an interval; `root` may be one of them.
    pub fn during(&self, root: &Path, interval: Interval) -> BTreeSet<RepoPath> {
        let is_open = |intervals: &[Interval]| intervals.iter().any(|other| meet(*other, interval));
        let opened = self.files.iter().chain(&self.folders).filter(|(_, intervals)| is_open(intervals));
        opened.filter_map(|(file, _)| path_below(root, file)).collect()
    }

    /// Returns the files below `root` that were opened while none of the intervals was: somebody else reads them.
    pub fn outside(&self, root: &Path, intervals: impl IntoIterator<Item = Interval>) -> BTreeSet<RepoPath> {
        let mut all: Vec<Interval> = intervals.into_iter().collect();
        all.sort_unstable();
        let mut busy: Vec<Interval> = Vec::new();
        for interval in all {
            extend(&mut busy, interval);
        }
        let is_free = |opened: &Interval| {
            let next = busy.partition_point(|other| other.1 < opened.0);
            busy.get(next).is_none_or(|other| !meet(*other, *opened))
        };
        let opened = self.files.iter().filter(|(_, intervals)| intervals.iter().any(is_free));
        opened.filter_map(|(file, _)| path_below(root, file)).collect()
    }

    /// Returns the folders below `root` of which nothing was told, nor of what is in them.
    pub fn blind(&self, root: &Path) -> BTreeSet<RepoPath> {
        self.blind.iter().filter_map(|folder| path_below(root, folder)).collect()
    }

    /// Returns whether anybody was told of what was opened. If not, that nothing is known says nothing.
    pub fn is_watched(&self) -> bool {
        self.since.is_some()
    }

    /// Returns all files and folders below `root` that were opened during an interval, if all are known.
    pub fn all_during(&self, root: &Path, interval: Interval) -> Option<BTreeSet<RepoPath>> {
        let is_known = self.since.is_some_and(|since| since <= interval.0) && !self.lost_during(interval);
        is_known.then(|| self.during(root, interval))
    }

    /// Returns whether more may have been opened during an interval than is known.
    pub fn lost_during(&self, interval: Interval) -> bool {
        self.lost.iter().any(|other| meet(*other, interval))
    }
}

fn path_below(root: &Path, path: &Path) -> Option<RepoPath> {
    RepoPath::new(path.strip_prefix(root).ok()?.to_str()?).ok()
}

/// Makes what is opened over and over again one stretch.
fn extend(intervals: &mut Vec<Interval>, interval: Interval) {
    match intervals.last_mut() {
        Some(last) if interval.0 <= last.1 => last.1 = last.1.max(interval.1),
        _ => intervals.push(interval),
    }
}

fn meet(a: Interval, b: Interval) -> bool {
    a.0 <= b.1 && b.0 <= a.1
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    #[test]
    fn folders_are_opened_by_whoever_lists_them() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("data/a")).unwrap();
        let watch = OpenWatch::start(&root, &[]).unwrap();
        let list = |path: &str| {
            let start = SystemTime::now();
            assert!(fs::read_dir(root.join(path)).unwrap().count() < 2);
            (start, SystemTime::now())
        };
        let pause = || std::thread::sleep(Duration::from_millis(100));
        pause();
        let first = list("data");
        pause();
        let second = list("");
        pause();
        let third = (SystemTime::now(), SystemTime::now());
        pause();
        let opens = watch.finish();
        let during =
            |interval| opens.during(&root, interval).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(opens.is_watched() && !opens.lost_during((first.0, third.1)));
        // What the watch itself listed to begin with is nobody's.
        assert_eq!(opens.folders.len(), 2, "{opens:?}");
        assert!(during(first).contains(&"data".to_owned()) && during(second).contains(&".".to_owned()));
    }

    #[test]
    fn what_is_opened_between_tests_is_somebody_elses() {
        let at = |second: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        let mut opens = Opens::default();
        for (file, from, to) in [
            ("/r/a", 1, 2),
            ("/r/b", 5, 6),
            ("/r/c", 11, 12),
            ("/r/a", 20, 21),
            ("/s/d", 1, 2),
            ("/r/e", 9, 9),
        ] {
            opens.add(file.into(), (at(from), at(to)));
        }
        let check = |intervals: &[(u64, u64)]| {
            let intervals = intervals.iter().map(|(from, to)| (at(*from), at(*to)));
            let outside = opens.outside("/r".as_ref(), intervals);
            outside.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(check(&[]), "a b c e");
        assert_eq!(check(&[(9, 12), (0, 6)]), "a");
        assert_eq!(check(&[(4, 10), (5, 5), (21, 30), (0, 1)]), "c");
        assert_eq!(check(&[(6, 9)]), "a c");
    }

    #[test]
    fn files_are_opened_by_whoever_runs_then() {
        // How exactly a moment is known hangs on when the listening thread gets its turn; that no opening is missed
        // does not.
        for _ in 0..10 {
            let [first, second, third] = opened_in_turn();
            assert!(first.contains(&"data/a/one.txt".to_owned()), "{first:?}");
            assert!(second.contains(&"src/lib.rs".to_owned()), "{second:?}");
            if first.len() == 1 && second.len() == 1 && third.is_empty() {
                return;
            }
        }
        panic!("everybody is blamed for everything");
    }

    /// Returns what counts as opened in three stretches of time, in the last of which nothing was.
    fn opened_in_turn() -> [Vec<String>; 3] {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for name in ["src/lib.rs", "data/a/one.txt", "target/out", ".git/config"] {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), "x").unwrap();
        }
        let watch = OpenWatch::start(&root, &[root.join("target")]).unwrap();
        let pause = || std::thread::sleep(Duration::from_millis(100));
        let turns: [&[&str]; 3] = [&["data/a/one.txt", "target/out", ".git/config"], &["src/lib.rs"], &[]];
        let intervals = turns.map(|files| {
            pause();
            let start = SystemTime::now();
            for file in files {
                fs::read(root.join(file)).unwrap();
            }
            let interval = (start, SystemTime::now());
            pause();
            interval
        });
        let opens = watch.finish();
        intervals.map(|interval| {
            assert!(!opens.lost_during(interval));
            opens.during(&root, interval).iter().map(ToString::to_string).collect()
        })
    }
}
