//! Drawing an index: files, tests, and who executes what.
//!
//! A package has a suite of a hundred tests and fifty files of about twenty units. What is drawn has the traits
//! that an index's size and speed depend on:
//! - most functions are executed by some of the tests of their own package's suite, half of the files also by
//!   some of another suite's; tests of one module go together;
//! - functions of a file often share a set of tests, and some have one of their own;
//! - few files, in packages that every suite is compiled with, are executed by many tests (Zipf);
//! - items, remainders and some functions are executed by nothing;
//! - every test's recording knows every file; each suite is compiled from its package and a few others;
//! - some tests open data files; a few did not pass, or lost coverage.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use skiptrace_engine::fingerprint::{Fingerprint, Identifier};
use skiptrace_engine::id::JobName;
use skiptrace_engine::index::Index;
use skiptrace_engine::index::build::IndexBuilder;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::observation::{Executed, Observation, Parts};
use skiptrace_engine::path::RepoPath;
use skiptrace_engine::record::{Health, Outcome, Problem, Role, TestKey};
use skiptrace_engine::recording::{EnvironmentKey, Origin, Recording, Shard};
use skiptrace_engine::time::Timestamp;
use skiptrace_engine::unit::{LineSpan, SourceFile, Unit, UnitKind};

use crate::names;

/// How large an index to draw, and from what seed. Equal workloads draw equal indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Workload {
    /// What it is called on the command line.
    pub name: &'static str,
    /// How many tests; a multiple of a hundred.
    pub tests: u32,
    /// How many units; a multiple of forty.
    pub units: u32,
    /// What everything is drawn from.
    pub seed: u64,
}

const TESTS_PER_SUITE: u32 = 100;
const TESTS_PER_MODULE: u32 = 10;
const UNITS_PER_FILE: u32 = 20;
/// At most this many units more, or less, than [`UNITS_PER_FILE`].
const UNITS_SPREAD: u32 = 12;
const DATA_FILES_PER_PACKAGE: u32 = 2;

impl Workload {
    /// For trying out that everything works.
    pub const TINY: Workload = Workload::new("tiny", 1_000, 10_000);
    /// A project of some size.
    pub const SMALL: Workload = Workload::new("small", 10_000, 100_000);
    /// The size that the targets are for.
    pub const LARGE: Workload = Workload::new("large", 100_000, 1_000_000);

    /// All that have names.
    pub const ALL: [Workload; 3] = [Workload::TINY, Workload::SMALL, Workload::LARGE];

    const fn new(name: &'static str, tests: u32, units: u32) -> Workload {
        Workload { name, tests, units, seed: 0x5eed }
    }

    /// Returns the workload of that name.
    pub fn named(name: &str) -> Option<Workload> {
        Workload::ALL.into_iter().find(|workload| workload.name == name)
    }

    /// Draws who executes what.
    pub fn draw(self) -> Plan {
        let n_packages = self.tests / TESTS_PER_SUITE;
        let n_files = self.units / UNITS_PER_FILE;
        let mut plan = Plan {
            workload: self,
            packages: (0..n_packages).map(|at| names::package(&mut self.rng(Of::Package, at), at)).collect(),
            paths: Vec::new(),
            n_tests_of_file: vec![0; n_files as usize],
            footprints: vec![Vec::new(); self.tests as usize],
        };
        for file in 0..n_files {
            let package = &plan.packages[plan.package_of(file) as usize];
            let path = names::file(&mut self.rng(Of::Path, file), package, file);
            plan.paths.push(RepoPath::new(path).expect("drawn paths are paths"));
            for (test, units) in plan.executions(file) {
                plan.footprints[test as usize].push((file, units));
                plan.n_tests_of_file[file as usize] += 1;
            }
        }
        plan
    }

    /// Returns the source of randomness for one thing, so that things can be drawn in any order.
    pub(crate) fn rng(self, of: Of, number: u32) -> SmallRng {
        SmallRng::seed_from_u64(self.seed ^ (of as u64) << 56 ^ u64::from(number) << 8)
    }
}

/// What randomness is for.
#[derive(Clone, Copy)]
pub(crate) enum Of {
    Package = 1,
    Path,
    Size,
    Units,
    Executions,
    Compilation,
    Test,
    Source,
}

