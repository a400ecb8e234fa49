//! Linux tells through inotify.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

use super::Opens;

/// How often the system is asked what was opened.
const PACE: Duration = Duration::from_millis(5);
/// Folders in which nothing belongs to a test.
const LEFT_OUT: &[&str] = &[".git", ".hg", ".jj", "node_modules"];

/// Watches the folders of a repository.
#[derive(Debug)]
pub struct OpenWatch {
    ended: Arc<AtomicBool>,
    thread: JoinHandle<Opens>,
}

impl OpenWatch {
    /// Starts to watch all folders below `root` but those in `without`. What is opened until this returns does not
    /// count: it is mostly we ourselves who list them.
    pub fn start(root: &Path, without: &[PathBuf]) -> io::Result<OpenWatch> {
        let watcher = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        let mut folders: HashMap<i32, PathBuf> = HashMap::new();
        let mut todo = vec![root.to_owned()];
        let mut blind = Vec::new();
        while let Some(folder) = todo.pop() {
            match inotify::add_watch(&watcher, &folder, WatchFlags::OPEN) {
                Ok(number) => drop(folders.insert(number, folder.clone())),
                // What cannot be entered has nothing that a test could open.
                Err(Errno::ACCESS | Errno::NOENT) => {
                    blind.push(folder);
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                let left_out = LEFT_OUT.iter().any(|name| entry.file_name() == *name);
                let path = entry.path();
                match is_folder {
                    true if left_out || without.contains(&path) => blind.push(path),
                    true => todo.push(path),
                    false => {}
                }
            }
        }
        forget(&watcher)?;
        let ended = Arc::new(AtomicBool::new(false));
        let until = ended.clone();
        let thread = std::thread::spawn(move || {
            let opens = listen(&watcher, &folders, &until);
            Opens { blind, ..opens }
        });
        Ok(OpenWatch { ended, thread })
    }

    /// Returns what was opened.
    pub fn finish(self) -> Opens {
        self.ended.store(true, Ordering::Release);
        self.thread.join().unwrap_or_else(|_| {
            // Whoever stopped listening does not know what was opened.
            // Nothing that is listed then is known to be read by nobody.
            let mut opens = Opens::default();
            opens.lose((SystemTime::UNIX_EPOCH, SystemTime::now()));
            opens
        })
    }
}

/// Reads what happened so far.
fn forget(watcher: &OwnedFd) -> io::Result<()> {
    let mut buffer = [MaybeUninit::uninit(); 64 * 1024];
    let mut reader = Reader::new(watcher, &mut buffer);
    loop {
        match reader.next() {
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::WOULDBLOCK) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

fn listen(watcher: &OwnedFd, folders: &HashMap<i32, PathBuf>, until: &AtomicBool) -> Opens {
    let mut since = SystemTime::now();
    let mut opens = Opens { since: Some(since), ..Opens::default() };
    let mut buffer = [MaybeUninit::uninit(); 64 * 1024];
    loop {
        // Looked at before the last events are read, so that none is missed.
        let is_last = until.load(Ordering::Acquire);
        let mut reader = Reader::new(watcher, &mut buffer);
        let drained = loop {
            let asked = SystemTime::now();
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::INTR) => continue,
                Err(Errno::WOULDBLOCK) => break asked,
                Err(_) => {
                    opens.lose((since, SystemTime::now() + Duration::from_secs(u32::MAX.into())));
                    return opens;
                }
            };
            let interval = (since, SystemTime::now());
            let is_folder = event.events().contains(ReadFlags::ISDIR);
            if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
                opens.lose(interval);
            } else if let Some(folder) = folders.get(&event.wd()) {
                let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
                match name {
                    Some(name) if !is_folder => opens.add(folder.join(name), interval),
                    // One that is watched itself is told of twice, by its parent as well, and by itself where it is
                    // the root. One that is left out, or new, has nothing that counts in it.
                    None if is_folder => opens.add_folder(folder.clone(), interval),
                    _ => {}
                }
            }
        };
        if is_last {
            return opens;
        }
        since = drained;
        std::thread::sleep(PACE);
    }
}
