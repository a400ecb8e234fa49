//! A file of the cache: a header, then a part of a value, or all of it.
//!
//! The header is `skipcac1`, then sixteen bytes that identify the value, where the part starts and ends, the
//! size of the whole value (all ones when unknown), and a checksum (XXH3) of all that and of the part; the
//! numbers are little-endian, of eight bytes each.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use xxhash_rust::xxh3::Xxh3;

use crate::disk::{self, Durable, TempFile};

const MAGIC: [u8; 8] = *b"skipcac1";
const META: usize = 8 + 16 + 3 * 8;
const HEADER: usize = META + 8;
const UNKNOWN: u64 = u64::MAX;

/// How exactly the file's time tells when it was last used.
const TOUCH_AFTER: Duration = Duration::from_secs(60);

/// What a file is called, which tells what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    /// All of the value.
    Whole,
    /// These bytes of it.
    Part(Range<u64>),
}

impl Name {
    /// Parses a file's name; `None` when the file is none of ours.
    pub(super) fn parse(name: &str) -> Option<Name> {
        if name == "whole" {
            return Some(Name::Whole);
        }
        let (start, end) = name.split_once('-')?;
        let part = Name::Part(start.parse().ok()?..end.parse().ok()?);
        (part.to_string() == name).then_some(part)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::Whole => f.write_str("whole"),
            Name::Part(range) => write!(f, "{}-{}", range.start, range.end),
        }
    }
}

/// An open file whose checksum is right.
#[derive(Debug)]
pub(super) struct Piece {
    file: File,
    range: Range<u64>,
    /// The size of the whole value, where it is known.
    pub(super) total: Option<u64>,
}

impl Piece {
    /// Opens and checks the file called `name` in `folder`. A damaged one is removed, and is `None`.
    pub(super) fn open(folder: &Path, name: &Name, id: u128) -> Option<Piece> {
        let path = folder.join(name.to_string());
        let (file, metadata) = disk::open_plain(&path).ok()?;
        match check(file, name, id) {
            Ok(piece) => {
                let age =
                    metadata.modified().ok().and_then(|time| SystemTime::now().duration_since(time).ok());
                if age.is_none_or(|age| age > TOUCH_AFTER) {
                    // Where it may not be touched it seems older than it is.
                    let _ = piece.file.set_modified(SystemTime::now());
                }
                Some(piece)
            }
            Err(error) if matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof) => {
                let _ = fs::remove_file(&path);
                None
            }
            Err(_) => None,
        }
    }

    /// Reads `wanted` of the value: `None` when that is not in here.
    pub(super) fn read(&self, wanted: &Range<u64>) -> Option<Vec<u8>> {
        if wanted.start < self.range.start || wanted.end > self.range.end {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(wanted.end.checked_sub(wanted.start)?).ok()?];
        let offset = HEADER as u64 + (wanted.start - self.range.start);
        self.file.read_exact_at(&mut bytes, offset).ok()?;
        Some(bytes)
    }
}

fn check(mut file: File, name: &Name, id: u128) -> io::Result<Piece> {
    let mut header = [0; HEADER];
    file.read_exact(&mut header)?;
    let number = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().expect("eight bytes"));
    let (start, end, total) = (number(24), number(32), number(40));
    let named = match name {
        Name::Whole => start == 0 && end == total,
        Name::Part(range) => *range == (start..end) && end <= total,
    };
    if header[..META] != meta(id, &(start..end), total) || !named || start > end {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut hash = Xxh3::new();
    hash.update(&header[..META]);
    let mut buffer = vec![0; 1 << 16];
    let mut len = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                hash.update(&buffer[..n]);
                len += n as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if len != end - start || hash.digest() != number(META) {
        return Err(ErrorKind::InvalidData.into());
    }
    Ok(Piece { file, range: start..end, total: Some(total).filter(|total| *total != UNKNOWN) })
}

/// Writes `bytes`, which are at `range` of the value `id`, to a file in `folder`; returns its size.
pub(super) fn write(
    temp: &Path,
    folder: &Path,
    id: u128,
    range: Range<u64>,
    total: Option<u64>,
    bytes: &[u8],
) -> io::Result<u64> {
    let name =
        if total == Some(range.end) && range.start == 0 { Name::Whole } else { Name::Part(range.clone()) };
    let meta = meta(id, &range, total.unwrap_or(UNKNOWN));
    let mut hash = Xxh3::new();
    hash.update(&meta);
    hash.update(bytes);
    let sum = hash.digest().to_le_bytes();
    fs::create_dir_all(temp)?;
    let file = TempFile::write(temp, &[&meta, &sum, bytes], Durable::No)?;
    let path = folder.join(name.to_string());
    let mut attempt = 0;
    loop {
        attempt += 1;
        // A sweep or a deletion may remove the folder in between.
        match fs::create_dir_all(folder).and_then(|()| fs::rename(file.path(), &path)) {
            Ok(()) => return Ok((HEADER + bytes.len()) as u64),
            Err(error) if error.kind() == ErrorKind::NotFound && attempt < 3 => {}
            Err(error) => return Err(error),
        }
    }
}

fn meta(id: u128, range: &Range<u64>, total: u64) -> [u8; META] {
    let mut meta = [0; META];
    meta[..8].copy_from_slice(&MAGIC);
    meta[8..24].copy_from_slice(&id.to_le_bytes());
    meta[24..32].copy_from_slice(&range.start.to_le_bytes());
    meta[32..40].copy_from_slice(&range.end.to_le_bytes());
    meta[40..].copy_from_slice(&total.to_le_bytes());
    meta
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in [Name::Whole, Name::Part(0..0), Name::Part(17..u64::MAX)] {
            assert_eq!(Name::parse(&name.to_string()), Some(name));
        }
        for foreign in ["", "Whole", "whole.bak", "1-02", "+1-2", "1", "1-2-3", "123-00000000000000ff"] {
            assert_eq!(Name::parse(foreign), None, "{foreign}");
        }
    }
}