/// Units of one file, a bit each.
type UnitMask = u64;

/// A drawn project: who executes what. Names and sources are drawn as they are asked for.
#[derive(Debug)]
pub struct Plan {
    pub(crate) workload: Workload,
    packages: Vec<String>,
    paths: Vec<RepoPath>,
    n_tests_of_file: Vec<u32>,
    /// For each test: the files and which of their units, in the order of the files.
    footprints: Vec<Vec<(u32, UnitMask)>>,
}

impl Plan {
    /// Returns the one job.
    pub fn job(&self) -> JobName {
        "unit-linux".parse().expect("it is a job's name")
    }

    /// Returns the paths of the source files.
    pub fn paths(&self) -> &[RepoPath] {
        &self.paths
    }

    /// Returns the files with those that most tests execute first.
    pub fn files_by_popularity(&self) -> Vec<u32> {
        let mut files: Vec<u32> = (0..self.paths.len() as u32).collect();
        files.sort_by_key(|file| (std::cmp::Reverse(self.n_tests_of_file[*file as usize]), *file));
        files
    }

    /// Builds the index of all tests.
    pub fn build(&self) -> Index {
        self.build_shard(Shard::WHOLE)
    }

    /// Builds the index of one shard's tests, which are whole suites. Every shard knows every file.
    pub fn build_shard(&self, shard: Shard) -> Index {
        let (mut builder, recording) = self.start(shard);
        for test in self.tests_of(shard) {
            builder.observe(recording, self.observation(test)).expect("the job is the recording's");
        }
        builder.finish()
    }

    /// Starts the index of one shard: all that comes before the tests.
    pub fn start(&self, shard: Shard) -> (IndexBuilder, skiptrace_engine::id::RecordingId) {
        let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
        let recording = builder.add_recording(self.recording(shard));
        for file in 0..self.paths.len() as u32 {
            builder.add_file(recording, self.source_file(file));
        }
        for package in 0..self.n_packages() {
            for path in self.data_files(package) {
                builder.add_file(recording, SourceFile { path, blob: None, units: Vec::new() });
            }
        }
        for suite in (0..self.n_packages()).filter(|suite| in_shard(*suite, shard)) {
            let packages = self.compiled_from(suite);
            let files = packages.iter().flat_map(|package| self.files_of(*package));
            let paths: Vec<RepoPath> = files.map(|file| self.paths[file as usize].clone()).collect();
            builder.add_compilation(recording, &self.suite(suite), &paths);
        }
        (builder, recording)
    }

