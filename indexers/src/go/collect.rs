//! From folders of coverage files to what a test executed.
//!
//! The packages of a binary are decoded once, whatever number of tests run it, and those that several binaries link
//! once for all of them.

mod folder;
mod table;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use skiptrace_engine::record::Problem;

use self::folder::Found;
use self::table::{Ran, Table, Tables};
use super::covdata::{Arguments, CounterFile, CovdataError, FunctionCounters, MetaFile, MetaHash};
use super::home::Homes;
use crate::trace::{Places, Trace};

thread_local! {
    static SCRATCH: RefCell<(Vec<u8>, Vec<u32>)> = RefCell::default();
}

/// Knows binaries by their meta files, and reads the counters of their processes.
pub struct Collector {
    known: RwLock<Known>,
    homes: Box<dyn Homes>,
    grain: Grain,
    unplaced: Unplaced,
}

/// What is one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grain {
    /// A function, from the start of its first unit to the end of its last, if any of them ran.
    ///
    /// Units leave out parts of functions: the expressions of a `case`, what follows a literal.
    #[default]
    Function,
    /// A unit that ran.
    Block,
}

/// What to make of executed functions of which nobody knows where they are at home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unplaced {
    /// A test that executed one executed something unknown.
    #[default]
    Distrust,
    /// They are other people's.
    Ignore,
}

/// What coverage folders say of one run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reduced {
    /// What ran. Its binaries are those whose meta files there are, also if none of their processes ended well.
    pub trace: Trace,
    /// How often each function was called, by its place, in each process; where blocks are places, nothing. A counter
    /// that says no more than whether something ran counts once.
    pub calls: Vec<(u32, u32)>,
    /// The counter files, readable or not, in order: each is from one process, which may have written several.
    pub written: Vec<Written>,
    /// The binaries that started, and of which no process wrote counters; sorted.
    pub silent: Vec<MetaHash>,
    /// Counter files whose meta file is not there; sorted.
    pub orphans: Vec<PathBuf>,
}

/// A counter file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The binary.
    pub meta: MetaHash,
    /// The process; zero where several were merged.
    pub pid: u64,
    /// When, in nanoseconds since 1970.
    pub nanos: u64,
    /// The file.
    pub file: PathBuf,
    /// What the program was started with; empty where it could not be read, or where several were merged.
    pub arguments: Arguments,
}

/// A binary as its meta file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    /// The hash that names its files.
    pub hash: MetaHash,
    /// All packages that it links of those that were to be covered, also those without functions.
    pub packages: Vec<Linked>,
}

/// A package that a binary links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// Its import path.
    pub path: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// The path of its module; may be empty.
    pub module: Box<str>,
    /// How many functions it has.
    pub n_functions: usize,
}

#[derive(Debug, Default)]
struct Known {
    numbers: HashMap<MetaHash, u32>,
    binaries: Vec<Arc<Program>>,
    tables: Tables,
    places: Places,
    /// Binaries that somebody added, so that counter files need no meta file beside them.
    added: HashSet<MetaHash>,
    /// Binaries that have no counters to write.
    countless: HashSet<MetaHash>,
}

/// A binary whose meta file was read.
#[derive(Debug)]
struct Program {
    binary: Binary,
    n_bytes: u64,
    tables: Vec<Arc<Table>>,
}

impl Program {
    fn has_functions(&self) -> bool {
        self.binary.packages.iter().any(|package| package.n_functions > 0)
    }
}

impl Collector {
    /// Starts without binaries, with a place per function.
    ///
    /// `homes` is asked once per file and package, and must not call the collector.
    pub fn new(homes: Box<dyn Homes>) -> Collector {
        Collector { known: RwLock::default(), homes, grain: Grain::default(), unplaced: Unplaced::default() }
    }

    /// Says what is one place.
    #[must_use]
    pub fn with_grain(self, grain: Grain) -> Collector {
        Collector { grain, ..self }
    }

    /// Says what to make of functions that nobody can place.
    #[must_use]
    pub fn with_unplaced(self, unplaced: Unplaced) -> Collector {
        Collector { unplaced, ..self }
    }

