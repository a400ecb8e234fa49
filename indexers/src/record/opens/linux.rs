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
    /// Starts to watch all folders below `root` but those in `without`.
    pub fn start(root: &Path, without: &[PathBuf]) -> io::Result<OpenWatch> {
        let watcher = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        let mut folders: HashMap<i32, PathBuf> = HashMap::new();
        let mut todo = vec![root.to_owned()];
        while let Some(folder) = todo.pop() {
            match inotify::add_watch(&watcher, &folder, WatchFlags::OPEN) {
                Ok(number) => drop(folders.insert(number, folder.clone())),
                // What cannot be entered has nothing that a test could open.
                Err(Errno::ACCESS | Errno::NOENT) => continue,
                Err(error) => return Err(error.into()),
            }
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                let left_out = LEFT_OUT.iter().any(|name| entry.file_name() == *name);
                let path = entry.path();
                if is_folder && !left_out && !without.contains(&path) {
                    todo.push(path);
                }
            }
        }
        let ended = Arc::new(AtomicBool::new(false));
        let until = ended.clone();
        let thread = std::thread::spawn(move || listen(&watcher, &folders, &until));
        Ok(OpenWatch { ended, thread })
    }

    /// Returns what was opened.
    pub fn finish(self) -> Opens {
        self.ended.store(true, Ordering::Release);
        self.thread.join().unwrap_or_else(|_| {
            // Whoever stopped listening does not know what was opened.
            let mut opens = Opens::default();
            opens.lose((SystemTime::UNIX_EPOCH, SystemTime::now()));
            opens
        })
    }
}

fn listen(watcher: &OwnedFd, folders: &HashMap<i32, PathBuf>, until: &AtomicBool) -> Opens {
    let mut opens = Opens::default();
    let mut buffer = [MaybeUninit::uninit(); 64 * 1024];
    let mut since = SystemTime::now();
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
            if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
                opens.lose(interval);
            } else if !event.events().contains(ReadFlags::ISDIR)
                && let Some(folder) = folders.get(&event.wd())
                && let Some(name) = event.file_name()
            {
                opens.add(folder.join(OsStr::from_bytes(name.to_bytes())), interval);
            }
        };
        if is_last {
            return opens;
        }
        since = drained;
        std::thread::sleep(PACE);
    }
}
