//! Go's coverage: the folders of `GOCOVERDIR`, and text profiles.
//!
//! Where files are, the `go.mod` files of the repository say ([`modules`], [`homes`]). Meta files name each package
//! that a binary links of those that were to be covered, so that all of their files count as compiled into the tests
//! that ran it. What the sources of those import besides is linked without counters; tests depend on all of that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rayon::prelude::*;
use skiptrace_engine::observation::TextRange;
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::Problem;

use super::Request;
use super::suite_dir::FoundTest;
use crate::go::collect::{Collector, Grain, Reduced};
use crate::go::covdata::{FileName, MetaFile, MetaHash};
use crate::go::home::PackageId;
use crate::record::fold::FilePart;
use crate::trace::{Places, Trace, Trouble};
use homes::{Packages, TreeHomes};
use modules::ModuleMap;
use text::Text;

mod expected;
mod homes;
mod modules;
mod text;

pub use expected::{Expected, MissingBinary};

/// What the coverage of all tests says.
pub(super) struct GoCoverage {
    /// In the order of the tests.
    pub(super) tests: Vec<GoTest>,
    pub(super) places: Places,
    /// The files that some coverage names or links.
    pub(super) known: BTreeSet<RepoPath>,
    /// Packages of the repository that binaries link without counters.
    pub(super) uncounted: BTreeSet<Box<str>>,
    pub(super) n_binaries: usize,
}

/// What the coverage of one test says.
#[derive(Debug, Default)]
pub(super) struct GoTest {
    pub(super) trace: Trace,
    /// What its binaries were compiled from, as far as that is counted.
    pub(super) linked: BTreeSet<RepoPath>,
    /// Those of them that are in packages without functions.
    pub(super) inert: BTreeSet<RepoPath>,
    /// What its binaries link without counters.
    pub(super) uncounted: Vec<FilePart>,
    /// Whether some of its coverage does not say what was linked.
    pub(super) is_partial: bool,
    /// Main packages that counted, by import path.
    mains: BTreeSet<Box<str>>,
    /// Programs that counted, by what they were started as.
    programs: BTreeSet<Box<str>>,
}

impl GoTest {
    /// Returns whether a binary that people call `name` left counters.
    pub(super) fn has_run(&self, name: &str) -> bool {
        self.mains.iter().any(|path| expected::is_called(path, name)) || self.programs.contains(name)
    }
}

/// The files of one test, by what they are.
struct Sorted {
    folders: Vec<PathBuf>,
    texts: Vec<(String, Result<Text, Trouble>)>,
}

/// What one test left, read.
struct Raw {
    reduced: Reduced,
    places: Vec<(RepoPath, TextRange)>,
}

/// Reads the coverage of tests.
pub(super) fn read(
    tests: &[&FoundTest],
    prefixes: &[(Box<str>, RepoPath)],
    request: &Request<'_>,
) -> GoCoverage {
    // 1. What there is.
    let sorted: Vec<Sorted> = tests.par_iter().map(|test| Sorted::of(test, request.folder)).collect();
    let mut packages =
        Packages::new(request.tracked, ModuleMap::read(request.tracked, request.tree, prefixes));
    add_linked(tests, &mut packages);
    let of_texts = sorted.iter().flat_map(|sorted| &sorted.texts).filter_map(|(_, text)| text.as_ref().ok());
    for path in of_texts.flat_map(|text| &text.packages) {
        packages.add(&PackageId { path, module: "", name: "" });
    }
    let homes: TreeHomes = packages.read(request.tracked, request.tree, &request.roots);
    // 2. What ran.
    let grain = if request.diffed { Grain::Block } else { Grain::Function };
    let homes = std::sync::Arc::new(homes);
    let collector = Collector::new(Box::new(Shared(homes.clone()))).with_grain(grain);
    let raw: Vec<Raw> = sorted
        .par_iter()
        .map(|sorted| {
            let mut reduced = match sorted.folders.is_empty() {
                true => Reduced::default(),
                false => collector.collect(&sorted.folders),
            };
            let mut places = Vec::new();
            for (name, text) in &sorted.texts {
                match text {
                    Ok(text) => {
                        let (found, lost) = text.places(&*homes);
                        places.extend(found);
                        lost.into_iter().for_each(|lost| reduced.trace.trouble(lost.problem, lost.detail));
                    }
                    Err(Trouble { problem, detail }) => {
                        reduced.trace.trouble(*problem, format!("`{name}`: {detail}"));
                    }
                }
            }
            Raw { reduced, places }
        })
        .collect();
    // 3. What it was compiled from.
    let mut uncounted = BTreeSet::new();
    let mut known = BTreeSet::new();
    let mut binaries = BTreeSet::new();
    let mut of_binaries: BTreeMap<u32, OfBinary> = BTreeMap::new();
    let mut all = Vec::new();
    let mut places_of_texts = Vec::new();
    for (raw, sorted) in raw.into_iter().zip(&sorted) {
        let mut test = GoTest { is_partial: !sorted.texts.is_empty(), ..GoTest::default() };
        for written in &raw.reduced.written {
            let linked = collector.number(written.meta).map(|number| collector.binary(number).packages);
            let main = linked.into_iter().flatten().find(|linked| &*linked.name == "main");
            match main {
                Some(main) => {
                    test.mains.insert(main.path);
                }
                // Where that is not covered, what it was started as is all that is known.
                None => {
                    let started = written.arguments.args.first();
                    test.programs.extend(started.map(|path| expected::program_name(path).into()));
                }
            }
        }
        let texts = sorted.texts.iter().filter_map(|(_, text)| text.as_ref().ok());
        for text in texts {
            let mains = text.packages.iter().filter(|path| packages.is_main(path) && text.has_run(path));
            test.mains.extend(mains.cloned());
        }
        test.trace = raw.reduced.trace;
        for number in test.trace.binaries.clone() {
            binaries.insert(number);
            let of_binary =
                of_binaries.entry(number).or_insert_with(|| OfBinary::new(number, &collector, &packages));
            test.linked.extend(of_binary.files.iter().cloned());
            test.inert.extend(of_binary.inert.iter().cloned());
            uncounted.extend(of_binary.uncounted.iter().cloned());
            for path in &of_binary.uncounted_files {
                let part = FilePart::whole(path.clone());
                if !test.uncounted.contains(&part) {
                    test.uncounted.push(part);
                }
            }
            of_binary.troubles.iter().for_each(|trouble| test.trace.trouble(Problem::Opaque, &**trouble));
        }
        let named =
            sorted.texts.iter().filter_map(|(_, text)| text.as_ref().ok()).flat_map(|text| &text.packages);
        test.linked.extend(named.filter_map(|path| packages.files(path)).flatten().cloned());
        known.extend(test.linked.iter().cloned());
        places_of_texts.push(raw.places);
        all.push(test);
    }
    drop(homes);
    let mut places = collector.into_places();
    for (test, found) in all.iter_mut().zip(places_of_texts) {
        test.trace.places.extend(found.into_iter().map(|(path, range)| places.number(&path, range)));
        test.trace.places.sort_unstable();
        test.trace.places.dedup();
    }
    known.extend(places.files().iter().cloned());
    GoCoverage { tests: all, places, known, uncounted, n_binaries: binaries.len() }
}