    /// Adds a binary by its meta file, so that its counters are understood without one beside them.
    pub fn add(&self, file: &Path) -> Result<MetaHash, CovdataError> {
        let bytes = fs::read(file)?;
        let hash = MetaFile::parse(&bytes)?.hash;
        self.learn(hash, &bytes)?;
        self.known.write().unwrap_or_else(PoisonError::into_inner).added.insert(hash);
        Ok(hash)
    }

    /// Says that a binary has no counters to write, so that it is nothing wrong that none of its processes did.
    ///
    /// The linker leaves out counters of functions that nothing calls, and a binary that calls none of those that
    /// are covered writes a meta file only. From outside that looks like a process that was killed. A run of no
    /// test that ends well tells them apart.
    pub fn set_countless(&self, meta: MetaHash) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).countless.insert(meta);
    }

    /// Reads all coverage files below `folders`, those of one run of a test.
    pub fn collect(&self, folders: &[PathBuf]) -> Reduced {
        let mut reduced = Reduced::default();
        let found = Found::below(folders, &mut reduced.trace);
        if found.is_empty() {
            reduced.trace.trouble(Problem::MissingBinary, "none of its processes left coverage");
        }
        // 1. The binaries that started.
        let mut binaries: BTreeMap<MetaHash, Option<(u32, Arc<Program>)>> = BTreeMap::new();
        for (hash, file) in &found.metas {
            let read = match self.meta(*hash, file) {
                Ok(read) => Some(read),
                Err(error) => {
                    tell(&error, file, &mut reduced.trace);
                    None
                }
            };
            let entry = binaries.entry(*hash).or_default();
            *entry = entry.take().or(read);
        }
        for hash in found.counters.iter().map(|written| written.meta) {
            if !binaries.contains_key(&hash)
                && let Some(added) = self.known().added_binary(hash)
            {
                binaries.insert(hash, Some(added));
            }
        }
        // 2. What their processes counted.
        let mut with_counters = HashSet::new();
        for mut written in found.counters {
            with_counters.insert(written.meta);
            match binaries.get(&written.meta) {
                Some(Some((_, read))) => {
                    let Reduced { trace, calls, .. } = &mut reduced;
                    self.read(&mut written, read, Ran { trace, calls });
                }
                // That the meta file cannot be read was told.
                Some(None) => {}
                None => {
                    let error = CovdataError::Orphan { hash: written.meta };
                    tell(&error, &written.file, &mut reduced.trace);
                    reduced.orphans.push(written.file.clone());
                }
            }
            reduced.written.push(written);
        }
        // 3. Those of which no process ended well.
        for (hash, read) in &binaries {
            let Some((number, read)) = read else { continue };
            reduced.trace.binaries.push(*number);
            if !with_counters.contains(hash) && read.has_functions() && !self.known().countless.contains(hash)
            {
                reduced.silent.push(*hash);
                reduced.trace.trouble(
                    Problem::ProcessKilled,
                    format!(
                        "a process of the binary with `covmeta.{hash}` began and never wrote its counters"
                    ),
                );
            }
        }
        reduced.trace.places.sort_unstable();
        reduced.trace.places.dedup();
        reduced.trace.binaries.sort_unstable();
        reduced.trace.binaries.dedup();
        reduced
    }

    /// Returns a binary that a trace names.
    pub fn binary(&self, number: u32) -> Binary {
        self.known().binaries[number as usize].binary.clone()
    }

    /// Returns the number that traces have for a binary whose meta file was read.
    pub fn number(&self, meta: MetaHash) -> Option<u32> {
        self.known().numbers.get(&meta).copied()
    }

    /// Returns the places that traces name, now that no more are read.
    pub fn into_places(self) -> Places {
        self.known.into_inner().unwrap_or_else(PoisonError::into_inner).places
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the binary that a meta file is of, by its name if it was read before.
    fn meta(&self, hash: MetaHash, file: &Path) -> Result<(u32, Arc<Program>), CovdataError> {
        if let Some((number, read)) = self.known().binary(hash) {
            // The content is named by its hash, so that only what is left of it can differ.
            return match fs::metadata(file)?.len() {
                0 => Err(CovdataError::Empty),
                n_bytes if n_bytes < read.n_bytes => Err(CovdataError::Truncated { what: "the meta file" }),
                n_bytes if n_bytes > read.n_bytes => {
                    Err(CovdataError::Surplus { what: "the meta file", n_bytes: n_bytes - read.n_bytes })
                }
                _ => Ok((number, read)),
            };
        }
        self.learn(hash, &fs::read(file)?)
    }

    fn learn(&self, name: MetaHash, bytes: &[u8]) -> Result<(u32, Arc<Program>), CovdataError> {
        let meta = MetaFile::parse(bytes)?;
        if meta.hash != name {
            return Err(CovdataError::Renamed { name, content: meta.hash });
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have read the same while this one waited.
        if let Some(known) = known.binary(name) {
            return Ok(known);
        }
        let Known { tables, places, .. } = &mut *known;
        let context = table::Context { homes: &*self.homes, grain: self.grain, unplaced: self.unplaced };
        let read = Arc::new(Program {
            tables: tables.of(&meta, &context, places)?,
            binary: Binary { hash: name, packages: meta.packages.iter().map(Linked::from).collect() },
            n_bytes: bytes.len() as u64,
        });
        let number = known.binaries.len() as u32;
        known.numbers.insert(name, number);
        known.binaries.push(Arc::clone(&read));
        Ok((number, read))
    }

    fn read(&self, written: &mut Written, read: &Program, mut ran: Ran<'_>) {
        let result = SCRATCH.with_borrow_mut(|(bytes, values)| {
            let file = CounterFile::parse(read_whole(&written.file, bytes)?)?;
            if file.meta != written.meta {
                return Err(CovdataError::Renamed { name: written.meta, content: file.meta });
            }
            file.read(values, |counters| read.add(&counters, self.grain, &mut ran))
        });
        match result {
            Ok(arguments) => written.arguments = arguments,
            Err(error) => tell(&error, &written.file, ran.trace),
        }
    }
}

impl Known {
    fn binary(&self, hash: MetaHash) -> Option<(u32, Arc<Program>)> {
        let number = *self.numbers.get(&hash)?;
        Some((number, Arc::clone(&self.binaries[number as usize])))
    }

    fn added_binary(&self, hash: MetaHash) -> Option<(u32, Arc<Program>)> {
        self.added.contains(&hash).then(|| self.binary(hash)).flatten()
    }
}

impl Program {
    /// Adds what of a function ran.
    fn add(
        &self,
        counters: &FunctionCounters<'_>,
        grain: Grain,
        ran: &mut Ran<'_>,
    ) -> Result<(), CovdataError> {
        let FunctionCounters { package, function, counters } = *counters;
        let table = self.tables.get(package as usize);
        let table =
            table.ok_or(CovdataError::PackageIndex { index: package, n_packages: self.tables.len() })?;
        table.add(package_path(&self.binary, package), function, counters, grain, ran)
    }
}

fn package_path(binary: &Binary, package: u32) -> &str {
    binary.packages.get(package as usize).map_or("", |package| &package.path)
}

/// Reads a file into room that is kept. Such files are small: asking how long one is would cost as much as reading it.
fn read_whole<'b>(file: &Path, room: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
    let mut file = fs::File::open(file)?;
    let mut len = 0;
    loop {
        if len == room.len() {
            room.resize((2 * len).max(1 << 16), 0);
        }
        match file.read(&mut room[len..]) {
            Ok(0) => return Ok(&room[..len]),
            Ok(n_bytes) => len += n_bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Tells people what is wrong with a file, with all causes.
fn tell(error: &CovdataError, file: &Path, trace: &mut Trace) {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let mut detail = format!("`{name}`: {error}");
    for cause in std::iter::successors(std::error::Error::source(error), |error| error.source()) {
        detail.push_str(": ");
        detail.push_str(&cause.to_string());
    }
    trace.trouble(error.problem(), detail);
}
