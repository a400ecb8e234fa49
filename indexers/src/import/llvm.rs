//! LLVM's profiles: the raw ones that processes leave, and those that were merged for each test.

use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use skiptrace_engine::record::Problem;

use super::ImportError;
use super::atlas::{Atlas, Whose};
use super::suite_dir::LeftOut;
use crate::llvm::binary::{Binary, BinaryError};
use crate::llvm::indexed::read_merged;
use crate::llvm::profile::{Layouts, Scratch, read_file};
use crate::trace::Trace;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// How many files are looked at below the folders of binaries.
const MOST_FILES: usize = 1_000_000;
/// A merged profile is read as a whole.
const LARGEST_MERGED: u64 = 4 << 30;

/// The binaries whose profiles can be read.
#[derive(Debug, Default)]
pub struct Programs {
    layouts: Layouts,
    tables: Vec<Table>,
    /// The functions of all binaries that have these hashes of name and structure.
    by_hashes: HashMap<(u64, u64), Vec<(u32, u32)>>,
}

/// Where the functions of a binary stand in the repository.
#[derive(Debug)]
struct Table {
    name: String,
    /// By the places of functions in [`Binary::functions`].
    functions: Vec<Spots>,
    /// The numbers of the places of all functions.
    places: Vec<u32>,
    /// The function of each slot.
    slots: Vec<Option<u32>>,
}

#[derive(Debug)]
struct Spots {
    places: Range<usize>,
    /// Why not all of its places are known.
    doubt: Option<Box<str>>,
}

impl Programs {
    /// Reads binaries: files, and what is in folders. Returns those that were named and cannot be used as well.
    pub fn open(paths: &[PathBuf], atlas: &mut Atlas) -> Result<(Programs, Vec<LeftOut>), ImportError> {
        let mut programs = Programs::default();
        let mut unusable = Vec::new();
        for path in paths {
            let about =
                fs::metadata(path).map_err(|source| ImportError::Read { path: path.clone(), source })?;
            let files = if about.is_dir() { files_below(path)? } else { vec![path.clone()] };
            for file in files {
                let error = match Binary::open(&file) {
                    Ok(binaries) => {
                        binaries.into_iter().for_each(|binary| programs.add(&file, binary, atlas));
                        continue;
                    }
                    // In a folder there may be anything.
                    Err(BinaryError::NotAnObject(_) | BinaryError::NotInstrumented) if about.is_dir() => {
                        continue;
                    }
                    Err(error) => error,
                };
                unusable.push(LeftOut { place: file.display().to_string(), reason: with_causes(&error) });
            }
        }
        Ok((programs, unusable))
    }

    /// Returns how many binaries there are.
    pub fn len(&self) -> usize {
        self.tables.len()
    }

    /// Returns whether there is no binary.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Adds what ran according to a profile, called `name`, to the trace of a test.
    pub fn read(&self, file: &Path, name: &str, trace: &mut Trace) {
        // What a file is it says itself, whatever it is called.
        let is_raw =
            !file.extension().is_some_and(|extension| extension == "profdata" || extension == "proftext");
        if is_raw { self.read_raw(file, name, trace) } else { self.read_merged(file, name, trace) }
    }

    fn read_raw(&self, file: &Path, name: &str, trace: &mut Trace) {
        let reading = SCRATCH.with_borrow_mut(|scratch| {
            read_file(file, &self.layouts, scratch, |hits| {
                let table = &self.tables[hits.binary];
                trace.binaries.push(hits.binary as u32);
                for slot in hits.slots {
                    match table.slots[*slot as usize] {
                        Some(function) => table.hit(function, trace),
                        None => trace.trouble(
                            Problem::Opaque,
                            format!(
                                "it executed functions of `{}` that the coverage map does not have",
                                table.name
                            ),
                        ),
                    }
                }
            })
        });
        for error in reading.errors {
            trace.trouble(error.problem(), format!("`{name}`: {}", with_causes(&error)));
        }
        trace.binaries.sort_unstable();
        trace.binaries.dedup();
    }

