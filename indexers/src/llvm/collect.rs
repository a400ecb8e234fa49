//! From a folder of profiles to what a test executed.
//!
//! Binaries are decoded once, whatever number of tests run them. One that turns up in a profile and was not known
//! before, such as a helper that a test started, is looked for where the build leaves its products.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use skiptrace_engine::record::Problem;

use super::binary::{Binary, BinaryError, MappedFunction};
use super::profile::{Layouts, ProfileError, Scratch, read_file};
use crate::build::paths::{Home, Normalizer};
use crate::trace::{Places, Trace};

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// How many files of unknown binaries are looked at below one folder.
const MOST_FILES: usize = 100_000;

/// Knows binaries, and reads the profiles of their processes.
pub struct Collector {
    known: RwLock<Known>,
    /// Where binaries may turn up that nobody named. Asked when one does, since builds make folders.
    folders: Box<Folders>,
}

/// Tells folders.
pub type Folders = dyn Fn() -> Vec<PathBuf> + Send + Sync;

#[derive(Debug)]
struct Known {
    layouts: Layouts,
    tables: Vec<Table>,
    places: Places,
    normalizer: Normalizer,
    files: HashSet<PathBuf>,
    /// The files behind the paths: cargo links what it builds to a second name, of which nobody noted how it came
    /// to be.
    identities: HashSet<Identity>,
    unplaced: Unplaced,
}

/// What to make of functions that count and that no coverage map names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unplaced {
    /// A test that executed one executed something unknown. rustc's maps are complete.
    #[default]
    Distrust,
    /// They are other people's. Clang's maps leave out what is in system headers, and what has no text: members that
    /// the compiler wrote. Whoever says so looks for system headers of the repository's own.
    Ignore,
}

/// What two paths of one file have in common.
type Identity = (u64, u64);

/// The places of a binary's functions.
#[derive(Debug)]
struct Table {
    path: PathBuf,
    /// For each slot, where its places begin in `places`; one more at the end.
    starts: Vec<u32>,
    places: Vec<u32>,
    /// Slots of which the coverage map does not say where they stand; sorted.
    nowhere: Vec<u32>,
}

impl Collector {
    /// Starts without binaries. Those that nobody names are looked for in `folders`.
    pub fn new(normalizer: Normalizer, folders: Box<Folders>) -> Collector {
        let known = Known {
            layouts: Layouts::default(),
            tables: Vec::new(),
            places: Places::default(),
            normalizer,
            files: HashSet::new(),
            identities: HashSet::new(),
            unplaced: Unplaced::default(),
        };
        Collector { known: RwLock::new(known), folders }
    }

    /// Says what to make of functions that no coverage map names, before any binary is added.
    #[must_use]
    pub fn with_unplaced(mut self, unplaced: Unplaced) -> Collector {
        self.known.get_mut().unwrap_or_else(PoisonError::into_inner).unplaced = unplaced;
        self
    }

    /// Adds the binaries of a file. One without coverage is [`BinaryError::NotInstrumented`].
    pub fn add(&self, path: &Path) -> Result<(), BinaryError> {
        self.known.write().unwrap_or_else(PoisonError::into_inner).add(path)
    }

    /// Reads all profiles below `folders`, those of one run of a test.
    pub fn collect(&self, folders: &[&Path]) -> Trace {
        self.collect_run(Vec::new(), folders)
    }

    /// Reads the profiles among `files` and all those below `folders`, which together are those of one run of a test.
    pub fn collect_run(&self, mut files: Vec<PathBuf>, folders: &[&Path]) -> Trace {
        files.retain(|file| is_profile(file));
        files.extend(folders.iter().flat_map(|folder| profiles_below(folder)));
        let mut trace = self.collect_files(&files);
        if files.is_empty() {
            trace.trouble(Problem::MissingBinary, "none of its processes left a profile");
        }
        trace
    }

    /// Reads profiles. That there is none is nothing wrong here.
    pub fn collect_files(&self, files: &[PathBuf]) -> Trace {
        let mut trace = Trace::default();
        for file in files {
            self.read(file, &mut trace);
        }
        trace.places.sort_unstable();
        trace.places.dedup();
        trace.binaries.sort_unstable();
        trace.binaries.dedup();
        trace
    }

    /// Returns the file of a binary that a trace names.
    pub fn binary(&self, number: u32) -> PathBuf {
        self.known().tables[number as usize].path.clone()
    }

    /// Returns the places that traces name, now that no more are read.
    pub fn into_places(self) -> Places {
        self.known.into_inner().unwrap_or_else(PoisonError::into_inner).places
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, file: &Path, trace: &mut Trace) {
        let before = (trace.places.len(), trace.binaries.len());
        let is_unknown = |error: &ProfileError| {
            matches!(error, ProfileError::UnknownBinary { .. } | ProfileError::Unidentified)
        };
        let errors = loop {
            let known = self.known();
            let errors = known.read(file, trace);
            let n_tables = known.tables.len();
            drop(known);
            if !errors.iter().any(is_unknown) || !self.discover(n_tables) {
                break errors;
            }
            trace.places.truncate(before.0);
            trace.binaries.truncate(before.1);
        };
        for error in errors {
            let causes = std::iter::successors(std::error::Error::source(&error), |error| error.source());
            let mut detail = error.to_string();
            for cause in causes {
                detail.push_str(": ");
                detail.push_str(&cause.to_string());
            }
            trace.trouble(error.problem(), detail);
        }
    }

