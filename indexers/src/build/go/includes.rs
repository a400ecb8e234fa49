//! Which files of the repository C and assembly include, which `go list` does not say.
//!
//! It names the headers in a package's own folder; `#include "../lib/x.h"` and what `-I` and `-L` lead to are left to
//! the compilers. Conditions are not evaluated: whatever a line may include counts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use skiptrace_engine::path::RepoPath;

use super::list::Package;
use super::places::Places;

/// What C and assembly of a package are made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Includes {
    /// Files of the repository that are read.
    pub files: BTreeSet<RepoPath>,
    /// Folders of the repository of which any file may be read, because something says so in a way that is not
    /// followed here.
    pub folders: BTreeSet<RepoPath>,
}

/// Follows what the files of a package include; `flags` are those of the environment (`CGO_CFLAGS` and the like).
pub fn follow(package: &Package, flags: &[String], places: &mut Places) -> Includes {
    let folder = Path::new(&*package.dir);
    let own = [
        &package.cgo_cppflags,
        &package.cgo_cflags,
        &package.cgo_cxxflags,
        &package.cgo_fflags,
        &package.cgo_ldflags,
    ];
    let flags = own.into_iter().flatten().map(|flag| &**flag).chain(flags.iter().map(String::as_str));
    let mut search =
        Search { places, folders: vec![folder.to_owned()], includes: Includes::default(), open: true };
    search.read_flags(flags, folder);
    let sources = [
        &package.cgo_files,
        &package.c_files,
        &package.cxx_files,
        &package.m_files,
        &package.h_files,
        &package.s_files,
        &package.f_files,
        &package.swig_files,
        &package.swig_cxx_files,
    ];
    search.follow(sources.into_iter().flatten().map(|file| folder.join(&**file)).collect());
    // Fortran and SWIG have ways of their own.
    if !search.open
        || !package.f_files.is_empty()
        || !package.swig_files.is_empty()
        || !package.swig_cxx_files.is_empty()
    {
        let folders = std::mem::take(&mut search.folders);
        let folders: Vec<RepoPath> =
            folders.iter().filter_map(|folder| search.places.in_repository(folder)).collect();
        search.includes.folders.extend(folders);
    }
    search.includes
}

struct Search<'a> {
    places: &'a mut Places,
    /// Where included files are looked for, apart from the folder of the file that includes them.
    folders: Vec<PathBuf>,
    includes: Includes,
    /// Whether everything so far could be followed.
    open: bool,
}

