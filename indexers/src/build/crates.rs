//! Follows the notes of the compiler wrapper ([`Invocation`]) from crate to crate.
//!
//! ```text
//! binary ── its note ──┬─ --extern ──────────→ note of a library or procedural macro ─→ …
//!                      ├─ CARGO_BIN_EXE_… ───→ note of a program that it may start ───→ …
//!                      ├─ dep-info ──────────→ source files, variables
//!                      └─ OUT_DIR ───────────→ what its build script printed; note of the script ─→ …
//! ```
//!
//! Procedural macros and build scripts are followed like any other crate: what they are made of decides what they
//! make. It is executed where nobody counts, so it is told apart; a library that tests are linked with as well is both.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use skiptrace_engine::path::RepoPath;

use super::compiled::{Compiled, Crate, Own, Package};
use super::dep_info::DepInfo;
use super::invocation::{Invocation, note_of};
use super::paths::{Home, Normalizer, Roots};
use super::script::ScriptOutput;
use asking::Asking;
use locate::{build_scripts, notes_of, read_note};

mod about;
mod asking;
mod compiling;
mod locate;
mod script;

/// What cargo writes into the folder of a package that comes from elsewhere and is kept somewhere on this machine.
const CHECKSUMS: &str = ".cargo-checksum.json";

/// Says what was opened in the repository from one moment to another; `None` if not all of that is known.
pub type Opens<'a> = dyn Fn((SystemTime, SystemTime)) -> Option<BTreeSet<RepoPath>> + 'a;

/// Reads notes, each once.
pub struct Crates<'a> {
    normalizer: Normalizer,
    repository: PathBuf,
    /// The environment that build scripts saw.
    variables: &'a BTreeMap<OsString, OsString>,
    /// What was opened in the repository from one moment to another, if all of that is known.
    opens: Option<&'a Opens<'a>>,
    parts: HashMap<PathBuf, Part>,
    /// Which sources may look up what cargo says of a package.
    looking_up: HashMap<RepoPath, bool>,
    asking: Asking,
}

/// What one crate alone was compiled from, and the notes of what it is made of besides.
#[derive(Debug, Default)]
struct Part {
    own: Compiled,
    linked: Vec<PathBuf>,
    /// Those of build scripts. Of several builds of one, nobody says which of them ran, so that all count.
    scripts: Vec<PathBuf>,
    /// Whether it is a procedural macro.
    is_macro: bool,
    /// The folders of the package and of its build script's run, where that does not say what it reads.
    silent: Option<(RepoPath, PathBuf)>,
    /// Whether it may look up what cargo says of a package when it is executed.
    looks_up: bool,
}

impl<'a> Crates<'a> {
    /// Starts for a repository; `variables` are the environment that build scripts saw.
    pub fn new(roots: Roots, variables: &'a BTreeMap<OsString, OsString>) -> Crates<'a> {
        let repository = roots.repository.clone();
        let normalizer = Normalizer::new(roots);
        let (parts, looking_up) = (HashMap::new(), HashMap::new());
        Crates {
            normalizer,
            repository,
            variables,
            opens: None,
            parts,
            looking_up,
            asking: Asking::default(),
        }
    }

    /// Takes what was opened while everything was built.
    pub fn with_opens(self, opens: &'a Opens<'a>) -> Crates<'a> {
        Crates { opens: Some(opens), ..self }
    }

