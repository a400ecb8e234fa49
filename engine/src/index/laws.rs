//! What holds of every index, tried on many.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use crate::codec::{IndexReader, decode, encode};
use crate::fingerprint::{Fingerprint, Identifier};
use crate::glob::Glob;
use crate::id::{JobName, TestId};
use crate::kind::IndexKind;
use crate::observation::{Executed, Observation, Parts};
use crate::path::RepoPath;
use crate::record::{Health, Outcome, Problem, Role, TestKey};
use crate::recording::{EnvironmentKey, Origin, Recording, Shard};
use crate::time::Timestamp;
use crate::unit::{LineSpan, SourceFile, Unit, UnitKind};
use crate::variable::{Consulted, Since, VariableName, Variables};

use super::build::{BaselineScope, IndexBuilder};
use super::carry::{Carried, carry};
use super::evidence::{Evidence, Mentioned};
use super::merge::merge;
use super::query::{Answer, ChangedKey, JobAnswers, SharedPolicy, impacted, impacted_per_job, partition};
use super::{Index, RulePattern};
use crate::selection::testing::selected as select_now;

pub(crate) const JOBS: [&str; 2] = ["e2e", "unit"];

pub(crate) fn path(number: u8) -> RepoPath {
    RepoPath::new(format!("src/{}/f{number}.rs", number % 3)).unwrap()
}

fn key(job: usize, test: u8) -> TestKey {
    TestKey::new(JOBS[job].parse().unwrap(), format!("suite{}", test % 2), format!("test_{test}"))
}

/// One recording as an indexer might see it, drawn at random.
#[derive(Debug, Clone)]
struct Drawn {
    job: usize,
    shard: Shard,
    time: u64,
    commit: u8,
    /// Files by number: the version of each of their units.
    files: BTreeMap<u8, Vec<u8>>,
    observations: Vec<DrawnTest>,
    rule: Option<(bool, Vec<u8>)>,
    with_baseline: bool,
}

#[derive(Debug, Clone)]
struct DrawnTest {
    test: u8,
    outcome: Outcome,
    healthy: bool,
    executed: Vec<(u8, Option<Vec<u32>>)>,
    opened: Vec<u8>,
    consulted: Vec<DrawnVariable>,
}

/// A variable by number, with its value when it is set.
type DrawnVariable = (u8, Option<u8>);

const VARIABLES: [&str; 4] = ["", "HOME", "HOME_2", "TZ"];

fn any_variable() -> impl Strategy<Value = DrawnVariable> {
    // Mostly one value, so that tests are skipped at all.
    let value = prop_oneof![3 => Just(Some(1)), 1 => Just(None), 1 => Just(Some(0))];
    (0..VARIABLES.len() as u8, value)
}

fn consulted((name, value): DrawnVariable) -> Consulted {
    let text = value.map(|value| "x".repeat(value.into()));
    let name = VariableName::new(VARIABLES[usize::from(name)]).unwrap();
    Consulted::new(name, text.as_ref().map(String::as_bytes))
}

/// What is set now; `None` when nobody knows.
pub(crate) fn variables(now: &Option<BTreeMap<u8, u8>>) -> Variables {
    let Some(now) = now else { return Variables::Unknown };
    Variables::known(
        now.iter().map(|(name, value)| (VARIABLES[usize::from(*name)], "x".repeat(usize::from(*value)))),
    )
}

pub(crate) fn any_now() -> impl Strategy<Value = Option<BTreeMap<u8, u8>>> {
    let value = prop_oneof![4 => Just(1u8), 1 => Just(0)];
    prop::option::weighted(0.9, prop::collection::btree_map(0..VARIABLES.len() as u8, value, 0..5))
}

/// Which tests consulted what, by going through all variables.
fn by_test(index: &Index) -> BTreeMap<TestKey, BTreeSet<Consulted>> {
    let mut by_test: BTreeMap<TestKey, BTreeSet<Consulted>> = BTreeMap::new();
    for variable in index.variables() {
        for test in index.set(variable.tests).iter() {
            let key = index.tests()[test.index()].key.clone();
            by_test.entry(key).or_default().insert(variable.consulted.clone());
        }
    }
    by_test
}

