//! Real compilers, and what LLVM's own tool says of the profiles that their programs leave.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use md5::{Digest, Md5};
use tempfile::TempDir;

use crate::llvm::layout::{CounterWidth, Layout};
use crate::llvm::profile::*;

/// A compiler with the version of LLVM that reads its profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::llvm) enum Compiler {
    Clang(u32),
    Rustc,
}

pub(in crate::llvm) const COMPILERS: [Compiler; 5] =
    [Compiler::Clang(14), Compiler::Clang(16), Compiler::Clang(19), Compiler::Clang(22), Compiler::Rustc];

impl Compiler {
    fn program(self) -> String {
        match self {
            Compiler::Clang(version) => format!("clang-{version}"),
            Compiler::Rustc => "rustc".to_owned(),
        }
    }

    pub(in crate::llvm) fn profdata(self) -> String {
        match self {
            Compiler::Clang(version) => format!("llvm-profdata-{version}"),
            Compiler::Rustc => "llvm-profdata-22".to_owned(),
        }
    }

    /// Returns whether it and its tool are here; skips the test aloud where they are not.
    pub(in crate::llvm) fn is_here(self) -> bool {
        [self.program(), self.profdata()].iter().all(|tool| {
            // Old versions of the tool have no option that ends well; that it starts is enough.
            let is_here = Command::new(tool).arg("--version").output().is_ok();
            if !is_here {
                assert!(std::env::var_os("SKIPTRACE_REQUIRE_TOOLS").is_none(), "`{tool}` is not installed");
                eprintln!("skipped: `{tool}` is not installed");
            }
            is_here
        })
    }

    /// Returns what makes the program write its counters as it goes.
    pub(in crate::llvm) fn relocation(self) -> &'static [&'static str] {
        match self {
            Compiler::Clang(_) => &["-mllvm", "-runtime-counter-relocation"],
            Compiler::Rustc => &["-Cllvm-args=-runtime-counter-relocation"],
        }
    }
}

/// A folder with a compiled program and the profiles of its processes.
pub(in crate::llvm) struct Workshop {
    pub(in crate::llvm) compiler: Compiler,
    dir: TempDir,
}

impl Workshop {
    pub(in crate::llvm) fn new(compiler: Compiler) -> Self {
        Workshop { compiler, dir: tempfile::tempdir().unwrap() }
    }