    /// Returns what the binary or library at `path` was compiled from; it may be cargo's link to it, or a copy.
    pub fn compiled(&mut self, path: &Path) -> Compiled {
        let mut compiled = Compiled::default();
        let mut done: BTreeSet<PathBuf> = BTreeSet::new();
        let (mut scripts, mut acting) = (Vec::new(), Vec::new());
        // 1. What is linked, and the macros in it.
        let mut todo = notes_of(path);
        let first: BTreeSet<PathBuf> = todo.iter().cloned().collect();
        let (mut tested, mut looks_up) = (BTreeSet::new(), false);
        while let Some(note) = todo.pop() {
            if done.insert(note.clone()) {
                let part = self.part(&note);
                compiled.add(&part.own);
                if first.contains(&note) {
                    // Not every test has a harness.
                    tested.extend(part.own.manifests.keys().cloned());
                }
                looks_up |= part.looks_up;
                todo.extend(part.linked.iter().cloned());
                scripts.extend(part.scripts.iter().cloned());
                if part.is_macro {
                    acting.push(note);
                }
            }
        }
        for manifest in tested {
            let own = compiled.manifests.entry(manifest).or_default();
            own.is_tested = true;
            // Cargo gives the variables of a test's package to whatever runs in it.
            own.sees_about |= looks_up;
        }
        acting.extend(scripts.iter().cloned());
        // 2. What decided what is in it, and left no code.
        while let Some(note) = scripts.pop() {
            if done.insert(note.clone()) {
                let part = self.part(&note);
                compiled.add_read(&part.own);
                scripts.extend(part.linked.iter().chain(&part.scripts).cloned());
            }
        }
        // 3. All that was executed to make it, linked besides or not.
        let mut acts: BTreeSet<PathBuf> = BTreeSet::new();
        while let Some(note) = acting.pop() {
            if acts.insert(note.clone()) {
                let part = self.part(&note);
                compiled.acting.extend(part.own.files.iter().cloned());
                acting.extend(part.linked.iter().chain(&part.scripts).cloned());
            }
        }
        for note in done {
            let part = self.part(&note);
            if let Some((folder, run)) = part.silent.clone() {
                let scripts = part.scripts.clone();
                if !self.is_blind(&scripts) {
                    let opened = if self.only_opens(&scripts) { self.opened(&run, &folder) } else { None };
                    compiled.add_silent(folder, opened);
                }
            }
        }
        compiled
    }

    fn part(&mut self, note: &Path) -> &Part {
        if !self.parts.contains_key(note) {
            let part = match read_note(note) {
                Some(invocation) => self.read(&invocation),
                None => {
                    let name = note.file_stem().unwrap_or_default().to_string_lossy();
                    let unknown = BTreeSet::from([format!("how `{name}` was compiled")]);
                    Part { own: Compiled { unknown, ..Compiled::default() }, ..Part::default() }
                }
            };
            self.parts.insert(note.to_owned(), part);
        }
        &self.parts[note]
    }

    fn read(&mut self, invocation: &Invocation) -> Part {
        let mut part = Part::default();
        let folder = &invocation.manifest_dir;
        let is_ours = match self.home(Path::new(""), folder) {
            Home::Repo(_) => true,
            Home::Registry { .. } | Home::Checkout { .. } | Home::Std => false,
            _ if folder.join(CHECKSUMS).is_file() => false,
            _ => {
                part.own.unknown.insert(format!(
                    "when package `{}` changes: it is not in the repository, and its version does not say what is in it",
                    invocation.package
                ));
                false
            }
        };
        let package = Package {
            name: invocation.package.clone(),
            version: (!is_ours).then(|| invocation.version.clone()),
        };
        part.own.packages.insert(package.clone());
        part.own.crates.insert(Crate {
            package,
            name: invocation.crate_name.clone(),
            is_test: invocation.is_test,
            features: invocation.features.clone(),
            flags: invocation.flags.clone(),
        });
        part.is_macro = invocation.crate_types.iter().any(|kind| kind == "proc-macro") && !invocation.is_test;
        part.linked = invocation.externs.iter().filter_map(|output| note_of(output)).collect();
        part.linked.extend(invocation.binaries.values().flat_map(|program| notes_of(program)));
        if is_ours {
            // Cargo runs the compiler in the workspace's folder, or in the package's where it is in none.
            let [manifest, workspace] = [folder, &invocation.cwd].map(|folder| {
                let manifest = folder.join("Cargo.toml");
                match self.home(Path::new(""), &manifest) {
                    Home::Repo(home) if manifest.is_file() => Some(home),
                    _ => None,
                }
            });
            part.own.workspaces.extend(workspace);
            part.own.manifests.extend(manifest.map(|manifest| {
                let own = Own { name: invocation.package.clone(), ..Own::default() };
                (manifest, own)
            }));
        }
        self.read_dep_info(invocation, is_ours, &mut part.own);
        part.looks_up = is_ours && self.looks_up(&part.own.files);
        let sees_about = self.sees_about(invocation, &part.own);
        for own in part.own.manifests.values_mut() {
            own.is_tested = invocation.is_test;
            own.sees_about = sees_about;
        }
        if let Some(generated) = &invocation.generated {
            self.read_script(invocation, generated, is_ours, &mut part);
        }
        part
    }

