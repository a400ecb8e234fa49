//! What a binary of cargo's was compiled from: its crate, the crates it was given, and what made those.
//!
//! Follows the notes of the compiler wrapper ([`Invocation`]) from crate to crate. Procedural macros and build
//! scripts are followed like any other: what they are made of decides what they make.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use super::dep_info::DepInfo;
use super::invocation::{EXTENSION, Invocation, note_of};

/// What something was compiled from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Compiled {
    /// Every file that a compiler or a build script read, absolute.
    pub files: BTreeSet<PathBuf>,
    /// Folders of which any file may have been read.
    pub folders: BTreeSet<PathBuf>,
    /// The packages, with their versions.
    pub packages: BTreeSet<(String, String)>,
    /// The environment variables that were read, with their values then.
    pub variables: BTreeMap<String, Option<String>>,
    /// The features of the repository's own packages.
    pub features: BTreeMap<String, BTreeSet<String>>,
    /// The arguments with which the repository's own crates were compiled, by crate.
    pub flags: BTreeMap<String, BTreeSet<String>>,
    /// What is not known, for people; if there is any, there may be more files than are named.
    pub unknown: BTreeSet<String>,
}

impl Compiled {
    /// Adds what something else was compiled from.
    pub fn add(&mut self, other: Compiled) {
        self.files.extend(other.files);
        self.folders.extend(other.folders);
        self.packages.extend(other.packages);
        self.variables.extend(other.variables);
        for (package, features) in other.features {
            self.features.entry(package).or_default().extend(features);
        }
        for (name, flags) in other.flags {
            self.flags.entry(name).or_default().extend(flags);
        }
        self.unknown.extend(other.unknown);
    }
}

/// Reads notes, each once.
#[derive(Debug)]
pub struct Crates {
    /// Crates of packages below it are the repository's own.
    repository: PathBuf,
    notes: HashMap<PathBuf, Option<Invocation>>,
    variable: fn(&str) -> Option<String>,
}

impl Crates {
    /// Starts for a repository; `variable` tells the environment that build scripts saw.
    pub fn new(repository: &Path, variable: fn(&str) -> Option<String>) -> Crates {
        Crates { repository: repository.to_owned(), notes: HashMap::new(), variable }
    }

    /// Returns what the binary at `path` was compiled from; it is one that the compiler wrote, not a link to it.
    pub fn compiled(&mut self, path: &Path) -> Compiled {
        let mut compiled = Compiled::default();
        let mut done: BTreeSet<PathBuf> = BTreeSet::new();
        let mut todo: Vec<PathBuf> = vec![path.to_owned()];
        while let Some(output) = todo.pop() {
            let Some(note) = note_of(&output).filter(|note| !done.contains(note)) else { continue };
            done.insert(note.clone());
            match self.note(&note).cloned() {
                Some(invocation) => self.visit(&invocation, &mut compiled, &mut todo),
                None => {
                    compiled.unknown.insert(format!("how `{}` was compiled", file_name(&output)));
                }
            }
        }
        compiled
    }

    /// Returns how the crate was compiled that `path` came of.
    pub fn invocation(&mut self, path: &Path) -> Option<&Invocation> {
        self.note(&note_of(path)?)
    }

    fn note(&mut self, path: &Path) -> Option<&Invocation> {
        let read = |path: &Path| serde_json::from_slice(&fs::read(path).ok()?).ok();
        self.notes.entry(path.to_owned()).or_insert_with(|| read(path)).as_ref()
    }

    fn visit(&mut self, invocation: &Invocation, compiled: &mut Compiled, todo: &mut Vec<PathBuf>) {
        compiled.packages.insert((invocation.package.clone(), invocation.version.clone()));
        // A crate of somebody else's changes with its version alone, and so does all that it is made of.
        if !invocation.manifest_dir.starts_with(&self.repository) {
            return;
        }
        todo.extend(invocation.externs.iter().cloned());
        todo.extend(invocation.binaries.values().map(|binary| self.linked_from(binary)));
        compiled
            .features
            .entry(invocation.package.clone())
            .or_default()
            .extend(invocation.features.iter().cloned());
        compiled
            .flags
            .entry(invocation.crate_name.clone())
            .or_default()
            .extend(invocation.flags.iter().cloned());
        self.read_dep_info(invocation, compiled);
        if let Some(generated) = &invocation.generated {
            self.visit_build_script(invocation, generated, compiled, todo);
        }
    }

