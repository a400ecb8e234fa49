//! What holds of every selection, tried on many.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::testing::{Plain, now_of, select_with};
use super::{Now, Policy, Present};
use crate::codec::{IndexReader, encode};
use crate::fingerprint::Fingerprint;
use crate::id::JobName;
use crate::index::build::IndexBuilder;
use crate::index::evidence::{Unkept, Was};
use crate::index::laws::{JOBS, any_indexes, any_now, path, source, variables};
use crate::index::merge::merge;
use crate::index::{Evidence, Index};
use crate::kind::IndexKind;
use crate::observation::Observation;
use crate::record::{Health, Outcome, Role, TestKey};
use crate::recording::{EnvironmentKey, Origin, Recording, Shard};
use crate::time::Timestamp;
use crate::tree::{FOLDER, bytes};
use crate::unit::{LineSpan, SourceFile, Unit, UnitKind};
use crate::variable::Variables;

/// Files by number, as they may be now: gone, or the version of each unit.
fn any_present() -> impl Strategy<Value = BTreeMap<u8, Option<Vec<u8>>>> {
    let versions = prop::collection::vec(prop_oneof![1 => Just(0u8), 8 => Just(1), 4 => Just(2)], 0..4);
    prop::collection::btree_map(0u8..7, prop::option::weighted(0.9, versions), 0..7)
}

fn present(drawn: &BTreeMap<u8, Option<Vec<u8>>>) -> Present {
    let file = |number: u8, versions: &Vec<u8>| SourceFile { blob: None, ..source(number, versions) };
    drawn
        .iter()
        .map(|(number, versions)| {
            let source = versions.as_ref().map(|versions| file(*number, versions));
            (path(*number), Now { source, has_changed: number % 2 == 0 })
        })
        .collect()
}

fn skipped(
    parts: &[&dyn Evidence],
    job: &JobName,
    present: &Present,
    variables: &Variables,
) -> BTreeSet<TestKey> {
    let selection = select_with(parts, job, present, Policy::Balanced, variables, &Plain);
    selection.skipped().map(|test| test.key.clone()).collect()
}

/// The names in a folder.
fn folder(names: Fingerprint) -> Unit {
    Unit {
        kind: UnitKind::File,
        name: FOLDER.into(),
        lines: LineSpan { start: 1, end: 1 },
        identifiers: Vec::new(),
        fingerprint: Some(names),
    }
}

/// Returns an index of one test that opened a file, or listed a folder.
fn opened_by_one_test(source: SourceFile) -> (Index, TestKey) {
    let key = TestKey::new(JOBS[0].parse().unwrap(), "suite", "test");
    let opened = vec![source.path.clone()];
    let mut builder = IndexBuilder::new(IndexKind::FUNCTION);
    let recording = builder.add_recording(Recording {
        job: key.job.clone(),
        shard: Shard::WHOLE,
        recorded_at: Timestamp(1),
        commit: "0".repeat(40).parse().unwrap(),
        tree: None,
        branch: None,
        environment: EnvironmentKey { parts: BTreeMap::new() },
        tool: "laws".to_owned(),
        origin: Origin::Recorded,
        asked_for: None,
    });
    builder.add_file(recording, source);
    let observation = Observation {
        test: key.clone(),
        role: Role::Test,
        outcome: Outcome::Passed,
        health: Health::OK,
        duration: Duration::ZERO,
        executed: Vec::new(),
        opened,
        consulted: Vec::new(),
    };
    builder.observe(recording, observation).unwrap();
    (builder.finish(), key)
}

#[test]
fn a_folder_concerns_whoever_listed_it_once_its_names_are_others() {
    let with = |names| SourceFile { path: path(0), blob: None, units: vec![folder(Fingerprint(names))] };
    let (index, key) = opened_by_one_test(with(7));
    assert_eq!(index.unkept().unwrap(), [Unkept { path: path(0), was: Was::Folder(Some(Fingerprint(7))) }]);
    let skips = |source| {
        let present = Present::from([(path(0), now_of(source))]);
        skipped(&[&index], &key.job, &present, &Variables::Unknown).contains(&key)
    };
    assert!(skips(Some(with(7))));
    assert!(!skips(Some(with(8))));
    assert!(!skips(None));
}