    /// Returns the tests of a shard.
    pub fn tests_of(&self, shard: Shard) -> impl Iterator<Item = u32> + '_ {
        (0..self.workload.tests).filter(move |test| in_shard(test / TESTS_PER_SUITE, shard))
    }

    /// Returns what one test was seen to do.
    pub fn observation(&self, test: u32) -> Observation {
        let mut rng = self.workload.rng(Of::Test, test);
        let (suite, number) = (test / TESTS_PER_SUITE, test % TESTS_PER_SUITE);
        let name = names::test(&mut rng, number / TESTS_PER_MODULE, number % TESTS_PER_MODULE);
        let executed = self.footprints[test as usize].iter().map(|(file, units)| Executed {
            path: self.paths[*file as usize].clone(),
            parts: Parts::Units((0..UnitMask::BITS).filter(|unit| units >> unit & 1 == 1).collect()),
        });
        let outcome = match rng.random_range(0..200) {
            0..2 => Outcome::Failed,
            2 => Outcome::Skipped,
            _ => Outcome::Passed,
        };
        let healthy = rng.random_bool(0.995);
        let opens = rng.random_bool(0.3);
        Observation {
            test: TestKey::new(self.job(), self.suite(suite), name),
            role: Role::Test,
            outcome,
            health: if healthy { Health::OK } else { Health::OK.with(Problem::ProcessKilled) },
            duration: Duration::from_micros(10f64.powf(rng.random_range(2.5..6.5)) as u64),
            executed: executed.collect(),
            opened: if opens { self.data_files(suite).collect() } else { Vec::new() },
            consulted: Vec::new(),
        }
    }

    /// Returns one source file with its units.
    pub fn source_file(&self, file: u32) -> SourceFile {
        let mut rng = self.workload.rng(Of::Units, file);
        let blob = format!("{:032x}{:08x}", rng.random::<u128>(), rng.random::<u32>());
        let n_units = self.n_units(file);
        let package = self.package_of(file);
        let mut line = 20;
        let unit = |at| {
            let (kind, name) = match unit_kind(at, n_units) {
                UnitKind::Function => (UnitKind::Function, names::function(&mut rng, at)),
                UnitKind::Item => (UnitKind::Item, names::item(&mut rng, at)),
                kind => (kind, String::new()),
            };
            let start = line + rng.random_range(1..4);
            line = start + rng.random_range(2..40);
            let identifiers = (0..rng.random_range(4..=12)).map(|_| self.identifier(&mut rng, file, package));
            Unit {
                kind,
                name: name.into(),
                lines: LineSpan { start, end: line },
                identifiers: identifiers.collect(),
                fingerprint: Some(Fingerprint(rng.random())),
            }
        };
        let units = (0..n_units).map(unit).collect();
        SourceFile {
            path: self.paths[file as usize].clone(),
            blob: Some(blob.parse().expect("forty hex digits are an object id")),
            units,
        }
    }

    /// Draws a name that a unit mentions: of its file, of its package, or one of all, the common ones often.
    fn identifier(&self, rng: &mut SmallRng, file: u32, package: u32) -> Identifier {
        let name = match rng.random_range(0..10) {
            0..4 => (1u64 << 60) + u64::from(file) * 32 + rng.random_range(0..32),
            4..7 => (2u64 << 60) + u64::from(package) * 256 + u64::from(zipf(rng, 256)),
            _ => (3u64 << 60) + u64::from(zipf(rng, self.workload.units / 4)),
        };
        Identifier::of(&name.to_string())
    }

    pub(crate) fn recording(&self, shard: Shard) -> Recording {
        Recording {
            job: self.job(),
            shard,
            recorded_at: Timestamp(1_790_000_000_000),
            commit: "0123456789abcdef0123456789abcdef01234567".parse().expect("it is a commit"),
            tree: None,
            branch: Some("main".to_owned()),
            environment: EnvironmentKey {
                parts: BTreeMap::from([("target".to_owned(), "x86_64-unknown-linux-gnu".to_owned())]),
            },
            tool: "benches".to_owned(),
            origin: Origin::Recorded,
            asked_for: None,
        }
    }

    pub(crate) fn n_packages(&self) -> u32 {
        self.packages.len() as u32
    }

    /// How many packages, the first ones, every suite is compiled with.
    fn n_core_packages(&self) -> u32 {
        self.n_packages().div_ceil(100)
    }

    fn n_files(&self) -> u32 {
        self.workload.units / UNITS_PER_FILE
    }

    pub(crate) fn package_of(&self, file: u32) -> u32 {
        (u64::from(file) * u64::from(self.n_packages()) / u64::from(self.n_files())) as u32
    }

    pub(crate) fn files_of(&self, package: u32) -> Range<u32> {
        let first = |package: u32| {
            (u64::from(package) * u64::from(self.n_files())).div_ceil(u64::from(self.n_packages())) as u32
        };
        first(package)..first(package + 1)
    }

    pub(crate) fn suite(&self, suite: u32) -> String {
        format!("{}::tests", self.packages[suite as usize])
    }

    pub(crate) fn suite_of(&self, test: u32) -> u32 {
        test / TESTS_PER_SUITE
    }

    pub(crate) fn data_files(&self, package: u32) -> impl Iterator<Item = RepoPath> + '_ {
        let path = move |at| format!("crates/{}/tests/data/{at}.json", self.packages[package as usize]);
        (0..DATA_FILES_PER_PACKAGE).map(path).map(|path| RepoPath::new(path).expect("drawn paths are paths"))
    }

    /// Returns the packages that a suite is compiled from.
    pub(crate) fn compiled_from(&self, suite: u32) -> Vec<u32> {
        let mut rng = self.workload.rng(Of::Compilation, suite);
        let mut packages: Vec<u32> = (0..self.n_core_packages()).chain([suite]).collect();
        packages.extend((0..4).map(|_| zipf(&mut rng, self.n_packages())));
        // Those that look into this package's files from next door, see `executions`.
        packages.push(suite.saturating_sub(1));
        packages.sort_unstable();
        packages.dedup();
        packages
    }

    /// Files come in pairs, one as much larger as the other is smaller, so that the total is what was asked for.
    pub(crate) fn n_units(&self, file: u32) -> u32 {
        let spread = self.workload.rng(Of::Size, file / 2).random_range(0..=UNITS_SPREAD);
        let alone = file.is_multiple_of(2) && file + 1 == self.n_files();
        match (alone, file % 2) {
            (true, _) => UNITS_PER_FILE,
            (false, 0) => UNITS_PER_FILE - spread,
            (false, _) => UNITS_PER_FILE + spread,
        }
    }

    /// Draws which tests execute which units of a file.
    fn executions(&self, file: u32) -> Vec<(u32, UnitMask)> {
        let mut rng = self.workload.rng(Of::Executions, file);
        if rng.random_bool(0.05) {
            return Vec::new();
        }
        // 1. The tests that execute anything of the file.
        let package = self.package_of(file);
        let mut base: Vec<u32> = Vec::new();
        if file < self.n_hubs() {
            let share = (0.6 / f64::from(file + 1)).sqrt();
            for suite in (0..self.n_packages()).filter(|_| rng.random_bool(share)).collect::<Vec<_>>() {
                self.draw_tests(&mut rng, suite, share, &mut base);
            }
        } else {
            let share = rng.random_range(0.1..0.9);
            self.draw_tests(&mut rng, package, share, &mut base);
            if package + 1 < self.n_packages() && rng.random_bool(0.5) {
                let share = rng.random_range(0.1..0.9);
                self.draw_tests(&mut rng, package + 1, share, &mut base);
            }
        }
        // 2. The sets that its functions share: all of those, and a few smaller ones.
        let mut shared = vec![base.clone()];
        for _ in 0..zipf(&mut rng, 4) {
            shared.push(thin(&mut rng, &base));
        }
        // 3. Which function has which.
        let mut masks: BTreeMap<u32, UnitMask> = BTreeMap::new();
        let n_units = self.n_units(file);
        for unit in (0..n_units).filter(|unit| unit_kind(*unit, n_units) == UnitKind::Function) {
            let tests = match rng.random_range(0..20) {
                0..3 => Vec::new(),
                3..6 => thin(&mut rng, &base),
                _ => shared[zipf(&mut rng, shared.len() as u32) as usize].clone(),
            };
            for test in tests {
                *masks.entry(test).or_default() |= 1 << unit;
            }
        }
        masks.into_iter().collect()
    }

    /// How many files, the first ones, are executed by tests of all suites.
    pub(crate) fn n_hubs(&self) -> u32 {
        (self.n_files() / 500).max(2)
    }

    /// Draws tests of a suite, module by module, in order.
    fn draw_tests(&self, rng: &mut SmallRng, suite: u32, share: f64, tests: &mut Vec<u32>) {
        for module in 0..TESTS_PER_SUITE / TESTS_PER_MODULE {
            if rng.random_bool(share) {
                let first = suite * TESTS_PER_SUITE + module * TESTS_PER_MODULE;
                tests.extend((first..first + TESTS_PER_MODULE).filter(|_| rng.random_bool(0.9)));
            }
        }
    }
}

/// A file is two thirds functions, then items, then its remainder.
pub(crate) fn unit_kind(unit: u32, n_units: u32) -> UnitKind {
    if unit + 1 == n_units {
        UnitKind::Remainder
    } else if unit % 3 == 2 {
        UnitKind::Item
    } else {
        UnitKind::Function
    }
}

fn thin(rng: &mut SmallRng, tests: &[u32]) -> Vec<u32> {
    let share = rng.random_range(0.3..0.95);
    tests.iter().copied().filter(|_| rng.random_bool(share)).collect()
}

/// Draws a number below `n`, the `r`th about as often as one divided by `r`.
pub fn zipf(rng: &mut SmallRng, n: u32) -> u32 {
    let drawn = f64::from(n + 1).powf(rng.random::<f64>()) as u32;
    drawn.clamp(1, n) - 1
}

fn in_shard(suite: u32, shard: Shard) -> bool {
    suite % shard.of() == shard.number() - 1
}
