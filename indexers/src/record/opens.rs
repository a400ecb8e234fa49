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

/// When files were opened.
#[derive(Debug, Default)]
pub struct Opens {
    files: BTreeMap<PathBuf, Vec<Interval>>,
    /// When so much happened that the system did not tell all.
    lost: Vec<Interval>,
}

impl Opens {
    /// Adds that a file was opened at some moment of `interval`; intervals come in order.
    fn add(&mut self, file: PathBuf, interval: Interval) {
        extend(self.files.entry(file).or_default(), interval);
    }

    /// Adds that something was not told.
    fn lose(&mut self, interval: Interval) {
        extend(&mut self.lost, interval);
    }

    /// Returns the files below `root` that were opened during an interval.
    pub fn during(&self, root: &Path, interval: Interval) -> BTreeSet<RepoPath> {
        let is_open = |intervals: &[Interval]| intervals.iter().any(|other| meet(*other, interval));
        let opened = self.files.iter().filter(|(_, intervals)| is_open(intervals));
        opened.filter_map(|(file, _)| RepoPath::new(file.strip_prefix(root).ok()?.to_str()?).ok()).collect()
    }

    /// Returns whether more may have been opened during an interval than is known.
    pub fn lost_during(&self, interval: Interval) -> bool {
        self.lost.iter().any(|other| meet(*other, interval))
    }
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
