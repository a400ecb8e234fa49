//! What suites were compiled from, and what of it does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::flags;
use super::graph::Graph;
use crate::llvm::binary::{Binary, BinaryError};
use crate::llvm::{continuous, dwarf};

/// Knows what binaries were compiled from.
pub(super) struct Compilations {
    graphs: Vec<Graph>,
    /// Whether objects count, once looked at.
    objects: BTreeMap<PathBuf, bool>,
    known: BTreeMap<PathBuf, Compiled>,
    /// Folders of system headers; `None` where nobody says.
    system: Option<BTreeSet<PathBuf>>,
    /// Whether headers call themselves a system's, once looked at.
    headers: BTreeMap<PathBuf, bool>,
}

/// What a binary was compiled from.
#[derive(Debug, Clone, Default)]
pub(super) struct Compiled {
    /// Files, those between as well, and those of others.
    pub(super) files: BTreeSet<PathBuf>,
    /// Files whose code does not count in it: nobody sees which test executes it.
    pub(super) silent: BTreeSet<PathBuf>,
    /// What is not known, for people.
    pub(super) unknown: BTreeSet<String>,
    /// The files that its coverage map names.
    mapped: BTreeSet<PathBuf>,
}

impl Compiled {
    pub(super) fn add(&mut self, other: &Compiled) {
        self.files.extend(other.files.iter().cloned());
        self.silent.extend(other.silent.iter().cloned());
        self.unknown.extend(other.unknown.iter().cloned());
    }
}

impl Compilations {
    /// Reads what builds in `folders` say.
    pub(super) fn read(folders: &[PathBuf]) -> Compilations {
        let graphs = folders.iter().map(|folder| Graph::read(folder)).collect();
        Compilations {
            graphs,
            objects: BTreeMap::new(),
            known: BTreeMap::new(),
            system: flags::system_folders(folders),
            headers: BTreeMap::new(),
        }
    }

    /// Returns what a binary was compiled from.
    pub(super) fn of(&mut self, binary: &Path) -> &Compiled {
        if !self.known.contains_key(binary) {
            let mut compiled = self.find(binary);
            let mapped = std::mem::take(&mut compiled.mapped);
            let silent: Vec<PathBuf> =
                compiled.files.iter().filter(|file| self.is_left_out(file, &mapped)).cloned().collect();
            compiled.silent.extend(silent);
            self.known.insert(binary.to_owned(), compiled);
        }
        &self.known[binary]
    }

    fn find(&mut self, binary: &Path) -> Compiled {
        let name = binary.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut compiled = Compiled::default();
        // 1. What its own map says, whatever else is known.
        let counts = match Binary::open(binary) {
            Ok(images) => {
                let files = images.iter().flat_map(|image| &image.files).map(|file| PathBuf::from(&**file));
                compiled.mapped = files.collect();
                compiled.files.extend(compiled.mapped.iter().cloned());
                true
            }
            Err(BinaryError::NotInstrumented) => false,
            Err(error) => {
                compiled.unknown.insert(format!("what `{name}` executes: {error}"));
                true
            }
        };
        // 2. What the build says: what it is linked of, down to headers.
        let closures =
            self.graphs.iter().enumerate().filter_map(|(at, graph)| Some((at, graph.closure(binary)?)));
        if let Some((at, closure)) = closures.into_iter().next() {
            for object in &closure.objects {
                if !self.counts(object) {
                    let silent = self.graphs[at].inputs(object).cloned();
                    compiled.silent.extend(silent);
                }
            }
            let damage = &self.graphs[at].damage;
            if closure.untold.is_empty() && damage.is_empty() && !closure.objects.is_empty() {
                compiled.files.extend(closure.files);
                return compiled;
            }
            compiled.files.extend(closure.files);
        }
        // 3. Less: everything that was compiled there, and what debug information names.
        let has_depfiles = self.graphs.iter().any(Graph::has_depfiles);
        for graph in &self.graphs {
            compiled.files.extend(graph.everything());
        }
        let of_debug_information = dwarf::source_files(binary);
        if let Ok(files) = &of_debug_information {
            compiled.files.extend(files.iter().map(PathBuf::from));
        }
        if !counts {
            compiled.silent.extend(compiled.files.iter().cloned());
        }
        match of_debug_information {
            Err(error) if !has_depfiles => {
                compiled
                    .unknown
                    .insert(format!("what `{name}` was compiled from: there are no depfiles, and {error}"));
            }
            Err(error) if self.graphs.iter().any(|graph| !graph.damage.is_empty()) => {
                let damage =
                    self.graphs.iter().flat_map(|graph| &graph.damage).next().cloned().unwrap_or_default();
                compiled.unknown.insert(format!("what `{name}` was compiled from: {damage}; {error}"));
            }
            _ => {}
        }
        compiled
    }

    /// Returns whether a file is one of those that clang's maps leave out: a system header, by its folder or by its
    /// own word. Where nobody says which folders are a system's, every header may be that the map does not name.
    fn is_left_out(&mut self, file: &Path, mapped: &BTreeSet<PathBuf>) -> bool {
        if file.starts_with("/usr") {
            return false;
        }
        let is_header =
            file.extension().is_none_or(|extension| extension.to_string_lossy().starts_with(['h', 'i', 't']));
        let by_folder = match &self.system {
            Some(folders) => folders.iter().any(|folder| file.starts_with(folder)),
            None => is_header && !mapped.contains(file),
        };
        if by_folder || !is_header {
            return by_folder;
        }
        *self.headers.entry(file.to_owned()).or_insert_with(|| {
            let text = std::fs::read(file).unwrap_or_default();
            memchr::memmem::find(&text, b"system_header").is_some()
        })
    }

    /// Returns whether what an object executes is counted.
    fn counts(&mut self, object: &Path) -> bool {
        if let Some(counts) = self.objects.get(object) {
            return *counts;
        }
        let counts = matches!(continuous::look(object), Ok(Some(_)));
        self.objects.insert(object.to_owned(), counts);
        counts
    }
}
