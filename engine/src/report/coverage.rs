//! What an index can prove, and what most of its tests depend on.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use crate::history::TestName;
use crate::id::{JobName, SetId};
use crate::index::{FileRecord, Index, UnitRecord};
use crate::path::RepoPath;
use crate::record::{Health, Outcome, Problem, Role, TestRecord};
use crate::test_set::TestSet;
use crate::unit::LineSpan;

/// What an index knows of the tests of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The job.
    pub job: JobName,
    /// How many tests there are, baseline runs aside.
    pub tests: u64,
    /// How many of them can be skipped on their record.
    pub provable: u64,
    /// How long all of them took.
    pub time: Duration,
    /// How long those took that can be skipped.
    pub provable_time: Duration,
    /// How many tests have each problem; those that have none are left out, and a test may have several.
    pub problems: Vec<(Problem, u64)>,
    /// How many tests ended in each way but passed.
    pub outcomes: Vec<(Outcome, u64)>,
    /// The first of those that prove nothing, the longest first.
    pub unproven: Vec<Unproven>,
    /// How many units there are.
    pub units: u64,
    /// How many of them at least half of the tests executed.
    pub wide_units: u64,
    /// The first units by how many tests executed them.
    pub hub_units: Vec<Hub>,
    /// How many files there are.
    pub files: u64,
    /// The first files by how many tests executed something in them, or opened them.
    pub hub_files: Vec<Hub>,
}

/// A test that always runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unproven {
    /// The test.
    pub test: TestName,
    /// How its run ended.
    pub outcome: Outcome,
    /// What is wrong with its coverage.
    pub health: Health,
    /// How long it took.
    pub duration: Duration,
}

/// Code that many tests depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    /// The file.
    pub path: RepoPath,
    /// The unit; empty where the file as a whole is meant.
    pub unit: Box<str>,
    /// Where the unit stands, where that is known.
    pub lines: Option<LineSpan>,
    /// How many tests depend on it.
    pub tests: u64,
}

impl Coverage {
    /// Finds out what an index knows of a job: of each list the first `limit`.
    pub fn of(index: &Index, job: &JobName, limit: usize) -> Coverage {
        let records = || index.tests().iter().filter(|test| test.key.job == *job && test.role == Role::Test);
        let count = |holds: &dyn Fn(&TestRecord) -> bool| records().filter(|test| holds(test)).count() as u64;
        let time = |holds: &dyn Fn(&TestRecord) -> bool| {
            records()
                .filter(|test| holds(test))
                .fold(Duration::ZERO, |sum, test| sum.saturating_add(test.duration))
        };
        let has = |problem: Problem| count(&|test| test.health.problems().any(|other| other == problem));
        let ended = |outcome: Outcome| count(&|test| test.outcome == outcome);
        let mut unproven: Vec<&TestRecord> = records().filter(|test| !test.can_prove()).collect();
        unproven.sort_by_key(|test| (Reverse(test.duration), &test.key));
        let mut reach = Reach::of(index, job);
        let tests = count(&|_| true);
        let units = || index.units().iter().filter(|unit| unit.listed.is_some());
        Coverage {
            job: job.clone(),
            tests,
            provable: count(&TestRecord::can_prove),
            time: time(&|_| true),
            provable_time: time(&TestRecord::can_prove),
            problems: Problem::ALL.map(|problem| (problem, has(problem))).into_iter().filter(some).collect(),
            outcomes: Outcome::ALL[1..]
                .iter()
                .map(|outcome| (*outcome, ended(*outcome)))
                .filter(some)
                .collect(),
            unproven: unproven.into_iter().take(limit).map(Unproven::of).collect(),
            units: units().count() as u64,
            wide_units: units().filter(|unit| reach.of_unit(unit) * 2 >= tests.max(1)).count() as u64,
            hub_units: first(hub_units(index, &mut reach), limit),
            files: index.files().len() as u64,
            hub_files: first(hub_files(index, &mut reach), limit),
        }
    }
}

impl Unproven {
    fn of(test: &TestRecord) -> Unproven {
        Unproven {
            test: TestName { suite: test.key.suite.clone(), name: test.key.name.clone() },
            outcome: test.outcome,
            health: test.health,
            duration: test.duration,
        }
    }
}

fn some<T>((_, n): &(T, u64)) -> bool {
    *n > 0
}

/// How many tests of a job there are in sets, each counted once.
struct Reach<'a> {
    index: &'a Index,
    /// The tests of the job, baseline runs aside.
    tests: TestSet,
    sizes: HashMap<SetId, u64>,
}

impl<'a> Reach<'a> {
    fn of(index: &'a Index, job: &JobName) -> Reach<'a> {
        let of_job = index.jobs().into_iter().find(|tests| tests.job == *job);
        let mut tests = of_job.map_or_else(TestSet::new, |tests| TestSet::range(tests.tests));
        tests.subtract(&index.baselines());
        Reach { index, tests, sizes: HashMap::new() }
    }

    /// Returns how many tests executed a unit.
    fn of_unit(&mut self, unit: &UnitRecord) -> u64 {
        match (unit.own, unit.shared) {
            (own, SetId::EMPTY) => self.of_set(own),
            (own, shared) => self.of_sets(&[own, shared]),
        }
    }

    /// Returns how many tests executed something of a file, or opened it.
    fn of_file(&mut self, file: &FileRecord) -> u64 {
        let units = self.index.units_of(file).iter();
        let mut sets: Vec<SetId> =
            units.flat_map(|unit| [unit.own, unit.shared]).chain([file.opened]).collect();
        sets.sort_unstable();
        sets.dedup();
        self.of_sets(&sets)
    }

    fn of_set(&mut self, set: SetId) -> u64 {
        let Reach { index, tests, sizes } = self;
        *sizes.entry(set).or_insert_with(|| index.set(set).intersection(tests).len() as u64)
    }

    fn of_sets(&self, sets: &[SetId]) -> u64 {
        let mut all = TestSet::new();
        for set in sets {
            all.union_with(self.index.set(*set));
        }
        all.intersect_with(&self.tests);
        all.len() as u64
    }
}

/// Code, and how many tests depend on it: a unit of a file, or all of it.
type Found<'a> = (u64, &'a FileRecord, Option<&'a UnitRecord>);

fn hub_units<'a>(index: &'a Index, reach: &mut Reach<'_>) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for file in index.files() {
        let named = index.units_of(file).iter().filter(|unit| !unit.name.is_empty() && unit.listed.is_some());
        found.extend(named.map(|unit| (reach.of_unit(unit), file, Some(unit))));
    }
    found
}

fn hub_files<'a>(index: &'a Index, reach: &mut Reach<'_>) -> Vec<Found<'a>> {
    index.files().iter().map(|file| (reach.of_file(file), file, None)).collect()
}

/// Returns the first hubs; what no test depends on is none.
fn first(mut found: Vec<Found<'_>>, limit: usize) -> Vec<Hub> {
    found.retain(|(tests, ..)| *tests > 0);
    // Files and their units are in order already, and stay so among equals.
    found.sort_by_key(|(tests, ..)| Reverse(*tests));
    let hub = |(tests, file, unit): Found<'_>| Hub {
        path: file.path.clone(),
        unit: unit.map_or_else(Box::default, |unit| unit.name.clone()),
        lines: unit.and_then(|unit| unit.listed).filter(|lines| *lines != LineSpan::UNKNOWN),
        tests,
    };
    found.into_iter().take(limit).map(hub).collect()
}
