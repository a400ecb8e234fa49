//! The conditions of a native build: compilers, flags, options; and what its flags say of coverage.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use skiptrace_engine::fingerprint::Fingerprint;
use skiptrace_engine::recording::{EnvironmentDifference, EnvironmentKey};

use crate::build::environment::{Machine, NativeBuild, Placeholder, native};
use crate::llvm::continuous;

/// How much of one file is read.
const MOST_BYTES: u64 = 256 << 20;
/// Variables of CMake's cache that say something of the machine, or of how things are told.
const OF_MACHINE: &[&str] = &[
    "SITE",
    "BUILDNAME",
    "CMAKE_COLOR",
    "CMAKE_VERBOSE",
    "CMAKE_INSTALL",
    "CMAKE_EXPORT_COMPILE",
    "CMAKE_PROJECT_",
    "CTEST_",
    "DART_",
    "CPACK_",
    "FETCHCONTENT_",
    "GIT",
    "PKG_CONFIG",
];

/// Something in a build's flags that recording suffers from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlagProblem {
    /// Sources are compiled without coverage.
    NoCoverage,
    /// Counters are lost with a process that does not end by itself.
    NoRelocation,
    /// Counters of several threads may overwrite each other.
    NotAtomic,
}

/// Returns what is missing in the flags of a build folder; `None` where no file says which flags there are.
pub fn flag_problems(folder: &Path) -> Option<BTreeSet<FlagProblem>> {
    let mut problems = BTreeSet::new();
    let mut any = false;
    for line in flag_lines(folder) {
        any = true;
        if !line.contains("-fcoverage-mapping") || !line.contains("-fprofile-instr-generate") {
            problems.insert(FlagProblem::NoCoverage);
            continue;
        }
        if !line.contains("-runtime-counter-relocation") {
            problems.insert(FlagProblem::NoRelocation);
        }
        if !line.contains("-fprofile-update=atomic") {
            problems.insert(FlagProblem::NotAtomic);
        }
    }
    any.then_some(problems)
}

/// Returns whether any source of the builds is compiled with counters that stay where they are, which symbols of the
/// binary that it is linked into do not tell when others move.
pub(super) fn has_fixed_counters(builds: &[PathBuf]) -> bool {
    builds.iter().flat_map(|folder| flag_lines(folder)).any(|line| {
        let counts = line.contains("-fcoverage-mapping") || line.contains("-fprofile-instr-generate");
        counts && !line.contains("-runtime-counter-relocation")
    })
}

/// Returns the folders of system headers (`-isystem`) that compilations are given: clang's coverage maps leave out
/// what is in them. `None` where no file says which flags there are.
pub(super) fn system_folders(builds: &[PathBuf]) -> Option<BTreeSet<PathBuf>> {
    let mut folders = BTreeSet::new();
    let mut any = false;
    for build in builds {
        for line in lines_of_compilations(build, &["FLAGS", "INCLUDES", "ARGS"]) {
            any = true;
            let mut words = line.split_whitespace();
            while let Some(word) = words.next() {
                let Some(rest) = word.strip_prefix("-isystem").or(word.strip_prefix("-cxx-isystem")) else {
                    continue;
                };
                let folder = if rest.is_empty() { words.next().unwrap_or_default() } else { rest };
                let folder = build.join(folder.trim_matches('"'));
                folders.insert(folder.canonicalize().unwrap_or(folder));
            }
        }
    }
    any.then_some(folders)
}

/// Returns the lines of a build's plans that name the flags of a compilation.
fn flag_lines(folder: &Path) -> Vec<String> {
    lines_of_compilations(folder, &["FLAGS", "ARGS"])
}

/// Returns the lines of a build's plans that set variables of a compilation, by the ends of their names.
fn lines_of_compilations(folder: &Path, names: &[&str]) -> Vec<String> {
    let wanted = |line: &str| {
        let name = line.split('=').next().unwrap_or_default().trim();
        names.iter().any(|wanted| {
            name == *wanted || name.strip_suffix(wanted).is_some_and(|rest| rest.ends_with('_'))
        })
    };
    let mut lines = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                if name != ".git" {
                    folders.push(path);
                }
                continue;
            }
            if name != "flags.make"
                && !(name.ends_with(".ninja") && (at == folder || at.ends_with("CMakeFiles")))
            {
                continue;
            }
            let text = String::from_utf8_lossy(&read(&path)).into_owned();
            let is_compilation = is_compilation(&text, name == "flags.make");
            lines.extend(
                text.lines()
                    .enumerate()
                    .filter(|(at, line)| wanted(line) && is_compilation(*at))
                    .map(|(_, line)| line.to_owned()),
            );
        }
    }
    lines
}