fn any_test() -> impl Strategy<Value = DrawnTest> {
    let parts = prop::option::weighted(0.8, prop::collection::vec(0u32..4, 1..3));
    (
        0u8..8,
        prop::sample::select(vec![
            Outcome::Passed,
            Outcome::Passed,
            Outcome::Passed,
            Outcome::Failed,
            Outcome::Skipped,
        ]),
        prop::bool::weighted(0.85),
        prop::collection::vec((0u8..7, parts), 0..4),
        prop::collection::vec(0u8..7, 0..2),
        prop::collection::vec(any_variable(), 0..2),
    )
        .prop_map(|(test, outcome, healthy, executed, opened, consulted)| DrawnTest {
            test,
            outcome,
            healthy,
            executed,
            opened,
            consulted,
        })
}

fn any_recording() -> impl Strategy<Value = Drawn> {
    (
        0..JOBS.len(),
        (1u32..3).prop_map(|number| Shard::new(number, 2).unwrap()),
        0u64..4,
        0u8..3,
        prop::collection::btree_map(0u8..6, prop::collection::vec(0u8..3, 0..4), 0..5),
        prop::collection::vec(any_test(), 0..6),
        prop::option::of((any::<bool>(), prop::collection::vec(0u8..8, 0..3))),
        any::<bool>(),
    )
        .prop_map(|(job, shard, time, commit, files, observations, rule, with_baseline)| Drawn {
            job,
            shard,
            time,
            commit,
            files,
            observations,
            rule,
            with_baseline,
        })
}

fn any_kind() -> impl Strategy<Value = IndexKind> {
    prop::sample::select(IndexKind::ALL.to_vec())
}

fn build(kind: IndexKind, drawn: &Drawn) -> Index {
    build_in_order(kind, drawn, false)
}

/// Which of a file's units is an item; the others are functions.
const ITEM: u32 = 2;

/// Returns a file in which each unit has a version; that of version zero is of unknown content.
pub(crate) fn source(number: u8, versions: &[u8]) -> SourceFile {
    let unit = |(at, version): (usize, &u8)| Unit {
        kind: if at as u32 % 3 == ITEM { UnitKind::Item } else { UnitKind::Function },
        name: format!("unit{}", at % 3).into(),
        lines: LineSpan { start: at as u32 * 10 + 1, end: at as u32 * 10 + 9 },
        fingerprint: (*version > 0).then(|| Fingerprint::of(&[number, at as u8, *version])),
        // What a unit mentions is a matter of its content, as the fingerprint is.
        identifiers: vec![Identifier(u32::from(*version)), Identifier(u32::from(number) * 7)],
    };
    let blob = versions.first().map(|version| format!("{version:040x}").parse().unwrap());
    SourceFile { path: path(number), blob, units: versions.iter().enumerate().map(unit).collect() }
}

/// Builds an index whose files come before what was executed of them, as they should, or after it.
fn build_in_order(kind: IndexKind, drawn: &Drawn, files_last: bool) -> Index {
    let mut builder = IndexBuilder::new(kind);
    let recording = builder.add_recording(Recording {
        job: JOBS[drawn.job].parse().unwrap(),
        shard: drawn.shard,
        recorded_at: Timestamp(drawn.time),
        commit: format!("{:040x}", drawn.commit).parse().unwrap(),
        tree: None,
        branch: (drawn.commit == 1).then(|| "main".to_owned()),
        environment: EnvironmentKey { parts: BTreeMap::from([("os".to_owned(), "linux".to_owned())]) },
        tool: "laws".to_owned(),
        origin: Origin::Recorded,
        asked_for: (drawn.commit == 2).then(|| vec![Identifier(1), Identifier(7)]),
    });
    let add_files = |builder: &mut IndexBuilder| {
        for (number, versions) in &drawn.files {
            builder.add_file(recording, source(*number, versions));
        }
    };
    if !files_last {
        add_files(&mut builder);
    }
    builder.add_compilation(recording, "suite1", &[path(0), path(5)]);
    let observation = |drawn_test: &DrawnTest| Observation {
        test: key(drawn.job, drawn_test.test),
        role: Role::Test,
        outcome: drawn_test.outcome,
        health: if drawn_test.healthy { Health::OK } else { Health::OK.with(Problem::ProcessKilled) },
        duration: Duration::from_micros(u64::from(drawn_test.test) * 1000),
        executed: drawn_test
            .executed
            .iter()
            .map(|(file, units)| Executed {
                path: path(*file),
                parts: units.clone().map_or(Parts::Whole, Parts::Units),
            })
            .collect(),
        opened: drawn_test.opened.iter().map(|file| path(*file)).collect(),
        consulted: drawn_test.consulted.iter().copied().map(consulted).collect(),
    };
    let (baselines, tests): (Vec<_>, Vec<_>) = drawn
        .observations
        .iter()
        .enumerate()
        .partition(|(at, _)| kind.diffed && drawn.with_baseline && *at == 0);
    for (_, baseline) in baselines {
        builder.add_baseline(recording, BaselineScope::Job, observation(baseline)).unwrap();
    }
    for (_, test) in tests {
        builder.observe(recording, observation(test)).unwrap();
    }
    if files_last {
        add_files(&mut builder);
    }
    if let Some((all, tests)) = &drawn.rule {
        let tests = tests.iter().map(|test| key(drawn.job, *test)).collect();
        builder.add_rule(recording, RulePattern::Glob(Glob::new("src/1/*")), *all, tests, vec![recording]);
    }
    builder.finish()
}

