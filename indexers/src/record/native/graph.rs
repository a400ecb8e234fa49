//! What a build made of what: from its plan (`build.ninja`, the makefiles of CMake) and from what compilers said that
//! they read (`.ninja_deps`, depfiles beside the objects).
//!
//! Both together lead from a binary to every file that it came of: link edges to objects and libraries, objects to
//! sources and headers, generated files to what they are generated from.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::ninja;
use crate::build::dep_info::DepInfo;
use crate::build::ninja_deps::NinjaDeps;

/// How many files of a build are looked at.
const MOST_FILES: usize = 1_000_000;

/// What a build made of what.
#[derive(Debug, Default)]
pub(super) struct Graph {
    inputs: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
    /// Outputs whose compilers said what they read.
    told: HashSet<PathBuf>,
    /// What cannot be trusted to be whole, for people.
    pub(super) damage: Vec<String>,
}

/// What something was made of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Closure {
    /// Every file, those between as well.
    pub(super) files: BTreeSet<PathBuf>,
    /// The objects among them.
    pub(super) objects: BTreeSet<PathBuf>,
    /// Objects of which no compiler said what it read.
    pub(super) untold: BTreeSet<PathBuf>,
}

impl Graph {
    /// Reads what is known of a build in `folder`.
    pub(super) fn read(folder: &Path) -> Graph {
        let mut graph = Graph::default();
        let found = Found::below(folder);
        for plan in &found.ninja_plans {
            match fs::read(plan) {
                Ok(bytes) => {
                    for (outputs, inputs) in ninja::edges(&bytes, folder) {
                        graph.add(folder, &outputs, &inputs);
                    }
                }
                Err(error) => graph.damage.push(format!("`{}` cannot be read: {error}", plan.display())),
            }
        }
        for log in &found.ninja_logs {
            graph.add_ninja_log(folder, log);
        }
        for makefile in &found.makefiles {
            graph.add_makefile(folder, makefile);
        }
        for depfile in &found.depfiles {
            graph.add_depfile(folder, depfile);
        }
        graph
    }

    /// Returns whether any compiler said what it read.
    pub(super) fn has_depfiles(&self) -> bool {
        !self.told.is_empty()
    }

    /// Returns every file that anything was compiled from.
    pub(super) fn everything(&self) -> BTreeSet<PathBuf> {
        self.told.iter().filter_map(|output| self.inputs.get(output)).flatten().cloned().collect()
    }

    /// Returns what an object was compiled from.
    pub(super) fn inputs(&self, output: &Path) -> impl Iterator<Item = &PathBuf> {
        self.inputs.get(output).into_iter().flatten()
    }

    /// Returns what a file was made of; `None` where the build does not say that it made it.
    pub(super) fn closure(&self, output: &Path) -> Option<Closure> {
        self.inputs.get(output)?;
        let mut closure = Closure::default();
        let mut open = vec![output.to_owned()];
        while let Some(path) = open.pop() {
            if !closure.files.insert(path.clone()) {
                continue;
            }
            open.extend(self.inputs(&path).cloned());
            if is_object(&path) {
                if !self.told.contains(&path) {
                    closure.untold.insert(path.clone());
                }
                closure.objects.insert(path);
            }
        }
        Some(closure)
    }

    fn add(&mut self, folder: &Path, outputs: &[String], inputs: &[String]) {
        for output in outputs {
            let known = self.inputs.entry(absolute(folder, output)).or_default();
            known.extend(inputs.iter().map(|input| absolute(folder, input)));
        }
    }

    fn add_ninja_log(&mut self, folder: &Path, path: &Path) {
        let name = path.display();
        let log = match fs::read(path).map(|bytes| NinjaDeps::parse(&bytes)) {
            Ok(Ok(log)) => log,
            Ok(Err(error)) => return self.damage.push(format!("`{name}`: {error}")),
            Err(error) => return self.damage.push(format!("`{name}` cannot be read: {error}")),
        };
        if let Some(damage) = &log.damage {
            self.damage.push(format!("`{name}`: {damage}"));
        }
        for (output, inputs) in log.outputs() {
            let Ok(output) = std::str::from_utf8(output) else { continue };
            let inputs: Vec<String> = inputs.map(|path| String::from_utf8_lossy(path).into_owned()).collect();
            self.told.insert(absolute(folder, output));
            self.add(folder, &[output.to_owned()], &inputs);
        }
    }

    /// Reads the rules of a makefile that CMake wrote. They are one line each: `output: input`.
    fn add_makefile(&mut self, folder: &Path, path: &Path) {
        let Ok(bytes) = fs::read(path) else {
            return self.damage.push(format!("`{}` cannot be read", path.display()));
        };
        for line in String::from_utf8_lossy(&bytes).lines() {
            if line.starts_with(['\t', '#', '.']) || line.contains('=') {
                continue;
            }
            // Its own quoting of spaces is that of make, which the reader of depfiles understands.
            let Ok(rules) = DepInfo::parse_make(format!("{line}\n").as_bytes()) else { continue };
            for rule in rules.rules {
                let text = |paths: &[Box<[u8]>]| -> Vec<String> {
                    paths.iter().map(|path| String::from_utf8_lossy(path).into_owned()).collect()
                };
                self.add(folder, &text(&rule.targets), &text(&rule.prerequisites));
            }
        }
    }

