//! What is known of a store that is read listing by listing.

use std::collections::BTreeMap;

use skiptrace_engine::catalog::{Catalog, CommitEntry, Until};
use skiptrace_engine::id::CommitId;
use skiptrace_engine::kind::IndexKind;
use skiptrace_engine::store::StoreError;

/// What is known of a store that is read listing by listing. Ids of commits are spread evenly, so any listing tells
/// of a part of all commits, near or far: which of them have an index, and which have none.
pub(super) struct Shelf<'a> {
    catalog: &'a Catalog,
    kind: IndexKind,
    entries: BTreeMap<CommitId, CommitEntry>,
    /// Where each listing began, and how far it went. No listing begins inside of another.
    listed: BTreeMap<Option<CommitId>, Until>,
}

impl<'a> Shelf<'a> {
    pub(super) fn new(catalog: &'a Catalog, kind: IndexKind) -> Shelf<'a> {
        Shelf { catalog, kind, entries: BTreeMap::new(), listed: BTreeMap::new() }
    }

    /// Reads the first listing.
    pub(super) fn begin(&mut self) -> Result<(), StoreError> {
        self.read(None)
    }

    /// Reads a listing that begins with a commit.
    pub(super) fn read_from(&mut self, commit: &CommitId) -> Result<(), StoreError> {
        self.read(Some(commit))
    }

    fn read(&mut self, from: Option<&CommitId>) -> Result<(), StoreError> {
        let page = self.catalog.page(self.kind, from)?;
        self.entries.extend(page.entries.into_iter().map(|entry| (entry.commit.clone(), entry)));
        self.listed.insert(from.cloned(), page.until);
        Ok(())
    }

    /// Returns whether the first listing was all.
    pub(super) fn is_all(&self) -> bool {
        self.listed.get(&None) == Some(&Until::End)
    }

    /// Returns whether no index was found.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns whether it is known if the commit has an index.
    pub(super) fn knows(&self, commit: &CommitId) -> bool {
        // A listing that begins later also ends later.
        let last = self.listed.range(..=Some(commit.clone())).next_back();
        last.is_some_and(|(_, until)| match until {
            Until::End => true,
            Until::Before(end) => commit < end,
            Until::Through(end) => commit <= end,
        })
    }

    /// Returns what there is of a commit, as far as it is known.
    pub(super) fn entry(&self, commit: &CommitId) -> Option<&CommitEntry> {
        self.entries.get(commit)
    }
}