    fn read_dep_info(&mut self, invocation: &Invocation, is_ours: bool, own: &mut Compiled) {
        let name = &invocation.crate_name;
        let bytes = match fs::read(invocation.dep_info()) {
            Ok(bytes) => bytes,
            Err(error) => {
                own.unknown.insert(format!("which files `{name}` was compiled from: its dep-info: {error}"));
                return;
            }
        };
        let info = match DepInfo::parse_rustc(&bytes) {
            Ok(info) => info,
            Err(error) => {
                own.unknown.insert(format!("which files `{name}` was compiled from: its dep-info: {error}"));
                return;
            }
        };
        let first = self.home(&invocation.cwd, &invocation.source);
        let mut names_first = false;
        for source in info.sources() {
            let folder = invocation.cwd.as_os_str().as_encoded_bytes();
            let home = self.normalizer.home(folder, source).clone();
            names_first |= home == first;
            match home {
                Home::Repo(path) => {
                    own.files.insert(path);
                }
                Home::Registry { package, version, .. } => {
                    own.packages.insert(Package { name: package.into(), version: Some(version.into()) });
                }
                // What a build script wrote is made of what the build script is.
                Home::Std | Home::Checkout { .. } | Home::Generated { package: Some(_), .. } => {}
                // A package of a registry or of git may be kept anywhere; its version says what is in it.
                Home::Outside(_) if !is_ours => {}
                Home::Outside(path) | Home::Unknown(path) | Home::Generated { package: None, path } => {
                    own.unknown.insert(format!(
                        "when `{path}` changes, which `{name}` was compiled from: it is in no package and not in \
                         the repository"
                    ));
                }
            }
        }
        if !names_first {
            own.unknown.insert(format!(
                "which files `{name}` was compiled from: its dep-info does not name its first file"
            ));
        }
        own.variables.extend(info.variables);
    }

    /// Reads what the build script of a crate's package says it read.
    fn read_script(&mut self, invocation: &Invocation, generated: &Path, is_ours: bool, part: &mut Part) {
        let package = &invocation.package;
        let run = generated.parent().unwrap_or(generated);
        part.scripts = build_scripts(run, invocation);
        if part.scripts.is_empty() {
            part.own.unknown.insert(format!("what the build script of `{package}` is made of"));
        }
        let output = match fs::read(run.join("output")) {
            Ok(output) => ScriptOutput::parse(&output),
            Err(error) => {
                part.own.unknown.insert(format!("what the build script of `{package}` read: {error}"));
                return;
            }
        };
        for name in &output.values {
            part.own.variables.remove(name);
        }
        for name in output.variables {
            let value = self.variables.get(OsStr::new(&*name));
            part.own.variables.insert(name, value.map(|value| value.to_string_lossy().into()));
        }
        for path in &output.paths {
            // A folder may be written with a slash at its end.
            let path = Path::new(path.trim_end_matches('/'));
            match self.home(&invocation.manifest_dir, path) {
                Home::Repo(home) if invocation.manifest_dir.join(path).is_dir() => {
                    part.own.acting_folders.insert(home.clone());
                    part.own.folders.insert(home);
                }
                Home::Repo(home) => {
                    part.own.acting.insert(home.clone());
                    part.own.files.insert(home);
                }
                Home::Unknown(path) if is_ours => {
                    part.own
                        .unknown
                        .insert(format!("when `{path}` changes, which the build script of `{package}` read"));
                }
                // Headers and libraries of the system are part of the machine, not of the code.
                _ => {}
            }
        }
        // Cargo then runs it again for any file of the package.
        if output.paths.is_empty()
            && let Home::Repo(folder) = self.home(Path::new(""), &invocation.manifest_dir)
        {
            part.silent = Some((folder, run.to_owned()));
        }
    }

    fn home(&mut self, folder: &Path, path: &Path) -> Home {
        let bytes = |path: &Path| path.as_os_str().as_encoded_bytes().to_vec();
        self.normalizer.home(&bytes(folder), &bytes(path)).clone()
    }
}

#[cfg(all(test, unix))]
mod tests;
