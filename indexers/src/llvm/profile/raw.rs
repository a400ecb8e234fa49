//! Profiles as they lie in memory, one after the other.

use std::ops::Range;

use skiptrace_engine::fingerprint::Fingerprint;

use crate::llvm::layout::{CounterWidth, Layout};

use super::data::DataRecords;
use super::error::{Mismatch, ProfileError};
use super::header::Header;
use super::sections::{Sections, parse_ids};
use super::values::next_profile;

/// One profile of a file.
#[derive(Debug, Clone)]
pub struct RawProfile<'a> {
    /// Where its parts lie.
    pub sections: Sections,
    /// The ids of the binary that it is of; none where the linker gave none.
    pub build_ids: Vec<Box<[u8]>>,
    /// Its data section.
    pub data: &'a [u8],
    /// Its counters.
    pub counters: &'a [u8],
}

impl<'a> RawProfile<'a> {
    fn parse(bytes: &'a [u8], at: u64) -> Result<Self, ProfileError> {
        let header = Header::parse(slice(bytes, &(at..bytes.len() as u64)))?;
        let sections = Sections::locate(header, at, bytes.len() as u64)?;
        Ok(RawProfile {
            build_ids: parse_ids(slice(bytes, &sections.binary_ids), &header)?,
            data: slice(bytes, &sections.data),
            counters: slice(bytes, &sections.counters),
            sections,
        })
    }

    /// Returns the header.
    pub fn header(&self) -> &Header {
        &self.sections.header
    }

    /// Returns how wide the counters are.
    pub fn counter_width(&self) -> CounterWidth {
        self.header().counter_width()
    }

    /// Returns the hash of the data section; `None` where the profile carries none.
    pub fn data_hash(&self) -> Option<Fingerprint> {
        (!self.data.is_empty()).then(|| Fingerprint::of(self.data))
    }

    /// Walks over the records of the data section.
    pub fn records(&self) -> Result<DataRecords<'a>, ProfileError> {
        DataRecords::new(self.header().shape, self.data)
    }

    /// Returns in what the profile differs from those of a binary, if it does.
    pub fn matches(&self, layout: &Layout) -> Result<(), Mismatch> {
        self.sections.fit(layout)?;
        if !layout.build_id.is_empty()
            && !self.build_ids.is_empty()
            && !self.build_ids.contains(&layout.build_id)
        {
            return Err(Mismatch::BuildId);
        }
        if self.data_hash() != layout.data_hash {
            return Err(Mismatch::DataHash);
        }
        Ok(())
    }
}

/// Walks over all profiles of a file. The first error is the last item: what follows it cannot be found.
///
/// There is always at least one item, since a file without a profile is an error.
#[derive(Debug)]
pub struct RawProfiles<'a> {
    bytes: &'a [u8],
    /// Where the next profile begins, or why that is not known; nothing at the end.
    next: Option<Result<u64, ProfileError>>,
}

impl<'a> RawProfiles<'a> {
    /// Begins at the beginning of a file's bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        let next = if bytes.is_empty() { Err(ProfileError::Empty) } else { Ok(0) };
        RawProfiles { bytes, next: Some(next) }
    }
}

impl<'a> Iterator for RawProfiles<'a> {
    type Item = Result<RawProfile<'a>, ProfileError>;

    fn next(&mut self) -> Option<Self::Item> {
        let profile = self.next.take()?.and_then(|at| RawProfile::parse(self.bytes, at));
        if let Ok(profile) = &profile {
            self.next = next_profile(self.bytes, &profile.sections, self.bytes.len() as u64).transpose();
        }
        Some(profile)
    }
}

fn slice<'a>(bytes: &'a [u8], range: &Range<u64>) -> &'a [u8] {
    &bytes[range.start as usize..range.end as usize]
}
