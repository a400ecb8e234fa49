//! Reading no more of a profile than its header and counters.

use std::fs::File;
use std::path::Path;

use skiptrace_engine::fingerprint::Fingerprint;
use skiptrace_engine::record::Health;

use super::error::ProfileError;
use super::header::Header;
use super::hits::{HEAD_BYTES, Scratch, collect_hits};
use super::identify::Layouts;
use super::sections::{Sections, parse_ids};
use super::source::Source;
use super::values::next_profile;

/// What one profile says of one binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hits<'s> {
    /// The binary, by its number in the [`Layouts`].
    pub binary: usize,
    /// Its functions that ran, as places in [`Layout::slots`](crate::llvm::layout::Layout::slots), in order.
    pub slots: &'s [u32],
}

/// How reading a file went.
#[derive(Debug, Default)]
#[must_use]
pub struct Reading {
    /// How many profiles were read and understood.
    pub n_profiles: usize,
    /// What was wrong with the others. A file without any profile is an error too, so one that neither has
    /// profiles nor errors does not exist.
    pub errors: Vec<ProfileError>,
}

impl Reading {
    /// Returns what the errors mean for the run that left the file.
    pub fn health(&self) -> Health {
        self.errors.iter().map(ProfileError::problem).collect()
    }
}

/// Reads the profiles of a file; see [`read_profiles`].
pub fn read_file(
    path: &Path,
    layouts: &Layouts<'_>,
    scratch: &mut Scratch,
    each: impl FnMut(Hits<'_>),
) -> Reading {
    match File::open(path) {
        Ok(file) => read_profiles(&file, layouts, scratch, each),
        Err(error) => Reading { n_profiles: 0, errors: vec![error.into()] },
    }
}

/// Reads all profiles of a file, and hands over what each says.
///
/// A profile that several binaries could have written is handed over for each of them. One that is of no known
/// binary, or does not fit the one that it names, is an error, and those behind it are read; one that is damaged
/// is the last.
pub fn read_profiles<S: Source + ?Sized>(
    source: &S,
    layouts: &Layouts<'_>,
    scratch: &mut Scratch,
    mut each: impl FnMut(Hits<'_>),
) -> Reading {
    let mut reading = Reading::default();
    let mut walk = || -> Result<(), ProfileError> {
        let size = source.size()?;
        if size == 0 {
            return Err(ProfileError::Empty);
        }
        let mut next = Some(0);
        while let Some(at) = next {
            let head = read_head(source, at, size, scratch)?;
            match read_hits(source, &head, layouts, scratch, &mut each) {
                Ok(()) => reading.n_profiles += 1,
                Err(error) => reading.errors.push(error),
            }
            next = next_profile(source, &head.sections, size)?;
        }
        Ok(())
    };
    if let Err(error) = walk() {
        reading.errors.push(error);
    }
    reading
}

struct Head {
    sections: Sections,
    build_ids: Vec<Box<[u8]>>,
}

fn read_head<S: Source + ?Sized>(
    source: &S,
    at: u64,
    size: u64,
    scratch: &mut Scratch,
) -> Result<Head, ProfileError> {
    let head = read_into(source, &mut scratch.head, at, HEAD_BYTES.min(size - at))?;
    let header = Header::parse(head)?;
    let sections = Sections::locate(header, at, size)?;
    let ids = head
        .get((sections.binary_ids.start - at) as usize..(sections.binary_ids.end - at) as usize)
        .ok_or(ProfileError::Damaged { what: "there are more binary ids than a binary can have" })?;
    Ok(Head { build_ids: parse_ids(ids, &header)?, sections })
}

fn read_hits<S: Source + ?Sized>(
    source: &S,
    head: &Head,
    layouts: &Layouts<'_>,
    scratch: &mut Scratch,
    each: &mut impl FnMut(Hits<'_>),
) -> Result<(), ProfileError> {
    let Head { sections, build_ids } = head;
    let data_bytes = range_len(&sections.data);
    let binaries = if !build_ids.is_empty() {
        layouts.with_build_id(build_ids)
    } else if layouts.have_data_bytes(data_bytes) {
        let data = read_into(source, &mut scratch.section, sections.data.start, data_bytes)?;
        layouts.with_data_hash(Fingerprint::of(data))
    } else {
        &[]
    };
    if binaries.is_empty() {
        return Err(match build_ids.as_slice() {
            [] => ProfileError::Unidentified,
            [id, ..] => ProfileError::UnknownBinary { build_id: hex(id) },
        });
    }
    let known =
        || binaries.iter().map(|number| (*number, layouts.get(*number).expect("numbers are its own")));
    // Before the counters are read, so that their number is one that a binary has.
    known().try_for_each(|(_, layout)| sections.fit(layout))?;
    let counters =
        read_into(source, &mut scratch.section, sections.counters.start, range_len(&sections.counters))?;
    for (binary, layout) in known() {
        collect_hits(counters, layout, &mut scratch.hits)?;
        each(Hits { binary, slots: &scratch.hits });
    }
    Ok(())
}

/// Reads bytes that the file was seen to have, so that nothing is allocated that is not there.
fn read_into<'b, S: Source + ?Sized>(
    source: &S,
    buffer: &'b mut Vec<u8>,
    at: u64,
    len: u64,
) -> Result<&'b [u8], ProfileError> {
    let len = usize::try_from(len).map_err(|_| ProfileError::Damaged { what: "a section exceeds memory" })?;
    if buffer.len() < len {
        buffer.resize(len, 0);
    }
    let bytes = &mut buffer[..len];
    source.read_exact_at(bytes, at)?;
    Ok(bytes)
}

fn range_len(range: &std::ops::Range<u64>) -> u64 {
    range.end - range.start
}

fn hex(bytes: &[u8]) -> Box<str> {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
}