impl Search<'_> {
    fn read_flags<'f>(&mut self, flags: impl Iterator<Item = &'f str>, folder: &Path) {
        const FOLDERS: [&str; 5] = ["-I", "-iquote", "-isystem", "-idirafter", "-F"];
        const FILES: [&str; 2] = ["-include", "-imacros"];
        let flags: Vec<&str> = flags.collect();
        let (mut libraries, mut library_folders) = (Vec::new(), vec![folder.to_owned()]);
        let mut at = 0;
        while let Some(flag) = flags.get(at) {
            at += 1;
            // The value stands in the same argument or in the next.
            let mut value = |names: &[&str]| {
                let name = names.iter().find(|name| flag.starts_with(**name))?;
                let rest = &flag[name.len()..];
                if !rest.is_empty() {
                    return Some(rest);
                }
                at += 1;
                flags.get(at - 1).copied()
            };
            if let Some(file) = value(&FILES) {
                self.found(&folder.join(file));
            } else if let Some(place) = value(&FOLDERS) {
                self.folders.push(folder.join(place));
            } else if let Some(place) = value(&["-L"]) {
                library_folders.push(folder.join(place));
            } else if let Some(name) = value(&["-l"]) {
                libraries.push(name);
            } else if flag.starts_with(['@']) || flag.starts_with("-Wl,") && flag.contains('/') {
                self.open = false;
            } else if !flag.starts_with('-') {
                self.found(&folder.join(flag));
            }
        }
        for name in libraries {
            let files = match name.strip_prefix(':') {
                Some(file) => vec![file.to_owned()],
                None => ["a", "so", "dylib", "tbd"].map(|suffix| format!("lib{name}.{suffix}")).into(),
            };
            for folder in &library_folders {
                for file in &files {
                    self.found(&folder.join(file));
                }
            }
        }
    }

    /// Notes a file, and returns whether it is one of the repository's that was not known before.
    fn found(&mut self, file: &Path) -> bool {
        if !file.is_file() {
            return false;
        }
        let Some(path) = self.places.in_repository(file) else { return false };
        self.includes.files.extend(self.places.links(file));
        self.includes.files.insert(path)
    }

    fn follow(&mut self, sources: Vec<PathBuf>) {
        let mut seen: BTreeSet<PathBuf> = sources.iter().cloned().collect();
        let mut queue = sources;
        while let Some(source) = queue.pop() {
            let Ok(bytes) = std::fs::read(&source) else {
                // It is listed, or was a moment ago; whatever it included is not known now.
                self.open = false;
                continue;
            };
            let text = String::from_utf8_lossy(&bytes);
            for line in text.lines() {
                let target = match included(line) {
                    Included::Nothing => continue,
                    Included::Unclear => {
                        self.open = false;
                        continue;
                    }
                    Included::File { name, beside } => (name, beside),
                };
                let beside = source.parent().filter(|_| target.1).map(Path::to_owned);
                let candidates: Vec<PathBuf> =
                    beside.iter().chain(&self.folders).map(|folder| folder.join(target.0)).collect();
                for candidate in candidates {
                    // Which of several is meant depends on flags: all of them count.
                    self.found(&candidate);
                    let real = candidate.canonicalize().unwrap_or(candidate);
                    if self.places.in_repository(&real).is_some()
                        && real.is_file()
                        && seen.insert(real.clone())
                    {
                        queue.push(real);
                    }
                }
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Included<'a> {
    Nothing,
    /// Something, but what depends on more than this line.
    Unclear,
    File {
        name: &'a str,
        /// Whether it is looked for beside the file that includes it.
        beside: bool,
    },
}

/// Returns what a line includes, in C, in assembly, or in the comment before `import "C"`.
fn included(line: &str) -> Included<'_> {
    if line.contains(".incbin") {
        return Included::Unclear;
    }
    let line = line.trim_start().trim_start_matches(['/', '*']).trim_start();
    let Some(directive) = line.strip_prefix('#') else { return Included::Nothing };
    let directive = directive.trim_start();
    let names = ["include_next", "include", "import", "embed"];
    let Some(rest) = names.iter().find_map(|name| directive.strip_prefix(name)) else {
        return Included::Nothing;
    };
    let rest = rest.trim_start();
    let (close, beside) = match rest.chars().next() {
        Some('"') => ('"', true),
        Some('<') => ('>', false),
        _ => return Included::Unclear,
    };
    match rest[1..].split_once(close) {
        Some((name, _)) if !name.is_empty() => Included::File { name, beside },
        _ => Included::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::go::environment::GoEnvironment;
    use crate::build::testing::Sandbox;

    #[test]
    fn lines_are_read_in_every_language() {
        let file = |name, beside| Included::File { name, beside };
        assert_eq!(included("#include \"a/b.h\" // x"), file("a/b.h", true));
        assert_eq!(included("  #  include <x.h>"), file("x.h", false));
        assert_eq!(included("// #include \"x.h\""), file("x.h", true));
        assert_eq!(included("/*#include \"x.h\""), file("x.h", true));
        assert_eq!(included("#include HEADER"), Included::Unclear);
        assert_eq!(included("#include \"x"), Included::Unclear);
        assert_eq!(included("asm(\".incbin \\\"x\\\"\");"), Included::Unclear);
        assert_eq!(included("#define include \"x.h\""), Included::Nothing);
        assert_eq!(included(""), Included::Nothing);
    }

    fn show(package: &Package, sandbox: &Sandbox) -> String {
        let mut places = Places::new(sandbox.path(), &GoEnvironment::default());
        let includes = follow(package, &[], &mut places);
        let names =
            |paths: &BTreeSet<RepoPath>| paths.iter().map(RepoPath::to_string).collect::<Vec<_>>().join(" ");
        format!("{} | {}", names(&includes.files), names(&includes.folders))
    }

    fn package(sandbox: &Sandbox, flags: &[&str], ldflags: &[&str]) -> Package {
        let boxed = |texts: &[&str]| texts.iter().map(|text| (*text).into()).collect();
        Package {
            dir: sandbox.path().join("p").to_str().unwrap().into(),
            cgo_files: boxed(&["c.go"]),
            cgo_cflags: boxed(flags),
            cgo_ldflags: boxed(ldflags),
            ..Package::default()
        }
    }

    #[test]
    fn includes_are_followed_through_the_repository() {
        let sandbox = Sandbox::new();
        sandbox.write(
            "p/c.go",
            "package p\n\n// #include \"../lib/a.h\"\n// #include <stdio.h>\nimport \"C\"\n",
        );
        sandbox.write("lib/a.h", "#include \"b.h\"\n#include <c.h>\n");
        sandbox.write("lib/b.h", "#include \"a.h\"\n");
        sandbox.write("inc/c.h", "");
        sandbox.write("lib/unused.h", "");
        sandbox.write("lib/libx.a", "");
        assert_eq!(show(&package(&sandbox, &["-I../inc"], &[]), &sandbox), "inc/c.h lib/a.h lib/b.h | ");
        assert_eq!(
            show(&package(&sandbox, &["-I", "../inc"], &["-L../lib", "-lx", "-lm"]), &sandbox),
            "inc/c.h lib/a.h lib/b.h lib/libx.a | "
        );
    }

    #[test]
    fn what_cannot_be_followed_opens_the_folder() {
        let sandbox = Sandbox::new();
        sandbox.write("p/c.go", "package p\n\n// #include HEADER\nimport \"C\"\n");
        sandbox.write("inc/c.h", "");
        assert_eq!(show(&package(&sandbox, &["-I../inc"], &[]), &sandbox), " | inc p");
        std::fs::remove_file(sandbox.path().join("p/c.go")).unwrap();
        assert_eq!(show(&package(&sandbox, &[], &[]), &sandbox), " | p");
    }
}