    fn read_merged(&self, file: &Path, name: &str, trace: &mut Trace) {
        let mut trouble = |problem, detail: String| trace.trouble(problem, format!("`{name}`: {detail}"));
        let bytes = match fs::metadata(file) {
            Ok(about) if about.len() > LARGEST_MERGED => {
                return trouble(
                    Problem::Opaque,
                    format!("it has {} bytes; hand over the raw profiles", about.len()),
                );
            }
            Ok(_) => fs::read(file),
            Err(error) => Err(error),
        };
        let functions = match bytes.map(|bytes| read_merged(&bytes)) {
            Ok(Ok(functions)) => functions,
            Ok(Err(error)) => return trouble(Problem::TruncatedProfile, with_causes(&error)),
            Err(error) => return trouble(Problem::Opaque, format!("cannot be read: {error}")),
        };
        let mut n_foreign = 0;
        for function in functions.iter().filter(|function| function.is_hit()) {
            match self.by_hashes.get(&(function.name_hash, function.structure_hash)) {
                Some(found) => {
                    found
                        .iter()
                        .for_each(|(table, function)| self.tables[*table as usize].hit(*function, trace));
                }
                None => n_foreign += 1,
            }
        }
        if n_foreign > 0 {
            trace.trouble(
                Problem::ForeignProfile,
                format!(
                    "`{name}`: {n_foreign} functions that ran are in no binary that was read (--binaries)"
                ),
            );
        }
    }

    fn add(&mut self, path: &Path, binary: Binary, atlas: &mut Atlas) {
        let number = self.tables.len() as u32;
        let homes: Vec<Whose> = binary.files.iter().map(|file| atlas.whose(file)).collect();
        let mut table = Table {
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            functions: Vec::with_capacity(binary.functions.len()),
            places: Vec::new(),
            slots: binary.layout.slots.iter().map(|slot| slot.function).collect(),
        };
        let indistinct = binary.indistinct();
        for (place, function) in (0u32..).zip(&binary.functions) {
            let start = table.places.len();
            let mut doubt = None;
            if indistinct.binary_search(&place).is_ok() {
                doubt = Some(
                    format!(
                        "`{}` has several functions of one name in files of one name; compile with absolute paths",
                        table.name
                    )
                    .into(),
                );
            }
            for place in &function.places {
                match homes.get(place.file as usize) {
                    Some(Whose::Ours(file)) => table.places.push(atlas.number(file, place.range)),
                    Some(Whose::Doubtful(why)) => doubt = Some(why.clone()),
                    Some(Whose::Others) => {}
                    None => doubt = Some("a function is of no file".into()),
                }
            }
            table.functions.push(Spots { places: start..table.places.len(), doubt });
            let key = (function.name_hash, function.structure_hash);
            self.by_hashes.entry(key).or_default().push((number, place));
        }
        self.layouts.add(Arc::new(binary.layout));
        self.tables.push(table);
    }
}

impl Table {
    fn hit(&self, function: u32, trace: &mut Trace) {
        let Some(spots) = self.functions.get(function as usize) else {
            return trace.trouble(Problem::Opaque, "a counter is of no function");
        };
        trace.places.extend_from_slice(&self.places[spots.places.clone()]);
        if let Some(doubt) = &spots.doubt {
            trace.trouble(Problem::Opaque, &**doubt);
        }
    }
}

fn files_below(top: &Path) -> Result<Vec<PathBuf>, ImportError> {
    let mut files = Vec::new();
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |source| ImportError::Read { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() || entry.path().is_file() {
                files.push(entry.path());
            }
            if files.len() > MOST_FILES {
                return Err(ImportError::TooMany { what: "files", most: MOST_FILES, path: top.to_owned() });
            }
        }
    }
    files.sort();
    Ok(files)
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |error| (*error).source()) {
        text.push_str(": ");
        text.push_str(&cause.to_string());
    }
    text
}