    fn add_depfile(&mut self, folder: &Path, path: &Path) {
        let parsed = fs::read(path)
            .map_err(|error| error.to_string())
            .and_then(|bytes| DepInfo::parse_make(&bytes).map_err(|error| error.to_string()));
        let info = match parsed {
            Ok(info) => info,
            Err(error) => return self.damage.push(format!("`{}`: {error}", path.display())),
        };
        // Where it lies says whose it is, which its target, relative to whatever folder, may not.
        let without = path.with_extension("");
        let object = if is_object(&without) { without } else { path.with_extension("o") };
        let mut inputs = BTreeSet::new();
        for source in info.sources() {
            let text = String::from_utf8_lossy(source);
            let candidates = std::iter::once(folder).chain(path.ancestors().skip(1));
            let found = candidates.map(|folder| absolute(folder, &text)).find(|path| path.exists());
            match found {
                Some(input) => drop(inputs.insert(input)),
                // A header that is gone since is no part of the tree that is recorded.
                None if Path::new(&*text).is_absolute() => {}
                None => {
                    self.damage.push(format!("`{}` names `{text}`, which is not found", path.display()));
                }
            }
        }
        self.told.insert(object.clone());
        self.inputs.entry(object).or_default().extend(inputs);
    }
}

/// The files of a build that say what was made of what.
#[derive(Default)]
struct Found {
    ninja_plans: Vec<PathBuf>,
    ninja_logs: Vec<PathBuf>,
    makefiles: Vec<PathBuf>,
    depfiles: Vec<PathBuf>,
}

impl Found {
    fn below(root: &Path) -> Found {
        let mut found = Found::default();
        let mut n_files = 0;
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                n_files += 1;
                let Ok(kind) = entry.file_type() else { continue };
                let path = entry.path();
                if kind.is_dir() {
                    if entry.file_name() != ".git" && n_files < MOST_FILES {
                        folders.push(path);
                    }
                    continue;
                }
                let name = entry.file_name();
                let name = name.to_string_lossy();
                if folder == root && name.starts_with("build") && name.ends_with(".ninja") {
                    found.ninja_plans.push(path);
                } else if folder == root && name == ".ninja_deps" {
                    found.ninja_logs.push(path);
                } else if name == "build.make" {
                    found.makefiles.push(path);
                } else if name.ends_with(".d") {
                    found.depfiles.push(path);
                }
            }
        }
        for files in
            [&mut found.ninja_plans, &mut found.ninja_logs, &mut found.makefiles, &mut found.depfiles]
        {
            files.sort();
        }
        found
    }
}

fn is_object(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "o" || extension == "obj")
}

/// Joins, without `.` and `..`.
fn absolute(folder: &Path, path: &str) -> PathBuf {
    let mut out = PathBuf::new();
    for part in folder.join(path).components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => drop(out.pop()),
            part => out.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, name: &str, text: &str) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn names(root: &Path, files: &BTreeSet<PathBuf>) -> Vec<String> {
        files.iter().map(|path| path.strip_prefix(root).unwrap().display().to_string()).collect()
    }

    #[test]
    fn makefiles_lead_to_headers() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        for name in ["src/a.cpp", "src/b.cpp", "src/a.h"] {
            write(root, name, "");
        }
        write(
            root,
            "b/CMakeFiles/t.dir/build.make",
            "# rules\nCMAKE = x\nt: CMakeFiles/t.dir/a.cpp.o\nt: libb.a\n\tld\nCMakeFiles/t.dir/a.cpp.o: ../src/a.cpp\n",
        );
        write(root, "b/CMakeFiles/b.dir/build.make", "libb.a: CMakeFiles/b.dir/b.cpp.o\n");
        write(root, "b/CMakeFiles/t.dir/a.cpp.o.d", "x.o: ../src/a.cpp \\\n  ../src/a.h\n");
        let graph = Graph::read(&root.join("b"));
        assert!(graph.damage.is_empty(), "{:?}", graph.damage);
        let closure = graph.closure(&root.join("b/t")).unwrap();
        let expected =
            ["b/CMakeFiles/t.dir/a.cpp.o", "b/libb.a", "b/CMakeFiles/b.dir/b.cpp.o", "src/a.cpp", "src/a.h"];
        for name in expected {
            assert!(closure.files.contains(&root.join(name)), "{name}");
        }
        assert_eq!(names(root, &closure.untold), ["b/CMakeFiles/b.dir/b.cpp.o"]);
        assert_eq!(closure.objects.len(), 2);
        assert_eq!(graph.closure(&root.join("b/other")), None);
    }

    #[test]
    fn ninja_leads_to_what_is_generated() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        write(
            root,
            "build.ninja",
            "cmake_ninja_workdir = W/\nrule cc\n  command = cc $in\nbuild t: ld a.o | libx.so || order\n  X = y\n\
             build a.o: cc gen.c\nbuild gen.c | ${cmake_ninja_workdir}gen.c: gen data$ 1.txt $\n    tool.py\n",
        );
        let graph = Graph::read(root);
        let closure = graph.closure(&root.join("t")).unwrap();
        assert_eq!(names(root, &closure.files), ["a.o", "data 1.txt", "gen.c", "libx.so", "t", "tool.py"]);
        assert_eq!(names(root, &closure.untold), ["a.o"]);
    }
}
