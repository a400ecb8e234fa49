//! Where the parts of a profile lie in its file.

use std::ops::Range;

use crate::llvm::layout::{CounterWidth, Layout};

use super::cursor::Cursor;
use super::error::{Mismatch, ProfileError};
use super::header::Header;

/// Where the parts of a profile lie in its file, which has room for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sections {
    /// The header.
    pub header: Header,
    /// The binary ids.
    pub binary_ids: Range<u64>,
    /// The data records.
    pub data: Range<u64>,
    /// The counters.
    pub counters: Range<u64>,
    /// Where everything ends but the value data, which no header tells the size of.
    pub end: u64,
}

impl Sections {
    /// Finds the sections of the profile whose header is at `at` in a file of `size` bytes.
    pub fn locate(header: Header, at: u64, size: u64) -> Result<Sections, ProfileError> {
        let mut place = Place { at, size };
        place.pass(header.bytes(), "the header")?;
        if !header.binary_ids_bytes.is_multiple_of(8) {
            return Err(ProfileError::Damaged { what: "binary ids are not padded" });
        }
        let binary_ids = place.pass(header.binary_ids_bytes, "the binary ids")?;
        let data = place.pass(times(header.n_data, header.shape.data_record_bytes())?, "the data")?;
        place.pass(header.padding_before_counters, "the padding before the counters")?;
        let counters =
            place.pass(times(header.n_counters, counter_bytes(header.counter_width()))?, "the counters")?;
        place.pass(header.padding_after_counters, "the padding after the counters")?;
        place.pass(header.bitmap_bytes, "the bitmap")?;
        place.pass(header.padding_after_bitmap, "the padding after the bitmap")?;
        place.pass(times(header.n_uniform_counters, 8)?, "the uniform counters")?;
        place.pass(header.padding_after_uniform_counters, "the padding after the uniform counters")?;
        place.pass_padded(header.names_bytes, "the names")?;
        // A hash, a pointer and a size of four bytes.
        let vtable_bytes = match header.shape.word_size.bytes() {
            4 => 16,
            _ => 24,
        };
        place.pass_padded(times(header.n_vtables, vtable_bytes)?, "the virtual tables")?;
        place.pass_padded(header.vtable_names_bytes, "the names of virtual tables")?;
        Ok(Sections { header, binary_ids, data, counters, end: place.at })
    }

    /// Returns in what the sizes differ from those of a binary, if they do.
    pub(super) fn fit(&self, layout: &Layout) -> Result<(), Mismatch> {
        let data_bytes = self.data.end - self.data.start;
        // With correlation the section stays in the binary, and profiles have none.
        let (expected_bytes, expected_data) = match layout.data_hash {
            Some(_) => (layout.data_bytes, layout.n_data),
            None => (0, 0),
        };
        if data_bytes != expected_bytes {
            return Err(Mismatch::DataBytes { profile: data_bytes, binary: expected_bytes });
        }
        if self.header.n_data != expected_data {
            return Err(Mismatch::Functions { profile: self.header.n_data, binary: expected_data });
        }
        if self.header.n_counters != layout.n_counters {
            return Err(Mismatch::Counters { profile: self.header.n_counters, binary: layout.n_counters });
        }
        let width = self.header.counter_width();
        if width != layout.counter_width {
            return Err(Mismatch::Width { profile: width, binary: layout.counter_width });
        }
        Ok(())
    }
}

/// Returns how many bytes a counter of this width has.
pub(super) fn counter_bytes(width: CounterWidth) -> u64 {
    match width {
        CounterWidth::Eight => 8,
        CounterWidth::One => 1,
    }
}

/// Returns the ids in a section of binary ids.
pub(super) fn parse_ids(bytes: &[u8], header: &Header) -> Result<Vec<Box<[u8]>>, ProfileError> {
    let mut cursor = Cursor::new(bytes, header.shape.order);
    let mut ids: Vec<Box<[u8]>> = Vec::new();
    let mut parse = || {
        while !cursor.is_at_end() {
            let len = cursor.u64()?;
            let id = cursor.take(len)?;
            cursor.take(padding(len))?;
            ids.push(Box::from(id));
        }
        Some(())
    };
    parse().ok_or(ProfileError::Damaged { what: "a binary id reaches beyond the binary ids" })?;
    if ids.iter().any(|id| id.is_empty()) {
        return Err(ProfileError::Damaged { what: "a binary id is empty" });
    }
    Ok(ids)
}

/// Returns how many bytes are missing to a multiple of eight.
pub(super) fn padding(len: u64) -> u64 {
    len.wrapping_neg() % 8
}

fn times(n: u64, bytes: u64) -> Result<u64, ProfileError> {
    n.checked_mul(bytes).ok_or(ProfileError::Damaged { what: "a count is larger than any file" })
}

/// How far into a file the sections reach.
struct Place {
    at: u64,
    size: u64,
}

impl Place {
    fn pass(&mut self, len: u64, what: &'static str) -> Result<Range<u64>, ProfileError> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.size);
        let start = std::mem::replace(&mut self.at, end.ok_or(ProfileError::Truncated { what })?);
        Ok(start..self.at)
    }

    fn pass_padded(&mut self, len: u64, what: &'static str) -> Result<(), ProfileError> {
        self.pass(len, what)?;
        self.pass(padding(len), what)?;
        Ok(())
    }
}
