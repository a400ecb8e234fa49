//! Blocks of files, without their units.

use crate::id::{ObjectId, RecordingId, SetId};
use crate::index::FileRecord;
use crate::path::RepoPath;

use super::meta::Meta;
use super::wire::{Cursor, Writer};
use super::{CodecError, Section};

/// How many files a block has; the last may have fewer.
pub(super) const FILES_PER_BLOCK: usize = 128;

/// Writes a block column by column: paths, recordings, sets, blobs. Sets are numbered as in the file.
pub(super) fn encode_block(files: &[FileRecord], set_number: impl Fn(SetId) -> u32) -> Vec<u8> {
    let mut writer = Writer::default();
    let mut previous = "";
    for file in files {
        writer.front_coded(previous, file.path.as_str());
        previous = file.path.as_str();
    }
    for file in files {
        writer.varint(file.recording.0.into());
    }
    for file in files {
        for set in [file.seen, file.compiled, file.opened] {
            writer.varint(set_number(set).into());
        }
    }
    for file in files {
        let hex = file.blob.as_ref().map_or("", |blob| blob.as_str());
        writer.u8((hex.len() / 2) as u8);
        for pair in hex.as_bytes().chunks(2) {
            writer.u8(nibble(pair[0]) << 4 | nibble(pair[1]));
        }
    }
    writer.bytes
}

fn nibble(digit: u8) -> u8 {
    (digit as char).to_digit(16).expect("object ids are hex") as u8
}

/// Reads a block; the records' unit ranges are empty, for the units are elsewhere.
pub(super) fn decode_block(bytes: &[u8], n_files: usize, meta: &Meta) -> Result<Vec<FileRecord>, CodecError> {
    let mut cursor = Cursor::new(Section::Files, bytes);
    let mut files: Vec<FileRecord> = Vec::new();
    for _ in 0..n_files {
        let previous = files.last().map(|file| &file.path);
        let text = cursor.front_coded(previous.map_or("", |path| path.as_str()))?;
        let path = RepoPath::new(text).map_err(|error| CodecError::corrupt(Section::Files, error))?;
        if previous.is_some_and(|previous| *previous >= path) {
            return Err(cursor.corrupt("files are not sorted"));
        }
        let (recording, set) = (RecordingId(0), SetId::EMPTY);
        files.push(FileRecord {
            path,
            blob: None,
            recording,
            seen: set,
            compiled: set,
            opened: set,
            units: 0..0,
        });
    }
    for file in &mut files {
        file.recording = RecordingId(cursor.u32()?);
        if file.recording.index() >= meta.recordings.len() {
            return Err(cursor.corrupt("a file is of a recording that is not there"));
        }
    }
    for file in &mut files {
        for set in [&mut file.seen, &mut file.compiled, &mut file.opened] {
            *set = SetId(cursor.u32()?);
            if set.0 >= meta.counts.pool_sets {
                return Err(cursor.corrupt("a file names a set that is not there"));
            }
        }
    }
    for file in &mut files {
        let len = usize::from(cursor.u8()?);
        if len > 0 {
            let digits = cursor.raw(len)?.iter().flat_map(|byte| [byte >> 4, byte & 15]);
            let mut hex = String::with_capacity(2 * len);
            hex.extend(digits.map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])));
            let blob: Result<ObjectId, _> = hex.parse();
            file.blob = Some(blob.map_err(|error| CodecError::corrupt(Section::Files, error))?);
        }
    }
    cursor.end()?;
    Ok(files)
}
