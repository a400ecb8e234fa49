//! What holds for every report.

use proptest::prelude::*;

use crate::history::Run;
use crate::history::testing::any_run;
use crate::index::laws::any_indexes;
use crate::record::Role;
use crate::test_set::TestSet;
use crate::time::Timestamp;

use super::*;

const NOW: Timestamp = Timestamp(1_767_600_000_000);

fn sum(sums: impl Iterator<Item = Sums>) -> Sums {
    sums.fold(Sums::default(), Sums::and)
}

proptest! {
    #[test]
    fn every_way_to_group_runs_has_the_same_sum(runs in prop::collection::vec(any_run(), 0..12), since in any::<Option<u32>>()) {
        let since = since.map(|since| Timestamp(since.into()));
        let report = Report::of(&runs, since, NOW);
        let (sums, totals) = (report.sums, report.sums.all);
        prop_assert_eq!(totals.runs, runs.len() as u64);
        prop_assert_eq!(sum(report.bins.iter().filter_map(|bin| bin.sums)), sums);
        prop_assert_eq!(sum(report.jobs.iter().map(|job| job.sums)), sums);
        prop_assert_eq!(sum(report.commands.iter().map(|command| command.sums)), sums);
        let by_distance = sum(report.staleness.iter().map(|near| near.sums));
        prop_assert_eq!(by_distance.timed, sums.timed);
        prop_assert_eq!(by_distance.all.runs, totals.runs - report.unknowns.unchosen);
        prop_assert_eq!(sums.timed.runs, totals.runs - report.unknowns.unchosen - report.unknowns.untimed);
        prop_assert_eq!(by_distance.all.skipped_share(), totals.skipped_share());
        let fell_back = report.fallbacks.iter().map(|fallback| fallback.runs);
        prop_assert!(fell_back.clone().sum::<u64>() >= totals.fell_back);
        prop_assert!(fell_back.max().unwrap_or(0) <= totals.fell_back);
        prop_assert!(report.jobs.iter().all(|job| job.whole <= job.sums.all.runs && job.whole_saved <= job.sums.all.saved));
        prop_assert_eq!(report.unknowns.unevaluated, totals.runs - totals.evaluated);
    }

    #[test]
    fn a_bin_without_runs_is_no_bin_with_zeros(runs in prop::collection::vec(any_run(), 0..12)) {
        let report = Report::of(&runs, None, NOW);
        for bin in &report.bins {
            let within = |run: &&Run| (bin.period.first..=bin.period.last).contains(&run.id.day());
            let n_runs = runs.iter().filter(within).count() as u64;
            prop_assert_eq!(bin.sums.map(|sums| sums.all.runs), (n_runs > 0).then_some(n_runs));
            prop_assert!(bin.index_bytes.is_none_or(|bytes| bytes.median <= bytes.largest));
        }
        prop_assert_eq!(report.bins.len(), report.overheads.bins.len());
        let days: u32 = report.bins.iter().map(|bin| bin.period.days()).sum();
        prop_assert!(days >= report.unknowns.empty_days);
        prop_assert!(report.unknowns.longest_gap.map_or(0, Period::days) <= report.unknowns.empty_days);
    }

    #[test]
    fn what_skiptrace_took_is_all_there(runs in prop::collection::vec(any_run(), 0..12)) {
        let Overheads { sorts, bins } = Report::of(&runs, None, NOW).overheads;
        prop_assert!(sorts.len() <= 5);
        let all = runs.iter().flat_map(|run| run.overheads.values()).sum::<std::time::Duration>();
        prop_assert_eq!(bins.iter().flatten().sum::<std::time::Duration>(), all);
        prop_assert!(bins.iter().all(|bin| bin.len() == sorts.len()));
    }

    #[test]
    fn hubs_and_health_are_counted_as_the_index_has_them(indexes in any_indexes(1..=1), limit in 0..4_usize) {
        let index = &indexes[0];
        for job in index.jobs() {
            let coverage = Coverage::of(index, &job.job, limit);
            let all = Coverage::of(index, &job.job, usize::MAX);
            let mut tests = TestSet::range(job.tests.clone());
            tests.subtract(&index.baselines());
            let mut provable = index.provable();
            provable.intersect_with(&tests);
            prop_assert_eq!((coverage.tests, coverage.provable), (tests.len() as u64, provable.len() as u64));
            prop_assert_eq!(all.unproven.len(), tests.len() - provable.len());
            prop_assert!(all.unproven.iter().all(|test| !test.health.is_ok() || test.outcome != crate::record::Outcome::Passed));
            prop_assert_eq!(&coverage.hub_units[..], &all.hub_units[..limit.min(all.hub_units.len())]);
            prop_assert_eq!(&coverage.hub_files[..], &all.hub_files[..limit.min(all.hub_files.len())]);
            prop_assert!(all.wide_units <= all.units);
            for hub in &all.hub_files {
                let (_, file) = index.file(&hub.path).unwrap();
                let depends = |id: &crate::id::TestId| {
                    let units = index.units_of(file).iter();
                    index.set(file.opened).contains(*id)
                        || units.clone().any(|unit| index.set(unit.own).contains(*id) || index.set(unit.shared).contains(*id))
                };
                let is_test = |id: &crate::id::TestId| index.tests()[id.index()].role == Role::Test;
                let n = tests.iter().filter(is_test).filter(depends).count() as u64;
                prop_assert_eq!(hub.tests, n);
            }
        }
    }
}