/// Returns which lines of a plan are of a compilation: in ninja's those of an edge that makes an object.
fn is_compilation(text: &str, all: bool) -> impl Fn(usize) -> bool {
    let mut compiling = all;
    let lines: Vec<bool> = text
        .lines()
        .map(|line| {
            if let Some(edge) = line.strip_prefix("build ").filter(|_| !all) {
                let rule = edge.split(": ").nth(1).unwrap_or_default();
                let rule = rule.split(' ').next().unwrap_or_default();
                compiling = rule.contains("COMPILER") || rule.ends_with("_COMPILE");
                compiling &= !rule.contains("LINKER");
            }
            compiling
        })
        .collect();
    move |at| lines.get(at).copied().unwrap_or(false)
}

fn read(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What cannot be read has no flags to tell; the binaries say the rest.
    if let Ok(file) = fs::File::open(path) {
        let _ = file.take(MOST_BYTES).read_to_end(&mut bytes);
    }
    bytes
}

/// What a recording knows of its build.
pub(super) struct Build<'a> {
    pub(super) folders: &'a [PathBuf],
    pub(super) config: Option<&'a str>,
    pub(super) binaries: &'a BTreeSet<PathBuf>,
    pub(super) repository: &'a Path,
}

/// The name of the condition that binaries tell.
const COMPILERS: &str = "compilers";
/// The name of the condition that is what the compilers of CMake's cache say of themselves.
const CONFIGURED: &str = "configured compilers";
/// How long a compiler may take to say its version.
const PATIENCE: Duration = Duration::from_secs(30);

/// Returns the conditions. Nothing in them is of one machine alone.
pub(super) fn environment(build: &Build<'_>) -> EnvironmentKey {
    let compilers: BTreeSet<String> =
        build.binaries.iter().flat_map(|binary| continuous::compilers(binary)).collect();
    key(build, &compilers.into_iter().collect::<Vec<_>>())
}

/// Returns which conditions of a recording are others now, of what is found without building.
///
/// Flags, options, the build type and the compilers that are configured, with their versions, are in CMake's cache. Without
/// a cache, nobody knows flags but the binaries, and in them only the compilers are told. Binaries that are there are asked
/// for these; each has to name compilers only that were named when it was recorded. What is not there says nothing, and
/// counts as it was if the cache says which compilers there are, and else as another.
///
/// That a binary was built with these flags, rather than before they were set, is what the build tool takes care of.
pub(super) fn conditions(build: &Build<'_>, recorded: &EnvironmentKey) -> Vec<EnvironmentDifference> {
    let here: BTreeSet<String> =
        build.binaries.iter().flat_map(|binary| continuous::compilers(binary)).collect();
    let then = recorded.parts.get(COMPILERS).map(String::as_str).unwrap_or_default();
    let known: BTreeSet<&str> = then.split("; ").collect();
    let mut now = key(build, &here.iter().cloned().collect::<Vec<_>>());
    let is_configured = now.parts.contains_key(CONFIGURED);
    let are_known = here.iter().all(|compiler| known.contains(compiler.as_str()));
    if are_known && (is_configured || !here.is_empty()) {
        now.parts.insert(COMPILERS.to_owned(), then.to_owned());
    }
    recorded.differences(&now)
}

