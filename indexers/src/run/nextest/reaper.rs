//! Reads and removes the profiles of tests while nextest is still running others.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::run::shim::{NOTE, Note};

/// One attempt at a test that has ended.
#[derive(Debug)]
pub struct Attempt<T> {
    /// Which test.
    pub note: Note,
    /// From its start until it was seen to have ended.
    pub interval: (SystemTime, SystemTime),
    /// What it executed.
    pub trace: T,
}

/// Knows which folders of runs are still in use: the newest one of each slot.
#[derive(Debug)]
pub struct Reaper<T> {
    runs: PathBuf,
    /// The run that each slot is busy with.
    busy: BTreeMap<u32, Run>,
    /// Runs without a slot: nobody knows when they end.
    unknown: Vec<Run>,
    seen: BTreeSet<OsString>,
    attempts: Vec<Attempt<T>>,
}

#[derive(Debug)]
struct Run {
    folder: PathBuf,
    note: Note,
    started: SystemTime,
}

impl<T> Reaper<T> {
    /// Starts with a folder of runs.
    pub fn new(runs: &Path) -> Reaper<T> {
        Reaper {
            runs: runs.to_owned(),
            busy: BTreeMap::new(),
            unknown: Vec::new(),
            seen: BTreeSet::new(),
            attempts: Vec::new(),
        }
    }

    /// Looks for runs that have started, and reduces those that must have ended since.
    ///
    /// A slot holds one test at a time, so that the next test in it tells the end of the one before.
    pub fn look(&mut self, reduce: &dyn Fn(&Note, &Path) -> T) {
        let Ok(entries) = fs::read_dir(&self.runs) else { return };
        let mut fresh: Vec<Run> = entries.flatten().filter_map(|entry| self.started(&entry)).collect();
        fresh.sort_by_key(|run| run.started);
        for run in fresh {
            match run.note.slot {
                Some(slot) => {
                    if let Some(ended) = self.busy.insert(slot, run) {
                        self.reap(ended, reduce);
                    }
                }
                None => self.unknown.push(run),
            }
        }
    }

    /// Reduces all runs that are left, now that nothing runs any more, and returns every attempt.
    pub fn finish(mut self, reduce: &dyn Fn(&Note, &Path) -> T) -> Vec<Attempt<T>> {
        self.look(reduce);
        let left: Vec<Run> =
            std::mem::take(&mut self.busy).into_values().chain(std::mem::take(&mut self.unknown)).collect();
        for run in left {
            self.reap(run, reduce);
        }
        self.attempts
    }

    fn started(&mut self, entry: &fs::DirEntry) -> Option<Run> {
        let name = entry.file_name();
        if self.seen.contains(&name) {
            return None;
        }
        let folder = entry.path();
        // The note comes into being in one step; without it the shim is still at work.
        let note = folder.join(NOTE);
        let started = fs::metadata(&note).and_then(|metadata| metadata.modified()).ok()?;
        let note = serde_json::from_slice(&fs::read(note).ok()?).ok()?;
        self.seen.insert(name);
        Some(Run { folder, note, started })
    }

    fn reap(&mut self, run: Run, reduce: &dyn Fn(&Note, &Path) -> T) {
        let trace = reduce(&run.note, &run.folder);
        // What cannot be removed now goes with the whole folder at the end.
        let _ = fs::remove_dir_all(&run.folder);
        let name = run.folder.file_name().map(OsString::from).unwrap_or_default();
        self.seen.remove(&name);
        let interval = (run.started, SystemTime::now());
        self.attempts.push(Attempt { note: run.note, interval, trace });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(runs: &Path, name: &str, slot: Option<u32>) {
        let folder = runs.join(name);
        fs::create_dir(&folder).unwrap();
        let note = Note {
            binary: "/b".into(),
            suite: "s".into(),
            name: name.into(),
            attempt: 1,
            slot,
            profile: "default".into(),
        };
        fs::write(folder.join(NOTE), serde_json::to_vec(&note).unwrap()).unwrap();
        // The moments of two notes are told apart by the file system's clock.
        std::thread::sleep(std::time::Duration::from_millis(20));
    }

    #[test]
    fn a_run_has_ended_when_its_slot_holds_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let runs = folder.path();
        let mut reaper = Reaper::new(runs);
        let reduce = |note: &Note, folder: &Path| {
            assert!(folder.join(NOTE).exists());
            note.name.clone()
        };
        start(runs, "a", Some(0));
        start(runs, "b", Some(1));
        start(runs, "stray", None);
        reaper.look(&reduce);
        assert_eq!(fs::read_dir(runs).unwrap().count(), 3);
        start(runs, "c", Some(0));
        start(runs, "d", Some(0));
        reaper.look(&reduce);
        let left: BTreeSet<_> = fs::read_dir(runs).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["b", "d", "stray"].map(OsString::from).into());
        let attempts = reaper.finish(&reduce);
        let names: Vec<_> = attempts.iter().map(|attempt| attempt.trace.as_str()).collect();
        assert_eq!(names, ["a", "c", "d", "b", "stray"]);
        assert_eq!(fs::read_dir(runs).unwrap().count(), 0);
    }
}
