//! The indexes that a store keeps, commit by commit.
//!
//! Everything here is said in terms of the [`Store`] port; nothing is ever replaced. A commit's index is complete
//! when all the jobs and shards that its manifest names are there.

pub mod gc;
pub mod layout;
pub mod manifest;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use thiserror::Error;

use crate::codec::{CodecError, IndexReader, decode, encode};
use crate::id::{CommitId, JobName};
use crate::index::merge::{MergeError, merge};
use crate::index::{Evidence, Index};
use crate::key::{Key, KeyError};
use crate::kind::IndexKind;
use crate::read_at::{ReadAt, StoredObject};
use crate::recording::{Recording, Shard};
use crate::store::{Entry, ListRequest, Put, Store, StoreError};
use crate::time::Timestamp;

use layout::{BranchMark, Meaning, Part};
use manifest::{Completeness, Manifest, ManifestError, completeness};

/// How many keys one listing asks for while looking for commits.
const PAGE: usize = 1000;
/// How many parts of an index are merged in one step.
const MERGED_AT_ONCE: usize = 4;

/// What can go wrong with a stored index.
#[derive(Debug, Error)]
pub enum CatalogError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An index is damaged or of another version.
    #[error("cannot read `{key}`")]
    Codec {
        /// Where it is kept.
        key: Key,
        /// What is wrong with it.
        #[source]
        source: Box<CodecError>,
    },
    /// A manifest is damaged.
    #[error("cannot read `{key}`")]
    Manifest {
        /// Where it is kept.
        key: Key,
        /// What is wrong with it.
        #[source]
        source: ManifestError,
    },
    /// A job or branch has a name that no key can hold.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Nothing is kept for the commit.
    #[error("there is no {kind} index of commit `{commit}`")]
    NoIndex {
        /// The kind asked for.
        kind: IndexKind,
        /// The commit asked for.
        commit: CommitId,
    },
    /// Parts are missing.
    #[error("the {kind} index of commit `{}` is incomplete: {} missing", commit.short(), list_shards(missing))]
    Incomplete {
        /// The kind.
        kind: IndexKind,
        /// The commit.
        commit: CommitId,
        /// What is missing.
        missing: BTreeSet<(JobName, Shard)>,
    },
    /// The parts do not go together.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// An index does not say which commit it is for.
    #[error("the index has no recording, so there is no commit to keep it under")]
    NoRecording,
    /// An index holds recordings of several commits.
    #[error("the index holds recordings of {0} commits; push it with the commit it stands for")]
    SeveralCommits(usize),
}

impl CatalogError {
    fn codec(key: &Key, error: CodecError) -> CatalogError {
        CatalogError::Codec { key: key.clone(), source: Box::new(error) }
    }
}

fn list_shards(missing: &BTreeSet<(JobName, Shard)>) -> String {
    let shards: Vec<String> = missing.iter().map(|(job, shard)| format!("`{job}` {shard}")).collect();
    shards.join(", ")
}

/// The indexes in one store.
#[derive(Debug, Clone)]
pub struct Catalog {
    store: Arc<dyn Store>,
    open: Opener,
}

/// A way to read a stored value piece by piece.
pub type Opener = fn(&Arc<dyn Store>, &Key) -> Result<Box<dyn ReadAt>, StoreError>;

/// A stored index, read piece by piece.
pub type StoredIndex = IndexReader<Box<dyn ReadAt>>;

/// What a store has for one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitEntry {
    /// The kind.
    pub kind: IndexKind,
    /// The commit.
    pub commit: CommitId,
    /// The shards that are there, with their sizes.
    pub shards: BTreeMap<(JobName, Shard), u64>,
    /// The size of the object that holds all in one, when there is one.
    pub all: Option<u64>,
    /// Whether there is a manifest.
    pub has_manifest: bool,
    /// When the newest of it was written, where the store knows.
    pub modified: Option<Timestamp>,
}

/// What a store has for commits that follow each other in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What there is.
    pub entries: Vec<CommitEntry>,
    /// How far the page goes: commits up to there that are not in it have nothing.
    pub until: Until,
}