/// Returns what the compilers say of themselves that a build is configured to use.
fn configured(cache: &BTreeMap<String, (String, String)>) -> BTreeSet<String> {
    let names = ["C", "CXX", "OBJC", "OBJCXX", "ASM", "CUDA"].map(|name| format!("CMAKE_{name}_COMPILER"));
    let programs = names.iter().filter_map(|name| cache.get(name)).map(|(_, program)| program);
    let programs = programs.filter(|program| Path::new(program.as_str()).is_absolute());
    let said = |program: &String| {
        let mut child = Command::new(program)
            .arg("--version")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let until = Instant::now() + PATIENCE;
        // A version is less than a pipe holds, so nobody waits for it to be read.
        while child.try_wait().ok()?.is_none() {
            if Instant::now() > until {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let mut text = Vec::new();
        child.stdout.take()?.take(1 << 16).read_to_end(&mut text).ok()?;
        let text = String::from_utf8_lossy(&text).into_owned();
        text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
    };
    programs.map(|program| said(program).unwrap_or_else(|| "(says no version)".to_owned())).collect()
}

fn key(build: &Build<'_>, compilers: &[String]) -> EnvironmentKey {
    let cache: BTreeMap<String, (String, String)> =
        build.folders.iter().flat_map(|folder| cache(folder)).collect();
    let value =
        |name: &str| cache.get(name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty());
    let profile = build.config.or_else(|| value("CMAKE_BUILD_TYPE"));
    let suffix = profile.map(str::to_uppercase).unwrap_or_default();
    let mut flags = Vec::new();
    for name in ["C_FLAGS", "CXX_FLAGS", "OBJC_FLAGS", "EXE_LINKER_FLAGS", "SHARED_LINKER_FLAGS"] {
        for name in [format!("CMAKE_{name}"), format!("CMAKE_{name}_{suffix}")] {
            // Word by word, so that folders in them are found.
            if let Some(value) = value(&name) {
                flags.push(format!("{name}="));
                flags.extend(value.split_whitespace().map(str::to_owned));
            }
        }
    }
    let options: Vec<String> = cache
        .iter()
        .filter(|(name, (kind, _))| {
            let counts = kind == "BOOL" || kind == "STRING" || kind == "UNINITIALIZED";
            counts
                && !OF_MACHINE.iter().any(|start| name.starts_with(start))
                && !name.contains("_FLAGS")
                && !["_DIR", "_PATH", "_ROOT", "_COMMAND"].iter().any(|end| name.ends_with(end))
        })
        .map(|(name, (_, value))| format!("{name}={value}"))
        .collect();
    let hash = Fingerprint::of(options.join("\n").as_bytes()).to_string();
    let options = format!("{} ({})", options.len(), &hash[..12]);
    let place = |folder: &Path, name: &str| Placeholder {
        folder: folder.display().to_string(),
        name: name.to_owned(),
    };
    let mut placeholders: Vec<Placeholder> =
        build.folders.iter().map(|folder| place(folder, "<build>")).collect();
    placeholders.push(place(build.repository, "<repository>"));
    let mut key = native(&NativeBuild {
        compilers,
        flags: &flags,
        target: value("CMAKE_CXX_COMPILER_TARGET").or_else(|| value("CMAKE_C_COMPILER_TARGET")),
        profile,
        variables: BTreeMap::new(),
        machine: Machine::current(),
        placeholders: &placeholders,
    });
    key.parts.insert("options".to_owned(), options);
    let configured = configured(&cache);
    if !configured.is_empty() {
        key.parts.insert(CONFIGURED.to_owned(), configured.into_iter().collect::<Vec<_>>().join("; "));
    }
    key
}

/// Reads CMake's cache: names with their kinds and values.
fn cache(folder: &Path) -> BTreeMap<String, (String, String)> {
    let text = String::from_utf8_lossy(&read(&folder.join("CMakeCache.txt"))).into_owned();
    let entry = |line: &str| {
        let (name, value) = line.split_once('=')?;
        let (name, kind) = name.rsplit_once(':')?;
        Some((name.trim_matches('"').to_owned(), (kind.to_owned(), value.to_owned())))
    };
    text.lines().filter(|line| !line.starts_with(['#', '/'])).filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COVERAGE: &str = "-g -fprofile-instr-generate -fcoverage-mapping";

    fn problems(files: &[(&str, String)]) -> Option<Vec<FlagProblem>> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let found: Option<Vec<FlagProblem>> =
            flag_problems(folder.path()).map(|problems| problems.into_iter().collect());
        let is_fixed = has_fixed_counters(&[folder.path().to_owned()]);
        let says_so = found.iter().flatten().any(|problem| *problem == FlagProblem::NoRelocation);
        assert_eq!(is_fixed, says_so);
        found
    }

    #[test]
    fn flags_of_compilations_count() {
        use FlagProblem::{NoCoverage, NoRelocation, NotAtomic};
        assert_eq!(problems(&[]), None);
        let ninja = |flags: &str| {
            let text = format!(
                "build a.o: CXX_COMPILER__a_Debug a.cpp\n  FLAGS = {flags}\nbuild a: CXX_EXECUTABLE_LINKER__a a.o\n  \
                 FLAGS = -g\n"
            );
            problems(&[("build.ninja", text)])
        };
        assert_eq!(ninja("-g"), Some(vec![NoCoverage]));
        assert_eq!(ninja(COVERAGE), Some(vec![NoRelocation, NotAtomic]));
        let all = format!("{COVERAGE} -mllvm -runtime-counter-relocation -fprofile-update=atomic");
        assert_eq!(ninja(&all), Some(vec![]));
        // One target without it spoils the binary that it is part of.
        let make = |flags: &str| format!("# flags\nCXX_DEFINES =\nCXX_FLAGS = {flags}\n");
        let mixed = [("CMakeFiles/a.dir/flags.make", make(&all)), ("b/flags.make", make(COVERAGE))];
        assert_eq!(problems(&mixed), Some(vec![NoRelocation, NotAtomic]));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn conditions_are_asked_without_a_build() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("clang");
        let write = |version: &str, flags: &str| {
            use std::os::unix::fs::PermissionsExt;
            fs::write(&program, format!("#!/bin/sh\necho 'clang version {version}'\necho more\n")).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
            let program = program.display();
            let text = format!(
                "CMAKE_CXX_COMPILER:FILEPATH={program}\nCMAKE_CXX_FLAGS:STRING={flags}\nWITH_X:BOOL=ON\n"
            );
            fs::write(folder.path().join("CMakeCache.txt"), text).unwrap();
        };
        let binaries = BTreeSet::from([std::env::current_exe().unwrap()]);
        let none = BTreeSet::new();
        let folders = [folder.path().to_owned()];
        let build =
            |binaries| Build { folders: &folders, config: None, binaries, repository: Path::new("/r") };
        let check = |recorded: &EnvironmentKey, binaries| {
            let parts = conditions(&build(binaries), recorded).into_iter().map(|difference| difference.part);
            parts.collect::<Vec<_>>().join(" ")
        };
        write("19", "-O1");
        let recorded = environment(&build(&binaries));
        assert_eq!(recorded.parts[CONFIGURED], "clang version 19");
        assert_eq!(check(&recorded, &binaries), "");
        assert_eq!(check(&recorded, &none), "");
        // A binary by a compiler that was not there.
        assert_eq!(check(&environment(&build(&none)), &binaries), "compilers");
        write("20", "-O2");
        assert_eq!(check(&recorded, &binaries), "configured compilers flags");
        fs::remove_file(folder.path().join("CMakeCache.txt")).unwrap();
        assert_eq!(check(&recorded, &none), "compilers configured compilers flags options");
    }

    #[test]
    fn machines_agree_on_their_conditions() {
        let key = |root: &str, option: &str| {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().join(root);
            fs::create_dir_all(&root).unwrap();
            let text = format!(
                "# cache\n//about\nCMAKE_BUILD_TYPE:STRING=Debug\nCMAKE_CXX_FLAGS:STRING=-I{0}/x -O1\nSITE:STRING={0}\n\
                 CMAKE_CXX_FLAGS_DEBUG:STRING=-g\nWITH_X:BOOL={option}\nCMAKE_HOME_DIRECTORY:INTERNAL={0}\n",
                root.display()
            );
            fs::write(root.join("CMakeCache.txt"), text).unwrap();
            environment(&Build {
                folders: std::slice::from_ref(&root),
                config: None,
                binaries: &BTreeSet::new(),
                repository: Path::new("/r"),
            })
        };
        assert_eq!(key("a", "ON"), key("b/c", "ON"));
        assert_ne!(key("a", "ON"), key("a", "OFF"));
        let parts = key("a", "ON").parts;
        assert_eq!(parts["flags"], "CMAKE_CXX_FLAGS= -I<build>/x -O1 CMAKE_CXX_FLAGS_DEBUG= -g");
        assert_eq!(parts["profile"], "Debug");
    }
}