pub(crate) fn any_indexes(
    count: impl Into<prop::collection::SizeRange>,
) -> impl Strategy<Value = Vec<Index>> {
    (any_kind(), prop::collection::vec(any_recording(), count))
        .prop_map(|(kind, drawn)| drawn.iter().map(|drawn| build(kind, drawn)).collect())
}

fn any_changes() -> impl Strategy<Value = Vec<ChangedKey>> {
    prop::collection::vec(
        prop_oneof![
            (0u8..8).prop_map(|file| ChangedKey::File(path(file))),
            (0u8..8).prop_map(|file| ChangedKey::Key(path(file).parent().unwrap())),
            (0u8..8, 0u8..4).prop_map(|(file, unit)| ChangedKey::Unit {
                file: path(file),
                name: format!("unit{unit}").into()
            }),
        ],
        0..4,
    )
}

/// Every test of the job that the answer does not skip.
fn selected(index: &Index, job: &JobName, answer: &Answer) -> BTreeSet<TestKey> {
    let skipped =
        |at: usize| matches!(answer, Answer::Subset(subset) if subset.skip.contains(TestId(at as u32)));
    let tests = index.tests().iter().enumerate();
    tests
        .filter(|(at, test)| test.key.job == *job && !skipped(*at))
        .map(|(_, test)| test.key.clone())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_written_is_read(indexes in any_indexes(1..4)) {
        let merged = merge(&indexes.iter().collect::<Vec<_>>()).unwrap();
        for index in indexes.iter().chain([&merged]) {
            let bytes = encode(index).unwrap();
            prop_assert_eq!(&decode(bytes.as_slice()).unwrap(), index);
            prop_assert_eq!(encode(&decode(bytes.as_slice()).unwrap()).unwrap(), bytes);
        }
    }

    #[test]
    fn merging_one_changes_nothing(indexes in any_indexes(1)) {
        prop_assert_eq!(&merge(&[&indexes[0]]).unwrap(), &indexes[0]);
        prop_assert_eq!(&merge(&[&indexes[0], &indexes[0]]).unwrap(), &indexes[0]);
    }

    #[test]
    fn merging_is_commutative_and_associative(indexes in any_indexes(3)) {
        let [a, b, c] = [&indexes[0], &indexes[1], &indexes[2]];
        let all = merge(&[a, b, c]).unwrap();
        prop_assert_eq!(&merge(&[c, a, b]).unwrap(), &all);
        prop_assert_eq!(&merge(&[b, a, c]).unwrap(), &all);
        prop_assert_eq!(&merge(&[&merge(&[a, b]).unwrap(), c]).unwrap(), &all);
        prop_assert_eq!(&merge(&[a, &merge(&[b, c]).unwrap()]).unwrap(), &all);
        prop_assert_eq!(&merge(&[&all, b, &all]).unwrap(), &all);
    }

    #[test]
    fn the_newest_record_that_counts_wins(indexes in any_indexes(2..4)) {
        let merged = merge(&indexes.iter().collect::<Vec<_>>()).unwrap();
        for test in merged.tests() {
            let rank = |index: &Index, at: usize| {
                let test = &index.tests()[at];
                (test.counts(), index.recordings()[test.recording.index()].recorded_at)
            };
            let (id, _) = merged.test(&test.key).unwrap();
            for index in &indexes {
                if let Some((other, _)) = index.test(&test.key) {
                    prop_assert!(rank(index, other.index()) <= rank(&merged, id.index()));
                }
            }
        }
    }

    #[test]
    fn the_reader_answers_as_the_index_does(indexes in any_indexes(1..4), changes in any_changes(), now in any_now()) {
        let now = variables(&now);
        let merged = merge(&indexes.iter().collect::<Vec<_>>()).unwrap();
        let bytes = encode(&merged).unwrap();
        let reader = IndexReader::open(bytes.as_slice()).unwrap();
        for policy in [SharedPolicy::Run, SharedPolicy::Baseline] {
            prop_assert_eq!(
                impacted_per_job(&reader, &changes, policy, &now),
                impacted_per_job(&merged, &changes, policy, &now)
            );
        }
        for job in JOBS.map(|job| job.parse::<JobName>().unwrap()) {
            let universe: BTreeSet<TestKey> = (0..9).map(|test| TestKey { job: job.clone(), ..key(0, test) }).collect();
            prop_assert_eq!(
                partition(&[&reader], &job, &changes, SharedPolicy::Run, &now, &universe),
                partition(&[&merged], &job, &changes, SharedPolicy::Run, &now, &universe)
            );
        }
    }

    #[test]
    fn some_files_mention_what_all_of_them_do_there(indexes in any_indexes(1..4), wanted in prop::collection::btree_set(0u8..9, 0..6)) {
        let merged = merge(&indexes.iter().collect::<Vec<_>>()).unwrap();
        let bytes = encode(&merged).unwrap();
        let reader = IndexReader::open(bytes.as_slice()).unwrap();
        let wanted: Vec<RepoPath> = wanted.into_iter().map(path).collect();
        // Those of drawn units, and more.
        let names: Vec<Identifier> = (0..60).map(Identifier).collect();
        let said = |found: Vec<Mentioned>| -> Vec<Vec<(RepoPath, Vec<usize>)>> {
            let of_name = |found: Mentioned| found.into_iter().map(|(view, at)| (view.file.path.clone(), at)).collect();
            found.into_iter().map(of_name).collect()
        };
        let everywhere = said(merged.mentioning(&names).unwrap());
        let mut there = everywhere.clone();
        there.iter_mut().for_each(|found| found.retain(|(file, _)| wanted.contains(file)));
        prop_assert_eq!(said(reader.mentioning(&names).unwrap()), everywhere);
        let paths: Vec<&RepoPath> = wanted.iter().collect();
        prop_assert_eq!(&said(merged.mentioning_in(&paths, &names).unwrap()), &there);
        prop_assert_eq!(&said(reader.mentioning_in(&paths, &names).unwrap()), &there);
    }

    #[test]
    fn a_larger_change_never_selects_fewer(indexes in any_indexes(1..3), a in any_changes(), b in any_changes(), now in any_now()) {
        let now = variables(&now);
        let merged = merge(&indexes.iter().collect::<Vec<_>>()).unwrap();
        let both = [a.clone(), b.clone()].concat();
        for job in JOBS.map(|job| job.parse::<JobName>().unwrap()) {
            let select = |changes: &[ChangedKey]| selected(&merged, &job, &impacted(&merged, &job, changes, SharedPolicy::Run, &now));
            let together = select(&both);
            prop_assert!(together.is_superset(&select(&a)) && together.is_superset(&select(&b)));
        }
    }

    /// What must run, by going through what was drawn without any index.
    #[test]
    fn skipping_is_what_the_observations_allow(
        drawn in any_recording(),
        kind in any_kind(),
        changed in 0u8..8,
        unit in prop::option::of(0u32..4),
        files_last in any::<bool>(),
        now in any_now(),
    ) {
        let now = variables(&now);
        let index = build_in_order(kind, &drawn, files_last);
        let job: JobName = JOBS[drawn.job].parse().unwrap();
        let change = match unit {
            Some(unit) => ChangedKey::Unit { file: path(changed), name: format!("unit{unit}").into() },
            None => ChangedKey::File(path(changed)),
        };
        let answer = impacted(&index, &job, &[change], SharedPolicy::Run, &now);
        // Whether what was executed of a file, as told, may be the changed unit.
        let n_units = |file: u8| drawn.files.get(&file).map_or(0, |units| units.len() as u32);
        let hits = |file: u8, parts: &Option<Vec<u32>>| match (unit, parts) {
            (Some(unit), Some(parts)) if kind.granularity == crate::kind::Granularity::Function => {
                unit == ITEM || files_last || parts.iter().any(|part| *part == unit || *part >= n_units(file))
            }
            _ => true,
        };
        let in_function = kind.granularity == crate::kind::Granularity::Function && unit.is_some_and(|unit| unit != ITEM);
        let meets = |file: u8| match kind.granularity {
            crate::kind::Granularity::Package => path(file).parent() == path(changed).parent(),
            _ => file == changed,
        };
        let Answer::Subset(subset) = answer else { return Ok(()) };
        for id in subset.skip.iter() {
            let test = &index.tests()[id.index()].key;
            let ruled = drawn.rule.is_some() && path(changed).as_str().starts_with("src/1/");
            prop_assert!(ruled || drawn.files.keys().any(|file| meets(*file)), "{} was skipped for an unknown file", test);
            for run in drawn.observations.iter().filter(|run| key(drawn.job, run.test) == *test) {
                prop_assert!(run.healthy && run.outcome == Outcome::Passed);
                prop_assert!(!run.executed.iter().any(|(file, parts)| meets(*file) && hits(*file, parts)), "{} executed it", test);
                let changed = run.consulted.iter().find(|variable| now.since(&consulted(**variable)) != Since::Same);
                prop_assert_eq!(changed, None, "{} consulted it", test);
                prop_assert!(!run.opened.iter().any(|file| meets(*file)), "{} opened it", test);
                // A change inside a function acts where it is executed; any other wherever it is compiled.
                let compiled = &*test.suite == "suite1" && (meets(0) || meets(5));
                prop_assert!(!compiled || in_function, "{} was compiled from it", test);
            }
        }
    }

    #[test]
    fn shards_read_apart_answer_as_their_merge_does(indexes in any_indexes(2..4), changes in any_changes(), now in any_now()) {
        let now = variables(&now);
        // Only where no test is in two of them: of one that is, merging forgets the older record.
        let mut seen = BTreeSet::new();
        prop_assume!(indexes.iter().flat_map(|index| index.tests()).all(|test| seen.insert(test.key.clone())));
        let merged = merge(&indexes.iter().collect::<Vec<_>>()).unwrap();
        let parts: Vec<&dyn super::Evidence> = indexes.iter().map(|index| index as _).collect();
        for job in JOBS.map(|job| job.parse::<JobName>().unwrap()) {
            let universe: BTreeSet<TestKey> = (0..9).map(|test| TestKey { job: job.clone(), ..key(0, test) }).collect();
            let apart = partition(&parts, &job, &changes, SharedPolicy::Run, &now, &universe);
            let whole = partition(&[&merged], &job, &changes, SharedPolicy::Run, &now, &universe);
            prop_assert_eq!(&apart.skip, &whole.skip);
            prop_assert_eq!(apart.run, whole.run);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn of_records_equally_new_each_has_to_prove(drawn in prop::collection::vec(any_recording(), 2..4), kind in any_kind(), changes in any_changes(), now in any_now()) {
        let now = variables(&now);
        let at_once = |drawn: &Drawn| {
            let mut drawn = Drawn { time: 1, ..drawn.clone() };
            drawn.observations.iter_mut().for_each(|test| test.healthy = true);
            build(kind, &drawn)
        };
        let indexes: Vec<Index> = drawn.iter().map(at_once).collect();
        let merged = merge(&indexes.iter().collect::<Vec<_>>()).unwrap();
        let parts: Vec<&dyn super::Evidence> = indexes.iter().map(|index| index as _).collect();
        for job in JOBS.map(|job| job.parse::<JobName>().unwrap()) {
            let universe: BTreeSet<TestKey> = (0..9).map(|test| TestKey { job: job.clone(), ..key(0, test) }).collect();
            let apart = partition(&parts, &job, &changes, SharedPolicy::Run, &now, &universe);
            let whole = partition(&[&merged], &job, &changes, SharedPolicy::Run, &now, &universe);
            prop_assert!(whole.skip.is_subset(&apart.skip), "{:?} and {:?}", whole, apart);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn variables_are_what_the_observations_say(drawn in any_recording(), kind in any_kind()) {
        let mut expected: BTreeMap<TestKey, BTreeSet<Consulted>> = BTreeMap::new();
        for run in drawn.observations.iter().filter(|run| !run.consulted.is_empty()) {
            let of_test = expected.entry(key(drawn.job, run.test)).or_default();
            of_test.extend(run.consulted.iter().copied().map(consulted));
        }
        prop_assert_eq!(by_test(&build(kind, &drawn)), expected);
    }

    #[test]
    fn variables_stay_with_the_records_that_survive(indexes in any_indexes(2..4)) {
        let merged = merge(&indexes.iter().collect::<Vec<_>>()).unwrap();
        let rank = |index: &Index, test: &TestKey| {
            let (_, record) = index.test(test)?;
            Some((record.counts(), index.recordings()[record.recording.index()].recorded_at))
        };
        let mut expected: BTreeMap<TestKey, BTreeSet<Consulted>> = BTreeMap::new();
        for index in &indexes {
            for (test, consulted) in by_test(index) {
                if indexes.iter().all(|other| rank(other, &test) <= rank(index, &test)) {
                    expected.entry(test).or_default().extend(consulted);
                }
            }
        }
        prop_assert_eq!(by_test(&merged), expected);
        prop_assert!(merged.variables().is_sorted_by(|a, b| a.consulted < b.consulted));
    }

    /// Whoever consulted nothing does not care, and of the others those are taken over for whom nothing changed.
    #[test]
    fn what_is_taken_over_found_what_is_there_now(drawn in any_recording(), now in any_now()) {
        let index = build(IndexKind::FUNCTION, &drawn);
        let job: JobName = JOBS[drawn.job].parse().unwrap();
        let now = variables(&now);
        let by_test = by_test(&index);
        let files = BTreeMap::new();
        let without = Index { variables: Vec::new(), ..index.clone() };
        let [all, carried] = [&without, &index].map(|index| {
            let selection = select_now(index, &job, &files, &now);
            carry(index, &job, &|test| selection.skips(test), &files)
        });
        let names = |carried: &Carried| -> BTreeSet<TestKey> {
            carried.tests.iter().map(|test| test.record.key.clone()).collect()
        };
        let mut expected = names(&all);
        expected.retain(|test| by_test.get(test).into_iter().flatten().all(|variable| now.since(variable) == Since::Same));
        prop_assert_eq!(names(&carried), expected.clone());
        prop_assert!(names(&all).difference(&expected).all(|test| carried.again.contains(test)));
        for test in carried.tests {
            let consulted: BTreeSet<Consulted> = test.consulted.into_iter().collect();
            prop_assert_eq!(consulted, by_test.get(&test.record.key).cloned().unwrap_or_default());
        }
    }

    #[test]
    fn a_file_has_the_oldest_version_that_can_say_it(indexes in any_indexes(1..3)) {
        let merged = merge(&indexes.iter().collect::<Vec<_>>()).unwrap();
        let bytes = encode(&merged).unwrap();
        let trailer = &bytes[bytes.len() - 40..];
        let version = if merged.variables().is_empty() { 1 } else { 2 };
        prop_assert_eq!(&trailer[24..28], &[version, 0, version, 0]);
    }
}

#[test]
fn nothing_is_never_an_answer() {
    let job: JobName = "unit".parse().unwrap();
    let empty = Index::empty(IndexKind::FUNCTION);
    let changes = [ChangedKey::File(path(1))];
    let now = Variables::known::<&str, &str>([]);
    assert!(matches!(impacted(&empty, &job, &changes, SharedPolicy::Run, &now), Answer::Everything(_)));
    assert!(matches!(impacted_per_job(&empty, &changes, SharedPolicy::Run, &now), JobAnswers::Everything(_)));
    let universe = BTreeSet::from([key(1, 1)]);
    for parts in [vec![], vec![&empty as &dyn super::Evidence]] {
        let partition = partition(&parts, &job, &changes, SharedPolicy::Run, &now, &universe);
        assert_eq!((partition.run.len(), partition.skip.len(), partition.causes.len()), (1, 0, 1));
    }
}