/// How far a [`Page`] goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Until {
    /// To the last commit that the store has anything for.
    End,
    /// Up to that commit, of which it does not tell.
    Before(CommitId),
    /// Up to that commit, which is in it.
    Through(CommitId),
}

impl CommitEntry {
    /// Returns how many bytes it takes.
    pub fn size(&self) -> u64 {
        self.shards.values().sum::<u64>() + self.all.unwrap_or(0)
    }
}

impl Catalog {
    /// Looks into `store`.
    pub fn new(store: Arc<dyn Store>) -> Catalog {
        Catalog { store, open: |store, key| Ok(Box::new(StoredObject::new(store.clone(), key.clone()))) }
    }

    /// Reads stored values in another way, such as by mapping files into memory.
    #[must_use]
    pub fn opening_with(self, open: Opener) -> Catalog {
        Catalog { open, ..self }
    }

    /// Returns the store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Returns commits that have an index of `kind`, in the order of their ids.
    ///
    /// Reads no further than `limit` asks for: a commit with many shards is passed over in one step.
    pub fn commits(&self, kind: IndexKind, limit: Option<usize>) -> Result<Vec<CommitId>, StoreError> {
        let mut found: Vec<CommitId> = Vec::new();
        let wanted = limit.unwrap_or(usize::MAX);
        let mut request = ListRequest::below(layout::kind_folder(kind));
        while found.len() < wanted {
            // A commit has at least one key, so so many keys are enough at best, and usually at all.
            let page = PAGE.min(wanted - found.len());
            let entries = self.store.list(&request.clone().limit(page))?;
            for entry in &entries {
                if let Some(Meaning::Commit(_, commit, _)) = layout::parse(&entry.key)
                    && found.last() != Some(&commit)
                {
                    found.push(commit);
                }
            }
            let Some(last) = entries.last() else { break };
            let next = match layout::parse(&last.key) {
                Some(Meaning::Commit(_, commit, _)) => layout::after_commit(kind, &commit),
                _ => last.key.clone(),
            };
            request = request.start_after(next);
        }
        Ok(found)
    }

    /// Returns the newest indexed commits of a branch, newest first: one listing.
    pub fn branch_commits(
        &self,
        kind: IndexKind,
        branch: &str,
        limit: Option<usize>,
    ) -> Result<Vec<BranchMark>, CatalogError> {
        let request =
            ListRequest { folder: Some(layout::branch_folder(kind, branch)?), start_after: None, limit };
        Ok(marks(self.store.list(&request)?))
    }

    /// Returns the marks of every branch.
    pub fn marks(&self, kind: IndexKind) -> Result<Vec<BranchMark>, StoreError> {
        Ok(marks(self.store.list(&ListRequest::below(layout::branches_folder(kind)))?))
    }

    /// Returns what the store has for a commit: one listing.
    pub fn entry(&self, kind: IndexKind, commit: &CommitId) -> Result<CommitEntry, StoreError> {
        let listing = self.store.list(&ListRequest::below(layout::commit_folder(kind, commit)))?;
        Ok(group(kind, &listing).pop().unwrap_or_else(|| CommitEntry::nothing(kind, commit.clone())))
    }

    /// Returns what the store has for every commit, in the order of their ids.
    pub fn entries(&self, kind: IndexKind) -> Result<Vec<CommitEntry>, StoreError> {
        Ok(group(kind, &self.store.list(&ListRequest::below(layout::kind_folder(kind)))?))
    }

    /// Returns what the store has for commits whose ids are not below `from`: one short listing, usually.
    pub fn page(&self, kind: IndexKind, from: Option<&CommitId>) -> Result<Page, StoreError> {
        let mut request = ListRequest::below(layout::kind_folder(kind)).limit(PAGE);
        // Whatever is of a commit sorts after its folder.
        request.start_after = from.map(|commit| layout::commit_folder(kind, commit));
        loop {
            let listing = self.store.list(&request)?;
            let mut entries = group(kind, &listing);
            if listing.len() < PAGE {
                return Ok(Page { entries, until: Until::End });
            }
            // Of the last commit there may be more than what fitted in.
            match (entries.pop(), listing.last()) {
                (Some(last), _) if entries.is_empty() => {
                    let last = self.entry(kind, &last.commit)?;
                    let until = Until::Through(last.commit.clone());
                    return Ok(Page { entries: vec![last], until });
                }
                (Some(last), _) => return Ok(Page { entries, until: Until::Before(last.commit) }),
                // All of it is somebody else's.
                (None, Some(last)) => request.start_after = Some(last.key.clone()),
                (None, None) => return Ok(Page { entries, until: Until::End }),
            }
        }
    }

