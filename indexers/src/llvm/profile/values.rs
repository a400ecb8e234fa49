//! Value data: what lies behind a profile's sections and before the next profile.

use super::cursor::Cursor;
use super::data::DataRecords;
use super::error::ProfileError;
use super::header::parse_magic;
use super::sections::Sections;
use super::source::Source;

/// More zeros than this between two profiles are no padding: pages have at most 64 KiB.
const MAX_PADDING: u64 = 64 * 1024;
/// Records of how many bytes are looked at in one go.
const CHUNK: u64 = 64 * 1024;

/// Returns where the profile behind this one begins; `None` at the end of the file.
///
/// Value data is there as a whole or not at all: a process that writes its counters continuously never writes
/// any. So where it should begin, the end of the file or the next profile are fine as well.
pub(super) fn next_profile<S: Source + ?Sized>(
    source: &S,
    sections: &Sections,
    size: u64,
) -> Result<Option<u64>, ProfileError> {
    if let Some(found) = begins_profile(source, sections.end, size)? {
        return Ok(found);
    }
    let mut at = sections.end;
    for _ in 0..count_blocks(source, sections)? {
        at = skip_block(source, sections, at, size)?;
    }
    begins_profile(source, at, size)?
        .ok_or(ProfileError::Damaged { what: "there are bytes that belong to nothing" })
}

/// Returns what is behind `at` and zeros: `Some(None)` for nothing at all, `None` for no profile.
fn begins_profile<S: Source + ?Sized>(
    source: &S,
    at: u64,
    size: u64,
) -> Result<Option<Option<u64>>, ProfileError> {
    let mut word = [0; 8];
    let mut start = at;
    while size - start >= 8 && start - at < MAX_PADDING {
        source.read_exact_at(&mut word, start)?;
        if word != [0; 8] {
            return Ok(parse_magic(&word).is_ok().then_some(Some(start)));
        }
        start += 8;
    }
    Ok((start == size).then_some(None))
}

/// Returns how many records have value sites, each of which has a block.
fn count_blocks<S: Source + ?Sized>(source: &S, sections: &Sections) -> Result<u64, ProfileError> {
    let shape = sections.header.shape;
    let chunk = CHUNK - CHUNK % shape.data_record_bytes();
    let mut buffer = Vec::new();
    let mut count = 0;
    let mut at = sections.data.start;
    while at < sections.data.end {
        let len = chunk.min(sections.data.end - at);
        buffer.resize(len as usize, 0);
        source.read_exact_at(&mut buffer, at)?;
        let records = DataRecords::new(shape, &buffer)?;
        count += records.filter(|record| record.n_value_sites != [0; 3]).count() as u64;
        at += len;
    }
    Ok(count)
}

/// Returns where the block at `at` ends.
fn skip_block<S: Source + ?Sized>(
    source: &S,
    sections: &Sections,
    at: u64,
    size: u64,
) -> Result<u64, ProfileError> {
    let cut = ProfileError::Truncated { what: "the value data" };
    if size.saturating_sub(at) < 8 {
        return Err(cut);
    }
    let mut head = [0; 8];
    source.read_exact_at(&mut head, at)?;
    let mut cursor = Cursor::new(&head, sections.header.shape.order);
    let (bytes, kinds) = cursor.u32().zip(cursor.u32()).expect("the head has eight bytes");
    if bytes < 8 || bytes % 8 != 0 || !(1..=3).contains(&kinds) {
        return Err(ProfileError::Damaged { what: "value data is not where it should be" });
    }
    at.checked_add(u64::from(bytes)).filter(|end| *end <= size).ok_or(cut)
}
