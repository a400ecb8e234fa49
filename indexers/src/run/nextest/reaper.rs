//! Reads and removes the profiles of tests while nextest is still running others.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::run::shim::{self, Note, Runs};

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

/// Knows which runs of tests are still going on: the newest one of each slot.
#[derive(Debug)]
pub struct Reaper<T> {
    runs: Runs,
    notes: File,
    /// The end of the notes that were read, if it is the beginning of a line.
    rest: Vec<u8>,
    /// The run that each slot is busy with.
    busy: BTreeMap<u32, Note>,
    /// Runs without a slot. They have ended when there is no such process any more.
    unknown: Vec<Note>,
    attempts: Vec<Attempt<T>>,
}

/// What becomes of the files that a run left, its profiles, and of what is in its folder for temporary files.
pub type Reduce<'a, T> = dyn Fn(&Note, Vec<PathBuf>, &Path) -> T + 'a;

impl<T> Reaper<T> {
    /// Starts before any run does.
    pub fn new(runs: Runs) -> io::Result<Reaper<T>> {
        let notes = File::open(&runs.notes)?;
        let (rest, unknown, attempts) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Reaper { runs, notes, rest, busy: BTreeMap::new(), unknown, attempts })
    }

    /// Looks for runs that have started, and reduces those that must have ended since.
    ///
    /// A slot holds one test at a time, so that the next test in it tells the end of the one before.
    pub fn look(&mut self, reduce: &Reduce<'_, T>) {
        let mut ended = Vec::new();
        for note in self.fresh() {
            match note.slot {
                Some(slot) => ended.extend(self.busy.insert(slot, note)),
                None => self.unknown.push(note),
            }
        }
        ended.extend(self.unknown.extract_if(.., |note| !may_be_running(note)));
        self.reap(ended, reduce);
    }

    /// Reduces all runs that are left, now that nothing runs any more, and returns every attempt.
    pub fn finish(mut self, reduce: &Reduce<'_, T>) -> Vec<Attempt<T>> {
        self.look(reduce);
        let busy = std::mem::take(&mut self.busy).into_values();
        let left = busy.chain(std::mem::take(&mut self.unknown)).collect();
        self.reap(left, reduce);
        self.attempts
    }

    /// Returns the runs that have started since the last time, in the order in which they did.
    fn fresh(&mut self) -> Vec<Note> {
        // What cannot be read now is read the next time; a run of which nobody ever hears is missed by its result.
        let _ = self.notes.read_to_end(&mut self.rest);
        let end = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let fresh = shim::notes(&self.rest[..end]).collect();
        self.rest.drain(..end);
        fresh
    }

    fn reap(&mut self, runs: Vec<Note>, reduce: &Reduce<'_, T>) {
        if runs.is_empty() {
            return;
        }
        let mut left = self.files();
        for note in runs {
            let mut files = left.remove(&note.run).unwrap_or_default();
            files.sort_unstable();
            let temporary = self.runs.temporary.join(&note.run);
            let trace = reduce(&note, files.clone(), &temporary);
            // What cannot be removed now goes with the whole folder at the end.
            for file in files {
                let _ = fs::remove_file(file);
            }
            // Most tests leave theirs empty, and then there is nothing to look for in it.
            if fs::remove_dir(&temporary).is_err() {
                let _ = fs::remove_dir_all(&temporary);
            }
            let interval = (SystemTime::UNIX_EPOCH + note.started, SystemTime::now());
            self.attempts.push(Attempt { note, interval, trace });
        }
    }

    /// Returns the files of each run, by its name, which theirs begin with.
    fn files(&self) -> BTreeMap<String, Vec<PathBuf>> {
        let mut files: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for entry in fs::read_dir(&self.runs.profiles).into_iter().flatten().flatten() {
            let name = entry.file_name();
            // The name of a run has one dash, and one comes after it.
            let run =
                name.to_str().and_then(|name| name.match_indices('-').nth(1).map(|(end, _)| &name[..end]));
            if let Some(run) = run {
                files.entry(run.to_owned()).or_default().push(entry.path());
            }
        }
        files
    }
}

/// Returns whether there may be the process of a run.
#[cfg(unix)]
fn may_be_running(note: &Note) -> bool {
    let process = note.process.try_into().ok().and_then(rustix::process::Pid::from_raw);
    process.is_none_or(|process| rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn may_be_running(_: &Note) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::ffi::OsString;
    use std::io::Write;
    use std::time::Duration;

    use super::*;

    fn start(runs: &Runs, name: &str, slot: Option<u32>) {
        let note = Note {
            run: format!("1-{name}"),
            process: std::process::id(),
            started: Duration::from_secs(1),
            binary: "/b".into(),
            suite: "s".into(),
            name: name.into(),
            attempt: 1,
            slot,
            profile: "default".into(),
        };
        fs::create_dir(runs.temporary.join(&note.run)).unwrap();
        fs::write(runs.temporary.join(&note.run).join("left"), "x").unwrap();
        fs::write(runs.profiles.join(format!("{}-7-8.profraw", note.run)), name).unwrap();
        let mut notes = File::options().append(true).open(&runs.notes).unwrap();
        let line = serde_json::to_vec(&note).unwrap();
        notes.write_all(&[b"\n", &*line, b"\n"].concat()).unwrap();
    }

    fn names(folder: &Path) -> BTreeSet<OsString> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_run_has_ended_when_its_slot_holds_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let runs = Runs::in_folder(folder.path());
        runs.make().unwrap();
        let mut reaper = Reaper::new(runs.clone()).unwrap();
        let reduce = |note: &Note, profiles: Vec<PathBuf>, temporary: &Path| {
            assert!(temporary.join("left").exists());
            let [profile] = &*profiles else { panic!("{profiles:?}") };
            assert_eq!(fs::read_to_string(profile).unwrap(), note.name);
            note.name.clone()
        };
        start(&runs, "a", Some(0));
        start(&runs, "b", Some(1));
        start(&runs, "stray", None);
        reaper.look(&reduce);
        assert_eq!(names(&runs.profiles).len(), 3);
        start(&runs, "c", Some(0));
        // A name that another one begins with.
        start(&runs, "cd", Some(0));
        reaper.look(&reduce);
        assert_eq!(names(&runs.temporary), ["1-b", "1-cd", "1-stray"].map(OsString::from).into());
        assert_eq!(names(&runs.profiles).len(), 3);
        let attempts = reaper.finish(&reduce);
        let order: Vec<_> = attempts.iter().map(|attempt| attempt.trace.as_str()).collect();
        assert_eq!(order, ["a", "c", "cd", "b", "stray"]);
        assert_eq!((names(&runs.profiles).len(), names(&runs.temporary).len()), (0, 0));
    }

    #[test]
    fn a_note_is_read_when_all_of_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let runs = Runs::in_folder(folder.path());
        runs.make().unwrap();
        let mut reaper = Reaper::<()>::new(runs.clone()).unwrap();
        start(&runs, "a", Some(0));
        let whole = fs::read(&runs.notes).unwrap();
        let mut read = Vec::new();
        for end in 0..=whole.len() {
            fs::write(&runs.notes, &whole[..end]).unwrap();
            read.extend(reaper.fresh());
            assert_eq!(read.len(), usize::from(end == whole.len()));
        }
    }
}