    fn read_dep_info(&self, invocation: &Invocation, compiled: &mut Compiled) {
        let path = invocation.dep_info();
        let info = fs::read(&path).ok().and_then(|bytes| DepInfo::parse_rustc(&bytes).ok());
        let Some(info) = info else {
            compiled.unknown.insert(format!("which files `{}` was compiled from", invocation.crate_name));
            return;
        };
        for source in info.sources() {
            let Ok(source) = std::str::from_utf8(source) else {
                let name = &invocation.crate_name;
                compiled.unknown.insert(format!("a file with a name that is not UTF-8, in `{name}`"));
                continue;
            };
            compiled.files.insert(invocation.cwd.join(source));
        }
        for (name, value) in info.variables {
            compiled.variables.insert(name.into(), value.map(Into::into));
        }
    }

    /// Adds the build script of a crate's package, and what it says it read.
    fn visit_build_script(
        &mut self,
        invocation: &Invocation,
        generated: &Path,
        compiled: &mut Compiled,
        todo: &mut Vec<PathBuf>,
    ) {
        let unknown = || format!("what the build script of `{}` read", invocation.package);
        let Some((run, builds)) = generated.parent().and_then(|run| Some((run, run.parent()?))) else {
            compiled.unknown.insert(unknown());
            return;
        };
        let scripts = self.build_scripts(builds, invocation);
        if scripts.is_empty() {
            compiled.unknown.insert(unknown());
        }
        todo.extend(scripts);
        let Ok(output) = fs::read(run.join("output")) else {
            compiled.unknown.insert(unknown());
            return;
        };
        let output = String::from_utf8_lossy(&output);
        let mut says = false;
        for line in output.lines() {
            let Some(instruction) = line.strip_prefix("cargo::").or_else(|| line.strip_prefix("cargo:"))
            else {
                continue;
            };
            if let Some(path) = instruction.strip_prefix("rerun-if-changed=") {
                says = true;
                let path = invocation.manifest_dir.join(path);
                if path.is_dir() {
                    compiled.folders.insert(path);
                } else {
                    compiled.files.insert(path);
                }
            } else if let Some(name) = instruction.strip_prefix("rerun-if-env-changed=") {
                says = true;
                compiled.variables.insert(name.to_owned(), (self.variable)(name));
            }
        }
        if !says {
            // Cargo then runs it again for any file of the package, and so do we.
            compiled.folders.insert(invocation.manifest_dir.clone());
        }
    }

    /// Returns the build scripts that were compiled for a package, whichever of them ran.
    fn build_scripts(&mut self, builds: &Path, of: &Invocation) -> Vec<PathBuf> {
        let mut scripts = Vec::new();
        for folder in entries(builds) {
            if !file_name(&folder).starts_with(&format!("{}-", of.package)) {
                continue;
            }
            for note in
                entries(&folder).into_iter().filter(|path| path.extension() == Some(EXTENSION.as_ref()))
            {
                let is_of = |script: &Invocation| script.manifest_dir == of.manifest_dir;
                if self.note(&note).is_some_and(is_of) {
                    scripts.push(note.with_extension(""));
                }
            }
        }
        scripts
    }

    /// Returns the file in `deps` that cargo linked to a name of its own.
    fn linked_from(&mut self, binary: &Path) -> PathBuf {
        original(binary).unwrap_or_else(|| binary.to_owned())
    }
}

/// Returns the file in cargo's `deps` folder that a binary beside that folder is the same as.
///
/// Cargo links `debug/tool` to `debug/deps/tool-0123`, and the latter has the notes.
#[cfg(unix)]
pub fn original(binary: &Path) -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let about = fs::metadata(binary).ok()?;
    let folder = binary.parent()?;
    [folder.join("deps"), folder.to_owned()].iter().flat_map(|folder| entries(folder)).find(|candidate| {
        candidate.with_extension(EXTENSION).is_file()
            && fs::metadata(candidate)
                .is_ok_and(|other| other.ino() == about.ino() && other.dev() == about.dev())
    })
}

/// Returns the file in cargo's `deps` folder that a binary beside that folder is the same as.
#[cfg(not(unix))]
pub fn original(_: &Path) -> Option<PathBuf> {
    None
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