    pub(in crate::llvm) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Compiles `source` with coverage into `name`.
    pub(in crate::llvm) fn compile(&self, name: &str, source: &str, flags: &[&str]) -> PathBuf {
        let (file, coverage): (_, &[&str]) = match self.compiler {
            Compiler::Clang(_) => ("source.c", &["-fprofile-instr-generate", "-fcoverage-mapping"]),
            Compiler::Rustc => ("source.rs", &["-Cinstrument-coverage", "-Awarnings"]),
        };
        fs::write(self.path(file), source).unwrap();
        let binary = self.path(name);
        let mut command = Command::new(self.compiler.program());
        command.args(coverage).arg(file).arg("-o").arg(&binary).args(flags).current_dir(self.dir.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        binary
    }

    /// Runs a program, with profiles going where `pattern` says, in a folder that is empty before.
    pub(in crate::llvm) fn run(&self, program: &Path, args: &[&str], pattern: &str) -> ExitStatus {
        let profiles = self.path("profiles");
        fs::remove_dir_all(&profiles).ok();
        fs::create_dir(&profiles).unwrap();
        Command::new(program)
            .args(args)
            .env("LLVM_PROFILE_FILE", profiles.join(pattern))
            .env_remove("__LLVM_PROFILE_RT_INIT_ONCE")
            .current_dir(self.dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
    }

    pub(in crate::llvm) fn profiles(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("profiles")).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    }

    /// Returns what LLVM says of a file; `None` when it refuses it.
    pub(in crate::llvm) fn show(&self, profile: &Path) -> Option<Functions> {
        let mut command = Command::new(self.compiler.profdata());
        command.args(["show", "--all-functions", "--counts"]).arg(profile);
        let output = command.output().unwrap();
        output.status.success().then(|| parse_show(&String::from_utf8(output.stdout).unwrap()))
    }
}

/// Functions by the hashes of their names and structures, with their counts.
pub(in crate::llvm) type Functions = BTreeMap<(u64, u64), Vec<u64>>;

pub(in crate::llvm) fn parse_show(text: &str) -> Functions {
    let mut functions = Functions::new();
    let (mut name, mut hash, mut counts) = (0, 0, Vec::new());
    for line in text.lines() {
        if let Some(value) = line.strip_prefix("    Hash: 0x") {
            hash = u64::from_str_radix(value, 16).unwrap();
        } else if let Some(count) = line.strip_prefix("    Function count: ") {
            counts = vec![count.parse::<u64>().unwrap()];
        } else if let Some(blocks) = line.strip_prefix("    Block counts: [") {
            let blocks = blocks.trim_end_matches(']').split(", ").filter(|count| !count.is_empty());
            counts.extend(blocks.map(|count| count.parse::<u64>().unwrap()));
            // Copies of a function, and appended profiles, are listed one by one.
            let sum = functions.entry((name, hash)).or_insert_with(|| vec![0; counts.len()]);
            sum.iter_mut().zip(&counts).for_each(|(sum, count)| *sum += count);
        } else if let Some(line) = line.strip_prefix("  ")
            && !line.starts_with(' ')
        {
            name = name_hash(line.strip_suffix(':').unwrap());
        }
    }
    functions
}

pub(in crate::llvm) fn name_hash(name: &str) -> u64 {
    u64::from_le_bytes(*Md5::digest(name).first_chunk().unwrap())
}

/// Returns what our own reader says of a file, all of its profiles added up.
pub(in crate::llvm) fn functions_of(bytes: &[u8]) -> Result<Functions, ProfileError> {
    let mut functions = Functions::new();
    for profile in RawProfiles::new(bytes) {
        let profile = profile?;
        let slots = profile.records()?.slots(profile.header())?;
        for (record, slot) in profile.records()?.zip(slots) {
            let counts = (slot.first..slot.first + slot.n_counters).map(|at| match profile.counter_width() {
                CounterWidth::One => u64::from(profile.counters[at as usize] == 0),
                CounterWidth::Eight => {
                    u64::from_ne_bytes(*profile.counters[at as usize * 8..].first_chunk().unwrap())
                }
            });
            let key = (record.name_hash, record.structure_hash);
            let sum = functions.entry(key).or_insert_with(|| vec![0; slot.n_counters as usize]);
            sum.iter_mut().zip(counts).for_each(|(sum, count)| match profile.counter_width() {
                CounterWidth::One => *sum |= count,
                CounterWidth::Eight => *sum += count,
            });
        }
    }
    Ok(functions)
}

/// Returns the layouts of the binaries whose profiles are in these bytes, as their profiles tell them.
pub(in crate::llvm) fn layouts_of(bytes: &[u8]) -> Vec<Layout> {
    let mut layouts: Vec<Layout> = Vec::new();
    for profile in RawProfiles::new(bytes).map(Result::unwrap) {
        let layout = Layout {
            build_id: profile.build_ids.first().cloned().unwrap_or_default(),
            data_hash: profile.data_hash(),
            data_bytes: profile.data.len() as u64,
            n_data: profile.header().n_data,
            n_counters: profile.header().n_counters,
            counter_width: profile.counter_width(),
            slots: profile.records().unwrap().slots(profile.header()).unwrap(),
        };
        assert_eq!(profile.matches(&layout), Ok(()));
        if layouts.iter().all(|other| other.build_id != layout.build_id) {
            layouts.push(layout);
        }
    }
    layouts
}

/// Checks a file against LLVM's reader: all counts, and through partial reads what ran. Returns the names of what
/// ran, as hashes.
pub(in crate::llvm) fn check_against_llvm(workshop: &Workshop, path: &Path) -> BTreeSet<u64> {
    let expected = workshop.show(path).unwrap_or_else(|| panic!("LLVM refuses `{}`", path.display()));
    assert!(!expected.is_empty());
    let bytes = fs::read(path).unwrap();
    assert_eq!(functions_of(&bytes).unwrap(), expected, "{:?}", workshop.compiler);

    let layouts = layouts_of(&bytes);
    let keys: Vec<Vec<(u64, u64)>> = layouts
        .iter()
        .map(|layout| {
            let profile = RawProfiles::new(&bytes).map(Result::unwrap);
            let profile = profile.into_iter().find(|profile| profile.matches(layout).is_ok()).unwrap();
            profile.records().unwrap().map(|record| (record.name_hash, record.structure_hash)).collect()
        })
        .collect();
    let mut ran = BTreeSet::new();
    let known = layouts.iter().collect();
    let reading = read_file(path, &known, &mut Scratch::default(), |hits| {
        ran.extend(hits.slots.iter().map(|slot| keys[hits.binary][*slot as usize]));
    });
    assert!(reading.errors.is_empty(), "{:?}", reading.errors);
    let counted = expected.iter().filter(|(_, counts)| counts.iter().any(|count| *count > 0));
    assert_eq!(ran, counted.map(|(key, _)| *key).collect::<BTreeSet<_>>());
    ran.into_iter().map(|(name, _)| name).collect()
}
