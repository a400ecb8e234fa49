//! The other way round: what one test depends on.

use crate::id::TestId;

use super::{FileRecord, Index, UnitRecord};

/// Something that a test depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dependency<'a> {
    /// The file.
    pub file: &'a FileRecord,
    /// How the test depends on it, or on something in it.
    pub how: How<'a>,
}

/// How a test depends on a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How<'a> {
    /// It executed this unit.
    Executed(&'a UnitRecord),
    /// It executed this unit only as its baseline did.
    Shared(&'a UnitRecord),
    /// It was compiled from the file.
    Compiled,
    /// It opened or listed the file.
    Opened,
}

impl Index {
    /// Returns what a test depends on, in the order of the paths.
    pub fn dependencies_of(&self, test: TestId) -> impl Iterator<Item = Dependency<'_>> {
        self.files().iter().flat_map(move |file| {
            let has = move |set| self.set(set).contains(test);
            let units = self.units_of(file).iter();
            let executed = units.clone().filter(move |unit| has(unit.own)).map(How::Executed);
            let shared = units.filter(move |unit| has(unit.shared)).map(How::Shared);
            let compiled = has(file.compiled).then_some(How::Compiled);
            let opened = has(file.opened).then_some(How::Opened);
            executed.chain(shared).chain(compiled).chain(opened).map(move |how| Dependency { file, how })
        })
    }
}