    /// Returns the manifest of a commit, when it has one.
    pub fn manifest(&self, kind: IndexKind, commit: &CommitId) -> Result<Option<Manifest>, CatalogError> {
        let key = Part::Manifest.key(kind, commit)?;
        match self.store.get(&key) {
            Ok(bytes) => match Manifest::from_json(&bytes) {
                Ok(manifest) => Ok(Some(manifest)),
                Err(source) => Err(CatalogError::Manifest { key, source }),
            },
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Says which jobs and shards will come. To say the same again is fine, to say something else an error.
    pub fn put_manifest(
        &self,
        kind: IndexKind,
        commit: &CommitId,
        manifest: &Manifest,
    ) -> Result<Put, CatalogError> {
        Ok(self.store.put(&Part::Manifest.key(kind, commit)?, &manifest.to_json())?)
    }

    /// Returns whether all that was said to come for a commit is there.
    pub fn completeness(&self, entry: &CommitEntry) -> Result<Completeness, CatalogError> {
        let manifest = if entry.has_manifest { self.manifest(entry.kind, &entry.commit)? } else { None };
        let mut present: BTreeSet<(JobName, Shard)> = entry.shards.keys().cloned().collect();
        if entry.all.is_some() {
            // It may hold what never came as a shard of its own.
            let all = self.open_part(entry, &Part::All)?;
            present.extend(all.recordings().iter().map(|recording| (recording.job.clone(), recording.shard)));
        }
        Ok(completeness(&present, manifest.as_ref()))
    }

    /// Opens the parts of a commit's index: the one object that holds all, or every shard, read lazily.
    ///
    /// A commit with parts missing is an error; see [`Catalog::open_present`].
    pub fn open(&self, kind: IndexKind, commit: &CommitId) -> Result<Vec<StoredIndex>, CatalogError> {
        let entry = self.entry(kind, commit)?;
        match self.completeness(&entry)? {
            Completeness::Incomplete(missing) if !entry.is_nothing() => {
                Err(CatalogError::Incomplete { kind, commit: commit.clone(), missing })
            }
            _ => self.open_present(&entry),
        }
    }

    /// Opens the parts of a commit's index that are there.
    ///
    /// The object that holds all stands for the shards it was made of; a shard that came later is opened beside.
    pub fn open_present(&self, entry: &CommitEntry) -> Result<Vec<StoredIndex>, CatalogError> {
        if entry.is_nothing() {
            return Err(CatalogError::NoIndex { kind: entry.kind, commit: entry.commit.clone() });
        }
        let mut opened = Vec::new();
        let mut covered: BTreeSet<(JobName, Shard)> = BTreeSet::new();
        if entry.all.is_some() {
            let all = self.open_part(entry, &Part::All)?;
            covered.extend(all.recordings().iter().map(|recording| (recording.job.clone(), recording.shard)));
            opened.push(all);
        }
        for (job, shard) in entry.shards.keys().filter(|shard| !covered.contains(*shard)) {
            opened.push(self.open_part(entry, &Part::Shard(job.clone(), *shard))?);
        }
        Ok(opened)
    }

    /// Opens one part of a commit's index.
    pub fn open_part(&self, entry: &CommitEntry, part: &Part) -> Result<StoredIndex, CatalogError> {
        let key = part.key(entry.kind, &entry.commit)?;
        let source = (self.open)(&self.store, &key)?;
        IndexReader::open(source).map_err(|error| CatalogError::codec(&key, error))
    }

    /// Reads a commit's whole index, its parts merged: a few at a time, so that memory has to hold no more than
    /// these and what they make, however many shards there are.
    pub fn load(&self, entry: &CommitEntry) -> Result<Index, CatalogError> {
        let mut merged: Option<Index> = None;
        for keys in self.part_keys(entry)?.chunks(MERGED_AT_ONCE) {
            let mut parts: Vec<Index> = Vec::from_iter(merged.take());
            for key in keys {
                let source = (self.open)(&self.store, key)?;
                parts.push(decode(source).map_err(|error| CatalogError::codec(key, error))?);
            }
            merged = Some(merge(&parts.iter().collect::<Vec<_>>())?);
        }
        merged.ok_or_else(|| CatalogError::NoIndex { kind: entry.kind, commit: entry.commit.clone() })
    }

    /// Returns the keys of a commit's indexes: the one that holds all, and every shard.
    pub fn part_keys(&self, entry: &CommitEntry) -> Result<Vec<Key>, CatalogError> {
        let all = entry.all.map(|_| Part::All);
        let shards = entry.shards.keys().map(|(job, shard)| Part::Shard(job.clone(), *shard));
        let keys = all.into_iter().chain(shards).map(|part| part.key(entry.kind, &entry.commit));
        Ok(keys.collect::<Result<_, _>>()?)
    }

    /// Keeps an index: one of a single shard as that shard, one of several as the object that holds all.
    ///
    /// Then it marks the branch, where the recordings tell one.
    pub fn push(&self, index: &Index) -> Result<Pushed, CatalogError> {
        let (part, commit) = place_of(index)?;
        let key = part.key(index.kind(), &commit)?;
        let bytes = encode(index).map_err(|error| CatalogError::codec(&key, error))?;
        let put = self.store.put(&key, &bytes)?;
        let mut unmarked = Vec::new();
        for mark in marks_of(index.kind(), &commit, index.recordings()) {
            match mark.key() {
                Ok(key) => drop(self.store.put(&key, b"")?),
                Err(_) => unmarked.push(mark.branch),
            }
        }
        Ok(Pushed { key, put, bytes: bytes.len() as u64, unmarked })
    }

    /// Copies what is kept for a commit as it is, marks included, and returns how many objects and bytes that was.
    ///
    /// The manifest goes first: what is there of a copy that ends early is then known not to be all.
    pub fn copy_to(
        &self,
        destination: &Catalog,
        entry: &CommitEntry,
        mut copied: impl FnMut(&Key),
    ) -> Result<(usize, u64), CatalogError> {
        let parts = self.part_keys(entry)?;
        if parts.is_empty() {
            return Err(CatalogError::NoIndex { kind: entry.kind, commit: entry.commit.clone() });
        }
        let manifest =
            entry.has_manifest.then(|| Part::Manifest.key(entry.kind, &entry.commit)).transpose()?;
        let (mut objects, mut bytes) = (0, 0);
        for key in manifest.iter().chain(&parts) {
            let value = self.store.get(key)?;
            destination.store.put(key, &value)?;
            objects += 1;
            bytes += value.len() as u64;
            copied(key);
        }
        for mark in self.marks(entry.kind)?.into_iter().filter(|mark| mark.commit == entry.commit) {
            destination.store.put(&mark.key()?, b"")?;
        }
        Ok((objects, bytes))
    }

    /// Makes one object of all the parts of a complete commit, so that readers open one instead of many.
    ///
    /// The parts stay; they are what the object is made of, and what makes a race for it harmless.
    pub fn consolidate(&self, kind: IndexKind, commit: &CommitId) -> Result<Pushed, CatalogError> {
        let entry = self.entry(kind, commit)?;
        match self.completeness(&entry)? {
            Completeness::Incomplete(missing) if !entry.is_nothing() => {
                return Err(CatalogError::Incomplete { kind, commit: commit.clone(), missing });
            }
            _ => {}
        }
        let index = self.load(&entry)?;
        let key = Part::All.key(kind, commit)?;
        let bytes = encode(&index).map_err(|error| CatalogError::codec(&key, error))?;
        let put = self.store.put(&key, &bytes)?;
        Ok(Pushed { key, put, bytes: bytes.len() as u64, unmarked: Vec::new() })
    }

    /// Removes one part of a commit's index, where there is one.
    pub fn remove_part(&self, kind: IndexKind, commit: &CommitId, part: &Part) -> Result<(), CatalogError> {
        Ok(self.store.delete(&part.key(kind, commit)?)?)
    }

    /// Removes all that is kept for a commit, and then its marks.
    ///
    /// The manifest goes last of the commit's objects: as long as any is there, it says that others are missing.
    pub fn remove(&self, entry: &CommitEntry, marks: &[BranchMark]) -> Result<(), CatalogError> {
        for key in self.part_keys(entry)? {
            self.store.delete(&key)?;
        }
        if entry.has_manifest {
            self.store.delete(&Part::Manifest.key(entry.kind, &entry.commit)?)?;
        }
        for mark in marks {
            self.store.delete(&mark.key()?)?;
        }
        Ok(())
    }
}

/// What became of a pushed index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Where it is kept.
    pub key: Key,
    /// Whether it was there before.
    pub put: Put,
    /// How many bytes it has.
    pub bytes: u64,
    /// Branches whose names no key can hold; their indexes are found by listing commits.
    pub unmarked: Vec<String>,
}

/// Returns as which part of which commit an index is kept.
fn place_of(index: &Index) -> Result<(Part, CommitId), CatalogError> {
    let commits: BTreeSet<&CommitId> = index.recordings().iter().map(|recording| &recording.commit).collect();
    let commit = index.commit().ok_or(CatalogError::NoRecording)?.clone();
    if commits.len() > 1 {
        return Err(CatalogError::SeveralCommits(commits.len()));
    }
    let shards: BTreeSet<_> =
        index.recordings().iter().map(|recording| (&recording.job, recording.shard)).collect();
    let part = match shards.first() {
        Some((job, shard)) if shards.len() == 1 => Part::Shard((*job).clone(), *shard),
        _ => Part::All,
    };
    Ok((part, commit))
}

/// Returns the marks that an index deserves: for each branch the time of its newest recording.
fn marks_of(kind: IndexKind, commit: &CommitId, recordings: &[Recording]) -> Vec<BranchMark> {
    let mut newest: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for recording in recordings {
        if let Some(branch) = &recording.branch {
            let time = newest.entry(branch).or_default();
            *time = recording.recorded_at.max(*time);
        }
    }
    let mark = |(branch, recorded_at): (&str, Timestamp)| BranchMark {
        kind,
        branch: branch.to_owned(),
        recorded_at,
        commit: commit.clone(),
    };
    newest.into_iter().map(mark).collect()
}

fn marks(entries: Vec<Entry>) -> Vec<BranchMark> {
    let mark = |entry: Entry| match layout::parse(&entry.key)? {
        Meaning::Mark(mark) => Some(mark),
        Meaning::Commit(..) => None,
    };
    entries.into_iter().filter_map(mark).collect()
}

impl CommitEntry {
    fn nothing(kind: IndexKind, commit: CommitId) -> CommitEntry {
        CommitEntry { kind, commit, shards: BTreeMap::new(), all: None, has_manifest: false, modified: None }
    }

    /// Returns whether there is no index at all; a manifest alone is none.
    pub fn is_nothing(&self) -> bool {
        self.shards.is_empty() && self.all.is_none()
    }
}

/// Sorts a listing out by commit; what is none of ours is passed over.
fn group(kind: IndexKind, listing: &[Entry]) -> Vec<CommitEntry> {
    let mut grouped: Vec<CommitEntry> = Vec::new();
    for entry in listing {
        let Some(Meaning::Commit(_, commit, part)) = layout::parse(&entry.key) else { continue };
        if grouped.last().is_none_or(|last| last.commit != commit) {
            grouped.push(CommitEntry::nothing(kind, commit));
        }
        let Some(found) = grouped.last_mut() else { continue };
        found.modified = found.modified.max(entry.modified);
        match part {
            Part::Shard(job, shard) => drop(found.shards.insert((job, shard), entry.size)),
            Part::All => found.all = Some(entry.size),
            Part::Manifest => found.has_manifest = true,
        }
    }
    grouped
}