impl Sorted {
    fn of(test: &FoundTest, root: &Path) -> Sorted {
        let mut folders: Vec<PathBuf> = Vec::new();
        let mut texts = Vec::new();
        for file in &test.files {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            if FileName::parse(&name).is_some() {
                folders.extend(file.parent().map(Path::to_owned));
            } else {
                let name = file.strip_prefix(root).unwrap_or(file).display().to_string();
                texts.push((name, Text::read(file)));
            }
        }
        // Who collects from a folder collects from those in it.
        folders.sort();
        folders.dedup();
        let mut highest: Vec<PathBuf> = Vec::new();
        for folder in folders {
            if !highest.last().is_some_and(|above| folder.starts_with(above)) {
                highest.push(folder);
            }
        }
        Sorted { folders: highest, texts }
    }
}

/// Adds the packages of all meta files, each hash once.
fn add_linked(tests: &[&FoundTest], packages: &mut Packages) {
    let mut metas: BTreeMap<MetaHash, Vec<&PathBuf>> = BTreeMap::new();
    for file in tests.iter().flat_map(|test| &test.files) {
        let name = file.file_name().and_then(|name| name.to_str());
        if let Some(FileName::Meta(hash)) = name.and_then(FileName::parse) {
            metas.entry(hash).or_default().push(file);
        }
    }
    let packages = Mutex::new(packages);
    metas.par_iter().for_each(|(hash, files)| {
        // What is wrong with those that cannot be read, the collector tells.
        for file in files {
            let Ok(bytes) = fs::read(file) else { continue };
            let Ok(meta) = MetaFile::parse(&bytes) else { continue };
            if meta.hash != *hash {
                continue;
            }
            let mut packages = packages.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            for blob in &meta.packages {
                packages.add(&PackageId { path: blob.path, module: blob.module, name: blob.name });
            }
            break;
        }
    });
}

/// What a binary is made of.
struct OfBinary {
    files: BTreeSet<RepoPath>,
    inert: BTreeSet<RepoPath>,
    uncounted: BTreeSet<Box<str>>,
    uncounted_files: BTreeSet<RepoPath>,
    troubles: Vec<String>,
}

impl OfBinary {
    fn new(number: u32, collector: &Collector, packages: &Packages) -> OfBinary {
        let binary = collector.binary(number);
        let mut of_binary = OfBinary {
            files: BTreeSet::new(),
            inert: BTreeSet::new(),
            uncounted: BTreeSet::new(),
            uncounted_files: BTreeSet::new(),
            troubles: Vec::new(),
        };
        for linked in &binary.packages {
            match packages.files(&linked.path) {
                Some(files) => {
                    let files: Vec<RepoPath> = files.into_iter().cloned().collect();
                    if linked.n_functions == 0 {
                        of_binary.inert.extend(files.iter().cloned());
                    }
                    of_binary.files.extend(files);
                }
                None => of_binary.troubles.push(format!(
                    "it ran a binary with package `{}`, which nobody can place in the repository (--module-prefix)",
                    linked.path
                )),
            }
        }
        let linked: BTreeSet<&str> = binary.packages.iter().map(|linked| &*linked.path).collect();
        of_binary.uncounted = packages.uncounted(&linked);
        let files = of_binary.uncounted.iter().filter_map(|path| packages.files(path)).flatten();
        of_binary.uncounted_files = files.cloned().collect();
        of_binary
    }
}

/// The collector's share of the homes.
struct Shared(std::sync::Arc<TreeHomes>);

impl crate::go::home::Homes for Shared {
    fn home(&self, package: &PackageId<'_>, file: &str) -> crate::go::home::Home {
        self.0.home(package, file)
    }

    fn moved(&self, package: &PackageId<'_>, file: &str) -> crate::go::home::Home {
        self.0.moved(package, file)
    }
}