#[test]
fn a_file_that_git_does_not_have_concerns_whoever_read_it_once_a_byte_is_another() {
    let with = |content: Option<&[u8]>| {
        let units = source(0, &[1, 2]).units.into_iter().chain(content.map(bytes)).collect();
        SourceFile { path: path(0), blob: None, units }
    };
    let skips_after = |then, now| {
        let (index, key) = opened_by_one_test(then);
        // Git, which is not asked about the file, says of none that it changed.
        let present = Present::from([(path(0), Now { source: Some(now), has_changed: false })]);
        skipped(&[&index], &key.job, &present, &Variables::Unknown).contains(&key)
    };
    assert!(skips_after(with(Some(b"one")), with(Some(b"one"))));
    assert!(!skips_after(with(Some(b"one")), with(Some(b"two"))));
    assert!(!skips_after(with(Some(b"one")), with(None)));
    assert!(!skips_after(with(None), with(Some(b"one"))));
    assert!(!skips_after(with(None), with(None)));
    let unsettled = |mut file: SourceFile| {
        file.units.iter_mut().for_each(|unit| unit.fingerprint = None);
        file
    };
    assert!(!skips_after(unsettled(with(Some(b"one"))), with(Some(b"one"))));
}

proptest! {
    /// Reading piece by piece is asking the whole.
    #[test]
    fn a_lazy_index_selects_the_same(
        indexes in any_indexes(1..3),
        drawn in any_present(),
        now in any_now(),
        strict in any::<bool>(),
    ) {
        let merged = merge(&indexes.iter().collect::<Vec<_>>()).unwrap();
        let bytes = encode(&merged).unwrap();
        let reader = IndexReader::open(bytes.as_slice()).unwrap();
        let policy = if strict { Policy::Strict } else { Policy::Balanced };
        for job in JOBS {
            let job: JobName = job.parse().unwrap();
            let [whole, lazy] = [&merged as &dyn Evidence, &reader].map(|index| {
                select_with(&[index], &job, &present(&drawn), policy, &variables(&now), &Plain)
            });
            prop_assert_eq!(whole, lazy);
        }
    }

    /// Names narrow what is selected without them, and select nobody else.
    #[test]
    fn names_only_narrow(
        indexes in any_indexes(1..3),
        drawn in any_present(),
        now in any_now(),
    ) {
        let merged = merge(&indexes.iter().collect::<Vec<_>>()).unwrap();
        prop_assume!(merged.recordings().iter().all(|recording| recording.origin == Origin::Recorded));
        let mut known = present(&drawn);
        known.retain(|path, _| merged.file(path).is_some());
        for job in JOBS {
            let job: JobName = job.parse().unwrap();
            let skips = |policy| -> BTreeSet<TestKey> {
                let selection = select_with(&[&merged], &job, &known, policy, &variables(&now), &Plain);
                selection.skipped().map(|test| test.key.clone()).collect()
            };
            let (strict, balanced) = (skips(Policy::Strict), skips(Policy::Balanced));
            prop_assert!(strict.is_subset(&balanced), "{:?}", strict.difference(&balanced));
        }
    }

    /// What more there is that changed, the less is skipped.
    #[test]
    fn a_larger_change_never_selects_fewer(
        indexes in any_indexes(1..3),
        drawn in any_present(),
        more in any_present(),
        now in any_now(),
    ) {
        let merged = merge(&indexes.iter().collect::<Vec<_>>()).unwrap();
        let mut all = more;
        all.extend(drawn.clone());
        for job in JOBS {
            let job: JobName = job.parse().unwrap();
            let few = skipped(&[&merged], &job, &present(&drawn), &variables(&now));
            let many = skipped(&[&merged], &job, &present(&all), &variables(&now));
            prop_assert!(many.is_subset(&few), "{:?}", many.difference(&few));
        }
    }

    /// Merging proves nothing that the recordings did not: who is skipped by the merged index is skipped by that of
    /// the recording from which its record is.
    #[test]
    fn a_merged_index_proves_no_more_than_its_parts(
        indexes in any_indexes(2..4),
        drawn in any_present(),
        now in any_now(),
    ) {
        // As git says it: what only an index has that was merged away, nobody would ask about.
        let mut certain = present(&drawn);
        certain.values_mut().for_each(|now| now.has_changed = true);
        let merged = merge(&indexes.iter().collect::<Vec<_>>()).unwrap();
        let rank = |index: &Index, test: &TestKey| {
            let (_, record) = index.test(test)?;
            Some((record.counts(), index.recordings()[record.recording.index()].recorded_at))
        };
        for job in JOBS {
            let job: JobName = job.parse().unwrap();
            for test in skipped(&[&merged], &job, &certain, &variables(&now)) {
                let best = indexes.iter().map(|index| rank(index, &test)).max().flatten();
                for index in indexes.iter().filter(|index| rank(index, &test) == best) {
                    let own = skipped(&[index], &job, &certain, &variables(&now));
                    prop_assert!(own.contains(&test), "{}", test);
                }
            }
        }
    }

    /// Shards that are asked together prove what each does.
    #[test]
    fn parts_prove_what_each_of_them_does(
        indexes in any_indexes(2..4),
        drawn in any_present(),
        now in any_now(),
    ) {
        let parts: Vec<&dyn Evidence> = indexes.iter().map(|index| index as &dyn Evidence).collect();
        for job in JOBS {
            let job: JobName = job.parse().unwrap();
            let together = skipped(&parts, &job, &present(&drawn), &variables(&now));
            for index in &indexes {
                let own = skipped(&[index], &job, &present(&drawn), &variables(&now));
                let known = |test: &&TestKey| {
                    index.test(test).is_some_and(|(_, record)| record.role == Role::Test)
                };
                prop_assert!(together.iter().filter(known).all(|test| own.contains(test)));
            }
        }
    }

    /// What is no file and is as it was need not be asked about.
    #[test]
    fn what_is_no_file_and_as_it_was_concerns_nobody(
        indexes in any_indexes(1..3),
        drawn in any_present(),
        now in any_now(),
    ) {
        let merged = merge(&indexes.iter().collect::<Vec<_>>()).unwrap();
        let asked = present(&drawn);
        let mut more = asked.clone();
        for unkept in merged.unkept().unwrap() {
            let units = match unkept.was {
                Was::Absent { is_known: true } => Vec::new(),
                Was::Folder(Some(names)) => vec![folder(names)],
                _ => continue,
            };
            let path = unkept.path.clone();
            more.entry(unkept.path).or_insert(now_of(Some(SourceFile { path, blob: None, units })));
        }
        for job in JOBS {
            let job: JobName = job.parse().unwrap();
            let few = skipped(&[&merged], &job, &asked, &variables(&now));
            prop_assert_eq!(few, skipped(&[&merged], &job, &more, &variables(&now)));
        }
    }

    /// Nothing changed, so whoever can be skipped is; and back again is as if nothing had happened.
    #[test]
    fn the_same_files_select_nobody(indexes in any_indexes(1..2), now in any_now()) {
        let index = &indexes[0];
        let same: Present = index
            .files()
            .iter()
            .filter(|file| file.blob.is_some())
            .map(|file| (file.path.clone(), now_of(Some(index.source_file(file)))))
            .collect();
        for job in JOBS {
            let job: JobName = job.parse().unwrap();
            let nothing = skipped(&[index], &job, &Present::new(), &variables(&now));
            let unknown = index.units().iter().any(|unit| unit.fingerprint.is_none() && !unit.is_unplaced());
            if index.kind() == IndexKind::FUNCTION && !unknown {
                let opened = |test: &&TestKey| {
                    let id = index.test(test).expect("it is of the index").0;
                    index.files().iter().any(|file| index.set(file.opened).contains(id))
                };
                let same = skipped(&[index], &job, &same, &variables(&now));
                prop_assert!(same.is_subset(&nothing));
                prop_assert!(nothing.difference(&same).all(|test| opened(&test)));
            }
            for test in index.tests().iter().filter(|test| test.key.job == job && nothing.contains(&test.key)) {
                prop_assert!(test.can_prove());
            }
        }
    }
}
