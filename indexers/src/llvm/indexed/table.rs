//! The table of functions in an indexed profile.

use super::{IndexedError, IndexedFunction};

pub(super) const MAGIC: [u8; 8] = *b"\xfflprofi\x81";
/// Since 3 values are behind the counters, since 11 bitmaps between the two.
const VERSIONS: std::ops::RangeInclusive<u64> = 3..=13;
const DAMAGED: IndexedError = IndexedError::Damaged { what: "the table of functions ends early" };

/// Reads all functions; every byte of a function's entry must be accounted for.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<IndexedFunction>, IndexedError> {
    let mut header = Cursor { bytes: &bytes[MAGIC.len()..] };
    // The upper half says what kind of instrumentation it was.
    let version = u64::from(header.u64()? as u32);
    if !VERSIONS.contains(&version) {
        return Err(IndexedError::UnknownVersion { version });
    }
    let _unused = header.u64()?;
    if header.u64()? != 0 {
        return Err(IndexedError::Damaged { what: "names are hashed in an unknown way" });
    }
    let table_at = header.u64()?;
    let mut table = Cursor { bytes: tail(bytes, table_at)? };
    let n_buckets = table.u64()?;
    let n_entries = table.u64()?;
    // The smallest entry: hash, two lengths, and a record without counters.
    if n_buckets > table.bytes.len() as u64 / 8 || n_entries > bytes.len() as u64 / 40 {
        return Err(DAMAGED);
    }
    let mut functions = Vec::new();
    let mut n_read = 0;
    // Buckets that lie over each other would make a small file a large table.
    let mut bytes_left = bytes.len() as u64;
    for _ in 0..n_buckets {
        let bucket_at = table.u64()?;
        if bucket_at == 0 {
            continue;
        }
        let mut bucket = Cursor { bytes: tail(bytes, bucket_at)? };
        for _ in 0..bucket.u16()? {
            n_read += 1;
            if n_read > n_entries {
                return Err(IndexedError::Damaged { what: "there are more functions than announced" });
            }
            let name_hash = bucket.u64()?;
            let (name_bytes, data_bytes) = (bucket.u64()?, bucket.u64()?);
            let _name = bucket.take(name_bytes)?;
            bytes_left = bytes_left
                .checked_sub(data_bytes)
                .ok_or(IndexedError::Damaged { what: "functions share their bytes" })?;
            read_records(version, name_hash, bucket.take(data_bytes)?, &mut functions)?;
        }
    }
    if n_read != n_entries {
        return Err(IndexedError::Damaged { what: "there are fewer functions than announced" });
    }
    Ok(functions)
}

/// Reads what is known under one name: a record for each structure.
fn read_records(
    version: u64,
    name_hash: u64,
    data: &[u8],
    functions: &mut Vec<IndexedFunction>,
) -> Result<(), IndexedError> {
    let mut data = Cursor { bytes: data };
    if data.bytes.is_empty() {
        return Err(IndexedError::Damaged { what: "a name has no function" });
    }
    while !data.bytes.is_empty() {
        let structure_hash = data.u64()?;
        let n_counters = data.u64()?;
        let counters = data.words(n_counters)?;
        if version > 10 {
            let n_bitmap_bytes = data.u64()?;
            // Each byte of the bitmap takes a word.
            data.words(n_bitmap_bytes)?;
        }
        let value_bytes = data.u32()?;
        let _n_kinds = data.u32()?;
        data.take(u64::from(value_bytes).checked_sub(8).ok_or(DAMAGED)?)?;
        functions.push(IndexedFunction { name_hash, structure_hash, counters });
    }
    Ok(())
}

fn tail(bytes: &[u8], at: u64) -> Result<&[u8], IndexedError> {
    usize::try_from(at).ok().and_then(|at| bytes.get(at..)).ok_or(DAMAGED)
}

/// Indexed profiles are little-endian wherever they are made.
struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn take(&mut self, len: u64) -> Result<&'a [u8], IndexedError> {
        let len = usize::try_from(len).map_err(|_| DAMAGED)?;
        let (taken, rest) = self.bytes.split_at_checked(len).ok_or(DAMAGED)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], IndexedError> {
        let (array, rest) = self.bytes.split_first_chunk().ok_or(DAMAGED)?;
        self.bytes = rest;
        Ok(*array)
    }

    fn u16(&mut self) -> Result<u16, IndexedError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, IndexedError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, IndexedError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn words(&mut self, n: u64) -> Result<Box<[u64]>, IndexedError> {
        let (words, _) = self.take(n.checked_mul(8).ok_or(DAMAGED)?)?.as_chunks();
        Ok(words.iter().map(|word| u64::from_le_bytes(*word)).collect())
    }
}