    /// Looks for binaries that came to be since the last time; returns whether there are more than `n_tables` now.
    fn discover(&self, n_tables: usize) -> bool {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have looked while this one waited, and found what both need.
        if known.tables.len() > n_tables {
            return true;
        }
        for file in (self.folders)().iter().flat_map(|folder| programs_below(folder)) {
            let is_link = identity(&file).is_some_and(|identity| known.identities.contains(&identity));
            if !is_link && !known.files.contains(&file) {
                // What is no binary, or none with coverage, left no profile either.
                let _ = known.add(&file);
                known.files.insert(file);
            }
        }
        known.tables.len() > n_tables
    }
}

impl Known {
    fn add(&mut self, path: &Path) -> Result<(), BinaryError> {
        if self.files.contains(path) {
            return Ok(());
        }
        for binary in Binary::open(path)? {
            let table = self.table(path, &binary);
            self.layouts.add(Arc::new(binary.layout));
            self.tables.push(table);
        }
        self.files.insert(path.to_owned());
        self.identities.extend(identity(path));
        Ok(())
    }

    fn table(&mut self, path: &Path, binary: &Binary) -> Table {
        let homes: Vec<Home> =
            binary.files.iter().map(|file| self.normalizer.home(b"", file.as_bytes()).clone()).collect();
        let mut table =
            Table { path: path.to_owned(), starts: vec![0], places: Vec::new(), nowhere: Vec::new() };
        let indistinct: HashSet<u32> = binary.indistinct().into_iter().collect();
        for (number, slot) in (0..).zip(&binary.layout.slots) {
            let function = slot.function.and_then(|at| Some((at, binary.functions.get(at as usize)?)));
            match function {
                Some((at, function)) if !function.places.is_empty() => {
                    self.add_places(function, &homes, number, &mut table);
                    if indistinct.contains(&at) && table.nowhere.last() != Some(&number) {
                        table.nowhere.push(number);
                    }
                }
                _ if self.unplaced == Unplaced::Distrust => table.nowhere.push(number),
                _ => {}
            }
            table.starts.push(table.places.len() as u32);
        }
        table
    }

    fn add_places(&mut self, function: &MappedFunction, homes: &[Home], slot: u32, table: &mut Table) {
        for place in &function.places {
            match &homes[place.file as usize] {
                Home::Repo(path) => table.places.push(self.places.number(path, place.range)),
                Home::Unknown(_) if table.nowhere.last() != Some(&slot) => table.nowhere.push(slot),
                // Other people's code changes with its version, never by an edit here; what is generated changes
                // with what it is generated from.
                _ => {}
            }
        }
    }

    fn read(&self, file: &Path, trace: &mut Trace) -> Vec<ProfileError> {
        let mut nowhere = Vec::new();
        let reading = SCRATCH.with_borrow_mut(|scratch| {
            read_file(file, &self.layouts, scratch, |hits| {
                let table = &self.tables[hits.binary];
                trace.binaries.push(hits.binary as u32);
                for slot in hits.slots {
                    let at = *slot as usize;
                    let places = table.starts[at] as usize..table.starts[at + 1] as usize;
                    trace.places.extend_from_slice(&table.places[places]);
                }
                let is_hit = |slot: &&u32| hits.slots.binary_search(slot).is_ok();
                if table.nowhere.iter().any(|slot| is_hit(&slot)) {
                    nowhere.push(table.path.clone());
                }
            })
        });
        for path in nowhere {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            trace.trouble(
                Problem::Opaque,
                format!("it executed functions of `{name}` that the coverage map does not place"),
            );
        }
        reading.errors
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let about = fs::metadata(path).ok()?;
    Some((about.dev(), about.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Path) -> Option<Identity> {
    None
}

/// Returns the profiles below a folder, in order.
pub fn profiles_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = files_below(folder, is_profile);
    files.sort();
    files
}

fn is_profile(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "profraw")
}

/// Returns files below a folder that may be programs or libraries.
pub fn programs_below(folder: &Path) -> Vec<PathBuf> {
    let is_program = |path: &Path| match path.extension().and_then(|extension| extension.to_str()) {
        None => true,
        Some(extension) => {
            matches!(extension, "so" | "dylib" | "dll" | "exe" | "bin" | "out" | "test")
                || path.file_name().is_some_and(|name| name.to_string_lossy().contains(".so."))
                || extension.bytes().all(|byte| byte.is_ascii_digit())
        }
    };
    let mut files = files_below(folder, is_program);
    files.sort();
    files
}

fn files_below(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let path = entry.path();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && wanted(&path) && files.len() < MOST_FILES {
                files.push(path);
            }
        }
    }
    files
}
