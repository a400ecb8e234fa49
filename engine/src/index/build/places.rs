//! From the order in which things came to the numbers they have in the index.

use std::collections::{BTreeSet, HashMap};

use crate::id::{RecordingId, SetId, TestId};
use crate::record::TestRecord;
use crate::test_set::TestSet;

use super::SetInterner;

/// From the order in which things came to the numbers they have in the index.
pub(super) struct Places<'a> {
    test_ids: &'a [u32],
    recording_ids: &'a [u32],
    by_recording: Vec<SetId>,
    by_suite: HashMap<(u32, &'a str), SetId>,
    /// The tests that ran in several recordings, with these.
    several: Vec<(TestId, BTreeSet<u32>)>,
}

impl<'a> Places<'a> {
    pub(super) fn new(
        tests: &'a [TestRecord],
        test_ids: &'a [u32],
        recording_ids: &'a [u32],
        several: Vec<(TestId, BTreeSet<u32>)>,
        sets: &mut SetInterner,
    ) -> Self {
        let n_recordings = recording_ids.iter().max().map_or(0, |last| *last as usize + 1);
        let mut by_recording = vec![TestSet::new(); n_recordings];
        let mut by_suite: HashMap<(u32, &str), TestSet> = HashMap::new();
        let newest = tests.iter().enumerate().map(|(at, test)| (TestId(at as u32), test.recording.0));
        let all = several.iter().flat_map(|(id, recordings)| recordings.iter().map(|number| (*id, *number)));
        for (id, recording) in newest.chain(all) {
            by_recording[recording as usize].insert(id);
            let suite = &*tests[id.index()].key.suite;
            by_suite.entry((recording, suite)).or_default().insert(id);
        }
        let mut intern = |tests| sets.intern(tests);
        Places {
            test_ids,
            recording_ids,
            by_recording: by_recording.into_iter().map(&mut intern).collect(),
            by_suite: by_suite.into_iter().map(|(suite, tests)| (suite, intern(tests))).collect(),
            several,
        }
    }

    pub(super) fn recording(&self, recording: RecordingId) -> u32 {
        self.recording_ids[recording.index()]
    }

    pub(super) fn tests(&self, tests: &[u32], sets: &mut SetInterner) -> SetId {
        let mut ids: Vec<u32> = tests.iter().map(|test| self.test_ids[*test as usize]).collect();
        ids.sort_unstable();
        ids.dedup();
        sets.intern(TestSet::from_sorted(ids).expect("they are sorted"))
    }

    /// Returns the tests that ran in no other than `recordings`.
    pub(super) fn tests_of(
        &self,
        recordings: impl IntoIterator<Item = RecordingId>,
        sets: &mut SetInterner,
    ) -> SetId {
        let numbers: BTreeSet<u32> =
            recordings.into_iter().map(|recording| self.recording(recording)).collect();
        let tests = numbers.iter().map(|number| self.by_recording[*number as usize]);
        let all = tests.fold(SetId::EMPTY, |all, tests| sets.union(all, tests));
        let elsewhere = self.several.iter().filter(|(_, ran_in)| !ran_in.is_subset(&numbers));
        let elsewhere = sets.intern(elsewhere.map(|(id, _)| *id).collect());
        sets.difference(all, elsewhere)
    }

    /// Returns the tests that ran in a recording, and perhaps in others as well.
    pub(super) fn any_tests_of(&self, recording: RecordingId) -> SetId {
        self.by_recording[self.recording(recording) as usize]
    }

    pub(super) fn tests_of_suites(
        &self,
        suites: &[(RecordingId, Box<str>)],
        sets: &mut SetInterner,
    ) -> SetId {
        let tests = |(recording, suite): &(RecordingId, Box<str>)| {
            self.by_suite.get(&(self.recording(*recording), &**suite)).copied()
        };
        suites.iter().filter_map(tests).fold(SetId::EMPTY, |all, tests| sets.union(all, tests))
    }
}
