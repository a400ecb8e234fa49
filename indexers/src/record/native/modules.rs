//! Which files of a process count what it executes.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem::Finder;

use crate::llvm::binary::BinaryError;
use crate::llvm::collect::programs_below;
use crate::llvm::continuous::{self, Continuous, Instrumented};

/// Knows which programs and libraries count; looks at each once.
#[derive(Debug, Default)]
pub(super) struct Modules {
    looked_at: Mutex<HashMap<PathBuf, Option<Arc<Module>>>>,
    /// Those that the build left, by their paths.
    built: BTreeMap<PathBuf, Arc<Module>>,
}

/// A program or library that counts.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
}

/// What is known of one.
#[derive(Debug)]
pub(super) enum Kind {
    /// It counts.
    Instrumented(Instrumented),
    /// It cannot be read, so that it may count.
    Unreadable,
}

impl Module {
    /// Whether its counters survive any end of a process, given the right name for the profile.
    pub(super) fn is_continuous(&self) -> bool {
        matches!(&self.kind, Kind::Instrumented(about) if about.continuous == Continuous::Yes)
    }

    /// Whether both are the same build.
    pub(super) fn is_like(&self, other: &Module) -> bool {
        match (&self.kind, &other.kind) {
            _ if self.path == other.path => true,
            (Kind::Instrumented(one), Kind::Instrumented(two)) => {
                !one.build_id.is_empty() && one.build_id == two.build_id
            }
            _ => false,
        }
    }

    /// Returns its name for people.
    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl Modules {
    /// Looks at what a build left in `folders`, and at `programs`.
    pub(super) fn of_build(folders: &[PathBuf], programs: &[PathBuf]) -> Modules {
        let mut modules = Modules::default();
        let below = folders.iter().flat_map(|folder| programs_below(folder));
        for path in below.chain(programs.iter().cloned()) {
            let path = path.canonicalize().unwrap_or(path);
            if let Some(module) =
                modules.at(&path).filter(|module| matches!(module.kind, Kind::Instrumented(_)))
            {
                modules.built.insert(path, module);
            }
        }
        modules
    }

    /// Returns those that the build left.
    pub(super) fn built(&self) -> impl Iterator<Item = &Module> {
        self.built.values().map(Arc::as_ref)
    }

    /// Returns the file at `path` if it counts, or may count.
    pub(super) fn at(&self, path: &Path) -> Option<Arc<Module>> {
        let mut looked_at = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        let found = looked_at.entry(path.to_owned()).or_insert_with(|| {
            let kind = match continuous::look(path) {
                Ok(Some(about)) => Kind::Instrumented(about),
                Ok(None) | Err(BinaryError::NotAnObject(_)) => return None,
                Err(_) => Kind::Unreadable,
            };
            Some(Arc::new(Module { path: path.to_owned(), kind }))
        });
        found.clone()
    }

    /// Returns what counts of what a process has mapped; `None` where that cannot be seen.
    pub(super) fn mapped(&self, process: i32) -> Option<Vec<Arc<Module>>> {
        let maps = std::fs::read(format!("/proc/{process}/maps")).ok()?;
        let maps = String::from_utf8_lossy(&maps);
        if maps.is_empty() {
            return None;
        }
        let mut paths: Vec<&str> = maps.lines().filter_map(executable_mapping).collect();
        paths.sort_unstable();
        paths.dedup();
        Some(paths.into_iter().filter_map(|path| self.at(Path::new(path))).collect())
    }

    /// Returns what may count of a process that runs `program`, from the program alone: itself, and libraries of the
    /// build that it mentions.
    pub(super) fn mentioned(&self, program: &Path) -> Vec<Arc<Module>> {
        let mut found: Vec<Arc<Module>> = self.at(program).into_iter().collect();
        let Ok(bytes) = std::fs::read(program) else { return found };
        for (path, module) in &self.built {
            let Some(name) = path.file_name() else { continue };
            // A library's own name has its version in it or not.
            let name = name.to_string_lossy();
            let stem = name.split(".so").next().unwrap_or(&name);
            if path != program && name.contains(".so") && Finder::new(stem).find(&bytes).is_some() {
                found.push(module.clone());
            }
        }
        found
    }
}

/// Returns the file of a line of `maps` whose code can be executed.
fn executable_mapping(line: &str) -> Option<&str> {
    let mut fields = line.splitn(6, ' ');
    let permissions = fields.nth(1)?;
    let path = fields.nth(3)?.trim_start();
    let is_file = path.starts_with('/')
        && !["/memfd:", "/dev/", "/SYSV", "/anon_hugepage"].iter().any(|start| path.starts_with(start));
    (permissions.contains('x') && is_file).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_are_read() {
        let line = "7f0-7f1 r-xp 00001000 fe:00 12345                     /opt/a b/lib.so";
        assert_eq!(executable_mapping(line), Some("/opt/a b/lib.so"));
        for other in [
            "7f0-7f1 r--p 00001000 fe:00 12345                     /opt/lib.so",
            "7f0-7f1 r-xp 00000000 00:00 0                          [vdso]",
            "7f0-7f1 r-xp 00000000 00:00 0 ",
            "7f0-7f1 r-xp 00000000 00:01 5    /memfd:jit (deleted)",
            "",
        ] {
            assert_eq!(executable_mapping(other), None, "{other}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_cannot_be_read_may_count() {
        let modules = Modules::default();
        let gone = modules.at(Path::new("/no/such/library.so")).unwrap();
        assert!(matches!(gone.kind, Kind::Unreadable));
        assert!(modules.at(Path::new("/bin/sh")).is_none());
        // Nothing in this process counts.
        let own = modules.mapped(std::process::id().cast_signed()).unwrap();
        assert!(own.is_empty(), "{own:?}");
        assert!(modules.mapped(-1).is_none());
    }
}
